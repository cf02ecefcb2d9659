// SPDX-License-Identifier: GPL-2.0-or-later
/** The kernel's own counts, and memory blocks in an xarray, sound and hostile. */
#include "types_73.h"

#include <cmocka.h>

#include "facts/kernel/counters.h"
#include "readers.h"

#define COUNTERS UINT64_C(0xffffffff84000000)
#define NODES (COUNTERS + 0x1000)
#define BLOCKS (COUNTERS + 0x40000)
#define NODE_SIZE 0x400

struct world {
	char bytes[0x80000];
	struct hwp_layout *layout;
	struct synth synth;
	struct hwp_zones zones;
};

static void put(struct world *w, uint64_t address, uint64_t value)
{
	synth_put(w->bytes, address - COUNTERS, value, 8);
}

/** Of a machine with one CPU; @p lost (NULL: nothing) is not there. */
static void resolve(struct world *w, const char *lost)
{
	static const struct synth_symbol symbols[] = { { "node_data", NODE_DATA },
						       { "memory_failure", 0xffffffff81400000 },
						       { "num_poisoned_pages", COUNTERS },
						       { "mf_mutex", COUNTERS + 8 },
						       { "sections_per_block", COUNTERS + 16 },
						       { "memory_blocks", COUNTERS + 24 },
						       {} };
	struct hwp_target *target;

	w->synth.symbols = symbols;
	w->synth.lost = lost;
	target = synth_open(&w->synth);
	hwp_layout_destroy(w->layout);
	assert_null(hwp_layout_create(target, hwp_readers, &w->layout));
	hwp_target_destroy(target);
}

static struct world *world_create(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->synth = kernel_types_73;
	resolve(w, NULL);
	synth_add(&w->synth, COUNTERS, w->bytes, sizeof(w->bytes));
	put(w, COUNTERS + 16, 1);
	return w;
}

static void world_destroy(struct world *w)
{
	hwp_layout_destroy(w->layout);
	free(w);
}

/** Blocks 0 to 4 are online, 5 is offline, of 64 and above there is no struct page. */
static struct hwp_findings *read_counters(struct world *w)
{
	struct hwp_pfn_range ranges[] = { { 0, UINT64_C(5) << 15, 0, true },
					  { UINT64_C(5) << 15, UINT64_C(6) << 15, 0, false } };
	struct hwp_memmap memmap = { .layout = w->layout };
	struct hwp_findings *f = calloc(1, sizeof(*f));
	struct hwp_target *target = synth_open(&w->synth);

	assert_non_null(f);
	assert_true(hwp_vec_push(&memmap.ranges, ranges[0]));
	assert_true(hwp_vec_push(&memmap.ranges, ranges[1]));
	assert_null(hwp_counters_read(target, &memmap, &w->zones, f));
	hwp_vec_deinit(&memmap.ranges);
	hwp_target_destroy(target);
	return f;
}

/** xa_node @p i: its shift; slots are at 40. */
static uint64_t node(struct world *w, unsigned int i, uint8_t shift)
{
	synth_put(w->bytes, NODES - COUNTERS + i * NODE_SIZE, shift, 1);
	return NODES + i * NODE_SIZE;
}

static uint64_t block(struct world *w, unsigned int i, uint64_t nr_hwpoison)
{
	put(w, BLOCKS + i * 1024 + 848, nr_hwpoison);
	return BLOCKS + i * 1024;
}

static void set_root(struct world *w, uint64_t entry)
{
	put(w, COUNTERS + 24 + 8, entry);
}

static void plain_counts(void **state)
{
	struct world *w = world_create();
	struct hwp_findings *f;

	(void)state;
	put(w, COUNTERS, 29);
	f = read_counters(w);
	assert_true(f->counters.has_num_poisoned_pages);
	assert_int_equal(f->counters.num_poisoned_pages, 29);
	assert_false(f->counters.mf_running);
	hwp_findings_destroy(f);
	put(w, COUNTERS + 8, 0xff11000001234567);
	f = read_counters(w);
	assert_true(f->counters.mf_running);
	hwp_findings_destroy(f);
	resolve(w, "num_poisoned_pages");
	f = read_counters(w);
	assert_false(f->counters.has_num_poisoned_pages);
	hwp_findings_destroy(f);
	world_destroy(w);
}

static void memory_blocks(void **state)
{
	struct world *w = world_create();
	struct hwp_findings *f;
	uint64_t root, leaf;

	(void)state;
	/* One entry may stand without a node. */
	set_root(w, block(w, 0, 3));
	f = read_counters(w);
	assert_int_equal(f->counters.blocks.nr, 1);
	assert_int_equal(f->counters.blocks.data[0].nr_hwpoison, 3);
	hwp_findings_destroy(f);

	/* Two levels: blocks 0, 5 and 64 + 63. */
	root = node(w, 0, 6);
	leaf = node(w, 1, 0);
	put(w, leaf + 40, block(w, 0, 3));
	put(w, leaf + 40 + 5 * 8, block(w, 1, 4));
	put(w, root + 40, leaf | 2);
	leaf = node(w, 2, 0);
	put(w, leaf + 40 + 63 * 8, block(w, 2, 5));
	put(w, root + 48, leaf | 2);
	set_root(w, root | 2);
	f = read_counters(w);
	assert_true(f->counters.has_memory_blocks);
	assert_int_equal(f->counters.blocks.nr, 3);
	for (size_t i = 0; i < 3; i++) {
		static const uint64_t ids[] = { 0, 5, 127 };
		const struct hwp_memory_block_count *b = &f->counters.blocks.data[i];

		assert_int_equal(b->id, ids[i]);
		assert_int_equal(b->nr_hwpoison, 3 + i);
		assert_int_equal(b->offline, i > 0);
		assert_false(b->unread);
		/* A section of 2^27 bytes is 32768 pages. */
		assert_int_equal(b->start_pfn, ids[i] * 32768);
		assert_int_equal(b->end_pfn, (ids[i] + 1) * 32768);
	}
	assert_int_equal(f->troubles.nr, 0);
	hwp_findings_destroy(f);
	world_destroy(w);
}

static int read_hostile(const void *arg)
{
	int shape = *(const int *)arg;
	struct world *w = world_create();
	struct hwp_findings *f;

	/* Every slot of a level is the one node of the next. */
	for (unsigned int i = 0; i < 11; i++) {
		uint8_t shift = shape == 0 ? (uint8_t)(60 - 6 * i) :
				shape == 1 ? (uint8_t)(10 - i) :
					     60;
		uint64_t at = node(w, i, shift);
		uint64_t next = shape == 3 ? at : NODES + (i + 1) * NODE_SIZE;

		for (unsigned int s = 0; s < 64 && (i < 10 || shape == 3); s++)
			put(w, at + 40 + s * 8, next | 2);
	}
	set_root(w, NODES | 2);
	f = read_counters(w);
	hwp_findings_destroy(f);
	world_destroy(w);
	return 0;
}

static void hostile_xarrays(void **state)
{
	(void)state;
	for (int shape = 0; shape < 4; shape++) {
		print_message("# shape %d\n", shape);
		assert_int_equal(synth_in_child(read_hostile, &shape, 20), 0);
	}
}

/* What cannot be read is reported and hides nothing else. */
static void unreadable(void **state)
{
	struct world *w = world_create();
	struct hwp_findings *f;

	(void)state;
	put(w, COUNTERS, 7);
	set_root(w, 0xdead000000000102);
	f = read_counters(w);
	assert_int_equal(f->counters.num_poisoned_pages, 7);
	assert_true(f->counters.lacks_memory_blocks);
	assert_int_equal(f->troubles.nr, 1);
	hwp_findings_destroy(f);
	put(w, COUNTERS + 16, 0);
	f = read_counters(w);
	assert_false(f->counters.has_memory_blocks);
	assert_int_equal(f->troubles.nr, 1);
	hwp_findings_destroy(f);
	world_destroy(w);
}

/* mf_stats of each node; a kernel that has the total alone; and none. */
static void node_stats(void **state)
{
	static const char *const lost[] = { NULL, "pglist_data.mf_stats.delayed",
					    "pglist_data.mf_stats.total" };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(lost); i++) {
		struct world *w = world_create();
		/* Its mf_stats, at the end, are in what can be read. */
		uint64_t stats = COUNTERS + 0x30000;
		struct hwp_node node = { .nid = 3, .address = stats - 176248 };
		const struct hwp_node_count *count;
		struct hwp_findings *f;

		assert_true(hwp_vec_push(&w->zones.nodes, node));
		for (unsigned int j = 0; j < 5; j++)
			put(w, stats + 8 * j, 15 - j);
		resolve(w, lost[i]);
		f = read_counters(w);
		assert_int_equal(f->counters.nodes.nr, 1);
		count = &f->counters.nodes.data[0];
		assert_int_equal(count->nid, 3);
		assert_int_equal(count->has_total, i < 2);
		assert_int_equal(count->has_results, i == 0);
		assert_int_equal(count->total, i < 2 ? 15 : 0);
		assert_int_equal(count->ignored, 14);
		assert_int_equal(count->failed, 13);
		assert_int_equal(count->delayed, i == 1 ? 0 : 12);
		assert_int_equal(count->recovered, 11);
		assert_int_equal(f->troubles.nr, 0);
		hwp_findings_destroy(f);
		/* No half of it. */
		w->zones.nodes.data[0].address = UINT64_C(0xdead000000000000);
		f = read_counters(w);
		assert_int_equal(f->counters.nodes.nr, 0);
		assert_int_equal(f->troubles.nr, 1);
		assert_int_equal(f->troubles.data[0].hole, HWP_HOLE_NODE_COUNTER);
		hwp_findings_destroy(f);
		hwp_vec_deinit(&w->zones.nodes);
		world_destroy(w);
	}
}

/* A block whose count is not there, or a part of the tree, is a hole of its own. */
static void unreadable_blocks(void **state)
{
	struct world *w = world_create();
	uint64_t root = node(w, 0, 6), leaf = node(w, 1, 0);
	struct hwp_findings *f;

	(void)state;
	put(w, leaf + 40, block(w, 0, 3));
	put(w, leaf + 40 + 8, 0xdead000000000100);
	put(w, leaf + 40 + 16, block(w, 2, 5));
	put(w, root + 40, leaf | 2);
	set_root(w, root | 2);
	f = read_counters(w);
	assert_true(f->counters.has_memory_blocks);
	assert_false(f->counters.lacks_memory_blocks);
	assert_int_equal(f->counters.blocks.nr, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(f->counters.blocks.data[i].unread, i == 1);
		assert_int_equal(f->counters.blocks.data[i].nr_hwpoison, i == 1 ? 0 : 3 + i);
	}
	assert_int_equal(f->troubles.nr, 1);
	assert_int_equal(f->troubles.data[0].hole, HWP_HOLE_BLOCK_COUNTER);
	assert_non_null(strstr(f->troubles.data[0].text, "memory block 1: "));
	hwp_findings_destroy(f);

	/* Behind it there may be blocks of which nothing is known; the others are. */
	put(w, root + 48, 0xdead000000000002);
	f = read_counters(w);
	assert_true(f->counters.has_memory_blocks);
	assert_true(f->counters.lacks_memory_blocks);
	assert_int_equal(f->counters.blocks.nr, 3);
	assert_int_equal(f->troubles.nr, 2);
	hwp_findings_destroy(f);

	/* Not each of many is reported. */
	for (unsigned int i = 0; i < 64; i++)
		put(w, leaf + 40 + i * 8, 0xdead000000000100);
	f = read_counters(w);
	assert_int_equal(f->counters.blocks.nr, 64);
	assert_int_equal(f->troubles.nr, 8);
	hwp_findings_destroy(f);
	world_destroy(w);
}

#define QUEUE (COUNTERS + 0x20000)
#define PER_CPU_SIZE 0x1000

/** A ring of four entries of 16 bytes, the pfn being the second word. */
static void resolve_queue(struct world *w, struct hwp_layout *l, uint64_t nr_entries)
{
	static const struct hwp_needs *const needs[] = { &hwp_counters_queue_needs,
							 &hwp_counters_totals_needs,
							 &hwp_counters_blocks_needs, NULL };
	static const struct synth_symbol symbols[] = { { "memory_failure_cpu", QUEUE },
						       { "__per_cpu_offset", COUNTERS + 64 },
						       { "nr_cpu_ids", COUNTERS + 32 },
						       {} };
	const struct synth_member types[] = { MEMBER("memory_failure_cpu", "fifo.kfifo.in", 0, 4),
					      MEMBER("memory_failure_cpu", "fifo.kfifo.out", 4, 4),
					      ARRAY("memory_failure_cpu", "fifo.buf", 16,
						    16 * nr_entries, nr_entries),
					      SIZE("memory_failure_entry", 16),
					      MEMBER("memory_failure_entry", "pfn", 8, 8),
					      {} };

	w->synth.symbols = symbols;
	w->synth.members = types;
	*l = (struct hwp_layout){};
	synth_resolve(&w->synth, l, needs);
}

static void put_queue(struct world *w, unsigned int cpu, uint32_t in, uint32_t out)
{
	uint64_t at = QUEUE - COUNTERS + cpu * PER_CPU_SIZE;

	synth_put(w->bytes, at, in, 4);
	synth_put(w->bytes, at + 4, out, 4);
	for (uint64_t i = 0; i < 4; i++)
		synth_put(w->bytes, at + 16 + i * 16 + 8, 0x100 * (cpu + 1) + i, 8);
}

/** Errors that are queued on each CPU; the ring's indices only grow, and wrap. */
static void pending(void **state)
{
	static const struct {
		uint32_t in, out;
		size_t nr;
		uint64_t pfns[4];
	} rows[] = {
		{ 0, 0, 0, {} },
		{ 7, 7, 0, {} },
		{ 1, 0, 1, { 0x200 } },
		{ 6, 3, 3, { 0x203, 0x200, 0x201 } },
		{ 4, 0, 4, { 0x200, 0x201, 0x202, 0x203 } },
		{ 1, UINT32_MAX, 2, { 0x203, 0x200 } },
	};
	struct world *w = world_create();
	struct hwp_layout l;

	(void)state;
	synth_put(w->bytes, 32, 2, 4);
	put(w, COUNTERS + 64 + 8, PER_CPU_SIZE);
	resolve_queue(w, &l, 4);
	hwp_layout_destroy(w->layout);
	w->layout = &l;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f;

		print_message("# row %zu\n", i);
		put_queue(w, 0, 9, 8);
		put_queue(w, 1, rows[i].in, rows[i].out);
		f = read_counters(w);
		assert_int_equal(f->troubles.nr, 0);
		assert_int_equal(f->counters.pending_pfns.nr, 1 + rows[i].nr);
		assert_int_equal(f->counters.pending_pfns.data[0], 0x100);
		for (size_t n = 0; n < rows[i].nr; n++)
			assert_int_equal(f->counters.pending_pfns.data[1 + n], rows[i].pfns[n]);
		hwp_findings_destroy(f);
	}
	/* More than the ring holds. */
	put_queue(w, 1, 5, 0);
	{
		struct hwp_findings *f = read_counters(w);

		assert_int_equal(f->troubles.nr, 1);
		assert_string_equal(f->troubles.data[0].text,
				    "memory_failure_cpu: memory_failure_cpu is nonsense");
		hwp_findings_destroy(f);
	}
	hwp_layout_deinit(&l);
	/* A ring of three entries is none. */
	resolve_queue(w, &l, 3);
	assert_null(hwp_layout_of(&l, &hwp_counters_queue_needs));
	hwp_layout_deinit(&l);
	w->layout = NULL;
	world_destroy(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_counts),	   cmocka_unit_test(memory_blocks),
		cmocka_unit_test(hostile_xarrays), cmocka_unit_test(unreadable),
		cmocka_unit_test(node_stats),	   cmocka_unit_test(unreadable_blocks),
		cmocka_unit_test(pending),
	};

	return cmocka_run_group_tests_name("counters", tests, NULL, NULL);
}
