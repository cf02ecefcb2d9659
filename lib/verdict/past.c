// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/past.h"

#include <string.h>

#include "base/bits.h"
#include "facts/pages/extent.h"
#include "layout/page.h"
#include "verdict/classify.h"
#include "verdict/dropped.h"
#include "verdict/held.h"

struct past {
	struct hwp_findings *f;
	const struct hwp_event_index *index;
};

/** What is proved of one page; the words are literals. */
struct proof {
	enum hwp_answer was_free, was_handed_out;
	const char *words;
	enum hwp_confidence confidence;
};

static const struct proof unproved = {
	.was_free = HWP_ANSWER_UNKNOWN,
	.was_handed_out = HWP_ANSWER_UNKNOWN,
};

static struct proof never(const char *words, enum hwp_confidence confidence)
{
	return (struct proof){ HWP_ANSWER_NO, HWP_ANSWER_NO, words, confidence };
}

static struct proof used(const char *words, enum hwp_confidence confidence)
{
	return (struct proof){ HWP_ANSWER_YES, HWP_ANSWER_YES, words, confidence };
}

bool hwp_frees_one_by_one(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	/* Until Linux kernel commit fd919a85cd55 ("mm: page_isolation: prepare for hygienic
	 * freelists") (in v6.10) gigantic pages were freed one by one, and free_pages_prepare()
	 * withholds an order-0 page with the flag. */
	return folio->order > (int)f->max_order && !f->kernel.frees_gigantic_whole;
}

bool hwp_has_order_0_marks(const struct hwp_poisoned *p)
{
	return p->folio.kind == HWP_FOLIO_NONE && hwp_has_users_marks(p);
}

static bool is_first_page(const struct hwp_folio *folio, const struct hwp_poisoned *p)
{
	const uint64_t nr_folio_pages = 4;

	return p->pfn - folio->head_pfn < nr_folio_pages;
}

bool hwp_has_words_of_fix(const struct hwp_folio *folio, const struct hwp_poisoned *p)
{
	return is_first_page(folio, p) || (!p->page.mapping && !p->page.index && !p->page.word_1);
}

/*
 * check_pages_enabled was made a switch of the boot by Linux kernel commit 79cc7ed9b6e7
 * ("mm, page_alloc: reduce page alloc/free sanity checks") (in v6.4): where it is on, no
 * allocation is given a block with a flagged page. Before, pages came off per-CPU lists unchecked.
 * Compaction takes pages without a check (mm/compaction.c, compaction_alloc()), mostly of order 0:
 * such a page is withheld when it is freed, and so it is not in free memory now.
 */
bool hwp_hands_out_no_poison(const struct hwp_findings *f)
{
	return f->kernel.check_pages == HWP_ON && f->kernel.check_pages_is_switch;
}

/** page_owner's last allocation of a page that is free, or withheld, now. */
static enum hwp_answer handed_out_by_record(const struct hwp_findings *f,
					    const struct hwp_poisoned *p)
{
	switch (hwp_page_owner_when(f, p)) {
	case HWP_AFTER_ERROR:
		return HWP_ANSWER_YES;
	case HWP_BEFORE_ERROR:
		return p->page_owner.migrated ? HWP_ANSWER_UNKNOWN : HWP_ANSWER_NO;
	case HWP_WHEN_UNKNOWN:
		break;
	}
	return HWP_ANSWER_UNKNOWN;
}

/** What is proved of a page whose block was lost. */
static struct proof dropped(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	struct hwp_dropped_proof block = hwp_dropped_was_free(f, p);
	struct proof proof = {
		.was_free = block.was_free,
		.was_handed_out = handed_out_by_record(f, p),
		.words = block.words,
		.confidence = HWP_STRONG,
	};

	if (proof.was_handed_out == HWP_ANSWER_YES)
		return used("page_owner: the allocator handed it out after the log had recorded "
			    "its error",
			    HWP_CERTAIN);
	/* Nobody is given what was not free. */
	if (block.was_free == HWP_ANSWER_NO || hwp_hands_out_no_poison(f))
		proof.was_handed_out = HWP_ANSWER_NO;
	return proof;
}

static struct proof free_now(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	struct proof proof = {
		.was_free = HWP_ANSWER_YES,
		.was_handed_out = handed_out_by_record(f, p),
		.words = "it is in free memory now",
		.confidence = HWP_CERTAIN,
	};

	if (proof.was_handed_out == HWP_ANSWER_UNKNOWN && hwp_hands_out_no_poison(f))
		proof.was_handed_out = HWP_ANSWER_NO;
	return proof;
}

/** Is it a page of its own, in no list, that nobody uses, without a mark of what it was? */
static bool is_blank(const struct hwp_poisoned *p)
{
	return p->was_read && p->folio.kind == HWP_FOLIO_NONE && p->page.refcount == 0 &&
	       !p->has_holder && hwp_page_kind(&p->page, p->bits) == HWP_PAGE_UNMARKED;
}

/*
 * HVO fills the struct pages that it gives back from copies of the folio's first
 * ones (mm/hugetlb_vmemmap.c): these may have marks of the head's, as the head has.
 */
static bool may_be_head(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const uint64_t struct_page_size = 64;

	return p->pfn % ((UINT64_C(1) << f->page_shift) / struct_page_size) == 0;
}

/**
 * A kernel that frees such a folio whole never sets one of its pages apart: without
 * the marks that a split leaves, the page came out of free memory alone.
 */
static struct proof by_elimination(const struct hwp_findings *f, const struct hwp_poisoned *p,
				   const struct hwp_folio *extent)
{
	struct proof proof = used(
		"it is apart from its folio without the marks of a split, on a kernel that frees "
		"such a folio whole: it came out of free memory",
		HWP_STRONG);

	/* It may have been a gigantic page, which such a kernel frees page by page. */
	if (f->kernel.fix != HWP_FIX_ABSENT || !is_blank(p) ||
	    (extent->max_order > (int)f->max_order && !f->kernel.frees_gigantic_whole))
		return unproved;
	/* Thrown away alone it was in no use. A neighbour may have been the first page of the
	 * block that was thrown away, and memory that goes offline takes its free blocks along. */
	if (hwp_hands_out_no_poison(f) || hwp_is_list_poison1(p->page.word_1))
		proof.was_handed_out = HWP_ANSWER_NO;
	else if (p->section_offline || hwp_findings_poisoned_at(f, p->pfn ^ 1))
		proof.was_handed_out = HWP_ANSWER_UNKNOWN;
	return proof;
}

/** How far into its mapping the page is, against how far into memory. */
static uint64_t displacement(const struct hwp_poisoned *p)
{
	return p->page.index - p->pfn;
}

/**
 * The pages of one anonymous huge page, split or not, are as far apart in its mapping as in
 * memory. Where two poisoned pages of the extent are not, they were handed out apart.
 */
static bool are_out_of_line(const struct hwp_findings *f, const struct hwp_folio *extent)
{
	const struct hwp_poisoned *first = NULL;

	if (f->kernel.small_thps)
		return false;
	for (size_t i = 0; i < extent->nr_poisoned; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[extent->first_poisoned + i];
		const struct hwp_event *e = p->event < 0 ? NULL : &f->events.data[p->event];

		if (!e || hwp_held_then(e) != HWP_HELD_THP || !hwp_has_order_0_marks(p) ||
		    !(p->page.mapping & HWP_MAPPING_ANON))
			continue;
		if (first && displacement(first) != displacement(p))
			return true;
		first = p;
	}
	return false;
}

/** The lines about the folio that was there. */
static struct hwp_event_lines lines_of(const struct past *past, const struct hwp_folio *extent)
{
	return hwp_event_lines(past->index, extent->head_pfn, hwp_folio_end(extent));
}

/** The line that gives the address at which the process of @p e had the page, or NULL. */
static const struct hwp_event *address_of(const struct past *past, const struct hwp_event *e)
{
	struct hwp_event_lines lines = hwp_event_lines(past->index, e->pfn, e->pfn + 1);
	const struct hwp_event *other;

	while ((other = hwp_event_next(&lines))) {
		if (other->virtual_address && (other->pid == e->pid || other->caller_pid == e->pid))
			break;
	}
	return other;
}

/**
 * A process that had not started when the error struck the page, that no process forked which
 * may have had it then, and that had the page: it was hit by an error in the same extent later,
 * and the page has the anon_vma of the one that was hit, and is as far from that one in the
 * process's addresses as in memory. The error is the page's own: another one in the
 * extent may have struck another folio, where the extent is a guess. Returns the line that names
 * the process, or NULL: there is none, or no extent that was freed.
 */
static const struct hwp_event *later_process(const struct past *past, const struct hwp_poisoned *p,
					     const struct hwp_folio *extent)
{
	struct hwp_event_lines lines;
	const struct hwp_event *first, *e;

	if (!extent || extent->kind != HWP_EXTENT_FREED || !hwp_has_order_0_marks(p) ||
	    !(p->page.mapping & HWP_MAPPING_ANON))
		return NULL;
	first = hwp_first_action(past->index, p->pfn);
	lines = lines_of(past, extent);
	while (first && first->time_ns && (e = hwp_event_next(&lines))) {
		const struct hwp_event *at;
		const struct hwp_poisoned *hit;

		if (e->kind != HWP_EVENT_SIGBUS || !e->has_start || e->start_ns <= first->time_ns ||
		    e->parent_pid < 0 || e->parent_pid == first->caller_pid || e->pfn == p->pfn)
			continue;
		at = address_of(past, e);
		hit = hwp_findings_poisoned_at(past->f, e->pfn);
		if (at && hit && hit->page.mapping == p->page.mapping &&
		    (at->virtual_address >> past->f->page_shift) - at->pfn == displacement(p))
			return e;
	}
	return NULL;
}

/** A later user of a page that is not in free memory, nor proved to be in use again. */
static struct proof later_user(const struct past *past, const struct hwp_poisoned *p,
			       const struct hwp_folio *extent, const struct hwp_event *later)
{
	const struct hwp_findings *f = past->f;
	const struct hwp_event *e = hwp_first_action(past->index, p->pfn);
	enum hwp_held then = e ? hwp_held_then(e) : HWP_HELD_UNKNOWN;

	if (!p->is_raw && handed_out_by_record(f, p) == HWP_ANSWER_YES)
		return used("page_owner: the allocator handed it out after the log had recorded "
			    "its error",
			    HWP_CERTAIN);
	/* What a kernel with the fix leaves on a page that it withholds is its own affair. */
	if (f->kernel.fix == HWP_FIX_PRESENT)
		return unproved;
	if (then == HWP_HELD_HUGETLB && !may_be_head(f, p) && hwp_has_order_0_marks(p))
		return used("its words are those of a page of its own, anonymous or of a file, but "
			    "it was in a HugeTLB page, which is never split, when the error struck",
			    HWP_STRONG);
	if (then != HWP_HELD_THP && then != HWP_HELD_HUGETLB)
		return unproved;
	if (extent && extent->kind == HWP_EXTENT_FREED && are_out_of_line(f, extent) &&
	    hwp_has_order_0_marks(p))
		return used("its folio's poisoned pages are not as far apart in their mapping as "
			    "in memory, as those of one huge page are: they were handed out one "
			    "by one",
			    HWP_STRONG);
	if (later)
		return used("a process had it that had not started when its error struck: a later "
			    "error hit that process nearby, and both pages were of the same memory "
			    "of it",
			    HWP_STRONG);
	return extent && extent->kind == HWP_EXTENT_FREED && extent->source != HWP_SOURCE_RANGE ?
		       by_elimination(f, p, extent) :
		       unproved;
}

/** What an earlier check of this boot saw; the mark of memory failure's own doing counts more. */
static struct proof seen_before(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const struct hwp_leak *leak = hwp_leak_record_find(&f->since_boot, p->pfn);
	struct proof proof = used("an earlier check of this boot saw it in use again", HWP_STRONG);

	if (!leak || p->state == HWP_STATE_TAKEN_OFF)
		return unproved;
	if (leak->seen_in_use)
		return proof;
	proof.words = leak->seen_dropped ?
			      "an earlier check of this boot saw it thrown away, from free memory" :
			      "an earlier check of this boot saw it in free memory";
	proof.was_handed_out = hwp_hands_out_no_poison(f) ? HWP_ANSWER_NO : HWP_ANSWER_UNKNOWN;
	if (!leak->seen_free) {
		proof.was_free = HWP_ANSWER_UNKNOWN;
		proof.words = "an earlier check of this boot saw it thrown away, maybe when it was "
			      "freed";
	}
	return proof;
}

/** Whose memory it is, it has been since the error: a mark shows it that a free would clear. */
static struct proof never_freed(const struct past *past, const struct hwp_poisoned *p)
{
	const struct hwp_event *e = hwp_first_action(past->index, p->pfn);
	enum hwp_held then = e ? hwp_held_then(e) : HWP_HELD_UNKNOWN;

	if (p->is_raw || (p->folio.kind == HWP_FOLIO_HUGETLB && p->folio.raw_unreliable))
		return never("the record of its error is in its HugeTLB folio still", HWP_CERTAIN);
	if (p->folio.kind == HWP_FOLIO_LARGE && p->folio.can_have_hwpoisoned &&
	    p->folio.has_hwpoisoned && (then == HWP_HELD_THP || !e))
		return never("its folio has PG_has_hwpoisoned still, which a free clears",
			     HWP_STRONG);
	if (p->state == HWP_STATE_RESERVED)
		return never("it is reserved", HWP_STRONG);
	if (p->state == HWP_STATE_DEVICE)
		return never("it is memory of a device, which the page allocator never has",
			     HWP_CERTAIN);
	return unproved;
}

/** A page that memory failure withheld itself, or that the free path withheld alone. */
static struct proof withheld(const struct past *past, const struct hwp_poisoned *p)
{
	const struct hwp_event *e = hwp_first_action(past->index, p->pfn);
	enum hwp_held then = e ? hwp_held_then(e) : HWP_HELD_UNKNOWN;

	if (p->state == HWP_STATE_TAKEN_OFF)
		return never("memory failure took it off the free lists itself, and its mark of "
			     "that is there still",
			     HWP_CERTAIN);
	if (then == HWP_HELD_LRU && p->folio.kind == HWP_FOLIO_NONE)
		return never("it was a page of its own when the error struck, and the allocator "
			     "withholds such a page when it is freed",
			     HWP_STRONG);
	if (e && hwp_was_recovered(e) && p->page.refcount > 0)
		return never("the log says that memory failure recovered it, and the reference by "
			     "which it withholds a page is there",
			     HWP_STRONG);
	if (!e && p->page.refcount > 0 && p->state == HWP_STATE_ISOLATED &&
	    (hwp_has_event(past->index, p->pfn, HWP_EVENT_SOFT_OFFLINE) ||
	     (past->f->log.state == HWP_LOG_COMPLETE &&
	      !hwp_has_event(past->index, p->pfn, HWP_EVENT_ALREADY_POISONED))))
		return never("it was taken out of use without an error, with a reference that "
			     "withholds it",
			     HWP_STRONG);
	return unproved;
}

/**
 * May the page have been the first of its folio, which was in the LRU list? "unsplit thp" may be of
 * any size from two pages on, and so begin at any even pfn.
 */
static bool may_be_first(const struct hwp_findings *f, const struct hwp_poisoned *p,
			 const struct hwp_folio *extent)
{
	return is_first_page(extent, p) || (extent->order_is_guess && p->pfn % 2 == 0 &&
					    strstr(hwp_extent_page_type(f, p), "unsplit thp"));
}

/**
 * On a kernel with the fix, a page that is apart: a tail that the fix withholds was never in a
 * list. One that was the first page of a free block, and was taken from there alone, has what
 * list_del() leaves.
 */
static struct proof withheld_by_fix(const struct hwp_findings *f, const struct hwp_poisoned *p,
				    const struct hwp_folio *extent)
{
	struct proof proof = used(
		"it was in a list of its own, which no page that the fix withholds "
		"is: it was in free memory alone, and thrown away",
		HWP_STRONG);

	if (p->page.refcount > 0 || hwp_has_order_0_marks(p) || hwp_has_words_of_fix(extent, p))
		return never("this kernel frees only the healthy ranges of a folio that holds "
			     "poison",
			     HWP_STRONG);
	if (!is_blank(p) || p->page.mapping || p->page.index ||
	    !hwp_is_list_poison1(p->page.word_1) || may_be_first(f, p, extent))
		return unproved;
	proof.was_handed_out = hwp_hands_out_no_poison(f) ? HWP_ANSWER_NO : HWP_ANSWER_UNKNOWN;
	return proof;
}

/** Did the kernel free another page of the folio with its poison? */
static bool has_leaked_page(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	for (size_t i = 0; i < folio->nr_poisoned; i++) {
		if (hwp_state_class(f->poisoned.data[folio->first_poisoned + i].state) ==
		    HWP_CLASS_LEAKED)
			return true;
	}
	return false;
}

/** On a kernel that frees only healthy ranges, or page by page. */
static struct proof withheld_by_kernel(const struct hwp_findings *f, const struct hwp_poisoned *p,
				       const struct hwp_folio *extent)
{
	struct proof proof = unproved;

	if (!extent || extent->kind != HWP_EXTENT_FREED ||
	    hwp_state_class(p->state) != HWP_CLASS_CONTAINED)
		return unproved;
	if (hwp_frees_one_by_one(f, extent))
		return never("this kernel frees a page of that size one by one, and withholds "
			     "those that are flagged",
			     HWP_STRONG);
	if (f->kernel.fix == HWP_FIX_PRESENT)
		proof = withheld_by_fix(f, p, extent);
	/* There the fix did not do what it should. */
	return proof.was_free == HWP_ANSWER_NO && has_leaked_page(f, extent) ? unproved : proof;
}

static struct proof prove(const struct past *past, const struct hwp_poisoned *p,
			  const struct hwp_folio *extent, const struct hwp_event *later)
{
	const struct hwp_findings *f = past->f;
	struct hwp_reuse reuse;
	struct proof proof;

	if (p->state == HWP_STATE_REUSED) {
		reuse = hwp_reuse_proof(f, p);
		return used(reuse.proof, reuse.confidence);
	}
	if (p->state == HWP_STATE_DROPPED)
		return dropped(f, p);
	if (hwp_state_class(p->state) == HWP_CLASS_LEAKED)
		return free_now(f, p);
	/* What the log says of it may be of the time before it was unmarked, and marked again. */
	if (!p->was_read || hwp_has_event(past->index, p->pfn, HWP_EVENT_UNPOISON))
		return unproved;
	proof = never_freed(past, p);
	if (!proof.words)
		proof = later_user(past, p, extent, later);
	if (!proof.words)
		proof = seen_before(f, p);
	if (!proof.words)
		proof = withheld(past, p);
	return proof.words ? proof : withheld_by_kernel(f, p, extent);
}

static void judge_pages(struct past *past)
{
	for (size_t i = 0; i < past->f->poisoned.nr; i++) {
		struct hwp_poisoned *p = &past->f->poisoned.data[i];
		const struct hwp_folio *extent = hwp_findings_folio_at(past->f, p->pfn);
		const struct hwp_event *later = later_process(past, p, extent);
		struct proof proof = prove(past, p, extent, later);

		p->later_event = later && proof.was_handed_out == HWP_ANSWER_YES ?
					 later - past->f->events.data :
					 -1;
		p->was_free = proof.was_free;
		p->was_handed_out = proof.was_handed_out;
		p->past_proof = proof.words;
		p->past_confidence = proof.confidence;
	}
}

/** The extent that the log alone gives a page of a THP; false where there is a folio. */
static bool extent_by_log(const struct hwp_findings *f, const struct hwp_poisoned *p,
			  struct hwp_folio *ret)
{
	*ret = (struct hwp_folio){
		.head_pfn = hwp_align_down(p->pfn, f->pmd_order),
		.order = (int)f->pmd_order,
		.max_order = (int)f->pmd_order,
		.order_is_guess = true,
		.kind = HWP_EXTENT_FREED,
		.source = HWP_SOURCE_EVENT,
	};
	ret->first_poisoned = hwp_findings_poisoned_index(f, ret->head_pfn);
	ret->nr_poisoned = hwp_findings_poisoned_index(f, hwp_folio_end(ret)) - ret->first_poisoned;
	for (size_t i = 0; i < ret->nr_poisoned; i++) {
		enum hwp_folio_kind kind = f->poisoned.data[ret->first_poisoned + i].folio.kind;

		if (kind != HWP_FOLIO_NONE && kind != HWP_FOLIO_DEVICE)
			return false;
	}
	return true;
}

/** Was a THP that held the page freed whole? That the user names an extent changes nothing. */
static bool was_freed_whole(const struct past *past, const struct hwp_poisoned *p)
{
	const struct hwp_findings *f = past->f;
	const struct hwp_folio *extent = hwp_findings_folio_at(f, p->pfn);
	struct hwp_folio by_log;

	if (p->event < 0 || hwp_held_then(&f->events.data[p->event]) != HWP_HELD_THP || !extent ||
	    extent->kind != HWP_EXTENT_FREED)
		return false;
	if (extent->source != HWP_SOURCE_RANGE)
		return p->was_free == HWP_ANSWER_YES;
	return extent_by_log(f, p, &by_log) &&
	       prove(past, p, &by_log, later_process(past, p, &by_log)).was_free == HWP_ANSWER_YES;
}

/**
 * What this kernel did says more than its symbols do: where a THP that held poison was
 * freed whole, the fix is not there. A HugeTLB page proves nothing of it, as it has the flag
 * only if the fix sees to it.
 */
static bool learn_of_fix(const struct past *past)
{
	struct hwp_kernel_facts *k = &past->f->kernel;

	if (k->fix != HWP_FIX_UNKNOWN)
		return false;
	for (size_t i = 0; i < past->f->poisoned.nr; i++) {
		if (!was_freed_whole(past, &past->f->poisoned.data[i]))
			continue;
		k->fix = HWP_FIX_ABSENT;
		k->fix_is_inferred = true;
		snprintf(k->fix_evidence, sizeof(k->fix_evidence),
			 "a THP that held poison was freed whole");
		return true;
	}
	return false;
}

/** What is true of one of its pages is true of the folio; and "no" only if it is of all. */
static enum hwp_answer join(enum hwp_answer a, enum hwp_answer b)
{
	if (a == HWP_ANSWER_YES || b == HWP_ANSWER_YES)
		return HWP_ANSWER_YES;
	return a == HWP_ANSWER_NO && b == HWP_ANSWER_NO ? HWP_ANSWER_NO : HWP_ANSWER_UNKNOWN;
}

static void judge_folios(struct hwp_findings *f)
{
	for (size_t i = 0; i < f->folios.nr; i++) {
		struct hwp_folio *folio = &f->folios.data[i];

		folio->was_free = folio->was_handed_out = HWP_ANSWER_UNKNOWN;
		for (size_t j = 0; j < folio->nr_poisoned; j++) {
			const struct hwp_poisoned *p = &f->poisoned.data[folio->first_poisoned + j];

			folio->was_free = j ? join(folio->was_free, p->was_free) : p->was_free;
			folio->was_handed_out = j ? join(folio->was_handed_out, p->was_handed_out) :
						    p->was_handed_out;
		}
	}
}

static void summarise(struct hwp_findings *f)
{
	struct hwp_summary *s = &f->summary;

	s->nr_leaked_before = s->nr_past_unknown = 0;
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];
		enum hwp_class class = hwp_state_class(p->state);

		if (class == HWP_CLASS_LEAKED || class == HWP_CLASS_LOST)
			continue;
		s->nr_leaked_before += p->was_free == HWP_ANSWER_YES;
		s->nr_past_unknown += p->was_free == HWP_ANSWER_UNKNOWN &&
				      class != HWP_CLASS_UNKNOWN && class != HWP_CLASS_KERNEL;
	}
}

void hwp_past_judge(struct hwp_findings *f, const struct hwp_event_index *index)
{
	struct past past = { .f = f, .index = index };

	judge_pages(&past);
	if (learn_of_fix(&past))
		judge_pages(&past);
	judge_folios(f);
	summarise(f);
}
