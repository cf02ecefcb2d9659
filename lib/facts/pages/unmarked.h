// SPDX-License-Identifier: GPL-2.0-or-later
/** Pages whose error is in the log, and which are not marked. */
#ifndef HWP_FACTS_PAGES_UNMARKED_H
#define HWP_FACTS_PAGES_UNMARKED_H

#include "facts/pages/collect.h"

/**
 * With events, poisoned pages and free lists known, fill findings.unmarked: what is there now
 * of each page that memory_failure() handled, that was not unpoisoned since, and that has no mark.
 */
struct hwp_error *hwp_unmarked_find(struct hwp_collector *collector);

#endif /* HWP_FACTS_PAGES_UNMARKED_H */
