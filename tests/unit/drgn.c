// SPDX-License-Identifier: GPL-2.0-or-later
/** Memory, symbols and types by libdrgn's C API, of which tests/lib/fake_drgn.c is an imitation. */
#include <dlfcn.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "fake_drgn.h"
#include "qmp_server.h"
#include "target/drgn/api.h"
#include "target/providers.h"

static const char *const both[] = { "fake_drgn.so", "fake_drgn_old.so" };

/** Take libdrgn from there from now on; its counts. */
static const struct fake_counts *use_library(const char *name)
{
	const char *build = getenv("O");
	char path[4096];
	void *library;

	snprintf(path, sizeof(path), "%s/tests/lib/%s", build ? build : "build", name);
	setenv("HWPOISON_LIBDRGN", path, 1);
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	assert_non_null(library);
	return dlsym(library, "fake_counts");
}

static void assert_nothing_is_left(const struct fake_counts *counts)
{
	assert_int_equal(counts->errors, 0);
	assert_int_equal(counts->programs, 0);
	assert_int_equal(counts->symbols, 0);
	assert_int_equal(counts->objects, 0);
}

static void close_parts(struct hwp_host_providers *parts)
{
	hwp_provider_deinit(&parts->memory);
	hwp_provider_deinit(&parts->symbols);
	hwp_provider_deinit(&parts->types);
	hwp_provider_deinit(&parts->reader);
}

static const char *const symbol_paths[] = { "other", "vmlinux" };
static const struct hwp_target_options options = { .core_path = "/nonexistent/core",
						   .symbol_paths = symbol_paths,
						   .nr_symbol_paths = 2 };

static struct hwp_host_providers open_fake(const char *wrong)
{
	struct hwp_host_providers parts = {};

	setenv("FAKE_DRGN", wrong, 1);
	assert_null(hwp_drgn_open(&options, &parts));
	return parts;
}

static void opened(void **state)
{
	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(both); i++) {
		const struct fake_counts *counts = use_library(both[i]);
		struct hwp_host_providers parts = open_fake("");

		assert_int_equal(counts->programs, 1);
		assert_false(counts->default_info);
		assert_true(counts->main_info);
		assert_string_equal(counts->path, "vmlinux");
		assert_int_equal(counts->log_level, i ? 0 : HWP_DRGN_LOG_NONE);
		assert_string_equal(parts.facts.format, "opened by drgn");
		assert_null(parts.reader.ops);
		assert_string_equal(parts.memory.ops->name, "drgn");
		/* The program lives as long as the last of its three. */
		hwp_provider_deinit(&parts.types);
		hwp_provider_deinit(&parts.memory);
		assert_int_equal(counts->programs, 1);
		close_parts(&parts);
		assert_nothing_is_left(counts);
	}
}

/* Debug information of a module may be missing; a dump may name no machine. */
static void opened_nevertheless(void **state)
{
	static const struct {
		const char *wrong;
		bool is_of_new;
	} rows[] = { { "module", false }, { "no platform", true } };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		for (size_t j = 0; j < (rows[i].is_of_new ? 1 : 2); j++) {
			const struct fake_counts *counts = use_library(both[j]);
			struct hwp_host_providers parts = open_fake(rows[i].wrong);

			assert_int_equal(counts->programs, 1);
			close_parts(&parts);
			assert_nothing_is_left(counts);
		}
	}
}

static void assert_refused(const struct hwp_target_options *given, const char *wrong,
			   enum hwp_error_code code, const char *words)
{
	for (size_t i = 0; i < HWP_ARRAY_SIZE(both); i++) {
		const struct fake_counts *counts = use_library(both[i]);
		struct hwp_host_providers parts = {};
		struct hwp_error *err;

		setenv("FAKE_DRGN", wrong, 1);
		err = hwp_drgn_open(given, &parts);
		assert_non_null(err);
		print_message("# %s: %s\n", wrong, err->message);
		assert_int_equal(err->code, code);
		assert_non_null(strstr(err->message, words));
		assert_null(parts.memory.ops);
		hwp_error_destroy(err);
		assert_nothing_is_left(counts);
	}
}

static void refused(void **state)
{
	static const char *const present[] = { "/dev/null" };
	struct hwp_target_options bare = options, live = options, other = options;

	(void)state;
	other.symbol_paths = present;
	other.nr_symbol_paths = 1;
	bare.nr_symbol_paths = 0;
	live.core_path = NULL;
	assert_refused(&options, "program", HWP_ERROR_BAD_DATA, "libdrgn: no program");
	/* What it says of the dump as it is, not of the second try. */
	assert_refused(&options, "core", HWP_ERROR_BAD_DATA, "libdrgn: /nonexistent/core");
	assert_refused(&live, "", HWP_ERROR_BAD_DATA, "libdrgn: no kernel");
	assert_refused(&live, "silence", HWP_ERROR_BAD_DATA, "drgn does not say why");
	assert_refused(&options, "debug info", HWP_ERROR_LOOKUP, "no debug info");
	assert_refused(&options, "types", HWP_ERROR_OS, "other: cannot open: No such file");
	assert_refused(&other, "types", HWP_ERROR_LOOKUP, "in the file given by -s");
	assert_refused(&bare, "types", HWP_ERROR_LOOKUP, "give its vmlinux with -s FILE");
}

static void memory(void **state)
{
	const struct fake_counts *counts = use_library(both[0]);
	struct hwp_host_providers parts = open_fake("");
	static uint8_t bytes[0x1000];
	struct hwp_error *err;
	size_t nr;

	(void)state;
	for (int space = 0; space < 2; space++) {
		bool is_physical = space == HWP_PHYSICAL;

		err = parts.memory.ops->read(parts.memory.arg, (enum hwp_space)space, 0x1ffc, bytes,
					     8, &nr);
		assert_null(err);
		assert_int_equal(nr, 8);
		for (size_t i = 0; i < nr; i++)
			assert_int_equal(bytes[i], fake_byte(0x1ffc + i, is_physical));
	}
	/* Where it cannot be read to the end: page by page, up to there. */
	err = parts.memory.ops->read(parts.memory.arg, HWP_KERNEL_VIRTUAL, 0x2f00, bytes, 0x200,
				     &nr);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_FAULT);
	assert_int_equal(nr, 0x100);
	assert_int_equal(bytes[0xff], fake_byte(0x2fff, false));
	hwp_error_destroy(err);
	close_parts(&parts);
	assert_nothing_is_left(counts);
}

static void vmcoreinfo(void **state)
{
	static const struct {
		const char *wrong, *words;
		enum hwp_error_code code;
	} rows[] = {
		{ "vmcoreinfo", "no object", HWP_ERROR_LOOKUP },
		{ "unsized", "no size", HWP_ERROR_LOOKUP },
		{ "unread", "no bytes", HWP_ERROR_LOOKUP },
		{ "large", "too large", HWP_ERROR_BAD_DATA },
	};
	const struct fake_counts *counts = use_library(both[0]);
	struct hwp_host_providers parts = open_fake("");
	char *text = NULL;

	(void)state;
	for (int i = 0; i < 2; i++) {
		setenv("FAKE_DRGN", i ? "largest" : "", 1);
		assert_null(parts.memory.ops->vmcoreinfo(parts.memory.arg, &text));
		assert_string_equal(text, FAKE_VMCOREINFO);
		free(text);
	}
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_error *err;

		setenv("FAKE_DRGN", rows[i].wrong, 1);
		err = parts.memory.ops->vmcoreinfo(parts.memory.arg, &text);
		assert_non_null(err);
		assert_int_equal(err->code, rows[i].code);
		assert_non_null(strstr(err->message, rows[i].words));
		hwp_error_destroy(err);
	}
	close_parts(&parts);
	assert_nothing_is_left(counts);
}

static void symbols(void **state)
{
	const struct fake_counts *counts = use_library(both[0]);
	struct hwp_host_providers parts = open_fake("");
	struct hwp_symbol syms[] = {
		{ .name = "absent" },	   { .name = "" },
		{ .name = "here" },	   { .name = "per_cpu" },
		{ .name = "no_variable" },
	};

	(void)state;
	assert_null(parts.symbols.ops->symbols(parts.symbols.arg, syms, HWP_ARRAY_SIZE(syms)));
	assert_false(syms[0].found);
	assert_false(syms[1].found);
	assert_true(syms[2].found);
	assert_int_equal(syms[2].address, FAKE_SYMBOL);
	/* Per-CPU: the variable is right, and the symbol may be moved with the kernel. */
	assert_true(syms[3].found);
	assert_int_equal(syms[3].address, FAKE_PERCPU);
	assert_false(syms[4].found);
	setenv("FAKE_DRGN", "address", 1);
	assert_null(parts.symbols.ops->symbols(parts.symbols.arg, syms + 3, 1));
	unsetenv("FAKE_DRGN");
	assert_false(syms[3].found);
	close_parts(&parts);
	assert_nothing_is_left(counts);
}

static void members(void **state)
{
	static const struct {
		const char *path;
		struct hwp_member want;
	} rows[] = {
		{ "plain", { 8, 4, 0 } },
		{ "pair", { 16, 16, 0 } },
		{ "pair.right", { 24, 8, 0 } },
		/* Arrays, and arrays of arrays, are entered at their first element. */
		{ "rows", { 32, 36, 3 } },
		{ "rows.a", { 32, 4, 0 } },
		{ "rows.b", { 36, 8, 2 } },
		{ "grid", { 72, 48, 2 } },
		{ "grid.v", { 72, 8, 0 } },
		/* Without a size, or with elements without one, there is no number of them. */
		{ "tail", { 128, 0, 0 } },
		{ "empty", { 136, 0, 0 } },
	};
	static const char *const absent[] = { "none", "pair.none", "plain.none", "rows.none",
					      "pair..left" };
	const struct fake_counts *counts = use_library(both[0]);
	struct hwp_host_providers parts = open_fake("");
	char long_path[600] = "";
	struct hwp_error *err;
	struct hwp_member m;

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		m = (struct hwp_member){ 1, 1, 1 };
		assert_null(parts.types.ops->member(parts.types.arg, "zoo", rows[i].path, &m));
		assert_int_equal(m.offset, rows[i].want.offset);
		assert_int_equal(m.size, rows[i].want.size);
		assert_int_equal(m.nr_elements, rows[i].want.nr_elements);
	}
	for (size_t len = 1; len < sizeof(long_path); len += len < 250 ? 249 : 1) {
		memset(long_path, 'x', len);
		err = parts.types.ops->member(parts.types.arg, "zoo", long_path, &m);
		assert_int_equal(err->code, HWP_ERROR_LOOKUP);
		hwp_error_destroy(err);
	}
	for (size_t i = 0; i < HWP_ARRAY_SIZE(absent); i++) {
		err = parts.types.ops->member(parts.types.arg, "zoo", absent[i], &m);
		assert_non_null(err);
		assert_non_null(strstr(err->message, "struct zoo has no member"));
		hwp_error_destroy(err);
	}
	setenv("FAKE_DRGN", "reference", 1);
	err = parts.types.ops->member(parts.types.arg, "zoo", "plain", &m);
	assert_int_equal(err->code, HWP_ERROR_LOOKUP);
	hwp_error_destroy(err);
	close_parts(&parts);
	assert_nothing_is_left(counts);
}

static void whole_types(void **state)
{
	static const struct {
		const char *tag, *path;
		uint64_t size;
	} rows[] = { { "zoo", NULL, 144 }, { "zoo", "", 144 }, { "either", NULL, 24 } };
	const struct fake_counts *counts = use_library(both[0]);
	struct hwp_host_providers parts = open_fake("");
	struct hwp_error *err;
	struct hwp_member m;

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		m = (struct hwp_member){ 1, 1, 1 };
		assert_null(
			parts.types.ops->member(parts.types.arg, rows[i].tag, rows[i].path, &m));
		assert_int_equal(m.offset, 0);
		assert_int_equal(m.size, rows[i].size);
		assert_int_equal(m.nr_elements, 0);
	}
	err = parts.types.ops->member(parts.types.arg, "absent", NULL, &m);
	assert_string_equal(err->message, "no type struct absent");
	hwp_error_destroy(err);
	setenv("FAKE_DRGN", "size", 1);
	err = parts.types.ops->member(parts.types.arg, "zoo", NULL, &m);
	assert_int_equal(err->code, HWP_ERROR_LOOKUP);
	assert_string_equal(err->message, "an incomplete type");
	hwp_error_destroy(err);
	close_parts(&parts);
	assert_nothing_is_left(counts);
}

static void enumerators(void **state)
{
	const struct fake_counts *counts = use_library(both[0]);
	struct hwp_host_providers parts = open_fake("");
	int64_t value = 0;

	(void)state;
	assert_null(parts.types.ops->enumerator(parts.types.arg, NULL, "NEGATIVE", &value));
	assert_int_equal(value, -3);
	assert_null(parts.types.ops->enumerator(parts.types.arg, "of any type", "HUGE", &value));
	assert_true(value == INT64_MIN);
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = { "NO_NUMBER", "ABSENT", "VMCOREINFO" };
		struct hwp_error *err = parts.types.ops->enumerator(parts.types.arg, NULL, names[i],
								    &value);

		assert_int_equal(err->code, HWP_ERROR_LOOKUP);
		assert_non_null(strstr(err->message, names[i]));
		hwp_error_destroy(err);
	}
	close_parts(&parts);
	assert_nothing_is_left(counts);
}

static void guest(void **state)
{
	static const struct {
		const char *wrong, *words;
		enum hwp_error_code code;
	} rows[] = {
		{ "no json-c", "built without json-c", HWP_ERROR_UNSUPPORTED },
		{ "guest", "libdrgn: the guest is gone", HWP_ERROR_BAD_DATA },
		{ "program", "libdrgn: no program", HWP_ERROR_BAD_DATA },
	};
	const struct fake_counts *counts = use_library(both[0]);
	struct hwp_provider provider = {};
	struct hwp_error *err;
	struct server server;
	uint8_t byte;
	size_t nr;

	(void)state;
	setenv("FAKE_DRGN", "", 1);
	server = serve(greeting);
	assert_null(hwp_drgn_open_guest(server.address.sun_path, &provider));
	end(&server);
	assert_int_equal(counts->log_level, HWP_DRGN_LOG_NONE);
	/* The descriptor is libdrgn's now, and open. */
	assert_int_not_equal(fcntl(counts->fd, F_GETFD), -1);
	assert_int_equal(close(counts->fd), 0);
	assert_null(provider.ops->read(provider.arg, HWP_PHYSICAL, 0x1000, &byte, 1, &nr));
	assert_int_equal(byte, fake_byte(0x1000, true));
	hwp_provider_deinit(&provider);
	assert_nothing_is_left(counts);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		setenv("FAKE_DRGN", rows[i].wrong, 1);
		server = serve(greeting);
		err = hwp_drgn_open_guest(server.address.sun_path, &provider);
		end(&server);
		assert_non_null(err);
		print_message("# %s\n", err->message);
		assert_int_equal(err->code, rows[i].code);
		assert_non_null(strstr(err->message, rows[i].words));
		hwp_error_destroy(err);
		assert_nothing_is_left(counts);
	}
	err = hwp_drgn_open_guest("/nonexistent/socket", &provider);
	assert_non_null(strstr(err->message, "cannot connect"));
	hwp_error_destroy(err);
}

static void old_guest(void **state)
{
	struct hwp_provider provider = {};
	struct hwp_error *err;

	(void)state;
	use_library(both[1]);
	err = hwp_drgn_open_guest("/nonexistent/socket", &provider);
	assert_int_equal(err->code, HWP_ERROR_UNSUPPORTED);
	assert_non_null(strstr(err->message, "older than 0.2.0"));
	hwp_error_destroy(err);
}

/** A library below tests/lib of the build. */
static void built(char *path, size_t size, const char *name)
{
	const char *build = getenv("O");

	snprintf(path, size, "%s/tests/lib/%s", build ? build : "build", name);
}

/** Load what is at @p path, which cannot be used: the error's code is UNSUPPORTED. */
static void assert_not_loaded(const char *path, const char *words)
{
	struct hwp_drgn_api api = {};
	struct hwp_error *err;

	setenv("HWPOISON_LIBDRGN", path, 1);
	err = hwp_drgn_api_load(&api);
	assert_non_null(err);
	print_message("# %s\n", err->message);
	assert_int_equal(err->code, HWP_ERROR_UNSUPPORTED);
	assert_non_null(strstr(err->message, words));
	assert_null(api.library);
	assert_null(api.python);
	hwp_error_destroy(err);
}

/** Without a name: a library that is loaded under libdrgn's own, or what Python has, or none. */
static void by_default(void **state)
{
	static const char *const names[] = { NULL, "" };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(names); i++) {
		struct hwp_drgn_api api = {};
		struct hwp_error *err;

		if (names[i])
			setenv("HWPOISON_LIBDRGN", names[i], 1);
		else
			unsetenv("HWPOISON_LIBDRGN");
		err = hwp_drgn_api_load(&api);
		/* What this system has is not known here. */
		assert_int_equal(!err, api.library != NULL);
		if (err)
			assert_int_equal(err->code, HWP_ERROR_UNSUPPORTED);
		hwp_error_destroy(err);
		hwp_drgn_api_unload(&api);
	}
}

/** Each library that is none says what is wrong with it. */
static void no_library(void **state)
{
	char path[4096];

	(void)state;
	assert_not_loaded("/nonexistent/libdrgn.so", "cannot load libdrgn: ");
	built(path, sizeof(path), "fake_python.so");
	assert_not_loaded(path, "this libdrgn hides its C API (no drgn_");
}

/** Python's module of drgn as @p version names it. */
static void link_module(char *path, size_t size, const char *version)
{
	char fake[4096];
	_cleanup_free_ char *absolute = NULL;

	built(fake, sizeof(fake), "fake_drgn.so");
	absolute = realpath(fake, NULL);
	assert_non_null(absolute);
	snprintf(path, size, "%s/_drgn.cpython-%s", directory, version);
	assert_int_equal(symlink(absolute, path), 0);
}

/** The libpython that the module's name asks for is loaded first, and started quietly. */
static void python_module(void **state)
{
	static const struct {
		const char *version, *python, *words;
	} rows[] = {
		{ "3989-x86_64-linux-gnu.so", "",
		  "drgn's Python module needs libpython3.989.so.1.0: cannot load libdrgn: " },
		{ "3990-x86_64-linux-gnu.so", "", "libpython has no C API" },
		{ "3991-x86_64-linux-gnu.so", "running", "Python runs in this process already" },
		{ "3991-x86_64-linux-gnu.so", "broken", "Python does not start" },
		{ "3991-x86_64-linux-gnu.so", "", NULL },
	};
	const struct fake_counts *counts = use_library(both[0]);
	char path[4096], *script;
	int *signals, *saved;
	void *python;

	(void)state;
	/* By their names they are found, once they are there. */
	built(path, sizeof(path), "fake_python_bare.so");
	assert_non_null(dlopen(path, RTLD_NOW | RTLD_LOCAL));
	built(path, sizeof(path), "fake_python.so");
	python = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	assert_non_null(python);
	script = dlsym(python, "fake_python_script");
	signals = dlsym(python, "fake_python_signals");
	saved = dlsym(python, "fake_python_saved");
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_drgn_api api = {};

		link_module(path, sizeof(path), rows[i].version);
		setenv("FAKE_PYTHON", rows[i].python, 1);
		assert_int_equal(*saved, 0);
		if (rows[i].words) {
			assert_not_loaded(path, rows[i].words);
		} else {
			setenv("HWPOISON_LIBDRGN", path, 1);
			assert_null(hwp_drgn_api_load(&api));
			assert_non_null(api.library);
			assert_non_null(api.python);
			hwp_drgn_api_unload(&api);
			assert_null(api.library);
			assert_null(api.python);
		}
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(*signals, 0);
	assert_int_equal(*saved, 1);
	assert_non_null(strstr(script, "sys.modules['_drgn_util.plugins'] = None\n"));
	assert_nothing_is_left(counts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opened),      cmocka_unit_test(opened_nevertheless),
		cmocka_unit_test(refused),     cmocka_unit_test(memory),
		cmocka_unit_test(vmcoreinfo),  cmocka_unit_test(symbols),
		cmocka_unit_test(members),     cmocka_unit_test(whole_types),
		cmocka_unit_test(enumerators), cmocka_unit_test(guest),
		cmocka_unit_test(old_guest),   cmocka_unit_test(by_default),
		cmocka_unit_test(no_library),  cmocka_unit_test(python_module),
	};

	return cmocka_run_group_tests_name("drgn", tests, set_up, tear_down);
}
