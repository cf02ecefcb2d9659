// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/record_leaks.h"

#include <stdio.h>

/** The first process that had it and whose name is known. */
static void name_victim(const struct hwp_findings *f, const struct hwp_poisoned *p,
			struct hwp_leak *leak)
{
	leak->pid = -1;
	for (size_t i = 0; i < p->nr_victims && leak->pid < 0; i++) {
		const struct hwp_victim *victim = &f->victims.data[p->first_victim + i];

		if (victim->kind != HWP_VICTIM_PROCESS || victim->pid < 0)
			continue;
		leak->pid = victim->pid;
		snprintf(leak->comm, sizeof(leak->comm), "%s", victim->comm);
	}
}

/** What @p p shows, in @p ret; false: it has not leaked. */
static bool describe(const struct hwp_leak_record *record, const struct hwp_findings *f,
		     const struct hwp_poisoned *p, int64_t now, struct hwp_leak *ret)
{
	const struct hwp_leak *known = hwp_leak_record_find(record, p->pfn);
	enum hwp_class class = hwp_state_class(p->state);
	bool is_now = class == HWP_CLASS_LEAKED || class == HWP_CLASS_LOST;

	/* What one pass alone saw is not enough to say so. */
	if (p->unconfirmed || (!is_now && p->was_free != HWP_ANSWER_YES))
		return false;
	*ret = (struct hwp_leak){
		.pfn = p->pfn,
		.seen_free = p->was_free == HWP_ANSWER_YES || class == HWP_CLASS_LEAKED,
		.seen_in_use = p->was_handed_out == HWP_ANSWER_YES,
		.seen_dropped = p->state == HWP_STATE_DROPPED,
		.first_seconds = is_now || !known ? now : known->first_seconds,
		.last_seconds = is_now || !known ? now : known->last_seconds,
	};
	name_victim(f, p, ret);
	return true;
}

struct hwp_error *hwp_record_leaks(struct hwp_leak_record *record, const struct hwp_findings *f,
				   int64_t now)
{
	struct hwp_error *err = NULL;
	uint64_t nr_more = 0;

	for (size_t i = 0; i < f->poisoned.nr && !err; i++) {
		struct hwp_leak leak;
		bool has_room;

		if (!describe(record, f, &f->poisoned.data[i], now, &leak))
			continue;
		err = hwp_leak_record_add(record, &leak, &has_room);
		nr_more += !err && !has_room;
	}
	/* These may be the same as before, or others. */
	if (nr_more > record->nr_more)
		record->nr_more = nr_more;
	return err;
}
