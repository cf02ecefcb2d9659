// SPDX-License-Identifier: GPL-2.0-or-later
/** Nodes and zones, and the zone of a page. */
#ifndef HWP_MEMMAP_ZONES_H
#define HWP_MEMMAP_ZONES_H

#include "memmap/page_reader.h"

extern const struct hwp_needs hwp_zones_needs;

struct hwp_zone {
	int nid;
	/** Index in pglist_data.node_zones. */
	unsigned int index;
	char name[16];
	uint64_t address;
	uint64_t start_pfn, end_pfn;
	uint64_t present_pages, managed_pages;
};

struct hwp_node {
	int nid;
	/** Address of struct pglist_data. */
	uint64_t address;
};

struct hwp_zones {
	HWP_VEC(struct hwp_zone) zones;
	HWP_VEC(struct hwp_node) nodes;
	/** page.flags hold node and zone where layout computed it (checked on samples). */
	bool flags_hold_zone;
};

struct hwp_error *hwp_zones_create(struct hwp_target *target, const struct hwp_layout *layout,
				   struct hwp_page_reader *reader, struct hwp_zones **ret);
/** NULL is fine. */
void hwp_zones_destroy(struct hwp_zones *zones);

/**
 * The zone of @p pfn whose page.flags are @p flags: by the flags if they hold
 * it, else by the one span that covers it. NULL when there is not exactly one.
 */
const struct hwp_zone *hwp_zones_find(const struct hwp_zones *zones,
				      const struct hwp_layout *layout, uint64_t pfn,
				      uint64_t flags);

#endif /* HWP_MEMMAP_ZONES_H */
