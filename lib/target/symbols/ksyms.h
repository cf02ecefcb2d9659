// SPDX-License-Identifier: GPL-2.0-or-later
/** Where the kallsyms tables are, by VMCOREINFO or by search, for their reader. */
#ifndef HWP_TARGET_SYMBOLS_KSYMS_H
#define HWP_TARGET_SYMBOLS_KSYMS_H

#include <stddef.h>
#include <stdint.h>

#include "target/target.h"

#define HWP_KSYMS_MAX_SYMBOLS (UINT32_C(1) << 24)
#define HWP_KSYMS_NR_TOKENS 256
#define HWP_KSYMS_MAX_TOKEN 64
#define HWP_KSYMS_MAX_PLACES 5

/** A place where the addresses of the symbols may be. */
struct hwp_ksyms_place {
	uint64_t address;
	/** Where kallsyms_relative_base is; 0: there is none. */
	uint64_t base_at;
	/** One u64 each (kallsyms_addresses); else one s32 each (kallsyms_offsets). */
	bool is_absolute;
};

struct hwp_ksyms_tables {
	uint32_t nr_syms;
	uint64_t names, token_table, token_index;
	/** In the order in which they are tried: where _stext decides which it is, several. */
	struct hwp_ksyms_place places[HWP_KSYMS_MAX_PLACES];
	size_t nr_places;
};

/**
 * Step over one entry of kallsyms_names, of which @p names has @p size bytes: *@p nr
 * tokens at *@p tokens. False at the end or on nonsense.
 */
static inline bool hwp_ksyms_next(const uint8_t *names, size_t size, size_t *at,
				  const uint8_t **tokens, size_t *nr)
{
	size_t pos = *at, len;

	if (pos >= size)
		return false;
	len = names[pos++];
	if (len & 0x80) {
		/* Linux kernel commit 73bbb94466fd ("kallsyms: support "big" kernel symbols") (in v6.1). */
		if (pos >= size)
			return false;
		len = (len & 0x7f) | (size_t)names[pos++] << 7;
	}
	if (len == 0 || len > size - pos)
		return false;
	*tokens = names + pos;
	*nr = len;
	*at = pos + len;
	return true;
}

/**
 * Find the tables in the image of a kernel whose VMCOREINFO does not name them. LOOKUP when
 * there are none.
 */
struct hwp_error *hwp_ksyms_find(struct hwp_target *target, struct hwp_ksyms_tables *ret);

#endif /* HWP_TARGET_SYMBOLS_KSYMS_H */
