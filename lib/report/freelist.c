// SPDX-License-Identifier: GPL-2.0-or-later
/** `freelist`, for people: the free lists of each zone, and the poison in them. */
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "report/common.h"
#include "report/text.h"

#define MAX_POISONED_LISTS 40

struct cell {
	/** All blocks, and those with poison inside. */
	uint64_t nr_blocks, nr_poisoned;
	bool was_cut;
};

/* One zone's lists, added up in one pass. */
struct zone_lists {
	struct cell area[HWP_MAX_ORDERS][HWP_MAX_MIGRATETYPES];
	struct cell pcp, trylock, unaccepted;
	uint64_t nr_cpus;
	bool any_poisoned, any_cut;
};

static void add_cell(struct cell *cell, const struct hwp_list_stat *list)
{
	cell->nr_blocks += list->nr_blocks;
	cell->nr_poisoned += list->nr_poisoned;
	cell->was_cut |= list->was_cut;
}

static void add_area(struct zone_lists *zone, const struct hwp_list_stat *list)
{
	if (list->order < 0 || list->order >= HWP_MAX_ORDERS || list->migratetype < 0 ||
	    list->migratetype >= HWP_MAX_MIGRATETYPES)
		return;
	add_cell(&zone->area[list->order][list->migratetype], list);
	zone->any_poisoned |= list->nr_poisoned > 0;
	zone->any_cut |= list->was_cut;
}

static void gather(const struct hwp_findings *f, size_t index, struct zone_lists *zone)
{
	int cpu = -1;

	memset(zone, 0, sizeof(*zone));
	for (size_t i = 0; i < f->lists.nr; i++) {
		const struct hwp_list_stat *list = &f->lists.data[i];

		if (list->zone < 0 || (size_t)list->zone != index)
			continue;
		if (list->container == HWP_FREE_AREA) {
			add_area(zone, list);
		} else if (list->container == HWP_PCP_LIST) {
			add_cell(&zone->pcp, list);
			zone->nr_cpus += list->nr_blocks && list->cpu != cpu;
			cpu = list->nr_blocks ? list->cpu : cpu;
		} else if (list->container == HWP_TRYLOCK_LIST) {
			add_cell(&zone->trylock, list);
		} else if (list->container == HWP_UNACCEPTED_LIST) {
			add_cell(&zone->unaccepted, list);
		}
	}
}

static void put_cell(struct hwp_table *table, const struct cell *cell)
{
	hwp_table_cell(table, "%" PRIu64 "%s%s", cell->nr_blocks, cell->was_cut ? "+" : "",
		       cell->nr_poisoned ? "*" : "");
	if (cell->was_cut || cell->nr_poisoned)
		hwp_table_color(table, HWP_COLOR_BAD);
}

static void put_nr_free(struct hwp_table *table, const struct hwp_findings *f, size_t index,
			unsigned int order)
{
	for (size_t i = 0; i < f->areas.nr; i++) {
		const struct hwp_area_stat *area = &f->areas.data[i];
		bool is_right = area->nr_free == area->nr_walked && !area->was_cut;

		if (area->zone < 0 || (size_t)area->zone != index || area->order != (int)order)
			continue;
		hwp_table_cell(table, "%" PRIu64, area->nr_free);
		if (is_right)
			hwp_table_cell(table, "right");
		else
			hwp_table_cell(table, "%" PRIu64 " walked", area->nr_walked);
		if (!is_right)
			hwp_table_color(table, HWP_COLOR_BAD);
		return;
	}
	hwp_table_cell(table, "-");
	hwp_table_cell(table, "not read");
}

static struct hwp_error *put_matrix(struct hwp_text *text, const struct hwp_findings *f,
				    size_t index, const struct zone_lists *zone)
{
	struct hwp_table_column columns[HWP_MAX_MIGRATETYPES + 3] = { { "ORDER", true } };
	_cleanup_(hwp_table_destroyp) struct hwp_table *table = NULL;
	size_t nr_types = 0, nr = 1;

	while (nr_types < HWP_MAX_MIGRATETYPES && f->migratetype_names[nr_types][0])
		columns[nr++] = (struct hwp_table_column){ f->migratetype_names[nr_types++], true };
	columns[nr++] = (struct hwp_table_column){ "NR_FREE", true };
	columns[nr++] = (struct hwp_table_column){ "COUNT", false };
	table = hwp_table_create(text->out, text->style, columns, nr);
	if (!table)
		return hwp_error_no_memory();
	for (unsigned int order = 0; order <= f->max_order && order < HWP_MAX_ORDERS; order++) {
		hwp_table_row(table);
		hwp_table_cell(table, "%u", order);
		for (size_t i = 0; i < nr_types; i++)
			put_cell(table, &zone->area[order][i]);
		put_nr_free(table, f, index, order);
	}
	return hwp_table_print(table, NULL, NULL);
}

static struct hwp_error *put_poisoned_pcp(struct hwp_text *text, const struct hwp_findings *f,
					  size_t index)
{
	static const struct hwp_table_column columns[] = {
		{ "CPU", true },    { "ORDER", true },	     { "MIGRATETYPE", false },
		{ "BLOCKS", true }, { "WITH POISON", true },
	};
	_cleanup_(hwp_table_destroyp) struct hwp_table *table = NULL;
	unsigned int nr = 0;

	table = hwp_table_create(text->out, text->style, columns, HWP_ARRAY_SIZE(columns));
	if (!table)
		return hwp_error_no_memory();
	for (size_t i = 0; i < f->lists.nr && nr < MAX_POISONED_LISTS; i++) {
		const struct hwp_list_stat *list = &f->lists.data[i];
		const char *migratetype = hwp_findings_migratetype(f, list->migratetype);

		if (list->container != HWP_PCP_LIST || !list->nr_poisoned || list->zone < 0 ||
		    (size_t)list->zone != index)
			continue;
		nr++;
		hwp_table_row(table);
		hwp_table_cell(table, "%d", list->cpu);
		hwp_table_cell(table, "%d", list->order);
		hwp_table_cell(table, "%s", migratetype ? migratetype : "-");
		hwp_table_cell(table, "%" PRIu64 "%s", list->nr_blocks, list->was_cut ? "+" : "");
		hwp_table_cell(table, "%" PRIu64, list->nr_poisoned);
		hwp_table_color(table, HWP_COLOR_BAD);
	}
	return hwp_table_print(table, NULL, NULL);
}

static void put_other(struct hwp_text *text, const char *what, const struct cell *cell)
{
	if (cell->nr_blocks || cell->was_cut)
		fprintf(text->out, "%s: %" PRIu64 "%s block%s, %" PRIu64 " with poison\n", what,
			cell->nr_blocks, cell->was_cut ? "+" : "", hwp_plural(cell->nr_blocks),
			cell->nr_poisoned);
}

static struct hwp_error *put_zone(struct hwp_text *text, const struct hwp_findings *f, size_t index)
{
	const struct hwp_zone_facts *facts = &f->zones.data[index];
	struct hwp_error *err;
	struct zone_lists zone;

	gather(f, index, &zone);
	hwp_text_heading(text, "Node %d, zone %s", facts->nid, facts->name);
	if (!facts->managed_pages && !facts->nr_buddy_pages && !zone.pcp.nr_blocks) {
		fputs("no pages managed by the allocator\n", text->out);
		return NULL;
	}
	fprintf(text->out,
		"%" PRIu64 " pages present, %" PRIu64 " managed, %" PRIu64 " in free blocks\n"
		"Free blocks of 2^ORDER pages:\n",
		facts->present_pages, facts->managed_pages, facts->nr_buddy_pages);
	err = put_matrix(text, f, index, &zone);
	if (err)
		return err;
	if (zone.any_poisoned)
		fputs("* some of these blocks hold poisoned pages\n", text->out);
	if (zone.any_cut)
		fputs("+ the list could not be walked to its end\n", text->out);
	fprintf(text->out,
		"Per-CPU lists: %" PRIu64 " page%s in %" PRIu64 "%s block%s on %" PRIu64 " CPU%s\n",
		facts->nr_pcp_pages, hwp_plural(facts->nr_pcp_pages), zone.pcp.nr_blocks,
		zone.pcp.was_cut ? "+" : "", hwp_plural(zone.pcp.nr_blocks), zone.nr_cpus,
		hwp_plural(zone.nr_cpus));
	if (zone.pcp.nr_poisoned)
		err = put_poisoned_pcp(text, f, index);
	put_other(text, "trylock_free_pages", &zone.trylock);
	put_other(text, "unaccepted_pages", &zone.unaccepted);
	return err;
}

struct hwp_error *hwp_report_freelist(FILE *out, const struct hwp_findings *f,
				      const struct hwp_report_style *style)
{
	uint64_t nr_free = f->summary.nr_by_state[HWP_STATE_BUDDY] +
			   f->summary.nr_by_state[HWP_STATE_PCP];
	struct hwp_error *err = NULL;
	struct hwp_text text;

	hwp_text_init(&text, out, style);
	hwp_text_verdict(&text, f);
	putc('\n', out);
	hwp_text_head(&text, f);
	if (!f->kernel.has_memory_failure)
		return hwp_text_finish(&text);
	for (size_t i = 0; i < f->zones.nr && !err; i++)
		err = put_zone(&text, f, i);
	if (err)
		return err;
	if (nr_free) {
		hwp_text_heading(&text, "Poisoned pages on these lists");
		err = hwp_text_pages(&text, f, hwp_report_is_free);
		if (err)
			return err;
	}
	hwp_text_troubles(&text, f);
	return hwp_text_finish(&text);
}
