// SPDX-License-Identifier: GPL-2.0-or-later
#include "rmap.h"

#include <string.h>

#include "page.h"

/* VMAs looked at for one page; an anon_vma tree holds one for each fork. */
#define MAX_VMAS 1024
/* A tree of more levels than this is corrupt. */
#define MAX_DEPTH 64
/* NTP slews one clock and not the other, by this at most. */
#define MAX_SLEW_PPM 500

struct walk {
	struct hwp_target *target;
	const struct hwp_layout *layout;
	uint64_t anon_vma;
	unsigned int nr_vmas;
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

static bool understood(const struct hwp_layout *l)
{
	const uint32_t *p = (const uint32_t *)&l->rmap;

	for (size_t i = 0; i < sizeof(l->rmap) / sizeof(*p); i++) {
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
		err = hwp_target_read_u32(w->target,
					  l->symbol.sched_clock_stable + l->static_key_enabled,
					  &stable);
	*ret = monotonic_ns + offset - (stable ? slew : 0);
	return !err;
}

void hwp_rmap_owner(struct hwp_target *target, const struct hwp_layout *l, uint64_t mapping,
		    struct hwp_owner *ret)
{
	struct walk w = { .target = target, .layout = l,
			  .anon_vma = mapping & ~HWP_MAPPING_LOW_BITS };
	uint64_t root, node, vma, mm, task, start;
	_cleanup_error_ struct hwp_error *err = NULL;
	uint32_t pid;

	memset(ret, 0, sizeof(*ret));
	/* rb_root_cached starts with its rb_root, and that with rb_node. */
	if ((mapping & HWP_MAPPING_LOW_BITS) != HWP_MAPPING_ANON || !understood(l) ||
	    !read_word(&w, w.anon_vma + l->rmap.root, &root) ||
	    !read_word(&w, w.anon_vma + l->rmap.rb_root, &node) ||
	    !find_vma(&w, node, 0, &vma) || !read_word(&w, vma + l->rmap.vma_mm, &mm) ||
	    !read_word(&w, mm + l->rmap.mm_owner, &task) || !task ||
	    !read_word(&w, task + l->rmap.task_start_time, &start))
		return;
	err = hwp_target_read_u32(target, task + l->rmap.task_pid, &pid);
	if (!err)
		err = hwp_target_read_string(target, task + l->rmap.task_comm, ret->comm, 16);
	if (err)
		return;
	ret->found = true;
	ret->pid = (int)pid;
	ret->allocated_it = root == w.anon_vma;
	ret->has_start = to_log_clock(&w, start, &ret->start_ns);
}
