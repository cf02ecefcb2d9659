// SPDX-License-Identifier: GPL-2.0-or-later
#include "layout/pagekind.h"

#include "layout/page.h"

static uint64_t head_of(const void *arg, const void *page, uint64_t address)
{
	const struct hwp_layout *l = arg;

	return hwp_page_is_tail(l, page) ? hwp_tail_head_address(l, page, address) : 0;
}

/** What the head says; it is initialised, and neither it nor the page is poisoned. */
static enum hwp_live_kind kind_of_head(const struct hwp_layout *l, const void *head)
{
	struct hwp_page_words w;
	uint32_t bits;

	hwp_page_words(l, head, &w, &bits);
	switch (hwp_page_kind(&w, bits)) {
	case HWP_PAGE_SLAB:
	case HWP_PAGE_TABLE:
	case HWP_PAGE_LARGE_KMALLOC:
	case HWP_PAGE_RESERVED:
		return HWP_LIVE_METADATA;
	/* Nothing that users' memory, the page cache or the allocator leaves on a page. */
	case HWP_PAGE_USER_LEFT:
	case HWP_PAGE_UNMARKED:
		return w.refcount > 0 && w.nr_mapped == 0 &&
				       !(bits & (HWP_BIT_SWAPBACKED | HWP_BIT_SWAPCACHE)) ?
			       HWP_LIVE_KERNEL :
			       HWP_LIVE_OTHER;
	case HWP_PAGE_BUDDY:
	case HWP_PAGE_OFFLINE:
	case HWP_PAGE_GUARD:
	case HWP_PAGE_HUGETLB:
	case HWP_PAGE_ZSMALLOC:
	case HWP_PAGE_UNACCEPTED:
	case HWP_PAGE_TAKEN_OFF:
	case HWP_PAGE_ANON:
	case HWP_PAGE_ANON_LEFT:
	case HWP_PAGE_FILE:
	case HWP_PAGE_FILE_UNMARKED:
	case HWP_PAGE_USER:
	case HWP_PAGE_MOVABLE:
		break;
	}
	return HWP_LIVE_OTHER;
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
	return kind_of_head(l, head);
}

struct hwp_page_rule hwp_page_rule(const struct hwp_layout *layout)
{
	return (struct hwp_page_rule){ .arg = layout, .head = head_of, .kind = kind_of };
}
