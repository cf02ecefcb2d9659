// SPDX-License-Identifier: GPL-2.0-or-later
/** The command table, and the way from a command line to a command. */
#include <string.h>
#include <unistd.h>

#include "analyse.h"
#include "base/bits.h"
#include "base/nearest.h"
#include "confine.h"
#include "help.h"
#include "options.h"
#include "report/common.h"
#include "report/explain.h"
#include "several.h"
#include "verdict/check.h"

#define TARGET_USAGE "[OPTIONS] [TARGET]"
#define ANALYSING (HWP_OPTIONS_TARGET | HWP_OPTIONS_JSON)
#define WITH_EVENTS (ANALYSING | HWP_OPTIONS_RASDAEMON)
#define EVENTS_OF_A_LOG (WITH_EVENTS | HWP_OPTIONS_LOG)

static int cmd_help(const struct hwp_context *context, const struct hwp_command *command,
		    struct hwp_cmd_options *options);

static const char check_help[] =
	"The first line is the verdict, the worst that applies. Then come the target, how\n"
	"much of its memmap could be read, every poisoned page with its state, the\n"
	"evidence for those that leaked, and each check with its result. A table of more\n"
	"than forty rows is folded. 'hwpoison help' with verdicts, states or checks lists\n"
	"what these can be.\n";

static const char check_of_program[] =
	"If several targets are named, and they are not the parts of one dump, each is\n"
	"checked on its own: a line with its name and verdict, or with --json one object\n"
	"on a line. What is wrong with one is reported, and the next one follows. The exit\n"
	"status is the highest of all.\n";

static const struct hwp_example check_examples[] = {
	{
		.command = "check vmcore",
		.what = "The whole report, for a ticket.\n",
	},
	{
		.command = "check --quick --max-cpu 20",
		.needs = HWP_OPTIONS_RUNNING,
		.what = "The running kernel, only the memory blocks that count poison if these hold\n"
			"all that it counts, with at most 20 % of one CPU.\n",
	},
	{
		.command = "check --qemu /run/guest.qmp",
		.needs = HWP_OPTIONS_OPEN,
		.what = "A running QEMU guest, from its host.\n",
	},
	{
		.command = "check --json vmcore | jq -r '.verdict, .poisoned[].phys'",
		.needs = HWP_IN_SHELL,
		.what = "The verdict and the physical address of each poisoned page.\n",
	},
	{
		.command =
			"check --json /var/crash/*/vmcore | jq -c '[.target.path, .verdict, .error]'",
		.needs = HWP_IN_SHELL,
		.what = "All dumps of a machine, an object a line.\n",
	},
	{
		.command = "check vmcore >report.txt; echo $?",
		.needs = HWP_IN_SHELL,
		.what = "0: clean or at risk. 1: leaked or inconsistent. 2: incomplete, or trouble.\n",
	},
	{},
};

static const char status_of_check[] = "The exit status is that of check.\n";

static const char list_help[] =
	"One row for each poisoned page, by pfn, followed by the evidence for its state.\n"
	"Nothing is folded or left out. HugeTLB pages are listed one by one, from\n"
	"raw_hwp_list, and not by the head of their folio. WHERE names the process of an\n"
	"anonymous page, or the file of a page in the page cache and one process that\n"
	"maps it.\n"
	"\n"
	"With --output the table stands alone, without evidence, and if it does not go to\n"
	"a terminal each page is one line. --state, --sort and --limit choose and order\n"
	"the pages in JSON too; the verdict is that of all pages always.\n"
	"\n"
	"COLUMNS\n"
	"  PFN          page frame number\n"
	"  PHYSICAL     physical address of its first byte\n"
	"  NODE         NUMA node\n"
	"  ZONE         memory zone\n"
	"  STATE        what it is now ('hwpoison help states'); sorts the worst first\n"
	"  BLOCK        first pfn and order of the folio or free block that holds it\n"
	"  WHERE        its owner, or the list that it is on\n"
	"  STRUCT_PAGE  address of its struct page, as crash's kmem takes it\n"
	"  DIRECT_MAP   address at which the kernel maps it\n"
	"  CLASS        what its state means: leaked, lost, pending, contained, ...\n"
	"  HEAD         first pfn of its folio or free block\n"
	"  ORDER        that has 2^ORDER pages\n"
	"  MIGRATETYPE  of the free list that it is on\n"
	"  CPU          of the per-CPU list that it is on\n"
	"  PID          process that owns it, or one that maps it\n"
	"  COMM         name of that process\n"
	"  TASK         its task_struct, as crash's bt and vm take it\n"
	"  MM           its mm_struct\n"
	"  VMA          its vm_area_struct that has the page\n"
	"  USER_ADDR    address that the page has in that; crash: vtop -c PID ADDRESS\n"
	"  FILE         file of a page in the page cache\n"
	"  OFFSET       where in that file it begins, in bytes\n"
	"  MEMBLOCK     number n of /sys/devices/system/memory/memory<n>\n"
	"  MODULE       memory module, as the log or rasdaemon names it\n"
	"  TIME         of the last event about it, in seconds since boot\n"
	"  RESULT       of that event\n";

static const struct hwp_example list_examples[] = {
	{
		.command = "list",
		.needs = HWP_IN_HOST,
		.what = "STRUCT_PAGE is the address that other commands take for the page, as\n"
			"they take PHYSICAL and the pid in WHERE; 'list -o +TASK,VMA' shows more.\n",
	},
	{
		.command = "list vmcore",
		.needs = HWP_IN_SHELL,
		.output =
			"PFN     PHYSICAL   NODE  ZONE   STATE  BLOCK      WHERE\n"
			"0x5e11  0x5e11000     0  DMA32  buddy  0x5c00/10  Movable\n"
			"    lists: page 529 of 1024 of the free block at 0x5c00, order 10 Movable\n",
	},
	{
		.command = "list --state buddy,pcp --sort NODE -o PHYSICAL,NODE -n vmcore",
		.what = "The addresses of pages in free memory, by node, for a script.\n",
	},
	{
		.command = "list --json vmcore | jq '.poisoned[] | select(.class == \"leaked\")'",
		.needs = HWP_IN_SHELL,
		.what = "The pages that leaked, with evidence.\n",
	},
	{},
};

static const char folio_help[] =
	"Everything about the page PFN and its folio, or the folio that it was in when\n"
	"that was freed: head, order, refcount, flags and map counts, the folio's own\n"
	"record of its poison, its healthy ranges and the blocks in which a fixed kernel\n"
	"frees them, what the memory shows for each page, what this kernel does with it,\n"
	"and maps. If the folio holds no poison, only a few lines are printed.\n"
	"\n"
	"PFN may also be an address of the page: that of its struct page, one in the\n"
	"direct map, or a physical one. A number that fits more than one of these is the\n"
	"pfn; if it is none, the report says which it was.\n";

static const struct hwp_example folio_examples[] = {
	{
		.command = "folio 0x5c11 vmcore",
		.output = "Folio     0x5c00-0x5e00, order 9: 512 pages, 2.00 MiB\n"
			  "Kind      freed: known by the kernel log's record of the page\n"
			  "Sum       508 healthy + 4 poisoned = 512 = 2^9\n"
			  "Outcome   leaked\n",
	},
	{
		.command = "folio 0x2fbe --range 0x2fbc-0x2fc0 vmcore",
		.what = "The user knows that a folio of these four pages was freed. Without\n"
			"--range its extent is taken from its head page, from the log or from\n"
			"the neighbours that were dropped with it, and may remain unknown.\n",
	},
	{
		.command = "folio --json 0x5c11 vmcore | jq '.folios[0].observed'",
		.needs = HWP_IN_SHELL,
		.what = "The state of each of its pages now.\n",
	},
	{},
};

static const char events_help[] =
	"Each line of the kernel log about a memory failure, by time, with what the page\n"
	"was then, the result, and the page's state now ('hwpoison help states'). A page\n"
	"that is not marked, or no longer, is unmarked. If lines of the log are missing,\n"
	"or it could not be read, that is reported too.\n"
	"\n"
	"With --rasdaemon the rows of its table memory_failure_event are joined by pfn,\n"
	"result and time. Rows without a line in the log follow in a table of their own,\n"
	"with the boot that they belong to, where that is known. rasdaemon names the page\n"
	"type from a list of its own, by a number that differs between kernels: no state\n"
	"rests on that name.\n"
	"\n"
	"IN MEMORY are records of the hardware that the kernel has beside the log. One\n"
	"that was not handed on was waiting for the log, drivers and daemons; one that\n"
	"was is what memory has left of it, of any time since boot.\n";

static const struct hwp_example events_examples[] = {
	{
		.command = "events vmcore",
		.output =
			"    TIME  UTC                  PFN      STATE NOW    RESULT     WHAT\n"
			"4.771378  2026-11-23 06:35:46  0x3005   hugetlb      -          injected\n"
			"4.772036  2026-11-23 06:35:46  0x3005   hugetlb      Failed     huge page\n",
	},
	{
		.command = "events --rasdaemon /var/lib/rasdaemon/ras-mc_event.db",
		.what = "With the events that rasdaemon recorded in this boot and in earlier ones.\n",
	},
	{
		.command = "events --log vmcore-dmesg.txt",
		.needs = HWP_OPTIONS_LOG,
		.what = "Without a dump: dmesg's output, that of journalctl -k, or /var/log/messages.\n"
			"What the kernel died of is reported, no page's state now.\n",
	},
	{
		.command = "events --json vmcore | jq -r '.events[].text'",
		.needs = HWP_IN_SHELL,
		.what = "The lines themselves.\n",
	},
	{},
};

static const char decompose_help[] =
	"The healthy ranges of a folio, as a kernel with free_has_hwpoisoned() frees\n"
	"them: each run of pages without a poisoned one, cut from its start into the\n"
	"largest aligned blocks of 2^k pages. Without --poison all pages are healthy.\n"
	"Pure arithmetic: no target is read. A pfn with 0x is hexadecimal; A-B are the\n"
	"pages from A up to but not including B.\n";

static const struct hwp_example decompose_examples[] = {
	{
		.command = "decompose --base 0x200 --order 4 --poison 0x20d",
		.output = "Folio     0x200-0x210, order 4: 16 pages\n"
			  "Poisoned  1 page: 0x20d\n"
			  "Healthy   15 pages in 2 ranges, 4 blocks of at most order 10\n"
			  "Sum       15 healthy + 1 poisoned = 16 = 2^4\n"
			  "\n"
			  "Healthy ranges\n"
			  "FIRST  END    PAGES  BLOCKS, AS PFN/ORDER\n"
			  "0x200  0x20d     13  0x200/3 0x208/2 0x20c/0\n"
			  "0x20e  0x210      2  0x20e/1\n",
	},
	{
		.command =
			"decompose --base 0x40000 --order 18 --poison 0x40000-0x40008 --json |\n      jq '.folios[].expected | length'",
		.needs = HWP_IN_SHELL,
		.what = "The number of blocks of a 1 GiB page whose first eight pages are bad.\n",
	},
	{},
};

static const char diff_help[] =
	"Two reports of one machine, as 'check --json' or 'list --json' print them,\n"
	"page by page: which are poisoned since, which have another state, which lost\n"
	"their mark, and whether that is better or worse; the checks, healthy pages that\n"
	"were lost, and the verdict. Reports of different hosts or boots are refused\n"
	"unless forced.\n";

static const char status_of_diff[] =
	"The exit status is 0 if it is the same or better, 1 if anything is worse, and 2\n"
	"if that cannot be said, or for trouble.\n";

static const struct hwp_example diff_examples[] = {
	{
		.command = "check --json >old.json; sleep 3600; hwpoison check --json >new.json",
		.needs = HWP_IN_SHELL,
		.what = "Two reports of the running kernel.\n",
	},
	{
		.command = "diff old.json new.json",
		.what = "What changed meanwhile.\n",
	},
	{
		.command =
			"diff --json old.json new.json | jq '.pages[] | select(.change == \"worse\")'",
		.needs = HWP_IN_SHELL,
		.what = "The pages that are worse.\n",
	},
	{},
};

static const char explain_help[] =
	"What a word of a report means, what the kernel did, what follows, and where\n"
	"that is written: for states, classes, verdicts, outcomes, checks and their\n"
	"results, events, causes of death, known issues and others. A word that is\n"
	"several of these is explained as each. Without a word: all that can be\n"
	"explained. No target is read.\n";

static const struct hwp_example explain_examples[] = {
	{
		.command = "explain pcp",
		.output = "pcp (state, of class leaked)\n"
			  "Meaning   inside a free block on a per-CPU list\n",
	},
	{
		.command = "explain --json | jq -r '.explanations[].word'",
		.needs = HWP_IN_SHELL,
		.what = "Every word.\n",
	},
	{},
};

static const char freelist_help[] =
	"For each node and zone: the number of free blocks by order and migratetype, as\n"
	"found by walking the lists, compared with free_area.nr_free; the per-CPU lists,\n"
	"one by one where they hold poison; and the poisoned pages on all of them.\n";

static const struct hwp_example freelist_examples[] = {
	{
		.command = "freelist vmcore",
		.what = "The lists of every zone. A count is marked * if some of its blocks hold\n"
			"poisoned pages, and + if a list could not be walked to its end.\n",
	},
	{
		.command = "freelist --json vmcore | jq '.freelist.blocks[]'",
		.needs = HWP_IN_SHELL,
		.what = "Free blocks that hold poison.\n",
	},
	{},
};

static const char excerpt_help[] =
	"A dump that is small enough to mail and gives the same report: the bytes that\n"
	"hwpoison reads of the dump, zeros around them, and nothing else of the machine.\n"
	"No page of a process, of the page cache or of a buffer is in it, no key, no kernel\n"
	"stack and no register; names of processes and files, the host's name and the\n"
	"kernel log are, as in the report. What poisoned pages hold is left out, unless it\n"
	"is all zeros or 0xaa. Page numbers stay as they are. FILE is a kdump file (zstd)\n"
	"of mode 0600 with holes, for hwpoison, drgn and 'crash --minimal'.\n"
	"\n"
	"With --kernel-data it also holds slabs, stacks, page tables and all other memory\n"
	"of the kernel: what users typed, sent or wrote can be in there.\n";

static const struct hwp_example excerpt_examples[] = {
	{
		.command = "excerpt -o ticket.kdump vmcore",
		.needs = HWP_IN_SHELL,
		.what = "Check it: 'hwpoison check ticket.kdump' gives the report of vmcore.\n",
	},
	{},
};

static const char metrics_help[] =
	"Gauges for node_exporter's textfile collector, in the text format that\n"
	"Prometheus and OpenMetrics share: poisoned pages by node and state, leaked\n"
	"pages, healthy bytes lost with them, coverage, verdict, whether the kernel has\n"
	"the fix, when the run ended and how long it took. No label holds a pfn. FILE is\n"
	"replaced atomically; node_exporter wants its name to end in .prom.\n"
	"\n"
	"If the kernel cannot be read, hwpoison_up is 0 and the metrics of pages are left\n"
	"out: they are neither set to 0 nor kept from the last run. The file is written\n"
	"in any case.\n";

static const char metrics_of_program[] =
	"hwpoison_leaked_since_boot counts each page that a run saw leaked, by the file\n"
	"of --state-file, and never falls before the next boot: a leak may last seconds.\n"
	"The exit status is that of check.\n";

static const struct hwp_example metrics_examples[] = {
	{
		.command = "metrics -o /var/lib/prometheus/node-exporter/hwpoison.prom",
		.needs = HWP_IN_SHELL,
		.what = "What hwpoison-metrics.timer does every ten minutes.\n",
	},
	{
		.command = "metrics vmcore | promtool check metrics",
		.needs = HWP_IN_SHELL,
		.what = "Without -o they go to standard output.\n",
	},
	{},
};

static const char report_help[] =
	"All that check, list, folio and events have, as one page of HTML: a sentence for\n"
	"those who do not read kernels, machine and dump, five questions with their\n"
	"answers, what to do, the kernel log, a map of each huge page that held poison as\n"
	"it should be and as it is, every bad page with its evidence and history, checks,\n"
	"and what could not be read. The page loads nothing and runs no script: it can be\n"
	"mailed, printed and kept. Nothing of a page's contents is in it, but names of\n"
	"processes and files, and lines of the kernel log.\n";

static const struct hwp_example report_examples[] = {
	{
		.command = "report -o ticket.html vmcore",
		.what = "Open it in a browser, or attach it to the ticket.\n",
	},
	{
		.command = "report --sha256 -o ticket.html vmcore",
		.needs = HWP_OPTIONS_DIGEST,
		.what = "Say which file it was, too, as sha256sum does.\n",
	},
	{
		.command = "report --rasdaemon ras-mc_event.db vmcore >ticket.html",
		.needs = HWP_IN_SHELL,
		.what = "Without -o it goes to standard output.\n",
	},
	{},
};

static const char watch_help[] =
	"Checks the running kernel every SECONDS, and prints a line for each page whose\n"
	"state changed and one if the verdict changed: the time in UTC, the pfn and the\n"
	"physical address, the state before and now. The first check prints them all. A\n"
	"page that is no longer poisoned is unmarked. If the kernel can no longer be\n"
	"read, the verdict is \"-\", with the reason. SIGINT and SIGTERM end it with exit\n"
	"status 0. With -o each check replaces FILE by the metrics. Pages that leaked are\n"
	"kept in the file of --state-file until the next boot; a line reports when they\n"
	"are more.\n";

static const struct hwp_example watch_examples[] = {
	{
		.command = "watch --interval 10",
		.output = "2026-07-01T10:20:30Z  0x5c11  0x5c11000  large-folio -> buddy\n"
			  "2026-07-01T10:20:30Z  verdict  at-risk -> leaked\n",
	},
	{
		.command = "watch --json | jq 'select(.class == \"leaked\")'",
		.needs = HWP_IN_SHELL,
		.what = "One object for each change.\n",
	},
	{},
};

static const char layout_help[] =
	"The offsets, bits and addresses that all results rest on, and the source of\n"
	"each: types (btf, dwarf), symbols (kallsyms), VMCOREINFO, or others from which\n"
	"it was computed; absent, if this kernel does not have it.\n";

static const struct hwp_example layout_examples[] = {
	{
		.command = "layout vmcore | grep hwp",
		.what = "The rows about poison.\n",
	},
	{
		.command = "layout --json vmcore | jq '.layout[] | select(.source == \"absent\")'",
		.needs = HWP_IN_SHELL,
		.what = "What this kernel does not have.\n",
	},
	{},
};

static const char version_help[] =
	"The version, the compiled-in providers, the libraries in use, and what is\n"
	"missing here.\n";

static const char version_of_program[] =
	"'confined' means that dumps are read by a child process without rights.\n";

static const struct hwp_example version_examples[] = {
	{
		.command = "version --json",
		.what = "For a bug report.\n",
	},
	{},
};

static const char help_help[] =
	"Without a word: the commands, a line each. With checks, states or verdicts: the\n"
	"checks that hwpoison check makes, the states of a page, the verdicts of a run.\n"
	"With the name of a check: what it states, what its results mean, and which\n"
	"verdict follows.\n";

static const struct hwp_example help_examples[] = {
	{
		.command = "help check",
		.what = "The same as check --help.\n",
	},
	{
		.command = "help poison-not-reused",
		.what = "What the check of this name means.\n",
	},
	{},
};

static const struct hwp_command commands[] = {
	{
		.name = "check",
		.run = hwp_analyse_and_report,
		.text = hwp_report_check,
		.json = hwp_report_json,
		.summary = "Give the verdict, and show what it rests on",
		.usage = "[OPTIONS] [TARGET...]",
		.option_groups = WITH_EVENTS | HWP_OPTIONS_STATE | HWP_OPTIONS_RANGE |
				 HWP_TAKES_SEVERAL,
		.help = check_help,
		.program_help = check_of_program,
		.examples = check_examples,
	},
	{
		.name = "list",
		.run = hwp_cmd_list,
		.summary = "List every poisoned page with its evidence",
		.usage = TARGET_USAGE,
		.option_groups = WITH_EVENTS | HWP_OPTIONS_STATE | HWP_OPTIONS_LIST,
		.help = list_help,
		.program_help = status_of_check,
		.examples = list_examples,
	},
	{
		.name = "folio",
		.run = hwp_analyse_and_report,
		.text = hwp_report_folio,
		.json = hwp_report_folio_json,
		.summary = "Show one folio: its healthy blocks, and what became of them",
		.usage = "[OPTIONS] PFN [TARGET]",
		.option_groups = WITH_EVENTS | HWP_OPTIONS_STATE | HWP_OPTIONS_RANGE |
				 HWP_TAKES_PFN,
		.help = folio_help,
		.program_help = status_of_check,
		.examples = folio_examples,
	},
	{
		.name = "events",
		.run = hwp_analyse_and_report,
		.text = hwp_report_events,
		.json = hwp_report_events_json,
		.summary = "Show memory failures in the kernel log, and what followed",
		.usage = TARGET_USAGE,
		.option_groups = EVENTS_OF_A_LOG | HWP_OPTIONS_STATE,
		.help = events_help,
		.examples = events_examples,
	},
	{
		.name = "decompose",
		.run = hwp_cmd_decompose,
		.summary = "Cut a folio with poison into its healthy blocks",
		.usage = "--base PFN --order N [--poison PFN,...]",
		.option_groups = HWP_OPTIONS_DECOMPOSE | HWP_OPTIONS_JSON,
		.help = decompose_help,
		.examples = decompose_examples,
	},
	{
		.name = "diff",
		.run = hwp_cmd_diff,
		.summary = "Show what changed between two reports",
		.usage = "[OPTIONS] OLD.json NEW.json",
		.option_groups = HWP_OPTIONS_DIFF | HWP_OPTIONS_JSON,
		.help = diff_help,
		.program_help = status_of_diff,
		.examples = diff_examples,
	},
	{
		.name = "explain",
		.run = hwp_cmd_explain,
		.summary = "Explain a word of a report, such as a state or a check",
		.usage = "[OPTIONS] [WORD]",
		.option_groups = HWP_OPTIONS_JSON | HWP_TAKES_WORD,
		.help = explain_help,
		.examples = explain_examples,
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
		.examples = freelist_examples,
	},
	{
		.name = "report",
		.run = hwp_cmd_report,
		.summary = "Write the whole report as one page of HTML",
		.usage = TARGET_USAGE,
		.option_groups = HWP_OPTIONS_TARGET | HWP_OPTIONS_RASDAEMON | HWP_OPTIONS_RANGE |
				 HWP_OPTIONS_DOCUMENT | HWP_OPTIONS_STATE | HWP_OPTIONS_DIGEST,
		.help = report_help,
		.program_help = status_of_check,
		.examples = report_examples,
	},
	{
		.name = "excerpt",
		.run = hwp_cmd_excerpt,
		.summary = "Write a small dump without user data that gives the same report",
		.usage = "-o FILE [OPTIONS] TARGET",
		.option_groups = HWP_OPTIONS_TARGET | HWP_OPTIONS_EXCERPT | HWP_PROGRAM_ONLY,
		.help = excerpt_help,
		.examples = excerpt_examples,
	},
	{
		.name = "metrics",
		.run = hwp_cmd_metrics,
		.summary = "Write metrics for Prometheus",
		.usage = TARGET_USAGE,
		.option_groups = HWP_OPTIONS_TARGET | HWP_OPTIONS_OUTPUT | HWP_OPTIONS_STATE,
		.help = metrics_help,
		.program_help = metrics_of_program,
		.examples = metrics_examples,
	},
	{
		.name = "watch",
		.run = hwp_cmd_watch,
		.summary = "Check the running kernel again and again, and print changes",
		.usage = "[OPTIONS]",
		.option_groups = ANALYSING | HWP_OPTIONS_OUTPUT | HWP_OPTIONS_INTERVAL |
				 HWP_OPTIONS_STATE | HWP_PROGRAM_ONLY,
		.help = watch_help,
		.examples = watch_examples,
	},
	{
		.name = "layout",
		.run = hwp_cmd_layout,
		.summary = "Show the layout of this kernel's structures, and its sources",
		.usage = TARGET_USAGE,
		.option_groups = ANALYSING,
		.help = layout_help,
		.examples = layout_examples,
	},
	{
		.name = "version",
		.run = hwp_cmd_version,
		.summary = "Print versions and compiled-in features",
		.usage = "[--json]",
		.option_groups = HWP_OPTIONS_JSON,
		.help = version_help,
		.program_help = version_of_program,
		.examples = version_examples,
	},
	{
		.name = "help",
		.run = cmd_help,
		.summary = "Explain the program, a command or a check",
		.usage = "[COMMAND|CHECK|checks|states|verdicts]",
		.option_groups = HWP_OPTIONS_JSON | HWP_TAKES_WORD,
		.help = help_help,
		.examples = help_examples,
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

/** The command that @p name is nearly; NULL when it is nearly none. */
static const char *nearest_command(const char *name)
{
	struct hwp_nearest nearest = hwp_nearest_to(name);

	for (const struct hwp_command *command = commands; command->name; command++)
		hwp_nearest_try(&nearest, command->name);
	return nearest.found;
}

static int unknown_command(const struct hwp_context *context, bool json, const char *name)
{
	const char *nearest = nearest_command(name);

	if (nearest)
		return hwp_usage_error(context, json, "unknown command '%s' (did you mean '%s'?)",
				       name, nearest);
	return hwp_usage_error(context, json, "unknown command '%s'", name);
}

/* Lists that `help` prints. */
static const struct {
	const char *name;
	struct hwp_error *(*print)(FILE *out, const struct hwp_report_style *style);
} lists[] = {
	{ "checks", hwp_explain_checks },
	{ "states", hwp_explain_states },
	{ "verdicts", hwp_explain_verdicts },
};

static int not_in_host(const struct hwp_context *context, bool json,
		       const struct hwp_command *command)
{
	return hwp_usage_error(context, json, "'%s' is for the program hwpoison, outside of %s",
			       command->name, context->host->name);
}

static struct hwp_error *print_help(const struct hwp_context *context,
				    const struct hwp_cmd_options *options, bool *known)
{
	const char *word = options->word;
	const struct hwp_command *command = word ? find_command(word) : NULL;
	const struct hwp_check *check = word ? hwp_check_find(word) : NULL;
	size_t list = 0;

	while (word && list < HWP_ARRAY_SIZE(lists) && strcmp(word, lists[list].name) != 0)
		list++;
	*known = !word || command || check || list < HWP_ARRAY_SIZE(lists);
	if (!*known)
		return NULL;
	if (options->json)
		hwp_print_overview_json(context->out, commands);
	else if (command)
		hwp_print_command_help(context, command);
	else if (check)
		return hwp_explain_check(context->out, check, &options->style);
	else if (word)
		return lists[list].print(context->out, &options->style);
	else
		hwp_print_overview(context, commands);
	return hwp_report_flush(context->out);
}

static int cmd_help(const struct hwp_context *context, const struct hwp_command *command,
		    struct hwp_cmd_options *options)
{
	const struct hwp_command *asked = options->word ? find_command(options->word) : NULL;
	struct hwp_error *err;
	bool known;

	(void)command;
	if (asked && context->host && asked->option_groups & HWP_PROGRAM_ONLY)
		return not_in_host(context, options->json, asked);
	err = print_help(context, options, &known);
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
	if (context->host && command->option_groups & HWP_PROGRAM_ONLY)
		return not_in_host(context, options.json, command);
	if (!options.help && command->option_groups & HWP_TAKES_SEVERAL &&
	    hwp_has_several_targets(&options))
		return hwp_run_several(context, command, &options);
	if (!options.help)
		return hwp_run_confined(context, command, &options);
	hwp_print_command_help(context, command);
	return hwp_finish(context, hwp_report_flush(context->out), 0);
}

/** The words, with the command before the options that it stands behind; NULL: no memory. */
static char **command_first(int argc, char **argv)
{
	size_t nr = (size_t)hwp_leading_options(argc, argv);
	char **words = calloc((size_t)argc + 1, sizeof(*words));

	if (!words)
		return NULL;
	memcpy(words, argv, (size_t)argc * sizeof(*words));
	if (nr + 1 < (size_t)argc) {
		memcpy(words + 2, argv + 1, nr * sizeof(*words));
		words[1] = argv[nr + 1];
	}
	return words;
}

static int run_words(const struct hwp_context *context, int argc, char **argv)
{
	const char *name = argc < 2 ? "-" : argv[1];
	const struct hwp_command *command;
	bool json = hwp_wants_json(argc, argv);

	/* What a host has open is checked when no command is named. */
	if (name[0] == '-' && context->host)
		return run_command(context, find_command("check"), argc, argv);
	if (name[0] == '-')
		return hwp_usage_error(context, json, "no command given");
	command = find_command(name);
	/* A dump alone is one to check. */
	if (!command && !context->host && access(name, F_OK) == 0)
		return run_command(context, find_command("check"), argc, argv);
	if (!command)
		return unknown_command(context, json, name);
	return run_command(context, command, argc - 1, argv + 1);
}

int hwp_run_command_line(const struct hwp_context *context, int argc, char **argv)
{
	const char *first = argc < 2 ? "" : argv[1];
	_cleanup_free_ char **words = NULL;

	if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0)
		return run_command(context, find_command("help"), argc - 1, argv + 1);
	if (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0)
		return run_command(context, find_command("version"), argc - 1, argv + 1);
	words = command_first(argc, argv);
	return words ? run_words(context, argc, words) :
		       hwp_fail(context, hwp_wants_json(argc, argv), hwp_error_no_memory());
}
