// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * /proc/kcore: an ELF core file whose segments are the kernel's memory as it
 * is now (fs/proc/kcore.c). It is read only for the gate (gate.h).
 */
#ifndef HWP_TARGET_MEMORY_KCORE_H
#define HWP_TARGET_MEMORY_KCORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define HWP_KCORE_NO_PHYSICAL UINT64_MAX

/** One PT_LOAD: kernel addresses [start, end). */
struct hwp_kcore_segment {
	uint64_t start, end, file_offset;
	/** Physical address of the first byte, or HWP_KCORE_NO_PHYSICAL. */
	uint64_t physical;
};

struct hwp_kcore;

#define HWP_KCORE_PATH "/proc/kcore"

/**
 * Open HWP_KCORE_PATH, or a test's file in its place; @p path is borrowed. The error
 * says which capability, mount or option is missing (OS, UNSUPPORTED, BAD_DATA).
 */
struct hwp_error *hwp_kcore_open(const char *path, struct hwp_kcore **ret);

/** NULL is fine. */
void hwp_kcore_destroy(struct hwp_kcore *kcore);

/** Segments in the order of the file; borrowed. */
const struct hwp_kcore_segment *hwp_kcore_segments(const struct hwp_kcore *kcore, size_t *nr_ret);

/** The VMCOREINFO note, NUL-terminated, borrowed. NULL when there is none. */
const char *hwp_kcore_vmcoreinfo(const struct hwp_kcore *kcore);

/** Read @p size bytes of @p segment at @p address. Errors: FAULT, OS. */
struct hwp_error *hwp_kcore_read(struct hwp_kcore *kcore, const struct hwp_kcore_segment *segment,
				 uint64_t address, void *buf, size_t size);

#endif /* HWP_TARGET_MEMORY_KCORE_H */
