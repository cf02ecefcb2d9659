// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * libhwpoison: which pages of a kernel are poisoned, and where each is now.
 *
 * The way through: a target (target.h) offers bytes, symbols and types; the
 * layout (layout.h) says how this kernel arranges them; the memmap (memmap.h)
 * which pfns have a struct page. hwp_analyse() walks these once, collects
 * plain facts (findings.h), and lets pure functions say each page's state,
 * run the checks and give the verdict. Reports (report.h) print findings.
 *
 * Errors are owned values (error.h). The library never prints, exits, or
 * writes to the target. One thread at a time per object; different objects
 * are independent.
 */
#ifndef HWPOISON_H
#define HWPOISON_H

#include "base/error.h"
#include "layout/layout.h"
#include "model/findings.h"
#include "target/target.h"

struct hwp_options {
	struct hwp_target_options target;
	/** The page that findings.subject and uses are about: its pfn or an address of it. */
	bool has_folio_pfn;
	uint64_t folio_pfn;
	/** A folio was at pfns [range_pfn, range_end_pfn), and was freed. */
	bool has_range;
	uint64_t range_pfn, range_end_pfn;
	/** rasdaemon's database, whose rows are joined with the log's events; NULL: none. */
	const char *rasdaemon_path;
	/** A kernel log as text, which is read in the place of a target; NULL: there is a target. */
	const char *log_path;
	/** The pages that earlier checks of a running kernel saw leaked (borrowed); NULL: not known. */
	const struct hwp_leak_record *since_boot;
	/** Passes over a running kernel that must agree; 0 for the default. */
	unsigned int nr_passes;
	/**
	 * On a running kernel: read only memory blocks that count poison, and
	 * the whole memmap if these do not hold exactly as many pages as the kernel
	 * counts. The time does not depend on the size of memory.
	 */
	bool quick;
	/** Read only, and decide nothing: the findings are facts, for hwp_facts_write(). */
	bool facts_only;
	/** Threads of the sweep; 0 lets the library choose. */
	unsigned int nr_threads;
	/**
	 * Called now and then from the calling thread while the memmap is
	 * swept: @p done of @p total pages. NULL for none.
	 */
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	void *progress_arg;
};

/**
 * Open the target, look at everything, decide. Holes are no error: they are
 * in coverage and troubles, and the verdict says so. The caller destroys the
 * result with hwp_findings_destroy().
 */
struct hwp_error *hwp_analyse(const struct hwp_options *options, struct hwp_findings **ret);

#endif /* HWPOISON_H */
