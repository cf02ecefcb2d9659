// SPDX-License-Identifier: GPL-2.0-or-later
/** The history of each poisoned page and folio, step by step: pure functions of the findings. */
#ifndef HWP_VERDICT_HISTORY_H
#define HWP_VERDICT_HISTORY_H

#include "base/error.h"
#include "model/findings.h"
#include "verdict/event_index.h"

/** With the past and the outcomes judged: findings.steps and findings.victims. */
struct hwp_error *hwp_history_write(struct hwp_findings *findings,
				    const struct hwp_event_index *index);

/** Who it is, in words, in @p buf: "qemu[118]", "the file /srv/db". */
const char *hwp_victim_words(const struct hwp_findings *findings, const struct hwp_victim *victim,
			     char *buf, size_t size);

#endif /* HWP_VERDICT_HISTORY_H */
