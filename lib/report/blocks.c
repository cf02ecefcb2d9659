// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/blocks.h"

#include <inttypes.h>
#include <string.h>

/* Rows of text; JSON has no limit. */
#define MAX_RANGES 64

static uint64_t end_of(const struct hwp_healthy_block *block)
{
	return block->pfn + (UINT64_C(1) << block->order);
}

/** Index after the last block of the range that begins with block @p i. */
static size_t end_of_range(const struct hwp_healthy_block *blocks, size_t nr, size_t i)
{
	while (i + 1 < nr && blocks[i + 1].pfn == end_of(&blocks[i]))
		i++;
	return i + 1;
}

size_t hwp_count_ranges(const struct hwp_healthy_block *blocks, size_t nr)
{
	size_t nr_ranges = 0;

	for (size_t i = 0; i < nr; i = end_of_range(blocks, nr, i))
		nr_ranges++;
	return nr_ranges;
}

/** "0x208/2 0x400/10*3": blocks of one order in a row share a word. */
static bool format_blocks(const struct hwp_healthy_block *blocks, size_t nr, char **ret)
{
	size_t size;
	FILE *out = open_memstream(ret, &size);

	if (!out)
		return false;
	for (size_t i = 0, next; i < nr; i = next) {
		for (next = i + 1; next < nr && blocks[next].order == blocks[i].order;)
			next++;
		fprintf(out, " 0x%" PRIx64 "/%u", blocks[i].pfn, blocks[i].order);
		if (next - i > 1)
			fprintf(out, "*%zu", next - i);
	}
	return fclose(out) == 0;
}

static bool has_repeats(const struct hwp_healthy_block *blocks, size_t nr)
{
	for (size_t i = 1; i < nr; i++) {
		if (blocks[i].order == blocks[i - 1].order &&
		    blocks[i].pfn == end_of(&blocks[i - 1]))
			return true;
	}
	return false;
}

void hwp_text_blocks(struct hwp_text *text, const struct hwp_healthy_block *blocks, size_t nr)
{
	int width = snprintf(NULL, 0, "0x%" PRIx64, end_of(&blocks[nr - 1]));
	int digits = snprintf(NULL, 0, "%" PRIu64, end_of(&blocks[nr - 1]) - blocks[0].pfn);
	size_t nr_shown = 0, nr_more, next;
	unsigned int column;

	width = width < 5 ? 5 : width;
	digits = digits < 5 ? 5 : digits;
	column = 2 * (unsigned int)width + (unsigned int)digits + 6;
	fprintf(text->out, "%-*s  %-*s  %*s  BLOCKS, AS PFN/ORDER%s\n", width, "FIRST", width,
		"END", digits, "PAGES", has_repeats(blocks, nr) ? " (*N: N OF THEM IN A ROW)" : "");
	for (size_t i = 0; i < nr && nr_shown < MAX_RANGES; i = next, nr_shown++) {
		_cleanup_free_ char *words = NULL;
		uint64_t end;

		next = end_of_range(blocks, nr, i);
		end = end_of(&blocks[next - 1]);
		if (!format_blocks(blocks + i, next - i, &words)) {
			text->failed = true;
			return;
		}
		fprintf(text->out, "0x%-*" PRIx64 "  0x%-*" PRIx64 "  %*" PRIu64 "  ", width - 2,
			blocks[i].pfn, width - 2, end, digits, end - blocks[i].pfn);
		hwp_text_wrap(text, column, column, words);
	}
	nr_more = hwp_count_ranges(blocks, nr) - nr_shown;
	if (nr_more)
		fprintf(text->out, "and %zu more range%s: --json has them all\n", nr_more,
			hwp_plural(nr_more));
}

void hwp_text_sum(struct hwp_text *text, uint64_t nr_healthy, uint64_t nr_poisoned,
		  unsigned int order)
{
	uint64_t sum = nr_healthy + nr_poisoned, nr = UINT64_C(1) << order;

	hwp_text_field(text, "Sum",
		       "%" PRIu64 " healthy + %" PRIu64 " poisoned = %" PRIu64 " %s 2^%u",
		       nr_healthy, nr_poisoned, sum, sum == nr ? "=" : "which is not", order);
}
