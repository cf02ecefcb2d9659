// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * What happened to each poisoned page between its error and now: was it in free
 * memory, was it handed out, to whom? Pure functions of the findings.
 */
#ifndef HWP_VERDICT_PAST_H
#define HWP_VERDICT_PAST_H

#include "model/findings.h"
#include "verdict/event_index.h"

/**
 * With states, expected blocks and runs judged: was_free and was_handed_out of
 * every page and folio, and what the kernel's own
 * deeds say of the fix (findings.kernel.fix, where no symbol does).
 */
void hwp_past_judge(struct hwp_findings *findings, const struct hwp_event_index *index);

/** Does this kernel free the folio's pages one by one, and so withhold each that is flagged? */
bool hwp_frees_one_by_one(const struct hwp_findings *findings, const struct hwp_folio *folio);

/** Does the allocator throw every block away that holds a flagged page, and hand none out? */
bool hwp_hands_out_no_poison(const struct hwp_findings *findings);

/**
 * Are the page's words those that the fix leaves of a page that it withholds? The first pages of a
 * folio hold words of the folio's own.
 */
bool hwp_has_words_of_fix(const struct hwp_folio *folio, const struct hwp_poisoned *page);

/** Do the page's words have what the free path leaves of an order-0 page of a user? */
bool hwp_has_order_0_marks(const struct hwp_poisoned *page);

#endif /* HWP_VERDICT_PAST_H */
