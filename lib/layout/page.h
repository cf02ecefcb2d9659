// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Decoders of one struct page's bytes: pure, and with layout.c the only place
 * that knows how kernels encode them. @p page always points to
 * layout->page.size bytes.
 */
#ifndef HWP_LAYOUT_PAGE_H
#define HWP_LAYOUT_PAGE_H

#include <string.h>

#include "base/bits.h"
#include "layout/layout.h"
#include "layout/page_words.h"

static inline uint64_t hwp_page_flags(const struct hwp_layout *l, const void *page)
{
	return hwp_u64((const char *)page + l->page.flags);
}

static inline bool hwp_flag_set(uint64_t flags, uint32_t bit)
{
	return bit < 64 && flags >> bit & 1;
}

static inline uint64_t hwp_page_private(const struct hwp_layout *l, const void *page)
{
	return hwp_u64((const char *)page + l->page.private);
}

/** Offset of the private word of page @p index of a folio, from the struct page of its head. */
static inline uint32_t hwp_page_private_offset(const struct hwp_layout *l, uint32_t index)
{
	return index * l->page.size + l->page.private;
}

static inline uint64_t hwp_page_mapping(const struct hwp_layout *l, const void *page)
{
	return hwp_u64((const char *)page + l->page.mapping);
}

/** Whether the types have page.index. */
static inline bool hwp_has_page_index(const struct hwp_layout *l)
{
	return l->page.index != HWP_ABSENT;
}

/** The offset of the page in its file, in pages; 0 when the types lack page.index. */
static inline uint64_t hwp_page_index(const struct hwp_layout *l, const void *page)
{
	return hwp_has_page_index(l) ? hwp_u64((const char *)page + l->page.index) : 0;
}

static inline int32_t hwp_page_refcount(const struct hwp_layout *l, const void *page)
{
	return (int32_t)hwp_u32((const char *)page + l->page.refcount);
}

/** The word shared by _mapcount and page_type. */
static inline uint32_t hwp_page_type_word(const struct hwp_layout *l, const void *page)
{
	return hwp_u32((const char *)page + l->page.type);
}

static inline uint64_t hwp_page_lru_next(const struct hwp_layout *l, const void *page)
{
	return hwp_u64((const char *)page + l->page.lru);
}

static inline uint64_t hwp_page_lru_prev(const struct hwp_layout *l, const void *page)
{
	return hwp_u64((const char *)page + l->page.lru + 8);
}

/** The word that has bit 0 set in a tail. */
static inline uint64_t hwp_page_compound_word(const struct hwp_layout *l, const void *page)
{
	return hwp_u64((const char *)page + l->page.compound);
}

static inline bool hwp_page_is_tail(const struct hwp_layout *l, const void *page)
{
	return hwp_page_compound_word(l, page) & 1;
}

/**
 * A dump reads as zeros where it does not hold the memmap. No struct page that the kernel
 * has initialised is all zeros: a map count starts at -1.
 */
static inline bool hwp_page_is_missing(const struct hwp_layout *l, const void *page)
{
	const char *bytes = page;

	return hwp_page_flags(l, page) == 0 && *bytes == 0 &&
	       memcmp(bytes, bytes + 1, l->page.size - 1) == 0;
}

/** A memmap that was never initialised is all ones (PAGE_POISON_PATTERN). */
static inline bool hwp_page_is_uninitialised(const struct hwp_layout *l, const void *page)
{
	return hwp_page_flags(l, page) == UINT64_MAX;
}

/**
 * A mask in the compound word (bit 0 is the tail mark): ones down to bit
 * order + log2(size). False for an address.
 */
static inline bool hwp_compound_mask(const struct hwp_layout *l, uint64_t word,
				     unsigned int *order_ret)
{
	uint64_t mask = word & ~UINT64_C(1), low = -mask;

	if (l->page.compound_scheme != HWP_COMPOUND_INFO_MASK || !hwp_is_pow2(low) ||
	    low < 2 * (uint64_t)l->page.size || low >= UINT64_C(1) << 40)
		return false;
	*order_ret = hwp_ilog2(low) - hwp_ilog2(l->page.size);
	return true;
}

/** The address of the head's struct page, for a tail whose own is at @p address. */
static inline uint64_t hwp_tail_head_address(const struct hwp_layout *l, const void *page,
					     uint64_t address)
{
	uint64_t word = hwp_page_compound_word(l, page);
	unsigned int order;

	if (hwp_compound_mask(l, word, &order))
		return address & word & ~UINT64_C(1);
	return word & ~UINT64_C(1);
}

/** Is @p type the type in the word of a head or order-0 page? */
static inline bool hwp_page_has_type(const struct hwp_layout *l, const void *page,
				     enum hwp_page_type type)
{
	uint32_t word = hwp_page_type_word(l, page), mark = l->types[type];

	if (!mark)
		return false;
	return l->type_scheme == HWP_TYPE_TOP_BYTE ? word >> 24 == mark :
						     (word & (l->type_base | mark)) == l->type_base;
}

/** The type in the word of a head or order-0 page. */
static inline enum hwp_page_type hwp_page_type(const struct hwp_layout *l, const void *page)
{
	for (int i = 0; i < HWP_NR_TYPES; i++) {
		if (hwp_page_has_type(l, page, (enum hwp_page_type)i))
			return (enum hwp_page_type)i;
	}
	return HWP_TYPE_NONE;
}

/** _mapcount + 1 of a page without a type; 0 when it has a type. */
static inline int64_t hwp_page_nr_mapped(const struct hwp_layout *l, const void *page)
{
	int32_t word = (int32_t)hwp_page_type_word(l, page);

	if (l->type_scheme == HWP_TYPE_TOP_BYTE ? (uint32_t)word >> 24 >= 0xe0 : word < -1)
		return 0;
	return (int64_t)word + 1;
}

static inline bool hwp_page_is_buddy(const struct hwp_layout *l, const void *page)
{
	return hwp_page_has_type(l, page, HWP_TYPE_BUDDY);
}

/** What a sweep looks for, as words to compare: hwp_plain_rule(). */
struct hwp_plain_rule {
	uint64_t hwpoison;
	uint32_t type_mask, buddy;
};

static inline struct hwp_plain_rule hwp_plain_rule(const struct hwp_layout *l)
{
	uint32_t mark = l->types[HWP_TYPE_BUDDY];
	struct hwp_plain_rule rule = {
		.hwpoison = l->has_memory_failure ? UINT64_C(1) << l->flag.hwpoison : 0,
		.type_mask = 0,
		/* No type: not equal to any word without bits. */
		.buddy = 1,
	};

	if (mark && l->type_scheme == HWP_TYPE_TOP_BYTE) {
		rule.type_mask = 0xff000000;
		rule.buddy = mark << 24;
	} else if (mark) {
		rule.type_mask = l->type_base | mark;
		rule.buddy = l->type_base;
	}
	return rule;
}

/** hwp_pages_are_plain() for one size, which makes the loop half as long where it is a constant. */
static inline __attribute__((always_inline)) bool hwp_are_plain(const struct hwp_layout *l,
								const struct hwp_plain_rule *rule,
								const char *pages, unsigned int nr,
								bool in_block, uint32_t size)
{
	uint64_t odd = 0;

	for (unsigned int i = 0; i < nr; i++) {
		const char *page = pages + (size_t)i * size;
		uint64_t flags = hwp_u64(page + l->page.flags);

		odd |= flags & rule->hwpoison;
		/* All zeros and all ones. */
		odd |= flags + 1 < 2;
		odd |= (hwp_u32(page + l->page.type) & rule->type_mask) == rule->buddy;
		if (in_block)
			odd |= hwp_u32(page + l->page.refcount) |
			       (hwp_u64(page + l->page.compound) & 1);
	}
	return !odd;
}

/**
 * Is every one of the @p nr struct pages at @p pages there, initialised, not poisoned, no free
 * block and, where @p in_block, without references and no tail? No branches from page to page:
 * a sweep spends its time here.
 */
static inline bool hwp_pages_are_plain(const struct hwp_layout *l,
				       const struct hwp_plain_rule *rule, const char *pages,
				       unsigned int nr, bool in_block)
{
	if (l->page.size != 64)
		return hwp_are_plain(l, rule, pages, nr, in_block, l->page.size);
	return in_block ? hwp_are_plain(l, rule, pages, nr, true, 64) :
			  hwp_are_plain(l, rule, pages, nr, false, 64);
}

/** Where the list node of the struct page at @p address is. */
static inline uint64_t hwp_lru_of_page(const struct hwp_layout *l, uint64_t address)
{
	return address + l->page.lru;
}

/** The struct page that holds the list node, or the mapping word, at @p address. */
static inline uint64_t hwp_page_of_lru(const struct hwp_layout *l, uint64_t address)
{
	return address - l->page.lru;
}

static inline uint64_t hwp_page_of_mapping(const struct hwp_layout *l, uint64_t address)
{
	return address - l->page.mapping;
}

/** Node and zone in page.flags; zones.c finds out whether they can be trusted. */
static inline unsigned int hwp_page_nid(const struct hwp_layout *l, uint64_t flags)
{
	return l->field.node_width ?
		       flags >> l->field.node_shift & ((1u << l->field.node_width) - 1) :
		       0;
}

static inline unsigned int hwp_page_zone(const struct hwp_layout *l, uint64_t flags)
{
	return l->field.zone_width ?
		       flags >> l->field.zone_shift & ((1u << l->field.zone_width) - 1) :
		       0;
}

#endif /* HWP_LAYOUT_PAGE_H */
