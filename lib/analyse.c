// SPDX-License-Identifier: GPL-2.0-or-later
/** The whole road, once: target, layout, memmap, findings, checks. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "facts/kernel/cec.h"
#include "facts/kernel/counters.h"
#include "facts/kernel/dmi.h"
#include "facts/kernel/ghes.h"
#include "facts/kernel/hstates.h"
#include "facts/kernel/kernel.h"
#include "facts/kernel/machine.h"
#include "facts/kernel/mce_pool.h"
#include "facts/lists/freelist.h"
#include "facts/log/mfevent.h"
#include "facts/log/rasdaemon.h"
#include "facts/log/text_log.h"
#include "facts/owner/starts.h"
#include "facts/pages/bad_memory.h"
#include "facts/pages/collect.h"
#include "facts/pages/extent.h"
#include "facts/pages/grow.h"
#include "facts/pages/kpageflags.h"
#include "facts/pages/lookup.h"
#include "facts/pages/observe.h"
#include "facts/pages/quick.h"
#include "facts/pages/unmarked.h"
#include "hwpoison.h"
#include "layout/pagekind.h"
#include "facts/pages/address.h"
#include "readers.h"
#include "verdict/decide.h"
#include "verdict/passes.h"

struct analysis {
	const struct hwp_options *options;
	struct hwp_target *target;
	struct hwp_layout *layout;
	struct hwp_memmap *memmap;
	struct hwp_page_reader *reader;
	struct hwp_zones *zones;
	struct hwp_findings *findings;
	hwp_pfn_vec flagged;
	/** Between the sweep of a dump and the walk of its lists. */
	struct hwp_free_heads *heads;
	uint64_t layout_ns;
	/** Why the memory of the running kernel is closed; NULL when it is open. */
	struct hwp_error *closed;
};

static void analysis_deinit(struct analysis *a)
{
	hwp_vec_deinit(&a->flagged);
	hwp_free_heads_destroy(a->heads);
	hwp_zones_destroy(a->zones);
	hwp_page_reader_destroy(a->reader);
	hwp_memmap_destroy(a->memmap);
	hwp_layout_destroy(a->layout);
	hwp_target_destroy(a->target);
	hwp_findings_destroy(a->findings);
	hwp_error_destroy(a->closed);
}

/** A zone's own numbers, against each other and the memmap. */
static bool check_zone(struct hwp_findings *f, const struct hwp_zone *z, uint64_t end_of_memmap)
{
	uint64_t spanned = z->end_pfn - z->start_pfn;

	if (z->managed_pages <= z->present_pages && z->present_pages <= spanned &&
	    z->end_pfn <= end_of_memmap)
		return true;
	return hwp_findings_contradiction(f,
					  "node %d %s: spans %" PRIu64 " pages from 0x%" PRIx64
					  ", has %" PRIu64 " present, %" PRIu64
					  " managed; the memmap ends at 0x%" PRIx64,
					  z->nid, z->name, spanned, z->start_pfn, z->present_pages,
					  z->managed_pages, end_of_memmap);
}

/** Sections of which the dump does not say whether they have struct pages. */
static bool note_missing_sections(struct hwp_findings *f, const struct hwp_memmap *m)
{
	return !m->nr_missing_sections ||
	       hwp_findings_hole(f, HWP_HOLE_MEMMAP,
				 "mem_section: a part at 0x%" PRIx64 " is not in the dump: whether "
				 "%" PRIu64 " sections have struct pages is not known",
				 m->missing_address, m->nr_missing_sections);
}

static struct hwp_error *describe(struct analysis *a)
{
	uint64_t end_of_memmap = a->memmap->ranges.data[a->memmap->ranges.nr - 1].end_pfn;
	struct hwp_findings *f = a->findings;
	const char *damage = hwp_target_damage(a->target);

	f->live = hwp_target_is_live(a->target);
	if (!note_missing_sections(f, a->memmap))
		return hwp_error_no_memory();
	if (!f->live || a->options->target.qemu_socket) {
		f->path = strdup(hwp_target_options_path(&a->options->target));
		if (!f->path)
			return hwp_error_no_memory();
	}
	snprintf(f->format, sizeof(f->format), "%s", hwp_target_format(a->target));
	snprintf(f->damage, sizeof(f->damage), "%s", damage ? damage : "");
	f->zero_filled = hwp_target_zero_filled(a->target);
	f->vmcoreinfo_found = hwp_target_vmcoreinfo_found(a->target);
	f->memmap_excluded = hwp_target_memmap_excluded(a->target);
	snprintf(f->memory_provider, sizeof(f->memory_provider), "%s",
		 hwp_target_memory_provider(a->target));
	snprintf(f->type_provider, sizeof(f->type_provider), "%s",
		 hwp_target_type_provider(a->target));
	f->page_shift = a->layout->page_shift;
	f->max_order = a->layout->nr_orders - 1;
	f->pmd_order = a->layout->pmd_order;
	f->flags_hold_zone = a->zones->flags_hold_zone;
	for (size_t i = 0; i < a->zones->nodes.nr; i++) {
		const struct hwp_node *n = &a->zones->nodes.data[i];

		if (n->has_span &&
		    !hwp_vec_push(&f->node_spans,
				  ((struct hwp_node_span){ n->nid, n->start_pfn, n->end_pfn })))
			return hwp_error_no_memory();
	}
	memcpy(f->migratetype_names, a->layout->migratetype_names, sizeof(f->migratetype_names));
	for (size_t i = 0; i < a->zones->zones.nr; i++) {
		const struct hwp_zone *z = &a->zones->zones.data[i];
		struct hwp_zone_facts facts = {
			.nid = z->nid,
			.start_pfn = z->start_pfn,
			.end_pfn = z->end_pfn,
			.present_pages = z->present_pages,
			.managed_pages = z->managed_pages,
		};

		memcpy(facts.name, z->name, sizeof(facts.name));
		if (!hwp_vec_push(&f->zones, facts) || !check_zone(f, z, end_of_memmap))
			return hwp_error_no_memory();
	}
	return NULL;
}

static void set_page_rule(struct analysis *a)
{
	struct hwp_page_rule rule = hwp_page_rule(a->layout);

	hwp_target_set_page_rule(a->target, &rule);
}

static struct hwp_error *open_all(struct analysis *a)
{
	struct hwp_error *err;
	uint64_t start;

	err = hwp_target_open(&a->options->target, &a->target);
	if (err)
		return err;
	start = hwp_now_ns();
	err = hwp_layout_create(a->target, hwp_readers, &a->layout);
	if (!err)
		set_page_rule(a);
	a->layout_ns = hwp_now_ns() - start;
	return hwp_target_blame(a->target, &a->options->target, err);
}

/** What was read of memory and its zones; again in each pass of a running kernel. */
static struct hwp_error *map_memory(struct analysis *a)
{
	uint64_t start = hwp_now_ns();
	struct hwp_error *err;

	hwp_zones_destroy(a->zones);
	hwp_page_reader_destroy(a->reader);
	hwp_memmap_destroy(a->memmap);
	a->zones = NULL;
	a->reader = NULL;
	a->memmap = NULL;
	a->flagged.nr = 0;
	err = hwp_target_refresh(a->target);
	if (!err)
		err = hwp_memmap_create(a->target, a->layout, &a->memmap);
	if (!err)
		err = hwp_page_reader_create(a->target, a->memmap, &a->reader);
	if (!err)
		err = hwp_zones_create(a->target, a->layout, a->reader, &a->zones);
	if (!err)
		err = describe(a);
	a->findings->times.layout_ns = a->layout_ns + (hwp_now_ns() - start);
	return hwp_target_blame(a->target, &a->options->target, err);
}

static struct hwp_error *sweep(struct analysis *a, bool quick)
{
	const struct hwp_scan_options options = {
		.nr_threads = a->findings->live && !a->options->nr_threads ? 1 :
									     a->options->nr_threads,
		.progress = a->options->progress,
		.progress_arg = a->options->progress_arg,
		.heads = a->heads,
	};
	struct hwp_collector c = { a->target, a->layout, a->reader, a->zones, a->findings };
	uint64_t start = hwp_now_ns();
	struct hwp_error *err = NULL;
	bool known = false;

	if (quick)
		err = hwp_quick_scan(a->target, a->reader, a->zones, &options, &a->flagged,
				     a->findings, &known);
	if (!err && quick && !known)
		a->findings->sweep = HWP_SWEEP_NOT_COUNTED;
	if (!err && !known)
		err = hwp_scan(a->target, a->memmap, &options, &a->flagged, a->findings);
	a->findings->times.sweep_ns += hwp_now_ns() - start;
	return err ? err : hwp_collect_pages(&c, &a->flagged);
}

/** What the quick sweep did not prove complete, a full one has to find. */
static struct hwp_error *sweep_and_prove(struct analysis *a)
{
	struct hwp_findings *f = a->findings;
	struct hwp_error *err = f->live ? NULL : hwp_free_heads_create(&a->heads);

	if (!err)
		err = sweep(a, a->options->quick && f->live);
	if (err || f->sweep != HWP_SWEEP_QUICK || hwp_quick_is_proven(a->target, a->layout, f))
		return err;
	f->sweep = HWP_SWEEP_FELL_BACK;
	f->coverage = (struct hwp_coverage){};
	f->memmap_holes.nr = 0;
	f->nr_buddy_pages_in_memmap = f->nr_aliased = f->nr_followers_in_use = 0;
	f->too_many = false;
	f->poisoned.nr = a->flagged.nr = 0;
	return sweep(a, false);
}

static struct hwp_error *walk_lists(struct analysis *a)
{
	struct hwp_findings *f = a->findings;
	struct hwp_list_walk walk = {
		.target = a->target,
		.layout = a->layout,
		.reader = a->reader,
		.zones = a->zones,
		.findings = f,
		.nr_poisoned = f->poisoned.nr,
		.live = f->live,
		.heads = a->heads,
		.quick = f->sweep == HWP_SWEEP_QUICK,
	};
	_cleanup_free_ uint64_t *pfns = malloc((f->poisoned.nr + 1) * sizeof(*pfns));
	uint64_t start = hwp_now_ns();
	struct hwp_error *err;

	if (!pfns)
		return hwp_error_no_memory();
	for (size_t i = 0; i < f->poisoned.nr; i++)
		pfns[i] = f->poisoned.data[i].pfn;
	walk.poisoned_pfns = pfns;
	err = hwp_walk_free_lists(&walk);
	hwp_free_heads_destroy(a->heads);
	a->heads = NULL;
	f->times.lists_ns = hwp_now_ns() - start;
	return err;
}

/** The page that the user asked about, by whatever number. */
static struct hwp_error *take_subject(struct analysis *a)
{
	struct hwp_subject *subject = &a->findings->subject;
	const struct hwp_options *o = a->options;
	uint64_t pfn;

	if (!o->has_folio_pfn)
		return NULL;
	if (!hwp_page_of_number(a->target, a->layout, a->memmap, o->folio_pfn, &pfn,
				&subject->given))
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
					"0x%" PRIx64 " has no struct page: there is no memory, "
					"neither by a pfn nor by a physical, struct page or "
					"direct-map address of that number",
					o->folio_pfn);
	if (o->has_range && (pfn < o->range_pfn || pfn >= o->range_end_pfn))
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
					"pfn 0x%" PRIx64 " is not in --range", pfn);
	subject->asked = true;
	subject->number = o->folio_pfn;
	subject->page.pfn = pfn;
	return NULL;
}

/** What the user wants to know beyond what is always looked at. */
static struct hwp_error *take_wishes(struct analysis *a)
{
	const struct hwp_options *o = a->options;
	struct hwp_error *err = take_subject(a);

	if (err)
		return err;
	if (o->rasdaemon_path && (err = hwp_rasdaemon_read(o->rasdaemon_path, a->findings)))
		return err;
	if (o->since_boot && (err = hwp_leak_record_copy(&a->findings->since_boot, o->since_boot)))
		return err;
	return o->has_range ? hwp_extents_set_range(a->findings, o->range_pfn, o->range_end_pfn) :
			      NULL;
}

/** The clocks of this system know when its own kernel booted. */
static void read_boot_time(struct analysis *a)
{
	struct timespec now;

	a->findings->has_boot_time = a->findings->live && !a->options->target.qemu_socket;
	if (!a->findings->has_boot_time)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	a->findings->boot_unix_seconds = (int64_t)now.tv_sec -
					 (int64_t)(hwp_now_ns() / HWP_NS_PER_SECOND);
}

/** The subject, and where folios were freed, what stands there now. */
static struct hwp_error *read_closely(struct analysis *a, struct hwp_collector *c)
{
	struct hwp_error *err = hwp_observe(a->reader, a->findings);

	if (!err)
		err = hwp_unmarked_find(c);
	if (!err && a->findings->subject.asked)
		err = hwp_lookup_subject(c);
	if (!err)
		hwp_addresses_find(a->target, a->layout, a->memmap, a->findings);
	return err;
}

/** Everything that is read, in the order in which one part says where to read the next. */
static struct hwp_error *read_facts(struct analysis *a)
{
	struct hwp_collector c = { a->target, a->layout, a->reader, a->zones, a->findings };
	struct hwp_extent_orders hugetlb = {};
	struct hwp_error *err;

	read_boot_time(a);
	err = take_wishes(a);
	if (!err)
		err = hwp_kernel_facts_read(a->target, a->layout, a->findings);
	if (!err)
		hwp_machine_read(a->target, a->layout, a->findings);
	if (!err)
		err = sweep_and_prove(a);
	if (!err)
		err = hwp_collect_events(&c);
	if (!err)
		err = hwp_hstates_read(a->target, a->layout, &hugetlb);
	if (!err)
		err = hwp_extents_find(a->findings, &hugetlb);
	if (!err)
		err = walk_lists(a);
	if (!err)
		err = hwp_collect_places(&c);
	if (!err)
		err = hwp_extents_refine(a->findings);
	if (!err)
		err = hwp_extents_add_stranded(a->findings);
	if (!err)
		err = hwp_extents_grow(a->reader, a->findings);
	if (!err)
		err = hwp_counters_read(a->target, a->memmap, a->zones, a->findings);
	if (!err)
		err = hwp_mce_pool_read(a->target, a->layout, a->findings);
	if (!err)
		err = hwp_ghes_read(a->target, a->layout, a->findings);
	if (!err)
		err = hwp_cec_read(a->target, a->layout, a->findings);
	if (!err)
		err = hwp_dmi_name_modules(a->target, a->layout, a->findings);
	if (!err)
		hwp_bad_memory_look(a->target, a->layout, a->findings);
	if (!err)
		hwp_starts_find(a->target, a->layout, a->reader, a->findings);
	return err ? err : read_closely(a, &c);
}

static struct hwp_error *both_closed(const struct hwp_error *memory, struct hwp_error *flags)
{
	struct hwp_error *err = hwp_error_create(flags->code, "%s; %s", memory->message,
						 flags->message);

	hwp_error_destroy(flags);
	return err;
}

static struct hwp_error *look(struct analysis *a)
{
	struct hwp_error *err;

	hwp_findings_destroy(a->findings);
	a->findings = calloc(1, sizeof(*a->findings));
	if (!a->findings)
		return hwp_error_no_memory();
	if (a->closed) {
		err = hwp_kpageflags_look(a->findings, "/proc", a->closed->message);
		if (err)
			err = both_closed(a->closed, err);
	} else {
		err = map_memory(a);
		if (!err)
			err = read_facts(a);
	}
	return err || a->options->facts_only ? err : hwp_decide(a->findings);
}

/** No option names a way: the running kernel may be examined in another one. */
static bool may_fall_back(const struct hwp_options *o, const struct hwp_error *err)
{
	return !o->target.host && !o->target.core_path && !o->target.qemu_socket &&
	       !o->target.nr_symbol_paths && !o->target.provider && !o->has_folio_pfn &&
	       !o->rasdaemon_path && err->code != HWP_ERROR_NO_MEMORY &&
	       err->code != HWP_ERROR_INTERRUPTED;
}

/** Until enough passes agree, or too many did not. */
static struct hwp_error *look_repeatedly(struct analysis *a)
{
	const struct timespec pause = { .tv_nsec = 30000000 };
	unsigned int wanted = a->options->nr_passes ? a->options->nr_passes : HWP_DEFAULT_PASSES;
	_cleanup_(hwp_passes_deinit) struct hwp_passes passes = {};
	struct hwp_error *err = NULL;

	for (unsigned int i = 0; i < wanted + HWP_EXTRA_PASSES; i++) {
		if (i)
			nanosleep(&pause, NULL);
		hwp_error_destroy(err);
		err = look(a);
		/* The pass may have failed on what changed during it. */
		if (err && (err->code == HWP_ERROR_NO_MEMORY ||
			    (a->target && hwp_target_is_interrupted(a->target))))
			return err;
		if (err && a->closed)
			return err;
		if (err)
			continue;
		err = hwp_passes_add(&passes, wanted, a->findings);
		/* Another pass over /proc/kpageflags shows no more. */
		if (err ||
		    (passes.nr >= wanted && (a->closed || !hwp_passes_unsettled(a->findings))))
			break;
	}
	return err;
}

static struct hwp_error *look_at_target(const struct hwp_options *options,
					struct hwp_findings **ret)
{
	_cleanup_(analysis_deinit) struct analysis a = { .options = options };
	uint64_t start = hwp_now_ns();
	struct hwp_open_times opened = {};
	struct hwp_error *err;

	err = open_all(&a);
	if (err && may_fall_back(options, err))
		a.closed = no_cleanup_ptr(err);
	if (!err)
		err = a.closed || hwp_target_is_live(a.target) ? look_repeatedly(&a) : look(&a);
	/* What failed or was left out after the interrupt is a consequence of it. */
	if (a.target && hwp_target_is_interrupted(a.target)) {
		hwp_error_destroy(err);
		err = hwp_error_create(HWP_ERROR_INTERRUPTED, "interrupted");
	}
	/* So is what was taken for a hole in the dump when memory was short here. */
	if (!err && a.target && hwp_target_is_starved(a.target))
		err = hwp_error_no_memory();
	if (err)
		return err;
	if (a.target)
		opened = hwp_target_open_times(a.target);
	a.findings->times.open_ns = opened.file_ns;
	a.findings->times.symbols_ns = opened.symbols_ns;
	a.findings->times.types_ns = opened.types_ns;
	a.findings->times.total_ns = hwp_now_ns() - start;
	*ret = no_cleanup_ptr(a.findings);
	return NULL;
}

/** What a log alone shows: events, and what the kernel died of, but nothing of its memory. */
static struct hwp_error *look_at_log(const struct hwp_options *options, struct hwp_findings **ret)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = calloc(1, sizeof(*f));
	struct hwp_error *err = NULL;

	if (!f)
		return hwp_error_no_memory();
	f->is_log = true;
	f->page_shift = hwp_usual_addresses.page_shift;
	f->kernel = (struct hwp_kernel_facts){
		.has_memory_failure = true,
		.fix = HWP_FIX_UNKNOWN,
		.init_on_alloc = HWP_SWITCH_UNKNOWN,
		.init_on_free = HWP_SWITCH_UNKNOWN,
		.check_pages = HWP_SWITCH_UNKNOWN,
		.page_poisoning = HWP_SWITCH_UNKNOWN,
		.debug_pagealloc = HWP_SWITCH_UNKNOWN,
		.hugetlb_vmemmap_optimized = HWP_SWITCH_UNKNOWN,
		.page_owner = HWP_SWITCH_UNKNOWN,
		.kasan = HWP_SWITCH_UNKNOWN,
	};
	f->path = strdup(options->log_path);
	snprintf(f->format, sizeof(f->format), "text of a log");
	snprintf(f->memory_provider, sizeof(f->memory_provider), "none");
	snprintf(f->type_provider, sizeof(f->type_provider), "none");
	if (!f->path || !hwp_findings_hole(f, HWP_HOLE_MEMMAP, "only a log was read"))
		return hwp_error_no_memory();
	err = hwp_text_log_read(options->log_path, f);
	if (!err && options->rasdaemon_path)
		err = hwp_rasdaemon_read(options->rasdaemon_path, f);
	if (!err)
		err = hwp_decide(f);
	if (!err)
		*ret = no_cleanup_ptr(f);
	return err;
}

struct hwp_error *hwp_analyse(const struct hwp_options *options, struct hwp_findings **ret)
{
	if (options->log_path)
		return look_at_log(options, ret);
	return look_at_target(options, ret);
}
