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
#include "layout/page_words.h"
#include "model/check.h"
#include "model/hardware.h"
#include "model/known_issue.h"
#include "model/leak_record.h"
#include "model/words.h"

/** A free block: 2^order pages from head_pfn. */
struct hwp_block {
	uint64_t head_pfn;
	enum hwp_container container;
	int order;
	/** -1 where the container does not have one. */
	int migratetype;
	/** CPU of a per-CPU list, else -1. */
	int cpu;
	/** Index in hwp_findings.zones, -1 when unknown. */
	int zone;
};

/** How often a folio is mapped; each count only where the kernel keeps it. */
struct hwp_mapcounts {
	/** entire: mappings of the whole folio, as by a PMD. */
	bool has_entire;
	/** large: mappings of the whole folio and of single pages, added up. */
	bool has_large;
	/** nr_pages: pages that are mapped one by one. */
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

/** A file that has pages in the page cache: in a file system, in tmpfs, in hugetlbfs. */
struct hwp_file {
	uint64_t inode;
	/** Type and s_id of the file system: "ext4", "vda1"; of a block device "bdev", "254:0". */
	char filesystem[32], device[32];
	/**
	 * Without control characters; "..." stands for what is too long. Empty when no
	 * name of the file can be read: names may leave memory before pages do.
	 */
	char path[512];
	/** The path starts at the root that init sees; else at the root of the file system. */
	bool is_mounted;
	/** It has no name any more. */
	bool is_deleted;
	/** Can its page cache hold folios of more than one page, as its mapping says? */
	enum hwp_answer large_folios;
	/**
	 * AS_EIO: an error of its data is recorded, which no fsync() has reported. Memory failure
	 * records the loss of a dirty page so, and a file system a write that failed.
	 */
	enum hwp_answer io_error;
};

/**
 * Whose memory a page is: the process, when it is anonymous; the file, and one of
 * the processes that map it, when it is in the page cache.
 */
struct hwp_owner {
	/** There is such a process. */
	bool found;
	int pid;
	char comm[20];
	/** Its task_struct, that of the first thread, and its mm_struct. */
	uint64_t task, mm;
	/** The vm_area_struct that has the page, and the address that it has there; 0: not known. */
	uint64_t vma, user_address;
	/**
	 * Its memory is not inherited through fork, so the page was allocated
	 * while it ran.
	 */
	bool allocated_it;
	/** When it started, on the kernel log's clock, at the earliest. */
	bool has_start;
	uint64_t start_ns;
	/** The page belongs to a file; file is its index in hwp_findings.files. */
	bool has_file;
	size_t file;
	/** Where in that file it is, in bytes. */
	bool has_offset;
	uint64_t offset;
	/** It has one, as its mapping says, but what leads there could not be read. */
	bool unreadable;
	/** For a file: the processes that were seen to map the page, and whether these are all. */
	uint64_t nr_mappers;
	bool saw_all_mappers;
};

/** Members that the kernel does not have are -1, times 0, comm empty. */
struct hwp_page_owner {
	/** It has a record; else nothing below is known. */
	bool found;
	/** The kernel has page_owner on, but the record could not be read. */
	bool unreadable;
	/** Handed out, and not freed since. */
	bool allocated;
	/** The record was copied by a migration: its times are those of the first page. */
	bool migrated;
	/** Order and flags of the allocation. */
	int order;
	uint32_t gfp_mask;
	/** depot_stack_handle_t of the allocation and of the last time it was freed; 0: none. */
	uint32_t handle, free_handle;
	/** Who allocated it, and who freed it. */
	int pid, tgid, free_pid, free_tgid;
	char comm[20];
	/** local_clock(), the kernel log's clock. */
	uint64_t alloc_ns, free_ns;
};

/** One poisoned page: the facts, then what classify derived from them. */
struct hwp_poisoned {
	uint64_t pfn;
	/** Index in hwp_findings.zones, -1 when unknown. */
	int zone;
	/** The struct page could be read; else nothing below is known. */
	bool was_read;
	/** Only /proc/kpageflags shows it: as shown, with HWP_BIT_HEAD for a compound page. */
	bool is_shown;
	enum hwp_page_kind shown;
	/** Known from raw_hwp_list, or named by the log: the page's own flag need not be set. */
	bool is_raw;
	/** The head is flagged, but which raw page it is was not recorded. */
	bool raw_page_unknown;
	/**
	 * Of ZONE_DEVICE, or of HugeTLB without raw_hwp_list, where the kernel flags the head of a
	 * folio whichever of its pages is bad: the log names this one. Its own flag need not be set.
	 */
	bool is_named_by_log;
	/** The page whose flag it is, then. */
	uint64_t named_head_pfn;
	bool section_offline, zone_is_device;
	struct hwp_page_words page;
	/** enum hwp_page_bit. */
	uint32_t bits;
	struct hwp_folio_facts folio;
	/** Free block that covers it, by the PageBuddy or guard mark of the head's struct page. */
	struct hwp_block by_page;
	/** Block that covers it, found by walking the lists. */
	struct hwp_block by_list;
	/** Refcount 0, on no list, not compound, and so its healthy neighbours. */
	bool is_stranded;
	uint64_t stranded_pfn;
	int stranded_order;
	uint64_t nr_stranded_healthy;
	/** A page of that block has PG_head still: the allocator refused a folio when it was freed. */
	bool stranded_has_head;
	/** All of that block was refused when it was freed, for tails with references: so may it. */
	bool stranded_is_refused;
	/** A live page before it may hold it: as a tail of an allocation without __GFP_COMP. */
	bool has_holder;
	uint64_t holder_pfn;
	int holder_order;
	struct hwp_owner owner;
	struct hwp_page_owner page_owner;
	/** Where its struct page and its memory are in the kernel's address space; 0: not known. */
	uint64_t struct_page_address, direct_map_address;
	enum hwp_direct_map direct_map;
	enum hwp_contents contents;
	/** The memory module, by whoever named it for an error at this page; empty for none. */
	char module[64];
	enum hwp_module_source module_source;
	/** The log reports a machine check at this page. */
	bool has_machine_check;
	/** Last event about this pfn, index in hwp_findings.events, or -1. */
	int64_t event;

	/** On a running kernel: successive passes, this one included, that found its class. */
	unsigned int nr_passes;
	/** It was leaked or lost in nr_passes passes only: not enough to say so. */
	bool unconfirmed;

	/** A line of the log has an error in the folio while that was HugeTLB. */
	bool folio_is_in_log;
	enum hwp_state state;
	/** Folio or free block that holds it; order -1 for none. */
	uint64_t head_pfn;
	int order;
	/** -1 for none. */
	int migratetype, cpu;
	/** Since its error: was it in free memory, and did the allocator hand it out again? */
	enum hwp_answer was_free, was_handed_out;
	/** What was_free rests on, a literal, and how sure that is; NULL for unknown. */
	const char *past_proof;
	/** The line that names the process that had it later, index in events, or -1. */
	int64_t later_event;
	enum hwp_confidence past_confidence;
	/** Slices of hwp_findings.steps and hwp_findings.victims. */
	size_t first_step, nr_steps, first_victim, nr_victims;
};

/** One step of what happened to a page or a folio, in order of time. */
struct hwp_step {
	enum hwp_step_kind kind;
	/** When, on the kernel log's clock; else only its place in the order is known. */
	bool has_time;
	uint64_t time_ns;
	enum hwp_confidence confidence;
	/** The line of the log, index in hwp_findings.events, or -1. */
	int64_t event;
	/** What shows it: a constant, the text of the event, or one of hwp_findings.step_texts. */
	const char *text;
};

/** Who had a poisoned page after its error, or a part of the folio that held it. */
struct hwp_victim {
	enum hwp_victim_kind kind;
	/** The process; -1 and empty where its name is not known, or it is not one. */
	int pid;
	char comm[20];
	/** The file: its index in hwp_findings.files, or -1. */
	int64_t file;
	/** It has the page now. */
	bool has_it_now;
	enum hwp_confidence confidence;
};

/** A line of the kernel log about a memory error. */
struct hwp_event {
	uint64_t seq, time_ns;
	/** The page; a line that names none is no event, but a remark. */
	bool has_pfn;
	uint64_t pfn;
	enum hwp_event_kind kind;
	/**
	 * ACTION: the type of the page, and the result. SOFT_OFFLINE: the result is "Succeeded",
	 * and of SOFT_OFFLINE_FAILED "Failed", where the line says so. Else empty.
	 */
	char page_type[48], result[16];
	/** The memory module, as the driver or the firmware calls it; empty for none. */
	char label[64];
	/** MCi_STATUS of a machine check; 0 for none. */
	uint64_t status;
	/** Lines of one error record of ACPI have the same; 0 for none. */
	uint32_t record;
	/** SIGBUS, KILLED: the process; of other lines that name one as well. pid -1 for none. */
	char comm[20];
	int pid;
	/** Where in its process the page was, as the line gives it; 0 when it does not. */
	uint64_t virtual_address;
	/**
	 * Who printed the line, by printk_caller_id(): the task, or in an interrupt the CPU; -1
	 * otherwise, both when the kernel keeps neither. An error that a process met, or injected
	 * by madvise(), is printed by that process; one by debugfs by whoever wrote to it; one that
	 * was queued by a worker of the kernel.
	 */
	int caller_pid, caller_cpu;
	/** When the process that it names started, by the log's clock, at the earliest. */
	bool has_start;
	uint64_t start_ns;
	/** Where has_start: who forked it, or took it over since; -1 when that is not known. */
	int parent_pid;
	char text[160];
	/** The row of the same error, index in hwp_findings.rasdaemon, or -1. */
	int64_t rasdaemon;
};

/** The kernel log as a whole: what the absence of a line in it is worth. */
struct hwp_log_facts {
	enum hwp_log_state state;
	/** UNREADABLE, LOST: the first reason, in a few words; else empty. */
	char why[160];
	/** The oldest line that is there: above 0 the log has lost its beginning, LOST or not. */
	uint64_t first_seq, first_ns;
	/** Places where lines are missing after it: at least as many lines. */
	uint64_t nr_lost;
	/** Lines that read like memory failure's, but that a user wrote to /dev/kmsg: no events. */
	uint64_t nr_user_lines;
};

/** The machine: empty and 0 for what is not known. */
struct hwp_machine_facts {
	/** As uname(2) has them: the host, "#1 SMP …" with the build's date, "x86_64". */
	char host[66], version[66], arch[66];
	/** /proc/sys/kernel/random/boot_id */
	char boot_id[40];
	/** The next three are known. */
	bool has_clock;
	/** The wall clock when memory was captured, and at 0 s of the kernel log, nearly. */
	int64_t unix_seconds, log_start_unix_ns;
	uint64_t uptime_seconds;
	/** CPUs online. */
	unsigned int nr_cpus;
	/** Bits of a physical address, without those of keys of memory encryption. */
	unsigned int physical_bits;
	bool has_taint;
	/** tainted_mask: bit n is the n-th letter of the kernel's documentation. */
	uint64_t taint;
	/** panic_cpu is known; it is -1 before any CPU panicked. */
	bool has_panic_cpu;
	int panic_cpu;
};

/** What the log says of the kernel's death. */
struct hwp_crash_facts {
	/** There is a line "Kernel panic - not syncing: …"; the first one. */
	bool has_panic;
	uint64_t seq, time_ns;
	/** What follows there. */
	char panic[160];
	/** The first line of an oops before it, or of a crash that was asked for; or empty. */
	char oops[160];
	/** The address that it could not access, where that line has one. */
	bool has_fault_address;
	uint64_t fault_address;
	/** "RIP: 0010:…" of the same; empty for none. */
	char rip[96];
	/** Where it died: -1 and empty for what is not known. */
	int cpu, pid;
	char comm[20];
	/** The time of the line that says so. */
	uint64_t task_ns;
};

/** What the kernel died of; filled by the verdict. */
struct hwp_cause {
	enum hwp_cause_kind kind;
	enum hwp_confidence confidence;
	/** The page whose error it was, or that was near. */
	bool has_pfn;
	uint64_t pfn;
	/** The line that shows it, index in hwp_findings.events or of remarks, or -1. */
	int64_t event, remark;
	/** The record that shows it, index in hwp_findings.hardware.records, or -1. */
	int64_t record;
	/** What it rests on. */
	char why[224];
};

/** A row of rasdaemon's database that names a page: of a tracepoint of the kernel. */
struct hwp_rasdaemon_row {
	/** Its table, and what a row of that is; of memory_failure_event ACTION. */
	char table[24];
	enum hwp_event_kind kind;
	int64_t id;
	uint64_t pfn;
	/** The memory module as rasdaemon names it, and what the row says; not of ACTION. */
	char module[64], text[160];
	/** Its timestamp, when that could be read. */
	bool has_time;
	int64_t unix_seconds;
	char timestamp[32];
	/**
	 * rasdaemon's words. It names the type by a list of its own and the kernel's
	 * number, and kernels number the types differently.
	 */
	char page_type[48], result[16];
	/** The line of the log about the same error, index in hwp_findings.events, or -1. */
	int64_t event;
	enum hwp_boot boot;
};

/** Pages of a freed folio that are alike: the facts, before they have a state. */
struct hwp_observed_run {
	uint64_t pfn, nr_pages;
	enum hwp_observed what;
	/** FREE only: the block's; -1 for an order, or a CPU, that is not known. */
	enum hwp_container container;
	int order, cpu;
	/** Outside free blocks a poisoned page is a run of its own. */
	bool is_poisoned;
};

/** Neighbouring pages of a folio that are in the same state. */
struct hwp_run {
	uint64_t pfn, nr_pages;
	enum hwp_run_state state;
	/** Order of the free block; -1 for none. */
	int order;
	/** -1 unless on a per-CPU list. */
	int cpu;
	bool is_poisoned;
};

/** 2^order pages from pfn without a poisoned one. */
struct hwp_healthy_block {
	uint64_t pfn;
	unsigned int order;
};

/** Huge page orders of the kernel's hstates, ascending. */
struct hwp_extent_orders {
	unsigned int orders[8];
	size_t nr;
};

/** One folio that holds poison, or the extent of one that was freed. */
struct hwp_folio {
	uint64_t head_pfn;
	int order;
	/**
	 * The largest order that it may have had: above order for a HugeTLB page
	 * whose size the log does not show.
	 */
	int max_order;
	/**
	 * Only the log shows that it was there, and it gives no size. "huge page" may be of every
	 * hstate from order to max_order: the smallest claims least, and no larger one has lost
	 * pages. "unsplit thp" is any large folio: a PMD-sized one is assumed, and it may have been
	 * smaller. What is said of such an extent holds for its bad pages and the blocks beside
	 * them; where it ends, and so how many healthy pages it had, is assumed.
	 */
	bool order_is_guess;
	enum hwp_extent_kind kind;
	enum hwp_extent_source source;
	/** Index of a poisoned page in it whose facts describe the folio. */
	size_t first_poisoned, nr_poisoned;
	/** Slices of hwp_findings.expected and hwp_findings.runs. */
	size_t first_expected, nr_expected, first_run, nr_runs;
	uint64_t nr_healthy, nr_healthy_lost;
	enum hwp_outcome outcome;
	/** Yes if it is so for any of its poisoned pages, no if for none, else unknown. */
	enum hwp_answer was_free, was_handed_out;
	/** Slices of hwp_findings.steps and hwp_findings.victims. */
	size_t first_step, nr_steps, first_victim, nr_victims;
};

/** The first pfn after it. */
static inline uint64_t hwp_folio_end(const struct hwp_folio *folio)
{
	return folio->head_pfn + (UINT64_C(1) << folio->order);
}

/** Pages of the subject's extent that are in use, and by whom. */
struct hwp_use {
	uint64_t pfn, nr_pages;
	enum hwp_use_kind kind;
	/** The folio that they belong to; order 0 for single pages. */
	uint64_t head_pfn;
	int order;
	struct hwp_owner owner;
};

/** Does @p use begin where @p last ends, with the same user? Single pages in a row do. */
bool hwp_use_continues(const struct hwp_use *last, const struct hwp_use *use);

/** A folio that was there, as the user states: 2^order pages from pfn. */
struct hwp_range {
	bool given;
	uint64_t pfn;
	int order;
};

/** The page that the user asked about, poisoned or not. */
struct hwp_subject {
	bool asked;
	/** By what it was asked for, and that number. */
	enum hwp_given given;
	uint64_t number;
	/** The facts as for a poisoned page, but not what follows from them. */
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
	/** NR_FREE_PAGES, with what each CPU has not yet added to it; of a dump only. */
	bool has_nr_free_pages;
	int64_t nr_free_pages;
	/** zone.lock was held when the dump was made: lists and counts may have been changing. */
	bool was_locked;
	/** Whether it was held when the dump was made is not known. */
	bool lock_unknown;
	/** Blocks on its lists that are not inside its span, and that are another's by page.flags. */
	uint64_t nr_outside, nr_foreign;
	/** Where the first of each begins. */
	uint64_t first_outside, first_foreign;
};

/** What a node spans: pfns [start_pfn, end_pfn), with holes. */
struct hwp_node_span {
	int nid;
	uint64_t start_pfn, end_pfn;
};

/** Is each block of free_area in a dump on a list of its pageblock's migratetype? */
struct hwp_pageblock_facts {
	/** The types of pageblocks are known; else why not, empty where nobody asked. */
	bool is_known;
	char why[160];
	/** Of a pageblock. */
	int order;
	/** Blocks that were compared, and those whose pageblock's type was not read. */
	uint64_t nr_compared, nr_unread;
	/** Blocks on the list of another type; and those where that proves nothing. */
	uint64_t nr_elsewhere, nr_unsure;
	/** The first of nr_elsewhere, and the type of its pageblock. */
	struct hwp_block first;
	int first_type;
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
	/** On a running kernel: they changed, however often they were walked. */
	bool moved;
};

/** One sentence about something wrong in a list or a table. */
struct hwp_trouble {
	enum hwp_trouble_kind kind;
	/** HWP_NO_HOLE for a contradiction. */
	enum hwp_hole hole;
	/** The page, or the head of the free block, that contradicts, where it is one. */
	bool has_pfn;
	uint64_t pfn;
	char text[200];
};

struct hwp_coverage {
	/** pfns with a struct page in online sections. */
	uint64_t nr_pages;
	/** Pages read; not stored in the dump, or zero-filled; not readable. */
	uint64_t nr_read, nr_excluded, nr_faulted;
	/** Those of nr_excluded that are stored, all zero. */
	uint64_t nr_zero;
	/** Those of nr_read that the kernel never initialised (all ones). */
	uint64_t nr_uninitialised;
};

/**
 * Struct pages that are not in the dump, of one page of the memmap. A page that is poisoned is
 * left out by dumpers, whatever it holds.
 */
struct hwp_memmap_hole {
	/** pfns [start_pfn, end_pfn) are described there: whether any is poisoned is unknown. */
	uint64_t start_pfn, end_pfn;
	/** Where the first of these struct pages is. */
	uint64_t address;
	/** The page of memory that holds them, where the page tables show it. */
	bool has_memmap_pfn;
	uint64_t memmap_pfn;
	/** That page is one of findings.poisoned. */
	bool is_poisoned;
};

struct hwp_kernel_facts {
	char release[128];
	bool has_memory_failure;
	enum hwp_fix fix;
	/** What fix rests on, in a few words. */
	char fix_evidence[128];
	/** What was seen, whatever fix says: it may confirm or contradict it. */
	enum hwp_fix_seen fix_seen;
	/** fix follows from what was seen, as no symbol shows it. */
	bool fix_is_inferred;
	/** A gigantic page goes back as one compound block (split_large_buddy). */
	bool frees_gigantic_whole;
	/** arm64: nothing takes a poisoned page out of the direct map. */
	bool keeps_poison_mapped;
	enum hwp_switch init_on_alloc, init_on_free, check_pages, page_poisoning, debug_pagealloc,
		hugetlb_vmemmap_optimized, page_owner, kasan;
	/** sched_clock is not stable: local_clock() of one CPU is not that of another. */
	bool clocks_differ;
	/**
	 * check_pages holds for the whole boot, for every block that is handed out. Before
	 * it was a switch, blocks came off per-CPU lists unchecked.
	 */
	bool check_pages_is_switch;
	/** Anonymous memory may be in large folios smaller than a PMD maps, or it is not known. */
	bool small_thps;
	/** TAINT_BAD_PAGE: did the kernel find any page in a bad state since boot, reported or not? */
	enum hwp_answer found_bad_pages;
};

struct hwp_memory_block_count {
	uint64_t id, start_pfn, end_pfn;
	/** Its count could not be read; or none of its memory is online. */
	bool unread, offline;
	int64_t nr_hwpoison;
	/** Filled by classify: poisoned pages found in it. */
	uint64_t nr_found;
};

struct hwp_node_count {
	int nid;
	/** mf_stats.total; has_total false before v6.3. */
	bool has_total;
	int64_t total;
	/** Where has_results: mf_stats by the results of the recovery actions. */
	bool has_results;
	int64_t ignored, failed, delayed, recovered;
	uint64_t nr_found;
};

struct hwp_counters {
	bool has_num_poisoned_pages;
	int64_t num_poisoned_pages;
	/** Of lacks_memory_blocks some could not be found. */
	bool has_memory_blocks, lacks_memory_blocks;
	HWP_VEC(struct hwp_memory_block_count) blocks;
	HWP_VEC(struct hwp_node_count) nodes;
	/**
	 * Recovery actions for a "dax page" in the log. Kernels whose action_result() counts have
	 * counted each of them, also where several are of one page or of one flagged folio.
	 */
	uint64_t nr_dax_actions;
	/** pfns queued for memory_failure(), not yet handled. */
	HWP_VEC(uint64_t) pending_pfns;
	/** mf_mutex was held: memory_failure() was at work. */
	bool mf_running;
};

struct hwp_summary {
	uint64_t nr_poisoned;
	uint64_t nr_by_state[HWP_NR_STATES];
	uint64_t nr_by_class[HWP_NR_CLASSES];
	/** Healthy pages lost with dropped ones. */
	uint64_t nr_healthy_lost;
	/** HugeTLB folios with raw_hwp_unreliable or without a record. */
	uint64_t nr_unrecorded_folios;
	/** Pages that were in free memory since their errors, and are not leaked or lost now. */
	uint64_t nr_leaked_before;
	/** Contained and other pages of which it cannot be known. */
	uint64_t nr_past_unknown;
	/** Pages of allocated folios that this kernel frees whole, or may. */
	uint64_t nr_can_leak;
};

/** Nanoseconds spent in each stage. */
struct hwp_times {
	uint64_t open_ns, symbols_ns, types_ns, layout_ns, sweep_ns, lists_ns, total_ns;
};

struct hwp_findings {
	/** What was looked at; NULL for the running kernel. */
	char *path;
	/** Only the text of a log was read, and no memory. */
	bool is_log;
	/** It was the running kernel, which changed meanwhile. */
	bool live;
	enum hwp_sweep sweep;
	/** On a running kernel: passes made, and contradictions that were not in all of them. */
	unsigned int nr_passes, nr_transient;
	char format[64];
	char damage[400];
	/** damage is not of the file: pages that are not in it were read as zeros. */
	bool zero_filled;
	/** The dump carries no VMCOREINFO: it was found in its memory. */
	bool vmcoreinfo_found;
	/** makedumpfile -e left the struct pages out that are of pages which it left out. */
	bool memmap_excluded;
	char memory_provider[16], type_provider[16];
	unsigned int page_shift, max_order, pmd_order;
	char migratetype_names[16][16];

	struct hwp_kernel_facts kernel;
	struct hwp_coverage coverage;
	/** Ascending; the first ones only when coverage has more. */
	HWP_VEC(struct hwp_memmap_hole) memmap_holes;
	HWP_VEC(struct hwp_zone_facts) zones;
	/** In the order of the nodes; empty where their spans are not known. */
	HWP_VEC(struct hwp_node_span) node_spans;
	/** page.flags hold the zone of a page: zones of pages do not follow from their spans. */
	bool flags_hold_zone;
	/** Ascending by pfn, each pfn once. */
	HWP_VEC(struct hwp_poisoned) poisoned;
	/** Free blocks near poisoned pages, ascending; all blocks are in the stats. */
	HWP_VEC(struct hwp_block) blocks;
	HWP_VEC(struct hwp_list_stat) lists;
	HWP_VEC(struct hwp_area_stat) areas;
	struct hwp_pageblock_facts pageblocks;
	HWP_VEC(struct hwp_trouble) troubles;
	HWP_VEC(struct hwp_event) events;
	/** Lines about hardware errors that name no page, in their order. */
	HWP_VEC(struct hwp_event) remarks;
	/** pfns that the log has in a bad page state, ascending; bad_page() does not print all. */
	HWP_VEC(uint64_t) bad_state_pfns;
	/** Each text once, in their order. */
	HWP_VEC(struct hwp_complaint) complaints;
	/** Files that poisoned pages, or the pages of uses, belong to. */
	HWP_VEC(struct hwp_file) files;
	/** Ascending by head_pfn, disjoint. */
	HWP_VEC(struct hwp_folio) folios;
	/** What the pages of each freed folio are, ascending. */
	HWP_VEC(struct hwp_observed_run) observed;
	/** Filled by the verdict, like the slices of folios that name them. */
	HWP_VEC(struct hwp_healthy_block) expected;
	HWP_VEC(struct hwp_run) runs;
	HWP_VEC(struct hwp_step) steps;
	/** Texts of steps that are no constants, owned. */
	HWP_VEC(char *) step_texts;
	HWP_VEC(struct hwp_victim) victims;
	struct hwp_extent_orders hugetlb;
	struct hwp_range range;
	struct hwp_subject subject;
	/**
	 * Pages that memory failure took out of use, as the log has it, and that have no mark
	 * now: the facts, as of a poisoned page, with the event. Ascending, each pfn once.
	 */
	HWP_VEC(struct hwp_poisoned) unmarked;
	/** Users of the pages of the subject's extent, when that was freed; ascending. */
	HWP_VEC(struct hwp_use) uses;
	struct hwp_log_facts log;
	struct hwp_machine_facts machine;
	struct hwp_crash_facts crash;
	struct hwp_hardware_facts hardware;
	/** Filled by the verdict. */
	struct hwp_cause cause;
	/** rasdaemon's rows, in its order; has_rasdaemon: it was asked. */
	HWP_VEC(struct hwp_rasdaemon_row) rasdaemon;
	bool has_rasdaemon;
	/** Rows that make no sense, and why the first of them does not. */
	uint64_t nr_bad_rows;
	char bad_row[96];
	/** When the running kernel booted, by this system's clocks. */
	bool has_boot_time;
	int64_t boot_unix_seconds;
	/** The pages that earlier checks of this boot saw leaked; the running kernel only. */
	struct hwp_leak_record since_boot;
	struct hwp_counters counters;
	/** Free pages by PageBuddy in the sweep, to set against the lists. */
	uint64_t nr_buddy_pages_in_memmap;
	/**
	 * Pages in free blocks, behind the first, that have references or are marked as a tail; the
	 * lowest of them.
	 */
	uint64_t nr_followers_in_use, first_follower_in_use;
	/** Phantom flags of HVO's aliased struct pages, left out. */
	uint64_t nr_aliased;
	/** More poison than can be believed: the rest was left out. */
	bool too_many;

	struct hwp_summary summary;
	HWP_VEC(struct hwp_check_result) checks;
	/** In the order of their table. */
	HWP_VEC(struct hwp_issue_match) known_issues;
	enum hwp_verdict verdict;
	struct hwp_times times;
};

void hwp_findings_destroy(struct hwp_findings *findings);
/** Free hwp_findings.step_texts, for histories that are written anew. */
void hwp_findings_forget_step_texts(struct hwp_findings *findings);
static inline void hwp_findings_destroyp(struct hwp_findings **findings)
{
	hwp_findings_destroy(*findings);
}

/** Record that something could not be read, and what; false when memory is out. */
bool hwp_findings_hole(struct hwp_findings *findings, enum hwp_hole hole, const char *fmt, ...)
	__attribute__((__format__(__printf__, 3, 4)));

/** Record that something that was read contradicts itself; false when memory is out. */
bool hwp_findings_contradiction(struct hwp_findings *findings, const char *fmt, ...)
	__attribute__((__format__(__printf__, 2, 3)));

/** The same of the page @p pfn. */
bool hwp_findings_page_contradicts(struct hwp_findings *findings, uint64_t pfn, const char *fmt,
				   ...) __attribute__((__format__(__printf__, 3, 4)));

/**
 * Take a failure to read one thing as a hole: record "@p what: …", destroy
 * @p err, and go on with the rest. Only NO_MEMORY is returned.
 */
struct hwp_error *hwp_findings_tolerate(struct hwp_findings *findings, struct hwp_error *err,
					enum hwp_hole hole, const char *what);

/** Index of the first of findings.poisoned that is not below @p pfn. */
size_t hwp_findings_poisoned_index(const struct hwp_findings *findings, uint64_t pfn);

/** The poisoned page @p pfn, or NULL. */
const struct hwp_poisoned *hwp_findings_poisoned_at(const struct hwp_findings *findings,
						    uint64_t pfn);

/** Index of the first of findings.folios that ends above @p pfn. */
size_t hwp_findings_folio_index(const struct hwp_findings *findings, uint64_t pfn);

/** The folio, or extent of one, that @p pfn is in; NULL when none is known. */
const struct hwp_folio *hwp_findings_folio_at(const struct hwp_findings *findings, uint64_t pfn);

/** Is @p pfn of a folio that the allocator refused when it was to be freed (stranded_is_refused)? */
bool hwp_findings_was_refused(const struct hwp_findings *findings, uint64_t pfn);

/** Name of a migratetype of the kernel; NULL when there is none, or it has no name. */
const char *hwp_findings_migratetype(const struct hwp_findings *findings, int migratetype);

/**
 * The sentences behind a page's state, the most important first. @p each is
 * called with @p arg for each of them.
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
