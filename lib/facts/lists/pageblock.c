// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/lists/pageblock.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "layout/needs.h"
#include "target/memory/mem_section.h"
#include "target/target.h"

/* The migratetype is in the first three bits: PB_migratetype_bits, then PB_migrate_0 to 2. */
#define TYPE_BITS 3
/* A pageblock has four bits, or eight where isolation has one of its own. */
#define MAX_BITS 8
/* A section's bitmap of more bytes is nonsense. */
#define MAX_BITMAP (1u << 16)

/*
 * With SPARSEMEM each section has a bitmap. Those of kernels before struct mem_section_usage
 * (v5.3) are not read: lists and pageblocks agree exactly since v6.10 only.
 */
struct pageblock_layout {
	/** An int: no grouping by mobility, on a machine with very little memory. */
	uint64_t mobility_disabled;
	uint32_t section_mem_map, usage, usage_size, flags;
	uint32_t nr_bits, isolate_bit, isolate_type, nr_types, nr_mergeable;
};

static const struct hwp_need rows[] = {
	HWP_SYMBOL(struct pageblock_layout, mobility_disabled, "page_group_by_mobility_disabled",
		   .optional = true),
	HWP_OFFSET(struct pageblock_layout, section_mem_map, "mem_section.section_mem_map"),
	/* Linux kernel commit f1eca35a0dc7 ("mm/sparsemem: introduce struct mem_section_usage")
	 * (in v5.3). */
	HWP_OFFSET(struct pageblock_layout, usage, "mem_section.usage"),
	HWP_SIZE(struct pageblock_layout, usage_size, "mem_section_usage"),
	HWP_OFFSET(struct pageblock_layout, flags, "mem_section_usage.pageblock_flags"),
	/* Linux kernel commit e904bce2d9d4 ("mm/page_isolation: make page isolation a standalone
	 * bit") (in v6.17): before, MIGRATE_ISOLATE took the place of the pageblock's type. */
	HWP_VALUE(struct pageblock_layout, nr_bits,
		  "pageblock_bits:__NR_PAGEBLOCK_BITS pageblock_bits:NR_PAGEBLOCK_BITS"),
	HWP_VALUE(struct pageblock_layout, isolate_bit, "pageblock_bits:PB_migrate_isolate",
		  .optional = true),
	/* CONFIG_MEMORY_ISOLATION */
	HWP_VALUE(struct pageblock_layout, isolate_type, "migratetype:MIGRATE_ISOLATE",
		  .optional = true),
	HWP_VALUE(struct pageblock_layout, nr_types, "migratetype:MIGRATE_TYPES"),
	HWP_VALUE(struct pageblock_layout, nr_mergeable, "migratetype:MIGRATE_PCPTYPES"),
};

static bool decide(struct hwp_resolver *r, void *own)
{
	struct pageblock_layout *at = own;

	(void)r;
	/* Pageblocks do not straddle the words of the bitmap. */
	while (at->nr_bits && at->nr_bits < MAX_BITS && !hwp_is_pow2(at->nr_bits))
		at->nr_bits++;
	return at->nr_bits > TYPE_BITS && at->nr_bits <= MAX_BITS &&
	       (at->isolate_bit == HWP_ABSENT || at->isolate_bit < at->nr_bits);
}

const struct hwp_needs hwp_pageblock_needs = {
	.rows = rows,
	.nr = HWP_ARRAY_SIZE(rows),
	.sources = (const char *const[]){ "mm/page_alloc.c", NULL },
	.size = sizeof(struct pageblock_layout),
	.decide = decide,
};

/** A section of online memory, and where its struct mem_section_usage is. */
struct section {
	uint64_t number, usage;
	bool is_early;
};

struct hwp_pageblocks {
	const struct pageblock_layout *at;
	/** Pages of a section and of a pageblock, as orders; bytes of a section's bitmap. */
	unsigned int section_order, order;
	size_t nr_bytes;
	/** Types that merge need not be those of their lists. */
	bool is_coarse;
	/** Ascending. */
	HWP_VEC(struct section) sections;
	/** nr_bytes for each section. */
	uint8_t *bitmaps;
};

void hwp_pageblocks_destroy(struct hwp_pageblocks *p)
{
	if (!p)
		return;
	hwp_vec_deinit(&p->sections);
	free(p->bitmaps);
	free(p);
}

static void pageblocks_destroyp(struct hwp_pageblocks **p)
{
	hwp_pageblocks_destroy(*p);
}

static struct hwp_error *add_section(struct hwp_pageblocks *p, struct hwp_target *target,
				     const struct hwp_layout *l, uint64_t number)
{
	struct section section = { .number = number };
	uint64_t address, map;
	struct hwp_error *err;

	if (p->sections.nr && p->sections.data[p->sections.nr - 1].number == number)
		return NULL;
	err = hwp_memmap_section_address(target, l, number << p->section_order, &address);
	if (!err)
		err = hwp_target_read_u64(target, address + p->at->section_mem_map, &map);
	if (!err)
		err = hwp_target_read_u64(target, address + p->at->usage, &section.usage);
	if (err)
		return hwp_error_prefix(err, "memory section %" PRIu64, number);
	section.is_early = map & HWP_SECTION_IS_EARLY;
	return hwp_vec_push(&p->sections, section) ? NULL : hwp_error_no_memory();
}

static struct hwp_error *find_sections(struct hwp_pageblocks *p, struct hwp_target *target,
				       const struct hwp_memmap *memmap)
{
	struct hwp_error *err = NULL;

	for (size_t i = 0; i < memmap->ranges.nr && !err; i++) {
		const struct hwp_pfn_range *range = &memmap->ranges.data[i];
		uint64_t end = (range->end_pfn - 1) >> p->section_order;

		for (uint64_t number = range->start_pfn >> p->section_order;
		     number <= end && range->online && !err; number++)
			err = add_section(p, target, memmap->layout, number);
	}
	return err;
}

/**
 * pageblock_order is a macro and in no type. At boot the struct mem_section_usage of
 * a node's sections are allocated side by side (sparse_init_nid()), so the
 * distance of the nearest two is their size, with one bitmap.
 */
static bool find_order(struct hwp_pageblocks *p, unsigned int nr_orders)
{
	uint64_t distance = UINT64_MAX, nr_blocks;

	for (size_t i = 1; i < p->sections.nr; i++) {
		const struct section *a = &p->sections.data[i - 1], *b = &p->sections.data[i];

		if (a->is_early && b->is_early && b->usage > a->usage &&
		    b->usage - a->usage < distance)
			distance = b->usage - a->usage;
	}
	if (distance == UINT64_MAX || distance <= p->at->usage_size ||
	    distance - p->at->usage_size > MAX_BITMAP)
		return false;
	p->nr_bytes = (size_t)(distance - p->at->usage_size);
	nr_blocks = p->nr_bytes * 8 / p->at->nr_bits;
	/* A bitmap smaller than a word is a word as well. */
	if (p->nr_bytes <= 8 || p->nr_bytes % 8 || !hwp_is_pow2(nr_blocks) ||
	    hwp_ilog2(nr_blocks) > p->section_order)
		return false;
	p->order = p->section_order - hwp_ilog2(nr_blocks);
	return p->order < nr_orders;
}

static unsigned int bits_of(const struct hwp_pageblocks *p, size_t section, uint64_t block)
{
	uint64_t bit = block * p->at->nr_bits;
	uint8_t byte = p->bitmaps[section * p->nr_bytes + bit / 8];

	return (unsigned int)(byte >> bit % 8) & ((1u << p->at->nr_bits) - 1);
}

/** Can each entry be what the kernel writes there? */
static bool are_sound(const struct hwp_pageblocks *p)
{
	uint64_t nr_blocks = UINT64_C(1) << (p->section_order - p->order);
	unsigned int known = p->at->isolate_bit == HWP_ABSENT ? TYPE_BITS + 1 :
								p->at->isolate_bit + 1;

	for (size_t i = 0; i < p->sections.nr; i++) {
		for (uint64_t block = 0; block < nr_blocks; block++) {
			unsigned int bits = bits_of(p, i, block);

			if (bits >> known || (bits & ((1u << TYPE_BITS) - 1)) >= p->at->nr_types)
				return false;
		}
	}
	return true;
}

static struct hwp_error *read_bitmaps(struct hwp_pageblocks *p, struct hwp_target *target)
{
	struct hwp_error *err = NULL;

	p->bitmaps = calloc(p->sections.nr, p->nr_bytes);
	if (!p->bitmaps)
		return hwp_error_no_memory();
	for (size_t i = 0; i < p->sections.nr && !err; i++) {
		const struct section *section = &p->sections.data[i];

		err = hwp_target_read(target, HWP_KERNEL_VIRTUAL, section->usage + p->at->flags,
				      p->bitmaps + i * p->nr_bytes, p->nr_bytes, NULL);
		err = hwp_error_prefix(err, "memory section %" PRIu64, section->number);
	}
	return err;
}

/**
 * set_pageblock_migratetype() makes Unmovable of all types that merge where they are not
 * grouped. And until Linux kernel commit 7838a4eb8a1d ("mm/page_alloc: change all pageblocks
 * migrate type on coalescing") (in v6.19) a free block of several pageblocks could keep other
 * types in its parts, where blocks are larger than two pageblocks.
 */
static struct hwp_error *find_coarse(struct hwp_pageblocks *p, struct hwp_target *target,
				     unsigned int max_order)
{
	uint32_t disabled = 0;
	struct hwp_error *err = NULL;

	if (p->at->mobility_disabled)
		err = hwp_target_read_u32(target, p->at->mobility_disabled, &disabled);
	p->is_coarse = disabled || max_order > p->order + 1;
	return err;
}

static struct hwp_error *read_all(struct hwp_pageblocks *p, struct hwp_target *target,
				  const struct hwp_memmap *memmap, const char **why)
{
	struct hwp_error *err = find_sections(p, target, memmap);

	if (err)
		return err;
	if (!find_order(p, memmap->layout->nr_orders)) {
		*why = "their size is not known";
		return NULL;
	}
	err = read_bitmaps(p, target);
	if (!err)
		err = find_coarse(p, target, memmap->layout->nr_orders - 1);
	if (!err && !are_sound(p))
		*why = "where their types should be is something else";
	return err;
}

struct hwp_error *hwp_pageblocks_read(struct hwp_target *target, const struct hwp_memmap *memmap,
				      struct hwp_pageblock_facts *facts,
				      struct hwp_pageblocks **ret)
{
	_cleanup_(pageblocks_destroyp) struct hwp_pageblocks *p = calloc(1, sizeof(*p));
	uint64_t nr_pages = hwp_memmap_pages_per_section(memmap->layout);
	const char *why = NULL;
	struct hwp_error *err = NULL;

	if (!p)
		return hwp_error_no_memory();
	*ret = NULL;
	p->at = hwp_layout_of(memmap->layout, &hwp_pageblock_needs);
	if (p->at && nr_pages) {
		p->section_order = hwp_ilog2(nr_pages);
		err = read_all(p, target, memmap, &why);
	} else {
		why = "the types of this kernel do not show where";
	}
	if (err && err->code == HWP_ERROR_NO_MEMORY)
		return err;
	facts->is_known = !err && !why;
	facts->order = facts->is_known ? (int)p->order : -1;
	snprintf(facts->why, sizeof(facts->why), "%s", err ? err->message : why ? why : "");
	hwp_error_destroy(err);
	if (facts->is_known)
		*ret = no_cleanup_ptr(p);
	return NULL;
}

/** The type that get_pfnblock_migratetype() gives; -1 where that is not known. */
static int type_of(const struct hwp_pageblocks *p, uint64_t pfn)
{
	uint64_t number = pfn >> p->section_order;
	uint64_t block = (pfn & ((UINT64_C(1) << p->section_order) - 1)) >> p->order;
	size_t i = hwp_vec_lower_bound(&p->sections, s, s->number < number);
	unsigned int bits;

	if (i >= p->sections.nr || p->sections.data[i].number != number)
		return -1;
	bits = bits_of(p, i, block);
	if (p->at->isolate_bit != HWP_ABSENT && bits >> p->at->isolate_bit & 1)
		return p->at->isolate_type == HWP_ABSENT ? -1 : (int)p->at->isolate_type;
	return (int)(bits & ((1u << TYPE_BITS) - 1));
}

/*
 * Since Linux kernel commit e0932b6c1f94 ("mm: page_alloc: consolidate free page accounting")
 * (in v6.10) __add_to_free_list() warns when the pageblock of a block's first page has
 * another type than the list. The two change together while zone->lock is held.
 */
void hwp_pageblocks_compare(const struct hwp_pageblocks *p, const struct hwp_block *block,
			    bool lock_was_free, struct hwp_pageblock_facts *facts)
{
	int type = type_of(p, block->head_pfn), nr_mergeable = (int)p->at->nr_mergeable;
	bool merges = type < nr_mergeable && block->migratetype < nr_mergeable;

	facts->nr_unread += type < 0;
	facts->nr_compared += type >= 0;
	if (type < 0 || type == block->migratetype)
		return;
	if (!lock_was_free || (merges && p->is_coarse)) {
		facts->nr_unsure++;
		return;
	}
	if (facts->nr_elsewhere++)
		return;
	facts->first = *block;
	facts->first_type = type;
}
