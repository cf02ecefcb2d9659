// SPDX-License-Identifier: GPL-2.0-or-later
/** What a page is, in words, and what becomes of a folio when this kernel frees it. */
#include "findings_synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "report/folio.h"
#include "report/report.h"

/** An anonymous mapping word, as a page of a process has it. */
#define ANON UINT64_C(0xff11000101110ea1)

static void places(void **state)
{
	static const struct {
		struct hwp_page_words page;
		uint32_t bits;
		const char *place;
	} cases[] = {
		{ { .type = HWP_TYPE_TABLE, .refcount = 1 }, 0, "a page table" },
		{ { .type = HWP_TYPE_OFFLINE }, 0, "offline: given back to a hypervisor" },
		{ { .type = HWP_TYPE_SLAB, .refcount = 1 }, 0, "of a slab, order 0" },
		{ { .type = HWP_TYPE_NONE, .refcount = 1 }, HWP_BIT_RESERVED, "reserved" },
		{ { .type = HWP_TYPE_NONE },
		  0,
		  "on no free list, refcount 0: a tail of an allocation, or "
		  "withheld" },
		{ { .type = HWP_TYPE_NONE, .refcount = 1, .mapping = ANON },
		  HWP_BIT_LRU | HWP_BIT_SWAPBACKED,
		  "anonymous, order 0" },
		{ { .type = HWP_TYPE_NONE, .refcount = 2, .mapping = 0xff11000101110ea0 },
		  HWP_BIT_LRU | HWP_BIT_UPTODATE,
		  "in the page cache, order 0" },
		{ { .type = HWP_TYPE_NONE, .refcount = 1 },
		  0,
		  "allocated, by the kernel or by a user that left no mark" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = clean_findings();
		char buf[200];

		f->subject.page = isolated_page(0x100);
		f->subject.page.page = cases[i].page;
		f->subject.page.bits = cases[i].bits;
		assert_string_equal(hwp_subject_place(f, buf, sizeof(buf)), cases[i].place);
		f->subject.page.section_offline = true;
		assert_string_equal(hwp_subject_place(f, buf, sizeof(buf)),
				    "its memory section is offline");
		f->subject.page.was_read = false;
		assert_string_equal(hwp_subject_place(f, buf, sizeof(buf)),
				    "its struct page could not be read");
	}
}

static void places_in_folios_and_blocks(void **state)
{
	static const struct {
		struct hwp_folio_facts folio;
		struct hwp_block block;
		const char *place;
	} cases[] = {
		{ { .kind = HWP_FOLIO_HUGETLB, .head_pfn = 0x200, .order = 9 },
		  {},
		  "page 3 of a HugeTLB folio" },
		{ { .kind = HWP_FOLIO_LARGE, .head_pfn = 0x200, .order = 9 },
		  {},
		  "page 3 of a THP" },
		{ { .kind = HWP_FOLIO_LARGE, .head_pfn = 0x200, .order = 4 },
		  {},
		  "page 3 of a large folio" },
		{ { .kind = HWP_FOLIO_SLAB, .head_pfn = 0x202, .order = 1 },
		  {},
		  "page 1 of a slab" },
		{ { .kind = HWP_FOLIO_KERNEL, .head_pfn = 0x200, .order = 2 },
		  {},
		  "page 3 of a compound page of the kernel" },
		{ {},
		  { .container = HWP_PCP_LIST,
		    .head_pfn = 0x202,
		    .order = 1,
		    .migratetype = 1,
		    .cpu = 5 },
		  "free, in the block at 0x202, order 1 Movable, on the per-CPU list of CPU 5" },
		{ {},
		  { .container = HWP_FREE_AREA,
		    .head_pfn = 0x200,
		    .order = 9,
		    .migratetype = -1,
		    .cpu = -1 },
		  "free, in the block at 0x200, order 9 (free_area)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = clean_findings();
		char buf[200];

		f->pmd_order = 9;
		f->subject.page = isolated_page(0x203);
		f->subject.page.folio = cases[i].folio;
		f->subject.page.by_list = cases[i].block;
		assert_string_equal(hwp_subject_place(f, buf, sizeof(buf)), cases[i].place);
		/* The memmap's answer counts where the lists have none. */
		f->subject.page.by_page = cases[i].block;
		f->subject.page.by_list = (struct hwp_block){ .order = -1 };
		assert_string_equal(hwp_subject_place(f, buf, sizeof(buf)), cases[i].place);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(places),
		cmocka_unit_test(places_in_folios_and_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
