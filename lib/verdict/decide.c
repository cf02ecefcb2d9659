// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/decide.h"

#include "verdict/check.h"
#include "verdict/classify.h"
#include "verdict/outcome.h"
#include "verdict/rasdaemon_join.h"
#include "verdict/runs.h"

struct hwp_error *hwp_decide(struct hwp_findings *f)
{
	struct hwp_error *err;

	err = hwp_rasdaemon_join(f, f->has_boot_time ? &f->boot_unix_seconds : NULL);
	if (err)
		return err;
	hwp_classify(f);
	err = hwp_outcome_expect(f);
	if (!err)
		err = hwp_runs_judge(f);
	if (err)
		return err;
	hwp_outcome_judge(f);
	return hwp_check_run(f);
}
