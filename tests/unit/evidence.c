// SPDX-License-Identifier: GPL-2.0-or-later
/** Every state comes with sentences, and they say the facts that led to it. */
#include "findings_synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "verdict/classify.h"

struct sentences {
	char text[2048];
	int nr;
};

static void remember(void *arg, const char *sentence)
{
	struct sentences *t = arg;

	assert_true(sentence[0]);
	assert_null(strchr(sentence, '\n'));
	assert_true(strlen(t->text) + strlen(sentence) + 2 < sizeof(t->text));
	strcat(t->text, sentence);
	strcat(t->text, "\n");
	t->nr++;
}

/** What is said of @p page when it is in @p want. */
static struct sentences evidence_of(struct hwp_poisoned page, enum hwp_state want)
{
	struct hwp_findings *f = clean_findings();
	struct sentences t = {};

	add_poisoned(f, page);
	assert_null(hwp_classify(f));
	assert_string_equal(hwp_state_name(f->poisoned.data[0].state), hwp_state_name(want));
	hwp_evidence(f, &f->poisoned.data[0], remember, &t);
	assert_true(t.nr > 0);
	hwp_findings_destroy(f);
	return t;
}

static void assert_says(const struct sentences *t, const char *what)
{
	if (!strstr(t->text, what))
		fail_msg("\"%s\" is not said:\n%s", what, t->text);
}

static struct hwp_poisoned bare(int32_t refcount)
{
	struct hwp_poisoned p = isolated_page(0x20d);

	p.page.mapping = 0;
	p.page.refcount = refcount;
	p.bits = HWP_BIT_HWPOISON;
	return p;
}

static void free_block(void **state)
{
	struct hwp_poisoned p = bare(0);
	struct sentences t;

	(void)state;
	p.by_list = (struct hwp_block){ 0x200, HWP_FREE_AREA, 9, 1, -1, 0 };
	t = evidence_of(p, HWP_STATE_BUDDY);
	assert_says(&t, "page 13 of 512");
	assert_says(&t, "0x200");
	assert_says(&t, "order 9");
	assert_says(&t, "Movable");
	/* 15 has no name, and there are no more than 16. */
	for (p.by_list.migratetype = 15; p.by_list.migratetype < 18; p.by_list.migratetype++) {
		t = evidence_of(p, HWP_STATE_BUDDY);
		assert_says(&t, "0x200, order 9\n");
	}
	p.by_list.migratetype = 1;
	p.by_list.container = HWP_PCP_LIST;
	p.by_list.cpu = 3;
	t = evidence_of(p, HWP_STATE_PCP);
	assert_says(&t, "CPU 3");
	/* A block that no list holds is worth a word. */
	p.by_page = (struct hwp_block){ 0x200, HWP_FREE_AREA, 9, -1, -1, 0 };
	p.by_list = (struct hwp_block){ .order = -1 };
	t = evidence_of(p, HWP_STATE_UNKNOWN);
	assert_says(&t, "no list of its zone holds that block, though all were walked");
	p.zone = -1;
	t = evidence_of(p, HWP_STATE_BUDDY);
	assert_says(&t, "no walked list");
}

static void free_by_type(void **state)
{
	struct hwp_poisoned p = bare(0);

	(void)state;
	p.page.type = HWP_TYPE_BUDDY;
	p.page.type_word = 0xf0000000;
	p.page.private = 77;
	evidence_of(p, HWP_STATE_BUDDY);
}

static void order_0(void **state)
{
	struct hwp_poisoned p = bare(1);
	struct sentences t;

	(void)state;
	p.page.private = HWP_MAGIC_HWPOISON;
	t = evidence_of(p, HWP_STATE_TAKEN_OFF);
	assert_says(&t, "MAGIC_HWPOISON");
	t = evidence_of(isolated_page(0x20d), HWP_STATE_ISOLATED);
	assert_says(&t, "refcount 1");
	assert_says(&t, "anonymous");
	t = evidence_of(bare(0), HWP_STATE_ISOLATED);
	assert_says(&t, "refcount 0");
	p = isolated_page(0x20d);
	p.page.nr_mapped = 2;
	t = evidence_of(p, HWP_STATE_IN_USE);
	assert_says(&t, "mapped 2 times");
}

static void lost_block(void **state)
{
	struct hwp_poisoned p = bare(0);
	struct sentences t;

	(void)state;
	p.is_stranded = true;
	p.stranded_pfn = 0x200;
	p.stranded_order = 9;
	p.nr_stranded_healthy = 511;
	t = evidence_of(p, HWP_STATE_DROPPED);
	assert_says(&t, "511");
	assert_says(&t, "0x200");
}

static void hugetlb(void **state)
{
	struct hwp_poisoned p = bare(0);
	struct sentences t;

	(void)state;
	p.folio = (struct hwp_folio_facts){ .kind = HWP_FOLIO_HUGETLB,
					    .head_pfn = 0x200,
					    .order = 9,
					    .head = { .type = HWP_TYPE_HUGETLB },
					    .in_pool = true,
					    .raw_list_readable = true };
	p.is_raw = true;
	t = evidence_of(p, HWP_STATE_HUGETLB);
	assert_says(&t, "raw_hwp_list");
	assert_says(&t, "pool");
	p.is_raw = false;
	p.pfn = 0x200;
	p.raw_page_unknown = p.folio.raw_unreliable = true;
	t = evidence_of(p, HWP_STATE_HUGETLB);
	assert_says(&t, "raw_hwp_unreliable");
	assert_says(&t, "512");
}

/** As /proc/kpageflags shows it: no struct page was read, so none is spoken of. */
static struct hwp_poisoned shown(enum hwp_page_kind kind, bool is_compound)
{
	return (struct hwp_poisoned){
		.pfn = 0x20d,
		.zone = -1,
		.was_read = true,
		.is_shown = true,
		.shown = kind,
		.raw_page_unknown = kind == HWP_PAGE_HUGETLB,
		.bits = HWP_BIT_HWPOISON | (is_compound ? HWP_BIT_HEAD : 0),
		.folio.order = -1,
		.by_page.order = -1,
		.by_list.order = -1,
		.event = -1,
	};
}

static void by_kpageflags(void **state)
{
	static const struct {
		enum hwp_page_kind kind;
		bool is_compound;
		enum hwp_state want;
		const char *says;
	} rows[] = {
		{ HWP_PAGE_BUDDY, false, HWP_STATE_BUDDY, "in a free block" },
		{ HWP_PAGE_OFFLINE, false, HWP_STATE_OFFLINE, "offline" },
		{ HWP_PAGE_TABLE, false, HWP_STATE_PGTABLE, "a page table" },
		{ HWP_PAGE_SLAB, true, HWP_STATE_SLAB, "slab memory, part of a compound page" },
		{ HWP_PAGE_RESERVED, false, HWP_STATE_RESERVED, "reserved" },
		{ HWP_PAGE_USER, false, HWP_STATE_IN_USE,
		  "mapped, anonymous or in the page cache" },
		{ HWP_PAGE_USER, true, HWP_STATE_LARGE_FOLIO,
		  "mapped, anonymous or in the page cache, part of a compound page" },
		{ HWP_PAGE_UNMARKED, false, HWP_STATE_UNKNOWN, "no mark shows its use" },
		{ HWP_PAGE_UNMARKED, true, HWP_STATE_KERNEL,
		  "no mark shows its use, part of a compound page" },
	};
	struct hwp_poisoned p = shown(HWP_PAGE_BUDDY, false);
	struct sentences t;

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		char want[128];

		t = evidence_of(shown(rows[i].kind, rows[i].is_compound), rows[i].want);
		snprintf(want, sizeof(want), "/proc/kpageflags: %s\n", rows[i].says);
		assert_string_equal(t.text, want);
	}
	t = evidence_of(shown(HWP_PAGE_HUGETLB, true), HWP_STATE_HUGETLB);
	assert_string_equal(t.text, "/proc/kpageflags: HugeTLB, part of a compound page\n"
				    "any page of the HugeTLB folio may be bad: its flag is shown "
				    "on all of them\n");
	p.unconfirmed = true;
	t = evidence_of(p, HWP_STATE_BUDDY);
	assert_says(&t, "look again\n/proc/kpageflags: in a free block\n");
}

static void every_other_state(void **state)
{
	struct hwp_poisoned p = bare(1);
	struct sentences t;

	(void)state;
	p.bits |= HWP_BIT_RESERVED;
	t = evidence_of(p, HWP_STATE_RESERVED);
	assert_says(&t, "PG_reserved");
	evidence_of(bare(1), HWP_STATE_KERNEL);
	for (int type = 0; type < HWP_NR_TYPES; type++) {
		struct hwp_findings *f = clean_findings();
		struct sentences all = {};

		p = bare(1);
		p.page.type = type;
		add_poisoned(f, p);
		assert_null(hwp_classify(f));
		hwp_evidence(f, &f->poisoned.data[0], remember, &all);
		print_message("# type %d: %s", type, all.text);
		assert_true(all.nr > 0);
		hwp_findings_destroy(f);
	}
	p = bare(0);
	p.section_offline = true;
	t = evidence_of(p, HWP_STATE_OFFLINE);
	assert_says(&t, "offline");
	p = bare(0);
	p.zone_is_device = true;
	evidence_of(p, HWP_STATE_DEVICE);
	p.folio = (struct hwp_folio_facts){ .kind = HWP_FOLIO_DEVICE,
					    .head_pfn = p.pfn,
					    .order = 9 };
	t = evidence_of(p, HWP_STATE_DEVICE);
	assert_says(&t, "any page of which may be the bad one: the log names none");
	p.is_named_by_log = true;
	t = evidence_of(p, HWP_STATE_DEVICE);
	assert_says(&t, "is flagged, and the log names this page");
	p = bare(0);
	p.was_read = false;
	t = evidence_of(p, HWP_STATE_UNKNOWN);
	assert_says(&t, "could not be read");
	p = bare(0);
	p.has_holder = true;
	p.holder_pfn = 0x20c;
	p.holder_order = 1;
	t = evidence_of(p, HWP_STATE_KERNEL);
	assert_says(&t, "0x20c");
}

static void proof_and_log(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned p = bare(0);
	struct sentences t = {};

	(void)state;
	p.folio = (struct hwp_folio_facts){ .kind = HWP_FOLIO_LARGE,
					    .head_pfn = 0x200,
					    .order = 9,
					    .head = { .refcount = 1, .type = HWP_TYPE_NONE } };
	add_action(f, add_poisoned(f, p), "free buddy page", "Failed");
	assert_null(hwp_classify(f));
	assert_int_equal(f->poisoned.data[0].state, HWP_STATE_REUSED);
	hwp_evidence(f, &f->poisoned.data[0], remember, &t);
	assert_says(&t, "allocated again");
	assert_says(&t, "order 9");
	assert_says(&t, "log: recovery action for free buddy page: Failed");
	hwp_findings_destroy(f);
}

/* What page_owner has, whatever members its kernel records. */
static void page_owner(void **state)
{
	static const struct {
		struct hwp_page_owner record;
		const char *said;
	} rows[] = {
		{ { .found = true,
		    .allocated = true,
		    .order = 9,
		    .pid = 118,
		    .comm = "qemu",
		    .alloc_ns = UINT64_C(12345678901),
		    .free_ns = 5,
		    .free_pid = 43 },
		  "page_owner: allocated at 12.345678 s by pid 118 (qemu), order 9, after the error\n" },
		{ { .found = true,
		    .allocated = true,
		    .order = 0,
		    .pid = 118,
		    .migrated = true,
		    .alloc_ns = 1000 },
		  "page_owner: allocated at 0.000001 s by pid 118, order 0, before the error; migrated "
		  "here, and its time with it\n" },
		{ { .found = true,
		    .order = 3,
		    .pid = 118,
		    .comm = "qemu",
		    .free_pid = 43,
		    .alloc_ns = UINT64_C(9000000000),
		    .free_ns = UINT64_C(13000000000) },
		  "page_owner: freed at 13.000000 s by pid 43; before that, allocated at 9.000000 s by pid "
		  "118 (qemu), order 3, before the error\n" },
		/* v5.4 knows the order alone. */
		{ { .found = true, .allocated = true, .order = 2, .pid = -1, .free_pid = -1 },
		  "page_owner: allocated, order 2\n" },
		{ { .found = true, .order = -1, .pid = -1, .free_pid = -1 },
		  "page_owner: freed; before that, allocated\n" },
		{ { .unreadable = true }, "page_owner: its record could not be read\n" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = clean_findings();
		struct hwp_poisoned *p = add_poisoned(f, isolated_page(0x20d));
		struct sentences t = {};

		add_action(f, p, "clean LRU page", "Recovered");
		f->events.data[0].time_ns = UINT64_C(10000000000);
		p->page_owner = rows[i].record;
		p->state = HWP_STATE_ISOLATED;
		hwp_evidence(f, p, remember, &t);
		assert_says(&t, rows[i].said);
		p->page_owner = (struct hwp_page_owner){};
		t = (struct sentences){};
		hwp_evidence(f, p, remember, &t);
		assert_null(strstr(t.text, "page_owner"));
		hwp_findings_destroy(f);
	}
}

/* The words of the contract: one for each value, none twice. */
static void words(void **state)
{
	(void)state;
	for (int i = 0; i < HWP_NR_STATES; i++) {
		assert_non_null(hwp_state_name((enum hwp_state)i));
		assert_true(hwp_state_class((enum hwp_state)i) < HWP_NR_CLASSES);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(hwp_state_name((enum hwp_state)i),
						hwp_state_name((enum hwp_state)j));
	}
	for (int i = 0; i < HWP_NR_CLASSES; i++)
		assert_non_null(hwp_class_name((enum hwp_class)i));
	assert_int_equal(hwp_state_class(HWP_STATE_DROPPED), HWP_CLASS_LOST);
	assert_int_equal(hwp_state_class(HWP_STATE_REUSED), HWP_CLASS_LEAKED);
	assert_int_equal(hwp_state_class(HWP_STATE_ISOLATED), HWP_CLASS_CONTAINED);
	for (int i = 0; i < HWP_NR_VERDICTS; i++) {
		static const int statuses[HWP_NR_VERDICTS] = { 1, 1, 1, 2, 0, 0 };

		assert_int_equal(hwp_verdict_exit_status((enum hwp_verdict)i), statuses[i]);
	}
}

/* A damaged kernel cannot fill the report with troubles, or hide a hole by many. */
static void troubles_are_bounded(void **state)
{
	struct hwp_findings *f = clean_findings();
	uint64_t holes = 0;

	(void)state;
	for (int i = 0; i < 100000; i++)
		assert_true(hwp_findings_contradiction(f, "trouble %d", i));
	assert_true(f->troubles.nr < 1000);
	assert_true(hwp_findings_hole(f, HWP_HOLE_FREE_LIST, "%0500d", 0));
	for (size_t i = 0; i < f->troubles.nr; i++)
		holes += f->troubles.data[i].kind == HWP_TROUBLE_HOLE;
	assert_int_equal(holes, 1);
	/* One of each kind is kept. */
	assert_true(hwp_findings_hole(f, HWP_HOLE_FREE_LIST, "again"));
	assert_true(hwp_findings_hole(f, HWP_HOLE_LOG, "the log"));
	assert_int_equal(f->troubles.data[f->troubles.nr - 1].hole, HWP_HOLE_LOG);
	assert_int_equal(f->troubles.data[f->troubles.nr - 2].hole, HWP_HOLE_FREE_LIST);
	hwp_findings_destroy(f);
}

static void owner_of_a_file(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_file file = { .inode = 12,
				 .filesystem = "ext4",
				 .device = "vda1",
				 .path = "/srv/x",
				 .is_mounted = true };
	struct hwp_poisoned p = isolated_page(0x20d);
	struct sentences t = {};

	(void)state;
	p.page.mapping = 0xff11000101110e00;
	p.owner = (struct hwp_owner){ .has_file = true, .saw_all_mappers = true };
	if (!hwp_vec_push(&f->files, file))
		abort();
	add_poisoned(f, p);
	assert_null(hwp_classify(f));
	hwp_evidence(f, &f->poisoned.data[0], remember, &t);
	assert_says(&t, "file: /srv/x, inode 12 of ext4 vda1\n");
	assert_says(&t, "no process maps that part");
	f->files.data[0].is_mounted = false;
	f->files.data[0].is_deleted = true;
	f->poisoned.data[0].owner = (struct hwp_owner){ .found = true,
							.pid = 7,
							.comm = "qemu",
							.has_file = true,
							.saw_all_mappers = true,
							.nr_mappers = 3 };
	t = (struct sentences){};
	hwp_evidence(f, &f->poisoned.data[0], remember, &t);
	assert_says(&t, "file: /srv/x (deleted), inode 12 of ext4 vda1, a path inside that");
	assert_says(&t, "that part of the file is mapped by qemu, pid 7, and 2 other processes");
	f->files.data[0].path[0] = '\0';
	f->poisoned.data[0].owner.saw_all_mappers = false;
	f->poisoned.data[0].owner.nr_mappers = 1;
	t = (struct sentences){};
	hwp_evidence(f, &f->poisoned.data[0], remember, &t);
	assert_says(&t, "file: inode 12 of ext4 vda1 (deleted), no name of it in memory");
	assert_says(&t, "that part of the file is mapped by qemu, pid 7, and perhaps by more");
	memset(f->files.data[0].path, 'x', sizeof(file.path) - 1);
	t = (struct sentences){};
	hwp_evidence(f, &f->poisoned.data[0], remember, &t);
	assert_says(&t, "inode 12 of ext4 vda1");
	hwp_findings_destroy(f);
}

/* A block that the allocator dropped: what is not known of it comes with the reason. */
static void dropped(void **state)
{
	static const struct {
		bool allocated, log_lost;
		const char *words;
	} rows[] = {
		{ false, false, NULL },
		{ true, false, "it was not in free memory since its error: by page_owner it was" },
		{ false, true,
		  "whether it was in free memory since its error is not known: the log, which" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = clean_findings();
		struct hwp_poisoned page = bare(0);
		struct sentences t = {};

		page.is_stranded = true;
		page.stranded_pfn = 0x200;
		page.stranded_order = 9;
		page.nr_stranded_healthy = 511;
		page.page_owner = (struct hwp_page_owner){ .found = rows[i].allocated,
							   .allocated = rows[i].allocated,
							   .order = 9,
							   .alloc_ns = 1 };
		f->kernel.check_pages = HWP_ON;
		if (rows[i].log_lost)
			f->log.state = HWP_LOG_LOST;
		add_action(f, add_poisoned(f, page), "high-order kernel page", "Ignored");
		f->events.data[0].time_ns = 2;
		judge_findings(f);
		assert_int_equal(f->poisoned.data[0].state, HWP_STATE_DROPPED);
		hwp_evidence(f, &f->poisoned.data[0], remember, &t);
		if (rows[i].words)
			assert_says(&t, rows[i].words);
		else
			assert_null(strstr(t.text, "since its error"));
		hwp_findings_destroy(f);
	}
}

/* Whether a page that is free now got there with a folio, or was there before its error. */
static void left_free(void **state)
{
	static const struct {
		const char *type, *result;
		bool says;
	} rows[] = {
		{ "free buddy page", "Delayed", true },
		{ "free buddy page", "Recovered", false },
		{ "unsplit thp", "Delayed", false },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = clean_findings();
		struct hwp_poisoned page = bare(0);
		struct sentences t = {};

		page.by_list = (struct hwp_block){ .container = HWP_FREE_AREA };
		add_action(f, add_poisoned(f, page), rows[i].type, rows[i].result);
		judge_findings(f);
		assert_int_equal(f->poisoned.data[0].state, HWP_STATE_BUDDY);
		hwp_evidence(f, &f->poisoned.data[0], remember, &t);
		assert_int_equal(strstr(t.text, "this kernel leaves such a page") != NULL,
				 rows[i].says);
		hwp_findings_destroy(f);
	}
}

/* A folio whose tails had references as it was freed. */
static void refused(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned page = bare(1);
	struct sentences t = {};

	(void)state;
	page.is_stranded = page.stranded_is_refused = true;
	page.stranded_pfn = 0x40000;
	page.stranded_order = 18;
	page.nr_stranded_healthy = 262143;
	f->kernel.check_pages = HWP_ON;
	add_poisoned(f, page);
	judge_findings(f);
	hwp_evidence(f, &f->poisoned.data[0], remember, &t);
	assert_says(&t, "refcount 1, on no free list, not compound");
	assert_says(&t, "the allocator refused all of its folio at 0x40000, order 18");
	assert_says(&t, "262143 healthy pages lost with it");
	assert_says(&t, "none of it was free");
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owner_of_a_file),
		cmocka_unit_test(free_block),
		cmocka_unit_test(free_by_type),
		cmocka_unit_test(order_0),
		cmocka_unit_test(lost_block),
		cmocka_unit_test(hugetlb),
		cmocka_unit_test(every_other_state),
		cmocka_unit_test(proof_and_log),
		cmocka_unit_test(page_owner),
		cmocka_unit_test(words),
		cmocka_unit_test(troubles_are_bounded),
		cmocka_unit_test(by_kpageflags),
		cmocka_unit_test(dropped),
		cmocka_unit_test(left_free),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
