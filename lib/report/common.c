// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/common.h"

#include <errno.h>

const struct hwp_folio_facts *hwp_report_folio_facts(const struct hwp_findings *f,
						     const struct hwp_folio *folio)
{
	for (size_t i = 0; i < folio->nr_poisoned; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[folio->first_poisoned + i];

		if (p->folio.kind != HWP_FOLIO_NONE && p->folio.head_pfn == folio->head_pfn)
			return &p->folio;
	}
	return NULL;
}

const struct hwp_healthy_block *hwp_report_expected(const struct hwp_findings *f,
						    const struct hwp_folio *folio)
{
	return folio->nr_expected ? &f->expected.data[folio->first_expected] : NULL;
}

const struct hwp_zone_facts *hwp_report_zone(const struct hwp_findings *f, int zone)
{
	return zone < 0 || (size_t)zone >= f->zones.nr ? NULL : &f->zones.data[zone];
}

bool hwp_report_is_free(const struct hwp_poisoned *page)
{
	return page->state == HWP_STATE_BUDDY || page->state == HWP_STATE_PCP;
}

bool hwp_report_is_new_victim(const struct hwp_findings *f, size_t index)
{
	const struct hwp_victim *victim = &f->victims.data[index];

	for (size_t i = 0; i < index; i++) {
		const struct hwp_victim *other = &f->victims.data[i];

		if (other->kind == victim->kind && other->pid == victim->pid &&
		    other->file == victim->file && other->has_it_now == victim->has_it_now)
			return false;
	}
	return true;
}

const struct hwp_event *hwp_report_next_line(const struct hwp_findings *f, size_t *event,
					     size_t *remark)
{
	const struct hwp_event *e = *event < f->events.nr ? &f->events.data[*event] : NULL;
	const struct hwp_event *r = *remark < f->remarks.nr ? &f->remarks.data[*remark] : NULL;

	if (e && (!r || e->seq <= r->seq))
		return ++*event, e;
	return r ? (++*remark, r) : NULL;
}

struct hwp_error *hwp_report_flush(FILE *out)
{
	bool failed = ferror(out);

	errno = 0;
	if (fflush(out) == 0 && !failed)
		return NULL;
	/* Why an earlier write failed is forgotten: another one shows it, in what is broken anyway. */
	clearerr(out);
	if (!errno && putc('\n', out) != EOF)
		(void)!fflush(out);
	return hwp_error_os(errno ? errno : EIO, "cannot write the report");
}

const char *hwp_report_persistence(const struct hwp_poisoned *page)
{
	return page->unconfirmed || page->nr_passes < 2 ? "transient" : "persistent";
}

void hwp_report_json_place(struct hwp_json *json, const struct hwp_findings *f, bool is_known,
			   uint64_t pfn)
{
	if (is_known) {
		hwp_json_u64(json, "pfn", pfn);
		hwp_json_hex(json, "phys", pfn << f->page_shift);
	} else {
		hwp_json_null(json, "pfn");
		hwp_json_null(json, "phys");
	}
}
