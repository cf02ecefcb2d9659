// SPDX-License-Identifier: GPL-2.0-or-later
/** `folio`, for people: one page, and all that is known about its folio. */
#include "report/folio.h"

#include <inttypes.h>
#include <string.h>

#include "layout/page.h"
#include "report/blocks.h"
#include "report/common.h"
#include "report/map.h"

/* Rows of what is observed; JSON has no limit. */
#define MAX_ROWS 64

static const struct {
	uint32_t bit;
	const char *name;
} bit_names[] = {
	{ HWP_BIT_HEAD, "head" },	    { HWP_BIT_LRU, "lru" },
	{ HWP_BIT_RESERVED, "reserved" },   { HWP_BIT_SLAB, "slab" },
	{ HWP_BIT_SWAPCACHE, "swapcache" }, { HWP_BIT_SWAPBACKED, "swapbacked" },
	{ HWP_BIT_UPTODATE, "uptodate" },   { HWP_BIT_DIRTY, "dirty" },
	{ HWP_BIT_HWPOISON, "hwpoison" },
};

static void put_words(struct hwp_text *text, const char *label, const struct hwp_page_words *w,
		      uint32_t bits)
{
	char names[96] = "", mapped[48] = "";
	size_t len = 0;

	for (size_t i = 0; i < HWP_ARRAY_SIZE(bit_names); i++) {
		if (bits & bit_names[i].bit)
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
						len ? " " : "", bit_names[i].name);
	}
	if (w->nr_mapped)
		snprintf(mapped, sizeof(mapped), ", mapped %" PRId64 " time%s", w->nr_mapped,
			 hwp_plural((uint64_t)w->nr_mapped));
	hwp_text_field(text, label, "refcount %" PRId32 "%s, flags 0x%" PRIx64 "%s%s%s",
		       w->refcount, mapped, w->flags, len ? " (" : "", names, len ? ")" : "");
}

static void put_mapped(struct hwp_text *text, const struct hwp_folio_facts *folio)
{
	const struct hwp_mapcounts *m = &folio->mapped;
	char all[48] = "", pages[64] = "";

	if (!m->has_entire)
		return;
	if (m->has_large)
		snprintf(all, sizeof(all), ", %" PRId64 " mapping%s in all", m->large,
			 hwp_plural((uint64_t)m->large));
	if (m->nr_pages)
		snprintf(pages, sizeof(pages), ", %" PRId64 " page%s one by one", m->nr_pages,
			 hwp_plural((uint64_t)m->nr_pages));
	if (!m->entire && !m->large && !m->nr_pages &&
	    (m->has_large || m->has_nr_pages || folio->kind == HWP_FOLIO_HUGETLB))
		hwp_text_field(text, "Mapped", "no");
	else
		hwp_text_field(text, "Mapped", "%" PRId64 " time%s as a whole%s%s", m->entire,
			       hwp_plural((uint64_t)m->entire), pages, all);
}

/** What crash's bt, vm and vtop take, and drgn's objects. */
static void put_process(struct hwp_text *text, const struct hwp_owner *owner)
{
	char vma[80] = "";

	if (owner->vma)
		snprintf(vma, sizeof(vma), ", vma 0x%" PRIx64 ", user address 0x%" PRIx64,
			 owner->vma, owner->user_address);
	if (owner->task)
		hwp_text_field(text, "Process", "task 0x%" PRIx64 ", mm 0x%" PRIx64 "%s",
			       owner->task, owner->mm, vma);
}

static void put_owner(struct hwp_text *text, const struct hwp_findings *f,
		      const struct hwp_owner *owner)
{
	const struct hwp_file *file = owner->has_file ? &f->files.data[owner->file] : NULL;
	char offset[40] = "";

	if (owner->has_offset)
		snprintf(offset, sizeof(offset), ", at byte 0x%" PRIx64, owner->offset);
	if (file)
		hwp_text_field(
			text, "File", "%s%s%sinode %" PRIu64 " of %s %s%s%s", file->path,
			file->is_deleted ? " (deleted)" : "",
			*file->path || file->is_deleted ? ", " : "", file->inode, file->filesystem,
			file->device,
			*file->path && !file->is_mounted ? ", a path inside that file system" : "",
			offset);
	if (owner->found && file)
		hwp_text_field(text, "Mapped by", "%s, pid %d%s", owner->comm, owner->pid,
			       owner->nr_mappers > 1  ? ", and others" :
			       owner->saw_all_mappers ? "" :
							", and perhaps others");
	else if (owner->found)
		hwp_text_field(text, "Owner", "%s, pid %d", owner->comm, owner->pid);
	put_process(text, owner);
}

static void put_hugetlb(struct hwp_text *text, const struct hwp_folio_facts *folio)
{
	hwp_text_field(text, "Pool", "%s%s",
		       folio->being_freed ?
			       "no longer in it: on hpage_freelist, about to be freed" :
		       folio->in_pool ? "free in the HugeTLB pool" :
					"in use",
		       folio->vmemmap_optimized ? "; its vmemmap is optimised" : "");
}

/** The folio's own record of its poison, against the pages found. */
static void put_record(struct hwp_text *text, const struct hwp_folio *folio,
		       const struct hwp_folio_facts *facts)
{
	if (facts->kind == HWP_FOLIO_HUGETLB && facts->raw_unreliable)
		hwp_text_field(text, "Record", "raw_hwp_unreliable is set: any page may be bad");
	else if (facts->kind == HWP_FOLIO_HUGETLB && facts->raw_list_readable)
		hwp_text_field(text, "Record", "raw_hwp_list names %" PRIu64 " page%s; %zu found",
			       facts->nr_raw, hwp_plural(facts->nr_raw), folio->nr_poisoned);
	else if (facts->kind == HWP_FOLIO_HUGETLB)
		hwp_text_field(text, "Record",
			       "this kernel does not record which pages are bad, "
			       "or the record cannot be read");
	else if (facts->kind != HWP_FOLIO_LARGE)
		hwp_text_field(text, "Record",
			       "none: memory of the kernel has no PG_has_hwpoisoned");
	else if (!facts->can_have_hwpoisoned)
		hwp_text_field(text, "Record", "none: this kernel has no PG_has_hwpoisoned");
	else
		hwp_text_field(text, "Record",
			       "PG_has_hwpoisoned is %s, %s %zu of its pages %s poisoned",
			       facts->has_hwpoisoned ? "set" : "clear",
			       facts->has_hwpoisoned ? "and" : "but", folio->nr_poisoned,
			       folio->nr_poisoned == 1 ? "is" : "are");
}

static const char *source_sentence(enum hwp_extent_source source)
{
	switch (source) {
	case HWP_SOURCE_FOLIO:
		return "known by its head page";
	case HWP_SOURCE_EVENT:
		return "known by the kernel log's record of the page";
	case HWP_SOURCE_PAGE_OWNER:
		return "known by the kernel log's record of the page, its size by page_owner";
	case HWP_SOURCE_STRANDED:
		return "known by the neighbours that were dropped with the page";
	case HWP_SOURCE_LOST:
		return "known by the kernel log's record of the page, and by pages lost with it";
	case HWP_SOURCE_RANGE:
		break;
	}
	return "as given by --range";
}

/** The log does not distinguish the sizes of HugeTLB pages. */
static void put_larger(struct hwp_text *text, const struct hwp_findings *f,
		       const struct hwp_folio *folio)
{
	uint64_t nr = UINT64_C(1) << folio->max_order;
	uint64_t pfn = hwp_align_down(folio->head_pfn, (unsigned int)folio->max_order);
	char size[32];

	hwp_text_field(text, "",
		       "or larger: the log does not show which of the HugeTLB sizes it "
		       "had; if it was %s, use --range 0x%" PRIx64 "-0x%" PRIx64,
		       hwp_format_size(f, nr, size, sizeof(size)), pfn, pfn + nr);
}

static void put_folio_facts(struct hwp_text *text, const struct hwp_findings *f,
			    const struct hwp_folio *folio)
{
	const struct hwp_folio_facts *facts = hwp_report_folio_facts(f, folio);
	uint64_t nr = UINT64_C(1) << folio->order;
	char size[32];

	hwp_text_field(text, "Folio",
		       "0x%" PRIx64 "-0x%" PRIx64 ", order %d: %" PRIu64 " page%s, %s",
		       folio->head_pfn, folio->head_pfn + nr, folio->order, nr, hwp_plural(nr),
		       hwp_format_size(f, nr, size, sizeof(size)));
	hwp_text_field(text, "Kind", "%s: %s", hwp_extent_kind_name(folio->kind),
		       source_sentence(folio->source));
	if (folio->max_order > folio->order)
		put_larger(text, f, folio);
	if (facts && folio->kind != HWP_EXTENT_FREED) {
		put_words(text, "Head", &facts->head, facts->head_bits);
		put_mapped(text, facts);
		if (facts->kind == HWP_FOLIO_HUGETLB)
			put_hugetlb(text, facts);
		put_owner(text, f, &f->poisoned.data[folio->first_poisoned].owner);
		put_record(text, folio, facts);
	}
	hwp_text_sum(text, folio->nr_healthy, folio->nr_poisoned, (unsigned int)folio->order);
	hwp_text_field(text, "Outcome", "%s", hwp_outcome_name(folio->outcome));
}

static struct hwp_error *put_poisoned(struct hwp_text *text, const struct hwp_findings *f,
				      const struct hwp_folio *folio)
{
	struct hwp_findings of_folio = *f;

	of_folio.poisoned.data += folio->first_poisoned;
	of_folio.poisoned.nr = folio->nr_poisoned;
	hwp_text_heading(text, "Poisoned pages");
	return hwp_text_pages(text, &of_folio, NULL);
}

static void put_row(struct hwp_table *table, uint64_t pfn, uint64_t nr_pages,
		    const struct hwp_run *run)
{
	hwp_table_row(table);
	hwp_table_cell(table, "0x%" PRIx64, pfn);
	hwp_table_cell(table, "0x%" PRIx64, pfn + nr_pages);
	hwp_table_cell(table, "%" PRIu64, nr_pages);
	hwp_table_cell(table, "%s", run->is_poisoned ? "poisoned" : "healthy");
	if (run->is_poisoned)
		hwp_table_color(table, HWP_COLOR_BAD);
	hwp_table_cell(table, "%s", hwp_run_state_name(run->state));
	if (run->order >= 0)
		hwp_table_cell(table, "%d", run->order);
	else
		hwp_table_cell(table, "-");
}

/** Adjacent blocks of one order and place share a row. */
static void put_blocks(struct hwp_table *table, const struct hwp_run *run, size_t nr_blocks)
{
	char cpu[24] = "", blocks[40] = "";

	if (run->cpu >= 0)
		snprintf(cpu, sizeof(cpu), "cpu %d", run->cpu);
	if (run->order >= 0 && nr_blocks > 1)
		snprintf(blocks, sizeof(blocks), "%s%zu blocks", *cpu ? ", " : "", nr_blocks);
	hwp_table_cell(table, "%s%s", cpu, blocks);
}

static void put_use(struct hwp_table *table, const struct hwp_findings *f,
		    const struct hwp_use *use)
{
	char owner[HWP_PLACE_SIZE], folio[48] = "";

	hwp_owner_place(f, &use->owner, owner, sizeof(owner));
	if (use->order)
		snprintf(folio, sizeof(folio), ", folio 0x%" PRIx64 "/%d", use->head_pfn,
			 use->order);
	hwp_table_cell(table, "%s%s%s%s", hwp_use_kind_name(use->kind), *owner ? " of " : "", owner,
		       folio);
}

/** Index after the last run that is like run @p i. */
static size_t end_of_alike(const struct hwp_run *runs, size_t nr, size_t i)
{
	const struct hwp_run *first = &runs[i];

	while (++i < nr && runs[i].state == first->state && runs[i].order == first->order &&
	       runs[i].cpu == first->cpu && runs[i].is_poisoned == first->is_poisoned)
		;
	return i;
}

/** The rows of @p nr_alike runs together: one for each use of them. */
static size_t put_run(struct hwp_table *table, const struct hwp_findings *f,
		      const struct hwp_folio *folio, const struct hwp_run *run, size_t nr_alike)
{
	const struct hwp_run *last = run + nr_alike - 1;
	uint64_t nr_pages = last->pfn + last->nr_pages - run->pfn;
	const struct hwp_poisoned *first = &f->poisoned.data[folio->first_poisoned];
	size_t nr_rows = 0;
	char place[HWP_PLACE_SIZE];

	for (size_t i = 0; run->state == HWP_RUN_ALLOCATED && i < f->uses.nr; i++) {
		const struct hwp_use *use = &f->uses.data[i];

		if (use->pfn < run->pfn || use->pfn >= run->pfn + nr_pages)
			continue;
		if (nr_rows++ == MAX_ROWS)
			break;
		put_row(table, use->pfn, use->nr_pages, run);
		put_use(table, f, use);
	}
	if (nr_rows)
		return nr_rows;
	put_row(table, run->pfn, nr_pages, run);
	/* A folio that exists has one user. */
	if (folio->kind != HWP_EXTENT_FREED && run->state == HWP_RUN_ALLOCATED)
		hwp_table_cell(table, "%s", hwp_page_place(f, first, place, sizeof(place)));
	else
		put_blocks(table, run, nr_alike);
	return 1;
}

/** "510 healthy pcp + 2 poisoned pcp = 512 = 2^9" */
static void put_observed_sum(struct hwp_text *text, const struct hwp_findings *f,
			     const struct hwp_folio *folio)
{
	uint64_t nr[2][HWP_RUN_UNREADABLE + 1] = {}, sum = 0;
	_cleanup_free_ char *buf = NULL;
	const char *separator = "";
	size_t size;
	FILE *out = open_memstream(&buf, &size);

	if (!out) {
		text->failed = true;
		return;
	}
	for (size_t i = 0; i < folio->nr_runs; i++) {
		const struct hwp_run *run = &f->runs.data[folio->first_run + i];

		nr[run->is_poisoned][run->state] += run->nr_pages;
		sum += run->nr_pages;
	}
	for (unsigned int i = 0; i < 2 * (HWP_RUN_UNREADABLE + 1); i++) {
		unsigned int state = i % (HWP_RUN_UNREADABLE + 1), bad = i > HWP_RUN_UNREADABLE;

		if (!nr[bad][state])
			continue;
		fprintf(out, "%s%" PRIu64 " %s %s", separator, nr[bad][state],
			bad ? "poisoned" : "healthy", hwp_run_state_name(state));
		separator = " + ";
	}
	fprintf(out, " = %" PRIu64 " %s 2^%d", sum,
		sum == UINT64_C(1) << folio->order ? "=" : "which is not", folio->order);
	if (fclose(out))
		text->failed = true;
	else
		hwp_text_wrap(text, 0, 2, buf);
}

static struct hwp_error *put_observed(struct hwp_text *text, const struct hwp_findings *f,
				      const struct hwp_folio *folio)
{
	static const struct hwp_table_column columns[] = {
		{ "FIRST", false }, { "END", false },  { "PAGES", true },  { "KIND", false },
		{ "STATE", false }, { "ORDER", true }, { "WHERE", false },
	};
	_cleanup_(hwp_table_destroyp) struct hwp_table *table = NULL;
	struct hwp_error *err;
	const struct hwp_run *runs = f->runs.data + folio->first_run;
	size_t nr_rows = 0, i, next;

	table = hwp_table_create(text->out, text->style, columns, HWP_ARRAY_SIZE(columns));
	if (!table)
		return hwp_error_no_memory();
	for (i = 0; i < folio->nr_runs && nr_rows < MAX_ROWS; i = next) {
		next = end_of_alike(runs, folio->nr_runs, i);
		nr_rows += put_run(table, f, folio, &runs[i], next - i);
	}
	hwp_text_heading(text, "Observed");
	err = hwp_table_print(table, NULL, NULL);
	if (!err && i < folio->nr_runs)
		fprintf(text->out, "and %zu more: --json has them all\n", folio->nr_runs - i);
	put_observed_sum(text, f, folio);
	return err;
}

static struct hwp_error *put_maps(struct hwp_text *text, const struct hwp_findings *f,
				  const struct hwp_folio *folio)
{
	_cleanup_(hwp_map_deinit) struct hwp_map expected = {}, observed = {};
	struct hwp_error *err;

	err = hwp_map_expected(&expected, f, folio);
	if (!err)
		err = hwp_map_observed(&observed, f, folio);
	if (err)
		return err;
	if (folio->nr_expected) {
		hwp_text_heading(text, "Map of what is expected");
		hwp_map_draw(text, &expected);
	}
	hwp_text_heading(text, "Map of what is observed");
	hwp_map_draw(text, &observed);
	return NULL;
}

static struct hwp_error *put_folio(struct hwp_text *text, const struct hwp_findings *f,
				   const struct hwp_folio *folio)
{
	struct hwp_error *err;

	put_folio_facts(text, f, folio);
	hwp_text_fate(text, f, folio);
	err = put_poisoned(text, f, folio);
	if (err)
		return err;
	if (folio->nr_expected) {
		hwp_text_heading(text, "Healthy ranges, as a fixed kernel frees them: %zu block%s",
				 folio->nr_expected, hwp_plural(folio->nr_expected));
		hwp_text_blocks(text, hwp_report_expected(f, folio), folio->nr_expected);
	}
	err = put_observed(text, f, folio);
	return err ? err : put_maps(text, f, folio);
}

static void put_evidence(void *arg, const char *sentence)
{
	hwp_text_field(arg, "", "%s", sentence);
}

/** What other tools take. */
static void put_addresses(struct hwp_text *text, const struct hwp_poisoned *page)
{
	char direct_map[48] = "";

	if (page->direct_map_address)
		snprintf(direct_map, sizeof(direct_map), ", direct map 0x%" PRIx64,
			 page->direct_map_address);
	if (page->struct_page_address)
		hwp_text_field(text, "Address", "struct page 0x%" PRIx64 "%s",
			       page->struct_page_address, direct_map);
}

static void put_subject(struct hwp_text *text, const struct hwp_findings *f)
{
	const struct hwp_poisoned *bad = hwp_findings_poisoned_at(f, f->subject.page.pfn);
	const struct hwp_poisoned *page = bad ? bad : &f->subject.page;
	const struct hwp_zone_facts *zone = hwp_report_zone(f, page->zone);
	char where[64] = "", what[200];

	if (zone)
		snprintf(where, sizeof(where), ", node %d %s", zone->nid, zone->name);
	if (bad)
		snprintf(what, sizeof(what), "poisoned, %s (%s)", hwp_state_name(page->state),
			 hwp_class_name(hwp_state_class(page->state)));
	else
		snprintf(what, sizeof(what), "not poisoned");
	hwp_text_field(text, "Page", "0x%" PRIx64 ", physical 0x%" PRIx64 "%s: %s", page->pfn,
		       page->pfn << f->page_shift, where, what);
	if (f->subject.given != HWP_GIVEN_PFN)
		hwp_text_field(text, "", "0x%" PRIx64 " is %s", f->subject.number,
			       hwp_givens.words[f->subject.given].meaning);
	put_addresses(text, page);
	if (bad)
		hwp_evidence(f, bad, put_evidence, text);
	else
		hwp_text_field(text, "", "%s", hwp_subject_place(f, what, sizeof(what)));
	if (!bad && hwp_page_owner_sentence(f, page, what, sizeof(what)))
		hwp_text_field(text, "page_owner", "%s", what);
	if (page->was_read && (page->folio.kind == HWP_FOLIO_NONE || bad))
		put_words(text, "Struct", &page->page, page->bits);
}

/** The folio of a page that is not in any with poison. */
static void put_plain_folio(struct hwp_text *text, const struct hwp_findings *f)
{
	const struct hwp_poisoned *page = &f->subject.page;
	const struct hwp_folio_facts *folio = &page->folio;
	uint64_t nr = UINT64_C(1) << (folio->order < 0 ? 0 : folio->order);
	char size[32];

	if (folio->kind != HWP_FOLIO_NONE) {
		hwp_text_field(text, "Folio",
			       "0x%" PRIx64 "-0x%" PRIx64 ", order %d: %" PRIu64 " page%s, %s",
			       folio->head_pfn, folio->head_pfn + nr, folio->order, nr,
			       hwp_plural(nr), hwp_format_size(f, nr, size, sizeof(size)));
		put_words(text, "Head", &folio->head, folio->head_bits);
		put_mapped(text, folio);
		if (folio->kind == HWP_FOLIO_HUGETLB)
			put_hugetlb(text, folio);
		if (folio->kind != HWP_FOLIO_DEVICE)
			hwp_text_field(text, "Poison", "none in this folio");
	} else if (hwp_findings_poisoned_at(f, page->pfn)) {
		hwp_text_field(text, "Folio",
			       "none is known to have been here; if you know of one, "
			       "name its pages with --range");
	}
	put_owner(text, f, &page->owner);
}

struct hwp_error *hwp_report_folio(FILE *out, const struct hwp_findings *f,
				   const struct hwp_report_style *style)
{
	const struct hwp_folio *folio = hwp_findings_folio_at(f, f->subject.page.pfn);
	struct hwp_error *err = NULL;
	struct hwp_text text;

	hwp_text_init(&text, out, style);
	put_subject(&text, f);
	if (folio)
		err = put_folio(&text, f, folio);
	else
		put_plain_folio(&text, f);
	return err ? err : hwp_text_finish(&text);
}
