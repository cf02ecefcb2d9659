// SPDX-License-Identifier: GPL-2.0-or-later
/** The memory of a running QEMU guest, read from its host. */
#ifndef HWP_TARGET_MEMORY_GUEST_H
#define HWP_TARGET_MEMORY_GUEST_H

#include "target/target.h"

/**
 * The guest's memory through the gate, read by libdrgn over the QMP socket @p path. The
 * error says what is missing.
 */
struct hwp_error *hwp_guest_memory_open(const char *path, struct hwp_provider *ret,
					struct hwp_file_facts *facts);

/**
 * The same with @p memory, which reads by physical address and has VMCOREINFO: libdrgn's,
 * or, in tests, a dump taken for a guest. It is taken over, on failure too.
 */
struct hwp_error *hwp_guest_memory_create(const struct hwp_provider *memory,
					  struct hwp_provider *ret);

#endif /* HWP_TARGET_MEMORY_GUEST_H */
