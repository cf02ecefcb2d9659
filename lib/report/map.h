// SPDX-License-Identifier: GPL-2.0-or-later
/** A drawn map of a folio: one cell for each 2^k pages, the worst of them. */
#ifndef HWP_REPORT_MAP_H
#define HWP_REPORT_MAP_H

#include "model/findings.h"
#include "report/text.h"

/** What a cell shows: of its pages' states the last in this list. */
enum hwp_map_state {
	HWP_MAP_NOTHING,
	/** Healthy blocks alternate between these two, so that their borders show. */
	HWP_MAP_HEALTHY,
	HWP_MAP_HEALTHY_NEXT,
	HWP_MAP_ALLOCATED,
	HWP_MAP_PCP,
	HWP_MAP_BUDDY,
	HWP_MAP_IN_FLIGHT,
	HWP_MAP_OFFLINE,
	HWP_MAP_CONTAINED,
	HWP_MAP_UNREADABLE,
	HWP_MAP_LOST,
	/** Poisoned, and not contained. */
	HWP_MAP_POISONED,
	HWP_NR_MAP_STATES,
};

struct hwp_map {
	uint64_t base_pfn;
	/** 2^order pages, 2^cell_order of them a cell. */
	unsigned int order, cell_order;
	/** One enum hwp_map_state each. */
	uint8_t *cells;
};

/** An empty map of 2^@p order pages from @p base_pfn. */
struct hwp_error *hwp_map_init(struct hwp_map *map, uint64_t base_pfn, unsigned int order);
void hwp_map_deinit(struct hwp_map *map);

/** Put @p state over @p nr_pages pages from @p pfn; pages outside the map are ignored. */
void hwp_map_set(struct hwp_map *map, uint64_t pfn, uint64_t nr_pages, enum hwp_map_state state);

/** Put healthy blocks, ascending, on the map. */
void hwp_map_set_blocks(struct hwp_map *map, const struct hwp_healthy_block *blocks, size_t nr);

/** What a kernel with the fix makes of @p folio: its healthy blocks, and its bad pages. */
struct hwp_error *hwp_map_expected(struct hwp_map *map, const struct hwp_findings *findings,
				   const struct hwp_folio *folio);

/** What its pages are now. */
struct hwp_error *hwp_map_observed(struct hwp_map *map, const struct hwp_findings *findings,
				   const struct hwp_folio *folio);

/** The cells of a map. */
uint64_t hwp_map_nr_cells(const struct hwp_map *map);

/** In the legend: "allocated"; NULL for what has no word of its own. */
const char *hwp_map_label(enum hwp_map_state state);

/** Draw it, and the legend of what it shows. */
void hwp_map_draw(struct hwp_text *text, const struct hwp_map *map);

#endif /* HWP_REPORT_MAP_H */
