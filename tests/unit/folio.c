// SPDX-License-Identifier: GPL-2.0-or-later
/** Heads, tails, fakes and raw HWPoison pages, by the words of real kernels. */
#include "machine.h"

#include <cmocka.h>

#include "facts/pages/collect.h"

#define HEAD UINT64_C(0x1600)
#define SLAB_MEMORY UINT64_C(0xff11000000100000)

/** A compound page of @p order at HEAD whose tails are as @p m's kernel makes them. */
static void make_compound(struct machine *m, unsigned int order, const struct words *head)
{
	const struct hwp_layout *l = &m->layout;
	uint64_t head_address = MACHINE_VMEMMAP + HEAD * KERNEL_PAGE_SIZE;
	uint64_t word = l->page.compound_scheme == HWP_COMPOUND_INFO_MASK ?
				-(UINT64_C(64) << order) | 1 :
				head_address | 1;
	struct words tail = { MACHINE_FLAGS, word, 0, 0xdead000000000400, 0, 0xffffffff, 0 };

	put_words(machine_page(m, HEAD), head);
	for (uint64_t i = 1; i < UINT64_C(1) << order; i++)
		put_words(machine_page(m, HEAD + i), &tail);
	if (l->folio.order == l->folio.flags_1)
		synth_put(machine_page(m, HEAD + 1), 0, MACHINE_FLAGS | order, 8);
	else
		synth_put(machine_page(m, HEAD), l->folio.order, order, 1);
}

static struct words head_words(const struct machine *m, uint32_t type, int32_t refcount)
{
	return (struct words){
		MACHINE_FLAGS | UINT64_C(1) << m->layout.flag.head, 0, 0, 0, 0, type, refcount
	};
}

static void make_hugetlb(struct machine *m, uint64_t private)
{
	bool has_type = m->layout.folio.hugetlb_scheme == HWP_HUGETLB_PAGE_TYPE;
	struct words head = head_words(m, has_type ? 0xf4000000 : 0xffffffff, 1);

	head.private = private;
	make_compound(m, 9, &head);
	if (!has_type)
		synth_put(machine_page(m, HEAD), m->layout.folio.dtor, 2, 1);
}

static struct hwp_folio_facts find(struct machine *m, uint64_t pfn, bool *is_alias)
{
	struct hwp_folio_facts f;

	if (!m->target)
		machine_open(m);
	assert_null(hwp_folio_find(m->reader, pfn, &f, is_alias));
	return f;
}

static void every_page_of_a_folio(void **state)
{
	void (*kernels[])(struct hwp_layout *) = { kernel_73, kernel_612, kernel_61 };

	(void)state;
	for (size_t k = 0; k < HWP_ARRAY_SIZE(kernels); k++) {
		for (unsigned int order = 1; order <= 9; order++) {
			struct machine *m = machine_create(kernels[k]);
			struct words head = head_words(m, 0xffffffff, 1);
			bool is_alias;

			head.mapping = 0xff11000101110ea1;
			make_compound(m, order, &head);
			for (uint64_t i = 0; i < UINT64_C(1) << order; i++) {
				struct hwp_folio_facts f = find(m, HEAD + i, &is_alias);

				assert_int_equal(f.kind, HWP_FOLIO_LARGE);
				assert_int_equal(f.head_pfn, HEAD);
				assert_int_equal(f.order, order);
				assert_int_equal(f.head.refcount, 1);
				assert_false(is_alias);
			}
			assert_int_equal(find(m, HEAD + (1u << order), &is_alias).kind,
					 HWP_FOLIO_NONE);
			assert_int_equal(find(m, HEAD - 1, &is_alias).kind, HWP_FOLIO_NONE);
			machine_destroy(m);
		}
	}
}

static void kinds(void **state)
{
	static const struct {
		uint32_t type;
		uint64_t mapping;
		enum hwp_folio_kind kind;
	} rows[] = {
		{ 0xf4000000, 0, HWP_FOLIO_HUGETLB }, { 0xf5000000, 0, HWP_FOLIO_SLAB },
		{ 0xf2000000, 0, HWP_FOLIO_KERNEL },  { 0xf8000000, 0, HWP_FOLIO_KERNEL },
		{ 0xffffffff, 0, HWP_FOLIO_KERNEL },  { 0xffffffff, 0xff110000, HWP_FOLIO_LARGE },
		{ 3, 0xff110001, HWP_FOLIO_LARGE },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct machine *m = machine_create(kernel_73);
		struct words head = head_words(m, rows[i].type, 1);
		bool is_alias;

		head.mapping = rows[i].mapping;
		make_compound(m, 9, &head);
		assert_int_equal(find(m, HEAD + 5, &is_alias).kind, rows[i].kind);
		machine_destroy(m);
	}
}

static void has_hwpoisoned(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct words head = head_words(m, 0xffffffff, 1);
	struct hwp_folio_facts f;
	bool is_alias;

	(void)state;
	head.mapping = 1;
	make_compound(m, 9, &head);
	f = find(m, HEAD + 13, &is_alias);
	assert_true(f.can_have_hwpoisoned);
	assert_false(f.has_hwpoisoned);
	machine_destroy(m);

	m = machine_create(kernel_73);
	make_compound(m, 9, &head);
	/* Order 9, has_hwpoisoned, large_rmappable: as read from a live kernel. */
	synth_put(machine_page(m, HEAD + 1), 0, UINT64_C(0x0017ffffc0000309), 8);
	f = find(m, HEAD + 13, &is_alias);
	assert_true(f.has_hwpoisoned);
	assert_int_equal(f.order, 9);
	machine_destroy(m);
}

/* Stale words of a freed compound page lead nowhere. */
static void stale(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++) {
		struct machine *m = machine_create(kernel_612);
		struct words head = head_words(m, 0xffffffff, 1);
		struct hwp_folio_facts f;
		bool is_alias;

		make_compound(m, 9, &head);
		switch (i) {
		case 0: /* the head is no head any more */
			synth_put(machine_page(m, HEAD), 0, MACHINE_FLAGS, 8);
			break;
		case 1: /* order 0, and orders beyond all folios */
			synth_put(machine_page(m, HEAD + 1), 0, MACHINE_FLAGS, 8);
			break;
		case 2:
			synth_put(machine_page(m, HEAD + 1), 0, MACHINE_FLAGS | 200, 8);
			break;
		case 3: /* a folio too small to hold the tail */
			synth_put(machine_page(m, HEAD + 1), 0, MACHINE_FLAGS | 3, 8);
			break;
		case 4: /* a pointer to no struct page */
			synth_put(machine_page(m, HEAD + 13), 8, UINT64_MAX, 8);
			break;
		case 5: /* into the middle of one */
			synth_put(machine_page(m, HEAD + 13), 8,
				  (MACHINE_VMEMMAP + HEAD * 64 + 32) | 1, 8);
			break;
		}
		f = find(m, HEAD + 13, &is_alias);
		print_message("# stale %d\n", i);
		assert_int_equal(f.kind, HWP_FOLIO_NONE);
		assert_int_equal(f.order, -1);
		machine_destroy(m);
	}
}

/** Record raw pages HEAD + offsets[] in the folio's list, newest first. */
static void record_raw(struct machine *m, char *slab, const uint64_t *offsets, size_t nr)
{
	char *list = (char *)m->map + (HEAD - MACHINE_START) * KERNEL_PAGE_SIZE +
		     machine_raw_hwp(m);
	uint64_t first = 0;

	for (size_t i = 0; i < nr; i++) {
		uint64_t page = MACHINE_VMEMMAP + (HEAD + offsets[i]) * KERNEL_PAGE_SIZE;

		synth_put(slab, i * 16, first, 8);
		synth_put(slab, i * 16 + 8, page, 8);
		first = SLAB_MEMORY + i * 16;
	}
	synth_put(list, 0, first, 8);
	synth_add(&m->synth, SLAB_MEMORY, slab, 4096);
}

static struct hwp_findings *collect(struct machine *m)
{
	struct hwp_collector c;
	hwp_pfn_vec flagged = {};

	machine_open(m);
	c = (struct hwp_collector){ m->target, &m->layout, m->reader, &m->zones, m->findings };
	for (uint64_t i = 0; i < MACHINE_PAGES; i++) {
		if (hwp_flag_set(hwp_page_flags(&m->layout, m->map[i]), m->layout.flag.hwpoison))
			assert_true(hwp_vec_push(&flagged, MACHINE_START + i));
	}
	assert_null(hwp_collect_pages(&c, &flagged));
	hwp_vec_deinit(&flagged);
	return m->findings;
}

static void raw_pages(void **state)
{
	static const uint64_t offsets[] = { 5, 130, 0, 511, 7 };
	void (*kernels[])(struct hwp_layout *) = { kernel_73, kernel_612, kernel_61 };
	char slab[4096];

	(void)state;
	for (size_t k = 0; k < HWP_ARRAY_SIZE(kernels); k++) {
		struct machine *m = machine_create(kernels[k]);
		struct hwp_findings *f;

		make_hugetlb(m, 0);
		machine_poison(m, HEAD);
		record_raw(m, slab, offsets, 5);
		f = collect(m);
		assert_int_equal(f->troubles.nr, 0);
		assert_int_equal(f->poisoned.nr, 5);
		for (size_t i = 0; i < 5; i++) {
			static const uint64_t sorted[] = { 0, 5, 7, 130, 511 };
			const struct hwp_poisoned *p = &f->poisoned.data[i];

			assert_int_equal(p->pfn, HEAD + sorted[i]);
			assert_true(p->is_raw);
			assert_int_equal(p->folio.kind, HWP_FOLIO_HUGETLB);
			assert_int_equal(p->folio.nr_raw, 5);
		}
		machine_destroy(m);
	}
}

/* Without HPG_freed or with it, in use or in the pool. */
static void pool(void **state)
{
	struct machine *m = machine_create(kernel_73);
	bool is_alias;

	(void)state;
	make_hugetlb(m, 8);
	assert_false(find(m, HEAD, &is_alias).in_pool);
	machine_destroy(m);
	m = machine_create(kernel_73);
	make_hugetlb(m, 0x18);
	synth_put(machine_page(m, HEAD), 52, 0, 4);
	assert_true(find(m, HEAD, &is_alias).in_pool);
	assert_true(find(m, HEAD, &is_alias).vmemmap_optimized);
	machine_destroy(m);
}

/* A program that resolves other readers' tables only: the folio is found, its flags are not. */
static void without_tables(void **state)
{
	struct machine *m = machine_create(kernel_73);
	hwp_pfn_vec pfns = {};
	struct hwp_folio_facts f;
	bool is_alias;

	(void)state;
	make_hugetlb(m, 1 << 3 | 1 << 4 | 1 << 5);
	assert_true(find(m, HEAD + 5, &is_alias).raw_unreliable);
	hwp_layout_deinit(&m->layout);
	f = find(m, HEAD + 5, &is_alias);
	assert_int_equal(f.kind, HWP_FOLIO_HUGETLB);
	assert_int_equal(f.head_pfn, HEAD);
	assert_false(f.in_pool || f.vmemmap_optimized || f.raw_unreliable || is_alias);
	assert_false(hwp_folio_has_raw_list(&m->layout));
	assert_null(hwp_folio_raw_pages(m->target, m->reader, &f, &pfns));
	assert_null(hwp_folio_being_freed(m->target, &m->memmap, &pfns));
	assert_int_equal(pfns.nr, 0);
	hwp_vec_deinit(&pfns);
	machine_destroy(m);
}

static void damaged_raw_lists(void **state)
{
	static const uint64_t offsets[] = { 5, 130 };
	char slab[4096];

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct machine *m = machine_create(kernel_73);
		struct hwp_findings *f;
		bool found = false;

		make_hugetlb(m, 0);
		machine_poison(m, HEAD);
		record_raw(m, slab, offsets, 2);
		switch (i) {
		case 0: /* a cycle of two, and of one */
			synth_put(slab, 0, SLAB_MEMORY + 16, 8);
			break;
		case 1:
			synth_put(slab, 16, SLAB_MEMORY + 16, 8);
			break;
		case 2: /* a page outside the folio */
			synth_put(slab, 8, MACHINE_VMEMMAP + (HEAD + 512) * 64, 8);
			break;
		case 3: /* no struct page */
			synth_put(slab, 8, 0x1234, 8);
			break;
		case 4: /* a node that cannot be read */
			synth_put(slab, 16, 0xff12000000000000, 8);
			break;
		}
		f = collect(m);
		print_message("# raw list %d\n", i);
		assert_int_not_equal(f->troubles.nr, 0);
		/* What could be read is still reported, each once. */
		for (size_t n = 0; n < f->poisoned.nr; n++) {
			found |= f->poisoned.data[n].pfn == HEAD + 130;
			assert_true(!n || f->poisoned.data[n].pfn > f->poisoned.data[n - 1].pfn);
		}
		assert_true(found);
		assert_true(f->poisoned.nr <= 3);
		machine_destroy(m);
	}
}

static void unreliable(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_findings *f;

	(void)state;
	make_hugetlb(m, 1 << 5);
	machine_poison(m, HEAD);
	f = collect(m);
	assert_int_equal(f->poisoned.nr, 1);
	assert_int_equal(f->poisoned.data[0].pfn, HEAD);
	assert_true(f->poisoned.data[0].raw_page_unknown);
	assert_true(f->poisoned.data[0].folio.raw_unreliable);
	machine_destroy(m);
}

/*
 * v5.18 to v7.0 with HVO: every 64th struct page is a copy of the head, flag
 * and all, and those behind it are copies of the first tails.
 */
static void fake_heads(void **state)
{
	static const uint64_t offsets[] = { 5, 130 };
	struct machine *m = machine_create(kernel_612);
	struct hwp_findings *f;
	char slab[4096];
	bool is_alias;

	(void)state;
	make_hugetlb(m, 1 << 4);
	machine_poison(m, HEAD);
	record_raw(m, slab, offsets, 2);
	for (uint64_t i = 64; i < 512; i += 64)
		memcpy(machine_page(m, HEAD + i), machine_page(m, HEAD), 64 * KERNEL_PAGE_SIZE);
	f = collect(m);
	assert_int_equal(f->poisoned.nr, 2);
	assert_int_equal(f->poisoned.data[0].pfn, HEAD + 5);
	assert_int_equal(f->poisoned.data[1].pfn, HEAD + 130);
	assert_int_equal(f->nr_aliased, 7);
	for (uint64_t i = 64; i < 512; i += 64) {
		struct hwp_folio_facts folio = find(m, HEAD + i, &is_alias);

		assert_true(is_alias);
		assert_int_equal(folio.head_pfn, HEAD);
	}
	machine_destroy(m);
}

/* A raw page that also carries its own flag is one page. */
static void flagged_and_recorded(void **state)
{
	static const uint64_t offsets[] = { 5 };
	struct machine *m = machine_create(kernel_73);
	struct hwp_findings *f;
	char slab[4096];

	(void)state;
	make_hugetlb(m, 0);
	machine_poison(m, HEAD);
	machine_poison(m, HEAD + 5);
	record_raw(m, slab, offsets, 1);
	f = collect(m);
	assert_int_equal(f->poisoned.nr, 1);
	assert_int_equal(f->poisoned.data[0].pfn, HEAD + 5);
	assert_true(f->poisoned.data[0].is_raw);
	machine_destroy(m);
}

/** A folio of order 9 with these words for counts, and where large_mapcount would be. */
static struct hwp_mapcounts mapcounts_of(uint32_t entire, uint32_t large, uint32_t nr_pages,
					 uint32_t large_offset)
{
	struct machine *m = machine_create(kernel_73);
	struct words head = head_words(m, 0xffffffff, 1);
	struct hwp_folio_facts f;
	bool is_alias;

	head.mapping = 0xff11000101110ea1;
	make_compound(m, 9, &head);
	m->layout.folio.entire_mapcount = 88;
	m->layout.folio.large_mapcount = large_offset;
	m->layout.folio.nr_pages_mapped = 84;
	synth_put(machine_page(m, HEAD), 88, entire, 4);
	synth_put(machine_page(m, HEAD), 80, large, 4);
	synth_put(machine_page(m, HEAD), 84, nr_pages, 4);
	f = find(m, HEAD + 5, &is_alias);
	machine_destroy(m);
	return f.mapped;
}

/* Counts begin at -1 but for that of pages, whose top bit is a mark; each is there or not. */
static void mapcounts(void **state)
{
	struct hwp_mapcounts mapped = mapcounts_of(2, 9, 0x800007, 80);

	(void)state;
	assert_true(mapped.has_entire && mapped.has_large && mapped.has_nr_pages);
	assert_int_equal(mapped.entire, 3);
	assert_int_equal(mapped.large, 10);
	assert_int_equal(mapped.nr_pages, 7);
	mapped = mapcounts_of(UINT32_MAX, UINT32_MAX, 0, HWP_ABSENT);
	assert_true(mapped.has_entire && mapped.has_nr_pages && !mapped.has_large);
	assert_int_equal(mapped.entire, 0);
	assert_int_equal(mapped.nr_pages, 0);
	/* A count below nothing is none; nor is one that lies across two struct pages. */
	mapped = mapcounts_of(0x80000000, 0, 0, 126);
	assert_false(mapped.has_entire || mapped.has_large);
}

/* Where raw_hwp_list begins: a member, or an index of struct pages; to v5.19 there is none. */
static void raw_list(void **state)
{
	static const struct {
		const char *folio;
		int64_t index;
		bool has_list;
	} rows[] = {
		{ "folio", -1, true }, { "", 4, true },	  { "", 63, true },
		{ "", 64, false },     { "", -1, false },
	};
	static const struct hwp_needs *const needs[] = { &hwp_folio_raw_needs, NULL };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		const struct synth_member types[] = { MEMBER("raw_hwp_page", "node", 0, 8),
						      MEMBER("raw_hwp_page", "page", 8, 8),
						      MEMBER(rows[i].folio, "_hugetlb_hwpoison",
							     232, 8),
						      {} };
		const struct synth_enumerator enumerators[] = {
			{ NULL, rows[i].index < 0 ? "OTHER" : "SUBPAGE_INDEX_HWPOISON",
			  rows[i].index },
			{}
		};
		const struct synth s = { .members = types, .enumerators = enumerators };
		struct hwp_layout l;

		print_message("# row %zu\n", i);
		kernel_61(&l);
		synth_resolve(&s, &l, needs);
		assert_int_equal(hwp_folio_has_raw_list(&l), rows[i].has_list);
		hwp_layout_deinit(&l);
	}
}

/* The list's word may be the last of a struct page, and not reach into the next. */
static void raw_list_at_the_end(void **state)
{
	static const struct {
		uint64_t offset;
		bool is_readable;
	} rows[] = { { 248, true }, { 249, false }, { 252, false }, { 256, true } };
	static const struct hwp_needs *const needs[] = { &hwp_folio_raw_needs, NULL };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct machine *m = machine_create(kernel_73);
		const struct synth_member types[] = { MEMBER("raw_hwp_page", "node", 0, 8),
						      MEMBER("raw_hwp_page", "page", 8, 8),
						      MEMBER("folio", "_hugetlb_hwpoison",
							     rows[i].offset, 8),
						      {} };
		const struct synth s = { .members = types };
		const struct hwp_folio_facts folio = { .head_pfn = HEAD, .order = 9 };
		hwp_pfn_vec pfns = {};
		struct hwp_error *err;

		hwp_layout_deinit(&m->layout);
		synth_resolve(&s, &m->layout, needs);
		machine_open(m);
		/* Nothing is in the list. */
		for (uint64_t n = 0; n < 8; n++)
			memset(machine_page(m, HEAD + n), 0, KERNEL_PAGE_SIZE);
		err = hwp_folio_raw_pages(m->target, m->reader, &folio, &pfns);
		assert_int_equal(err == NULL, rows[i].is_readable);
		assert_int_equal(pfns.nr, 0);
		hwp_error_destroy(err);
		machine_destroy(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_page_of_a_folio),
		cmocka_unit_test(kinds),
		cmocka_unit_test(has_hwpoisoned),
		cmocka_unit_test(stale),
		cmocka_unit_test(raw_pages),
		cmocka_unit_test(pool),
		cmocka_unit_test(without_tables),
		cmocka_unit_test(damaged_raw_lists),
		cmocka_unit_test(unreliable),
		cmocka_unit_test(fake_heads),
		cmocka_unit_test(flagged_and_recorded),
		cmocka_unit_test(raw_list),
		cmocka_unit_test(raw_list_at_the_end),
		cmocka_unit_test(mapcounts),
	};

	return cmocka_run_group_tests_name("folio", tests, NULL, NULL);
}
