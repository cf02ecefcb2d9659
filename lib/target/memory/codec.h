// SPDX-License-Identifier: GPL-2.0-or-later
/** Unpacks the pages of a kdump file. A context for each thread, kept from page to page. */
#ifndef HWP_TARGET_MEMORY_CODEC_H
#define HWP_TARGET_MEMORY_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* page_desc.flags: makedumpfile's diskdump_mod.h. No bit: the page is stored as it is. */
#define HWP_PACKED_ZLIB 0x1u
#define HWP_PACKED_LZO 0x2u
#define HWP_PACKED_SNAPPY 0x4u
#define HWP_PACKED_ZSTD 0x20u

struct hwp_codec;

struct hwp_error *hwp_codec_create(struct hwp_codec **ret);
/** NULL is fine. */
void hwp_codec_destroy(struct hwp_codec *codec);

/**
 * Unpack @p from_size bytes to exactly @p to_size. @p method is one of the bits above. Errors:
 * BAD_DATA (these bytes are not such a page), UNSUPPORTED, NO_MEMORY.
 */
struct hwp_error *hwp_codec_unpack(struct hwp_codec *codec, unsigned int method, const void *from,
				   size_t from_size, void *to, size_t to_size);

/** Pack by zstd: how many bytes of @p to, of @p room bytes, it takes; 0: more than there are. */
size_t hwp_codec_pack(struct hwp_codec *codec, const void *from, size_t from_size, void *to,
		      size_t room);

#endif /* HWP_TARGET_MEMORY_CODEC_H */
