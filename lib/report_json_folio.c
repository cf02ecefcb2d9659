// SPDX-License-Identifier: GPL-2.0-or-later
#include "report_json_folio.h"

#include "report_common.h"

static void put_records(struct hwp_json *json, const struct hwp_folio_facts *facts)
{
	if (facts && facts->kind == HWP_FOLIO_LARGE && facts->can_have_hwpoisoned)
		hwp_json_bool(json, "flag_has_hwpoisoned", facts->has_hwpoisoned);
	else
		hwp_json_null(json, "flag_has_hwpoisoned");
	if (!facts || facts->kind != HWP_FOLIO_HUGETLB) {
		hwp_json_null(json, "raw_hwp");
		return;
	}
	hwp_json_row_object(json, "raw_hwp");
	if (facts->raw_list_readable)
		hwp_json_u64(json, "count", facts->nr_raw);
	else
		hwp_json_null(json, "count");
	hwp_json_bool(json, "unreliable", facts->raw_unreliable);
	hwp_json_end(json);
}

void hwp_report_json_blocks(struct hwp_json *json, const struct hwp_healthy_block *blocks,
			    size_t nr)
{
	hwp_json_row_array(json, "expected");
	for (size_t i = 0; i < nr; i++) {
		hwp_json_row_object(json, NULL);
		hwp_json_u64(json, "pfn", blocks[i].pfn);
		hwp_json_u64(json, "order", blocks[i].order);
		hwp_json_end(json);
	}
	hwp_json_end(json);
}

static void put_observed(struct hwp_json *json, const struct hwp_run *runs, size_t nr)
{
	hwp_json_row_array(json, "observed");
	for (size_t i = 0; i < nr; i++) {
		hwp_json_row_object(json, NULL);
		hwp_json_u64(json, "pfn", runs[i].pfn);
		hwp_json_u64(json, "nr_pages", runs[i].nr_pages);
		hwp_json_string(json, "state", hwp_run_state_name(runs[i].state));
		if (runs[i].order >= 0)
			hwp_json_i64(json, "order", runs[i].order);
		else
			hwp_json_null(json, "order");
		if (runs[i].cpu >= 0)
			hwp_json_i64(json, "cpu", runs[i].cpu);
		else
			hwp_json_null(json, "cpu");
		hwp_json_bool(json, "poisoned", runs[i].is_poisoned);
		hwp_json_end(json);
	}
	hwp_json_end(json);
}

void hwp_report_json_folio(struct hwp_json *json, const struct hwp_findings *f,
			   const struct hwp_folio *folio)
{
	hwp_json_row_object(json, NULL);
	hwp_json_u64(json, "head_pfn", folio->head_pfn);
	hwp_json_i64(json, "order", folio->order);
	hwp_json_string(json, "kind", hwp_extent_kind_name(folio->kind));
	hwp_json_string(json, "known_by", hwp_extent_source_name(folio->source));
	hwp_json_row_array(json, "poisoned_pfns");
	for (size_t i = 0; i < folio->nr_poisoned; i++)
		hwp_json_u64(json, NULL, f->poisoned.data[folio->first_poisoned + i].pfn);
	hwp_json_end(json);
	put_records(json, hwp_report_folio_facts(f, folio));
	hwp_report_json_blocks(json, f->expected.data + folio->first_expected,
			       folio->nr_expected);
	put_observed(json, f->runs.data + folio->first_run, folio->nr_runs);
	hwp_json_u64(json, "nr_healthy", folio->nr_healthy);
	hwp_json_u64(json, "nr_healthy_lost", folio->nr_healthy_lost);
	hwp_json_string(json, "outcome", hwp_outcome_name(folio->outcome));
	hwp_json_end(json);
}
