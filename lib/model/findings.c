// SPDX-License-Identifier: GPL-2.0-or-later
/** The model's storage. */
#include "model/findings.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/bits.h"

/* However broken a target is, no more troubles than these are recorded, and one of each kind. */
#define MAX_TROUBLES 200

void hwp_findings_forget_step_texts(struct hwp_findings *f)
{
	for (size_t i = 0; i < f->step_texts.nr; i++)
		free(f->step_texts.data[i]);
	f->step_texts.nr = 0;
}

void hwp_findings_destroy(struct hwp_findings *f)
{
	if (!f)
		return;
	free(f->path);
	hwp_vec_deinit(&f->memmap_holes);
	hwp_vec_deinit(&f->zones);
	hwp_vec_deinit(&f->node_spans);
	hwp_vec_deinit(&f->poisoned);
	hwp_vec_deinit(&f->blocks);
	hwp_vec_deinit(&f->lists);
	hwp_vec_deinit(&f->areas);
	hwp_vec_deinit(&f->troubles);
	hwp_vec_deinit(&f->events);
	hwp_vec_deinit(&f->remarks);
	hwp_vec_deinit(&f->rasdaemon);
	hwp_vec_deinit(&f->folios);
	hwp_vec_deinit(&f->expected);
	hwp_vec_deinit(&f->observed);
	hwp_vec_deinit(&f->runs);
	hwp_vec_deinit(&f->steps);
	hwp_findings_forget_step_texts(f);
	hwp_vec_deinit(&f->step_texts);
	hwp_vec_deinit(&f->victims);
	hwp_vec_deinit(&f->unmarked);
	hwp_vec_deinit(&f->uses);
	hwp_vec_deinit(&f->files);
	hwp_vec_deinit(&f->bad_state_pfns);
	hwp_vec_deinit(&f->complaints);
	hwp_vec_deinit(&f->counters.blocks);
	hwp_vec_deinit(&f->counters.nodes);
	hwp_vec_deinit(&f->counters.pending_pfns);
	hwp_vec_deinit(&f->hardware.records);
	hwp_vec_deinit(&f->hardware.cec.pages);
	hwp_vec_deinit(&f->checks);
	hwp_vec_deinit(&f->known_issues);
	hwp_leak_record_deinit(&f->since_boot);
	free(f);
}

struct hwp_error *hwp_record_store_finish(struct hwp_record_store *store, struct hwp_error *err)
{
	if (err && err->code == HWP_ERROR_NO_MEMORY)
		return err;
	store->state = err ? HWP_STORE_UNREAD : HWP_STORE_READ;
	snprintf(store->why, sizeof(store->why), "%s", err ? err->message : "");
	hwp_error_destroy(err);
	return NULL;
}

size_t hwp_findings_folio_index(const struct hwp_findings *f, uint64_t pfn)
{
	return hwp_vec_lower_bound(&f->folios, folio, hwp_folio_end(folio) <= pfn);
}

const struct hwp_folio *hwp_findings_folio_at(const struct hwp_findings *f, uint64_t pfn)
{
	size_t i = hwp_findings_folio_index(f, pfn);

	return i < f->folios.nr && f->folios.data[i].head_pfn <= pfn ? &f->folios.data[i] : NULL;
}

bool hwp_findings_was_refused(const struct hwp_findings *f, uint64_t pfn)
{
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (p->stranded_is_refused &&
		    p->stranded_pfn == hwp_align_down(pfn, (unsigned int)p->stranded_order))
			return true;
	}
	return false;
}

size_t hwp_findings_poisoned_index(const struct hwp_findings *f, uint64_t pfn)
{
	return hwp_vec_lower_bound(&f->poisoned, p, p->pfn < pfn);
}

const struct hwp_poisoned *hwp_findings_poisoned_at(const struct hwp_findings *f, uint64_t pfn)
{
	size_t i = hwp_findings_poisoned_index(f, pfn);

	return i < f->poisoned.nr && f->poisoned.data[i].pfn == pfn ? &f->poisoned.data[i] : NULL;
}

const char *hwp_findings_migratetype(const struct hwp_findings *f, int migratetype)
{
	if (migratetype < 0 || (size_t)migratetype >= HWP_ARRAY_SIZE(f->migratetype_names) ||
	    !f->migratetype_names[migratetype][0])
		return NULL;
	return f->migratetype_names[migratetype];
}

bool hwp_use_continues(const struct hwp_use *last, const struct hwp_use *use)
{
	return last->pfn + last->nr_pages == use->pfn && last->kind == use->kind &&
	       last->order == use->order && last->owner.found == use->owner.found &&
	       last->owner.pid == use->owner.pid && last->owner.has_file == use->owner.has_file &&
	       last->owner.file == use->owner.file &&
	       (use->order == 0 || last->head_pfn == use->head_pfn);
}

/** One of each kind is always kept: checks depend on it. */
static bool has_alike(const struct hwp_findings *f, const struct hwp_trouble *trouble)
{
	for (size_t i = 0; i < f->troubles.nr; i++) {
		if (f->troubles.data[i].kind == trouble->kind &&
		    f->troubles.data[i].hole == trouble->hole)
			return true;
	}
	return false;
}

static bool add_trouble(struct hwp_findings *f, struct hwp_trouble trouble, const char *fmt,
			va_list ap)
{
	if (f->troubles.nr >= MAX_TROUBLES && has_alike(f, &trouble))
		return true;
	vsnprintf(trouble.text, sizeof(trouble.text), fmt, ap);
	return hwp_vec_push(&f->troubles, trouble);
}

bool hwp_findings_hole(struct hwp_findings *f, enum hwp_hole hole, const char *fmt, ...)
{
	va_list ap;
	bool kept;

	va_start(ap, fmt);
	kept = add_trouble(f, (struct hwp_trouble){ .kind = HWP_TROUBLE_HOLE, .hole = hole }, fmt,
			   ap);
	va_end(ap);
	return kept;
}

bool hwp_findings_contradiction(struct hwp_findings *f, const char *fmt, ...)
{
	va_list ap;
	bool kept;

	va_start(ap, fmt);
	kept = add_trouble(f, (struct hwp_trouble){ .kind = HWP_TROUBLE_CONTRADICTION }, fmt, ap);
	va_end(ap);
	return kept;
}

bool hwp_findings_page_contradicts(struct hwp_findings *f, uint64_t pfn, const char *fmt, ...)
{
	struct hwp_trouble trouble = { .kind = HWP_TROUBLE_CONTRADICTION,
				       .has_pfn = true,
				       .pfn = pfn };
	va_list ap;
	bool kept;

	va_start(ap, fmt);
	kept = add_trouble(f, trouble, fmt, ap);
	va_end(ap);
	return kept;
}

struct hwp_error *hwp_findings_tolerate(struct hwp_findings *f, struct hwp_error *err,
					enum hwp_hole hole, const char *what)
{
	bool kept;

	if (!err || err->code == HWP_ERROR_NO_MEMORY)
		return err;
	kept = hwp_findings_hole(f, hole, "%s: %s", what, err->message);
	hwp_error_destroy(err);
	return kept ? NULL : hwp_error_no_memory();
}
