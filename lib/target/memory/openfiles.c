// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/openfiles.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "target/memory/frontdoor.h"

#define OPEN_FILES "/proc/self/fd"

void hwp_open_dumps_deinit(struct hwp_open_dumps *open)
{
	free(open->dumps);
	open->dumps = NULL;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size;
}

static bool is_listed(const struct hwp_open_dumps *open, const struct stat *st)
{
	for (size_t i = 0; i < open->nr; i++) {
		struct stat other;

		if (fstat(open->dumps[i].fd, &other) == 0 && is_same(st, &other))
			return true;
	}
	return false;
}

static void name_file(struct hwp_open_dump *dump)
{
	char link[64];
	ssize_t len;

	snprintf(link, sizeof(link), OPEN_FILES "/%d", dump->fd);
	len = readlink(link, dump->path, sizeof(dump->path) - 1);
	dump->path[len > 0 ? len : 0] = '\0';
}

/** Put @p fd on the list, if it is a dump that is not there. */
static struct hwp_error *look_at(struct hwp_open_dumps *open, int fd)
{
	enum hwp_file_form form;
	struct hwp_error *err;
	struct stat st;

	if (open->nr == HWP_MAX_OPEN_DUMPS || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    is_listed(open, &st))
		return NULL;
	err = hwp_front_door("", fd, &form);
	if (err && err->code == HWP_ERROR_NO_MEMORY)
		return err;
	if (!err)
		open->dumps[open->nr++].fd = fd;
	hwp_error_destroy(err);
	return NULL;
}

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/** The file that @p path names becomes the first. */
static bool put_first(struct hwp_open_dumps *open, const char *path)
{
	struct stat named;

	if (!path || stat(path, &named) < 0)
		return false;
	for (size_t i = 0; i < open->nr; i++) {
		struct stat st;
		int fd = open->dumps[i].fd;

		if (fstat(fd, &st) < 0 || !is_same(&named, &st))
			continue;
		open->dumps[i].fd = open->dumps[0].fd;
		open->dumps[0].fd = fd;
		return true;
	}
	return false;
}

struct hwp_error *hwp_open_dumps(const char *path, struct hwp_open_dumps *ret, bool *is_first_ret)
{
	_cleanup_(closedirp) DIR *dir = opendir(OPEN_FILES);
	struct hwp_error *err = NULL;
	struct dirent *entry;

	*is_first_ret = false;
	*ret = (struct hwp_open_dumps){ .dumps = calloc(HWP_MAX_OPEN_DUMPS, sizeof(*ret->dumps)) };
	if (!ret->dumps)
		return hwp_error_no_memory();
	/* Descriptor 0 is who types; dump.c has no use for it either. */
	while (!err && dir && (entry = readdir(dir)))
		if (atoi(entry->d_name) > 0)
			err = look_at(ret, atoi(entry->d_name));
	if (err) {
		hwp_open_dumps_deinit(ret);
		return err;
	}
	*is_first_ret = put_first(ret, path);
	for (size_t i = 0; i < ret->nr; i++)
		name_file(&ret->dumps[i]);
	return NULL;
}
