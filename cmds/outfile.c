// SPDX-License-Identifier: GPL-2.0-or-later
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct hwp_error *check_place(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno == ENOENT ? NULL : hwp_error_os(errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
					"%s is not a regular file, and no other is replaced", path);
	return NULL;
}

/* A signal that ends the process would leave the temporary file: it waits for the rename. */
static void block_signals(sigset_t *before)
{
	static const int ending[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		sigaddset(&set, ending[i]);
	sigprocmask(SIG_BLOCK, &set, before);
}

static struct hwp_error *create(const char *path, mode_t mode, struct hwp_outfile *ret)
{
	struct hwp_error *err = check_place(path);
	_cleanup_free_ char *name = NULL;
	_cleanup_close_ int fd = -1;
	FILE *out;

	if (err)
		return err;
	if (asprintf(&name, "%s.XXXXXX", path) < 0)
		return hwp_error_no_memory();
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return hwp_error_os(errno, "cannot create a file beside %s", path);
	out = fchmod(fd, mode) == 0 ? fdopen(fd, "w") : NULL;
	if (!out) {
		err = hwp_error_os(errno, "%s", name);
		unlink(name);
		return err;
	}
	fd = -1;
	ret->path = path;
	ret->out = out;
	ret->temporary = no_cleanup_ptr(name);
	return NULL;
}

struct hwp_error *hwp_outfile_open(const char *path, mode_t mode, struct hwp_outfile *ret)
{
	block_signals(&ret->signals_before);
	ret->blocks_signals = true;
	return create(path, mode, ret);
}

struct hwp_error *hwp_outfile_commit(struct hwp_outfile *file)
{
	bool failed = fflush(file->out) != 0 || ferror(file->out) || fsync(fileno(file->out)) != 0;
	int errnum = errno;

	failed |= fclose(no_cleanup_ptr(file->out)) != 0;
	if (failed)
		return hwp_error_os(errnum, "cannot write %s", file->path);
	if (rename(file->temporary, file->path) != 0)
		return hwp_error_os(errno, "cannot replace %s", file->path);
	free(no_cleanup_ptr(file->temporary));
	return NULL;
}

void hwp_outfile_deinit(struct hwp_outfile *file)
{
	if (file->out)
		fclose(file->out);
	if (file->temporary)
		unlink(file->temporary);
	free(file->temporary);
	if (file->blocks_signals)
		sigprocmask(SIG_SETMASK, &file->signals_before, NULL);
}
