// SPDX-License-Identifier: GPL-2.0-or-later
/** What the reports for people have in common: lines, tables, and their head. */
#include "findings_synth.h"

#include <cmocka.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "report/common.h"
#include "report/text.h"

struct page {
	struct hwp_report_style style;
	struct hwp_text text;
	char *bytes;
	size_t size;
	FILE *out;
};

static void page_open(struct page *p, struct hwp_report_style style)
{
	*p = (struct page){ .style = style };
	p->out = open_memstream(&p->bytes, &p->size);
	assert_non_null(p->out);
	hwp_text_init(&p->text, p->out, &p->style);
}

static void page_close(struct page *p, const char *expected)
{
	assert_null(hwp_text_finish(&p->text));
	fclose(p->out);
	if (strcmp(p->bytes, expected) != 0)
		fail_msg("\n%s\nis not\n%s", p->bytes, expected);
	free(p->bytes);
}

/** The width that is filled, by that of the terminal; 0: it has none. */
static void widths(void **state)
{
	static const struct {
		unsigned int width, expected;
	} rows[] = { { 0, 80 },	 { 1, 40 },    { 39, 40 },   { 40, 40 },   { 41, 41 },
		     { 99, 99 }, { 100, 100 }, { 101, 100 }, { 1000, 100 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct hwp_report_style style = { .width = rows[i].width };
		struct hwp_text text;

		hwp_text_init(&text, stdout, &style);
		assert_int_equal(text.width, rows[i].expected);
	}
}

/** Lines of at most 40 columns; the first begins where the cursor is. */
static void wrapped(void **state)
{
	static const struct {
		unsigned int column, indent;
		const char *words, *lines;
	} rows[] = {
		{ 0, 0, "", "\n" },
		{ 0, 0, "   ", "\n" },
		{ 0, 4, "  one   two ", "one two\n" },
		/* 40 columns fit, 41 do not. */
		{ 0, 2, "123456789 123456789 123456789 1234567890",
		  "123456789 123456789 123456789 1234567890\n" },
		{ 0, 2, "123456789 123456789 123456789 12345678901",
		  "123456789 123456789 123456789\n  12345678901\n" },
		{ 10, 10, "123456789 123456789 1234567890", "123456789 123456789 1234567890\n" },
		{ 10, 10, "123456789 123456789 12345678901",
		  "123456789 123456789\n          12345678901\n" },
		/* A further line has room from its indentation on. */
		{ 30, 3, "123456789 1234567890123456789 123456789 1234567 8",
		  "123456789\n   1234567890123456789 123456789 1234567\n   8\n" },
		/* A word that is too long stands alone. */
		{ 5, 1, "a 1234567890123456789012345678901234567890123 b",
		  "a\n 1234567890123456789012345678901234567890123\n b\n" },
		/* Control characters are shown, and take four columns. */
		{ 0, 0, "a\033[1m\x7f", "a\\x1b[1m\\x7f\n" },
		{ 32, 0, "abc \x01", "abc \\x01\n" },
		{ 33, 0, "abc \x01", "abc\n\\x01\n" },
		{ 31, 0, "abc d\x01", "abc d\\x01\n" },
		{ 32, 0, "abc d\x01", "abc\nd\\x01\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct page p;

		print_message("# row %zu\n", i);
		page_open(&p, (struct hwp_report_style){ .width = 40 });
		hwp_text_wrap(&p.text, rows[i].column, rows[i].indent, rows[i].words);
		page_close(&p, rows[i].lines);
	}
}

/** A character of two bytes takes one column where the terminal has UTF-8. */
static void utf8(void **state)
{
	const char *words = "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 "
			    "123456789 123456789 123456789 \xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f";
	struct page p;

	(void)state;
	page_open(&p, (struct hwp_report_style){ .width = 40, .utf8 = true });
	hwp_text_wrap(&p.text, 0, 0, words);
	page_close(&p, "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 123456789 123456789 123456789 "
		       "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\n");
	page_open(&p, (struct hwp_report_style){ .width = 40 });
	hwp_text_wrap(&p.text, 0, 0, "\xc3\xa4 x");
	page_close(&p, "\\xc3\\xa4 x\n");
	/* Four columns for each byte then: 32, and the next is too much. */
	page_open(&p, (struct hwp_report_style){ .width = 40 });
	hwp_text_wrap(&p.text, 33, 0, "\xc3 \xa4");
	page_close(&p, "\\xc3\n\\xa4\n");
}

static void parts(void **state)
{
	struct page p;

	(void)state;
	page_open(&p, (struct hwp_report_style){ .width = 40 });
	hwp_text_color(&p.text, HWP_COLOR_BAD);
	hwp_text_heading(&p.text, "%d pages", 3);
	hwp_text_field(&p.text, "Label", "%s", "123456789 123456789 123456789 1 2");
	page_close(&p, "\n3 pages\n"
		       "Label     123456789 123456789 123456789\n"
		       "          1 2\n");
	page_open(&p, (struct hwp_report_style){ .width = 40, .color = true });
	hwp_text_color(&p.text, HWP_COLOR_BAD);
	hwp_text_heading(&p.text, "x");
	page_close(&p, HWP_COLOR_BAD "\n" HWP_COLOR_HEADING "x" HWP_COLOR_END "\n");
}

/** What is lost on the way to the disk is an error, and so is memory that was out. */
static void failures(void **state)
{
	const struct hwp_report_style style = {};
	FILE *out = fopen("/dev/full", "w");
	struct hwp_text text;
	struct hwp_error *err;

	(void)state;
	assert_non_null(out);
	hwp_text_init(&text, out, &style);
	hwp_text_heading(&text, "x");
	err = hwp_text_finish(&text);
	assert_non_null(err);
	assert_string_equal(err->message, "cannot write the report: No space left on device");
	hwp_error_destroy(err);
	fclose(out);
	text = (struct hwp_text){ .out = stdout, .failed = true };
	err = hwp_text_finish(&text);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_NO_MEMORY);
}

static void assert_head(struct hwp_findings *f, const char *line)
{
	struct page p;
	char *at;

	page_open(&p, (struct hwp_report_style){ .width = 100 });
	hwp_text_head(&p.text, f);
	assert_null(hwp_text_finish(&p.text));
	fclose(p.out);
	at = strstr(p.bytes, line);
	if (!at || (at != p.bytes && at[-1] != '\n') || at[strlen(line)] != '\n')
		fail_msg("no line\n%s\nin\n%s", line, p.bytes);
	free(p.bytes);
}

static void target(void **state)
{
	struct hwp_findings *f = clean_findings();

	(void)state;
	strcpy(f->format, "a format");
	strcpy(f->kernel.release, "6.12");
	f->path = strdup("vmcore");
	f->nr_passes = 3;
	assert_head(f, "Target    vmcore (a format)");
	f->live = true;
	assert_head(f, "Target    vmcore (a format), 3 passes");
	free(f->path);
	f->path = NULL;
	assert_head(f, "Target    the running kernel (a format), 3 passes");
	strcpy(f->damage, "cut off");
	assert_head(f, "          damaged: cut off");
	f->zero_filled = true;
	assert_head(f, "          zero-filled: cut off");
	f->zero_filled = false;
	f->kernel.has_memory_failure = false;
	assert_head(f, "Kernel    6.12, built without CONFIG_MEMORY_FAILURE");
	f->kernel.init_on_free = HWP_ON;
	f->kernel.kasan = HWP_SWITCH_UNKNOWN;
	assert_head(f, "Switches  init_on_alloc=off init_on_free=on check_pages=off "
		       "page_poisoning=off debug_pagealloc=off\n"
		       "          kasan=unknown page_owner=off hugetlb_vmemmap_optimized=off");
	hwp_findings_destroy(f);
}

/** The fix by the symbols, and whether the folios that were freed agree. */
static void fix(void **state)
{
	static const struct {
		enum hwp_fix fix;
		const char *evidence;
		enum hwp_fix_seen seen;
		bool is_inferred;
		const char *line;
	} rows[] = {
		{ HWP_FIX_ABSENT, "", HWP_FIX_SEEN_NOTHING, false, "absent (no evidence)" },
		{ HWP_FIX_ABSENT, "why", HWP_FIX_SEEN_NOTHING, false, "absent (why)" },
		{ HWP_FIX_PRESENT, "why", HWP_FIX_SEEN_NOTHING, false, "present (why)" },
		{ HWP_FIX_PRESENT, "why", HWP_FIX_SEEN_HELD, false,
		  "present (why); the folios it freed confirm that" },
		{ HWP_FIX_PRESENT, "why", HWP_FIX_SEEN_HELD, true, "present (why)" },
		{ HWP_FIX_UNKNOWN, "why", HWP_FIX_SEEN_HELD, false, "unknown (why)" },
		{ HWP_FIX_ABSENT, "why", HWP_FIX_SEEN_HELD, false, "absent (why)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hwp_findings *f = clean_findings();
		char line[128];

		f->path = strdup("vmcore");
		strcpy(f->kernel.release, "6.12");
		f->kernel.fix = rows[i].fix;
		strcpy(f->kernel.fix_evidence, rows[i].evidence);
		f->kernel.fix_seen = rows[i].seen;
		f->kernel.fix_is_inferred = rows[i].is_inferred;
		snprintf(line, sizeof(line), "Kernel    6.12; fix: %s", rows[i].line);
		assert_head(f, line);
		hwp_findings_destroy(f);
	}
}

/** Rounded down: only all of them is 100 %. */
static void coverage(void **state)
{
	static const struct {
		struct hwp_coverage c;
		const char *line;
		enum hwp_sweep sweep;
	} rows[] = {
		{ {}, "no struct page was found", HWP_SWEEP_FULL },
		{ {}, "no struct page read: no memory block counts poison", HWP_SWEEP_QUICK },
		{ { .nr_pages = 5, .nr_read = 5 }, "all 5 struct pages read", HWP_SWEEP_FULL },
		{ { .nr_pages = 10000, .nr_read = 9999, .nr_faulted = 1 },
		  "9999 of 10000 struct pages read (99.9 %); 0 not in the dump (0 of them "
		  "zero-filled), 1 not\n          readable",
		  HWP_SWEEP_FULL },
		{ { .nr_pages = 1000, .nr_read = 509, .nr_excluded = 491, .nr_zero = 90 },
		  "509 of 1000 struct pages read (50.9 %); 491 not in the dump (90 of them "
		  "zero-filled), 0\n          not readable",
		  HWP_SWEEP_FULL },
		{ { .nr_pages = UINT64_MAX, .nr_read = UINT64_MAX / 2, .nr_excluded = 1 },
		  "9223372036854775807 of 18446744073709551615 struct pages read (49.9 %); 1 not "
		  "in the dump\n          (0 of them zero-filled), 0 not readable",
		  HWP_SWEEP_FULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hwp_findings *f = clean_findings();
		char line[256];

		f->path = strdup("vmcore");
		f->coverage = rows[i].c;
		f->sweep = rows[i].sweep;
		snprintf(line, sizeof(line), "Coverage  %s", rows[i].line);
		assert_head(f, line);
		hwp_findings_destroy(f);
	}
}

static void troubles(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct page p;

	(void)state;
	page_open(&p, (struct hwp_report_style){ .width = 40 });
	hwp_text_troubles(&p.text, f);
	page_close(&p, "");
	assert_true(hwp_findings_hole(f, HWP_HOLE_FREE_LIST, "a hole"));
	assert_true(hwp_findings_contradiction(f, "one 3456 and 34567 but"));
	page_open(&p, (struct hwp_report_style){ .width = 40 });
	hwp_text_troubles(&p.text, f);
	page_close(&p, "\nTroubles\n"
		       "  hole           a hole\n"
		       "  contradiction  one 3456 and 34567 but\n");
	hwp_findings_destroy(f);
}

static void note_row(void *arg, size_t row)
{
	fprintf(arg, "(after %zu)\n", row);
}

/** Columns as wide as they must be; never narrower later, and headings only once. */
static void tables(void **state)
{
	static const struct hwp_table_column columns[] = { { "NAME", false }, { "N", true } };
	struct page p;
	struct hwp_table *table;

	(void)state;
	page_open(&p, (struct hwp_report_style){ .width = 20 });
	table = hwp_table_create(p.out, &p.style, columns, 2);
	assert_non_null(table);
	/* Nothing at all, not even headings. */
	assert_null(hwp_table_print(table, NULL, NULL));
	hwp_table_row(table);
	hwp_table_cell(table, "%s", "abcdef");
	hwp_table_cell(table, "%d", 1234);
	hwp_table_color(table, HWP_COLOR_BAD);
	hwp_table_row(table);
	hwp_table_cell(table, "x");
	hwp_table_cell(table, "5");
	assert_null(hwp_table_print(table, note_row, p.out));
	hwp_table_row(table);
	hwp_table_cell(table, "y");
	assert_null(hwp_table_print(table, note_row, p.out));
	hwp_table_destroy(table);
	hwp_table_destroy(NULL);
	page_close(&p, "NAME       N\n"
		       "abcdef  1234\n(after 0)\n"
		       "x          5\n(after 1)\n"
		       "y\n(after 0)\n");
}

/** One space between columns where two are too many; a column too few is enough for that. */
static void narrow(void **state)
{
	static const struct hwp_table_column columns[] = { { "A", false }, { "B", false } };

	(void)state;
	for (unsigned int width = 11; width <= 12; width++) {
		struct page p;
		struct hwp_table *table;

		page_open(&p, (struct hwp_report_style){ .width = width });
		table = hwp_table_create(p.out, &p.style, columns, 2);
		hwp_table_row(table);
		hwp_table_cell(table, "12345");
		hwp_table_cell(table, "54321");
		assert_null(hwp_table_print(table, NULL, NULL));
		hwp_table_destroy(table);
		page_close(&p, width < 12 ? "A     B\n12345 54321\n" : "A      B\n12345  54321\n");
	}
}

/** A cell more than there are columns: the table is not printed. */
static void too_many_cells(void **state)
{
	static const struct hwp_table_column columns[] = { { "A", false } };
	struct page p;
	struct hwp_table *table;
	struct hwp_error *err;

	(void)state;
	page_open(&p, (struct hwp_report_style){});
	table = hwp_table_create(p.out, &p.style, columns, 1);
	/* A cell of no row, and a colour of no cell. */
	hwp_table_color(table, HWP_COLOR_BAD);
	hwp_table_row(table);
	hwp_table_color(table, HWP_COLOR_BAD);
	hwp_table_cell(table, "1");
	hwp_table_cell(table, "2");
	err = hwp_table_print(table, NULL, NULL);
	assert_non_null(err);
	hwp_error_destroy(err);
	hwp_table_destroy(table);
	page_close(&p, "");
}

/** Indices that lead nowhere. */
static void common(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned p = isolated_page(7);

	(void)state;
	assert_null(hwp_report_zone(f, -1));
	assert_ptr_equal(hwp_report_zone(f, 0), &f->zones.data[0]);
	assert_null(hwp_report_zone(f, 1));
	assert_string_equal(hwp_findings_migratetype(f, 1), "Movable");
	assert_null(hwp_findings_migratetype(f, 0));
	assert_null(hwp_findings_migratetype(f, -1));
	assert_null(hwp_findings_migratetype(f, 16));
	p.nr_passes = 1;
	assert_string_equal(hwp_report_persistence(&p), "transient");
	p.nr_passes = 2;
	assert_string_equal(hwp_report_persistence(&p), "persistent");
	p.unconfirmed = true;
	assert_string_equal(hwp_report_persistence(&p), "transient");
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(widths),
		cmocka_unit_test(wrapped),
		cmocka_unit_test(utf8),
		cmocka_unit_test(parts),
		cmocka_unit_test(failures),
		cmocka_unit_test(target),
		cmocka_unit_test(fix),
		cmocka_unit_test(coverage),
		cmocka_unit_test(troubles),
		cmocka_unit_test(tables),
		cmocka_unit_test(narrow),
		cmocka_unit_test(common),
		cmocka_unit_test(too_many_cells),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
