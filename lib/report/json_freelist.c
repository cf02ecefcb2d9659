// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/json_freelist.h"

#include "report/common.h"
#include "report/report.h"

void hwp_report_json_zone(struct hwp_json *json, const struct hwp_findings *f, int index)
{
	const struct hwp_zone_facts *zone = hwp_report_zone(f, index);

	hwp_json_index(json, "nid", zone ? zone->nid : -1);
	hwp_json_string(json, "zone", zone && zone->name[0] ? zone->name : NULL);
}

static void put_zones(struct hwp_json *json, const struct hwp_findings *f)
{
	hwp_json_array(json, "zones");
	for (size_t i = 0; i < f->zones.nr; i++) {
		const struct hwp_zone_facts *zone = &f->zones.data[i];

		hwp_json_row_object(json, NULL);
		hwp_report_json_zone(json, f, (int)i);
		hwp_json_u64(json, "start_pfn", zone->start_pfn);
		hwp_json_u64(json, "end_pfn", zone->end_pfn);
		hwp_json_u64(json, "present", zone->present_pages);
		hwp_json_u64(json, "managed", zone->managed_pages);
		hwp_json_u64(json, "nr_buddy_pages", zone->nr_buddy_pages);
		hwp_json_u64(json, "nr_pcp_pages", zone->nr_pcp_pages);
		hwp_json_end(json);
	}
	hwp_json_end(json);
}

static void put_areas(struct hwp_json *json, const struct hwp_findings *f)
{
	hwp_json_array(json, "areas");
	for (size_t i = 0; i < f->areas.nr; i++) {
		const struct hwp_area_stat *area = &f->areas.data[i];

		hwp_json_row_object(json, NULL);
		hwp_report_json_zone(json, f, area->zone);
		hwp_json_i64(json, "order", area->order);
		hwp_json_u64(json, "nr_free", area->nr_free);
		hwp_json_u64(json, "nr_walked", area->nr_walked);
		hwp_json_bool(json, "complete", !area->was_cut);
		hwp_json_end(json);
	}
	hwp_json_end(json);
}

static void put_lists(struct hwp_json *json, const struct hwp_findings *f)
{
	hwp_json_array(json, "lists");
	for (size_t i = 0; i < f->lists.nr; i++) {
		const struct hwp_list_stat *list = &f->lists.data[i];

		hwp_json_row_object(json, NULL);
		hwp_report_json_zone(json, f, list->zone);
		hwp_json_string(json, "container", hwp_container_name(list->container));
		hwp_json_index(json, "order", list->order);
		hwp_json_string(json, "migratetype",
				hwp_findings_migratetype(f, list->migratetype));
		hwp_json_index(json, "cpu", list->cpu);
		hwp_json_u64(json, "nr_blocks", list->nr_blocks);
		hwp_json_u64(json, "nr_poisoned", list->nr_poisoned);
		hwp_json_bool(json, "complete", !list->was_cut);
		hwp_json_end(json);
	}
	hwp_json_end(json);
}

/* Blocks that hold poison, each once with its poisoned pages. */
static void put_blocks(struct hwp_json *json, const struct hwp_findings *f)
{
	const struct hwp_poisoned *open = NULL;

	hwp_json_array(json, "blocks");
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *page = &f->poisoned.data[i];

		if (!hwp_report_is_free(page))
			continue;
		if (open && (page->state != open->state || page->head_pfn != open->head_pfn)) {
			hwp_json_end(json);
			hwp_json_end(json);
			open = NULL;
		}
		if (!open) {
			hwp_json_row_object(json, NULL);
			hwp_report_json_zone(json, f, page->zone);
			hwp_json_string(json, "state", hwp_state_name(page->state));
			hwp_json_u64(json, "head_pfn", page->head_pfn);
			hwp_json_hex(json, "phys", page->head_pfn << f->page_shift);
			hwp_json_index(json, "order", page->order);
			hwp_json_string(json, "migratetype",
					hwp_findings_migratetype(f, page->migratetype));
			hwp_json_index(json, "cpu", page->cpu);
			hwp_json_row_array(json, "poisoned_pfns");
			open = page;
		}
		hwp_json_u64(json, NULL, page->pfn);
	}
	if (open) {
		hwp_json_end(json);
		hwp_json_end(json);
	}
	hwp_json_end(json);
}

void hwp_report_json_freelist(struct hwp_json *json, const struct hwp_findings *f)
{
	hwp_json_object(json, "freelist");
	put_zones(json, f);
	put_areas(json, f);
	put_lists(json, f);
	put_blocks(json, f);
	hwp_json_end(json);
}
