// SPDX-License-Identifier: GPL-2.0-or-later
/** The table of poisoned pages: worst first, and folded when it would be long. */
#include "findings_synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "report/text.h"

#define FOLDED                                                                                    \
	"Pages of one block, run or state share a row: PFN is its first and last page, PHYSICAL " \
	"where it\nbegins. 'hwpoison list' shows every page.\n"

static bool is_even(const struct hwp_poisoned *page)
{
	return page->pfn % 2 == 0;
}

/** The table with one space between its cells, its lines without the last blanks; no legend. */
static char *table(const struct hwp_findings *f, bool (*want)(const struct hwp_poisoned *page))
{
	const struct hwp_report_style style = { .width = 200 };
	struct hwp_text text;
	size_t size;
	char *s, *to;
	FILE *out = open_memstream(&s, &size);

	hwp_text_init(&text, out, &style);
	assert_null(hwp_text_pages(&text, f, want));
	assert_null(hwp_text_finish(&text));
	fclose(out);
	to = s;
	for (const char *from = s; *from; from++) {
		if (*from == '\n' && to > s && to[-1] == ' ')
			to--;
		if (*from != ' ' || (to > s && to[-1] != ' ' && to[-1] != '\n'))
			*to++ = *from;
	}
	*to = '\0';
	to = strstr(s, "\n\n");
	if (to)
		to[1] = '\0';
	return s;
}

/** Each state that is shown, and no other, has its meaning below the table. */
static void legend(void **state)
{
	static const bool none[HWP_NR_STATES] = {};
	const struct hwp_report_style style = { .width = 60 };
	_cleanup_free_ char *s = NULL;
	bool shown[HWP_NR_STATES] = {};
	struct hwp_text text;
	size_t size;
	FILE *out = open_memstream(&s, &size);

	(void)state;
	shown[HWP_STATE_PCP] = shown[HWP_STATE_SLAB] = shown[HWP_STATE_UNKNOWN] = true;
	hwp_text_init(&text, out, &style);
	hwp_text_legend(&text, none);
	hwp_text_legend(&text, shown);
	assert_null(hwp_text_finish(&text));
	fclose(out);
	assert_string_equal(s, "\n"
			       "pcp      leaked: inside a free block on a per-CPU list\n"
			       "slab     kernel: slab memory\n"
			       "unknown  unknown: not enough could be read; the evidence\n"
			       "         gives the reason\n");
}

static size_t nr_lines(const char *text)
{
	size_t nr = 0;

	for (; *text; text++)
		nr += *text == '\n';
	return nr;
}

/** A page in @p state, in a block of 2^order pages; order -1 for none. */
static void add(struct hwp_findings *f, uint64_t pfn, enum hwp_state state, int order)
{
	struct hwp_poisoned *p = add_poisoned(f, isolated_page(pfn));

	p->state = state;
	p->order = order;
	p->head_pfn = order < 0 ? pfn : pfn >> order << order;
	p->migratetype = state == HWP_STATE_BUDDY ? 1 : -1;
	p->cpu = -1;
}

/** Each class in its colour, and what has none. */
static void colors(void **state)
{
	(void)state;
	assert_string_equal(hwp_class_color(HWP_CLASS_LEAKED), HWP_COLOR_BAD);
	assert_string_equal(hwp_class_color(HWP_CLASS_LOST), HWP_COLOR_BAD);
	assert_string_equal(hwp_class_color(HWP_CLASS_UNKNOWN), HWP_COLOR_WARN);
	assert_string_equal(hwp_class_color(HWP_CLASS_KERNEL), HWP_COLOR_WARN);
	assert_string_equal(hwp_class_color(HWP_CLASS_PENDING), HWP_COLOR_WARN);
	assert_string_equal(hwp_class_color(HWP_CLASS_CONTAINED), HWP_COLOR_GOOD);
	assert_null(hwp_class_color(HWP_CLASS_OTHER));
}

/** A host's commands take the address of a struct page. */
static char *in_a_host(const struct hwp_findings *f, unsigned int width)
{
	const struct hwp_report_style style = { .width = width, .addresses = true };
	struct hwp_text text;
	size_t size;
	char *s;
	FILE *out = open_memstream(&s, &size);

	hwp_text_init(&text, out, &style);
	assert_null(hwp_text_pages(&text, f, NULL));
	assert_null(hwp_text_finish(&text));
	fclose(out);
	return s;
}

static void addresses(void **state)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = clean_findings();
	_cleanup_free_ char *file = NULL, *wide = NULL, *narrow = NULL;

	(void)state;
	add(f, 0x200, HWP_STATE_BUDDY, 3);
	add(f, 0x300, HWP_STATE_BUDDY, 3);
	f->poisoned.data[0].struct_page_address = 0xffffea0000008000;
	wide = in_a_host(f, 120);
	assert_non_null(strstr(wide, "WHERE    STRUCT_PAGE\n"));
	assert_non_null(strstr(wide, "Movable  0xffffea0000008000\n"));
	assert_non_null(strstr(wide, "Movable  -\n"));
	file = in_a_host(f, 0);
	assert_memory_equal(file, wide, strlen("PFN") + 1);
	assert_non_null(strstr(file, "Movable  0xffffea0000008000\n"));
	narrow = in_a_host(f, 80);
	assert_non_null(strstr(narrow, "PFN    STRUCT_PAGE         NODE  ZONE    STATE  BLOCK    "
				       "WHERE\n"));
	assert_non_null(strstr(narrow, "0x200  0xffffea0000008000     0  Normal  buddy  0x200/3  "
				       "Movable\n"));
	assert_non_null(strstr(narrow, "0x300  -                      0  Normal  buddy  0x300/3  "
				       "Movable\n"));
}

/** The rows of a large machine: one line each on a terminal of 80 columns, and of 100. */
static void narrow_rows(void **state)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = clean_findings();
	_cleanup_free_ char *s = NULL;

	(void)state;
	add(f, 0x3fffc01, HWP_STATE_BUDDY, 10);
	add(f, 0x3000201, HWP_STATE_LARGE_FOLIO, 9);
	add(f, 0x3000601, HWP_STATE_PCP, 9);
	f->poisoned.data[2].migratetype = 1;
	f->poisoned.data[2].cpu = 12;
	for (size_t i = 0; i < 3; i++)
		f->poisoned.data[i].struct_page_address = 0xffffea0000000000 +
							  f->poisoned.data[i].pfn * 64;
	s = in_a_host(f, 80);
	assert_non_null(strstr(s, "\n0x3fffc01 0xffffea00ffff0040    0 Normal buddy       "
				  "0x3fffc00/10 Movable\n"));
	assert_non_null(strstr(s, "\n0x3000601 0xffffea00c0018040    0 Normal pcp         "
				  "0x3000600/9  Movable cpu 12\n"));
	free(s);
	/* With the physical address it would go on in the next line. */
	s = in_a_host(f, 100);
	assert_non_null(strstr(s, "\n0x3000601  0xffffea00c0018040     0  Normal  pcp          "
				  "0x3000600/9   Movable cpu 12\n"));
}

static void worst_first(void **state)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = clean_findings();
	_cleanup_free_ char *all = NULL, *even = NULL;

	(void)state;
	add(f, 0x10, HWP_STATE_OFFLINE, -1);
	add(f, 0x11, HWP_STATE_ISOLATED, -1);
	add(f, 0x12, HWP_STATE_IN_USE, -1);
	add(f, 0x13, HWP_STATE_SLAB, 3);
	add(f, 0x14, HWP_STATE_UNKNOWN, -1);
	add(f, 0x15, HWP_STATE_DROPPED, 2);
	add(f, 0x16, HWP_STATE_BUDDY, 4);
	f->poisoned.data[0].zone = -1;
	all = table(f, NULL);
	assert_string_equal(all, "PFN PHYSICAL NODE ZONE STATE BLOCK WHERE\n"
				 "0x16 0x16000 0 Normal buddy 0x10/4 Movable\n"
				 "0x15 0x15000 0 Normal dropped 0x14/2 -\n"
				 "0x14 0x14000 0 Normal unknown - -\n"
				 "0x13 0x13000 0 Normal slab 0x10/3 -\n"
				 "0x12 0x12000 0 Normal in-use - -\n"
				 "0x11 0x11000 0 Normal isolated - -\n"
				 "0x10 0x10000 - - offline - -\n");
	even = table(f, is_even);
	assert_string_equal(even, "PFN PHYSICAL NODE ZONE STATE BLOCK WHERE\n"
				  "0x16 0x16000 0 Normal buddy 0x10/4 Movable\n"
				  "0x14 0x14000 0 Normal unknown - -\n"
				  "0x12 0x12000 0 Normal in-use - -\n"
				  "0x10 0x10000 - - offline - -\n");
}

/** First what did not leak is folded by runs and blocks; the pages that leaked keep their rows. */
static void runs_are_folded_first(void **state)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = clean_findings();
	_cleanup_free_ char *forty = NULL, *text = NULL;

	(void)state;
	add(f, 0x100, HWP_STATE_BUDDY, 9);
	add(f, 0x101, HWP_STATE_BUDDY, 9);
	for (uint64_t i = 0; i < 38; i++)
		add(f, 0x400 + i, HWP_STATE_ISOLATED, -1);
	forty = table(f, NULL);
	assert_int_equal(nr_lines(forty), 41);
	add(f, 0x500, HWP_STATE_ISOLATED, -1);
	add(f, 0x600, HWP_STATE_HUGETLB, 9);
	add(f, 0x700, HWP_STATE_HUGETLB, 9);
	add(f, 0x800, HWP_STATE_HUGETLB, 9);
	text = table(f, NULL);
	assert_string_equal(text, "PFN PHYSICAL PAGES NODE ZONE STATE BLOCK WHERE\n"
				  "0x100 0x100000 1 0 Normal buddy 0x0/9 Movable\n"
				  "0x101 0x101000 1 0 Normal buddy 0x0/9 Movable\n"
				  "0x600-0x700 0x600000 2 0 Normal hugetlb 0x600/9 in use\n"
				  "0x800 0x800000 1 0 Normal hugetlb 0x800/9 in use\n"
				  "0x400-0x425 0x400000 38 0 Normal isolated - -\n"
				  "0x500 0x500000 1 0 Normal isolated - -\n" FOLDED);
}

/** Then those that leaked, by their blocks; what differs in one column is a row of its own. */
static void blocks_are_folded_next(void **state)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = clean_findings();
	_cleanup_free_ char *text = NULL;

	(void)state;
	for (uint64_t i = 0; i < 41; i++)
		add(f, 0x200 + i, HWP_STATE_BUDDY, 9);
	add(f, 0x400, HWP_STATE_PCP, 1);
	f->poisoned.data[41].cpu = 0;
	add(f, 0x401, HWP_STATE_PCP, 1);
	f->poisoned.data[42].cpu = 1;
	add(f, 0x402, HWP_STATE_PCP, 1);
	f->poisoned.data[43].cpu = 1;
	f->poisoned.data[43].migratetype = 1;
	text = table(f, NULL);
	assert_string_equal(text, "PFN PHYSICAL PAGES NODE ZONE STATE BLOCK WHERE\n"
				  "0x200-0x228 0x200000 41 0 Normal buddy 0x200/9 Movable\n"
				  "0x400 0x400000 1 0 Normal pcp 0x400/1 cpu 0\n"
				  "0x401 0x401000 1 0 Normal pcp 0x400/1 cpu 1\n"
				  "0x402 0x402000 1 0 Normal pcp 0x402/1 Movable cpu 1\n" FOLDED);
}

/** At last by state, for what did not leak, and then for all. */
static void states_are_folded_last(void **state)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = clean_findings();
	_cleanup_free_ char *rest = NULL, *all = NULL;

	(void)state;
	add(f, 0x0, HWP_STATE_BUDDY, 2);
	for (uint64_t i = 1; i <= 50; i++)
		add(f, i * 0x10, i % 2 ? HWP_STATE_ISOLATED : HWP_STATE_TAKEN_OFF, -1);
	rest = table(f, NULL);
	assert_string_equal(rest, "PFN PHYSICAL PAGES NODE ZONE STATE BLOCK WHERE\n"
				  "0x0 0x0 1 0 Normal buddy 0x0/2 Movable\n"
				  "0x10-0x310 0x10000 25 0 Normal isolated - -\n"
				  "0x20-0x320 0x20000 25 0 Normal taken-off - -\n" FOLDED);
	for (uint64_t i = 0; i < 50; i++)
		add(f, 0x1000 + i * 0x10, HWP_STATE_BUDDY, 2);
	all = table(f, NULL);
	assert_string_equal(all, "PFN PHYSICAL PAGES NODE ZONE STATE BLOCK WHERE\n"
				 "0x0-0x1310 0x0 51 0 Normal buddy * *\n"
				 "0x10-0x310 0x10000 25 0 Normal isolated - -\n"
				 "0x20-0x320 0x20000 25 0 Normal taken-off - -\n" FOLDED);
}

/** A row names an owner only if all of its pages have that one. */
static void owners(void **state)
{
	static const struct hwp_file files[] = { { .path = "/a" }, { .path = "/b" } };
	static const struct {
		struct hwp_owner one, other;
		const char *where;
	} rows[] = {
		{ { .found = true, .pid = 1, .comm = "a" },
		  { .found = true, .pid = 1, .comm = "a" },
		  "a[1]" },
		{ { .found = true, .pid = 1, .comm = "a" },
		  { .found = true, .pid = 2, .comm = "a" },
		  "*" },
		{ { .found = true, .pid = 1, .comm = "a" }, { .pid = 1 }, "*" },
		{ { .has_file = true, .file = 1 }, { .has_file = true, .file = 1 }, "/b" },
		{ { .has_file = true, .file = 1 }, { .has_file = true, .file = 0 }, "*" },
		{ { .has_file = true }, {}, "*" },
	};
	char want[300];

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = clean_findings();
		_cleanup_free_ char *text = NULL;

		assert_true(hwp_vec_push(&f->files, files[0]) && hwp_vec_push(&f->files, files[1]));
		for (uint64_t k = 0; k < 41; k++) {
			add(f, 0x100 + k, HWP_STATE_IN_USE, -1);
			f->poisoned.data[k].owner = k == 20 ? rows[i].other : rows[i].one;
		}
		text = table(f, NULL);
		snprintf(want, sizeof(want),
			 "PFN PHYSICAL PAGES NODE ZONE STATE BLOCK WHERE\n"
			 "0x100-0x128 0x100000 41 0 Normal in-use - %s\n" FOLDED,
			 rows[i].where);
		assert_string_equal(text, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(colors),
		cmocka_unit_test(addresses),
		cmocka_unit_test(narrow_rows),
		cmocka_unit_test(legend),
		cmocka_unit_test(worst_first),
		cmocka_unit_test(runs_are_folded_first),
		cmocka_unit_test(blocks_are_folded_next),
		cmocka_unit_test(states_are_folded_last),
		cmocka_unit_test(owners),
	};

	return cmocka_run_group_tests_name("report_pages", tests, NULL, NULL);
}
