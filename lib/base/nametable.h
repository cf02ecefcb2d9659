// SPDX-License-Identifier: GPL-2.0-or-later
/** Numbers by name: `struct hwp_name_table t = {};` The first entry of a name wins. */
#ifndef HWP_BASE_NAMETABLE_H
#define HWP_BASE_NAMETABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hwp_name_table {
	struct hwp_name *slots;
	size_t nr, nr_slots;
};

/** @p name is borrowed for as long as the table lives; false if out of memory. */
bool hwp_name_table_put(struct hwp_name_table *table, const char *name, uint32_t value);

/** False if the name is not in the table. */
bool hwp_name_table_find(const struct hwp_name_table *table, const char *name, uint32_t *ret);

void hwp_name_table_deinit(struct hwp_name_table *table);

#endif /* HWP_BASE_NAMETABLE_H */
