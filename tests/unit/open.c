// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Targets by their options, as a command line gives them: which providers are taken, which
 * file is found, and what is refused with which words. A sample is the vmcore; small
 * vmlinux files that the compiler makes here have its build id.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "synth.h"

#include <cmocka.h>

#include "target/providers.h"

/* A kernel that no distribution packages, not moved; and one that KASLR moved. */
#define SAMPLE "vmcores/samples/fix-good/vmcore.kdump"
#define SAMPLE_BUILD_ID "5dfe51ea7f3bfb168b3ea006b719179355a2f2f4"
#define SAMPLE_RELEASE "7.3.4-fix-good"
#define MOVED "vmcores/samples/6.1-amd64/vmcore.kdump"
#define MOVED_BUILD_ID "06f8bde30046985060c60820f7a11515a33afb06"
#define MOVED_BY UINT64_C(0x30a00000)
#define OTHER_BUILD_ID "0123456789012345678901234567890123456789"

#define TEXT "0xffffffff81000000"

static char directory[] = "/tmp/hwp-open-XXXXXX";

static const char source[] = "#ifndef NO_STEXT\n"
			     "__asm__(\".text\\n.globl _stext\\n_stext:\\n\");\n"
			     "#endif\n"
			     "struct page { long flags; char rest[56]; } page;\n"
			     "enum { SEVEN = 7 };\n"
			     "long of_text(void) { return page.flags * SEVEN; }\n"
			     "#ifdef PLACES\n#include \"places.h\"\n#endif\n";

static void put_path(char *path, size_t size, const char *name)
{
	if (*name == '/' || strncmp(name, "vmcores/", 8) == 0)
		snprintf(path, size, "%s", name);
	else
		snprintf(path, size, "%s/%s", directory, name);
}

/** Compile to @p name in our directory. */
static void build(const char *name, const char *build_id, const char *options)
{
	char command[1024];

	snprintf(command, sizeof(command),
		 "cd %s && cc -nostdlib -static -fno-pic -no-pie "
		 "-mcmodel=kernel -fno-asynchronous-unwind-tables -Wl,-e,0 -Wl,-Ttext=" TEXT " "
		 "-Wl,--build-id=0x%s %s kernel.c -o %s 2>&1",
		 directory, build_id, options, name);
	assert_int_equal(system(command), 0);
}

static void put_file(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	put_path(path, sizeof(path), name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

struct given {
	const char *core, *symbols, *provider, *vmcoreinfo, *qemu;
};

static struct hwp_error *open_given(const struct given *g, struct hwp_target **ret)
{
	char core[256] = "", symbols[256] = "", vmcoreinfo[256] = "", qemu[256] = "";
	const char *const symbol_paths[] = { symbols };
	const struct hwp_target_options options = {
		.core_path = g->core ? core : NULL,
		.symbol_paths = symbol_paths,
		.nr_symbol_paths = g->symbols != NULL,
		.provider = g->provider,
		.vmcoreinfo_path = g->vmcoreinfo ? vmcoreinfo : NULL,
		.qemu_socket = g->qemu ? qemu : NULL,
	};

	put_path(core, sizeof(core), g->core ? g->core : "");
	put_path(symbols, sizeof(symbols), g->symbols ? g->symbols : "");
	put_path(vmcoreinfo, sizeof(vmcoreinfo), g->vmcoreinfo ? g->vmcoreinfo : "");
	put_path(qemu, sizeof(qemu), g->qemu ? g->qemu : "");
	return hwp_target_open(&options, ret);
}

static void taken(void **state)
{
	static const struct {
		struct given given;
		const char *symbols, *types;
	} cases[] = {
		{ { .core = SAMPLE }, "kallsyms", "btf" },
		{ { .core = SAMPLE, .provider = "btf" }, "kallsyms", "btf" },
		{ { .core = SAMPLE, .symbols = "vmlinux" }, "kallsyms", "btf" },
		{ { .core = SAMPLE, .provider = "dwarf", .symbols = "vmlinux" }, "dwarf", "dwarf" },
		/* By directory: called vmlinux, by build id, by release. */
		{ { .core = SAMPLE, .provider = "dwarf", .symbols = "" }, "dwarf", "dwarf" },
		{ { .core = SAMPLE, .provider = "dwarf", .symbols = "ids" }, "dwarf", "dwarf" },
		{ { .core = SAMPLE, .provider = "dwarf", .symbols = "names" }, "dwarf", "dwarf" },
		{ { .core = SAMPLE, .provider = "dwarf", .symbols = "folders" }, "dwarf", "dwarf" },
		/* Beside the vmcore. */
		{ { .core = "beside/vmcore", .provider = "dwarf" }, "dwarf", "dwarf" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(cases); i++) {
		struct hwp_target *target = NULL;
		struct hwp_error *err = open_given(&cases[i].given, &target);

		if (err)
			print_message("# case %zu: %s\n", i, err->message);
		assert_null(err);
		assert_string_equal(hwp_target_release(target), SAMPLE_RELEASE);
		assert_string_equal(hwp_target_memory_provider(target), "kdumpfile");
		assert_string_equal(hwp_target_symbol_provider(target), cases[i].symbols);
		assert_string_equal(hwp_target_type_provider(target), cases[i].types);
		assert_int_equal(hwp_target_page_shift(target), 12);
		assert_null(hwp_target_damage(target));
		assert_non_null(strstr(hwp_target_format(target), "diskdump"));
		assert_false(hwp_target_is_live(target));
		assert_true(hwp_target_open_times(target).file_ns > 0);
		hwp_target_destroy(target);
	}
}

/** Symbols of a vmlinux are where KASLR put them; its types and functions are its own. */
static void by_vmlinux(void **state)
{
	const struct given given = { .core = MOVED, .provider = "dwarf", .symbols = "moved" };
	/* What was found elsewhere before is not found here. */
	struct hwp_symbol syms[] = { { .name = "_stext", .found = true },
				     { .name = "absent", .found = true } };
	struct hwp_target *target;
	struct hwp_member m;
	int64_t value;

	(void)state;
	assert_null(open_given(&given, &target));
	assert_null(hwp_target_symbols(target, syms, HWP_ARRAY_SIZE(syms)));
	assert_true(syms[0].found);
	assert_int_equal(syms[0].address, strtoull(TEXT, NULL, 16) + MOVED_BY);
	assert_false(syms[1].found);
	assert_null(hwp_target_expect(target, "kernel.c"));
	assert_null(hwp_target_member(target, "page", "rest", &m));
	assert_int_equal(m.offset, 8);
	assert_int_equal(m.nr_elements, 56);
	assert_null(hwp_target_enumerator(target, NULL, "SEVEN", &value));
	assert_int_equal(value, 7);
	assert_int_equal(hwp_target_function(target, "kernel.c", "of_text"), HWP_FUNCTION_COMPILED);
	assert_int_equal(hwp_target_function(target, "kernel.c", "absent"), HWP_FUNCTION_ABSENT);
	assert_int_equal(hwp_target_function(target, "absent.c", "of_text"), HWP_FUNCTION_UNKNOWN);
	hwp_target_destroy(target);
}

static void refused(void **state)
{
	static const struct {
		struct given given;
		enum hwp_error_code code;
		const char *words;
	} cases[] = {
		{ { .core = "absent" }, HWP_ERROR_OS, "No such file" },
		{ { .core = "/" }, HWP_ERROR_INVALID_ARGUMENT, "directory" },
		{ { .core = "/dev/null" }, HWP_ERROR_INVALID_ARGUMENT, "not a regular file" },
		{ { .core = "text" }, HWP_ERROR_INVALID_ARGUMENT, "text: it holds no memory" },
		{ { .core = "vmlinux" }, HWP_ERROR_INVALID_ARGUMENT, "not a core dump" },
		{ { .core = SAMPLE, .vmcoreinfo = "absent" }, HWP_ERROR_OS, "No such file" },
		{ { .core = SAMPLE, .vmcoreinfo = "vmcoreinfo-0" },
		  HWP_ERROR_BAD_DATA,
		  "PAGESIZE=0" },
		{ { .core = SAMPLE, .provider = "dwarf" }, HWP_ERROR_LOOKUP, "-s FILE" },
		{ { .core = SAMPLE, .symbols = "absent" }, HWP_ERROR_OS, "No such file" },
		{ { .core = SAMPLE, .symbols = "empty" },
		  HWP_ERROR_INVALID_ARGUMENT,
		  SAMPLE_RELEASE },
		{ { .core = SAMPLE, .symbols = "text" }, HWP_ERROR_INVALID_ARGUMENT, "vmlinux" },
		{ { .core = SAMPLE, .symbols = "/dev/null" },
		  HWP_ERROR_INVALID_ARGUMENT,
		  "not a regular file" },
		{ { .core = SAMPLE, .symbols = "core" }, HWP_ERROR_INVALID_ARGUMENT, "core dump" },
		{ { .core = SAMPLE, .symbols = "other" },
		  HWP_ERROR_INVALID_ARGUMENT,
		  "another kernel" },
		{ { .core = MOVED, .symbols = "vmlinux" },
		  HWP_ERROR_INVALID_ARGUMENT,
		  "another kernel" },
		{ { .core = SAMPLE, .symbols = "elsewhere" },
		  HWP_ERROR_BAD_DATA,
		  "not of this kernel" },
		{ { .core = SAMPLE, .symbols = "no-stext" }, HWP_ERROR_LOOKUP, "_stext" },
		{ { .core = SAMPLE, .symbols = "stripped" }, HWP_ERROR_LOOKUP, "debug information" },
		{ { .qemu = "absent", .provider = "drgn" }, HWP_ERROR_INVALID_ARGUMENT, "bypass" },
		{ { .qemu = "absent" }, HWP_ERROR_UNSUPPORTED, "libdrgn" },
		{ { .core = SAMPLE, .provider = "drgn" }, HWP_ERROR_UNSUPPORTED, "libdrgn" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(cases); i++) {
		struct hwp_target *target = NULL;
		struct hwp_error *err = open_given(&cases[i].given, &target);

		assert_non_null(err);
		print_message("# %s\n", err->message);
		assert_int_equal(err->code, cases[i].code);
		assert_non_null(strstr(err->message, cases[i].words));
		assert_null(strchr(err->message, '\n'));
		assert_null(target);
		hwp_error_destroy(err);
	}
}

/** The dump's own VMCOREINFO with another value for @p key, NULL: without that line. */
static void put_vmcoreinfo(const char *text, const char *key, const char *value)
{
	size_t len = 0;
	const char *old = key ? strstr(text, key) : NULL;
	_cleanup_free_ char *changed = calloc(1, strlen(text) + 128);

	assert_non_null(changed);
	assert_true(!key || old);
	if (old)
		len = (size_t)(old - text);
	snprintf(changed, strlen(text) + 128, "%.*s", key ? (int)len : (int)strlen(text), text);
	if (value)
		snprintf(changed + len, 128, "%s%s\n", key, value);
	if (old)
		strcat(changed, strchr(old, '\n') + 1);
	put_file("vmcoreinfo", changed);
}

/** A VMCOREINFO that was given is believed if the memory has the kernel's name where it says. */
static void other_boots(void **state)
{
	static const struct {
		const char *key, *value;
		/** NULL: it is taken. */
		const char *words;
		enum hwp_error_code code;
	} cases[] = {
		{ NULL, NULL, NULL, 0 },
		{ "SYMBOL(init_uts_ns)=", NULL, NULL, 0 },
		{ "SYMBOL(init_uts_ns)=", "ffff900000000000",
		  "has no init_uts_ns where it says: ", HWP_ERROR_FAULT },
		{ "OSRELEASE=", NULL, "VMCOREINFO has no OSRELEASE", HWP_ERROR_BAD_DATA },
		{ "OSRELEASE=", "7.3.4+deb13-cloud-amd6", "the dump", HWP_ERROR_INVALID_ARGUMENT },
		{ "BUILD-ID=", "00", "build id", HWP_ERROR_INVALID_ARGUMENT },
	};
	const struct given bare = { .core = SAMPLE },
			   given = { .core = SAMPLE, .vmcoreinfo = "vmcoreinfo" };
	struct hwp_target *sample, *target;
	char address[32];
	uint64_t stack;

	(void)state;
	assert_null(open_given(&bare, &sample));
	for (size_t i = 0; i < HWP_ARRAY_SIZE(cases); i++) {
		struct hwp_error *err;

		put_vmcoreinfo(hwp_target_vmcoreinfo_text(sample), cases[i].key, cases[i].value);
		target = NULL;
		err = open_given(&given, &target);
		print_message("# %zu: %s\n", i, err ? err->message : "taken");
		assert_int_equal(!err, !cases[i].words);
		if (err) {
			assert_int_equal(err->code, cases[i].code);
			assert_non_null(strstr(err->message, cases[i].words));
		}
		hwp_error_destroy(err);
		hwp_target_destroy(target);
	}
	/* Memory that is there, and is something else: the name is a byte beside it, or nowhere. */
	assert_null(hwp_target_vmcoreinfo_number(sample, "SYMBOL(init_uts_ns)", &stack));
	for (int i = 0; i < 2; i++) {
		struct hwp_error *err;

		snprintf(address, sizeof(address), "%llx",
			 (unsigned long long)(i ? stack + 4096 : stack - 4096));
		put_vmcoreinfo(hwp_target_vmcoreinfo_text(sample), "SYMBOL(init_uts_ns)=", address);
		target = NULL;
		err = open_given(&given, &target);
		assert_non_null(err);
		print_message("# %s\n", err->message);
		assert_int_equal(err->code, HWP_ERROR_INVALID_ARGUMENT);
		assert_non_null(strstr(err->message, "or another boot of it"));
		hwp_error_destroy(err);
	}
	hwp_target_destroy(sample);
}

/** Build a vmlinux with this build id that has symbols, and a banner, where the dump has them. */
static void build_placed(const char *build_id, const struct hwp_symbol *notes, uint64_t banner,
			 const char *text)
{
	char places[1024], options[128];

	snprintf(places, sizeof(places),
		 "__asm__(\".globl %s\\n.set %s, 0x%llx\\n.globl %s\\n.set %s, 0x%llx\\n\");\n"
		 "__attribute__((section(\".banner\"))) const char %s[] = \"%.300s\\n\";\n",
		 notes[0].name, notes[0].name, (unsigned long long)notes[0].address, notes[1].name,
		 notes[1].name, (unsigned long long)notes[1].address,
		 banner ? "linux_banner" : "nothing", text);
	put_file("places.h", places);
	snprintf(options, sizeof(options), "-g -DPLACES -Wl,--section-start=.banner=0x%llx",
		 banner ? (unsigned long long)banner : 0xffffffff90000000);
	build("placed", build_id, options);
}

/** VMCOREINFO had no build id before v5.9: the memory has it, in its notes, or else a banner. */
static void without_build_id(void **state)
{
	static const struct {
		const char *build_id;
		bool has_notes, has_banner, is_other, is_elsewhere;
		/** NULL: it is taken. */
		const char *words;
		enum hwp_error_code code;
	} cases[] = {
		{ SAMPLE_BUILD_ID, true, false, false, false, NULL, 0 },
		{ OTHER_BUILD_ID, true, false, false, false,
		  "its build id is " OTHER_BUILD_ID ", the target's is " SAMPLE_BUILD_ID,
		  HWP_ERROR_INVALID_ARGUMENT },
		{ SAMPLE_BUILD_ID, false, true, false, false, NULL, 0 },
		{ SAMPLE_BUILD_ID, false, true, true, false,
		  "is of another kernel: it says 'another kernel', the target 'Linux version ",
		  HWP_ERROR_INVALID_ARGUMENT },
		{ SAMPLE_BUILD_ID, false, true, false, true,
		  "it cannot be compared with the target's kernel (" SAMPLE_RELEASE "): ",
		  HWP_ERROR_FAULT },
		{ SAMPLE_BUILD_ID, false, false, false, false,
		  "has neither a build id nor linux_banner, so its kernel is unknown",
		  HWP_ERROR_LOOKUP },
	};
	const struct given bare = { .core = SAMPLE }, given = {
		.core = SAMPLE, .vmcoreinfo = "vmcoreinfo", .provider = "dwarf", .symbols = "placed"
	};
	const struct hwp_symbol none[] = { { .name = "no_notes" }, { .name = "no_more_notes" } };
	struct hwp_symbol syms[] = { { .name = "__start_notes" },
				     { .name = "__stop_notes" },
				     { .name = "linux_banner" } };
	struct hwp_target *sample;
	char banner[512];

	(void)state;
	assert_null(open_given(&bare, &sample));
	put_vmcoreinfo(hwp_target_vmcoreinfo_text(sample), "BUILD-ID=", NULL);
	assert_null(hwp_target_symbols(sample, syms, HWP_ARRAY_SIZE(syms)));
	assert_true(syms[0].found && syms[1].found && syms[2].found);
	assert_null(hwp_target_read_string(sample, syms[2].address, banner, sizeof(banner)));
	banner[strcspn(banner, "\n")] = '\0';
	for (size_t i = 0; i < HWP_ARRAY_SIZE(cases); i++) {
		struct hwp_target *target = NULL;
		struct hwp_error *err;
		uint64_t at = cases[i].is_elsewhere ? 0xffffffffb0000000 : syms[2].address;

		build_placed(cases[i].build_id, cases[i].has_notes ? syms : none,
			     cases[i].has_banner ? at : 0,
			     cases[i].is_other ? "another kernel" : banner);
		err = open_given(&given, &target);
		print_message("# %zu: %s\n", i, err ? err->message : "taken");
		assert_int_equal(!err, !cases[i].words);
		if (err) {
			assert_int_equal(err->code, cases[i].code);
			assert_non_null(strstr(err->message, cases[i].words));
		}
		hwp_error_destroy(err);
		hwp_target_destroy(target);
	}
	hwp_target_destroy(sample);
}

/** Debian's drgn has libdrgn inside a Python module; some builds hide its C API. */
static void libdrgn_without_api(void **state)
{
	const struct given given = { .core = SAMPLE, .provider = "drgn" };
	struct hwp_target *target;
	struct hwp_error *err;

	(void)state;
	setenv("HWPOISON_LIBDRGN", "libm.so.6", 1);
	err = open_given(&given, &target);
	setenv("HWPOISON_LIBDRGN", "/nonexistent/libdrgn.so", 1);
	assert_int_equal(err->code, HWP_ERROR_UNSUPPORTED);
	print_message("# %s\n", err->message);
	assert_non_null(strstr(err->message, "hides its C API"));
	hwp_error_destroy(err);
}

/** A server that does not answer is named, and not asked where there is none. */
static void debuginfod(void **state)
{
	const struct given given = { .core = SAMPLE, .provider = "dwarf" };
	struct hwp_target *target;
	struct hwp_error *err;

	(void)state;
	setenv("DEBUGINFOD_CACHE_PATH", directory, 1);
	setenv("DEBUGINFOD_URLS", "http://127.0.0.1:1/", 1);
	err = open_given(&given, &target);
	unsetenv("DEBUGINFOD_URLS");
	assert_int_equal(err->code, HWP_ERROR_LOOKUP);
	print_message("# %s\n", err->message);
	assert_non_null(strstr(err->message, "debuginfod"));
	hwp_error_destroy(err);
}

static unsigned int nr_destroyed;

static void count_destroyed(void *arg)
{
	(void)arg;
	nr_destroyed++;
}

static struct hwp_error *no_bytes(void *arg, enum hwp_space space, uint64_t address, void *buf,
				  size_t size, size_t *nr_read_ret)
{
	(void)arg;
	(void)space;
	(void)buf;
	(void)size;
	*nr_read_ret = 0;
	return hwp_error_at(HWP_ERROR_FAULT, address, "no bytes");
}

static const struct hwp_provider_ops counted_ops = {
	.name = "counted",
	.read = no_bytes,
	.destroy = count_destroyed,
};

/** It hands out all its providers, and then fails if its argument says so. */
static struct hwp_error *hand_out(void *arg, struct hwp_host_providers *ret)
{
	const bool *fails = arg;

	ret->memory = ret->symbols = ret->types = ret->reader = (struct hwp_provider){
		.ops = &counted_ops
	};
	ret->facts.page_shift = 12;
	return *fails ? hwp_error_create(HWP_ERROR_UNSUPPORTED, "host says no") : NULL;
}

/** The target destroys what a host hands out, whether or not it fails. */
static void hosts(void **state)
{
	volatile sig_atomic_t interrupted = 0;
	bool fails = true;
	const struct hwp_host host = { .name = "test", .arg = &fails, .open = hand_out };
	const struct hwp_target_options options = { .host = &host, .interrupted = &interrupted };
	struct hwp_target *target = NULL;
	struct hwp_error *err = hwp_target_open(&options, &target);
	uint64_t word;

	(void)state;
	assert_string_equal(hwp_target_options_path(&options), "the running kernel");
	assert_string_equal(err->message, "host says no");
	hwp_error_destroy(err);
	assert_int_equal(nr_destroyed, 4);
	fails = false;
	assert_null(hwp_target_open(&options, &target));
	assert_true(hwp_target_has_reader(target));
	err = hwp_target_clone(target, &target);
	assert_int_equal(err->code, HWP_ERROR_UNSUPPORTED);
	hwp_error_destroy(err);
	err = hwp_target_read_u64(target, UINT64_MAX - 3, &word);
	assert_int_equal(err->code, HWP_ERROR_FAULT);
	hwp_error_destroy(err);
	interrupted = 1;
	err = hwp_target_read_u64(target, 0x1000, &word);
	assert_int_equal(err->code, HWP_ERROR_INTERRUPTED);
	hwp_error_destroy(err);
	hwp_target_destroy(target);
	assert_int_equal(nr_destroyed, 8);
}

/** A host's memory is a sample; reads of what begins at @p hidden fail. Its names are counted. */
struct named_host {
	struct hwp_provider sample;
	uint64_t hidden;
	bool has_no_memory, has_types, has_symbols;
	unsigned int nr_asked;
};

static struct hwp_error *read_sample(void *arg, enum hwp_space space, uint64_t address, void *buf,
				     size_t size, size_t *nr_read_ret)
{
	const struct named_host *h = arg;

	if (h->has_no_memory || address == h->hidden)
		return no_bytes(NULL, space, address, buf, size, nr_read_ret);
	return h->sample.ops->read(h->sample.arg, space, address, buf, size, nr_read_ret);
}

static struct hwp_error *text_of_sample(void *arg, char **ret)
{
	const struct named_host *h = arg;

	return h->sample.ops->vmcoreinfo(h->sample.arg, ret);
}

static void close_sample(void *arg)
{
	struct named_host *h = arg;

	hwp_provider_deinit(&h->sample);
}

static const struct hwp_provider_ops sample_ops = {
	.name = "host",
	.read = read_sample,
	.vmcoreinfo = text_of_sample,
	.destroy = close_sample,
};

static struct hwp_error *open_sample(void *arg, struct hwp_host_providers *ret)
{
	struct named_host *h = arg;

	ret->memory = (struct hwp_provider){ &sample_ops, h };
	return hwp_dump_open(SAMPLE, NULL, &h->sample, &ret->facts);
}

/** It finds none. */
static struct hwp_error *no_symbols(void *arg, struct hwp_symbol *syms, size_t nr)
{
	(void)arg;
	for (size_t i = 0; i < nr; i++)
		syms[i].found = false;
	return NULL;
}

static const struct hwp_provider_ops names_ops = {
	.name = "names",
	.symbols = no_symbols,
	.destroy = count_destroyed,
};

static struct hwp_error *names_of_host(void *arg, struct hwp_provider *symbols,
				       struct hwp_provider *types)
{
	struct named_host *h = arg;

	h->nr_asked++;
	if (h->has_symbols)
		symbols->ops = &names_ops;
	if (h->has_types)
		types->ops = &names_ops;
	return h->has_types ? NULL : hwp_error_create(HWP_ERROR_LOOKUP, "the host lacks types");
}

/** Where BTF is in the sample. */
static uint64_t btf_address(void)
{
	const struct given given = { .core = SAMPLE };
	struct hwp_symbol symbol = { .name = "__start_BTF" };
	struct hwp_target *target;

	assert_null(open_given(&given, &target));
	assert_null(hwp_target_symbols(target, &symbol, 1));
	assert_true(symbol.found);
	hwp_target_destroy(target);
	return symbol.address;
}

/** The kernel's own names come first, and the host is asked once, for what they lack. */
static void names_in_hosts(void **state)
{
	const struct {
		struct named_host host;
		const char *symbols, *types, *words;
		unsigned int nr_asked;
	} cases[] = {
		{ { .has_symbols = true, .has_types = true }, "kallsyms", "btf", NULL, 0 },
		{ {}, "kallsyms", "btf", NULL, 0 },
		{ { .hidden = btf_address(), .has_types = true }, "kallsyms", "names", NULL, 1 },
		{ { .hidden = btf_address() }, NULL, NULL, "the host lacks types", 1 },
		{ { .has_no_memory = true, .has_symbols = true, .has_types = true },
		  "names",
		  "names",
		  NULL,
		  1 },
		{ { .has_no_memory = true, .has_symbols = true },
		  NULL,
		  NULL,
		  "the host lacks types",
		  1 },
		{ { .has_no_memory = true }, NULL, NULL, "the host lacks types", 1 },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(cases); i++) {
		struct named_host h = cases[i].host;
		const struct hwp_host host = {
			.name = "test",
			.path = SAMPLE,
			.arg = &h,
			.open = open_sample,
			.open_names = names_of_host,
		};
		const struct hwp_target_options options = { .host = &host };
		struct hwp_target *target = NULL;
		struct hwp_error *err = hwp_target_open(&options, &target);

		assert_int_equal(h.nr_asked, cases[i].nr_asked);
		if (cases[i].words) {
			print_message("# case %zu: %s\n", i, err->message);
			assert_non_null(strstr(err->message, cases[i].words));
			hwp_error_destroy(err);
			continue;
		}
		assert_null(err);
		assert_string_equal(hwp_target_memory_provider(target), "host");
		assert_string_equal(hwp_target_symbol_provider(target), cases[i].symbols);
		assert_string_equal(hwp_target_type_provider(target), cases[i].types);
		hwp_target_destroy(target);
	}
}

/** An interrupt while the kernel's own names are read is no reason to ask the host. */
static void names_interrupted(void **state)
{
	volatile sig_atomic_t interrupted = 1;
	struct named_host h = { .has_symbols = true, .has_types = true };
	const struct hwp_host host = {
		.name = "test",
		.path = SAMPLE,
		.arg = &h,
		.open = open_sample,
		.open_names = names_of_host,
	};
	const struct hwp_target_options options = { .host = &host, .interrupted = &interrupted };
	struct hwp_target *target = NULL;
	struct hwp_error *err = hwp_target_open(&options, &target);

	(void)state;
	assert_int_equal(err->code, HWP_ERROR_INTERRUPTED);
	assert_int_equal(h.nr_asked, 0);
	assert_null(target);
	hwp_error_destroy(err);
}

/** Who does not know the page size leaves it to VMCOREINFO, which must have one. */
static void page_sizes(void **state)
{
	static const struct {
		const char *text;
		unsigned int shift;
	} cases[] = {
		{ "OSRELEASE=x\nPAGESIZE=4096\n", 12 }, { "OSRELEASE=x\nPAGESIZE=65536\n", 16 },
		{ "OSRELEASE=x\nPAGESIZE=2048\n", 0 },	{ "OSRELEASE=x\nPAGESIZE=131072\n", 0 },
		{ "OSRELEASE=x\nPAGESIZE=5000\n", 0 },	{ "OSRELEASE=x\n", 0 },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(cases); i++) {
		const struct synth s = { .vmcoreinfo = cases[i].text };
		const struct hwp_host_providers parts = { .memory = synth_provider(&s) };
		struct hwp_target *target = NULL;
		struct hwp_error *err = synth_host_open(&parts, &target);

		if (cases[i].shift)
			assert_int_equal(hwp_target_page_shift(target), cases[i].shift);
		else
			assert_non_null(strstr(err->message, "PAGESIZE"));
		hwp_error_destroy(err);
		hwp_target_destroy(target);
	}
}

static void run(const char *command)
{
	char line[1024];

	snprintf(line, sizeof(line), "cd %s && %s", directory, command);
	assert_int_equal(system(line), 0);
}

static int set_up(void **state)
{
	char sample[4096], link[64];

	(void)state;
	if (!mkdtemp(directory) || !realpath(SAMPLE, sample))
		return -1;
	unsetenv("DEBUGINFOD_URLS");
	setenv("HWPOISON_LIBDRGN", "/nonexistent/libdrgn.so", 1);
	put_file("kernel.c", source);
	put_file("text", "no dump, and no ELF file\n");
	put_file("vmcoreinfo-0", "OSRELEASE=x\nPAGESIZE=0\n");
	build("vmlinux", SAMPLE_BUILD_ID, "-g");
	build("moved", MOVED_BUILD_ID, "-g");
	build("other", OTHER_BUILD_ID, "-g");
	build("elsewhere", SAMPLE_BUILD_ID, "-g -Wl,-Ttext=0xffffffff81200000");
	build("no-stext", SAMPLE_BUILD_ID, "-g -DNO_STEXT");
	build("stripped", SAMPLE_BUILD_ID, "");
	run("mkdir -p empty ids/.build-id/5d names folders/" SAMPLE_RELEASE " beside");
	run("ln vmlinux ids/.build-id/5d/fe51ea7f3bfb168b3ea006b719179355a2f2f4.debug");
	run("ln vmlinux names/vmlinux-" SAMPLE_RELEASE ".debug");
	run("ln vmlinux folders/" SAMPLE_RELEASE "/vmlinux");
	run("ln vmlinux beside/vmlinux");
	/* e_type becomes ET_CORE. */
	run("cp vmlinux core && printf '\\004' | dd of=core bs=1 seek=16 conv=notrunc 2>/dev/null");
	snprintf(link, sizeof(link), "%s/beside/vmcore", directory);
	return symlink(sample, link);
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken),
		cmocka_unit_test(by_vmlinux),
		cmocka_unit_test(refused),
		cmocka_unit_test(other_boots),
		cmocka_unit_test(without_build_id),
		cmocka_unit_test(debuginfod),
		cmocka_unit_test(libdrgn_without_api),
		cmocka_unit_test(hosts),
		cmocka_unit_test(names_in_hosts),
		cmocka_unit_test(names_interrupted),
		cmocka_unit_test(page_sizes),
	};

	return cmocka_run_group_tests_name("open", tests, set_up, tear_down);
}
