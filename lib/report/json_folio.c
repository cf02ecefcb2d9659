// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/json_folio.h"

#include "report/common.h"
#include "report/folio.h"
#include "report/json_history.h"

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
	hwp_json_hex(json, "phys", folio->head_pfn << f->page_shift);
	hwp_json_i64(json, "order", folio->order);
	hwp_json_i64(json, "max_order", folio->max_order);
	hwp_json_bool(json, "order_is_guess", folio->order_is_guess);
	hwp_json_string(json, "kind", hwp_extent_kind_name(folio->kind));
	hwp_json_string(json, "known_by", hwp_extent_source_name(folio->source));
	hwp_json_row_array(json, "poisoned_pfns");
	for (size_t i = 0; i < folio->nr_poisoned; i++)
		hwp_json_u64(json, NULL, f->poisoned.data[folio->first_poisoned + i].pfn);
	hwp_json_end(json);
	put_records(json, hwp_report_folio_facts(f, folio));
	hwp_report_json_blocks(json, hwp_report_expected(f, folio), folio->nr_expected);
	put_observed(json, f->runs.data + folio->first_run, folio->nr_runs);
	hwp_json_u64(json, "nr_healthy", folio->nr_healthy);
	hwp_json_u64(json, "nr_healthy_lost", folio->nr_healthy_lost);
	hwp_json_string(json, "outcome", hwp_outcome_name(folio->outcome));
	hwp_report_json_folio_history(json, f, folio);
	hwp_json_end(json);
}

void hwp_report_json_owner(struct hwp_json *json, const struct hwp_findings *f,
			   const struct hwp_owner *owner)
{
	if (!owner->found && !owner->has_file) {
		hwp_json_null(json, "owner");
		return;
	}
	hwp_json_row_object(json, "owner");
	if (owner->found)
		hwp_json_i64(json, "pid", owner->pid);
	else
		hwp_json_null(json, "pid");
	hwp_json_string(json, "comm", owner->found ? owner->comm : NULL);
	hwp_json_nonzero(json, "task", owner->task);
	hwp_json_nonzero(json, "mm", owner->mm);
	hwp_json_nonzero(json, "vma", owner->vma);
	hwp_json_nonzero(json, "user_address", owner->user_address);
	if (owner->found && owner->has_start)
		hwp_json_u64(json, "start_ns", owner->start_ns);
	else
		hwp_json_null(json, "start_ns");
	if (owner->saw_all_mappers)
		hwp_json_u64(json, "nr_mappers", owner->nr_mappers);
	else
		hwp_json_null(json, "nr_mappers");
	if (owner->has_file)
		hwp_report_json_file(json, &f->files.data[owner->file]);
	else
		hwp_json_null(json, "file");
	hwp_json_known(json, "offset", owner->has_offset, (int64_t)owner->offset);
	hwp_json_end(json);
}

/** -1 stands for none. */
static void put_number(struct hwp_json *json, const char *key, int value)
{
	if (value < 0)
		hwp_json_null(json, key);
	else
		hwp_json_i64(json, key, value);
}

/** 0 stands for none. */
static void put_positive(struct hwp_json *json, const char *key, uint64_t value)
{
	if (value)
		hwp_json_u64(json, key, value);
	else
		hwp_json_null(json, key);
}

void hwp_report_json_page_owner(struct hwp_json *json, const struct hwp_page_owner *record)
{
	if (!record->found) {
		hwp_json_null(json, "page_owner");
		return;
	}
	hwp_json_row_object(json, "page_owner");
	hwp_json_bool(json, "allocated", record->allocated);
	hwp_json_bool(json, "migrated", record->migrated);
	put_number(json, "order", record->order);
	hwp_json_hex(json, "gfp_mask", record->gfp_mask);
	put_positive(json, "alloc_ns", record->alloc_ns);
	put_number(json, "pid", record->pid);
	put_number(json, "tgid", record->tgid);
	hwp_json_string(json, "comm", record->comm[0] ? record->comm : NULL);
	put_positive(json, "handle", record->handle);
	put_positive(json, "free_ns", record->free_ns);
	put_number(json, "free_pid", record->free_pid);
	put_number(json, "free_tgid", record->free_tgid);
	put_positive(json, "free_handle", record->free_handle);
	hwp_json_end(json);
}

static void put_words(struct hwp_json *json, const struct hwp_page_words *words)
{
	hwp_json_i64(json, "refcount", words->refcount);
	hwp_json_i64(json, "mapcount", words->nr_mapped);
	hwp_json_hex(json, "flags", words->flags);
}

static void put_count(struct hwp_json *json, const char *name, bool has, int64_t count)
{
	if (has)
		hwp_json_i64(json, name, count);
	else
		hwp_json_null(json, name);
}

static void put_subject_folio(struct hwp_json *json, const struct hwp_folio_facts *folio)
{
	const struct hwp_mapcounts *m = &folio->mapped;

	if (folio->kind == HWP_FOLIO_NONE) {
		hwp_json_null(json, "folio");
		return;
	}
	hwp_json_row_object(json, "folio");
	hwp_json_string(json, "kind", hwp_folio_kind_name(folio->kind));
	hwp_json_u64(json, "head_pfn", folio->head_pfn);
	hwp_json_i64(json, "order", folio->order);
	put_words(json, &folio->head);
	put_count(json, "entire_mapcount", m->has_entire, m->entire);
	put_count(json, "large_mapcount", m->has_large, m->large);
	put_count(json, "nr_pages_mapped", m->has_nr_pages, m->nr_pages);
	if (folio->kind == HWP_FOLIO_HUGETLB) {
		hwp_json_bool(json, "in_pool", folio->in_pool);
		hwp_json_bool(json, "vmemmap_optimized", folio->vmemmap_optimized);
	}
	hwp_json_end(json);
}

static void put_free_block(struct hwp_json *json, const struct hwp_findings *f,
			   const struct hwp_poisoned *page)
{
	const struct hwp_block *b = page->by_list.container != HWP_NOT_FREE ? &page->by_list :
									      &page->by_page;

	if (b->container == HWP_NOT_FREE) {
		hwp_json_null(json, "free_block");
		return;
	}
	hwp_json_row_object(json, "free_block");
	hwp_json_string(json, "container", hwp_container_name(b->container));
	hwp_json_u64(json, "pfn", b->head_pfn);
	hwp_json_i64(json, "order", b->order);
	hwp_json_string(json, "migratetype", hwp_findings_migratetype(f, b->migratetype));
	if (b->cpu >= 0)
		hwp_json_i64(json, "cpu", b->cpu);
	else
		hwp_json_null(json, "cpu");
	hwp_json_end(json);
}

static void put_users(struct hwp_json *json, const struct hwp_findings *f)
{
	hwp_json_array(json, "users");
	for (size_t i = 0; i < f->uses.nr; i++) {
		const struct hwp_use *use = &f->uses.data[i];

		hwp_json_row_object(json, NULL);
		hwp_json_u64(json, "pfn", use->pfn);
		hwp_json_u64(json, "nr_pages", use->nr_pages);
		hwp_json_string(json, "use", hwp_use_kind_name(use->kind));
		hwp_json_u64(json, "head_pfn", use->head_pfn);
		hwp_json_i64(json, "order", use->order);
		hwp_report_json_owner(json, f, &use->owner);
		hwp_json_end(json);
	}
	hwp_json_end(json);
}

void hwp_report_json_addresses(struct hwp_json *json, const struct hwp_poisoned *page)
{
	hwp_json_nonzero(json, "struct_page_address", page->struct_page_address);
	hwp_json_nonzero(json, "direct_map_address", page->direct_map_address);
}

void hwp_report_json_subject(struct hwp_json *json, const struct hwp_findings *f)
{
	const struct hwp_poisoned *page = &f->subject.page;
	char what[200];

	hwp_json_object(json, "subject");
	hwp_json_u64(json, "pfn", page->pfn);
	hwp_json_hex(json, "phys", page->pfn << f->page_shift);
	hwp_report_json_addresses(json, page);
	hwp_json_string(json, "given", hwp_givens.words[f->subject.given].name);
	hwp_json_bool(json, "poisoned", hwp_findings_poisoned_at(f, page->pfn) != NULL);
	hwp_json_string(json, "what", hwp_subject_place(f, what, sizeof(what)));
	if (page->was_read) {
		hwp_json_row_object(json, "struct_page");
		put_words(json, &page->page);
		hwp_json_end(json);
	} else {
		hwp_json_null(json, "struct_page");
	}
	put_subject_folio(json, &page->folio);
	put_free_block(json, f, page);
	hwp_report_json_owner(json, f, &page->owner);
	hwp_report_json_page_owner(json, &page->page_owner);
	put_users(json, f);
	hwp_json_end(json);
}
