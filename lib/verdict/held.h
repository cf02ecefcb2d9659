// SPDX-License-Identifier: GPL-2.0-or-later
/** What kind of user holds a page now, and held it when memory failure met it. */
#ifndef HWP_VERDICT_HELD_H
#define HWP_VERDICT_HELD_H

#include "model/findings.h"

enum hwp_held {
	HWP_HELD_UNKNOWN,
	HWP_HELD_FREE,
	HWP_HELD_HUGETLB,
	/** A large folio that could not be split. */
	HWP_HELD_THP,
	/** An order-0 page, anonymous or of a file. */
	HWP_HELD_LRU,
	HWP_HELD_KERNEL,
};

/** What @p event says that the page was; HELD_UNKNOWN unless it is an action. */
enum hwp_held hwp_held_then(const struct hwp_event *event);

/**
 * Does @p event say that memory failure recovered a page that was free, or a user's? Of the
 * kernel's own pages none is recovered, whatever the line says.
 */
bool hwp_was_recovered(const struct hwp_event *event);

/**
 * Was @p page free when its error struck, and left where it was ("free buddy page: Delayed")? So
 * memory failure did until Linux kernel commit a8b2c2ce89d4 ("mm,hwpoison: take free pages off the
 * buddy freelists") (in v5.11). An allocation that meets such a page throws it away with the block
 * that it takes (mm/page_alloc.c, check_new_page()); compaction does not look, and moves data there
 * (mm/compaction.c, isolate_freepages_block()).
 */
bool hwp_was_left_free(const struct hwp_findings *findings, const struct hwp_poisoned *page);

/** What an allocated page's own words, and its folio's, say that it is. */
enum hwp_held hwp_held_now(const struct hwp_poisoned *page);

/** Can no page be held so @p then and so @p now without having been freed in between? */
bool hwp_held_by_others(enum hwp_held then, enum hwp_held now, const struct hwp_poisoned *page);

/** Does the page's struct page have marks that only users' pages have, current or left over? */
bool hwp_has_users_marks(const struct hwp_poisoned *page);

#endif /* HWP_VERDICT_HELD_H */
