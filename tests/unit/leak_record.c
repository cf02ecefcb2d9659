// SPDX-License-Identifier: GPL-2.0-or-later
/** What leaked since boot: the file's text, what a check adds, and what it then says of a page. */
#include "findings_synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "model/leak_record.h"
#include "report/changes.h"
#include "report/metrics.h"
#include "report/report.h"
#include "verdict/history.h"
#include "verdict/record_leaks.h"

#define BOOT "5c9f1b3e-0000-4000-8000-0123456789ab"
#define TITLE "hwpoison leaks since boot 1\n"
#define HEAD TITLE "boot " BOOT "\nmore 0\n"

static struct hwp_error *parse(const char *text, struct hwp_leak_record *ret)
{
	strcpy(ret->boot_id, BOOT);
	return hwp_leak_record_parse(text, strlen(text), ret);
}

static void assert_text(const struct hwp_leak_record *record, const char *want)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	hwp_leak_record_write(out, record);
	fclose(out);
	assert_string_equal(text, want);
	free(text);
}

/** What was written is read back, whatever was seen. */
static void test_round_trip(void **state)
{
	static const char text[] = TITLE "boot " BOOT "\nmore 3\n"
					 "leak 0x1 free 5 5\n"
					 "leak 0x2 used 5 6\n"
					 "leak 0x3 dropped 5 7\n"
					 "leak 0x4 free,used 5 8 118 qemu kvm\n"
					 "leak 0x5 free,dropped 5 9 1 \n"
					 "leak 0x6 used,dropped 5 9\n"
					 "leak 0x7 free,used,dropped 5 9\n"
					 "end\n";
	struct hwp_leak_record record = {}, copy = {};
	const struct hwp_leak *leak;

	(void)state;
	assert_null(parse(text, &record));
	assert_text(&record, text);
	assert_int_equal(hwp_leak_record_count(&record), 10);
	assert_int_equal(hwp_leak_record_first(&record), 5);
	leak = hwp_leak_record_find(&record, 4);
	assert_true(leak && leak->seen_free && leak->seen_in_use && !leak->seen_dropped);
	assert_int_equal(leak->pid, 118);
	assert_string_equal(leak->comm, "qemu kvm");
	assert_int_equal(hwp_leak_record_find(&record, 1)->pid, -1);
	assert_null(hwp_leak_record_find(&record, 8));
	assert_null(hwp_leak_record_copy(&copy, &record));
	assert_text(&copy, text);
	hwp_leak_record_deinit(&copy);
	hwp_leak_record_deinit(&record);
	assert_int_equal(hwp_leak_record_first(&record), 0);
}

/** A comm with control characters makes no line of its own. */
static void test_comm(void **state)
{
	struct hwp_leak_record record = { .boot_id = BOOT };
	struct hwp_leak leak = { .pfn = 1, .seen_free = true, .pid = 7, .comm = "a\nend\x7f" };
	bool has_room;

	(void)state;
	assert_null(hwp_leak_record_add(&record, &leak, &has_room));
	assert_text(&record, HEAD "leak 0x1 free 0 0 7 a?end?\nend\n");
	hwp_leak_record_deinit(&record);
}

/** What is damaged or no record is refused as a whole; one of another boot is nobody's fault. */
static void test_bad_text(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"hwpoison leaks since boot 2\nboot " BOOT "\nmore 0\nend\n",
		TITLE,
		TITLE "boot\nmore 0\nend\n",
		TITLE "boots " BOOT "\nmore 0\nend\n",
		TITLE "boot " BOOT "\n",
		TITLE "boot " BOOT "\nmore -1\nend\n",
		TITLE "boot " BOOT "\nmore 99999999999999999999\nend\n",
		TITLE "boot " BOOT "\nmore 1 2\nend\n",
		HEAD,
		HEAD "end",
		HEAD "end\n\n",
		HEAD "end\nleak 0x1 free 5 5\n",
		HEAD "leak 0x1 free 5 5\n",
		HEAD "leak 0x1 free 5\nend\n",
		HEAD "leak 0x1 free 5 5 1\nend\n",
		HEAD "leak 0x1 nothing 5 5\nend\n",
		HEAD "leak 0x1 free 6 5\nend\n",
		HEAD "leak 0x1 free 5 -5\nend\n",
		HEAD "leak 0x1 free 5 5x\nend\n",
		HEAD "leak xyz free 5 5\nend\n",
		HEAD "leak 0x1 free 5 5 -1 a\nend\n",
		HEAD "leak 0x1 free 5 5 99999999999 a\nend\n",
		HEAD "leak 0x1 free 5 5 1 a name that is too long\nend\n",
		HEAD "leak 0xffffffffffffffff free 5 5\nend\n",
		HEAD "leak 0x2 free 5 5\nleak 0x1 free 5 5\nend\n",
		HEAD "leak 0x1 free 5 5\nleak 0x1 free 5 5\nend\n",
	};
	static const char hole[] = HEAD "leak 0x1 fr\0e 5 5\nend\n";
	struct hwp_leak_record record = {};
	struct hwp_error *err;
	char longest[400];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err = parse(bad[i], &record);
		if (!err)
			fail_msg("row %zu is taken", i);
		assert_int_equal(err->code, HWP_ERROR_BAD_DATA);
		hwp_error_destroy(err);
		assert_int_equal(hwp_leak_record_count(&record), 0);
	}
	err = hwp_leak_record_parse(hole, sizeof(hole) - 1, &record);
	assert_non_null(err);
	hwp_error_destroy(err);
	snprintf(longest, sizeof(longest), HEAD "%0200d\nend\n", 0);
	err = parse(longest, &record);
	assert_string_equal(err->message, "line 4 is no line of a record");
	hwp_error_destroy(err);
	assert_null(parse(TITLE "boot another\nmore 7\nleak 0x1 free 5 5\nend\n", &record));
	assert_int_equal(hwp_leak_record_count(&record), 0);
	hwp_leak_record_deinit(&record);
}

static void test_whose(void **state)
{
	(void)state;
	assert_true(hwp_leak_record_is_ours("", 0));
	assert_true(hwp_leak_record_is_ours(TITLE, strlen(TITLE)));
	assert_true(hwp_leak_record_is_ours("hwpoison leaks since boot 9", 27));
	assert_false(hwp_leak_record_is_ours("hwpoison", 8));
	assert_false(hwp_leak_record_is_ours("root:x:0:0:root:/root:/bin/bash", 31));
}

/** Of two processes that write the file each knows a part. */
static void test_merge(void **state)
{
	struct hwp_leak_record one = {}, other = {};

	(void)state;
	assert_null(parse(TITLE "boot " BOOT "\nmore 2\nleak 0x2 free 5 6\nleak 0x4 used 5 6 3 a\n"
				"end\n",
			  &one));
	assert_null(parse(HEAD "leak 0x1 free 7 7\nleak 0x2 dropped 3 4 9 b\n"
			       "leak 0x4 free 7 9 8 c\nleak 0x5 free 1 1\nend\n",
			  &other));
	assert_null(hwp_leak_record_merge(&one, &other));
	assert_text(&one, TITLE "boot " BOOT "\nmore 2\nleak 0x1 free 7 7\n"
				"leak 0x2 free,dropped 3 6 9 b\nleak 0x4 free,used 5 9 3 a\n"
				"leak 0x5 free 1 1\nend\n");
	hwp_leak_record_deinit(&one);
	hwp_leak_record_deinit(&other);
}

/** Beyond the bound only the number grows, and it never falls. */
static void test_bounded(void **state)
{
	struct hwp_findings *f = clean_findings(), *few = clean_findings();
	struct hwp_leak_record record = { .boot_id = BOOT }, again = { .boot_id = BOOT };
	char *text;
	size_t size;
	FILE *out;

	(void)state;
	for (uint64_t i = 0; i < HWP_MAX_LEAKS + 100; i++)
		add_poisoned(f, isolated_page(i))->state = HWP_STATE_BUDDY;
	add_poisoned(few, isolated_page(0x100000))->state = HWP_STATE_PCP;
	assert_null(hwp_record_leaks(&record, f, 5));
	assert_int_equal(record.leaks.nr, HWP_MAX_LEAKS);
	assert_int_equal(hwp_leak_record_count(&record), HWP_MAX_LEAKS + 100);
	assert_null(hwp_record_leaks(&record, few, 6));
	assert_null(hwp_record_leaks(&record, f, 7));
	assert_int_equal(hwp_leak_record_count(&record), HWP_MAX_LEAKS + 100);
	out = open_memstream(&text, &size);
	hwp_leak_record_write(out, &record);
	fclose(out);
	assert_true(size < HWP_MAX_LEAK_RECORD_SIZE);
	assert_null(hwp_leak_record_parse(text, size, &again));
	assert_int_equal(hwp_leak_record_count(&again), HWP_MAX_LEAKS + 100);
	free(text);
	hwp_leak_record_deinit(&again);
	hwp_leak_record_deinit(&record);
	hwp_findings_destroy(few);
	hwp_findings_destroy(f);
}

/** Each way to leak is noted; what is contained or seen in one pass only is not. */
static void test_record(void **state)
{
	static const struct {
		enum hwp_state state;
		enum hwp_answer was_free, was_handed_out;
		bool unconfirmed;
	} pages[] = {
		{ HWP_STATE_BUDDY, HWP_ANSWER_YES, HWP_ANSWER_UNKNOWN, false },
		{ HWP_STATE_PCP, HWP_ANSWER_UNKNOWN, HWP_ANSWER_NO, false },
		{ HWP_STATE_REUSED, HWP_ANSWER_YES, HWP_ANSWER_YES, false },
		{ HWP_STATE_DROPPED, HWP_ANSWER_YES, HWP_ANSWER_NO, false },
		{ HWP_STATE_ISOLATED, HWP_ANSWER_YES, HWP_ANSWER_YES, false },
		{ HWP_STATE_ISOLATED, HWP_ANSWER_NO, HWP_ANSWER_NO, false },
		{ HWP_STATE_UNKNOWN, HWP_ANSWER_YES, HWP_ANSWER_YES, true },
		{ HWP_STATE_LARGE_FOLIO, HWP_ANSWER_UNKNOWN, HWP_ANSWER_UNKNOWN, false },
	};
	struct hwp_victim nobody = { .kind = HWP_VICTIM_KERNEL, .pid = -1, .file = -1 };
	struct hwp_victim qemu = { .kind = HWP_VICTIM_PROCESS, .pid = 118, .comm = "qemu" };
	struct hwp_leak_record record = { .boot_id = BOOT };
	struct hwp_findings *f = clean_findings();

	(void)state;
	assert_true(hwp_vec_push(&f->victims, nobody) && hwp_vec_push(&f->victims, qemu));
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct hwp_poisoned *p = add_poisoned(f, isolated_page(i + 1));

		p->state = pages[i].state;
		p->was_free = pages[i].was_free;
		p->was_handed_out = pages[i].was_handed_out;
		p->unconfirmed = pages[i].unconfirmed;
		p->nr_victims = p->was_handed_out == HWP_ANSWER_YES ? 2 : 0;
	}
	assert_null(hwp_record_leaks(&record, f, 10));
	assert_text(&record, HEAD "leak 0x1 free 10 10\nleak 0x2 free 10 10\n"
				  "leak 0x3 free,used 10 10 118 qemu\nleak 0x4 free,dropped 10 10\n"
				  "leak 0x5 free,used 10 10 118 qemu\nend\n");
	/* Later: only those that are leaked still were seen so. The clock was set back. */
	assert_null(hwp_record_leaks(&record, f, 20));
	assert_null(hwp_record_leaks(&record, f, 9));
	assert_text(&record, HEAD "leak 0x1 free 9 20\nleak 0x2 free 9 20\n"
				  "leak 0x3 free,used 9 20 118 qemu\nleak 0x4 free,dropped 9 20\n"
				  "leak 0x5 free,used 10 10 118 qemu\nend\n");
	hwp_leak_record_deinit(&record);
	hwp_findings_destroy(f);
}

static void judge_with_history(struct hwp_findings *f)
{
	struct hwp_event_index index = {};

	judge_findings(f);
	assert_null(hwp_event_index_init(&index, f));
	assert_null(hwp_history_write(f, &index));
	hwp_event_index_deinit(&index);
}

/** What an earlier check saw makes a page that is contained now leaked before. */
static void test_verdict(void **state)
{
	static const struct {
		const char *record;
		enum hwp_switch check_pages;
		enum hwp_answer was_free, was_handed_out;
		enum hwp_verdict verdict;
		const char *step;
	} rows[] = {
		{ "leak 0x20d free 0 60\n", HWP_OFF, HWP_ANSWER_YES, HWP_ANSWER_UNKNOWN,
		  HWP_VERDICT_LEAKED_BEFORE,
		  "seen in free memory by earlier checks, first at 1970-01-01T00:00:00Z, last at "
		  "1970-01-01T00:01:00Z" },
		{ "leak 0x20d free 0 60\n", HWP_ON, HWP_ANSWER_YES, HWP_ANSWER_NO,
		  HWP_VERDICT_LEAKED_BEFORE, NULL },
		{ "leak 0x20d free,used 0 60 118 qemu\n", HWP_OFF, HWP_ANSWER_YES, HWP_ANSWER_YES,
		  HWP_VERDICT_LEAKED_BEFORE,
		  "seen in use again by earlier checks, first at 1970-01-01T00:00:00Z, last at "
		  "1970-01-01T00:01:00Z" },
		{ "leak 0x20d free,dropped 0 60\n", HWP_OFF, HWP_ANSWER_YES, HWP_ANSWER_UNKNOWN,
		  HWP_VERDICT_LEAKED_BEFORE, NULL },
		/* Its block may have been refused when it was freed. */
		{ "leak 0x20d dropped 0 0\n", HWP_ON, HWP_ANSWER_UNKNOWN, HWP_ANSWER_NO,
		  HWP_VERDICT_AT_RISK, NULL },
		{ "leak 0x20d dropped 0 0\n", HWP_OFF, HWP_ANSWER_UNKNOWN, HWP_ANSWER_UNKNOWN,
		  HWP_VERDICT_AT_RISK,
		  "seen thrown away by earlier checks, first at 1970-01-01T00:00:00Z, last at "
		  "1970-01-01T00:00:00Z" },
		{ "leak 0x20e free 0 60\n", HWP_OFF, HWP_ANSWER_NO, HWP_ANSWER_NO,
		  HWP_VERDICT_CLEAN, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hwp_findings *f = clean_findings();
		char text[200];

		f->kernel.check_pages = rows[i].check_pages;
		f->kernel.check_pages_is_switch = true;
		add_action(f, add_poisoned(f, isolated_page(0x20d)), "dirty LRU page", "Recovered");
		snprintf(text, sizeof(text), HEAD "%send\n", rows[i].record);
		assert_null(parse(text, &f->since_boot));
		judge_with_history(f);
		assert_int_equal(f->poisoned.data[0].was_free, rows[i].was_free);
		assert_int_equal(f->poisoned.data[0].was_handed_out, rows[i].was_handed_out);
		assert_int_equal(f->verdict, rows[i].verdict);
		if (rows[i].step)
			assert_string_equal(f->steps.data[1].text, rows[i].step);
		if (rows[i].was_handed_out == HWP_ANSWER_YES) {
			assert_int_equal(f->victims.nr, 1);
			assert_int_equal(f->victims.data[0].pid, 118);
			assert_false(f->victims.data[0].has_it_now);
		}
		hwp_findings_destroy(f);
	}
}

/** What memory failure took off the free lists itself was seen there on its way. */
static void test_taken_off(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned *p = add_poisoned(f, isolated_page(0x20d));

	(void)state;
	p->page.private = HWP_MAGIC_HWPOISON;
	p->bits = HWP_BIT_HWPOISON;
	p->page.mapping = 0;
	assert_null(parse(HEAD "leak 0x20d free 0 60\nend\n", &f->since_boot));
	judge_findings(f);
	assert_int_equal(p->state, HWP_STATE_TAKEN_OFF);
	assert_int_equal(p->was_free, HWP_ANSWER_NO);
	hwp_findings_destroy(f);
}

static char *report_of(struct hwp_findings *f)
{
	const struct hwp_report_style style = {};
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	judge_with_history(f);
	assert_null(hwp_report_check(out, f, &style));
	assert_null(hwp_report_json(out, f));
	fclose(out);
	return text;
}

static void test_report(void **state)
{
	struct hwp_findings *f = clean_findings();
	char *text;

	(void)state;
	f->live = true;
	add_action(f, add_poisoned(f, isolated_page(0x20d)), "dirty LRU page", "Recovered");
	text = report_of(f);
	assert_null(strstr(text, "since boot"));
	assert_null(strstr(text, "leaked_since_boot"));
	free(text);
	assert_null(parse(HEAD "leak 0x20d free,used 60 60 118 qemu\nleak 0x300 free 30 30\n"
			       "leak 0x301 free 90 90\nend\n",
			  &f->since_boot));
	text = report_of(f);
	assert_non_null(strstr(text, "\nLeaked    3 pages since boot, as earlier checks saw; the "
				     "first at\n          1970-01-01T00:00:30Z\n"
				     "          2 of them are not poisoned any more\n"));
	assert_non_null(strstr(text, "LEAKED BEFORE"));
	assert_non_null(strstr(text, "\n  - it was handed out to qemu[118]\n"));
	assert_non_null(strstr(text, "\"nr_leaked\": 3"));
	assert_non_null(strstr(text, "\"pid\": 118, \"comm\": \"qemu\""));
	free(text);
	f->since_boot.leaks.nr = 2;
	text = report_of(f);
	assert_non_null(strstr(text, "          1 of them is not poisoned any more\n"));
	free(text);
	hwp_findings_destroy(f);
}

/** A number for prometheus, also when the check failed; a line of watch when it grows. */
static void test_numbers(void **state)
{
	struct hwp_leak_record record = {};
	struct hwp_metrics_run run = {};
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_null(parse(HEAD "leak 0x1 free 60 60\nleak 0x2 free 30 90\nend\n", &record));
	assert_null(hwp_report_metrics(out, NULL, &run));
	assert_null(strstr(text, "leaked_since_boot"));
	run.since_boot = &record;
	assert_null(hwp_report_metrics(out, NULL, &run));
	hwp_report_leaks(out, 0, &record, "T");
	hwp_report_leaks_json(out, 1, &record, "T");
	fclose(out);
	assert_non_null(strstr(text, "# TYPE hwpoison_leaked_since_boot gauge\n"
				     "hwpoison_leaked_since_boot 2\n"));
	assert_non_null(strstr(text, "\nT  leaked since boot  0 -> 2, the first seen at "
				     "1970-01-01T00:00:30Z\n"));
	assert_non_null(strstr(text,
			       "\n{\"schema\": \"hwpoison.change/1\", \"time\": \"T\", \"kind\": "
			       "\"leaked-since-boot\", \"nr_before\": 1, \"nr_now\": 2, "
			       "\"first_seen\": \"1970-01-01T00:00:30Z\"}\n"));
	free(text);
	hwp_leak_record_deinit(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_comm),
		cmocka_unit_test(test_bad_text),   cmocka_unit_test(test_whose),
		cmocka_unit_test(test_merge),	   cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_record),	   cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_taken_off),  cmocka_unit_test(test_report),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests_name("leak_record", tests, NULL, NULL);
}
