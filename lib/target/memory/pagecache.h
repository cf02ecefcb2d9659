// SPDX-License-Identifier: GPL-2.0-or-later
/** Pages of a dump that one thread keeps. Its size follows the machine that it runs on. */
#ifndef HWP_TARGET_MEMORY_PAGECACHE_H
#define HWP_TARGET_MEMORY_PAGECACHE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct hwp_pagecache;

/** At most @p max_bytes, and less on a small machine. */
struct hwp_error *hwp_pagecache_create(size_t page_size, size_t max_bytes,
				       struct hwp_pagecache **ret);
/** NULL is fine. */
void hwp_pagecache_destroy(struct hwp_pagecache *cache);

/** The page, borrowed until the next hwp_pagecache_slot(); NULL: it is not kept. */
const void *hwp_pagecache_find(struct hwp_pagecache *cache, uint64_t pfn);

/** Room for page @p pfn, which is kept once hwp_pagecache_keep() is called. */
void *hwp_pagecache_slot(struct hwp_pagecache *cache, uint64_t pfn);
void hwp_pagecache_keep(struct hwp_pagecache *cache, uint64_t pfn);

#endif /* HWP_TARGET_MEMORY_PAGECACHE_H */
