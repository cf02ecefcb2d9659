// SPDX-License-Identifier: GPL-2.0-or-later
#include "layout/pagekind.h"

#include "layout/page.h"

static uint64_t head_of(const void *arg, const void *page, uint64_t address)
{
	const struct hwp_layout *l = arg;

	return hwp_page_is_tail(l, page) ? hwp_tail_head_address(l, page, address) : 0;
}

static bool is_own(const struct hwp_layout *l, const void *head)
{
	uint64_t flags = hwp_page_flags(l, head);

	switch (hwp_page_type(l, head)) {
	case HWP_TYPE_SLAB:
	case HWP_TYPE_TABLE:
	case HWP_TYPE_LARGE_KMALLOC:
		return true;
	case HWP_TYPE_NONE:
		return hwp_flag_set(flags, l->flag.reserved) || hwp_flag_set(flags, l->flag.slab);
	default:
		return false;
	}
}

/* Nothing that users' memory, the page cache, or the allocator leaves on a page. */
static bool is_unmarked(const struct hwp_layout *l, const void *head)
{
	uint64_t flags = hwp_page_flags(l, head);

	return hwp_page_type(l, head) == HWP_TYPE_NONE && hwp_page_refcount(l, head) > 0 &&
	       !hwp_page_mapping(l, head) && hwp_page_nr_mapped(l, head) == 0 &&
	       !hwp_flag_set(flags, l->flag.lru) && !hwp_flag_set(flags, l->flag.swapbacked) &&
	       !hwp_flag_set(flags, l->flag.swapcache);
}

static enum hwp_live_kind kind_of(const void *arg, const void *page, const void *head)
{
	const struct hwp_layout *l = arg;

	if (hwp_page_is_uninitialised(l, page) || hwp_page_is_uninitialised(l, head) ||
	    hwp_page_is_tail(l, head))
		return HWP_LIVE_OTHER;
	if (hwp_flag_set(hwp_page_flags(l, page), l->flag.hwpoison) ||
	    hwp_flag_set(hwp_page_flags(l, head), l->flag.hwpoison))
		return HWP_LIVE_POISONED;
	if (is_own(l, head))
		return HWP_LIVE_METADATA;
	return is_unmarked(l, head) ? HWP_LIVE_KERNEL : HWP_LIVE_OTHER;
}

struct hwp_page_rule hwp_page_rule(const struct hwp_layout *layout)
{
	return (struct hwp_page_rule){ .arg = layout, .head = head_of, .kind = kind_of };
}
