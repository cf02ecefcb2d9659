// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/kernel/machine.h"

#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "layout/needs.h"
#include "target/target.h"

/* boot_cpu_data.x86_phys_bits: fewer than 32 or more than 52 are nonsense. */
#define MIN_PHYSICAL_BITS 32
#define MAX_PHYSICAL_BITS 52
/* kernel/panic.c: PANIC_CPU_INVALID */
#define NO_PANIC_CPU UINT32_MAX
#define MAX_CPUS 65536
#define BOOT_ID_SIZE 16

struct machine_layout {
	uint64_t init_uts_ns, tk_core, boot_cpu_data, panic_cpu, tainted_mask, nr_online_cpus,
		boot_id, shadow;
	uint32_t uts_name, nodename, version, machine;
	uint32_t timekeeper, seqcount_size, xtime_sec, offs_real, offs_boot, phys_bits;
};

#define SYMBOL(field, names) HWP_SYMBOL(struct machine_layout, field, names, .optional = true)
#define OFFSET(field, names) HWP_OFFSET(struct machine_layout, field, names, .optional = true)

static const struct hwp_need rows[] = {
	SYMBOL(init_uts_ns, "init_uts_ns"),
	/* An array of clocks, of which the system's is the first, since v6.17. */
	SYMBOL(tk_core, "timekeeper_data tk_core"),
	SYMBOL(boot_cpu_data, "boot_cpu_data"),
	SYMBOL(panic_cpu, "panic_cpu"),
	SYMBOL(tainted_mask, "tainted_mask"),
	SYMBOL(nr_online_cpus, "__num_online_cpus"),
	SYMBOL(boot_id, "sysctl_bootid"),
	SYMBOL(shadow, "shadow_timekeeper"),
	OFFSET(uts_name, "uts_namespace.name"),
	OFFSET(nodename, "new_utsname.nodename"),
	OFFSET(version, "new_utsname.version"),
	OFFSET(machine, "new_utsname.machine"),
	/* Of a tk_core without a name for its type. */
	HWP_SIZE(struct machine_layout, seqcount_size, "seqcount_raw_spinlock seqcount",
		 .optional = true),
	OFFSET(xtime_sec, "timekeeper.xtime_sec"),
	OFFSET(offs_real, "timekeeper.offs_real"),
	OFFSET(offs_boot, "timekeeper.offs_boot"),
	OFFSET(phys_bits, "cpuinfo_x86.x86_phys_bits"),
};

/**
 * Until v6.12 tk_core had no name for its type, a seqcount and then the clock, and its shadow was a
 * variable of its own. To look for a type that is not there is slow by DWARF.
 */
static bool find_timekeeper(struct hwp_resolver *r, void *own)
{
	struct machine_layout *at = own;

	at->timekeeper = at->shadow ? HWP_ABSENT : hwp_resolve_offset(r, "tk_data.timekeeper");
	return true;
}

const struct hwp_needs hwp_machine_needs = {
	.rows = rows,
	.nr = HWP_ARRAY_SIZE(rows),
	.sources = (const char *const[]){ "kernel/time/timekeeping.c", "init/version.c",
					  "arch/x86/kernel/cpu/common.c", NULL },
	.size = sizeof(struct machine_layout),
	.decide = find_timekeeper,
};

static bool read_bytes(struct hwp_target *target, uint64_t address, void *buf, size_t size)
{
	_cleanup_error_ struct hwp_error *err = NULL;

	if (!address)
		return false;
	err = hwp_target_read(target, HWP_KERNEL_VIRTUAL, address, buf, size, NULL);
	return !err;
}

static void read_string(struct hwp_target *target, uint64_t address, char *buf, size_t size)
{
	hwp_error_destroy(hwp_target_read_string(target, address, buf, size));
}

static void read_names(struct hwp_target *target, const struct machine_layout *at,
		       struct hwp_machine_facts *m)
{
	uint64_t names = at->init_uts_ns + at->uts_name;

	if (!at->init_uts_ns || at->uts_name == HWP_ABSENT)
		return;
	if (at->nodename != HWP_ABSENT)
		read_string(target, names + at->nodename, m->host, sizeof(m->host));
	if (at->version != HWP_ABSENT)
		read_string(target, names + at->version, m->version, sizeof(m->version));
	if (at->machine != HWP_ABSENT)
		read_string(target, names + at->machine, m->arch, sizeof(m->arch));
}

/**
 * The wall clock when the memory was captured, and what it has over the monotonic clock, which is
 * near to that of the log.
 */
static void read_clock(struct hwp_target *target, const struct machine_layout *at,
		       struct hwp_machine_facts *m)
{
	uint64_t clock = at->tk_core;
	int64_t seconds, real_ns, boot_ns = 0;

	if (!clock || at->xtime_sec == HWP_ABSENT || at->offs_real == HWP_ABSENT)
		return;
	if (at->timekeeper != HWP_ABSENT)
		clock += at->timekeeper;
	else if (at->seqcount_size != HWP_ABSENT)
		clock += (at->seqcount_size + UINT64_C(7)) / 8 * 8;
	else
		return;
	if (!read_bytes(target, clock + at->xtime_sec, &seconds, sizeof(seconds)) ||
	    !read_bytes(target, clock + at->offs_real, &real_ns, sizeof(real_ns)))
		return;
	if (at->offs_boot != HWP_ABSENT)
		read_bytes(target, clock + at->offs_boot, &boot_ns, sizeof(boot_ns));
	if (seconds <= 0 || seconds >= INT64_MAX / (int64_t)HWP_NS_PER_SECOND || real_ns <= 0 ||
	    real_ns / (int64_t)HWP_NS_PER_SECOND > seconds || boot_ns < 0)
		return;
	m->has_clock = true;
	m->unix_seconds = seconds;
	m->log_start_unix_ns = real_ns;
	m->uptime_seconds = (uint64_t)(seconds - (real_ns - boot_ns) / (int64_t)HWP_NS_PER_SECOND);
}

static void read_boot_id(struct hwp_target *target, const struct machine_layout *at,
			 struct hwp_machine_facts *m)
{
	unsigned char id[BOOT_ID_SIZE];
	bool is_set = false;

	if (!read_bytes(target, at->boot_id, id, sizeof(id)))
		return;
	/* Made when it is first asked for. */
	for (size_t i = 0; i < sizeof(id); i++)
		is_set |= id[i] != 0;
	for (size_t i = 0, n = 0; is_set && i < sizeof(id); i++) {
		bool has_dash = i == 4 || i == 6 || i == 8 || i == 10;

		snprintf(m->boot_id + n, sizeof(m->boot_id) - n, "%s%02x", has_dash ? "-" : "",
			 id[i]);
		n += has_dash ? 3 : 2;
	}
}

static void read_panic(struct hwp_target *target, const struct machine_layout *at,
		       struct hwp_machine_facts *m)
{
	uint32_t cpu;

	m->has_taint = read_bytes(target, at->tainted_mask, &m->taint, sizeof(m->taint));
	m->has_panic_cpu = read_bytes(target, at->panic_cpu, &cpu, sizeof(cpu)) &&
			   (cpu == NO_PANIC_CPU || cpu < MAX_CPUS);
	m->panic_cpu = !m->has_panic_cpu || cpu == NO_PANIC_CPU ? -1 : (int)cpu;
}

void hwp_machine_read(struct hwp_target *target, const struct hwp_layout *l, struct hwp_findings *f)
{
	const struct machine_layout *at = hwp_layout_of(l, &hwp_machine_needs);
	struct hwp_machine_facts *m = &f->machine;
	uint32_t nr_cpus;
	uint8_t bits;

	*m = (struct hwp_machine_facts){ .panic_cpu = -1 };
	if (!at)
		return;
	read_names(target, at, m);
	read_clock(target, at, m);
	read_boot_id(target, at, m);
	read_panic(target, at, m);
	if (read_bytes(target, at->nr_online_cpus, &nr_cpus, sizeof(nr_cpus)) &&
	    nr_cpus <= MAX_CPUS)
		m->nr_cpus = nr_cpus;
	if (at->phys_bits != HWP_ABSENT && at->boot_cpu_data &&
	    read_bytes(target, at->boot_cpu_data + at->phys_bits, &bits, sizeof(bits)) &&
	    bits >= MIN_PHYSICAL_BITS && bits <= MAX_PHYSICAL_BITS)
		m->physical_bits = bits;
}
