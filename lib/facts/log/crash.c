// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/log/crash.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "facts/log/pattern.h"

#define MAX_LINE 512
/* An oops that ends in a panic, and what a panic says of its task, are printed at once. */
#define AT_ONCE (10 * HWP_NS_PER_SECOND)

enum crash_line { PANIC, OOPS, TASK, RIP };

/* What is more special stands before what is less. */
static const struct {
	enum crash_line what;
	const char *pattern;
} lines[] = {
	{ PANIC, "{panic}{label}" },
	/* dump_stack_print_info() in lib/dump_stack.c: with the uid since v6.12. */
	{ TASK, "CPU: {cpu} UID: {number} PID: {pid} Comm: {comm} Kdump: " },
	{ TASK, "CPU: {cpu} UID: {number} PID: {pid} Comm: {comm} Tainted: " },
	{ TASK, "CPU: {cpu} UID: {number} PID: {pid} Comm: {comm} Not tainted" },
	{ TASK, "CPU: {cpu} PID: {pid} Comm: {comm} Kdump: " },
	{ TASK, "CPU: {cpu} PID: {pid} Comm: {comm} Tainted: " },
	{ TASK, "CPU: {cpu} PID: {pid} Comm: {comm} Not tainted" },
	{ TASK, "Pid: {pid}, comm: {comm} Tainted: " },
	{ TASK, "Pid: {pid}, comm: {comm} Not tainted" },
	/* arch/x86/mm/fault.c */
	{ OOPS, "BUG: unable to handle page fault for address: {virtual}" },
	{ OOPS, "BUG: kernel NULL pointer dereference, address: {virtual}" },
	{ OOPS, "BUG: unable to handle kernel paging request at {virtual}" },
	{ OOPS, "BUG: unable to handle kernel NULL pointer dereference at {virtual}" },
	/* arch/x86/kernel/traps.c */
	{ OOPS, "Oops: general protection fault, {any}address {virtual}" },
	{ OOPS, "Oops: general protection fault" },
	{ OOPS, "general protection fault, {any}address {virtual}" },
	{ OOPS, "general protection fault" },
	{ OOPS, "invalid opcode: " },
	{ OOPS, "Oops: invalid opcode: " },
	{ OOPS, "kernel BUG at " },
	/* arch/arm64/mm/fault.c, arch/powerpc/mm/fault.c */
	{ OOPS, "Unable to handle kernel {any}at virtual address {virtual}" },
	{ OOPS, "Unable to handle kernel {any}at {virtual}" },
	{ OOPS, "BUG: Unable to handle kernel {any}at {virtual}" },
	{ OOPS, "BUG: soft lockup - " },
	{ OOPS, "watchdog: BUG: soft lockup - " },
	{ OOPS, "watchdog: Watchdog detected hard LOCKUP" },
	{ OOPS, "NMI watchdog: Watchdog detected hard LOCKUP" },
	/* drivers/tty/sysrq.c */
	{ OOPS, "sysrq: Trigger a crash" },
	{ OOPS, "SysRq : Trigger a crash" },
	{ RIP, "RIP: {label}" },
};

static void copy(char *to, size_t size, struct hwp_span from)
{
	snprintf(to, size, "%.*s", (int)from.len, from.text ? from.text : "");
}

/** The registers of a system call, which a stack ends with: __USER_CS of x86_64. */
static bool is_user_mode(struct hwp_span rip)
{
	return rip.len > 5 && memcmp(rip.text, "0033:", 5) == 0;
}

static void take_panic(struct hwp_crash_facts *crash, const struct hwp_klog_record *record,
		       const struct hwp_fields *fields)
{
	if (crash->has_panic)
		return;
	crash->has_panic = true;
	crash->seq = record->seq;
	crash->time_ns = record->time_ns;
	copy(crash->panic, sizeof(crash->panic), fields->label);
	/* An oops that the kernel lived on with is none of its death. */
	if (record->time_ns > crash->task_ns + AT_ONCE) {
		crash->cpu = crash->pid = -1;
		crash->comm[0] = crash->oops[0] = crash->rip[0] = '\0';
		crash->has_fault_address = false;
	}
}

static void take_oops(struct hwp_crash_facts *crash, const struct hwp_klog_record *record,
		      const char *line, const struct hwp_fields *fields)
{
	/* The first of those that are printed at once. */
	if (crash->has_panic || (crash->oops[0] && record->time_ns <= crash->task_ns + AT_ONCE))
		return;
	snprintf(crash->oops, sizeof(crash->oops), "%.*s", (int)sizeof(crash->oops) - 1, line);
	crash->task_ns = record->time_ns;
	crash->has_fault_address = fields->has_virtual;
	crash->fault_address = fields->virtual_address;
	crash->rip[0] = '\0';
	crash->cpu = crash->pid = -1;
	crash->comm[0] = '\0';
}

/** Who it was, by the oops, or by the panic where that printed it. */
static void take_task(struct hwp_crash_facts *crash, const struct hwp_klog_record *record,
		      const struct hwp_fields *fields, bool has_cpu)
{
	bool is_known = crash->comm[0] && crash->task_ns + AT_ONCE >= record->time_ns;

	if (crash->has_panic ? crash->comm[0] || record->time_ns > crash->time_ns + AT_ONCE :
			       is_known)
		return;
	crash->cpu = has_cpu ? (int)(fields->cpu & INT32_MAX) : -1;
	crash->pid = (int)(fields->pid & INT32_MAX);
	copy(crash->comm, sizeof(crash->comm), fields->comm);
	crash->task_ns = record->time_ns;
}

void hwp_crash_take(struct hwp_crash_facts *crash, const struct hwp_klog_record *record)
{
	struct hwp_fields fields;
	char line[MAX_LINE];

	snprintf(line, sizeof(line), "%.*s", (int)record->len, record->text);
	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < HWP_ARRAY_SIZE(lines); i++) {
		if (!hwp_pattern_match(lines[i].pattern, line, &fields))
			continue;
		switch (lines[i].what) {
		case PANIC:
			take_panic(crash, record, &fields);
			break;
		case OOPS:
			take_oops(crash, record, line, &fields);
			break;
		case TASK:
			take_task(crash, record, &fields, line[0] == 'C');
			break;
		case RIP:
			if (!crash->rip[0] && (crash->oops[0] || crash->has_panic) &&
			    !is_user_mode(fields.label))
				copy(crash->rip, sizeof(crash->rip), fields.label);
			break;
		}
		return;
	}
}
