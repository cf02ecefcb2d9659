// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/kernel/hstates.h"

#include <inttypes.h>

#include "base/bits.h"
#include "layout/needs.h"

/* A 16 GiB page of 4 KiB pages has order 22. */
#define MAX_FOLIO_ORDER 24
/* enum HUGE_MAX_HSTATE is small: an address in the array is one of a list's head. */
#define MAX_HSTATES 16
#define LIST_HEAD_SIZE 16
#define LIST_PREV 8

struct hstates_layout {
	uint64_t hstates, max_hstate;
	uint32_t size, order;
	/** Heads of lists, one for each node. */
	uint32_t freelists;
};

static const struct hwp_need rows[] = {
	HWP_SYMBOL(struct hstates_layout, hstates, "hstates"),
	HWP_SYMBOL(struct hstates_layout, max_hstate, "hugetlb_max_hstate"),
	HWP_SIZE(struct hstates_layout, size, "hstate"),
	HWP_OFFSET(struct hstates_layout, order, "hstate.order"),
	HWP_OFFSET(struct hstates_layout, freelists, "hstate.hugepage_freelists", .optional = true),
};

const struct hwp_needs hwp_hstates_needs = {
	.rows = rows,
	.nr = HWP_ARRAY_SIZE(rows),
	.sources = (const char *const[]){ "mm/hugetlb.c", NULL },
	.size = sizeof(struct hstates_layout),
};

static int compare_orders(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return x < y ? -1 : x > y;
}

struct hwp_error *hwp_hstates_read(struct hwp_target *target, const struct hwp_layout *layout,
				   struct hwp_extent_orders *ret)
{
	const struct hstates_layout *at = hwp_layout_of(layout, &hwp_hstates_needs);
	struct hwp_error *err;
	uint32_t nr, order;

	ret->nr = 0;
	if (!at)
		return NULL;
	err = hwp_target_read_u32(target, at->max_hstate, &nr);
	for (uint32_t i = 0; !err && i < nr && ret->nr < HWP_ARRAY_SIZE(ret->orders); i++) {
		err = hwp_target_read_u32(target, at->hstates + (uint64_t)i * at->size + at->order,
					  &order);
		if (!err && order > 0 && order <= MAX_FOLIO_ORDER)
			ret->orders[ret->nr++] = order;
	}
	qsort(ret->orders, ret->nr, sizeof(ret->orders[0]), compare_orders);
	return err;
}

struct hwp_error *hwp_hstates_has_free(struct hwp_target *target, const struct hwp_layout *layout,
				       uint64_t node, bool *ret)
{
	const struct hstates_layout *at = hwp_layout_of(layout, &hwp_hstates_needs);
	uint64_t address = node, offset;
	struct hwp_cycle cycle = {};
	struct hwp_error *err = NULL;

	*ret = false;
	if (!at || at->freelists == HWP_ABSENT || !at->size)
		return NULL;
	/* Backwards: what was freed last stands first. */
	while (address - at->hstates >= (uint64_t)MAX_HSTATES * at->size) {
		if (!address || hwp_cycle_closed(&cycle, address))
			return hwp_error_create(HWP_ERROR_BAD_DATA,
						"its list is cut or has no head (0x%" PRIx64 ")",
						address);
		err = hwp_target_read_u64(target, address + LIST_PREV, &address);
		if (err)
			return hwp_error_prefix(err, "its list");
	}
	offset = (address - at->hstates) % at->size;
	*ret = offset >= at->freelists &&
	       (offset - at->freelists) / LIST_HEAD_SIZE < layout->max_nodes;
	return NULL;
}
