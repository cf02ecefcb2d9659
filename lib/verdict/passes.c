// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/passes.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "verdict/classify.h"

void hwp_passes_deinit(struct hwp_passes *passes)
{
	hwp_vec_deinit(&passes->seen);
	hwp_vec_deinit(&passes->best);
}

static const struct hwp_seen *find(const struct hwp_passes *passes, uint64_t pfn)
{
	size_t low = 0, high = passes->seen.nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (passes->seen.data[mid].pfn < pfn)
			low = mid + 1;
		else
			high = mid;
	}
	return low < passes->seen.nr && passes->seen.data[low].pfn == pfn ?
		       &passes->seen.data[low] :
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

/** These rest on records that must agree at any moment: one pass that says so is enough. */
static bool is_consistency(const char *name)
{
	static const char *const names[] = {
		"freelist-consistent",	    "methods-agree",	       "ranges-held",
		"folio-flag-matches-pages", "raw-hwp-list-consistent", "poison-accounted",
	};

	for (size_t i = 0; i < HWP_ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static int badness(enum hwp_result result)
{
	return result == HWP_FAIL ? 2 : result == HWP_INCONCLUSIVE;
}

static struct hwp_error *note_checks(struct hwp_passes *passes, struct hwp_findings *f)
{
	for (size_t i = 0; i < f->checks.nr; i++) {
		struct hwp_check_result *now = &f->checks.data[i], *best;

		if (i >= passes->best.nr && !hwp_vec_push(&passes->best, *now))
			return hwp_error_no_memory();
		best = &passes->best.data[i];
		if (badness(now->result) <= badness(best->result)) {
			*best = *now;
		} else if (is_consistency(now->name) ||
			   (now->result == HWP_INCONCLUSIVE &&
			    strcmp(now->name, "memmap-covered") != 0)) {
			*now = *best;
			f->nr_transient++;
		}
	}
	return NULL;
}

/** Troubles of this pass that no check rests on any more. */
static void drop_troubles(struct hwp_findings *f)
{
	for (size_t i = 0; i < f->checks.nr; i++) {
		if (strcmp(f->checks.data[i].name, "freelist-consistent") == 0 &&
		    f->checks.data[i].result == HWP_PASS)
			f->troubles.nr = 0;
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
		err = hwp_check_run(f);
	}
	if (!err)
		err = note_checks(passes, f);
	if (err)
		return err;
	drop_troubles(f);
	hwp_check_decide(f);
	return NULL;
}

bool hwp_passes_unsettled(const struct hwp_findings *f)
{
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		if (f->poisoned.data[i].unconfirmed)
			return true;
	}
	return f->verdict == HWP_VERDICT_INCOMPLETE || f->verdict == HWP_VERDICT_INCONSISTENT;
}
