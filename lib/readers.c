// SPDX-License-Identifier: GPL-2.0-or-later
#include "readers.h"

#include "facts/kernel/cec.h"
#include "facts/kernel/counters.h"
#include "facts/kernel/dmi.h"
#include "facts/kernel/ghes.h"
#include "facts/kernel/hstates.h"
#include "facts/kernel/kernel.h"
#include "facts/kernel/machine.h"
#include "facts/kernel/mce_pool.h"
#include "facts/kernel/static_key.h"
#include "facts/lists/cpus.h"
#include "facts/lists/free_count.h"
#include "facts/lists/freelist.h"
#include "facts/lists/pageblock.h"
#include "facts/log/klog.h"
#include "facts/owner/page_owner.h"
#include "facts/owner/rmap.h"
#include "facts/owner/rmap_file.h"
#include "facts/owner/starts.h"
#include "facts/pages/folio.h"
#include "facts/pages/address.h"
#include "memmap/memmap.h"
#include "memmap/zones.h"

/* struct page comes first: the others build on it. */
const struct hwp_needs *const hwp_readers[] = {
	&hwp_layout_needs,
	&hwp_memmap_needs,
	&hwp_zones_needs,
	&hwp_freelist_needs,
	&hwp_folio_hugetlb_needs,
	&hwp_folio_raw_needs,
	&hwp_direct_map_needs,
	&hwp_hstates_needs,
	&hwp_static_key_needs,
	&hwp_kernel_needs,
	&hwp_counters_totals_needs,
	&hwp_counters_blocks_needs,
	&hwp_counters_queue_needs,
	&hwp_klog_ring_needs,
	&hwp_klog_buffer_needs,
	&hwp_page_owner_needs,
	&hwp_rmap_process_needs,
	&hwp_rmap_anon_needs,
	&hwp_rmap_mapper_needs,
	&hwp_rmap_file_needs,
	&hwp_rmap_mount_needs,
	&hwp_cpus_needs,
	&hwp_free_count_needs,
	&hwp_pageblock_needs,
	&hwp_starts_needs,
	&hwp_machine_needs,
	&hwp_mce_pool_needs,
	&hwp_cec_needs,
	&hwp_ghes_needs,
	&hwp_dmi_needs,
	&hwp_dmi_modules_needs,
	NULL,
};
