// SPDX-License-Identifier: GPL-2.0-or-later
/** Free lists of a kernel that runs: they change while they are walked, or are corrupt. */
#include "machine.h"

#include <cmocka.h>

#define LIST machine_area_list(3, 1)
#define NR_FREE (machine_area_list(3, 0) + ZONE_NR_FREE)
/** How often a list is walked before it is given up. */
#define MAX_ATTEMPTS 6

/** A machine, and what happens each time that the word at @p watched is about to be read. */
struct live {
	struct machine *m;
	uint64_t watched;
	void (*on_read)(struct live *live);
	unsigned int nr_reads;
};

static struct hwp_error *live_read(void *arg, enum hwp_space space, uint64_t address, void *buf,
				   size_t size, size_t *nr_read_ret)
{
	struct live *live = arg;

	if (live->watched - address < size) {
		live->nr_reads++;
		if (live->on_read)
			live->on_read(live);
	}
	return synth_read(&live->m->synth, space, address, buf, size, nr_read_ret);
}

static void live_keep(void *arg)
{
	(void)arg;
}

static const struct hwp_provider_ops live_ops = {
	.name = "live",
	.read = live_read,
	.destroy = live_keep,
};

static struct hwp_findings *walk(struct live *live, struct hwp_list_walk walk)
{
	struct machine *m = live->m;
	const struct hwp_host_providers parts = {
		.memory = { &live_ops, live },
		.symbols = synth_provider(&m->synth),
		.types = synth_provider(&m->synth),
		.facts = { .page_shift = 12 },
	};

	if (!m->target)
		machine_open(m);
	hwp_page_reader_destroy(m->reader);
	hwp_target_destroy(m->target);
	assert_null(synth_host_open(&parts, &m->target));
	assert_null(hwp_page_reader_create(m->target, &m->memmap, &m->reader));
	walk.target = m->target;
	walk.layout = &m->layout;
	walk.reader = m->reader;
	walk.zones = &m->zones;
	walk.findings = m->findings;
	walk.poisoned_pfns = m->poisoned.data;
	walk.nr_poisoned = m->poisoned.nr;
	assert_null(hwp_walk_free_lists(&walk));
	for (size_t i = 0; i < m->findings->troubles.nr; i++)
		print_message("# %s\n", m->findings->troubles.data[i].text);
	return m->findings;
}

static struct hwp_findings *walk_live(struct live *live)
{
	return walk(live, (struct hwp_list_walk){ .live = true });
}

static uint64_t nr_of(const struct hwp_findings *f, enum hwp_trouble_kind kind)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < f->troubles.nr; i++)
		nr += f->troubles.data[i].kind == kind;
	return nr;
}

/** The one entry about a list. */
static const struct hwp_list_stat *stat_of(const struct hwp_findings *f,
					   enum hwp_container container, int order, int mt, int cpu)
{
	const struct hwp_list_stat *found = NULL;

	for (size_t i = 0; i < f->lists.nr; i++) {
		const struct hwp_list_stat *s = &f->lists.data[i];

		if (s->container != container || s->order != order || s->migratetype != mt ||
		    s->cpu != cpu)
			continue;
		assert_null(found);
		found = s;
	}
	assert_non_null(found);
	return found;
}

static const struct hwp_area_stat *area_of(const struct hwp_findings *f, int order)
{
	assert_int_equal(f->areas.nr, 11);
	assert_int_equal(f->areas.data[order].order, order);
	return &f->areas.data[order];
}

/** Five blocks of order 3 on one list, all of interest. */
static void five_blocks(struct live *live)
{
	struct machine *m = machine_create(kernel_73);

	*live = (struct live){ .m = m, .watched = LIST };
	machine_poison(m, 0x1424);
	for (uint64_t i = 0; i < 5; i++)
		machine_free(m, 0x1400 + 8 * i, 3, 1);
}

static void break_link(struct live *live, uint64_t pfn)
{
	machine_put(live->m, machine_lru(pfn), 0xdead000000000100);
}

static void mend_links(struct live *live)
{
	for (uint64_t i = 0; i < 4; i++)
		machine_put(live->m, machine_lru(0x1400 + 8 * i), machine_lru(0x1408 + 8 * i));
}

static void mend_at_fifth(struct live *live)
{
	if (live->nr_reads == 5)
		mend_links(live);
}

/** What a walk that is taken back had added is gone, all of it. */
static void settles(void **state)
{
	const struct hwp_list_stat *s;
	struct hwp_findings *f;
	struct live live;

	(void)state;
	five_blocks(&live);
	break_link(&live, 0x1408);
	live.on_read = mend_at_fifth;
	f = walk_live(&live);
	/* Two walks forward and back, and one that is sound. */
	assert_int_equal(live.nr_reads, 5);
	assert_int_equal(f->troubles.nr, 0);
	assert_int_equal(f->blocks.nr, 5);
	assert_int_equal(f->zones.data[0].nr_buddy_pages, 40);
	assert_false(f->zones.data[0].lists_cut);
	s = stat_of(f, HWP_FREE_AREA, 3, 1, -1);
	assert_int_equal(s->nr_blocks, 5);
	assert_int_equal(s->nr_poisoned, 1);
	assert_false(s->was_cut);
	assert_int_equal(area_of(f, 3)->nr_walked, 5);
	assert_false(area_of(f, 3)->moved);
	machine_destroy(live.m);
}

/** Corrupt at the same place each time: that is a contradiction, once. */
static void corrupt(void **state)
{
	struct hwp_findings *f;
	struct live live;

	(void)state;
	five_blocks(&live);
	break_link(&live, 0x1408);
	f = walk_live(&live);
	assert_int_equal(nr_of(f, HWP_TROUBLE_CONTRADICTION), 1);
	assert_int_equal(f->blocks.nr, 5);
	assert_int_equal(f->zones.data[0].nr_buddy_pages, 40);
	assert_true(f->zones.data[0].lists_cut);
	assert_true(stat_of(f, HWP_FREE_AREA, 3, 1, -1)->was_cut);
	assert_true(area_of(f, 3)->moved);
	/* The area is walked as often, and its list each time. */
	assert_int_equal(live.nr_reads, 2 * MAX_ATTEMPTS * MAX_ATTEMPTS);
	machine_destroy(live.m);
	/* A dump does not change: once. */
	five_blocks(&live);
	break_link(&live, 0x1408);
	f = walk(&live, (struct hwp_list_walk){});
	assert_int_equal(live.nr_reads, 2);
	assert_int_equal(nr_of(f, HWP_TROUBLE_CONTRADICTION), 1);
	assert_false(area_of(f, 3)->moved);
	machine_destroy(live.m);
}

/** Elsewhere each time: it moves. */
static void break_another(struct live *live)
{
	mend_links(live);
	break_link(live, 0x1400 + 8 * (live->nr_reads / 2 % 4));
}

static void never_still(void **state)
{
	const struct hwp_list_stat *s;
	struct hwp_findings *f;
	struct live live;

	(void)state;
	five_blocks(&live);
	live.on_read = break_another;
	f = walk_live(&live);
	/* Its blocks are known by the memmap: no hole, but no count either. */
	assert_int_equal(f->troubles.nr, 0);
	s = stat_of(f, HWP_FREE_AREA, 3, 1, -1);
	assert_true(s->was_cut);
	assert_int_equal(s->nr_blocks, 0);
	assert_int_equal(f->blocks.nr, 0);
	assert_int_equal(f->zones.data[0].nr_buddy_pages, 0);
	assert_false(f->zones.data[0].lists_cut);
	assert_true(area_of(f, 3)->moved);
	machine_destroy(live.m);
}

static void break_another_pcp(struct live *live)
{
	for (uint64_t i = 0; i < 4; i++)
		machine_put(live->m, machine_lru(0x1600 + i), machine_lru(0x1601 + i));
	break_link(live, 0x1600 + live->nr_reads / 2 % 4);
}

/** What is on a per-CPU list is known by nothing else: a hole all the same. */
static void pcp_never_still(void **state)
{
	struct live live = { .m = machine_create(kernel_73),
			     .watched = machine_pcp_list(0, 0),
			     .on_read = break_another_pcp };
	struct hwp_findings *f;

	(void)state;
	for (uint64_t i = 0; i < 5; i++)
		machine_free_pcp(live.m, 0x1600 + i, 0, 0, 0);
	f = walk_live(&live);
	assert_int_equal(nr_of(f, HWP_TROUBLE_HOLE), 1);
	assert_int_equal(nr_of(f, HWP_TROUBLE_CONTRADICTION), 0);
	assert_true(f->zones.data[0].lists_cut);
	assert_int_equal(live.nr_reads, 2 * MAX_ATTEMPTS);
	assert_int_equal(f->zones.data[0].nr_pcp_pages, 5);
	machine_destroy(live.m);
}

static void count_up_once(struct live *live)
{
	/* Read before and after the walk of the lists: it changes between these. */
	if (live->nr_reads == 2)
		machine_put(live->m, NR_FREE, 4);
	if (live->nr_reads == 3)
		machine_put(live->m, NR_FREE, 5);
}

/** Wrong by one, then by two, then right. */
static void count_right_at_third(struct live *live)
{
	machine_put(live->m, NR_FREE, live->nr_reads <= 2 ? 6 : live->nr_reads <= 4 ? 7 : 5);
}

static void count_differently(struct live *live)
{
	machine_put(live->m, NR_FREE, 10 + (live->nr_reads + 1) / 2);
}

static void count_anew(struct live *live)
{
	if (live->nr_reads % 2 == 0)
		machine_put(live->m, NR_FREE, 5 + live->nr_reads % 3);
}

/** nr_free of an area against its lists. */
static void area_count(void **state)
{
	static const struct {
		uint64_t nr_free;
		void (*on_read)(struct live *live);
		unsigned int nr_reads;
		bool moved, differs;
	} rows[] = {
		{ 5, NULL, 2, false, false },
		{ 5, count_up_once, 4, false, false },
		{ 6, count_right_at_third, 6, false, false },
		/* The same difference each time is a contradiction, another each time is not. */
		{ 7, NULL, 2 * MAX_ATTEMPTS, false, true },
		{ 5, count_differently, 2 * MAX_ATTEMPTS, true, true },
		{ 6, count_anew, 2 * MAX_ATTEMPTS, true, true },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f;
		struct live live;

		print_message("# row %zu\n", i);
		five_blocks(&live);
		live.watched = NR_FREE;
		live.on_read = rows[i].on_read;
		machine_put(live.m, NR_FREE, rows[i].nr_free);
		f = walk_live(&live);
		assert_int_equal(live.nr_reads, rows[i].nr_reads);
		assert_int_equal(f->troubles.nr, 0);
		assert_int_equal(f->blocks.nr, 5);
		assert_int_equal(f->zones.data[0].nr_buddy_pages, 40);
		assert_int_equal(area_of(f, 3)->moved, rows[i].moved);
		assert_int_equal(area_of(f, 3)->nr_free != area_of(f, 3)->nr_walked,
				 rows[i].differs);
		machine_destroy(live.m);
	}
}

static void pcp_counts_up(struct live *live)
{
	synth_put(live->m->percpu[0] + PCP_COUNT, 0, 2 + live->nr_reads, 4);
}

static void pcp_counts_right_at_last(struct live *live)
{
	if (live->nr_reads == 2)
		synth_put(live->m->percpu[0] + PCP_COUNT, 0, 2, 4);
}

/** per_cpu_pages.count against its lists. */
static void pcp_count(void **state)
{
	static const struct {
		uint64_t count;
		void (*on_read)(struct live *live);
		unsigned int nr_reads;
		uint64_t nr_troubles;
	} rows[] = {
		{ 2, NULL, 1, 0 },
		{ 3, NULL, MAX_ATTEMPTS, 1 },
		{ 3, pcp_counts_up, MAX_ATTEMPTS, 0 },
		{ 3, pcp_counts_right_at_last, 2, 0 },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct live live = { .m = machine_create(kernel_73),
				     .watched = MACHINE_PERCPU + PCP_COUNT,
				     .on_read = rows[i].on_read };
		struct hwp_findings *f;

		print_message("# row %zu\n", i);
		machine_free_pcp(live.m, 0x1600, 1, 0, 3);
		synth_put(live.m->percpu[0] + PCP_COUNT, 0, rows[i].count, 4);
		f = walk_live(&live);
		assert_int_equal(live.nr_reads, rows[i].nr_reads);
		assert_int_equal(nr_of(f, HWP_TROUBLE_CONTRADICTION), rows[i].nr_troubles);
		assert_int_equal(f->zones.data[0].nr_pcp_pages, 2);
		assert_int_equal(stat_of(f, HWP_PCP_LIST, 1, 0, 0)->nr_blocks, 1);
		machine_destroy(live.m);
	}
}

/** A quick look: no free areas, and only zones that poison is in, or may be. */
static void quick(void **state)
{
	static const struct {
		int zones[2];
		size_t nr;
		bool is_wanted;
	} rows[] = {
		{ {}, 0, false },    { { 0 }, 1, true },    { { -1 }, 1, true },
		{ { 1 }, 1, false }, { { 1, 0 }, 2, true },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct live live = { .m = machine_create(kernel_73) };
		struct hwp_findings *f;

		print_message("# row %zu\n", i);
		machine_open(live.m);
		for (size_t n = 0; n < rows[i].nr; n++)
			assert_true(
				hwp_vec_push(&live.m->findings->poisoned,
					     ((struct hwp_poisoned){ .pfn = 0x1600,
								     .zone = rows[i].zones[n] })));
		f = walk(&live, (struct hwp_list_walk){ .live = true, .quick = true });
		assert_int_equal(f->areas.nr, 0);
		/* 14 lists of 2 CPUs, the trylock and the unaccepted list. */
		assert_int_equal(f->lists.nr, rows[i].is_wanted ? 2 * 14 + 2 : 0);
		machine_destroy(live.m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settles),     cmocka_unit_test(corrupt),
		cmocka_unit_test(never_still), cmocka_unit_test(pcp_never_still),
		cmocka_unit_test(area_count),  cmocka_unit_test(pcp_count),
		cmocka_unit_test(quick),
	};

	return cmocka_run_group_tests_name("freelist_live", tests, NULL, NULL);
}
