// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * A libdrgn for unit tests: what its C API promises for one program with a few types, symbols
 * and bytes. $FAKE_DRGN names what goes wrong. With -DFAKE_OLD it has what every release has
 * only. test_drgn.py and test_same_answer.py try the real one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_drgn.h"
#include "target/drgn/api.h"

#define API __attribute__((visibility("default")))

/* Before 0.3.0 the code is the first byte, and known by that. */
struct drgn_error {
	uint8_t code;
	char text[79];
};

struct drgn_platform {
	int unused;
};

struct drgn_program {
	bool has_platform;
};

struct drgn_symbol {
	uint64_t address;
};

/** A designator, its offset and its size; -1: it has none. */
struct place {
	const char *designator;
	int offset, size;
};

struct drgn_type {
	const char *name;
	uint64_t size;
	const struct place *places;
};

struct drgn_object {
	const struct drgn_type *type;
	char designator[64];
	const struct constant *constant;
};

struct constant {
	const char *name;
	bool is_signed, is_unsigned;
	uint64_t value;
};

API struct fake_counts fake_counts;

static const struct place places[] = {
	{ "plain", 8, 4 },	   { "pair", 16, 16 },	      { "pair.left", 16, 8 },
	{ "pair.right", 24, 8 },   { "rows", 32, 36 },	      { "rows[0]", 32, 12 },
	{ "rows[1]", 44, 12 },	   { "rows[0].a", 32, 4 },    { "rows[0].b", 36, 8 },
	{ "rows[0].b[0]", 36, 4 }, { "rows[0].b[1]", 40, 4 }, { "grid", 72, 48 },
	{ "grid[0]", 72, 24 },	   { "grid[1]", 96, 24 },     { "grid[0][0]", 72, 8 },
	{ "grid[0][1]", 80, 8 },   { "grid[0][0].v", 72, 8 }, { "tail", 128, -1 },
	{ "tail[0]", 128, 4 },	   { "tail[1]", 132, 4 },     { "empty", 136, 0 },
	{ "empty[0]", 136, 0 },	   { "empty[1]", 136, 0 },    {},
};

static const struct drgn_type types[] = {
	{ "struct page", 64, places + sizeof(places) / sizeof(*places) - 1 },
	{ "struct zoo", 144, places },
	{ "union either", 24, places },
};

static const struct constant constants[] = {
	{ "NEGATIVE", true, false, UINT64_C(-3) },
	{ "HUGE", false, true, UINT64_C(1) << 63 },
	{ "NO_NUMBER", false, false, 0 },
};

static const struct {
	const char *name;
	uint64_t address;
} symbols[] = {
	{ "", FAKE_SYMBOL },
	{ "here", FAKE_SYMBOL },
	{ "per_cpu", FAKE_MOVED },
	{ "no_variable", FAKE_MOVED },
};

/** What drgn_object_address_of() makes of the variable per_cpu. */
static const struct constant address_of_variable = { "&per_cpu", false, true, FAKE_PERCPU };

static bool is_wrong(const char *what)
{
	const char *given = getenv("FAKE_DRGN");

	return given && strcmp(given, what) == 0;
}

static struct drgn_error *fail(uint8_t code, const char *text)
{
	struct drgn_error *e = malloc(sizeof(*e));

	e->code = code;
	snprintf(e->text, sizeof(e->text), "%s", text);
	fake_counts.errors++;
	return e;
}

API void drgn_error_destroy(struct drgn_error *e)
{
	fake_counts.errors--;
	free(e);
}

API char *drgn_error_string(struct drgn_error *e)
{
	return is_wrong("silence") ? NULL : strdup(e->text);
}

#ifndef FAKE_OLD
API uint8_t drgn_error_code(struct drgn_error *e)
{
	return e->code;
}

API const struct drgn_platform drgn_host_platform;

API void drgn_program_set_log_level(struct drgn_program *program, int level)
{
	(void)program;
	fake_counts.log_level = level;
}

API struct drgn_error *drgn_program_set_qemu_qmp_fd(struct drgn_program *program, int fd)
{
	(void)program;
	fake_counts.fd = fd;
	if (is_wrong("no json-c"))
		return fail(HWP_DRGN_NOT_IMPLEMENTED, "built without json-c");
	return is_wrong("guest") ? fail(1, "the guest is gone") : NULL;
}
#endif

API struct drgn_error *drgn_program_create(const struct drgn_platform *platform,
					   struct drgn_program **ret)
{
	if (is_wrong("program"))
		return fail(1, "no program");
	*ret = calloc(1, sizeof(**ret));
	(*ret)->has_platform = platform;
	fake_counts.programs++;
	return NULL;
}

API void drgn_program_destroy(struct drgn_program *program)
{
	fake_counts.programs--;
	free(program);
}

API struct drgn_error *drgn_program_set_core_dump(struct drgn_program *program, const char *path)
{
	if (is_wrong("core"))
		return fail(1, program->has_platform ? "no core, again" : path);
	return is_wrong("no platform") && !program->has_platform ? fail(1, "no platform") : NULL;
}

API struct drgn_error *drgn_program_set_kernel(struct drgn_program *program)
{
	(void)program;
	return fail(1, "no kernel");
}

API struct drgn_error *drgn_program_load_debug_info(struct drgn_program *program,
						    const char **paths, size_t nr,
						    bool load_default, bool load_main)
{
	(void)program;
	fake_counts.default_info = load_default;
	fake_counts.main_info = load_main;
	snprintf(fake_counts.path, sizeof(fake_counts.path), "%s", nr ? paths[nr - 1] : "none");
	if (is_wrong("module"))
		return fail(HWP_DRGN_MISSING_DEBUG_INFO, "a module has none");
	return is_wrong("debug info") ? fail(1, "no debug info") : NULL;
}

API struct drgn_error *drgn_program_read_memory(struct drgn_program *program, void *buf,
						uint64_t address, size_t size, bool is_physical)
{
	(void)program;
	if (address < FAKE_MEMORY || address + size > FAKE_MEMORY_END)
		return fail(2, "no memory");
	for (size_t i = 0; i < size; i++)
		((uint8_t *)buf)[i] = fake_byte(address + i, is_physical);
	return NULL;
}

API struct drgn_error *drgn_program_find_symbol_by_name(struct drgn_program *program,
							const char *name, struct drgn_symbol **ret)
{
	(void)program;
	for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
		if (strcmp(symbols[i].name, name))
			continue;
		*ret = malloc(sizeof(**ret));
		(*ret)->address = symbols[i].address;
		fake_counts.symbols++;
		return NULL;
	}
	return fail(4, "no symbol");
}

API uint64_t drgn_symbol_address(struct drgn_symbol *symbol)
{
	return symbol->address;
}

API void drgn_symbol_destroy(struct drgn_symbol *symbol)
{
	fake_counts.symbols--;
	free(symbol);
}

API struct drgn_error *drgn_program_find_type(struct drgn_program *program, const char *name,
					      const char *file, struct hwp_drgn_qualified_type *ret)
{
	(void)program;
	for (size_t i = is_wrong("types"); !file && i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(types[i].name, name) == 0) {
			*ret = (struct hwp_drgn_qualified_type){ (struct drgn_type *)&types[i], 0 };
			return NULL;
		}
	return fail(4, "no type");
}

API struct drgn_error *drgn_type_sizeof(struct drgn_type *type, uint64_t *ret)
{
	if (is_wrong("size"))
		return fail(5, "an incomplete type");
	*ret = type->size;
	return NULL;
}

static const struct place *find(const struct drgn_type *type, const char *designator)
{
	const struct place *place = type->places;

	while (place->designator && strcmp(place->designator, designator))
		place++;
	return place->designator ? place : NULL;
}

API struct drgn_error *drgn_type_offsetof(struct drgn_type *type, const char *designator,
					  uint64_t *ret)
{
	const struct place *place = find(type, designator);

	if (!place)
		return fail(4, "no such member");
	*ret = (uint64_t)place->offset;
	return NULL;
}

API void drgn_object_init(struct drgn_object *object, struct drgn_program *program)
{
	(void)program;
	memset(object, 0, sizeof(*object));
	fake_counts.objects++;
}

API void drgn_object_deinit(struct drgn_object *object)
{
	(void)object;
	fake_counts.objects--;
}

API struct drgn_error *drgn_program_find_object(struct drgn_program *program, const char *name,
						const char *file, unsigned int flags,
						struct drgn_object *ret)
{
	(void)program;
	if (file)
		return fail(4, "no such file");
	if (flags == HWP_DRGN_FIND_ANY && strcmp(name, "VMCOREINFO") == 0 &&
	    !is_wrong("vmcoreinfo"))
		return NULL;
	if (flags == HWP_DRGN_FIND_VARIABLE && strcmp(name, "per_cpu") == 0)
		return NULL;
	for (size_t i = 0; i < sizeof(constants) / sizeof(*constants); i++)
		if (flags & HWP_DRGN_FIND_CONSTANT && strcmp(constants[i].name, name) == 0) {
			ret->constant = &constants[i];
			return NULL;
		}
	return fail(4, "no object");
}

API struct drgn_error *drgn_object_set_reference(struct drgn_object *object,
						 struct hwp_drgn_qualified_type type,
						 uint64_t address, uint64_t bit_offset,
						 uint64_t bit_size)
{
	object->type = type.type;
	object->designator[0] = '\0';
	return address || bit_offset || bit_size || is_wrong("reference") ? fail(1, "no") : NULL;
}

static struct drgn_error *enter(struct drgn_object *ret, const struct drgn_object *object,
				const char *text)
{
	char designator[sizeof(object->designator)];

	if (snprintf(designator, sizeof(designator), "%s%s", object->designator, text) >=
		    (int)sizeof(designator) ||
	    !find(object->type, designator))
		return fail(4, "no such place");
	ret->type = object->type;
	strcpy(ret->designator, designator);
	return NULL;
}

API struct drgn_error *drgn_object_member(struct drgn_object *ret, const struct drgn_object *object,
					  const char *name)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%s", object->designator[0] ? "." : "", name);
	return enter(ret, object, text);
}

API struct drgn_error *drgn_object_subscript(struct drgn_object *ret,
					     const struct drgn_object *object, int64_t index)
{
	char text[64];

	snprintf(text, sizeof(text), "[%" PRId64 "]", index);
	return enter(ret, object, text);
}

API struct drgn_error *drgn_object_address_of(struct drgn_object *ret,
					      const struct drgn_object *object)
{
	(void)object;
	ret->constant = &address_of_variable;
	return is_wrong("address") ? fail(1, "no address") : NULL;
}

API struct drgn_error *drgn_object_sizeof(const struct drgn_object *object, uint64_t *ret)
{
	const struct place *place;

	if (!object->type) {
		*ret = is_wrong("large")   ? (UINT64_C(1) << 20) + 1 :
		       is_wrong("largest") ? UINT64_C(1) << 20 :
					     strlen(FAKE_VMCOREINFO);
		return is_wrong("unsized") ? fail(5, "no size") : NULL;
	}
	place = find(object->type, object->designator);
	if (place->size < 0)
		return fail(5, "an incomplete array");
	*ret = (uint64_t)place->size;
	return NULL;
}

API struct drgn_error *drgn_object_read_bytes(const struct drgn_object *object, void *buf)
{
	(void)object;
	if (is_wrong("unread"))
		return fail(2, "no bytes");
	memcpy(buf, FAKE_VMCOREINFO, strlen(FAKE_VMCOREINFO));
	return NULL;
}

API struct drgn_error *drgn_object_read_signed(const struct drgn_object *object, int64_t *ret)
{
	if (!object->constant->is_signed)
		return fail(6, "not signed");
	*ret = (int64_t)object->constant->value;
	return NULL;
}

API struct drgn_error *drgn_object_read_unsigned(const struct drgn_object *object, uint64_t *ret)
{
	if (!object->constant->is_unsigned)
		return fail(6, "not unsigned");
	*ret = object->constant->value;
	return NULL;
}
