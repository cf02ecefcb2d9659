// SPDX-License-Identifier: GPL-2.0-or-later
/** The sweep: what is flagged, what was not there, the same for any number of threads. */
#include "machine.h"

#include <cmocka.h>

#include "facts/pages/scan.h"

#define ZERO_LINE 64

struct swept {
	hwp_pfn_vec flagged;
	struct hwp_findings findings;
	uint64_t nr_progress;
};

static void progress(void *arg, uint64_t done, uint64_t total)
{
	struct swept *s = arg;

	assert_true(done <= total);
	s->nr_progress++;
}

static void sweep(struct machine *m, unsigned int nr_threads, struct swept *ret)
{
	struct hwp_scan_options options = { .nr_threads = nr_threads,
					    .progress = progress,
					    .progress_arg = ret };

	memset(ret, 0, sizeof(*ret));
	assert_null(hwp_scan(m->target, &m->memmap, &options, &ret->flagged, &ret->findings));
	/* Only the calling thread reports, and the others may do all the work. */
	assert_true(nr_threads != 1 || ret->nr_progress > 0);
	assert_int_equal(ret->findings.coverage.nr_pages, MACHINE_PAGES);
}

/* The pages behind the first of a free block are nobody's. */
static void followers(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct swept s;

	(void)state;
	machine_free(m, 0x1400, 10, 1);
	machine_free(m, 0x2000, 3, 1);
	/* References, a tail, and two that are behind the blocks. */
	synth_put(machine_page(m, 0x2003), 52, 1, 4);
	synth_put(machine_page(m, 0x17ff), 8, 1, 8);
	synth_put(machine_page(m, 0x1800), 52, 7, 4);
	synth_put(machine_page(m, 0x2008), 8, 1, 8);
	machine_open(m);
	for (unsigned int threads = 1; threads <= 4; threads++) {
		sweep(m, threads, &s);
		assert_int_equal(s.findings.nr_followers_in_use, 2);
		assert_int_equal(s.findings.first_follower_in_use, 0x17ff);
		hwp_vec_deinit(&s.flagged);
	}
	machine_destroy(m);
}

static void everything(void **state)
{
	struct machine *m = machine_create(kernel_73);
	static const uint64_t pfns[] = { 0x1000, 0x1001, 0x1fff, 0x2000, 0x2fff };

	(void)state;
	machine_free(m, 0x1400, 10, 1);
	machine_free(m, 0x2000, 3, 1);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(pfns); i++)
		machine_poison(m, pfns[i]);
	machine_open(m);
	for (unsigned int threads = 0; threads <= 100; threads += 1 + threads * 3) {
		struct swept s;

		sweep(m, threads, &s);
		assert_int_equal(s.flagged.nr, HWP_ARRAY_SIZE(pfns));
		for (size_t i = 0; i < HWP_ARRAY_SIZE(pfns); i++)
			assert_int_equal(s.flagged.data[i], pfns[i]);
		assert_int_equal(s.findings.coverage.nr_read, MACHINE_PAGES);
		assert_int_equal(s.findings.nr_buddy_pages_in_memmap, 1024 + 8);
		hwp_vec_deinit(&s.flagged);
	}
	machine_destroy(m);
}

/* Excluded, unreadable and zero-filled pages are three things, and none is healthy. */
static void holes(void **state)
{
	struct machine *m = machine_create(kernel_73);
	const size_t line = 4096 / KERNEL_PAGE_SIZE;
	/* Pages of the memmap: zeros, left out, not mapped. */
	static const uint64_t first[] = { 2, 6, 7 };

	(void)state;
	machine_poison(m, 0x1000);
	machine_poison(m, 0x2fff);
	memset(m->map[2 * line], 0, ZERO_LINE * KERNEL_PAGE_SIZE);
	memset(m->map[5 * line], 0xff, KERNEL_PAGE_SIZE);
	/* [0, 6) lines there, line 6 excluded, line 7 unmapped, the rest there. */
	m->synth.segments[0].size = 6 * 4096;
	synth_exclude(&m->synth, MACHINE_MAP + 6 * 4096, 4096);
	synth_add(&m->synth, MACHINE_MAP + 8 * 4096, m->map[8 * line], sizeof(m->map) - 8 * 4096);
	machine_open(m);
	for (unsigned int threads = 1; threads <= 2; threads++) {
		struct swept s;
		struct hwp_coverage *c = &s.findings.coverage;

		sweep(m, threads, &s);
		assert_int_equal(s.flagged.nr, 2);
		assert_int_equal(c->nr_zero, ZERO_LINE);
		assert_int_equal(c->nr_excluded, line + ZERO_LINE);
		assert_int_equal(c->nr_faulted, line);
		assert_int_equal(c->nr_uninitialised, 1);
		assert_int_equal(c->nr_read + c->nr_excluded + c->nr_faulted, c->nr_pages);
		assert_int_equal(s.findings.memmap_holes.nr, HWP_ARRAY_SIZE(first));
		for (size_t i = 0; i < HWP_ARRAY_SIZE(first); i++) {
			const struct hwp_memmap_hole *hole = &s.findings.memmap_holes.data[i];

			assert_int_equal(hole->start_pfn, MACHINE_START + first[i] * line);
			assert_int_equal(hole->end_pfn, hole->start_pfn + line);
			assert_int_equal(hole->address, MACHINE_MAP + first[i] * 4096);
		}
		hwp_vec_deinit(&s.findings.memmap_holes);
		hwp_vec_deinit(&s.flagged);
	}
	machine_destroy(m);
}

/* Struct pages of other sizes straddle pages of memory. */
static void odd_sizes(void **state)
{
	static const uint32_t sizes[] = { 56, 72, 80, 96, 128 };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(sizes); i++) {
		struct machine *m = machine_create(kernel_73);
		uint64_t nr = 4000;
		/* Memory comes in whole pages. */
		size_t bytes = (nr * sizes[i] + 4095) & ~(size_t)4095;
		char *map = calloc(1, bytes);
		struct swept s;

		for (uint64_t n = 0; n < nr; n++) {
			struct words w = { .flags = MACHINE_FLAGS,
					   .type = 0xffffffff,
					   .refcount = 1 };
			char page[KERNEL_PAGE_SIZE];

			w.flags |= n % 100 == 99 ? UINT64_C(1) << 21 : 0;
			put_words(page, &w);
			memcpy(map + n * sizes[i], page, 56);
		}
		m->layout.page.size = sizes[i];
		m->synth.segments[0] = (struct synth_segment){
			MACHINE_VMEMMAP + MACHINE_START * sizes[i], map, bytes, false
		};
		machine_open(m);
		m->memmap.ranges.data[0].end_pfn = MACHINE_START + nr;
		m->memmap.nr_pages = nr;
		memset(&s, 0, sizeof(s));
		assert_null(hwp_scan(m->target, &m->memmap,
				     &(struct hwp_scan_options){ .nr_threads = 2 }, &s.flagged,
				     &s.findings));
		assert_int_equal(s.flagged.nr, nr / 100);
		for (size_t n = 0; n < s.flagged.nr; n++) {
			const void *page;

			assert_int_equal(s.flagged.data[n], MACHINE_START + 99 + 100 * n);
			assert_null(hwp_page_read(m->reader, s.flagged.data[n], &page));
			assert_true(hwp_page_flags(&m->layout, page) >> 21 & 1);
		}
		assert_int_equal(s.findings.coverage.nr_read, nr);
		hwp_vec_deinit(&s.flagged);
		machine_destroy(m);
		free(map);
	}
}

/* Offline sections are looked at, but are no part of what must be covered. */
static void offline(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct swept s;

	(void)state;
	machine_poison(m, 0x1234);
	machine_open(m);
	m->memmap.ranges.data[0].online = false;
	m->memmap.nr_pages = 0;
	memset(&s, 0, sizeof(s));
	assert_null(hwp_scan(m->target, &m->memmap, &(struct hwp_scan_options){ .nr_threads = 1 },
			     &s.flagged, &s.findings));
	assert_int_equal(s.flagged.nr, 1);
	assert_int_equal(s.findings.coverage.nr_read, 0);
	hwp_vec_deinit(&s.flagged);
	machine_destroy(m);
}

/* Nor is what of them is not there. */
static void offline_holes(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct swept s = {};
	const struct hwp_coverage none = {};

	(void)state;
	memset(m->map[0], 0, ZERO_LINE * KERNEL_PAGE_SIZE);
	memset(m->map[ZERO_LINE], 0xff, KERNEL_PAGE_SIZE);
	machine_free(m, 0x1080, 3, 1);
	m->synth.segments[0].size = 6 * 4096;
	synth_exclude(&m->synth, MACHINE_MAP + 6 * 4096, 4096);
	machine_open(m);
	m->memmap.ranges.data[0].online = false;
	m->memmap.nr_pages = 0;
	assert_null(hwp_scan(m->target, &m->memmap, &(struct hwp_scan_options){ .nr_threads = 1 },
			     &s.flagged, &s.findings));
	assert_memory_equal(&s.findings.coverage, &none, sizeof(none));
	assert_int_equal(s.findings.nr_buddy_pages_in_memmap, 0);
	hwp_vec_deinit(&s.flagged);
	machine_destroy(m);
}

/** What is to be interrupted, and how often it went on. */
struct interrupted {
	volatile sig_atomic_t is_set;
	unsigned int nr_progress;
};

static void interrupt(void *arg, uint64_t done, uint64_t total)
{
	struct interrupted *interrupted = arg;

	assert_true(done <= total);
	interrupted->is_set = 1;
	interrupted->nr_progress++;
}

/** Ranges are swept one after the other, and none after an interrupt. */
static void stops(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct interrupted interrupted = {};
	const struct hwp_scan_options options = { .nr_threads = 1,
						  .progress = interrupt,
						  .progress_arg = &interrupted };
	struct hwp_pfn_range range;
	struct swept s = {};

	(void)state;
	m->synth.interrupted = &interrupted.is_set;
	machine_open(m);
	range = m->memmap.ranges.data[0];
	m->memmap.ranges.nr = 0;
	for (; range.start_pfn < MACHINE_START + MACHINE_PAGES; range.start_pfn = range.end_pfn) {
		range.end_pfn = range.start_pfn + 0x800;
		assert_true(hwp_vec_push(&m->memmap.ranges, range));
	}
	hwp_error_destroy(hwp_scan(m->target, &m->memmap, &options, &s.flagged, &s.findings));
	assert_int_equal(interrupted.nr_progress, 2);
	hwp_vec_deinit(&s.flagged);
	machine_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything), cmocka_unit_test(followers),
		cmocka_unit_test(holes),      cmocka_unit_test(odd_sizes),
		cmocka_unit_test(offline),    cmocka_unit_test(offline_holes),
		cmocka_unit_test(stops),
	};

	return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
