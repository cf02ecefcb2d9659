// SPDX-License-Identifier: GPL-2.0-or-later
/** Tables of healthy blocks: where a range begins, ends, and how many there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/blocks.h"

/** Each apart from the next, and more than a table shows. */
#define NR_APART 66

static char *table(const struct hwp_healthy_block *blocks, size_t nr)
{
	const struct hwp_report_style style = { .width = 100 };
	struct hwp_text text;
	char *bytes;
	size_t size;
	FILE *out = open_memstream(&bytes, &size);

	assert_non_null(out);
	hwp_text_init(&text, out, &style);
	hwp_text_blocks(&text, blocks, nr);
	assert_null(hwp_text_finish(&text));
	fclose(out);
	return bytes;
}

static void assert_table(const struct hwp_healthy_block *blocks, size_t nr, const char *expected)
{
	char *bytes = table(blocks, nr);

	assert_string_equal(bytes, expected);
	free(bytes);
}

static void ranges_are_counted(void **state)
{
	static const struct hwp_healthy_block blocks[] = {
		{ 0x200, 3 }, { 0x208, 0 }, { 0x20a, 1 }, { 0x20c, 2 }, { 0x300, 0 },
	};
	/* The first nr blocks: up to 0x209 they are one, up to 0x210 two, and the last is a third. */
	static const size_t expected[] = { 0, 1, 1, 2, 2, 3 };

	(void)state;
	for (size_t nr = 0; nr < sizeof(expected) / sizeof(expected[0]); nr++)
		assert_int_equal(hwp_count_ranges(blocks, nr), expected[nr]);
}

/** Two blocks of one order that follow each other share a word, and the heading explains it. */
static void repeats_share_a_word(void **state)
{
	static const struct hwp_healthy_block blocks[] = {
		{ 0x400, 0 }, { 0x402, 1 }, { 0x404, 2 }, { 0x408, 2 }, { 0x40c, 2 }, { 0x410, 4 },
	};

	(void)state;
	assert_table(blocks, 6,
		     "FIRST  END    PAGES  BLOCKS, AS PFN/ORDER (*N: N OF THEM IN A ROW)\n"
		     "0x400  0x401      1  0x400/0\n"
		     "0x402  0x420     30  0x402/1 0x404/2*3 0x410/4\n");
}

/** Neither blocks of one order that lie apart, nor neighbours of two orders, are repeats. */
static void no_repeats(void **state)
{
	static const struct hwp_healthy_block blocks[] = {
		{ 0x400, 1 },
		{ 0x404, 1 },
		{ 0x406, 0 },
	};

	(void)state;
	assert_table(blocks, 3,
		     "FIRST  END    PAGES  BLOCKS, AS PFN/ORDER\n"
		     "0x400  0x402      2  0x400/1\n"
		     "0x404  0x407      3  0x404/1 0x406/0\n");
	/* One that begins at 0, whose numbers are shorter than the headings. */
	assert_table(&(const struct hwp_healthy_block){ 0, 0 }, 1,
		     "FIRST  END    PAGES  BLOCKS, AS PFN/ORDER\n"
		     "0x0    0x1        1  0x0/0\n");
}

/** The widest pfn is the last end; the widest number of pages is of the whole. */
static void columns_fit(void **state)
{
	static const struct hwp_healthy_block blocks[] = { { 0x0, 20 }, { 0xffffff, 0 } };

	(void)state;
	/* No page below the first counts. */
	assert_table(&blocks[1], 1,
		     "FIRST      END        PAGES  BLOCKS, AS PFN/ORDER\n"
		     "0xffffff   0x1000000      1  0xffffff/0\n");
	assert_table(blocks, 2,
		     "FIRST      END           PAGES  BLOCKS, AS PFN/ORDER\n"
		     "0x0        0x100000    1048576  0x0/20\n"
		     "0xffffff   0x1000000         1  0xffffff/0\n");
}

/** What lies behind the blocks would go on where they end. */
static void blocks_end(void **state)
{
	static const struct hwp_healthy_block blocks[] = { { 0x400, 0 }, { 0x401, 0 } };

	(void)state;
	assert_table(blocks, 1,
		     "FIRST  END    PAGES  BLOCKS, AS PFN/ORDER\n"
		     "0x400  0x401      1  0x400/0\n");
}

/** Words that do not fit the line go on below the first of them. */
static void long_ranges_wrap(void **state)
{
	struct hwp_healthy_block blocks[12];
	unsigned int nr = 0;

	(void)state;
	for (uint64_t pfn = 0x1001; nr < 12; nr++) {
		unsigned int order = nr % 2 ? 1 : 0;

		blocks[nr] = (struct hwp_healthy_block){ pfn, order };
		pfn += UINT64_C(1) << order;
	}
	/* Words of 8, after 2 * 6 + 5 + 6 columns: 8 of them, with their spaces, end at 94. */
	assert_table(blocks, 12,
		     "FIRST   END     PAGES  BLOCKS, AS PFN/ORDER\n"
		     "0x1001  0x1013     18  0x1001/0 0x1002/1 0x1004/0 0x1005/1 0x1007/0 0x1008/1 "
		     "0x100a/0 0x100b/1\n"
		     "                       0x100d/0 0x100e/1 0x1010/0 0x1011/1\n");
}

static void assert_ends(char *bytes, const char *end)
{
	size_t len = strlen(bytes), wanted = strlen(end);

	assert_true(len > wanted);
	assert_string_equal(bytes + len - wanted, end);
	free(bytes);
}

/** 64 ranges are shown; how many are not is said. */
static void too_many_ranges(void **state)
{
	struct hwp_healthy_block blocks[NR_APART];

	(void)state;
	for (size_t i = 0; i < NR_APART; i++)
		blocks[i] = (struct hwp_healthy_block){ 0x1000 + 2 * i, 0 };
	assert_ends(table(blocks, 64), "\n0x107e  0x107f      1  0x107e/0\n");
	assert_ends(table(blocks, 65), "\n0x107e  0x107f      1  0x107e/0\n"
				       "and 1 more range: --json has them all\n");
	assert_ends(table(blocks, 66), "and 2 more ranges: --json has them all\n");
}

static void sums(void **state)
{
	static const struct {
		uint64_t nr_healthy, nr_poisoned;
		unsigned int order;
		const char *expected;
	} cases[] = {
		{ 510, 2, 9, "Sum       510 healthy + 2 poisoned = 512 = 2^9\n" },
		{ 510, 1, 9, "Sum       510 healthy + 1 poisoned = 511 which is not 2^9\n" },
		{ 0, 1, 0, "Sum       0 healthy + 1 poisoned = 1 = 2^0\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct hwp_report_style style = {};
		struct hwp_text text;
		char *bytes;
		size_t size;
		FILE *out = open_memstream(&bytes, &size);

		assert_non_null(out);
		hwp_text_init(&text, out, &style);
		hwp_text_sum(&text, cases[i].nr_healthy, cases[i].nr_poisoned, cases[i].order);
		assert_null(hwp_text_finish(&text));
		fclose(out);
		assert_string_equal(bytes, cases[i].expected);
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_counted), cmocka_unit_test(repeats_share_a_word),
		cmocka_unit_test(no_repeats),	      cmocka_unit_test(columns_fit),
		cmocka_unit_test(long_ranges_wrap),   cmocka_unit_test(too_many_ranges),
		cmocka_unit_test(blocks_end),	      cmocka_unit_test(sums),
	};

	return cmocka_run_group_tests_name("report_blocks", tests, NULL, NULL);
}
