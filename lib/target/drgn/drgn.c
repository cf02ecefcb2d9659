// SPDX-License-Identifier: GPL-2.0-or-later
/** Memory, symbols and types of a program of libdrgn. */
#include <errno.h>
#include <stdalign.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "target/drgn/api.h"
#include "target/drgn/qmp.h"
#include "target/memory/host_memory.h"
#include "target/memory/running.h"
#include "target/providers.h"

#define MAX_PATH_LENGTH 256
#define MAX_VMCOREINFO (UINT64_C(1) << 20)

/** One program of libdrgn. */
struct session {
	/** Providers that use it; the last to be destroyed frees it. */
	unsigned int nr_users;
	struct hwp_drgn_api api;
	struct drgn_program *program;
	struct hwp_host_memory memory;
};

/** Storage for one object, which is opaque to us. */
struct object {
	alignas(16) char bytes[HWP_DRGN_OBJECT_SIZE];
};

static struct drgn_object *drgn_of(struct object *o)
{
	return (struct drgn_object *)o->bytes;
}

static unsigned int code_of(const struct session *s, struct drgn_error *e)
{
	/* Up to 0.2.0 the code is the first byte of the struct. */
	return s->api.error_code ? s->api.error_code(e) : *(const unsigned char *)e;
}

/** Convert @p e to an error of ours and destroy it; NULL stays NULL. */
static struct hwp_error *take(const struct session *s, struct drgn_error *e,
			      enum hwp_error_code code)
{
	struct hwp_error *err;
	char *text;

	if (!e)
		return NULL;
	text = s->api.error_string(e);
	err = hwp_error_create(code, "%s", text ? text : "drgn does not say why");
	free(text);
	s->api.error_destroy(e);
	return err;
}

/** Did it succeed? The reason of a failure is dropped. */
static bool worked(const struct session *s, struct drgn_error *e)
{
	if (!e)
		return true;
	s->api.error_destroy(e);
	return false;
}

static bool read_by_drgn(void *arg, enum hwp_space space, uint64_t address, void *buf, size_t size)
{
	struct session *s = arg;

	return worked(s, s->api.program_read_memory(s->program, buf, address, size,
						    space == HWP_PHYSICAL));
}

static struct hwp_error *drgn_op_read(void *arg, enum hwp_space space, uint64_t address, void *buf,
				      size_t size, size_t *nr_read_ret)
{
	struct session *s = arg;

	return hwp_host_memory_read(&s->memory, space, address, buf, size, nr_read_ret);
}

static struct hwp_error *read_text(const struct session *s, struct drgn_object *object,
				   char **text_ret)
{
	_cleanup_free_ char *text = NULL;
	struct hwp_error *err;
	uint64_t size;

	err = take(s, s->api.object_sizeof(object, &size), HWP_ERROR_LOOKUP);
	if (err)
		return err;
	if (size > MAX_VMCOREINFO)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "VMCOREINFO is too large");
	text = calloc(1, size + 1);
	if (!text)
		return hwp_error_no_memory();
	err = take(s, s->api.object_read_bytes(object, text), HWP_ERROR_LOOKUP);
	if (!err)
		*text_ret = no_cleanup_ptr(text);
	return err;
}

static struct hwp_error *drgn_op_vmcoreinfo(void *arg, char **text_ret)
{
	struct session *s = arg;
	struct object object;
	struct hwp_error *err;

	s->api.object_init(drgn_of(&object), s->program);
	err = take(s,
		   s->api.program_find_object(s->program, "VMCOREINFO", NULL, HWP_DRGN_FIND_ANY,
					      drgn_of(&object)),
		   HWP_ERROR_LOOKUP);
	if (!err)
		err = read_text(s, drgn_of(&object), text_ret);
	s->api.object_deinit(drgn_of(&object));
	return err;
}

/** Where variable @p name is, by its debug information. */
static bool find_variable(const struct session *s, const char *name, uint64_t *ret)
{
	struct object object, pointer;
	bool found;

	s->api.object_init(drgn_of(&object), s->program);
	s->api.object_init(drgn_of(&pointer), s->program);
	found = worked(s, s->api.program_find_object(s->program, name, NULL, HWP_DRGN_FIND_VARIABLE,
						     drgn_of(&object))) &&
		worked(s, s->api.object_address_of(drgn_of(&pointer), drgn_of(&object))) &&
		worked(s, s->api.object_read_unsigned(drgn_of(&pointer), ret));
	s->api.object_deinit(drgn_of(&pointer));
	s->api.object_deinit(drgn_of(&object));
	return found;
}

static bool find_symbol(const struct session *s, const char *name, uint64_t *ret)
{
	struct drgn_symbol *symbol;
	uint64_t address;

	/* Every ELF file has a symbol with an empty name. */
	if (!*name || !worked(s, s->api.program_find_symbol_by_name(s->program, name, &symbol)))
		return false;
	address = s->api.symbol_address(symbol);
	s->api.symbol_destroy(symbol);
	/*
	 * An offset into the per-CPU areas does not move with the kernel, but libdrgn moves the
	 * symbol: 0.0.31 does, 0.3.0 does not. The variable is right in both.
	 */
	if (address >> 63 == 0)
		return find_variable(s, name, ret);
	*ret = address;
	return true;
}

static struct hwp_error *drgn_op_symbols(void *arg, struct hwp_symbol *syms, size_t nr)
{
	struct session *s = arg;

	for (size_t i = 0; i < nr; i++)
		syms[i].found = find_symbol(s, syms[i].name, &syms[i].address);
	return NULL;
}

/** A struct or union by its tag. */
static bool find_type(const struct session *s, const char *tag, struct hwp_drgn_qualified_type *ret)
{
	static const char *const kinds[] = { "struct", "union" };

	for (size_t i = 0; i < HWP_ARRAY_SIZE(kinds); i++) {
		char name[128];

		snprintf(name, sizeof(name), "%s %s", kinds[i], tag);
		if (worked(s, s->api.program_find_type(s->program, name, NULL, ret)))
			return true;
	}
	return false;
}

/** A step on a member's path: the designator so far, "pcp[0].lists", and that object. */
struct step {
	const struct session *session;
	struct drgn_type *type;
	char designator[MAX_PATH_LENGTH];
	struct object object;
};

/** The size of one element if the designator is an array, else false. */
static bool element_size(const struct step *step, uint64_t offset, uint64_t *ret)
{
	char second[MAX_PATH_LENGTH + 4];
	uint64_t end;

	snprintf(second, sizeof(second), "%s[1]", step->designator);
	if (!worked(step->session, step->session->api.type_offsetof(step->type, second, &end)))
		return false;
	*ret = end - offset;
	return true;
}

static bool append(struct step *step, const char *text, size_t len)
{
	size_t used = strlen(step->designator);

	if (used + len >= sizeof(step->designator))
		return false;
	memcpy(step->designator + used, text, len);
	step->designator[used + len] = '\0';
	return true;
}

static bool enter_member(struct step *step, const char *name, size_t len, uint64_t *offset_ret)
{
	const struct hwp_drgn_api *api = &step->session->api;
	struct drgn_object *object = drgn_of(&step->object);
	char member[MAX_PATH_LENGTH];

	if (len >= sizeof(member) || (step->designator[0] && !append(step, ".", 1)) ||
	    !append(step, name, len))
		return false;
	snprintf(member, sizeof(member), "%.*s", (int)len, name);
	return worked(step->session,
		      api->type_offsetof(step->type, step->designator, offset_ret)) &&
	       worked(step->session, api->object_member(object, object, member));
}

/** "a.b" enters arrays, and arrays of arrays, at their first element. */
static bool enter_elements(struct step *step, uint64_t offset)
{
	struct drgn_object *object = drgn_of(&step->object);
	uint64_t size;

	while (element_size(step, offset, &size)) {
		if (!append(step, "[0]", 3) ||
		    !worked(step->session, step->session->api.object_subscript(object, object, 0)))
			return false;
	}
	return true;
}

static bool follow(struct step *step, const char *path, struct hwp_member *ret)
{
	uint64_t offset = 0, size = 0, element = 0;

	for (const char *name = path; *name;) {
		size_t len = (size_t)(strchrnul(name, '.') - name);

		if ((name != path && !enter_elements(step, offset)) ||
		    !enter_member(step, name, len, &offset))
			return false;
		name += len + (name[len] == '.');
	}
	/* A flexible array has no size. */
	if (!worked(step->session, step->session->api.object_sizeof(drgn_of(&step->object), &size)))
		size = 0;
	*ret = (struct hwp_member){ .offset = offset, .size = size };
	if (element_size(step, offset, &element) && element)
		ret->nr_elements = size / element;
	return true;
}

static struct hwp_error *drgn_op_member(void *arg, const char *tag, const char *path,
					struct hwp_member *ret)
{
	struct session *s = arg;
	struct hwp_drgn_qualified_type type;
	struct step step = { .session = s };
	struct hwp_member m = {};
	bool found;

	if (!find_type(s, tag, &type))
		return hwp_error_create(HWP_ERROR_LOOKUP, "no type struct %s", tag);
	if (!path || !*path) {
		struct hwp_error *err = take(s, s->api.type_sizeof(type.type, &m.size),
					     HWP_ERROR_LOOKUP);

		if (!err)
			*ret = m;
		return err;
	}
	step.type = type.type;
	s->api.object_init(drgn_of(&step.object), s->program);
	found = worked(s, s->api.object_set_reference(drgn_of(&step.object), type, 0, 0, 0)) &&
		follow(&step, path, ret);
	s->api.object_deinit(drgn_of(&step.object));
	return found ? NULL :
		       hwp_error_create(HWP_ERROR_LOOKUP, "struct %s has no member %s", tag, path);
}

/* In C all enumerators share one name space. */
static struct hwp_error *drgn_op_enumerator(void *arg, const char *type, const char *name,
					    int64_t *ret)
{
	struct session *s = arg;
	struct object object;
	uint64_t value;
	bool found;

	(void)type;
	s->api.object_init(drgn_of(&object), s->program);
	found = worked(s, s->api.program_find_object(s->program, name, NULL, HWP_DRGN_FIND_CONSTANT,
						     drgn_of(&object)));
	if (found && !worked(s, s->api.object_read_signed(drgn_of(&object), ret))) {
		found = worked(s, s->api.object_read_unsigned(drgn_of(&object), &value));
		if (found)
			*ret = (int64_t)value;
	}
	s->api.object_deinit(drgn_of(&object));
	return found ? NULL : hwp_error_create(HWP_ERROR_LOOKUP, "no enumerator %s", name);
}

static void session_destroy(struct session *s)
{
	if (!s)
		return;
	hwp_host_memory_deinit(&s->memory);
	if (s->program)
		s->api.program_destroy(s->program);
	hwp_drgn_api_unload(&s->api);
	free(s);
}

static void session_destroyp(struct session **s)
{
	session_destroy(*s);
}

static void session_unref(void *arg)
{
	struct session *s = arg;

	if (--s->nr_users == 0)
		session_destroy(s);
}

static const struct hwp_provider_ops memory_ops = {
	.name = "drgn",
	.read = drgn_op_read,
	.vmcoreinfo = drgn_op_vmcoreinfo,
	.destroy = session_unref,
};

static const struct hwp_provider_ops type_ops = {
	.name = "drgn",
	.member = drgn_op_member,
	.enumerator = drgn_op_enumerator,
	.destroy = session_unref,
};

static const struct hwp_provider_ops symbol_ops = {
	.name = "drgn",
	.symbols = drgn_op_symbols,
	.destroy = session_unref,
};

/** One more provider of the session. */
static struct hwp_provider use(struct session *s, const struct hwp_provider_ops *ops)
{
	s->nr_users++;
	return (struct hwp_provider){ ops, s };
}

static struct drgn_error *set_target(struct session *s, const struct drgn_platform *platform,
				     const char *path)
{
	struct drgn_error *e = s->api.program_create(platform, &s->program);

	if (e) {
		s->program = NULL;
		return e;
	}
	/* It would write to stderr; what matters is returned as an error too. */
	if (s->api.program_set_log_level)
		s->api.program_set_log_level(s->program, HWP_DRGN_LOG_NONE);
	return path ? s->api.program_set_core_dump(s->program, path) :
		      s->api.program_set_kernel(s->program);
}

/* The kdump header that QEMU writes names no architecture: assume that of this machine. */
static struct hwp_error *open_program(struct session *s, const char *path)
{
	struct drgn_error *e = set_target(s, NULL, path), *again;

	if (!e || !path || !s->api.host_platform)
		return take(s, e, HWP_ERROR_BAD_DATA);
	if (s->program)
		s->api.program_destroy(s->program);
	s->program = NULL;
	again = set_target(s, s->api.host_platform, path);
	if (again) {
		s->api.error_destroy(again);
		return take(s, e, HWP_ERROR_BAD_DATA);
	}
	s->api.error_destroy(e);
	return NULL;
}

#define OTHER_WAYS \
	"make a dump by QMP's dump-guest-memory and check that, or run hwpoison in the guest"

static struct hwp_error *attach(struct session *s, int fd)
{
	struct drgn_error *e = s->api.program_create(NULL, &s->program);

	if (e) {
		s->program = NULL;
		close(fd);
		return take(s, e, HWP_ERROR_BAD_DATA);
	}
	if (s->api.program_set_log_level)
		s->api.program_set_log_level(s->program, HWP_DRGN_LOG_NONE);
	e = s->api.program_set_qemu_qmp_fd(s->program, fd);
	if (!e || code_of(s, e) != HWP_DRGN_NOT_IMPLEMENTED)
		return take(s, e, HWP_ERROR_BAD_DATA);
	s->api.error_destroy(e);
	return hwp_error_create(
		HWP_ERROR_UNSUPPORTED,
		"it was built without json-c, as Debian's is, and cannot speak QMP: "
		"name one that can in HWPOISON_LIBDRGN, " OTHER_WAYS);
}

struct hwp_error *hwp_drgn_open_guest(const char *path, struct hwp_provider *ret)
{
	_cleanup_(session_destroyp) struct session *s = calloc(1, sizeof(*s));
	struct hwp_error *err;
	int fd;

	if (!s)
		return hwp_error_no_memory();
	err = hwp_error_prefix(hwp_drgn_api_load(&s->api),
			       "a guest is read by libdrgn, 0.2.0 or later and built with json-c");
	if (!err && !s->api.program_set_qemu_qmp_fd)
		err = hwp_error_create(HWP_ERROR_UNSUPPORTED,
				       "this libdrgn is older than 0.2.0 "
				       "and cannot speak QMP: name a later one in "
				       "HWPOISON_LIBDRGN, " OTHER_WAYS);
	if (!err)
		err = hwp_qmp_connect(path, &fd);
	if (!err)
		err = hwp_error_prefix(attach(s, fd), "libdrgn");
	if (err)
		return err;
	s->memory.name = "QEMU";
	s->memory.read = read_by_drgn;
	s->memory.arg = s;
	*ret = use(no_cleanup_ptr(s), &memory_ops);
	return NULL;
}

/** It is no error if a module's debug symbols are missing, but it is if the kernel's are. */
static struct hwp_error *load_symbols(struct session *s, const struct hwp_target_options *options)
{
	struct drgn_error *e;
	struct hwp_drgn_qualified_type type;

	e = s->api.program_load_debug_info(s->program, (const char **)options->symbol_paths,
					   options->nr_symbol_paths, false, true);
	if (e && code_of(s, e) != HWP_DRGN_MISSING_DEBUG_INFO)
		return take(s, e, HWP_ERROR_LOOKUP);
	if (e)
		s->api.error_destroy(e);
	if (find_type(s, "page", &type))
		return NULL;
	/* To libdrgn a file that is missing is one without debug symbols. */
	for (size_t i = 0; i < options->nr_symbol_paths; i++) {
		if (access(options->symbol_paths[i], R_OK) < 0)
			return hwp_error_os(errno, "%s: cannot open", options->symbol_paths[i]);
	}
	return hwp_error_create(
		HWP_ERROR_LOOKUP,
		options->nr_symbol_paths ?
			"libdrgn finds no types in the file given by -s: it is not the vmlinux "
			"of this kernel, or has no debug symbols" :
			"libdrgn finds no debug symbols of this kernel: give its vmlinux "
			"with -s FILE");
}

static struct hwp_error *open_dump(struct session *s, const struct hwp_target_options *options,
				   struct hwp_host_providers *parts)
{
	s->memory.name = "drgn";
	s->memory.read = read_by_drgn;
	s->memory.arg = s;
	snprintf(parts->facts.format, sizeof(parts->facts.format), "opened by drgn");
	return hwp_host_memory_open_own(&s->memory, options->core_path, options->vmcoreinfo_path,
					&parts->reader, &parts->facts);
}

/** A running kernel is read through the gate (gate.h) only, never by libdrgn. */
struct hwp_error *hwp_drgn_open(const struct hwp_target_options *options,
				struct hwp_host_providers *ret)
{
	_cleanup_(session_destroyp) struct session *s = calloc(1, sizeof(*s));
	struct hwp_host_providers parts = {};
	struct hwp_error *err;

	if (!s)
		return hwp_error_no_memory();
	err = hwp_drgn_api_load(&s->api);
	if (!err)
		err = hwp_error_prefix(open_program(s, options->core_path), "libdrgn");
	if (!err)
		err = load_symbols(s, options);
	if (!err)
		err = options->core_path ? open_dump(s, options, &parts) :
					   hwp_running_memory_open(&parts.memory, &parts.facts);
	if (err)
		return err;
	if (options->core_path)
		parts.memory = use(s, &memory_ops);
	parts.symbols = use(s, &symbol_ops);
	parts.types = use(no_cleanup_ptr(s), &type_ops);
	*ret = parts;
	return NULL;
}
