// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The checks, in the order in which they run and are reported. What a check
 * needs stands above it. `hwpoison help CHECK` and the manual page print these
 * words.
 */
#include "verdict/check.h"

#include "base/bits.h"
#include "verdict/check/functions.h"

static const struct hwp_check checks[] = {
	{
		.name = "memmap-covered",
		.statement = "every struct page of online memory was read",
		.background =
			"A page whose struct page was not read may be poisoned, and may have "
			"leaked. Struct pages are missing from a dump that was cut off or that "
			"left them out, and from one whose memory could not be read.",
		.outcomes = {
			[HWP_PASS] = { "all of them were read, or with --quick those of the memory "
				       "blocks that count poison",
				       HWP_VERDICT_CLEAN },
			[HWP_INCONCLUSIVE] = { "a poisoned page may be among those that were not "
					       "read",
					       HWP_VERDICT_INCOMPLETE },
		},
		.settles = HWP_SETTLES_BY_LAST,
		.run = hwp_check_memmap_covered,
	},
	{
		.name = "freelist-consistent",
		.statement = "every free list could be walked to its end, and its count is right",
		.background =
			"The lists of free_area and of each CPU are followed from block to block; "
			"the struct page of each must be that of a free block of its order, and "
			"free_area.nr_free must be the number of blocks that were found.",
		.outcomes = {
			[HWP_PASS] = { "the lists hold what they count", HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "a list, a table or a count contradicts another: something "
				       "other than memory failure may have written there",
				       HWP_VERDICT_INCONSISTENT },
			[HWP_INCONCLUSIVE] = { "a list could not be read to its end: a poisoned page "
					       "may be in the rest",
					       HWP_VERDICT_INCOMPLETE },
		},
		.needs = HWP_NEEDS(HWP_HOLE_FREE_LIST) | HWP_NEEDS(HWP_HOLE_PCP_LIST) |
			 HWP_NEEDS(HWP_HOLE_OTHER_LIST),
		.answers_troubles = true,
		.settles = HWP_SETTLES_BY_BEST,
		.run = hwp_check_freelist_consistent,
	},
	{
		.name = "methods-agree",
		.statement = "free blocks found by their struct pages and by the lists are the same",
		.background =
			"A poisoned page's free block is looked for twice: in the memmap, where "
			"PageBuddy marks its head, and by walking the lists. The two know nothing of "
			"each other. Blocks of the per-CPU lists have no such mark and are left out.",
		.outcomes = {
			[HWP_PASS] = { "both name the same block for each poisoned page",
				       HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "they name different blocks for a poisoned page, only one "
				       "finds a block, or they count different numbers of free "
				       "pages",
				       HWP_VERDICT_INCONSISTENT },
			[HWP_SKIP] = { "the lists of free_area were not walked, as with --quick",
				       HWP_VERDICT_CLEAN },
			[HWP_INCONCLUSIVE] = { "they agree on the poisoned pages, but count "
					       "different numbers of free pages, and not all lists "
					       "and struct pages could be read",
					       HWP_VERDICT_INCOMPLETE },
		},
		.settles = HWP_SETTLES_BY_BEST,
		.run = hwp_check_methods_agree,
	},
	{
		.name = "free-blocks-bare",
		.statement = "no page inside a free block has references or is part of a folio",
		.background =
			"Only the first page of a free block is marked. The pages behind it were in use "
			"by nobody when the block was freed: a reference or the mark of a tail there "
			"means that it was freed too early, or not cleared.",
		.outcomes = {
			[HWP_PASS] = { "none has", HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "a page that is free has a user, or looks as if it had one",
				       HWP_VERDICT_INCONSISTENT },
			[HWP_SKIP] = { "a running kernel allocates while it is read",
				       HWP_VERDICT_CLEAN },
			[HWP_INCONCLUSIVE] = { "none was found in the struct pages that were read",
					       HWP_VERDICT_CLEAN },
		},
		.needs = HWP_NEEDS(HWP_HOLE_MEMMAP),
		.settles = HWP_SETTLES_BY_BEST,
		.run = hwp_check_free_blocks_bare,
	},
	{
		.name = "free-pages-counted",
		.statement = "NR_FREE_PAGES of each zone is the number of free pages on its lists",
		.background =
			"A zone counts its free pages, but for those of isolated pageblocks; each CPU "
			"keeps up to 127 to itself before it adds them. Pages on per-CPU lists are not "
			"counted as free. Asked of dumps only, as the counts of a running kernel change "
			"while they are read.",
		.outcomes = {
			[HWP_PASS] = { "the numbers are equal", HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "a zone counts more or fewer free pages than its lists hold",
				       HWP_VERDICT_INCONSISTENT },
			[HWP_SKIP] = { "the counts are not known, as of a running kernel",
				       HWP_VERDICT_CLEAN },
			[HWP_INCONCLUSIVE] = { "they differ, but the lists were changing or could not "
					       "all be read, or the kernel is older than v6.10, which "
					       "counts less exactly",
					       HWP_VERDICT_CLEAN },
		},
		.settles = HWP_SETTLES_BY_BEST,
		.run = hwp_check_free_pages_counted,
	},
	{
		.name = "lists-match-pageblocks",
		.statement = "each free block is on a list of its pageblock's migratetype",
		.background =
			"Memory is grouped by how it can be reclaimed: each pageblock has a migratetype, "
			"and its free blocks are on the lists of that type. Since v6.10 the two never "
			"differ while zone->lock is free, and the kernel warns when they do. A block on a "
			"list of the type Isolate is lost to the allocator; on another one it spoils the "
			"grouping, or a reserve. Per-CPU lists may keep the type that a block had when it "
			"was freed, and are not compared. Asked of dumps only.",
		.outcomes = {
			[HWP_PASS] = { "all of them are", HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "a block was put on the list of another type: it was freed wrongly",
				       HWP_VERDICT_INCONSISTENT },
			[HWP_SKIP] = { "the kernel is not known to keep them equal, or it was running",
				       HWP_VERDICT_CLEAN },
			[HWP_INCONCLUSIVE] = { "the types of the pageblocks are not known, or they "
					       "differ where that proves nothing",
					       HWP_VERDICT_CLEAN },
		},
		.settles = HWP_SETTLES_BY_BEST,
		.run = hwp_check_lists_match_pageblocks,
	},
	{
		.name = "zones-span-pages",
		.statement = "free and poisoned pages are in the zone, and the zone in the node, that has them",
		.background =
			"page.flags say of which zone and node a page is, and the zone spans a range of "
			"pages, inside of what its node spans. A block on the lists of a zone that it is "
			"not of was freed there wrongly: it is handed out for what it is not fit for. Offline "
			"memory and memory of devices are left out.",
		.outcomes = {
			[HWP_PASS] = { "all of them are", HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "a page, a list and a span contradict each other",
				       HWP_VERDICT_INCONSISTENT },
			[HWP_SKIP] = { "the zones were not read, as by /proc/kpageflags",
				       HWP_VERDICT_CLEAN },
			[HWP_INCONCLUSIVE] = { "what page.flags say of zones is not known, or not all "
					       "lists could be read",
					       HWP_VERDICT_CLEAN },
		},
		.needs = HWP_NEEDS(HWP_HOLE_FREE_LIST) | HWP_NEEDS(HWP_HOLE_PCP_LIST),
		.settles = HWP_SETTLES_BY_BEST,
		.run = hwp_check_zones_span_pages,
	},
	{
		.name = "poison-not-in-buddy",
		.statement = "no poisoned page is in a free block",
		.background =
			"A compound page is freed whole: the page allocator looks at PG_hwpoison "
			"of a single page only, so a bad page can enter its lists inside a large "
			"block. Blocks of free_area, zone.trylock_free_pages and "
			"zone.unaccepted_pages count.",
		.outcomes = {
			[HWP_PASS] = { "none was found in a free block", HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "a poisoned page is inside a free block, from which it can "
				       "be allocated",
				       HWP_VERDICT_LEAKED },
			[HWP_INCONCLUSIVE] = { "none was found in the struct pages that were read",
					       HWP_VERDICT_INCOMPLETE },
		},
		.needs = HWP_NEEDS(HWP_HOLE_MEMMAP) | HWP_NEEDS(HWP_HOLE_OTHER_LIST),
		.settles = HWP_SETTLES_BY_FAILURE,
		.run = hwp_check_poison_not_in_buddy,
	},
	{
		.name = "poison-not-on-pcp",
		.statement = "no poisoned page is on a per-CPU list",
		.background =
			"Blocks of order 0 to 3 and of the order of a THP are freed to a per-CPU "
			"list first. Nothing in the struct page says so: only walking these lists "
			"finds a poisoned page there.",
		.outcomes = {
			[HWP_PASS] = { "none was found on a per-CPU list",
				       HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "a poisoned page is on a per-CPU list, from which it can be "
				       "allocated",
				       HWP_VERDICT_LEAKED },
			[HWP_INCONCLUSIVE] = { "none was found on the part of the lists that could "
					       "be walked",
					       HWP_VERDICT_INCOMPLETE },
		},
		.needs = HWP_NEEDS(HWP_HOLE_MEMMAP) | HWP_NEEDS(HWP_HOLE_PCP_LIST),
		.settles = HWP_SETTLES_BY_FAILURE,
		.run = hwp_check_poison_not_on_pcp,
	},
	{
		.name = "poison-not-reused",
		.statement = "no poisoned page was allocated again",
		.background =
			"A page counts as reused with proof only: page_owner knows of an allocation "
			"after the error, the kernel log names an owner that it no longer has, its "
			"owner is younger than the error, or a mark is gone that only freeing "
			"clears. The evidence of the page says which, and how sure that is. A page in "
			"use of which the error is not in the log, or the owner not in the dump, may "
			"be another's by now, unless page_owner or its folio's mark shows that it "
			"is not.",
		.outcomes = {
			[HWP_PASS] = { "nothing proves that a poisoned page was allocated again",
				       HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "a poisoned page was freed and is in use again",
				       HWP_VERDICT_LEAKED },
			[HWP_INCONCLUSIVE] = { "none was found, but what would show it is missing",
					       HWP_VERDICT_AT_RISK },
		},
		.needs = HWP_NEEDS(HWP_HOLE_MEMMAP),
		.settles = HWP_SETTLES_BY_FAILURE,
		.run = hwp_check_poison_not_reused,
	},
	{
		.name = "healthy-not-lost",
		.statement = "no healthy page is lost with a poisoned one",
		.background =
			"When the allocator's own page check finds a bad page in a block that it is "
			"about to hand out, it drops the whole block: refcount 0, on no list, until "
			"the next boot. A kernel that frees by ranges may also forget healthy pages. "
			"Where a poisoned page was dropped with them, the verdict is leaked.",
		.outcomes = {
			[HWP_PASS] = { "no healthy page is known to be lost",
				       HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "healthy pages are on no list and in no use",
				       HWP_VERDICT_INCONSISTENT },
			[HWP_INCONCLUSIVE] = { "pages of a freed folio are on no list that could be "
					       "read, or their struct pages could not be read",
					       HWP_VERDICT_INCOMPLETE },
		},
		.needs = HWP_NEEDS(HWP_HOLE_MEMMAP),
		.settles = HWP_SETTLES_BY_FAILURE,
		.run = hwp_check_healthy_not_lost,
	},
	{
		.name = "ranges-held",
		.statement = "free blocks of a freed poisoned folio are inside its healthy ranges",
		.background =
			"Nothing can merge inside a folio that was freed without its bad pages: the "
			"block that two neighbours would merge into holds one of them. So a free "
			"block that is not inside one of the largest healthy blocks was freed "
			"wrongly. 'hwpoison folio PFN' shows these blocks.",
		.outcomes = {
			[HWP_PASS] = { "each free block is one that a fixed kernel could have freed, "
				       "or no freed folio is known",
				       HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "a free block holds a bad page, or reaches over the end of a "
				       "healthy range",
				       HWP_VERDICT_INCONSISTENT },
			[HWP_INCONCLUSIVE] = { "none was found in the lists that could be walked",
					       HWP_VERDICT_CLEAN },
		},
		.settles = HWP_SETTLES_BY_BEST,
		.run = hwp_check_ranges_held,
	},
	{
		.name = "withheld-unmarked",
		.statement = "no withheld page is still marked as part of a folio or of an LRU list",
		.background =
			"A bad page that was freed and kept out of the lists has no user any more. If it "
			"is marked as a tail, the kernel takes another page for its head; with PG_lru it "
			"is taken for a page of users.",
		.outcomes = {
			[HWP_PASS] = { "none is, or there is no such page", HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "such a mark was left when the page was freed",
				       HWP_VERDICT_INCONSISTENT },
			[HWP_INCONCLUSIVE] = { "none is, but the states of some pages are unknown",
					       HWP_VERDICT_INCOMPLETE },
		},
		.settles = HWP_SETTLES_BY_BEST,
		.run = hwp_check_withheld_unmarked,
	},
	{
		.name = "events-marked",
		.statement = "each page that memory failure handled is still marked",
		.background =
			"memory_failure() marks a page before it logs what became of it, and only "
			"unpoisoning takes the mark away, which the log shows. A page without its mark is "
			"handed out like any other. Errors that were ignored, memory that went offline or "
			"belongs to a device, and HugeTLB folios, which keep a record of their own, do not "
			"count.",
		.outcomes = {
			[HWP_PASS] = { "all of them are", HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "a bad page has lost its mark", HWP_VERDICT_INCONSISTENT },
			[HWP_INCONCLUSIVE] = { "the log could not be read, or lacks lines; or a page "
					       "has no mark, and the log may lack that it was "
					       "unpoisoned, which makes the answer incomplete",
					       HWP_VERDICT_CLEAN },
		},
		.needs = HWP_NEEDS(HWP_HOLE_MEMMAP),
		.settles = HWP_SETTLES_BY_BEST,
		.run = hwp_check_events_marked,
	},
	{
		.name = "folio-flag-matches-pages",
		.statement = "PG_has_hwpoisoned is set on every large folio that holds poison",
		.background =
			"memory_failure() sets the flag before it tries to split a folio of users, "
			"and a fixed kernel frees by ranges where the flag is set. A clear flag proves "
			"no fault: it is lost when a split leaves large folios (to v6.17), and never "
			"set when memory_failure() gave the page up. Kernels before v5.15 have none.",
		.outcomes = {
			[HWP_PASS] = { "the flag is set, or there is no such folio",
				       HWP_VERDICT_CLEAN },
			[HWP_SKIP] = { "the kernel has no such flag", HWP_VERDICT_CLEAN },
			[HWP_INCONCLUSIVE] = { "the flag of a folio is clear: even a fixed kernel "
					       "would free it whole",
					       HWP_VERDICT_CLEAN },
		},
		.settles = HWP_SETTLES_BY_BEST,
		.run = hwp_check_folio_flag_matches_pages,
	},
	{
		.name = "raw-hwp-list-consistent",
		.statement = "every flagged HugeTLB folio records which of its pages are bad",
		.background =
			"A HugeTLB folio has PG_hwpoison on its head, whichever page is bad; the bad "
			"ones are on its raw_hwp_list. A folio marked raw_hwp_unreliable has given "
			"that up, and old kernels have no list: neither is a contradiction.",
		.outcomes = {
			[HWP_PASS] = { "each flagged folio has its list, or says why it has none",
				       HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "a folio is flagged, and its list names no page",
				       HWP_VERDICT_INCONSISTENT },
			[HWP_INCONCLUSIVE] = { "a list could not be read: which pages are bad is "
					       "not known",
					       HWP_VERDICT_INCOMPLETE },
		},
		.needs = HWP_NEEDS(HWP_HOLE_RAW_HWP_LIST) | HWP_NEEDS(HWP_HOLE_HPAGE_FREELIST),
		.settles = HWP_SETTLES_BY_BEST,
		.run = hwp_check_raw_hwp_list_consistent,
	},
	{
		.name = "poison-unmapped",
		.statement = "a contained page that a machine check found is out of the direct map",
		.background =
			"After a machine check x86 takes the page out of the kernel's direct map "
			"(set_mce_nospec), so that nothing reads it speculatively. Injected errors "
			"and those that firmware reports leave the map as it is, and so does arm64.",
		.outcomes = {
			[HWP_PASS] = { "all of these pages are unmapped", HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "one of them is mapped: the kernel may read it and take "
				       "another machine check",
				       HWP_VERDICT_INCONSISTENT },
			[HWP_SKIP] = { "the log has no machine check for a contained page, or the "
				       "kernel is arm64's, which unmaps none",
				       HWP_VERDICT_CLEAN },
			[HWP_INCONCLUSIVE] = { "the page table could not be read for one of them",
					       HWP_VERDICT_CLEAN },
		},
		.settles = HWP_SETTLES_BY_FAILURE,
		.run = hwp_check_poison_unmapped,
	},
	{
		.name = "poison-unwritten",
		.statement = "no pass over freed memory wrote to a poisoned page",
		/* KASAN writes to its shadow or tags, debug_pagealloc to page tables. */
		.background =
			"Writing to bad memory can raise a machine check. page_poison fills a freed "
			"page with 0xaa, which nothing else does, and init_on_free with zeros, which "
			"may have been there before. Only pages that were freed are examined, and "
			"only in a dump that holds their contents.",
		.outcomes = {
			[HWP_PASS] = { "no freed poisoned page holds such a pattern",
				       HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "a poisoned page holds page_poison's pattern",
				       HWP_VERDICT_INCONSISTENT },
			[HWP_SKIP] = { "no such pass is known to be on, or no contents are known",
				       HWP_VERDICT_CLEAN },
			[HWP_INCONCLUSIVE] = { "a freed poisoned page is all zeros, and init_on_free "
					       "is on",
					       HWP_VERDICT_CLEAN },
		},
		.settles = HWP_SETTLES_BY_FAILURE,
		.run = hwp_check_poison_unwritten,
	},
	{
		.name = "poison-accounted",
		.statement = "the kernel counted as many poisoned pages as were found",
		.background =
			"num_poisoned_pages is HardwareCorrupted of /proc/meminfo. Kernels that count "
			"a page again when it is reported again (v6.11 to v6.16) are explained by the "
			"log, and so is memory of a device, of which they count each error and mark "
			"less.",
		.outcomes = {
			[HWP_PASS] = { "both are equal, or the difference is explained",
				       HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "pages are missing or were never counted, and nothing "
				       "explains it",
				       HWP_VERDICT_INCONSISTENT },
			[HWP_SKIP] = { "the kernel's count could not be found", HWP_VERDICT_CLEAN },
			[HWP_INCONCLUSIVE] = { "what could not be read, or a HugeTLB folio without a "
					       "record, may explain the difference",
					       HWP_VERDICT_CLEAN },
		},
		.needs = HWP_NEEDS(HWP_HOLE_MEMMAP),
		.settles = HWP_SETTLES_BY_BEST,
		.run = hwp_check_poison_accounted,
	},
	{
		.name = "memory-blocks-accounted",
		.statement = "each memory block counted as many poisoned pages as were found in it",
		.background =
			"memory_block.nr_hwpoison (since v6.2) is counted together with "
			"num_poisoned_pages, and shows in which memory a page is missing. Blocks that are "
			"offline are left out. Unpoisoning a HugeTLB page that lies in several blocks takes "
			"all its pages off the first one, on older kernels.",
		.outcomes = {
			[HWP_PASS] = { "each count is that of the pages found", HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "pages of a block are missing or were never counted, and nothing "
				       "explains it",
				       HWP_VERDICT_INCONSISTENT },
			[HWP_SKIP] = { "the kernel has no such counts", HWP_VERDICT_CLEAN },
			[HWP_INCONCLUSIVE] = { "a count could not be read, or differs for a reason that "
					       "proves nothing",
					       HWP_VERDICT_CLEAN },
		},
		.needs = HWP_NEEDS(HWP_HOLE_BLOCK_COUNTER) | HWP_NEEDS(HWP_HOLE_MEMMAP),
		.settles = HWP_SETTLES_BY_BEST,
		.run = hwp_check_memory_blocks_accounted,
	},
	{
		.name = "nodes-accounted",
		.statement = "each node counted the errors that were handled in its memory",
		.background =
			"mf_stats of a node (since v6.3) count each recovery action when it is logged, by "
			"its result. Pages that were soft-offlined are not counted there, and unpoisoning "
			"takes nothing off: so it is the log that decides, where it is complete.",
		.outcomes = {
			[HWP_PASS] = { "they count what the log has, or without it what was found",
				       HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "they do not add up, or count more or fewer errors than were "
				       "logged",
				       HWP_VERDICT_INCONSISTENT },
			[HWP_SKIP] = { "the kernel has no such counts", HWP_VERDICT_CLEAN },
			[HWP_INCONCLUSIVE] = { "they could not be read, or differ from what was found, "
					       "and the log does not show why",
					       HWP_VERDICT_CLEAN },
		},
		.settles = HWP_SETTLES_BY_BEST,
		.run = hwp_check_nodes_accounted,
	},
};

const struct hwp_check *hwp_checks(size_t *nr_ret)
{
	*nr_ret = HWP_ARRAY_SIZE(checks);
	return checks;
}
