// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The memory of a dump by libkdumpfile: of other machines, of kernels whose VMCOREINFO does not
 * name their page tables, and for comparison with our own reader.
 */
#ifndef HWP_TARGET_MEMORY_KDUMP_H
#define HWP_TARGET_MEMORY_KDUMP_H

#include "target/memory/dumpfile.h"
#include "target/target.h"

/**
 * Read @p dump, which is taken over on success. @p machine is used where the headers name none;
 * @p given is a VMCOREINFO in place of the dump's own, or NULL.
 */
struct hwp_error *hwp_kdump_open(struct hwp_dumpfile *dump, const char *machine, const char *given,
				 struct hwp_provider *ret, struct hwp_file_facts *facts);

#endif /* HWP_TARGET_MEMORY_KDUMP_H */
