// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/owner/rmap.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "facts/kernel/static_key.h"
#include "facts/owner/rmap_file.h"
#include "layout/needs.h"
#include "layout/page.h"

/* VMAs looked at for one page; an anon_vma tree holds one for each fork. */
#define MAX_VMAS 1024
/* A tree of more levels than this is corrupt. */
#define MAX_DEPTH 64
/* NTP slews one clock and not the other, by this at most. */
#define MAX_SLEW_PPM 500

/* The names of more files than this are not kept. */
#define MAX_FILES 1024
/* No machine has more processes by default (PID_MAX_DEFAULT is 32768); a list that does not end is
 * corrupt. */
#define MAX_TASKS 65536

/** From an address space to its process, and when that started by the log's clock. */
struct process_layout {
	uint64_t gtod_offset, sched_clock_stable, init_task;
	uint32_t mm_owner, tasks, task_mm, group_leader, tgid, comm, start_time;
};

static const struct hwp_need process_rows[] = {
	/* CONFIG_MEMCG: without it the process is the one that has the address space. */
	HWP_OFFSET(struct process_layout, mm_owner, "mm_struct.owner", .optional = true),
	HWP_SYMBOL(struct process_layout, init_task, "init_task", .optional = true),
	HWP_OFFSET(struct process_layout, tasks, "task_struct.tasks", .optional = true),
	HWP_OFFSET(struct process_layout, task_mm, "task_struct.mm", .optional = true),
	HWP_OFFSET(struct process_layout, group_leader, "task_struct.group_leader"),
	HWP_OFFSET(struct process_layout, tgid, "task_struct.tgid"),
	HWP_OFFSET(struct process_layout, comm, "task_struct.comm"),
	HWP_OFFSET(struct process_layout, start_time, "task_struct.start_time"),
	/* CONFIG_HAVE_UNSTABLE_SCHED_CLOCK: without it the start is not known. */
	HWP_SYMBOL(struct process_layout, gtod_offset, "__gtod_offset", .optional = true),
	HWP_SYMBOL(struct process_layout, sched_clock_stable, "__sched_clock_stable",
		   .optional = true),
};

const struct hwp_needs hwp_rmap_process_needs = {
	.rows = process_rows,
	.nr = HWP_ARRAY_SIZE(process_rows),
	.sources = (const char *const[]){ "mm/rmap.c", NULL },
	.size = sizeof(struct process_layout),
};

/** From an anonymous page to the VMAs that may map it. */
struct anon_layout {
	uint32_t root, rb_root, chain_rb, chain_vma, rb_left, rb_right, vma_anon_vma, vma_mm;
};

static const struct hwp_need anon_rows[] = {
	HWP_OFFSET(struct anon_layout, root, "anon_vma.root"),
	HWP_OFFSET(struct anon_layout, rb_root, "anon_vma.rb_root"),
	HWP_OFFSET(struct anon_layout, chain_rb, "anon_vma_chain.rb"),
	HWP_OFFSET(struct anon_layout, chain_vma, "anon_vma_chain.vma"),
	HWP_OFFSET(struct anon_layout, rb_left, "rb_node.rb_left"),
	HWP_OFFSET(struct anon_layout, rb_right, "rb_node.rb_right"),
	HWP_OFFSET(struct anon_layout, vma_anon_vma, "vm_area_struct.anon_vma"),
	HWP_OFFSET(struct anon_layout, vma_mm, "vm_area_struct.vm_mm"),
};

const struct hwp_needs hwp_rmap_anon_needs = {
	.rows = anon_rows,
	.nr = HWP_ARRAY_SIZE(anon_rows),
	.sources = (const char *const[]){ "mm/rmap.c", NULL },
	.size = sizeof(struct anon_layout),
};

/** From the mapping of a file to the VMAs that map it. */
struct mapper_layout {
	/** If not 0, a HugeTLB folio's index counts folios. */
	uint64_t basepage_index;
	uint32_t i_mmap, vma_rb, vma_subtree_last, vma_start, vma_end, vma_pgoff, vma_mm, rb_left,
		rb_right;
	/** Halves of where anonymous pages of the VMA are counted from. */
	uint32_t anon_pgoff_lo, anon_pgoff_hi;
};

static const struct hwp_need mapper_rows[] = {
	HWP_OFFSET(struct mapper_layout, i_mmap, "address_space.i_mmap"),
	HWP_OFFSET(struct mapper_layout, vma_rb, "vm_area_struct.shared.rb"),
	HWP_OFFSET(struct mapper_layout, vma_subtree_last, "vm_area_struct.shared.rb_subtree_last"),
	HWP_OFFSET(struct mapper_layout, vma_start, "vm_area_struct.vm_start"),
	HWP_OFFSET(struct mapper_layout, vma_end, "vm_area_struct.vm_end"),
	HWP_OFFSET(struct mapper_layout, vma_pgoff, "vm_area_struct.vm_pgoff"),
	/* Linux kernel commit 0bd14001eb26 ("mm/vma: introduce VMA anon page offset field and add
	 * helpers") (in v7.3). */
	HWP_OFFSET(struct mapper_layout, anon_pgoff_lo, "vm_area_struct.__vm_anon_pgoff_lo",
		   .optional = true),
	HWP_OFFSET(struct mapper_layout, anon_pgoff_hi, "vm_area_struct.__vm_anon_pgoff_hi",
		   .optional = true),
	HWP_OFFSET(struct mapper_layout, vma_mm, "vm_area_struct.vm_mm"),
	HWP_OFFSET(struct mapper_layout, rb_left, "rb_node.rb_left"),
	HWP_OFFSET(struct mapper_layout, rb_right, "rb_node.rb_right"),
	/* Linux kernel commit fe19bd3dae3d ("mm, futex: fix shared futex pgoff on shmem huge
	 * page") (in v5.13) renamed it. */
	HWP_SYMBOL(struct mapper_layout, basepage_index, "hugetlb_basepage_index __basepage_index",
		   .optional = true),
};

const struct hwp_needs hwp_rmap_mapper_needs = {
	.rows = mapper_rows,
	.nr = HWP_ARRAY_SIZE(mapper_rows),
	.sources = (const char *const[]){ "mm/rmap.c", NULL },
	.size = sizeof(struct mapper_layout),
};

struct walk {
	struct hwp_target *target;
	const struct hwp_layout *layout;
	/** NULL where this kernel lacks something of it. */
	const struct process_layout *process;
	const struct anon_layout *anon;
	const struct mapper_layout *mapper;
	uint64_t anon_vma;
	unsigned int nr_vmas;
	bool is_anon;
	/** Of what the VMAs are found by, and of the page: a HugeTLB folio's are those of its head. */
	uint64_t index, page_index;
	/** For a page of a file: the address spaces that were counted. */
	uint64_t mms[MAX_VMAS];
	/** Something on the way is not in the dump. */
	bool was_excluded;
	struct hwp_owner *owner;
};

static bool read_word(struct walk *w, uint64_t address, uint64_t *ret)
{
	_cleanup_error_ struct hwp_error *err = hwp_target_read_u64(w->target, address, ret);

	w->was_excluded |= err && err->code == HWP_ERROR_EXCLUDED;
	return !err;
}

static bool read_half(struct walk *w, uint64_t address, uint32_t *ret)
{
	_cleanup_error_ struct hwp_error *err = hwp_target_read_u32(w->target, address, ret);

	w->was_excluded |= err && err->code == HWP_ERROR_EXCLUDED;
	return !err;
}

/**
 * The index of the first page that @p vma has. That of an anonymous page in a private mapping of a
 * file was counted as the file's pages are until v7.3, and by address since.
 */
static bool first_index(struct walk *w, uint64_t vma, uint64_t *ret)
{
	const struct mapper_layout *at = w->mapper;
	uint32_t lo, hi;

	if (!w->is_anon || at->anon_pgoff_lo == HWP_ABSENT || at->anon_pgoff_hi == HWP_ABSENT)
		return read_word(w, vma + at->vma_pgoff, ret);
	if (!read_half(w, vma + at->anon_pgoff_lo, &lo) ||
	    !read_half(w, vma + at->anon_pgoff_hi, &hi))
		return false;
	*ret = (uint64_t)hi << 32 | lo;
	return true;
}

/** Where @p vma has the page, as vma_address() finds it (mm/internal.h); false if it has it not. */
static bool has_page(struct walk *w, uint64_t vma, uint64_t *address_ret)
{
	const struct mapper_layout *at = w->mapper;
	uint64_t start, end, first, nr = w->page_index;

	if (!at || !hwp_has_page_index(w->layout) || !read_word(w, vma + at->vma_start, &start) ||
	    !read_word(w, vma + at->vma_end, &end) || !first_index(w, vma, &first) ||
	    end <= start || nr < first || nr - first >= (end - start) >> w->layout->page_shift)
		return false;
	*address_ret = start + ((nr - first) << w->layout->page_shift);
	return true;
}

/** The owner's VMA, if that has the page, and where the page is in the owner's file. */
static void find_address(struct walk *w)
{
	struct hwp_owner *owner = w->owner;

	if (!owner->vma || !has_page(w, owner->vma, &owner->user_address))
		owner->vma = owner->user_address = 0;
	owner->has_offset = owner->has_file && hwp_has_page_index(w->layout) &&
			    w->page_index <= UINT64_MAX >> w->layout->page_shift;
	owner->offset = owner->has_offset ? w->page_index << w->layout->page_shift : 0;
}

/**
 * A VMA whose own anon_vma this is, as the one that allocated the page. Those that were split,
 * and neighbours (find_mergeable_anon_vma(), mm/vma.c), share it: then the one that has the page.
 */
static bool find_vma(struct walk *w, uint64_t node, unsigned int depth, uint64_t *vma_ret)
{
	const struct anon_layout *at = w->anon;
	uint64_t vma, own, left, right, address;

	if (!node || depth > MAX_DEPTH || w->nr_vmas++ >= MAX_VMAS)
		return false;
	if (!read_word(w, node - at->chain_rb + at->chain_vma, &vma) ||
	    !read_word(w, vma + at->vma_anon_vma, &own))
		return false;
	if (own == w->anon_vma) {
		bool is_it = !w->mapper || has_page(w, vma, &address);

		if (is_it || !*vma_ret)
			*vma_ret = vma;
		if (is_it)
			return true;
	}
	return (read_word(w, node + at->rb_left, &left) && find_vma(w, left, depth + 1, vma_ret)) ||
	       (read_word(w, node + at->rb_right, &right) &&
		find_vma(w, right, depth + 1, vma_ret));
}

/*
 * The log's clock is the monotonic one plus __gtod_offset (kernel/sched/clock.c), and
 * drifts from it when sched_clock is stable and so left alone.
 */
bool hwp_log_clock_of_start(struct hwp_target *target, const struct hwp_layout *layout,
			    uint64_t monotonic_ns, uint64_t *ret)
{
	const struct process_layout *at = hwp_layout_of(layout, &hwp_rmap_process_needs);
	uint64_t offset, slew = monotonic_ns / 1000000 * MAX_SLEW_PPM;
	_cleanup_error_ struct hwp_error *err = NULL;
	enum hwp_switch stable;

	if (!at || !at->gtod_offset)
		return false;
	err = hwp_target_read_u64(target, at->gtod_offset, &offset);
	if (err)
		return false;
	stable = hwp_static_key_read(target, layout, at->sched_clock_stable);
	*ret = monotonic_ns + offset - (stable == HWP_OFF ? 0 : slew);
	return stable != HWP_SWITCH_UNKNOWN;
}

/** Looks at every process: init_task.tasks has the first thread of each. */
static bool find_task(struct walk *w, uint64_t wanted, uint64_t *task_ret)
{
	const struct process_layout *at = w->process;
	uint64_t first = at->init_task + at->tasks, node = first, mm;

	if (!at->init_task || at->tasks == HWP_ABSENT || at->task_mm == HWP_ABSENT)
		return false;
	for (unsigned int i = 0; i < MAX_TASKS; i++) {
		if (!read_word(w, node, &node) || node == first)
			break;
		if (read_word(w, node - at->tasks + at->task_mm, &mm) && mm == wanted) {
			*task_ret = node - at->tasks;
			return true;
		}
	}
	return false;
}

/** mm->owner may be a thread that is younger than the memory, once the first has ended. */
static bool task_of(struct walk *w, uint64_t mm, uint64_t *task_ret)
{
	const struct process_layout *at = w->process;
	uint64_t owner;

	if (at->mm_owner == HWP_ABSENT)
		return find_task(w, mm, task_ret);
	return read_word(w, mm + at->mm_owner, &owner) && owner &&
	       read_word(w, owner + at->group_leader, task_ret) && *task_ret;
}

/** The process whose address space @p mm is, and when it started. */
static bool read_task(struct walk *w, uint64_t mm, uint64_t *start_ret)
{
	const struct process_layout *at = w->process;
	_cleanup_error_ struct hwp_error *err = NULL;
	uint64_t task;
	uint32_t pid;

	if (!task_of(w, mm, &task) || !read_word(w, task + at->start_time, start_ret))
		return false;
	err = hwp_target_read_u32(w->target, task + at->tgid, &pid);
	if (!err)
		err = hwp_target_read_string(w->target, task + at->comm, w->owner->comm, 16);
	w->was_excluded |= err && err->code == HWP_ERROR_EXCLUDED;
	if (err)
		return false;
	w->owner->found = true;
	w->owner->pid = (int)pid;
	w->owner->task = task;
	w->owner->mm = mm;
	return true;
}

static void follow(struct walk *w, uint64_t mapping)
{
	const struct anon_layout *at = w->anon;
	uint64_t root, node, vma = 0, mm, start;

	w->anon_vma = mapping & ~HWP_MAPPING_LOW_BITS;
	/* rb_root_cached starts with its rb_root, and that with rb_node. */
	if (!read_word(w, w->anon_vma + at->root, &root) ||
	    !read_word(w, w->anon_vma + at->rb_root, &node))
		return;
	(void)find_vma(w, node, 0, &vma);
	if (!vma || !read_word(w, vma + at->vma_mm, &mm) || !read_task(w, mm, &start))
		return;
	w->owner->vma = vma;
	w->owner->allocated_it = root == w->anon_vma;
	w->owner->has_start = hwp_log_clock_of_start(w->target, w->layout, start,
						     &w->owner->start_ns);
}

/** What is there is found, or recorded as missing. */
static struct hwp_error *find_process(struct hwp_rmap *r, struct walk *w, uint64_t pfn,
				      uint64_t mapping)
{
	follow(w, mapping);
	w->owner->unreadable = !w->owner->found && w->was_excluded;
	if (w->owner->unreadable &&
	    !hwp_findings_hole(r->findings, HWP_HOLE_OWNER,
			       "pfn 0x%" PRIx64 ": the process that owns it is not in the dump",
			       pfn))
		return hwp_error_no_memory();
	return NULL;
}

/** Several VMAs of one process count once; there are no more of them than MAX_VMAS. */
static bool add_mapper(struct walk *w, uint64_t vma)
{
	uint64_t nr = w->owner->nr_mappers, mm, start;

	if (!read_word(w, vma + w->mapper->vma_mm, &mm))
		return false;
	for (uint64_t i = 0; i < nr; i++) {
		if (w->mms[i] == mm)
			return true;
	}
	w->mms[w->owner->nr_mappers++] = mm;
	if (!w->owner->found && w->process && read_task(w, mm, &start))
		w->owner->vma = vma;
	return true;
}

static bool is_mapped_by(struct walk *w, uint64_t vma, uint64_t first, bool *ret)
{
	const struct mapper_layout *at = w->mapper;
	uint64_t start, end;

	if (!read_word(w, vma + at->vma_start, &start) || !read_word(w, vma + at->vma_end, &end))
		return false;
	*ret = end > start && w->index - first < (end - start) >> w->layout->page_shift;
	return true;
}

/**
 * The VMAs that hold the page's index in the tree at @p node: ordered by their first
 * page, and each node knows the last page of all below it. False if some were not seen.
 */
static bool find_mappers(struct walk *w, uint64_t node, unsigned int depth)
{
	const struct mapper_layout *at = w->mapper;
	uint64_t vma = node - at->vma_rb, last, first, left, right;
	bool saw_all, is_mapped;

	if (!node)
		return true;
	if (depth > MAX_DEPTH || w->nr_vmas++ >= MAX_VMAS ||
	    !read_word(w, vma + at->vma_subtree_last, &last))
		return false;
	if (last < w->index)
		return true;
	saw_all = read_word(w, node + at->rb_left, &left) && find_mappers(w, left, depth + 1);
	if (!read_word(w, vma + at->vma_pgoff, &first))
		return false;
	if (first > w->index)
		return saw_all;
	if (!is_mapped_by(w, vma, first, &is_mapped) || (is_mapped && !add_mapper(w, vma)))
		saw_all = false;
	return read_word(w, node + at->rb_right, &right) && find_mappers(w, right, depth + 1) &&
	       saw_all;
}

static struct hwp_error *find_file(struct hwp_rmap *r, struct walk *w, uint64_t mapping,
				   const struct hwp_known_owner *known)
{
	const struct hwp_layout *l = r->layout;
	struct hwp_file file;
	uint64_t node;

	if (mapping == known->mapping) {
		w->owner->has_file = known->owner.has_file;
		w->owner->file = known->owner.file;
	} else if (r->findings->files.nr < MAX_FILES &&
		   hwp_rmap_file(r->target, l, mapping, &file)) {
		w->owner->has_file = true;
		w->owner->file = r->findings->files.nr;
		if (!hwp_vec_push(&r->findings->files, file))
			return hwp_error_no_memory();
	}
	/* Where the mapping is not a file's, other data is where the tree would be. */
	w->owner->saw_all_mappers = w->owner->has_file && hwp_has_page_index(l) && w->mapper &&
				    read_word(w, mapping + w->mapper->i_mmap, &node) &&
				    find_mappers(w, node, 0);
	return NULL;
}

/**
 * Where the page is in its file, in pages; any page of a HugeTLB folio has the VMAs of its
 * head. Until Linux kernel commit a08c7193e4f1 ("mm/filemap: remove hugetlb special casing
 * in filemap.c") (in v6.7) the index of such a folio counted folios.
 */
static uint64_t index_of(const struct mapper_layout *at, uint64_t pfn,
			 const struct hwp_page_words *page, const struct hwp_folio_facts *folio)
{
	if (folio->kind == HWP_FOLIO_NONE)
		return page->index;
	if (folio->kind != HWP_FOLIO_HUGETLB)
		return folio->head.index + (pfn - folio->head_pfn);
	return at && at->basepage_index ? folio->head.index << folio->order : folio->head.index;
}

/** Where the owner of a page of @p mapping is kept. */
static struct hwp_known_owner *known_of(struct hwp_rmap *r, uint64_t mapping)
{
	/* They are the addresses of objects of a few hundred bytes, side by side in slabs. */
	return &r->known[(mapping >> 6 ^ mapping >> 12) % HWP_NR_KNOWN_OWNERS];
}

/** An anonymous page has the owner of the others of its mapping; not always in the same VMA. */
static bool take_known(struct walk *w, const struct hwp_known_owner *known, uint64_t mapping)
{
	if (mapping != known->mapping)
		return false;
	*w->owner = known->owner;
	find_address(w);
	return w->index == known->index ||
	       (w->is_anon && (w->owner->vma || !w->owner->found || !w->mapper));
}

struct hwp_error *hwp_rmap_owner(struct hwp_rmap *r, uint64_t pfn,
				 const struct hwp_page_words *page,
				 const struct hwp_folio_facts *folio, struct hwp_owner *ret)
{
	struct walk w = { .target = r->target,
			  .layout = r->layout,
			  .process = hwp_layout_of(r->layout, &hwp_rmap_process_needs),
			  .anon = hwp_layout_of(r->layout, &hwp_rmap_anon_needs),
			  .mapper = hwp_layout_of(r->layout, &hwp_rmap_mapper_needs),
			  .owner = ret };
	uint64_t mapping = folio->kind == HWP_FOLIO_NONE ? page->mapping : folio->head.mapping;
	uint64_t low = mapping & HWP_MAPPING_LOW_BITS;
	struct hwp_known_owner *known = known_of(r, mapping);
	struct hwp_error *err = NULL;

	w.index = index_of(w.mapper, pfn, page, folio);
	w.is_anon = low == HWP_MAPPING_ANON;
	w.page_index = w.index + (folio->kind == HWP_FOLIO_HUGETLB ? pfn - folio->head_pfn : 0);
	*ret = (struct hwp_owner){};
	if (!mapping || take_known(&w, known, mapping))
		return NULL;
	*ret = (struct hwp_owner){};
	if (w.is_anon && w.anon && w.process)
		err = find_process(r, &w, pfn, mapping);
	else if (!low)
		err = find_file(r, &w, mapping, known);
	*known = (struct hwp_known_owner){ mapping, w.index, *ret };
	find_address(&w);
	return err;
}
