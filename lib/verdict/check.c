// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"

#define RUN(name) \
	static enum hwp_result name(const struct hwp_findings *f, char *detail, size_t size)

/** Text appended to a detail, as far as it fits. */
static void append(char *detail, size_t size, const char *fmt, ...)
	__attribute__((__format__(__printf__, 3, 4)));

static void append(char *detail, size_t size, const char *fmt, ...)
{
	size_t len = strlen(detail);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail + len, size - len, fmt, ap);
	va_end(ap);
}

static uint64_t nr_troubles(const struct hwp_findings *f, enum hwp_trouble_kind kind)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < f->troubles.nr; i++)
		nr += f->troubles.data[i].kind == kind;
	return nr;
}

static const struct hwp_poisoned *first_in(const struct hwp_findings *f, enum hwp_state state)
{
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		if (f->poisoned.data[i].state == state)
			return &f->poisoned.data[i];
	}
	return NULL;
}

RUN(memmap_covered)
{
	const struct hwp_coverage *c = &f->coverage;

	if (f->damage[0]) {
		snprintf(detail, size, "%s", f->damage);
		return HWP_INCONCLUSIVE;
	}
	if (f->too_many) {
		snprintf(detail, size,
			 "more than %zu pages are flagged: the memmap is not "
			 "believable",
			 f->poisoned.nr);
		return HWP_INCONCLUSIVE;
	}
	if (c->nr_excluded || c->nr_faulted) {
		snprintf(detail, size,
			 "of %" PRIu64 " struct pages %" PRIu64 " are not in the dump"
			 " (%" PRIu64 " zero-filled), %" PRIu64 " not readable",
			 c->nr_pages, c->nr_excluded, c->nr_zero, c->nr_faulted);
		return HWP_INCONCLUSIVE;
	}
	if (c->nr_uninitialised) {
		snprintf(detail, size,
			 "%" PRIu64 " struct pages of online memory are all ones, as "
			 "before their initialisation",
			 c->nr_uninitialised);
		return HWP_INCONCLUSIVE;
	}
	if (c->nr_read != c->nr_pages) {
		snprintf(detail, size,
			 "of %" PRIu64 " struct pages only %" PRIu64 " were looked at", c->nr_pages,
			 c->nr_read);
		return HWP_INCONCLUSIVE;
	}
	if (f->sweep == HWP_SWEEP_QUICK)
		snprintf(detail, size,
			 "quick: %" PRIu64 " struct pages were read, those of memory "
			 "blocks that count poison",
			 c->nr_pages);
	else
		snprintf(detail, size, "all %" PRIu64 " struct pages were read", c->nr_pages);
	return HWP_PASS;
}

RUN(freelist_consistent)
{
	uint64_t holes = nr_troubles(f, HWP_TROUBLE_HOLE), nr_lists = f->lists.nr, nr_moved = 0;
	uint64_t wrong = nr_troubles(f, HWP_TROUBLE_CONTRADICTION);

	if (holes) {
		snprintf(detail, size, "%" PRIu64 " list%s or table%s could not be read to the end",
			 holes, holes == 1 ? "" : "s", holes == 1 ? "" : "s");
		return HWP_INCONCLUSIVE;
	}
	for (size_t i = 0; i < f->areas.nr; i++) {
		const struct hwp_area_stat *a = &f->areas.data[i];

		nr_moved += a->moved;
		if (a->nr_free == a->nr_walked || a->moved)
			continue;
		snprintf(detail, size,
			 "node %d %s order %d: nr_free is %" PRIu64 ", %" PRIu64
			 " blocks are on its lists",
			 f->zones.data[a->zone].nid, f->zones.data[a->zone].name, a->order,
			 a->nr_free, a->nr_walked);
		return HWP_FAIL;
	}
	if (wrong) {
		snprintf(detail, size, "%" PRIu64 " contradiction%s", wrong, wrong == 1 ? "" : "s");
		return HWP_FAIL;
	}
	snprintf(detail, size, "%" PRIu64 " lists walked, every count right", nr_lists);
	if (nr_moved)
		append(detail, size, " but of %" PRIu64 " order%s, whose lists changed meanwhile",
		       nr_moved, nr_moved == 1 ? "" : "s");
	return HWP_PASS;
}

/** Of a running kernel: did the lists that may hold the page change while they were walked? */
static bool lists_moved(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	for (size_t i = 0; i < f->areas.nr; i++) {
		if (f->areas.data[i].moved && f->areas.data[i].zone == p->zone)
			return true;
	}
	return false;
}

static bool blocks_agree(const struct hwp_poisoned *p)
{
	return p->by_list.container == p->by_page.container &&
	       p->by_list.head_pfn == p->by_page.head_pfn && p->by_list.order == p->by_page.order;
}

/* Only blocks of free_area can be seen both ways: elsewhere PageBuddy is clear. */
RUN(methods_agree)
{
	uint64_t listed = 0;

	if (!f->areas.nr && f->live) {
		snprintf(detail, size, "the lists of free_area were not walked");
		return HWP_SKIP;
	}
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (p->by_page.container != HWP_FREE_AREA && p->by_list.container != HWP_FREE_AREA)
			continue;
		if (blocks_agree(p) || lists_moved(f, p))
			continue;
		snprintf(detail, size, "pfn 0x%" PRIx64 ": the memmap says %s, the lists say %s",
			 p->pfn, hwp_container_name(p->by_page.container),
			 hwp_container_name(p->by_list.container));
		return HWP_FAIL;
	}
	for (size_t i = 0; i < f->zones.nr; i++)
		listed += f->zones.data[i].nr_buddy_pages;
	if (listed != f->nr_buddy_pages_in_memmap) {
		snprintf(detail, size,
			 "%" PRIu64 " pages on the free lists, %" PRIu64 " by their struct pages%s",
			 listed, f->nr_buddy_pages_in_memmap,
			 f->live ? ", counted one after the other" : "");
		return f->live ? HWP_PASS : HWP_INCONCLUSIVE;
	}
	snprintf(detail, size, "%" PRIu64 " free pages by the lists and by the memmap", listed);
	return HWP_PASS;
}

static enum hwp_result none_in(const struct hwp_findings *f, enum hwp_state state, const char *what,
			       char *detail, size_t size)
{
	const struct hwp_poisoned *p = first_in(f, state);
	uint64_t nr = f->summary.nr_by_state[state];

	if (!p) {
		snprintf(detail, size, "none");
		return HWP_PASS;
	}
	snprintf(detail, size, "%" PRIu64 " page%s %s, the first at pfn 0x%" PRIx64, nr,
		 nr == 1 ? "" : "s", what, p->pfn);
	return HWP_FAIL;
}

RUN(poison_not_in_buddy)
{
	return none_in(f, HWP_STATE_BUDDY, "in free blocks", detail, size);
}

RUN(poison_not_on_pcp)
{
	return none_in(f, HWP_STATE_PCP, "on per-CPU lists", detail, size);
}

RUN(poison_not_reused)
{
	return none_in(f, HWP_STATE_REUSED, "allocated again", detail, size);
}

RUN(healthy_not_lost)
{
	uint64_t nr = f->summary.nr_healthy_lost;

	if (!nr) {
		snprintf(detail, size, "none");
		return HWP_PASS;
	}
	snprintf(detail, size,
		 "%" PRIu64 " healthy pages (%" PRIu64 " KiB) were thrown away with "
		 "poisoned ones",
		 nr, nr << f->page_shift >> 10);
	return HWP_FAIL;
}

RUN(raw_hwp_list_consistent)
{
	uint64_t nr = 0, last = UINT64_MAX;

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (p->folio.kind != HWP_FOLIO_HUGETLB || p->folio.head_pfn == last)
			continue;
		last = p->folio.head_pfn;
		nr++;
		if (p->raw_page_unknown && !p->folio.raw_unreliable && p->folio.raw_list_readable) {
			snprintf(detail, size,
				 "the folio at 0x%" PRIx64 " is flagged, its list is empty", last);
			return HWP_FAIL;
		}
	}
	if (!nr) {
		snprintf(detail, size, "no HugeTLB folio is poisoned");
		return HWP_PASS;
	}
	snprintf(detail, size, "%" PRIu64 " HugeTLB folio%s", nr, nr == 1 ? "" : "s");
	return HWP_PASS;
}

static bool is_expected(const struct hwp_findings *f, const struct hwp_folio *folio,
			const struct hwp_run *run)
{
	for (size_t i = 0; i < folio->nr_expected; i++) {
		const struct hwp_healthy_block *b = &f->expected.data[folio->first_expected + i];

		if (run->pfn >= b->pfn &&
		    run->pfn + run->nr_pages <= b->pfn + (UINT64_C(1) << b->order))
			return true;
	}
	return false;
}

/*
 * Nothing merges inside a folio that holds poison, as the parent of every
 * expected block does: so a free block that is not inside one was freed wrong.
 */
RUN(ranges_held)
{
	uint64_t nr_freed = 0;

	for (size_t i = 0; i < f->folios.nr; i++) {
		const struct hwp_folio *folio = &f->folios.data[i];

		nr_freed += folio->kind == HWP_EXTENT_FREED;
		for (size_t r = 0; folio->kind == HWP_EXTENT_FREED && r < folio->nr_runs; r++) {
			const struct hwp_run *run = &f->runs.data[folio->first_run + r];

			if ((run->state != HWP_RUN_BUDDY && run->state != HWP_RUN_PCP) ||
			    is_expected(f, folio, run))
				continue;
			snprintf(detail, size,
				 "of the folio at 0x%" PRIx64 ", order %d, the free "
				 "block with pfn 0x%" PRIx64 ", order %d, is in no healthy range",
				 folio->head_pfn, folio->order, run->pfn, run->order);
			return HWP_FAIL;
		}
	}
	if (!nr_freed)
		snprintf(detail, size, "no freed folio is known");
	else
		snprintf(detail, size,
			 "%" PRIu64 " freed folio%s: every free block lies in a "
			 "healthy range",
			 nr_freed, nr_freed == 1 ? "" : "s");
	return HWP_PASS;
}

/*
 * memory_failure() sets the flag on a folio of users before it tries to split
 * it. It is lost when a split leaves large pieces (to v6.17), and never set
 * when memory_failure() gave the page up, so a clear one proves nothing.
 */
RUN(folio_flag_matches_pages)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (p->state != HWP_STATE_LARGE_FOLIO || !p->folio.can_have_hwpoisoned)
			continue;
		nr++;
		if (p->folio.has_hwpoisoned)
			continue;
		snprintf(detail, size,
			 "the folio at 0x%" PRIx64 " holds pfn 0x%" PRIx64
			 ", but PG_has_hwpoisoned is clear: a fixed kernel would free it whole",
			 p->folio.head_pfn, p->pfn);
		return HWP_INCONCLUSIVE;
	}
	if (nr)
		snprintf(detail, size, "PG_has_hwpoisoned is set for %" PRIu64 " poisoned page%s",
			 nr, nr == 1 ? "" : "s");
	else
		snprintf(detail, size, "no large folio holds poison");
	return HWP_PASS;
}

/*
 * x86 takes a page out of the direct map when a machine check found the error
 * and memory_failure() dealt with it; injection and APEI leave the map alone.
 */
RUN(poison_unmapped)
{
	uint64_t nr_mapped = 0, nr_unmapped = 0, nr_checked = 0, nr_unknown = 0;

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		nr_mapped += p->direct_map == HWP_DIRECT_MAP_PRESENT;
		nr_unmapped += p->direct_map == HWP_DIRECT_MAP_ABSENT;
		if (!p->has_machine_check || hwp_state_class(p->state) != HWP_CLASS_CONTAINED)
			continue;
		nr_checked++;
		nr_unknown += p->direct_map == HWP_DIRECT_MAP_UNKNOWN;
		if (p->direct_map != HWP_DIRECT_MAP_PRESENT)
			continue;
		snprintf(detail, size,
			 "pfn 0x%" PRIx64 " was found by a machine check and set "
			 "apart, but is in the direct map still",
			 p->pfn);
		return HWP_FAIL;
	}
	snprintf(detail, size, "%" PRIu64 " pages are in the direct map, %" PRIu64 " are not%s",
		 nr_mapped, nr_unmapped,
		 nr_checked ? "" :
			      "; the log tells of no machine check, and only that unmaps them");
	if (nr_unknown)
		append(detail, size, ", of %" PRIu64 " it could not be read", nr_unknown);
	return !nr_checked ? HWP_SKIP : nr_unknown ? HWP_INCONCLUSIVE : HWP_PASS;
}

/** Was the page given back to the allocator, or withheld by it? */
static bool was_freed(const struct hwp_poisoned *p)
{
	return p->state == HWP_STATE_BUDDY || p->state == HWP_STATE_PCP ||
	       p->state == HWP_STATE_DROPPED ||
	       (p->state == HWP_STATE_ISOLATED && p->page.refcount == 0);
}

/*
 * page_poison fills freed pages with 0xaa, which nothing else does; zeros, as
 * init_on_free leaves them, may have been there before. KASAN writes to its
 * shadow or tags and debug_pagealloc to page tables, neither to the page.
 */
RUN(poison_unwritten)
{
	uint64_t nr_zero = 0, nr_looked = 0;

	if (f->kernel.page_poisoning != HWP_ON && f->kernel.init_on_free != HWP_ON) {
		snprintf(detail, size, "no pass writes to freed pages (page_poison, init_on_free)");
		return HWP_SKIP;
	}
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (!was_freed(p) || p->contents == HWP_CONTENTS_UNKNOWN)
			continue;
		nr_looked++;
		nr_zero += p->contents == HWP_CONTENTS_ZERO;
		if (p->contents != HWP_CONTENTS_PAGE_POISON)
			continue;
		snprintf(detail, size,
			 "pfn 0x%" PRIx64 " is filled with 0xaa: page_poison wrote "
			 "to it when it was freed",
			 p->pfn);
		return HWP_FAIL;
	}
	if (nr_zero && f->kernel.init_on_free == HWP_ON) {
		snprintf(detail, size,
			 "%" PRIu64 " freed page%s all zeros, as init_on_free would "
			 "leave them",
			 nr_zero, nr_zero == 1 ? " is" : "s are");
		return HWP_INCONCLUSIVE;
	}
	snprintf(detail, size, "none of %" PRIu64 " freed pages in the dump was", nr_looked);
	return nr_looked ? HWP_PASS : HWP_SKIP;
}

/** Reports of pages that were poisoned already: some kernels count them again. */
static int64_t nr_repeats(const struct hwp_findings *f)
{
	int64_t nr = 0;

	for (size_t i = 0; i < f->events.nr; i++)
		nr += f->events.data[i].kind == HWP_EVENT_ALREADY_POISONED ||
		      (f->events.data[i].kind == HWP_EVENT_ACTION &&
		       strstr(f->events.data[i].page_type, "already"));
	return nr;
}

static bool has_holes(const struct hwp_findings *f)
{
	const struct hwp_coverage *c = &f->coverage;

	return c->nr_read != c->nr_pages || c->nr_uninitialised || f->damage[0] || f->too_many ||
	       nr_troubles(f, HWP_TROUBLE_HOLE);
}

/** The global count against what was found. */
static enum hwp_result total_accounted(const struct hwp_findings *f, char *detail, size_t size)
{
	int64_t counted = f->counters.num_poisoned_pages, found = (int64_t)f->poisoned.nr;
	int64_t repeats = nr_repeats(f), more = counted < 0 ? -1 : counted - found;

	if (counted < 0) {
		append(detail, size, "num_poisoned_pages is negative: %" PRId64, counted);
		return HWP_FAIL;
	}
	if (more == 0) {
		append(detail, size, "num_poisoned_pages is %" PRId64 ", as many were found",
		       counted);
		return HWP_PASS;
	}
	append(detail, size, "num_poisoned_pages is %" PRId64 ", %" PRId64 " were found", counted,
	       found);
	if (more > 0 && more <= repeats) {
		append(detail, size,
		       ": the log has %" PRId64 " repeated reports, which this "
		       "kernel counted again",
		       repeats);
		return HWP_PASS;
	}
	if (more < 0 && -more <= (int64_t)f->counters.pending_pfns.nr + 1 &&
	    f->counters.mf_running) {
		append(detail, size, ": an event was being handled");
		return HWP_PASS;
	}
	/* By /proc/kpageflags a HugeTLB folio is one page, whatever its record holds. */
	if ((more > 0 || !f->zones.nr) && has_holes(f)) {
		append(detail, size, ": the rest may be in what could not be read");
		return HWP_INCONCLUSIVE;
	}
	if (more > 0 && f->summary.nr_unrecorded_folios) {
		append(detail, size, ": HugeTLB folios without a record hide the rest");
		return HWP_INCONCLUSIVE;
	}
	if (more > 0 && (f->log_wrapped || !f->log_readable)) {
		append(detail, size,
		       ": repeated reports may explain it, but the log is not "
		       "complete");
		return HWP_INCONCLUSIVE;
	}
	append(detail, size, more < 0 ? ": some were never counted" : ": some are missing");
	return HWP_FAIL;
}

/*
 * Neither count need be equal: mf_stats leave out soft offline and keep what
 * was unpoisoned, blocks keep what num_poisoned_pages_sub() takes off without
 * a pfn. So a difference is told, with what makes one.
 */
static void blocks_and_nodes(const struct hwp_findings *f, char *detail, size_t size)
{
	const struct hwp_counters *c = &f->counters;
	bool agree = true;

	for (size_t i = 0; i < c->nodes.nr; i++) {
		const struct hwp_node_count *n = &c->nodes.data[i];

		if (!n->has_total || n->total == (int64_t)n->nr_found)
			continue;
		append(detail, size,
		       "; node %d counted %" PRId64 ", %" PRIu64
		       " found (soft offline and unpoison are not counted there)",
		       n->nid, n->total, n->nr_found);
		agree = false;
	}
	for (size_t i = 0; i < c->blocks.nr && agree; i++) {
		const struct hwp_memory_block_count *b = &c->blocks.data[i];

		if (b->nr_hwpoison == (int64_t)b->nr_found)
			continue;
		append(detail, size,
		       "; memory block %" PRIu64 " counted %" PRId64 ", %" PRIu64 " found", b->id,
		       b->nr_hwpoison, b->nr_found);
		agree = false;
	}
	if (agree && c->has_memory_blocks)
		append(detail, size, "; so say its %zu memory blocks%s", c->blocks.nr,
		       c->nodes.nr && c->nodes.data[0].has_total ? " and its nodes" : "");
	if (c->pending_pfns.nr)
		append(detail, size, "; %zu more errors were reported, but not handled yet",
		       c->pending_pfns.nr);
}

RUN(poison_accounted)
{
	enum hwp_result result;

	if (!f->counters.has_num_poisoned_pages) {
		snprintf(detail, size, "the kernel keeps no count");
		return HWP_SKIP;
	}
	detail[0] = '\0';
	result = total_accounted(f, detail, size);
	blocks_and_nodes(f, detail, size);
	return result;
}

static const struct hwp_check checks[] = {
	{ "memmap-covered", "every struct page of online memory was read", NULL, true,
	  memmap_covered },
	{ "freelist-consistent", "every free list could be walked and holds what it counts", NULL,
	  true, freelist_consistent },
	{ "methods-agree", "free blocks found by their struct pages and by the lists are the same",
	  NULL, true, methods_agree },
	{ "poison-not-in-buddy", "no poisoned page is in a free block", "memmap-covered", true,
	  poison_not_in_buddy },
	{ "poison-not-on-pcp", "no poisoned page is on a per-CPU list", "freelist-consistent", true,
	  poison_not_on_pcp },
	{ "poison-not-reused", "no poisoned page was allocated again", "memmap-covered", true,
	  poison_not_reused },
	{ "healthy-not-lost", "no healthy page was thrown away with a poisoned one",
	  "memmap-covered", true, healthy_not_lost },
	{ "ranges-held", "what was freed of a poisoned folio are its healthy ranges",
	  "freelist-consistent", false, ranges_held },
	{ "folio-flag-matches-pages", "PG_has_hwpoisoned tells of every poisoned large folio", NULL,
	  false, folio_flag_matches_pages },
	{ "raw-hwp-list-consistent", "every flagged HugeTLB folio says which pages are bad", NULL,
	  false, raw_hwp_list_consistent },
	{ "poison-unmapped", "a page that a machine check found is out of the direct map", NULL,
	  false, poison_unmapped },
	{ "poison-unwritten", "no pass over freed memory wrote to a poisoned page", NULL, false,
	  poison_unwritten },
	{ "poison-accounted", "the kernel counted as many poisoned pages as were found",
	  "memmap-covered", false, poison_accounted },
};

const struct hwp_check *hwp_checks(size_t *nr_ret)
{
	*nr_ret = HWP_ARRAY_SIZE(checks);
	return checks;
}

static const struct hwp_check_result *result_of(const struct hwp_findings *f, const char *name)
{
	for (size_t i = 0; i < f->checks.nr; i++) {
		if (strcmp(f->checks.data[i].name, name) == 0)
			return &f->checks.data[i];
	}
	return NULL;
}

/** What has no ground under it does not pass; what fails, fails in any case. */
static void apply_prerequisite(const struct hwp_findings *f, const struct hwp_check *check,
			       struct hwp_check_result *result)
{
	const struct hwp_check_result *before = check->prerequisite ?
							result_of(f, check->prerequisite) :
							NULL;

	if (!before || before->result != HWP_INCONCLUSIVE || result->result != HWP_PASS)
		return;
	result->result = HWP_INCONCLUSIVE;
	snprintf(result->detail, sizeof(result->detail), "none seen, but %s is inconclusive",
		 check->prerequisite);
}

static enum hwp_verdict decide(const struct hwp_findings *f)
{
	const struct hwp_summary *s = &f->summary;
	bool failed = false, open = s->nr_by_class[HWP_CLASS_UNKNOWN] > 0;

	if (s->nr_by_class[HWP_CLASS_LEAKED] || s->nr_by_class[HWP_CLASS_LOST])
		return HWP_VERDICT_LEAKED;
	for (size_t i = 0; i < f->checks.nr; i++) {
		failed |= f->checks.data[i].result == HWP_FAIL;
		open |= f->checks.data[i].result == HWP_INCONCLUSIVE && checks[i].decides;
	}
	if (failed)
		return HWP_VERDICT_INCONSISTENT;
	if (open)
		return HWP_VERDICT_INCOMPLETE;
	if (s->nr_by_class[HWP_CLASS_KERNEL] ||
	    (s->nr_by_class[HWP_CLASS_PENDING] && f->kernel.fix != HWP_FIX_PRESENT))
		return HWP_VERDICT_AT_RISK;
	return HWP_VERDICT_CLEAN;
}

void hwp_check_decide(struct hwp_findings *f)
{
	f->verdict = decide(f);
}

struct hwp_error *hwp_check_run(struct hwp_findings *f)
{
	f->checks.nr = 0;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(checks); i++) {
		struct hwp_check_result result = { .name = checks[i].name };

		if (!f->kernel.has_memory_failure) {
			result.result = HWP_SKIP;
			snprintf(result.detail, sizeof(result.detail),
				 "this kernel cannot mark pages (CONFIG_MEMORY_FAILURE is off)");
		} else {
			result.result = checks[i].run(f, result.detail, sizeof(result.detail));
			apply_prerequisite(f, &checks[i], &result);
		}
		if (!hwp_vec_push(&f->checks, result))
			return hwp_error_no_memory();
	}
	f->verdict = decide(f);
	return NULL;
}
