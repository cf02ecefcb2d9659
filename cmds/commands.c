// SPDX-License-Identifier: GPL-2.0-or-later
/** The command table, and the way from a command line to a command. */
#include <string.h>

#include "analyse.h"
#include "help.h"
#include "options.h"
#include "report/common.h"
#include "report/explain.h"
#include "verdict/check.h"

#define TARGET_USAGE "[OPTIONS] [TARGET]"
#define ANALYSING (HWP_OPTIONS_TARGET | HWP_OPTIONS_JSON)
#define WITH_EVENTS (ANALYSING | HWP_OPTIONS_RASDAEMON)

static int cmd_help(const struct hwp_context *context, const struct hwp_command *command,
		    struct hwp_cmd_options *options);

static const char check_help[] =
	"The first line is the verdict. Then come the target, how much of its memmap\n"
	"could be read, every poisoned page with its state, the evidence for those that\n"
	"leaked, and each check with its result.\n"
	"\n"
	"  LEAKED        poisoned pages are in free memory, are in use again, or were\n"
	"                thrown away together with healthy pages\n"
	"  INCONSISTENT  a check failed: the memory's own records contradict each other\n"
	"  INCOMPLETE    something that is needed for an answer could not be read\n"
	"  AT RISK       nothing leaked yet, but poisoned pages are still in use\n"
	"  CLEAN         no page is poisoned, or all that are cannot leak\n"
	"\n"
	"A page is in one of these states:\n"
	"\n"
	"  buddy, pcp    inside a block on a zone's free list, on a per-CPU list (leaked)\n"
	"  reused        allocated again after it had been freed (leaked)\n"
	"  dropped       on no list, and healthy neighbours with it (lost)\n"
	"  large-folio, hugetlb, in-use\n"
	"                allocated: of a large folio, a HugeTLB folio, or alone (pending)\n"
	"  taken-off, isolated\n"
	"                withheld from the allocator, as it should be (contained)\n"
	"  slab, pgtable, reserved, kernel\n"
	"                of the kernel, which could only ignore the error (kernel)\n"
	"  offline, device, unknown\n"
	"                in offline or device memory; not enough could be read\n"
	"\n"
	"EXAMPLES\n"
	"  hwpoison check vmcore\n"
	"      The whole report, made to be pasted into a ticket.\n"
	"\n"
	"  hwpoison check --quick --max-cpu 20\n"
	"      The running kernel: only where it counts poison, if that explains it all.\n"
	"\n"
	"  hwpoison check --qemu /run/guest.qmp\n"
	"      A running QEMU guest, from its host.\n"
	"\n"
	"  hwpoison check --json vmcore | jq -r '.verdict, .poisoned[].phys'\n"
	"      The verdict and the physical address of each poisoned page.\n"
	"\n"
	"  hwpoison check vmcore >report.txt; echo $?\n"
	"      0: no leak. 1: leaked or inconsistent. 2: no sure answer.\n";

static const char list_help[] =
	"One row for each poisoned page in the order of their pfns, followed by the\n"
	"evidence that led to its state. Nothing is folded or left out. HugeTLB pages are\n"
	"listed one by one, from raw_hwp_list, and not by the head of their folio. BLOCK\n"
	"is the first pfn and the order of the folio or free block that holds the page.\n"
	"WHERE names the process whose anonymous page it is, or of a page in the page\n"
	"cache its file and one process that maps it.\n"
	"\n"
	"EXAMPLES\n"
	"  hwpoison list vmcore\n"
	"      PFN     PHYSICAL   NODE  ZONE   STATE  BLOCK      WHERE\n"
	"      0x5e11  0x5e11000     0  DMA32  buddy  0x5c00/10  Movable\n"
	"          lists: page 529 of 1024 of the free block at 0x5c00, order 10 Movable\n"
	"\n"
	"  hwpoison list --json vmcore | jq '.poisoned[] | select(.class == \"leaked\")'\n"
	"      What leaked, with evidence.\n";

static const char folio_help[] =
	"All about the page PFN and the folio that it is in, or was in when that was\n"
	"freed: head, order, refcount, flags and how often it is mapped, its own record\n"
	"of its poison, its healthy ranges and blocks as a fixed kernel frees them, what\n"
	"the memory shows for each page, what this kernel does with it, and maps. A page\n"
	"whose folio holds no poison is told in a few lines. The exit status is that of\n"
	"check.\n"
	"\n"
	"EXAMPLES\n"
	"  hwpoison folio 0x5c11 vmcore\n"
	"      Folio     0x5c00-0x5e00, order 9: 512 pages, 2.00 MiB\n"
	"      Kind      freed: gone; the kernel log tells what the page was then\n"
	"      Sum       508 healthy + 4 poisoned = 512 = 2^9\n"
	"      Outcome   leaked\n"
	"\n"
	"  hwpoison folio 0x2fbe --range 0x2fbc-0x2fc0 vmcore\n"
	"      A folio was at these four pages, says the user, and was freed. Without\n"
	"      --range its extent is known from its head page, from the log or from the\n"
	"      neighbours that were thrown away with it, or not at all.\n"
	"\n"
	"  hwpoison folio --json 0x5c11 vmcore | jq '.folios[0].observed'\n"
	"      What each of its pages is now.\n";

static const char events_help[] =
	"Each line of the kernel log about a memory failure, in the order of time, with\n"
	"what the page was then, the result, and the page's state now; see check for the\n"
	"states. A page that is not marked, or no more, is unmarked.\n"
	"\n"
	"With --rasdaemon the rows of its table memory_failure_event are joined by pfn,\n"
	"result and time. Those that no line of the log tells follow in a table of their\n"
	"own, with the boot that they are of. What rasdaemon calls the page comes from a\n"
	"list of its own by the kernel's number, and kernels number differently: no state\n"
	"rests on it.\n"
	"\n"
	"EXAMPLES\n"
	"  hwpoison events vmcore\n"
	"          TIME  PFN      STATE NOW    RESULT     WHAT\n"
	"      5.015204  0x5805   pcp          -          injected\n"
	"      5.015413  0x5805   pcp          Failed     unsplit thp\n"
	"\n"
	"  hwpoison events --rasdaemon /var/lib/rasdaemon/ras-mc_event.db\n"
	"      With what rasdaemon kept of the running kernel, and of earlier boots.\n"
	"\n"
	"  hwpoison events --json vmcore | jq -r '.events[].text'\n"
	"      The lines themselves.\n";

static const char decompose_help[] =
	"The healthy ranges of a folio, as a fixed kernel (free_has_hwpoisoned) frees\n"
	"them: each run of pages without a poisoned one, cut from its start into the\n"
	"largest aligned blocks of 2^k pages. Pure arithmetic: no target is read. A pfn\n"
	"is decimal, or hexadecimal after 0x; A-B are the pages from A to before B.\n"
	"\n"
	"EXAMPLES\n"
	"  hwpoison decompose --base 0x200 --order 4 --poison 0x20d\n"
	"      Folio     0x200-0x210, order 4: 16 pages\n"
	"      Poisoned  1 page: 0x20d\n"
	"      Healthy   15 pages in 2 ranges, 4 blocks of at most order 10\n"
	"      Sum       15 healthy + 1 poisoned = 16 = 2^4\n"
	"\n"
	"      Healthy ranges\n"
	"      FIRST  END    PAGES  BLOCKS, AS PFN/ORDER\n"
	"      0x200  0x20d     13  0x200/3 0x208/2 0x20c/0\n"
	"      0x20e  0x210      2  0x20e/1\n"
	"\n"
	"  hwpoison decompose --base 0x40000 --order 18 --poison 0x40000-0x40008 --json |\n"
	"      jq '.folios[].expected | length'\n"
	"      How many blocks a 1 GiB page gives whose first eight pages are bad.\n";

static const char freelist_help[] =
	"For each node and zone: the number of free blocks by order and migratetype, as\n"
	"walked along the lists, against what free_area.nr_free says; the per-CPU lists,\n"
	"one by one where they hold poison; and the poisoned pages inside all these.\n"
	"\n"
	"EXAMPLES\n"
	"  hwpoison freelist vmcore\n"
	"      The lists of every zone. Of the blocks of a count with * some hold\n"
	"      poisoned pages; the list of one with + could not be walked to its end.\n"
	"\n"
	"  hwpoison freelist --json vmcore | jq '.freelist.blocks[]'\n"
	"      Free blocks that hold poison.\n";

static const char metrics_help[] =
	"Gauges for node_exporter's textfile collector, in the text format that\n"
	"Prometheus and OpenMetrics share: poisoned pages by node and state, leaked\n"
	"pages, healthy bytes lost with them, coverage, verdict, whether the kernel has\n"
	"the fix, when the run ended and how long it took. No label holds a pfn. FILE is\n"
	"replaced in one step, so a reader never sees half of it; its name must end in\n"
	".prom for node_exporter.\n"
	"\n"
	"When the kernel cannot be looked at, hwpoison_up is 0 and there is no number of\n"
	"pages: neither 0 nor that of the run before. The exit status is that of check,\n"
	"and the file is written for each.\n"
	"\n"
	"EXAMPLES\n"
	"  hwpoison metrics -o /var/lib/prometheus/node-exporter/hwpoison.prom\n"
	"      What hwpoison-metrics.timer does every ten minutes.\n"
	"\n"
	"  hwpoison metrics vmcore | promtool check metrics\n"
	"      Without -o they go to standard output.\n";

static const char watch_help[] =
	"Checks the running kernel every SECONDS, and prints a line for each page whose\n"
	"state changed and one when the verdict did; for the first look, all of them.\n"
	"A page that is not poisoned any more is unmarked. When the kernel cannot be\n"
	"looked at any more, the verdict is \"-\", with the reason. SIGINT and SIGTERM end\n"
	"it, with exit status 0. With -o each look replaces FILE by metrics.\n"
	"\n"
	"EXAMPLES\n"
	"  hwpoison watch --interval 10\n"
	"      2026-07-01T10:20:30Z  0x5c11  0x5c11000  large-folio -> buddy\n"
	"      2026-07-01T10:20:30Z  verdict  at-risk -> leaked\n"
	"\n"
	"  hwpoison watch --json | jq 'select(.class == \"leaked\")'\n"
	"      One object for each change.\n";

static const char layout_help[] =
	"Offsets, bits and addresses that everything else rests on, and where each came\n"
	"from: the types (btf), the symbols (kallsyms) or VMCOREINFO of the dump,\n"
	"computed from others, or absent from this kernel.\n"
	"\n"
	"EXAMPLES\n"
	"  hwpoison layout vmcore | grep hwp\n"
	"      All that has to do with poison.\n"
	"\n"
	"  hwpoison layout --json vmcore | jq '.layout[] | select(.source == \"absent\")'\n"
	"      What this kernel does not have.\n";

static const char version_help[] =
	"The version, the providers that are compiled in, and the libraries in use.\n"
	"\n"
	"EXAMPLES\n"
	"  hwpoison version --json\n"
	"      For a bug report.\n";

static const char help_help[] =
	"Without a word: the commands, a line each. With checks: the checks that hwpoison\n"
	"check makes, a line each. With the name of one: what it states, what its results\n"
	"mean, and what verdict follows.\n"
	"\n"
	"EXAMPLES\n"
	"  hwpoison help check\n"
	"      The same as hwpoison check --help.\n"
	"\n"
	"  hwpoison help poison-not-reused\n"
	"      What the check of this name means.\n";

static const struct hwp_command commands[] = {
	{
		.name = "check",
		.run = hwp_analyse_and_report,
		.text = hwp_report_check,
		.json = hwp_report_json,
		.summary = "Give the verdict, and show what it rests on",
		.usage = TARGET_USAGE,
		.option_groups = WITH_EVENTS | HWP_OPTIONS_RANGE,
		.help = check_help,
	},
	{
		.name = "list",
		.run = hwp_analyse_and_report,
		.text = hwp_report_list,
		.json = hwp_report_json,
		.summary = "List every poisoned page with its evidence",
		.usage = TARGET_USAGE,
		.option_groups = WITH_EVENTS,
		.help = list_help,
	},
	{
		.name = "folio",
		.run = hwp_analyse_and_report,
		.text = hwp_report_folio,
		.json = hwp_report_folio_json,
		.summary = "Show one folio: its healthy blocks, and what became of them",
		.usage = "[OPTIONS] PFN [TARGET]",
		.option_groups = WITH_EVENTS | HWP_OPTIONS_RANGE | HWP_TAKES_PFN,
		.help = folio_help,
	},
	{
		.name = "events",
		.run = hwp_analyse_and_report,
		.text = hwp_report_events,
		.json = hwp_report_events_json,
		.summary = "Show the memory failures in the kernel log, and what followed",
		.usage = TARGET_USAGE,
		.option_groups = WITH_EVENTS,
		.help = events_help,
	},
	{
		.name = "decompose",
		.run = hwp_cmd_decompose,
		.summary = "Cut a folio with poison into its healthy blocks",
		.usage = "--base PFN --order N --poison PFN,...",
		.option_groups = HWP_OPTIONS_DECOMPOSE | HWP_OPTIONS_JSON,
		.help = decompose_help,
	},
	{
		.name = "freelist",
		.run = hwp_analyse_and_report,
		.text = hwp_report_freelist,
		.json = hwp_report_freelist_json,
		.summary = "Show the lists of free pages, and the poison inside",
		.usage = TARGET_USAGE,
		.option_groups = ANALYSING,
		.help = freelist_help,
	},
	{
		.name = "metrics",
		.run = hwp_cmd_metrics,
		.summary = "Write metrics for Prometheus",
		.usage = TARGET_USAGE,
		.option_groups = HWP_OPTIONS_TARGET | HWP_OPTIONS_OUTPUT,
		.help = metrics_help,
	},
	{
		.name = "watch",
		.run = hwp_cmd_watch,
		.summary = "Check the running kernel again and again, and print changes",
		.usage = "[OPTIONS]",
		.option_groups = ANALYSING | HWP_OPTIONS_OUTPUT | HWP_OPTIONS_INTERVAL,
		.help = watch_help,
	},
	{
		.name = "layout",
		.run = hwp_cmd_layout,
		.summary = "Show how this kernel was understood",
		.usage = TARGET_USAGE,
		.option_groups = ANALYSING,
		.help = layout_help,
	},
	{
		.name = "version",
		.run = hwp_cmd_version,
		.summary = "Print versions and compiled-in features",
		.usage = "[--json]",
		.option_groups = HWP_OPTIONS_JSON,
		.help = version_help,
	},
	{
		.name = "help",
		.run = cmd_help,
		.summary = "Explain the program, a command or a check",
		.usage = "[COMMAND|checks|CHECK]",
		.option_groups = HWP_OPTIONS_JSON | HWP_TAKES_WORD,
		.help = help_help,
	},
	{},
};

/** NULL when there is no such command. */
static const struct hwp_command *find_command(const char *name)
{
	for (const struct hwp_command *command = commands; command->name; command++)
		if (strcmp(command->name, name) == 0)
			return command;
	return NULL;
}

static struct hwp_error *print_help(const struct hwp_context *context,
				    const struct hwp_cmd_options *options, bool *known)
{
	const char *word = options->word;
	const struct hwp_command *command = word ? find_command(word) : NULL;
	const struct hwp_check *check = word ? hwp_check_find(word) : NULL;
	bool all_checks = word && strcmp(word, "checks") == 0;

	*known = !word || command || check || all_checks;
	if (!*known)
		return NULL;
	if (options->json)
		hwp_print_overview_json(context->out, commands);
	else if (command)
		hwp_print_command_help(context, command);
	else if (check)
		return hwp_explain_check(context->out, check, &options->style);
	else if (all_checks)
		return hwp_explain_checks(context->out, &options->style);
	else
		hwp_print_overview(context, commands);
	return hwp_report_flush(context->out);
}

static int cmd_help(const struct hwp_context *context, const struct hwp_command *command,
		    struct hwp_cmd_options *options)
{
	bool known;
	struct hwp_error *err = print_help(context, options, &known);

	(void)command;
	if (!known)
		return hwp_usage_error(context, options->json,
				       "no command or check is called '%s' ('hwpoison help checks' "
				       "lists the checks)",
				       options->word);
	return hwp_finish(context, err, 0);
}

/** @p argv begins with the command's name, or with the program's in its place. */
static int run_command(const struct hwp_context *context, const struct hwp_command *command,
		       int argc, char **argv)
{
	struct hwp_cmd_options options;
	int status = hwp_parse_options(context, command, argc, argv, &options);

	if (status != HWP_GO_ON)
		return status;
	if (!options.help)
		return command->run(context, command, &options);
	hwp_print_command_help(context, command);
	return hwp_finish(context, hwp_report_flush(context->out), 0);
}

int hwp_run_command_line(const struct hwp_context *context, int argc, char **argv)
{
	const char *name = argc < 2 ? "-" : argv[1];
	const struct hwp_command *command;
	bool json = hwp_wants_json(argc, argv);

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		name = "help";
	else if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		name = "version";
	/* What a host has open is checked when no command is named. */
	else if (name[0] == '-' && context->host)
		return run_command(context, find_command("check"), argc, argv);
	else if (argc < 2)
		return hwp_usage_error(context, false, "no command given");
	else if (name[0] == '-')
		return hwp_usage_error(context, json, "the command comes before '%s'", name);
	command = find_command(name);
	if (!command)
		return hwp_usage_error(context, json, "unknown command '%s'", name);
	return run_command(context, command, argc - 1, argv + 1);
}
