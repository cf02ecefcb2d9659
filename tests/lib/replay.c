// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * replay save [OPTIONS] VMCORE: the facts that are read of it, and nothing that
 * follows from them. replay COMMAND [--json] FACTS: what follows, as hwpoison
 * COMMAND prints it, with the same exit status. Nothing is read but FACTS.
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
	fputs("usage: replay save [--pfn PFN] [--range PFN-PFN] [--rasdaemon FILE] VMCORE\n"
	      "       replay check|list|freelist|folio|events [--json] FACTS\n",
	      stderr);
	return 2;
}

static int save(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "pfn", required_argument, NULL, 'p' },
		{ "range", required_argument, NULL, 'r' },
		{ "rasdaemon", required_argument, NULL, 'd' },
		{},
	};
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = NULL;
	struct hwp_options options = { .facts_only = true };
	struct hwp_error *err;
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'p') {
			options.has_folio_pfn = true;
			options.folio_pfn = strtoull(optarg, NULL, 0);
		} else if (c == 'r') {
			options.has_range = true;
			options.range_pfn = strtoull(optarg, &end, 0);
			options.range_end_pfn = strtoull(end + (*end == '-'), NULL, 0);
		} else if (c == 'd') {
			options.rasdaemon_path = optarg;
		} else {
			return usage();
		}
	}
	if (optind + 1 != argc)
		return usage();
	options.target.core_path = argv[optind];
	err = hwp_analyse(&options, &f);
	if (!err)
		err = hwp_facts_write(stdout, f);
	return err ? fail(err) : 0;
}

static int replay(const struct command *command, bool json, const char *path)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = NULL;
	struct hwp_report_style style = {
		.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};
	struct hwp_error *err = load_facts_file(path, &f);

	if (!err)
		err = hwp_decide(f);
	if (!err)
		err = json ? command->json(stdout, f) : command->text(stdout, f, &style);
	return err ? fail(err) : hwp_verdict_exit_status(f->verdict);
}

int main(int argc, char **argv)
{
	bool json = argc == 4 && strcmp(argv[2], "--json") == 0;

	setlocale(LC_ALL, "");
	if (argc >= 3 && strcmp(argv[1], "save") == 0)
		return save(argc - 1, argv + 1);
	if (argc != 3 + json)
		return usage();
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return replay(&commands[i], json, argv[2 + json]);
	return usage();
}
