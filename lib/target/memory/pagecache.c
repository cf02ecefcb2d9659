// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/pagecache.h"

#include <stdlib.h>

#include "base/bits.h"
#include "base/machine.h"

#define WAYS 4

struct set {
	/** pfn + 1 of each way; 0: none. */
	uint64_t tags[WAYS];
	/** The way that is filled next. */
	unsigned int next;
};

struct hwp_pagecache {
	size_t page_size, nr_sets;
	struct set *sets;
	char *pages;
};

struct hwp_error *hwp_pagecache_create(size_t page_size, size_t max_bytes,
				       struct hwp_pagecache **ret)
{
	struct hwp_pagecache *cache = calloc(1, sizeof(*cache));
	size_t nr = hwp_share_of_machine(max_bytes) / page_size / WAYS;

	if (!cache)
		return hwp_error_no_memory();
	cache->page_size = page_size;
	cache->nr_sets = (size_t)1 << hwp_ilog2(nr ? nr : 1);
	cache->sets = calloc(cache->nr_sets, sizeof(*cache->sets));
	/* Touched, and so taken from the machine, as it fills. */
	cache->pages = malloc(cache->nr_sets * WAYS * page_size);
	if (!cache->sets || !cache->pages) {
		hwp_pagecache_destroy(cache);
		return hwp_error_no_memory();
	}
	*ret = cache;
	return NULL;
}

void hwp_pagecache_destroy(struct hwp_pagecache *cache)
{
	if (!cache)
		return;
	free(cache->sets);
	free(cache->pages);
	free(cache);
}

/* Neighbours, and pages a power of two apart, fall into different sets. */
static size_t set_of(const struct hwp_pagecache *cache, uint64_t pfn)
{
	return (pfn ^ pfn >> 9 ^ pfn >> 18) & (cache->nr_sets - 1);
}

static char *page_of(struct hwp_pagecache *cache, size_t set, unsigned int way)
{
	return cache->pages + (set * WAYS + way) * cache->page_size;
}

const void *hwp_pagecache_find(struct hwp_pagecache *cache, uint64_t pfn)
{
	size_t set = set_of(cache, pfn);

	for (unsigned int way = 0; way < WAYS; way++) {
		if (cache->sets[set].tags[way] == pfn + 1)
			return page_of(cache, set, way);
	}
	return NULL;
}

void *hwp_pagecache_slot(struct hwp_pagecache *cache, uint64_t pfn)
{
	size_t set = set_of(cache, pfn);

	cache->sets[set].tags[cache->sets[set].next] = 0;
	return page_of(cache, set, cache->sets[set].next);
}

void hwp_pagecache_keep(struct hwp_pagecache *cache, uint64_t pfn)
{
	struct set *set = &cache->sets[set_of(cache, pfn)];

	set->tags[set->next] = pfn + 1;
	set->next = (set->next + 1) % WAYS;
}
