// SPDX-License-Identifier: GPL-2.0-or-later
/** Schema hwpoison.report/1; hwpoison.report.1.schema.json.in describes it. */
#include "report/report.h"

#include <string.h>

#include "base/bits.h"
#include "base/json.h"
#include "report/cause.h"
#include "report/common.h"
#include "report/json_folio.h"
#include "report/json_freelist.h"
#include "report/json_history.h"
#include "report/json_words.h"
#include "report/known_issues.h"
#include "report/machine.h"
#include "report/records.h"
#include "report/selection.h"
#include "report/text.h"
#include "verdict/classify.h"

#define SCHEMA "hwpoison.report/1"

static void put_tool(struct hwp_json *json, const char *memory, const char *types)
{
	hwp_json_object(json, "tool");
	hwp_json_string(json, "name", "hwpoison");
	hwp_json_string(json, "version", HWP_VERSION);
	if (memory && types) {
		hwp_json_row_object(json, "providers");
		hwp_json_string(json, "memory", memory);
		hwp_json_string(json, "types", types);
		hwp_json_end(json);
	} else {
		hwp_json_null(json, "providers");
	}
	hwp_json_end(json);
}

/** Keys that only a running kernel has. */
static void put_live(struct hwp_json *json, const struct hwp_findings *f)
{
	hwp_json_bool(json, "live", true);
	hwp_json_string(json, "sweep", hwp_sweep_name(f->sweep));
	hwp_json_u64(json, "passes", f->nr_passes);
	hwp_json_u64(json, "nr_transient", f->nr_transient);
}

static void put_target(struct hwp_json *json, const struct hwp_findings *f)
{
	hwp_json_object(json, "target");
	hwp_json_string(json, "path", f->path);
	hwp_json_string(json, "format", f->format);
	hwp_json_string(json, "damage", f->damage[0] ? f->damage : NULL);
	if (f->vmcoreinfo_found)
		hwp_json_string(json, "vmcoreinfo", "memory");
	if (f->memmap_excluded)
		hwp_json_bool(json, "memmap_excluded", true);
	if (f->live)
		put_live(json, f);
	hwp_json_end(json);
}

static void put_kernel(struct hwp_json *json, const struct hwp_findings *f)
{
	const struct hwp_kernel_facts *k = &f->kernel;
	const struct {
		const char *key;
		enum hwp_switch value;
	} switches[] = {
		{ "check_pages", k->check_pages },
		{ "init_on_alloc", k->init_on_alloc },
		{ "init_on_free", k->init_on_free },
		{ "page_poisoning", k->page_poisoning },
		{ "debug_pagealloc", k->debug_pagealloc },
		{ "hugetlb_vmemmap_optimized", k->hugetlb_vmemmap_optimized },
		{ "page_owner", k->page_owner },
		{ "kasan", k->kasan },
	};

	hwp_json_object(json, "kernel");
	hwp_json_string(json, "release", k->release);
	if (f->counters.has_num_poisoned_pages)
		hwp_json_i64(json, "num_poisoned_pages", f->counters.num_poisoned_pages);
	else
		hwp_json_null(json, "num_poisoned_pages");
	hwp_json_bool(json, "has_memory_failure", k->has_memory_failure);
	hwp_json_string(json, "fix", hwp_fix_name(k->fix));
	hwp_json_string(json, "fix_evidence", k->fix_evidence);
	hwp_json_string(json, "fix_seen", hwp_fix_seen_name(k->fix_seen));
	for (size_t i = 0; i < HWP_ARRAY_SIZE(switches); i++)
		hwp_json_string(json, switches[i].key, hwp_switch_name(switches[i].value));
	hwp_json_end(json);
}

static void put_coverage(struct hwp_json *json, const struct hwp_coverage *c)
{
	hwp_json_object(json, "coverage");
	hwp_json_u64(json, "nr_pages", c->nr_pages);
	hwp_json_u64(json, "nr_read", c->nr_read);
	hwp_json_u64(json, "nr_excluded", c->nr_excluded);
	hwp_json_u64(json, "nr_faulted", c->nr_faulted);
	hwp_json_u64(json, "nr_zero", c->nr_zero);
	hwp_json_u64(json, "nr_uninitialised", c->nr_uninitialised);
	hwp_json_ratio(json, "ratio", c->nr_read, c->nr_pages);
	hwp_json_end(json);
}

static void put_counters(struct hwp_json *json, const struct hwp_findings *f)
{
	const struct hwp_counters *c = &f->counters;

	hwp_json_array(json, "nodes");
	for (size_t i = 0; i < c->nodes.nr; i++) {
		const struct hwp_node_count *node = &c->nodes.data[i];

		hwp_json_row_object(json, NULL);
		hwp_json_i64(json, "nid", node->nid);
		if (node->has_total)
			hwp_json_i64(json, "mf_total", node->total);
		else
			hwp_json_null(json, "mf_total");
		hwp_json_u64(json, "nr_found", node->nr_found);
		hwp_json_end(json);
	}
	hwp_json_end(json);
	if (!c->has_memory_blocks) {
		hwp_json_null(json, "memory_blocks");
		return;
	}
	hwp_json_array(json, "memory_blocks");
	for (size_t i = 0; i < c->blocks.nr; i++) {
		const struct hwp_memory_block_count *block = &c->blocks.data[i];

		if (!block->nr_hwpoison && !block->nr_found && !block->unread)
			continue;
		hwp_json_row_object(json, NULL);
		hwp_json_u64(json, "id", block->id);
		hwp_json_hex(json, "phys", block->start_pfn << f->page_shift);
		hwp_json_u64(json, "start_pfn", block->start_pfn);
		hwp_json_u64(json, "end_pfn", block->end_pfn);
		if (block->unread)
			hwp_json_null(json, "nr_hwpoison");
		else
			hwp_json_i64(json, "nr_hwpoison", block->nr_hwpoison);
		hwp_json_u64(json, "nr_found", block->nr_found);
		hwp_json_end(json);
	}
	hwp_json_end(json);
}

static void put_summary(struct hwp_json *json, const struct hwp_findings *f)
{
	const struct hwp_summary *s = &f->summary;

	hwp_json_object(json, "summary");
	hwp_json_u64(json, "nr_poisoned", s->nr_poisoned);
	hwp_json_row_object(json, "by_class");
	for (unsigned int i = 0; i < HWP_NR_CLASSES; i++)
		hwp_json_u64(json, hwp_class_name(i), s->nr_by_class[i]);
	hwp_json_end(json);
	hwp_json_row_object(json, "by_state");
	for (unsigned int i = 0; i < HWP_NR_STATES; i++)
		hwp_json_u64(json, hwp_state_name(i), s->nr_by_state[i]);
	hwp_json_end(json);
	hwp_json_u64(json, "nr_healthy_lost", s->nr_healthy_lost);
	hwp_json_u64(json, "nr_leaked_before", s->nr_leaked_before);
	hwp_json_u64(json, "nr_past_unknown", s->nr_past_unknown);
	hwp_json_u64(json, "nr_can_leak", s->nr_can_leak);
	hwp_json_u64(json, "nr_unrecorded_folios", s->nr_unrecorded_folios);
	hwp_json_u64(json, "nr_aliased", f->nr_aliased);
	hwp_json_bool(json, "too_many", f->too_many);
	put_counters(json, f);
	hwp_json_row_array(json, "pending_pfns");
	for (size_t i = 0; i < f->counters.pending_pfns.nr; i++)
		hwp_json_u64(json, NULL, f->counters.pending_pfns.data[i]);
	hwp_json_end(json);
	hwp_json_row_array(json, "pending_phys");
	for (size_t i = 0; i < f->counters.pending_pfns.nr; i++)
		hwp_json_hex(json, NULL, f->counters.pending_pfns.data[i] << f->page_shift);
	hwp_json_end(json);
	hwp_json_end(json);
}

static void put_sentence(void *arg, const char *sentence)
{
	hwp_json_string(arg, NULL, sentence);
}

/** Null for a page in any other state than reused. */
static void put_reuse(struct hwp_json *json, const struct hwp_findings *f,
		      const struct hwp_poisoned *page)
{
	struct hwp_reuse reuse = { .proof = NULL };

	if (page->state == HWP_STATE_REUSED)
		reuse = hwp_reuse_proof(f, page);
	if (!reuse.proof) {
		hwp_json_null(json, "reuse");
		return;
	}
	hwp_json_row_object(json, "reuse");
	hwp_json_string(json, "confidence", hwp_confidence_name(reuse.confidence));
	hwp_json_string(json, "proof", reuse.proof);
	hwp_json_end(json);
}

static void put_page(struct hwp_json *json, const struct hwp_findings *f,
		     const struct hwp_poisoned *page)
{
	hwp_json_row_object(json, NULL);
	hwp_json_u64(json, "pfn", page->pfn);
	hwp_json_hex(json, "phys", page->pfn << f->page_shift);
	hwp_report_json_addresses(json, page);
	hwp_report_json_zone(json, f, page->zone);
	hwp_json_string(json, "state", hwp_state_name(page->state));
	hwp_json_string(json, "class", hwp_class_name(hwp_state_class(page->state)));
	if (page->order < 0)
		hwp_json_null(json, "head_pfn");
	else
		hwp_json_u64(json, "head_pfn", page->head_pfn);
	hwp_json_index(json, "order", page->order);
	hwp_json_string(json, "migratetype", hwp_findings_migratetype(f, page->migratetype));
	hwp_json_index(json, "cpu", page->cpu);
	if (page->was_read)
		hwp_json_i64(json, "refcount", page->page.refcount);
	else
		hwp_json_null(json, "refcount");
	hwp_report_json_owner(json, f, &page->owner);
	hwp_report_json_page_owner(json, &page->page_owner);
	put_reuse(json, f, page);
	hwp_report_json_page_history(json, f, page);
	hwp_report_json_lost_data(json, f, page);
	hwp_json_row_array(json, "evidence");
	hwp_evidence(f, page, put_sentence, json);
	hwp_json_end(json);
	hwp_json_index(json, "event", page->event);
	if (page->module[0]) {
		hwp_json_row_object(json, "module");
		hwp_json_string(json, "name", page->module);
		hwp_json_string(json, "source", hwp_module_source_name(page->module_source));
		hwp_json_end(json);
	} else {
		hwp_json_null(json, "module");
	}
	if (f->live)
		hwp_json_string(json, "persistence", hwp_report_persistence(page));
	hwp_json_end(json);
}

static void put_folios(struct hwp_json *json, const struct hwp_findings *f)
{
	hwp_json_array(json, "folios");
	for (size_t i = 0; i < f->folios.nr; i++)
		hwp_report_json_folio(json, f, &f->folios.data[i]);
	hwp_json_end(json);
}

/** What the sentence of a check holds, for programs. */
static void put_numbers(struct hwp_json *json, const struct hwp_findings *f,
			const struct hwp_check_result *check)
{
	hwp_report_json_place(json, f, check->has_pfn, check->pfn);
	hwp_json_row_object(json, "numbers");
	for (unsigned int i = 0; i < check->nr_numbers; i++)
		hwp_json_i64(json, check->numbers[i].name, check->numbers[i].value);
	hwp_json_end(json);
}

static void put_checks(struct hwp_json *json, const struct hwp_findings *f)
{
	hwp_json_array(json, "checks");
	for (size_t i = 0; i < f->checks.nr; i++) {
		const struct hwp_check_result *check = &f->checks.data[i];

		hwp_json_row_object(json, NULL);
		hwp_json_string(json, "name", check->check->name);
		hwp_json_string(json, "result", hwp_result_name(check->result));
		hwp_json_string(json, "detail", check->detail);
		put_numbers(json, f, check);
		hwp_json_end(json);
	}
	hwp_json_end(json);
}

static void put_row(struct hwp_json *json, const struct hwp_rasdaemon_row *row)
{
	hwp_json_row_object(json, "rasdaemon");
	hwp_json_string(json, "table", row->table);
	hwp_json_i64(json, "id", row->id);
	hwp_json_string(json, "timestamp", row->timestamp);
	hwp_json_string(json, "page_type", row->page_type);
	hwp_json_string(json, "action_result", row->result);
	hwp_json_string(json, "boot", hwp_boot_name(row->boot));
	hwp_json_end(json);
}

/** Where the page was in its process; 0: the line does not show it. */
static void put_address(struct hwp_json *json, uint64_t address)
{
	if (address)
		hwp_json_hex(json, "virtual_address", address);
	else
		hwp_json_null(json, "virtual_address");
}

/** An event of rasdaemon only: it has no line in the log. */
static void put_row_event(struct hwp_json *json, const struct hwp_findings *f,
			  const struct hwp_rasdaemon_row *row)
{
	hwp_json_row_object(json, NULL);
	hwp_json_string(json, "source", "rasdaemon");
	hwp_json_null(json, "seq");
	hwp_json_null(json, "time_ns");
	if (row->has_time)
		hwp_json_i64(json, "time", row->unix_seconds);
	else
		hwp_json_null(json, "time");
	hwp_json_u64(json, "pfn", row->pfn);
	hwp_json_hex(json, "phys", row->pfn << f->page_shift);
	hwp_json_string(json, "kind", hwp_event_kind_name(row->kind));
	hwp_json_string(json, "page_type", *row->page_type ? row->page_type : NULL);
	hwp_json_string(json, "result", *row->result ? row->result : NULL);
	hwp_json_null(json, "comm");
	hwp_json_null(json, "pid");
	put_address(json, 0);
	hwp_json_null(json, "caller_pid");
	hwp_json_null(json, "caller_cpu");
	hwp_json_string(json, "module", *row->module ? row->module : NULL);
	hwp_json_string(json, "text", *row->text ? row->text : NULL);
	put_row(json, row);
	hwp_json_end(json);
}

static void put_event(struct hwp_json *json, const struct hwp_findings *f,
		      const struct hwp_event *event)
{
	int64_t seconds;

	hwp_json_row_object(json, NULL);
	hwp_json_string(json, "source", "log");
	hwp_json_u64(json, "seq", event->seq);
	hwp_json_u64(json, "time_ns", event->time_ns);
	if (hwp_wall_clock(f, event->time_ns, &seconds))
		hwp_json_i64(json, "time", seconds);
	else
		hwp_json_null(json, "time");
	hwp_json_u64(json, "pfn", event->pfn);
	hwp_json_hex(json, "phys", event->pfn << f->page_shift);
	hwp_json_string(json, "kind", hwp_event_kind_name(event->kind));
	hwp_json_string(json, "page_type", event->page_type[0] ? event->page_type : NULL);
	hwp_json_string(json, "result", event->result[0] ? event->result : NULL);
	hwp_json_string(json, "comm", event->comm[0] ? event->comm : NULL);
	hwp_json_index(json, "pid", event->pid);
	put_address(json, event->virtual_address);
	hwp_json_index(json, "caller_pid", event->caller_pid);
	hwp_json_index(json, "caller_cpu", event->caller_cpu);
	hwp_json_string(json, "module", event->label[0] ? event->label : NULL);
	hwp_json_string(json, "text", event->text);
	if (f->has_rasdaemon && event->rasdaemon >= 0)
		put_row(json, &f->rasdaemon.data[event->rasdaemon]);
	else
		hwp_json_null(json, "rasdaemon");
	hwp_json_end(json);
}

static void put_events(struct hwp_json *json, const struct hwp_findings *f)
{
	hwp_json_array(json, "events");
	for (size_t i = 0; i < f->events.nr; i++)
		put_event(json, f, &f->events.data[i]);
	for (size_t i = 0; i < f->rasdaemon.nr; i++)
		if (f->rasdaemon.data[i].event < 0)
			put_row_event(json, f, &f->rasdaemon.data[i]);
	hwp_json_end(json);
}

static void put_log(struct hwp_json *json, const struct hwp_log_facts *log)
{
	bool readable = log->state != HWP_LOG_UNREADABLE;

	hwp_json_row_object(json, "log");
	hwp_json_string(json, "state", hwp_log_state_name(log->state));
	hwp_json_bool(json, "readable", readable);
	hwp_json_bool(json, "has_beginning",
		      readable && !log->first_seq && log->state != HWP_LOG_WRAPPED);
	hwp_json_string(json, "why", *log->why ? log->why : NULL);
	if (readable) {
		hwp_json_u64(json, "first_seq", log->first_seq);
		hwp_json_u64(json, "first_ns", log->first_ns);
	} else {
		hwp_json_null(json, "first_seq");
		hwp_json_null(json, "first_ns");
	}
	hwp_json_u64(json, "nr_lost", log->nr_lost);
	hwp_json_u64(json, "nr_user_lines", log->nr_user_lines);
	hwp_json_end(json);
}

static void put_memmap_holes(struct hwp_json *json, const struct hwp_findings *f)
{
	hwp_json_array(json, "memmap_holes");
	for (size_t i = 0; i < f->memmap_holes.nr; i++) {
		const struct hwp_memmap_hole *hole = &f->memmap_holes.data[i];

		hwp_json_row_object(json, NULL);
		hwp_json_u64(json, "start_pfn", hole->start_pfn);
		hwp_json_u64(json, "end_pfn", hole->end_pfn);
		hwp_json_hex(json, "phys", hole->start_pfn << f->page_shift);
		hwp_json_hex(json, "address", hole->address);
		if (hole->has_memmap_pfn)
			hwp_json_u64(json, "memmap_pfn", hole->memmap_pfn);
		else
			hwp_json_null(json, "memmap_pfn");
		hwp_json_bool(json, "poisoned", hole->is_poisoned);
		hwp_json_end(json);
	}
	hwp_json_end(json);
}

static void put_troubles(struct hwp_json *json, const struct hwp_findings *f)
{
	hwp_json_array(json, "troubles");
	for (size_t i = 0; i < f->troubles.nr; i++) {
		const struct hwp_trouble *trouble = &f->troubles.data[i];

		hwp_json_row_object(json, NULL);
		hwp_json_string(json, "kind", hwp_trouble_kind_name(trouble->kind));
		hwp_json_string(json, "hole", hwp_hole_name(trouble->hole));
		hwp_report_json_place(json, f, trouble->has_pfn, trouble->pfn);
		hwp_json_string(json, "text", trouble->text);
		hwp_json_end(json);
	}
	hwp_json_end(json);
}

/** What every document begins with; @p kind is which one it is. */
static void put_start(struct hwp_json *json, const char *kind)
{
	hwp_json_object(json, NULL);
	hwp_json_string(json, "schema", SCHEMA);
	hwp_json_string(json, "kind", kind);
}

static void put_head(struct hwp_json *json, const struct hwp_findings *f, const char *kind)
{
	put_start(json, kind);
	put_tool(json, f->memory_provider, f->type_provider);
	put_target(json, f);
	put_kernel(json, f);
	hwp_report_json_identity(json, f);
	put_coverage(json, &f->coverage);
	hwp_json_string(json, "verdict", hwp_verdict_name(f->verdict));
}

static void put_pages(struct hwp_json *json, const struct hwp_findings *f, size_t first, size_t nr)
{
	hwp_json_array(json, "poisoned");
	for (size_t i = 0; i < nr; i++)
		put_page(json, f, &f->poisoned.data[first + i]);
	hwp_json_end(json);
}

/** The end of every document of findings. */
static struct hwp_error *put_tail(struct hwp_json *json, const struct hwp_findings *f)
{
	put_troubles(json, f);
	hwp_json_end(json);
	hwp_json_finish(json);
	return hwp_report_flush(json->out);
}

static void put_selected(struct hwp_json *json, const struct hwp_findings *f,
			 const hwp_page_vec *pages)
{
	hwp_json_array(json, "poisoned");
	for (size_t i = 0; i < pages->nr; i++)
		put_page(json, f, pages->data[i]);
	hwp_json_end(json);
}

struct hwp_error *hwp_report_json(FILE *out, const struct hwp_findings *f)
{
	const struct hwp_selection all = {};

	return hwp_report_selected_json(out, f, &all);
}

struct hwp_error *hwp_report_selected_json(FILE *out, const struct hwp_findings *f,
					   const struct hwp_selection *selection)
{
	_cleanup_(hwp_json_words_deinit) struct hwp_json_words words = {};
	_cleanup_(hwp_page_vec_deinit) hwp_page_vec pages = {};
	struct hwp_json json = { .out = out };
	struct hwp_error *err;
	size_t nr_selected;

	err = hwp_json_words_find(f, &words);
	if (!err)
		err = hwp_select(f, selection, &pages, &nr_selected);
	if (err)
		return err;
	put_head(&json, f, "report");
	if (!hwp_selection_is_all(selection))
		hwp_report_json_selection(&json, selection, nr_selected);
	hwp_json_words_put(&json, &words);
	hwp_report_json_cause(&json, f);
	put_summary(&json, f);
	put_selected(&json, f, &pages);
	put_folios(&json, f);
	put_checks(&json, f);
	hwp_report_json_known_issues(&json, f);
	put_log(&json, &f->log);
	put_events(&json, f);
	hwp_report_json_hardware(&json, f);
	put_memmap_holes(&json, f);
	if (*f->since_boot.boot_id)
		hwp_report_json_since_boot(&json, f);
	return put_tail(&json, f);
}

struct hwp_error *hwp_report_events_json(FILE *out, const struct hwp_findings *f)
{
	struct hwp_json json = { .out = out };

	put_head(&json, f, "events");
	hwp_report_json_cause(&json, f);
	hwp_report_json_known_issues(&json, f);
	put_log(&json, &f->log);
	if (f->has_rasdaemon) {
		hwp_json_row_object(&json, "rasdaemon");
		hwp_json_u64(&json, "nr_rows", f->rasdaemon.nr);
		hwp_json_u64(&json, "nr_bad_rows", f->nr_bad_rows);
		hwp_json_string(&json, "bad_row", f->nr_bad_rows ? f->bad_row : NULL);
		hwp_json_end(&json);
	}
	put_pages(&json, f, 0, f->poisoned.nr);
	put_events(&json, f);
	hwp_report_json_hardware(&json, f);
	return put_tail(&json, f);
}

struct hwp_error *hwp_report_folio_json(FILE *out, const struct hwp_findings *f)
{
	const struct hwp_folio *folio = hwp_findings_folio_at(f, f->subject.page.pfn);
	const struct hwp_poisoned *page = hwp_findings_poisoned_at(f, f->subject.page.pfn);
	struct hwp_json json = { .out = out };

	put_head(&json, f, "folio");
	hwp_report_json_subject(&json, f);
	if (folio)
		put_pages(&json, f, folio->first_poisoned, folio->nr_poisoned);
	else
		put_pages(&json, f, page ? (size_t)(page - f->poisoned.data) : 0, page != NULL);
	hwp_json_array(&json, "folios");
	if (folio)
		hwp_report_json_folio(&json, f, folio);
	hwp_json_end(&json);
	put_log(&json, &f->log);
	put_events(&json, f);
	return put_tail(&json, f);
}

struct hwp_error *hwp_report_freelist_json(FILE *out, const struct hwp_findings *f)
{
	struct hwp_json json = { .out = out };

	put_head(&json, f, "freelist");
	hwp_report_json_freelist(&json, f);
	return put_tail(&json, f);
}

struct hwp_error *hwp_report_layout_json(FILE *out, const struct hwp_layout_report *report)
{
	const struct hwp_layout *layout = report->layout;
	struct hwp_json json = { .out = out };

	put_start(&json, "layout");
	put_tool(&json, report->memory_provider, report->type_provider);
	hwp_json_row_object(&json, "kernel");
	hwp_json_string(&json, "release", report->release);
	hwp_json_end(&json);
	hwp_json_array(&json, "layout");
	for (size_t i = 0; i < layout->nr_rows; i++) {
		const struct hwp_layout_row *row = &layout->rows[i];

		hwp_json_row_object(&json, NULL);
		hwp_json_string(&json, "name", row->name);
		if (strcmp(row->source, "absent") == 0)
			hwp_json_null(&json, "value");
		else
			hwp_json_hex(&json, "value", row->value);
		hwp_json_string(&json, "source", row->source);
		hwp_json_end(&json);
	}
	hwp_json_end(&json);
	hwp_json_end(&json);
	hwp_json_finish(&json);
	return hwp_report_flush(out);
}

struct hwp_error *hwp_report_decompose_json(FILE *out, const struct hwp_decompose_report *report)
{
	const struct hwp_poison_map *map = report->map;
	uint64_t end = hwp_poison_map_end(map);
	struct hwp_json json = { .out = out };

	put_start(&json, "decompose");
	put_tool(&json, NULL, NULL);
	hwp_json_row_object(&json, "decompose");
	hwp_json_u64(&json, "max_order", report->max_order);
	hwp_json_u64(&json, "nr_pages", end - map->base_pfn);
	hwp_json_u64(&json, "nr_poisoned", map->nr_poisoned);
	hwp_json_u64(&json, "nr_blocks", report->nr_blocks);
	hwp_json_end(&json);
	hwp_json_array(&json, "folios");
	hwp_json_row_object(&json, NULL);
	hwp_json_u64(&json, "head_pfn", map->base_pfn);
	hwp_json_u64(&json, "order", map->order);
	hwp_json_row_array(&json, "poisoned_pfns");
	for (uint64_t pfn = hwp_poison_map_next(map, 0); pfn < end;
	     pfn = hwp_poison_map_next(map, pfn + 1))
		hwp_json_u64(&json, NULL, pfn);
	hwp_json_end(&json);
	hwp_report_json_blocks(&json, report->blocks, report->nr_blocks);
	hwp_json_u64(&json, "nr_healthy", end - map->base_pfn - map->nr_poisoned);
	hwp_json_end(&json);
	hwp_json_end(&json);
	hwp_json_end(&json);
	hwp_json_finish(&json);
	return hwp_report_flush(out);
}
