// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/folio.h"

#include <inttypes.h>

#include "layout/needs.h"
#include "layout/page.h"
#include "target/target.h"

/* A 16 GiB page of 4 KiB pages has order 22. */
#define MAX_FOLIO_ORDER 24
/* mm/internal.h: FOLIO_PAGES_MAPPED, below the mark that the whole is mapped as well. */
#define PAGES_MAPPED INT64_C(0x7fffff)

/** HPG_* bits in the private word of a HugeTLB head, and the list of folios to free. */
struct hugetlb_layout {
	uint32_t freed, vmemmap_optimized, raw_hwp_unreliable;
	uint64_t hpage_freelist;
};

/* enum hugetlb_page_flags is there from v5.14 on, its members came one by one. */
static const struct hwp_need hugetlb_rows[] = {
	HWP_VALUE(struct hugetlb_layout, freed, "hugetlb_page_flags:HPG_freed", .optional = true),
	HWP_VALUE(struct hugetlb_layout, vmemmap_optimized,
		  "hugetlb_page_flags:HPG_vmemmap_optimized", .optional = true),
	HWP_VALUE(struct hugetlb_layout, raw_hwp_unreliable,
		  "hugetlb_page_flags:HPG_raw_hwp_unreliable", .optional = true),
	HWP_SYMBOL(struct hugetlb_layout, hpage_freelist, "hpage_freelist", .optional = true),
};

const struct hwp_needs hwp_folio_hugetlb_needs = {
	.rows = hugetlb_rows,
	.nr = HWP_ARRAY_SIZE(hugetlb_rows),
	.sources = (const char *const[]){ "mm/hugetlb.c", NULL },
	.size = sizeof(struct hugetlb_layout),
};

/** The list of raw HWPoison pages of a HugeTLB folio; to v5.19 there is none. */
struct raw_layout {
	/** Offset from the head's struct page of the list's first word. */
	uint32_t list;
	uint32_t node, page;
};

static const struct hwp_need raw_rows[] = {
	HWP_OFFSET(struct raw_layout, node, "raw_hwp_page.node"),
	HWP_OFFSET(struct raw_layout, page, "raw_hwp_page.page"),
};

static bool decide_raw(struct hwp_resolver *r, void *own)
{
	struct raw_layout *at = own;
	struct hwp_member m;
	uint64_t index;

	/* Linux kernel commit dad6a5eb5556 ("mm,hugetlb: use folio fields in second tail page")
	 * (in v6.2) gave the list a member; it moved to the third tail page later. */
	if (hwp_resolve_member(r, "folio._hugetlb_hwpoison", &m))
		at->list = (uint32_t)m.offset;
	else if (hwp_resolve_number(r, ":SUBPAGE_INDEX_HWPOISON", &index) && index < 64)
		at->list = hwp_page_private_offset(r->layout, (uint32_t)index);
	else
		return false;
	hwp_resolve_note(r, "raw_hwp_list", at->list, "computed");
	return true;
}

const struct hwp_needs hwp_folio_raw_needs = {
	.rows = raw_rows,
	.nr = HWP_ARRAY_SIZE(raw_rows),
	.sources = (const char *const[]){ "mm/memory-failure.c", NULL },
	.size = sizeof(struct raw_layout),
	.decide = decide_raw,
};

/**
 * Read @p size bytes at @p offset from the head's struct page, which lie in
 * one of the first struct pages: true unless unreadable.
 */
static bool folio_word(struct hwp_page_reader *reader, uint64_t head_pfn, uint32_t offset,
		       size_t size, uint64_t *ret)
{
	uint32_t page_size = hwp_page_reader_memmap(reader)->layout->page.size;
	_cleanup_error_ struct hwp_error *err = NULL;
	const void *page;

	if (offset % page_size + size > page_size)
		return false;
	err = hwp_page_read(reader, head_pfn + offset / page_size, &page);
	if (err)
		return false;
	*ret = hwp_word((const char *)page + offset % page_size, size);
	return true;
}

/** Is @p address, of a struct page, where a page of the vmemmap begins? */
static bool starts_page(const struct hwp_layout *l, uint64_t address)
{
	return address == hwp_align_down(address, l->page_shift);
}

/** The pfn of the head that the tail @p pfn names; false when it names none. */
static bool head_of_tail(struct hwp_page_reader *reader, uint64_t pfn, const void *page,
			 uint64_t *head_pfn_ret)
{
	const struct hwp_memmap *memmap = hwp_page_reader_memmap(reader);
	uint64_t address;

	return hwp_memmap_page_address(memmap, pfn, &address) &&
	       hwp_memmap_pfn_of(memmap, hwp_tail_head_address(memmap->layout, page, address),
				 head_pfn_ret);
}

/**
 * With HVO from v5.18 to v7.0 the first struct page of each vmemmap page of a
 * folio is a copy of the head; the one after it, a real tail, names the head:
 * Linux kernel commit e7d324850bfc ("mm: hugetlb: free the 2nd vmemmap page
 * associated with each HugeTLB page") (in v5.18), page_fixed_fake_head().
 */
static bool is_fake_head(struct hwp_page_reader *reader, uint64_t pfn, uint64_t *head_pfn_ret)
{
	const struct hwp_memmap *memmap = hwp_page_reader_memmap(reader);
	_cleanup_error_ struct hwp_error *err = NULL;
	const void *next;
	uint64_t address;

	if (!hwp_memmap_page_address(memmap, pfn, &address) ||
	    !starts_page(memmap->layout, address))
		return false;
	err = hwp_page_read(reader, pfn + 1, &next);
	return !err && hwp_page_is_tail(memmap->layout, next) &&
	       head_of_tail(reader, pfn + 1, next, head_pfn_ret) && *head_pfn_ret != pfn;
}

bool hwp_head_has_no_tail(struct hwp_page_reader *reader, uint64_t pfn)
{
	const struct hwp_memmap *memmap = hwp_page_reader_memmap(reader);
	const struct hwp_layout *l = memmap->layout;
	_cleanup_error_ struct hwp_error *err = NULL;
	uint64_t head_pfn, address;
	const void *page;

	if (!hwp_memmap_page_address(memmap, pfn, &address) ||
	    !starts_page(memmap->layout, address))
		return false;
	err = hwp_page_read(reader, pfn + 1, &page);
	return !err && (!hwp_page_is_tail(l, page) ||
			(head_of_tail(reader, pfn + 1, page, &head_pfn) && head_pfn != pfn));
}

/** The head's pfn for a head or tail, whatever its struct page pretends. */
static struct hwp_error *find_head(struct hwp_page_reader *reader, uint64_t pfn, bool *found,
				   uint64_t *head_pfn)
{
	const struct hwp_layout *l = hwp_page_reader_memmap(reader)->layout;
	const void *page;
	struct hwp_error *err = hwp_page_read(reader, pfn, &page);

	*found = false;
	if (err)
		return err;
	if (hwp_page_is_tail(l, page)) {
		*found = head_of_tail(reader, pfn, page, head_pfn);
	} else if (hwp_flag_set(hwp_page_flags(l, page), l->flag.head)) {
		*found = true;
		if (!is_fake_head(reader, pfn, head_pfn))
			*head_pfn = pfn;
	}
	return NULL;
}

static bool is_hugetlb(struct hwp_page_reader *reader, const struct hwp_folio_facts *f)
{
	const struct hwp_layout *l = hwp_page_reader_memmap(reader)->layout;
	uint64_t word;

	switch (l->folio.hugetlb_scheme) {
	case HWP_HUGETLB_PAGE_TYPE:
		return f->head.type == HWP_TYPE_HUGETLB;
	case HWP_HUGETLB_FLAG:
		return folio_word(reader, f->head_pfn, l->folio.flags_1, 8, &word) &&
		       hwp_flag_set(word, l->folio.hugetlb_bit);
	case HWP_HUGETLB_DTOR:
		return folio_word(reader, f->head_pfn, l->folio.dtor, l->folio.dtor_size, &word) &&
		       word == l->folio.hugetlb_dtor;
	}
	return false;
}

bool hwp_folio_has_freed_flag(const struct hwp_layout *layout)
{
	const struct hugetlb_layout *at = hwp_layout_of(layout, &hwp_folio_hugetlb_needs);

	return at && at->freed != HWP_ABSENT;
}

static void hugetlb_facts(const struct hwp_layout *l, struct hwp_folio_facts *f)
{
	const struct hugetlb_layout *at = hwp_layout_of(l, &hwp_folio_hugetlb_needs);

	f->kind = HWP_FOLIO_HUGETLB;
	if (!at)
		return;
	f->in_pool = f->head.refcount == 0 && hwp_flag_set(f->head.private, at->freed);
	f->vmemmap_optimized = hwp_flag_set(f->head.private, at->vmemmap_optimized);
	f->raw_unreliable = hwp_flag_set(f->head.private, at->raw_hwp_unreliable);
}

/** Anonymous or page cache, slab, or memory that the kernel allocated for itself. */
static enum hwp_folio_kind kind_of(const struct hwp_layout *l, const struct hwp_folio_facts *f,
				   uint64_t flags_1)
{
	const uint32_t user_bits = HWP_BIT_LRU | HWP_BIT_SWAPBACKED | HWP_BIT_UPTODATE;

	switch (hwp_page_kind(&f->head, f->head_bits)) {
	case HWP_PAGE_SLAB:
		return HWP_FOLIO_SLAB;
	case HWP_PAGE_BUDDY:
	case HWP_PAGE_OFFLINE:
	case HWP_PAGE_TABLE:
	case HWP_PAGE_GUARD:
	case HWP_PAGE_HUGETLB:
	case HWP_PAGE_ZSMALLOC:
	case HWP_PAGE_UNACCEPTED:
	case HWP_PAGE_LARGE_KMALLOC:
		return HWP_FOLIO_KERNEL;
	case HWP_PAGE_ANON:
	case HWP_PAGE_ANON_LEFT:
	case HWP_PAGE_FILE:
	case HWP_PAGE_FILE_UNMARKED:
	case HWP_PAGE_MOVABLE:
		return HWP_FOLIO_LARGE;
	/* The kernel maps compound pages of its own to users as well. */
	case HWP_PAGE_USER:
	case HWP_PAGE_USER_LEFT:
	case HWP_PAGE_RESERVED:
	case HWP_PAGE_TAKEN_OFF:
	case HWP_PAGE_UNMARKED:
		break;
	}
	return f->head.mapping || f->head_bits & user_bits ||
			       hwp_flag_set(flags_1, l->flag.large_rmappable) ?
		       HWP_FOLIO_LARGE :
		       HWP_FOLIO_KERNEL;
}

/** An atomic_t that starts at @p start; false when the kernel has none, or it is nonsense. */
static bool read_count(struct hwp_page_reader *reader, uint64_t head_pfn, uint32_t offset,
		       int32_t start, int64_t *ret)
{
	uint64_t word;

	if (offset == HWP_ABSENT || !folio_word(reader, head_pfn, offset, 4, &word))
		return false;
	*ret = (int64_t)(int32_t)word - start;
	return *ret >= 0;
}

static void read_mapcounts(struct hwp_page_reader *reader, struct hwp_folio_facts *f)
{
	const struct hwp_layout *l = hwp_page_reader_memmap(reader)->layout;
	struct hwp_mapcounts *m = &f->mapped;

	m->has_entire = read_count(reader, f->head_pfn, l->folio.entire_mapcount, -1, &m->entire);
	m->has_large = read_count(reader, f->head_pfn, l->folio.large_mapcount, -1, &m->large);
	m->has_nr_pages = read_count(reader, f->head_pfn, l->folio.nr_pages_mapped, 0,
				     &m->nr_pages);
	m->nr_pages &= PAGES_MAPPED;
}

static bool read_order(struct hwp_page_reader *reader, uint64_t head_pfn, int *ret)
{
	const struct hwp_layout *l = hwp_page_reader_memmap(reader)->layout;
	uint64_t order;

	if (!folio_word(reader, head_pfn, l->folio.order, 1, &order) || order == 0 ||
	    order > MAX_FOLIO_ORDER)
		return false;
	*ret = (int)order;
	return true;
}

/**
 * A HugeTLB head is aligned to its order. Where one is not, and stands first in a
 * page of the vmemmap, it is what HVO left: when it restores a folio's vmemmap it
 * copies the page of the head over those of the tails (mm/hugetlb_vmemmap.c,
 * vmemmap_restore_pte). Seen on Debian's 6.12.117, which then throws the folio away.
 */
static bool is_stale_copy(struct hwp_page_reader *reader, uint64_t pfn,
			  const struct hwp_folio_facts *f)
{
	const struct hwp_memmap *memmap = hwp_page_reader_memmap(reader);
	uint64_t address;

	return f->head_pfn == pfn && f->head_bits & HWP_BIT_HEAD && f->head.refcount == 0 &&
	       memmap->layout->folio.hugetlb_scheme == HWP_HUGETLB_PAGE_TYPE &&
	       f->head.type == HWP_TYPE_HUGETLB && hwp_memmap_page_address(memmap, pfn, &address) &&
	       starts_page(memmap->layout, address) &&
	       hwp_align_down(pfn, (unsigned int)f->order) != pfn;
}

bool hwp_folio_is_alias(const struct hwp_layout *l, const struct hwp_folio_facts *folio,
			uint64_t pfn)
{
	return folio->vmemmap_optimized &&
	       pfn - folio->head_pfn >= (UINT64_C(1) << l->page_shift) / l->page.size;
}

struct hwp_error *hwp_folio_find(struct hwp_page_reader *reader, uint64_t pfn,
				 struct hwp_folio_facts *ret, bool *is_alias)
{
	const struct hwp_layout *l = hwp_page_reader_memmap(reader)->layout;
	struct hwp_folio_facts f = { .order = -1 };
	struct hwp_error *err;
	const void *head;
	uint64_t flags_1 = 0;
	bool found;

	*is_alias = false;
	*ret = f;
	err = find_head(reader, pfn, &found, &f.head_pfn);
	if (err || !found)
		return err;
	err = hwp_page_read(reader, f.head_pfn, &head);
	if (err)
		return err;
	hwp_page_words(l, head, &f.head, &f.head_bits);
	/* A stale compound word leads anywhere: believe only what fits. */
	if (!(f.head_bits & HWP_BIT_HEAD) || !read_order(reader, f.head_pfn, &f.order))
		return NULL;
	ret->is_stale_copy = is_stale_copy(reader, pfn, &f);
	if (hwp_align_down(pfn, (unsigned int)f.order) != f.head_pfn)
		return NULL;
	folio_word(reader, f.head_pfn, l->folio.flags_1, 8, &flags_1);
	f.can_have_hwpoisoned = l->flag.has_hwpoisoned != HWP_ABSENT;
	f.has_hwpoisoned = hwp_flag_set(flags_1, l->flag.has_hwpoisoned);
	if (is_hugetlb(reader, &f))
		hugetlb_facts(l, &f);
	else
		f.kind = kind_of(l, &f, flags_1);
	if (f.kind == HWP_FOLIO_HUGETLB || f.kind == HWP_FOLIO_LARGE)
		read_mapcounts(reader, &f);
	*is_alias = f.vmemmap_optimized && hwp_folio_is_alias(l, &f, pfn);
	*ret = f;
	return NULL;
}

struct hwp_error *hwp_folio_raw_pages(struct hwp_target *target, struct hwp_page_reader *reader,
				      const struct hwp_folio_facts *folio, hwp_pfn_vec *pfns)
{
	const struct hwp_memmap *memmap = hwp_page_reader_memmap(reader);
	const struct raw_layout *at = hwp_layout_of(memmap->layout, &hwp_folio_raw_needs);
	uint64_t max = UINT64_C(1) << folio->order, node, page, pfn;
	struct hwp_cycle cycle = {};
	struct hwp_error *err = NULL;

	if (!at)
		return NULL;
	if (!folio_word(reader, folio->head_pfn, at->list, 8, &node))
		return hwp_error_create(HWP_ERROR_BAD_DATA, "raw_hwp_list cannot be read");
	while (node) {
		uint64_t entry = node - at->node;

		if (hwp_cycle_closed(&cycle, node) || pfns->nr >= max)
			return hwp_error_create(HWP_ERROR_BAD_DATA, "raw_hwp_list does not end");
		err = hwp_target_read_u64(target, entry + at->page, &page);
		if (!err)
			err = hwp_target_read_u64(target, node, &node);
		if (err)
			return hwp_error_prefix(err, "raw_hwp_list entry at 0x%" PRIx64, entry);
		if (!hwp_memmap_pfn_of(memmap, page, &pfn) || pfn < folio->head_pfn ||
		    pfn - folio->head_pfn >= max)
			return hwp_error_create(HWP_ERROR_BAD_DATA,
						"raw_hwp_list names a page outside the folio "
						"(0x%" PRIx64 ")",
						page);
		if (!hwp_vec_push(pfns, pfn))
			return hwp_error_no_memory();
	}
	return NULL;
}

bool hwp_folio_has_raw_list(const struct hwp_layout *layout)
{
	return hwp_layout_of(layout, &hwp_folio_raw_needs) != NULL;
}

/* mm/hugetlb.c: the llist_node is &folio->mapping. */
struct hwp_error *hwp_folio_being_freed(struct hwp_target *target, const struct hwp_memmap *memmap,
					hwp_pfn_vec *pfns)
{
	const struct hwp_layout *l = memmap->layout;
	const struct hugetlb_layout *at = hwp_layout_of(l, &hwp_folio_hugetlb_needs);
	struct hwp_cycle cycle = {};
	uint64_t node, pfn;
	struct hwp_error *err;

	if (!at || !at->hpage_freelist)
		return NULL;
	err = hwp_target_read_u64(target, at->hpage_freelist, &node);
	while (!err && node) {
		if (!hwp_memmap_pfn_of(memmap, hwp_page_of_mapping(l, node), &pfn) ||
		    hwp_cycle_closed(&cycle, node))
			return hwp_error_create(HWP_ERROR_BAD_DATA,
						"hpage_freelist is corrupt (0x%" PRIx64 ")", node);
		if (!hwp_vec_push(pfns, pfn))
			return hwp_error_no_memory();
		err = hwp_target_read_u64(target, node, &node);
	}
	return err;
}
