// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/background.h"

#define COMMIT(id, subject) "Linux kernel commit " id " (\"" subject "\")"
#define IGNORED                                                                             \
	{                                                                                   \
		"Memory failure cannot take memory away from the kernel itself: it marked " \
		"the page and ignored the error.",                                          \
			"The kernel may use it at any time, and crash or work with bad "    \
			"data.",                                                            \
			"mm/memory-failure.c: MF_MSG_KERNEL"                                \
	}

static const struct hwp_background states[HWP_NR_STATES] = {
	[HWP_STATE_BUDDY] = {
		"The folio that held it was freed with it, or it was free when the error "
		"struck and memory failure did not get it off its list.",
		"It is handed out with its block, unless the allocator checks pages "
		"(check_pages): then the whole block is thrown away. Compaction takes free pages "
		"without that check, and moves data onto them.",
		COMMIT("a8b2c2ce89d4", "mm,hwpoison: take free pages off the buddy "
				       "freelists"),
	},
	[HWP_STATE_PCP] = {
		"It was freed with a block of several pages, to the list of one CPU.",
		"What is on such a list is handed out first, or goes back to the free lists "
		"when that is drained.",
		NULL,
	},
	[HWP_STATE_REUSED] = {
		"It was freed with its folio, and the allocator handed it out again: the "
		"evidence says how that is known.",
		"Who has it now reads bad data, or meets a machine check. What was written "
		"from it may be wrong.",
		NULL,
	},
	[HWP_STATE_DROPPED] = {
		"The allocator's check of pages (check_pages) found it in a block, and left "
		"out all of the block.",
		"The healthy pages of the block are lost until a reboot. The bad page "
		"cannot be handed out.",
		COMMIT("79cc7ed9b6e7", "mm, page_alloc: reduce page alloc/free sanity "
				       "checks"),
	},
	[HWP_STATE_LARGE_FOLIO] = {
		"Memory failure marked it, and its folio (PG_has_hwpoisoned), and did not "
		"split the folio: others may have had references to it.",
		"When its users end, a kernel without the fix frees the folio whole.",
		NULL,
	},
	[HWP_STATE_HUGETLB] = {
		"Memory failure marked the head of the folio, and where the kernel has "
		"raw_hwp_list it noted there which page is bad.",
		"When the folio is freed or dissolved, a kernel without the fix frees it "
		"whole. As long as it is in use, nobody else gets it.",
		COMMIT("161df60e9e89", "mm, hwpoison, hugetlb: support saving mechanism of "
				       "raw error pages"),
	},
	[HWP_STATE_IN_USE] = {
		"Memory failure marked it, and has not got it out of use.",
		"When a page of its own is freed, the kernel withholds it.",
		COMMIT("79f5f8fab482", "mm,hwpoison: rework soft offline for in-use pages"),
	},
	[HWP_STATE_TAKEN_OFF] = {
		"It was free: memory failure split its block, took it off the list, and put "
		"MAGIC_HWPOISON into page.private.",
		"It is out of use until a reboot, or until somebody unpoisons it.",
		COMMIT("a8b2c2ce89d4", "mm,hwpoison: take free pages off the buddy "
				       "freelists"),
	},
	[HWP_STATE_ISOLATED] = {
		"Memory failure took it away from its user, or the allocator withheld it "
		"when it was freed.",
		"It is out of use until a reboot, or until somebody unpoisons it.",
		NULL,
	},
	[HWP_STATE_SLAB] = IGNORED,
	[HWP_STATE_PGTABLE] = IGNORED,
	[HWP_STATE_RESERVED] = IGNORED,
	[HWP_STATE_KERNEL] = IGNORED,
	[HWP_STATE_OFFLINE] = {
		NULL,
		"The page allocator does not have it as long as it is offline.",
		NULL,
	},
	[HWP_STATE_DEVICE] = {
		"The memory belongs to a driver, as persistent memory does, and never to "
		"the page allocator.",
		"The driver, or the file system on it, decides what becomes of it.",
		"mm/memory-failure.c: memory_failure_dev_pagemap()",
	},
	[HWP_STATE_UNKNOWN] = {
		NULL,
		"Nothing may be concluded from it, neither good nor bad.",
		NULL,
	},
};

const struct hwp_background *hwp_background_of_state(enum hwp_state state)
{
	return &states[state];
}

const struct hwp_background *hwp_background_of_class(enum hwp_class class)
{
	static const struct hwp_background classes[HWP_NR_CLASSES] = {
		[HWP_CLASS_LEAKED] = { .follows = "The verdict is leaked: bad memory is in use, or "
						  "will be." },
		[HWP_CLASS_LOST] = { .follows =
					     "The verdict is leaked. The bad page is out of reach; "
					     "the healthy memory comes back with a reboot." },
		[HWP_CLASS_PENDING] = { .follows = "What becomes of the page is decided when its "
						   "users end." },
		[HWP_CLASS_CONTAINED] = { .follows =
						  "Nothing has to be done about the page itself." },
		[HWP_CLASS_KERNEL] = { .follows = "The verdict is at-risk at best." },
		[HWP_CLASS_OTHER] = { .follows =
					      "The page allocator does not have it as long as it is "
					      "there." },
		[HWP_CLASS_UNKNOWN] = { .follows = "The verdict is incomplete at best." },
	};

	return &classes[class];
}

const struct hwp_background *hwp_background_of_verdict(enum hwp_verdict verdict)
{
	static const struct hwp_background verdicts[HWP_NR_VERDICTS] = {
		[HWP_VERDICT_LEAKED] = {
			.follows = "Treat what the machine wrote after the first memory failure as "
				   "suspect. Bad memory that is free is not taken back while the "
				   "machine runs.",
		},
		[HWP_VERDICT_LEAKED_BEFORE] = {
			.follows = "It is out of reach now. What used it meanwhile, the victims in "
				   "the report, may have written bad data.",
		},
		[HWP_VERDICT_INCONSISTENT] = {
			.follows = "Something other than memory failure may have written to the "
				   "kernel's records, or the kernel has a fault of its own. It is no "
				   "all-clear.",
		},
		[HWP_VERDICT_INCOMPLETE] = {
			.follows = "It is no all-clear: what is missing may hold a leak. The report "
				   "has what that is, and often where to get it.",
		},
		[HWP_VERDICT_AT_RISK] = {
			.follows = "Nothing has to be repaired, but a reboot before the users of such "
				   "memory end takes the risk away.",
		},
		[HWP_VERDICT_CLEAN] = {
			.follows = "Everything that the answer needs was read. A bad module is still "
				   "to be replaced: the marks end with the boot, the fault does not.",
		},
	};

	return &verdicts[verdict];
}

const struct hwp_background *hwp_background_of_outcome(enum hwp_outcome outcome)
{
	static const struct hwp_background outcomes[] = {
		[HWP_OUTCOME_HELD] = { .follows =
					       "It is said only where the kernel has the fix, or "
					       "frees such folios page by page, and nothing in the "
					       "dump contradicts it." },
		[HWP_OUTCOME_SPLIT] = { .follows = "Whether a bad page was in free memory in between "
						   "may not be known: its history says so." },
		[HWP_OUTCOME_LEAKED] = { .follows = "Its bad pages have states of their own." },
		[HWP_OUTCOME_LEAKED_BEFORE] = { .follows = "Who had its pages are its victims." },
		[HWP_OUTCOME_LOST] = { .follows = "The healthy pages come back with a reboot." },
		[HWP_OUTCOME_WOULD_LEAK] = { .follows = "Reboot before its users end." },
		[HWP_OUTCOME_WOULD_HOLD] = { .follows = "Nothing has to be done about it." },
		[HWP_OUTCOME_UNKNOWN] = { .follows = "Nothing may be concluded from it." },
	};

	return &outcomes[outcome];
}

const struct hwp_background *hwp_background_of_cause(enum hwp_cause_kind cause)
{
	static const struct hwp_background causes[] = {
		[HWP_CAUSE_UNKNOWN] = { .follows = "The verdict is incomplete at best." },
		[HWP_CAUSE_NO_CRASH] = { .follows = "The dump is of a machine that ran, or runs." },
		[HWP_CAUSE_NO_SIGN] = { .follows =
						"Look for the cause elsewhere; that memory was bad "
						"without a report of it is not ruled out." },
		[HWP_CAUSE_NEAR] = { .follows =
					     "That is no proof: the confidence and what it rests on "
					     "stand beside it." },
		[HWP_CAUSE_MEMORY_ERROR] = { .follows = "The verdict is incomplete at best, as the "
							"kernel did not live to deal with the error. "
							"Replace the module." },
	};

	return &causes[cause];
}

const struct hwp_background *hwp_background_of_event(enum hwp_event_kind kind)
{
	static const struct hwp_background events[] = {
		[HWP_EVENT_ACTION] = { .follows =
					       "The result is Recovered, Delayed, Failed or Ignored, "
					       "each of which can be explained." },
		[HWP_EVENT_SIGBUS] = { .follows =
					       "A process that does not handle the signal ends, and "
					       "its memory is freed: that is when pages can leak." },
		[HWP_EVENT_ALREADY_POISONED] = { .follows =
							 "Somebody met the page again, or firmware "
							 "reported it twice." },
		[HWP_EVENT_SOFT_OFFLINE] = { .follows =
						     "No data is lost: it was moved to another page, "
						     "or can be read again." },
		[HWP_EVENT_SOFT_OFFLINE_FAILED] = { .follows =
							    "The page stays in use, with the errors "
							    "that it has." },
		[HWP_EVENT_UNPOISON] = { .follows =
						 "The page is in use as any other, bad or not: only "
						 "tests do that." },
		[HWP_EVENT_INJECTED] = { .follows = "No memory module is at fault for it." },
		[HWP_EVENT_SPLIT_FAILED] = { .follows = "The folio keeps its bad page, and is freed "
							"with it by a kernel without the fix." },
		[HWP_EVENT_KILLED] = { .follows =
					       "Its memory is freed, the bad page's folio with it." },
		[HWP_EVENT_PANIC] = { .follows = "The cause of death has it." },
		[HWP_EVENT_HARDWARE] = { .follows =
						 "Whether it was memory, and which page, depends on "
						 "the line." },
		[HWP_EVENT_CORRECTED] = { .follows = "Many of them foretell errors that are not "
						     "corrected." },
		[HWP_EVENT_MACHINE_CHECK] = { .follows =
						      "The process, or the kernel, was about to use "
						      "the bad data." },
		[HWP_EVENT_OTHER] = { .follows = NULL },
	};

	return &events[kind];
}

static const struct hwp_word mf_results[] = {
	{ "Recovered", "memory failure reports that the page is out of use" },
	{ "Delayed", "memory failure leaves the page where it is, until somebody else meets it" },
	{ "Failed", "memory failure tried to get the page out of use, and could not" },
	{ "Ignored", "memory failure does nothing about a page of this type" },
};
const struct hwp_words hwp_mf_results = { mf_results, sizeof(mf_results) / sizeof(*mf_results) };

const struct hwp_background *hwp_background_of_mf_result(size_t result)
{
	static const struct hwp_background results[] = {
		{ .follows = "A clean page is read anew from its file. What a dirty page held is "
			     "lost." },
		{ .follows = "The page can still be used; a dirty page of the swap cache is one." },
		{ .follows = "The page is in use still, or is freed with its folio." },
		{ .follows = "The kernel may use the page at any time." },
	};

	return &results[result];
}
