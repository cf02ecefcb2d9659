// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * How this kernel lays out what we read: resolved once, by the presence of
 * members, enumerators and symbols, then immutable. struct page and the member
 * offsets differ here and in page.h; a format of its own (printk ring, kallsyms,
 * per-CPU lists) is decoded where it is read. What one reader alone needs it
 * states in a table of its own: needs.h.
 */
#ifndef HWP_LAYOUT_LAYOUT_H
#define HWP_LAYOUT_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "layout/page_words.h"
#include "target/target.h"

/** An offset that the kernel does not have. */
#define HWP_ABSENT UINT32_MAX

#define HWP_MAX_ORDERS 32
#define HWP_MAX_MIGRATETYPES 16
#define HWP_MAX_ZONES 8

/** What the word at page.compound_head holds for a tail. */
enum hwp_compound_scheme {
	/** The head's address, bit 0 set. */
	HWP_COMPOUND_HEAD_POINTER,
	/** A mask that takes the tail's address to the head's (page.compound_info, v7.1). */
	HWP_COMPOUND_INFO_MASK,
};

/** How the word at page._mapcount encodes a page type. */
enum hwp_type_scheme {
	/** The top byte is a value of enum pagetype, PGTY_* (v6.12). */
	HWP_TYPE_TOP_BYTE,
	/** Base 0xf0000000 or 0x80000000; a bit that is clear means that type (v4.18 to v6.11). */
	HWP_TYPE_CLEARED_BIT,
};

/** How the head of a HugeTLB folio is marked. */
enum hwp_hugetlb_scheme {
	/** A page type on the head (v6.9). */
	HWP_HUGETLB_PAGE_TYPE,
	/** A bit in folio._flags_1 (v6.6 to v6.8). */
	HWP_HUGETLB_FLAG,
	/** HUGETLB_PAGE_DTOR in folio._folio_dtor or page.compound_dtor (to v6.5). */
	HWP_HUGETLB_DTOR,
};

/** One resolved row, for `hwpoison layout`. */
struct hwp_layout_row {
	char name[48];
	uint64_t value;
	/** A provider of types or symbols, "vmcoreinfo", "computed" or "absent". */
	const char *source;
};

struct hwp_needs;

/** The answers for one reader; own is NULL where they are in struct hwp_layout. */
struct hwp_resolved {
	const struct hwp_needs *needs;
	void *own;
	/** All that it cannot do without is there. */
	bool works;
};

struct hwp_layout {
	unsigned int page_shift;

	struct {
		/** Offsets; compound: of the word that bit 0 marks in a tail; type: of _mapcount. */
		uint32_t size, flags, compound, lru, mapping, index, private, type, refcount;
		enum hwp_compound_scheme compound_scheme;
	} page;

	struct {
		/**
		 * Offset from the head's struct page of the byte that is the order: the low one
		 * of folio._flags_1 (v6.6), or folio._folio_order or page.compound_order.
		 */
		uint32_t order;
		enum hwp_hugetlb_scheme hugetlb_scheme;
		/** HWP_HUGETLB_DTOR: offset, bytes and value. */
		uint32_t dtor, dtor_size, hugetlb_dtor;
		/** HWP_HUGETLB_FLAG: the bit of _flags_1. */
		uint32_t hugetlb_bit;
		/** Offset of _flags_1, which holds PG_has_hwpoisoned. */
		uint32_t flags_1;
		/** Counts of mappings, offsets from the head's struct page. */
		uint32_t entire_mapcount, large_mapcount, nr_pages_mapped;
	} folio;

	/** Bits of page.flags; HWP_ABSENT when the kernel has none. */
	struct {
		uint32_t hwpoison, head, lru, reserved, slab, swapcache, swapbacked, uptodate,
			has_hwpoisoned, dirty, large_rmappable;
	} flag;

	enum hwp_type_scheme type_scheme;
	/** TOP_BYTE: the PGTY value; CLEARED_BIT: the bit mask. 0 when absent. */
	uint32_t types[HWP_NR_TYPES];
	/** CLEARED_BIT: the bits that must be set for any type. */
	uint32_t type_base;

	/** page.flags: (flags >> shift) & ((1 << width) - 1). */
	struct {
		unsigned int node_shift, node_width, zone_shift, zone_width;
	} field;

	/** Orders are below nr_orders; zones of a node and nodes, below these. */
	unsigned int nr_orders, max_zones, max_nodes;
	/** Order of a PMD-mapped huge page, and of the per-CPU lists for THP. */
	unsigned int pmd_order;
	/** Empty where the kernel has no such type. */
	char migratetype_names[HWP_MAX_MIGRATETYPES][16];

	/** The kernel marks pages at all (CONFIG_MEMORY_FAILURE). */
	bool has_memory_failure;
	/** The address of memory_failure(), or 0. */
	uint64_t memory_failure;

	/** For `hwpoison layout`. */
	struct hwp_layout_row *rows;
	size_t nr_rows;
	/** For hwp_layout_of(). */
	struct hwp_resolved *resolved;
	size_t nr_resolved;
};

/**
 * Resolve the tables @p readers, up to a NULL: the first is hwp_layout_needs. All that
 * is required and missing is named in one error (UNSUPPORTED). The caller destroys the result.
 */
struct hwp_error *hwp_layout_create(struct hwp_target *target,
				    const struct hwp_needs *const *readers,
				    struct hwp_layout **ret);

/** @p layout may be NULL. */
void hwp_layout_destroy(struct hwp_layout *layout);

static inline void hwp_layout_destroyp(struct hwp_layout **layout)
{
	hwp_layout_destroy(*layout);
}

/** Free what a layout that is not on the heap holds. */
void hwp_layout_deinit(struct hwp_layout *layout);

/**
 * The struct of the reader that needs @p needs, its offsets filled in, borrowed. NULL:
 * on this kernel something is missing that the reader cannot do without.
 */
const void *hwp_layout_of(const struct hwp_layout *layout, const struct hwp_needs *needs);

#endif /* HWP_LAYOUT_LAYOUT_H */
