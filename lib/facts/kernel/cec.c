// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/kernel/cec.h"

#include <inttypes.h>

#include "base/bits.h"
#include "layout/needs.h"

/* The low bits of an element, below its pfn: how often it was not touched, and the count. */
#define DECAY_BITS 2

struct cec_layout {
	uint64_t ce_arr;
	uint32_t array, nr, pfns_poisoned, ces_entered;
};

static const struct hwp_need rows[] = {
	HWP_SYMBOL(struct cec_layout, ce_arr, "ce_arr"),
	HWP_OFFSET(struct cec_layout, array, "ce_array.array"),
	HWP_OFFSET(struct cec_layout, nr, "ce_array.n"),
	HWP_OFFSET(struct cec_layout, pfns_poisoned, "ce_array.pfns_poisoned"),
	HWP_OFFSET(struct cec_layout, ces_entered, "ce_array.ces_entered"),
};

const struct hwp_needs hwp_cec_needs = {
	.rows = rows,
	.nr = HWP_ARRAY_SIZE(rows),
	.sources = (const char *const[]){ "drivers/ras/cec.c", NULL },
	.size = sizeof(struct cec_layout),
};

static struct hwp_error *read_elements(struct hwp_target *target, uint64_t array, uint32_t nr,
				       unsigned int page_shift, struct hwp_cec_facts *cec)
{
	const uint64_t count_mask = (UINT64_C(1) << (page_shift - DECAY_BITS)) - 1;
	uint64_t element = 0, last = 0;
	struct hwp_error *err = NULL;

	for (uint32_t i = 0; i < nr && !err; i++) {
		struct hwp_corrected_page page;

		err = hwp_target_read_u64(target, array + 8 * (uint64_t)i, &element);
		page = (struct hwp_corrected_page){ element >> page_shift, element & count_mask };
		if (!err && i && page.pfn <= last)
			err = hwp_error_create(HWP_ERROR_BAD_DATA, "its pages are in no order");
		if (!err && !hwp_vec_push(&cec->pages, page))
			err = hwp_error_no_memory();
		last = page.pfn;
	}
	return err;
}

static struct hwp_error *read_array(struct hwp_target *target, const struct cec_layout *at,
				    uint64_t array, unsigned int page_shift,
				    struct hwp_cec_facts *cec)
{
	uint32_t nr = 0;
	struct hwp_error *err = hwp_target_read_u32(target, at->ce_arr + at->nr, &nr);

	/* It is one page. */
	if (!err && nr > (UINT64_C(1) << page_shift) / 8)
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "it has %" PRIu32 " elements", nr);
	if (!err)
		err = hwp_target_read_u64(target, at->ce_arr + at->ces_entered, &cec->nr_errors);
	if (!err)
		err = hwp_target_read_u64(target, at->ce_arr + at->pfns_poisoned,
					  &cec->nr_offlined);
	return err ? err : read_elements(target, array, nr, page_shift, cec);
}

struct hwp_error *hwp_cec_read(struct hwp_target *target, const struct hwp_layout *l,
			       struct hwp_findings *f)
{
	const struct cec_layout *at = hwp_layout_of(l, &hwp_cec_needs);
	struct hwp_cec_facts *cec = &f->hardware.cec;
	struct hwp_error *err;
	uint64_t array = 0;

	cec->store.state = HWP_STORE_ABSENT;
	if (!at)
		return NULL;
	err = hwp_target_read_u64(target, at->ce_arr + at->array, &array);
	/* ras=cec_disable, or not yet set up. */
	if (!err && !array)
		return NULL;
	if (!err)
		err = read_array(target, at, array, l->page_shift, cec);
	if (err)
		cec->pages.nr = cec->nr_errors = cec->nr_offlined = 0;
	return hwp_record_store_finish(&cec->store, err);
}
