// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/buddy.h"

#include "layout/page.h"

bool hwp_buddy_is_head(const struct hwp_layout *l, const void *page, struct hwp_block *ret)
{
	enum hwp_page_type type = hwp_page_type(l, page);
	uint64_t order = hwp_page_private(l, page);

	if ((type != HWP_TYPE_BUDDY && type != HWP_TYPE_GUARD) || order >= l->nr_orders)
		return false;
	/* A guard page stands in no list: nothing but its mark says that it is free. */
	if (type == HWP_TYPE_GUARD && hwp_page_refcount(l, page))
		return false;
	ret->container = type == HWP_TYPE_BUDDY ? HWP_FREE_AREA : HWP_GUARD;
	ret->order = (int)order;
	return true;
}

struct hwp_error *hwp_buddy_find(struct hwp_page_reader *reader, uint64_t pfn,
				 struct hwp_block *ret)
{
	const struct hwp_layout *l = hwp_page_reader_memmap(reader)->layout;

	for (unsigned int order = 0; order < l->nr_orders; order++) {
		struct hwp_block block = { .migratetype = -1, .cpu = -1, .zone = -1 };
		const void *page;
		struct hwp_error *err;

		block.head_pfn = hwp_align_down(pfn, order);
		err = hwp_page_read(reader, block.head_pfn, &page);
		if (err && err->code == HWP_ERROR_NO_MEMORY)
			return err;
		if (!err && hwp_buddy_is_head(l, page, &block) && block.order >= (int)order) {
			*ret = block;
			return NULL;
		}
		hwp_error_destroy(err);
	}
	*ret = (struct hwp_block){ .order = -1, .migratetype = -1, .cpu = -1, .zone = -1 };
	return NULL;
}
