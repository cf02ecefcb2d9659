// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/seen.h"

#include <stdlib.h>

/* The same bytes are read again and again. */
#define JOIN_AT 1000000

static int compare(const void *one, const void *other)
{
	const struct hwp_seen_range *a = one, *b = other;

	return a->start < b->start ? -1 : a->start > b->start;
}

void hwp_seen_join(struct hwp_seen *seen)
{
	struct hwp_seen_range *to = seen->bytes.data;

	if (!seen->bytes.nr)
		return;
	qsort(to, seen->bytes.nr, sizeof(*to), compare);
	for (size_t i = 1; i < seen->bytes.nr; i++) {
		const struct hwp_seen_range *from = &seen->bytes.data[i];

		if (from->start > to->end)
			*++to = *from;
		else if (from->end > to->end)
			to->end = from->end;
	}
	seen->bytes.nr = (size_t)(to - seen->bytes.data) + 1;
	seen->limit = 2 * seen->bytes.nr > JOIN_AT ? 2 * seen->bytes.nr : JOIN_AT;
}

void hwp_seen_bytes(struct hwp_seen *seen, uint64_t start, uint64_t size)
{
	struct hwp_seen_range *last = seen->bytes.nr ? &seen->bytes.data[seen->bytes.nr - 1] : NULL;
	struct hwp_seen_range range = { start, start + size };

	if (!size)
		return;
	if (last && start >= last->start && start <= last->end) {
		last->end = range.end > last->end ? range.end : last->end;
		return;
	}
	if (seen->bytes.nr >= (seen->limit ? seen->limit : JOIN_AT))
		hwp_seen_join(seen);
	seen->failed |= !hwp_vec_push(&seen->bytes, range);
}

void hwp_seen_page(struct hwp_seen *seen, uint64_t start, uint64_t size)
{
	struct hwp_seen_range range = { start, start + size };

	seen->failed |= !hwp_vec_push(&seen->pages, range);
}

void hwp_seen_deinit(struct hwp_seen *seen)
{
	hwp_vec_deinit(&seen->bytes);
	hwp_vec_deinit(&seen->pages);
}
