// SPDX-License-Identifier: GPL-2.0-or-later
/** Do the kernel's own records of poison match the pages? */
#include <inttypes.h>

#include "base/plural.h"
#include "verdict/check/functions.h"

HWP_CHECK_FUNCTION(hwp_check_folio_flag_matches_pages)
{
	uint64_t nr_set = 0, nr_without = 0;

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (p->state != HWP_STATE_LARGE_FOLIO)
			continue;
		if (p->folio.can_have_hwpoisoned && !p->folio.has_hwpoisoned) {
			hwp_check_at(r, p->pfn);
			return hwp_check_answer(r, HWP_INCONCLUSIVE,
						"the folio at 0x%" PRIx64 " holds poisoned pfn "
						"0x%" PRIx64 ", but PG_has_hwpoisoned is clear: a "
						"fixed kernel would free it whole",
						p->folio.head_pfn, p->pfn);
		}
		nr_set += p->folio.can_have_hwpoisoned;
		nr_without += !p->folio.can_have_hwpoisoned;
	}
	hwp_check_number(r, "nr_pages", (int64_t)nr_set);
	if (nr_set)
		return hwp_check_answer(r, HWP_PASS,
					"PG_has_hwpoisoned is set for %" PRIu64 " poisoned page%s",
					nr_set, hwp_plural(nr_set));
	if (nr_without)
		return hwp_check_answer(r, HWP_SKIP, "this kernel has no PG_has_hwpoisoned");
	return hwp_check_answer(r, HWP_PASS, "no large folio holds poison");
}

HWP_CHECK_FUNCTION(hwp_check_raw_hwp_list_consistent)
{
	uint64_t nr = 0, last = UINT64_MAX;

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (p->folio.kind != HWP_FOLIO_HUGETLB || p->folio.head_pfn == last)
			continue;
		last = p->folio.head_pfn;
		nr++;
		if (!p->raw_page_unknown || p->folio.raw_unreliable || !p->folio.raw_list_readable)
			continue;
		hwp_check_at(r, last);
		return hwp_check_answer(r, HWP_FAIL,
					"the HugeTLB folio at 0x%" PRIx64 " is flagged, but "
					"its raw_hwp_list is empty",
					last);
	}
	hwp_check_number(r, "nr_folios", (int64_t)nr);
	if (!nr)
		return hwp_check_answer(r, HWP_PASS, "no HugeTLB folio is poisoned");
	return hwp_check_answer(r, HWP_PASS,
				"%" PRIu64 " poisoned HugeTLB folio%s without a contradiction", nr,
				hwp_plural(nr));
}
