// SPDX-License-Identifier: GPL-2.0-or-later
/** What everything else builds on: struct page, its flags and types, folios. */
#include "layout/layout.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "layout/needs.h"

/* No kernel's struct page is larger. */
#define MAX_PAGE_SIZE 512

/* Bytes that are read of a copy of the whole struct. */
#define IN_PAGE(bytes) HWP_INSIDE(struct hwp_layout, page.size, bytes)

static const struct hwp_need rows[] = {
	HWP_SIZE(struct hwp_layout, page.size, "page"),
	HWP_OFFSET(struct hwp_layout, page.flags, "page.flags", IN_PAGE(8)),
	/* Linux kernel commit d50569612c29 ("mm: rename the 'compound_head' field in the 'struct
	 * page' to 'compound_info'") (in v7.1). */
	HWP_OFFSET(struct hwp_layout, page.compound, "page.compound_info page.compound_head",
		   IN_PAGE(8)),
	HWP_OFFSET(struct hwp_layout, page.lru, "page.lru", IN_PAGE(16)),
	HWP_OFFSET(struct hwp_layout, page.mapping, "page.mapping", IN_PAGE(8)),
	HWP_OFFSET(struct hwp_layout, page.index, "folio.index page.index", .optional = true,
		   IN_PAGE(8)),
	HWP_OFFSET(struct hwp_layout, page.private, "page.private", IN_PAGE(8)),
	HWP_OFFSET(struct hwp_layout, page.type, "page._mapcount", IN_PAGE(4)),
	HWP_OFFSET(struct hwp_layout, page.refcount, "page._refcount", IN_PAGE(4)),
	HWP_OFFSET(struct hwp_layout, folio.flags_1, "folio._flags_1", .optional = true),
	/* _compound_mapcount in v6.2, page.compound_mapcount before. */
	HWP_OFFSET(struct hwp_layout, folio.entire_mapcount,
		   "folio._entire_mapcount folio._compound_mapcount", .optional = true),
	/* Linux kernel commit 05c5323b2a34 ("mm: track mapcount of large folios in single value")
	 * (in v6.10). */
	HWP_OFFSET(struct hwp_layout, folio.large_mapcount, "folio._large_mapcount",
		   .optional = true),
	/* From v6.3 on. */
	HWP_OFFSET(struct hwp_layout, folio.nr_pages_mapped, "folio._nr_pages_mapped",
		   .optional = true),
	/* In enum pageflags; without types VMCOREINFO has those that makedumpfile needs. */
	HWP_VALUE(struct hwp_layout, flag.hwpoison, "pageflags:PG_hwpoison NUMBER(PG_hwpoison)",
		  .optional = true),
	HWP_VALUE(struct hwp_layout, flag.head, "pageflags:PG_head NUMBER(PG_head)"),
	HWP_VALUE(struct hwp_layout, flag.lru, "pageflags:PG_lru NUMBER(PG_lru)", .optional = true),
	HWP_VALUE(struct hwp_layout, flag.reserved, "pageflags:PG_reserved NUMBER(PG_reserved)"),
	HWP_VALUE(struct hwp_layout, flag.slab, "pageflags:PG_slab NUMBER(PG_slab)",
		  .optional = true),
	HWP_VALUE(struct hwp_layout, flag.swapcache, "pageflags:PG_swapcache NUMBER(PG_swapcache)",
		  .optional = true),
	HWP_VALUE(struct hwp_layout, flag.swapbacked,
		  "pageflags:PG_swapbacked NUMBER(PG_swapbacked)", .optional = true),
	HWP_VALUE(struct hwp_layout, flag.uptodate, "pageflags:PG_uptodate NUMBER(PG_uptodate)",
		  .optional = true),
	HWP_VALUE(struct hwp_layout, flag.dirty, "pageflags:PG_dirty NUMBER(PG_dirty)",
		  .optional = true),
	HWP_VALUE(struct hwp_layout, flag.has_hwpoisoned,
		  "pageflags:PG_has_hwpoisoned NUMBER(PG_has_hwpoisoned)", .optional = true),
	HWP_VALUE(struct hwp_layout, flag.large_rmappable,
		  "pageflags:PG_large_rmappable NUMBER(PG_large_rmappable)", .optional = true),
	HWP_ELEMENTS(struct hwp_layout, nr_orders, "zone.free_area"),
	HWP_ELEMENTS(struct hwp_layout, max_zones, "pglist_data.node_zones"),
	HWP_SYMBOL(struct hwp_layout, memory_failure, "memory_failure", .optional = true),
};

static void decide_compound(struct hwp_resolver *r)
{
	struct hwp_layout *l = r->layout;
	struct hwp_member m;

	/*
	 * Linux kernel commit 8c846c879e22 ("mm: rework compound_head() for power-of-2
	 * sizeof(struct page)") (in v7.1): a mask when CONFIG_HUGETLB_PAGE_OPTIMIZE_VMEMMAP,
	 * seen by zone.vmemmap_tails, is on as well.
	 */
	l->page.compound_scheme = HWP_COMPOUND_HEAD_POINTER;
	if (hwp_resolve_member(r, "page.compound_info", &m) &&
	    hwp_resolve_member(r, "zone.vmemmap_tails", &m) && hwp_is_pow2(l->page.size))
		l->page.compound_scheme = HWP_COMPOUND_INFO_MASK;
	hwp_resolve_note(r, "compound word is a mask",
			 l->page.compound_scheme == HWP_COMPOUND_INFO_MASK, "computed");
}

static void decide_order(struct hwp_resolver *r)
{
	struct hwp_layout *l = r->layout;
	struct hwp_member m;

	/* Linux kernel commit ebc1baf5c9b4 ("mm: free up a word in the first tail page") (in v6.6). */
	if (hwp_resolve_member(r, "folio._folio_order", &m))
		l->folio.order = (uint32_t)m.offset;
	else if (hwp_resolve_member(r, "page.compound_order", &m))
		l->folio.order = l->page.size + (uint32_t)m.offset;
	else if (l->folio.flags_1 != HWP_ABSENT)
		l->folio.order = l->folio.flags_1;
	else
		hwp_resolve_missing(r, "folio._flags_1 folio._folio_order page.compound_order");
	hwp_resolve_note(r, "compound order", l->folio.order, "computed");
	if (l->folio.flags_1 == HWP_ABSENT)
		l->folio.flags_1 = l->page.size + l->page.flags;
}

static void decide_hugetlb(struct hwp_resolver *r)
{
	struct hwp_layout *l = r->layout;
	struct hwp_member m;
	uint64_t value;

	l->folio.dtor = l->folio.hugetlb_bit = HWP_ABSENT;
	if (l->types[HWP_TYPE_HUGETLB]) {
		l->folio.hugetlb_scheme = HWP_HUGETLB_PAGE_TYPE;
	} else if (hwp_resolve_number(r, "NUMBER(PG_hugetlb)", &value)) {
		l->folio.hugetlb_scheme = HWP_HUGETLB_FLAG;
		l->folio.hugetlb_bit = (uint32_t)value;
	} else if (hwp_resolve_number(r, "NUMBER(HUGETLB_PAGE_DTOR)", &value)) {
		l->folio.hugetlb_scheme = HWP_HUGETLB_DTOR;
		l->folio.hugetlb_dtor = (uint32_t)value;
		if (hwp_resolve_member(r, "folio._folio_dtor", &m))
			l->folio.dtor = (uint32_t)m.offset;
		else if (hwp_resolve_member(r, "page.compound_dtor", &m))
			l->folio.dtor = l->page.size + (uint32_t)m.offset;
		else
			hwp_resolve_missing(r, "folio._folio_dtor page.compound_dtor");
		if (l->folio.dtor != HWP_ABSENT)
			l->folio.dtor_size = (uint32_t)m.size;
	} else {
		/* CONFIG_HUGETLB_PAGE=n: nothing is a HugeTLB page. */
		l->folio.hugetlb_scheme = HWP_HUGETLB_PAGE_TYPE;
	}
}

/** To v6.1 the count of mappings of the whole was a member of the first tail's struct page. */
static void decide_mapcount(struct hwp_resolver *r)
{
	struct hwp_layout *l = r->layout;
	struct hwp_member m;

	if (l->folio.entire_mapcount != HWP_ABSENT ||
	    !hwp_resolve_member(r, "page.compound_mapcount", &m))
		return;
	l->folio.entire_mapcount = l->page.size + (uint32_t)m.offset;
	hwp_resolve_note(r, "compound_mapcount", l->folio.entire_mapcount, "computed");
}

/*
 * The names changed with the encoding: PGTY_* are values of the top byte (v6.12), PG_* bits
 * of enum pagetype (v6.10, v6.11); before that they were macros, some of which are in
 * VMCOREINFO: there a value is the whole type word, as a signed number.
 */
static void decide_types(struct hwp_resolver *r)
{
	static const struct {
		const char *pgty, *pg, *number;
	} names[HWP_NR_TYPES] = {
#define TYPE(name) "pagetype:PGTY_" name, "pagetype:PG_" name
#define NUMBER(name) "NUMBER(PAGE_" name "_MAPCOUNT_VALUE)"
		[HWP_TYPE_BUDDY] = { TYPE("buddy"), NUMBER("BUDDY") },
		[HWP_TYPE_OFFLINE] = { TYPE("offline"), NUMBER("OFFLINE") },
		[HWP_TYPE_TABLE] = { TYPE("table"), "" },
		[HWP_TYPE_GUARD] = { TYPE("guard"), "" },
		[HWP_TYPE_HUGETLB] = { TYPE("hugetlb"), NUMBER("HUGETLB") },
		[HWP_TYPE_SLAB] = { TYPE("slab"), NUMBER("SLAB") },
		[HWP_TYPE_ZSMALLOC] = { TYPE("zsmalloc"), "" },
		[HWP_TYPE_UNACCEPTED] = { TYPE("unaccepted"), "" },
		[HWP_TYPE_LARGE_KMALLOC] = { TYPE("large_kmalloc"), "" },
#undef TYPE
#undef NUMBER
	};
	struct hwp_layout *l = r->layout;
	uint64_t value = 0;

	l->type_scheme = HWP_TYPE_CLEARED_BIT;
	if (hwp_resolve_number(r, names[HWP_TYPE_BUDDY].pgty, &value))
		l->type_scheme = HWP_TYPE_TOP_BYTE;
	for (size_t i = 0; i < HWP_NR_TYPES; i++) {
		if (l->type_scheme == HWP_TYPE_TOP_BYTE) {
			if (hwp_resolve_number(r, names[i].pgty, &value))
				l->types[i] = (uint32_t)value & 0xff;
		} else if (hwp_resolve_number(r, names[i].pg, &value)) {
			l->types[i] = (uint32_t)value;
		} else if (hwp_resolve_number(r, names[i].number, &value)) {
			/* ~(type bit), base bits kept: exactly one bit differs from all ones. */
			l->types[i] = ~(uint32_t)value;
		}
	}
	if (!l->types[HWP_TYPE_BUDDY])
		hwp_resolve_missing(r, names[HWP_TYPE_BUDDY].number);
}

/*
 * Before v6.10 the bits of "table" and "guard" were macros that VMCOREINFO lacks; they followed
 * "offline" (0x100): 0x200 kmemcg, 0x400 table and 0x800 guard, until Linux kernel commit
 * 18b2db3b0385 ("mm: Convert page kmemcg type to a page memcg flag") (in v5.11) left 0x200 table
 * and 0x400 guard. It came with commit bcfe06bf2622 ("mm: memcontrol: Use helpers to read page's
 * memcg data"), which made page.mem_cgroup memcg_data. Without CONFIG_MEMCG neither is there, and
 * 0x400 may be a page table: it has references then, which a guard page never has.
 */
static void decide_cleared_bits(struct hwp_resolver *r)
{
	struct hwp_layout *l = r->layout;
	struct hwp_member m;

	if (l->type_scheme != HWP_TYPE_CLEARED_BIT)
		return;
	l->type_base = l->types[HWP_TYPE_BUDDY] & 0x7fffff00 ? 0x80000000 : 0xf0000000;
	if (l->types[HWP_TYPE_BUDDY] == 0x80 && !l->types[HWP_TYPE_TABLE]) {
		bool has_kmemcg = hwp_resolve_member(r, "page.mem_cgroup", &m);

		l->types[HWP_TYPE_TABLE] = has_kmemcg ? 0x400 : 0x200;
		l->types[HWP_TYPE_GUARD] = has_kmemcg ? 0x800 : 0x400;
	}
}

/*
 * include/linux/page-flags-layout.h: SECTION | NODE | ZONE from the top bit down. Without
 * CONFIG_NUMA MAX_NUMNODES is 1, and VMCOREINFO has no LENGTH(node_data).
 */
static void decide_fields(struct hwp_resolver *r)
{
	struct hwp_layout *l = r->layout;
	struct hwp_member m;
	uint64_t nodes = 1;

	if (!hwp_resolve_number(r, "LENGTH(node_data)", &nodes) &&
	    hwp_resolve_member(r, "hstate.hugepage_freelists", &m))
		nodes = m.nr_elements;
	if (nodes == 0 || nodes > 65536)
		nodes = 1;
	l->max_nodes = (unsigned int)nodes;
	l->field.node_width = hwp_bits_for(nodes);
	l->field.zone_width = hwp_bits_for(l->max_zones);
	l->field.node_shift = 64 - l->field.node_width;
	l->field.zone_shift = l->field.node_shift - l->field.zone_width;
	hwp_resolve_note(r, "node shift in page.flags", l->field.node_shift, "computed");
	hwp_resolve_note(r, "zone shift in page.flags", l->field.zone_shift, "computed");
}

static void decide_migratetypes(struct hwp_resolver *r)
{
	static const struct {
		const char *name, *label;
	} types[] = {
		{ "migratetype:MIGRATE_UNMOVABLE", "Unmovable" },
		{ "migratetype:MIGRATE_MOVABLE", "Movable" },
		{ "migratetype:MIGRATE_RECLAIMABLE", "Reclaimable" },
		{ "migratetype:MIGRATE_HIGHATOMIC", "HighAtomic" },
		{ "migratetype:MIGRATE_CMA", "CMA" },
		{ "migratetype:MIGRATE_ISOLATE", "Isolate" },
	};
	struct hwp_layout *l = r->layout;
	uint64_t value;

	for (size_t i = 0; i < HWP_ARRAY_SIZE(types); i++) {
		if (hwp_resolve_number(r, types[i].name, &value) && value < HWP_MAX_MIGRATETYPES)
			snprintf(l->migratetype_names[value], sizeof(l->migratetype_names[0]), "%s",
				 types[i].label);
	}
}

static void check_limits(struct hwp_resolver *r)
{
	const struct hwp_layout *l = r->layout;

	if (l->nr_orders > HWP_MAX_ORDERS)
		hwp_resolve_fail(r, hwp_error_create(HWP_ERROR_BAD_DATA,
						     "zone.free_area has %u orders", l->nr_orders));
	if (l->max_zones > HWP_MAX_ZONES)
		hwp_resolve_fail(r, hwp_error_create(HWP_ERROR_BAD_DATA, "a node has %u zones",
						     l->max_zones));
	if (l->page.size != HWP_ABSENT && l->page.size > MAX_PAGE_SIZE)
		hwp_resolve_fail(r, hwp_error_create(HWP_ERROR_BAD_DATA,
						     "struct page has %" PRIu32 " bytes",
						     l->page.size));
}

static bool decide(struct hwp_resolver *r, void *own)
{
	struct hwp_layout *l = own;

	l->has_memory_failure = l->flag.hwpoison < 64;
	if (!l->has_memory_failure && l->memory_failure)
		hwp_resolve_missing(r, "PG_hwpoison");
	/* A leaf page table of 8-byte entries maps one PMD-sized huge page. */
	l->pmd_order = l->page_shift - 3;
	check_limits(r);
	decide_types(r);
	decide_cleared_bits(r);
	decide_compound(r);
	decide_order(r);
	decide_hugetlb(r);
	decide_mapcount(r);
	decide_fields(r);
	decide_migratetypes(r);
	return true;
}

const struct hwp_needs hwp_layout_needs = {
	.rows = rows,
	.nr = HWP_ARRAY_SIZE(rows),
	.sources = (const char *const[]){ "mm/page_alloc.c", "mm/memory-failure.c", NULL },
	.required = true,
	.decide = decide,
};

struct hwp_error *hwp_layout_create(struct hwp_target *target,
				    const struct hwp_needs *const *readers, struct hwp_layout **ret)
{
	struct hwp_layout *l = calloc(1, sizeof(*l));
	struct hwp_error *err;

	if (!l)
		return hwp_error_no_memory();
	l->page_shift = hwp_target_page_shift(target);
	err = hwp_layout_resolve(l, target, readers);
	if (err)
		hwp_layout_destroy(l);
	else
		*ret = l;
	return err;
}

void hwp_layout_deinit(struct hwp_layout *l)
{
	for (size_t i = 0; i < l->nr_resolved; i++)
		free(l->resolved[i].own);
	free(l->resolved);
	free(l->rows);
	l->resolved = NULL;
	l->rows = NULL;
	l->nr_resolved = l->nr_rows = 0;
}

void hwp_layout_destroy(struct hwp_layout *layout)
{
	if (!layout)
		return;
	hwp_layout_deinit(layout);
	free(layout);
}
