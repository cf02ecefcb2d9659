// SPDX-License-Identifier: GPL-2.0-or-later
/** What the hardware reported, as the kernel keeps it in its memory, beside the log. */
#ifndef HWP_MODEL_HARDWARE_H
#define HWP_MODEL_HARDWARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/vec.h"
#include "model/words.h"

/** One place where a kernel keeps such records: was it read? */
struct hwp_record_store {
	enum hwp_store_state state;
	/** UNREAD: why, in a few words. */
	char why[128];
};

/** An error that the hardware reported. */
struct hwp_hardware_record {
	enum hwp_record_source source;
	/** HARDWARE or CORRECTED. */
	enum hwp_event_kind kind;
	/**
	 * The kernel had it still to hand on, to the log, drivers and daemons, when memory was
	 * captured. Else it was handed on, at any time since boot, and memory shows what is left
	 * of it: no such record proves that it is the only one, or the last.
	 */
	bool is_waiting;
	/** The page that it names. */
	bool has_pfn;
	uint64_t pfn;
	/** MCi_STATUS and MCi_MISC of a machine check; 0 for none. */
	uint64_t status, misc;
	/** Where the machine check was; -1 for none. */
	int cpu, bank;
	/** The wall clock then, in seconds since 1970; 0 when it is not known. */
	int64_t unix_seconds;
	/** Filled by the verdict: is there a line of the log about it? */
	enum hwp_answer in_log;
};

/** A page with corrected errors, as the kernel counts them. */
struct hwp_corrected_page {
	uint64_t pfn, nr_errors;
};

/** The kernel's collector of corrected errors (CONFIG_RAS_CEC). */
struct hwp_cec_facts {
	struct hwp_record_store store;
	/** All errors since boot, and how often a page had so many that it was soft-offlined. */
	uint64_t nr_errors, nr_offlined;
	/** Ascending by pfn; a page that was to be soft-offlined starts from none again. */
	HWP_VEC(struct hwp_corrected_page) pages;
};

struct hwp_hardware_facts {
	struct hwp_record_store mce_pool, ghes;
	struct hwp_cec_facts cec;
	/** The machine checks by slot of their pool, which is no order of time; then those of GHES. */
	HWP_VEC(struct hwp_hardware_record) records;
};

/**
 * Note that @p store was read, or, by @p err, why not. NO_MEMORY alone is returned; any other error
 * is destroyed.
 */
struct hwp_error *hwp_record_store_finish(struct hwp_record_store *store, struct hwp_error *err);

#endif /* HWP_MODEL_HARDWARE_H */
