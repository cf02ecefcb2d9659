// SPDX-License-Identifier: GPL-2.0-or-later
/** What the kernel itself counts of poison, and what was found of it. */
#ifndef HWP_MODEL_COUNTS_H
#define HWP_MODEL_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"

struct hwp_memory_block_count {
	uint64_t id, start_pfn, end_pfn;
	int64_t nr_hwpoison;
	/** Filled by classify: poisoned pages found in it. */
	uint64_t nr_found;
};

struct hwp_node_count {
	int nid;
	/** mf_stats.total; has_total false before v6.3. */
	bool has_total;
	int64_t total;
	uint64_t nr_found;
};

struct hwp_counters {
	bool has_num_poisoned_pages;
	int64_t num_poisoned_pages;
	bool has_memory_blocks;
	HWP_VEC(struct hwp_memory_block_count) blocks;
	HWP_VEC(struct hwp_node_count) nodes;
	/** pfns queued for memory_failure(), not yet handled. */
	HWP_VEC(uint64_t) pending_pfns;
	/** mf_mutex was held: memory_failure() was at work. */
	bool mf_running;
};

#endif /* HWP_MODEL_COUNTS_H */
