// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/runs.h"

/** A list of the folio's zones was cut: what looks lost may be on it. */
static bool are_lists_cut(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	for (size_t i = 0; i < folio->nr_poisoned; i++) {
		int zone = f->poisoned.data[folio->first_poisoned + i].zone;

		if (zone < 0 || f->zones.data[zone].lists_cut)
			return true;
	}
	return false;
}

static enum hwp_run_state state_of(const struct hwp_findings *f,
				   const struct hwp_observed_run *seen)
{
	const struct hwp_poisoned *p = seen->is_poisoned ? hwp_findings_poisoned_at(f, seen->pfn) :
							   NULL;

	if (seen->what == HWP_OBSERVED_FREE)
		return seen->container == HWP_PCP_LIST ? HWP_RUN_PCP : HWP_RUN_BUDDY;
	if (p && p->state == HWP_STATE_DROPPED)
		return HWP_RUN_LOST;
	if (p && hwp_state_class(p->state) == HWP_CLASS_CONTAINED)
		return HWP_RUN_CONTAINED;
	switch (seen->what) {
	case HWP_OBSERVED_LOOSE_HEALTHY:
	case HWP_OBSERVED_LOOSE_POISONED:
		return HWP_RUN_LOST;
	case HWP_OBSERVED_IN_FLIGHT:
		return HWP_RUN_IN_FLIGHT;
	case HWP_OBSERVED_OFFLINE:
		return HWP_RUN_OFFLINE;
	case HWP_OBSERVED_UNREADABLE:
		return HWP_RUN_UNREADABLE;
	case HWP_OBSERVED_ACCOUNTED:
	case HWP_OBSERVED_MAY_HOLD:
	case HWP_OBSERVED_FREE:
		break;
	}
	return HWP_RUN_ALLOCATED;
}

/** Neighbouring runs outside free blocks may have got the same state: join them. */
static bool continues(const struct hwp_run *last, const struct hwp_run *run)
{
	return last->state == run->state && last->order < 0 && run->order < 0 &&
	       last->is_poisoned == run->is_poisoned;
}

static struct hwp_error *judge_freed(struct hwp_findings *f, const struct hwp_folio *folio)
{
	size_t i = hwp_vec_lower_bound(&f->observed, seen, seen->pfn < folio->head_pfn);
	bool lists_cut = are_lists_cut(f, folio);

	for (; i < f->observed.nr && f->observed.data[i].pfn < hwp_folio_end(folio); i++) {
		const struct hwp_observed_run *seen = &f->observed.data[i];
		struct hwp_run *last = f->runs.nr > folio->first_run ?
					       &f->runs.data[f->runs.nr - 1] :
					       NULL;
		struct hwp_run run = {
			.pfn = seen->pfn,
			.nr_pages = seen->nr_pages,
			.state = state_of(f, seen),
			.order = seen->order,
			.cpu = seen->cpu,
			.is_poisoned = seen->is_poisoned,
		};

		if (run.state == HWP_RUN_LOST && lists_cut)
			run.state = HWP_RUN_UNREADABLE;
		if (last && continues(last, &run))
			last->nr_pages += run.nr_pages;
		else if (!hwp_vec_push(&f->runs, run))
			return hwp_error_no_memory();
	}
	return NULL;
}

static bool push_allocated(struct hwp_findings *f, uint64_t pfn, uint64_t end_pfn, bool is_poisoned)
{
	struct hwp_run run = { .pfn = pfn,
			       .nr_pages = end_pfn - pfn,
			       .state = HWP_RUN_ALLOCATED,
			       .order = -1,
			       .cpu = -1,
			       .is_poisoned = is_poisoned };

	return pfn == end_pfn || hwp_vec_push(&f->runs, run);
}

/** A folio that exists is in use, or in the pool, as a whole. */
static struct hwp_error *judge_live(struct hwp_findings *f, const struct hwp_folio *folio)
{
	uint64_t pfn = folio->head_pfn;

	for (size_t i = 0; i < folio->nr_poisoned; i++) {
		uint64_t bad = f->poisoned.data[folio->first_poisoned + i].pfn;

		if (!push_allocated(f, pfn, bad, false) || !push_allocated(f, bad, bad + 1, true))
			return hwp_error_no_memory();
		pfn = bad + 1;
	}
	return push_allocated(f, pfn, hwp_folio_end(folio), false) ? NULL : hwp_error_no_memory();
}

/** The run of a folio that @p pfn lies in; NULL for none. */
static const struct hwp_run *run_at(const struct hwp_findings *f, uint64_t pfn)
{
	const struct hwp_folio *folio = hwp_findings_folio_at(f, pfn);
	const struct hwp_run *runs;
	size_t i;

	if (!folio || !folio->nr_runs)
		return NULL;
	runs = &f->runs.data[folio->first_run];
	i = hwp_lower_bound(runs, folio->nr_runs, run, run->pfn + run->nr_pages <= pfn);
	return i < folio->nr_runs ? &runs[i] : NULL;
}

/** A page set apart is used by nobody, whatever its struct page still says. */
static void settle_uses(struct hwp_findings *f)
{
	size_t nr = 0;

	for (size_t i = 0; i < f->uses.nr; i++) {
		const struct hwp_use use = f->uses.data[i];
		const struct hwp_run *run = run_at(f, use.pfn);
		struct hwp_use *last = nr ? &f->uses.data[nr - 1] : NULL;

		if (!run || run->state != HWP_RUN_ALLOCATED)
			continue;
		if (last && last->pfn >= run->pfn && hwp_use_continues(last, &use))
			last->nr_pages += use.nr_pages;
		else
			f->uses.data[nr++] = use;
	}
	f->uses.nr = nr;
}

struct hwp_error *hwp_runs_judge(struct hwp_findings *f)
{
	struct hwp_error *err = NULL;

	for (size_t i = 0; i < f->folios.nr && !err; i++) {
		struct hwp_folio *folio = &f->folios.data[i];

		folio->first_run = f->runs.nr;
		err = folio->kind == HWP_EXTENT_FREED ? judge_freed(f, folio) :
							judge_live(f, folio);
		folio->nr_runs = f->runs.nr - folio->first_run;
	}
	if (!err)
		settle_uses(f);
	return err;
}

static bool is_expected(const struct hwp_findings *f, const struct hwp_folio *folio,
			const struct hwp_run *run)
{
	for (size_t i = 0; i < folio->nr_expected; i++) {
		const struct hwp_healthy_block *b = &f->expected.data[folio->first_expected + i];

		if (run->pfn >= b->pfn &&
		    run->pfn + run->nr_pages <= b->pfn + (UINT64_C(1) << b->order))
			return true;
	}
	return false;
}

const struct hwp_run *hwp_runs_unexpected(const struct hwp_findings *f,
					  const struct hwp_folio *folio)
{
	for (size_t i = 0; i < folio->nr_runs; i++) {
		const struct hwp_run *run = &f->runs.data[folio->first_run + i];

		if ((run->state == HWP_RUN_BUDDY || run->state == HWP_RUN_PCP) &&
		    !is_expected(f, folio, run))
			return run;
	}
	return NULL;
}
