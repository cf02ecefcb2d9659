// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/quick.h"

#include "facts/pages/folio.h"
#include "layout/page.h"

/** The part of the memmap that belongs to the block. */
static struct hwp_error *add_block(const struct hwp_memmap *memmap,
				   const struct hwp_memory_block_count *block,
				   struct hwp_memmap *part)
{
	for (size_t i = 0; i < memmap->ranges.nr; i++) {
		struct hwp_pfn_range r = memmap->ranges.data[i];

		r.start_pfn = r.start_pfn > block->start_pfn ? r.start_pfn : block->start_pfn;
		r.end_pfn = r.end_pfn < block->end_pfn ? r.end_pfn : block->end_pfn;
		if (r.start_pfn >= r.end_pfn)
			continue;
		if (r.online)
			part->nr_pages += r.end_pfn - r.start_pfn;
		if (!hwp_vec_push(&part->ranges, r))
			return hwp_error_no_memory();
	}
	return NULL;
}

/** A folio that covers the block's start has its flag on the head, outside the block. */
static struct hwp_error *add_head(struct hwp_page_reader *reader, uint64_t pfn, hwp_pfn_vec *heads)
{
	const struct hwp_layout *l = hwp_page_reader_memmap(reader)->layout;
	struct hwp_folio_facts folio;
	struct hwp_error *err;
	bool is_alias;

	err = hwp_folio_find(reader, pfn, &folio, &is_alias);
	if (err && err->code != HWP_ERROR_NO_MEMORY) {
		hwp_error_destroy(err);
		return NULL;
	}
	if (err || folio.kind != HWP_FOLIO_HUGETLB || folio.head_pfn >= pfn ||
	    !hwp_flag_set(folio.head.flags, l->flag.hwpoison))
		return err;
	for (size_t i = 0; i < heads->nr; i++) {
		if (heads->data[i] == folio.head_pfn)
			return NULL;
	}
	return hwp_vec_push(heads, folio.head_pfn) ? NULL : hwp_error_no_memory();
}

static struct hwp_error *choose(struct hwp_page_reader *reader, const struct hwp_counters *counters,
				struct hwp_memmap *part, hwp_pfn_vec *heads)
{
	struct hwp_error *err = NULL;

	for (size_t i = 0; i < counters->blocks.nr && !err; i++) {
		const struct hwp_memory_block_count *block = &counters->blocks.data[i];

		if (!block->nr_hwpoison && !block->unread)
			continue;
		err = add_block(hwp_page_reader_memmap(reader), block, part);
		if (!err)
			err = add_head(reader, block->start_pfn, heads);
	}
	return err;
}

/** A head that stands in a block of the sweep was found by it. */
static struct hwp_error *add_heads(const struct hwp_memmap *part, const hwp_pfn_vec *heads,
				   hwp_pfn_vec *flagged)
{
	for (size_t i = 0; i < heads->nr; i++) {
		if (!hwp_memmap_find(part, heads->data[i]) &&
		    !hwp_vec_push(flagged, heads->data[i]))
			return hwp_error_no_memory();
	}
	return NULL;
}

struct hwp_error *hwp_quick_scan(struct hwp_target *target, struct hwp_page_reader *reader,
				 const struct hwp_zones *zones,
				 const struct hwp_scan_options *options, hwp_pfn_vec *flagged,
				 struct hwp_findings *f, bool *known_ret)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *scratch = calloc(1, sizeof(*scratch));
	const struct hwp_memmap *memmap = hwp_page_reader_memmap(reader);
	_cleanup_(hwp_pfn_vec_deinit) hwp_pfn_vec heads = {};
	struct hwp_memmap part = { .layout = memmap->layout };
	struct hwp_error *err;

	*known_ret = false;
	if (!scratch)
		return hwp_error_no_memory();
	err = hwp_counters_read(target, memmap, zones, scratch);
	if (err || !scratch->counters.has_memory_blocks || scratch->counters.lacks_memory_blocks ||
	    !scratch->counters.has_num_poisoned_pages)
		return err;
	*known_ret = true;
	f->sweep = HWP_SWEEP_QUICK;
	err = choose(reader, &scratch->counters, &part, &heads);
	if (!err && part.ranges.nr)
		err = hwp_scan(target, &part, options, flagged, f);
	if (!err)
		err = add_heads(&part, &heads, flagged);
	hwp_vec_deinit(&part.ranges);
	return err;
}

bool hwp_quick_is_proven(struct hwp_target *target, const struct hwp_layout *layout,
			 const struct hwp_findings *f)
{
	_cleanup_error_ struct hwp_error *err = NULL;
	uint64_t counted;

	err = hwp_counters_read_total(target, layout, &counted);
	return !err && counted == f->poisoned.nr;
}
