// SPDX-License-Identifier: GPL-2.0-or-later
/** What happens to a folio with poison when it is freed. */
#include "report/folio.h"

#include <inttypes.h>

#include "layout/page.h"
#include "report/common.h"
#include "verdict/past.h"

const char *hwp_format_size(const struct hwp_findings *f, uint64_t nr_pages, char *buf, size_t size)
{
	uint64_t kib = nr_pages << f->page_shift >> 10;

	if (kib < 1024)
		snprintf(buf, size, "%" PRIu64 " KiB", kib);
	else
		snprintf(buf, size, "%" PRIu64 ".%02" PRIu64 " MiB", kib / 1024,
			 kib % 1024 * 100 / 1024);
	return buf;
}

static void place_free(const struct hwp_findings *f, const struct hwp_block *b, char *buf,
		       size_t size)
{
	const char *migratetype = hwp_findings_migratetype(f, b->migratetype);

	if (b->container == HWP_PCP_LIST)
		snprintf(buf, size,
			 "free, in the block at 0x%" PRIx64 ", order %d%s%s, on the "
			 "per-CPU list of CPU %d",
			 b->head_pfn, b->order, migratetype ? " " : "",
			 migratetype ? migratetype : "", b->cpu);
	else
		snprintf(buf, size, "free, in the block at 0x%" PRIx64 ", order %d%s%s (%s)",
			 b->head_pfn, b->order, migratetype ? " " : "",
			 migratetype ? migratetype : "", hwp_container_name(b->container));
}

static const char *kind_of_folio(const struct hwp_findings *f, const struct hwp_folio_facts *folio)
{
	switch (folio->kind) {
	case HWP_FOLIO_HUGETLB:
		return "of a HugeTLB folio";
	case HWP_FOLIO_SLAB:
		return "of a slab";
	case HWP_FOLIO_LARGE:
		return folio->order == (int)f->pmd_order ? "of a THP" : "of a large folio";
	case HWP_FOLIO_DEVICE:
		return "of a folio of a device";
	case HWP_FOLIO_KERNEL:
	case HWP_FOLIO_NONE:
		break;
	}
	return "of a compound page of the kernel";
}

/** For a page whose own marks show what it is, whatever its reference count; else NULL. */
static const char *marked_place(enum hwp_page_kind kind)
{
	switch (kind) {
	case HWP_PAGE_TABLE:
		return "a page table";
	case HWP_PAGE_OFFLINE:
		return "offline: given back to a hypervisor";
	case HWP_PAGE_SLAB:
		return "of a slab, order 0";
	case HWP_PAGE_RESERVED:
		return "reserved";
	case HWP_PAGE_BUDDY:
	case HWP_PAGE_GUARD:
	case HWP_PAGE_HUGETLB:
	case HWP_PAGE_ZSMALLOC:
	case HWP_PAGE_UNACCEPTED:
	case HWP_PAGE_LARGE_KMALLOC:
	case HWP_PAGE_TAKEN_OFF:
	case HWP_PAGE_ANON:
	case HWP_PAGE_ANON_LEFT:
	case HWP_PAGE_FILE:
	case HWP_PAGE_FILE_UNMARKED:
	case HWP_PAGE_USER:
	case HWP_PAGE_MOVABLE:
	case HWP_PAGE_USER_LEFT:
	case HWP_PAGE_UNMARKED:
		break;
	}
	return NULL;
}

static const char *kind_of_page(const struct hwp_poisoned *p)
{
	enum hwp_page_kind kind = hwp_page_kind(&p->page, p->bits);
	const char *marked = marked_place(kind);

	if (marked)
		return marked;
	if (p->page.refcount == 0)
		return "on no free list, refcount 0: a tail of an allocation, or withheld";
	if (kind == HWP_PAGE_ANON || kind == HWP_PAGE_ANON_LEFT)
		return "anonymous, order 0";
	if (kind == HWP_PAGE_FILE || kind == HWP_PAGE_FILE_UNMARKED)
		return "in the page cache, order 0";
	return "allocated, by the kernel or by a user that left no mark";
}

const char *hwp_subject_place(const struct hwp_findings *f, char *buf, size_t size)
{
	const struct hwp_poisoned *p = &f->subject.page;
	const struct hwp_block *b = p->by_list.container != HWP_NOT_FREE ? &p->by_list :
									   &p->by_page;

	if (!p->was_read)
		snprintf(buf, size, "its struct page could not be read");
	else if (p->zone_is_device && p->folio.kind == HWP_FOLIO_NONE)
		snprintf(buf, size, "memory of a device");
	else if (p->section_offline && !p->zone_is_device)
		snprintf(buf, size, "its memory section is offline");
	else if (p->folio.kind != HWP_FOLIO_NONE)
		snprintf(buf, size, "page %" PRIu64 " %s", p->pfn - p->folio.head_pfn,
			 kind_of_folio(f, &p->folio));
	else if (b->container != HWP_NOT_FREE)
		place_free(f, b, buf, size);
	else if (hwp_findings_was_refused(f, p->pfn))
		snprintf(buf, size,
			 "on no free list, and nobody's: the allocator refused its folio when it "
			 "was to be freed");
	else
		snprintf(buf, size, "%s", kind_of_page(p));
	return buf;
}

/** The healthy pages of blocks that go back with bad ones in them. */
static void put_leak(struct hwp_text *text, const struct hwp_findings *f,
		     const struct hwp_folio *folio, const char *condition)
{
	int order = folio->order < (int)f->max_order ? folio->order : (int)f->max_order;
	uint64_t nr_blocks = UINT64_C(1) << (folio->order - order);
	enum hwp_switch check = f->kernel.check_pages;
	char healthy[32];

	hwp_format_size(f, folio->nr_healthy, healthy, sizeof(healthy));
	hwp_text_field(text, "Freed",
		       "%sthis kernel frees it whole, as %" PRIu64 " block%s of "
		       "order %d: the bad pages go to the free lists with %s of healthy ones. %s",
		       condition, nr_blocks, hwp_plural(nr_blocks), order, healthy,
		       check == HWP_ON && !f->kernel.check_pages_is_switch ?
			       "It checks pages that leave a zone's free lists, and drops a "
			       "block that holds one; from a per-CPU list they may be handed "
			       "out again." :
		       check == HWP_ON ?
			       "Its page check (check_pages) then drops each block that "
			       "holds one when it is next allocated: healthy pages are lost "
			       "with it. Compaction does not check." :
		       check == HWP_SWITCH_UNKNOWN ?
			       "They are handed out again, or dropped with their blocks if "
			       "the kernel checks pages." :
			       "They are handed out again: this kernel does not check "
			       "pages (check_pages).");
}

static void put_fixed(struct hwp_text *text, const struct hwp_findings *f,
		      const struct hwp_folio *folio, const char *frees, const char *withholds)
{
	char kept[32], withheld[32];

	hwp_text_field(text, "Fixed",
		       "a kernel with free_has_hwpoisoned() %s %zu block%s with %" PRIu64
		       " healthy page%s, %s, and %s %zu bad one%s, %s",
		       frees, folio->nr_expected, hwp_plural(folio->nr_expected), folio->nr_healthy,
		       hwp_plural(folio->nr_healthy),
		       hwp_format_size(f, folio->nr_healthy, kept, sizeof(kept)), withholds,
		       folio->nr_poisoned, hwp_plural(folio->nr_poisoned),
		       hwp_format_size(f, folio->nr_poisoned, withheld, sizeof(withheld)));
}

static void put_freed(struct hwp_text *text, const struct hwp_findings *f,
		      const struct hwp_folio *folio)
{
	char size[32];

	if (folio->nr_healthy_lost)
		hwp_text_field(text, "Lost",
			       "%" PRIu64 " healthy page%s, %s, on no list and in no use",
			       folio->nr_healthy_lost, hwp_plural(folio->nr_healthy_lost),
			       hwp_format_size(f, folio->nr_healthy_lost, size, sizeof(size)));
	hwp_text_field(text, "Freed", "%s", hwp_outcomes.words[folio->outcome].meaning);
	put_fixed(text, f, folio, "would have freed", "withheld");
}

void hwp_text_fate(struct hwp_text *text, const struct hwp_findings *f,
		   const struct hwp_folio *folio)
{
	const struct hwp_folio_facts *facts = hwp_report_folio_facts(f, folio);
	bool unseen = facts && (facts->kind == HWP_FOLIO_SLAB || facts->kind == HWP_FOLIO_KERNEL ||
				(facts->kind == HWP_FOLIO_LARGE && facts->can_have_hwpoisoned &&
				 !facts->has_hwpoisoned));
	bool is_fixed = f->kernel.fix == HWP_FIX_PRESENT && !unseen;
	char size[32];

	if (folio->kind == HWP_EXTENT_FREED) {
		put_freed(text, f, folio);
		return;
	}
	if (facts && facts->kind == HWP_FOLIO_HUGETLB && facts->raw_unreliable) {
		hwp_text_field(text, "Freed",
			       "never: without a reliable record of its bad pages the kernel "
			       "keeps all %s out of use, with or without the fix",
			       hwp_format_size(f, UINT64_C(1) << folio->order, size, sizeof(size)));
		return;
	}
	if (is_fixed)
		hwp_text_field(text, "Freed", "this kernel has the fix");
	else if (hwp_frees_one_by_one(f, folio))
		hwp_text_field(text, "Freed",
			       "this kernel frees its pages one by one, and "
			       "withholds those that are flagged");
	else
		put_leak(text, f, folio,
			 f->kernel.fix == HWP_FIX_UNKNOWN && !unseen ?
				 "unless it has the fix, which is unknown, " :
				 "");
	if (unseen)
		hwp_text_field(text, "Fixed",
			       "a kernel with free_has_hwpoisoned() frees it whole "
			       "as well: PG_has_hwpoisoned is not set on it");
	else if (!folio->nr_expected && folio->nr_healthy)
		hwp_text_field(text, "Fixed",
			       "no record shows which pages are bad, so its healthy "
			       "ranges are unknown");
	else
		put_fixed(text, f, folio, "frees", "withholds");
}
