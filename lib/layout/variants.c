// SPDX-License-Identifier: GPL-2.0-or-later
/** What is encoded in more than one way: decided by presence, newest first. */
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "layout/resolve.h"

static bool enumerator(struct hwp_resolver *r, const char *type, const char *name, uint64_t *ret)
{
	_cleanup_error_ struct hwp_error *err = NULL;
	int64_t value;

	err = hwp_target_enumerator(r->target, type, name, &value);
	if (err)
		return false;
	*ret = (uint64_t)value;
	hwp_layout_note(r, name, *ret, hwp_target_type_provider(r->target));
	return true;
}

static bool vmcoreinfo(struct hwp_resolver *r, const char *key, uint64_t *ret)
{
	_cleanup_error_ struct hwp_error *err = hwp_target_vmcoreinfo_number(r->target, key, ret);

	if (!err)
		hwp_layout_note(r, key, *ret, "vmcoreinfo");
	return !err;
}

static uint32_t page_flag(struct hwp_resolver *r, const char *name)
{
	char key[48];
	uint64_t bit;

	snprintf(key, sizeof(key), "NUMBER(%s)", name);
	if ((enumerator(r, "pageflags", name, &bit) || vmcoreinfo(r, key, &bit)) && bit < 64)
		return (uint32_t)bit;
	return HWP_ABSENT;
}

static void decide_flags(struct hwp_resolver *r)
{
	struct hwp_layout *l = r->layout;
	uint64_t bit;

	l->flag.hwpoison = page_flag(r, "PG_hwpoison");
	l->flag.head = page_flag(r, "PG_head");
	l->flag.lru = page_flag(r, "PG_lru");
	l->flag.reserved = page_flag(r, "PG_reserved");
	l->flag.slab = page_flag(r, "PG_slab");
	l->flag.swapcache = page_flag(r, "PG_swapcache");
	l->flag.swapbacked = page_flag(r, "PG_swapbacked");
	l->flag.uptodate = page_flag(r, "PG_uptodate");
	l->flag.dirty = page_flag(r, "PG_dirty");
	l->flag.has_hwpoisoned = page_flag(r, "PG_has_hwpoisoned");
	l->flag.large_rmappable = page_flag(r, "PG_large_rmappable");
	l->has_memory_failure = l->flag.hwpoison != HWP_ABSENT;
	if (!l->has_memory_failure && l->symbol.memory_failure)
		hwp_layout_missing(r, "PG_hwpoison");
	if (l->flag.head == HWP_ABSENT)
		hwp_layout_missing(r, "PG_head");
	if (l->flag.reserved == HWP_ABSENT)
		hwp_layout_missing(r, "PG_reserved");
	/* enum hugetlb_page_flags is there from v5.14 on. */
	l->hpg.freed = enumerator(r, "hugetlb_page_flags", "HPG_freed", &bit) ? bit : HWP_ABSENT;
	l->hpg.vmemmap_optimized = enumerator(r, "hugetlb_page_flags", "HPG_vmemmap_optimized",
					      &bit) ?
					   bit :
					   HWP_ABSENT;
	l->hpg.raw_hwp_unreliable = enumerator(r, "hugetlb_page_flags", "HPG_raw_hwp_unreliable",
					       &bit) ?
					    bit :
					    HWP_ABSENT;
}

static void decide_compound(struct hwp_resolver *r)
{
	struct hwp_layout *l = r->layout;
	struct hwp_member m;

	/*
	 * Linux kernel commit 8c846c879e22 ("mm: rework compound_head() for power-of-2
	 * sizeof(struct page)") (in v7.1): a mask when CONFIG_HUGETLB_PAGE_OPTIMIZE_VMEMMAP,
	 * seen by zone.vmemmap_tails, is on as well.
	 */
	if (hwp_layout_member(r, "page.compound_info", &m) &&
	    hwp_layout_member(r, "zone.vmemmap_tails", &m) && hwp_is_pow2(l->page.size))
		l->page.compound_scheme = HWP_COMPOUND_INFO_MASK;
	else
		l->page.compound_scheme = HWP_COMPOUND_HEAD_POINTER;
	hwp_layout_note(r, "compound word is a mask",
			l->page.compound_scheme == HWP_COMPOUND_INFO_MASK, "computed");
}

static void decide_order(struct hwp_resolver *r)
{
	struct hwp_layout *l = r->layout;
	struct hwp_member m;

	/* Linux kernel commit ebc1baf5c9b4 ("mm: free up a word in the first tail page") (in v6.6). */
	if (hwp_layout_member(r, "folio._folio_order", &m)) {
		l->folio.order_scheme = HWP_ORDER_BYTE;
		l->folio.order = (uint32_t)m.offset;
	} else if (hwp_layout_member(r, "page.compound_order", &m)) {
		l->folio.order_scheme = HWP_ORDER_BYTE;
		l->folio.order = l->page.size + (uint32_t)m.offset;
	} else if (l->folio.flags_1 != HWP_ABSENT) {
		l->folio.order_scheme = HWP_ORDER_IN_FLAGS_1;
		l->folio.order = l->folio.flags_1;
	} else {
		hwp_layout_missing(r, "folio._flags_1, folio._folio_order, page.compound_order");
	}
	hwp_layout_note(r, "compound order", l->folio.order, "computed");
	if (l->folio.flags_1 == HWP_ABSENT)
		l->folio.flags_1 = l->page.size + l->page.flags;
}

static void decide_hugetlb(struct hwp_resolver *r)
{
	struct hwp_layout *l = r->layout;
	struct hwp_member m;
	uint64_t value;

	l->folio.dtor = HWP_ABSENT;
	l->folio.hugetlb_bit = HWP_ABSENT;
	if (l->types[HWP_TYPE_HUGETLB]) {
		l->folio.hugetlb_scheme = HWP_HUGETLB_PAGE_TYPE;
	} else if (vmcoreinfo(r, "NUMBER(PG_hugetlb)", &value)) {
		l->folio.hugetlb_scheme = HWP_HUGETLB_FLAG;
		l->folio.hugetlb_bit = (uint32_t)value;
	} else if (vmcoreinfo(r, "NUMBER(HUGETLB_PAGE_DTOR)", &value)) {
		l->folio.hugetlb_scheme = HWP_HUGETLB_DTOR;
		l->folio.hugetlb_dtor = (uint32_t)value;
		if (hwp_layout_member(r, "folio._folio_dtor", &m))
			l->folio.dtor = (uint32_t)m.offset;
		else if (hwp_layout_member(r, "page.compound_dtor", &m))
			l->folio.dtor = l->page.size + (uint32_t)m.offset;
		l->folio.dtor_size = (uint32_t)m.size;
		if (l->folio.dtor == HWP_ABSENT)
			hwp_layout_missing(r, "folio._folio_dtor, page.compound_dtor");
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
	    !hwp_layout_member(r, "page.compound_mapcount", &m))
		return;
	l->folio.entire_mapcount = l->page.size + (uint32_t)m.offset;
	hwp_layout_note(r, "compound_mapcount", l->folio.entire_mapcount, "computed");
}

static void decide_raw_hwp(struct hwp_resolver *r)
{
	struct hwp_layout *l = r->layout;
	struct hwp_member m;
	uint64_t index;

	l->folio.raw_hwp_scheme = HWP_RAW_HWP_NONE;
	if (l->raw_hwp_page.page == HWP_ABSENT || l->raw_hwp_page.node == HWP_ABSENT)
		return;
	/* Linux kernel commit dad6a5eb5556 ("mm,hugetlb: use folio fields in second tail page")
	 * (in v6.2) gave the list a member; it moved to the third tail page later. */
	if (hwp_layout_member(r, "folio._hugetlb_hwpoison", &m)) {
		l->folio.raw_hwp_scheme = HWP_RAW_HWP_FOLIO_MEMBER;
		l->folio.raw_hwp = (uint32_t)m.offset;
	} else if (enumerator(r, NULL, "SUBPAGE_INDEX_HWPOISON", &index) && index < 64) {
		l->folio.raw_hwp_scheme = HWP_RAW_HWP_SUBPAGE_PRIVATE;
		l->folio.raw_hwp = (uint32_t)index * l->page.size + l->page.private;
	} else {
		return;
	}
	hwp_layout_note(r, "raw_hwp_list", l->folio.raw_hwp, "computed");
}

/*
 * The names changed with the encoding: PGTY_* values of the top byte (v6.12), PG_* bits of
 * enum pagetype (v6.10, v6.11), macros before, of which VMCOREINFO tells PG_buddy. A word in
 * VMCOREINFO is the whole type word, as a signed number.
 */
static void decide_types(struct hwp_resolver *r)
{
	static const struct {
		const char *pgty, *pg, *number;
	} names[HWP_NR_TYPES] = {
		[HWP_TYPE_BUDDY] = { "PGTY_buddy", "PG_buddy", "PAGE_BUDDY_MAPCOUNT_VALUE" },
		[HWP_TYPE_OFFLINE] = { "PGTY_offline", "PG_offline",
				       "PAGE_OFFLINE_MAPCOUNT_VALUE" },
		[HWP_TYPE_TABLE] = { "PGTY_table", "PG_table", NULL },
		[HWP_TYPE_GUARD] = { "PGTY_guard", "PG_guard", NULL },
		[HWP_TYPE_HUGETLB] = { "PGTY_hugetlb", "PG_hugetlb",
				       "PAGE_HUGETLB_MAPCOUNT_VALUE" },
		[HWP_TYPE_SLAB] = { "PGTY_slab", "PG_slab", "PAGE_SLAB_MAPCOUNT_VALUE" },
		[HWP_TYPE_ZSMALLOC] = { "PGTY_zsmalloc", "PG_zsmalloc", NULL },
		[HWP_TYPE_UNACCEPTED] = { "PGTY_unaccepted", NULL, NULL },
		[HWP_TYPE_LARGE_KMALLOC] = { "PGTY_large_kmalloc", NULL, NULL },
	};
	struct hwp_layout *l = r->layout;
	uint64_t value = 0;
	char key[64];

	l->type_scheme = HWP_TYPE_CLEARED_BIT;
	if (enumerator(r, "pagetype", "PGTY_buddy", &value))
		l->type_scheme = HWP_TYPE_TOP_BYTE;
	for (size_t i = 0; i < HWP_NR_TYPES; i++) {
		if (l->type_scheme == HWP_TYPE_TOP_BYTE) {
			if (enumerator(r, "pagetype", names[i].pgty, &value))
				l->types[i] = (uint32_t)value & 0xff;
			continue;
		}
		snprintf(key, sizeof(key), "NUMBER(%s)", names[i].number ? names[i].number : "");
		/* ~(type bit), base bits kept: exactly one bit differs from all ones. */
		if (names[i].pg && enumerator(r, "pagetype", names[i].pg, &value))
			l->types[i] = (uint32_t)value;
		else if (names[i].number && vmcoreinfo(r, key, &value))
			l->types[i] = ~(uint32_t)value;
	}
	if (!l->types[HWP_TYPE_BUDDY])
		hwp_layout_missing(r, "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)");
}

/*
 * Before v6.10 the bits of "table" and "guard" were macros, told by nobody; they followed
 * "offline" (0x100): 0x200 table and 0x400 guard since Linux kernel commit 18b2db3b0385 ("mm:
 * Convert page kmemcg type to a page memcg flag") (in v5.11).
 */
static void decide_cleared_bits(struct hwp_resolver *r)
{
	struct hwp_layout *l = r->layout;

	if (l->type_scheme != HWP_TYPE_CLEARED_BIT)
		return;
	l->type_base = l->types[HWP_TYPE_BUDDY] & 0x7fffff00 ? 0x80000000 : 0xf0000000;
	if (l->types[HWP_TYPE_BUDDY] == 0x80 && !l->types[HWP_TYPE_TABLE]) {
		l->types[HWP_TYPE_TABLE] = 0x200;
		l->types[HWP_TYPE_GUARD] = 0x400;
	}
}

/* include/linux/page-flags-layout.h: SECTION | NODE | ZONE from the top bit down. */
static void decide_fields(struct hwp_resolver *r)
{
	struct hwp_layout *l = r->layout;
	struct hwp_member m;
	uint64_t nodes = 1;

	if (vmcoreinfo(r, "LENGTH(node_data)", &nodes))
		;
	else if (l->symbol.node_data && hwp_layout_member(r, "hstate.hugepage_freelists", &m))
		nodes = m.nr_elements;
	if (nodes == 0 || nodes > 65536)
		nodes = 1;
	l->max_nodes = (unsigned int)nodes;
	l->field.node_width = hwp_bits_for(nodes);
	l->field.zone_width = hwp_bits_for(l->max_zones);
	l->field.node_shift = 64 - l->field.node_width;
	l->field.zone_shift = l->field.node_shift - l->field.zone_width;
	hwp_layout_note(r, "node shift in page.flags", l->field.node_shift, "computed");
	hwp_layout_note(r, "zone shift in page.flags", l->field.zone_shift, "computed");
}

static void decide_memory_model(struct hwp_resolver *r)
{
	struct hwp_layout *l = r->layout;
	uint64_t value;

	/* The value under SPARSEMEM_EXTREME is the pointer, not its address. */
	if (vmcoreinfo(r, "SYMBOL(mem_section)", &l->symbol.mem_section)) {
		l->memory_model = HWP_SPARSEMEM;
		if (l->section.size == HWP_ABSENT || !l->section.size ||
		    l->section.section_mem_map == HWP_ABSENT)
			hwp_layout_missing(r, "mem_section.section_mem_map");
		if (!vmcoreinfo(r, "NUMBER(SECTION_SIZE_BITS)", &value))
			hwp_layout_missing(r, "NUMBER(SECTION_SIZE_BITS)");
		l->section.section_size_bits = (unsigned int)value;
		if (!vmcoreinfo(r, "NUMBER(MAX_PHYSMEM_BITS)", &value))
			hwp_layout_missing(r, "NUMBER(MAX_PHYSMEM_BITS)");
		l->section.max_physmem_bits = (unsigned int)value;
		if (!r->missing &&
		    (l->section.section_size_bits <= l->page_shift ||
		     l->section.section_size_bits > 40 || l->section.max_physmem_bits > 52 ||
		     l->section.max_physmem_bits < l->section.section_size_bits))
			hwp_layout_missing(r, "a believable NUMBER(SECTION_SIZE_BITS)");
		/* Flags of section_mem_map fit below the page-aligned pointer. */
		l->section.flag_mask = 0xfff;
		if (enumerator(r, NULL, "SECTION_MAP_LAST_BIT", &value) && value < 12)
			l->section.flag_mask = (UINT64_C(1) << value) - 1;
		l->section.online_bit = 2;
		l->section.early_bit = 3;
	} else if (l->symbol.mem_map) {
		l->memory_model = HWP_FLATMEM;
	} else {
		hwp_layout_missing(r, "SYMBOL(mem_section) or mem_map");
	}
}

static void decide_lists(struct hwp_resolver *r)
{
	static const char *const names[] = { "MIGRATE_UNMOVABLE",   "MIGRATE_MOVABLE",
					     "MIGRATE_RECLAIMABLE", "MIGRATE_HIGHATOMIC",
					     "MIGRATE_CMA",	    "MIGRATE_ISOLATE" };
	static const char *const labels[] = { "Unmovable",  "Movable", "Reclaimable",
					      "HighAtomic", "CMA",     "Isolate" };
	struct hwp_layout *l = r->layout;
	struct hwp_member m;
	uint64_t value;

	if (l->nr_orders > HWP_MAX_ORDERS || l->nr_migratetypes > HWP_MAX_MIGRATETYPES ||
	    l->per_cpu_pages.nr_lists > HWP_MAX_PCP_LISTS || l->max_zones > HWP_MAX_ZONES)
		hwp_layout_missing(r, "a believable number of orders, lists and zones");
	l->per_cpu_pages.nr_pcptypes = 3;
	if (enumerator(r, "migratetype", "MIGRATE_PCPTYPES", &value) && value > 0 && value <= 8)
		l->per_cpu_pages.nr_pcptypes = (unsigned int)value;
	/* A leaf page table of 8-byte entries maps one PMD-sized huge page. */
	l->pmd_order = l->page_shift - 3;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(names); i++) {
		if (enumerator(r, "migratetype", names[i], &value) && value < HWP_MAX_MIGRATETYPES)
			snprintf(l->migratetype_names[value], sizeof(l->migratetype_names[0]), "%s",
				 labels[i]);
	}
	/* Asked for only where it can be: in DWARF a type that is not there is dear to miss. */
	l->zone.pageset_pcp = 0;
	if (hwp_layout_member(r, "zone.pageset", &m) &&
	    hwp_layout_member(r, "per_cpu_pageset.pcp", &m)) {
		l->zone.pageset_pcp = (uint32_t)m.offset;
		hwp_layout_note(r, "per_cpu_pageset.pcp", m.offset,
				hwp_target_type_provider(r->target));
	}
	if (!l->symbol.node_data && !l->symbol.contig_page_data)
		hwp_layout_missing(r, "node_data or contig_page_data");
}

/**
 * @p key of VMCOREINFO, as "OFFSET(type.member)", or else the types' answer; in DWARF
 * a type that is not there is dear to miss, so ask only where it should be.
 */
static uint32_t printk_log_fact(struct hwp_resolver *r, const char *fact, const char *path)
{
	struct hwp_member m;
	uint64_t value;
	char key[48];

	snprintf(key, sizeof(key), "%s(%s)", fact, path);
	if (vmcoreinfo(r, key, &value))
		return value < HWP_ABSENT ? (uint32_t)value : HWP_ABSENT;
	if (!hwp_layout_member(r, path, &m))
		return HWP_ABSENT;
	value = strchr(path, '.') ? m.offset : m.size;
	hwp_layout_note(r, key, value, hwp_target_type_provider(r->target));
	return value < HWP_ABSENT ? (uint32_t)value : HWP_ABSENT;
}

/*
 * Linux kernel commit 896fbe20b4e2 ("printk: use the lockless ringbuffer") (in v5.10) put
 * printk_ringbuffer in the place of one buffer of struct printk_log.
 */
static void decide_log(struct hwp_resolver *r)
{
	struct hwp_layout *l = r->layout;

	l->printk_log.size = l->printk_log.ts_nsec = HWP_ABSENT;
	l->printk_log.len = l->printk_log.text_len = HWP_ABSENT;
	if (l->symbol.prb || !l->symbol.log_first_idx)
		return;
	l->printk_log.size = printk_log_fact(r, "SIZE", "printk_log");
	l->printk_log.ts_nsec = printk_log_fact(r, "OFFSET", "printk_log.ts_nsec");
	l->printk_log.len = printk_log_fact(r, "OFFSET", "printk_log.len");
	l->printk_log.text_len = printk_log_fact(r, "OFFSET", "printk_log.text_len");
}

/**
 * Asked for only where page_owner is: in DWARF a type that is not there is dear
 * to miss. Members came with time: ts_nsec, free_ts_nsec and pid in v5.11 to v5.13, comm and
 * tgid in v5.18, free_pid and free_tgid in v6.9.
 */
static void decide_page_owner(struct hwp_resolver *r)
{
	static const struct {
		const char *name;
		size_t where;
	} rows[] = {
#define ROW(field, name) { name, offsetof(struct hwp_layout, field) }
		ROW(page_owner.ext_flags, "page_ext.flags"),
		ROW(page_owner.ops_offset, "page_ext_operations.offset"),
		ROW(section.page_ext, "mem_section.page_ext"),
		ROW(page_owner.node_page_ext, "pglist_data.node_page_ext"),
		ROW(page_owner.node_start_pfn, "pglist_data.node_start_pfn"),
		ROW(page_owner.size, "page_owner"),
		ROW(page_owner.order, "page_owner.order"),
		ROW(page_owner.last_migrate_reason, "page_owner.last_migrate_reason"),
		ROW(page_owner.gfp_mask, "page_owner.gfp_mask"),
		ROW(page_owner.handle, "page_owner.handle"),
		ROW(page_owner.free_handle, "page_owner.free_handle"),
		ROW(page_owner.ts_nsec, "page_owner.ts_nsec"),
		ROW(page_owner.free_ts_nsec, "page_owner.free_ts_nsec"),
		ROW(page_owner.comm, "page_owner.comm"),
		ROW(page_owner.pid, "page_owner.pid"),
		ROW(page_owner.tgid, "page_owner.tgid"),
		ROW(page_owner.free_pid, "page_owner.free_pid"),
		ROW(page_owner.free_tgid, "page_owner.free_tgid"),
#undef ROW
	};
	struct hwp_layout *l = r->layout;
	bool is_there = l->symbol.page_owner_inited && l->symbol.page_owner_ops &&
			l->symbol.page_ext_size;
	struct hwp_member m;
	uint64_t bit;

	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		uint32_t *where = (uint32_t *)((char *)l + rows[i].where);
		bool found = is_there && hwp_layout_member(r, rows[i].name, &m);
		uint64_t value = !found			   ? HWP_ABSENT :
				 strchr(rows[i].name, '.') ? m.offset :
							     m.size;

		*where = value < HWP_ABSENT ? (uint32_t)value : HWP_ABSENT;
		if (found)
			hwp_layout_note(r, rows[i].name, value,
					hwp_target_type_provider(r->target));
	}
	l->page_owner.owner_bit = l->page_owner.allocated_bit = HWP_ABSENT;
	if (is_there && enumerator(r, "page_ext_flags", "PAGE_EXT_OWNER", &bit))
		l->page_owner.owner_bit = l->page_owner.allocated_bit = (uint32_t)bit;
	/* Linux kernel commit 37389167a281 ("mm, page_owner: keep owner info when freeing the
	 * page") (in v5.4): before, a freed page had no record. */
	if (is_there && enumerator(r, "page_ext_flags", "PAGE_EXT_OWNER_ALLOCATED", &bit))
		l->page_owner.allocated_bit = (uint32_t)bit;
}

struct hwp_error *hwp_layout_variants(struct hwp_resolver *r)
{
	decide_flags(r);
	decide_types(r);
	decide_cleared_bits(r);
	decide_compound(r);
	decide_order(r);
	decide_hugetlb(r);
	decide_mapcount(r);
	decide_raw_hwp(r);
	decide_fields(r);
	decide_memory_model(r);
	decide_lists(r);
	decide_log(r);
	decide_page_owner(r);
	r->layout->free_has_hwpoisoned = hwp_target_function(r->target, "mm/page_alloc.c",
							     "free_has_hwpoisoned");
	return NULL;
}
