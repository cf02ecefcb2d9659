// SPDX-License-Identifier: GPL-2.0-or-later
/** Every state of a poisoned page, and what proves that it was used again. */
#include "findings_synth.h"

#include <cmocka.h>
#include <stdio.h>
#include <time.h>

#include "verdict/classify.h"

static const struct hwp_block buddy_block = { 0x200, HWP_FREE_AREA, 9, 1, -1, 0 };
static const struct hwp_block pcp_block = { 0x200, HWP_PCP_LIST, 9, 1, 3, 0 };

/** A page of the folio of order 9 at 0x200. */
static struct hwp_poisoned folio_page(enum hwp_folio_kind kind, int type)
{
	struct hwp_poisoned p = isolated_page(0x20d);

	p.page = (struct hwp_page_words){ .flags = 0x0017ffffc0200000,
					  .type_word = 0xffffffff,
					  .type = HWP_TYPE_NONE,
					  .is_tail = true };
	p.bits = HWP_BIT_HWPOISON;
	p.folio = (struct hwp_folio_facts){
		.kind = kind,
		.head_pfn = 0x200,
		.order = 9,
		.head = { .type_word = 0xffffffff, .refcount = 1, .type = type },
		.head_bits = HWP_BIT_HEAD,
		.can_have_hwpoisoned = true,
	};
	return p;
}

static struct hwp_poisoned typed_page(int type, int32_t refcount)
{
	struct hwp_poisoned p = isolated_page(0x20d);

	p.page = (struct hwp_page_words){ .type_word = 0xf0000000u + ((uint32_t)type << 24),
					  .type = type,
					  .refcount = refcount };
	p.bits = HWP_BIT_HWPOISON;
	return p;
}

/** An order-0 page without type, mapping or flags but PG_hwpoison. */
static struct hwp_poisoned bare_page(int32_t refcount)
{
	struct hwp_poisoned p = isolated_page(0x20d);

	p.page.mapping = 0;
	p.page.refcount = refcount;
	p.bits = HWP_BIT_HWPOISON;
	return p;
}

/** Classify @p page alone; the classified page is returned. */
static struct hwp_poisoned classify(struct hwp_poisoned page)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned ret;

	add_poisoned(f, page);
	assert_null(hwp_classify(f));
	ret = f->poisoned.data[0];
	assert_int_equal(f->summary.nr_poisoned, 1);
	assert_int_equal(f->summary.nr_by_state[ret.state], 1);
	assert_int_equal(f->summary.nr_by_class[hwp_state_class(ret.state)], 1);
	hwp_findings_destroy(f);
	return ret;
}

static void assert_state(struct hwp_poisoned page, enum hwp_state want)
{
	assert_string_equal(hwp_state_name(classify(page).state), hwp_state_name(want));
}

/* By the type of its struct page alone it is in a free block. */
static void refuted_by_lists(void)
{
	static const struct {
		bool live, has_no_zone, lists_cut, was_locked;
		uint64_t nr_free;
		enum hwp_state want;
	} rows[] = {
		{ false, false, false, false, 1, HWP_STATE_UNKNOWN },
		{ true, false, false, false, 1, HWP_STATE_BUDDY },
		{ false, true, false, false, 1, HWP_STATE_BUDDY },
		{ false, false, true, false, 1, HWP_STATE_BUDDY },
		{ false, false, false, true, 1, HWP_STATE_BUDDY },
		{ false, false, false, false, 2, HWP_STATE_BUDDY },
	};

	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = clean_findings();
		struct hwp_poisoned p = bare_page(0);

		p.by_page = buddy_block;
		p.by_page.migratetype = -1;
		p.zone = rows[i].has_no_zone ? -1 : 0;
		f->live = rows[i].live;
		f->zones.data[0].lists_cut = rows[i].lists_cut;
		f->zones.data[0].was_locked = rows[i].was_locked;
		f->areas.data[0].nr_free = rows[i].nr_free;
		add_poisoned(f, p);
		assert_null(hwp_classify(f));
		print_message("# row %zu\n", i);
		assert_int_equal(f->poisoned.data[0].state, rows[i].want);
		hwp_findings_destroy(f);
	}
}

static void free_pages(void **state)
{
	struct hwp_poisoned p = bare_page(0);

	(void)state;
	p.by_page = p.by_list = buddy_block;
	p = classify(p);
	assert_int_equal(p.state, HWP_STATE_BUDDY);
	assert_int_equal(p.head_pfn, 0x200);
	assert_int_equal(p.order, 9);
	assert_int_equal(p.migratetype, 1);
	assert_int_equal(p.cpu, -1);

	/* A list alone is enough; the struct page alone, where the lists do not refute it. */
	refuted_by_lists();
	p = bare_page(0);
	p.by_list = buddy_block;
	assert_state(p, HWP_STATE_BUDDY);
	for (int c = HWP_TRYLOCK_LIST; c <= HWP_UNACCEPTED_LIST; c++) {
		p.by_list.container = (enum hwp_container)c;
		assert_state(p, HWP_STATE_BUDDY);
	}
	p = bare_page(0);
	p.by_page = buddy_block;
	p.by_page.container = HWP_GUARD;
	assert_state(p, HWP_STATE_BUDDY);

	p = bare_page(0);
	p.by_list = pcp_block;
	p = classify(p);
	assert_int_equal(p.state, HWP_STATE_PCP);
	assert_int_equal(p.cpu, 3);
	assert_int_equal(p.head_pfn, 0x200);
}

/* A type that says free, without a block that covers the page. */
static void free_by_type_alone(void **state)
{
	static const int types[] = { HWP_TYPE_BUDDY, HWP_TYPE_GUARD, HWP_TYPE_UNACCEPTED };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(types); i++) {
		struct hwp_poisoned p = classify(typed_page(types[i], 0));

		assert_int_equal(p.state, HWP_STATE_BUDDY);
		assert_int_equal(p.head_pfn, p.pfn);
		assert_int_equal(p.order, -1);
		assert_int_equal(p.migratetype, -1);
		assert_int_equal(p.cpu, -1);
	}
}

static void folios(void **state)
{
	struct hwp_poisoned p = folio_page(HWP_FOLIO_LARGE, HWP_TYPE_NONE);

	(void)state;
	p.folio.has_hwpoisoned = true;
	p = classify(p);
	assert_int_equal(p.state, HWP_STATE_LARGE_FOLIO);
	assert_int_equal(p.head_pfn, 0x200);
	assert_int_equal(p.order, 9);
	assert_int_equal(p.migratetype, -1);

	p = folio_page(HWP_FOLIO_HUGETLB, HWP_TYPE_HUGETLB);
	p.is_raw = true;
	p.folio.nr_raw = 1;
	p.folio.raw_list_readable = true;
	assert_state(p, HWP_STATE_HUGETLB);
	p.folio.in_pool = true;
	p.folio.head.refcount = 0;
	assert_state(p, HWP_STATE_HUGETLB);

	assert_state(folio_page(HWP_FOLIO_SLAB, HWP_TYPE_SLAB), HWP_STATE_SLAB);
	/* v6.9 and older: PG_slab, no type. */
	assert_state(folio_page(HWP_FOLIO_SLAB, HWP_TYPE_NONE), HWP_STATE_SLAB);
	assert_state(folio_page(HWP_FOLIO_KERNEL, HWP_TYPE_NONE), HWP_STATE_KERNEL);
	assert_state(folio_page(HWP_FOLIO_KERNEL, HWP_TYPE_LARGE_KMALLOC), HWP_STATE_KERNEL);
	assert_state(folio_page(HWP_FOLIO_KERNEL, HWP_TYPE_ZSMALLOC), HWP_STATE_KERNEL);
	assert_state(folio_page(HWP_FOLIO_KERNEL, HWP_TYPE_TABLE), HWP_STATE_PGTABLE);
	assert_state(folio_page(HWP_FOLIO_KERNEL, HWP_TYPE_OFFLINE), HWP_STATE_OFFLINE);
}

static void order_0_in_use(void **state)
{
	struct hwp_poisoned p = isolated_page(0x20d);

	(void)state;
	p.page.nr_mapped = 1;
	assert_state(p, HWP_STATE_IN_USE);
	p = isolated_page(0x20d);
	p.bits |= HWP_BIT_LRU;
	assert_state(p, HWP_STATE_IN_USE);
	/* shmem and the page cache keep the page, with references of their own. */
	p = bare_page(3);
	p.page.mapping = 0xff11000101110ea0;
	assert_state(p, HWP_STATE_IN_USE);
	/* A dirty page in the swap cache stays there. */
	p = isolated_page(0x20d);
	p.page.refcount = 2;
	p.bits |= HWP_BIT_SWAPCACHE;
	assert_state(p, HWP_STATE_IN_USE);
}

static void contained(void **state)
{
	struct hwp_poisoned p = bare_page(1);

	(void)state;
	p.page.private = HWP_MAGIC_HWPOISON;
	p = classify(p);
	assert_int_equal(p.state, HWP_STATE_TAKEN_OFF);
	assert_int_equal(p.head_pfn, p.pfn);
	assert_int_equal(p.order, -1);

	/* Anonymous: keeps its stale mapping; a file page leaves flags alone. */
	assert_state(isolated_page(0x20d), HWP_STATE_ISOLATED);
	p = bare_page(1);
	p.bits |= HWP_BIT_UPTODATE;
	assert_state(p, HWP_STATE_ISOLATED);
	/* Withheld by the free path, flags as they were. */
	assert_state(bare_page(0), HWP_STATE_ISOLATED);
	p = isolated_page(0x20d);
	p.page.refcount = 0;
	p.bits |= HWP_BIT_LRU;
	assert_state(p, HWP_STATE_ISOLATED);
}

static void dropped(void **state)
{
	struct hwp_poisoned p = bare_page(0);

	(void)state;
	p.is_stranded = true;
	p.stranded_pfn = 0x200;
	p.stranded_order = 9;
	p.nr_stranded_healthy = 510;
	p = classify(p);
	assert_int_equal(p.state, HWP_STATE_DROPPED);
	assert_int_equal(p.head_pfn, 0x200);
	assert_int_equal(p.order, 9);
	/* Refused with its folio, whose tails had references. */
	p = bare_page(1);
	p.is_stranded = p.stranded_is_refused = true;
	p.stranded_pfn = 0;
	p.stranded_order = 18;
	p = classify(p);
	assert_int_equal(p.state, HWP_STATE_DROPPED);
	assert_int_equal(p.order, 18);
	/* Behind a live page: a tail of an allocation that leaves no mark. */
	p = bare_page(0);
	p.has_holder = true;
	p.holder_pfn = 0x20c;
	p.holder_order = 1;
	p = classify(p);
	assert_int_equal(p.state, HWP_STATE_KERNEL);
	assert_int_equal(p.head_pfn, 0x20c);
	assert_int_equal(p.order, 1);
}

static void owned_by_the_kernel(void **state)
{
	struct hwp_poisoned p = bare_page(1);

	(void)state;
	/* Slab pages are frozen (refcount 0) from v6.14 on. */
	assert_state(typed_page(HWP_TYPE_SLAB, 0), HWP_STATE_SLAB);
	assert_state(typed_page(HWP_TYPE_SLAB, 1), HWP_STATE_SLAB);
	p.bits |= HWP_BIT_SLAB;
	assert_state(p, HWP_STATE_SLAB);
	assert_state(typed_page(HWP_TYPE_TABLE, 1), HWP_STATE_PGTABLE);
	assert_state(typed_page(HWP_TYPE_ZSMALLOC, 1), HWP_STATE_KERNEL);
	assert_state(typed_page(HWP_TYPE_LARGE_KMALLOC, 1), HWP_STATE_KERNEL);
	p = bare_page(1);
	p.bits |= HWP_BIT_RESERVED;
	assert_state(p, HWP_STATE_RESERVED);
	assert_state(bare_page(1), HWP_STATE_KERNEL);
}

static void elsewhere(void **state)
{
	struct hwp_poisoned p = typed_page(HWP_TYPE_OFFLINE, 1);

	(void)state;
	assert_state(p, HWP_STATE_OFFLINE);
	p = bare_page(0);
	p.section_offline = true;
	assert_state(p, HWP_STATE_OFFLINE);
	p = bare_page(1);
	p.zone_is_device = true;
	assert_state(p, HWP_STATE_DEVICE);
	/* Sections of ZONE_DEVICE are not online. */
	p.section_offline = true;
	p.folio = (struct hwp_folio_facts){ .kind = HWP_FOLIO_DEVICE, .order = 9 };
	assert_state(p, HWP_STATE_DEVICE);
	p = bare_page(0);
	p.was_read = false;
	assert_state(p, HWP_STATE_UNKNOWN);
	/* Nothing that was not read is believed. */
	p.by_list = buddy_block;
	assert_state(p, HWP_STATE_UNKNOWN);
}

/* Who it was when the error struck, who has it now, and whether that proves a free between. */
enum now {
	HUGETLB_NOW,
	THP_NOW,
	THP_FLAGGED_NOW,
	SLAB_NOW,
	KERNEL_NOW,
	LRU_NOW,
	TABLE_NOW,
	KMALLOC_NOW,
	ISOLATED_NOW,
	NR_NOW
};

static struct hwp_poisoned page_now(enum now now)
{
	struct hwp_poisoned p;

	switch (now) {
	case HUGETLB_NOW:
		p = folio_page(HWP_FOLIO_HUGETLB, HWP_TYPE_HUGETLB);
		p.raw_page_unknown = true;
		p.pfn = 0x200;
		p.folio.raw_unreliable = true;
		return p;
	case THP_NOW:
		return folio_page(HWP_FOLIO_LARGE, HWP_TYPE_NONE);
	case THP_FLAGGED_NOW:
		p = folio_page(HWP_FOLIO_LARGE, HWP_TYPE_NONE);
		p.folio.has_hwpoisoned = true;
		return p;
	case SLAB_NOW:
		return folio_page(HWP_FOLIO_SLAB, HWP_TYPE_SLAB);
	case KERNEL_NOW:
		return folio_page(HWP_FOLIO_KERNEL, HWP_TYPE_NONE);
	case LRU_NOW:
		p = isolated_page(0x20d);
		p.page.nr_mapped = 1;
		return p;
	case TABLE_NOW:
		return typed_page(HWP_TYPE_TABLE, 1);
	case KMALLOC_NOW:
		return typed_page(HWP_TYPE_LARGE_KMALLOC, 1);
	default:
		return isolated_page(0x20d);
	}
}

static void owners_then_and_now(void **state)
{
	static const struct {
		const char *then;
		bool reused[NR_NOW];
	} rows[] = {
		/*                      hugetlb thp  thp+f slab kern lru table kmalloc isolated */
		{ "free buddy page", { 1, 1, 1, 1, 1, 1, 1, 1, 0 } },
		{ "huge page", { 0, 1, 1, 1, 1, 1, 1, 1, 0 } },
		{ "free huge page", { 0, 1, 1, 1, 1, 1, 1, 1, 0 } },
		{ "unsplit thp", { 1, 1, 0, 1, 1, 0, 1, 1, 0 } },
		{ "clean LRU page", { 1, 1, 1, 1, 1, 0, 1, 1, 0 } },
		{ "dirty swapcache page", { 1, 1, 1, 1, 1, 0, 1, 1, 0 } },
		{ "kernel slab page", { 1, 1, 1, 0, 0, 1, 0, 0, 0 } },
		{ "reserved kernel page", { 1, 1, 1, 0, 0, 1, 0, 0, 0 } },
		/* These do not show whose the page was. */
		{ "high-order kernel page", { 0 } },
		{ "unknown page", { 0 } },
		{ "get hwpoison page", { 0 } },
		{ "dax page", { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		for (int now = 0; now < NR_NOW; now++) {
			struct hwp_findings *f = clean_findings();
			struct hwp_poisoned *p = add_poisoned(f, page_now((enum now)now));

			add_action(f, p, rows[i].then, "Failed");
			assert_null(hwp_classify(f));
			print_message("# %s, now %d: %s\n", rows[i].then, now,
				      hwp_state_name(p->state));
			assert_int_equal(p->state == HWP_STATE_REUSED, rows[i].reused[now]);
			assert_int_equal(hwp_reuse_proof(f, p).proof != NULL, rows[i].reused[now]);
			hwp_findings_destroy(f);
		}
	}
}

/* Kernels before v5.15 have no PG_has_hwpoisoned: a clear bit proves nothing. */
static void no_flag_no_proof(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned *p = add_poisoned(f, page_now(THP_NOW));

	(void)state;
	p->folio.can_have_hwpoisoned = false;
	add_action(f, p, "unsplit thp", "Ignored");
	assert_null(hwp_classify(f));
	assert_int_equal(p->state, HWP_STATE_LARGE_FOLIO);
	hwp_findings_destroy(f);
}

/* Events other than recovery actions do not name an owner. */
static void only_actions_name_owners(void **state)
{
	for (int kind = HWP_EVENT_SIGBUS; kind <= HWP_EVENT_OTHER; kind++) {
		struct hwp_findings *f = clean_findings();
		struct hwp_poisoned *p = add_poisoned(f, page_now(THP_NOW));

		(void)state;
		add_action(f, p, "free buddy page", "Recovered");
		f->events.data[0].kind = (enum hwp_event_kind)kind;
		assert_null(hwp_classify(f));
		assert_int_equal(p->state, HWP_STATE_LARGE_FOLIO);
		hwp_findings_destroy(f);
	}
}

/* While a folio is HugeTLB, errors are recorded in its list and on its head. */
static void hugetlb_records(void **state)
{
	struct hwp_poisoned p = folio_page(HWP_FOLIO_HUGETLB, HWP_TYPE_HUGETLB);

	(void)state;
	p.folio.raw_list_readable = true;
	assert_state(p, HWP_STATE_REUSED);
	p.is_raw = true;
	assert_state(p, HWP_STATE_HUGETLB);
	/* A flagged head with an empty list, where lists are kept. */
	p = folio_page(HWP_FOLIO_HUGETLB, HWP_TYPE_HUGETLB);
	p.pfn = 0x200;
	p.raw_page_unknown = true;
	p.folio.raw_list_readable = true;
	assert_state(p, HWP_STATE_REUSED);
	p.folio.raw_unreliable = true;
	assert_state(p, HWP_STATE_HUGETLB);
	p.folio.raw_unreliable = false;
	/* v5.19 and older keep no list. */
	p.folio.raw_list_readable = false;
	assert_state(p, HWP_STATE_HUGETLB);
}

/* An empty list is proof only where the log has no error in the folio while it was HugeTLB. */
static void hugetlb_without_records(void **state)
{
	static const struct {
		uint64_t pfn;
		const char *then;
		bool is_reused;
	} rows[] = {
		{ 0x1ff, "huge page", true },	    { 0x200, "huge page", false },
		{ 0x201, "huge page", false },	    { 0x3ff, "free huge page", false },
		{ 0x400, "huge page", true },	    { 0x5ff, "huge page", true },
		{ 0x201, "free buddy page", true },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_poisoned p = folio_page(HWP_FOLIO_HUGETLB, HWP_TYPE_HUGETLB), named;
		struct hwp_findings *f = clean_findings();

		p.pfn = 0x200;
		p.raw_page_unknown = true;
		p.folio.raw_list_readable = true;
		named = p;
		named.pfn = rows[i].pfn;
		add_action(f, &named, rows[i].then, "Recovered");
		add_poisoned(f, p);
		assert_null(hwp_classify(f));
		print_message("# %#lx, %s\n", (unsigned long)rows[i].pfn, rows[i].then);
		assert_int_equal(f->poisoned.data[0].state == HWP_STATE_REUSED, rows[i].is_reused);
		hwp_findings_destroy(f);
	}
}

/* What is free now is no proof of use, whatever the log says. */
static void free_wins_over_reuse(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned *p = add_poisoned(f, bare_page(0));

	(void)state;
	p->by_list = pcp_block;
	add_action(f, p, "clean LRU page", "Failed");
	assert_null(hwp_classify(f));
	assert_int_equal(p->state, HWP_STATE_PCP);
	hwp_findings_destroy(f);
}

/* Linux v7.3 calls slab, page tables and kmalloc "reserved kernel page". */
static void events_explain_bare_pages(void **state)
{
	static const struct {
		const char *then;
		enum hwp_state want;
	} rows[] = {
		{ "clean LRU page", HWP_STATE_ISOLATED },
		{ "unsplit thp", HWP_STATE_ISOLATED },
		{ "huge page", HWP_STATE_ISOLATED },
		{ "reserved kernel page", HWP_STATE_KERNEL },
		{ "unknown page", HWP_STATE_KERNEL },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = clean_findings();
		struct hwp_poisoned *p = add_poisoned(f, bare_page(1));

		add_action(f, p, rows[i].then, "Recovered");
		assert_null(hwp_classify(f));
		assert_string_equal(hwp_state_name(p->state), hwp_state_name(rows[i].want));
		hwp_findings_destroy(f);
	}
}

/** The page of @p now, that the log had at 10 s as @p then. */
static struct hwp_findings *logged_as(enum now now, const char *then)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned *p = add_poisoned(f, page_now(now));

	add_action(f, p, then, "Failed");
	f->events.data[0].time_ns = UINT64_C(10000000000);
	p->page_owner = (struct hwp_page_owner){ .found = true,
						 .allocated = true,
						 .order = 9,
						 .pid = 118,
						 .alloc_ns = UINT64_C(10000000001) };
	return f;
}

/** Classified, it counts as reused with @p confidence; NULL: it does not. */
static void assert_reuse(struct hwp_findings *f, const char *confidence)
{
	struct hwp_reuse reuse;

	assert_null(hwp_classify(f));
	reuse = hwp_reuse_proof(f, &f->poisoned.data[0]);
	assert_int_equal(reuse.proof != NULL, confidence != NULL);
	assert_int_equal(f->poisoned.data[0].state == HWP_STATE_REUSED, confidence != NULL);
	if (confidence)
		assert_string_equal(hwp_confidence_name(reuse.confidence), confidence);
}

static void assert_logged(enum now now, const char *then, struct hwp_page_owner record,
			  const char *confidence)
{
	struct hwp_findings *f = logged_as(now, then);

	f->poisoned.data[0].page_owner = record;
	assert_reuse(f, confidence);
	hwp_findings_destroy(f);
}

/* "unsplit thp", then a THP with its flag, or an LRU page: nothing else proves these. */
static void page_owner_proves(void **state)
{
	static const enum now mute[] = { THP_FLAGGED_NOW, LRU_NOW };
	const struct hwp_page_owner later = {
		.found = true, .allocated = true, .order = 0, .alloc_ns = UINT64_C(10000000001)
	};
	struct hwp_page_owner record;

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(mute); i++) {
		assert_logged(mute[i], "unsplit thp", later, "certain");
		record = later;
		record.alloc_ns = UINT64_C(10000000000);
		assert_logged(mute[i], "unsplit thp", record, NULL);
		record.alloc_ns--;
		assert_logged(mute[i], "unsplit thp", record, NULL);
		/* Before v5.11 no time is kept. */
		record.alloc_ns = 0;
		assert_logged(mute[i], "unsplit thp", record, NULL);
		record = later;
		record.allocated = false;
		assert_logged(mute[i], "unsplit thp", record, NULL);
		record = later;
		record.found = false;
		assert_logged(mute[i], "unsplit thp", record, NULL);
	}
}

/* Lines that come before the page is marked, or do not show that it was. */
static void page_owner_needs_the_mark(void **state)
{
	(void)state;
	for (int kind = HWP_EVENT_ACTION; kind <= HWP_EVENT_OTHER; kind++) {
		struct hwp_findings *f = logged_as(LRU_NOW, "unsplit thp");
		bool shows = kind == HWP_EVENT_ACTION || kind == HWP_EVENT_SIGBUS ||
			     kind == HWP_EVENT_ALREADY_POISONED;

		f->events.data[0].kind = (enum hwp_event_kind)kind;
		assert_reuse(f, shows ? "certain" : NULL);
		f->poisoned.data[0].event = -1;
		assert_reuse(f, NULL);
		hwp_findings_destroy(f);
	}
}

/* Clocks of two CPUs that may be two ticks apart. */
static void clocks_that_differ(void **state)
{
	struct hwp_findings *f = logged_as(LRU_NOW, "unsplit thp");
	struct hwp_page_owner *record = &f->poisoned.data[0].page_owner;

	(void)state;
	f->kernel.clocks_differ = true;
	assert_reuse(f, NULL);
	record->alloc_ns = UINT64_C(10020000000);
	assert_reuse(f, NULL);
	record->alloc_ns++;
	assert_reuse(f, "certain");
	record->alloc_ns = UINT64_C(9980000000);
	assert_int_equal(hwp_page_owner_when(f, &f->poisoned.data[0]), HWP_WHEN_UNKNOWN);
	record->alloc_ns--;
	assert_int_equal(hwp_page_owner_when(f, &f->poisoned.data[0]), HWP_BEFORE_ERROR);
	record->alloc_ns = UINT64_MAX;
	assert_reuse(f, "certain");
	hwp_findings_destroy(f);
}

/* The record of a block that the allocator's check threw away as it was freed stays. */
static void thrown_away_is_not_reused(void **state)
{
	struct hwp_findings *f = logged_as(LRU_NOW, "unsplit thp");
	struct hwp_poisoned *p = &f->poisoned.data[0];

	(void)state;
	p->page.refcount = 0;
	p->page.nr_mapped = 0;
	assert_reuse(f, NULL);
	/* A tail of an allocation that is not compound, of its own order. */
	p->has_holder = true;
	p->holder_order = 3;
	assert_reuse(f, NULL);
	p->holder_order = 9;
	assert_reuse(f, "certain");
	/* What is free is free. */
	p->by_list = buddy_block;
	assert_null(hwp_classify(f));
	assert_int_equal(p->state, HWP_STATE_BUDDY);
	hwp_findings_destroy(f);
}

/* Its time is that of the pool's allocation; its errors are in the list. */
static void page_owner_of_hugetlb(void **state)
{
	struct hwp_findings *f = logged_as(HUGETLB_NOW, "huge page");
	struct hwp_poisoned *p = &f->poisoned.data[0];

	(void)state;
	p->folio.raw_unreliable = true;
	p->is_raw = true;
	assert_reuse(f, NULL);
	p->is_raw = false;
	p->raw_page_unknown = true;
	assert_reuse(f, NULL);
	/* A page's own flag is proof whatever the time is. */
	p->raw_page_unknown = false;
	p->pfn = 0x20d;
	p->page_owner.alloc_ns = 1;
	assert_reuse(f, "certain");
	hwp_findings_destroy(f);
}

/* Owners that changed, while page_owner knows of no allocation since. */
static void page_owner_doubts(void **state)
{
	const struct hwp_page_owner before = {
		.found = true, .allocated = true, .order = 9, .alloc_ns = UINT64_C(9000000000)
	};
	struct hwp_page_owner record = before;

	(void)state;
	assert_logged(KERNEL_NOW, "unsplit thp", (struct hwp_page_owner){}, "strong");
	assert_logged(KERNEL_NOW, "unsplit thp", before, "weak");
	assert_logged(THP_NOW, "unsplit thp", before, "weak");
	/* Migration hands the old time on. */
	record.migrated = true;
	assert_logged(THP_NOW, "unsplit thp", record, "strong");
	/* A page that was freed has no say. */
	record = before;
	record.allocated = false;
	assert_logged(THP_NOW, "unsplit thp", record, "strong");
	record = before;
	record.alloc_ns = UINT64_C(10000000001);
	assert_logged(THP_NOW, "unsplit thp", record, "certain");
}

/* The process's mm is another task's now: the page is older than that task. */
static void a_younger_owner(void **state)
{
	struct hwp_findings *f = logged_as(LRU_NOW, "unsplit thp");
	struct hwp_poisoned *p = &f->poisoned.data[0];

	(void)state;
	p->owner = (struct hwp_owner){ .found = true,
				       .pid = 7,
				       .comm = "younger",
				       .allocated_it = true,
				       .has_start = true,
				       .start_ns = UINT64_C(11000000000) };
	p->page_owner.found = false;
	assert_reuse(f, "strong");
	p->page_owner.found = true;
	p->page_owner.alloc_ns = UINT64_C(9000000000);
	assert_reuse(f, NULL);
	p->page_owner.migrated = true;
	assert_reuse(f, NULL);
	hwp_findings_destroy(f);
}

/* A line of the log without a time is older and younger than nothing. */
static void a_line_without_time(void **state)
{
	struct hwp_findings *f = logged_as(LRU_NOW, "unsplit thp");
	struct hwp_poisoned *p = &f->poisoned.data[0];

	(void)state;
	p->owner = (struct hwp_owner){ .found = true,
				       .allocated_it = true,
				       .has_start = true,
				       .start_ns = UINT64_C(11000000000) };
	p->page_owner = (struct hwp_page_owner){ .found = true,
						 .allocated = true,
						 .alloc_ns = UINT64_C(11000000000) };
	assert_reuse(f, "certain");
	f->events.data[0].time_ns = 0;
	assert_reuse(f, NULL);
	hwp_findings_destroy(f);
}

/* A page of a file, where it cannot have been part of a huge page. */
static void a_small_page_of_a_file(void **state)
{
	static const struct {
		const char *then, *filesystem;
		uint64_t displacement, mapping;
		uint32_t bits;
		enum hwp_answer large_folios;
		bool has_file;
		const char *want;
	} rows[] = {
		{ "unsplit thp", "ramfs", 52, 0, 0, HWP_ANSWER_NO, true, "strong" },
		{ "unsplit thp", "ext4", 52, 0, 0, HWP_ANSWER_YES, true, NULL },
		{ "unsplit thp", "ext4", 52, 0, 0, HWP_ANSWER_UNKNOWN, true, NULL },
		{ "unsplit thp", "ext4", 53, 0, 0, HWP_ANSWER_YES, true, "strong" },
		{ "unsplit thp", "ext4", 53, 0, 0, HWP_ANSWER_YES, false, NULL },
		{ "unsplit thp", "ext4", 53, HWP_MAPPING_ANON, 0, HWP_ANSWER_NO, true, NULL },
		/* khugepaged makes huge pages of shmem, whatever its mapping says. */
		{ "unsplit thp", "tmpfs", 52, 0, HWP_BIT_SWAPBACKED, HWP_ANSWER_NO, true, NULL },
		{ "unsplit thp", "tmpfs", 53, 0, HWP_BIT_SWAPBACKED, HWP_ANSWER_NO, true,
		  "strong" },
		/* A page moves from one file to another by splice() alone, and into no other. */
		{ "unsplit thp", "fuse", 53, 0, 0, HWP_ANSWER_NO, true, NULL },
		{ "dirty LRU page", "ramfs", 53, 0, 0, HWP_ANSWER_NO, true, NULL },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = logged_as(LRU_NOW, rows[i].then);
		struct hwp_poisoned *p = &f->poisoned.data[0];
		struct hwp_file file = { .large_folios = rows[i].large_folios };

		snprintf(file.filesystem, sizeof(file.filesystem), "%s", rows[i].filesystem);
		assert_true(hwp_vec_push(&f->files, file));
		p->page_owner.found = false;
		p->owner.has_file = rows[i].has_file;
		p->page.mapping = UINT64_C(0xff11000101110e00) | rows[i].mapping;
		p->page.index = p->pfn + rows[i].displacement;
		p->bits = (p->bits & ~HWP_BIT_SWAPBACKED) | rows[i].bits;
		print_message("# row %zu\n", i);
		assert_reuse(f, rows[i].want);
		hwp_findings_destroy(f);
	}
}

static void summary(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_memory_block_count block = { .id = 1, .start_pfn = 0x8000, .end_pfn = 0x10000 };
	struct hwp_node_count node = { .nid = 0 };
	struct hwp_memory_block_count before = { .id = 0, .end_pfn = 0x8000 };
	struct hwp_memory_block_count after = { .id = 3, .start_pfn = 0x18000, .end_pfn = 0x20000 };

	(void)state;
	assert_true(hwp_vec_push(&f->counters.blocks, before));
	assert_true(hwp_vec_push(&f->counters.blocks, block));
	assert_true(hwp_vec_push(&f->counters.blocks, after));
	assert_true(hwp_vec_push(&f->counters.nodes, node));
	/* Two pages of one dropped block, one of another. */
	for (int i = 0; i < 3; i++) {
		struct hwp_poisoned *p = add_poisoned(f, bare_page(0));

		p->pfn = i < 2 ? 0x8005 + (uint64_t)i : 0x8205;
		p->is_stranded = true;
		p->stranded_pfn = i < 2 ? 0x8000 : 0x8200;
		p->stranded_order = 9;
		p->nr_stranded_healthy = i < 2 ? 510 : 511;
	}
	add_poisoned(f, isolated_page(0x10000));
	assert_null(hwp_classify(f));
	/* Pages are counted, and not added to what was counted before. */
	hwp_summarise(f);
	assert_int_equal(f->summary.nr_poisoned, 4);
	assert_int_equal(f->summary.nr_by_state[HWP_STATE_DROPPED], 3);
	assert_int_equal(f->summary.nr_by_class[HWP_CLASS_LOST], 3);
	assert_int_equal(f->summary.nr_by_class[HWP_CLASS_CONTAINED], 1);
	assert_int_equal(f->summary.nr_healthy_lost, 1021);
	/* The page at 0x10000 is in a block that has no count. */
	assert_int_equal(f->counters.blocks.data[0].nr_found, 0);
	assert_int_equal(f->counters.blocks.data[1].nr_found, 3);
	assert_int_equal(f->counters.blocks.data[2].nr_found, 0);
	assert_int_equal(f->counters.nodes.data[0].nr_found, 4);
	hwp_findings_destroy(f);
}

static void nothing(void **state)
{
	struct hwp_findings *f = clean_findings();

	(void)state;
	assert_null(hwp_classify(f));
	assert_int_equal(f->summary.nr_poisoned, 0);
	hwp_findings_destroy(f);
}

/* Up to v5.13 a page that is hit while it is free stays free, and no allocation keeps it. */
static void left_free(void **state)
{
	static const struct {
		const char *type, *result;
		enum hwp_switch check_pages;
		enum hwp_state want;
	} rows[] = {
		{ "free buddy page", "Delayed", HWP_ON, HWP_STATE_ISOLATED },
		{ "free buddy page", "Delayed", HWP_OFF, HWP_STATE_KERNEL },
		{ "free buddy page", "Failed", HWP_ON, HWP_STATE_KERNEL },
		{ "high-order kernel page", "Delayed", HWP_ON, HWP_STATE_KERNEL },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = logged_as(LRU_NOW, rows[i].type);
		struct hwp_poisoned *p = &f->poisoned.data[0];

		snprintf(f->events.data[0].result, sizeof(f->events.data[0].result), "%s",
			 rows[i].result);
		f->kernel.check_pages = rows[i].check_pages;
		*p = bare_page(0);
		p->event = 0;
		p->has_holder = true;
		p->holder_pfn = p->pfn - 1;
		p->holder_order = 1;
		assert_null(hwp_classify(f));
		print_message("# row %zu\n", i);
		assert_int_equal(p->state, rows[i].want);
		assert_int_equal(p->order, rows[i].want == HWP_STATE_KERNEL ? 1 : -1);
		hwp_findings_destroy(f);
	}
}

/** As many HugeTLB heads as lines of the log: each is looked up. */
static void many_heads(void **state)
{
	const uint64_t nr = 100000;
	struct hwp_findings *f = clean_findings();
	struct hwp_event e = { .kind = HWP_EVENT_ACTION,
			       .page_type = "huge page",
			       .result = "Failed" };
	clock_t began;

	(void)state;
	for (uint64_t i = 0; i < nr; i++) {
		struct hwp_poisoned p = page_now(HUGETLB_NOW);

		p.folio.raw_unreliable = false;
		p.folio.raw_list_readable = true;
		p.pfn = p.folio.head_pfn = (i + 1) << 9;
		p.event = -1;
		add_poisoned(f, p);
		/* Every tenth line is of no folio. */
		e.pfn = (i + 1) << (i % 10 ? 9 : 40);
		assert_true(hwp_vec_push(&f->events, e));
	}
	began = clock();
	assert_null(hwp_classify(f));
	assert_true(clock() - began < 2 * CLOCKS_PER_SEC);
	for (uint64_t i = 0; i < nr; i++)
		assert_int_equal(f->poisoned.data[i].state,
				 i % 10 ? HWP_STATE_HUGETLB : HWP_STATE_REUSED);
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_pages),
		cmocka_unit_test(free_by_type_alone),
		cmocka_unit_test(folios),
		cmocka_unit_test(order_0_in_use),
		cmocka_unit_test(contained),
		cmocka_unit_test(dropped),
		cmocka_unit_test(left_free),
		cmocka_unit_test(owned_by_the_kernel),
		cmocka_unit_test(elsewhere),
		cmocka_unit_test(owners_then_and_now),
		cmocka_unit_test(no_flag_no_proof),
		cmocka_unit_test(only_actions_name_owners),
		cmocka_unit_test(hugetlb_records),
		cmocka_unit_test(hugetlb_without_records),
		cmocka_unit_test(free_wins_over_reuse),
		cmocka_unit_test(events_explain_bare_pages),
		cmocka_unit_test(page_owner_proves),
		cmocka_unit_test(page_owner_needs_the_mark),
		cmocka_unit_test(clocks_that_differ),
		cmocka_unit_test(thrown_away_is_not_reused),
		cmocka_unit_test(page_owner_of_hugetlb),
		cmocka_unit_test(page_owner_doubts),
		cmocka_unit_test(a_younger_owner),
		cmocka_unit_test(a_line_without_time),
		cmocka_unit_test(a_small_page_of_a_file),
		cmocka_unit_test(summary),
		cmocka_unit_test(nothing),
		cmocka_unit_test(many_heads),
	};

	return cmocka_run_group_tests_name("classify", tests, NULL, NULL);
}
