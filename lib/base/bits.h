// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Small arithmetic on untrusted numbers, and loads of the target's integers from a
 * buffer. Targets are 64-bit little-endian, as the host is: dumpfile.c and kcore.c
 * refuse others.
 */
#ifndef HWP_BASE_BITS_H
#define HWP_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HWP_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline uint64_t hwp_u64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t hwp_u32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint16_t hwp_u16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/** An unsigned integer of @p size bytes (1, 2, 4 or 8); 0 for another size. */
static inline uint64_t hwp_word(const void *p, size_t size)
{
	switch (size) {
	case 1:
		return *(const uint8_t *)p;
	case 2:
		return hwp_u16(p);
	case 4:
		return hwp_u32(p);
	case 8:
		return hwp_u64(p);
	}
	return 0;
}

static inline bool hwp_is_pow2(uint64_t v)
{
	return v && !(v & (v - 1));
}

/** floor(log2(v)); @p v must not be 0. */
static inline unsigned int hwp_ilog2(uint64_t v)
{
	return 63 - (unsigned int)__builtin_clzll(v);
}

/** ceil(log2(v)): the bits that @p v different numbers take. 0 for 0 and 1. */
static inline unsigned int hwp_bits_for(uint64_t v)
{
	return v <= 1 ? 0 : hwp_ilog2(v - 1) + 1;
}

/** @p v with the bits below 2^@p order cleared. */
static inline uint64_t hwp_align_down(uint64_t v, unsigned int order)
{
	return order >= 64 ? 0 : v & ~((UINT64_C(1) << order) - 1);
}

/**
 * The order of the first of the blocks that [@p pfn, @p end_pfn) is cut into from its start on:
 * each as large as its alignment, what is left and @p max_order let it be.
 */
static inline unsigned int hwp_first_block_order(uint64_t pfn, uint64_t end_pfn,
						 unsigned int max_order)
{
	unsigned int order = pfn ? (unsigned int)__builtin_ctzll(pfn) : max_order;
	unsigned int fits = hwp_ilog2(end_pfn - pfn);

	order = order < fits ? order : fits;
	return order < max_order ? order : max_order;
}

/** Finds a cycle in a singly linked list of any length (Brent); start from {}. */
struct hwp_cycle {
	uint64_t marker, nr_steps, next_mark;
};

/** Call it with the address of each node in turn; true once the walk is in a cycle. */
static inline bool hwp_cycle_closed(struct hwp_cycle *c, uint64_t address)
{
	if (c->nr_steps && address == c->marker)
		return true;
	if (c->nr_steps++ >= c->next_mark) {
		c->marker = address;
		c->next_mark = 2 * c->nr_steps;
	}
	return false;
}

static inline bool hwp_test_bit(const void *bitmap, uint64_t bit)
{
	return ((const uint8_t *)bitmap)[bit / 8] >> (bit % 8) & 1;
}

/** Are there bytes, and all of them zero? */
static inline bool hwp_is_zero(const void *bytes, size_t size)
{
	const uint8_t *first = bytes;

	return size && *first == 0 && memcmp(first, first + 1, size - 1) == 0;
}

#endif /* HWP_BASE_BITS_H */
