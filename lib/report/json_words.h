// SPDX-License-Identifier: GPL-2.0-or-later
/** The verdict's reasons and the advice in JSON, as text reports have them. */
#ifndef HWP_REPORT_JSON_WORDS_H
#define HWP_REPORT_JSON_WORDS_H

#include "base/error.h"
#include "base/json.h"
#include "model/findings.h"

/** Begin with {}. */
struct hwp_json_words {
	char *reasons;
	HWP_VEC(char *) advice;
	bool failed;
};

void hwp_json_words_deinit(struct hwp_json_words *words);

/**
 * Before anything is printed, as a document is whole or is none: the only error is NO_MEMORY.
 */
struct hwp_error *hwp_json_words_find(const struct hwp_findings *findings,
				      struct hwp_json_words *ret);

void hwp_json_words_put(struct hwp_json *json, const struct hwp_json_words *words);

#endif /* HWP_REPORT_JSON_WORDS_H */
