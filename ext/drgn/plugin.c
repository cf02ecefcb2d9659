// SPDX-License-Identifier: GPL-2.0-or-later
/** drgn as a host: providers that call its Python API. */
#include "plugin.h"

#include <string.h>

#include "target/memory/host_memory.h"
#include "target/memory/running.h"
#include "target/providers.h"

#include "../../cmds/command.h"

#define MAX_VMCOREINFO 65536

/** Belongs to the memory provider of one target. */
struct session {
	const struct hwp_drgn_call *call;
	struct hwp_host_memory memory;
};

static bool read_by_drgn(void *arg, enum hwp_space space, uint64_t address, void *buf, size_t size)
{
	const struct hwp_drgn_call *call = arg;

	return call->read(address, space == HWP_PHYSICAL, buf, size) == 0;
}

static struct hwp_error *plugin_read(void *arg, enum hwp_space space, uint64_t address, void *buf,
				     size_t size, size_t *nr_read_ret)
{
	struct session *s = arg;

	return hwp_host_memory_read(&s->memory, space, address, buf, size, nr_read_ret);
}

static struct hwp_error *plugin_vmcoreinfo(void *arg, char **text_ret)
{
	struct session *s = arg;
	_cleanup_free_ char *text = calloc(1, MAX_VMCOREINFO);

	if (!text)
		return hwp_error_no_memory();
	if (s->call->vmcoreinfo(text, MAX_VMCOREINFO) && s->memory.own.ops)
		return s->memory.own.ops->vmcoreinfo(s->memory.own.arg, text_ret);
	if (!*text)
		return hwp_error_create(HWP_ERROR_LOOKUP, "drgn has no VMCOREINFO");
	*text_ret = no_cleanup_ptr(text);
	return NULL;
}

static struct hwp_error *plugin_symbols(void *arg, struct hwp_symbol *syms, size_t nr)
{
	const struct hwp_drgn_call *call = arg;

	for (size_t i = 0; i < nr; i++)
		syms[i].found = *syms[i].name && !call->symbol(syms[i].name, &syms[i].address);
	return NULL;
}

static struct hwp_error *plugin_member(void *arg, const char *type, const char *path,
				       struct hwp_member *ret)
{
	const struct hwp_drgn_call *call = arg;
	uint64_t numbers[3];

	if (call->member(type, path, numbers))
		return hwp_error_create(HWP_ERROR_LOOKUP, "drgn finds no %s%s%s", type,
					path ? "." : "", path ? path : "");
	*ret = (struct hwp_member){ numbers[0], numbers[1], numbers[2] };
	return NULL;
}

static struct hwp_error *plugin_enumerator(void *arg, const char *type, const char *name,
					   int64_t *ret)
{
	const struct hwp_drgn_call *call = arg;

	return call->enumerator(type, name, ret) == 0 ?
		       NULL :
		       hwp_error_create(HWP_ERROR_LOOKUP, "drgn finds no enumerator %s", name);
}

static void session_destroy(void *arg)
{
	struct session *s = arg;

	hwp_host_memory_deinit(&s->memory);
	free(s);
}

static void borrowed(void *arg)
{
	(void)arg;
}

static const struct hwp_provider_ops memory_ops = {
	.name = "drgn",
	.read = plugin_read,
	.vmcoreinfo = plugin_vmcoreinfo,
	.destroy = session_destroy,
};

static const struct hwp_provider_ops name_ops = {
	.name = "drgn",
	.symbols = plugin_symbols,
	.member = plugin_member,
	.enumerator = plugin_enumerator,
	.destroy = borrowed,
};

static struct hwp_error *open_dump(const struct hwp_drgn_call *call,
				   struct hwp_host_providers *parts)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		return hwp_error_no_memory();
	s->call = call;
	s->memory.name = "drgn";
	s->memory.read = read_by_drgn;
	s->memory.own_first = true;
	s->memory.arg = (void *)call;
	snprintf(parts->facts.format, sizeof(parts->facts.format), "opened by drgn");
	parts->memory = (struct hwp_provider){ &memory_ops, s };
	if (getenv("HWPOISON_READMEM"))
		return NULL;
	return hwp_host_memory_open_own(&s->memory, call->core_path,
					call->flags & HWP_DRGN_CORE_IS_GIVEN, &parts->reader,
					&parts->facts);
}

static struct hwp_error *open_names(void *arg, struct hwp_provider *symbols,
				    struct hwp_provider *types)
{
	const struct hwp_drgn_call *call = arg;
	uint64_t numbers[3];

	if (call->member("page", NULL, numbers))
		return hwp_error_create(HWP_ERROR_LOOKUP,
					"drgn has no debug symbols of this kernel: "
					"prog.load_debug_info([\"vmlinux\"])");
	*symbols = *types = (struct hwp_provider){ &name_ops, arg };
	return NULL;
}

/**
 * A running kernel is read through the gate (gate.h) only, never by drgn. The environment asks
 * for drgn's symbols and types, so that they can be compared.
 */
static struct hwp_error *open_session(void *arg, struct hwp_host_providers *ret)
{
	const struct hwp_drgn_call *call = arg;
	struct hwp_error *err;

	err = call->flags & HWP_DRGN_IS_LIVE ? hwp_running_memory_open(&ret->memory, &ret->facts) :
					       open_dump(call, ret);
	return !err && getenv("HWPOISON_HOST_NAMES") ? open_names(arg, &ret->symbols, &ret->types) :
						       err;
}

struct stream {
	const struct hwp_drgn_call *call;
	int number;
};

static ssize_t write_stream(void *cookie, const char *data, size_t size)
{
	const struct stream *stream = cookie;

	return stream->call->write(stream->number, data, size) == 0 ? (ssize_t)size : -1;
}

static FILE *open_stream(struct stream *stream)
{
	const cookie_io_functions_t functions = { .write = write_stream };

	return fopencookie(stream, "w", functions);
}

static int run(const struct hwp_drgn_call *call, int argc, char **argv)
{
	const struct hwp_host host = {
		.name = "drgn",
		.path = call->flags & HWP_DRGN_IS_LIVE ? NULL :
			call->core_path		       ? call->core_path :
							 "what drgn has open",
		.arg = (void *)call,
		.open = open_session,
		.open_names = open_names,
	};
	struct stream streams[] = { { call, 1 }, { call, 2 } };
	_cleanup_fclose_ FILE *out = NULL, *err = NULL;
	struct hwp_context context = {
		.out_is_terminal = call->flags & HWP_DRGN_HAS_COLORS,
		.no_color = call->flags & HWP_DRGN_NO_COLOR,
		.utf8 = call->flags & HWP_DRGN_UTF8,
		.like_crash = call->flags & HWP_DRGN_LIKE_CRASH,
		.prompt = call->flags & HWP_DRGN_LIKE_CRASH ? "%crash> " : ">>> %",
		.width = call->width,
		.host = &host,
		.interrupted = call->interrupted,
	};

	context.out = out = open_stream(&streams[0]);
	context.err = err = open_stream(&streams[1]);
	if (!out || !err)
		return HWP_EXIT_TROUBLE;
	return hwp_run_command_line(&context, argc, argv);
}

int hwpoison_drgn_run(const struct hwp_drgn_call *call, int argc, char **argv)
{
	return call->version == HWP_DRGN_CALL_VERSION ? run(call, argc, argv) : -1;
}
