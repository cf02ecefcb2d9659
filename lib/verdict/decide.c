// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/decide.h"

#include "base/cleanup.h"
#include "verdict/check.h"
#include "verdict/classify.h"
#include "verdict/history.h"
#include "verdict/issue.h"
#include "verdict/outcome.h"
#include "verdict/past.h"
#include "verdict/rasdaemon_join.h"
#include "verdict/records.h"
#include "verdict/runs.h"

static struct hwp_error *decide(struct hwp_findings *f, struct hwp_event_index *index)
{
	struct hwp_error *err = hwp_event_index_init(index, f);

	if (!err)
		err = hwp_classify(f);
	if (!err)
		err = hwp_outcome_expect(f);
	if (!err)
		err = hwp_runs_judge(f);
	if (err)
		return err;
	hwp_past_judge(f, index);
	hwp_outcome_judge(f);
	hwp_records_judge(f);
	err = hwp_history_write(f, index);
	if (!err)
		err = hwp_check_run(f);
	return err ? err : hwp_issues_match(f);
}

struct hwp_error *hwp_decide(struct hwp_findings *f)
{
	_cleanup_(hwp_event_index_deinit) struct hwp_event_index index = {};
	struct hwp_error *err;

	err = hwp_rasdaemon_join(f, f->has_boot_time ? &f->boot_unix_seconds : NULL);
	return err ? err : decide(f, &index);
}
