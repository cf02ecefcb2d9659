// SPDX-License-Identifier: GPL-2.0-or-later
/** `diff`: two reports, as JSON has them. */
#include "report/diff/diff.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "options.h"

/* Of a report with hundreds of thousands of pages. */
#define MAX_SIZE (INT64_C(1) << 29)

static struct hwp_error *read_all(int fd, const char *path, char *text, size_t size, size_t *nr_ret)
{
	size_t nr = 0;
	ssize_t r = 1;

	while (nr < size && r) {
		r = read(fd, text + nr, size - nr);
		if (r < 0)
			return hwp_error_os(errno, "%s", path);
		nr += (size_t)r;
	}
	text[nr] = '\0';
	*nr_ret = nr;
	return NULL;
}

static struct hwp_error *read_report(const char *path, struct hwp_document *ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_free_ char *text = NULL;
	struct hwp_error *err;
	struct stat st;
	size_t nr = 0;

	if (fd < 0 || fstat(fd, &st) != 0)
		return hwp_error_os(errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT, "%s is not a regular file",
					path);
	if (st.st_size > MAX_SIZE)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "%s is too large for a report", path);
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return hwp_error_no_memory();
	err = read_all(fd, path, text, (size_t)st.st_size, &nr);
	if (err)
		return err;
	return hwp_error_prefix(hwp_document_parse(text, nr, ret), "%s", path);
}

/** Refuse what is of two machines. */
static struct hwp_error *compare(const struct hwp_cmd_options *options,
				 const struct hwp_document *old_document,
				 const struct hwp_document *new_document, struct hwp_diff *diff)
{
	struct hwp_error *err = hwp_diff_make(old_document, new_document, diff);
	const char *why = err || options->force ? NULL : hwp_diff_stranger(diff);

	if (why)
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
					"%s and %s are not compared: %s (--force does it all the "
					"same)",
					diff->old_path, diff->new_path, why);
	return err;
}

int hwp_cmd_diff(const struct hwp_context *context, const struct hwp_command *command,
		 struct hwp_cmd_options *options)
{
	_cleanup_(hwp_document_deinit) struct hwp_document old_document = {};
	_cleanup_(hwp_document_deinit) struct hwp_document new_document = {};
	_cleanup_(hwp_diff_deinit) struct hwp_diff diff = { .old_path = options->documents[0],
							    .new_path = options->documents[1] };
	struct hwp_error *err;

	(void)command;
	err = read_report(diff.old_path, &old_document);
	if (!err)
		err = read_report(diff.new_path, &new_document);
	if (!err)
		err = compare(options, &old_document, &new_document, &diff);
	if (err)
		return hwp_fail(context, options->json, err);
	err = options->json ? hwp_diff_json(context->out, &diff) :
			      hwp_diff_text(context->out, &diff, &options->style);
	return hwp_finish(context, err, hwp_diff_exit_status(&diff));
}
