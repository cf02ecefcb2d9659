// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/symbols/btf_find.h"

#include <string.h>

#include "base/bits.h"
#include "target/symbols/image.h"

/* struct btf_header: magic 0xeb9f, version 1, no flags, its own size, then four sizes. */
#define HEADER_SIZE 24
#define MAX_HEADER_SIZE 256
#define STEP ((size_t)256 << 10)

static const uint8_t magic[] = { 0x9f, 0xeb, 1, 0 };

/** A string that the BTF of every kernel has. */
static const char kernel_type[] = "\0pglist_data";

/** Is it a header at @p at, and are its strings there? */
static bool is_btf(const struct hwp_image *image, size_t at, uint64_t *size_ret)
{
	const uint8_t *header = image->bytes + at;
	uint64_t header_size, types_at, types, strings_at, strings, size;

	if (image->size - at < HEADER_SIZE)
		return false;
	header_size = hwp_u32(header + 4);
	types_at = hwp_u32(header + 8);
	types = hwp_u32(header + 12);
	strings_at = hwp_u32(header + 16);
	strings = hwp_u32(header + 20);
	size = header_size + strings_at + strings;
	if (header_size < HEADER_SIZE || header_size > MAX_HEADER_SIZE || types_at > strings_at ||
	    types > strings_at - types_at || !types || strings < sizeof(kernel_type) ||
	    size > HWP_MAX_BTF_SIZE || size > image->size - at)
		return false;
	header += header_size + strings_at;
	*size_ret = size;
	return !header[0] && !header[strings - 1] &&
	       memmem(header, strings, kernel_type, sizeof(kernel_type));
}

struct hwp_error *hwp_btf_find(struct hwp_target *target, uint64_t *address_ret, uint64_t *size_ret)
{
	_cleanup_(hwp_image_deinit) struct hwp_image image = {};
	struct hwp_error *err = hwp_image_init(&image, target);

	for (size_t low, high = image.size; !err && high; high = low) {
		size_t end = high + sizeof(magic) < image.size ? high + sizeof(magic) : image.size;
		const uint8_t *hit = NULL;

		low = high > STEP ? high - STEP : 0;
		err = hwp_image_read(&image, low);
		for (size_t at = low; !err && at < end; at = (size_t)(hit - image.bytes) + 1) {
			hit = memmem(image.bytes + at, end - at, magic, sizeof(magic));
			if (!hit)
				break;
			if (!is_btf(&image, (size_t)(hit - image.bytes), size_ret))
				continue;
			*address_ret = image.start + (uint64_t)(hit - image.bytes);
			return NULL;
		}
	}
	return err ? err : hwp_error_create(HWP_ERROR_LOOKUP, "no BTF between them");
}
