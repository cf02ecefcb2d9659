// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * What was found, as plain data: the memory-reading half fills it in, and
 * everything after it (classify, check, report) is a function of it.
 */
#ifndef HWP_MODEL_FINDINGS_H
#define HWP_MODEL_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/vec.h"
#include "model/check.h"
#include "model/counts.h"
#include "model/folio_extent.h"
#include "model/owner.h"
#include "model/page_owner_record.h"
#include "model/rasdaemon_row.h"

/** Where a poisoned page is; DESIGN's table, worst first. */
enum hwp_state {
	HWP_STATE_BUDDY,
	HWP_STATE_PCP,
	HWP_STATE_REUSED,
	HWP_STATE_DROPPED,
	HWP_STATE_LARGE_FOLIO,
	HWP_STATE_HUGETLB,
	HWP_STATE_IN_USE,
	HWP_STATE_TAKEN_OFF,
	HWP_STATE_ISOLATED,
	HWP_STATE_SLAB,
	HWP_STATE_PGTABLE,
	HWP_STATE_RESERVED,
	HWP_STATE_KERNEL,
	HWP_STATE_OFFLINE,
	HWP_STATE_DEVICE,
	HWP_STATE_UNKNOWN,
	HWP_NR_STATES,
};

enum hwp_class {
	HWP_CLASS_LEAKED,
	HWP_CLASS_LOST,
	HWP_CLASS_PENDING,
	HWP_CLASS_CONTAINED,
	HWP_CLASS_KERNEL,
	HWP_CLASS_OTHER,
	HWP_CLASS_UNKNOWN,
	HWP_NR_CLASSES,
};

enum hwp_fix {
	HWP_FIX_ABSENT,
	HWP_FIX_PRESENT,
	HWP_FIX_UNKNOWN,
};

/** What became of poisoned folios that this kernel freed. */
enum hwp_fix_seen {
	/** None is known. */
	HWP_FIX_SEEN_NOTHING,
	/** Every one was freed without its bad pages. */
	HWP_FIX_SEEN_HELD,
	/** One was not. */
	HWP_FIX_SEEN_NOT_HELD,
};

/** A switch of the kernel. */
enum hwp_switch {
	HWP_OFF,
	HWP_ON,
	/** The kernel was built without it. */
	HWP_NOT_BUILT,
	HWP_SWITCH_UNKNOWN,
};

/** Where free pages are kept; kernel-layouts.md 4. */
enum hwp_container {
	HWP_NOT_FREE,
	HWP_FREE_AREA,
	HWP_PCP_LIST,
	/** zone.trylock_free_pages: on their way to the buddy lists. */
	HWP_TRYLOCK_LIST,
	/** zone.unaccepted_pages: confidential guests. */
	HWP_UNACCEPTED_LIST,
	/** debug_guardpage: free, held out of the lists. */
	HWP_GUARD,
};

/** A free block: 2^order pages from head_pfn. */
struct hwp_block {
	uint64_t head_pfn;
	enum hwp_container container;
	int order;
	/** -1 where the container does not tell it. */
	int migratetype;
	/** CPU of a per-CPU list, else -1. */
	int cpu;
	/** Index in hwp_findings.zones, -1 when unknown. */
	int zone;
};

/** The words of a struct page that evidence rests on. */
struct hwp_page_words {
	uint64_t flags, mapping, index, private;
	uint32_t type_word;
	int32_t refcount;
	/** _mapcount + 1 where the word is a map count, else 0. */
	int64_t nr_mapped;
	/** enum hwp_page_type. */
	int type;
	bool is_tail;
};

/** What page.flags say, by name, whatever the bits of this kernel. */
enum hwp_page_bit {
	HWP_BIT_HEAD = 1 << 0,
	HWP_BIT_LRU = 1 << 1,
	HWP_BIT_RESERVED = 1 << 2,
	HWP_BIT_SLAB = 1 << 3,
	HWP_BIT_SWAPCACHE = 1 << 4,
	HWP_BIT_SWAPBACKED = 1 << 5,
	HWP_BIT_UPTODATE = 1 << 6,
	HWP_BIT_DIRTY = 1 << 7,
	HWP_BIT_HWPOISON = 1 << 8,
};

enum hwp_folio_kind {
	HWP_FOLIO_NONE,
	HWP_FOLIO_HUGETLB,
	/** Anonymous or page cache. */
	HWP_FOLIO_LARGE,
	HWP_FOLIO_SLAB,
	HWP_FOLIO_KERNEL,
};

/** How often a folio is mapped; each count only where the kernel keeps it. */
struct hwp_mapcounts {
	/** Of the whole of it, as by a PMD. */
	bool has_entire;
	/** Of the whole, and of every page one by one. */
	bool has_large;
	/** Pages that are mapped one by one. */
	bool has_nr_pages;
	int64_t entire, large, nr_pages;
};

/** The compound page that a poisoned page belongs to. */
struct hwp_folio_facts {
	enum hwp_folio_kind kind;
	uint64_t head_pfn;
	int order;
	struct hwp_page_words head;
	/** LARGE and HugeTLB only. */
	struct hwp_mapcounts mapped;
	/** enum hwp_page_bit of the head. */
	uint32_t head_bits;
	/** PG_has_hwpoisoned of the first tail; meaningful for LARGE. */
	bool has_hwpoisoned, can_have_hwpoisoned;
	/** HugeTLB only. */
	bool in_pool, vmemmap_optimized, raw_unreliable, raw_list_readable;
	/** raw_hwp_list could not be read to its end. */
	bool raw_list_broken;
	/** No folio, but what HVO left: a copy of a HugeTLB head's struct page. */
	bool is_stale_copy;
	/** Queued on hpage_freelist: a worker is about to free it. */
	bool being_freed;
	uint64_t nr_raw;
};

/** Is the page in the kernel's direct map? */
enum hwp_direct_map {
	HWP_DIRECT_MAP_UNKNOWN,
	HWP_DIRECT_MAP_PRESENT,
	HWP_DIRECT_MAP_ABSENT,
};

/** What a dump holds of the page's memory. */
enum hwp_contents {
	/** Not looked at, or not in the dump. */
	HWP_CONTENTS_UNKNOWN,
	HWP_CONTENTS_OTHER,
	/** All zeros: as init_on_free leaves it. */
	HWP_CONTENTS_ZERO,
	/** All 0xaa: as page_poison leaves it. */
	HWP_CONTENTS_PAGE_POISON,
};

/** One poisoned page: the facts, then what classify made of them. */
struct hwp_poisoned {
	uint64_t pfn;
	/** Index in hwp_findings.zones, -1 when unknown. */
	int zone;
	/** The struct page could be read; else nothing below is known. */
	bool was_read;
	/** Known from raw_hwp_list: the page's own flag need not be set. */
	bool is_raw;
	/** The head is flagged, but which raw page it is was not recorded. */
	bool raw_page_unknown;
	bool section_offline, zone_is_device;
	struct hwp_page_words page;
	/** enum hwp_page_bit. */
	uint32_t bits;
	struct hwp_folio_facts folio;
	/** PageBuddy (or guard) head that covers it, found by its memmap. */
	struct hwp_block by_page;
	/** Block that covers it, found by walking the lists. */
	struct hwp_block by_list;
	/** Refcount 0, on no list, not compound, and so its healthy neighbours. */
	bool is_stranded;
	uint64_t stranded_pfn;
	int stranded_order;
	uint64_t nr_stranded_healthy;
	/** A live page that may own it as a tail of a non-compound allocation. */
	bool has_owner;
	uint64_t owner_pfn;
	int owner_order;
	struct hwp_owner owner;
	struct hwp_page_owner page_owner;
	enum hwp_direct_map direct_map;
	enum hwp_contents contents;
	/** The log tells of a machine check at this page. */
	bool has_machine_check;
	/** Last event about this pfn, index in hwp_findings.events, or -1. */
	int64_t event;

	/** Of a running kernel: successive passes, this one included, that found its class. */
	unsigned int nr_passes;
	/** It was leaked or lost in nr_passes passes only: not enough to say so. */
	bool unconfirmed;

	enum hwp_state state;
	/** Folio or free block that holds it; order -1 for none. */
	uint64_t head_pfn;
	int order;
	/** -1 for none. */
	int migratetype, cpu;
};

enum hwp_event_kind {
	/** recovery action for TYPE: RESULT */
	HWP_EVENT_ACTION,
	HWP_EVENT_SIGBUS,
	HWP_EVENT_ALREADY_POISONED,
	HWP_EVENT_SOFT_OFFLINE,
	HWP_EVENT_UNPOISON,
	HWP_EVENT_INJECTED,
	HWP_EVENT_SPLIT_FAILED,
	/** x86 found the error by a machine check. */
	HWP_EVENT_MACHINE_CHECK,
	HWP_EVENT_OTHER,
};

/** A line of the kernel log about a memory failure. */
struct hwp_event {
	uint64_t seq, time_ns, pfn;
	enum hwp_event_kind kind;
	/** ACTION: what the page was, and what became of it; else empty. */
	char page_type[48], result[16];
	/** SIGBUS: to whom; pid -1 otherwise. */
	char comm[20];
	int pid;
	char text[160];
	/** What rasdaemon tells of it, index in hwp_findings.rasdaemon, or -1. */
	int64_t rasdaemon;
};

/** What an allocated page serves. */
enum hwp_use_kind {
	HWP_USE_ANONYMOUS,
	HWP_USE_FILE,
	HWP_USE_HUGETLB,
	HWP_USE_SLAB,
	HWP_USE_PAGE_TABLE,
	HWP_USE_RESERVED,
	/** Allocated by the kernel for itself, or by a user that left no mark. */
	HWP_USE_KERNEL,
};

/** Pages of the subject's extent that are in use, and by whom. */
struct hwp_use {
	uint64_t pfn, nr_pages;
	enum hwp_use_kind kind;
	/** The folio that they are of; order 0 for single pages. */
	uint64_t head_pfn;
	int order;
	struct hwp_owner owner;
};

/** The page that the user asked about, poisoned or not. */
struct hwp_subject {
	bool asked;
	/** The facts, as of a poisoned page; not what follows from them. */
	struct hwp_poisoned page;
};

struct hwp_zone_facts {
	int nid;
	char name[16];
	uint64_t start_pfn, end_pfn, present_pages, managed_pages;
	/** By walking: blocks and pages on the zone's lists. */
	uint64_t nr_buddy_pages, nr_pcp_pages;
	/** A list of the zone could not be walked to its end: pages may be on it. */
	bool lists_cut;
};

/** One list of free pages. */
struct hwp_list_stat {
	int zone;
	enum hwp_container container;
	int order, migratetype, cpu;
	uint64_t nr_blocks, nr_poisoned;
	/** The walk had to stop before the list's end. */
	bool was_cut;
};

/** free_area.nr_free against the walk, one for each zone and order. */
struct hwp_area_stat {
	int zone, order;
	uint64_t nr_free, nr_walked;
	bool was_cut;
	/** Of a running kernel: they changed however often they were walked. */
	bool moved;
};

/** One sentence about something wrong in a list or a table. */
struct hwp_trouble {
	enum hwp_trouble_kind {
		/** A part could not be read: the answer has a hole. */
		HWP_TROUBLE_HOLE,
		/** It was read, and contradicts itself. */
		HWP_TROUBLE_CONTRADICTION,
	} kind;
	char text[200];
};

struct hwp_coverage {
	/** pfns with a struct page in online sections. */
	uint64_t nr_pages;
	/** Of them: read; not stored in the dump (or zero-filled); not readable. */
	uint64_t nr_read, nr_excluded, nr_faulted;
	/** Of nr_excluded: bytes that were there, all zero. */
	uint64_t nr_zero;
	/** Of nr_read: never initialised by the kernel (all ones). */
	uint64_t nr_uninitialised;
};

struct hwp_kernel_facts {
	char release[128];
	bool has_memory_failure;
	enum hwp_fix fix;
	/** What fix rests on, in a few words; a literal. */
	const char *fix_evidence;
	/** What was seen, whatever fix says: it may confirm or contradict it. */
	enum hwp_fix_seen fix_seen;
	/** fix follows from what was seen, as no symbol tells. */
	bool fix_is_inferred;
	/** A gigantic page goes back as one compound block (split_large_buddy). */
	bool frees_gigantic_whole;
	enum hwp_switch init_on_alloc, init_on_free, check_pages, page_poisoning, debug_pagealloc,
		hugetlb_vmemmap_optimized, page_owner, kasan;
	/** sched_clock is not stable: local_clock() of one CPU is not that of another. */
	bool clocks_differ;
};

struct hwp_summary {
	uint64_t nr_poisoned;
	uint64_t nr_by_state[HWP_NR_STATES];
	uint64_t nr_by_class[HWP_NR_CLASSES];
	/** Healthy pages lost with dropped ones. */
	uint64_t nr_healthy_lost;
	/** HugeTLB folios with raw_hwp_unreliable or without a record. */
	uint64_t nr_unrecorded_folios;
};

/** How much of the memmap was read, and why. */
enum hwp_sweep {
	HWP_SWEEP_FULL,
	/** Only the memory blocks that count poison. */
	HWP_SWEEP_QUICK,
	/** All of it, as the quick sweep found less, or more, than the kernel counts. */
	HWP_SWEEP_FELL_BACK,
	/** All of it, as the kernel does not count by memory block. */
	HWP_SWEEP_NOT_COUNTED,
	HWP_NR_SWEEPS,
};

/** Nanoseconds spent in each stage. */
struct hwp_times {
	uint64_t open_ns, symbols_ns, types_ns, layout_ns, sweep_ns, lists_ns, total_ns;
};

struct hwp_findings {
	/** What was looked at; NULL for the running kernel. */
	char *path;
	/** It was the running kernel, which changed meanwhile. */
	bool live;
	enum hwp_sweep sweep;
	/** Of a running kernel: passes made, and what contradicted itself in one but not in all. */
	unsigned int nr_passes, nr_transient;
	char format[64];
	char damage[160];
	char memory_provider[16], type_provider[16];
	unsigned int page_shift, max_order, pmd_order;
	char migratetype_names[16][16];

	struct hwp_kernel_facts kernel;
	struct hwp_coverage coverage;
	HWP_VEC(struct hwp_zone_facts) zones;
	/** Ascending by pfn, each pfn once. */
	HWP_VEC(struct hwp_poisoned) poisoned;
	/** Free blocks near poisoned pages, ascending; all blocks are in the stats. */
	HWP_VEC(struct hwp_block) blocks;
	HWP_VEC(struct hwp_list_stat) lists;
	HWP_VEC(struct hwp_area_stat) areas;
	HWP_VEC(struct hwp_trouble) troubles;
	HWP_VEC(struct hwp_event) events;
	/** That poisoned pages, or pages in uses, are of. */
	HWP_VEC(struct hwp_file) files;
	/** Ascending by head_pfn; with their blocks and runs. */
	HWP_VEC(struct hwp_folio) folios;
	HWP_VEC(struct hwp_healthy_block) expected;
	HWP_VEC(struct hwp_run) runs;
	struct hwp_extent_orders hugetlb;
	/** The user's own statement that a folio was there. */
	struct {
		bool given;
		uint64_t pfn;
		int order;
	} range;
	struct hwp_subject subject;
	/** Of the subject's extent, when that was freed; ascending. */
	HWP_VEC(struct hwp_use) uses;
	/** The log has lost its beginning. */
	bool log_wrapped, log_readable;
	/** rasdaemon's rows, in its order; has_rasdaemon: it was asked. */
	HWP_VEC(struct hwp_rasdaemon_row) rasdaemon;
	bool has_rasdaemon;
	struct hwp_counters counters;
	/** Free pages by PageBuddy in the sweep, to set against the lists. */
	uint64_t nr_buddy_pages_in_memmap;
	/** Phantom flags of HVO's aliased struct pages, left out. */
	uint64_t nr_aliased;
	/** More poison than can be believed: the rest was left out. */
	bool too_many;

	struct hwp_summary summary;
	HWP_VEC(struct hwp_check_result) checks;
	enum hwp_verdict verdict;
	struct hwp_times times;
};

void hwp_findings_destroy(struct hwp_findings *findings);
static inline void hwp_findings_destroyp(struct hwp_findings **findings)
{
	hwp_findings_destroy(*findings);
}

/** Record a trouble; false when memory is out. */
bool hwp_findings_trouble(struct hwp_findings *findings, enum hwp_trouble_kind kind,
			  const char *fmt, ...) __attribute__((__format__(__printf__, 3, 4)));

/**
 * Take a failure to read one thing as a hole: it is told as "@p what: …" and
 * destroyed, and the rest goes on. Returned is want of memory only.
 */
struct hwp_error *hwp_findings_tolerate(struct hwp_findings *findings, struct hwp_error *err,
					const char *what);

/** Index of the first of findings.folios that ends above @p pfn. */
size_t hwp_findings_folio_index(const struct hwp_findings *findings, uint64_t pfn);

/** The folio, or extent of one, that @p pfn is in; NULL when none is known. */
const struct hwp_folio *hwp_findings_folio_at(const struct hwp_findings *findings, uint64_t pfn);

/** Words of the contract, for every host: "buddy", "leaked", "pass", … */
const char *hwp_state_name(enum hwp_state state);
const char *hwp_class_name(enum hwp_class class);
enum hwp_class hwp_state_class(enum hwp_state state);
const char *hwp_verdict_name(enum hwp_verdict verdict);
const char *hwp_result_name(enum hwp_result result);
const char *hwp_fix_name(enum hwp_fix fix);
/** "held", "not-held"; NULL for nothing. */
const char *hwp_fix_seen_name(enum hwp_fix_seen seen);
const char *hwp_container_name(enum hwp_container container);
const char *hwp_extent_kind_name(enum hwp_extent_kind kind);
const char *hwp_extent_source_name(enum hwp_extent_source source);
const char *hwp_outcome_name(enum hwp_outcome outcome);
const char *hwp_run_state_name(enum hwp_run_state state);
const char *hwp_use_kind_name(enum hwp_use_kind kind);
const char *hwp_event_kind_name(enum hwp_event_kind kind);
const char *hwp_boot_name(enum hwp_boot boot);
const char *hwp_switch_name(enum hwp_switch sw);
const char *hwp_sweep_name(enum hwp_sweep sweep);

/** 0, 1 or 2: what the program exits with. */
int hwp_verdict_exit_status(enum hwp_verdict verdict);

/**
 * The sentences that led to a page's state, most telling first. @p each is
 * called for each with @p arg.
 */
void hwp_evidence(const struct hwp_findings *findings, const struct hwp_poisoned *page,
		  void (*each)(void *arg, const char *sentence), void *arg);

/**
 * What page_owner has of the page, in words, as "allocated at 12.345678 s by
 * pid 118 (qemu), order 9"; in @p buf, or NULL for nothing.
 */
const char *hwp_page_owner_sentence(const struct hwp_findings *findings,
				    const struct hwp_poisoned *page, char *buf, size_t size);

#endif /* HWP_MODEL_FINDINGS_H */
