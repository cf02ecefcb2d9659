// SPDX-License-Identifier: GPL-2.0-or-later
/** Whose a page is: a process, a file, or both. */
#ifndef HWP_MODEL_OWNER_H
#define HWP_MODEL_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A file that has pages in the page cache: in a file system, in tmpfs, in hugetlbfs. */
struct hwp_file {
	uint64_t inode;
	/** Type and s_id of the file system: "ext4", "vda1"; of a block device "bdev", "254:0". */
	char filesystem[32], device[32];
	/**
	 * Without control characters; "..." stands for what is too long. Empty when no
	 * name of the file can be read: names may leave memory before pages do.
	 */
	char path[512];
	/** The path starts at the root that init sees; else at the root of the file system. */
	bool is_mounted;
	/** It has no name any more. */
	bool is_deleted;
};

/**
 * The process whose own anonymous memory a page is; or the file that it is of,
 * and one of the processes that map it.
 */
struct hwp_owner {
	/** There is such a process. */
	bool found;
	int pid;
	char comm[20];
	/**
	 * Its memory is not inherited through fork, so the page was allocated
	 * while it ran.
	 */
	bool allocated_it;
	/** When it started, on the kernel log's clock, at the earliest. */
	bool has_start;
	uint64_t start_ns;
	/** It is of a file: this index of hwp_findings.files. */
	bool has_file;
	size_t file;
	/** Of a file: the processes that were seen to map the page, and whether these are all. */
	uint64_t nr_mappers;
	bool saw_all_mappers;
};

#endif /* HWP_MODEL_OWNER_H */
