// SPDX-License-Identifier: GPL-2.0-or-later
#include "report_common.h"

#include <errno.h>

#include "bits.h"

bool hwp_report_in_folio(const struct hwp_poisoned *page, const struct hwp_folio_facts *facts)
{
	return page->was_read && page->folio.kind == facts->kind &&
	       page->folio.head_pfn == facts->head_pfn;
}

bool hwp_report_next_folio(const struct hwp_findings *f, size_t *pos, struct hwp_report_folio *ret)
{
	const struct hwp_poisoned *page = NULL;
	uint64_t nr_pages;
	size_t i;

	for (i = *pos; i < f->poisoned.nr; i++) {
		page = &f->poisoned.data[i];
		if (page->was_read &&
		    (page->folio.kind == HWP_FOLIO_HUGETLB || page->folio.kind == HWP_FOLIO_LARGE))
			break;
	}
	if (i == f->poisoned.nr)
		return false;
	*ret = (struct hwp_report_folio){ .facts = &page->folio, .first = i };
	nr_pages = page->folio.order < 0 || page->folio.order > 63 ?
			   1 :
			   UINT64_C(1) << page->folio.order;
	for (; i < f->poisoned.nr; i++) {
		page = &f->poisoned.data[i];
		if (page->pfn - ret->facts->head_pfn >= nr_pages && i > ret->first)
			break;
		ret->nr_poisoned += hwp_report_in_folio(page, ret->facts);
	}
	ret->end = *pos = i;
	return true;
}

const char *hwp_report_folio_kind(const struct hwp_findings *f, const struct hwp_folio_facts *facts)
{
	if (facts->kind == HWP_FOLIO_HUGETLB)
		return "hugetlb";
	/* A page table of 8-byte entries fills one page: the order of a PMD's mapping. */
	return facts->order == (int)f->page_shift - 3 ? "thp" : "large";
}

const struct hwp_zone_facts *hwp_report_zone(const struct hwp_findings *f, int zone)
{
	return zone < 0 || (size_t)zone >= f->zones.nr ? NULL : &f->zones.data[zone];
}

const char *hwp_report_migratetype(const struct hwp_findings *f, int migratetype)
{
	if (migratetype < 0 || (size_t)migratetype >= HWP_ARRAY_SIZE(f->migratetype_names) ||
	    !f->migratetype_names[migratetype][0])
		return NULL;
	return f->migratetype_names[migratetype];
}

bool hwp_report_is_free(const struct hwp_poisoned *page)
{
	return page->state == HWP_STATE_BUDDY || page->state == HWP_STATE_PCP;
}

struct hwp_error *hwp_report_flush(FILE *out)
{
	errno = 0;
	if (fflush(out) || ferror(out))
		return hwp_error_os(errno ? errno : EIO, "cannot write the report");
	return NULL;
}
