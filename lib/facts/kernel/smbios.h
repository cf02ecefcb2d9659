// SPDX-License-Identifier: GPL-2.0-or-later
/** The machine's SMBIOS tables: which memory module has a physical address. */
#ifndef HWP_FACTS_KERNEL_SMBIOS_H
#define HWP_FACTS_KERNEL_SMBIOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/vec.h"

/** A module that is there: a Memory Device (type 17) with a size. */
struct hwp_smbios_module {
	uint16_t handle, array_handle;
	/** Its locators, as "DIMM_A1, bank P0 CHANNEL A"; control characters are '?'. */
	char name[64];
};

/** Physical addresses [start, last]. */
struct hwp_smbios_range {
	uint64_t start, last;
	/** It is a module's (type 20), else that of an array of modules (type 19). */
	bool is_of_module;
	uint16_t handle;
	/** Other modules share the range, row by row. */
	bool is_interleaved;
};

struct hwp_smbios {
	HWP_VEC(struct hwp_smbios_module) modules;
	HWP_VEC(struct hwp_smbios_range) ranges;
};

/**
 * Read the structures in @p size bytes at @p table, up to the first that is not whole. @p ret is
 * zeroed by the caller. The only error is NO_MEMORY.
 */
struct hwp_error *hwp_smbios_parse(const unsigned char *table, size_t size, struct hwp_smbios *ret);
void hwp_smbios_deinit(struct hwp_smbios *smbios);

/** The one module that can have the address; NULL when none can, or more than one. */
const char *hwp_smbios_module_at(const struct hwp_smbios *smbios, uint64_t physical);

#endif /* HWP_FACTS_KERNEL_SMBIOS_H */
