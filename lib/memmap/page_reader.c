// SPDX-License-Identifier: GPL-2.0-or-later
#include "memmap/page_reader.h"

#include <inttypes.h>
#include <stdlib.h>

#include "target/target.h"

/* A power of two of lines; a line never crosses a page of the target. */
#define NR_LINES 64
#define LINE_SIZE 4096u

struct hwp_page_reader {
	struct hwp_target *target;
	const struct hwp_memmap *memmap;
	/** Aligned address of each line; 1 for none. */
	uint64_t tags[NR_LINES];
	char lines[NR_LINES][LINE_SIZE];
	/** A struct page that straddles lines is read here. */
	char straddling[512];
};

struct hwp_error *hwp_page_reader_create(struct hwp_target *target, const struct hwp_memmap *memmap,
					 struct hwp_page_reader **ret)
{
	struct hwp_page_reader *reader;

	if (memmap->layout->page.size > sizeof(reader->straddling))
		return hwp_error_create(HWP_ERROR_UNSUPPORTED, "struct page has %" PRIu32 " bytes",
					memmap->layout->page.size);
	reader = malloc(sizeof(*reader));
	if (!reader)
		return hwp_error_no_memory();
	reader->target = target;
	reader->memmap = memmap;
	hwp_page_reader_forget(reader);
	*ret = reader;
	return NULL;
}

void hwp_page_reader_forget(struct hwp_page_reader *reader)
{
	for (size_t i = 0; i < NR_LINES; i++)
		reader->tags[i] = 1;
}

void hwp_page_reader_destroy(struct hwp_page_reader *reader)
{
	free(reader);
}

const struct hwp_memmap *hwp_page_reader_memmap(const struct hwp_page_reader *reader)
{
	return reader->memmap;
}

struct hwp_error *hwp_page_read(struct hwp_page_reader *reader, uint64_t pfn, const void **page_ret)
{
	uint32_t size = reader->memmap->layout->page.size;
	uint64_t address, tag;
	struct hwp_error *err;
	size_t line;

	if (!hwp_memmap_page_address(reader->memmap, pfn, &address))
		return hwp_error_create(HWP_ERROR_LOOKUP, "pfn 0x%" PRIx64 " has no struct page",
					pfn);
	tag = address & ~(uint64_t)(LINE_SIZE - 1);
	if (address - tag + size > LINE_SIZE) {
		err = hwp_target_read(reader->target, HWP_KERNEL_VIRTUAL, address,
				      reader->straddling, size, NULL);
		*page_ret = reader->straddling;
		return err;
	}
	line = tag / LINE_SIZE % NR_LINES;
	if (reader->tags[line] != tag) {
		reader->tags[line] = 1;
		err = hwp_target_read(reader->target, HWP_KERNEL_VIRTUAL, tag, reader->lines[line],
				      LINE_SIZE, NULL);
		if (err)
			return hwp_error_prefix(err, "struct page of pfn 0x%" PRIx64, pfn);
		reader->tags[line] = tag;
	}
	*page_ret = reader->lines[line] + (address - tag);
	return NULL;
}
