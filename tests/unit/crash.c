// SPDX-License-Identifier: GPL-2.0-or-later
/** What the log says of the kernel's death: lines as kernels print them. */
#include "synth.h"

#include <cmocka.h>

#include "facts/log/crash.h"

struct log {
	struct hwp_crash_facts crash;
	uint64_t seq;
};

static void say(struct log *log, uint64_t ms, const char *text)
{
	const struct hwp_klog_record record = {
		.seq = log->seq++, .time_ns = ms * 1000000, .text = text, .len = strlen(text)
	};

	hwp_crash_take(&log->crash, &record);
}

/* v7.3, sysctl vm.memory_failure_recovery=0 */
static void panic_with_a_stack(void **state)
{
	struct log log = {};

	(void)state;
	say(&log, 9787, "Injecting memory failure at pfn 0x1b3fa");
	say(&log, 9792, "Kernel panic - not syncing: Memory failure on page 1b3fa");
	say(&log, 9794, "CPU: 3 UID: 0 PID: 117 Comm: a b Not tainted 7.3.4+deb13-cloud-amd64 #1");
	say(&log, 9795, "RIP: 0033:0x47b7a0");
	say(&log, 9796, "Kernel panic - not syncing: another");
	assert_true(log.crash.has_panic);
	assert_string_equal(log.crash.panic, "Memory failure on page 1b3fa");
	assert_int_equal(log.crash.seq, 1);
	assert_int_equal(log.crash.time_ns, 9792000000);
	assert_int_equal(log.crash.cpu, 3);
	assert_int_equal(log.crash.pid, 117);
	assert_string_equal(log.crash.comm, "a b");
	assert_string_equal(log.crash.oops, "");
	/* The registers of the system call are not where it died. */
	assert_string_equal(log.crash.rip, "");
	assert_false(log.crash.has_fault_address);
}

/* v6.1: the oops has the task, and the panic that follows has none. */
static void oops_then_panic(void **state)
{
	struct log log = {};

	(void)state;
	/* One that the kernel lived on with. */
	say(&log, 1000, "BUG: unable to handle page fault for address: ffff888000001000");
	say(&log, 1001, "CPU: 0 PID: 50 Comm: old Tainted: G        W          6.1.0-50-amd64 #1");
	say(&log, 500000, "BUG: kernel NULL pointer dereference, address: 0000000000000010");
	say(&log, 500001, "CPU: 1 PID: 77 Comm: sh Kdump: loaded Not tainted 6.1.0-50-amd64 #1");
	say(&log, 500002, "RIP: 0010:sysrq_handle_crash+0x16/0x20");
	say(&log, 500003, "Kernel panic - not syncing: Fatal exception");
	assert_string_equal(log.crash.panic, "Fatal exception");
	assert_string_equal(log.crash.oops,
			    "BUG: kernel NULL pointer dereference, address: 0000000000000010");
	assert_true(log.crash.has_fault_address);
	assert_int_equal(log.crash.fault_address, 0x10);
	assert_string_equal(log.crash.rip, "0010:sysrq_handle_crash+0x16/0x20");
	assert_int_equal(log.crash.cpu, 1);
	assert_int_equal(log.crash.pid, 77);
	assert_string_equal(log.crash.comm, "sh");
}

/* An oops long before the panic is none of it. */
static void old_oops(void **state)
{
	struct log log = {};

	(void)state;
	say(&log, 1000,
	    "general protection fault, probably for non-canonical address 0xdead000000000108: "
	    "0000 [#1]");
	say(&log, 1001, "CPU: 0 PID: 50 Comm: old Tainted: G        W          6.1.0-50-amd64 #1");
	assert_int_equal(log.crash.fault_address, 0xdead000000000108);
	say(&log, 60000, "Kernel panic - not syncing: hung_task: blocked tasks");
	assert_string_equal(log.crash.panic, "hung_task: blocked tasks");
	assert_string_equal(log.crash.oops, "");
	assert_string_equal(log.crash.comm, "");
	assert_int_equal(log.crash.cpu, -1);
	assert_false(log.crash.has_fault_address);
}

/* Another line that begins alike, of long after the panic. */
static void other_lines(void **state)
{
	struct log log = {};

	(void)state;
	say(&log, 1, "CPU: Physical Processor ID: 0");
	say(&log, 2, "x Kernel panic - not syncing: said by a program");
	say(&log, 3, "RIP: 0033:0x1234");
	say(&log, 4, "Kernel panic - not syncing: y");
	say(&log, 60000, "CPU: 1 PID: 77 Comm: sh Not tainted 6.1");
	assert_string_equal(log.crash.panic, "y");
	assert_string_equal(log.crash.comm, "");
	assert_string_equal(log.crash.rip, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(panic_with_a_stack),
		cmocka_unit_test(oops_then_panic),
		cmocka_unit_test(old_oops),
		cmocka_unit_test(other_lines),
	};

	return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
