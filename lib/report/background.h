// SPDX-License-Identifier: GPL-2.0-or-later
/** What is behind a word of a report, beside its meaning. */
#ifndef HWP_REPORT_BACKGROUND_H
#define HWP_REPORT_BACKGROUND_H

#include "model/words.h"

/** Sentences; NULL where there is nothing to add. */
struct hwp_background {
	/** What the kernel did that it came to this. */
	const char *did;
	/** What follows for the machine and who looks after it. */
	const char *follows;
	/** A commit or a source. */
	const char *reference;
};

const struct hwp_background *hwp_background_of_state(enum hwp_state state);
const struct hwp_background *hwp_background_of_class(enum hwp_class class);
const struct hwp_background *hwp_background_of_verdict(enum hwp_verdict verdict);
const struct hwp_background *hwp_background_of_outcome(enum hwp_outcome outcome);
const struct hwp_background *hwp_background_of_cause(enum hwp_cause_kind cause);
const struct hwp_background *hwp_background_of_event(enum hwp_event_kind kind);

/** The results of memory failure, as its lines have them: a name and a meaning each. */
extern const struct hwp_words hwp_mf_results;
const struct hwp_background *hwp_background_of_mf_result(size_t result);

#endif /* HWP_REPORT_BACKGROUND_H */
