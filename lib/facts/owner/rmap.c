// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/owner/rmap.h"

#include <string.h>

#include "layout/page.h"

/* VMAs looked at for one page; an anon_vma tree holds one for each fork. */
#define MAX_VMAS 1024
/* A tree of more levels than this is corrupt. */
#define MAX_DEPTH 64
/* NTP slews one clock and not the other, by this at most. */
#define MAX_SLEW_PPM 500

/* Of more files than this the names are not kept. */
#define MAX_FILES 1024

struct walk {
	struct hwp_target *target;
	const struct hwp_layout *layout;
	uint64_t anon_vma;
	unsigned int nr_vmas;
	/** Of a file: the page's index in it, and the address spaces that were counted. */
	uint64_t index, mms[MAX_VMAS];
	struct hwp_owner *owner;
};

static bool read_word(struct walk *w, uint64_t address, uint64_t *ret)
{
	_cleanup_error_ struct hwp_error *err = hwp_target_read_u64(w->target, address, ret);

	return !err;
}

/** The VMA whose own anon_vma this is: the one that allocated the page. */
static bool find_vma(struct walk *w, uint64_t node, unsigned int depth, uint64_t *vma_ret)
{
	const struct hwp_layout *l = w->layout;
	uint64_t vma, own, left, right;

	if (!node || depth > MAX_DEPTH || w->nr_vmas++ >= MAX_VMAS)
		return false;
	if (!read_word(w, node - l->rmap.chain_rb + l->rmap.chain_vma, &vma) ||
	    !read_word(w, vma + l->rmap.vma_anon_vma, &own))
		return false;
	if (own == w->anon_vma) {
		*vma_ret = vma;
		return true;
	}
	return (read_word(w, node + l->rmap.rb_left, &left) &&
		find_vma(w, left, depth + 1, vma_ret)) ||
	       (read_word(w, node + l->rmap.rb_right, &right) &&
		find_vma(w, right, depth + 1, vma_ret));
}

bool hwp_rmap_understood(const void *group, size_t size)
{
	const uint32_t *p = group;

	for (size_t i = 0; i < size / sizeof(*p); i++) {
		if (p[i] == HWP_ABSENT)
			return false;
	}
	return true;
}

/**
 * task->start_time is on the monotonic clock; the log's clock is that plus
 * __gtod_offset (kernel/sched/clock.c), and drifts from it when sched_clock
 * is stable and so left alone. The earliest possible time is returned.
 */
static bool to_log_clock(struct walk *w, uint64_t monotonic_ns, uint64_t *ret)
{
	const struct hwp_layout *l = w->layout;
	_cleanup_error_ struct hwp_error *err = NULL;
	uint64_t offset, slew = monotonic_ns / 1000000 * MAX_SLEW_PPM;
	uint32_t stable = 1;

	if (!l->symbol.gtod_offset || !read_word(w, l->symbol.gtod_offset, &offset))
		return false;
	if (l->symbol.sched_clock_stable && l->static_key_enabled != HWP_ABSENT)
		err = hwp_target_read_u32(
			w->target, l->symbol.sched_clock_stable + l->static_key_enabled, &stable);
	*ret = monotonic_ns + offset - (stable ? slew : 0);
	return !err;
}

/**
 * The process whose address space @p mm is, and when it started. mm->owner may be a
 * thread that is younger than the memory, once the first has ended.
 */
static bool read_task(struct walk *w, uint64_t mm, uint64_t *start_ret)
{
	const struct hwp_layout *l = w->layout;
	_cleanup_error_ struct hwp_error *err = NULL;
	uint64_t owner, task;
	uint32_t pid;

	if (!read_word(w, mm + l->rmap.mm_owner, &owner) || !owner ||
	    !read_word(w, owner + l->rmap.task_group_leader, &task) || !task ||
	    !read_word(w, task + l->rmap.task_start_time, start_ret))
		return false;
	err = hwp_target_read_u32(w->target, task + l->rmap.task_pid, &pid);
	if (!err)
		err = hwp_target_read_string(w->target, task + l->rmap.task_comm, w->owner->comm,
					     16);
	if (err)
		return false;
	w->owner->found = true;
	w->owner->pid = (int)pid;
	return true;
}

static void find_process(struct walk *w, uint64_t mapping)
{
	const struct hwp_layout *l = w->layout;
	uint64_t root, node, vma, mm, start;

	w->anon_vma = mapping & ~HWP_MAPPING_LOW_BITS;
	/* rb_root_cached starts with its rb_root, and that with rb_node. */
	if (!read_word(w, w->anon_vma + l->rmap.root, &root) ||
	    !read_word(w, w->anon_vma + l->rmap.rb_root, &node) || !find_vma(w, node, 0, &vma) ||
	    !read_word(w, vma + l->rmap.vma_mm, &mm) || !read_task(w, mm, &start))
		return;
	w->owner->allocated_it = root == w->anon_vma;
	w->owner->has_start = to_log_clock(w, start, &w->owner->start_ns);
}

/** Several VMAs of one process count once; there are no more of them than MAX_VMAS. */
static bool add_mapper(struct walk *w, uint64_t vma)
{
	uint64_t nr = w->owner->nr_mappers, mm, start;

	if (!read_word(w, vma + w->layout->rmap.vma_mm, &mm))
		return false;
	for (uint64_t i = 0; i < nr; i++) {
		if (w->mms[i] == mm)
			return true;
	}
	w->mms[w->owner->nr_mappers++] = mm;
	if (!w->owner->found && hwp_rmap_understood(&w->layout->rmap, sizeof(w->layout->rmap)))
		read_task(w, mm, &start);
	return true;
}

static bool is_mapped_by(struct walk *w, uint64_t vma, uint64_t first, bool *ret)
{
	const struct hwp_layout *l = w->layout;
	uint64_t start, end;

	if (!read_word(w, vma + l->i_mmap.vma_start, &start) ||
	    !read_word(w, vma + l->i_mmap.vma_end, &end))
		return false;
	*ret = end > start && w->index - first < (end - start) >> l->page_shift;
	return true;
}

/**
 * The VMAs that hold the page's index in the tree at @p node: ordered by their first
 * page, and each node knows the last page of all below it. False if some were not seen.
 */
static bool find_mappers(struct walk *w, uint64_t node, unsigned int depth)
{
	const struct hwp_layout *l = w->layout;
	uint64_t vma = node - l->i_mmap.vma_rb, last, first, left, right;
	bool saw_all, is_mapped;

	if (!node)
		return true;
	if (depth > MAX_DEPTH || w->nr_vmas++ >= MAX_VMAS ||
	    !read_word(w, vma + l->i_mmap.vma_subtree_last, &last))
		return false;
	if (last < w->index)
		return true;
	saw_all = read_word(w, node + l->rmap.rb_left, &left) && find_mappers(w, left, depth + 1);
	if (!read_word(w, vma + l->i_mmap.vma_pgoff, &first))
		return false;
	if (first > w->index)
		return saw_all;
	if (!is_mapped_by(w, vma, first, &is_mapped) || (is_mapped && !add_mapper(w, vma)))
		saw_all = false;
	return read_word(w, node + l->rmap.rb_right, &right) && find_mappers(w, right, depth + 1) &&
	       saw_all;
}

static bool knows_mappers(const struct hwp_layout *l)
{
	return l->page.index != HWP_ABSENT && l->rmap.rb_left != HWP_ABSENT &&
	       l->rmap.rb_right != HWP_ABSENT && l->rmap.vma_mm != HWP_ABSENT &&
	       hwp_rmap_understood(&l->i_mmap, sizeof(l->i_mmap));
}

static struct hwp_error *find_file(struct hwp_rmap *r, struct walk *w, uint64_t mapping)
{
	const struct hwp_layout *l = r->layout;
	struct hwp_file file;
	uint64_t node;

	if (mapping == r->mapping) {
		w->owner->has_file = r->owner.has_file;
		w->owner->file = r->owner.file;
	} else if (r->findings->files.nr < MAX_FILES &&
		   hwp_rmap_file(r->target, l, mapping, &file)) {
		w->owner->has_file = true;
		w->owner->file = r->findings->files.nr;
		if (!hwp_vec_push(&r->findings->files, file))
			return hwp_error_no_memory();
	}
	/* What is no file's has something else where the tree would be. */
	w->owner->saw_all_mappers = w->owner->has_file && knows_mappers(l) &&
				    read_word(w, mapping + l->i_mmap.root, &node) &&
				    find_mappers(w, node, 0);
	return NULL;
}

/**
 * Where the page is in its file, in pages; any page of a HugeTLB folio has the VMAs of its
 * head. Until Linux kernel commit a08c7193e4f1 ("mm/filemap: remove hugetlb special casing
 * in filemap.c") (in v6.7) the index of such a folio counted folios.
 */
static uint64_t index_of(const struct hwp_layout *l, uint64_t pfn,
			 const struct hwp_page_words *page, const struct hwp_folio_facts *folio)
{
	if (folio->kind == HWP_FOLIO_NONE)
		return page->index;
	if (folio->kind != HWP_FOLIO_HUGETLB)
		return folio->head.index + (pfn - folio->head_pfn);
	return l->symbol.hugetlb_basepage_index ? folio->head.index << folio->order :
						  folio->head.index;
}

struct hwp_error *hwp_rmap_owner(struct hwp_rmap *r, uint64_t pfn,
				 const struct hwp_page_words *page,
				 const struct hwp_folio_facts *folio, struct hwp_owner *ret)
{
	struct walk w = { .target = r->target,
			  .layout = r->layout,
			  .owner = ret,
			  .index = index_of(r->layout, pfn, page, folio) };
	uint64_t mapping = folio->kind == HWP_FOLIO_NONE ? page->mapping : folio->head.mapping;
	uint64_t low = mapping & HWP_MAPPING_LOW_BITS;
	struct hwp_error *err = NULL;

	*ret = (struct hwp_owner){};
	if (!mapping)
		return NULL;
	if (mapping == r->mapping && (low == HWP_MAPPING_ANON || w.index == r->index)) {
		*ret = r->owner;
		return NULL;
	}
	if (low == HWP_MAPPING_ANON &&
	    hwp_rmap_understood(&r->layout->rmap, sizeof(r->layout->rmap)))
		find_process(&w, mapping);
	else if (!low)
		err = find_file(r, &w, mapping);
	r->mapping = mapping;
	r->index = w.index;
	r->owner = *ret;
	return err;
}
