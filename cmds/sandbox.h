// SPDX-License-Identifier: GPL-2.0-or-later
/** What a process that reads somebody else's file gives up before it does. */
#ifndef HWP_SANDBOX_H
#define HWP_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

/** The most that the analysis of a file may take. */
struct hwp_budget {
	/** Bytes of address space, and of private memory in it; bytes of a file it writes. */
	uint64_t address_space, memory, file_size;
	/** Processor time of all its threads. */
	uint64_t seconds;
};

/** For a dump of @p size bytes that is read by @p nr_threads threads. */
struct hwp_budget hwp_budget_for(uint64_t size, unsigned int nr_threads);

/** Lower @p budget to the limits that this process has already. */
void hwp_budget_clamp(struct hwp_budget *budget);

/** Bound the process by @p budget. */
void hwp_sandbox_limit(const struct hwp_budget *budget);

/**
 * For good: no capabilities, no new privileges, no debugger, and, with @p filter, no system
 * call but those that read files and use memory and threads. What this kernel does not have
 * is left out: hwp_sandbox_missing() names it.
 */
void hwp_sandbox_enter(bool filter);

/** Give up every capability of this process that is not in @p kept, a mask. */
void hwp_sandbox_keep_capabilities(uint64_t kept);

/** Why there is no filter of system calls; NULL when there is one. */
const char *hwp_sandbox_missing(void);

#endif /* HWP_SANDBOX_H */
