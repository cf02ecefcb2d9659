// SPDX-License-Identifier: GPL-2.0-or-later
/** Memory modules by the machine's own tables, where the log names none. */
#ifndef HWP_FACTS_KERNEL_DMI_H
#define HWP_FACTS_KERNEL_DMI_H

#include "layout/layout.h"
#include "model/findings.h"

/** drivers/firmware/dmi_scan.c: where the table is, and the names that it keeps of modules. */
extern const struct hwp_needs hwp_dmi_needs, hwp_dmi_modules_needs;

/**
 * Name the module of each poisoned page that no line of the log has named, if the SMBIOS tables
 * leave only one: of a dump by its memory, of this system by /sys/firmware/dmi. What cannot be
 * read names nothing.
 */
struct hwp_error *hwp_dmi_name_modules(struct hwp_target *target, const struct hwp_layout *layout,
				       struct hwp_findings *findings);

#endif /* HWP_FACTS_KERNEL_DMI_H */
