// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/passes.h"

#include "verdict/classify.h"
#include "verdict/issue.h"
#include "verdict/outcome.h"

void hwp_passes_deinit(struct hwp_passes *passes)
{
	hwp_vec_deinit(&passes->seen);
	hwp_vec_deinit(&passes->best);
}

static const struct hwp_seen *find(const struct hwp_passes *passes, uint64_t pfn)
{
	size_t i = hwp_vec_lower_bound(&passes->seen, seen, seen->pfn < pfn);

	return i < passes->seen.nr && passes->seen.data[i].pfn == pfn ? &passes->seen.data[i] :
									NULL;
}

/** Leaked and lost are one fate in two stages. */
static enum hwp_class fate_of(enum hwp_state state)
{
	enum hwp_class class = hwp_state_class(state);

	return class == HWP_CLASS_LOST ? HWP_CLASS_LEAKED : class;
}

static struct hwp_error *note_pages(struct hwp_passes *passes, struct hwp_findings *f)
{
	struct hwp_passes now = {};

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		struct hwp_poisoned *p = &f->poisoned.data[i];
		const struct hwp_seen *before = find(passes, p->pfn);
		struct hwp_seen seen = { p->pfn, fate_of(p->state), 1 };

		if (before && before->class == seen.class)
			seen.nr_passes = before->nr_passes + 1;
		p->nr_passes = seen.nr_passes;
		if (!hwp_vec_push(&now.seen, seen)) {
			hwp_passes_deinit(&now);
			return hwp_error_no_memory();
		}
	}
	hwp_vec_deinit(&passes->seen);
	passes->seen.data = now.seen.data;
	passes->seen.nr = now.seen.nr;
	passes->seen.capacity = now.seen.capacity;
	return NULL;
}

/** How far an answer is from being settled. */
static int badness(enum hwp_result result)
{
	return result == HWP_FAIL ? 2 : result == HWP_INCONCLUSIVE;
}

/** Does a better answer of an earlier pass count more than @p now? */
static bool is_outdone(const struct hwp_check_result *now)
{
	switch (now->check->settles) {
	case HWP_SETTLES_BY_BEST:
		return true;
	case HWP_SETTLES_BY_FAILURE:
		return now->result != HWP_FAIL;
	case HWP_SETTLES_BY_LAST:
		break;
	}
	return false;
}

static struct hwp_check_result *best_of(struct hwp_passes *passes, const struct hwp_check *check)
{
	for (size_t i = 0; i < passes->best.nr; i++) {
		if (passes->best.data[i].check == check)
			return &passes->best.data[i];
	}
	return NULL;
}

static struct hwp_error *note_checks(struct hwp_passes *passes, struct hwp_findings *f)
{
	for (size_t i = 0; i < f->checks.nr; i++) {
		struct hwp_check_result *now = &f->checks.data[i];
		struct hwp_check_result *best = best_of(passes, now->check);

		if (!best && !hwp_vec_push(&passes->best, *now))
			return hwp_error_no_memory();
		if (!best)
			continue;
		if (badness(now->result) <= badness(best->result)) {
			*best = *now;
		} else if (is_outdone(now)) {
			*now = *best;
			f->nr_transient++;
		}
	}
	return NULL;
}

/** Contradictions, and the holes that @p check needs to be without. */
static void drop_answered(struct hwp_findings *f, const struct hwp_check *check)
{
	size_t nr = 0;

	for (size_t i = 0; i < f->troubles.nr; i++) {
		const struct hwp_trouble *t = &f->troubles.data[i];

		if (t->kind == HWP_TROUBLE_HOLE && !(check->needs & HWP_NEEDS(t->hole)))
			f->troubles.data[nr++] = *t;
	}
	f->troubles.nr = nr;
}

/** When the check that reports troubles passes, those of this pass no longer count. */
static void drop_troubles(struct hwp_findings *f)
{
	for (size_t i = 0; i < f->checks.nr; i++) {
		if (f->checks.data[i].check->answers_troubles &&
		    f->checks.data[i].result == HWP_PASS)
			drop_answered(f, f->checks.data[i].check);
	}
}

static bool doubt_leaks(struct hwp_findings *f, unsigned int wanted)
{
	bool doubted = false;

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		struct hwp_poisoned *p = &f->poisoned.data[i];

		if (fate_of(p->state) != HWP_CLASS_LEAKED || p->nr_passes >= wanted)
			continue;
		p->unconfirmed = true;
		p->state = HWP_STATE_UNKNOWN;
		doubted = true;
	}
	return doubted;
}

struct hwp_error *hwp_passes_add(struct hwp_passes *passes, unsigned int wanted,
				 struct hwp_findings *f)
{
	struct hwp_error *err;

	f->nr_passes = ++passes->nr;
	err = note_pages(passes, f);
	if (!err && doubt_leaks(f, wanted)) {
		hwp_summarise(f);
		hwp_outcome_count_lost(f);
		err = hwp_check_run(f);
	}
	if (!err)
		err = note_checks(passes, f);
	if (err)
		return err;
	drop_troubles(f);
	hwp_check_decide(f);
	return hwp_issues_match(f);
}

bool hwp_passes_unsettled(const struct hwp_findings *f)
{
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		if (f->poisoned.data[i].unconfirmed)
			return true;
	}
	return f->verdict == HWP_VERDICT_INCOMPLETE || f->verdict == HWP_VERDICT_INCONSISTENT;
}
