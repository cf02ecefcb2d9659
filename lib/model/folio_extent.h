// SPDX-License-Identifier: GPL-2.0-or-later
/** A folio that holds poison, or held it, and what became of its pages: a part of the findings. */
#ifndef HWP_MODEL_FOLIO_EXTENT_H
#define HWP_MODEL_FOLIO_EXTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What a folio is, or was. */
enum hwp_extent_kind {
	HWP_EXTENT_HUGETLB,
	HWP_EXTENT_THP,
	HWP_EXTENT_LARGE,
	/** It was freed; its extent follows from evidence. */
	HWP_EXTENT_FREED,
};

/** How the extent of a folio that is gone is known. */
enum hwp_extent_source {
	/** Its head page is there. */
	HWP_SOURCE_FOLIO,
	/** The log: "unsplit thp" (a PMD-sized page), "huge page" (an hstate's size). */
	HWP_SOURCE_EVENT,
	/** The neighbours that were thrown away with a page. */
	HWP_SOURCE_STRANDED,
	/** Given by the user. */
	HWP_SOURCE_RANGE,
};

/** Did the free path keep poison and healthy pages apart? */
enum hwp_outcome {
	HWP_OUTCOME_HELD,
	HWP_OUTCOME_LEAKED,
	HWP_OUTCOME_WOULD_LEAK,
	HWP_OUTCOME_WOULD_HOLD,
	HWP_OUTCOME_UNKNOWN,
};

/** What the memory shows for some pages of a folio. */
enum hwp_run_state {
	HWP_RUN_BUDDY,
	HWP_RUN_PCP,
	/** In use, by whomever. */
	HWP_RUN_ALLOCATED,
	/** Poisoned, and set apart. */
	HWP_RUN_CONTAINED,
	/** Healthy (or poisoned and dropped with healthy ones), owned by nothing. */
	HWP_RUN_LOST,
	HWP_RUN_UNREADABLE,
};

struct hwp_run {
	uint64_t pfn, nr_pages;
	enum hwp_run_state state;
	/** Of the free block; -1 for none. */
	int order;
	/** -1 unless on a per-CPU list. */
	int cpu;
	bool is_poisoned;
};

/** 2^order pages from pfn without a poisoned one. */
struct hwp_healthy_block {
	uint64_t pfn;
	unsigned int order;
};

/** Huge page orders of the kernel's hstates, ascending. */
struct hwp_extent_orders {
	unsigned int orders[8];
	size_t nr;
};

/** One folio that holds poison, or the extent of one that was freed. */
struct hwp_folio {
	uint64_t head_pfn;
	int order;
	/**
	 * The largest that it may have been: above order when it was a HugeTLB
	 * page, of which the log does not tell the size.
	 */
	int max_order;
	enum hwp_extent_kind kind;
	enum hwp_extent_source source;
	/** Index of a poisoned page in it whose facts describe the folio. */
	size_t first_poisoned, nr_poisoned;
	/** Slices of hwp_findings.expected and hwp_findings.runs. */
	size_t first_expected, nr_expected, first_run, nr_runs;
	uint64_t nr_healthy, nr_healthy_lost;
	enum hwp_outcome outcome;
};

/** The first pfn behind it. */
static inline uint64_t hwp_folio_end(const struct hwp_folio *folio)
{
	return folio->head_pfn + (UINT64_C(1) << folio->order);
}

#endif /* HWP_MODEL_FOLIO_EXTENT_H */
