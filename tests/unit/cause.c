// SPDX-License-Identifier: GPL-2.0-or-later
/** What a kernel died of, by what was read of it. */
#include "findings_synth.h"

#include <cmocka.h>

#include "verdict/cause.h"
#include "verdict/records.h"

#define S HWP_NS_PER_SECOND
#define MEMORY UINT64_C(0xbe00000000000134)
#define CORRECTED_MEMORY UINT64_C(0x9c00000000000090)
#define BUS UINT64_C(0xb200000000000e0f)

static struct hwp_findings *crashed(const char *panic)
{
	struct hwp_findings *f = clean_findings();

	f->crash.has_panic = panic != NULL;
	snprintf(f->crash.panic, sizeof(f->crash.panic), "%s", panic ? panic : "");
	f->crash.time_ns = 1000 * S;
	f->crash.pid = f->crash.cpu = -1;
	f->machine = (struct hwp_machine_facts){ .has_panic_cpu = true,
						 .panic_cpu = panic ? 1 : -1 };
	return f;
}

static void event(struct hwp_findings *f, uint64_t s, enum hwp_event_kind kind, uint64_t pfn,
		  uint64_t status)
{
	const struct hwp_event e = { .time_ns = s * S,
				     .kind = kind,
				     .has_pfn = true,
				     .pfn = pfn,
				     .pid = 77,
				     .status = status };

	assert_true(hwp_vec_push(&f->events, e));
}

static void remark(struct hwp_findings *f, uint64_t s, enum hwp_event_kind kind, uint64_t status)
{
	const struct hwp_event e = { .time_ns = s * S, .kind = kind, .pid = -1, .status = status };

	assert_true(hwp_vec_push(&f->remarks, e));
}

static void judged(struct hwp_findings *f, enum hwp_cause_kind kind, enum hwp_confidence confidence,
		   int64_t pfn)
{
	hwp_cause_judge(f);
	assert_string_equal(hwp_cause_name(f->cause.kind), hwp_cause_name(kind));
	assert_int_equal(f->cause.confidence, confidence);
	assert_int_equal(f->cause.has_pfn, pfn >= 0);
	if (pfn >= 0)
		assert_int_equal(f->cause.pfn, pfn);
	assert_true(f->cause.why[0]);
	hwp_findings_destroy(f);
}

static void no_crash(void **state)
{
	struct hwp_findings *f = crashed(NULL);

	(void)state;
	event(f, 999, HWP_EVENT_ACTION, 0x10, 0);
	judged(f, HWP_CAUSE_NO_CRASH, HWP_CERTAIN, -1);
	f = crashed(NULL);
	f->live = true;
	f->machine.has_panic_cpu = false;
	judged(f, HWP_CAUSE_NO_CRASH, HWP_CERTAIN, -1);
	/* By the log alone, which is there, or is not. */
	f = crashed(NULL);
	f->machine.has_panic_cpu = false;
	judged(f, HWP_CAUSE_NO_CRASH, HWP_STRONG, -1);
	f = crashed(NULL);
	f->machine.has_panic_cpu = false;
	f->log.state = HWP_LOG_UNREADABLE;
	judged(f, HWP_CAUSE_UNKNOWN, HWP_WEAK, -1);
}

static void by_page(void **state)
{
	struct hwp_findings *f = crashed("Memory failure on page 10");

	(void)state;
	event(f, 1000, HWP_EVENT_PANIC, 0x10, 0);
	judged(f, HWP_CAUSE_MEMORY_ERROR, HWP_CERTAIN, 0x10);
}

static void by_machine_check(void **state)
{
	struct hwp_findings *f = crashed("Fatal machine check");

	(void)state;
	remark(f, 1000, HWP_EVENT_HARDWARE, MEMORY);
	event(f, 1000, HWP_EVENT_HARDWARE, 0x18db3, MEMORY);
	remark(f, 1000, HWP_EVENT_PANIC, 0);
	judged(f, HWP_CAUSE_MEMORY_ERROR, HWP_CERTAIN, 0x18db3);
	/* Its address was not recorded. */
	f = crashed("Fatal machine check");
	remark(f, 1000, HWP_EVENT_HARDWARE, MEMORY);
	remark(f, 1000, HWP_EVENT_PANIC, 0);
	judged(f, HWP_CAUSE_MEMORY_ERROR, HWP_CERTAIN, -1);
	/* Not of memory: no accusation, whatever was corrected before. */
	f = crashed("Fatal machine check");
	event(f, 1000, HWP_EVENT_HARDWARE, 0x18db3, CORRECTED_MEMORY);
	remark(f, 1000, HWP_EVENT_HARDWARE, BUS);
	remark(f, 1000, HWP_EVENT_PANIC, 0);
	judged(f, HWP_CAUSE_NO_SIGN, HWP_STRONG, -1);
	/* The lines that say which are lost. */
	f = crashed("Fatal machine check");
	remark(f, 1000, HWP_EVENT_PANIC, 0);
	judged(f, HWP_CAUSE_UNKNOWN, HWP_WEAK, -1);
	/* Firmware named a page; and one that it named long before is none of this. */
	f = crashed("Fatal hardware error!");
	event(f, 1000, HWP_EVENT_HARDWARE, 0x12345, 0);
	remark(f, 1000, HWP_EVENT_PANIC, 0);
	judged(f, HWP_CAUSE_MEMORY_ERROR, HWP_STRONG, 0x12345);
	f = crashed("Fatal hardware error!");
	event(f, 900, HWP_EVENT_HARDWARE, 0x12345, 0);
	remark(f, 1000, HWP_EVENT_PANIC, 0);
	judged(f, HWP_CAUSE_UNKNOWN, HWP_WEAK, -1);
}

/* "Attempted to kill init! exitcode=0x00000007", for a page of it. */
static void by_signal(void **state)
{
	struct hwp_findings *f = crashed("Attempted to kill init! exitcode=0x00000007");

	(void)state;
	event(f, 999, HWP_EVENT_SIGBUS, 0x10, 0);
	f->crash.pid = 77;
	judged(f, HWP_CAUSE_MEMORY_ERROR, HWP_STRONG, 0x10);
	f = crashed("Attempted to kill init! exitcode=0x0000000b");
	event(f, 999, HWP_EVENT_SIGBUS, 0x10, 0);
	f->crash.pid = 1;
	judged(f, HWP_CAUSE_NEAR, HWP_WEAK, 0x10);
}

/* The process that crashed had the page after its error, however long ago. */
static void by_victim(void **state)
{
	struct hwp_findings *f = crashed("Fatal exception");
	const struct hwp_victim victim = { .kind = HWP_VICTIM_PROCESS,
					   .pid = 77,
					   .confidence = HWP_STRONG };
	struct hwp_poisoned *p = add_poisoned(f, isolated_page(0x1234));

	(void)state;
	assert_true(hwp_vec_push(&f->victims, victim));
	p->nr_victims = 1;
	p->event = -1;
	f->crash.pid = 77;
	judged(f, HWP_CAUSE_NEAR, HWP_STRONG, 0x1234);
}

static void by_time(void **state)
{
	struct hwp_findings *f = crashed("sysrq triggered crash");

	(void)state;
	event(f, 702, HWP_EVENT_ACTION, 0x10, 0);
	judged(f, HWP_CAUSE_NEAR, HWP_WEAK, 0x10);
	f = crashed("sysrq triggered crash");
	event(f, 699, HWP_EVENT_ACTION, 0x10, 0);
	judged(f, HWP_CAUSE_NO_SIGN, HWP_STRONG, -1);
	/* Unmarking is no error; a bus error is none of memory. */
	f = crashed("sysrq triggered crash");
	event(f, 999, HWP_EVENT_UNPOISON, 0x10, 0);
	remark(f, 999, HWP_EVENT_HARDWARE, BUS);
	judged(f, HWP_CAUSE_NO_SIGN, HWP_STRONG, -1);
	f = crashed("sysrq triggered crash");
	remark(f, 999, HWP_EVENT_HARDWARE, CORRECTED_MEMORY);
	judged(f, HWP_CAUSE_NEAR, HWP_WEAK, -1);
	f = crashed("sysrq triggered crash");
	f->log.state = HWP_LOG_LOST;
	judged(f, HWP_CAUSE_UNKNOWN, HWP_WEAK, -1);
}

/* An oops starts the crash kernel before the panic; or no line says why. */
static void without_a_panic(void **state)
{
	struct hwp_findings *f = crashed("");

	(void)state;
	f->crash.has_panic = false;
	strcpy(f->crash.oops, "kernel BUG at mm/slub.c:1");
	f->crash.task_ns = 1000 * S;
	judged(f, HWP_CAUSE_NO_SIGN, HWP_STRONG, -1);
	f = crashed("");
	f->crash.has_panic = false;
	judged(f, HWP_CAUSE_UNKNOWN, HWP_STRONG, -1);
}

/* A panic that is a memory error, or may be one, is never clean; any other may be. */
static void verdicts(void **state)
{
	struct hwp_findings *f = crashed("Fatal machine check");

	(void)state;
	remark(f, 1000, HWP_EVENT_PANIC, 0);
	assert_null(hwp_check_run(f));
	assert_int_equal(f->verdict, HWP_VERDICT_INCOMPLETE);
	remark(f, 1000, HWP_EVENT_HARDWARE, MEMORY);
	assert_null(hwp_check_run(f));
	assert_int_equal(f->verdict, HWP_VERDICT_INCOMPLETE);
	hwp_findings_destroy(f);
	f = crashed("sysrq triggered crash");
	assert_null(hwp_check_run(f));
	assert_int_equal(f->verdict, HWP_VERDICT_CLEAN);
	hwp_findings_destroy(f);
}

static void record(struct hwp_findings *f, uint64_t pfn, uint64_t status, bool is_waiting,
		   int64_t seconds)
{
	const struct hwp_hardware_record r = { .kind = HWP_EVENT_HARDWARE,
					       .is_waiting = is_waiting,
					       .has_pfn = true,
					       .pfn = pfn,
					       .status = status,
					       .cpu = -1,
					       .bank = -1,
					       .unix_seconds = seconds };

	assert_true(hwp_vec_push(&f->hardware.records, r));
}

static struct hwp_findings *panicked_silently(void)
{
	struct hwp_findings *f = crashed(NULL);

	f->machine.panic_cpu = 1;
	return f;
}

/* A record that was not handed on shows the error where the log does not. */
static void by_record(void **state)
{
	struct hwp_findings *f = panicked_silently();

	(void)state;
	record(f, 0x10, MEMORY, true, 998);
	record(f, 0x20, MEMORY, true, 999);
	record(f, 0x30, MEMORY, false, 1000);
	hwp_cause_judge(f);
	assert_int_equal(f->cause.record, 1);
	judged(f, HWP_CAUSE_MEMORY_ERROR, HWP_STRONG, 0x20);
	/* What was handed on, or corrected, or is no memory's, accuses nothing. */
	f = panicked_silently();
	record(f, 0x10, MEMORY, false, 1000);
	record(f, 0x10, CORRECTED_MEMORY, true, 1000);
	record(f, 0x10, BUS, true, 1000);
	hwp_cause_judge(f);
	assert_int_equal(f->cause.record, -1);
	judged(f, HWP_CAUSE_UNKNOWN, HWP_STRONG, -1);
	/* The panic is for the hardware, and no line says of which error. */
	f = crashed("Fatal machine check");
	remark(f, 1000, HWP_EVENT_PANIC, 0);
	record(f, 0x10, MEMORY, true, 1000);
	judged(f, HWP_CAUSE_MEMORY_ERROR, HWP_STRONG, 0x10);
	/* It is for something else. */
	f = crashed("sysrq triggered crash");
	record(f, 0x10, MEMORY, true, 1000);
	judged(f, HWP_CAUSE_NEAR, HWP_STRONG, 0x10);
	f = crashed("sysrq triggered crash");
	record(f, 0x10, MEMORY, false, 1000);
	judged(f, HWP_CAUSE_NO_SIGN, HWP_STRONG, -1);
	/* It had not crashed. */
	f = crashed(NULL);
	record(f, 0x10, MEMORY, true, 1000);
	judged(f, HWP_CAUSE_NO_CRASH, HWP_CERTAIN, -1);
}

static enum hwp_answer in_log(struct hwp_findings *f)
{
	hwp_records_judge(f);
	return f->hardware.records.data[0].in_log;
}

static void records_in_the_log(void **state)
{
	struct hwp_findings *f = crashed(NULL);

	(void)state;
	/* The log begins at 500 s of the wall clock. */
	f->machine.has_clock = true;
	f->machine.log_start_unix_ns = 500 * (int64_t)S;
	record(f, 0x10, MEMORY, true, 1000);
	event(f, 400, HWP_EVENT_ACTION, 0x10, 0);
	event(f, 500, HWP_EVENT_ACTION, 0x11, 0);
	assert_int_equal(in_log(f), HWP_ANSWER_NO);
	f->log.state = HWP_LOG_LOST;
	assert_int_equal(in_log(f), HWP_ANSWER_UNKNOWN);
	f->log.state = HWP_LOG_WRAPPED;
	f->log.first_ns = 499 * S;
	assert_int_equal(in_log(f), HWP_ANSWER_UNKNOWN);
	f->log.first_ns = 450 * S;
	assert_int_equal(in_log(f), HWP_ANSWER_NO);
	event(f, 502, HWP_EVENT_ACTION, 0x10, 0);
	assert_int_equal(in_log(f), HWP_ANSWER_YES);
	f->events.nr = 0;
	/* A line with the status and no page is about a record without one. */
	remark(f, 500, HWP_EVENT_HARDWARE, MEMORY);
	assert_int_equal(in_log(f), HWP_ANSWER_NO);
	f->hardware.records.data[0].has_pfn = false;
	assert_int_equal(in_log(f), HWP_ANSWER_YES);
	f->machine.has_clock = false;
	assert_int_equal(in_log(f), HWP_ANSWER_UNKNOWN);
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_crash),  cmocka_unit_test(by_page),
		cmocka_unit_test(by_signal), cmocka_unit_test(by_machine_check),
		cmocka_unit_test(by_victim), cmocka_unit_test(by_time),
		cmocka_unit_test(verdicts),  cmocka_unit_test(without_a_panic),
		cmocka_unit_test(by_record), cmocka_unit_test(records_in_the_log),
	};

	return cmocka_run_group_tests_name("cause", tests, NULL, NULL);
}
