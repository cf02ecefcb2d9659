// SPDX-License-Identifier: GPL-2.0-or-later
/** Lists of symbols: what is one, where KASLR moved it, and which are refused; packages by release. */
#include "synth.h"

#include <cmocka.h>
#include <sys/stat.h>

#define LINKED                                    \
	"0000000000000000 D __per_cpu_start\n"    \
	"000000000001f340 D memory_failure_cpu\n" \
	"ffffffff81000000 T _stext\n"             \
	"ffffffff81000010 t twice\n"              \
	"ffffffff81000020 t twice\n"              \
	"ffffffff82000000 R linux_banner\n"       \
	"ffffffff82800000 D init_uts_ns\r\n"      \
	"ffffffffc0000000 t of_a_module\t[module]\n"
#define MOVED UINT64_C(0x1e000000)
#define VMCOREINFO                                                                    \
	"OSRELEASE=5.10.0-32-amd64\nPAGESIZE=4096\nSYMBOL(_stext)=ffffffff9f000000\n" \
	"SYMBOL(init_uts_ns)=ffffffffa0800000\nKERNELOFFSET=1e000000\n"

static char banner[64] = "Linux version 5.10.0-32-amd64 (gcc) #1 SMP";
static char path[] = "/tmp/symboltext.XXXXXX";

static void put_list(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static struct hwp_error *open_list(const char *list, const char *vmcoreinfo, struct hwp_provider *p)
{
	struct synth s = { .vmcoreinfo = vmcoreinfo };
	struct hwp_target *target;
	struct hwp_error *err;

	synth_add(&s, 0xffffffff82000000 + MOVED, banner, sizeof(banner));
	target = synth_open(&s);
	put_list(list);
	err = hwp_symbol_text_open(target, path, p);
	hwp_target_destroy(target);
	return err;
}

static void found(void **state)
{
	struct hwp_symbol syms[] = { { .name = "_stext" },  { .name = "memory_failure_cpu" },
				     { .name = "twice" },   { .name = "init_uts_ns" },
				     { .name = "nowhere" }, { .name = "of_a_module" } };
	struct hwp_provider p = {};

	(void)state;
	/* What was found elsewhere before is not found here. */
	for (size_t i = 0; i < HWP_ARRAY_SIZE(syms); i++)
		syms[i].found = true;
	assert_null(open_list(LINKED, VMCOREINFO, &p));
	assert_null(p.ops->symbols(p.arg, syms, HWP_ARRAY_SIZE(syms)));
	assert_int_equal(syms[0].address, 0xffffffff81000000 + MOVED);
	assert_int_equal(syms[1].address, 0x1f340);
	assert_int_equal(syms[2].address, 0xffffffff81000010 + MOVED);
	assert_int_equal(syms[3].address, 0xffffffff82800000 + MOVED);
	assert_false(syms[4].found || syms[5].found);
	hwp_provider_deinit(&p);
}

static void assert_refused(const char *name, const char *list, const char *vmcoreinfo,
			   const char *word)
{
	struct hwp_provider p = {};
	struct hwp_error *err = open_list(list, vmcoreinfo, &p);

	print_message("# %s: %s\n", name, err ? err->message : "taken");
	assert_non_null(err);
	assert_non_null(strstr(err->message, word));
	assert_non_null(strstr(err->message, path));
	hwp_error_destroy(err);
}

static void refused(void **state)
{
	struct hwp_provider p = {};

	(void)state;
	assert_refused("no address", "0000000000000000 T _stext\n", VMCOREINFO, "_stext");
	assert_refused("no _stext", "ffffffff81000000 T _text\n", VMCOREINFO, "_stext");
	assert_refused("_stext elsewhere", "ffffffff81000100 T _stext\n", VMCOREINFO,
		       "_stext is not where");
	assert_refused("data elsewhere",
		       "ffffffff81000000 T _stext\nffffffff82800040 D init_uts_ns\n", VMCOREINFO,
		       "init_uts_ns is not where");
	assert_refused("VMCOREINFO without _stext", LINKED, "OSRELEASE=5.10.0\nPAGESIZE=4096\n",
		       "_stext");
	banner[14] = '6';
	assert_refused("another release", LINKED, VMCOREINFO, "linux_banner is not where");
	banner[14] = '5';
	/* As of that boot, and by a kernel that says not where KASLR put it. */
	assert_null(open_list("ffffffff9f000000 T _stext\n", VMCOREINFO, &p));
	hwp_provider_deinit(&p);
	assert_null(open_list("ffffffff81000000 T _stext\n",
			      "OSRELEASE=x\nPAGESIZE=4096\nSYMBOL(_stext)=ffffffff9f000000\n", &p));
	hwp_provider_deinit(&p);
}

static void what_is_one(void **state)
{
	char dir[] = "/tmp/symboltext.dir.XXXXXX", fifo[64];

	(void)state;
	put_list(LINKED);
	assert_true(hwp_symbol_text_is(path));
	put_list("\x7f"
		 "ELF\2\1\1");
	assert_false(hwp_symbol_text_is(path));
	put_list("");
	assert_false(hwp_symbol_text_is(path));
	put_list("OSRELEASE=5.10.0\n");
	assert_false(hwp_symbol_text_is(path));
	assert_false(hwp_symbol_text_is("/nonexistent/System.map"));
	assert_false(hwp_symbol_text_is("/tmp"));
	assert_non_null(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_false(hwp_symbol_text_is(fifo));
	unlink(fifo);
	rmdir(dir);
}

/** Names of kernels as their distributions give them, with the packages that these have. */
static void packages(void **state)
{
	static const struct {
		const char *release, *package;
	} of[] = {
		{ "5.10.0-46-amd64", "linux-image-5.10.0-46-amd64-dbg" },
		{ "6.12.57+deb13-cloud-amd64", "linux-image-6.12.57+deb13-cloud-amd64-dbg" },
		{ "6.12.57+deb13-arm64-16k", "linux-image-6.12.57+deb13-arm64-16k-dbg" },
		{ "5.15.0-119-generic", "linux-image-unsigned-5.15.0-119-generic-dbgsym" },
		{ "6.8.0-1021-azure", "linux-image-unsigned-6.8.0-1021-azure-dbgsym" },
		{ "4.18.0-553.el8_10.x86_64", "kernel-debuginfo-4.18.0-553.el8_10.x86_64" },
		{ "5.15.0-205.149.5.1.el9uek.x86_64",
		  "kernel-uek-debuginfo-5.15.0-205.149.5.1.el9uek.x86_64" },
		{ "6.1.112-122.189.amzn2023.x86_64",
		  "kernel-debuginfo-6.1.112-122.189.amzn2023.x86_64" },
		{ "6.11.4-301.fc41.x86_64", "kernel-debuginfo-6.11.4-301.fc41.x86_64" },
		{ "5.14.21-150500.55.73-default", "kernel-default-debuginfo" },
		{ "5.14.21-150500.33.66-azure", NULL },
		{ "7.3.0-rc2+", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(of); i++) {
		char package[128];

		assert_int_equal(hwp_debug_package(of[i].release, package, sizeof(package)),
				 of[i].package != NULL);
		if (of[i].package)
			assert_string_equal(package, of[i].package);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(found), cmocka_unit_test(refused),
					    cmocka_unit_test(what_is_one),
					    cmocka_unit_test(packages) };
	int fd = mkstemp(path), failed;

	assert_true(fd >= 0);
	close(fd);
	failed = cmocka_run_group_tests_name("symboltext", tests, NULL, NULL);
	unlink(path);
	return failed;
}
