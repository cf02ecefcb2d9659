// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/kernel/kernel.h"

#include <string.h>

#include "base/bits.h"
#include "facts/kernel/static_key.h"
#include "layout/needs.h"

/** Symbols whose presence or value says how the kernel frees pages; 0: it has none. */
struct kernel_layout {
	uint64_t free_has_hwpoisoned, free_prepared_contig_range, free_contig_range_common,
		split_large_buddy;
	uint64_t init_on_free, init_on_alloc, page_poisoning, debug_pagealloc, check_pages, hvo_key,
		hvo_bool, page_owner_inited, kasan_flag, kasan_report, sched_clock_stable;
	uint64_t anon_orders_always, anon_orders_madvise, anon_orders_inherit;
	uint64_t tainted_mask;
	/** free_has_hwpoisoned() in mm/page_alloc.c. */
	enum hwp_function by_debug_information;
};

#define SYMBOL(field, names) HWP_SYMBOL(struct kernel_layout, field, names, .optional = true)

static const struct hwp_need rows[] = {
	SYMBOL(free_has_hwpoisoned, "free_has_hwpoisoned"),
	SYMBOL(free_prepared_contig_range,
	       "free_prepared_contig_range __free_prepared_contig_range"),
	SYMBOL(free_contig_range_common, "__free_contig_range_common"),
	/* Linux kernel commit fd919a85cd55 ("mm: page_isolation: prepare for hygienic freelists")
	 * (in v6.10). */
	SYMBOL(split_large_buddy, "split_large_buddy"),
	SYMBOL(init_on_free, "init_on_free"),
	SYMBOL(init_on_alloc, "init_on_alloc"),
	SYMBOL(page_poisoning, "_page_poisoning_enabled want_page_poisoning"),
	SYMBOL(debug_pagealloc, "_debug_pagealloc_enabled"),
	SYMBOL(check_pages, "check_pages_enabled"),
	SYMBOL(hvo_key, "hugetlb_optimize_vmemmap_key"),
	SYMBOL(hvo_bool, "vmemmap_optimize_enabled hugetlb_free_vmemmap_enabled"),
	SYMBOL(page_owner_inited, "page_owner_inited"),
	/* Linux kernel commit 2e903b914797 ("kasan, arm64: implement HW_TAGS runtime") (in v5.11)
	 * made it a switch; before, and in modes that have none, what was built is on. */
	SYMBOL(kasan_flag, "kasan_flag_enabled"),
	SYMBOL(kasan_report, "kasan_report"),
	SYMBOL(sched_clock_stable, "__sched_clock_stable"),
	/* Linux kernel commit 3485b88390b0 ("mm: thp: introduce multi-size THP sysfs interface")
	 * (in v6.8). */
	SYMBOL(anon_orders_always, "huge_anon_orders_always"),
	SYMBOL(anon_orders_madvise, "huge_anon_orders_madvise"),
	SYMBOL(anon_orders_inherit, "huge_anon_orders_inherit"),
	SYMBOL(tainted_mask, "tainted_mask"),
};

static bool decide(struct hwp_resolver *r, void *own)
{
	struct kernel_layout *at = own;

	at->by_debug_information = hwp_target_function(r->target, "mm/page_alloc.c",
						       "free_has_hwpoisoned");
	return true;
}

const struct hwp_needs hwp_kernel_needs = {
	.rows = rows,
	.nr = HWP_ARRAY_SIZE(rows),
	.size = sizeof(struct kernel_layout),
	.decide = decide,
};

static enum hwp_switch read_bool(struct hwp_target *target, uint64_t address)
{
	_cleanup_error_ struct hwp_error *err = NULL;
	uint8_t value;

	if (!address)
		return HWP_NOT_BUILT;
	err = hwp_target_read(target, HWP_KERNEL_VIRTUAL, address, &value, 1, NULL);
	return err ? HWP_SWITCH_UNKNOWN : value ? HWP_ON : HWP_OFF;
}

/** Each word has a bit for each order that anonymous memory may have; none: only a PMD's. */
static bool has_small_thps(struct hwp_target *target, const struct hwp_layout *l,
			   const struct kernel_layout *at)
{
	const uint64_t words[] = { at->anon_orders_always, at->anon_orders_madvise,
				   at->anon_orders_inherit };

	for (size_t i = 0; i < HWP_ARRAY_SIZE(words); i++) {
		_cleanup_error_ struct hwp_error *err = NULL;
		uint64_t orders;

		if (!words[i])
			continue;
		err = hwp_target_read_u64(target, words[i], &orders);
		if (err || orders & ~(UINT64_C(1) << l->pmd_order))
			return true;
	}
	return false;
}

/** bad_page() in mm/page_alloc.c sets the flag, also where it prints nothing; none clears it. */
static enum hwp_answer has_found_bad_pages(struct hwp_target *target, uint64_t tainted_mask)
{
	const uint64_t taint_bad_page = UINT64_C(1) << 5;
	_cleanup_error_ struct hwp_error *err = NULL;
	uint64_t mask;

	if (!tainted_mask)
		return HWP_ANSWER_UNKNOWN;
	err = hwp_target_read_u64(target, tainted_mask, &mask);
	if (err)
		return HWP_ANSWER_UNKNOWN;
	return mask & taint_bad_page ? HWP_ANSWER_YES : HWP_ANSWER_NO;
}

/*
 * free_has_hwpoisoned() is static and may be inlined: debug information shows that. Without
 * it a missing symbol proves nothing if the helper that the fix needs, v7.2's
 * free_prepared_contig_range(), is there; if that is missing, so is the fix.
 */
static enum hwp_fix find_fix(const struct kernel_layout *at, const char **evidence)
{
	if (at->free_has_hwpoisoned) {
		*evidence = "the symbol free_has_hwpoisoned";
		return HWP_FIX_PRESENT;
	}
	if (at->by_debug_information == HWP_FUNCTION_INLINED ||
	    at->by_debug_information == HWP_FUNCTION_COMPILED) {
		*evidence = at->by_debug_information == HWP_FUNCTION_INLINED ?
				    "free_has_hwpoisoned is inlined, by the debug information" :
				    "free_has_hwpoisoned is compiled, by the debug information";
		return HWP_FIX_PRESENT;
	}
	if (at->by_debug_information == HWP_FUNCTION_ABSENT) {
		*evidence = "the debug information of mm/page_alloc.c has no free_has_hwpoisoned, "
			    "compiled or inlined";
		return HWP_FIX_ABSENT;
	}
	if (at->free_prepared_contig_range || at->free_contig_range_common) {
		*evidence =
			"no symbol free_has_hwpoisoned, which may be inlined; no release of Linux "
			"up to 7.3 has it";
		return HWP_FIX_UNKNOWN;
	}
	*evidence = "no symbol free_prepared_contig_range, which the fix needs";
	return HWP_FIX_ABSENT;
}

struct hwp_error *hwp_kernel_facts_read(struct hwp_target *target, const struct hwp_layout *l,
					struct hwp_findings *f)
{
	const struct kernel_layout *at = hwp_layout_of(l, &hwp_kernel_needs);
	struct hwp_kernel_facts *k = &f->kernel;
	const char *evidence;

	snprintf(k->release, sizeof(k->release), "%s", hwp_target_release(target));
	k->has_memory_failure = l->has_memory_failure;
	k->fix = find_fix(at, &evidence);
	snprintf(k->fix_evidence, sizeof(k->fix_evidence), "%s", evidence);
	k->frees_gigantic_whole = at->split_large_buddy != 0;
	k->keeps_poison_mapped = strcmp(hwp_target_machine(target), "aarch64") == 0;
	k->init_on_alloc = hwp_static_key_read(target, l, at->init_on_alloc);
	k->init_on_free = hwp_static_key_read(target, l, at->init_on_free);
	k->page_poisoning = hwp_static_key_read(target, l, at->page_poisoning);
	k->debug_pagealloc = hwp_static_key_read(target, l, at->debug_pagealloc);
	k->page_owner = hwp_static_key_read(target, l, at->page_owner_inited);
	k->kasan = at->kasan_flag   ? hwp_static_key_read(target, l, at->kasan_flag) :
		   at->kasan_report ? HWP_ON :
				      HWP_NOT_BUILT;
	k->clocks_differ = hwp_static_key_read(target, l, at->sched_clock_stable) == HWP_OFF;
	/* Before check_pages_enabled (v6.4) the allocator always checked. */
	k->check_pages_is_switch = at->check_pages != 0;
	k->small_thps = has_small_thps(target, l, at);
	k->found_bad_pages = has_found_bad_pages(target, at->tainted_mask);
	k->check_pages = at->check_pages ? hwp_static_key_read(target, l, at->check_pages) : HWP_ON;
	k->hugetlb_vmemmap_optimized = at->hvo_bool ? read_bool(target, at->hvo_bool) :
						      hwp_static_key_read(target, l, at->hvo_key);
	return NULL;
}
