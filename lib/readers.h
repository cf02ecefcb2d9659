// SPDX-License-Identifier: GPL-2.0-or-later
/** Everything that reads kernel memory, by what it needs to know of the kernel. */
#ifndef HWP_READERS_H
#define HWP_READERS_H

#include "layout/needs.h"

/** The tables of all readers and a NULL, for hwp_layout_create(). */
extern const struct hwp_needs *const hwp_readers[];

#endif /* HWP_READERS_H */
