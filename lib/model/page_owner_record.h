// SPDX-License-Identifier: GPL-2.0-or-later
/** What page_owner recorded of one page. */
#ifndef HWP_MODEL_PAGE_OWNER_RECORD_H
#define HWP_MODEL_PAGE_OWNER_RECORD_H

#include <stdbool.h>
#include <stdint.h>

/** Members that the kernel does not have are -1, times 0, comm empty. */
struct hwp_page_owner {
	/** It has a record; else nothing below is known. */
	bool found;
	/** The kernel has page_owner on, but the record could not be read. */
	bool unreadable;
	/** Handed out, and not freed since. */
	bool allocated;
	/** Its memory came by migration, and the record with it: the times are of the first page. */
	bool migrated;
	/** Of the allocation. */
	int order;
	uint32_t gfp_mask;
	/** depot_stack_handle_t of the allocation and of the last time it was freed; 0: none. */
	uint32_t handle, free_handle;
	/** Who allocated it, and who freed it. */
	int pid, tgid, free_pid, free_tgid;
	char comm[20];
	/** local_clock(), the kernel log's clock. */
	uint64_t alloc_ns, free_ns;
};

#endif /* HWP_MODEL_PAGE_OWNER_RECORD_H */
