// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/frontdoor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "target/memory/kcore.h"
#include "target/memory/rawfile.h"

static struct hwp_error *refusal(const struct hwp_file_kind *kind)
{
	return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT, "%s%s%s", kind->what,
				kind->advice ? ": " : "", kind->advice ? kind->advice : "");
}

static struct hwp_error *look_at_bytes(int fd, off_t size, const struct hwp_file_kind **ret)
{
	_cleanup_free_ unsigned char *buf = malloc(HWP_FILE_HEAD_SIZE + HWP_FILE_TAIL_SIZE);
	const struct hwp_rawfile file = { .fd = fd, .size = (uint64_t)size };
	struct hwp_file_ends ends = { .head = buf, .tail = buf + HWP_FILE_HEAD_SIZE };
	struct hwp_error *err;

	if (!buf)
		return hwp_error_no_memory();
	err = hwp_rawfile_read_some(&file, 0, buf, HWP_FILE_HEAD_SIZE, &ends.nr_head);
	if (!err && size >= HWP_FILE_TAIL_SIZE)
		err = hwp_rawfile_read_some(&file, file.size - HWP_FILE_TAIL_SIZE,
					    buf + HWP_FILE_HEAD_SIZE, HWP_FILE_TAIL_SIZE,
					    &ends.nr_tail);
	if (!err)
		*ret = hwp_file_kind(&ends);
	return err;
}

static bool is_running_kernel(const struct stat *st)
{
	struct stat kcore;

	return stat(HWP_KCORE_PATH, &kcore) == 0 && kcore.st_dev == st->st_dev &&
	       kcore.st_ino == st->st_ino;
}

static struct hwp_error *go_through(int fd, enum hwp_file_form *ret)
{
	const struct hwp_file_kind *kind;
	struct hwp_error *err = NULL;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return hwp_error_os(errno, "cannot look at the file");
	if (is_running_kernel(&st))
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
					"this is the running kernel: run hwpoison without a "
					"target to check it");
	kind = hwp_file_kind_of_mode(st.st_mode);
	if (!kind)
		err = look_at_bytes(fd, st.st_size, &kind);
	if (err)
		return err;
	if (kind->form == HWP_FILE_REFUSED)
		return refusal(kind);
	*ret = kind->form;
	return NULL;
}

struct hwp_error *hwp_front_door(const char *path, int fd, enum hwp_file_form *ret)
{
	return hwp_error_prefix(go_through(fd, ret), "%s", path);
}

struct hwp_error *hwp_front_door_inside(int fd, enum hwp_file_form *ret)
{
	struct hwp_error *err = go_through(fd, ret);

	if (!err && *ret == HWP_FILE_FLATTENED)
		err = hwp_error_create(HWP_ERROR_INVALID_ARGUMENT, "another flattened file");
	return hwp_error_prefix(err, "the flattened file holds");
}

struct hwp_error *hwp_open_regular(const char *path, FILE **ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const struct hwp_file_kind *kind;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return hwp_error_os(errno, "cannot open it");
	kind = hwp_file_kind_of_mode(st.st_mode);
	if (kind)
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT, "it is %s", kind->what);
	*ret = fdopen(fd, "r");
	if (!*ret)
		return hwp_error_os(errno, "cannot open it");
	fd = -1;
	return NULL;
}
