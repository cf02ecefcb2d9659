// SPDX-License-Identifier: GPL-2.0-or-later
/** How much of the machine that we run on may be taken to save work. */
#ifndef HWP_BASE_MACHINE_H
#define HWP_BASE_MACHINE_H

#include <stddef.h>

/**
 * A 64th of its memory, in bytes, and no more than @p max_bytes: a kdump kernel has 256 MiB, and
 * other things to do with them. At least 1 MiB.
 */
size_t hwp_share_of_machine(size_t max_bytes);

#endif /* HWP_BASE_MACHINE_H */
