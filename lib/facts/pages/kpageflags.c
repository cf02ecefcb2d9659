// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/kpageflags.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/bits.h"
#include "facts/log/events.h"
#include "facts/pages/collect.h"
#include "facts/pages/scan.h"
#include "target/memory/privilege.h"

#define KPAGEFLAGS "/proc/kpageflags"
#define WORDS_PER_READ 8192
#define MAX_LOG (UINT64_C(4) << 20)
#define SYSLOG_READ_ALL 3
#define SYSLOG_SIZE_BUFFER 10

/* include/uapi/linux/kernel-page-flags.h, and KPF_RESERVED of include/linux/kernel-page-flags.h */
#define KPF(name) (UINT64_C(1) << KPF_##name)
enum {
	KPF_LRU = 5,
	KPF_SLAB = 7,
	KPF_BUDDY = 10,
	KPF_MMAP = 11,
	KPF_ANON = 12,
	KPF_COMPOUND_HEAD = 15,
	KPF_COMPOUND_TAIL = 16,
	KPF_HUGE = 17,
	KPF_HWPOISON = 19,
	KPF_NOPAGE = 20,
	KPF_THP = 22,
	KPF_OFFLINE = 23,
	KPF_PGTABLE = 26,
	KPF_RESERVED = 32,
};

#define COMPOUND (KPF(COMPOUND_HEAD) | KPF(COMPOUND_TAIL) | KPF(THP))

struct look {
	struct hwp_findings *findings;
	int flags_fd, count_fd;
	/** First page of the poisoned HugeTLB folio that is being read; UINT64_MAX for none. */
	uint64_t bad_folio;
	/** How the kernel shows that folio: begin_folio(). */
	bool shows_head, spreads_flag, has_copies, is_gigantic;
};

/** 0 where there is none. */
static uint64_t flags_of(const struct look *k, uint64_t pfn)
{
	uint64_t flags = 0;

	return pread(k->flags_fd, &flags, sizeof(flags), (off_t)(pfn * 8)) == sizeof(flags) ?
		       flags :
		       0;
}

/** Struct pages of 64 bytes in a page of the memmap. */
static uint64_t pages_per_memmap_page(const struct look *k)
{
	return UINT64_C(1) << (k->findings->page_shift - 6);
}

/** Is the flag on a page of the folio that is being read the head's, shown again? */
static bool is_heads_flag(const struct look *k, uint64_t pfn)
{
	return k->spreads_flag ||
	       (k->has_copies && (pfn - k->bad_folio) % pages_per_memmap_page(k) == 0);
}

static struct hwp_error *add_page(struct look *k, uint64_t pfn, enum hwp_page_kind kind,
				  bool is_compound)
{
	struct hwp_poisoned page = {
		.pfn = pfn,
		.zone = -1,
		.was_read = true,
		.is_shown = true,
		.shown = kind,
		.bits = HWP_BIT_HWPOISON | (is_compound ? HWP_BIT_HEAD : 0),
		.folio.order = -1,
		.by_page.order = -1,
		.by_list.order = -1,
		.event = -1,
	};

	if (k->findings->poisoned.nr >= HWP_MAX_POISONED_LIVE) {
		k->findings->too_many = true;
		return NULL;
	}
	/* A tail that has the flag alone is the bad page itself: memory failure flags the head. */
	page.raw_page_unknown = kind == HWP_PAGE_HUGETLB && pfn == k->bad_folio &&
				(k->shows_head || k->spreads_flag);
	return hwp_vec_push(&k->findings->poisoned, page) ? NULL : hwp_error_no_memory();
}

static bool is_mapped(const struct look *k, uint64_t pfn)
{
	uint64_t count = 0;

	return k->count_fd >= 0 &&
	       pread(k->count_fd, &count, sizeof(count), (off_t)(pfn * 8)) == sizeof(count) &&
	       count;
}

/** The kernel's own marks come first, as in hwp_page_kind(). */
static enum hwp_page_kind kind_of(const struct look *k, uint64_t pfn, uint64_t flags)
{
	static const struct {
		uint64_t flags;
		enum hwp_page_kind kind;
	} marks[] = {
		{ KPF(HUGE), HWP_PAGE_HUGETLB },	 { KPF(BUDDY), HWP_PAGE_BUDDY },
		{ KPF(OFFLINE), HWP_PAGE_OFFLINE },	 { KPF(SLAB), HWP_PAGE_SLAB },
		{ KPF(PGTABLE), HWP_PAGE_TABLE },	 { KPF(RESERVED), HWP_PAGE_RESERVED },
		{ KPF(THP) | KPF(MMAP), HWP_PAGE_USER },
	};
	bool is_compound = flags & COMPOUND;

	for (size_t i = 0; i < HWP_ARRAY_SIZE(marks); i++) {
		if (flags & marks[i].flags)
			return marks[i].kind;
	}
	if (is_compound ? flags & (KPF(LRU) | KPF(ANON)) : is_mapped(k, pfn))
		return HWP_PAGE_USER;
	return HWP_PAGE_UNMARKED;
}

/*
 * stable_page_flags() shows PG_hwpoison of a HugeTLB folio's head on all of its pages since Linux
 * kernel commit dee3d0bef2b0 ("proc: rewrite stable_page_flags()") (in v6.10); before, each page
 * shows its own flag.
 *
 * Where the memmap of the folio is optimised, every page of it is the first one again since Linux
 * kernel commit e7d324850bfc ("mm: hugetlb: free the 2nd vmemmap page associated with each HugeTLB
 * page") (in v5.18), up to v7.0: each 64th struct page is a copy of the head. A copy is shown as a
 * tail, but as a head from v6.17 on, where snapshot_page() does not know it for a copy.
 */
static void begin_folio(struct look *k, uint64_t pfn, uint64_t flags)
{
	const uint64_t bad = KPF(HUGE) | KPF(HWPOISON);
	uint64_t pmd = UINT64_C(1) << k->findings->pmd_order;

	k->bad_folio = pfn;
	k->shows_head = flags & KPF(COMPOUND_HEAD);
	k->spreads_flag = (flags_of(k, pfn + 1) & (bad | KPF(COMPOUND_TAIL))) ==
			  (bad | KPF(COMPOUND_TAIL));
	k->has_copies = true;
	for (uint64_t i = pages_per_memmap_page(k); i < pmd && k->has_copies;
	     i += pages_per_memmap_page(k)) {
		uint64_t flags = flags_of(k, pfn + i);

		k->has_copies = (flags & bad) == bad &&
				(!k->spreads_flag || flags & KPF(COMPOUND_HEAD));
	}
	/* Copies look the same in a folio of 1 GiB and in smaller ones side by side, of which
	 * hardly all are bad. */
	k->is_gigantic = k->has_copies && pfn % (pmd * pmd) == 0;
	for (uint64_t i = pmd; i < pmd * pmd && k->is_gigantic; i += pmd)
		k->is_gigantic = (flags_of(k, pfn + i) & bad) == bad;
}

/** Is @p pfn one more page of the poisoned HugeTLB folio that is being read? */
static bool is_inside(const struct look *k, uint64_t pfn, uint64_t flags)
{
	uint64_t pmd = UINT64_C(1) << k->findings->pmd_order;
	uint64_t size = k->is_gigantic ? pmd * pmd : pmd;

	if (k->bad_folio == UINT64_MAX || !(flags & KPF(HUGE)))
		return false;
	return flags & KPF(COMPOUND_TAIL) ||
	       (k->has_copies && (pfn - k->bad_folio) % pages_per_memmap_page(k) == 0 &&
		pfn - k->bad_folio < size);
}

static struct hwp_error *look_at(struct look *k, uint64_t pfn, uint64_t flags)
{
	struct hwp_coverage *c = &k->findings->coverage;

	if (flags & KPF(NOPAGE))
		return NULL;
	c->nr_pages++;
	c->nr_read++;
	k->findings->nr_buddy_pages_in_memmap += flags & KPF(BUDDY) ? 1 : 0;
	if (!is_inside(k, pfn, flags))
		k->bad_folio = UINT64_MAX;
	if (!(flags & KPF(HWPOISON)) || (k->bad_folio != UINT64_MAX && is_heads_flag(k, pfn)))
		return NULL;
	if (flags & KPF(HUGE) && k->bad_folio == UINT64_MAX)
		begin_folio(k, pfn, flags);
	return add_page(k, pfn, kind_of(k, pfn, flags), flags & COMPOUND);
}

static struct hwp_error *read_flags(struct look *k)
{
	_cleanup_free_ uint64_t *words = malloc(WORDS_PER_READ * sizeof(*words));
	struct hwp_error *err = NULL;
	uint64_t pfn = 0;
	ssize_t n = 1;

	if (!words)
		return hwp_error_no_memory();
	while (n > 0 && !err) {
		n = pread(k->flags_fd, words, WORDS_PER_READ * sizeof(*words), (off_t)(pfn * 8));
		for (ssize_t i = 0; i < n / 8 && !err; i++, pfn++)
			err = look_at(k, pfn, words[i]);
	}
	if (n < 0 && !err)
		err = hwp_error_os(errno, KPAGEFLAGS);
	return err;
}

struct path {
	char text[256];
};

static struct path path_in(const char *proc, const char *name)
{
	struct path path;

	snprintf(path.text, sizeof(path.text), "%s/%s", proc, name);
	return path;
}

static void read_count(struct hwp_findings *f, const char *proc)
{
	_cleanup_fclose_ FILE *file = fopen(path_in(proc, "meminfo").text, "re");
	char line[128];
	long kib;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "HardwareCorrupted: %ld kB", &kib) != 1)
			continue;
		f->counters.has_num_poisoned_pages = true;
		f->counters.num_poisoned_pages = kib >> (f->page_shift - 10);
	}
}

/** "[    T1]" or "[    C0]", with CONFIG_PRINTK_CALLER. */
static void read_caller(const char *text, struct hwp_klog_record *record)
{
	unsigned int id;
	char kind;

	if (sscanf(text, "[ %c%u]", &kind, &id) != 2 || (kind != 'T' && kind != 'C'))
		return;
	record->has_caller = true;
	record->caller_id = kind == 'C' ? id | UINT32_C(0x80000000) : id;
}

static struct hwp_error *take_line(struct hwp_event_reading *reading, const char *line,
				   uint64_t seq)
{
	struct hwp_klog_record record = { .seq = seq };
	unsigned int priority;
	double seconds;
	int end = 0;

	if (sscanf(line, "<%u>[%lf]%n", &priority, &seconds, &end) != 2 || !end)
		return NULL;
	record.time_ns = (uint64_t)(seconds * 1e9);
	if (!reading->findings->log.first_ns)
		reading->findings->log.first_ns = record.time_ns;
	record.text = strstr(line, "] ");
	if (!record.text)
		return NULL;
	record.text += 2;
	record.len = strlen(record.text);
	/* The facility, which of the kernel's own lines alone is 0. */
	record.facility = priority >> 3;
	read_caller(line + end, &record);
	return hwp_events_take(reading, &record);
}

struct hwp_error *hwp_kpageflags_add_log(struct hwp_findings *f, char *log)
{
	struct hwp_event_reading reading = { .findings = f };
	struct hwp_error *err = NULL;
	struct utsname name = {};
	char *save = NULL;
	uint64_t seq = 0;

	/* Of this system; a failure leaves the name empty. */
	uname(&name);
	reading.rule = hwp_addresses_of(name.machine, f->page_shift);
	for (char *line = strtok_r(log, "\n", &save); line && !err;
	     line = strtok_r(NULL, "\n", &save))
		err = take_line(&reading, line, seq++);
	if (err)
		return err;
	hwp_events_finish(&reading);
	hwp_collect_join_events(f);
	return NULL;
}

/** syslog(2) does not say whether the beginning is still there. */
static struct hwp_error *read_log(struct hwp_findings *f)
{
	int size = klogctl(SYSLOG_SIZE_BUFFER, NULL, 0);
	_cleanup_free_ char *log = NULL;

	if (size > 0 && (uint64_t)size <= MAX_LOG) {
		log = calloc(1, (size_t)size + 1);
		if (!log)
			return hwp_error_no_memory();
		size = klogctl(SYSLOG_READ_ALL, log, size);
	}
	if (size < 0) {
		snprintf(f->log.why, sizeof(f->log.why), "syslog: %s", strerror(errno));
		return NULL;
	}
	if (!log || !size) {
		snprintf(f->log.why, sizeof(f->log.why), "syslog: a log of %d bytes", size);
		return NULL;
	}
	f->log.state = HWP_LOG_WRAPPED;
	return hwp_kpageflags_add_log(f, log);
}

static void describe(struct hwp_findings *f, const char *proc)
{
	long page_size = sysconf(_SC_PAGESIZE);
	struct utsname uts;

	f->live = true;
	f->page_shift = hwp_ilog2(page_size > 0 ? (uint64_t)page_size : 4096);
	f->max_order = 10;
	f->pmd_order = f->page_shift - 3;
	snprintf(f->format, sizeof(f->format), "kpageflags");
	snprintf(f->memory_provider, sizeof(f->memory_provider), "kpageflags");
	snprintf(f->type_provider, sizeof(f->type_provider), "none");
	if (uname(&uts) == 0)
		snprintf(f->kernel.release, sizeof(f->kernel.release), "%s", uts.release);
	read_count(f, proc);
	/* The file is there with CONFIG_MEMORY_FAILURE only. */
	f->kernel.has_memory_failure = f->counters.has_num_poisoned_pages ||
				       access(path_in(proc, "sys/vm/memory_failure_early_kill").text,
					      F_OK) == 0;
	f->kernel.fix = HWP_FIX_UNKNOWN;
	snprintf(f->kernel.fix_evidence, sizeof(f->kernel.fix_evidence), "no symbols were read");
	f->kernel.init_on_alloc = f->kernel.init_on_free = f->kernel.check_pages =
		f->kernel.page_poisoning = f->kernel.debug_pagealloc = f->kernel.page_owner =
			f->kernel.kasan = f->kernel.hugetlb_vmemmap_optimized = HWP_SWITCH_UNKNOWN;
}

static bool record_holes(struct hwp_findings *f, const char *why)
{
	return hwp_findings_hole(f, HWP_HOLE_FREE_LIST, "%s", why) &&
	       hwp_findings_hole(f, HWP_HOLE_PCP_LIST,
				 KPAGEFLAGS
				 " does not show the per-CPU "
				 "lists: a page on one of them looks like one set apart") &&
	       hwp_findings_hole(f, HWP_HOLE_RAW_HWP_LIST,
				 KPAGEFLAGS " does not show which pages of a HugeTLB folio are "
					    "bad") &&
	       hwp_findings_hole(f, HWP_HOLE_OWNER,
				 KPAGEFLAGS " does not show whose a page is, nor whether it was "
					    "handed out again");
}

struct hwp_error *hwp_kpageflags_look(struct hwp_findings *f, const char *proc, const char *why)
{
	_cleanup_close_ int flags_fd = open(path_in(proc, "kpageflags").text, O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int count_fd = open(path_in(proc, "kpagecount").text, O_RDONLY | O_CLOEXEC);
	struct look k = {
		.findings = f, .flags_fd = flags_fd, .count_fd = count_fd, .bad_folio = UINT64_MAX
	};
	struct hwp_error *err;

	if (flags_fd < 0)
		return hwp_privilege_explain(errno, KPAGEFLAGS, HWP_CAP_SYS_ADMIN,
					     "the kernel has CONFIG_PROC_PAGE_MONITOR=n");
	describe(f, proc);
	err = read_flags(&k);
	if (!err && !f->coverage.nr_pages)
		err = hwp_error_create(HWP_ERROR_UNSUPPORTED,
				       KPAGEFLAGS " is empty: it is masked by "
						  "another mount, as in a container");
	if (!err)
		err = read_log(f);
	if (!err && !record_holes(f, why))
		err = hwp_error_no_memory();
	return err;
}
