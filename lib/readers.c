// SPDX-License-Identifier: GPL-2.0-or-later
#include "readers.h"

#include "facts/lists/freelist.h"
#include "facts/log/klog.h"
#include "facts/owner/page_owner.h"
#include "memmap/memmap.h"
#include "memmap/zones.h"

const struct hwp_needs *const hwp_readers[] = {
	/* The others build on struct page. */
	&hwp_layout_needs,    &hwp_memmap_needs,      &hwp_zones_needs,	     &hwp_freelist_needs,
	&hwp_klog_ring_needs, &hwp_klog_buffer_needs, &hwp_page_owner_needs, NULL,
};
