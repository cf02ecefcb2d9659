// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/history.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/plural.h"
#include "verdict/classify.h"
#include "verdict/held.h"

/* Lines of the log in one history: a page that is met again and again has more. */
#define MAX_ERRORS 16
/* Names of victims in one sentence. */
#define MAX_NAMES 3

typedef HWP_VEC(size_t) size_vec;

static void sizes_deinit(size_vec *sizes)
{
	hwp_vec_deinit(sizes);
}

/** @p text lives as long as the findings. */
static struct hwp_error *add_step(struct hwp_findings *f, enum hwp_step_kind kind,
				  enum hwp_confidence confidence, const char *text)
{
	struct hwp_step step = { .kind = kind, .confidence = confidence, .event = -1, .text = text };

	return hwp_vec_push(&f->steps, step) ? NULL : hwp_error_no_memory();
}

/** add_step() with a text of its own. */
static struct hwp_error *add_written_step(struct hwp_findings *f, enum hwp_step_kind kind,
					  enum hwp_confidence confidence, const char *fmt, ...)
	__attribute__((__format__(__printf__, 4, 5)));

static struct hwp_error *add_written_step(struct hwp_findings *f, enum hwp_step_kind kind,
					  enum hwp_confidence confidence, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		return hwp_error_no_memory();
	if (!hwp_vec_push(&f->step_texts, text)) {
		free(text);
		return hwp_error_no_memory();
	}
	return add_step(f, kind, confidence, text);
}

/** Is the line about a page a step of its history? */
static bool is_step(const struct hwp_event *e)
{
	switch (e->kind) {
	case HWP_EVENT_ACTION:
	case HWP_EVENT_SIGBUS:
	case HWP_EVENT_KILLED:
	case HWP_EVENT_PANIC:
	case HWP_EVENT_SOFT_OFFLINE:
	case HWP_EVENT_SOFT_OFFLINE_FAILED:
	case HWP_EVENT_UNPOISON:
	case HWP_EVENT_MACHINE_CHECK:
		return true;
	case HWP_EVENT_ALREADY_POISONED:
	case HWP_EVENT_INJECTED:
	case HWP_EVENT_SPLIT_FAILED:
	case HWP_EVENT_HARDWARE:
	case HWP_EVENT_CORRECTED:
	case HWP_EVENT_OTHER:
		break;
	}
	return false;
}

static int compare_sizes(const void *left, const void *right)
{
	const size_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static struct hwp_error *add_event(struct hwp_findings *f, size_t i)
{
	const struct hwp_event *e = &f->events.data[i];
	struct hwp_step step = {
		.kind = e->kind == HWP_EVENT_UNPOISON ? HWP_STEP_UNPOISON : HWP_STEP_ERROR,
		.has_time = true,
		.time_ns = e->time_ns,
		.confidence = HWP_CERTAIN,
		.event = (int64_t)i,
		.text = e->text,
	};

	return hwp_vec_push(&f->steps, step) ? NULL : hwp_error_no_memory();
}

/** The lines of the log about [@p pfn, @p end_pfn), in order of time: the first ones. */
static struct hwp_error *add_errors(struct hwp_findings *f, const struct hwp_event_index *index,
				    uint64_t pfn, uint64_t end_pfn)
{
	_cleanup_(sizes_deinit) size_vec events = {};
	struct hwp_event_lines lines = hwp_event_lines(index, pfn, end_pfn);
	const struct hwp_event *e;
	struct hwp_error *err = NULL;

	while ((e = hwp_event_next(&lines))) {
		if (is_step(e) && !hwp_vec_push(&events, (size_t)(e - f->events.data)))
			return hwp_error_no_memory();
	}
	if (events.nr)
		qsort(events.data, events.nr, sizeof(*events.data), compare_sizes);
	for (size_t i = 0; i < events.nr && i < MAX_ERRORS && !err; i++)
		err = add_event(f, events.data[i]);
	return err;
}

static bool is_same(const struct hwp_victim *a, const struct hwp_victim *b)
{
	return a->kind == b->kind && a->pid == b->pid && a->file == b->file &&
	       strcmp(a->comm, b->comm) == 0;
}

/** Each victim once in the slice that begins at @p first. */
static struct hwp_error *add_victim(struct hwp_findings *f, size_t first,
				    const struct hwp_victim *victim)
{
	for (size_t i = first; i < f->victims.nr; i++) {
		if (is_same(&f->victims.data[i], victim)) {
			f->victims.data[i].has_it_now |= victim->has_it_now;
			return NULL;
		}
	}
	return hwp_vec_push(&f->victims, *victim) ? NULL : hwp_error_no_memory();
}

static struct hwp_error *add_process(struct hwp_findings *f, size_t first, int pid,
				     const char *comm, bool has_it_now,
				     enum hwp_confidence confidence)
{
	struct hwp_victim victim = {
		.kind = HWP_VICTIM_PROCESS,
		.pid = pid,
		.file = -1,
		.has_it_now = has_it_now,
		.confidence = confidence,
	};

	snprintf(victim.comm, sizeof(victim.comm), "%s", comm);
	return add_victim(f, first, &victim);
}

/** Those that nothing names. */
static struct hwp_error *add_nameless(struct hwp_findings *f, size_t first,
				      const struct hwp_poisoned *p)
{
	bool has_it_now = p->state == HWP_STATE_REUSED;
	struct hwp_victim victim = {
		.kind = hwp_has_users_marks(p) || p->folio.kind == HWP_FOLIO_LARGE ||
					p->folio.kind == HWP_FOLIO_HUGETLB ?
				HWP_VICTIM_PROCESS :
				HWP_VICTIM_KERNEL,
		.pid = -1,
		.file = -1,
		.has_it_now = has_it_now,
		.confidence = p->past_confidence,
	};

	return add_victim(f, first, &victim);
}

static struct hwp_error *find_victims(struct hwp_findings *f, struct hwp_poisoned *p)
{
	const struct hwp_leak *seen = hwp_leak_record_find(&f->since_boot, p->pfn);
	bool has_it_now = p->state == HWP_STATE_REUSED;
	struct hwp_error *err = NULL;

	p->first_victim = f->victims.nr;
	if (p->was_handed_out != HWP_ANSWER_YES)
		return NULL;
	if (has_it_now && p->owner.found)
		err = add_process(f, p->first_victim, p->owner.pid, p->owner.comm, true,
				  p->past_confidence);
	if (!err && has_it_now && p->owner.has_file) {
		struct hwp_victim victim = {
			.kind = HWP_VICTIM_FILE,
			.pid = -1,
			.file = (int64_t)p->owner.file,
			.has_it_now = true,
			.confidence = p->past_confidence,
		};

		err = add_victim(f, p->first_victim, &victim);
	}
	if (!err && hwp_page_owner_when(f, p) == HWP_AFTER_ERROR && p->page_owner.pid >= 0)
		err = add_process(f, p->first_victim, p->page_owner.pid, p->page_owner.comm,
				  has_it_now, HWP_CERTAIN);
	if (!err && seen && seen->pid >= 0)
		err = add_process(f, p->first_victim, seen->pid, seen->comm, false,
				  p->past_confidence);
	if (!err && p->later_event >= 0)
		err = add_process(f, p->first_victim, f->events.data[p->later_event].pid,
				  f->events.data[p->later_event].comm, false, p->past_confidence);
	if (!err && f->victims.nr == p->first_victim)
		err = add_nameless(f, p->first_victim, p);
	p->nr_victims = f->victims.nr - p->first_victim;
	return err;
}

const char *hwp_victim_words(const struct hwp_findings *f, const struct hwp_victim *victim,
			     char *buf, size_t size)
{
	switch (victim->kind) {
	case HWP_VICTIM_PROCESS:
		if (victim->pid < 0)
			snprintf(buf, size, "a process that is not known");
		else
			snprintf(buf, size, "%s[%d]", *victim->comm ? victim->comm : "pid ",
				 victim->pid);
		break;
	case HWP_VICTIM_FILE:
		if (*f->files.data[victim->file].path)
			snprintf(buf, size, "the file %s", f->files.data[victim->file].path);
		else
			snprintf(buf, size, "inode %" PRIu64 " of %s %s",
				 f->files.data[victim->file].inode,
				 f->files.data[victim->file].filesystem,
				 f->files.data[victim->file].device);
		break;
	case HWP_VICTIM_KERNEL:
		snprintf(buf, size, "the kernel, or a user that leaves no mark");
		break;
	}
	return buf;
}

/** "to qemu[118], the file /srv/db and 2 more". */
static void name_victims(const struct hwp_findings *f, size_t first, size_t nr, char *buf,
			 size_t size)
{
	char name[160];
	size_t at = 0;

	for (size_t i = 0; i < nr && i < MAX_NAMES && at < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s%s", i ? ", " : "to ",
				       hwp_victim_words(f, &f->victims.data[first + i], name,
							sizeof(name)));
	if (nr > MAX_NAMES && at < size)
		snprintf(buf + at, size - at, " and %zu more", nr - MAX_NAMES);
}

static struct hwp_error *add_freed(struct hwp_findings *f, const struct hwp_poisoned *p,
				   const struct hwp_folio *extent)
{
	enum hwp_class class = hwp_state_class(p->state);

	if (!extent || extent->kind != HWP_EXTENT_FREED || class == HWP_CLASS_OTHER ||
	    hwp_was_left_free(f, p))
		return NULL;
	if (p->was_free == HWP_ANSWER_YES)
		return add_step(f, HWP_STEP_FREED, p->past_confidence,
				"its folio was freed with its healthy pages");
	if (class != HWP_CLASS_CONTAINED)
		return NULL;
	if (p->was_free == HWP_ANSWER_NO)
		return add_step(f, HWP_STEP_FREED, p->past_confidence, "freed, and withheld");
	return add_step(
		f, HWP_STEP_FREED, HWP_WEAK,
		"freed, with its folio or after a split: what was read does not show which");
}

static struct hwp_error *add_handed_out(struct hwp_findings *f, const struct hwp_poisoned *p)
{
	bool by_record = hwp_page_owner_when(f, p) == HWP_AFTER_ERROR;
	char names[400] = "";
	struct hwp_error *err;

	if (p->was_handed_out != HWP_ANSWER_YES)
		return NULL;
	name_victims(f, p->first_victim, p->nr_victims, names, sizeof(names));
	err = add_written_step(f, HWP_STEP_HANDED_OUT, p->past_confidence, "%s", names);
	if (!err && by_record) {
		f->steps.data[f->steps.nr - 1].has_time = true;
		f->steps.data[f->steps.nr - 1].time_ns = p->page_owner.alloc_ns;
	}
	return err;
}

/** Where it is now. */
static struct hwp_error *add_now(struct hwp_findings *f, const struct hwp_poisoned *p)
{
	return add_step(f, hwp_state_step(p->state), HWP_CERTAIN, hwp_state_now(p->state));
}

/** What earlier checks saw, by their clock, which is not the log's. */
static struct hwp_error *add_seen(struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const struct hwp_leak *leak = hwp_leak_record_find(&f->since_boot, p->pfn);
	char first[32], last[32];

	if (!leak)
		return NULL;
	return add_written_step(f,
				leak->seen_in_use  ? HWP_STEP_HANDED_OUT :
				leak->seen_dropped ? HWP_STEP_DROPPED :
						     HWP_STEP_FREE,
				HWP_STRONG, "seen %s by earlier checks, first at %s, last at %s",
				leak->seen_in_use  ? "in use again" :
				leak->seen_dropped ? "thrown away" :
						     "in free memory",
				hwp_unix_time(leak->first_seconds, first, sizeof(first)),
				hwp_unix_time(leak->last_seconds, last, sizeof(last)));
}

static struct hwp_error *write_page(struct hwp_findings *f, const struct hwp_event_index *index,
				    struct hwp_poisoned *p)
{
	const struct hwp_folio *extent = hwp_findings_folio_at(f, p->pfn);
	enum hwp_class class = hwp_state_class(p->state);
	struct hwp_error *err;

	p->first_step = f->steps.nr;
	err = add_errors(f, index, p->pfn, p->pfn + 1);
	if (!err)
		err = add_freed(f, p, extent);
	if (!err && p->was_free == HWP_ANSWER_YES && class != HWP_CLASS_LEAKED &&
	    !hwp_leak_record_find(&f->since_boot, p->pfn))
		err = add_step(f, HWP_STEP_FREE, p->past_confidence, p->past_proof);
	if (!err)
		err = add_seen(f, p);
	if (!err)
		err = add_handed_out(f, p);
	if (!err)
		err = add_now(f, p);
	p->nr_steps = f->steps.nr - p->first_step;
	return err;
}

static struct hwp_error *write_folio(struct hwp_findings *f, const struct hwp_event_index *index,
				     struct hwp_folio *folio)
{
	struct hwp_error *err = NULL;
	char names[400] = "";

	folio->first_victim = f->victims.nr;
	for (size_t i = 0; i < folio->nr_poisoned && !err; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[folio->first_poisoned + i];

		for (size_t j = 0; j < p->nr_victims && !err; j++) {
			struct hwp_victim victim = f->victims.data[p->first_victim + j];

			err = add_victim(f, folio->first_victim, &victim);
		}
	}
	folio->nr_victims = f->victims.nr - folio->first_victim;
	folio->first_step = f->steps.nr;
	if (!err)
		err = add_errors(f, index, folio->head_pfn, hwp_folio_end(folio));
	if (!err && folio->was_free == HWP_ANSWER_YES)
		err = add_step(f, HWP_STEP_FREE, HWP_STRONG,
			       folio->outcome == HWP_OUTCOME_LOST ?
				       "free when the errors struck, and thrown away since" :
				       "freed with poisoned pages in it");
	name_victims(f, folio->first_victim, folio->nr_victims, names, sizeof(names));
	if (!err && folio->was_handed_out == HWP_ANSWER_YES)
		err = add_written_step(f, HWP_STEP_HANDED_OUT, HWP_STRONG, "%s", names);
	if (!err)
		err = add_written_step(
			f, folio->kind == HWP_EXTENT_FREED ? HWP_STEP_FREED : HWP_STEP_IN_USE,
			HWP_CERTAIN, "%s now: %" PRIu64 " poisoned page%s in it",
			folio->kind == HWP_EXTENT_FREED ? "gone" : "allocated",
			(uint64_t)folio->nr_poisoned, hwp_plural(folio->nr_poisoned));
	folio->nr_steps = f->steps.nr - folio->first_step;
	return err;
}

struct hwp_error *hwp_history_write(struct hwp_findings *f, const struct hwp_event_index *index)
{
	struct hwp_error *err = NULL;

	f->steps.nr = f->victims.nr = 0;
	hwp_findings_forget_step_texts(f);
	for (size_t i = 0; i < f->poisoned.nr && !err; i++)
		err = find_victims(f, &f->poisoned.data[i]);
	for (size_t i = 0; i < f->poisoned.nr && !err; i++)
		err = write_page(f, index, &f->poisoned.data[i]);
	for (size_t i = 0; i < f->folios.nr && !err; i++)
		err = write_folio(f, index, &f->folios.data[i]);
	return err;
}
