// SPDX-License-Identifier: GPL-2.0-or-later
#include "layout/page_words.h"

#include "layout/page.h"

void hwp_page_words(const struct hwp_layout *l, const void *page, struct hwp_page_words *w,
		    uint32_t *bits_ret)
{
	const struct {
		uint32_t flag, bit;
	} names[] = {
		{ l->flag.head, HWP_BIT_HEAD },
		{ l->flag.lru, HWP_BIT_LRU },
		{ l->flag.reserved, HWP_BIT_RESERVED },
		{ l->flag.slab, HWP_BIT_SLAB },
		{ l->flag.swapcache, HWP_BIT_SWAPCACHE },
		{ l->flag.swapbacked, HWP_BIT_SWAPBACKED },
		{ l->flag.uptodate, HWP_BIT_UPTODATE },
		{ l->flag.dirty, HWP_BIT_DIRTY },
		{ l->flag.hwpoison, HWP_BIT_HWPOISON },
	};
	uint32_t bits = 0;

	w->flags = hwp_page_flags(l, page);
	w->word_1 = hwp_page_lru_next(l, page);
	w->word_2 = hwp_page_lru_prev(l, page);
	w->mapping = hwp_page_mapping(l, page);
	w->index = hwp_page_index(l, page);
	w->private = hwp_page_private(l, page);
	w->type_word = hwp_page_type_word(l, page);
	w->refcount = hwp_page_refcount(l, page);
	w->nr_mapped = hwp_page_nr_mapped(l, page);
	w->type = hwp_page_type(l, page);
	w->is_tail = hwp_page_is_tail(l, page);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(names); i++)
		bits |= hwp_flag_set(w->flags, names[i].flag) ? names[i].bit : 0;
	*bits_ret = bits;
}

/** By the mapping and the flags of a page that has no type and belongs to no slab. */
static enum hwp_page_kind untyped_kind(const struct hwp_page_words *w, uint32_t bits)
{
	const uint32_t user_bits = HWP_BIT_LRU | HWP_BIT_SWAPBACKED | HWP_BIT_SWAPCACHE;
	const uint32_t left_bits = HWP_BIT_UPTODATE | HWP_BIT_SWAPBACKED | HWP_BIT_DIRTY;
	/* On pages without swap backing the swap cache bit is their owner's own. */
	bool in_swap_cache = bits & HWP_BIT_SWAPCACHE && bits & HWP_BIT_SWAPBACKED;
	bool in_use = w->nr_mapped > 0 || bits & HWP_BIT_LRU || in_swap_cache;

	if (bits & HWP_BIT_RESERVED)
		return HWP_PAGE_RESERVED;
	if (w->private == HWP_MAGIC_HWPOISON)
		return HWP_PAGE_TAKEN_OFF;
	if (w->mapping & HWP_MAPPING_ANON)
		return in_use ? HWP_PAGE_ANON : HWP_PAGE_ANON_LEFT;
	if (w->mapping && !(w->mapping & HWP_MAPPING_LOW_BITS))
		return bits & user_bits ? HWP_PAGE_FILE : HWP_PAGE_FILE_UNMARKED;
	if (in_use)
		return HWP_PAGE_USER;
	if (w->mapping)
		return HWP_PAGE_MOVABLE;
	return bits & left_bits ? HWP_PAGE_USER_LEFT : HWP_PAGE_UNMARKED;
}

enum hwp_page_kind hwp_page_kind(const struct hwp_page_words *w, uint32_t bits)
{
	switch (w->type) {
	case HWP_TYPE_BUDDY:
		return HWP_PAGE_BUDDY;
	case HWP_TYPE_OFFLINE:
		return HWP_PAGE_OFFLINE;
	case HWP_TYPE_TABLE:
		return HWP_PAGE_TABLE;
	case HWP_TYPE_GUARD:
		/* Its bit may be another's, see decide_cleared_bits(): it is out of the lists, free. */
		if (w->refcount)
			break;
		return HWP_PAGE_GUARD;
	case HWP_TYPE_HUGETLB:
		return HWP_PAGE_HUGETLB;
	case HWP_TYPE_SLAB:
		return HWP_PAGE_SLAB;
	case HWP_TYPE_ZSMALLOC:
		return HWP_PAGE_ZSMALLOC;
	case HWP_TYPE_UNACCEPTED:
		return HWP_PAGE_UNACCEPTED;
	case HWP_TYPE_LARGE_KMALLOC:
		return HWP_PAGE_LARGE_KMALLOC;
	case HWP_TYPE_NONE:
		break;
	}
	return bits & HWP_BIT_SLAB ? HWP_PAGE_SLAB : untyped_kind(w, bits);
}
