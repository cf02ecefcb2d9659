// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The words of one struct page, whatever kernel it is of, and the one answer to
 * the question what such a page is. The gate, the facts, the verdict and the
 * reports each have a table over that answer.
 */
#ifndef HWP_LAYOUT_PAGE_WORDS_H
#define HWP_LAYOUT_PAGE_WORDS_H

#include <stdbool.h>
#include <stdint.h>

struct hwp_layout;

/** private of a page that take_page_off_buddy() set aside; mm/internal.h, since v5.17. */
#define HWP_MAGIC_HWPOISON UINT64_C(0x48575053)

/** Low bits of page.mapping: include/linux/page-flags.h. */
#define HWP_MAPPING_ANON UINT64_C(1)
#define HWP_MAPPING_LOW_BITS UINT64_C(3)

/**
 * What list_del() leaves in the two words of a struct list_head, above POISON_POINTER_DELTA:
 * include/linux/poison.h. The second was 0x200 up to v4.19.
 */
#define HWP_LIST_POISON1 UINT64_C(0x100)
#define HWP_LIST_POISON2 UINT64_C(0x122)
#define HWP_LIST_POISON2_OLD UINT64_C(0x200)

/**
 * POISON_POINTER_DELTA, CONFIG_ILLEGAL_POINTER_VALUE: of x86_64, arm64, riscv, s390 and others, and
 * of powerpc. Elsewhere it is 0. No list has a link with any of these values, so which architecture
 * it is need not be known.
 */
#define HWP_POISON_POINTER_DELTA UINT64_C(0xdead000000000000)
#define HWP_POISON_POINTER_DELTA_POWERPC UINT64_C(0x5deadbeef0000000)

/** Is @p word LIST_POISON1, or LIST_POISON2? */
static inline bool hwp_is_list_poison1(uint64_t word)
{
	uint64_t delta = word - HWP_LIST_POISON1;

	return delta == HWP_POISON_POINTER_DELTA || delta == HWP_POISON_POINTER_DELTA_POWERPC ||
	       delta == 0;
}

static inline bool hwp_is_list_poison2(uint64_t word)
{
	return hwp_is_list_poison1(word - HWP_LIST_POISON2 + HWP_LIST_POISON1) ||
	       hwp_is_list_poison1(word - HWP_LIST_POISON2_OLD + HWP_LIST_POISON1);
}

/** Page types that a kernel may know. */
enum hwp_page_type {
	HWP_TYPE_BUDDY,
	HWP_TYPE_OFFLINE,
	HWP_TYPE_TABLE,
	HWP_TYPE_GUARD,
	HWP_TYPE_HUGETLB,
	HWP_TYPE_SLAB,
	HWP_TYPE_ZSMALLOC,
	HWP_TYPE_UNACCEPTED,
	HWP_TYPE_LARGE_KMALLOC,
	HWP_NR_TYPES,
	/** The word is not a type known here. */
	HWP_TYPE_NONE = HWP_NR_TYPES,
};

/** The words of a struct page that evidence rests on. */
struct hwp_page_words {
	uint64_t flags;
	/**
	 * The two words of page.lru as they are: links of a list, or what it was last used for.
	 * The first is compound_head, or compound_info, of a tail (bit 0 set). A page that left a
	 * list has LIST_POISON1 and LIST_POISON2 there; a page of a folio that was freed whole
	 * has 0 in the first, by free_tail_page_prepare() or before v6.5 free_tail_pages_check(),
	 * which end in clear_compound_head(): mm/page_alloc.c.
	 */
	uint64_t word_1, word_2;
	uint64_t mapping, index, private;
	uint32_t type_word;
	int32_t refcount;
	/** _mapcount + 1 where the word is a map count, else 0. */
	int64_t nr_mapped;
	enum hwp_page_type type;
	bool is_tail;
};

/** Flags of page.flags by name; kernels number the bits differently. */
enum hwp_page_bit {
	HWP_BIT_HEAD = 1 << 0,
	HWP_BIT_LRU = 1 << 1,
	HWP_BIT_RESERVED = 1 << 2,
	HWP_BIT_SLAB = 1 << 3,
	HWP_BIT_SWAPCACHE = 1 << 4,
	HWP_BIT_SWAPBACKED = 1 << 5,
	HWP_BIT_UPTODATE = 1 << 6,
	HWP_BIT_DIRTY = 1 << 7,
	HWP_BIT_HWPOISON = 1 << 8,
};

/**
 * The bits of memory that users or the page cache have in use, all of which go when a page is
 * freed to the allocator: PAGE_FLAGS_CHECK_AT_PREP. A poisoned page of order 0 is withheld
 * before, and keeps them.
 */
#define HWP_BITS_OF_USE \
	(HWP_BIT_LRU | HWP_BIT_SWAPCACHE | HWP_BIT_SWAPBACKED | HWP_BIT_UPTODATE | HWP_BIT_DIRTY)

/** What a page is by its own marks; its reference count shows whether it is in use. */
enum hwp_page_kind {
	/* By page type. */
	HWP_PAGE_BUDDY,
	HWP_PAGE_OFFLINE,
	HWP_PAGE_TABLE,
	HWP_PAGE_GUARD,
	HWP_PAGE_HUGETLB,
	/** By type, or by PG_slab until Linux kernel commit 46df8e73a4a3 ("mm: free up PG_slab")
	 * (in v6.10). */
	HWP_PAGE_SLAB,
	HWP_PAGE_ZSMALLOC,
	HWP_PAGE_UNACCEPTED,
	HWP_PAGE_LARGE_KMALLOC,
	/* Without a type. */
	HWP_PAGE_RESERVED,
	/** private is MAGIC_HWPOISON. */
	HWP_PAGE_TAKEN_OFF,
	/** Anonymous: mapped, on an LRU list or in the swap cache. */
	HWP_PAGE_ANON,
	/** An anonymous mapping, and none of these: left by memory that is gone. */
	HWP_PAGE_ANON_LEFT,
	/** In the page cache: a mapping, and a bit that only users' pages have. */
	HWP_PAGE_FILE,
	/** The same without such a bit: the mapping may be the kernel's own use of the word. */
	HWP_PAGE_FILE_UNMARKED,
	/** Mapped, on an LRU list or in the swap cache, whatever its mapping. */
	HWP_PAGE_USER,
	/** A driver's movable page (movable_operations). */
	HWP_PAGE_MOVABLE,
	/** No mapping, but PG_uptodate, PG_swapbacked or PG_dirty: left by a user's page. */
	HWP_PAGE_USER_LEFT,
	/** No mark at all: the kernel's, or free outside the buddy lists. */
	HWP_PAGE_UNMARKED,
};

/** The words of the struct page bytes at @p page, and its enum hwp_page_bit. */
void hwp_page_words(const struct hwp_layout *layout, const void *page,
		    struct hwp_page_words *words_ret, uint32_t *bits_ret);

/** What the head, or order-0 page, with @p words and enum hwp_page_bit @p bits is. */
enum hwp_page_kind hwp_page_kind(const struct hwp_page_words *words, uint32_t bits);

#endif /* HWP_LAYOUT_PAGE_WORDS_H */
