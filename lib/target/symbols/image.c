// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/symbols/image.h"

/* KERNEL_IMAGE_SIZE of x86_64 with KASLR; no kernel's text and read-only data are larger. */
#define MAX_IMAGE (UINT64_C(1) << 30)

struct hwp_error *hwp_image_init(struct hwp_image *image, struct hwp_target *target)
{
	uint64_t start, end;
	struct hwp_error *err;

	*image = (struct hwp_image){ .target = target };
	if (hwp_target_is_live(target))
		return hwp_error_create(HWP_ERROR_LOOKUP, "a running kernel is not searched");
	err = hwp_target_vmcoreinfo_number(target, "SYMBOL(_stext)", &start);
	if (!err)
		err = hwp_target_vmcoreinfo_number(target, "SYMBOL(init_uts_ns)", &end);
	if (err)
		return err;
	if (end <= start || end - start > MAX_IMAGE)
		return hwp_error_create(HWP_ERROR_LOOKUP,
					"init_uts_ns of VMCOREINFO is not behind _stext");
	image->bytes = calloc(1, end - start);
	if (!image->bytes)
		return hwp_error_no_memory();
	image->start = start;
	image->size = image->low = end - start;
	return NULL;
}

void hwp_image_deinit(struct hwp_image *image)
{
	free(image->bytes);
	image->bytes = NULL;
}

struct hwp_error *hwp_image_read(struct hwp_image *image, size_t low)
{
	uint64_t page_size = UINT64_C(1) << hwp_target_page_shift(image->target);
	size_t at = low, nr_read;

	while (at < image->low) {
		uint64_t address = image->start + at;
		struct hwp_error *err = hwp_target_read(image->target, HWP_KERNEL_VIRTUAL, address,
							image->bytes + at, image->low - at,
							&nr_read);

		if (!err)
			break;
		if (err->code == HWP_ERROR_NO_MEMORY || err->code == HWP_ERROR_INTERRUPTED)
			return err;
		/* The dump lacks this page. */
		hwp_error_destroy(err);
		at += nr_read;
		at += page_size - (image->start + at) % page_size;
	}
	if (low < image->low)
		image->low = low;
	return NULL;
}
