// SPDX-License-Identifier: GPL-2.0-or-later
/** Positioned reads of a dump file; it is never mapped: a map faults where the file has shrunk. */
#ifndef HWP_TARGET_MEMORY_RAWFILE_H
#define HWP_TARGET_MEMORY_RAWFILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct hwp_rawfile {
	int fd;
	/** Bytes, when it was opened. */
	uint64_t size;
};

/** Is [@p offset, @p offset + @p size) within the file? */
static inline bool hwp_rawfile_has(const struct hwp_rawfile *file, uint64_t offset, uint64_t size)
{
	return offset <= file->size && size <= file->size - offset;
}

/** Exactly @p size bytes. BAD_DATA if the file ends before, OS if it cannot be read. */
struct hwp_error *hwp_rawfile_read(const struct hwp_rawfile *file, uint64_t offset, void *buf,
				   size_t size);

/** As many of @p size bytes as there are: *@p nr_ret. OS if it cannot be read. */
struct hwp_error *hwp_rawfile_read_some(const struct hwp_rawfile *file, uint64_t offset, void *buf,
					size_t size, size_t *nr_ret);

#endif /* HWP_TARGET_MEMORY_RAWFILE_H */
