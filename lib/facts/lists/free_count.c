// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/lists/free_count.h"

#include "base/bits.h"
#include "layout/needs.h"

struct free_count_layout {
	/** In the zone: its counts, and the pointer to what the CPUs count. */
	uint32_t vm_stat, per_cpu;
	/** In the struct of a CPU: an array of signed bytes. */
	uint32_t diff;
	/** Where in both arrays. */
	uint32_t nr_free_pages;
};

static const struct hwp_need rows[] = {
	HWP_OFFSET(struct free_count_layout, vm_stat, "zone.vm_stat"),
	/* Linux kernel commit 28f836b6777b ("mm/page_alloc: split per cpu page lists and zone
	 * stats") (in v5.14). */
	HWP_OFFSET(struct free_count_layout, per_cpu, "zone.per_cpu_zonestats zone.pageset"),
	HWP_OFFSET(struct free_count_layout, diff,
		   "per_cpu_zonestat.vm_stat_diff per_cpu_pageset.vm_stat_diff"),
	HWP_VALUE(struct free_count_layout, nr_free_pages, "zone_stat_item:NR_FREE_PAGES"),
};

static bool decide(struct hwp_resolver *r, void *own)
{
	(void)r;
	return ((const struct free_count_layout *)own)->nr_free_pages < 64;
}

const struct hwp_needs hwp_free_count_needs = {
	.rows = rows,
	.nr = HWP_ARRAY_SIZE(rows),
	.sources = (const char *const[]){ "mm/page_alloc.c", NULL },
	.size = sizeof(struct free_count_layout),
	.decide = decide,
};

void hwp_free_count_read(struct hwp_target *target, const struct hwp_layout *l, uint64_t zone,
			 const struct hwp_cpus *cpus, struct hwp_zone_facts *facts)
{
	const struct free_count_layout *at = hwp_layout_of(l, &hwp_free_count_needs);
	_cleanup_error_ struct hwp_error *err = NULL;
	uint64_t count = 0, sets = 0;

	if (!at || !cpus->cpus.nr)
		return;
	err = hwp_target_read_u64(target, zone + at->vm_stat + 8 * (uint64_t)at->nr_free_pages,
				  &count);
	if (!err)
		err = hwp_target_read_u64(target, zone + at->per_cpu, &sets);
	for (size_t i = 0; i < cpus->cpus.nr && !err; i++) {
		int8_t diff = 0;

		err = hwp_target_read(target, HWP_KERNEL_VIRTUAL,
				      sets + cpus->cpus.data[i].offset + at->diff +
					      at->nr_free_pages,
				      &diff, 1, NULL);
		count += (uint64_t)(int64_t)diff;
	}
	facts->has_nr_free_pages = !err;
	facts->nr_free_pages = err ? 0 : (int64_t)count;
}
