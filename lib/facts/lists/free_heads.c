// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/lists/free_heads.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "base/machine.h"

/* With its number, 2 MiB. The first chunks, mostly the only ones, take memory as they fill. */
#define HEADS_PER_CHUNK UINT32_C(65535)
#define NR_SMALL_CHUNKS 4
/* 4 million heads: as a rule 16 GiB in pieces of one page. */
#define MAX_BYTES ((size_t)128 << 20)
#define PFN_BITS 56

/** The order stands above the pfn. */
struct kept {
	uint64_t pfn_and_order, next, prev, flags;
};

struct hwp_free_chunk {
	uint32_t nr;
	struct kept heads[HEADS_PER_CHUNK];
};

struct hwp_free_heads {
	/** Each thread fills those that it has taken; NULL: there was no memory for it. */
	struct hwp_free_chunk **chunks;
	atomic_uint_least32_t nr_taken;
	uint32_t max_chunks;
	/** A hash table of indices + 1; 0: none. NULL while nothing can be found. */
	uint32_t *by_pfn;
	uint64_t mask;
};

struct hwp_error *hwp_free_heads_create(struct hwp_free_heads **ret)
{
	struct hwp_free_heads *heads = calloc(1, sizeof(*heads));

	if (!heads)
		return hwp_error_no_memory();
	heads->max_chunks = (uint32_t)(hwp_share_of_machine(MAX_BYTES) /
				       sizeof(struct hwp_free_chunk));
	atomic_init(&heads->nr_taken, 0);
	heads->chunks = calloc((size_t)heads->max_chunks + 1, sizeof(struct hwp_free_chunk *));
	if (!heads->chunks) {
		hwp_free_heads_destroy(heads);
		return hwp_error_no_memory();
	}
	*ret = heads;
	return NULL;
}

void hwp_free_heads_destroy(struct hwp_free_heads *heads)
{
	if (!heads)
		return;
	for (uint32_t i = 0; heads->chunks && i < heads->max_chunks; i++)
		free(heads->chunks[i]);
	free(heads->chunks);
	free(heads->by_pfn);
	free(heads);
}

/** A chunk with room; NULL: there is no more. */
static struct hwp_free_chunk *next_chunk(struct hwp_free_heads *heads)
{
	struct hwp_free_chunk *chunk;
	uint32_t index;

	if (atomic_load(&heads->nr_taken) >= heads->max_chunks)
		return NULL;
	index = atomic_fetch_add(&heads->nr_taken, 1);
	if (index >= heads->max_chunks)
		return NULL;
	/* They are met in no order, each time in another page. */
	chunk = index < NR_SMALL_CHUNKS ? malloc(sizeof(*chunk)) : hwp_alloc_big(sizeof(*chunk));
	if (chunk)
		chunk->nr = 0;
	heads->chunks[index] = chunk;
	return chunk;
}

void hwp_free_heads_add(struct hwp_free_heads *heads, struct hwp_free_heads_part *part,
			const struct hwp_free_head *head)
{
	if (head->pfn >> PFN_BITS)
		return;
	if (!part->chunk || part->chunk->nr == HEADS_PER_CHUNK)
		part->chunk = next_chunk(heads);
	if (part->chunk)
		part->chunk->heads[part->chunk->nr++] = (struct kept){
			head->pfn | (uint64_t)head->order << PFN_BITS,
			head->next,
			head->prev,
			head->flags,
		};
}

static uint64_t pfn_of(const struct kept *k)
{
	return k->pfn_and_order & ((UINT64_C(1) << PFN_BITS) - 1);
}

static const struct kept *kept_at(const struct hwp_free_heads *heads, uint32_t index)
{
	return &heads->chunks[index / HEADS_PER_CHUNK]->heads[index % HEADS_PER_CHUNK];
}

/** Where the search for @p pfn begins: pfns of free blocks are multiples of their sizes. */
static uint64_t slot_of(const struct hwp_free_heads *heads, uint64_t pfn)
{
	return pfn * UINT64_C(0x9e3779b97f4a7c15) >> 24 & heads->mask;
}

static uint32_t nr_in(const struct hwp_free_heads *heads, uint32_t chunk)
{
	return heads->chunks[chunk] ? heads->chunks[chunk]->nr : 0;
}

/** @p nr zeros; NULL: there is no memory for them. */
static uint32_t *make_table(uint64_t nr)
{
	uint64_t size = nr * sizeof(uint32_t);
	uint32_t *table;

	if (size < sizeof(struct hwp_free_chunk))
		return calloc(nr, sizeof(*table));
	table = hwp_alloc_big(size);
	return table ? memset(table, 0, size) : NULL;
}

void hwp_free_heads_index(struct hwp_free_heads *heads)
{
	uint64_t nr = 0, size;

	for (uint32_t i = 0; i < heads->max_chunks; i++)
		nr += nr_in(heads, i);
	size = UINT64_C(1) << hwp_bits_for(2 * nr + 1);
	heads->mask = size - 1;
	heads->by_pfn = make_table(size);
	for (uint32_t i = 0; heads->by_pfn && i < heads->max_chunks; i++) {
		for (uint32_t n = 0; n < nr_in(heads, i); n++) {
			uint64_t slot = slot_of(heads, pfn_of(&heads->chunks[i]->heads[n]));

			while (heads->by_pfn[slot])
				slot = (slot + 1) & heads->mask;
			heads->by_pfn[slot] = i * HEADS_PER_CHUNK + n + 1;
		}
	}
}

bool hwp_free_heads_find(const struct hwp_free_heads *heads, uint64_t pfn,
			 struct hwp_free_head *ret)
{
	if (!heads->by_pfn)
		return false;
	for (uint64_t slot = slot_of(heads, pfn); heads->by_pfn[slot];
	     slot = (slot + 1) & heads->mask) {
		const struct kept *k = kept_at(heads, heads->by_pfn[slot] - 1);

		if (pfn_of(k) != pfn)
			continue;
		*ret = (struct hwp_free_head){ .pfn = pfn,
					       .next = k->next,
					       .prev = k->prev,
					       .flags = k->flags,
					       .order = (uint8_t)(k->pfn_and_order >> PFN_BITS) };
		return true;
	}
	return false;
}
