// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * A small dump of what a report was made of: the bytes that were read of a dump, and zeros where
 * the rest of their pages was. It gives the same report, and holds nothing else of the machine.
 */
#ifndef HWP_EXCERPT_EXCERPT_H
#define HWP_EXCERPT_EXCERPT_H

#include "base/error.h"
#include "model/findings.h"
#include "target/seen.h"
#include "target/target.h"

struct hwp_excerpt_wishes {
	/** The kernel's own data as a whole: slabs, stacks, page tables, but no page of a user. */
	bool kernel_data;
	/** What poisoned pages hold. */
	bool poisoned;
};

/** What became of it. */
struct hwp_excerpt_sum {
	/** Pages in the file, those of them that are there in part, and bytes that were read. */
	uint64_t nr_pages, nr_in_part, nr_bytes;
	/** Poisoned pages whose contents were looked at and are left out. */
	uint64_t nr_left_out;
	/** Poisoned pages that are there with what they hold, because it was asked for. */
	uint64_t nr_poisoned;
	/** Bytes of the file, without its holes. */
	uint64_t size;
};

/**
 * Write the excerpt of the dump that @p options open to @p fd, a file that is empty. @p findings
 * are hwp_analyse()'s, which recorded @p seen; it is changed. Errors: those of reading, OS.
 */
struct hwp_error *hwp_excerpt_write(const struct hwp_target_options *options,
				    const struct hwp_findings *findings, struct hwp_seen *seen,
				    const struct hwp_excerpt_wishes *wishes, int fd,
				    struct hwp_excerpt_sum *ret);

/** Add to @p seen the pages that hold the kernel's own data. */
struct hwp_error *hwp_excerpt_add_kernel_data(struct hwp_target *target, struct hwp_seen *seen);

/** Read what crash and drgn need of @p target, which records it. */
struct hwp_error *hwp_excerpt_add_for_hosts(struct hwp_target *target);

/** Where a kdump file is written to. */
struct hwp_kdump_writer;

struct hwp_kdump_head {
	unsigned int page_shift;
	uint64_t end_pfn, nr_pages, nr_ram, phys_base;
	const char *vmcoreinfo;
	/** As uname(2) has them; may be empty. */
	const char *host, *release, *version, *machine;
	unsigned int nr_cpus;
};

/** Writes the headers. @p head is borrowed. */
struct hwp_error *hwp_kdump_writer_create(int fd, const struct hwp_kdump_head *head,
					  struct hwp_kdump_writer **ret);
void hwp_kdump_writer_destroy(struct hwp_kdump_writer *writer);

/** pfns [start, end) are RAM. Ascending. */
struct hwp_error *hwp_kdump_writer_ram(struct hwp_kdump_writer *writer, uint64_t start,
				       uint64_t end);

/** The next page, by ascending pfn; as many as head.nr_pages. */
struct hwp_error *hwp_kdump_writer_page(struct hwp_kdump_writer *writer, uint64_t pfn,
					const void *page);

/** Write what is left; @p size_ret: bytes written. */
struct hwp_error *hwp_kdump_writer_finish(struct hwp_kdump_writer *writer, uint64_t *size_ret);

#endif /* HWP_EXCERPT_EXCERPT_H */
