// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/owner/starts.h"

#include <string.h>

#include "base/bits.h"
#include "facts/owner/rmap.h"
#include "layout/needs.h"
#include "layout/page.h"
#include "memmap/page_reader.h"

/* No machine has more processes by default (PID_MAX_DEFAULT is 32768); a list that
 * does not end is corrupt. */
#define MAX_TASKS 65536
/* The memmap of a larger machine, 64 GiB, is not looked through for slabs. */
#define MAX_PAGES (UINT64_C(1) << 24)
/* A slab of task_struct has up to 32 KiB. */
#define MAX_SLAB_ORDER 6
#define MAX_OBJECTS 64

struct starts_layout {
	uint64_t init_task, cache;
	uint32_t tasks, tgid, comm, start_time, real_parent, cache_size, cache_oo, slab_cache;
};

static const struct hwp_need rows[] = {
	HWP_SYMBOL(struct starts_layout, init_task, "init_task"),
	/* kernel/fork.c */
	HWP_SYMBOL(struct starts_layout, cache, "task_struct_cachep", .optional = true),
	HWP_OFFSET(struct starts_layout, tasks, "task_struct.tasks"),
	HWP_OFFSET(struct starts_layout, tgid, "task_struct.tgid"),
	HWP_OFFSET(struct starts_layout, comm, "task_struct.comm"),
	HWP_OFFSET(struct starts_layout, start_time, "task_struct.start_time"),
	HWP_OFFSET(struct starts_layout, real_parent, "task_struct.real_parent"),
	HWP_OFFSET(struct starts_layout, cache_size, "kmem_cache.size", .optional = true),
	HWP_OFFSET(struct starts_layout, cache_oo, "kmem_cache.oo", .optional = true),
	/* Linux kernel commit d122019bf061 ("mm: Split slab into its own type") (in v5.17). */
	HWP_OFFSET(struct starts_layout, slab_cache, "slab.slab_cache page.slab_cache",
		   .optional = true),
};

const struct hwp_needs hwp_starts_needs = {
	.rows = rows,
	.nr = HWP_ARRAY_SIZE(rows),
	.sources = (const char *const[]){ "kernel/fork.c", "mm/slub.c", NULL },
	.size = sizeof(struct starts_layout),
};

struct starts {
	struct hwp_target *target;
	struct hwp_page_reader *reader;
	const struct hwp_layout *layout;
	const struct starts_layout *at;
	struct hwp_findings *findings;
	uint64_t cache;
	/** Bytes of an object, objects of a slab; 0: not known. */
	uint64_t object_size, nr_objects;
};

static bool read_at(struct starts *s, enum hwp_space space, uint64_t address, void *buf,
		    size_t size)
{
	_cleanup_error_ struct hwp_error *err = hwp_target_read(s->target, space, address, buf,
								size, NULL);

	return !err;
}

static bool read_u64(struct starts *s, uint64_t address, uint64_t *ret)
{
	_cleanup_error_ struct hwp_error *err = hwp_target_read_u64(s->target, address, ret);

	return !err;
}

static bool read_u32(struct starts *s, uint64_t address, uint32_t *ret)
{
	_cleanup_error_ struct hwp_error *err = hwp_target_read_u32(s->target, address, ret);

	return !err;
}

/** Who forked the task whose real_parent is @p parent. */
static int pid_of_parent(struct starts *s, uint64_t parent)
{
	uint32_t pid;

	return parent && read_u32(s, parent + s->at->tgid, &pid) ? (int)pid : -1;
}

static bool wants_start(const struct hwp_event *e, uint32_t pid)
{
	return e->pid == (int)pid && !e->has_start;
}

/** The words of the task_struct at @p task, for the lines that name it and came after its start. */
static void look_at(struct starts *s, enum hwp_space space, uint64_t task)
{
	struct hwp_findings *f = s->findings;
	uint64_t monotonic_ns, parent, start_ns;
	char comm[17] = "";
	uint32_t pid;

	if (!read_at(s, space, task + s->at->tgid, &pid, sizeof(pid)) || !pid)
		return;
	for (size_t i = 0; i < f->events.nr; i++) {
		struct hwp_event *e = &f->events.data[i];

		if (!wants_start(e, pid) ||
		    !read_at(s, space, task + s->at->comm, comm, sizeof(comm) - 1) ||
		    !read_at(s, space, task + s->at->start_time, &monotonic_ns, 8) ||
		    !read_at(s, space, task + s->at->real_parent, &parent, 8) ||
		    !hwp_log_clock_of_start(s->target, s->layout, monotonic_ns, &start_ns) ||
		    strcmp(e->comm, comm) != 0 || start_ns >= e->time_ns)
			continue;
		e->has_start = true;
		e->start_ns = start_ns;
		e->parent_pid = pid_of_parent(s, parent);
	}
}

static void look_at_living(struct starts *s)
{
	uint64_t first = s->at->init_task + s->at->tasks, node = first;

	for (unsigned int i = 0; i < MAX_TASKS; i++) {
		if (!read_u64(s, node, &node) || node == first)
			break;
		look_at(s, HWP_KERNEL_VIRTUAL, node - s->at->tasks);
	}
}

/** Is the page the first of a slab of task_structs? */
static bool is_slab(struct starts *s, const void *page)
{
	struct hwp_page_words words;
	uint32_t bits;

	if (hwp_word((const char *)page + s->at->slab_cache, 8) != s->cache)
		return false;
	hwp_page_words(s->layout, page, &words, &bits);
	return !words.is_tail && hwp_page_kind(&words, bits) == HWP_PAGE_SLAB;
}

/** The objects of every slab, used and free. */
static void look_at_slabs(struct starts *s)
{
	const struct hwp_memmap *memmap = hwp_page_reader_memmap(s->reader);

	for (size_t i = 0; i < memmap->ranges.nr; i++) {
		const struct hwp_pfn_range *range = &memmap->ranges.data[i];

		for (uint64_t pfn = range->start_pfn; pfn < range->end_pfn; pfn++) {
			_cleanup_error_ struct hwp_error *err = NULL;
			const void *page;

			err = hwp_page_read(s->reader, pfn, &page);
			if (err || !is_slab(s, page))
				continue;
			for (uint64_t k = 0; k < s->nr_objects; k++)
				look_at(s, HWP_PHYSICAL,
					(pfn << s->layout->page_shift) + k * s->object_size);
		}
	}
}

/** struct kmem_cache_order_objects: the order above bit 16, below it the number of objects. */
static bool learn_slabs(struct starts *s)
{
	uint32_t size, oo;

	if (!s->at->cache || s->at->cache_size == HWP_ABSENT || s->at->cache_oo == HWP_ABSENT ||
	    s->at->slab_cache == HWP_ABSENT || s->at->slab_cache + 8 > s->layout->page.size ||
	    !read_u64(s, s->at->cache, &s->cache) || !s->cache ||
	    !read_u32(s, s->cache + s->at->cache_size, &size) ||
	    !read_u32(s, s->cache + s->at->cache_oo, &oo) || oo >> 16 > MAX_SLAB_ORDER ||
	    (oo & 0xffff) > MAX_OBJECTS)
		return false;
	s->object_size = size;
	s->nr_objects = oo & 0xffff;
	return true;
}

/** Does a line name a process whose start is not known? */
static bool wants_more(const struct hwp_findings *f)
{
	for (size_t i = 0; i < f->events.nr; i++) {
		if (f->events.data[i].pid >= 0 && !f->events.data[i].has_start)
			return true;
	}
	return false;
}

void hwp_starts_find(struct hwp_target *target, const struct hwp_layout *layout,
		     struct hwp_page_reader *reader, struct hwp_findings *f)
{
	struct starts s = { .target = target,
			    .reader = reader,
			    .layout = layout,
			    .at = hwp_layout_of(layout, &hwp_starts_needs),
			    .findings = f };

	if (!s.at || !wants_more(f))
		return;
	look_at_living(&s);
	if (!f->live && wants_more(f) && f->coverage.nr_pages <= MAX_PAGES && learn_slabs(&s))
		look_at_slabs(&s);
}
