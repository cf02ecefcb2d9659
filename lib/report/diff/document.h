// SPDX-License-Identifier: GPL-2.0-or-later
/** A report that was written as JSON, read again: what `diff` compares. */
#ifndef HWP_REPORT_DIFF_DOCUMENT_H
#define HWP_REPORT_DIFF_DOCUMENT_H

#include "base/error.h"
#include "base/vec.h"
#include "model/words.h"

struct hwp_document_page {
	uint64_t pfn;
	enum hwp_state state;
	enum hwp_answer was_free, was_handed_out;
};

struct hwp_document_check {
	char name[64];
	enum hwp_result result;
};

/** Empty and 0 for what the document does not know. */
struct hwp_document {
	char host[66], boot_id[40], kernel[128];
	/** Both are known: when it was, and how long the machine had run. */
	bool has_time;
	int64_t unix_seconds, uptime_seconds;
	/** A power of two. */
	uint64_t page_size;
	enum hwp_verdict verdict;
	/** Every struct page of online memory was read. */
	bool is_covered;
	uint64_t nr_healthy_lost;
	/** Ascending by pfn, each pfn once. */
	HWP_VEC(struct hwp_document_page) pages;
	HWP_VEC(struct hwp_document_check) checks;
};

/**
 * Read @p size bytes of @p text; @p ret is zeroed by the caller, and is to be deinitialised after
 * an error as well. BAD_DATA for what is no report of schema hwpoison.report/1.
 */
struct hwp_error *hwp_document_parse(const char *text, size_t size, struct hwp_document *ret);
void hwp_document_deinit(struct hwp_document *document);

/** The page @p pfn, or NULL. */
const struct hwp_document_page *hwp_document_page(const struct hwp_document *document,
						  uint64_t pfn);

#endif /* HWP_REPORT_DIFF_DOCUMENT_H */
