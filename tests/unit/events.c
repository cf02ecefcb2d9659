// SPDX-License-Identifier: GPL-2.0-or-later
/** From lines to events and remarks: what two lines say together, and what is left out. */
#include "synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "facts/log/events.h"

struct log {
	struct hwp_findings *findings;
	struct hwp_event_reading reading;
	uint64_t seq;
};

static struct log new_log(void)
{
	struct log log = { .findings = calloc(1, sizeof(*log.findings)) };

	assert_non_null(log.findings);
	log.findings->log.state = HWP_LOG_COMPLETE;
	log.reading = (struct hwp_event_reading){ .findings = log.findings,
						  .rule = hwp_usual_addresses };
	return log;
}

static void say(struct log *log, const char *text)
{
	const struct hwp_klog_record record = { .seq = log->seq++,
						.text = text,
						.len = strlen(text) };

	assert_null(hwp_events_take(&log->reading, &record));
}

/* Real ones: an error of memory, then of a bus on AMD's 15h, whose address is no memory's. */
static void machine_check(void **state)
{
	struct log log = new_log();
	struct hwp_findings *f = log.findings;

	(void)state;
	say(&log, "mce: [Hardware Error]: CPU 0: Machine Check Exception: f Bank 3: "
		  "bd80000000070134");
	say(&log, "mce: [Hardware Error]: RIP 10:<ffffffff8372f8bc> {memchr_inv+0x4c/0xf0}");
	say(&log, "mce: [Hardware Error]: TSC afff7bbff88a ADDR 1d301b000 MISC 80 "
		  "PPIN 1e741e77539027db");
	say(&log, "mce: [Hardware Error]: CPU 0: Machine Check: 0 Bank 5: 9c00000000020e0f");
	say(&log, "mce: [Hardware Error]: TSC 0 ADDR 13000");
	hwp_events_finish(&log.reading);
	assert_int_equal(f->events.nr, 1);
	assert_int_equal(f->events.data[0].pfn, 0x1d301b);
	assert_int_equal(f->events.data[0].status, 0xbd80000000070134);
	assert_int_equal(f->remarks.nr, 3);
	assert_int_equal(f->remarks.data[0].status, 0xbd80000000070134);
	assert_int_equal(f->remarks.data[1].status, 0x9c00000000020e0f);
	assert_int_equal(f->remarks.data[2].status, 0x9c00000000020e0f);
	assert_int_equal(f->events.data[0].kind, HWP_EVENT_HARDWARE);
	hwp_findings_destroy(f);
}

/* MCI_STATUS_UC is in the line before the address; bit 44 may be AMD's for a deferred error. */
static void corrected(void **state)
{
	static const struct {
		const char *status;
		enum hwp_event_kind kind;
	} cases[] = {
		{ "9c00000000000091", HWP_EVENT_CORRECTED },
		{ "bd000000000000c0", HWP_EVENT_HARDWARE },
		{ "9c00100000000091", HWP_EVENT_HARDWARE },
		{ "1c00000000000091", HWP_EVENT_HARDWARE },
	};
	struct log log = new_log();
	struct hwp_findings *f = log.findings;
	char text[96];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		snprintf(text, sizeof(text),
			 "mce: [Hardware Error]: CPU 0: Machine Check: 0 Bank 9: %s",
			 cases[i].status);
		say(&log, text);
		say(&log, "mce: [Hardware Error]: TSC 0 ADDR 17cbc000 MISC 8c");
	}
	hwp_events_finish(&log.reading);
	assert_int_equal(f->events.nr, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(f->events.data[i].kind, cases[i].kind);
		assert_int_equal(f->remarks.data[i].kind, cases[i].kind);
	}
	hwp_findings_destroy(f);
}

/* The name of the module is a line of its own, after the address, in the same record. */
static void error_record(void **state)
{
	struct log log = new_log();
	struct hwp_findings *f = log.findings;

	(void)state;
	say(&log, "{1}[Hardware Error]:   physical_address: 0x0000000012345000");
	say(&log, "{1}[Hardware Error]:   DIMM location: P0 DIMM_A1 ");
	say(&log, "{2}[Hardware Error]:   physical_address: 0x0000000012346000");
	/* Of another one. */
	say(&log, "{3}[Hardware Error]:   DIMM location: P0 DIMM_B1 ");
	hwp_events_finish(&log.reading);
	assert_int_equal(f->events.nr, 2);
	assert_string_equal(f->events.data[0].label, "P0 DIMM_A1");
	assert_string_equal(f->events.data[1].label, "");
	assert_int_equal(f->remarks.nr, 1);
	assert_string_equal(f->remarks.data[0].label, "P0 DIMM_B1");
	hwp_findings_destroy(f);
}

/* Of more than are kept the newest are, and the log does not pass for complete. */
static void newest_are_kept(void **state)
{
	struct log log = new_log();
	struct hwp_findings *f = log.findings;
	char text[80];

	(void)state;
	for (unsigned int i = 1; i <= 70000; i++) {
		snprintf(text, sizeof(text), "Injecting memory failure at pfn 0x%x", i);
		say(&log, text);
	}
	hwp_events_finish(&log.reading);
	assert_true(f->events.nr <= 65536 && f->events.nr >= 49152);
	assert_int_equal(f->events.data[f->events.nr - 1].pfn, 70000);
	assert_int_equal(f->events.data[0].pfn, 70000 - f->events.nr + 1);
	assert_int_equal(f->log.nr_lost, 70000 - f->events.nr);
	assert_int_equal(f->log.state, HWP_LOG_LOST);
	assert_string_equal(f->log.why, "it has more lines about memory errors than are kept");
	hwp_findings_destroy(f);
}

/* Remarks are bounded too. */
static void remarks_are_bounded(void **state)
{
	struct log log = new_log();
	struct hwp_findings *f = log.findings;

	(void)state;
	for (unsigned int i = 0; i < 20000; i++)
		say(&log, "mce: [Hardware Error]: Machine check events logged");
	hwp_events_finish(&log.reading);
	assert_true(f->remarks.nr <= 16384 && f->remarks.nr >= 12288);
	assert_int_equal(f->remarks.data[f->remarks.nr - 1].seq, 19999);
	assert_int_equal(f->log.state, HWP_LOG_COMPLETE);
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(machine_check),       cmocka_unit_test(corrected),
		cmocka_unit_test(error_record),	       cmocka_unit_test(newest_are_kept),
		cmocka_unit_test(remarks_are_bounded),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
