// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * A small machine in memory: one node, one zone of 8192 pages from pfn 0x1000
 * on, its free lists and the per-CPU lists of two CPUs.
 */
#ifndef TESTS_MACHINE_H
#define TESTS_MACHINE_H

#include "facts/lists/cpus.h"
#include "facts/lists/free_count.h"
#include "facts/lists/freelist.h"
#include "facts/pages/folio.h"
#include "kernels.h"
#include "layout/page.h"
#include "model/findings.h"

#define MACHINE_START UINT64_C(0x1000)
#define MACHINE_PAGES UINT64_C(0x2000)
#define MACHINE_VMEMMAP UINT64_C(0xffd4000000000000)
#define MACHINE_MAP (MACHINE_VMEMMAP + MACHINE_START * KERNEL_PAGE_SIZE)
#define MACHINE_ZONE UINT64_C(0xff1100007fff0000)
#define MACHINE_SYMBOLS UINT64_C(0xffffffff83000000)
#define MACHINE_PERCPU UINT64_C(0xff1100007d000000)
#define MACHINE_NR_CPUS 2
#define MACHINE_FLAGS UINT64_C(0x0017ffffc0000000)

/** Offsets in the zone. */
#define ZONE_PAGESET 112
#define ZONE_FREE_AREA 256
#define ZONE_FREE_AREA_SIZE 104
#define ZONE_NR_FREE 96
#define ZONE_LOCK 1408
#define ZONE_UNACCEPTED 1416
#define ZONE_TRYLOCK 1464
#define ZONE_VM_STAT 1480
#define ZONE_STATS 120
#define CPU_DIFF 2048
#define ZONE_SIZE 1856
#define PCP_LOCK 0
#define PCP_OWNER 2560
#define PCP_COUNT 4
#define PCP_LISTS 32
#define PCP_SIZE 4096

struct machine {
	struct synth synth;
	struct hwp_layout layout;
	char map[MACHINE_PAGES][KERNEL_PAGE_SIZE];
	char zone[ZONE_SIZE];
	char percpu[MACHINE_NR_CPUS][PCP_SIZE];
	/** To v5.13 struct per_cpu_pages was at this offset in struct per_cpu_pageset; else 0. */
	uint32_t pcp;
	/** CONFIG_SMP=n: none of the symbols below. */
	bool has_one_cpu;
	/** The member that shows who holds a lock; NULL: the word of a spinlock. */
	const char *lock;
	/** nr_cpu_ids, the mask, __per_cpu_offset. */
	char symbols[64];

	struct hwp_target *target;
	struct hwp_memmap memmap;
	struct hwp_page_reader *reader;
	struct hwp_zones zones;
	struct hwp_findings *findings;
	HWP_VEC(uint64_t) poisoned;
};

static void *machine_bytes(struct machine *m, uint64_t address)
{
	const struct synth_segment *g = synth_find(&m->synth, address);

	if (!g)
		abort();
	return (char *)g->data + (address - g->address);
}

static void machine_put(struct machine *m, uint64_t address, uint64_t value)
{
	memcpy(machine_bytes(m, address), &value, 8);
}

static uint64_t machine_get(struct machine *m, uint64_t address)
{
	return hwp_u64(machine_bytes(m, address));
}

static void *machine_page(struct machine *m, uint64_t pfn)
{
	return m->map[pfn - MACHINE_START];
}

static uint64_t machine_lru(uint64_t pfn)
{
	return MACHINE_VMEMMAP + pfn * KERNEL_PAGE_SIZE + 8;
}

static uint64_t machine_area_list(unsigned int order, unsigned int mt)
{
	return MACHINE_ZONE + ZONE_FREE_AREA + order * ZONE_FREE_AREA_SIZE + mt * 16;
}

static uint64_t machine_pcp_list(unsigned int cpu, unsigned int i)
{
	return MACHINE_PERCPU + cpu * PCP_SIZE + PCP_LISTS + i * 16;
}

static void machine_list_init(struct machine *m, uint64_t head)
{
	machine_put(m, head, head);
	machine_put(m, head + 8, head);
}

static void machine_list_add_tail(struct machine *m, uint64_t head, uint64_t entry)
{
	uint64_t last = machine_get(m, head + 8);

	machine_put(m, entry, head);
	machine_put(m, entry + 8, last);
	machine_put(m, last, entry);
	machine_put(m, head + 8, entry);
}

/** Every page allocated by the kernel: refcount 1, no type, no mapping. */
static void machine_fill(struct machine *m)
{
	const struct words allocated = { .flags = MACHINE_FLAGS,
					 .type = 0xffffffff,
					 .refcount = 1 };

	put_words(m->map[0], &allocated);
	for (uint64_t i = 1; i < MACHINE_PAGES; i++)
		memcpy(m->map[i], m->map[0], KERNEL_PAGE_SIZE);
}

/** Offset from a HugeTLB head's struct page of its raw_hwp_list. */
static uint64_t machine_raw_hwp(const struct machine *m)
{
	if (m->layout.type_scheme == HWP_TYPE_CLEARED_BIT)
		return 4 * KERNEL_PAGE_SIZE + 40;
	return m->layout.page.compound_scheme == HWP_COMPOUND_INFO_MASK ? 232 : 168;
}

static const struct synth_symbol machine_symbols[] = { { "nr_cpu_ids", MACHINE_SYMBOLS },
						       { "__cpu_possible_mask",
							 MACHINE_SYMBOLS + 8 },
						       { "__per_cpu_offset", MACHINE_SYMBOLS + 16 },
						       {} };

/** Where its lists are; with @p nr_pcp_lists in each per-CPU set. */
static void machine_resolve(struct machine *m, uint64_t nr_pcp_lists)
{
	static const struct hwp_needs *const needs[] = {
		&hwp_freelist_needs,	  &hwp_cpus_needs,	&hwp_free_count_needs,
		&hwp_folio_hugetlb_needs, &hwp_folio_raw_needs, NULL
	};
	static const struct synth_enumerator enumerators[] = {
		{ "zone_stat_item", "NR_FREE_PAGES", 1 },
		{ "hugetlb_page_flags", "HPG_freed", 3 },
		{ "hugetlb_page_flags", "HPG_vmemmap_optimized", 4 },
		{ "hugetlb_page_flags", "HPG_raw_hwp_unreliable", 5 },
		{ NULL, "SUBPAGE_INDEX_HWPOISON", 4 },
		{}
	};
	/* v6.0 and v6.1 have no such member. */
	const char *folio = m->layout.type_scheme == HWP_TYPE_CLEARED_BIT ? "" : "folio";
	const char *lock = m->lock ? m->lock : "lock.rlock.raw_lock.val";
	uint32_t lock_size = m->lock ? 8 : 4;
	const struct synth_member types[] = {
		ARRAY("zone", "free_area", ZONE_FREE_AREA, 11 * ZONE_FREE_AREA_SIZE, 11),
		SIZE("free_area", ZONE_FREE_AREA_SIZE),
		ARRAY("free_area", "free_list", 0, ZONE_NR_FREE, 6),
		MEMBER("free_area", "nr_free", ZONE_NR_FREE, 8),
		MEMBER("zone", "trylock_free_pages", ZONE_TRYLOCK, 8),
		MEMBER("zone", "unaccepted_pages", ZONE_UNACCEPTED, 16),
		MEMBER("zone", m->pcp ? "pageset" : "per_cpu_pageset", ZONE_PAGESET, 8),
		MEMBER("per_cpu_pageset", "pcp", m->pcp, PCP_SIZE),
		MEMBER("per_cpu_pages", "count", PCP_COUNT - m->pcp, 4),
		SIZE("cpumask", 8),
		ARRAY("zone", "vm_stat", ZONE_VM_STAT, 16, 2),
		MEMBER("zone", "per_cpu_zonestats", ZONE_STATS, 8),
		ARRAY("per_cpu_zonestat", "vm_stat_diff", CPU_DIFF, 2, 2),
		MEMBER("zone", lock, ZONE_LOCK, lock_size),
		MEMBER("per_cpu_pages", lock, m->lock ? PCP_OWNER : PCP_LOCK, lock_size),
		MEMBER("raw_hwp_page", "node", 0, 8),
		MEMBER("raw_hwp_page", "page", 8, 8),
		MEMBER(folio, "_hugetlb_hwpoison", machine_raw_hwp(m), 8),
		ARRAY("per_cpu_pages", "lists", PCP_LISTS - m->pcp, 16 * nr_pcp_lists,
		      nr_pcp_lists),
		{}
	};
	const struct synth s = { .symbols = m->has_one_cpu ? NULL : machine_symbols,
				 .members = types,
				 .enumerators = enumerators };

	hwp_layout_deinit(&m->layout);
	synth_resolve(&s, &m->layout, needs);
}

/** A machine on which nothing is free; @p kernel makes its layout. */
static struct machine *machine_create(void (*kernel)(struct hwp_layout *))
{
	struct machine *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	kernel(&m->layout);
	machine_resolve(m, 14);
	strcpy(m->layout.migratetype_names[0], "Unmovable");
	strcpy(m->layout.migratetype_names[1], "Movable");
	synth_add(&m->synth, MACHINE_MAP, m->map, sizeof(m->map));
	synth_add(&m->synth, MACHINE_ZONE, m->zone, sizeof(m->zone));
	synth_add(&m->synth, MACHINE_PERCPU, m->percpu, sizeof(m->percpu));
	synth_add(&m->synth, MACHINE_SYMBOLS, m->symbols, sizeof(m->symbols));
	machine_fill(m);
	for (unsigned int order = 0; order < 11; order++) {
		for (unsigned int mt = 0; mt < 6; mt++)
			machine_list_init(m, machine_area_list(order, mt));
	}
	machine_list_init(m, MACHINE_ZONE + ZONE_UNACCEPTED);
	machine_put(m, MACHINE_ZONE + ZONE_PAGESET, MACHINE_PERCPU);
	for (unsigned int cpu = 0; cpu < MACHINE_NR_CPUS; cpu++) {
		for (unsigned int i = 0; i < 14; i++)
			machine_list_init(m, machine_pcp_list(cpu, i));
		machine_put(m, MACHINE_SYMBOLS + 16 + 8 * cpu, (uint64_t)cpu * PCP_SIZE);
	}
	synth_put(m->symbols, 0, MACHINE_NR_CPUS, 4);
	synth_put(m->symbols, 8, (1u << MACHINE_NR_CPUS) - 1, 8);
	return m;
}

/** Pages [pfn, pfn + 2^order) as __free_pages_prepare() leaves them. */
static void machine_clear(struct machine *m, uint64_t pfn, unsigned int order)
{
	for (uint64_t i = 0; i < UINT64_C(1) << order; i++) {
		uint64_t poison = hwp_page_flags(&m->layout, machine_page(m, pfn + i)) &
				  UINT64_C(1) << m->layout.flag.hwpoison;
		const struct words w = { .flags = MACHINE_FLAGS | poison, .type = 0xffffffff };

		put_words(machine_page(m, pfn + i), &w);
	}
}

SYNTH_UNUSED static void machine_free(struct machine *m, uint64_t pfn, unsigned int order,
				      unsigned int mt)
{
	uint64_t area = machine_area_list(order, 0);
	uint32_t type = m->layout.type_scheme == HWP_TYPE_TOP_BYTE ? 0xf0000000 : 0xffffff7f;

	machine_clear(m, pfn, order);
	synth_put(machine_page(m, pfn), 48, type, 4);
	synth_put(machine_page(m, pfn), 40, order, 8);
	machine_list_add_tail(m, machine_area_list(order, mt), machine_lru(pfn));
	machine_put(m, area + ZONE_NR_FREE, machine_get(m, area + ZONE_NR_FREE) + 1);
}

/** Free to per-CPU list @p i, whose order is @p order. */
SYNTH_UNUSED static void machine_free_pcp(struct machine *m, uint64_t pfn, unsigned int order,
					  unsigned int cpu, unsigned int i)
{
	char *count = m->percpu[cpu] + PCP_COUNT;

	machine_clear(m, pfn, order);
	machine_list_add_tail(m, machine_pcp_list(cpu, i), machine_lru(pfn));
	synth_put(count, 0, hwp_u32(count) + (1u << order), 4);
}

SYNTH_UNUSED static void machine_poison(struct machine *m, uint64_t pfn)
{
	uint64_t flags = hwp_page_flags(&m->layout, machine_page(m, pfn));

	synth_put(machine_page(m, pfn), 0, flags | UINT64_C(1) << m->layout.flag.hwpoison, 8);
	if (!hwp_vec_push(&m->poisoned, pfn))
		abort();
}

/** Open the target; the bytes may still change where the reader has not been. */
static void machine_open(struct machine *m)
{
	struct hwp_pfn_range range = { MACHINE_START, MACHINE_START + MACHINE_PAGES,
				       MACHINE_VMEMMAP, true };
	struct hwp_zone zone = { .nid = 0,
				 .index = 2,
				 .name = "Normal",
				 .address = MACHINE_ZONE,
				 .start_pfn = MACHINE_START,
				 .end_pfn = MACHINE_START + MACHINE_PAGES };
	struct hwp_zone_facts facts = { .name = "Normal" };

	m->target = synth_open(&m->synth);
	m->memmap.layout = &m->layout;
	m->memmap.nr_pages = MACHINE_PAGES;
	m->memmap.is_contiguous = true;
	m->zones.flags_hold_zone = true;
	m->findings = calloc(1, sizeof(*m->findings));
	if (!hwp_vec_push(&m->memmap.ranges, range) || !hwp_vec_push(&m->zones.zones, zone) ||
	    !m->findings || !hwp_vec_push(&m->findings->zones, facts) ||
	    hwp_page_reader_create(m->target, &m->memmap, &m->reader))
		abort();
	m->findings->max_order = 10;
	m->findings->page_shift = 12;
}

/** Open and walk every list; the findings say what was seen. */
SYNTH_UNUSED static struct hwp_findings *machine_walk(struct machine *m)
{
	struct hwp_list_walk walk;
	struct hwp_error *err;

	machine_open(m);
	walk = (struct hwp_list_walk){ .target = m->target,
				       .layout = &m->layout,
				       .reader = m->reader,
				       .zones = &m->zones,
				       .findings = m->findings,
				       .poisoned_pfns = m->poisoned.data,
				       .nr_poisoned = m->poisoned.nr };
	err = hwp_walk_free_lists(&walk);
	if (err)
		abort();
	return m->findings;
}

static void machine_destroy(struct machine *m)
{
	hwp_findings_destroy(m->findings);
	hwp_page_reader_destroy(m->reader);
	hwp_target_destroy(m->target);
	hwp_vec_deinit(&m->memmap.ranges);
	hwp_vec_deinit(&m->zones.zones);
	hwp_vec_deinit(&m->zones.nodes);
	hwp_layout_deinit(&m->layout);
	hwp_vec_deinit(&m->poisoned);
	free(m);
}

#endif /* TESTS_MACHINE_H */
