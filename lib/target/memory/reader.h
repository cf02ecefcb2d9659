// SPDX-License-Identifier: GPL-2.0-or-later
/** Our own reader of ELF and kdump files of x86_64 and arm64 kernels. */
#ifndef HWP_TARGET_MEMORY_READER_H
#define HWP_TARGET_MEMORY_READER_H

#include "target/memory/dumpfile.h"
#include "target/target.h"

/**
 * Read @p dump, which is taken over on success; @p vmcoreinfo is copied. NULL: the dump has
 * none, and only physical addresses can be read. UNSUPPORTED: this VMCOREINFO does not say
 * where the page tables are, as that of kernels before 4.10.
 */
struct hwp_error *hwp_reader_open(struct hwp_dumpfile *dump, const char *vmcoreinfo,
				  struct hwp_provider *ret);

/** Record in @p seen (borrowed) what is read by @p reader from now on, and by its clones. */
void hwp_reader_record(const struct hwp_provider *reader, struct hwp_seen *seen);

#endif /* HWP_TARGET_MEMORY_READER_H */
