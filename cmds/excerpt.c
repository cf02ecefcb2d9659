// SPDX-License-Identifier: GPL-2.0-or-later
/** `excerpt`: a small dump that gives the same report. */
#include <inttypes.h>
#include <string.h>

#include "analyse.h"
#include "base/plural.h"
#include "excerpt/excerpt.h"
#include "options.h"
#include "outfile.h"
#include "report/common.h"
#include "verdict/check.h"

static struct hwp_error *check_options(const struct hwp_cmd_options *options)
{
	if (!options->output && options->output_fd < 1)
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
					"'excerpt' needs -o FILE: the dump to write");
	if (!options->target.core_path)
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
					"an excerpt is made of a dump, not of a running kernel");
	return NULL;
}

static void put_sum(FILE *out, const struct hwp_excerpt_wishes *wishes,
		    const struct hwp_excerpt_sum *sum)
{
	fprintf(out,
		"Excerpt   %" PRIu64 " page%s, %" PRIu64 " of them in part; %" PRIu64
		" bytes, without holes\n"
		"Holds     the %" PRIu64
		" bytes that hwpoison read for its report, zeros around them:\n"
		"          page tables, struct pages, symbols and types, free lists, the kernel\n"
		"          log, host name, names of processes and files, page_owner's records\n",
		sum->nr_pages, hwp_plural(sum->nr_pages), sum->nr_in_part, sum->size,
		sum->nr_bytes);
	if (wishes->kernel_data)
		fputs("          and all of the kernel's own data, as asked: slabs, stacks, keys and\n"
		      "          buffers, which can hold what users typed, sent or wrote\n",
		      out);
	if (wishes->poisoned && sum->nr_poisoned)
		fprintf(out, "          and what %" PRIu64 " poisoned page%s hold%s, as asked\n",
			sum->nr_poisoned, hwp_plural(sum->nr_poisoned),
			sum->nr_poisoned == 1 ? "s" : "");
	fputs(wishes->kernel_data ?
		      "Left out  free pages, memory of processes, the page cache\n" :
		      "Left out  free pages, memory of processes, the page cache, kernel stacks, CPU\n"
		      "          registers, keyrings, buffers of pipes and sockets, every other structure\n",
	      out);
	if (wishes->poisoned && !sum->nr_poisoned)
		fputs("          and what poisoned pages hold: the dump has no such page\n", out);
	if (sum->nr_left_out)
		fprintf(out,
			"          and what %" PRIu64
			" poisoned page%s hold%s: check poison-unwritten cannot\n"
			"          look at %s again ('--poisoned' keeps it)\n",
			sum->nr_left_out, hwp_plural(sum->nr_left_out),
			sum->nr_left_out == 1 ? "s" : "", sum->nr_left_out == 1 ? "it" : "them");
}

/** The file that the parent opened, or one of our own. */
static struct hwp_error *write_excerpt(const struct hwp_cmd_options *options,
				       const struct hwp_findings *findings, struct hwp_seen *seen,
				       const struct hwp_excerpt_wishes *wishes,
				       struct hwp_excerpt_sum *sum)
{
	_cleanup_(hwp_outfile_deinit) struct hwp_outfile file = {};
	struct hwp_error *err;

	if (options->output_fd > 0)
		return hwp_excerpt_write(&options->target, findings, seen, wishes,
					 options->output_fd, sum);
	err = hwp_outfile_open(options->output, 0600, &file);
	if (!err)
		err = hwp_excerpt_write(&options->target, findings, seen, wishes, fileno(file.out),
					sum);
	return err ? err : hwp_outfile_commit(&file);
}

int hwp_cmd_excerpt(const struct hwp_context *context, const struct hwp_command *command,
		    struct hwp_cmd_options *options)
{
	const struct hwp_excerpt_wishes wishes = { .kernel_data = options->kernel_data,
						   .poisoned = options->poisoned };
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *findings = NULL;
	_cleanup_(hwp_seen_deinit) struct hwp_seen seen = {};
	struct hwp_error *err = check_options(options);
	struct hwp_excerpt_sum sum = {};

	options->target.seen = &seen;
	options->nr_threads = 1;
	if (!err)
		err = hwp_analyse_target(context, command, options, &findings);
	if (!err)
		err = write_excerpt(options, findings, &seen, &wishes, &sum);
	if (err)
		return hwp_fail(context, false, err);
	put_sum(context->out, &wishes, &sum);
	return hwp_finish(context, hwp_report_flush(context->out), 0);
}
