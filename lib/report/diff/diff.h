// SPDX-License-Identifier: GPL-2.0-or-later
/** What changed between two reports of one machine. */
#ifndef HWP_REPORT_DIFF_DIFF_H
#define HWP_REPORT_DIFF_DIFF_H

#include "report/diff/document.h"
#include "report/report.h"

/** What became of a page, a check or all of it; the worse, the higher. */
enum hwp_change_kind {
	HWP_CHANGE_NONE,
	/** It is another state, and no better or worse. */
	HWP_CHANGE_OTHER,
	HWP_CHANGE_BETTER,
	/** Whether it is better or worse cannot be said. */
	HWP_CHANGE_UNKNOWN,
	HWP_CHANGE_WORSE,
};

struct hwp_page_change {
	uint64_t pfn;
	enum hwp_change_kind kind;
	/** NULL: the page was not poisoned. */
	const struct hwp_document_page *old_page, *new_page;
	/** In a few words. */
	const char *why;
};

struct hwp_check_change {
	const struct hwp_document_check *old_check, *new_check;
	enum hwp_change_kind kind;
};

struct hwp_diff {
	const char *old_path, *new_path;
	const struct hwp_document *old_document, *new_document;
	/** Of one boot: HWP_ANSWER_UNKNOWN where neither the boot id nor the clock shows it. */
	enum hwp_answer same_boot;
	/** The new one is of an earlier time. */
	bool is_backwards;
	/** Changes, and nothing that stayed; ascending by pfn, and as in the documents. */
	HWP_VEC(struct hwp_page_change) pages;
	HWP_VEC(struct hwp_check_change) checks;
	enum hwp_change_kind healthy_lost, verdict;
	/** The worst of all. */
	enum hwp_change_kind result;
};

/** Compare; @p ret borrows the documents and paths, and is zeroed by the caller. */
struct hwp_error *hwp_diff_make(const struct hwp_document *old_document,
				const struct hwp_document *new_document, struct hwp_diff *ret);
void hwp_diff_deinit(struct hwp_diff *diff);

/** Why they are not of one machine and boot; NULL if they may be. A literal. */
const char *hwp_diff_stranger(const struct hwp_diff *diff);

/** 0: the same, or better; 1: worse; 2: cannot be said. */
int hwp_diff_exit_status(const struct hwp_diff *diff);

const char *hwp_change_kind_name(enum hwp_change_kind kind);

struct hwp_error *hwp_diff_text(FILE *out, const struct hwp_diff *diff,
				const struct hwp_report_style *style);

/** Schema hwpoison.diff/1. */
struct hwp_error *hwp_diff_json(FILE *out, const struct hwp_diff *diff);

#endif /* HWP_REPORT_DIFF_DIFF_H */
