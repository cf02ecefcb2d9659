// SPDX-License-Identifier: GPL-2.0-or-later
/** The report of `events`: how each line of the log is shown, and beside it what the page is now. */
#include "findings_synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "report/report.h"
#include "report/table.h"

static char *report(const struct hwp_findings *f, bool color)
{
	const struct hwp_report_style style = { .color = color, .width = 100 };
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_null(hwp_report_events(out, f, &style));
	fclose(out);
	return text;
}

/** The report begins with the line of the target, and then these. */
static void assert_report(const struct hwp_findings *f, const char *expected)
{
	char *text = report(f, false);
	const char *end = strstr(text, "\n\nCLEAN");

	assert_non_null(end);
	if (strncmp(text, expected, strlen(expected)) != 0 ||
	    strlen(expected) != (size_t)(end - text) + 1)
		fail_msg("not\n%s\nbut\n%s", expected, text);
	free(text);
}

static struct hwp_findings *no_events(void)
{
	struct hwp_findings *f = clean_findings();

	f->path = strdup("vmcore");
	f->verdict = HWP_VERDICT_CLEAN;
	return f;
}

static void add_event(struct hwp_findings *f, uint64_t pfn, uint64_t time_ns,
		      enum hwp_event_kind kind, const char *text)
{
	struct hwp_event e = { .pfn = pfn, .time_ns = time_ns, .kind = kind, .pid = -1 };

	snprintf(e.text, sizeof(e.text), "%s", text);
	assert_true(hwp_vec_push(&f->events, e));
}

static void the_log(void **state)
{
	struct hwp_findings *f = no_events();

	(void)state;
	assert_report(f, "Target    vmcore\n"
			 "Log       complete, from its first line on\n"
			 "Events    0 lines about memory errors\n");
	f->log.state = HWP_LOG_WRAPPED;
	assert_report(f, "Target    vmcore\n"
			 "Log       has lost its beginning: earlier events may be missing\n"
			 "Events    0 lines about memory errors\n");
	f->log.state = HWP_LOG_UNREADABLE;
	strcpy(f->log.why, "neither printk_ringbuffer nor log_buf");
	assert_report(f, "Target    vmcore\n"
			 "Log       could not be read: neither printk_ringbuffer nor log_buf\n"
			 "Events    0 lines about memory errors\n");
	f->log.nr_user_lines = 1;
	f->log.state = HWP_LOG_LOST;
	strcpy(f->log.why, "a line was being written");
	assert_report(
		f,
		"Target    vmcore\n"
		"Log       has lost some lines: events may be missing (a line was being written)\n"
		"          1 line like memory failure's written to /dev/kmsg by a user: left out\n"
		"Events    0 lines about memory errors\n");
	f->log.first_seq = 7;
	f->log.nr_user_lines = 2;
	assert_report(
		f,
		"Target    vmcore\n"
		"Log       has lost its beginning, and other lines: events may be missing "
		"(a line was being written)\n"
		"          2 lines like memory failure's written to /dev/kmsg by a user: left out\n"
		"Events    0 lines about memory errors\n");
	f->log = (struct hwp_log_facts){ .state = HWP_LOG_COMPLETE };
	free(f->path);
	f->path = NULL;
	add_event(f, 0x10, 0, HWP_EVENT_INJECTED, "Injecting memory failure at pfn 0x10");
	assert_report(f, "Target    the running kernel\n"
			 "Log       complete, from its first line on\n"
			 "Events    1 line about memory errors; TIME is in seconds since boot\n"
			 "\n"
			 "    TIME  PFN   STATE NOW  RESULT  WHAT\n"
			 "0.000000  0x10  unmarked   -       injected\n");
	hwp_findings_destroy(f);
}

/** One of each kind, with the text that the kernel logs for it. */
static void kinds(void **state)
{
	struct hwp_findings *f = no_events();
	struct hwp_event *e;

	(void)state;
	add_event(f, 0x5c11, 1500000, HWP_EVENT_INJECTED, "Injecting memory failure at pfn 0x5c11");
	add_event(f, 0x5c11, 12345678900, HWP_EVENT_ACTION,
		  "Memory failure: 0x5c11: recovery action for dirty LRU page: Recovered");
	e = &f->events.data[1];
	strcpy(e->page_type, "dirty LRU page");
	strcpy(e->result, "Recovered");
	add_event(f, 0x5c11, 12345679000, HWP_EVENT_SIGBUS,
		  "Memory failure: 0x5c11: Sending SIGBUS to qemu:118 due to hardware");
	e = &f->events.data[2];
	strcpy(e->comm, "qemu");
	e->pid = 118;
	/* Only an action has a result. */
	strcpy(e->result, "Failed");
	add_event(f, 0x5c11, 13000000000, HWP_EVENT_ALREADY_POISONED,
		  "Memory failure: 0x5c11: already hardware poisoned");
	add_event(f, 0x5c11, 14000000000, HWP_EVENT_UNPOISON,
		  "Unpoison: Software-unpoisoned page 0x5c11");
	add_event(f, 0x5c11, 15000000000, HWP_EVENT_SOFT_OFFLINE,
		  "soft offline: 0x5c11: page already poisoned");
	add_event(f, 0x5c11, 16000000000, HWP_EVENT_SOFT_OFFLINE, "soft offline: 0x5c11");
	add_event(f, 0x5c11, 17000000000, HWP_EVENT_MACHINE_CHECK, "[Hardware Error]: 0x5c11: x");
	add_event(f, 0x5c11, 18000000000, HWP_EVENT_SPLIT_FAILED,
		  "Memory failure: 0x5c11: thp split failed");
	add_event(f, 0x5c11, 19000000000, HWP_EVENT_OTHER, "a line without a number");
	add_event(f, 0x5c11, 20000000000, HWP_EVENT_OTHER, "page 0x5c11");
	add_event(f, 0x5c11, 21000000000, HWP_EVENT_KILLED,
		  "Memory failure: 0x5c11: Killing qemu:118 due to hardware memory corruption");
	e = &f->events.data[11];
	strcpy(e->comm, "qemu");
	e->pid = 118;
	assert_report(f, "Target    vmcore\n"
			 "Log       complete, from its first line on\n"
			 "Events    12 lines about memory errors; TIME is in seconds since boot\n"
			 "\n"
			 "     TIME  PFN     STATE NOW  RESULT     WHAT\n"
			 " 0.001500  0x5c11  unmarked   -          injected\n"
			 "12.345678  0x5c11  unmarked   Recovered  dirty LRU page\n"
			 "12.345679  0x5c11  unmarked   -          SIGBUS to qemu[118]\n"
			 "13.000000  0x5c11  unmarked   -          already poisoned\n"
			 "14.000000  0x5c11  unmarked   -          unpoisoned\n"
			 "15.000000  0x5c11  unmarked   -          soft offline: page already "
			 "poisoned\n"
			 "16.000000  0x5c11  unmarked   -          soft offline\n"
			 "17.000000  0x5c11  unmarked   -          [Hardware Error]: 0x5c11: x\n"
			 "18.000000  0x5c11  unmarked   -          thp split failed\n"
			 "19.000000  0x5c11  unmarked   -          a line without a number\n"
			 "20.000000  0x5c11  unmarked   -          page 0x5c11\n"
			 "21.000000  0x5c11  unmarked   -          killed qemu[118]\n");
	hwp_findings_destroy(f);
}

/** Unmarked is only what was read; else it may be poisoned still. */
static void state_now(void **state)
{
	struct hwp_findings *f = no_events();
	struct hwp_poisoned p = isolated_page(0x20);
	char *text;

	(void)state;
	p.state = HWP_STATE_BUDDY;
	p.event = 0;
	add_poisoned(f, p);
	add_event(f, 0x20, 0, HWP_EVENT_INJECTED, "");
	add_event(f, 0x21, 0, HWP_EVENT_INJECTED, "");
	f->coverage.nr_read--;
	assert_report(f, "Target    vmcore\n"
			 "Log       complete, from its first line on\n"
			 "Events    2 lines about memory errors; TIME is in seconds since boot\n"
			 "\n"
			 "    TIME  PFN   STATE NOW  RESULT  WHAT\n"
			 "0.000000  0x20  buddy      -       injected\n"
			 "0.000000  0x21  unknown    -       injected\n");
	f->coverage.nr_read++;
	f->too_many = true;
	text = report(f, true);
	/* Only the state of a page has a colour. */
	assert_non_null(strstr(text, "0x20  " HWP_COLOR_BAD "buddy" HWP_COLOR_END "      -  "));
	assert_non_null(strstr(text, "0x21  unknown    -  "));
	free(text);
	hwp_findings_destroy(f);
}

/** In a HugeTLB folio without a record of its pages, the line may be about the one that is bad. */
static void unknown_raw_page(void **state)
{
	struct hwp_findings *f = no_events();
	struct hwp_poisoned p = isolated_page(0x200);
	struct hwp_folio folio = {
		.head_pfn = 0x200, .order = 9, .max_order = 9, .first_poisoned = 1, .nr_poisoned = 2
	};

	(void)state;
	p.pfn = 0x100;
	p.event = 0;
	add_poisoned(f, p);
	p.pfn = 0x200;
	p.state = HWP_STATE_HUGETLB;
	p.raw_page_unknown = true;
	p.event = -1;
	add_poisoned(f, p);
	p.pfn = 0x210;
	p.state = HWP_STATE_IN_USE;
	p.raw_page_unknown = false;
	p.event = 1;
	add_poisoned(f, p);
	assert_true(hwp_vec_push(&f->folios, folio));
	add_event(f, 0x210, 0, HWP_EVENT_INJECTED, "");
	add_event(f, 0x3ff, 0, HWP_EVENT_INJECTED, "");
	add_event(f, 0x400, 0, HWP_EVENT_INJECTED, "");
	/* Without an event of its own, it is not unlogged: nobody knows which page it is. */
	assert_report(f, "Target    vmcore\n"
			 "Log       complete, from its first line on\n"
			 "Events    3 lines about memory errors; TIME is in seconds since boot\n"
			 "\n"
			 "    TIME  PFN    STATE NOW  RESULT  WHAT\n"
			 "0.000000  0x210  in-use     -       injected\n"
			 "0.000000  0x3ff  hugetlb    -       injected\n"
			 "0.000000  0x400  unmarked   -       injected\n");
	hwp_findings_destroy(f);
}

/** What does not fit goes on below WHAT, whose column follows from the widest cells. */
static void long_lines_wrap(void **state)
{
	struct hwp_findings *f = no_events();

	(void)state;
	add_event(f, 0x20, 0, HWP_EVENT_OTHER,
		  "Memory failure: 0x20: one456789 two456789 thr456789 fou456789 fiv456789 "
		  "six456789 sev456789");
	/* 35 columns, six words of 9 and the spaces between them: 94 of 100. */
	assert_report(f,
		      "Target    vmcore\n"
		      "Log       complete, from its first line on\n"
		      "Events    1 line about memory errors; TIME is in seconds since boot\n"
		      "\n"
		      "    TIME  PFN   STATE NOW  RESULT  WHAT\n"
		      "0.000000  0x20  unmarked   -       one456789 two456789 thr456789 fou456789 "
		      "fiv456789 six456789\n"
		      "                                   sev456789\n");
	/* A clock's column is 21 wide with the spaces after it. */
	f->machine.has_clock = true;
	f->machine.log_start_unix_ns = 1700000000000000000;
	assert_report(f,
		      "Target    vmcore\n"
		      "Log       complete, from its first line on\n"
		      "Events    1 line about memory errors; TIME is in seconds since boot\n"
		      "\n"
		      "    TIME  UTC                  PFN   STATE NOW  RESULT  WHAT\n"
		      "0.000000  2023-11-14 22:13:20  0x20  unmarked   -       one456789 two456789 "
		      "thr456789 fou456789\n"
		      "                                                        fiv456789 six456789 "
		      "sev456789\n");
	hwp_findings_destroy(f);
}

/** Poisoned pages that no line is about: how many, and the first of them. */
static void unlogged(void **state)
{
	struct hwp_findings *f = no_events();
	struct hwp_poisoned p = isolated_page(0x30);

	(void)state;
	p.event = 0;
	add_poisoned(f, p);
	add_poisoned(f, isolated_page(0x31));
	assert_report(f, "Target    vmcore\n"
			 "Log       complete, from its first line on\n"
			 "Events    0 lines about memory errors\n"
			 "Unlogged  1 poisoned page is in no line of the log; the first is 0x31\n");
	add_poisoned(f, isolated_page(0x32));
	assert_report(f,
		      "Target    vmcore\n"
		      "Log       complete, from its first line on\n"
		      "Events    0 lines about memory errors\n"
		      "Unlogged  2 poisoned pages are in no line of the log; the first is 0x31\n");
	hwp_findings_destroy(f);
}

static void add_row(struct hwp_findings *f, uint64_t pfn, int64_t event)
{
	struct hwp_rasdaemon_row row = { .pfn = pfn,
					 .timestamp = "2026-01-02 03:04:05 +0000",
					 .page_type = "free buddy page",
					 .result = "Recovered",
					 .event = event };

	assert_true(hwp_vec_push(&f->rasdaemon, row));
}

/** rasdaemon's rows: only those that the log does not have are shown, in a table of their own. */
static void by_rasdaemon(void **state)
{
	struct hwp_findings *f = no_events();
	char line[256], *text;

	(void)state;
	f->has_rasdaemon = true;
	add_event(f, 0x20, 0, HWP_EVENT_INJECTED, "");
	add_row(f, 0x20, 0);
	assert_report(f, "Target    vmcore\n"
			 "Log       complete, from its first line on\n"
			 "Events    1 line about memory errors; TIME is in seconds since boot\n"
			 "Rasdaemon 1 row, 0 of them not in the log\n"
			 "\n"
			 "    TIME  PFN   STATE NOW  RESULT  WHAT\n"
			 "0.000000  0x20  unmarked   -       injected\n");
	add_row(f, 0x40, -1);
	text = report(f, false);
	assert_non_null(strstr(text, "\nRasdaemon 2 rows, 1 of them not in the log\n"));
	snprintf(line, sizeof(line), "\n2026-01-02 03:04:05 +0000  %s",
		 hwp_boot_name(f->rasdaemon.data[1].boot));
	/* All of it is aligned to the left. */
	assert_non_null(strstr(text, "\n\nRASDAEMON ONLY             BOOT "));
	assert_non_null(strstr(text, " PFN   STATE NOW  RESULT     WHAT\n"));
	assert_non_null(strstr(text, line));
	assert_non_null(strstr(text, "0x40  unmarked   Recovered  free buddy page\n\nCLEAN"));
	/* The row that is in the log is not in the table. */
	assert_null(strstr(strstr(text, "RASDAEMON ONLY"), "0x20"));
	free(text);
	/* Nor is what lies behind the rows. */
	add_row(f, 0x50, -1);
	f->rasdaemon.nr--;
	text = report(f, false);
	assert_null(strstr(text, "0x50"));
	free(text);
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_log),	   cmocka_unit_test(kinds),
		cmocka_unit_test(state_now),	   cmocka_unit_test(unknown_raw_page),
		cmocka_unit_test(long_lines_wrap), cmocka_unit_test(unlogged),
		cmocka_unit_test(by_rasdaemon),
	};

	return cmocka_run_group_tests_name("report_events", tests, NULL, NULL);
}
