// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/rasdaemon_join.h"

#include <string.h>

#include "base/clock.h"

/* rasdaemon rounds to seconds, twice, and the kernel log's clock is not disciplined. */
#define NEAR_SECONDS 5
#define DRIFT_PER_SECONDS 5000

/** A row or an event, in the order of pfns and then of time. */
struct entry {
	uint64_t pfn;
	size_t index;
};

typedef HWP_VEC(struct entry) entry_vec;
typedef HWP_VEC(int64_t) seconds_vec;

struct join {
	struct hwp_findings *findings;
	entry_vec rows, actions;
	seconds_vec boots;
};

static void join_deinit(struct join *j)
{
	hwp_vec_deinit(&j->rows);
	hwp_vec_deinit(&j->actions);
	hwp_vec_deinit(&j->boots);
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->pfn != y->pfn)
		return x->pfn < y->pfn ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static int compare_seconds(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void sort(entry_vec *entries)
{
	if (entries->nr)
		qsort(entries->data, entries->nr, sizeof(*entries->data), compare_entries);
}

static struct hwp_error *list(struct join *j)
{
	const struct hwp_findings *f = j->findings;

	for (size_t i = 0; i < f->rasdaemon.nr; i++) {
		struct entry entry = { f->rasdaemon.data[i].pfn, i };

		if (f->rasdaemon.data[i].kind == HWP_EVENT_ACTION &&
		    f->rasdaemon.data[i].has_time && !hwp_vec_push(&j->rows, entry))
			return hwp_error_no_memory();
	}
	for (size_t i = 0; i < f->events.nr; i++) {
		struct entry entry = { f->events.data[i].pfn, i };

		if (f->events.data[i].kind == HWP_EVENT_ACTION && !hwp_vec_push(&j->actions, entry))
			return hwp_error_no_memory();
	}
	sort(&j->rows);
	sort(&j->actions);
	return NULL;
}

static int64_t seconds_of(const struct hwp_event *e)
{
	return (int64_t)(e->time_ns / HWP_NS_PER_SECOND);
}

/**
 * The last row about a page with the last action about it, the last but one with
 * the last but one, and so on: each pair gives a time of the boot.
 */
static struct hwp_error *guess_boots(struct join *j)
{
	const struct hwp_findings *f = j->findings;
	size_t row = j->rows.nr, action = j->actions.nr;

	while (row && action) {
		const struct entry *r = &j->rows.data[row - 1], *a = &j->actions.data[action - 1];
		const struct hwp_rasdaemon_row *last = &f->rasdaemon.data[r->index];
		const struct hwp_event *e = &f->events.data[a->index];

		if (r->pfn == a->pfn && strcmp(last->result, e->result) == 0 &&
		    !hwp_vec_push(&j->boots, last->unix_seconds - seconds_of(e)))
			return hwp_error_no_memory();
		row -= r->pfn >= a->pfn;
		action -= a->pfn >= r->pfn;
	}
	return NULL;
}

static bool is_near(const struct hwp_rasdaemon_row *row, const struct hwp_event *e, int64_t boot)
{
	int64_t apart = row->unix_seconds - boot - seconds_of(e);

	return llabs(apart) <= NEAR_SECONDS + seconds_of(e) / DRIFT_PER_SECONDS;
}

/** Each action takes the first row with its result that is free and near. */
static void join_rows(struct join *j, int64_t boot)
{
	struct hwp_findings *f = j->findings;
	size_t first = 0;

	for (size_t i = 0; i < j->actions.nr; i++) {
		struct hwp_event *e = &f->events.data[j->actions.data[i].index];

		while (first < j->rows.nr && j->rows.data[first].pfn < e->pfn)
			first++;
		for (size_t k = first; k < j->rows.nr && j->rows.data[k].pfn == e->pfn; k++) {
			size_t index = j->rows.data[k].index;
			struct hwp_rasdaemon_row *row = &f->rasdaemon.data[index];

			if (row->event >= 0 || strcmp(row->result, e->result) != 0 ||
			    !is_near(row, e, boot))
				continue;
			row->event = (int64_t)j->actions.data[i].index;
			e->rasdaemon = (int64_t)index;
			first = k + 1;
			break;
		}
	}
}

/**
 * A row that is later than every action of the log is of this boot if the kernel
 * still runs: a dump is of one moment, and rasdaemon's file may be a later copy.
 */
static void set_boots(struct hwp_findings *f, int64_t boot)
{
	int64_t last = 0;

	for (size_t i = 0; i < f->events.nr; i++)
		if (f->events.data[i].kind == HWP_EVENT_ACTION)
			last = seconds_of(&f->events.data[i]);
	last += NEAR_SECONDS + last / DRIFT_PER_SECONDS;
	for (size_t i = 0; i < f->rasdaemon.nr; i++) {
		struct hwp_rasdaemon_row *row = &f->rasdaemon.data[i];

		if (row->event >= 0)
			row->boot = HWP_BOOT_THIS;
		else if (!row->has_time)
			row->boot = HWP_BOOT_UNKNOWN;
		else if (row->unix_seconds < boot - NEAR_SECONDS)
			row->boot = HWP_BOOT_EARLIER;
		else if (f->live || row->unix_seconds <= boot + last)
			row->boot = HWP_BOOT_THIS;
	}
}

/** rasdaemon may know the module of an error at a poisoned page where the log has no name. */
static void name_modules(struct hwp_findings *f)
{
	for (size_t i = 0; i < f->rasdaemon.nr; i++) {
		const struct hwp_rasdaemon_row *row = &f->rasdaemon.data[i];
		size_t page = hwp_findings_poisoned_index(f, row->pfn);
		struct hwp_poisoned *p = &f->poisoned.data[page];

		if (!row->module[0] || page == f->poisoned.nr || p->pfn != row->pfn ||
		    (p->module[0] && p->module_source == HWP_MODULE_LOG))
			continue;
		memcpy(p->module, row->module, sizeof(p->module));
		p->module_source = HWP_MODULE_RASDAEMON;
	}
}

struct hwp_error *hwp_rasdaemon_join(struct hwp_findings *f, const int64_t *boot_unix_seconds)
{
	_cleanup_(join_deinit) struct join j = { .findings = f };
	struct hwp_error *err;
	int64_t boot;

	name_modules(f);
	err = list(&j);
	if (!err && !boot_unix_seconds)
		err = guess_boots(&j);
	if (err || (!boot_unix_seconds && !j.boots.nr))
		return err;
	if (j.boots.nr)
		qsort(j.boots.data, j.boots.nr, sizeof(*j.boots.data), compare_seconds);
	boot = boot_unix_seconds ? *boot_unix_seconds : j.boots.data[j.boots.nr / 2];
	join_rows(&j, boot);
	set_boots(f, boot);
	return NULL;
}

const struct hwp_rasdaemon_row *hwp_rasdaemon_alone(const struct hwp_findings *f, uint64_t pfn)
{
	for (size_t i = f->rasdaemon.nr; i > 0; i--) {
		const struct hwp_rasdaemon_row *row = &f->rasdaemon.data[i - 1];

		if (row->kind == HWP_EVENT_ACTION && row->pfn == pfn && row->event < 0 &&
		    row->boot == HWP_BOOT_THIS)
			return row;
	}
	return NULL;
}
