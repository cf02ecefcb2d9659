// SPDX-License-Identifier: GPL-2.0-or-later
#include "memmap/zones.h"

#include <inttypes.h>
#include <string.h>

#include "layout/needs.h"
#include "layout/page.h"

/* Pages read in each zone to see whether page.flags hold node and zone as computed. */
#define NR_SAMPLES 16

/* A zone that is larger is nonsense. */
#define MAX_ZONE_SIZE (1u << 20)

/** Nodes, and their zones. */
struct zones_layout {
	/** CONFIG_NUMA: an array of pointers to nodes. Otherwise the node. */
	uint64_t node_data, contig_page_data;
	uint32_t node_id, node_zones, nr_zones, node_start_pfn, node_spanned_pages;
	uint32_t zone_size, name, start_pfn, spanned_pages, present_pages, managed_pages;
};

#define IN_ZONE(bytes) HWP_INSIDE(struct zones_layout, zone_size, bytes)

static const struct hwp_need rows[] = {
	HWP_SYMBOL(struct zones_layout, node_data, "node_data", .optional = true),
	HWP_SYMBOL(struct zones_layout, contig_page_data, "contig_page_data", .optional = true),
	HWP_OFFSET(struct zones_layout, node_id, "pglist_data.node_id"),
	HWP_OFFSET(struct zones_layout, node_zones, "pglist_data.node_zones"),
	HWP_OFFSET(struct zones_layout, nr_zones, "pglist_data.nr_zones"),
	/* For a check of the spans only, as managed_pages below. */
	HWP_OFFSET(struct zones_layout, node_start_pfn, "pglist_data.node_start_pfn",
		   .optional = true),
	HWP_OFFSET(struct zones_layout, node_spanned_pages, "pglist_data.node_spanned_pages",
		   .optional = true),
	HWP_SIZE(struct zones_layout, zone_size, "zone"),
	HWP_OFFSET(struct zones_layout, name, "zone.name", IN_ZONE(8)),
	HWP_OFFSET(struct zones_layout, start_pfn, "zone.zone_start_pfn", IN_ZONE(8)),
	HWP_OFFSET(struct zones_layout, spanned_pages, "zone.spanned_pages", IN_ZONE(8)),
	HWP_OFFSET(struct zones_layout, present_pages, "zone.present_pages", IN_ZONE(8)),
	/* For a check of the zone's own numbers only. */
	HWP_OFFSET(struct zones_layout, managed_pages, "zone.managed_pages", .optional = true,
		   IN_ZONE(8)),
};

static bool decide(struct hwp_resolver *r, void *own)
{
	const struct zones_layout *at = own;

	if (!at->node_data && !at->contig_page_data)
		hwp_resolve_missing(r, "node_data or contig_page_data");
	if (at->zone_size != HWP_ABSENT && at->zone_size > MAX_ZONE_SIZE)
		hwp_resolve_fail(r, hwp_error_create(HWP_ERROR_BAD_DATA,
						     "struct zone has %" PRIu32 " bytes",
						     at->zone_size));
	return true;
}

const struct hwp_needs hwp_zones_needs = {
	.rows = rows,
	.nr = HWP_ARRAY_SIZE(rows),
	.sources = (const char *const[]){ "mm/page_alloc.c", NULL },
	.size = sizeof(struct zones_layout),
	.required = true,
	.decide = decide,
};

struct walk {
	struct hwp_target *target;
	const struct hwp_layout *layout;
	const struct zones_layout *at;
	struct hwp_zones *zones;
};

void hwp_zones_destroy(struct hwp_zones *zones)
{
	if (!zones)
		return;
	hwp_vec_deinit(&zones->zones);
	hwp_vec_deinit(&zones->nodes);
	free(zones);
}

static void zones_destroyp(struct hwp_zones **zones)
{
	hwp_zones_destroy(*zones);
}

static struct hwp_error *add_zone(struct walk *w, uint64_t address, int nid, unsigned int index)
{
	const struct zones_layout *at = w->at;
	_cleanup_free_ char *bytes = malloc(at->zone_size);
	struct hwp_zone zone = { .nid = nid, .index = index, .address = address };
	struct hwp_error *err;
	uint64_t spanned;

	if (!bytes)
		return hwp_error_no_memory();
	err = hwp_target_read(w->target, HWP_KERNEL_VIRTUAL, address, bytes, at->zone_size, NULL);
	if (err)
		return err;
	spanned = hwp_u64(bytes + at->spanned_pages);
	if (spanned == 0)
		return NULL;
	zone.start_pfn = hwp_u64(bytes + at->start_pfn);
	if (spanned > UINT64_C(1) << 52 || zone.start_pfn > UINT64_C(1) << 52)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "the zone's span is nonsense");
	zone.end_pfn = zone.start_pfn + spanned;
	zone.present_pages = hwp_u64(bytes + at->present_pages);
	if (at->managed_pages != HWP_ABSENT)
		zone.managed_pages = hwp_u64(bytes + at->managed_pages);
	err = hwp_target_read_string(w->target, hwp_u64(bytes + at->name), zone.name,
				     sizeof(zone.name));
	for (char *s = zone.name; *s && !err; s++) {
		if (*s < ' ' || *s > '~')
			err = hwp_error_create(HWP_ERROR_BAD_DATA, "its name is nonsense");
	}
	if (hwp_error_catch(&err, HWP_ERROR_EXCLUDED) || hwp_error_catch(&err, HWP_ERROR_FAULT) ||
	    hwp_error_catch(&err, HWP_ERROR_BAD_DATA))
		snprintf(zone.name, sizeof(zone.name), "zone%u", index);
	if (err)
		return err;
	return hwp_vec_push(&w->zones->zones, zone) ? NULL : hwp_error_no_memory();
}

/** Is one of the first @p nr zones of node @p nid? */
static bool has_zones(const struct hwp_zones *zones, size_t nr, int nid)
{
	for (size_t i = 0; i < nr; i++)
		if (zones->zones.data[i].nid == nid)
			return true;
	return false;
}

static struct hwp_error *read_node_span(const struct walk *w, struct hwp_node *node)
{
	const struct zones_layout *at = w->at;
	uint64_t nr;
	struct hwp_error *err;

	if (at->node_start_pfn == HWP_ABSENT || at->node_spanned_pages == HWP_ABSENT)
		return NULL;
	err = hwp_target_read_u64(w->target, node->address + at->node_start_pfn, &node->start_pfn);
	if (!err)
		err = hwp_target_read_u64(w->target, node->address + at->node_spanned_pages, &nr);
	if (err)
		return err;
	node->has_span = true;
	node->end_pfn = node->start_pfn + nr;
	return NULL;
}

static struct hwp_error *add_node(struct walk *w, uint64_t address)
{
	struct hwp_node node = { .address = address };
	const struct hwp_layout *l = w->layout;
	const struct zones_layout *at = w->at;
	size_t nr_before = w->zones->zones.nr;
	uint32_t nid, nr_zones;
	struct hwp_error *err;

	err = hwp_target_read_u32(w->target, address + at->node_id, &nid);
	if (!err)
		err = hwp_target_read_u32(w->target, address + at->nr_zones, &nr_zones);
	if (!err)
		err = read_node_span(w, &node);
	if (err)
		return hwp_error_prefix(err, "node at 0x%" PRIx64, address);
	if (nid >= l->max_nodes || nr_zones > l->max_zones)
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"the node at 0x%" PRIx64 " has id %" PRIu32 " and %" PRIu32
					" zones",
					address, nid, nr_zones);
	node.nid = (int)nid;
	if (!hwp_vec_push(&w->zones->nodes, node))
		return hwp_error_no_memory();
	/* ZONE_DEVICE lies beyond nr_zones, so all of them are read. */
	for (unsigned int z = 0; z < l->max_zones && !err; z++)
		err = hwp_error_prefix(
			add_zone(w, address + at->node_zones + (uint64_t)z * at->zone_size,
				 (int)nid, z),
			"node %u zone %u", nid, z);
	/* All would be found twice, or a thousand times. */
	if (!err && w->zones->zones.nr > nr_before && has_zones(w->zones, nr_before, (int)nid))
		err = hwp_error_create(HWP_ERROR_BAD_DATA,
				       "nonsense: node_data lists node %" PRIu32 " twice", nid);
	return err;
}

static const struct hwp_zone *zone_by_span(const struct hwp_zones *zones, uint64_t pfn,
					   bool *ambiguous)
{
	const struct hwp_zone *found = NULL;

	*ambiguous = false;
	for (size_t i = 0; i < zones->zones.nr; i++) {
		const struct hwp_zone *z = &zones->zones.data[i];

		if (pfn < z->start_pfn || pfn >= z->end_pfn)
			continue;
		*ambiguous |= found != NULL;
		found = z;
	}
	return found;
}

static const struct hwp_zone *zone_by_flags(const struct hwp_zones *zones,
					    const struct hwp_layout *l, uint64_t flags)
{
	for (size_t i = 0; i < zones->zones.nr; i++) {
		const struct hwp_zone *z = &zones->zones.data[i];

		if (z->nid == (int)hwp_page_nid(l, flags) && z->index == hwp_page_zone(l, flags))
			return z;
	}
	return NULL;
}

/** Trust page.flags if sampled pages agree with spans that are one zone's alone. */
static bool calibrate(const struct hwp_zones *zones, const struct hwp_layout *l,
		      struct hwp_page_reader *reader)
{
	unsigned int nr_agree = 0, nr_differ = 0;

	for (size_t i = 0; i < zones->zones.nr; i++) {
		const struct hwp_zone *z = &zones->zones.data[i];
		uint64_t step = (z->end_pfn - z->start_pfn) / NR_SAMPLES + 1;

		for (uint64_t pfn = z->start_pfn; pfn < z->end_pfn; pfn += step) {
			_cleanup_error_ struct hwp_error *err = NULL;
			const struct hwp_pfn_range *range = hwp_memmap_find(
				hwp_page_reader_memmap(reader), pfn);
			const void *page;
			bool ambiguous;

			zone_by_span(zones, pfn, &ambiguous);
			if (ambiguous || !range || !range->online)
				continue;
			err = hwp_page_read(reader, pfn, &page);
			if (err || hwp_page_is_uninitialised(l, page) || !hwp_page_flags(l, page))
				continue;
			if (zone_by_flags(zones, l, hwp_page_flags(l, page)) == z)
				nr_agree++;
			else
				nr_differ++;
		}
	}
	/* A hole inside a span may carry another zone's number. */
	return nr_agree > 4 * nr_differ;
}

const struct hwp_zone *hwp_zones_find(const struct hwp_zones *zones,
				      const struct hwp_layout *layout, uint64_t pfn, uint64_t flags)
{
	const struct hwp_zone *zone;
	bool ambiguous;

	if (zones->flags_hold_zone)
		return zone_by_flags(zones, layout, flags);
	zone = zone_by_span(zones, pfn, &ambiguous);
	return ambiguous ? NULL : zone;
}

static struct hwp_error *walk_nodes(struct walk *w)
{
	unsigned int max_nodes = w->layout->max_nodes;
	_cleanup_free_ uint64_t *nodes = NULL;
	struct hwp_error *err;

	if (!w->at->node_data)
		return add_node(w, w->at->contig_page_data);
	nodes = calloc(max_nodes, sizeof(*nodes));
	if (!nodes)
		return hwp_error_no_memory();
	err = hwp_target_read(w->target, HWP_KERNEL_VIRTUAL, w->at->node_data, nodes,
			      max_nodes * sizeof(*nodes), NULL);
	for (unsigned int i = 0; i < max_nodes && !err; i++) {
		if (nodes[i])
			err = add_node(w, nodes[i]);
	}
	return err;
}

struct hwp_error *hwp_zones_create(struct hwp_target *target, const struct hwp_layout *layout,
				   struct hwp_page_reader *reader, struct hwp_zones **ret)
{
	_cleanup_(zones_destroyp) struct hwp_zones *zones = calloc(1, sizeof(*zones));
	struct walk w = { .target = target,
			  .layout = layout,
			  .at = hwp_layout_of(layout, &hwp_zones_needs),
			  .zones = zones };
	struct hwp_error *err;

	if (!zones)
		return hwp_error_no_memory();
	err = walk_nodes(&w);
	if (!err && !zones->zones.nr)
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "no zone has pages");
	if (err)
		return hwp_error_prefix(err, "zones");
	zones->flags_hold_zone = calibrate(zones, layout, reader);
	*ret = no_cleanup_ptr(zones);
	return NULL;
}
