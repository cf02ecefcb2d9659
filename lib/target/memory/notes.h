// SPDX-License-Identifier: GPL-2.0-or-later
/** ELF notes of a dump: one for each CPU, and VMCOREINFO. */
#ifndef HWP_TARGET_MEMORY_NOTES_H
#define HWP_TARGET_MEMORY_NOTES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "target/memory/rawfile.h"

struct hwp_notes {
	/** QEMU adds notes of its own, named after it. */
	bool from_qemu;
	/** NUL-terminated, the caller frees it; NULL if there was none. */
	char *vmcoreinfo;
};

/**
 * Add what the notes at [@p offset, @p offset + @p size) of @p file hold to @p notes; what is
 * beyond the file's end is not there. Errors: OS, NO_MEMORY, BAD_DATA (PAGESIZE is nonsense).
 */
struct hwp_error *hwp_notes_read(const struct hwp_rawfile *file, uint64_t offset, uint64_t size,
				 struct hwp_notes *notes);

#endif /* HWP_TARGET_MEMORY_NOTES_H */
