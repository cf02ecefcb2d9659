// SPDX-License-Identifier: GPL-2.0-or-later
/** `report`: the page for a ticket. */
#include <sys/stat.h>
#include <time.h>

#include "analyse.h"
#include "base/vec.h"
#include "digest.h"
#include "options.h"
#include "outfile.h"
#include "progress.h"
#include "state_file.h"
#include "verdict/check.h"

struct dump_files {
	HWP_VEC(struct hwp_ticket_file) files;
};

static void dump_files_deinit(struct dump_files *d)
{
	hwp_vec_deinit(&d->files);
}

static size_t nr_paths(const struct hwp_target_options *target)
{
	return target->core_path ? 1 + target->nr_parts : 0;
}

/** The file with index @p i of a dump, as the process that opened it left it; 0: it did not. */
static int fd_of(const struct hwp_target_options *target, size_t i)
{
	return !i ? target->core_fd : target->part_fds ? target->part_fds[i - 1] : 0;
}

/** How large the files are before they are read; what cannot be opened the analysis reports. */
static struct hwp_error *note_files(const struct hwp_target_options *target, struct dump_files *ret)
{
	for (size_t i = 0; i < nr_paths(target); i++) {
		struct hwp_ticket_file file = { .path = i ? target->part_paths[i - 1] :
							    target->core_path };
		int fd = fd_of(target, i);
		struct stat st;

		if ((fd ? fstat(fd, &st) : stat(file.path, &st)) == 0)
			file.size = (uint64_t)st.st_size;
		if (!hwp_vec_push(&ret->files, file))
			return hwp_error_no_memory();
	}
	return NULL;
}

static struct hwp_error *add_digests(const struct hwp_context *context,
				     const struct hwp_cmd_options *options, struct dump_files *d)
{
	struct hwp_error *err = NULL;

	for (size_t i = 0; i < d->files.nr && !err; i++) {
		struct hwp_progress progress = { .err = context->err,
						 .what = "reading the file for its SHA-256" };
		bool is_shown = context->err_is_terminal && !options->quiet;
		struct hwp_ticket_file *file = &d->files.data[i];

		err = hwp_sha256_of(fd_of(&options->target, i), file->path, file->size,
				    is_shown ? hwp_progress_update : NULL, &progress, file->sha256);
		hwp_progress_clear(&progress);
	}
	return err;
}

static struct hwp_error *write_file(const char *path, const struct hwp_findings *findings,
				    const struct hwp_ticket *ticket)
{
	_cleanup_(hwp_outfile_deinit) struct hwp_outfile file = {};
	struct hwp_error *err = hwp_outfile_open(path, 0644, &file);

	if (!err)
		err = hwp_report_html(file.out, findings, ticket);
	return err ? err : hwp_outfile_commit(&file);
}

int hwp_cmd_report(const struct hwp_context *context, const struct hwp_command *command,
		   struct hwp_cmd_options *options)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *findings = NULL;
	_cleanup_(hwp_state_file_deinit) struct hwp_state_file state = {};
	_cleanup_(dump_files_deinit) struct dump_files dump = {};
	struct hwp_ticket ticket = { .command = options->command_line,
				     .unix_seconds = (int64_t)time(NULL) };
	struct hwp_error *err;

	if (options->sha256 && hwp_sha256_missing())
		return hwp_usage_error(context, false,
				       "--sha256: this hwpoison was %s; sha256sum prints the same",
				       hwp_sha256_missing());
	hwp_state_file_open(context, options, &state);
	options->since_boot = &state.record;
	err = note_files(&options->target, &dump);
	if (!err)
		err = hwp_analyse_target(context, command, options, &findings);
	if (!err && options->sha256)
		err = add_digests(context, options, &dump);
	if (err)
		return hwp_fail(context, false, err);
	ticket.files = dump.files.data;
	ticket.nr_files = dump.files.nr;
	err = options->output ? write_file(options->output, findings, &ticket) :
				hwp_report_html(context->out, findings, &ticket);
	return hwp_finish(context, err, hwp_verdict_exit_status(findings->verdict));
}
