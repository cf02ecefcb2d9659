// SPDX-License-Identifier: GPL-2.0-or-later
/** Reads single struct pages through a small cache. One thread at a time. */
#ifndef HWP_MEMMAP_PAGE_READER_H
#define HWP_MEMMAP_PAGE_READER_H

#include "memmap/memmap.h"

struct hwp_page_reader;

/** @p target and @p memmap are borrowed, for as long as the reader lives. */
struct hwp_error *hwp_page_reader_create(struct hwp_target *target, const struct hwp_memmap *memmap,
					 struct hwp_page_reader **ret);
/** NULL is fine. */
void hwp_page_reader_destroy(struct hwp_page_reader *reader);

/** The memmap it was created for. */
const struct hwp_memmap *hwp_page_reader_memmap(const struct hwp_page_reader *reader);

/**
 * The struct page of @p pfn: layout->page.size bytes, borrowed until the
 * next call. Errors: LOOKUP (the pfn has no struct page), FAULT, EXCLUDED.
 */
struct hwp_error *hwp_page_read(struct hwp_page_reader *reader, uint64_t pfn,
				const void **page_ret);

/** Forget what was read: on a running kernel it may have changed. */
void hwp_page_reader_forget(struct hwp_page_reader *reader);

#endif /* HWP_MEMMAP_PAGE_READER_H */
