// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * makedumpfile's kdump format: two bitmaps, a descriptor for each page that is stored, and the
 * pages, compressed one by one. Bitmaps and descriptors are read where they stand.
 */
#ifndef HWP_TARGET_MEMORY_DISKDUMP_H
#define HWP_TARGET_MEMORY_DISKDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "target/memory/rawfile.h"
#include "target/target.h"

#define HWP_DISKDUMP_SIGNATURE "KDUMP   "

/** Bits of the bitmap that are read at once, and their number of pieces with a rank each. */
#define HWP_DISKDUMP_WINDOW UINT64_C(32768)
#define HWP_DISKDUMP_RANKS 64
/** Descriptors that are read at once. */
#define HWP_DISKDUMP_DESCS 128

struct hwp_diskdump {
	const struct hwp_rawfile *file;
	unsigned int page_shift;
	/** pfns from this one on are not stored. */
	uint64_t end_pfn;
	/** Where the bitmap of stored pages and the descriptors are in the file. */
	uint64_t bitmap, bitmap_size, descs, nr_descs;
	/** The pages that are stored before each window of the bitmap. */
	uint64_t *ranks;
	/** One of several files by makedumpfile --split, with the pfns from start_pfn on alone. */
	bool is_part;
	uint64_t start_pfn, part_end_pfn;
	/** Pages that the bitmap, which is of all parts, has in those before this one. */
	uint64_t nr_before;
	/** utsname.machine, as "x86_64"; empty where hypervisors write no name. */
	char machine[66];
	/** The ELF notes go beyond the file, which libkdumpfile does not check. */
	bool notes_beyond_end;
	/** NUL-terminated; NULL if there is none. */
	char *vmcoreinfo;
};

/** How and where a page is stored. */
struct hwp_page_desc {
	uint64_t offset;
	uint32_t size, flags;
};

/** What one thread has read of bitmap and descriptors. */
struct hwp_diskdump_cursor {
	/** Number of the window, and of the first descriptor; UINT64_MAX: none. */
	uint64_t window, first_desc;
	uint16_t ranks[HWP_DISKDUMP_RANKS];
	unsigned char bits[HWP_DISKDUMP_WINDOW / 8];
	unsigned char descs[HWP_DISKDUMP_DESCS * 24];
};

/**
 * Read the headers of @p file, which must outlive @p ret. That the file is cut off or was not
 * written to its end is noted in @p facts. Errors: BAD_DATA, UNSUPPORTED, OS.
 */
struct hwp_error *hwp_diskdump_read(const struct hwp_rawfile *file, struct hwp_diskdump *ret,
				    struct hwp_file_facts *facts);

void hwp_diskdump_deinit(struct hwp_diskdump *dump);

void hwp_diskdump_cursor_init(struct hwp_diskdump_cursor *cursor);

/** Find page @p pfn, of this part. Errors: EXCLUDED (it is not stored), BAD_DATA (the file has shrunk), OS. */
struct hwp_error *hwp_diskdump_find(const struct hwp_diskdump *dump,
				    struct hwp_diskdump_cursor *cursor, uint64_t pfn,
				    struct hwp_page_desc *ret);

/** Does the file say that it is a part by makedumpfile --split? Reads its headers alone. */
bool hwp_diskdump_is_part(int fd);

#endif /* HWP_TARGET_MEMORY_DISKDUMP_H */
