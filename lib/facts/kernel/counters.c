// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/kernel/counters.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "layout/needs.h"
#include "target/target.h"

/* include/linux/xarray.h: an internal entry has 2 in its low bits; a node is one above 4096. */
#define XA_INTERNAL_MASK UINT64_C(3)
#define XA_INTERNAL UINT64_C(2)
#define MAX_XA_SHIFT 60
#define MAX_XA_SLOTS 64
#define MAX_MEMORY_BLOCKS (1u << 20)
/* Holes in them that are reported; the rest are left out. */
#define MAX_HOLES 8

/** Counts of the whole machine and of a node. */
struct totals_layout {
	uint64_t num_poisoned_pages, mf_mutex;
	uint32_t node_total, ignored, failed, delayed, recovered;
};

static const struct hwp_need totals_rows[] = {
	HWP_SYMBOL(struct totals_layout, num_poisoned_pages, "num_poisoned_pages",
		   .optional = true),
	HWP_SYMBOL(struct totals_layout, mf_mutex, "mf_mutex", .optional = true),
	/* Linux kernel commit 18f41fa616ee ("mm: memory-failure: bump memory failure stats to
	 * pglist_data") (in v6.3). */
	HWP_OFFSET(struct totals_layout, node_total, "pglist_data.mf_stats.total",
		   .optional = true),
	HWP_OFFSET(struct totals_layout, ignored, "pglist_data.mf_stats.ignored", .optional = true),
	HWP_OFFSET(struct totals_layout, failed, "pglist_data.mf_stats.failed", .optional = true),
	HWP_OFFSET(struct totals_layout, delayed, "pglist_data.mf_stats.delayed", .optional = true),
	HWP_OFFSET(struct totals_layout, recovered, "pglist_data.mf_stats.recovered",
		   .optional = true),
};

const struct hwp_needs hwp_counters_totals_needs = {
	.rows = totals_rows,
	.nr = HWP_ARRAY_SIZE(totals_rows),
	.size = sizeof(struct totals_layout),
};

/** Counts of each memory block, which are in an xarray. */
struct blocks_layout {
	uint64_t memory_blocks, sections_per_block;
	uint32_t nr_hwpoison, xa_head, node_shift, node_slots, nr_slots;
};

static const struct hwp_need blocks_rows[] = {
	HWP_SYMBOL(struct blocks_layout, memory_blocks, "memory_blocks"),
	HWP_SYMBOL(struct blocks_layout, sections_per_block, "sections_per_block"),
	/* Linux kernel commit 5033091de814 ("mm/hwpoison: introduce per-memory_block hwpoison
	 * counter") (in v6.2). */
	HWP_OFFSET(struct blocks_layout, nr_hwpoison, "memory_block.nr_hwpoison"),
	HWP_OFFSET(struct blocks_layout, xa_head, "xarray.xa_head"),
	HWP_OFFSET(struct blocks_layout, node_shift, "xa_node.shift"),
	HWP_OFFSET(struct blocks_layout, node_slots, "xa_node.slots"),
	HWP_ELEMENTS(struct blocks_layout, nr_slots, "xa_node.slots"),
};

static bool decide_blocks(struct hwp_resolver *r, void *own)
{
	const struct blocks_layout *at = own;

	(void)r;
	return at->nr_slots <= MAX_XA_SLOTS && hwp_is_pow2(at->nr_slots);
}

const struct hwp_needs hwp_counters_blocks_needs = {
	.rows = blocks_rows,
	.nr = HWP_ARRAY_SIZE(blocks_rows),
	.sources = (const char *const[]){ "mm/memory_hotplug.c", "mm/workingset.c", NULL },
	.size = sizeof(struct blocks_layout),
	.decide = decide_blocks,
};

/** Errors that each CPU queued for memory_failure(). */
struct queue_layout {
	uint64_t memory_failure_cpu, per_cpu_offset, nr_cpu_ids;
	uint32_t fifo_in, fifo_out, fifo_data, nr_entries, entry_size, entry_pfn;
};

static const struct hwp_need queue_rows[] = {
	HWP_SYMBOL(struct queue_layout, memory_failure_cpu, "memory_failure_cpu"),
	/* CONFIG_SMP */
	HWP_SYMBOL(struct queue_layout, per_cpu_offset, "__per_cpu_offset", .optional = true),
	HWP_SYMBOL(struct queue_layout, nr_cpu_ids, "nr_cpu_ids", .optional = true),
	HWP_OFFSET(struct queue_layout, fifo_in, "memory_failure_cpu.fifo.kfifo.in"),
	HWP_OFFSET(struct queue_layout, fifo_out, "memory_failure_cpu.fifo.kfifo.out"),
	HWP_OFFSET(struct queue_layout, fifo_data, "memory_failure_cpu.fifo.buf"),
	HWP_ELEMENTS(struct queue_layout, nr_entries, "memory_failure_cpu.fifo.buf"),
	HWP_SIZE(struct queue_layout, entry_size, "memory_failure_entry"),
	HWP_OFFSET(struct queue_layout, entry_pfn, "memory_failure_entry.pfn"),
};

static bool decide_queue(struct hwp_resolver *r, void *own)
{
	(void)r;
	return hwp_is_pow2(((const struct queue_layout *)own)->nr_entries);
}

const struct hwp_needs hwp_counters_queue_needs = {
	.rows = queue_rows,
	.nr = HWP_ARRAY_SIZE(queue_rows),
	.sources = (const char *const[]){ "mm/memory-failure.c", NULL },
	.size = sizeof(struct queue_layout),
	.decide = decide_queue,
};

struct block_walk {
	struct hwp_target *target;
	const struct blocks_layout *at;
	const struct hwp_memmap *memmap;
	struct hwp_findings *findings;
	uint64_t pages_per_block;
	unsigned int nr_nodes, nr_holes;
};

/** What could not be read of a block, or of the tree, hides nothing else. */
static struct hwp_error *tolerate(struct block_walk *w, struct hwp_error *err, const char *what)
{
	if (!err || err->code == HWP_ERROR_NO_MEMORY || w->nr_holes++ < MAX_HOLES)
		return hwp_findings_tolerate(w->findings, err, HWP_HOLE_BLOCK_COUNTER, what);
	hwp_error_destroy(err);
	return NULL;
}

/** Is no page of [start_pfn, end_pfn) in an online section? */
static bool is_offline(const struct hwp_memmap *memmap, uint64_t start_pfn, uint64_t end_pfn)
{
	size_t i = hwp_vec_lower_bound(&memmap->ranges, r, r->end_pfn <= start_pfn);

	for (; i < memmap->ranges.nr && memmap->ranges.data[i].start_pfn < end_pfn; i++) {
		if (memmap->ranges.data[i].online)
			return false;
	}
	return true;
}

/** A count that cannot be read is a hole of that block alone. */
static struct hwp_error *add_memory_block(struct block_walk *w, uint64_t id, uint64_t address)
{
	struct hwp_memory_block_count block = {
		.id = id,
		.start_pfn = id * w->pages_per_block,
		.end_pfn = (id + 1) * w->pages_per_block,
	};
	uint64_t nr = 0;
	char what[48];
	struct hwp_error *err;

	if (w->findings->counters.blocks.nr >= MAX_MEMORY_BLOCKS)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "too many memory blocks");
	err = hwp_target_read_u64(w->target, address + w->at->nr_hwpoison, &nr);
	block.unread = err != NULL;
	snprintf(what, sizeof(what), "memory block %" PRIu64, id);
	err = tolerate(w, err, what);
	if (err)
		return err;
	block.nr_hwpoison = (int64_t)nr;
	block.offline = is_offline(w->memmap, block.start_pfn, block.end_pfn);
	return hwp_vec_push(&w->findings->counters.blocks, block) ? NULL : hwp_error_no_memory();
}

static struct hwp_error *read_xa_node(const struct block_walk *w, uint64_t node, uint8_t *shift,
				      uint64_t slots[MAX_XA_SLOTS])
{
	struct hwp_error *err = hwp_target_read(w->target, HWP_KERNEL_VIRTUAL,
						node + w->at->node_shift, shift, 1, NULL);

	return err ? err :
		     hwp_target_read(w->target, HWP_KERNEL_VIRTUAL, node + w->at->node_slots, slots,
				     w->at->nr_slots * 8, NULL);
}

static struct hwp_error *walk_xarray(struct block_walk *w, uint64_t entry, uint64_t base,
				     unsigned int parent_shift)
{
	const struct blocks_layout *at = w->at;
	uint64_t slots[MAX_XA_SLOTS];
	struct hwp_error *err;
	uint8_t shift;

	if (!entry)
		return NULL;
	if ((entry & XA_INTERNAL_MASK) != XA_INTERNAL)
		return add_memory_block(w, base, entry);
	if (entry <= 4096)
		return NULL;
	/* There is a node at least for 64 possible blocks. */
	if (w->nr_nodes++ > MAX_MEMORY_BLOCKS / 16)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "too many xarray nodes");
	err = read_xa_node(w, entry - XA_INTERNAL, &shift, slots);
	if (err) {
		w->findings->counters.lacks_memory_blocks = true;
		return tolerate(w, err, "memory blocks");
	}
	/* A child's shift is one node's worth below its parent's, so depth is bounded. */
	if ((parent_shift <= MAX_XA_SHIFT && shift + hwp_ilog2(at->nr_slots) != parent_shift) ||
	    shift > MAX_XA_SHIFT)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "an xarray node is nonsense");
	for (unsigned int i = 0; i < at->nr_slots && !err; i++) {
		/* A slot of a leaf holds a value, never a node. */
		if (shift == 0 && (slots[i] & XA_INTERNAL_MASK) == XA_INTERNAL)
			continue;
		err = walk_xarray(w, slots[i], base + ((uint64_t)i << shift), shift);
	}
	return err;
}

static struct hwp_error *read_memory_blocks(struct hwp_target *target,
					    const struct hwp_memmap *memmap, struct hwp_findings *f)
{
	const struct hwp_layout *l = memmap->layout;
	const struct blocks_layout *at = hwp_layout_of(l, &hwp_counters_blocks_needs);
	struct block_walk w = { .target = target, .at = at, .memmap = memmap, .findings = f };
	uint64_t head, sections_per_block;
	struct hwp_error *err;

	if (!at || !hwp_memmap_pages_per_section(l))
		return NULL;
	err = hwp_target_read_u64(target, at->sections_per_block, &sections_per_block);
	if (!err && (sections_per_block == 0 || sections_per_block > 1 << 16))
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "sections_per_block is %" PRIu64,
				       sections_per_block);
	if (!err)
		err = hwp_target_read_u64(target, at->memory_blocks + at->xa_head, &head);
	if (err)
		return err;
	w.pages_per_block = sections_per_block * hwp_memmap_pages_per_section(l);
	err = walk_xarray(&w, head, 0, MAX_XA_SHIFT + 1);
	if (!err)
		f->counters.has_memory_blocks = true;
	return err;
}

/** struct memory_failure_stats of the node at @p node. */
static struct hwp_error *read_node(struct hwp_target *target, const struct totals_layout *at,
				   uint64_t node, struct hwp_node_count *count)
{
	const struct {
		uint32_t at;
		int64_t *ret;
	} rows[] = {
		{ at->node_total, &count->total },    { at->ignored, &count->ignored },
		{ at->failed, &count->failed },	      { at->delayed, &count->delayed },
		{ at->recovered, &count->recovered },
	};
	struct hwp_error *err = NULL;

	count->has_total = count->has_results = at->node_total != HWP_ABSENT;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows) && !err; i++) {
		uint64_t nr = 0;

		count->has_results &= rows[i].at != HWP_ABSENT;
		if (rows[i].at != HWP_ABSENT)
			err = hwp_target_read_u64(target, node + rows[i].at, &nr);
		*rows[i].ret = (int64_t)nr;
	}
	return hwp_error_prefix(err, "node %d", count->nid);
}

static struct hwp_error *read_nodes(struct hwp_target *target, const struct totals_layout *at,
				    const struct hwp_zones *zones, struct hwp_findings *f)
{
	for (size_t i = 0; i < zones->nodes.nr; i++) {
		struct hwp_node_count count = { .nid = zones->nodes.data[i].nid };
		struct hwp_error *err = read_node(target, at, zones->nodes.data[i].address, &count);

		if (err)
			return err;
		if (!hwp_vec_push(&f->counters.nodes, count))
			return hwp_error_no_memory();
	}
	return NULL;
}

/** Events in a CPU's kfifo were reported, but memory_failure() did not run yet. */
static struct hwp_error *read_pending(struct hwp_target *target, const struct queue_layout *at,
				      uint64_t address, struct hwp_findings *f)
{
	uint32_t in, out;
	struct hwp_error *err;

	err = hwp_target_read_u32(target, address + at->fifo_in, &in);
	if (!err)
		err = hwp_target_read_u32(target, address + at->fifo_out, &out);
	if (!err && in - out > at->nr_entries)
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "memory_failure_cpu is nonsense");
	for (; !err && out != in; out++) {
		uint64_t pfn;

		err = hwp_target_read_u64(
			target,
			address + at->fifo_data +
				(uint64_t)(out % at->nr_entries) * at->entry_size + at->entry_pfn,
			&pfn);
		if (!err && !hwp_vec_push(&f->counters.pending_pfns, pfn))
			err = hwp_error_no_memory();
	}
	return err;
}

static struct hwp_error *read_all_pending(struct hwp_target *target, const struct hwp_layout *l,
					  struct hwp_findings *f)
{
	const struct queue_layout *at = hwp_layout_of(l, &hwp_counters_queue_needs);
	uint32_t nr_cpus = 1;
	struct hwp_error *err = NULL;

	if (!at)
		return NULL;
	if (at->per_cpu_offset && at->nr_cpu_ids)
		err = hwp_target_read_u32(target, at->nr_cpu_ids, &nr_cpus);
	for (uint32_t cpu = 0; cpu < nr_cpus && cpu < 65536 && !err; cpu++) {
		uint64_t offset = 0;

		if (at->per_cpu_offset)
			err = hwp_target_read_u64(target, at->per_cpu_offset + 8 * cpu, &offset);
		if (!err)
			err = read_pending(target, at, at->memory_failure_cpu + offset, f);
	}
	return err;
}

struct hwp_error *hwp_counters_read_total(struct hwp_target *target, const struct hwp_layout *l,
					  uint64_t *ret)
{
	const struct totals_layout *at = hwp_layout_of(l, &hwp_counters_totals_needs);

	if (!at->num_poisoned_pages)
		return hwp_error_create(HWP_ERROR_LOOKUP,
					"the kernel has no symbol num_poisoned_pages");
	return hwp_target_read_u64(target, at->num_poisoned_pages, ret);
}

struct hwp_error *hwp_counters_read(struct hwp_target *target, const struct hwp_memmap *memmap,
				    const struct hwp_zones *zones, struct hwp_findings *f)
{
	const struct hwp_layout *l = memmap->layout;
	const struct totals_layout *at = hwp_layout_of(l, &hwp_counters_totals_needs);
	uint64_t nr, owner = 0;
	struct hwp_error *err = NULL;

	if (at->num_poisoned_pages) {
		err = hwp_counters_read_total(target, l, &nr);
		f->counters.has_num_poisoned_pages = !err;
		f->counters.num_poisoned_pages = err ? 0 : (int64_t)nr;
	}
	err = hwp_findings_tolerate(f, err, HWP_HOLE_COUNTER, "num_poisoned_pages");
	/* struct mutex starts with its owner, 0 when free. */
	if (!err && at->mf_mutex)
		err = hwp_target_read_u64(target, at->mf_mutex, &owner);
	err = hwp_findings_tolerate(f, err, HWP_HOLE_QUEUE, "mf_mutex");
	f->counters.mf_running = owner != 0;
	if (!err)
		err = hwp_findings_tolerate(f, read_nodes(target, at, zones, f),
					    HWP_HOLE_NODE_COUNTER, "mf_stats");
	if (!err)
		err = hwp_findings_tolerate(f, read_memory_blocks(target, memmap, f),
					    HWP_HOLE_BLOCK_COUNTER, "memory blocks");
	if (!err)
		err = hwp_findings_tolerate(f, read_all_pending(target, l, f), HWP_HOLE_QUEUE,
					    "memory_failure_cpu");
	return err;
}
