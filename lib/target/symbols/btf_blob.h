// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The shape of a BTF blob (include/uapi/linux/btf.h): where each type is. Types are within the
 * blob, and so are their members; what they refer to is for the caller to check.
 */
#ifndef HWP_TARGET_SYMBOLS_BTF_BLOB_H
#define HWP_TARGET_SYMBOLS_BTF_BLOB_H

#include <linux/btf.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/vec.h"

struct hwp_btf_blob {
	/** Owned. */
	void *data;
	const char *types, *strings;
	uint32_t strings_size;
	/** Where types 1, 2, … are, as offsets into types. */
	HWP_VEC(uint32_t) offsets;
};

/**
 * Walk the blob @p data of @p size bytes, which is taken over, also on failure. BAD_DATA: it is
 * not BTF, or its parts are not within it.
 */
struct hwp_error *hwp_btf_blob_init(struct hwp_btf_blob *blob, void *data, uint32_t size);
void hwp_btf_blob_deinit(struct hwp_btf_blob *blob);

/** Type @p id; 0 is void. NULL: there is none. */
const struct btf_type *hwp_btf_type(const struct hwp_btf_blob *blob, uint32_t id);
/** NULL: @p offset is beyond the strings. */
const char *hwp_btf_name(const struct hwp_btf_blob *blob, uint32_t offset);

static inline unsigned int hwp_btf_kind(const struct btf_type *t)
{
	return BTF_INFO_KIND(t->info);
}

static inline bool hwp_btf_is_composite(const struct btf_type *t)
{
	return hwp_btf_kind(t) == BTF_KIND_STRUCT || hwp_btf_kind(t) == BTF_KIND_UNION;
}

static inline bool hwp_btf_is_enum(const struct btf_type *t)
{
	return hwp_btf_kind(t) == BTF_KIND_ENUM || hwp_btf_kind(t) == BTF_KIND_ENUM64;
}

/** The members, elements or enumerators of @p t follow it. */
static inline const void *hwp_btf_details(const struct btf_type *t)
{
	return t + 1;
}

#endif /* HWP_TARGET_SYMBOLS_BTF_BLOB_H */
