// SPDX-License-Identifier: GPL-2.0-or-later
/** What `folio` and `events` say of folios and logs of every kind. */
#include "findings_synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "report/report.h"
#include "verdict/check.h"
#include "verdict/classify.h"
#include "facts/pages/extent.h"
#include "verdict/outcome.h"

static char *text;

/** The report on one line, each run of white space being one space. */
static const char *report(struct hwp_error *(*fn)(FILE *, const struct hwp_findings *,
						  const struct hwp_report_style *),
			  const struct hwp_findings *f)
{
	const struct hwp_report_style ascii = {};
	size_t size;
	char *to;
	FILE *out;

	free(text);
	out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_null(fn(out, f, &ascii));
	fclose(out);
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		assert_true(strcspn(line, "\n") <= 80);
	to = text;
	for (const char *s = text; *s; s++) {
		bool is_space = *s == ' ' || *s == '\n';

		if (!is_space || (to > text && to[-1] != ' '))
			*to++ = is_space ? ' ' : *s;
	}
	*to = '\0';
	return text;
}

static void assert_says(const char *words)
{
	if (!strstr(text, words))
		fail_msg("'%s' is not in: %s", words, text);
}

/** Page 5 of a folio of 2^order pages at 0x40000. */
static struct hwp_poisoned page_of(enum hwp_folio_kind kind, int order)
{
	struct hwp_poisoned p = isolated_page(0x40005);

	p.page.is_tail = true;
	p.page.refcount = 0;
	p.page.mapping = 0;
	p.folio = (struct hwp_folio_facts){ .kind = kind,
					    .head_pfn = 0x40000,
					    .order = order,
					    .head = { .refcount = 1, .type = HWP_TYPE_NONE },
					    .head_bits = HWP_BIT_HEAD };
	return p;
}

/** All pages in one run but for the poisoned. */
static void observe(struct hwp_findings *f, enum hwp_run_state state)
{
	struct hwp_folio *folio = &f->folios.data[0];
	struct hwp_run run = { folio->head_pfn, 5, state, -1, -1, false };
	struct hwp_run bad = { folio->head_pfn + 5, 1, state, -1, -1, true };
	struct hwp_run rest = {
		folio->head_pfn + 6, (UINT64_C(1) << folio->order) - 6, state, -1, -1, false
	};

	if (!hwp_vec_push(&f->runs, run) || !hwp_vec_push(&f->runs, bad) ||
	    !hwp_vec_push(&f->runs, rest))
		abort();
	folio->first_run = 0;
	folio->nr_runs = 3;
}

static void conclude(struct hwp_findings *f, enum hwp_run_state state)
{
	const struct hwp_extent_orders hugetlb = { { 9, 18 }, 2 };

	f->pmd_order = 9;
	f->subject.asked = true;
	f->subject.page = f->poisoned.data[0];
	assert_null(hwp_extents_find(f, &hugetlb));
	assert_int_equal(f->folios.nr, 1);
	assert_null(hwp_classify(f));
	assert_null(hwp_outcome_expect(f));
	observe(f, state);
	hwp_outcome_judge(f);
	assert_null(hwp_check_run(f));
	report(hwp_report_folio, f);
}

static void thp(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned p = page_of(HWP_FOLIO_LARGE, 9);

	(void)state;
	p.folio.can_have_hwpoisoned = p.folio.has_hwpoisoned = true;
	f->kernel.check_pages = HWP_ON;
	f->kernel.check_pages_is_switch = true;
	add_poisoned(f, p);
	conclude(f, HWP_RUN_ALLOCATED);
	assert_says("Folio 0x40000-0x40200, order 9: 512 pages, 2.00 MiB");
	assert_says("Kind thp");
	assert_says("PG_has_hwpoisoned is set, and 1 of its pages is poisoned");
	assert_says("Sum 511 healthy + 1 poisoned = 512 = 2^9");
	assert_says("Outcome would-leak");
	assert_says("this kernel frees it whole, as 1 block of order 9");
	assert_says("then drops each block");
	assert_says("frees 9 blocks with 511 healthy pages, 1.99 MiB, and withholds 1 bad one, "
		    "4 KiB");
	assert_says("511 healthy allocated + 1 poisoned allocated = 512 = 2^9");
	hwp_findings_destroy(f);
}

static void thp_on_a_fixed_kernel(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned p = page_of(HWP_FOLIO_LARGE, 9);

	(void)state;
	p.folio.can_have_hwpoisoned = p.folio.has_hwpoisoned = true;
	f->kernel.fix = HWP_FIX_PRESENT;
	add_poisoned(f, p);
	conclude(f, HWP_RUN_ALLOCATED);
	assert_says("Outcome would-hold");
	assert_says("this kernel has the fix");
	hwp_findings_destroy(f);
}

static void clear_flag(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned p = page_of(HWP_FOLIO_LARGE, 4);

	(void)state;
	p.folio.can_have_hwpoisoned = true;
	f->kernel.fix = HWP_FIX_PRESENT;
	add_poisoned(f, p);
	conclude(f, HWP_RUN_ALLOCATED);
	assert_says("PG_has_hwpoisoned is clear, but 1 of its pages is poisoned");
	assert_says("frees it whole as well");
	hwp_findings_destroy(f);
}

static void slab(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned p = page_of(HWP_FOLIO_SLAB, 3);

	(void)state;
	p.folio.head.type = HWP_TYPE_SLAB;
	add_poisoned(f, p);
	conclude(f, HWP_RUN_ALLOCATED);
	assert_says("none: memory of the kernel has no PG_has_hwpoisoned");
	assert_says("frees it whole as well");
	hwp_findings_destroy(f);
}

static void hugetlb(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned p = page_of(HWP_FOLIO_HUGETLB, 18);

	(void)state;
	p.is_raw = p.folio.raw_list_readable = p.folio.in_pool = p.folio.vmemmap_optimized = true;
	p.folio.nr_raw = 1;
	f->kernel.fix = HWP_FIX_UNKNOWN;
	f->kernel.frees_gigantic_whole = true;
	add_poisoned(f, p);
	conclude(f, HWP_RUN_ALLOCATED);
	assert_says("Pool free in the HugeTLB pool; its vmemmap is optimised");
	assert_says("raw_hwp_list names 1 page; 1 found");
	assert_says("unless it has the fix, which is unknown, this kernel frees it whole, as 256 "
		    "blocks of order 10");
	assert_says("1024.00 MiB");
	hwp_findings_destroy(f);
	f = clean_findings();
	add_poisoned(f, p);
	conclude(f, HWP_RUN_ALLOCATED);
	assert_says("this kernel frees its pages one by one");
	hwp_findings_destroy(f);
}

static void unreliable(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned p = page_of(HWP_FOLIO_HUGETLB, 9);

	(void)state;
	p.raw_page_unknown = p.folio.raw_unreliable = true;
	add_poisoned(f, p);
	conclude(f, HWP_RUN_ALLOCATED);
	assert_says("raw_hwp_unreliable is set: any page may be bad");
	assert_says("Freed never");
	assert_null(strstr(text, "Healthy ranges"));
	assert_null(strstr(text, "Map of what is expected"));
	hwp_findings_destroy(f);
	/* Nor does a list that is empty show it. */
	f = clean_findings();
	p.folio.raw_unreliable = false;
	add_poisoned(f, p);
	conclude(f, HWP_RUN_ALLOCATED);
	assert_says("no record shows which pages are bad");
	hwp_findings_destroy(f);
}

static struct hwp_findings *freed_thp(enum hwp_run_state state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned p = isolated_page(0x40005), *added;

	p.page.refcount = state == HWP_RUN_LOST ? 0 : 1;
	p.is_stranded = state == HWP_RUN_LOST;
	p.stranded_pfn = 0x40000;
	p.stranded_order = 9;
	p.nr_stranded_healthy = 511;
	p.was_free = state == HWP_RUN_LOST ? HWP_ANSWER_YES : HWP_ANSWER_UNKNOWN;
	added = add_poisoned(f, p);
	add_action(f, added, "unsplit thp", "Failed");
	conclude(f, state);
	return f;
}

static void freed(void **state)
{
	struct hwp_findings *f = freed_thp(HWP_RUN_LOST);

	(void)state;
	assert_says("Kind freed: known by the kernel log");
	assert_says("Outcome leaked");
	assert_says("Lost 511 healthy pages, 1.99 MiB, on no list and in no use");
	assert_says("Freed a poisoned page of it is in free memory, is in use again, or was thrown "
		    "away");
	assert_says("would have freed 9 blocks");
	hwp_findings_destroy(f);
	f = freed_thp(HWP_RUN_ALLOCATED);
	/* Its page is apart, with the marks of an anonymous page. */
	assert_says("Outcome split");
	assert_says("Freed its pages were apart when they were freed: it was split");
	hwp_findings_destroy(f);
}

/** A page that the log calls @p type, and whose folio is gone; the zone ends at @p end_pfn. */
static struct hwp_findings *gone(const char *type, bool is_free, bool frees_whole, uint64_t end_pfn)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned p = isolated_page(0x40005), *added;

	if (is_free)
		p.by_list = (struct hwp_block){ .head_pfn = 0x40000,
						.container = HWP_FREE_AREA,
						.order = 9,
						.migratetype = 1,
						.cpu = -1 };
	f->zones.data[0].end_pfn = end_pfn;
	f->kernel.frees_gigantic_whole = frees_whole;
	added = add_poisoned(f, p);
	add_action(f, added, type, "Failed");
	conclude(f, is_free ? HWP_RUN_BUDDY : HWP_RUN_ALLOCATED);
	return f;
}

/* The log names HugeTLB pages of 2 MiB and 1 GiB alike; what excludes one is reported. */
static void of_which_size(void **state)
{
	static const struct {
		const char *type;
		bool is_free, frees_whole;
		uint64_t zone_end_pfn;
		int order, max_order;
	} rows[] = {
		{ "huge page", true, true, 0x80000, 9, 18 },
		{ "free huge page", false, true, 0x80000, 9, 18 },
		/* 1 GiB does not fit into the zone. */
		{ "huge page", true, true, 0x7ffff, 9, 9 },
		/* Freed page by page none of it would have leaked. */
		{ "huge page", true, false, 0x80000, 9, 9 },
		{ "huge page", false, false, 0x80000, 9, 18 },
		{ "non-pmd-sized huge page", false, false, 0x80000, 18, 18 },
		{ "unsplit thp", true, true, 0x80000, 9, 9 },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = gone(rows[i].type, rows[i].is_free, rows[i].frees_whole,
					      rows[i].zone_end_pfn);

		print_message("# %zu\n", i);
		assert_int_equal(f->folios.data[0].order, rows[i].order);
		assert_int_equal(f->folios.data[0].max_order, rows[i].max_order);
		if (rows[i].max_order > rows[i].order)
			assert_says("if it was 1024.00 MiB, use --range 0x40000-0x80000");
		else
			assert_null(strstr(text, "or larger"));
		report(hwp_report_check, f);
		if (rows[i].max_order > rows[i].order)
			assert_says("0x40000/9+ freed");
		else
			assert_null(strstr(text, "marked +"));
		hwp_findings_destroy(f);
	}
}

static void sum_that_is_none(void **state)
{
	struct hwp_findings *f = freed_thp(HWP_RUN_ALLOCATED);

	(void)state;
	f->runs.data[2].nr_pages--;
	report(hwp_report_folio, f);
	assert_says("= 511 which is not 2^9");
	hwp_findings_destroy(f);
}

static void range(void **state)
{
	struct hwp_findings *f = clean_findings();
	const struct hwp_extent_orders none = {};
	struct hwp_error *err;

	(void)state;
	add_poisoned(f, page_of(HWP_FOLIO_LARGE, 4));
	assert_null(hwp_extents_set_range(f, 0x40000, 0x40200));
	assert_null(hwp_extents_find(f, &none));
	/* The larger one was there before. */
	assert_int_equal(f->folios.nr, 1);
	assert_int_equal(f->folios.data[0].order, 9);
	assert_int_equal(f->folios.data[0].source, HWP_SOURCE_RANGE);
	assert_ptr_equal(hwp_findings_folio_at(f, 0x401ff), &f->folios.data[0]);
	assert_null(hwp_findings_folio_at(f, 0x3ffff));
	assert_null(hwp_findings_folio_at(f, 0x40200));
	f->folios.nr = 0;
	assert_null(hwp_extents_set_range(f, 0x40000, 0x40010));
	err = hwp_extents_find(f, &none);
	assert_non_null(err);
	assert_non_null(strstr(err->message, "exists"));
	hwp_error_destroy(err);
	f->folios.nr = 0;
	assert_null(hwp_extents_set_range(f, 0x40006, 0x40007));
	err = hwp_extents_find(f, &none);
	assert_non_null(err);
	assert_non_null(strstr(err->message, "no poisoned page"));
	hwp_error_destroy(err);
	err = hwp_extents_set_range(f, 0x40001, 0x40003);
	assert_non_null(err);
	assert_non_null(strstr(err->message, "as 0x40000-0x40004"));
	hwp_error_destroy(err);
	err = hwp_extents_set_range(f, 0, UINT64_MAX);
	assert_non_null(err);
	hwp_error_destroy(err);
	err = hwp_extents_set_range(f, 5, 5);
	assert_non_null(err);
	hwp_error_destroy(err);
	hwp_findings_destroy(f);
}

static void add_line(struct hwp_findings *f, enum hwp_event_kind kind, uint64_t pfn,
		     const char *line)
{
	struct hwp_event e = { .pfn = pfn, .kind = kind, .pid = -1, .time_ns = 1234567890123 };

	snprintf(e.text, sizeof(e.text), "%s", line);
	if (!hwp_vec_push(&f->events, e))
		abort();
}

static void lines_of_the_log(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned *p = add_poisoned(f, isolated_page(0x1234));

	(void)state;
	f->path = strdup("vmcore");
	add_action(f, p, "dirty LRU page", "Recovered");
	add_line(f, HWP_EVENT_OTHER, 0x99, "Memory failure: 0x99: unhandlable page.");
	add_line(f, HWP_EVENT_MACHINE_CHECK, 0x99, "Uncorrected hardware memory error at 99000");
	add_line(f, HWP_EVENT_UNPOISON, 0x99, "Unpoison: Software-unpoisoned page 0x99");
	add_line(f, HWP_EVENT_SOFT_OFFLINE, 0x99, "soft offline: 0x99: thp split failed");
	add_line(f, HWP_EVENT_OTHER, 0x99, "");
	assert_null(hwp_classify(f));
	assert_null(hwp_check_run(f));
	report(hwp_report_events, f);
	assert_says("Log complete");
	assert_says("0.000000 0x1234 isolated Recovered dirty LRU page");
	assert_says("1234.567890 0x99 unmarked - unhandlable page.");
	assert_says("unmarked - Uncorrected hardware memory error at 99000");
	assert_says("unmarked - unpoisoned");
	assert_says("unmarked - soft offline: thp split failed");
	assert_null(strstr(text, "Unlogged"));
	f->log.state = HWP_LOG_WRAPPED;
	f->coverage.nr_read--;
	f->poisoned.data[0].event = -1;
	f->events.data[0].kind = HWP_EVENT_CORRECTED;
	report(hwp_report_events, f);
	assert_null(strstr(text, "Unlogged"));
	f->events.data[0].pfn = 0x99;
	report(hwp_report_events, f);
	assert_says("Log has lost its beginning");
	assert_says("0x99 unknown - unhandlable page.");
	assert_says("Unlogged 1 poisoned page is in no line of the log that is there; the first is "
		    "0x1234");
	f->log.state = HWP_LOG_COMPLETE;
	report(hwp_report_events, f);
	assert_says("Unlogged 1 poisoned page is in no line of the log; the first is 0x1234");
	f->log.state = HWP_LOG_UNREADABLE;
	f->events.nr = 0;
	report(hwp_report_events, f);
	assert_says("Log could not be read");
	assert_null(strstr(text, "Unlogged"));
	hwp_findings_destroy(f);
}

/** How often a folio is mapped, by the counts that the kernel keeps. */
static void mapped(void **state)
{
	static const struct {
		enum hwp_folio_kind kind;
		struct hwp_mapcounts counts;
		/** NULL: no line. */
		const char *line;
	} rows[] = {
		{ HWP_FOLIO_LARGE, {}, NULL },
		{ HWP_FOLIO_LARGE, { .has_large = true, .large = 3 }, NULL },
		{ HWP_FOLIO_LARGE,
		  { .has_entire = true, .has_large = true, .entire = 1, .large = 1 },
		  "Mapped 1 time as a whole, 1 mapping in all" },
		{ HWP_FOLIO_LARGE,
		  { .has_entire = true, .has_large = true, .entire = 2, .large = 5, .nr_pages = 3 },
		  "Mapped 2 times as a whole, 3 pages one by one, 5 mappings in all" },
		{ HWP_FOLIO_LARGE,
		  { .has_entire = true, .nr_pages = 1, .has_nr_pages = true },
		  "Mapped 0 times as a whole, 1 page one by one" },
		{ HWP_FOLIO_LARGE, { .has_entire = true, .has_large = true }, "Mapped no" },
		{ HWP_FOLIO_LARGE, { .has_entire = true, .has_nr_pages = true }, "Mapped no" },
		{ HWP_FOLIO_HUGETLB, { .has_entire = true }, "Mapped no" },
		/* Its pages may be mapped one by one: nothing counts that. */
		{ HWP_FOLIO_LARGE, { .has_entire = true }, "Mapped 0 times as a whole" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = clean_findings();
		struct hwp_poisoned p = page_of(rows[i].kind, 9);
		char line[128];

		print_message("# row %zu\n", i);
		p.folio.mapped = rows[i].counts;
		add_poisoned(f, p);
		conclude(f, HWP_RUN_ALLOCATED);
		snprintf(line, sizeof(line), "%s %s", rows[i].line ? rows[i].line : "",
			 rows[i].kind == HWP_FOLIO_HUGETLB ? "Pool" : "Record");
		if (rows[i].line)
			assert_says(line);
		else
			assert_null(strstr(text, "Mapped"));
		hwp_findings_destroy(f);
	}
}

static void assert_owner(const struct hwp_file *file, struct hwp_owner owner, const char *lines)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned p = page_of(HWP_FOLIO_LARGE, 9);
	char expected[256];

	if (file)
		assert_true(hwp_vec_push(&f->files, *file));
	owner.has_file = file != NULL;
	p.owner = owner;
	add_poisoned(f, p);
	conclude(f, HWP_RUN_ALLOCATED);
	/* Between the head and the record. */
	snprintf(expected, sizeof(expected), "(head) %s%sRecord", lines, *lines ? " " : "");
	assert_says(expected);
	hwp_findings_destroy(f);
}

static void owners(void **state)
{
	struct hwp_file file = { .inode = 77,
				 .filesystem = "ext4",
				 .device = "vda1",
				 .path = "/srv/data",
				 .is_mounted = true };
	struct hwp_owner owner = { .pid = 127, .comm = "qemu" };

	(void)state;
	assert_owner(NULL, owner, "");
	assert_owner(&file, owner, "File /srv/data, inode 77 of ext4 vda1");
	owner.found = true;
	assert_owner(NULL, owner, "Owner qemu, pid 127");
	owner.task = 0xff11000104a48000;
	owner.mm = 0xff110001021b1900;
	assert_owner(NULL, owner,
		     "Owner qemu, pid 127 Process task 0xff11000104a48000, mm 0xff110001021b1900");
	owner.vma = 0xff110001044c6c40;
	owner.user_address = 0x7f5c00005000;
	assert_owner(NULL, owner,
		     "Owner qemu, pid 127 Process task 0xff11000104a48000, mm 0xff110001021b1900, "
		     "vma 0xff110001044c6c40, user address 0x7f5c00005000");
	owner.task = owner.vma = 0;
	owner.nr_mappers = 1;
	assert_owner(&file, owner,
		     "File /srv/data, inode 77 of ext4 vda1 Mapped by qemu, pid 127, and perhaps "
		     "others");
	owner.saw_all_mappers = true;
	assert_owner(&file, owner, "File /srv/data, inode 77 of ext4 vda1 Mapped by qemu, pid 127");
	owner.nr_mappers = 2;
	assert_owner(&file, owner,
		     "File /srv/data, inode 77 of ext4 vda1 Mapped by qemu, pid 127, and others");
	owner.found = false;
	file.is_mounted = false;
	assert_owner(&file, owner,
		     "File /srv/data, inode 77 of ext4 vda1, a path inside that file system");
	file.is_mounted = true;
	file.is_deleted = true;
	assert_owner(&file, owner, "File /srv/data (deleted), inode 77 of ext4 vda1");
	file.path[0] = '\0';
	assert_owner(&file, owner, "File (deleted), inode 77 of ext4 vda1");
	file.is_deleted = file.is_mounted = false;
	assert_owner(&file, owner, "File inode 77 of ext4 vda1");
	owner.has_offset = true;
	owner.offset = 0x3000;
	assert_owner(&file, owner, "File inode 77 of ext4 vda1, at byte 0x3000");
}

static void no_record(void **state)
{
	struct hwp_findings *f = clean_findings();

	(void)state;
	add_poisoned(f, page_of(HWP_FOLIO_LARGE, 9));
	conclude(f, HWP_RUN_ALLOCATED);
	assert_says("Record none: this kernel has no PG_has_hwpoisoned");
	hwp_findings_destroy(f);
}

static void add_use(struct hwp_findings *f, struct hwp_use use)
{
	assert_true(hwp_vec_push(&f->uses, use));
}

/** Who uses what of a freed folio: a row for each use, in the rows of what is allocated. */
static void uses(void **state)
{
	struct hwp_findings *f = freed_thp(HWP_RUN_ALLOCATED);
	const struct hwp_owner sh = { .found = true, .pid = 9, .comm = "sh" };

	(void)state;
	add_use(f, (struct hwp_use){
			   .pfn = 0x40000, .nr_pages = 3, .kind = HWP_USE_ANONYMOUS, .owner = sh });
	add_use(f, (struct hwp_use){ .pfn = 0x40003,
				     .nr_pages = 2,
				     .kind = HWP_USE_SLAB,
				     .head_pfn = 0x40000,
				     .order = 3 });
	add_use(f, (struct hwp_use){ .pfn = 0x40006, .nr_pages = 506, .kind = HWP_USE_KERNEL });
	report(hwp_report_folio, f);
	assert_says("0x40000 0x40003 3 healthy allocated - anonymous of sh[9] "
		    "0x40003 0x40005 2 healthy allocated - slab, folio 0x40000/3 "
		    "0x40005 0x40006 1 poisoned allocated - "
		    "0x40006 0x40200 506 healthy allocated - kernel ");
	hwp_findings_destroy(f);
}

/** No more than 64 rows; the rest is in JSON. */
static void many_runs(void **state)
{
	struct hwp_findings *f = freed_thp(HWP_RUN_ALLOCATED);
	struct hwp_folio *folio = &f->folios.data[0];

	(void)state;
	for (size_t nr = 64; nr <= 66; nr++) {
		f->runs.nr = 0;
		for (size_t i = 0; i < nr; i++)
			assert_true(hwp_vec_push(&f->runs,
						 ((struct hwp_run){ 0x40000 + i, 1, HWP_RUN_BUDDY,
								    (int)(i % 2), -1, false })));
		folio->nr_runs = nr;
		report(hwp_report_folio, f);
		if (nr == 64)
			assert_null(strstr(text, "--json has them all"));
		else
			assert_says(nr == 65 ? "and 1 more: --json has them all" :
					       "and 2 more: --json has them all");
	}
	hwp_findings_destroy(f);
}

/** Adjacent blocks that are alike share a row. */
static void alike(void **state)
{
	static const struct hwp_run runs[] = {
		{ 0x40000, 1, HWP_RUN_PCP, 0, 1, false },
		{ 0x40001, 1, HWP_RUN_PCP, 0, 1, false },
		{ 0x40002, 1, HWP_RUN_PCP, 0, 2, false },
		{ 0x40003, 1, HWP_RUN_PCP, 0, 2, true },
		{ 0x40004, 2, HWP_RUN_BUDDY, 1, -1, false },
		{ 0x40006, 2, HWP_RUN_BUDDY, 1, -1, false },
		{ 0x40008, 8, HWP_RUN_BUDDY, 3, -1, false },
	};
	struct hwp_findings *f = freed_thp(HWP_RUN_ALLOCATED);

	(void)state;
	f->runs.nr = 0;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(runs); i++)
		assert_true(hwp_vec_push(&f->runs, runs[i]));
	f->folios.data[0].nr_runs = HWP_ARRAY_SIZE(runs);
	report(hwp_report_folio, f);
	assert_says("0x40000 0x40002 2 healthy pcp 0 cpu 1, 2 blocks "
		    "0x40002 0x40003 1 healthy pcp 0 cpu 2 "
		    "0x40003 0x40004 1 poisoned pcp 0 cpu 2 "
		    "0x40004 0x40008 4 healthy buddy 1 2 blocks "
		    "0x40008 0x40010 8 healthy buddy 3 ");
	assert_says("12 healthy buddy + 3 healthy pcp + 1 poisoned pcp = 16 which is not 2^9");
	hwp_findings_destroy(f);
}

/** Numbers of a table stand at the right of their column, words at the left. */
static void columns(void **state)
{
	static const char expected[] = "FIRST    END      PAGES  KIND      STATE      ORDER  WHERE\n"
				       "0x40000  0x40005      5  healthy   allocated      -\n"
				       "0x40005  0x40006      1  poisoned  allocated      -\n"
				       "0x40006  0x40200    506  healthy   allocated      -\n";
	const struct hwp_report_style style = { .width = 100 };
	struct hwp_findings *f = freed_thp(HWP_RUN_ALLOCATED);
	char *raw;
	size_t size;
	FILE *out = open_memstream(&raw, &size);

	(void)state;
	assert_null(hwp_report_folio(out, f, &style));
	fclose(out);
	if (!strstr(raw, expected))
		fail_msg("no\n%s\nin\n%s", expected, raw);
	free(raw);
	hwp_findings_destroy(f);
}

static struct hwp_findings *asked_about(struct hwp_poisoned page)
{
	struct hwp_findings *f = clean_findings();

	f->subject.asked = true;
	f->subject.page = page;
	report(hwp_report_folio, f);
	return f;
}

/** A page that is not poisoned, alone, or in a folio that holds none. */
static void not_poisoned(void **state)
{
	struct hwp_poisoned p = isolated_page(0x40005);
	struct hwp_findings *f;

	(void)state;
	p.struct_page_address = 0xffffea0001000140;
	p.direct_map_address = 0xffff888040005000;
	p.bits = HWP_BIT_UPTODATE | HWP_BIT_SWAPBACKED;
	p.page.nr_mapped = 2;
	p.owner = (struct hwp_owner){ .found = true, .pid = 9, .comm = "sh" };
	f = asked_about(p);
	assert_says("Page 0x40005, physical 0x40005000, node 0 Normal: not poisoned");
	assert_says("Address struct page 0xffffea0001000140, direct map 0xffff888040005000");
	assert_says("Struct refcount 1, mapped 2 times, flags 0x17ffffc022081c (swapbacked "
		    "uptodate)");
	assert_says("Owner sh, pid 9");
	assert_null(strstr(text, "Folio"));
	hwp_findings_destroy(f);

	p = page_of(HWP_FOLIO_HUGETLB, 9);
	p.folio.mapped = (struct hwp_mapcounts){ .has_entire = true, .entire = 1 };
	f = asked_about(p);
	assert_says("Folio 0x40000-0x40200, order 9: 512 pages, 2.00 MiB");
	assert_says("Head refcount 1, flags 0x0 (head)");
	assert_says("Mapped 1 time as a whole Pool in use Poison none in this folio");
	assert_null(strstr(text, "Struct"));
	hwp_findings_destroy(f);

	/* A zone that is not known, and a page that could not be read. */
	p = isolated_page(0x40005);
	p.zone = -1;
	p.was_read = false;
	f = asked_about(p);
	assert_says("Page 0x40005, physical 0x40005000: not poisoned");
	assert_null(strstr(text, "Struct"));
	hwp_findings_destroy(f);
}

/** A poisoned page of no folio that is known. */
static void poisoned_alone(void **state)
{
	struct hwp_findings *f = clean_findings();

	(void)state;
	add_poisoned(f, isolated_page(0x40005));
	f->subject.asked = true;
	f->subject.page = f->poisoned.data[0];
	assert_null(hwp_classify(f));
	report(hwp_report_folio, f);
	assert_says("node 0 Normal: poisoned, isolated (contained)");
	assert_says("Folio none is known to have been here; if you know of one, name its pages "
		    "with --range");
	hwp_findings_destroy(f);
}

static int forget(void **state)
{
	(void)state;
	free(text);
	return 0;
}

/** Where the extent comes from, and what one page in several says of its folio. */
static void known_by(void **state)
{
	static const struct {
		enum hwp_extent_source source;
		const char *sentence;
	} rows[] = {
		{ HWP_SOURCE_FOLIO, "known by its head page" },
		{ HWP_SOURCE_EVENT, "known by the kernel log's record of the page" },
		{ HWP_SOURCE_STRANDED, "known by the neighbours that were dropped with the page" },
		{ HWP_SOURCE_LOST,
		  "known by the kernel log's record of the page, and by pages lost with it" },
		{ HWP_SOURCE_RANGE, "as given by --range" },
	};
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned p = page_of(HWP_FOLIO_LARGE, 9);

	(void)state;
	p.folio.can_have_hwpoisoned = p.folio.has_hwpoisoned = true;
	add_poisoned(f, p);
	conclude(f, HWP_RUN_ALLOCATED);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		f->folios.data[0].source = rows[i].source;
		report(hwp_report_folio, f);
		assert_says(rows[i].sentence);
	}
	f->folios.data[0].nr_poisoned = 2;
	assert_true(hwp_vec_push(&f->poisoned, f->poisoned.data[0]));
	report(hwp_report_folio, f);
	assert_says("PG_has_hwpoisoned is set, and 2 of its pages are poisoned");
	hwp_findings_destroy(f);
}

static void about_to_be_freed(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned p = page_of(HWP_FOLIO_HUGETLB, 9);

	(void)state;
	p.is_raw = p.folio.raw_list_readable = p.folio.being_freed = true;
	add_poisoned(f, p);
	conclude(f, HWP_RUN_ALLOCATED);
	assert_says("Pool no longer in it: on hpage_freelist, about to be freed");
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thp),
		cmocka_unit_test(thp_on_a_fixed_kernel),
		cmocka_unit_test(clear_flag),
		cmocka_unit_test(slab),
		cmocka_unit_test(hugetlb),
		cmocka_unit_test(unreliable),
		cmocka_unit_test(freed),
		cmocka_unit_test(sum_that_is_none),
		cmocka_unit_test(range),
		cmocka_unit_test(lines_of_the_log),
		cmocka_unit_test(of_which_size),
		cmocka_unit_test(mapped),
		cmocka_unit_test(owners),
		cmocka_unit_test(no_record),
		cmocka_unit_test(uses),
		cmocka_unit_test(many_runs),
		cmocka_unit_test(alike),
		cmocka_unit_test(not_poisoned),
		cmocka_unit_test(poisoned_alone),
		cmocka_unit_test(columns),
		cmocka_unit_test(known_by),
		cmocka_unit_test(about_to_be_freed),
	};

	return cmocka_run_group_tests_name("report_folio", tests, NULL, forget);
}
