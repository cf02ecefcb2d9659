// SPDX-License-Identifier: GPL-2.0-or-later
/** What the rows of table.c call: pure functions of the findings, by family. */
#ifndef HWP_VERDICT_CHECK_FUNCTIONS_H
#define HWP_VERDICT_CHECK_FUNCTIONS_H

#include "model/findings.h"

/** Set the detail of @p r; returns @p result. What does not fit is cut at a word, to "...". */
enum hwp_result hwp_check_answer(struct hwp_check_result *r, enum hwp_result result,
				 const char *fmt, ...)
	__attribute__((__format__(__printf__, 3, 4)));

/** Add to the detail of @p r. */
void hwp_check_add(struct hwp_check_result *r, const char *fmt, ...)
	__attribute__((__format__(__printf__, 2, 3)));

/** Note a number of the detail for programs too; @p name is a literal, once for each. */
void hwp_check_number(struct hwp_check_result *r, const char *name, int64_t value);

/** Note the first page or block that the detail names. */
void hwp_check_at(struct hwp_check_result *r, uint64_t pfn);

/** Add to the detail of @p r the pages whose state is unknown; false: there is none. */
bool hwp_check_add_unknown(const struct hwp_findings *f, struct hwp_check_result *r);

/** Holes of the kinds @p needs, HWP_NEEDS(); MEMMAP and LOG by coverage and log. */
uint64_t hwp_check_nr_holes(const struct hwp_findings *f, uint32_t needs);

/** The log has that a page was unpoisoned. Such lines are rate limited: others may be missing. */
bool hwp_check_has_unpoison(const struct hwp_findings *f);

#define HWP_CHECK_FUNCTION(name) \
	enum hwp_result name(const struct hwp_findings *f, struct hwp_check_result *r)

/* structure.c: was everything read, and is it consistent? */
HWP_CHECK_FUNCTION(hwp_check_memmap_covered);
HWP_CHECK_FUNCTION(hwp_check_freelist_consistent);
HWP_CHECK_FUNCTION(hwp_check_methods_agree);

/* marks.c: do free and withheld pages look like such, and are they counted? */
HWP_CHECK_FUNCTION(hwp_check_free_blocks_bare);
HWP_CHECK_FUNCTION(hwp_check_free_pages_counted);
HWP_CHECK_FUNCTION(hwp_check_lists_match_pageblocks);
HWP_CHECK_FUNCTION(hwp_check_withheld_unmarked);
HWP_CHECK_FUNCTION(hwp_check_events_marked);

/* spans.c: are pages inside of their zones? */
HWP_CHECK_FUNCTION(hwp_check_zones_span_pages);

/* leaks.c: where is the poison, and what went with it? */
HWP_CHECK_FUNCTION(hwp_check_poison_not_in_buddy);
HWP_CHECK_FUNCTION(hwp_check_poison_not_on_pcp);
HWP_CHECK_FUNCTION(hwp_check_poison_not_reused);
HWP_CHECK_FUNCTION(hwp_check_healthy_not_lost);
HWP_CHECK_FUNCTION(hwp_check_ranges_held);

/* records.c: what the kernel itself notes about poison. */
HWP_CHECK_FUNCTION(hwp_check_folio_flag_matches_pages);
HWP_CHECK_FUNCTION(hwp_check_raw_hwp_list_consistent);

/* counts.c: did the kernel count what was found? */
HWP_CHECK_FUNCTION(hwp_check_poison_accounted);
HWP_CHECK_FUNCTION(hwp_check_memory_blocks_accounted);
HWP_CHECK_FUNCTION(hwp_check_nodes_accounted);
/** How many more num_poisoned_pages is than was found; 0 unless repeated reports explain all. */
int64_t hwp_check_nr_counted_again(const struct hwp_findings *f);
/** Is the line a report of a page that was poisoned already? */
bool hwp_check_is_repeat(const struct hwp_event *event);

/* memory.c: who can still touch a poisoned page, and did anything write to it? */
HWP_CHECK_FUNCTION(hwp_check_poison_unmapped);
HWP_CHECK_FUNCTION(hwp_check_poison_unwritten);

#endif /* HWP_VERDICT_CHECK_FUNCTIONS_H */
