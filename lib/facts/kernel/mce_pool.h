// SPDX-License-Identifier: GPL-2.0-or-later
/** Machine checks that x86 keeps in memory until they are handed on, and what is left of others. */
#ifndef HWP_FACTS_KERNEL_MCE_POOL_H
#define HWP_FACTS_KERNEL_MCE_POOL_H

#include "layout/layout.h"
#include "model/findings.h"
#include "target/target.h"

/** struct gen_pool, struct mce_evt_llist and struct mce. */
extern const struct hwp_needs hwp_mce_pool_needs;

/**
 * Add the records of mce_evt_pool (arch/x86/kernel/cpu/mce/genpool.c) to findings.hardware. One
 * that is allocated was not handed on yet: mce_gen_pool_process() frees it when it was, and
 * mce_panic(), which prints those that are left, frees none. After findings.machine. The only
 * error is NO_MEMORY; what else fails makes the store one that was not read.
 */
struct hwp_error *hwp_mce_pool_read(struct hwp_target *target, const struct hwp_layout *layout,
				    struct hwp_findings *findings);

#endif /* HWP_FACTS_KERNEL_MCE_POOL_H */
