// SPDX-License-Identifier: GPL-2.0-or-later
/** A dump file, checked: what it is, and where its parts are. */
#ifndef HWP_TARGET_MEMORY_DUMPFILE_H
#define HWP_TARGET_MEMORY_DUMPFILE_H

#include <stdbool.h>

#include "target/memory/diskdump.h"
#include "target/memory/elfcore.h"
#include "target/memory/rawfile.h"
#include "target/target.h"

/** Readers share it; nothing in it changes once it is open. */
struct hwp_dumpfile {
	struct hwp_rawfile file;
	/** Is it a kdump file, or else an ELF core? */
	bool is_kdump;
	struct hwp_elfcore elf;
	struct hwp_diskdump kdump;
	/** The next part of a dump that is in several files; owned. */
	struct hwp_dumpfile *next;
};

/**
 * Check the file @p fd, which is taken over, and read its headers: refuse what is not a dump,
 * record in @p facts what it is and that it is damaged. A flattened file is replaced by an
 * unlinked, rearranged copy in $TMPDIR. @p ret stays where it is; deinit it also on failure.
 */
struct hwp_error *hwp_dumpfile_open(const char *path, int fd, struct hwp_dumpfile *ret,
				    struct hwp_file_facts *facts);

/**
 * Add @p part to the parts of @p dump, which takes it over on success. INVALID_ARGUMENT when
 * the two are not parts of one dump.
 */
struct hwp_error *hwp_dumpfile_join(struct hwp_dumpfile *dump, struct hwp_dumpfile *part);

/** Record in @p facts the pfns that no part has. */
void hwp_dumpfile_note_missing(const struct hwp_dumpfile *dump, struct hwp_file_facts *facts);

/** The part that has page @p pfn of a kdump file; the first one when none has it. */
const struct hwp_dumpfile *hwp_dumpfile_part(const struct hwp_dumpfile *dump, uint64_t pfn);

/** The parts after the first one, too. */
void hwp_dumpfile_deinit(struct hwp_dumpfile *dump);

/** The file holds pfns, of pages of 2^@p page_shift bytes, below this one only. */
uint64_t hwp_dumpfile_end_pfn(const struct hwp_dumpfile *dump, unsigned int page_shift);

/** VMCOREINFO, borrowed; NULL if the file has none. */
const char *hwp_dumpfile_vmcoreinfo(const struct hwp_dumpfile *dump);

/**
 * The machine that the headers name, as utsname does ("x86_64"), or the one whose VMCOREINFO
 * @p text (may be NULL) is. UNSUPPORTED when the two disagree. NULL: neither names one.
 */
struct hwp_error *hwp_dumpfile_machine(const struct hwp_dumpfile *dump, const char *text,
				       const char **ret);

#endif /* HWP_TARGET_MEMORY_DUMPFILE_H */
