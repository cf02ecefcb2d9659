// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The words of the contract: the enums whose values have names in JSON and in
 * reports, one value a row: ROW(value, "name", "meaning"). A name is NULL where
 * the value stands for nothing. From these rows words.awk also writes the lists
 * of the JSON schema and of the man page: each stays on a line of its own.
 */
#ifndef HWP_MODEL_WORDS_H
#define HWP_MODEL_WORDS_H

#include <stddef.h>

// clang-format off

/** Where a poisoned page is now, worst first; with its class, and the last step of its history. */
#define HWP_STATES(ROW) \
	ROW(HWP_STATE_BUDDY, "buddy", "inside a free block on a zone's free list", HWP_CLASS_LEAKED, HWP_STEP_FREE, "in free memory now") \
	ROW(HWP_STATE_PCP, "pcp", "inside a free block on a per-CPU list", HWP_CLASS_LEAKED, HWP_STEP_FREE, "on a per-CPU list now") \
	ROW(HWP_STATE_REUSED, "reused", "allocated again after it had been freed, with proof", HWP_CLASS_LEAKED, HWP_STEP_IN_USE, "in use now") \
	ROW(HWP_STATE_DROPPED, "dropped", "on no list, in no use, and healthy neighbours stranded with it", HWP_CLASS_LOST, HWP_STEP_DROPPED, "thrown away with healthy pages") \
	ROW(HWP_STATE_LARGE_FOLIO, "large-folio", "part of an allocated large folio other than HugeTLB", HWP_CLASS_PENDING, HWP_STEP_IN_USE, "in use now, in its folio") \
	ROW(HWP_STATE_HUGETLB, "hugetlb", "part of a HugeTLB folio, in use or in the pool", HWP_CLASS_PENDING, HWP_STEP_IN_USE, "in its HugeTLB folio now") \
	ROW(HWP_STATE_IN_USE, "in-use", "a page of its own, still mapped, cached or referenced", HWP_CLASS_PENDING, HWP_STEP_IN_USE, "in use now") \
	ROW(HWP_STATE_TAKEN_OFF, "taken-off", "taken off the free lists by memory failure, which marked it in page.private", HWP_CLASS_CONTAINED, HWP_STEP_CONTAINED, "withheld by memory failure") \
	ROW(HWP_STATE_ISOLATED, "isolated", "a page of its own, withheld from the allocator; its neighbours are accounted for", HWP_CLASS_CONTAINED, HWP_STEP_CONTAINED, "withheld from the allocator") \
	ROW(HWP_STATE_SLAB, "slab", "slab memory", HWP_CLASS_KERNEL, HWP_STEP_IN_USE, "in use by the kernel now") \
	ROW(HWP_STATE_PGTABLE, "pgtable", "a page table", HWP_CLASS_KERNEL, HWP_STEP_IN_USE, "in use by the kernel now") \
	ROW(HWP_STATE_RESERVED, "reserved", "reserved memory", HWP_CLASS_KERNEL, HWP_STEP_IN_USE, "reserved") \
	ROW(HWP_STATE_KERNEL, "kernel", "other memory that the kernel allocated for itself", HWP_CLASS_KERNEL, HWP_STEP_IN_USE, "in use by the kernel now") \
	ROW(HWP_STATE_OFFLINE, "offline", "in an offline section, or marked offline by a driver", HWP_CLASS_OTHER, HWP_STEP_OFFLINE, "its memory is offline now") \
	ROW(HWP_STATE_DEVICE, "device", "memory of a device (ZONE_DEVICE)", HWP_CLASS_OTHER, HWP_STEP_IN_USE, "memory of a device") \
	ROW(HWP_STATE_UNKNOWN, "unknown", "not enough could be read; the evidence gives the reason", HWP_CLASS_UNKNOWN, HWP_STEP_UNKNOWN, "where it is now is not known")

/** What a state means for the system. */
#define HWP_CLASSES(ROW) \
	ROW(HWP_CLASS_LEAKED, "leaked", "in free memory, or in use again after it was freed") \
	ROW(HWP_CLASS_LOST, "lost", "thrown away by the allocator, together with healthy pages") \
	ROW(HWP_CLASS_PENDING, "pending", "still allocated to users, so it can leak when it is freed") \
	ROW(HWP_CLASS_CONTAINED, "contained", "withheld from the allocator, as it should be") \
	ROW(HWP_CLASS_KERNEL, "kernel", "owned by the kernel: memory failure could only ignore the error") \
	ROW(HWP_CLASS_OTHER, "other", "in memory that the page allocator does not manage now") \
	ROW(HWP_CLASS_UNKNOWN, "unknown", "could not be determined")

/** The answer of a run, the first that applies; with the program's exit status. */
#define HWP_VERDICTS(ROW) \
	ROW(HWP_VERDICT_LEAKED, "leaked", "a poisoned page is in free memory, is in use again, or was thrown away together with healthy pages", 1) \
	ROW(HWP_VERDICT_LEAKED_BEFORE, "leaked-before", "a poisoned page was in free memory, or in use again, since its error, and is no more", 1) \
	ROW(HWP_VERDICT_INCONSISTENT, "inconsistent", "a check failed: the memory's own records contradict each other", 1) \
	ROW(HWP_VERDICT_INCOMPLETE, "incomplete", "something that is needed for an answer could not be read", 2) \
	ROW(HWP_VERDICT_AT_RISK, "at-risk", "nothing is known to have leaked, but poisoned pages can still leak, belong to the kernel, or have a history that cannot be known", 0) \
	ROW(HWP_VERDICT_CLEAN, "clean", "no page is poisoned, or none that is has leaked or can leak", 0)

/** The result of a check. */
#define HWP_RESULTS(ROW) \
	ROW(HWP_PASS, "pass", "the statement holds") \
	ROW(HWP_FAIL, "fail", "the statement does not hold") \
	ROW(HWP_SKIP, "skip", "the statement does not apply to this kernel") \
	ROW(HWP_INCONCLUSIVE, "inconclusive", "something that is needed to decide could not be read")

/** How sure it is that a page was allocated again. */
#define HWP_CONFIDENCES(ROW) \
	ROW(HWP_CERTAIN, "certain", "by a record that only the allocator or memory failure writes") \
	ROW(HWP_STRONG, "strong", "the log and the struct page agree with nothing else") \
	ROW(HWP_WEAK, "weak", "as strong, but page_owner recorded no allocation since")

/** Did the free path keep poison and healthy pages apart? */
#define HWP_OUTCOMES(ROW) \
	ROW(HWP_OUTCOME_HELD, "held", "the kernel freed its healthy ranges only, and withheld every poisoned page") \
	ROW(HWP_OUTCOME_SPLIT, "split", "its pages were apart when they were freed: it was split, by whom is not known, or freed whole and handed out page by page") \
	ROW(HWP_OUTCOME_LEAKED, "leaked", "a poisoned page of it is in free memory, is in use again, or was thrown away with healthy ones") \
	ROW(HWP_OUTCOME_LEAKED_BEFORE, "leaked-before", "a poisoned page of it was in free memory or in use again, and is no more") \
	ROW(HWP_OUTCOME_LOST, "lost", "its poisoned pages were withheld, and healthy ones were lost with them") \
	ROW(HWP_OUTCOME_WOULD_LEAK, "would-leak", "it is allocated, and this kernel frees it whole") \
	ROW(HWP_OUTCOME_WOULD_HOLD, "would-hold", "it is allocated, and this kernel frees only its healthy ranges") \
	ROW(HWP_OUTCOME_UNKNOWN, "unknown", "the memory does not show it")

/** Did it happen to the page since its error? */
#define HWP_ANSWERS(ROW) \
	ROW(HWP_ANSWER_UNKNOWN, "unknown", "it cannot be known from what was read") \
	ROW(HWP_ANSWER_NO, "no", "it is proved that it did not happen") \
	ROW(HWP_ANSWER_YES, "yes", "it is proved that it happened")

/** What happened to a poisoned page, or to the folio that held it. */
#define HWP_STEPS(ROW) \
	ROW(HWP_STEP_ERROR, "error", "memory failure handled an error in it") \
	ROW(HWP_STEP_UNPOISON, "unpoison", "its mark was taken away by software") \
	ROW(HWP_STEP_FREED, "freed", "it was freed by its owner") \
	ROW(HWP_STEP_FREE, "free", "it was in free memory") \
	ROW(HWP_STEP_HANDED_OUT, "handed-out", "the allocator handed it out again") \
	ROW(HWP_STEP_DROPPED, "dropped", "the allocator threw it away") \
	ROW(HWP_STEP_CONTAINED, "contained", "it is withheld from the allocator") \
	ROW(HWP_STEP_IN_USE, "in-use", "it is in use") \
	ROW(HWP_STEP_OFFLINE, "offline", "its memory is offline") \
	ROW(HWP_STEP_UNKNOWN, "unknown", "where it is now is not known")

/** What had a poisoned page after its error. */
#define HWP_VICTIMS(ROW) \
	ROW(HWP_VICTIM_PROCESS, "process", "a process") \
	ROW(HWP_VICTIM_FILE, "file", "a file in the page cache") \
	ROW(HWP_VICTIM_KERNEL, "kernel", "the kernel, or a user that left no mark")

/** Does the kernel have free_has_hwpoisoned()? */
#define HWP_FIXES(ROW) \
	ROW(HWP_FIX_ABSENT, "absent", "the kernel frees a folio that holds poison whole") \
	ROW(HWP_FIX_PRESENT, "present", "the kernel frees only the healthy ranges of a folio that holds poison") \
	ROW(HWP_FIX_UNKNOWN, "unknown", "neither symbols nor what was seen show it")

/** What became of the poisoned folios that this kernel freed. */
#define HWP_FIXES_SEEN(ROW) \
	ROW(HWP_FIX_SEEN_NOTHING, NULL, "none is known") \
	ROW(HWP_FIX_SEEN_HELD, "held", "each was freed without its poisoned pages") \
	ROW(HWP_FIX_SEEN_NOT_HELD, "not-held", "at least one was not")

/** A configuration switch of the kernel. */
#define HWP_SWITCHES(ROW) \
	ROW(HWP_OFF, "off", "it is off") \
	ROW(HWP_ON, "on", "it is on") \
	ROW(HWP_NOT_BUILT, "not-built", "the kernel was built without it") \
	ROW(HWP_SWITCH_UNKNOWN, "unknown", "it could not be read")

/** How much of the memmap was read, and why. */
#define HWP_SWEEPS(ROW) \
	ROW(HWP_SWEEP_FULL, "full", "all of it") \
	ROW(HWP_SWEEP_QUICK, "quick", "only the memory blocks that count poison") \
	ROW(HWP_SWEEP_FELL_BACK, "full-as-quick-found-another-number", "all of it, as the quick sweep did not find what the kernel counts") \
	ROW(HWP_SWEEP_NOT_COUNTED, "full-as-blocks-do-not-count", "all of it, as the kernel does not count by memory block")

/** What is wrong in a list or a table. */
#define HWP_TROUBLE_KINDS(ROW) \
	ROW(HWP_TROUBLE_HOLE, "hole", "a part could not be read: the answer has a hole") \
	ROW(HWP_TROUBLE_CONTRADICTION, "contradiction", "it was read, and contradicts itself")

/** What a hole is missing. Which checks need it is in their rows. */
#define HWP_HOLES(ROW) \
	ROW(HWP_NO_HOLE, NULL, "it is no hole") \
	ROW(HWP_HOLE_MEMMAP, "memmap", "struct pages") \
	ROW(HWP_HOLE_FREE_LIST, "free-list", "a free list of a zone") \
	ROW(HWP_HOLE_PCP_LIST, "pcp-list", "per-CPU lists") \
	ROW(HWP_HOLE_OTHER_LIST, "other-list", "another list of free pages (trylock_free_pages, unaccepted_pages)") \
	ROW(HWP_HOLE_RAW_HWP_LIST, "raw-hwp-list", "the record of a HugeTLB folio's bad pages") \
	ROW(HWP_HOLE_HPAGE_FREELIST, "hpage-freelist", "the HugeTLB folios that wait to be freed") \
	ROW(HWP_HOLE_OWNER, "owner", "the process or file that a page belongs to") \
	ROW(HWP_HOLE_PAGE_OWNER, "page-owner", "the records of page_owner") \
	ROW(HWP_HOLE_LOG, "log", "the kernel log") \
	ROW(HWP_HOLE_COUNTER, "counter", "num_poisoned_pages") \
	ROW(HWP_HOLE_NODE_COUNTER, "node-counter", "a node's mf_stats") \
	ROW(HWP_HOLE_BLOCK_COUNTER, "memory-block-counter", "a memory block's nr_hwpoison") \
	ROW(HWP_HOLE_QUEUE, "memory-failure-queue", "the errors that are queued for memory_failure()")

/** Where free pages are kept. */
#define HWP_CONTAINERS(ROW) \
	ROW(HWP_NOT_FREE, "none", "not free") \
	ROW(HWP_FREE_AREA, "free_area", "a zone's free list") \
	ROW(HWP_PCP_LIST, "pcp", "a per-CPU list") \
	ROW(HWP_TRYLOCK_LIST, "trylock_free_pages", "zone.trylock_free_pages: on their way to the free lists") \
	ROW(HWP_UNACCEPTED_LIST, "unaccepted_pages", "zone.unaccepted_pages of a confidential guest") \
	ROW(HWP_GUARD, "guard", "a debug_guardpage: free, but held out of the lists")

/** The compound page that a poisoned page belongs to. */
#define HWP_FOLIO_KINDS(ROW) \
	ROW(HWP_FOLIO_NONE, NULL, "not compound") \
	ROW(HWP_FOLIO_HUGETLB, "hugetlb", "HugeTLB") \
	ROW(HWP_FOLIO_LARGE, "large", "anonymous memory or page cache") \
	ROW(HWP_FOLIO_SLAB, "slab", "slab memory") \
	ROW(HWP_FOLIO_KERNEL, "kernel", "of the kernel, for another purpose") \
	ROW(HWP_FOLIO_DEVICE, "device", "memory of a device (ZONE_DEVICE)")

/** What a folio is, or was. */
#define HWP_EXTENT_KINDS(ROW) \
	ROW(HWP_EXTENT_HUGETLB, "hugetlb", "HugeTLB") \
	ROW(HWP_EXTENT_THP, "thp", "a transparent huge page") \
	ROW(HWP_EXTENT_LARGE, "large", "another large folio") \
	ROW(HWP_EXTENT_FREED, "freed", "it was freed; its extent follows from evidence")

/** How the extent of a folio is known. */
#define HWP_EXTENT_SOURCES(ROW) \
	ROW(HWP_SOURCE_FOLIO, "folio", "its head page is there") \
	ROW(HWP_SOURCE_EVENT, "log", "the log: \"unsplit thp\" (a PMD-sized page) or \"huge page\" (the size of an hstate)") \
	ROW(HWP_SOURCE_PAGE_OWNER, "page_owner", "the log, and page_owner's record of the allocation that it names a page of") \
	ROW(HWP_SOURCE_STRANDED, "stranded neighbours", "the neighbours that were thrown away with a page") \
	ROW(HWP_SOURCE_LOST, "log and lost pages", "the log, and healthy pages around that were lost with it") \
	ROW(HWP_SOURCE_RANGE, "--range", "given by the user")

/** What accounts for a page, by its struct page and the free blocks. */
#define HWP_OBSERVATIONS(ROW) \
	ROW(HWP_OBSERVED_ACCOUNTED, "accounted", "allocated, reserved, compound or the like") \
	ROW(HWP_OBSERVED_FREE, "free", "in a free block, by its struct pages or by the lists") \
	ROW(HWP_OBSERVED_LOOSE_HEALTHY, "loose-healthy", "healthy, with refcount 0 and nothing that explains it") \
	ROW(HWP_OBSERVED_LOOSE_POISONED, "loose-poisoned", "poisoned, with refcount 0 and nothing that explains it") \
	ROW(HWP_OBSERVED_IN_FLIGHT, "in-flight", "healthy, with refcount 0, on its way to the allocator or from it") \
	ROW(HWP_OBSERVED_OFFLINE, "offline", "in an offline section: not the allocator's") \
	ROW(HWP_OBSERVED_MAY_HOLD, "may-hold", "referenced, without a type, not compound: the loose pages after it may be its tails") \
	ROW(HWP_OBSERVED_UNREADABLE, "unreadable", "the struct page could not be read")

/** What became of some pages of a folio. */
#define HWP_RUN_STATES(ROW) \
	ROW(HWP_RUN_BUDDY, "buddy", "in a free block on a zone's free list") \
	ROW(HWP_RUN_PCP, "pcp", "in a free block on a per-CPU list") \
	ROW(HWP_RUN_ALLOCATED, "allocated", "in use, by anybody") \
	ROW(HWP_RUN_CONTAINED, "contained", "poisoned, and set apart") \
	ROW(HWP_RUN_IN_FLIGHT, "in-flight", "healthy, on their way to the allocator or from it when the memory was looked at") \
	ROW(HWP_RUN_OFFLINE, "offline", "in memory that went offline since") \
	ROW(HWP_RUN_LOST, "lost", "healthy, or poisoned and dropped with healthy pages, and owned by nothing") \
	ROW(HWP_RUN_UNREADABLE, "unreadable", "the struct pages could not be read")

/** What an allocated page serves. */
#define HWP_USE_KINDS(ROW) \
	ROW(HWP_USE_ANONYMOUS, "anonymous", "anonymous memory") \
	ROW(HWP_USE_FILE, "file", "page cache") \
	ROW(HWP_USE_HUGETLB, "hugetlb", "HugeTLB") \
	ROW(HWP_USE_SLAB, "slab", "slab memory") \
	ROW(HWP_USE_PAGE_TABLE, "pgtable", "a page table") \
	ROW(HWP_USE_RESERVED, "reserved", "reserved memory") \
	ROW(HWP_USE_KERNEL, "kernel", "allocated by the kernel for itself, or by a user that left no mark")

/** Is the page in the kernel's direct map? */
#define HWP_DIRECT_MAPS(ROW) \
	ROW(HWP_DIRECT_MAP_UNKNOWN, NULL, "the page tables could not be read") \
	ROW(HWP_DIRECT_MAP_PRESENT, "present", "it is mapped") \
	ROW(HWP_DIRECT_MAP_ABSENT, "absent", "it is not")

/** What the user's number of a page is. */
#define HWP_GIVENS(ROW) \
	ROW(HWP_GIVEN_PFN, "pfn", "a page frame number") \
	ROW(HWP_GIVEN_PHYSICAL, "physical", "a physical address") \
	ROW(HWP_GIVEN_STRUCT_PAGE, "struct-page", "the address of a struct page") \
	ROW(HWP_GIVEN_DIRECT_MAP, "direct-map", "an address in the kernel's direct map")

/** What a dump holds of the page's memory. */
#define HWP_CONTENTS(ROW) \
	ROW(HWP_CONTENTS_UNKNOWN, NULL, "not read, or not in the dump") \
	ROW(HWP_CONTENTS_OTHER, "other", "neither of the patterns below") \
	ROW(HWP_CONTENTS_ZERO, "zero", "all zeros, as init_on_free leaves it") \
	ROW(HWP_CONTENTS_PAGE_POISON, "page-poison", "all 0xaa, as page_poison leaves it")

/** A line of the kernel log about a memory failure. */
#define HWP_EVENT_KINDS(ROW) \
	ROW(HWP_EVENT_ACTION, "action", "recovery action for TYPE: RESULT") \
	ROW(HWP_EVENT_SIGBUS, "sigbus", "a process was sent SIGBUS") \
	ROW(HWP_EVENT_ALREADY_POISONED, "already-poisoned", "the page was poisoned before") \
	ROW(HWP_EVENT_SOFT_OFFLINE, "soft-offline", "the page was, or was to be, taken out of use without an error") \
	ROW(HWP_EVENT_SOFT_OFFLINE_FAILED, "soft-offline-failed", "the page could not be taken out of use without an error") \
	ROW(HWP_EVENT_UNPOISON, "unpoison", "the page was unmarked") \
	ROW(HWP_EVENT_INJECTED, "injected", "the error was injected by software") \
	ROW(HWP_EVENT_SPLIT_FAILED, "split-failed", "a huge page could not be split") \
	ROW(HWP_EVENT_KILLED, "killed", "a process was killed") \
	ROW(HWP_EVENT_PANIC, "panic", "the kernel panicked for the error") \
	ROW(HWP_EVENT_HARDWARE, "hardware", "the hardware, its firmware or a driver reported an error") \
	ROW(HWP_EVENT_CORRECTED, "corrected", "a corrected error was reported: no data was lost") \
	ROW(HWP_EVENT_MACHINE_CHECK, "machine-check", "the hardware reported the error by a machine check") \
	ROW(HWP_EVENT_OTHER, "other", "another line of memory failure about the page")

/** What the kernel died of, if it did. */
#define HWP_CAUSES(ROW) \
	ROW(HWP_CAUSE_UNKNOWN, "unknown", "whether a memory error killed the kernel cannot be known from what was read") \
	ROW(HWP_CAUSE_NO_CRASH, "no-crash", "the kernel had not crashed") \
	ROW(HWP_CAUSE_NO_SIGN, "no-sign", "the kernel died, and nothing that was read connects that with a memory error") \
	ROW(HWP_CAUSE_NEAR, "memory-error-near", "the kernel died, and a memory error was near: shortly before, or in memory of the process that crashed") \
	ROW(HWP_CAUSE_MEMORY_ERROR, "memory-error", "the kernel died of a memory error")

/** How much of the kernel log is there, least first. */
#define HWP_LOG_STATES(ROW) \
	ROW(HWP_LOG_UNREADABLE, "unreadable", "no line of it could be read") \
	ROW(HWP_LOG_LOST, "lost", "lines are missing in its middle, or at its end") \
	ROW(HWP_LOG_WRAPPED, "wrapped", "newer lines have taken the place of its first ones") \
	ROW(HWP_LOG_COMPLETE, "complete", "every line since boot is there")

/** Where a kernel keeps records of errors that the hardware reported. */
#define HWP_RECORD_SOURCES(ROW) \
	ROW(HWP_RECORD_MCE_POOL, "mce-pool", "a machine check in x86's mce_evt_pool") \
	ROW(HWP_RECORD_GHES, "ghes", "an error record of ACPI in ghes_estatus_caches")

/** Was such a place read? */
#define HWP_STORE_STATES(ROW) \
	ROW(HWP_STORE_UNREAD, "unread", "it could not be read: which records it has is not known") \
	ROW(HWP_STORE_ABSENT, "absent", "the kernel has no such place, or names none") \
	ROW(HWP_STORE_READ, "read", "all of it was read")

/** Who named a memory module, the best first. */
#define HWP_MODULE_SOURCES(ROW) \
	ROW(HWP_MODULE_LOG, "log", "a line of the kernel log, for an error at the page") \
	ROW(HWP_MODULE_RASDAEMON, "rasdaemon", "rasdaemon, for an error at the page") \
	ROW(HWP_MODULE_SMBIOS, "smbios", "the machine's SMBIOS tables, by the page's address")

/** Which boot a row of rasdaemon's database belongs to. */
#define HWP_BOOTS(ROW) \
	ROW(HWP_BOOT_UNKNOWN, "unknown", "neither its time nor the log shows it") \
	ROW(HWP_BOOT_THIS, "this", "that of the kernel that was examined") \
	ROW(HWP_BOOT_EARLIER, "earlier", "an earlier one")

// clang-format on

#define HWP_ENUMERATOR(value, ...) value,

enum hwp_state { HWP_STATES(HWP_ENUMERATOR) HWP_NR_STATES };
enum hwp_class { HWP_CLASSES(HWP_ENUMERATOR) HWP_NR_CLASSES };
enum hwp_verdict { HWP_VERDICTS(HWP_ENUMERATOR) HWP_NR_VERDICTS };
enum hwp_result { HWP_RESULTS(HWP_ENUMERATOR) HWP_NR_RESULTS };
enum hwp_confidence { HWP_CONFIDENCES(HWP_ENUMERATOR) };
enum hwp_outcome { HWP_OUTCOMES(HWP_ENUMERATOR) };
enum hwp_answer { HWP_ANSWERS(HWP_ENUMERATOR) };
enum hwp_step_kind { HWP_STEPS(HWP_ENUMERATOR) };
enum hwp_victim_kind { HWP_VICTIMS(HWP_ENUMERATOR) };
enum hwp_fix { HWP_FIXES(HWP_ENUMERATOR) };
enum hwp_fix_seen { HWP_FIXES_SEEN(HWP_ENUMERATOR) };
enum hwp_switch { HWP_SWITCHES(HWP_ENUMERATOR) };
enum hwp_sweep { HWP_SWEEPS(HWP_ENUMERATOR) };
enum hwp_trouble_kind { HWP_TROUBLE_KINDS(HWP_ENUMERATOR) };
enum hwp_hole { HWP_HOLES(HWP_ENUMERATOR) HWP_NR_HOLES };
enum hwp_container { HWP_CONTAINERS(HWP_ENUMERATOR) };
enum hwp_folio_kind { HWP_FOLIO_KINDS(HWP_ENUMERATOR) };
enum hwp_extent_kind { HWP_EXTENT_KINDS(HWP_ENUMERATOR) };
enum hwp_extent_source { HWP_EXTENT_SOURCES(HWP_ENUMERATOR) };
enum hwp_observed { HWP_OBSERVATIONS(HWP_ENUMERATOR) };
enum hwp_run_state { HWP_RUN_STATES(HWP_ENUMERATOR) };
enum hwp_use_kind { HWP_USE_KINDS(HWP_ENUMERATOR) };
enum hwp_direct_map { HWP_DIRECT_MAPS(HWP_ENUMERATOR) };
enum hwp_given { HWP_GIVENS(HWP_ENUMERATOR) };
enum hwp_contents { HWP_CONTENTS(HWP_ENUMERATOR) };
enum hwp_event_kind { HWP_EVENT_KINDS(HWP_ENUMERATOR) };
enum hwp_cause_kind { HWP_CAUSES(HWP_ENUMERATOR) };
enum hwp_log_state { HWP_LOG_STATES(HWP_ENUMERATOR) };
enum hwp_record_source { HWP_RECORD_SOURCES(HWP_ENUMERATOR) };
enum hwp_store_state { HWP_STORE_STATES(HWP_ENUMERATOR) };
enum hwp_module_source { HWP_MODULE_SOURCES(HWP_ENUMERATOR) };
enum hwp_boot { HWP_BOOTS(HWP_ENUMERATOR) };

#undef HWP_ENUMERATOR

struct hwp_word {
	const char *name, *meaning;
};

/** The words of one enum, by its values. */
struct hwp_words {
	const struct hwp_word *words;
	size_t nr;
};

// clang-format off
/** The tables of all words. */
#define HWP_WORD_LISTS(LIST) \
	LIST(hwp_states, HWP_STATES) \
	LIST(hwp_classes, HWP_CLASSES) \
	LIST(hwp_verdicts, HWP_VERDICTS) \
	LIST(hwp_results, HWP_RESULTS) \
	LIST(hwp_confidences, HWP_CONFIDENCES) \
	LIST(hwp_outcomes, HWP_OUTCOMES) \
	LIST(hwp_answers, HWP_ANSWERS) \
	LIST(hwp_steps, HWP_STEPS) \
	LIST(hwp_victims, HWP_VICTIMS) \
	LIST(hwp_fixes, HWP_FIXES) \
	LIST(hwp_fixes_seen, HWP_FIXES_SEEN) \
	LIST(hwp_switches, HWP_SWITCHES) \
	LIST(hwp_sweeps, HWP_SWEEPS) \
	LIST(hwp_trouble_kinds, HWP_TROUBLE_KINDS) \
	LIST(hwp_holes, HWP_HOLES) \
	LIST(hwp_containers, HWP_CONTAINERS) \
	LIST(hwp_folio_kinds, HWP_FOLIO_KINDS) \
	LIST(hwp_extent_kinds, HWP_EXTENT_KINDS) \
	LIST(hwp_extent_sources, HWP_EXTENT_SOURCES) \
	LIST(hwp_observations, HWP_OBSERVATIONS) \
	LIST(hwp_run_states, HWP_RUN_STATES) \
	LIST(hwp_use_kinds, HWP_USE_KINDS) \
	LIST(hwp_direct_maps, HWP_DIRECT_MAPS) \
	LIST(hwp_givens, HWP_GIVENS) \
	LIST(hwp_contents_words, HWP_CONTENTS) \
	LIST(hwp_event_kinds, HWP_EVENT_KINDS) \
	LIST(hwp_causes, HWP_CAUSES) \
	LIST(hwp_log_states, HWP_LOG_STATES) \
	LIST(hwp_record_sources, HWP_RECORD_SOURCES) \
	LIST(hwp_store_states, HWP_STORE_STATES) \
	LIST(hwp_module_sources, HWP_MODULE_SOURCES) \
	LIST(hwp_boots, HWP_BOOTS)
// clang-format on

#define HWP_DECLARED(list, ROWS) extern const struct hwp_words list;
HWP_WORD_LISTS(HWP_DECLARED)
#undef HWP_DECLARED

const char *hwp_state_name(enum hwp_state state);
const char *hwp_class_name(enum hwp_class class);
const char *hwp_verdict_name(enum hwp_verdict verdict);
const char *hwp_result_name(enum hwp_result result);
const char *hwp_confidence_name(enum hwp_confidence confidence);
const char *hwp_outcome_name(enum hwp_outcome outcome);
const char *hwp_answer_name(enum hwp_answer answer);
const char *hwp_step_name(enum hwp_step_kind kind);
const char *hwp_victim_name(enum hwp_victim_kind kind);
const char *hwp_fix_name(enum hwp_fix fix);
const char *hwp_fix_seen_name(enum hwp_fix_seen seen);
const char *hwp_switch_name(enum hwp_switch sw);
const char *hwp_sweep_name(enum hwp_sweep sweep);
const char *hwp_trouble_kind_name(enum hwp_trouble_kind kind);
const char *hwp_hole_name(enum hwp_hole hole);
/** What is missing, in words. */
const char *hwp_hole_meaning(enum hwp_hole hole);
const char *hwp_container_name(enum hwp_container container);
const char *hwp_folio_kind_name(enum hwp_folio_kind kind);
const char *hwp_extent_kind_name(enum hwp_extent_kind kind);
const char *hwp_extent_source_name(enum hwp_extent_source source);
const char *hwp_run_state_name(enum hwp_run_state state);
const char *hwp_use_kind_name(enum hwp_use_kind kind);
const char *hwp_event_kind_name(enum hwp_event_kind kind);
const char *hwp_cause_name(enum hwp_cause_kind kind);
const char *hwp_log_state_name(enum hwp_log_state state);
const char *hwp_record_source_name(enum hwp_record_source source);
const char *hwp_store_state_name(enum hwp_store_state state);
const char *hwp_module_source_name(enum hwp_module_source source);
const char *hwp_boot_name(enum hwp_boot boot);

enum hwp_class hwp_state_class(enum hwp_state state);
/** What the last step of a page's history is: it is in that state now. */
enum hwp_step_kind hwp_state_step(enum hwp_state state);
/** The same in words. */
const char *hwp_state_now(enum hwp_state state);

/** 0, 1 or 2: what the program exits with. */
int hwp_verdict_exit_status(enum hwp_verdict verdict);

#endif /* HWP_MODEL_WORDS_H */
