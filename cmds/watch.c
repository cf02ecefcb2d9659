// SPDX-License-Identifier: GPL-2.0-or-later
#include <poll.h>
#include <string.h>
#include <time.h>

#include "analyse.h"
#include "base/clock.h"
#include "metrics.h"
#include "report/changes.h"
#include "report/common.h"
#include "state_file.h"

static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

struct watch {
	const struct hwp_context *context;
	const struct hwp_command *command;
	const struct hwp_cmd_options *options;
	struct hwp_known known;
	struct hwp_state_file state;
	/** Leaked pages since boot, as printed last. */
	uint64_t nr_leaked;
	/** The result of the current check, and its time. */
	const struct hwp_findings *findings;
	char time[24];
	/** Why the last check gave no verdict; NULL when it did. */
	char *failure;
};

static void watch_deinit(struct watch *w)
{
	hwp_known_deinit(&w->known);
	hwp_state_file_deinit(&w->state);
	free(w->failure);
}

static void set_time(struct watch *w)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(w->time, sizeof(w->time), "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static void print_change(void *arg, const struct hwp_change *change)
{
	struct watch *w = arg;

	(w->options->json ? hwp_report_change_json :
			    hwp_report_change)(w->context->out, w->findings, change, w->time);
}

/** Leaks since boot, when there are more than before. */
static void print_leaks(struct watch *w)
{
	uint64_t nr = hwp_leak_record_count(&w->state.record);

	if (nr > w->nr_leaked)
		(w->options->json ? hwp_report_leaks_json : hwp_report_leaks)(
			w->context->out, w->nr_leaked, &w->state.record, w->time);
	w->nr_leaked = nr;
}

/** The same failure again is not a change. */
static struct hwp_error *print_failure(struct watch *w, const struct hwp_error *failure)
{
	const char *before = w->known.has_verdict ? hwp_verdict_name(w->known.verdict) : NULL;

	if (w->failure && strcmp(w->failure, failure->message) == 0)
		return NULL;
	free(w->failure);
	w->failure = strdup(failure->message);
	if (!w->failure)
		return hwp_error_no_memory();
	w->known.has_verdict = false;
	(w->options->json ? hwp_report_no_verdict_json :
			    hwp_report_no_verdict)(w->context->out, before, w->failure, w->time);
	return NULL;
}

/** An error ends the watch: a failure is one only in the first check. */
static struct hwp_error *check_once(struct watch *w, bool is_first)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *findings = NULL;
	_cleanup_error_ struct hwp_error *failure = NULL;
	struct hwp_error *err = NULL;
	uint64_t start = hwp_now_ns();

	failure = hwp_analyse_target(w->context, w->command, w->options, &findings);
	if (failure && failure->code == HWP_ERROR_INTERRUPTED)
		return no_cleanup_ptr(failure);
	if (findings)
		hwp_state_file_add(w->context, &w->state, findings);
	if (w->options->output)
		err = hwp_write_metrics(w->options->output, findings,
					hwp_state_file_known(&w->state, findings), start);
	if (err)
		return err;
	if (failure && is_first)
		return no_cleanup_ptr(failure);
	set_time(w);
	if (failure) {
		err = print_failure(w, failure);
	} else {
		w->findings = findings;
		err = hwp_changes(&w->known, findings, print_change, w);
		print_leaks(w);
		free(no_cleanup_ptr(w->failure));
	}
	return err ? err : hwp_report_flush(w->context->out);
}

/** False when it was interrupted. A signal between the check and the sleep ends the sleep too. */
static bool sleep_until(uint64_t end_ns, const volatile sig_atomic_t *interrupted)
{
	sigset_t blocked, old;
	struct timespec rest;
	uint64_t now;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &old);
	while (!*interrupted && (now = hwp_now_ns()) < end_ns) {
		rest.tv_sec = (time_t)((end_ns - now) / HWP_NS_PER_SECOND);
		rest.tv_nsec = (long)((end_ns - now) % HWP_NS_PER_SECOND);
		ppoll(NULL, 0, &rest, &old);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return !*interrupted;
}

static struct hwp_error *keep_checking(struct watch *w)
{
	const volatile sig_atomic_t *interrupted = w->options->target.interrupted;
	struct hwp_error *err;
	uint64_t start;

	for (bool is_first = true;; is_first = false) {
		start = hwp_now_ns();
		err = check_once(w, is_first);
		/* An interruption is the normal end of a watch. */
		if (hwp_error_catch(&err, HWP_ERROR_INTERRUPTED) || err)
			return err;
		if (!sleep_until(start + w->options->interval_seconds * HWP_NS_PER_SECOND,
				 interrupted))
			return NULL;
	}
}

int hwp_cmd_watch(const struct hwp_context *context, const struct hwp_command *command,
		  struct hwp_cmd_options *options)
{
	const struct sigaction action = { .sa_handler = stop };
	_cleanup_(watch_deinit) struct watch w = {
		.context = context,
		.command = command,
		.options = options,
	};
	struct hwp_error *err;

	if (options->target.core_path || options->target.qemu_socket)
		return hwp_usage_error(context, options->json,
				       "'watch' is for the running kernel; "
				       "'check' reads a vmcore or a guest");
	if (!options->target.interrupted) {
		options->target.interrupted = &stopped;
		sigaction(SIGINT, &action, NULL);
		sigaction(SIGTERM, &action, NULL);
	}
	hwp_state_file_open(context, options, &w.state);
	options->since_boot = &w.state.record;
	err = keep_checking(&w);
	return err ? hwp_fail(context, options->json, err) : 0;
}
