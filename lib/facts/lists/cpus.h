// SPDX-License-Identifier: GPL-2.0-or-later
/** The CPUs whose per-CPU lists are walked; shared by cpus.c and freelist.c only. */
#ifndef HWP_FACTS_LISTS_CPUS_H
#define HWP_FACTS_LISTS_CPUS_H

#include "layout/layout.h"
#include "model/findings.h"
#include "target/target.h"

/** What says which CPUs there are. */
extern const struct hwp_needs hwp_cpus_needs;

struct hwp_cpu {
	uint32_t number;
	/** What is added to the address of a per-CPU variable. */
	uint64_t offset;
};

/** Ascending by number. */
struct hwp_cpus {
	HWP_VEC(struct hwp_cpu) cpus;
};

static inline void hwp_cpus_deinit(struct hwp_cpus *cpus)
{
	hwp_vec_deinit(&cpus->cpus);
}

/**
 * Find the possible CPUs of @p target: those offline are drained, but a list is a
 * list. nr_cpu_ids, the masks and __per_cpu_offset are held against each other: for each CPU
 * that may be missing from @p ret a hole (PCP_LIST) is recorded. The only error is NO_MEMORY.
 */
struct hwp_error *hwp_cpus_find(struct hwp_target *target, const struct hwp_layout *layout,
				struct hwp_findings *findings, struct hwp_cpus *ret);

#endif /* HWP_FACTS_LISTS_CPUS_H */
