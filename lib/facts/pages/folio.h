// SPDX-License-Identifier: GPL-2.0-or-later
/** Compound pages: the head of a page, and the raw HWPoison pages of HugeTLB. */
#ifndef HWP_FACTS_PAGES_FOLIO_H
#define HWP_FACTS_PAGES_FOLIO_H

#include "facts/pages/scan.h"
#include "memmap/page_reader.h"
#include "model/findings.h"

/** HugeTLB flags and the list of folios to free; raw HWPoison pages (from v6.0 on). */
extern const struct hwp_needs hwp_folio_hugetlb_needs, hwp_folio_raw_needs;

/**
 * Find the compound page that @p pfn belongs to; ret->kind is NONE when it
 * belongs to none. *@p is_alias is set when its struct page is the read-only
 * copy of another that HVO leaves in place of the real one.
 */
struct hwp_error *hwp_folio_find(struct hwp_page_reader *reader, uint64_t pfn,
				 struct hwp_folio_facts *ret, bool *is_alias);

/**
 * Is the struct page of @p pfn, in @p folio, a read-only copy of another? HVO keeps
 * the first page of a HugeTLB folio's vmemmap, and maps the rest to that.
 */
bool hwp_folio_is_alias(const struct hwp_layout *layout, const struct hwp_folio_facts *folio,
			uint64_t pfn);

/**
 * Append the pfns in the raw_hwp_list of HugeTLB folio @p folio to @p pfns,
 * in list order. BAD_DATA when the list leaves the folio or does not end.
 */
struct hwp_error *hwp_folio_raw_pages(struct hwp_target *target, struct hwp_page_reader *reader,
				      const struct hwp_folio_facts *folio, hwp_pfn_vec *pfns);

/** Does a flag of the head say that it is free, HPG_freed? From v5.14 on. */
bool hwp_folio_has_freed_flag(const struct hwp_layout *layout);

/** Does this kernel keep such lists? From v6.0 on. */
bool hwp_folio_has_raw_list(const struct hwp_layout *layout);

/**
 * Append the heads of the HugeTLB folios on hpage_freelist, which wait for a
 * worker to free them (v5.10 on), to @p pfns.
 */
struct hwp_error *hwp_folio_being_freed(struct hwp_target *target, const struct hwp_memmap *memmap,
					hwp_pfn_vec *pfns);

/**
 * For @p pfn with PG_head set: is its struct page the first in a page of the
 * vmemmap, and the one after it no tail of it? Then it is what was left of a
 * HugeTLB folio's head, or a copy of that. False when that one cannot be read.
 */
bool hwp_head_has_no_tail(struct hwp_page_reader *reader, uint64_t pfn);

#endif /* HWP_FACTS_PAGES_FOLIO_H */
