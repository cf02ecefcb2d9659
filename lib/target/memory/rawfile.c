// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/rawfile.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

struct hwp_error *hwp_rawfile_read_some(const struct hwp_rawfile *file, uint64_t offset, void *buf,
					size_t size, size_t *nr_ret)
{
	size_t done = 0;

	while (done < size && offset + done <= INT64_MAX) {
		ssize_t n = pread(file->fd, (char *)buf + done, size - done,
				  (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hwp_error_os(errno, "cannot read the file");
		if (n == 0)
			break;
		done += (size_t)n;
	}
	*nr_ret = done;
	return NULL;
}

struct hwp_error *hwp_rawfile_read(const struct hwp_rawfile *file, uint64_t offset, void *buf,
				   size_t size)
{
	size_t nr;
	struct hwp_error *err = hwp_rawfile_read_some(file, offset, buf, size, &nr);

	if (err || nr == size)
		return err;
	return hwp_error_create(HWP_ERROR_BAD_DATA, "the file is cut off at byte %" PRIu64,
				offset + nr);
}
