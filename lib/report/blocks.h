// SPDX-License-Identifier: GPL-2.0-or-later
/** Healthy ranges and their blocks, for people. */
#ifndef HWP_REPORT_BLOCKS_H
#define HWP_REPORT_BLOCKS_H

#include "model/findings.h"
#include "report/text.h"

/** Ranges that blocks which follow one another make up. */
size_t hwp_count_ranges(const struct hwp_healthy_block *blocks, size_t nr);

/** A table of the ranges of @p nr > 0 ascending blocks, each with its blocks. */
void hwp_text_blocks(struct hwp_text *text, const struct hwp_healthy_block *blocks, size_t nr);

/** "510 healthy + 2 poisoned = 512 = 2^9"; says so where the sum is not 2^order. */
void hwp_text_sum(struct hwp_text *text, uint64_t nr_healthy, uint64_t nr_poisoned,
		  unsigned int order);

#endif /* HWP_REPORT_BLOCKS_H */
