// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * replay save [OPTIONS] VMCORE: the facts that are read of it, and nothing that
 * follows from them. replay read [OPTIONS] VMCORE: every report about it, each as
 * hwpoison COMMAND prints it, below a line "== COMMAND: EXIT STATUS". replay FACTS:
 * the same reports, by what follows from saved facts; nothing else is read.
 */
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>

#include "hwpoison.h"
#include "load_facts.h"
#include "model/facts.h"
#include "report/report.h"
#include "verdict/decide.h"

static const struct command {
	const char *name;
	struct hwp_error *(*text)(FILE *out, const struct hwp_findings *findings,
				  const struct hwp_report_style *style);
	struct hwp_error *(*json)(FILE *out, const struct hwp_findings *findings);
} commands[] = {
	{ "check", hwp_report_check, hwp_report_json },
	{ "list", hwp_report_list, hwp_report_json },
	{ "freelist", hwp_report_freelist, hwp_report_freelist_json },
	{ "folio", hwp_report_folio, hwp_report_folio_json },
	{ "events", hwp_report_events, hwp_report_events_json },
};

static int fail(struct hwp_error *err)
{
	fprintf(stderr, "replay: %s\n", err->message);
	hwp_error_destroy(err);
	return 2;
}

static int usage(void)
{
	fputs("usage: replay save|read [--pfn PFN] [--range PFN-PFN] [--rasdaemon FILE] VMCORE\n"
	      "       replay FACTS\n",
	      stderr);
	return 2;
}

static bool parse_options(int argc, char **argv, struct hwp_options *options)
{
	static const struct option longs[] = {
		{ "pfn", required_argument, NULL, 'p' },
		{ "range", required_argument, NULL, 'r' },
		{ "rasdaemon", required_argument, NULL, 'd' },
		{},
	};
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'p') {
			options->has_folio_pfn = true;
			options->folio_pfn = strtoull(optarg, NULL, 0);
		} else if (c == 'r') {
			options->has_range = true;
			options->range_pfn = strtoull(optarg, &end, 0);
			options->range_end_pfn = strtoull(end + (*end == '-'), NULL, 0);
		} else if (c == 'd') {
			options->rasdaemon_path = optarg;
		} else {
			return false;
		}
	}
	if (optind + 1 != argc)
		return false;
	options->target.core_path = argv[optind];
	return true;
}

/** Every report of @p f, text and JSON; of one page only if one was asked about. */
static struct hwp_error *report(const struct hwp_findings *f)
{
	const struct hwp_report_style style = {
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};
	struct hwp_error *err = NULL;

	for (size_t i = 0; !err && i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *c = &commands[i];

		if (c->text == hwp_report_folio && !f->subject.asked)
			continue;
		printf("== %s: %d\n", c->name, hwp_verdict_exit_status(f->verdict));
		err = c->text(stdout, f, &style);
		printf("== %s --json: %d\n", c->name, hwp_verdict_exit_status(f->verdict));
		if (!err)
			err = c->json(stdout, f);
	}
	return err;
}

int main(int argc, char **argv)
{
	bool save = argc > 2 && strcmp(argv[1], "save") == 0;
	bool read = argc > 2 && strcmp(argv[1], "read") == 0;
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = NULL;
	struct hwp_options options = { .facts_only = save };
	struct hwp_error *err;

	setlocale(LC_ALL, "");
	if (save || read ? !parse_options(argc - 1, argv + 1, &options) : argc != 2)
		return usage();
	err = save || read ? hwp_analyse(&options, &f) : load_facts_file(argv[1], &f);
	if (!err && !save && !read)
		err = hwp_decide(f);
	if (!err)
		err = save ? hwp_facts_write(stdout, f) : report(f);
	return err ? fail(err) : 0;
}
