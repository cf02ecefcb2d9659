// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Known issues, in the order in which they are reported: what leaks or loses memory first, then
 * what kills the kernel, then what it counts or others write down wrongly. `hwpoison explain NAME`
 * prints these words. A row says that the findings look like the issue, never that it was proved.
 */
#include "verdict/issue.h"

#include "base/bits.h"
#include "verdict/issue/functions.h"

#define COMMIT(id, subject) "Linux kernel commit " id " (\"" subject "\")"

static const struct hwp_known_issue issues[] = {
	{
		.name = "freed-whole",
		.title = "a folio that holds poison is freed together with it",
		.background =
			"The buddy allocator does not look at the marks of pages in a block of more "
			"than one page. A HugeTLB page, or a THP that could not be split, goes back "
			"whole when its users end, and its bad pages are handed out again, or are thrown "
			"away with their healthy neighbours. A fix, free_has_hwpoisoned(), frees only "
			"the healthy ranges of such a folio. It has been proposed.",
		.kernels = "all releases up to v7.3; none of them has the fix",
		.disproof = "the debug information of this kernel ('-s VMLINUX'), if it has "
			    "free_has_hwpoisoned() inlined",
		.advice = "Where the machine still runs, reboot it before the users of such folios end. Ask "
			  "who builds this kernel for the fix.",
		.references = { "linux-mm, 2026-05-31: [PATCH v5 1/4] mm/page_alloc: only free healthy "
				"pages in high-order has_hwpoisoned folio" },
		.is_matched = hwp_issue_freed_whole,
	},
	{
		.name = "dissolved-in-buddy",
		.title = "a bad page of a dissolved HugeTLB page stays on a free list, with a reference",
		.background =
			"memory_failure() dissolves a free HugeTLB page, and takes the bad page off its "
			"free list. Where compaction had isolated the block at that moment the second "
			"step failed, and was taken for a success: the page stays in free memory with a "
			"reference. When it is handed out, or unpoisoned, the kernel finds a bad page "
			"state, or meets a BUG() in __del_page_from_free_list().",
		.kernels = "v6.0 to v6.9; fixed in v6.10, 6.9.5, 6.6.35 and 6.1.95",
		.disproof = "a kernel that has the commit, or a page that was put into the free list "
			    "by something else",
		.advice = "Reboot, and update the kernel.",
		.references = { COMMIT("8cf360b9d6a8",
				       "mm/memory-failure: fix handling of dissolved but "
				       "not taken off from buddy pages"),
				"CVE-2024-39298" },
		.is_matched = hwp_issue_dissolved_in_buddy,
	},
	{
		.name = "dissolved-on-pcp",
		.title = "a bad page of a dissolved HugeTLB page is on a per-CPU list",
		.background =
			"The pages of a dissolved HugeTLB page may go to a CPU's own list, where "
			"take_page_off_buddy() does not look. The first commit closed these lists "
			"meanwhile; the second one, which ends a deadlock, only drains them, so that "
			"a page can still come back to one at that moment.",
		.kernels =
			"those of v5.14's development without the first commit, and as a race those "
			"with the second one",
		.disproof = "a folio that was freed later, by its user: its history has an error and "
			    "then the end of a process",
		.advice = "Reboot: what a CPU has on its own list is handed out next.",
		.references = { COMMIT("510d25c92ec4",
				       "mm/hwpoison: disable pcp for page_handle_poison()"),
				COMMIT("1983184c22dd", "mm/memory-failure: fix deadlock when "
						       "hugetlb_optimize_vmemmap is enabled") },
		.is_matched = hwp_issue_dissolved_on_pcp,
	},
	{
		.name = "gigantic-dissolve",
		.title = "a gigantic HugeTLB page with an optimized vmemmap is lost when it is dissolved",
		.background =
			"An error in a free 1 GiB page that was allocated at boot, with its vmemmap "
			"optimized (hugetlb_free_vmemmap=on): when memory_failure() dissolves it, struct "
			"pages have references that nobody holds. Where the allocator checks pages it "
			"finds bad page states, and most of the 1 GiB is neither free nor in use "
			"afterwards; where it does not (check_pages=off) they are free, with those "
			"references, and lists contradict themselves.",
		.kernels = "seen with 7.2.12 and 7.3.4; no fix is known",
		.disproof =
			"bad page states of another cause: the kernel log has a stack for each of "
			"the first ones; or contradictions outside of that page",
		.advice = "Reboot to get the memory back. Do not optimize the vmemmap of gigantic pages "
			  "where losing one of them is too much.",
		.is_matched = hwp_issue_gigantic_dissolve,
	},
	{
		.name = "tail-mapping",
		.title = "tail pages of a HugeTLB page have a corrupted mapping when it is freed",
		.background =
			"A member of struct folio moved into a tail page. Where the vmemmap of a "
			"HugeTLB page was optimized, its copy got into other tail pages when the "
			"vmemmap was restored, and the allocator refuses to free them: \"page dumped "
			"because: corrupted mapping in tail page\".",
		.kernels = "those with the second commit and without the first; both are of v6.15",
		.disproof = "a kernel that has the first commit, or one whose HugeTLB pages are not "
			    "optimized: then something wrote to struct pages",
		.advice = "Update the kernel; a reboot gives the lost memory back.",
		.references = { COMMIT("274fe92de2c4",
				       "mm, hugetlb: increment the number of pages to be "
				       "reset on HVO"),
				COMMIT("4eeec8c89a0c",
				       "mm: move hugetlb specific things in folio to "
				       "page[3]") },
		.is_matched = hwp_issue_tail_mapping,
	},
	{
		.name = "vmemmap-deadlock",
		.title = "memory failure and CPU hotplug wait for each other",
		.background =
			"memory_failure() closed the per-CPU lists, and then restored the vmemmap of the "
			"HugeTLB page, which takes the lock of CPU hotplug. A CPU that comes or goes "
			"takes the two locks in the other order.",
		.kernels = "v5.18 to v6.8; fixed in v6.9, 6.8.8, 6.6.29 and 6.1.88",
		.disproof =
			"a kernel that has the commit, or a task that hung elsewhere: the stacks of "
			"the tasks show it",
		.advice = "Update the kernel. Until then leave CPUs online, or the vmemmap of HugeTLB "
			  "as it is (hugetlb_free_vmemmap=off).",
		.references = { COMMIT("1983184c22dd", "mm/memory-failure: fix deadlock when "
						       "hugetlb_optimize_vmemmap is enabled"),
				"CVE-2024-26987" },
		.is_matched = hwp_issue_vmemmap_deadlock,
	},
	{
		.name = "subpool-lock",
		.title = "a list head is taken for a subpool when a HugeTLB page is dissolved",
		.background =
			"Two members of struct folio share their bytes. A HugeTLB page that could not be "
			"dissolved kept a list head where its subpool is looked for the next time, and "
			"what lies there is taken for a lock.",
		.kernels =
			"v6.5 to v6.8 and 6.1.47 to 6.1.90; fixed in v6.9, 6.8.9, 6.6.31 and 6.1.91",
		.disproof = "a kernel that has the commit",
		.advice =
			"Update the kernel, and restart: memory behind that lock may have been written.",
		.references = { COMMIT("52ccdde16b65", "mm/hugetlb: fix DEBUG_LOCKS_WARN_ON(1) when "
						       "dissolve_free_hugetlb_folio()"),
				"CVE-2024-36028" },
		.is_matched = hwp_issue_subpool_lock,
	},
	{
		.name = "unpoison-uninitialised",
		.title = "a page of offline memory is unpoisoned, and the kernel dies",
		.background =
			"unpoison_memory() looked at the flags of a struct page that is not initialised, "
			"which is a BUG() with CONFIG_DEBUG_VM. Somebody wrote the pfn of offline memory "
			"to /sys/kernel/debug/hwpoison/unpoison-pfn.",
		.kernels =
			"v4.13 to v6.16; fixed in v6.17, 6.16.8, 6.12.48, 6.6.107, 6.1.153, 5.15.194, "
			"5.10.245 and 5.4.300",
		.disproof = "a pfn of memory that is online: 'hwpoison folio PFN' shows it",
		.advice = "No hardware is at fault: a test unpoisoned the page. Update the kernel, or "
			  "unpoison pages of online memory only.",
		.references = { COMMIT("d613f53c83ec",
				       "mm/memory-failure: fix "
				       "VM_BUG_ON_PAGE(PagePoisoned(page)) when unpoison "
				       "memory"),
				"CVE-2025-39883" },
		.is_matched = hwp_issue_unpoison_uninitialised,
	},
	{
		.name = "unpoison-bad-state",
		.title = "a page is in a bad state after it was unpoisoned",
		.background =
			"unpoison_memory() drops the reference that memory_failure() took. Where that "
			"took none, as of the zero page and the huge zero page, it drops somebody "
			"else's, and the allocator gets a page that is in use. An unpoisoned page that "
			"is in a free block (see dissolved-in-buddy) ends so as well.",
		.kernels = "for the zero page up to v3.11, for the huge zero page up to v6.9",
		.disproof =
			"'hwpoison folio PFN', if the page is neither reserved nor free nor the huge "
			"zero page",
		.advice = "No hardware is at fault: a test unpoisoned the page. Reboot before the machine "
			  "is used for anything else.",
		.references = { COMMIT("3ba5eebc40a9", "mm/memory-failure.c: fix bug triggered by "
						       "unpoisoning empty zero page"),
				COMMIT("fe6f86f4b408",
				       "mm/huge_memory: don't unpoison huge_zero_folio"),
				"CVE-2024-40914" },
		.is_matched = hwp_issue_unpoison_bad_state,
	},
	{
		.name = "repeated-reports",
		.title = "a process meets the same bad page again and again, and is sent no signal",
		.background =
			"For a page that was poisoned before memory_failure() did nothing and reported "
			"success, so that the process went back to the instruction that failed: machine "
			"checks without end. For a tail page of a HugeTLB folio it looked for the wrong "
			"address in the process.",
		.kernels =
			"those without the first commit (before v5.14); for HugeTLB those without the "
			"second",
		.disproof =
			"repeats with minutes between them, as of a patrol scrubber or of firmware "
			"that reports the address again",
		.advice = "End the process that runs on that page, or reboot; update the kernel.",
		.references = { COMMIT("47af12bae17f",
				       "mm,hwpoison: return -EHWPOISON to denote that the "
				       "page has already been poisoned"),
				COMMIT("057a6f2632c9",
				       "mm/memory-failure: teach kill_accessing_process "
				       "to accept hugetlb tail page pfn") },
		.is_matched = hwp_issue_repeated_reports,
	},
	{
		.name = "counted-again",
		.title = "a page that is reported again is counted again",
		.background =
			"Each report of a page that was poisoned before counts in num_poisoned_pages, "
			"which /proc/meminfo shows as HardwareCorrupted, and in the node's mf_stats. The "
			"pages in this report are counted once.",
		.kernels =
			"those with the second commit and without the first: v6.11 to v6.16; stable "
			"6.12 and 6.16 have got the first",
		.disproof =
			"bad pages that were not found: coverage and the checks would show what was "
			"not read",
		.advice = "Go by the pages that were found, not by HardwareCorrupted.",
		.references = { COMMIT("3be306cccdcc",
				       "mm/memory-failure: fix redundant updates for "
				       "already poisoned pages"),
				COMMIT("b8b9488d50b7", "mm/memory-failure: improve memory failure "
						       "action_result messages") },
		.is_matched = hwp_issue_counted_again,
	},
	{
		.name = "rasdaemon-types",
		.title = "rasdaemon has another type for a page than the kernel",
		.background =
			"rasdaemon gets the type as a number, and names it from a list of its own; the "
			"kernel's list has got shorter and longer between releases. Only the name in "
			"the kernel's own line is right.",
		.kernels = "any whose list is not that of the rasdaemon that is installed",
		.disproof = "a row of another error of the same page, at the same time",
		.advice = "Take the type from the kernel log, and update rasdaemon.",
		.references = { "rasdaemon: ras-memory-failure-handler.c",
				"Linux: enum mf_action_page_type" },
		.is_matched = hwp_issue_rasdaemon_types,
	},
};

const struct hwp_known_issue *hwp_known_issues(size_t *nr_ret)
{
	*nr_ret = HWP_ARRAY_SIZE(issues);
	return issues;
}

struct hwp_error *hwp_issues_match(struct hwp_findings *f)
{
	f->known_issues.nr = 0;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(issues); i++) {
		struct hwp_issue_match match = { .issue = &issues[i] };

		if (issues[i].is_matched(f, &match) && !hwp_vec_push(&f->known_issues, match))
			return hwp_error_no_memory();
	}
	return NULL;
}
