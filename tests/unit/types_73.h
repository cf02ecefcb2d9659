// SPDX-License-Identifier: GPL-2.0-or-later
/** What BTF, kallsyms and VMCOREINFO of 7.3.4-cloud-amd64 say, as far as it is asked. */
#ifndef TESTS_TYPES_73_H
#define TESTS_TYPES_73_H

#include "synth.h"

static const struct synth_member types_73[] = {
	SIZE("page", 64),
	MEMBER("page", "flags", 0, 8),
	MEMBER("page", "compound_info", 8, 8),
	MEMBER("page", "lru", 8, 16),
	MEMBER("page", "mapping", 24, 8),
	MEMBER("page", "private", 40, 8),
	MEMBER("page", "_mapcount", 48, 4),
	MEMBER("page", "_refcount", 52, 4),
	SIZE("folio", 256),
	MEMBER("folio", "_flags_1", 64, 8),
	MEMBER("folio", "_nr_pages", 120, 4),
	MEMBER("folio", "_hugetlb_hwpoison", 232, 8),
	SIZE("raw_hwp_page", 16),
	MEMBER("raw_hwp_page", "node", 0, 8),
	MEMBER("raw_hwp_page", "page", 8, 8),
	SIZE("zone", 1856),
	MEMBER("zone", "per_cpu_pageset", 112, 8),
	MEMBER("zone", "zone_start_pfn", 144, 8),
	MEMBER("zone", "managed_pages", 152, 8),
	MEMBER("zone", "spanned_pages", 160, 8),
	MEMBER("zone", "present_pages", 168, 8),
	MEMBER("zone", "name", 192, 8),
	ARRAY("zone", "free_area", 256, 1144, 11),
	MEMBER("zone", "unaccepted_pages", 1400, 16),
	MEMBER("zone", "trylock_free_pages", 1464, 8),
	ARRAY("zone", "vmemmap_tails", 1680, 96, 12),
	SIZE("free_area", 104),
	ARRAY("free_area", "free_list", 0, 96, 6),
	MEMBER("free_area", "nr_free", 96, 8),
	SIZE("pglist_data", 176320),
	ARRAY("pglist_data", "node_zones", 0, 9280, 5),
	MEMBER("pglist_data", "nr_zones", 173152, 4),
	MEMBER("pglist_data", "node_id", 173184, 4),
	MEMBER("pglist_data", "mf_stats.total", 176248, 8),
	MEMBER("pglist_data", "mf_stats.ignored", 176256, 8),
	MEMBER("pglist_data", "mf_stats.failed", 176264, 8),
	MEMBER("pglist_data", "mf_stats.delayed", 176272, 8),
	MEMBER("pglist_data", "mf_stats.recovered", 176280, 8),
	SIZE("per_cpu_pages", 256),
	MEMBER("per_cpu_pages", "count", 4, 4),
	ARRAY("per_cpu_pages", "lists", 32, 224, 14),
	SIZE("mem_section", 16),
	MEMBER("mem_section", "section_mem_map", 0, 8),
	MEMBER("mem_section", "usage", 8, 8),
	ARRAY("mem_section_usage", "subsection_map", 16, 8, 1),
	SIZE("mem_section_usage", 24),
	MEMBER("mem_section_usage", "pageblock_flags", 24, 0),
	SIZE("hstate", 32912),
	MEMBER("hstate", "order", 32, 4),
	SIZE("memory_block", 856),
	MEMBER("memory_block", "nr_hwpoison", 848, 8),
	MEMBER("memory_block", "start_section_nr", 0, 8),
	MEMBER("xarray", "xa_head", 8, 8),
	MEMBER("xa_node", "shift", 0, 1),
	ARRAY("xa_node", "slots", 40, 512, 64),
	MEMBER("static_key", "enabled", 0, 4),
	{}
};

static const struct synth_enumerator enumerators_73[] = {
	{ "pageflags", "PG_hwpoison", 21 },
	{ "pageflags", "PG_head", 6 },
	{ "pageflags", "PG_lru", 5 },
	{ "pageflags", "PG_reserved", 13 },
	{ "pageflags", "PG_swapbacked", 17 },
	{ "pageflags", "PG_uptodate", 3 },
	{ "pageflags", "PG_has_hwpoisoned", 8 },
	{ "pageflags", "PG_dirty", 4 },
	{ "pagetype", "PGTY_buddy", 0xf0 },
	{ "pagetype", "PGTY_offline", 0xf1 },
	{ "pagetype", "PGTY_table", 0xf2 },
	{ "pagetype", "PGTY_guard", 0xf3 },
	{ "pagetype", "PGTY_hugetlb", 0xf4 },
	{ "pagetype", "PGTY_slab", 0xf5 },
	{ "hugetlb_page_flags", "HPG_freed", 3 },
	{ "hugetlb_page_flags", "HPG_vmemmap_optimized", 4 },
	{ "hugetlb_page_flags", "HPG_raw_hwp_unreliable", 5 },
	{ "migratetype", "MIGRATE_UNMOVABLE", 0 },
	{ "migratetype", "MIGRATE_MOVABLE", 1 },
	{ "migratetype", "MIGRATE_PCPTYPES", 3 },
	{ "migratetype", "MIGRATE_ISOLATE", 5 },
	{ "migratetype", "MIGRATE_TYPES", 6 },
	{ "pageblock_bits", "PB_migrate_isolate", 4 },
	{ "pageblock_bits", "__NR_PAGEBLOCK_BITS", 5 },
	{ NULL, "SECTION_MAP_LAST_BIT", 6 },
	{}
};

#define NODE_DATA UINT64_C(0xffffffff83d00000)

static const struct synth_symbol symbols_73[] = { { "node_data", NODE_DATA },
						  { "__per_cpu_offset", 0xffffffff83d10000 },
						  { "nr_cpu_ids", 0xffffffff83d20000 },
						  { "memory_failure", 0xffffffff81400000 },
						  {} };

static const char vmcoreinfo_73[] =
	"OSRELEASE=7.3.4+deb13-cloud-amd64\nPAGESIZE=4096\n"
	"SYMBOL(mem_section)=ff1100017fed2740\nLENGTH(mem_section)=2048\n"
	"NUMBER(SECTION_SIZE_BITS)=27\nNUMBER(MAX_PHYSMEM_BITS)=46\n"
	"LENGTH(node_data)=1024\nNUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456\n"
	"SYMBOL(vmemmap)=ffd4000000000000\n";

static const struct synth kernel_types_73 = {
	.vmcoreinfo = vmcoreinfo_73,
	.symbols = symbols_73,
	.members = types_73,
	.enumerators = enumerators_73,
};

#endif /* TESTS_TYPES_73_H */
