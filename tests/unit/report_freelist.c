// SPDX-License-Identifier: GPL-2.0-or-later
/** The report of `freelist`: the lists of a zone, and the poison in them. */
#include "findings_synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "report/report.h"

static char *text;

static void report(const struct hwp_findings *f)
{
	const struct hwp_report_style style = { .width = 100 };
	size_t size;
	FILE *out;

	free(text);
	out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_null(hwp_report_freelist(out, f, &style));
	fclose(out);
}

static void assert_lines(const char *lines)
{
	const char *at = strstr(text, lines);

	if (!at || at == text || at[-1] != '\n')
		fail_msg("no lines\n%s\nin\n%s", lines, text);
}

static void assert_none(const char *words)
{
	if (strstr(text, words))
		fail_msg("'%s' is in\n%s", words, text);
}

static void add_list(struct hwp_findings *f, struct hwp_list_stat list)
{
	assert_true(hwp_vec_push(&f->lists, list));
}

static void add_area(struct hwp_findings *f, struct hwp_area_stat area)
{
	assert_true(hwp_vec_push(&f->areas, area));
}

/** A zone with no list yet, and orders up to 1. */
static struct hwp_findings *one_zone(void)
{
	struct hwp_findings *f = clean_findings();

	f->path = strdup("vmcore");
	f->lists.nr = f->areas.nr = 0;
	f->max_order = 1;
	strcpy(f->migratetype_names[0], "Unmovable");
	return f;
}

static void matrix(void **state)
{
	struct hwp_findings *f = one_zone();

	(void)state;
	add_list(f, (struct hwp_list_stat){ 0, HWP_FREE_AREA, 0, 0, -1, 3, 0, false });
	add_list(f, (struct hwp_list_stat){ 0, HWP_FREE_AREA, 0, 1, -1, 5, 1, false });
	add_list(f, (struct hwp_list_stat){ 0, HWP_FREE_AREA, 1, 0, -1, 2, 0, true });
	add_list(f, (struct hwp_list_stat){ 0, HWP_FREE_AREA, 1, 1, -1, 7, 2, true });
	/* Without a zone, or with what the table has no place for. */
	add_list(f, (struct hwp_list_stat){ -1, HWP_FREE_AREA, 0, 0, -1, 100, 1, true });
	add_list(f, (struct hwp_list_stat){ 1, HWP_FREE_AREA, 0, 0, -1, 100, 1, true });
	add_list(f, (struct hwp_list_stat){ 0, HWP_FREE_AREA, -1, 0, -1, 100, 1, true });
	add_list(f, (struct hwp_list_stat){ 0, HWP_FREE_AREA, 32, 0, -1, 100, 1, true });
	add_list(f, (struct hwp_list_stat){ 0, HWP_FREE_AREA, 0, -1, -1, 100, 1, true });
	add_list(f, (struct hwp_list_stat){ 0, HWP_FREE_AREA, 0, 16, -1, 100, 1, true });
	add_area(f, (struct hwp_area_stat){ .zone = -1, .order = 0, .nr_free = 1 });
	add_area(f, (struct hwp_area_stat){ .zone = 1, .order = 0, .nr_free = 1 });
	add_area(f, (struct hwp_area_stat){ .zone = 0, .order = 0, .nr_free = 8, .nr_walked = 8 });
	add_area(f, (struct hwp_area_stat){ .zone = 0, .order = 1, .nr_free = 10, .nr_walked = 9 });
	report(f);
	assert_lines("Node 0, zone Normal\n"
		     "262144 pages present, 258048 managed, 1024 in free blocks\n"
		     "Free blocks of 2^ORDER pages:\n"
		     "ORDER  Unmovable  Movable  NR_FREE  COUNT\n"
		     "    0          3       5*        8  right\n"
		     "    1         2+      7+*       10  9 walked\n"
		     "* some of these blocks hold poisoned pages\n"
		     "+ the list could not be walked to its end\n"
		     "Per-CPU lists: 0 pages in 0 blocks on 0 CPUs\n");
	/* The same number, but of a list that was cut. */
	f->areas.data[3].nr_walked = 10;
	f->areas.data[3].was_cut = true;
	f->areas.nr = 4;
	report(f);
	assert_lines("    1         2+      7+*       10  10 walked\n");
	f->areas.nr = 2;
	report(f);
	assert_lines("    0          3       5*        -  not read\n");
	f->areas.data[0] = (struct hwp_area_stat){ .nr_free = 8, .nr_walked = 8 };
	report(f);
	assert_lines("    0          3       5*        8  right\n");
	hwp_findings_destroy(f);
}

static void no_marks(void **state)
{
	struct hwp_findings *f = one_zone();

	(void)state;
	report(f);
	assert_none("* some");
	assert_none("+ the list");
	assert_none("_pages:");
	assert_none("WITH POISON");
	assert_none("Poisoned pages on these lists");
	hwp_findings_destroy(f);
}

static void per_cpu(void **state)
{
	struct hwp_findings *f = one_zone();

	(void)state;
	f->zones.data[0].nr_pcp_pages = 30;
	add_list(f, (struct hwp_list_stat){ 0, HWP_PCP_LIST, 0, 1, 0, 4, 0, false });
	add_list(f, (struct hwp_list_stat){ 0, HWP_PCP_LIST, 1, 0, 0, 5, 2, false });
	add_list(f, (struct hwp_list_stat){ 0, HWP_PCP_LIST, 0, 1, 1, 0, 0, false });
	add_list(f, (struct hwp_list_stat){ 0, HWP_PCP_LIST, 0, 1, 2, 1, 1, true });
	add_list(f, (struct hwp_list_stat){ 0, HWP_PCP_LIST, 9, -1, 2, 1, 1, false });
	add_list(f, (struct hwp_list_stat){ 1, HWP_PCP_LIST, 0, 1, 3, 1, 1, false });
	add_list(f, (struct hwp_list_stat){ -1, HWP_PCP_LIST, 0, 1, 3, 1, 1, false });
	report(f);
	assert_lines("Per-CPU lists: 30 pages in 11+ blocks on 2 CPUs\n"
		     "CPU  ORDER  MIGRATETYPE  BLOCKS  WITH POISON\n"
		     "  0      1  Unmovable         5            2\n"
		     "  2      0  Movable          1+            1\n"
		     "  2      9  -                 1            1\n");
	f->lists.nr = 1;
	f->lists.data[0].nr_blocks = 1;
	f->zones.data[0].nr_pcp_pages = 1;
	report(f);
	assert_lines("Per-CPU lists: 1 page in 1 block on 1 CPU\n");
	assert_none("WITH POISON");
	hwp_findings_destroy(f);
}

/** No more than 40 lists. */
static void many_lists(void **state)
{
	struct hwp_findings *f = one_zone();

	(void)state;
	for (int cpu = 0; cpu < 41; cpu++)
		add_list(f, (struct hwp_list_stat){ 0, HWP_PCP_LIST, 0, 1, cpu, 1, 1, false });
	report(f);
	assert_lines(" 39      0  Movable           1            1\n");
	assert_none(" 40      0  Movable");
	hwp_findings_destroy(f);
}

static void others(void **state)
{
	struct hwp_findings *f = one_zone();

	(void)state;
	add_list(f, (struct hwp_list_stat){ 0, HWP_TRYLOCK_LIST, 0, -1, -1, 2, 1, false });
	add_list(f, (struct hwp_list_stat){ 0, HWP_UNACCEPTED_LIST, 1, -1, -1, 1, 0, false });
	report(f);
	assert_lines("trylock_free_pages: 2 blocks, 1 with poison\n"
		     "unaccepted_pages: 1 block, 0 with poison\n");
	f->lists.data[0].nr_blocks = f->lists.data[0].nr_poisoned = 0;
	f->lists.data[0].was_cut = true;
	f->lists.nr = 1;
	report(f);
	assert_lines("trylock_free_pages: 0+ blocks, 0 with poison\n");
	assert_none("unaccepted_pages:");
	hwp_findings_destroy(f);
}

static void empty_zones(void **state)
{
	struct hwp_findings *f = one_zone();
	struct hwp_zone_facts *zone = &f->zones.data[0];

	(void)state;
	zone->managed_pages = zone->nr_buddy_pages = 0;
	report(f);
	assert_lines("Node 0, zone Normal\nno pages managed by the allocator\n");
	zone->nr_buddy_pages = 1;
	report(f);
	assert_none("no pages managed");
	zone->nr_buddy_pages = 0;
	add_list(f, (struct hwp_list_stat){ 0, HWP_PCP_LIST, 0, 1, 0, 1, 0, false });
	report(f);
	assert_none("no pages managed");
	f->kernel.has_memory_failure = false;
	report(f);
	assert_none("zone Normal");
	hwp_findings_destroy(f);
}

/** Pages on these lists, and no others. */
static void pages(void **state)
{
	struct hwp_findings *f = one_zone();
	struct hwp_poisoned p = isolated_page(0x1234);

	(void)state;
	p.order = p.migratetype = p.cpu = -1;
	p.state = HWP_STATE_ISOLATED;
	add_poisoned(f, p);
	p.pfn = p.head_pfn = 0x2345;
	p.order = 0;
	p.migratetype = 1;
	p.cpu = 2;
	p.state = HWP_STATE_PCP;
	add_poisoned(f, p);
	f->summary.nr_by_state[HWP_STATE_ISOLATED] = f->summary.nr_by_state[HWP_STATE_PCP] = 1;
	assert_true(hwp_findings_hole(f, HWP_HOLE_FREE_LIST, "a hole"));
	report(f);
	assert_lines("Poisoned pages on these lists\n");
	assert_non_null(strstr(text, "\n0x2345  "));
	assert_none("\n0x1234  ");
	assert_lines("  hole           a hole\n");
	f->summary.nr_by_state[HWP_STATE_PCP] = 0;
	report(f);
	assert_none("Poisoned pages on these lists");
	hwp_findings_destroy(f);
}

static int forget(void **state)
{
	(void)state;
	free(text);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matrix),  cmocka_unit_test(no_marks),
		cmocka_unit_test(per_cpu), cmocka_unit_test(many_lists),
		cmocka_unit_test(others),  cmocka_unit_test(empty_zones),
		cmocka_unit_test(pages),
	};

	return cmocka_run_group_tests_name("report_freelist", tests, NULL, forget);
}
