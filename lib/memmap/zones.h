// SPDX-License-Identifier: GPL-2.0-or-later
/** Nodes and zones, and the zone of a page. */
#ifndef HWP_MEMMAP_ZONES_H
#define HWP_MEMMAP_ZONES_H

#include "memmap/page_reader.h"

/** Required: nodes, and the spans and names of their zones. */
extern const struct hwp_needs hwp_zones_needs;

/** A zone that spans pages: pfns [start_pfn, end_pfn), with holes. */
struct hwp_zone {
	int nid;
	/** Index in pglist_data.node_zones. */
	unsigned int index;
	char name[16];
	/** Address of the struct zone. */
	uint64_t address;
	uint64_t start_pfn, end_pfn;
	/** managed_pages: 0 when the types do not say where it is. */
	uint64_t present_pages, managed_pages;
};

/** A node, struct pglist_data. */
struct hwp_node {
	int nid;
	/** Address of struct pglist_data. */
	uint64_t address;
	/** Its span, where the types show it: pfns [start_pfn, end_pfn). */
	bool has_span;
	uint64_t start_pfn, end_pfn;
};

/** In the order of the kernel's tables. */
struct hwp_zones {
	HWP_VEC(struct hwp_zone) zones;
	HWP_VEC(struct hwp_node) nodes;
	/** page.flags hold node and zone where layout computed it (checked on samples). */
	bool flags_hold_zone;
};

/**
 * Read the nodes and zones of @p target; @p reader is for samples of their pages. Errors:
 * BAD_DATA (no zone, or nonsense), FAULT, EXCLUDED. The caller destroys the result.
 */
struct hwp_error *hwp_zones_create(struct hwp_target *target, const struct hwp_layout *layout,
				   struct hwp_page_reader *reader, struct hwp_zones **ret);
/** NULL is fine. */
void hwp_zones_destroy(struct hwp_zones *zones);

/**
 * The zone of @p pfn whose page.flags are @p flags: by the flags if they hold
 * it, else by the one span that covers it. NULL when none does, or more than one span.
 */
const struct hwp_zone *hwp_zones_find(const struct hwp_zones *zones,
				      const struct hwp_layout *layout, uint64_t pfn,
				      uint64_t flags);

#endif /* HWP_MEMMAP_ZONES_H */
