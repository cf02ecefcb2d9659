// SPDX-License-Identifier: GPL-2.0-or-later
/** One struct page after the other, through a cache. */
#include "synth.h"

#include <cmocka.h>

#include "memmap/page_reader.h"

#define MAP UINT64_C(0xffd4000000000000)
#define START UINT64_C(0x100)
#define NR_BYTES (128 * 4096)

struct memory {
	struct synth synth;
	struct hwp_layout layout;
	char *bytes;
	struct hwp_memmap memmap;
	struct hwp_target *target;
	struct hwp_page_reader *reader;
};

static struct hwp_error *create(struct memory *m, uint32_t page_size)
{
	const struct hwp_pfn_range range = { START, START + NR_BYTES / page_size,
					     MAP - START * page_size, true };
	*m = (struct memory){ .bytes = calloc(1, NR_BYTES), .layout.page.size = page_size };
	assert_non_null(m->bytes);
	synth_add(&m->synth, MAP, m->bytes, NR_BYTES / 2);
	synth_exclude(&m->synth, MAP + NR_BYTES / 2, 4096);
	synth_add(&m->synth, MAP + NR_BYTES / 2 + 4096, m->bytes + NR_BYTES / 2 + 4096,
		  NR_BYTES / 2 - 4096);
	m->memmap.layout = &m->layout;
	assert_true(hwp_vec_push(&m->memmap.ranges, range));
	m->target = synth_open(&m->synth);
	return hwp_page_reader_create(m->target, &m->memmap, &m->reader);
}

static void destroy(struct memory *m)
{
	hwp_page_reader_destroy(m->reader);
	hwp_target_destroy(m->target);
	hwp_vec_deinit(&m->memmap.ranges);
	free(m->bytes);
}

/** Every pfn has its own number in its first and last word. */
static void number_pages(struct memory *m)
{
	uint32_t size = m->layout.page.size;

	for (size_t i = 0; i < NR_BYTES / size; i++) {
		synth_put(m->bytes, i * size, START + i, 8);
		synth_put(m->bytes, (i + 1) * size - 8, START + i, 8);
	}
}

static void assert_page(struct memory *m, uint64_t pfn)
{
	const char *page = NULL;
	struct hwp_error *err = hwp_page_read(m->reader, pfn, (const void **)&page);

	if (err)
		fail_msg("%s", err->message);
	assert_int_equal(hwp_u64(page), pfn);
	assert_int_equal(hwp_u64(page + m->layout.page.size - 8), pfn);
}

static void assert_none(struct memory *m, uint64_t pfn, enum hwp_error_code code, const char *words)
{
	const void *page;
	struct hwp_error *err = hwp_page_read(m->reader, pfn, &page);

	assert_non_null(err);
	if (err->code != code || !strstr(err->message, words))
		fail_msg("%d: %s", err->code, err->message);
	hwp_error_destroy(err);
}

/** Sizes that divide a page of memory, and one (v5.10 without CONFIG_MEMCG) that does not. */
static void all_pages(void **state)
{
	static const uint32_t sizes[] = { 64, 56, 80, 128, 512 };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(sizes); i++) {
		uint64_t half = NR_BYTES / 2 / sizes[i];
		uint64_t past = (NR_BYTES / 2 + 4096) / sizes[i] + 1;
		struct memory m;

		assert_null(create(&m, sizes[i]));
		number_pages(&m);
		assert_ptr_equal(hwp_page_reader_memmap(m.reader), &m.memmap);
		for (int turn = 0; turn < 2; turn++) {
			for (uint64_t n = 0; n < half; n++)
				assert_page(&m, START + n);
			for (uint64_t n = past; n < NR_BYTES / sizes[i]; n++)
				assert_page(&m, START + n);
		}
		/* Back and forth between what shares a place in the cache. */
		for (uint64_t n = 0; n < half; n++) {
			assert_page(&m, START + n);
			if (past + n < NR_BYTES / sizes[i])
				assert_page(&m, START + past + n);
		}
		assert_none(&m, START - 1, HWP_ERROR_LOOKUP, "pfn 0xff has no struct page");
		assert_none(&m, START + NR_BYTES / sizes[i], HWP_ERROR_LOOKUP, "no struct page");
		destroy(&m);
	}
}

/** What is not there is an error each time, and what shares its place can be read again. */
static void excluded(void **state)
{
	const uint64_t gone = START + NR_BYTES / 2 / 64;
	struct memory m;

	(void)state;
	assert_null(create(&m, 64));
	number_pages(&m);
	assert_page(&m, START);
	assert_none(&m, gone, HWP_ERROR_EXCLUDED, "struct page of pfn 0x1100: ");
	assert_none(&m, gone, HWP_ERROR_EXCLUDED, "struct page of pfn 0x1100: ");
	assert_none(&m, gone + 63, HWP_ERROR_EXCLUDED, "struct page of pfn 0x113f: ");
	assert_page(&m, START);
	assert_page(&m, gone - 1);
	assert_page(&m, gone + 64);
	destroy(&m);
}

/** Read once until it is forgotten. */
static void cached(void **state)
{
	const void *page;
	struct memory m;

	(void)state;
	assert_null(create(&m, 64));
	number_pages(&m);
	assert_page(&m, START + 1);
	synth_put(m.bytes, 64, 0xdead, 8);
	assert_page(&m, START + 1);
	hwp_page_reader_forget(m.reader);
	assert_null(hwp_page_read(m.reader, START + 1, &page));
	assert_int_equal(hwp_u64(page), 0xdead);
	destroy(&m);
}

static void too_large(void **state)
{
	struct memory m;
	struct hwp_error *err = create(&m, 520);

	(void)state;
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_UNSUPPORTED);
	assert_string_equal(err->message, "struct page has 520 bytes");
	hwp_error_destroy(err);
	destroy(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_pages),
		cmocka_unit_test(excluded),
		cmocka_unit_test(cached),
		cmocka_unit_test(too_large),
	};

	return cmocka_run_group_tests_name("page_reader", tests, NULL, NULL);
}
