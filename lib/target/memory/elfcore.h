// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * An ELF core file of a kernel: where its physical memory is in the file. Every field of its
 * headers is held against the file's length before it is used.
 */
#ifndef HWP_TARGET_MEMORY_ELFCORE_H
#define HWP_TARGET_MEMORY_ELFCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/vec.h"
#include "target/memory/rawfile.h"
#include "target/target.h"

/** Physical addresses [start, end) are at file offset @p offset. */
struct hwp_elf_run {
	uint64_t start, end, offset;
};

struct hwp_elfcore {
	/** Sorted by address; they do not overlap, and lie within the file. */
	HWP_VEC(struct hwp_elf_run) runs;
	/** e_machine */
	unsigned int machine;
	/**
	 * Written by QEMU's dump-guest-memory -p, with segments that say less than what is
	 * stored: libkdumpfile misreads it.
	 */
	bool is_cut_short;
	/** Its section headers, which we do not use, go beyond the file: libkdumpfile crashes. */
	bool has_bad_sections;
	/** NUL-terminated; NULL if there is none. */
	char *vmcoreinfo;
};

/**
 * Read the headers of @p file. A file that is cut off is noted in @p facts. Errors:
 * UNSUPPORTED, INVALID_ARGUMENT (an ELF file, but not a core), BAD_DATA, OS.
 */
struct hwp_error *hwp_elfcore_read(const struct hwp_rawfile *file, struct hwp_elfcore *ret,
				   struct hwp_file_facts *facts);

void hwp_elfcore_deinit(struct hwp_elfcore *core);

/** The run that holds @p physical, or NULL: the file does not store it. */
const struct hwp_elf_run *hwp_elfcore_find(const struct hwp_elfcore *core, uint64_t physical);

#endif /* HWP_TARGET_MEMORY_ELFCORE_H */
