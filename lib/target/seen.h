// SPDX-License-Identifier: GPL-2.0-or-later
/** Which bytes of a dump's memory were read: what an excerpt of it needs. */
#ifndef HWP_TARGET_SEEN_H
#define HWP_TARGET_SEEN_H

#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

/** Bytes [start, end), by physical address. */
struct hwp_seen_range {
	uint64_t start, end;
};

struct hwp_seen {
	/** What tables, lists and structures are made of, page tables too. */
	HWP_VEC(struct hwp_seen_range) bytes;
	/** Whole pages that were asked for by physical address: what a page of memory holds. */
	HWP_VEC(struct hwp_seen_range) pages;
	/** How many ranges there are when they are joined next. */
	size_t limit;
	/** Memory ran out: something is missing. */
	bool failed;
};

/** One thread at a time. */
void hwp_seen_bytes(struct hwp_seen *seen, uint64_t start, uint64_t size);
void hwp_seen_page(struct hwp_seen *seen, uint64_t start, uint64_t size);

/** Sort seen.bytes, and join those that touch. */
void hwp_seen_join(struct hwp_seen *seen);

void hwp_seen_deinit(struct hwp_seen *seen);

#endif /* HWP_TARGET_SEEN_H */
