// SPDX-License-Identifier: GPL-2.0-or-later
/** The running kernel by files as /proc has them, made by hand. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "facts/pages/kpageflags.h"
#include "facts/pages/scan.h"

/* include/uapi/linux/kernel-page-flags.h, and 32 of include/linux/kernel-page-flags.h */
#define LOCKED (UINT64_C(1) << 0)
#define LRU (UINT64_C(1) << 5)
#define SLAB (UINT64_C(1) << 7)
#define BUDDY (UINT64_C(1) << 10)
#define MMAP (UINT64_C(1) << 11)
#define ANON (UINT64_C(1) << 12)
#define HEAD (UINT64_C(1) << 15)
#define TAIL (UINT64_C(1) << 16)
#define HUGE (UINT64_C(1) << 17)
#define POISON (UINT64_C(1) << 19)
#define NOPAGE (UINT64_C(1) << 20)
#define THP (UINT64_C(1) << 22)
#define OFFLINE (UINT64_C(1) << 23)
#define PGTABLE (UINT64_C(1) << 26)
#define RESERVED (UINT64_C(1) << 32)

#define WHY "/proc/kcore: not permitted"
#define MEMINFO "MemTotal: 4 kB\nHardwareCorrupted:    24 kB\nHugePages_Total: 0\n"

/** A directory like /proc; what is in it is removed with it. */
struct proc {
	char path[256];
};

static void proc_name(const struct proc *proc, const char *name, char *buf, size_t size)
{
	snprintf(buf, size, "%s/%s", proc->path, name);
}

static void proc_put(const struct proc *proc, const char *name, const void *bytes, size_t size)
{
	char path[512];
	FILE *f;

	proc_name(proc, name, path, sizeof(path));
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

static void proc_create(struct proc *proc)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(proc->path, sizeof(proc->path), "%s/procXXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(proc->path));
	proc_put(proc, "meminfo", MEMINFO, strlen(MEMINFO));
}

static void proc_destroy(const struct proc *proc)
{
	static const char *const names[] = {
		"kpageflags", "kpagecount", "meminfo", "sys/vm/memory_failure_early_kill",
		"sys/vm",     "sys",	    "",
	};
	char path[512];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		proc_name(proc, names[i], path, sizeof(path));
		assert_true(remove(path) == 0 || errno == ENOENT);
	}
}

static struct hwp_findings *look(const struct proc *proc)
{
	struct hwp_findings *f = calloc(1, sizeof(*f));
	struct hwp_error *err;

	assert_non_null(f);
	err = hwp_kpageflags_look(f, proc->path, WHY);
	if (err)
		fail_msg("%s", err->message);
	return f;
}

static void assert_fails(const struct proc *proc, enum hwp_error_code code, const char *words)
{
	struct hwp_findings *f = calloc(1, sizeof(*f));
	struct hwp_error *err = hwp_kpageflags_look(f, proc->path, WHY);

	assert_non_null(err);
	assert_int_equal(err->code, code);
	if (!strstr(err->message, words))
		fail_msg("%s", err->message);
	hwp_error_destroy(err);
	hwp_findings_destroy(f);
}

/** What each poisoned page of 4 KiB is: by its marks, then by whether it is mapped. */
static void kinds(void **state)
{
	static const struct {
		uint64_t flags, count;
		enum hwp_page_kind kind;
		bool is_compound;
	} rows[] = {
		{ 0, 0, HWP_PAGE_UNMARKED, false },
		{ 0, 1, HWP_PAGE_USER, false },
		/* Set apart: no longer on a list of the LRU, or with what it was anonymous by. */
		{ LRU, 0, HWP_PAGE_UNMARKED, false },
		{ ANON, 0, HWP_PAGE_UNMARKED, false },
		{ LOCKED, 0, HWP_PAGE_UNMARKED, false },
		{ MMAP, 0, HWP_PAGE_USER, false },
		{ BUDDY, 0, HWP_PAGE_BUDDY, false },
		{ OFFLINE, 0, HWP_PAGE_OFFLINE, false },
		{ SLAB, 0, HWP_PAGE_SLAB, false },
		{ PGTABLE, 0, HWP_PAGE_TABLE, false },
		{ RESERVED, 0, HWP_PAGE_RESERVED, false },
		/* The kernel's own marks come first. */
		{ SLAB, 1, HWP_PAGE_SLAB, false },
		{ RESERVED | MMAP, 1, HWP_PAGE_RESERVED, false },
		{ SLAB | HEAD, 0, HWP_PAGE_SLAB, true },
		/* A compound page: whether it is mapped somewhere else does not count. */
		{ HEAD, 0, HWP_PAGE_UNMARKED, true },
		{ TAIL, 5, HWP_PAGE_UNMARKED, true },
		{ TAIL | LRU, 0, HWP_PAGE_USER, true },
		{ HEAD | ANON, 0, HWP_PAGE_USER, true },
		{ THP, 0, HWP_PAGE_USER, true },
	};
	const size_t nr = sizeof(rows) / sizeof(rows[0]);
	uint64_t flags[2 * sizeof(rows) / sizeof(rows[0])] = {};
	uint64_t counts[2 * sizeof(rows) / sizeof(rows[0])] = {};
	struct proc proc;
	struct hwp_findings *f;

	(void)state;
	proc_create(&proc);
	/* A healthy page, mapped, after each. */
	for (size_t i = 0; i < nr; i++) {
		flags[2 * i] = rows[i].flags | POISON;
		counts[2 * i] = rows[i].count;
		counts[2 * i + 1] = 7;
	}
	proc_put(&proc, "kpageflags", flags, sizeof(flags));
	proc_put(&proc, "kpagecount", counts, sizeof(counts));
	f = look(&proc);
	assert_int_equal(f->poisoned.nr, nr);
	for (size_t i = 0; i < nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		print_message("# row %zu\n", i);
		assert_int_equal(p->pfn, 2 * i);
		assert_int_equal(p->shown, rows[i].kind);
		assert_int_equal(p->bits,
				 HWP_BIT_HWPOISON | (rows[i].is_compound ? HWP_BIT_HEAD : 0));
		assert_true(p->was_read && p->is_shown);
		assert_false(p->raw_page_unknown);
		/* What these files do not show. */
		assert_int_equal(p->zone, -1);
		assert_int_equal(p->event, -1);
		assert_int_equal(p->folio.order, -1);
		assert_int_equal(p->by_page.order, -1);
		assert_int_equal(p->by_list.order, -1);
	}
	assert_false(f->too_many);
	hwp_findings_destroy(f);

	/* Without /proc/kpagecount nothing is known to be mapped. */
	proc_put(&proc, "kpagecount", "", 0);
	f = look(&proc);
	assert_int_equal(f->poisoned.data[1].shown, HWP_PAGE_UNMARKED);
	hwp_findings_destroy(f);
	proc_destroy(&proc);
}

/** What is read of the whole, and what is said to be missing. */
static void whole(void **state)
{
	static const uint64_t flags[] = { 0, BUDDY, NOPAGE, NOPAGE | POISON, LRU, BUDDY | POISON };
	struct proc proc;
	struct hwp_findings *f;

	(void)state;
	proc_create(&proc);
	proc_put(&proc, "kpageflags", flags, sizeof(flags));
	f = look(&proc);
	assert_true(f->live);
	assert_string_equal(f->format, "kpageflags");
	assert_string_equal(f->memory_provider, "kpageflags");
	assert_string_equal(f->type_provider, "none");
	/* x86-64 and arm64 with 4 KiB pages: MAX_PAGE_ORDER, and PMD_SHIFT - PAGE_SHIFT. */
	assert_int_equal(1 << f->page_shift, sysconf(_SC_PAGESIZE));
	assert_int_equal(f->max_order, 10);
	assert_int_equal(f->pmd_order, f->page_shift - 3);
	assert_true(f->kernel.release[0]);
	assert_int_equal(f->kernel.fix, HWP_FIX_UNKNOWN);
	assert_int_equal(f->kernel.init_on_alloc, HWP_SWITCH_UNKNOWN);
	assert_int_equal(f->kernel.page_owner, HWP_SWITCH_UNKNOWN);
	/* Holes of memory are no pages. */
	assert_int_equal(f->coverage.nr_pages, 4);
	assert_int_equal(f->coverage.nr_read, 4);
	assert_int_equal(f->nr_buddy_pages_in_memmap, 2);
	assert_int_equal(f->poisoned.nr, 1);
	assert_int_equal(f->poisoned.data[0].pfn, 5);
	assert_true(f->counters.has_num_poisoned_pages);
	assert_int_equal(f->counters.num_poisoned_pages, 24 * 1024 / sysconf(_SC_PAGESIZE));
	assert_true(f->kernel.has_memory_failure);
	assert_int_equal(f->troubles.nr, 4);
	for (size_t i = 0; i < f->troubles.nr; i++)
		assert_int_equal(f->troubles.data[i].kind, HWP_TROUBLE_HOLE);
	assert_string_equal(f->troubles.data[0].text, WHY);
	assert_non_null(strstr(f->troubles.data[1].text, "per-CPU lists"));
	assert_non_null(strstr(f->troubles.data[2].text, "HugeTLB"));
	assert_non_null(strstr(f->troubles.data[3].text, "handed out again"));
	assert_int_equal(f->troubles.data[0].hole, HWP_HOLE_FREE_LIST);
	assert_int_equal(f->troubles.data[1].hole, HWP_HOLE_PCP_LIST);
	assert_int_equal(f->troubles.data[2].hole, HWP_HOLE_RAW_HWP_LIST);
	assert_int_equal(f->troubles.data[3].hole, HWP_HOLE_OWNER);
	hwp_findings_destroy(f);
	proc_destroy(&proc);
}

/** CONFIG_MEMORY_FAILURE makes the count and the file; one of them is enough. */
static void memory_failure(void **state)
{
	static const uint64_t flags[1] = {};
	struct proc proc;
	struct hwp_findings *f;
	char path[512];

	(void)state;
	proc_create(&proc);
	proc_put(&proc, "kpageflags", flags, sizeof(flags));
	proc_put(&proc, "meminfo", "MemTotal: 4 kB\n", 15);
	f = look(&proc);
	assert_false(f->kernel.has_memory_failure);
	assert_false(f->counters.has_num_poisoned_pages);
	hwp_findings_destroy(f);
	proc_name(&proc, "sys", path, sizeof(path));
	assert_int_equal(mkdir(path, 0700), 0);
	proc_name(&proc, "sys/vm", path, sizeof(path));
	assert_int_equal(mkdir(path, 0700), 0);
	proc_put(&proc, "sys/vm/memory_failure_early_kill", "0\n", 2);
	f = look(&proc);
	assert_true(f->kernel.has_memory_failure);
	assert_false(f->counters.has_num_poisoned_pages);
	hwp_findings_destroy(f);
	proc_destroy(&proc);
}

static void assert_pfns(const struct proc *proc, const uint64_t *flags, size_t nr_flags,
			const uint64_t *expected, size_t nr)
{
	struct hwp_findings *f;

	proc_put(proc, "kpageflags", flags, nr_flags * sizeof(*flags));
	f = look(proc);
	assert_int_equal(f->poisoned.nr, nr);
	for (size_t i = 0; i < nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		assert_int_equal(p->pfn, expected[i]);
		assert_int_equal(p->shown,
				 flags[p->pfn] & HUGE ? HWP_PAGE_HUGETLB : HWP_PAGE_UNMARKED);
		/* The head's flag is for the whole folio, a tail's is its own. */
		assert_int_equal(p->raw_page_unknown,
				 p->shown == HWP_PAGE_HUGETLB && !(flags[p->pfn] & TAIL));
	}
	hwp_findings_destroy(f);
}

enum { PMD = 512, GIGANTIC = 512 * 512, COPY = 64 };

/** A HugeTLB folio whose head is flagged; @p inside is shown on its tails, @p copy on each 64th. */
static void put_folio(uint64_t *flags, size_t pfn, size_t nr, uint64_t inside, uint64_t copy)
{
	for (size_t i = 0; i < nr; i++)
		flags[pfn + i] = HUGE | (i % COPY ? inside : copy);
	flags[pfn] = HUGE | HEAD | POISON;
}

/** From v6.10 on the flag of a HugeTLB folio's head is shown on all of its pages. */
static void hugetlb(void **state)
{
	uint64_t *flags = calloc(3 * GIGANTIC, sizeof(*flags));
	struct proc proc;

	(void)state;
	assert_non_null(flags);
	proc_create(&proc);
	/* Without copies of the head, then with copies that are shown as heads (v6.17 to v7.0). */
	for (int has_copies = 0; has_copies < 2; has_copies++) {
		const uint64_t tail = TAIL | POISON, copy = has_copies ? HEAD | POISON : tail;

		print_message("# has_copies %d\n", has_copies);
		/* Two folios of 2 MiB, one after the other, and pages that are not theirs. */
		memset(flags, 0, 3 * GIGANTIC * sizeof(*flags));
		put_folio(flags, PMD, PMD, tail, copy);
		put_folio(flags, 2 * PMD, PMD, tail, copy);
		flags[3 * PMD] = flags[3 * PMD + 1] = POISON;
		assert_pfns(&proc, flags, 4 * PMD,
			    (const uint64_t[]){ PMD, 2 * PMD, 3 * PMD, 3 * PMD + 1 }, 4);
		/* A healthy folio between two that are bad. */
		for (size_t i = 0; i < PMD; i++)
			flags[2 * PMD + i] &= ~POISON;
		put_folio(flags, 3 * PMD, PMD, tail, copy);
		assert_pfns(&proc, flags, 4 * PMD, (const uint64_t[]){ PMD, 3 * PMD }, 2);
		/* Two folios of 1 GiB. */
		put_folio(flags, GIGANTIC, GIGANTIC, tail, copy);
		put_folio(flags, 2 * GIGANTIC, GIGANTIC, tail, copy);
		assert_pfns(&proc, flags, 3 * GIGANTIC,
			    (const uint64_t[]){ PMD, 3 * PMD, GIGANTIC, 2 * GIGANTIC }, 4);
		/* And one of 2 MiB in front of them: with the next 1022 MiB it is no folio of 1 GiB. */
		put_folio(flags, GIGANTIC - PMD, PMD, tail, copy);
		assert_pfns(&proc, flags, 3 * GIGANTIC,
			    (const uint64_t[]){ PMD, 3 * PMD, GIGANTIC - PMD, GIGANTIC,
						2 * GIGANTIC },
			    5);
		/* Two of 2 MiB where one of 1 GiB could be, and a third further on. */
		memset(flags, 0, 3 * GIGANTIC * sizeof(*flags));
		put_folio(flags, GIGANTIC, PMD, tail, copy);
		put_folio(flags, GIGANTIC + PMD, PMD, tail, copy);
		put_folio(flags, GIGANTIC + 3 * PMD, PMD, tail, copy);
		assert_pfns(&proc, flags, 3 * GIGANTIC,
			    (const uint64_t[]){ GIGANTIC, GIGANTIC + PMD, GIGANTIC + 3 * PMD }, 3);
	}
	free(flags);
	proc_destroy(&proc);
}

/**
 * Up to v6.9 every page shows its own flag. Copies of the head, which are shown as tails, have
 * the head's.
 */
static void hugetlb_own_flags(void **state)
{
	uint64_t *flags = calloc(3 * GIGANTIC, sizeof(*flags));
	struct proc proc;

	(void)state;
	assert_non_null(flags);
	proc_create(&proc);
	for (int has_copies = 0; has_copies < 2; has_copies++) {
		const uint64_t copy = has_copies ? TAIL | POISON : TAIL;

		print_message("# has_copies %d\n", has_copies);
		memset(flags, 0, 3 * GIGANTIC * sizeof(*flags));
		put_folio(flags, PMD, PMD, TAIL, copy);
		put_folio(flags, 2 * PMD, PMD, TAIL, copy);
		/* Flagged before the folio was made: they are known. */
		flags[2 * PMD + 5] |= POISON;
		flags[2 * PMD + 77] |= POISON;
		put_folio(flags, GIGANTIC, GIGANTIC, TAIL, copy);
		assert_pfns(&proc, flags, 3 * GIGANTIC,
			    (const uint64_t[]){ PMD, 2 * PMD, 2 * PMD + 5, 2 * PMD + 77, GIGANTIC },
			    5);
	}
	/* The same in a folio whose head is not flagged. */
	flags[PMD] &= ~POISON;
	for (size_t i = COPY; i < PMD; i += COPY)
		flags[PMD + i] &= ~POISON;
	flags[PMD + 64] |= POISON;
	assert_pfns(&proc, flags, 2 * PMD, (const uint64_t[]){ PMD + 64 }, 1);
	free(flags);
	proc_destroy(&proc);
}

/** More poison than can be believed: as many as may be, and that there are more. */
static void too_many(void **state)
{
	const size_t nr = HWP_MAX_POISONED_LIVE + 1;
	uint64_t *flags = malloc(nr * sizeof(*flags));
	struct proc proc;
	struct hwp_findings *f;

	(void)state;
	assert_non_null(flags);
	for (size_t i = 0; i < nr; i++)
		flags[i] = POISON;
	proc_create(&proc);
	proc_put(&proc, "kpageflags", flags, (nr - 1) * sizeof(*flags));
	f = look(&proc);
	assert_int_equal(f->poisoned.nr, nr - 1);
	assert_false(f->too_many);
	hwp_findings_destroy(f);
	proc_put(&proc, "kpageflags", flags, nr * sizeof(*flags));
	f = look(&proc);
	assert_int_equal(f->poisoned.nr, nr - 1);
	assert_true(f->too_many);
	assert_int_equal(f->coverage.nr_read, nr);
	hwp_findings_destroy(f);
	free(flags);
	proc_destroy(&proc);
}

static void closed(void **state)
{
	struct proc proc;
	char path[512];

	(void)state;
	proc_create(&proc);
	assert_fails(&proc, HWP_ERROR_OS,
		     "/proc/kpageflags: no such file: the kernel has "
		     "CONFIG_PROC_PAGE_MONITOR=n");
	proc_put(&proc, "kpageflags", "", 0);
	assert_fails(&proc, HWP_ERROR_UNSUPPORTED, "/proc/kpageflags is empty");
	proc_name(&proc, "kpageflags", path, sizeof(path));
	assert_int_equal(remove(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_fails(&proc, HWP_ERROR_OS, "/proc/kpageflags: Is a directory");
	proc_destroy(&proc);
}

static struct hwp_findings *with_log(const char *text)
{
	struct hwp_findings *f = calloc(1, sizeof(*f));
	const struct hwp_poisoned page = { .pfn = 0x1234, .event = -1 };
	char *log = strdup(text);

	assert_non_null(f);
	assert_non_null(log);
	assert_true(hwp_vec_push(&f->poisoned, page));
	assert_null(hwp_kpageflags_add_log(f, log));
	free(log);
	return f;
}

/** Lines as syslog(2) has them: the level, the time if printk adds it, the text. */
static void log_lines(void **state)
{
	struct hwp_findings *f;

	(void)state;
	f = with_log(
		"<6>[    0.000000] Linux version 6.12\n"
		"<3>[   12.500000] Memory failure: 0x1234: recovery action for dirty LRU page: "
		"Recovered\n"
		"<6>Memory failure: 0x1235: recovery action for dirty LRU page: Recovered\n"
		"<6>[    x] Memory failure: 0x1236: unpoison: page has been unpoisoned\n"
		"\n"
		"<3>[  100.250000] Memory failure: 0x9999: recovery action for huge page: "
		"Ignored");
	assert_int_equal(f->events.nr, 2);
	assert_int_equal(f->events.data[0].pfn, 0x1234);
	assert_int_equal(f->events.data[0].time_ns, UINT64_C(12500000000));
	/* Which of the lines. */
	assert_int_equal(f->events.data[0].seq, 1);
	assert_string_equal(f->events.data[0].result, "Recovered");
	assert_int_equal(f->events.data[1].pfn, 0x9999);
	assert_int_equal(f->events.data[1].time_ns, UINT64_C(100250000000));
	assert_int_equal(f->events.data[1].seq, 4);
	/* It is joined to its page. */
	assert_int_equal(f->poisoned.data[0].event, 0);
	assert_int_equal(f->events.data[0].caller_pid, -1);
	assert_int_equal(f->events.data[0].caller_cpu, -1);
	assert_int_equal(f->log.nr_user_lines, 0);
	hwp_findings_destroy(f);
	f = with_log("");
	assert_int_equal(f->events.nr, 0);
	assert_int_equal(f->poisoned.data[0].event, -1);
	hwp_findings_destroy(f);
}

/** Who wrote a line: the kernel (facility 0), in which task or on which CPU; or a process. */
static void log_writers(void **state)
{
#define FAILURE "Memory failure: 0x1234: recovery action for huge page: Ignored\n"
	struct hwp_findings *f = with_log(
		"<6>[    1.500000] first\n"
		"<3>[    2.000000][  T118] " FAILURE "<7>[    3.000000][    C2] " FAILURE
		"<8>[    4.000000] " FAILURE "<14>[    5.000000][  T119] " FAILURE);
#undef FAILURE

	(void)state;
	assert_int_equal(f->log.first_ns, UINT64_C(1500000000));
	assert_int_equal(f->events.nr, 2);
	assert_int_equal(f->events.data[0].caller_pid, 118);
	assert_int_equal(f->events.data[0].caller_cpu, -1);
	assert_int_equal(f->events.data[1].caller_pid, -1);
	assert_int_equal(f->events.data[1].caller_cpu, 2);
	assert_int_equal(f->log.nr_user_lines, 2);
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(whole),
		cmocka_unit_test(memory_failure),
		cmocka_unit_test(hugetlb),
		cmocka_unit_test(hugetlb_own_flags),
		cmocka_unit_test(too_many),
		cmocka_unit_test(closed),
		cmocka_unit_test(log_lines),
		cmocka_unit_test(log_writers),
	};

	return cmocka_run_group_tests_name("kpageflags", tests, NULL, NULL);
}
