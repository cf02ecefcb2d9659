// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The kernel's image from _stext to init_uts_ns, which VMCOREINFO has: its text and its
 * read-only data, for what nothing in VMCOREINFO names. Never of a running kernel: between
 * the two lie pages that were given back when it booted, and are anybody's since.
 */
#ifndef HWP_TARGET_SYMBOLS_IMAGE_H
#define HWP_TARGET_SYMBOLS_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "target/target.h"

struct hwp_image {
	struct hwp_target *target;
	/** The address of bytes[0]; @p size bytes, of which those from @p low on were read. */
	uint64_t start;
	size_t size, low;
	/** Zeros where the dump has nothing. */
	uint8_t *bytes;
};

/** LOOKUP when it is a running kernel, or VMCOREINFO does not say where the image is. */
struct hwp_error *hwp_image_init(struct hwp_image *image, struct hwp_target *target);

/** @p image may be all zeros. */
void hwp_image_deinit(struct hwp_image *image);

/**
 * Read downwards until bytes[@p low] is read: the data that is looked for lies behind the
 * text. Errors: NO_MEMORY, INTERRUPTED.
 */
struct hwp_error *hwp_image_read(struct hwp_image *image, size_t low);

#endif /* HWP_TARGET_SYMBOLS_IMAGE_H */
