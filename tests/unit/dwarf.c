// SPDX-License-Identifier: GPL-2.0-or-later
/** Small vmlinux files that the compiler makes here: DWARF 4 and 5, compressed, inlined. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/bits.h"
#include "target/symbols/dwarfinfo.h"

static const char source[] =
	"enum named { NAMED_MINUS = -1, NAMED_BIG = 0x7fffffff };\n"
	"enum { UNNAMED_SEVEN = 7 };\n"
	"typedef const volatile struct inner { char pad[3]; short last; } inner_t;\n"
	"struct whole {\n"
	"	long first;\n"
	"	union { int in_union; struct { char c; long in_struct; }; };\n"
	"	inner_t many[5][2];\n"
	"	unsigned int bits_low:3, bits_high:20;\n"
	"	char (*pointer)[9];\n"
	"	struct whole *self;\n"
	"	char flexible[];\n"
	"} whole;\n"
	"struct two_faced { long of_page_alloc; } two_faced;\n"
	"struct only_declared *declared;\n"
	"struct empty {} empty;\n"
	"struct around { struct {}; int after; } around;\n"
	"enum named use_named; int use_unnamed = UNNAMED_SEVEN;\n"
	"static inline __attribute__((always_inline)) int inlined(int x)\n"
	"{ __asm__ volatile (\"\" : \"+r\"(x)); return x * 3; }\n"
	"static __attribute__((noinline)) int compiled(int x)\n"
	"{ __asm__ volatile (\"\" : \"+r\"(x)); return x * 5; }\n"
	"static inline int unused(int x) { return x; }\n"
	"int caller(int x) { return inlined(x) + compiled(x); }\n"
	"int main(void) { return whole.first ? caller(1) : 0; }\n";

static const char other_source[] = "static struct two_faced { char of_rmap; } two_faced;\n"
				   "struct of_rmap { char bytes[3]; } of_rmap;\n"
				   "void *rmap(void) { return &two_faced; }\n";

static const struct layout_fact {
	const char *member;
	size_t offset, size, nr;
} facts[] = {
	{ NULL, 0, 104, 0 },	   { "first", 0, 8, 0 },    { "in_union", 8, 4, 0 },
	{ "in_struct", 16, 8, 0 }, { "many", 24, 60, 5 },   { "many.last", 28, 2, 0 },
	{ "bits_low", 84, 4, 0 },  { "pointer", 88, 8, 0 },
};

static char directory[] = "/tmp/hwp-dwarf-XXXXXX";

static void build(const char *options, char *path, size_t size)
{
	char command[512];

	snprintf(path, size, "%s/vmlinux", directory);
	snprintf(command, sizeof(command),
		 "cd %s && mkdir -p mm && cc -O2 -g %s mm/page_alloc.c -o vmlinux", directory,
		 options);
	assert_int_equal(system(command), 0);
}

static void check_members(struct hwp_dwarf *d)
{
	struct hwp_member m;

	for (size_t i = 0; i < HWP_ARRAY_SIZE(facts); i++) {
		assert_null(hwp_dwarf_member(d, "whole", facts[i].member, &m));
		assert_int_equal(m.offset, facts[i].offset);
		assert_int_equal(m.nr_elements, facts[i].nr);
		assert_int_equal(m.size, facts[i].size);
	}
	assert_null(hwp_dwarf_member(d, "whole", "bits_high", &m));
	assert_int_equal(m.offset, 84);
	assert_null(hwp_dwarf_member(d, "whole", "flexible", &m));
	assert_int_equal(m.nr_elements, 0);
	assert_int_equal(m.size, 0);
	/* An unnamed member without members of its own is passed over. */
	assert_null(hwp_dwarf_member(d, "around", "after", &m));
	assert_int_equal(m.offset, 0);
	assert_int_equal(m.size, 4);
	assert_null(hwp_dwarf_member(d, "empty", NULL, &m));
	assert_int_equal(m.size, 0);
	for (size_t i = 0; i < 6; i++) {
		static const char *const absent[][2] = {
			{ "whole", "nothing" },	   { "whole", "self.first" },
			{ "only_declared", NULL }, { "no_such_type", NULL },
			{ "empty", "nothing" },	   { "around", "nothing" },
		};
		struct hwp_error *err = hwp_dwarf_member(d, absent[i][0], absent[i][1], &m);

		assert_true(hwp_error_catch(&err, HWP_ERROR_LOOKUP));
	}
}

static void check_enumerators(struct hwp_dwarf *d)
{
	struct hwp_error *err;
	int64_t value;

	assert_null(hwp_dwarf_enumerator(d, "named", "NAMED_MINUS", &value));
	assert_int_equal(value, -1);
	assert_null(hwp_dwarf_enumerator(d, "named", "NAMED_BIG", &value));
	assert_int_equal(value, 0x7fffffff);
	assert_null(hwp_dwarf_enumerator(d, NULL, "UNNAMED_SEVEN", &value));
	assert_int_equal(value, 7);
	err = hwp_dwarf_enumerator(d, NULL, "NAMED_BIG", &value);
	assert_true(hwp_error_catch(&err, HWP_ERROR_LOOKUP));
	err = hwp_dwarf_enumerator(d, "whole", "first", &value);
	assert_true(hwp_error_catch(&err, HWP_ERROR_LOOKUP));
}

static void check_functions(struct hwp_dwarf *d)
{
	static const struct {
		const char *name;
		enum hwp_function function;
	} rows[] = {
		{ "inlined", HWP_FUNCTION_INLINED }, { "compiled", HWP_FUNCTION_COMPILED },
		{ "caller", HWP_FUNCTION_INLINED },  { "unused", HWP_FUNCTION_ABSENT },
		{ "nothing", HWP_FUNCTION_ABSENT },
	};
	enum hwp_function function;
	struct hwp_error *err;

	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		assert_null(hwp_dwarf_function(d, "mm/page_alloc.c", rows[i].name, &function));
		assert_int_equal(function, rows[i].function);
	}
	err = hwp_dwarf_function(d, "m/page_alloc.c", "caller", &function);
	assert_true(hwp_error_catch(&err, HWP_ERROR_LOOKUP));
}

static void what_the_compiler_says(void **state)
{
	static const char *const options[] = { "-gdwarf-4", "-gdwarf-5", "-gdwarf-5 -gz",
					       "-gdwarf-4 -fdebug-types-section", "-gdwarf-3" };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(options); i++) {
		struct hwp_elffile *file;
		struct hwp_dwarf *d;
		char path[64];

		build(options[i], path, sizeof(path));
		assert_null(hwp_elffile_open(path, &file));
		assert_null(hwp_dwarf_open(file, &d));
		check_members(d);
		check_enumerators(d);
		check_functions(d);
		hwp_dwarf_close(d);
		hwp_elffile_close(file);
	}
}

/**
 * Two units that disagree: the definition of the one that is read first counts, which is
 * the first of the file, or the first that is expected and there.
 */
/* A structure of C++ or Rust has functions and types among its members; a C compiler makes none. */
static const char methods[] = ".section .debug_abbrev,\"\",@progbits\n"
			      " .byte 1,0x11,1, 0x13,0xb, 0,0\n"
			      " .byte 2,0x24,0, 3,8, 0xb,0xb, 0x3e,0xb, 0,0\n"
			      " .byte 3,0x13,1, 3,8, 0xb,0xb, 0,0\n"
			      " .byte 4,0x2e,0, 3,8, 0,0\n"
			      " .byte 5,0x0d,0, 3,8, 0x49,0x13, 0x38,0xb, 0,0\n"
			      " .byte 0\n"
			      ".section .debug_info,\"\",@progbits\n"
			      "start: .long end - first\n"
			      "first: .short 4\n .long 0\n .byte 8\n"
			      " .uleb128 1\n .byte 4\n" /* DW_LANG_C_plus_plus */
			      "int: .uleb128 2\n .asciz \"int\"\n .byte 4,5\n"
			      " .uleb128 3\n .asciz \"mixed\"\n .byte 8\n"
			      " .uleb128 5\n .asciz \"before\"\n .long int - start\n .byte 0\n"
			      " .uleb128 4\n .asciz \"after\"\n"
			      " .uleb128 5\n .asciz \"after\"\n .long int - start\n .byte 4\n"
			      " .byte 0, 0\n"
			      "end:\n";

static void functions_among_members(void **state)
{
	struct hwp_elffile *file;
	struct hwp_member m;
	struct hwp_dwarf *d;
	char command[128], path[64];
	FILE *out;

	(void)state;
	snprintf(path, sizeof(path), "%s/mixed.s", directory);
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(methods, out);
	assert_int_equal(fclose(out), 0);
	snprintf(command, sizeof(command), "cd %s && cc -c mixed.s -o mixed", directory);
	assert_int_equal(system(command), 0);
	snprintf(path, sizeof(path), "%s/mixed", directory);
	assert_null(hwp_elffile_open(path, &file));
	assert_null(hwp_dwarf_open(file, &d));
	assert_null(hwp_dwarf_member(d, "mixed", "before", &m));
	assert_int_equal(m.offset, 0);
	assert_null(hwp_dwarf_member(d, "mixed", "after", &m));
	assert_int_equal(m.offset, 4);
	assert_int_equal(m.size, 4);
	hwp_dwarf_close(d);
	hwp_elffile_close(file);
}

static void expected_sources(void **state)
{
	static const struct {
		const char *expect[3];
		uint64_t size;
	} cases[] = {
		{ {}, 1 },
		{ { "mm/page_alloc.c" }, 8 },
		{ { "mm/rmap.c", "mm/page_alloc.c" }, 1 },
		{ { "mm/absent.c", "mm/page_alloc.c", "mm/page_alloc.c" }, 8 },
		{ { "mm/absent.c" }, 1 },
	};
	struct hwp_elffile *file;
	char path[64];

	(void)state;
	build("mm/rmap.c", path, sizeof(path));
	assert_null(hwp_elffile_open(path, &file));
	for (size_t i = 0; i < HWP_ARRAY_SIZE(cases); i++) {
		struct hwp_member m;
		struct hwp_dwarf *d;

		assert_null(hwp_dwarf_open(file, &d));
		for (size_t s = 0; s < 3 && cases[i].expect[s]; s++)
			assert_null(hwp_dwarf_expect(d, cases[i].expect[s]));
		assert_null(hwp_dwarf_member(d, "two_faced", NULL, &m));
		assert_int_equal(m.size, cases[i].size);
		/* What is elsewhere is found all the same. */
		assert_null(hwp_dwarf_member(d, "whole", "many.last", &m));
		assert_null(hwp_dwarf_member(d, "of_rmap", NULL, &m));
		assert_int_equal(m.size, 3);
		hwp_dwarf_close(d);
	}
	hwp_elffile_close(file);
}

/** Bytes from all over the file made nonsense, one after the other. */
static void nonsense_is_an_error(void **state)
{
	struct stat st;
	uint8_t *bytes;
	char path[64];
	FILE *f;

	(void)state;
	build("-gdwarf-4", path, sizeof(path));
	assert_int_equal(stat(path, &st), 0);
	bytes = malloc((size_t)st.st_size);
	f = fopen(path, "r+");
	assert_int_equal(fread(bytes, 1, (size_t)st.st_size, f), st.st_size);
	for (long at = 0; at < st.st_size; at += at < 64 ? 1 : 7) {
		struct hwp_elffile *file = NULL;
		struct hwp_dwarf *d = NULL;
		enum hwp_function function;
		struct hwp_member m;
		int64_t value;

		fseek(f, at, SEEK_SET);
		fputc(bytes[at] ^ 0xff, f);
		fflush(f);
		hwp_error_destroy(hwp_elffile_open(path, &file));
		if (file)
			hwp_error_destroy(hwp_dwarf_open(file, &d));
		if (d) {
			hwp_error_destroy(hwp_dwarf_member(d, "whole", "in_struct", &m));
			hwp_error_destroy(hwp_dwarf_member(d, "whole", "many.last", &m));
			hwp_error_destroy(hwp_dwarf_enumerator(d, NULL, "UNNAMED_SEVEN", &value));
			hwp_error_destroy(
				hwp_dwarf_function(d, "mm/page_alloc.c", "inlined", &function));
		}
		hwp_dwarf_close(d);
		hwp_elffile_close(file);
		fseek(f, at, SEEK_SET);
		fputc(bytes[at], f);
	}
	fclose(f);
	free(bytes);
}

static int put_file(const char *name, const char *text)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "w");
	if (!f)
		return -1;
	fputs(text, f);
	return fclose(f);
}

static int set_up(void **state)
{
	char path[64];

	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/mm", directory);
	mkdir(path, 0700);
	return put_file("mm/page_alloc.c", source) || put_file("mm/rmap.c", other_source);
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
		cmocka_unit_test(what_the_compiler_says),
		cmocka_unit_test(functions_among_members),
		cmocka_unit_test(expected_sources),
		cmocka_unit_test(nonsense_is_an_error),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
