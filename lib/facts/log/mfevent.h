// SPDX-License-Identifier: GPL-2.0-or-later
/** Lines of the kernel log about memory failures: a pure parser. */
#ifndef HWP_FACTS_LOG_MFEVENT_H
#define HWP_FACTS_LOG_MFEVENT_H

#include "model/findings.h"

/** How a physical address becomes a pfn. */
struct hwp_address_rule {
	unsigned int page_shift;
	/** The bits that are an address; those above may be a key of memory encryption. */
	uint64_t physical_mask;
};

/** Pages of 4 KiB, and addresses of 46 bits. */
extern const struct hwp_address_rule hwp_usual_addresses;

/**
 * That of a kernel with pages of 2^@p page_shift bytes, 0 if it is not known, on @p machine
 * (utsname.machine). arm64 has up to 52 bits of address, and no key among them.
 */
struct hwp_address_rule hwp_addresses_of(const char *machine, unsigned int page_shift);

/**
 * Parse one line of @p len characters, as a row of formats.c says; false when it is about
 * something else. A line that names no page has has_pfn false.
 */
bool hwp_mfevent_parse(const char *text, size_t len, const struct hwp_address_rule *rule,
		       struct hwp_event *ret);

/**
 * The page of "BUG: Bad page state in process NAME  pfn:PFN", bad_page() in mm/page_alloc.c from
 * v4.18 to v7.3; false for any other line.
 */
bool hwp_bad_page_state_parse(const char *text, size_t len, uint64_t *pfn_ret);

#endif /* HWP_FACTS_LOG_MFEVENT_H */
