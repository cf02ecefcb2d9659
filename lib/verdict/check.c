// SPDX-License-Identifier: GPL-2.0-or-later
/** Runs the rows of check/table.c, and decides by what they and the pages' states say. */
#include "verdict/check.h"

#include <string.h>

#include "base/bits.h"
#include "verdict/cause.h"
#include "verdict/check/functions.h"

const struct hwp_check *hwp_check_find(const char *name)
{
	size_t nr;
	const struct hwp_check *checks = hwp_checks(&nr);

	for (size_t i = 0; i < nr; i++) {
		if (strcmp(checks[i].name, name) == 0)
			return &checks[i];
	}
	return NULL;
}

/** No check passes without what it needs; a failure stands. */
static void apply_needs(const struct hwp_findings *f, struct hwp_check_result *r)
{
	const char *separator = ", but ";

	if (r->result != HWP_PASS || !hwp_check_nr_holes(f, r->check->needs))
		return;
	r->result = HWP_INCONCLUSIVE;
	for (int hole = HWP_NO_HOLE + 1; hole < HWP_NR_HOLES; hole++) {
		if (!(r->check->needs & HWP_NEEDS(hole)) || !hwp_check_nr_holes(f, HWP_NEEDS(hole)))
			continue;
		hwp_check_add(r, "%s%s", separator, hwp_hole_meaning((enum hwp_hole)hole));
		separator = " and ";
	}
	hwp_check_add(r, " could not all be read");
}

/** By the pages' states alone. */
static enum hwp_verdict verdict_by_states(const struct hwp_findings *f)
{
	const uint64_t *nr = f->summary.nr_by_class;

	if (nr[HWP_CLASS_LEAKED] || nr[HWP_CLASS_LOST])
		return HWP_VERDICT_LEAKED;
	if (f->summary.nr_leaked_before)
		return HWP_VERDICT_LEAKED_BEFORE;
	/* The kernel did not live to deal with that error; or whether it did is not known. */
	if (nr[HWP_CLASS_UNKNOWN] || f->cause.kind == HWP_CAUSE_MEMORY_ERROR ||
	    (f->cause.kind == HWP_CAUSE_UNKNOWN && hwp_panicked(f)))
		return HWP_VERDICT_INCOMPLETE;
	if (nr[HWP_CLASS_KERNEL] || f->summary.nr_past_unknown || f->summary.nr_can_leak)
		return HWP_VERDICT_AT_RISK;
	return HWP_VERDICT_CLEAN;
}

void hwp_check_decide(struct hwp_findings *f)
{
	f->verdict = verdict_by_states(f);
	for (size_t i = 0; i < f->checks.nr; i++) {
		const struct hwp_check_result *r = &f->checks.data[i];
		enum hwp_verdict verdict = r->check->outcomes[r->result].verdict;

		/* Worse verdicts are smaller. */
		if (r->result == HWP_INCONCLUSIVE && r->lacks_evidence &&
		    HWP_VERDICT_INCOMPLETE < verdict)
			verdict = HWP_VERDICT_INCOMPLETE;
		if (r->result != HWP_SKIP && verdict < f->verdict)
			f->verdict = verdict;
	}
}

struct hwp_error *hwp_check_run(struct hwp_findings *f)
{
	size_t nr;
	const struct hwp_check *checks = hwp_checks(&nr);

	hwp_cause_judge(f);
	f->checks.nr = 0;
	for (size_t i = 0; i < nr; i++) {
		struct hwp_check_result r = { .check = &checks[i] };

		if (!f->kernel.has_memory_failure)
			r.result = hwp_check_answer(&r, HWP_SKIP,
						    "this kernel cannot mark pages "
						    "(CONFIG_MEMORY_FAILURE is off)");
		else
			r.result = checks[i].run(f, &r);
		apply_needs(f, &r);
		if (!hwp_vec_push(&f->checks, r))
			return hwp_error_no_memory();
	}
	hwp_check_decide(f);
	return NULL;
}
