// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/kernel/counters.h"

#include <inttypes.h>
#include <string.h>

#include "facts/kernel/static_key.h"
#include "layout/page.h"
#include "target/target.h"

/* include/linux/xarray.h: an internal entry has 2 in its low bits; a node is one above 4096. */
#define XA_INTERNAL_MASK UINT64_C(3)
#define XA_INTERNAL UINT64_C(2)
#define MAX_XA_SHIFT 60
#define MAX_MEMORY_BLOCKS (1u << 20)

struct block_walk {
	struct hwp_target *target;
	const struct hwp_layout *layout;
	struct hwp_findings *findings;
	uint64_t pages_per_block;
	unsigned int nr_nodes;
};

static struct hwp_error *add_memory_block(struct block_walk *w, uint64_t id, uint64_t address)
{
	struct hwp_memory_block_count block = {
		.id = id,
		.start_pfn = id * w->pages_per_block,
		.end_pfn = (id + 1) * w->pages_per_block,
	};
	uint64_t nr;
	struct hwp_error *err;

	if (w->findings->counters.blocks.nr >= MAX_MEMORY_BLOCKS)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "too many memory blocks");
	err = hwp_target_read_u64(w->target, address + w->layout->memory_block.nr_hwpoison, &nr);
	if (err)
		return hwp_error_prefix(err, "memory block %" PRIu64, id);
	block.nr_hwpoison = (int64_t)nr;
	return hwp_vec_push(&w->findings->counters.blocks, block) ? NULL : hwp_error_no_memory();
}

static struct hwp_error *walk_xarray(struct block_walk *w, uint64_t entry, uint64_t base,
				     unsigned int parent_shift)
{
	const struct hwp_layout *l = w->layout;
	uint64_t slots[64], node = entry - XA_INTERNAL;
	struct hwp_error *err;
	uint8_t shift;

	if (!entry)
		return NULL;
	if ((entry & XA_INTERNAL_MASK) != XA_INTERNAL)
		return add_memory_block(w, base, entry);
	if (entry <= 4096)
		return NULL;
	err = hwp_target_read(w->target, HWP_KERNEL_VIRTUAL, node + l->xarray.node_shift, &shift, 1,
			      NULL);
	if (err)
		return err;
	/* A child's shift is one node's worth below its parent's, so depth is bounded; and
	 * so is the number of nodes, as there is one at least for 64 possible blocks. */
	if ((parent_shift <= MAX_XA_SHIFT &&
	     shift + hwp_ilog2(l->xarray.nr_slots) != parent_shift) ||
	    shift > MAX_XA_SHIFT || w->nr_nodes++ > MAX_MEMORY_BLOCKS / 16)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "an xarray node is nonsense");
	err = hwp_target_read(w->target, HWP_KERNEL_VIRTUAL, node + l->xarray.node_slots, slots,
			      l->xarray.nr_slots * 8, NULL);
	for (unsigned int i = 0; i < l->xarray.nr_slots && !err; i++) {
		/* A slot of a leaf holds a value, never a node. */
		if (shift == 0 && (slots[i] & XA_INTERNAL_MASK) == XA_INTERNAL)
			continue;
		err = walk_xarray(w, slots[i], base + ((uint64_t)i << shift), shift);
	}
	return err;
}

/* Linux kernel commit 5033091de814 ("mm/hwpoison: introduce per-memory_block hwpoison counter")
 * (in v6.2). */
static struct hwp_error *read_memory_blocks(struct block_walk *w)
{
	const struct hwp_layout *l = w->layout;
	uint64_t head, sections_per_block;
	struct hwp_error *err;

	if (l->memory_block.nr_hwpoison == HWP_ABSENT || !l->symbol.memory_blocks ||
	    !l->symbol.sections_per_block || l->xarray.xa_head == HWP_ABSENT ||
	    l->xarray.node_slots == HWP_ABSENT || l->xarray.nr_slots > 64 ||
	    !hwp_is_pow2(l->xarray.nr_slots) || !hwp_memmap_pages_per_section(l))
		return NULL;
	err = hwp_target_read_u64(w->target, l->symbol.sections_per_block, &sections_per_block);
	if (!err && (sections_per_block == 0 || sections_per_block > 1 << 16))
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "sections_per_block is %" PRIu64,
				       sections_per_block);
	if (!err)
		err = hwp_target_read_u64(w->target, l->symbol.memory_blocks + l->xarray.xa_head,
					  &head);
	if (err)
		return err;
	w->pages_per_block = sections_per_block * hwp_memmap_pages_per_section(l);
	err = walk_xarray(w, head, 0, MAX_XA_SHIFT + 1);
	if (!err)
		w->findings->counters.has_memory_blocks = true;
	return err;
}

static struct hwp_error *read_nodes(struct hwp_target *target, const struct hwp_layout *l,
				    const struct hwp_zones *zones, struct hwp_findings *f)
{
	for (size_t i = 0; i < zones->nodes.nr; i++) {
		struct hwp_node_count count = { .nid = zones->nodes.data[i].nid };
		struct hwp_error *err = NULL;
		uint64_t total = 0;

		/* Linux kernel commit 18f41fa616ee ("mm: memory-failure: bump memory failure
		 * stats to pglist_data") (in v6.3). */
		count.has_total = l->pglist_data.mf_total != HWP_ABSENT;
		if (count.has_total)
			err = hwp_target_read_u64(
				target, zones->nodes.data[i].address + l->pglist_data.mf_total,
				&total);
		if (err)
			return hwp_error_prefix(err, "node %d", count.nid);
		count.total = (int64_t)total;
		if (!hwp_vec_push(&f->counters.nodes, count))
			return hwp_error_no_memory();
	}
	return NULL;
}

/** Events in a CPU's kfifo were reported, but memory_failure() did not run yet. */
static struct hwp_error *read_pending(struct hwp_target *target, const struct hwp_layout *l,
				      uint64_t address, struct hwp_findings *f)
{
	uint32_t in, out;
	struct hwp_error *err;

	err = hwp_target_read_u32(target, address + l->mf_cpu.fifo_in, &in);
	if (!err)
		err = hwp_target_read_u32(target, address + l->mf_cpu.fifo_out, &out);
	if (!err && in - out > l->mf_cpu.nr_entries)
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "memory_failure_cpu is nonsense");
	for (; !err && out != in; out++) {
		uint64_t pfn;

		err = hwp_target_read_u64(target,
					  address + l->mf_cpu.fifo_data +
						  (uint64_t)(out % l->mf_cpu.nr_entries) *
							  l->mf_cpu.entry_size +
						  l->mf_cpu.entry_pfn,
					  &pfn);
		if (!err && !hwp_vec_push(&f->counters.pending_pfns, pfn))
			err = hwp_error_no_memory();
	}
	return err;
}

static struct hwp_error *read_all_pending(struct hwp_target *target, const struct hwp_layout *l,
					  struct hwp_findings *f)
{
	uint32_t nr_cpus = 1;
	struct hwp_error *err = NULL;

	if (!l->symbol.memory_failure_cpu || l->mf_cpu.fifo_in == HWP_ABSENT ||
	    l->mf_cpu.fifo_data == HWP_ABSENT || !hwp_is_pow2(l->mf_cpu.nr_entries) ||
	    l->mf_cpu.entry_pfn == HWP_ABSENT)
		return NULL;
	if (l->symbol.per_cpu_offset && l->symbol.nr_cpu_ids)
		err = hwp_target_read_u32(target, l->symbol.nr_cpu_ids, &nr_cpus);
	for (uint32_t cpu = 0; cpu < nr_cpus && cpu < 65536 && !err; cpu++) {
		uint64_t offset = 0;

		if (l->symbol.per_cpu_offset)
			err = hwp_target_read_u64(target, l->symbol.per_cpu_offset + 8 * cpu,
						  &offset);
		if (!err)
			err = read_pending(target, l, l->symbol.memory_failure_cpu + offset, f);
	}
	return err;
}

struct hwp_error *hwp_counters_read(struct hwp_target *target, const struct hwp_layout *l,
				    const struct hwp_zones *zones, struct hwp_findings *f)
{
	struct block_walk w = { .target = target, .layout = l, .findings = f };
	static const char what[] = "counters";
	uint64_t nr, owner = 0;
	struct hwp_error *err = NULL;

	if (l->symbol.num_poisoned_pages) {
		err = hwp_target_read_u64(target, l->symbol.num_poisoned_pages, &nr);
		f->counters.has_num_poisoned_pages = !err;
		f->counters.num_poisoned_pages = err ? 0 : (int64_t)nr;
	}
	err = hwp_findings_tolerate(f, err, what);
	/* struct mutex starts with its owner, 0 when free. */
	if (!err && l->symbol.mf_mutex)
		err = hwp_target_read_u64(target, l->symbol.mf_mutex, &owner);
	err = hwp_findings_tolerate(f, err, what);
	f->counters.mf_running = owner != 0;
	if (!err)
		err = hwp_findings_tolerate(f, read_nodes(target, l, zones, f), what);
	if (!err)
		err = hwp_findings_tolerate(f, read_memory_blocks(&w), what);
	if (!err)
		err = hwp_findings_tolerate(f, read_all_pending(target, l, f), what);
	return err;
}

static enum hwp_switch read_bool(struct hwp_target *target, uint64_t address)
{
	_cleanup_error_ struct hwp_error *err = NULL;
	uint8_t value;

	if (!address)
		return HWP_NOT_BUILT;
	err = hwp_target_read(target, HWP_KERNEL_VIRTUAL, address, &value, 1, NULL);
	return err ? HWP_SWITCH_UNKNOWN : value ? HWP_ON : HWP_OFF;
}

/*
 * free_has_hwpoisoned() is static and may be inlined: debug information tells.
 * Without it the absence of the symbol says nothing where the helper that it needs,
 * free_prepared_contig_range() of v7.2, exists; where that is missing, so is the fix.
 */
static enum hwp_fix find_fix(const struct hwp_layout *l, const char **evidence)
{
	if (l->symbol.free_has_hwpoisoned) {
		*evidence = "the symbol free_has_hwpoisoned";
		return HWP_FIX_PRESENT;
	}
	if (l->free_has_hwpoisoned == HWP_FUNCTION_INLINED ||
	    l->free_has_hwpoisoned == HWP_FUNCTION_COMPILED) {
		*evidence = l->free_has_hwpoisoned == HWP_FUNCTION_INLINED ?
				    "free_has_hwpoisoned is inlined, by the debug information" :
				    "free_has_hwpoisoned is compiled, by the debug information";
		return HWP_FIX_PRESENT;
	}
	if (l->free_has_hwpoisoned == HWP_FUNCTION_ABSENT) {
		*evidence = "the debug information of mm/page_alloc.c has no free_has_hwpoisoned, "
			    "compiled or inlined";
		return HWP_FIX_ABSENT;
	}
	if (l->symbol.free_prepared_contig_range || l->symbol.free_contig_range_common) {
		*evidence = "no symbol free_has_hwpoisoned, which may be inlined";
		return HWP_FIX_UNKNOWN;
	}
	*evidence = "no symbol free_prepared_contig_range, which the fix needs";
	return HWP_FIX_ABSENT;
}

struct hwp_error *hwp_kernel_facts_read(struct hwp_target *target, const struct hwp_layout *l,
					struct hwp_findings *f)
{
	struct hwp_kernel_facts *k = &f->kernel;

	snprintf(k->release, sizeof(k->release), "%s", hwp_target_release(target));
	k->has_memory_failure = l->has_memory_failure;
	k->fix = find_fix(l, &k->fix_evidence);
	/* Linux kernel commit fd919a85cd55 ("mm: page_isolation: prepare for hygienic freelists")
	 * (in v6.10). */
	k->frees_gigantic_whole = l->symbol.split_large_buddy != 0;
	k->init_on_alloc = hwp_static_key_read(target, l, l->symbol.init_on_alloc);
	k->init_on_free = hwp_static_key_read(target, l, l->symbol.init_on_free);
	k->page_poisoning = hwp_static_key_read(target, l, l->symbol.page_poisoning);
	k->debug_pagealloc = hwp_static_key_read(target, l, l->symbol.debug_pagealloc);
	k->page_owner = hwp_static_key_read(target, l, l->symbol.page_owner_inited);
	/* Linux kernel commit 2e903b914797 ("kasan, arm64: implement HW_TAGS runtime") (in v5.11)
	 * made it a switch; before, and in modes that have none, what was built is on. */
	k->kasan = l->symbol.kasan_flag	  ? hwp_static_key_read(target, l, l->symbol.kasan_flag) :
		   l->symbol.kasan_report ? HWP_ON :
					    HWP_NOT_BUILT;
	k->clocks_differ = hwp_static_key_read(target, l, l->symbol.sched_clock_stable) == HWP_OFF;
	/* Before check_pages_enabled (v6.4) the allocator always looked:
	 * kernel-layouts.md 4.8. */
	k->check_pages = l->symbol.check_pages ?
				 hwp_static_key_read(target, l, l->symbol.check_pages) :
				 HWP_ON;
	k->hugetlb_vmemmap_optimized = l->symbol.hvo_bool ?
					       read_bool(target, l->symbol.hvo_bool) :
					       hwp_static_key_read(target, l, l->symbol.hvo_key);
	return NULL;
}
