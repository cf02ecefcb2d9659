// SPDX-License-Identifier: GPL-2.0-or-later
/** Walks over the free lists of a machine in memory, sound and damaged. */
#include "machine.h"

#include <cmocka.h>
#include <stdio.h>

#include "facts/pages/scan.h"

static uint64_t nr_of(const struct hwp_findings *f, enum hwp_trouble_kind kind)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < f->troubles.nr; i++) {
		nr += f->troubles.data[i].kind == kind;
		print_message("# %s\n", f->troubles.data[i].text);
	}
	return nr;
}

static const struct hwp_block *block_at(const struct hwp_findings *f, uint64_t pfn)
{
	for (size_t i = 0; i < f->blocks.nr; i++) {
		const struct hwp_block *b = &f->blocks.data[i];

		if (pfn >= b->head_pfn && pfn < b->head_pfn + (UINT64_C(1) << b->order))
			return b;
	}
	return NULL;
}

static const struct hwp_list_stat *
list_stat(const struct hwp_findings *f, enum hwp_container container, int order, int mt, int cpu)
{
	for (size_t i = 0; i < f->lists.nr; i++) {
		const struct hwp_list_stat *s = &f->lists.data[i];

		if (s->container == container && s->order == order && s->migratetype == mt &&
		    s->cpu == cpu)
			return s;
	}
	return NULL;
}

static void empty(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_findings *f = machine_walk(m);

	(void)state;
	assert_int_equal(nr_of(f, HWP_TROUBLE_HOLE), 0);
	assert_int_equal(nr_of(f, HWP_TROUBLE_CONTRADICTION), 0);
	/* 11 orders of 6 types, 14 lists of 2 CPUs, the trylock and the unaccepted list. */
	assert_int_equal(f->lists.nr, 11 * 6 + 2 * 14 + 2);
	assert_int_equal(f->areas.nr, 11);
	assert_int_equal(f->blocks.nr, 0);
	assert_false(f->zones.data[0].lists_cut);
	machine_destroy(m);
}

static void every_list(void **state)
{
	void (*kernels[])(struct hwp_layout *) = { kernel_73, kernel_612, kernel_61 };

	(void)state;
	for (size_t k = 0; k < HWP_ARRAY_SIZE(kernels); k++) {
		struct machine *m = machine_create(kernels[k]);
		uint64_t pfn = 0x1400, nr_pages = 0;
		struct hwp_findings *f;

		for (unsigned int order = 0; order < 11; order++) {
			pfn = (pfn + (1u << order) - 1) & ~((UINT64_C(1) << order) - 1);
			machine_poison(m, pfn + (1u << order) - 1);
			machine_free(m, pfn, order, order % 6);
			nr_pages += UINT64_C(1) << order;
			pfn += UINT64_C(1) << order;
		}
		f = machine_walk(m);
		assert_int_equal(nr_of(f, HWP_TROUBLE_HOLE) + nr_of(f, HWP_TROUBLE_CONTRADICTION),
				 0);
		assert_int_equal(f->zones.data[0].nr_buddy_pages, nr_pages);
		assert_int_equal(f->blocks.nr, 11);
		for (size_t i = 0; i < m->poisoned.nr; i++) {
			const struct hwp_block *b = block_at(f, m->poisoned.data[i]);

			assert_non_null(b);
			assert_int_equal(b->container, HWP_FREE_AREA);
			assert_int_equal(b->order, i);
			assert_int_equal(b->migratetype, i % 6);
			assert_int_equal(b->cpu, -1);
			assert_int_equal(
				list_stat(f, HWP_FREE_AREA, (int)i, (int)i % 6, -1)->nr_poisoned,
				1);
		}
		for (size_t i = 0; i < f->areas.nr; i++)
			assert_int_equal(f->areas.data[i].nr_free, f->areas.data[i].nr_walked);
		machine_destroy(m);
	}
}

/* What list i of a per-CPU set holds: order_to_pindex() in mm/page_alloc.c. */
static void pcp_lists(void **state)
{
	static const struct {
		unsigned int nr_lists, i;
		int order, mt;
	} rows[] = {
		{ 14, 0, 0, 0 },
		{ 14, 2, 0, 2 },
		{ 14, 3, 1, 0 },
		{ 14, 11, 3, 2 },
		{ 14, 12, 9, -1 },
		{ 14, 13, 9, 1 },
		/* One list for THP: it says no type. */
		{ 13, 12, 9, -1 },
		/* v5.14 to v5.19: one for each type. */
		{ 15, 12, 9, 0 },
		{ 15, 14, 9, 2 },
		/* To v5.13, and without THP. */
		{ 3, 1, 0, 1 },
		{ 12, 11, 3, 2 },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct machine *m = machine_create(kernel_73);
		const struct hwp_block *b;
		struct hwp_findings *f;

		print_message("# %u lists, list %u\n", rows[i].nr_lists, rows[i].i);
		machine_resolve(m, rows[i].nr_lists);
		for (unsigned int cpu = 0; cpu < MACHINE_NR_CPUS; cpu++)
			machine_list_init(m, machine_pcp_list(cpu, 14));
		machine_poison(m, 0x1600);
		machine_free_pcp(m, 0x1600, (unsigned int)rows[i].order, 1, rows[i].i);
		f = machine_walk(m);
		assert_int_equal(nr_of(f, HWP_TROUBLE_HOLE) + nr_of(f, HWP_TROUBLE_CONTRADICTION),
				 0);
		assert_int_equal(f->zones.data[0].nr_pcp_pages, 1 << rows[i].order);
		b = block_at(f, 0x1600);
		assert_non_null(b);
		assert_int_equal(b->container, HWP_PCP_LIST);
		assert_int_equal(b->cpu, 1);
		assert_int_equal(b->order, rows[i].order);
		if (rows[i].nr_lists != 14 || rows[i].i != 12)
			assert_int_equal(b->migratetype, rows[i].mt);
		else
			assert_int_not_equal(b->migratetype, 1);
		machine_destroy(m);
	}
}

/* Five blocks of order 3, poison in the second and the last. */
static struct machine *five_blocks(void)
{
	struct machine *m = machine_create(kernel_73);

	machine_poison(m, 0x140d);
	machine_poison(m, 0x1424);
	for (uint64_t i = 0; i < 5; i++)
		machine_free(m, 0x1400 + 8 * i, 3, 1);
	return m;
}

/* CPUs that cannot exist have no lists, and uniprocessors no offset. */
static void cpus(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_findings *f;

	(void)state;
	synth_put(m->symbols, 8, 2, 8);
	f = machine_walk(m);
	assert_null(list_stat(f, HWP_PCP_LIST, 0, 0, 0));
	assert_non_null(list_stat(f, HWP_PCP_LIST, 0, 0, 1));
	machine_destroy(m);

	m = machine_create(kernel_73);
	m->has_one_cpu = true;
	machine_resolve(m, 14);
	machine_poison(m, 0x1601);
	machine_free_pcp(m, 0x1600, 9, 0, 13);
	f = machine_walk(m);
	assert_non_null(block_at(f, 0x1601));
	machine_destroy(m);

	/* A zone whose sets are not set up yet. */
	m = machine_create(kernel_73);
	machine_put(m, MACHINE_ZONE + ZONE_PAGESET, 0);
	f = machine_walk(m);
	assert_int_equal(nr_of(f, HWP_TROUBLE_HOLE), 2);
	assert_string_equal(f->troubles.data[1].text,
			    "node 0 Normal cpu 1: per-CPU lists: the zone has no per-CPU lists");
	machine_destroy(m);
}

/* Whatever says which CPUs there are may lie: a CPU that may be missing is a hole. */
static void cpus_that_may_be_missing(void **state)
{
	static const struct {
		/** Where in the symbols, what, and of how many bytes. */
		size_t at, size;
		uint64_t value;
		size_t nr_lists[2];
	} rows[] = {
		{ 0, 4, 2, { 14, 14 } },
		/* A hostile number of CPUs is no crash, and the mask has them all. */
		{ 0, 4, 0xffffffff, { 14, 14 } },
		{ 0, 4, 0, { 14, 14 } },
		/* nr_cpu_ids against the mask. */
		{ 0, 4, 1, { 14, 14 } },
		{ 0, 4, 3, { 14, 14 } },
		/* The mask lacks a CPU, or all of them. */
		{ 8, 8, 1, { 14, 0 } },
		{ 8, 8, 0, { 14, 14 } },
		/* Both CPUs in one place. */
		{ 24, 8, 0, { 14, 0 } },
		{ 16, 8, PCP_SIZE, { 14, 0 } },
		/* One is nowhere. */
		{ 24, 8, UINT64_C(0x123450000), { 14, 0 } },
		{ 16, 8, UINT64_C(0x123450000), { 0, 14 } },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct machine *m = machine_create(kernel_73);
		struct hwp_findings *f;
		size_t nr[2] = { 0 };

		print_message("# row %zu\n", i);
		synth_put(m->symbols, rows[i].at, rows[i].value, rows[i].size);
		f = machine_walk(m);
		for (size_t l = 0; l < f->lists.nr; l++) {
			if (f->lists.data[l].cpu >= 0 && !f->lists.data[l].was_cut)
				nr[f->lists.data[l].cpu]++;
		}
		assert_int_equal(nr[0], rows[i].nr_lists[0]);
		assert_int_equal(nr[1], rows[i].nr_lists[1]);
		assert_int_equal(nr_of(f, HWP_TROUBLE_HOLE) == 0, i == 0);
		assert_int_equal(f->zones.data[0].lists_cut, i != 0);
		for (size_t t = 0; t < f->troubles.nr; t++)
			assert_int_equal(f->troubles.data[t].hole, HWP_HOLE_PCP_LIST);
		machine_destroy(m);
	}
}

/* Two methods may not disagree about a list that somebody is changing. */
static void locked(void **state)
{
	/* CONFIG_PREEMPT_RT: the pointer to the task that holds it, RT_MUTEX_HAS_WAITERS beside. */
	static const char owner[] = "lock.lock.owner";
	static const struct {
		const char *lock;
		uint64_t word;
		bool held, unknown;
	} rows[] = {
		{ NULL, 0, false, false },
		{ NULL, 1, true, false },
		{ owner, 0, false, false },
		{ owner, UINT64_C(0xff11000100320000), true, false },
		{ owner, UINT64_C(0xff11000100320001), true, false },
		/* Of another kind. */
		{ "lock.other", 1, false, true },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct machine *m = five_blocks();
		int size = rows[i].lock ? 8 : 4;
		bool held = rows[i].held;
		struct hwp_findings *f;

		print_message("# row %zu\n", i);
		m->lock = rows[i].lock;
		machine_resolve(m, 14);
		synth_put(m->zone, ZONE_LOCK, rows[i].word, size);
		machine_put(m, machine_lru(0x1410) + 8, machine_lru(0x1400));
		machine_put(m, machine_area_list(3, 0) + ZONE_NR_FREE, 4);
		f = machine_walk(m);
		assert_int_equal(nr_of(f, HWP_TROUBLE_CONTRADICTION) == 0, held);
		assert_int_equal(nr_of(f, HWP_TROUBLE_HOLE) != 0, held);
		assert_int_equal(f->zones.data[0].was_locked, held);
		assert_int_equal(f->zones.data[0].lock_unknown, rows[i].unknown);
		assert_int_equal(f->areas.data[3].moved, held);
		assert_false(f->areas.data[4].moved);
		machine_destroy(m);

		m = machine_create(kernel_73);
		m->lock = rows[i].lock;
		machine_resolve(m, 14);
		synth_put(m->percpu[1], rows[i].lock ? PCP_OWNER : PCP_LOCK, rows[i].word, size);
		machine_free_pcp(m, 0x1600, 0, 1, 0);
		synth_put(m->percpu[1], PCP_COUNT, 0, 4);
		f = machine_walk(m);
		assert_int_equal(f->troubles.nr, !held);
		machine_destroy(m);
	}
}

/* A CPU adds to the zone's count now and then. */
static void free_pages_counted(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_findings *f;

	(void)state;
	machine_put(m, MACHINE_ZONE + ZONE_VM_STAT + 8, 1000);
	machine_put(m, MACHINE_ZONE + ZONE_STATS, MACHINE_PERCPU);
	synth_put(m->percpu[0], CPU_DIFF + 1, 0x7f, 1);
	synth_put(m->percpu[1], CPU_DIFF + 1, 0x80, 1);
	/* Another count. */
	synth_put(m->percpu[1], CPU_DIFF, 5, 1);
	f = machine_walk(m);
	assert_true(f->zones.data[0].has_nr_free_pages);
	assert_int_equal(f->zones.data[0].nr_free_pages, 1000 + 127 - 128);
	machine_destroy(m);

	/* What a CPU has counted cannot be read. */
	m = machine_create(kernel_73);
	machine_put(m, MACHINE_ZONE + ZONE_VM_STAT + 8, 1000);
	machine_put(m, MACHINE_ZONE + ZONE_STATS, 0x1234);
	f = machine_walk(m);
	assert_false(f->zones.data[0].has_nr_free_pages);
	assert_int_equal(f->troubles.nr, 0);
	machine_destroy(m);
}

/* A block of one list lies in a block of another. */
static void overlapping(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_findings *f;

	(void)state;
	machine_poison(m, 0x1405);
	machine_free(m, 0x1400, 4, 1);
	machine_free(m, 0x1408, 3, 1);
	machine_free(m, 0x1410, 0, 1);
	f = machine_walk(m);
	assert_int_equal(f->troubles.nr, 1);
	assert_string_equal(f->troubles.data[0].text,
			    "the free block at 0x1408 (free_area, order 3) lies in that at 0x1400 "
			    "(free_area, order 4)");
	machine_destroy(m);
}

static void trylock_list(void **state)
{
	struct machine *m = machine_create(kernel_73);
	const struct hwp_block *b;
	struct hwp_findings *f;

	(void)state;
	machine_poison(m, 0x1803);
	machine_clear(m, 0x1800, 2);
	machine_clear(m, 0x1900, 0);
	synth_put(machine_page(m, 0x1800), 40, 2, 8);
	machine_put(m, MACHINE_ZONE + ZONE_TRYLOCK, machine_lru(0x1900));
	machine_put(m, machine_lru(0x1900), machine_lru(0x1800));
	f = machine_walk(m);
	b = block_at(f, 0x1803);
	assert_non_null(b);
	assert_int_equal(b->container, HWP_TRYLOCK_LIST);
	assert_int_equal(b->order, 2);
	assert_int_equal(nr_of(f, HWP_TROUBLE_HOLE), 0);
	machine_destroy(m);
}

static void unaccepted_list(void **state)
{
	struct machine *m = machine_create(kernel_73);
	const struct hwp_block *b;
	struct hwp_findings *f;

	(void)state;
	machine_poison(m, 0x1803);
	machine_clear(m, 0x1800, 10);
	synth_put(machine_page(m, 0x1800), 48, 0xf7000000, 4);
	machine_list_add_tail(m, MACHINE_ZONE + ZONE_UNACCEPTED, machine_lru(0x1800));
	f = machine_walk(m);
	b = block_at(f, 0x1803);
	assert_non_null(b);
	assert_int_equal(b->container, HWP_UNACCEPTED_LIST);
	assert_int_equal(b->order, 10);
	assert_int_equal(nr_of(f, HWP_TROUBLE_HOLE) + nr_of(f, HWP_TROUBLE_CONTRADICTION), 0);
	machine_destroy(m);
}

/* One link in the middle leads astray: both ends are still found, and it is reported. */
static void broken_link(void **state)
{
	const uint64_t places[] = { 0,
				    1,
				    0xffd3000000000008,
				    machine_lru(0x1403) + 1,
				    machine_lru(0x0fff),
				    0xdead000000000100,
				    UINT64_MAX,
				    machine_lru(0x1500),
				    machine_area_list(3, 1) + 16 };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(places); i++) {
		for (int forward = 0; forward < 2; forward++) {
			struct machine *m = five_blocks();
			const struct hwp_list_stat *s;
			struct hwp_findings *f;

			machine_put(m, machine_lru(0x1410) + (forward ? 0 : 8), places[i]);
			f = machine_walk(m);
			assert_int_not_equal(nr_of(f, HWP_TROUBLE_CONTRADICTION), 0);
			assert_int_equal(nr_of(f, HWP_TROUBLE_HOLE), 0);
			s = list_stat(f, HWP_FREE_AREA, 3, 1, -1);
			assert_true(s->was_cut);
			/* None twice; the damaged one itself may be lost. */
			assert_true(s->nr_blocks >= 4 && s->nr_blocks <= 5);
			assert_non_null(block_at(f, 0x140d));
			assert_non_null(block_at(f, 0x1424));
			assert_int_equal(s->nr_poisoned, 2);
			machine_destroy(m);
		}
	}
}

static void broken_heads(void **state)
{
	struct machine *m = five_blocks();
	struct hwp_findings *f;

	(void)state;
	machine_put(m, machine_area_list(3, 1), 0x1234);
	f = machine_walk(m);
	assert_non_null(block_at(f, 0x140d));
	assert_non_null(block_at(f, 0x1424));
	assert_int_not_equal(nr_of(f, HWP_TROUBLE_CONTRADICTION), 0);
	assert_int_equal(nr_of(f, HWP_TROUBLE_HOLE), 0);
	machine_destroy(m);

	m = five_blocks();
	machine_put(m, machine_area_list(3, 1) + 8, 0x1234);
	f = machine_walk(m);
	assert_non_null(block_at(f, 0x140d));
	assert_non_null(block_at(f, 0x1424));
	assert_int_not_equal(nr_of(f, HWP_TROUBLE_HOLE) + nr_of(f, HWP_TROUBLE_CONTRADICTION), 0);
	machine_destroy(m);

	/* Both: nothing of the list is left, and that is no empty list. */
	m = five_blocks();
	machine_put(m, machine_area_list(3, 1), 0);
	machine_put(m, machine_area_list(3, 1) + 8, 0);
	f = machine_walk(m);
	assert_null(block_at(f, 0x140d));
	assert_int_not_equal(nr_of(f, HWP_TROUBLE_CONTRADICTION), 0);
	assert_int_equal(nr_of(f, HWP_TROUBLE_HOLE), 0);
	machine_destroy(m);
}

/* Back to the head too early: what is behind is on the list all the same. */
static void cut_short(void **state)
{
	(void)state;
	for (int forward = 0; forward < 2; forward++) {
		struct machine *m = machine_create(kernel_73);
		uint64_t head = machine_pcp_list(0, 0);
		struct hwp_findings *f;

		for (uint64_t pfn = 0x1600; pfn < 0x1608; pfn++)
			machine_free_pcp(m, pfn, 0, 0, 0);
		machine_poison(m, 0x1601);
		machine_poison(m, 0x1606);
		machine_put(m, machine_lru(0x1604) + (forward ? 0 : 8), head);
		f = machine_walk(m);
		assert_int_not_equal(nr_of(f, HWP_TROUBLE_CONTRADICTION), 0);
		assert_non_null(block_at(f, 0x1601));
		assert_non_null(block_at(f, 0x1606));
		machine_destroy(m);
	}
}

static void cycles(void **state)
{
	(void)state;
	for (uint64_t from = 0; from < 5; from++) {
		for (uint64_t to = 0; to < 5; to++) {
			struct machine *m = five_blocks();
			const struct hwp_list_stat *s;
			struct hwp_findings *f;

			if (to == from + 1) {
				machine_destroy(m);
				continue;
			}
			machine_put(m, machine_lru(0x1400 + 8 * from),
				    machine_lru(0x1400 + 8 * to));
			f = machine_walk(m);
			s = list_stat(f, HWP_FREE_AREA, 3, 1, -1);
			assert_true(s->was_cut);
			assert_true(s->nr_blocks >= 4 && s->nr_blocks <= 5);
			assert_int_not_equal(nr_of(f, HWP_TROUBLE_CONTRADICTION), 0);
			assert_int_equal(nr_of(f, HWP_TROUBLE_HOLE), 0);
			machine_destroy(m);
		}
	}
}

static int walk_trylock_cycle(const void *arg)
{
	struct machine *m = machine_create(kernel_73);
	const uint64_t *span = arg;
	struct hwp_findings *f;
	struct hwp_list_walk walk;
	struct hwp_error *err;
	int ret;

	machine_poison(m, 0x1801);
	machine_clear(m, 0x1800, 0);
	machine_clear(m, 0x1900, 0);
	machine_put(m, MACHINE_ZONE + ZONE_TRYLOCK, machine_lru(0x1800));
	machine_put(m, machine_lru(0x1800), machine_lru(0x1900));
	machine_put(m, machine_lru(0x1900), machine_lru(0x1800));
	machine_open(m);
	f = m->findings;
	m->zones.zones.data[0].end_pfn = *span;
	walk = (struct hwp_list_walk){ .target = m->target,
				       .layout = &m->layout,
				       .reader = m->reader,
				       .zones = &m->zones,
				       .findings = f,
				       .poisoned_pfns = m->poisoned.data,
				       .nr_poisoned = 1 };
	err = hwp_walk_free_lists(&walk);
	ret = err || f->blocks.nr > 2 * MACHINE_PAGES || !nr_of(f, HWP_TROUBLE_CONTRADICTION);
	hwp_error_destroy(err);
	machine_destroy(m);
	return ret;
}

/* A singly linked list has no back links: its cycles must end as well. */
static void trylock_cycle(void **state)
{
	const uint64_t spans[] = { MACHINE_START + MACHINE_PAGES, UINT64_C(1) << 52 };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(spans); i++)
		assert_int_equal(synth_in_child(walk_trylock_cycle, &spans[i], 20), 0);
}

/* What stands on a list and does not belong there. */
static void wrong_entries(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++) {
		struct machine *m = five_blocks();
		char *page = machine_page(m, 0x1408);
		struct hwp_findings *f;

		switch (i) {
		case 0: /* another order */
			synth_put(page, 40, 4, 8);
			break;
		case 1: /* not marked as buddy */
			synth_put(page, 48, 0xffffffff, 4);
			break;
		case 2: /* in use */
			synth_put(page, 52, 1, 4);
			break;
		case 3: /* of another zone */
			synth_put(page, 0, UINT64_C(0x000fffffc0000000), 8);
			break;
		case 4: /* of another node */
			synth_put(page, 0, UINT64_C(0x0057ffffc0000000), 8);
			break;
		case 5: /* all of order 3, on the list of order 4: not aligned either */
			machine_free(m, 0x1448, 4, 0);
			break;
		}
		f = machine_walk(m);
		print_message("# entry %d\n", i);
		assert_int_not_equal(nr_of(f, HWP_TROUBLE_CONTRADICTION), 0);
		assert_int_equal(nr_of(f, HWP_TROUBLE_HOLE), 0);
		/* It is a contradiction to report, but no reason not to see the poison. */
		assert_non_null(block_at(f, 0x140d));
		assert_int_equal(list_stat(f, HWP_FREE_AREA, 3, 1, -1)->nr_blocks, 5);
		machine_destroy(m);
	}
}

static void buddy_on_pcp(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_findings *f;

	(void)state;
	machine_free_pcp(m, 0x1600, 0, 0, 0);
	synth_put(machine_page(m, 0x1600), 48, 0xf0000000, 4);
	f = machine_walk(m);
	assert_int_not_equal(nr_of(f, HWP_TROUBLE_CONTRADICTION), 0);
	machine_destroy(m);
}

/* per_cpu_pages.count is in pages, of all lists of the set. */
static void pcp_count(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct machine *m = machine_create(kernel_73);
		char *count = m->percpu[1] + PCP_COUNT;
		struct hwp_findings *f;

		machine_free_pcp(m, 0x1600, 9, 1, 13);
		machine_free_pcp(m, 0x1400, 3, 1, 10);
		assert_int_equal(hwp_u32(count), 520);
		synth_put(count, 0, 520 + (uint64_t)i - 1, 4);
		f = machine_walk(m);
		assert_int_equal(nr_of(f, HWP_TROUBLE_CONTRADICTION) + nr_of(f, HWP_TROUBLE_HOLE),
				 i != 1);
		machine_destroy(m);
	}
}

static void nr_free_is_kept(void **state)
{
	struct machine *m = five_blocks();
	struct hwp_findings *f;

	(void)state;
	machine_put(m, machine_area_list(3, 0) + ZONE_NR_FREE, 7);
	f = machine_walk(m);
	assert_int_equal(f->areas.data[3].order, 3);
	assert_int_equal(f->areas.data[3].nr_free, 7);
	assert_int_equal(f->areas.data[3].nr_walked, 5);
	machine_destroy(m);
}

/* What cannot be read is a hole, and what can be is still reported. */
static void unreadable(void **state)
{
	struct machine *m = five_blocks();
	struct hwp_findings *f;

	(void)state;
	machine_poison(m, 0x1600);
	machine_free_pcp(m, 0x1600, 0, 0, 0);
	/* The zone without its free_area from order 8 on. */
	m->synth.segments[1].size = ZONE_FREE_AREA + 8 * ZONE_FREE_AREA_SIZE;
	f = machine_walk(m);
	assert_true(f->zones.data[0].lists_cut);
	assert_int_not_equal(nr_of(f, HWP_TROUBLE_HOLE), 0);
	assert_non_null(block_at(f, 0x140d));
	assert_non_null(block_at(f, 0x1600));
	machine_destroy(m);

	/* Struct pages of blocks 2 to 4 are not in the dump. */
	m = five_blocks();
	m->synth.segments[0].size = (0x1000 - 0x1000 + 0x400) * KERNEL_PAGE_SIZE;
	synth_exclude(&m->synth, MACHINE_MAP + 0x400 * KERNEL_PAGE_SIZE, 4096);
	f = machine_walk(m);
	assert_int_not_equal(nr_of(f, HWP_TROUBLE_HOLE), 0);
	/* Which is no contradiction. */
	assert_int_equal(nr_of(f, HWP_TROUBLE_CONTRADICTION), 0);
	assert_int_equal(f->troubles.data[0].hole, HWP_HOLE_FREE_LIST);
	machine_destroy(m);
}

/* Blocks are reported near poison only, but are counted everywhere. */
static void far_blocks(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_findings *f;

	(void)state;
	machine_poison(m, 0x1400);
	machine_free(m, 0x1408, 3, 1);
	machine_free(m, 0x2c00, 3, 1);
	f = machine_walk(m);
	assert_non_null(block_at(f, 0x1408));
	assert_null(block_at(f, 0x2c00));
	assert_int_equal(f->zones.data[0].nr_buddy_pages, 16);
	machine_destroy(m);
}

/* A block that ends behind its zone; blocks that are another zone's, on a CPU's list as well. */
static void of_other_zones(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_findings *f;

	(void)state;
	machine_free(m, 0x1400, 3, 1);
	machine_free(m, 0x1c00, 0, 1);
	machine_free_pcp(m, 0x1c02, 0, 1, 1);
	/* Zone 3: where page.flags have it, bits 51 to 53. */
	for (uint64_t pfn = 0x1c00; pfn < 0x1c03; pfn += 2)
		synth_put(machine_page(m, pfn), 0,
			  (MACHINE_FLAGS & ~(UINT64_C(7) << 51)) | UINT64_C(3) << 51, 8);
	f = machine_walk(m);
	assert_int_equal(f->zones.data[0].nr_outside, 0);
	assert_int_equal(f->zones.data[0].nr_foreign, 2);
	assert_int_equal(f->zones.data[0].first_foreign, 0x1c00);
	machine_destroy(m);

	m = machine_create(kernel_73);
	machine_free(m, 0x2ff8, 4, 1);
	machine_free(m, 0x1ff0, 4, 1);
	machine_open(m);
	m->zones.zones.data[0].end_pfn = 0x1ff8;
	assert_null(hwp_walk_free_lists(&(struct hwp_list_walk){ .target = m->target,
								 .layout = &m->layout,
								 .reader = m->reader,
								 .zones = &m->zones,
								 .findings = m->findings }));
	assert_int_equal(m->findings->zones.data[0].nr_outside, 2);
	assert_int_equal(m->findings->zones.data[0].first_outside, 0x2ff8);
	machine_destroy(m);
}

/* A set of a CPU began with something else. */
static void pageset(void **state)
{
	struct machine *m = machine_create(kernel_61);
	struct hwp_findings *f;

	(void)state;
	m->pcp = 4;
	machine_resolve(m, 3);
	machine_poison(m, 0x1601);
	machine_free_pcp(m, 0x1600, 0, 1, 1);
	machine_free_pcp(m, 0x1601, 0, 1, 1);
	f = machine_walk(m);
	assert_int_equal(f->troubles.nr, 0);
	assert_non_null(block_at(f, 0x1601));
	assert_int_equal(list_stat(f, HWP_PCP_LIST, 0, 1, 1)->nr_blocks, 2);
	machine_destroy(m);
}

/* Blocks in the largest block that a poisoned page can be in are kept, and no others. */
static void near_poison(void **state)
{
	static const struct {
		uint64_t pfn;
		unsigned int order;
		bool kept, is_poisoned;
	} rows[] = {
		{ 0x13fe, 1, false, false }, { 0x1400, 1, true, false },
		{ 0x1406, 0, true, false },  { 0x1408, 3, true, true },
		{ 0x1407, 0, true, true },   { 0x1410, 0, true, false },
		{ 0x17fe, 1, true, false },  { 0x1800, 1, false, false },
		{ 0x1bfe, 1, false, false }, { 0x1c00, 10, true, true },
		{ 0x2000, 9, true, false },  { 0x23ff, 0, true, true },
		{ 0x2400, 0, false, false },
	};
	struct machine *m = machine_create(kernel_73);
	struct hwp_findings *f;
	size_t nr_kept = 0;

	(void)state;
	machine_poison(m, 0x1407);
	machine_poison(m, 0x140f);
	/* Two of these are neighbours: 0x1c00 to 0x2400. */
	machine_poison(m, 0x1c00);
	machine_poison(m, 0x23ff);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++)
		machine_free(m, rows[i].pfn, rows[i].order, i % 6);
	f = machine_walk(m);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		const struct hwp_block *b = block_at(f, rows[i].pfn);

		print_message("# 0x%llx\n", (unsigned long long)rows[i].pfn);
		assert_int_equal(b != NULL, rows[i].kept);
		nr_kept += rows[i].kept;
		if (b)
			assert_int_equal(b->head_pfn, rows[i].pfn);
	}
	assert_int_equal(f->blocks.nr, nr_kept);
	for (unsigned int order = 0; order < 11; order++) {
		for (unsigned int mt = 0; mt < 6; mt++) {
			uint64_t nr_poisoned = 0;

			for (size_t i = mt; i < HWP_ARRAY_SIZE(rows); i += 6)
				nr_poisoned += rows[i].order == order && rows[i].is_poisoned;
			assert_int_equal(
				list_stat(f, HWP_FREE_AREA, (int)order, (int)mt, -1)->nr_poisoned,
				nr_poisoned);
		}
	}
	/* Ascending. */
	for (size_t i = 1; i < f->blocks.nr; i++)
		assert_true(f->blocks.data[i - 1].head_pfn < f->blocks.data[i].head_pfn);
	machine_destroy(m);
}

/* So are those in a folio, and around the page that was asked about. */
static void near_folio(void **state)
{
	const struct hwp_folio folio = { .head_pfn = 0x1400, .order = 11 };
	static const struct {
		uint64_t pfn;
		bool of_folio, of_subject;
	} rows[] = {
		{ 0x13ff, false, false }, { 0x1400, true, false }, { 0x1bff, true, false },
		{ 0x1c00, false, true },  { 0x1fff, false, true }, { 0x2000, false, false },
	};

	(void)state;
	for (int what = 0; what < 4; what++) {
		bool has_folio = what & 1, is_asked = what & 2;
		struct machine *m = machine_create(kernel_73);
		struct hwp_list_walk walk;

		for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++)
			machine_free(m, rows[i].pfn, 0, 1);
		machine_open(m);
		if (has_folio)
			assert_true(hwp_vec_push(&m->findings->folios, folio));
		m->findings->subject.asked = is_asked;
		m->findings->subject.page.pfn = 0x1e00;
		walk = (struct hwp_list_walk){ .target = m->target,
					       .layout = &m->layout,
					       .reader = m->reader,
					       .zones = &m->zones,
					       .findings = m->findings };
		assert_null(hwp_walk_free_lists(&walk));
		for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++)
			assert_int_equal(block_at(m->findings, rows[i].pfn) != NULL,
					 (has_folio && rows[i].of_folio) ||
						 (is_asked && rows[i].of_subject));
		machine_destroy(m);
	}
}

/* The folio may have been larger: blocks in all of what it may have been are found. */
static void near_larger_folio(void **state)
{
	const struct hwp_folio folio = { .head_pfn = 0x1600, .order = 9, .max_order = 11 };
	struct machine *m = machine_create(kernel_73);
	struct hwp_list_walk walk;

	(void)state;
	machine_free(m, 0x17ff, 0, 1);
	machine_free(m, 0x1000, 0, 1);
	machine_free(m, 0x1800, 0, 1);
	machine_open(m);
	assert_true(hwp_vec_push(&m->findings->folios, folio));
	walk = (struct hwp_list_walk){ .target = m->target,
				       .layout = &m->layout,
				       .reader = m->reader,
				       .zones = &m->zones,
				       .findings = m->findings };
	assert_null(hwp_walk_free_lists(&walk));
	assert_non_null(block_at(m->findings, 0x17ff));
	assert_non_null(block_at(m->findings, 0x1000));
	assert_null(block_at(m->findings, 0x1800));
	machine_destroy(m);
}

/* On two lists that contradict each other: ascending by order too. */
static void block_on_two_lists(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_findings *f;

	(void)state;
	machine_poison(m, 0x1600);
	machine_free_pcp(m, 0x1600, 2, 0, 6);
	machine_put(m, MACHINE_ZONE + ZONE_TRYLOCK, machine_lru(0x1600));
	f = machine_walk(m);
	assert_int_equal(f->blocks.nr, 2);
	assert_int_equal(f->blocks.data[0].container, HWP_TRYLOCK_LIST);
	assert_int_equal(f->blocks.data[0].order, 0);
	assert_int_equal(f->blocks.data[1].container, HWP_PCP_LIST);
	assert_int_equal(f->blocks.data[1].order, 2);
	machine_destroy(m);
}

static void assert_trouble(const struct hwp_findings *f, size_t i, enum hwp_trouble_kind kind,
			   const char *text)
{
	assert_true(i < f->troubles.nr);
	assert_int_equal(f->troubles.data[i].kind, kind);
	assert_string_equal(f->troubles.data[i].text, text);
}

/* No more than three contradictions of one list are reported, and each list is named. */
static void many_contradictions(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_findings *f;

	(void)state;
	for (uint64_t i = 0; i < 5; i++) {
		machine_free(m, 0x1400 + 8 * i, 3, 1);
		synth_put(machine_page(m, 0x1400 + 8 * i), 52, 1, 4);
	}
	machine_free(m, 0x1500, 2, 3);
	synth_put(machine_page(m, 0x1500), 52, 1, 4);
	machine_free_pcp(m, 0x1600, 0, 1, 0);
	synth_put(machine_page(m, 0x1600), 52, 1, 4);
	machine_clear(m, 0x1800, 10);
	machine_list_add_tail(m, MACHINE_ZONE + ZONE_UNACCEPTED, machine_lru(0x1800));
	synth_put(machine_page(m, 0x1800), 52, 1, 4);
	f = machine_walk(m);
	assert_int_equal(f->troubles.nr, 6);
	assert_trouble(f, 0, HWP_TROUBLE_CONTRADICTION,
		       "node 0 Normal order 2: an entry has references (0x1500, after 0 blocks)");
	assert_trouble(f, 1, HWP_TROUBLE_CONTRADICTION,
		       "node 0 Normal order 3 Movable: an entry has references (0x1400, after 0 "
		       "blocks)");
	assert_true(f->troubles.data[1].has_pfn);
	assert_int_equal(f->troubles.data[1].pfn, 0x1400);
	assert_trouble(f, 3, HWP_TROUBLE_CONTRADICTION,
		       "node 0 Normal order 3 Movable: an entry has references (0x1410, after 2 "
		       "blocks)");
	assert_trouble(f, 4, HWP_TROUBLE_CONTRADICTION,
		       "node 0 Normal unaccepted_pages: an entry has references (0x1800, after 0 "
		       "blocks)");
	assert_trouble(f, 5, HWP_TROUBLE_CONTRADICTION,
		       "node 0 Normal cpu 1 order 0 Unmovable: an entry has references (0x1600, "
		       "after 0 blocks)");
	machine_destroy(m);
}

/* An entry at either end of its zone, and a list that has more blocks than memory has pages. */
static void bounds(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_list_walk walk;

	(void)state;
	machine_free(m, 0x1400, 0, 1);
	machine_free(m, 0x1401, 0, 1);
	machine_free(m, 0x1403, 0, 1);
	machine_free(m, 0x1404, 0, 1);
	for (int turn = 0; turn < 2; turn++) {
		machine_open(m);
		m->zones.zones.data[0].start_pfn = 0x1401;
		m->zones.zones.data[0].end_pfn = 0x1404;
		/* Four entries, and the head. */
		m->memmap.nr_pages = turn ? 3 : 4;
		walk = (struct hwp_list_walk){ .target = m->target,
					       .layout = &m->layout,
					       .reader = m->reader,
					       .zones = &m->zones,
					       .findings = m->findings };
		assert_null(hwp_walk_free_lists(&walk));
		nr_of(m->findings, HWP_TROUBLE_HOLE);
		assert_int_equal(m->findings->troubles.nr, turn ? 3 : 2);
		assert_int_equal(m->findings->zones.data[0].nr_outside, turn ? 1 : 2);
		assert_int_equal(m->findings->zones.data[0].first_outside, 0x1400);
		assert_int_equal(m->findings->zones.data[0].nr_foreign, 0);
		assert_trouble(m->findings, 0, HWP_TROUBLE_CONTRADICTION,
			       "node 0 Normal order 0 Movable: an entry lies outside its zone's "
			       "span (0x1400, after 0 blocks)");
		if (!turn)
			assert_trouble(m->findings, 1, HWP_TROUBLE_CONTRADICTION,
				       "node 0 Normal order 0 Movable: an entry lies outside its "
				       "zone's span (0x1404, after 3 blocks)");
		else
			assert_non_null(strstr(m->findings->troubles.data[1].text,
					       "the list is longer than its zone"));
		hwp_findings_destroy(m->findings);
		hwp_page_reader_destroy(m->reader);
		hwp_target_destroy(m->target);
		m->memmap.ranges.nr = m->zones.zones.nr = 0;
		m->target = NULL;
		m->reader = NULL;
		m->findings = NULL;
	}
	machine_destroy(m);
}

/* As many lists as can be, and one more; a number of types that cannot be is the usual one. */
static void numbers_of_lists(void **state)
{
	static const struct {
		uint64_t nr_migratetypes, nr_lists;
		int64_t nr_pcptypes;
		const char *error;
	} rows[] = {
		{ 16, 32, 3, NULL },
		{ 17, 32, 3, "layout: free_area.free_list has 17 lists" },
		{ 16, 33, 3, "layout: per_cpu_pages.lists has 33 lists" },
		{ 6, 14, 0, NULL },
		{ 6, 14, 9, NULL },
		{ 6, 14, 8, NULL },
	};
	static const struct hwp_needs *const needs[] = { &hwp_freelist_needs, NULL };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		const struct synth_member types[] = {
			ARRAY("zone", "free_area", 256, 11 * 320, 11),
			MEMBER("zone", "per_cpu_pageset", 112, 8),
			SIZE("free_area", 320),
			ARRAY("free_area", "free_list", 0, 16 * rows[i].nr_migratetypes,
			      rows[i].nr_migratetypes),
			MEMBER("free_area", "nr_free", 312, 8),
			MEMBER("per_cpu_pages", "count", 4, 4),
			ARRAY("per_cpu_pages", "lists", 32, 16 * rows[i].nr_lists,
			      rows[i].nr_lists),
			{}
		};
		const struct synth_enumerator enumerators[] = {
			{ "migratetype", "MIGRATE_PCPTYPES", rows[i].nr_pcptypes }, {}
		};
		const struct synth s = { .members = types, .enumerators = enumerators };
		struct hwp_target *target = synth_open(&s);
		struct hwp_layout l = {};
		struct hwp_error *err = hwp_layout_resolve(&l, target, needs);

		print_message("# row %zu\n", i);
		assert_int_equal(err != NULL, rows[i].error != NULL);
		if (err)
			assert_string_equal(err->message, rows[i].error);
		else
			assert_non_null(hwp_layout_of(&l, &hwp_freelist_needs));
		hwp_error_destroy(err);
		hwp_layout_deinit(&l);
		hwp_target_destroy(target);
	}
}

/** What is wrong with the block at 0x1400, order 3. */
static void damage(struct machine *m, int how)
{
	if (how == 1)
		synth_put(machine_page(m, 0x1400), 52, 1, 4);
	else if (how == 2)
		synth_put(machine_page(m, 0x1400), 40, 2, 8);
	else if (how == 3)
		synth_put(machine_page(m, 0x1400), 40, 200, 8);
	else if (how == 4)
		synth_put(machine_page(m, 0x1400), 48, 0xffffffff, 4);
	else if (how == 5)
		synth_put(machine_page(m, 0x1400), 8, 0xff11000000001000, 8);
	else if (how == 6)
		synth_put(machine_page(m, 0x1400), 16, 0xff11000000001000, 8);
}

/** Sweep, and then walk; @p forget: what the sweep read is there no more. */
static struct hwp_findings *walk_swept(struct machine *m, bool forget)
{
	hwp_pfn_vec flagged = {};
	struct hwp_findings swept = {};
	struct hwp_scan_options options = { .nr_threads = 2 };
	struct hwp_list_walk walk;

	machine_open(m);
	walk = (struct hwp_list_walk){ .target = m->target,
				       .layout = &m->layout,
				       .reader = m->reader,
				       .zones = &m->zones,
				       .findings = m->findings,
				       .poisoned_pfns = m->poisoned.data,
				       .nr_poisoned = m->poisoned.nr };
	assert_null(hwp_free_heads_create(&options.heads));
	assert_null(hwp_scan(m->target, &m->memmap, &options, &flagged, &swept));
	if (forget)
		synth_exclude(&m->synth, MACHINE_MAP, sizeof(m->map));
	walk.heads = options.heads;
	assert_null(hwp_walk_free_lists(&walk));
	hwp_free_heads_destroy(options.heads);
	hwp_vec_deinit(&flagged);
	return m->findings;
}

/** The free blocks of a dump are taken from the sweep: the answers are those of memory. */
static void seen_by_the_sweep(void **state)
{
	void (*kernels[])(struct hwp_layout *) = { kernel_73, kernel_612, kernel_61 };

	(void)state;
	for (size_t i = 0; i < 7 * HWP_ARRAY_SIZE(kernels); i++) {
		struct hwp_findings *f[2];
		struct machine *m[2];

		for (int k = 0; k < 2; k++) {
			m[k] = machine_create(kernels[i / 7]);
			machine_poison(m[k], 0x1403);
			machine_poison(m[k], 0x1803);
			machine_free(m[k], 0x1400, 3, 1);
			machine_free(m[k], 0x1800, 3, 1);
			damage(m[k], (int)(i % 7));
			f[k] = k ? walk_swept(m[k], false) : machine_walk(m[k]);
		}
		assert_int_equal(f[0]->blocks.nr, f[1]->blocks.nr);
		assert_memory_equal(f[0]->blocks.data, f[1]->blocks.data,
				    f[0]->blocks.nr * sizeof(*f[0]->blocks.data));
		assert_int_equal(f[0]->lists.nr, f[1]->lists.nr);
		assert_int_equal(f[0]->troubles.nr, f[1]->troubles.nr);
		assert_true((f[0]->troubles.nr > 0) == (i % 7 > 0));
		for (size_t t = 0; t < f[0]->troubles.nr; t++)
			assert_string_equal(f[0]->troubles.data[t].text,
					    f[1]->troubles.data[t].text);
		machine_destroy(m[0]);
		machine_destroy(m[1]);
	}
}

/** They are not read again. */
static void not_read_again(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_findings *f;

	(void)state;
	machine_poison(m, 0x1403);
	machine_free(m, 0x1400, 3, 1);
	f = walk_swept(m, true);
	assert_int_equal(nr_of(f, HWP_TROUBLE_HOLE), 0);
	assert_int_equal(f->blocks.nr, 1);
	assert_int_equal(f->blocks.data[0].head_pfn, 0x1400);
	machine_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(every_list),
		cmocka_unit_test(pcp_lists),
		cmocka_unit_test(cpus),
		cmocka_unit_test(cpus_that_may_be_missing),
		cmocka_unit_test(locked),
		cmocka_unit_test(overlapping),
		cmocka_unit_test(free_pages_counted),
		cmocka_unit_test(trylock_list),
		cmocka_unit_test(unaccepted_list),
		cmocka_unit_test(broken_link),
		cmocka_unit_test(broken_heads),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(cycles),
		cmocka_unit_test(trylock_cycle),
		cmocka_unit_test(wrong_entries),
		cmocka_unit_test(buddy_on_pcp),
		cmocka_unit_test(pcp_count),
		cmocka_unit_test(nr_free_is_kept),
		cmocka_unit_test(unreadable),
		cmocka_unit_test(far_blocks),
		cmocka_unit_test(of_other_zones),
		cmocka_unit_test(pageset),
		cmocka_unit_test(near_poison),
		cmocka_unit_test(near_folio),
		cmocka_unit_test(near_larger_folio),
		cmocka_unit_test(bounds),
		cmocka_unit_test(many_contradictions),
		cmocka_unit_test(numbers_of_lists),
		cmocka_unit_test(block_on_two_lists),
		cmocka_unit_test(seen_by_the_sweep),
		cmocka_unit_test(not_read_again),
	};

	return cmocka_run_group_tests_name("freelist", tests, NULL, NULL);
}
