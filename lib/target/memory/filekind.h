// SPDX-License-Identifier: GPL-2.0-or-later
/** What a file is, by its bytes: only dumps that are read here go to a reader. */
#ifndef HWP_TARGET_MEMORY_FILEKIND_H
#define HWP_TARGET_MEMORY_FILEKIND_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** Bytes at the file's beginning and end that hwp_file_kind() looks at, if it has so many. */
#define HWP_FILE_HEAD_SIZE 65536
#define HWP_FILE_TAIL_SIZE 512

/** How a file is opened. */
enum hwp_file_form {
	/** It is not: what it is, and what to do, are in hwp_file_kind. */
	HWP_FILE_REFUSED,
	/** An ELF core dump of a 64-bit kernel. */
	HWP_FILE_ELF,
	/** makedumpfile's compressed format, "KDUMP   ". */
	HWP_FILE_KDUMP,
	/** One of these in makedumpfile's flattened format. */
	HWP_FILE_FLATTENED,
};

struct hwp_file_kind {
	enum hwp_file_form form;
	/** A noun phrase: what the file is. */
	const char *what;
	/** What to do about it; NULL where there is nothing. */
	const char *advice;
};

/** The first @p nr_head and the last @p nr_tail bytes of a file; these may overlap. */
struct hwp_file_ends {
	const unsigned char *head, *tail;
	size_t nr_head, nr_tail;
};

/** Never NULL: the last kind is a file that nothing is known of. */
const struct hwp_file_kind *hwp_file_kind(const struct hwp_file_ends *ends);

/** By st_mode: the kind of what is no regular file; NULL for a regular file. */
const struct hwp_file_kind *hwp_file_kind_of_mode(mode_t mode);

#endif /* HWP_TARGET_MEMORY_FILEKIND_H */
