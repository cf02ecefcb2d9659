// SPDX-License-Identifier: GPL-2.0-or-later
/** `decompose`, for people. */
#include <inttypes.h>

#include "report/blocks.h"
#include "report/map.h"
#include "report/report.h"

/* Runs of poisoned pages that are named one by one. */
#define MAX_RUNS 24

/** [*@p start, return value): the first run of poisoned pages from *@p start on. */
static uint64_t next_run(const struct hwp_poison_map *map, uint64_t *start)
{
	uint64_t end;

	*start = end = hwp_poison_map_next(map, *start);
	while (end < hwp_poison_map_end(map) && hwp_poison_map_next(map, end) == end)
		end++;
	return end;
}

static void put_poisoned(struct hwp_text *text, const struct hwp_poison_map *map)
{
	uint64_t end_pfn = hwp_poison_map_end(map), nr = map->nr_poisoned, nr_named = 0;
	_cleanup_free_ char *buf = NULL;
	unsigned int nr_runs = 0;
	size_t size;
	FILE *out = open_memstream(&buf, &size);

	if (!out) {
		text->failed = true;
		return;
	}
	for (uint64_t pfn = map->base_pfn, end; nr_named < nr && nr_runs < MAX_RUNS; pfn = end) {
		end = next_run(map, &pfn);
		if (pfn == end_pfn)
			break;
		fprintf(out, " 0x%" PRIx64, pfn);
		if (end - pfn > 1)
			fprintf(out, "-0x%" PRIx64, end);
		nr_named += end - pfn;
		nr_runs++;
	}
	if (nr_named < nr)
		fprintf(out, " and %" PRIu64 " more", nr - nr_named);
	if (fclose(out))
		text->failed = true;
	else
		hwp_text_field(text, "Poisoned", "%" PRIu64 " page%s%s%s", nr, hwp_plural(nr),
			       nr ? ":" : "", buf);
}

struct hwp_error *hwp_report_decompose(FILE *out, const struct hwp_decompose_report *report,
				       const struct hwp_report_style *style)
{
	const struct hwp_poison_map *poison = report->map;
	uint64_t nr = UINT64_C(1) << poison->order, nr_healthy = 0, end;
	_cleanup_(hwp_map_deinit) struct hwp_map map = {};
	size_t nr_ranges = hwp_count_ranges(report->blocks, report->nr_blocks);
	struct hwp_error *err = hwp_map_init(&map, poison->base_pfn, poison->order);
	struct hwp_text text;

	if (err)
		return err;
	for (size_t i = 0; i < report->nr_blocks; i++)
		nr_healthy += UINT64_C(1) << report->blocks[i].order;
	hwp_text_init(&text, out, style);
	hwp_text_field(&text, "Folio", "0x%" PRIx64 "-0x%" PRIx64 ", order %u: %" PRIu64 " page%s",
		       poison->base_pfn, hwp_poison_map_end(poison), poison->order, nr,
		       hwp_plural(nr));
	put_poisoned(&text, poison);
	hwp_text_field(&text, "Healthy",
		       "%" PRIu64 " page%s in %zu range%s, %zu block%s of at "
		       "most order %u",
		       nr_healthy, hwp_plural(nr_healthy), nr_ranges, hwp_plural(nr_ranges),
		       report->nr_blocks, hwp_plural(report->nr_blocks), report->max_order);
	hwp_text_sum(&text, nr_healthy, poison->nr_poisoned, poison->order);
	if (report->nr_blocks) {
		hwp_text_heading(&text, "Healthy ranges");
		hwp_text_blocks(&text, report->blocks, report->nr_blocks);
	}
	hwp_map_set_blocks(&map, report->blocks, report->nr_blocks);
	for (uint64_t pfn = poison->base_pfn; pfn < hwp_poison_map_end(poison); pfn = end) {
		end = next_run(poison, &pfn);
		hwp_map_set(&map, pfn, end - pfn, HWP_MAP_POISONED);
	}
	hwp_text_heading(&text, "Map");
	hwp_map_draw(&text, &map);
	return hwp_text_finish(&text);
}
