// SPDX-License-Identifier: GPL-2.0-or-later
/** A kernel's types, and what the compiler made of its functions, from DWARF. */
#ifndef HWP_TARGET_SYMBOLS_DWARFINFO_H
#define HWP_TARGET_SYMBOLS_DWARFINFO_H

#include "target/symbols/elffile.h"

struct hwp_dwarf;

/**
 * Open the debug information of @p file, which must stay open. LOOKUP if it has
 * none. Nothing is read before it is asked for. One thread at a time.
 */
struct hwp_error *hwp_dwarf_open(const struct hwp_elffile *file, struct hwp_dwarf **ret);

/** NULL is fine. */
void hwp_dwarf_close(struct hwp_dwarf *dwarf);

/** As the operations of struct hwp_provider_ops: @p source is borrowed. */
struct hwp_error *hwp_dwarf_expect(struct hwp_dwarf *dwarf, const char *source);

/** As the operations of struct hwp_provider_ops. */
struct hwp_error *hwp_dwarf_member(struct hwp_dwarf *dwarf, const char *type, const char *member,
				   struct hwp_member *ret);
struct hwp_error *hwp_dwarf_enumerator(struct hwp_dwarf *dwarf, const char *type, const char *name,
				       int64_t *ret);
struct hwp_error *hwp_dwarf_function(struct hwp_dwarf *dwarf, const char *file, const char *name,
				     enum hwp_function *ret);

#endif /* HWP_TARGET_SYMBOLS_DWARFINFO_H */
