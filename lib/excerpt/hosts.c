// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * What crash and drgn read and a report does not: the kernel's banner and names, and the kernel
 * log's arrays as a whole, of which a report takes the records that are used.
 */
#include <stdlib.h>

#include "base/bits.h"
#include "excerpt/excerpt.h"

/* More than any kernel has: the log's buffer is at most 2^31 bytes, and has fewer records. */
#define MAX_BITS 31
#define PIECE 4096

/** Read it, which records it. What cannot be read is not in the dump either. */
static void look_at(struct hwp_target *target, uint64_t address, uint64_t size)
{
	char piece[PIECE];

	for (uint64_t nr; size; address += nr, size -= nr) {
		nr = PIECE - address % PIECE;
		nr = nr < size ? nr : size;
		hwp_error_destroy(
			hwp_target_read(target, HWP_KERNEL_VIRTUAL, address, piece, nr, NULL));
	}
}

static uint64_t size_of(struct hwp_target *target, const char *type)
{
	struct hwp_member member = {};

	hwp_error_destroy(hwp_target_member(target, type, NULL, &member));
	return member.size;
}

/** The value of a member of @p size bytes, 0 if it is not there. */
static uint64_t value_of(struct hwp_target *target, uint64_t base, const char *path, size_t size)
{
	struct hwp_member member = {};
	uint64_t value = 0;

	hwp_error_destroy(hwp_target_member(target, "printk_ringbuffer", path, &member));
	if (member.size == size)
		hwp_error_destroy(hwp_target_read(target, HWP_KERNEL_VIRTUAL, base + member.offset,
						  &value, size, NULL));
	return value;
}

static void look_at_log(struct hwp_target *target, uint64_t prb)
{
	uint64_t count_bits, text_bits;

	look_at(target, prb, size_of(target, "printk_ringbuffer"));
	count_bits = value_of(target, prb, "desc_ring.count_bits", 4);
	text_bits = value_of(target, prb, "text_data_ring.size_bits", 4);
	if (count_bits > MAX_BITS || text_bits > MAX_BITS)
		return;
	look_at(target, value_of(target, prb, "desc_ring.descs", 8),
		size_of(target, "prb_desc") << count_bits);
	look_at(target, value_of(target, prb, "desc_ring.infos", 8),
		size_of(target, "printk_info") << count_bits);
	look_at(target, value_of(target, prb, "text_data_ring.data", 8), UINT64_C(1) << text_bits);
}

struct hwp_error *hwp_excerpt_add_for_hosts(struct hwp_target *target)
{
	struct hwp_symbol syms[] = { { .name = "linux_banner" },
				     { .name = "init_uts_ns" },
				     { .name = "prb" } };
	struct hwp_error *err = hwp_target_symbols(target, syms, HWP_ARRAY_SIZE(syms));
	char banner[512];
	uint64_t prb;

	if (err)
		return err;
	if (syms[0].found)
		hwp_error_destroy(
			hwp_target_read_string(target, syms[0].address, banner, sizeof(banner)));
	if (syms[1].found)
		look_at(target, syms[1].address, size_of(target, "uts_namespace"));
	if (syms[2].found) {
		err = hwp_target_read_u64(target, syms[2].address, &prb);
		if (!err)
			look_at_log(target, prb);
		hwp_error_destroy(err);
	}
	return NULL;
}
