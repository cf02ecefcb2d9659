// SPDX-License-Identifier: GPL-2.0-or-later
/** Errors that the firmware reported lately, as the kernel keeps them so as not to repeat itself. */
#ifndef HWP_FACTS_KERNEL_GHES_H
#define HWP_FACTS_KERNEL_GHES_H

#include "layout/layout.h"
#include "model/findings.h"
#include "target/target.h"

/** struct ghes_estatus_cache. */
extern const struct hwp_needs hwp_ghes_needs;

/**
 * Add the memory errors of ghes_estatus_caches (drivers/acpi/apei/ghes.c) to findings.hardware: the
 * last few error records of ACPI that were printed, which all were handed on. After
 * findings.machine. The only error is NO_MEMORY; what else fails makes the store one that was not
 * read.
 */
struct hwp_error *hwp_ghes_read(struct hwp_target *target, const struct hwp_layout *layout,
				struct hwp_findings *findings);

#endif /* HWP_FACTS_KERNEL_GHES_H */
