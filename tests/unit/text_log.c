// SPDX-License-Identifier: GPL-2.0-or-later
/** Kernel logs as text: what dmesg, vmcore-dmesg, journalctl and syslog write. */
#include "synth.h"

#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

#include "facts/log/text_log.h"

/* 2026-11-26 00:00:00 UTC */
#define NOW INT64_C(1795651200)
#define NS INT64_C(1000000000)
#define LINE "Memory failure: 0x1234: recovery action for huge page: Failed"

static void stamps(void **state)
{
	static const struct {
		const char *line;
		bool is_kernel;
		/** -1 for none. */
		int64_t boot_us, wall_s;
		bool has_zone;
		unsigned int facility;
		const char *text;
	} rows[] = {
		{ "[   12.345678] " LINE, true, 12345678, -1, false, 0, LINE },
		{ "<3>[   12.345678] " LINE, true, 12345678, -1, false, 0, LINE },
		/* By a user, who wrote to /dev/kmsg. */
		{ "<12>[   12.345678] " LINE, true, 12345678, -1, false, 1, LINE },
		{ "kern  :err   : [   12.345678] " LINE, true, 12345678, -1, false, 0, LINE },
		{ "user  :notice: [   12.345678] " LINE, true, 12345678, -1, false, 1, LINE },
		{ "[Wed Nov 25 15:59:02 2026] " LINE, true, -1, 1795622342, false, 0, LINE },
		{ "[   12.345678] db7 kernel: " LINE, true, 12345678, -1, false, 0, LINE },
		{ "2026-11-25T16:59:02+01:00 db7 kernel: " LINE, true, -1, 1795622342, true, 0,
		  LINE },
		{ "2026-11-25T16:59:02+0100 db7 kernel: " LINE, true, -1, 1795622342, true, 0,
		  LINE },
		{ "2026-11-25T15:59:02.500000+00:00 db7 kernel: [   12.345678] " LINE, true,
		  12345678, 1795622342, true, 0, LINE },
		{ "Nov 25 15:59:02 db7 kernel: " LINE, true, -1, 1795622342, false, 0, LINE },
		{ "Nov 25 15:59:02 db7 kernel: [   12.345678] " LINE, true, 12345678, 1795622342,
		  false, 0, LINE },
		/* No year: the last one, and tomorrow's is none of it. */
		{ "Dec 25 15:59:02 db7 kernel: " LINE, true, -1, 1766678342, false, 0, LINE },
		/* Not of the kernel, or not of a log. */
		{ "Nov 25 15:59:02 db7 rsyslogd: " LINE, false, -1, -1, false, 0, NULL },
		{ "2026-11-25T16:59:02+01:00 db7 app[12]: kernel: " LINE, false, -1, -1, false, 0,
		  NULL },
		{ LINE, false, -1, -1, false, 0, NULL },
		{ "", false, -1, -1, false, 0, NULL },
		{ "[   12.345678", false, -1, -1, false, 0, NULL },
		{ "[ 99999999999999999999.1] x", false, -1, -1, false, 0, NULL },
		{ "[   12] x", false, -1, -1, false, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_stamp stamp;

		print_message("# %s\n", rows[i].line);
		assert_int_equal(hwp_stamp_parse(rows[i].line, NOW, &stamp), rows[i].is_kernel);
		if (!rows[i].is_kernel)
			continue;
		assert_int_equal(stamp.has_boot_ns, rows[i].boot_us >= 0);
		if (stamp.has_boot_ns)
			assert_int_equal(stamp.boot_ns, rows[i].boot_us * 1000);
		assert_int_equal(stamp.has_wall, rows[i].wall_s >= 0);
		if (stamp.has_wall)
			assert_int_equal(stamp.wall_ns / NS, rows[i].wall_s);
		assert_int_equal(stamp.has_zone, rows[i].has_zone);
		assert_int_equal(stamp.facility, rows[i].facility);
		assert_string_equal(stamp.text, rows[i].text);
	}
}

static void caller(void **state)
{
	struct hwp_stamp stamp;

	(void)state;
	assert_true(hwp_stamp_parse("[    1.000000][  T118] x", NOW, &stamp));
	assert_true(stamp.has_caller);
	assert_int_equal(stamp.caller_id, 118);
	assert_string_equal(stamp.text, "x");
	assert_true(hwp_stamp_parse("[    1.000000][    C2] x", NOW, &stamp));
	assert_int_equal(stamp.caller_id, 0x80000002);
	assert_true(hwp_stamp_parse("[    1.000000] [x] y", NOW, &stamp));
	assert_false(stamp.has_caller);
}

static struct hwp_findings *read_text(const char *text)
{
	struct hwp_findings *f = calloc(1, sizeof(*f));
	char path[] = "/tmp/text_log.XXXXXX";
	int fd = mkstemp(path);

	assert_non_null(f);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_null(hwp_text_log_read(path, f));
	unlink(path);
	return f;
}

static void vmcore_dmesg(void **state)
{
	struct hwp_findings *f = read_text(
		"[    0.000000] Linux version 7.3.4\n"
		"[    9.787493] Injecting memory failure at pfn 0x1b3fa\n"
		"[    9.792778] Kernel panic - not syncing: Memory failure on "
		"page 1b3fa\n"
		"[    9.794000] CPU: 3 UID: 0 PID: 117 Comm: sh Not tainted 7.3.4 "
		"#1\n");

	(void)state;
	assert_int_equal(f->log.state, HWP_LOG_COMPLETE);
	assert_int_equal(f->events.nr, 2);
	assert_int_equal(f->events.data[1].kind, HWP_EVENT_PANIC);
	assert_int_equal(f->events.data[1].time_ns, 9792778000);
	assert_true(f->crash.has_panic);
	assert_int_equal(f->crash.pid, 117);
	assert_false(f->machine.has_clock);
	hwp_findings_destroy(f);
}

/* Two boots in one file: one clock for both, and the second's lines are no older. */
static void two_boots(void **state)
{
	struct hwp_findings *f = read_text(
		"2026-11-25T15:00:00+00:00 db7 kernel: EDAC MC0: 1 UE x on DIMM_A1 (channel:0 "
		"page:0x12345 offset:0x40 grain:32)\n"
		"2026-11-25T15:00:10+00:00 db7 rsyslogd: " LINE "\n"
		"2026-11-25T15:01:00+00:00 db7 kernel: [    0.000000] Linux version 7.3.4\n"
		"2026-11-25T15:01:05+00:00 db7 kernel: [    5.000000] " LINE "\n");

	(void)state;
	assert_int_equal(f->events.nr, 2);
	assert_int_equal(f->events.data[0].time_ns, 0);
	assert_string_equal(f->events.data[0].label, "DIMM_A1");
	assert_int_equal(f->events.data[1].time_ns, 65 * NS);
	/* Its first line is none of a boot. */
	assert_int_equal(f->log.state, HWP_LOG_WRAPPED);
	assert_true(f->machine.has_clock);
	assert_int_equal(f->machine.log_start_unix_ns / NS, 1795618800);
	hwp_findings_destroy(f);
}

static void no_log(void **state)
{
	struct hwp_findings *f = calloc(1, sizeof(*f));
	struct hwp_error *err;

	(void)state;
	assert_non_null(f);
	err = hwp_text_log_read("tests/README.md", f);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_BAD_DATA);
	hwp_error_destroy(err);
	err = hwp_text_log_read("/nonexistent", f);
	assert_non_null(err);
	hwp_error_destroy(err);
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stamps),	cmocka_unit_test(caller),
		cmocka_unit_test(vmcore_dmesg), cmocka_unit_test(two_boots),
		cmocka_unit_test(no_log),
	};

	return cmocka_run_group_tests_name("text_log", tests, NULL, NULL);
}
