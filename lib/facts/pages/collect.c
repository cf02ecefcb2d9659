// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/collect.h"

#include <inttypes.h>
#include <string.h>

#include "facts/log/events.h"
#include "facts/owner/page_owner.h"
#include "facts/owner/rmap.h"
#include "facts/kernel/hstates.h"
#include "facts/pages/buddy.h"
#include "facts/pages/named.h"
#include "facts/pages/scan.h"
#include "facts/pages/refused.h"
#include "facts/pages/stranded.h"
#include "layout/page.h"

/** Fill in what the page's own struct page and @p folio show. */
static struct hwp_error *read_page(struct hwp_collector *c, uint64_t pfn,
				   const struct hwp_folio_facts *folio, bool is_alias,
				   struct hwp_poisoned *page)
{
	const struct hwp_memmap *memmap = hwp_page_reader_memmap(c->reader);
	const struct hwp_pfn_range *range = hwp_memmap_find(memmap, pfn);
	const struct hwp_zone *zone;
	const void *bytes;
	struct hwp_error *err;

	page->pfn = pfn;
	page->zone = -1;
	page->event = -1;
	page->by_page.order = page->by_list.order = -1;
	page->section_offline = range && !range->online;
	page->folio = *folio;
	/* An alias is the copy of another struct page: the head stands for it. */
	err = hwp_page_read(c->reader, is_alias ? folio->head_pfn : pfn, &bytes);
	if (err && err->code == HWP_ERROR_NO_MEMORY)
		return err;
	if (!err && !hwp_page_is_missing(c->layout, bytes)) {
		page->was_read = true;
		hwp_page_words(c->layout, bytes, &page->page, &page->bits);
		/* Everything else in the copy is about the head. */
		if (folio->is_stale_copy) {
			page->page.type = HWP_TYPE_NONE;
			page->bits &= ~(uint32_t)HWP_BIT_HEAD;
		}
		zone = hwp_zones_find(c->zones, c->layout, pfn, page->page.flags);
		page->zone = zone ? (int)(zone - c->zones->zones.data) : -1;
		page->zone_is_device = zone && strcmp(zone->name, "Device") == 0;
		if (page->zone_is_device && page->folio.kind != HWP_FOLIO_NONE)
			page->folio.kind = HWP_FOLIO_DEVICE;
	}
	hwp_error_destroy(err);
	return NULL;
}

static struct hwp_error *add_page(struct hwp_collector *c, uint64_t pfn,
				  const struct hwp_folio_facts *folio, bool is_alias,
				  struct hwp_poisoned page)
{
	if (!hwp_vec_push(&c->findings->poisoned, page))
		return hwp_error_no_memory();
	return read_page(c, pfn, folio, is_alias,
			 &c->findings->poisoned.data[c->findings->poisoned.nr - 1]);
}

/** A flagged HugeTLB head stands for the raw pages in its list. */
static struct hwp_error *add_raw_pages(struct hwp_collector *c, struct hwp_folio_facts *folio)
{
	_cleanup_(hwp_pfn_vec_deinit) hwp_pfn_vec raw = {};
	struct hwp_error *err;

	err = hwp_folio_raw_pages(c->target, c->reader, folio, &raw);
	folio->raw_list_readable = !err && hwp_folio_has_raw_list(c->layout);
	folio->nr_raw = raw.nr;
	folio->raw_list_broken = err && err->code != HWP_ERROR_NO_MEMORY;
	if (folio->raw_list_broken)
		err = hwp_error_prefix(err, "0x%" PRIx64, folio->head_pfn);
	err = hwp_findings_tolerate(c->findings, err, HWP_HOLE_RAW_HWP_LIST, "HugeTLB folio");
	for (size_t i = 0; i < raw.nr && !err; i++) {
		err = add_page(c, raw.data[i], folio,
			       hwp_folio_is_alias(c->layout, folio, raw.data[i]),
			       (struct hwp_poisoned){ .is_raw = true });
	}
	if (!err && (raw.nr == 0 || folio->raw_unreliable || folio->raw_list_broken))
		err = add_page(c, folio->head_pfn, folio, false,
			       (struct hwp_poisoned){ .raw_page_unknown = true });
	return err;
}

static int compare_poisoned(const void *a, const void *b)
{
	const struct hwp_poisoned *x = a, *y = b;

	if (x->pfn != y->pfn)
		return x->pfn < y->pfn ? -1 : 1;
	return y->is_raw - x->is_raw;
}

/** As flags alone give them; lists of raw pages may not be. */
static bool is_ascending(const struct hwp_findings *f)
{
	for (size_t i = 1; i < f->poisoned.nr; i++) {
		if (f->poisoned.data[i].pfn <= f->poisoned.data[i - 1].pfn)
			return false;
	}
	return true;
}

/** A page that is recorded twice (its flag and the list) is one page. */
static void sort_and_merge(struct hwp_findings *f)
{
	size_t kept = 0;

	if (is_ascending(f))
		return;
	qsort(f->poisoned.data, f->poisoned.nr, sizeof(*f->poisoned.data), compare_poisoned);
	for (size_t i = 1; i < f->poisoned.nr; i++) {
		if (f->poisoned.data[i].pfn != f->poisoned.data[kept].pfn)
			f->poisoned.data[++kept] = f->poisoned.data[i];
	}
	f->poisoned.nr = kept + 1;
}

/** Is it free? Before HPG_freed (in v5.14) only the pool's own lists say. */
static struct hwp_error *ask_pool(struct hwp_collector *c, struct hwp_folio_facts *folio)
{
	const struct hwp_memmap *memmap = hwp_page_reader_memmap(c->reader);
	uint64_t address;
	struct hwp_error *err;

	if (folio->kind != HWP_FOLIO_HUGETLB || folio->being_freed || folio->head.refcount ||
	    hwp_folio_has_freed_flag(c->layout) ||
	    !hwp_memmap_page_address(memmap, folio->head_pfn, &address))
		return NULL;
	err = hwp_hstates_has_free(c->target, c->layout, hwp_lru_of_page(c->layout, address),
				   &folio->in_pool);
	if (err && err->code != HWP_ERROR_NO_MEMORY)
		err = hwp_error_prefix(err, "0x%" PRIx64, folio->head_pfn);
	return hwp_findings_tolerate(c->findings, err, HWP_HOLE_HPAGE_FREELIST, "HugeTLB folio");
}

/** A folio that waits to be freed, as those of @p freeing do, may have lost its type already. */
static void mark_being_freed(struct hwp_folio_facts *folio, const hwp_pfn_vec *freeing)
{
	size_t i = hwp_vec_lower_bound(freeing, pfn, *pfn < folio->head_pfn);

	if (folio->kind == HWP_FOLIO_NONE || i == freeing->nr ||
	    freeing->data[i] != folio->head_pfn)
		return;
	folio->kind = HWP_FOLIO_HUGETLB;
	folio->being_freed = true;
}

struct hwp_error *hwp_collect_pages(struct hwp_collector *c, const hwp_pfn_vec *flagged)
{
	_cleanup_(hwp_pfn_vec_deinit) hwp_pfn_vec freeing = {};
	struct hwp_error *failed;

	failed = hwp_folio_being_freed(c->target, hwp_page_reader_memmap(c->reader), &freeing);
	failed = hwp_findings_tolerate(c->findings, failed, HWP_HOLE_HPAGE_FREELIST, "HugeTLB");
	if (failed)
		return failed;
	hwp_pfns_sort(freeing.data, freeing.nr);
	for (size_t i = 0; i < flagged->nr; i++) {
		struct hwp_folio_facts folio;
		struct hwp_error *err;
		bool is_alias;

		err = hwp_folio_find(c->reader, flagged->data[i], &folio, &is_alias);
		if (err && err->code != HWP_ERROR_NO_MEMORY) {
			hwp_error_destroy(err);
			err = NULL;
		}
		mark_being_freed(&folio, &freeing);
		if (!err)
			err = ask_pool(c, &folio);
		if (!err && is_alias)
			c->findings->nr_aliased++;
		else if (!err && folio.kind == HWP_FOLIO_HUGETLB &&
			 folio.head_pfn == flagged->data[i])
			err = add_raw_pages(c, &folio);
		else if (!err)
			err = add_page(c, flagged->data[i], &folio, false,
				       (struct hwp_poisoned){ .is_raw = false });
		if (err)
			return err;
	}
	sort_and_merge(c->findings);
	return NULL;
}

/** Page-first: the free block that covers the page by its struct pages. */
static struct hwp_error *find_by_page(struct hwp_collector *c, struct hwp_poisoned *p)
{
	struct hwp_error *err = hwp_buddy_find(c->reader, p->pfn, &p->by_page);

	if (p->by_page.container != HWP_NOT_FREE)
		p->by_page.zone = p->zone;
	return err;
}

/** List-first: the walked block that covers the page. */
static void find_by_list(const struct hwp_findings *f, struct hwp_poisoned *p)
{
	size_t i = hwp_vec_lower_bound(&f->blocks, b, b->head_pfn <= p->pfn);

	/* The nearest that reaches it. One block is enough to look at where they are disjoint,
	 * as they are but on lists that contradict each other; none is larger than this. */
	while (i-- > 0) {
		const struct hwp_block *b = &f->blocks.data[i];

		if (p->pfn - b->head_pfn >= UINT64_C(1) << f->max_order)
			break;
		if (p->pfn - b->head_pfn < UINT64_C(1) << b->order) {
			p->by_list = *b;
			return;
		}
	}
}

/** Only of a page in use: the mapping of an isolated one is stale, unless it is a file's. */
static struct hwp_error *find_owner(struct hwp_rmap *rmap, struct hwp_poisoned *p)
{
	const struct hwp_folio_facts *folio = &p->folio;
	const struct hwp_page_words *w = folio->kind == HWP_FOLIO_NONE ? &p->page : &folio->head;
	bool in_use;

	if (folio->kind == HWP_FOLIO_NONE)
		in_use = w->nr_mapped > 0 ||
			 (!(w->mapping & HWP_MAPPING_LOW_BITS) && w->type == HWP_TYPE_NONE &&
			  !(p->bits & (HWP_BIT_SLAB | HWP_BIT_RESERVED)));
	else
		in_use = folio->kind == HWP_FOLIO_LARGE || folio->kind == HWP_FOLIO_DEVICE ||
			 (folio->kind == HWP_FOLIO_HUGETLB && !folio->being_freed);
	return in_use && w->refcount > 0 ? hwp_rmap_owner(rmap, p->pfn, w, folio, &p->owner) : NULL;
}

/** Who owns the page, and who owned it. */
static struct hwp_error *find_owners(struct hwp_collector *c, struct hwp_rmap *rmap,
				     struct hwp_poisoned *p)
{
	if (c->findings->kernel.page_owner == HWP_ON)
		hwp_page_owner_read(c->target, c->layout, c->zones, p);
	if (p->page_owner.unreadable &&
	    !hwp_findings_hole(c->findings, HWP_HOLE_PAGE_OWNER,
			       "pfn 0x%" PRIx64 ": page_owner's record could not be read", p->pfn))
		return hwp_error_no_memory();
	return find_owner(rmap, p);
}

/** What the page was thrown away with, if it was. */
static struct hwp_error *find_stranded(struct hwp_collector *c, struct hwp_region *region,
				       struct hwp_refused *refused, struct hwp_poisoned *p)
{
	struct hwp_error *err = hwp_refused_find(c->reader, c->findings, refused, p);

	return err || p->is_stranded || p->page.refcount ?
		       err :
		       hwp_stranded_find(c->reader, c->findings, region, p);
}

struct hwp_error *hwp_collect_places(struct hwp_collector *c)
{
	struct hwp_findings *f = c->findings;
	struct hwp_rmap rmap = { c->target, c->layout, .findings = f };
	_cleanup_(hwp_region_deinit) struct hwp_region region = {};
	_cleanup_(hwp_refused_deinit) struct hwp_refused refused = {};
	struct hwp_error *err = NULL;

	for (size_t i = 0; i < f->poisoned.nr && !err; i++) {
		struct hwp_poisoned *p = &f->poisoned.data[i];

		if (!p->was_read)
			continue;
		err = find_owners(c, &rmap, p);
		/* Memory of a HugeTLB folio is in no list, whatever its copies say. */
		if (err || p->folio.kind == HWP_FOLIO_HUGETLB)
			continue;
		find_by_list(f, p);
		err = find_by_page(c, p);
		if (!err && p->by_page.container == HWP_NOT_FREE &&
		    p->by_list.container == HWP_NOT_FREE && p->folio.kind == HWP_FOLIO_NONE)
			err = find_stranded(c, &region, &refused, p);
	}
	return err;
}

struct hwp_error *hwp_collect_one(struct hwp_collector *c, uint64_t pfn, struct hwp_poisoned *ret)
{
	struct hwp_rmap rmap = { c->target, c->layout, .findings = c->findings };
	struct hwp_folio_facts folio = { .order = -1 };
	struct hwp_error *err;
	bool is_alias = false;

	*ret = (struct hwp_poisoned){ .pfn = pfn, .order = -1, .migratetype = -1, .cpu = -1 };
	err = hwp_folio_find(c->reader, pfn, &folio, &is_alias);
	if (err && (err->code == HWP_ERROR_LOOKUP || err->code == HWP_ERROR_NO_MEMORY))
		return err;
	hwp_error_destroy(err);
	err = ask_pool(c, &folio);
	if (!err)
		err = read_page(c, pfn, &folio, is_alias, ret);
	if (err || !ret->was_read)
		return err;
	err = find_owners(c, &rmap, ret);
	if (err || folio.kind == HWP_FOLIO_HUGETLB)
		return err;
	find_by_list(c->findings, ret);
	return find_by_page(c, ret);
}

/**
 * The event that says most about a page: its last recovery action other than
 * a repeated report; an unpoison wipes what came before.
 */
static void join_event(struct hwp_findings *f, size_t index)
{
	const struct hwp_event *e = &f->events.data[index];
	size_t page = hwp_findings_poisoned_index(f, e->pfn);
	const struct hwp_event *before;
	struct hwp_poisoned *p;

	if (page == f->poisoned.nr || f->poisoned.data[page].pfn != e->pfn)
		return;
	p = &f->poisoned.data[page];
	p->has_machine_check |= e->kind == HWP_EVENT_MACHINE_CHECK;
	if (e->label[0])
		memcpy(p->module, e->label, sizeof(p->module));
	/* Nothing was done about the page. */
	if (e->kind == HWP_EVENT_CORRECTED || e->kind == HWP_EVENT_SOFT_OFFLINE_FAILED)
		return;
	before = p->event >= 0 ? &f->events.data[p->event] : NULL;
	if (e->kind == HWP_EVENT_UNPOISON)
		p->event = -1;
	else if (e->kind == HWP_EVENT_ACTION && !strstr(e->page_type, "already"))
		p->event = (int64_t)index;
	else if (e->kind == HWP_EVENT_SOFT_OFFLINE)
		p->event = (int64_t)index;
	else if (!before || before->kind == HWP_EVENT_INJECTED ||
		 before->kind == HWP_EVENT_HARDWARE)
		p->event = (int64_t)index;
}

/** The mark on a copy of a head's struct page is the head's, unless the log names the page. */
static void drop_stale_copies(struct hwp_findings *f)
{
	size_t nr = 0;

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (p->folio.is_stale_copy && p->event < 0)
			f->nr_aliased++;
		else
			f->poisoned.data[nr++] = *p;
	}
	f->poisoned.nr = nr;
}

void hwp_collect_join_events(struct hwp_findings *f)
{
	for (size_t i = 0; i < f->events.nr; i++)
		join_event(f, i);
	drop_stale_copies(f);
}

static struct hwp_error *take_record(void *arg, const struct hwp_klog_record *record)
{
	return hwp_events_take(arg, record);
}

struct hwp_error *hwp_collect_events(struct hwp_collector *c)
{
	struct hwp_findings *f = c->findings;
	struct hwp_event_reading reading = {
		.findings = f,
		.rule = hwp_addresses_of(hwp_target_machine(c->target), c->layout->page_shift),
	};
	struct hwp_error *err;

	if (f->machine.physical_bits)
		reading.rule.physical_mask = (UINT64_C(1) << f->machine.physical_bits) - 1;
	err = hwp_klog_walk(c->target, c->layout, take_record, &reading, &f->log);
	if (err)
		return err;
	hwp_events_finish(&reading);
	err = hwp_name_pages(c->reader, f);
	if (!err)
		hwp_collect_join_events(f);
	return err;
}
