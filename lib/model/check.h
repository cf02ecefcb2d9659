// SPDX-License-Identifier: GPL-2.0-or-later
/** A question about the findings, its answer, and the verdict that follows. */
#ifndef HWP_MODEL_CHECK_H
#define HWP_MODEL_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "model/words.h"

struct hwp_findings;
struct hwp_check_result;

/** Which answer counts when passes over a running kernel give different ones. */
enum hwp_settles {
	/** The last one. */
	HWP_SETTLES_BY_LAST = 1,
	/** The best one: the records agreed at that moment, so no other can show corruption. */
	HWP_SETTLES_BY_BEST,
	/** The last one if it failed, else the best one: what one pass could not read, another did. */
	HWP_SETTLES_BY_FAILURE,
};

/** What it means that a check has a result. */
struct hwp_check_outcome {
	/** A sentence without full stop; NULL: the check never has this result. */
	const char *meaning;
	/** The verdict is this or a worse one; CLEAN where the result decides nothing. */
	enum hwp_verdict verdict;
};

/** As an element of hwp_check.needs: enum hwp_hole. */
#define HWP_NEEDS(hole) (UINT32_C(1) << (hole))

/** One check: all that is to be known of it, in one row of check/table.c. */
struct hwp_check {
	/** As in reports, in JSON and for `hwpoison help`. */
	const char *name;
	/** What is so when it passes; no full stop. */
	const char *statement;
	/** Why that can be asked, and how it is answered: sentences. */
	const char *background;
	/**
	 * By enum hwp_result. Where the kernel cannot mark pages every check is
	 * skipped, without a word of its own here, and a skipped check decides nothing.
	 */
	struct hwp_check_outcome outcomes[HWP_NR_RESULTS];
	/** HWP_NEEDS() of what it cannot pass without: while that has a hole, it is inconclusive. */
	uint32_t needs;
	/** It answers by the contradictions and by the holes that it needs: they are settled with it. */
	bool answers_troubles;
	enum hwp_settles settles;
	/** Answer by hwp_check_answer() and hwp_check_add(). */
	enum hwp_result (*run)(const struct hwp_findings *findings,
			       struct hwp_check_result *result);
};

/** Numbers that a check has found, at most. */
#define HWP_MAX_CHECK_NUMBERS 6

/** A number in the words of a check, for programs. */
struct hwp_check_number {
	/** A literal: "nr_…" for a count. */
	const char *name;
	int64_t value;
};

/** What a check has found. */
struct hwp_check_result {
	const struct hwp_check *check;
	enum hwp_result result;
	/** Inconclusive as something could not be read that was there: incomplete at best. */
	bool lacks_evidence;
	/** A sentence without full stop, on one line. */
	char detail[384];
	/** The numbers in it, and the first page or block that it names. */
	struct hwp_check_number numbers[HWP_MAX_CHECK_NUMBERS];
	unsigned int nr_numbers;
	bool has_pfn;
	uint64_t pfn;
};

#endif /* HWP_MODEL_CHECK_H */
