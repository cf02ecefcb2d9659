// SPDX-License-Identifier: GPL-2.0-or-later
/** What a page is, in words, and what becomes of a folio when this kernel frees it. */
#include "findings_synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "report/folio.h"
#include "report/report.h"
#include "report/text.h"

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
		/* Sections of ZONE_DEVICE are never online. */
		f->subject.page.zone_is_device = true;
		assert_string_equal(hwp_subject_place(f, buf, sizeof(buf)), "memory of a device");
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
		{ { .kind = HWP_FOLIO_DEVICE, .head_pfn = 0x200, .order = 2 },
		  {},
		  "page 3 of a folio of a device" },
		{ {},
		  { .container = HWP_PCP_LIST,
		    .head_pfn = 0x202,
		    .order = 1,
		    .migratetype = -1,
		    .cpu = 5 },
		  "free, in the block at 0x202, order 1, on the per-CPU list of CPU 5" },
		{ {},
		  { .container = HWP_FREE_AREA,
		    .head_pfn = 0x200,
		    .order = 9,
		    .migratetype = 1,
		    .cpu = -1 },
		  "free, in the block at 0x200, order 9 Movable (free_area)" },
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

/** A folio of 2^order pages at 0x40000, its page 5 bad; what becomes of it when it is freed. */
static char *fate_of(struct hwp_findings *f, enum hwp_folio_kind kind, int order)
{
	const struct hwp_report_style style = {};
	struct hwp_folio folio = {
		.head_pfn = 0x40000,
		.order = order,
		.max_order = order,
		.kind = kind == HWP_FOLIO_HUGETLB ? HWP_EXTENT_HUGETLB : HWP_EXTENT_LARGE,
		.nr_poisoned = 1,
		.nr_expected = (size_t)order,
		.nr_healthy = (UINT64_C(1) << order) - 1,
	};
	struct hwp_text text;
	size_t size;
	char *s, *to;
	FILE *out = open_memstream(&s, &size);

	f->poisoned.data[0].folio.kind = kind;
	f->poisoned.data[0].folio.head_pfn = 0x40000;
	f->poisoned.data[0].folio.order = order;
	hwp_text_init(&text, out, &style);
	hwp_text_fate(&text, f, &folio);
	assert_null(hwp_text_finish(&text));
	fclose(out);
	to = s;
	for (const char *from = s; *from; from++) {
		bool is_space = *from == ' ' || *from == '\n';

		if (!is_space || (to > s && to[-1] != ' '))
			*to++ = is_space ? ' ' : *from;
	}
	*to = '\0';
	return s;
}

#define WHOLE                                                                                    \
	"this kernel frees it whole, as 1 block of order 9: the bad pages go to the free lists " \
	"with 1.99 MiB of healthy ones. "
#define FIXED                                                                               \
	"Fixed a kernel with free_has_hwpoisoned() frees 9 blocks with 511 healthy pages, " \
	"1.99 MiB, and withholds 1 bad one, 4 KiB "

/** By the fix, and by what the allocator's check makes of a block that holds a bad page. */
static void fates_of_a_thp(void **state)
{
	static const struct {
		enum hwp_fix fix;
		enum hwp_switch check_pages;
		bool is_switch, lost_flag;
		const char *fate;
	} rows[] = {
		{ HWP_FIX_PRESENT, HWP_ON, true, false, "Freed this kernel has the fix " FIXED },
		{ HWP_FIX_ABSENT, HWP_ON, true, false,
		  "Freed " WHOLE
		  "Its page check (check_pages) then drops each block that holds one "
		  "when it is next allocated: healthy pages are lost with it. Compaction "
		  "does not check. " FIXED },
		{ HWP_FIX_ABSENT, HWP_ON, false, false,
		  "Freed " WHOLE
		  "It checks pages that leave a zone's free lists, and drops a block "
		  "that holds one; from a per-CPU list they may be handed out again. " FIXED },
		{ HWP_FIX_ABSENT, HWP_OFF, true, false,
		  "Freed " WHOLE "They are handed out again: this kernel does not check pages "
		  "(check_pages). " FIXED },
		{ HWP_FIX_ABSENT, HWP_SWITCH_UNKNOWN, true, false,
		  "Freed " WHOLE "They are handed out again, or dropped with their blocks if the "
		  "kernel checks pages. " FIXED },
		{ HWP_FIX_UNKNOWN, HWP_OFF, true, false,
		  "Freed unless it has the fix, which is unknown, " WHOLE
		  "They are handed out again: this kernel does not check pages (check_pages). " FIXED },
		{ HWP_FIX_PRESENT, HWP_OFF, true, true,
		  "Freed " WHOLE "They are handed out again: this kernel does not check pages "
		  "(check_pages). Fixed a kernel with free_has_hwpoisoned() frees it whole as "
		  "well: PG_has_hwpoisoned is not set on it " },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = clean_findings();
		struct hwp_poisoned *p = add_poisoned(f, isolated_page(0x40005));
		_cleanup_free_ char *text = NULL;

		f->kernel.fix = rows[i].fix;
		f->kernel.check_pages = rows[i].check_pages;
		f->kernel.check_pages_is_switch = rows[i].is_switch;
		p->folio.can_have_hwpoisoned = true;
		p->folio.has_hwpoisoned = !rows[i].lost_flag;
		text = fate_of(f, HWP_FOLIO_LARGE, 9);
		assert_string_equal(text, rows[i].fate);
	}
}

/** A gigantic HugeTLB page goes back in blocks, or page by page; one without a record never. */
static void fates_of_hugetlb(void **state)
{
	static const struct {
		bool whole, unreliable;
		enum hwp_fix fix;
		const char *begin;
	} rows[] = {
		{ true, false, HWP_FIX_ABSENT,
		  "Freed this kernel frees it whole, as 256 blocks of order 10: " },
		{ false, false, HWP_FIX_ABSENT,
		  "Freed this kernel frees its pages one by one, and withholds those that are "
		  "flagged " },
		{ true, false, HWP_FIX_PRESENT, "Freed this kernel has the fix " },
		{ true, true, HWP_FIX_PRESENT,
		  "Freed never: without a reliable record of its bad pages the kernel keeps all "
		  "1024.00 MiB out of use, with or without the fix " },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = clean_findings();
		struct hwp_poisoned *p = add_poisoned(f, isolated_page(0x40005));
		_cleanup_free_ char *text = NULL;

		f->kernel.fix = rows[i].fix;
		f->kernel.frees_gigantic_whole = rows[i].whole;
		p->folio.raw_unreliable = rows[i].unreliable;
		text = fate_of(f, HWP_FOLIO_HUGETLB, 18);
		assert_memory_equal(text, rows[i].begin, strlen(rows[i].begin));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(places),
		cmocka_unit_test(places_in_folios_and_blocks),
		cmocka_unit_test(fates_of_a_thp),
		cmocka_unit_test(fates_of_hugetlb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
