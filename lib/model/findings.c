// SPDX-License-Identifier: GPL-2.0-or-later
/** The model's storage, and the words of the contract. */
#include "model/findings.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/bits.h"

/* A target cannot make us tell more than this many troubles. */
#define MAX_TROUBLES 200

void hwp_findings_destroy(struct hwp_findings *f)
{
	if (!f)
		return;
	free(f->path);
	hwp_vec_deinit(&f->zones);
	hwp_vec_deinit(&f->poisoned);
	hwp_vec_deinit(&f->blocks);
	hwp_vec_deinit(&f->lists);
	hwp_vec_deinit(&f->areas);
	hwp_vec_deinit(&f->troubles);
	hwp_vec_deinit(&f->events);
	hwp_vec_deinit(&f->rasdaemon);
	hwp_vec_deinit(&f->folios);
	hwp_vec_deinit(&f->expected);
	hwp_vec_deinit(&f->runs);
	hwp_vec_deinit(&f->uses);
	hwp_vec_deinit(&f->files);
	hwp_vec_deinit(&f->counters.blocks);
	hwp_vec_deinit(&f->counters.nodes);
	hwp_vec_deinit(&f->counters.pending_pfns);
	hwp_vec_deinit(&f->checks);
	free(f);
}

size_t hwp_findings_folio_index(const struct hwp_findings *f, uint64_t pfn)
{
	size_t low = 0, high = f->folios.nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (hwp_folio_end(&f->folios.data[mid]) <= pfn)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct hwp_folio *hwp_findings_folio_at(const struct hwp_findings *f, uint64_t pfn)
{
	size_t i = hwp_findings_folio_index(f, pfn);

	return i < f->folios.nr && f->folios.data[i].head_pfn <= pfn ? &f->folios.data[i] : NULL;
}

bool hwp_findings_trouble(struct hwp_findings *f, enum hwp_trouble_kind kind, const char *fmt, ...)
{
	struct hwp_trouble trouble = { .kind = kind };
	va_list ap;

	/* The last place is kept for a hole: holes decide the verdict. */
	if (f->troubles.nr >= MAX_TROUBLES ||
	    (f->troubles.nr == MAX_TROUBLES - 1 && kind != HWP_TROUBLE_HOLE))
		return true;
	va_start(ap, fmt);
	vsnprintf(trouble.text, sizeof(trouble.text), fmt, ap);
	va_end(ap);
	return hwp_vec_push(&f->troubles, trouble);
}

struct hwp_error *hwp_findings_tolerate(struct hwp_findings *f, struct hwp_error *err,
					const char *what)
{
	bool kept;

	if (!err || err->code == HWP_ERROR_NO_MEMORY)
		return err;
	kept = hwp_findings_trouble(f, HWP_TROUBLE_HOLE, "%s: %s", what, err->message);
	hwp_error_destroy(err);
	return kept ? NULL : hwp_error_no_memory();
}

static const struct {
	const char *name;
	enum hwp_class class;
} states[HWP_NR_STATES] = {
	[HWP_STATE_BUDDY] = { "buddy", HWP_CLASS_LEAKED },
	[HWP_STATE_PCP] = { "pcp", HWP_CLASS_LEAKED },
	[HWP_STATE_REUSED] = { "reused", HWP_CLASS_LEAKED },
	[HWP_STATE_DROPPED] = { "dropped", HWP_CLASS_LOST },
	[HWP_STATE_LARGE_FOLIO] = { "large-folio", HWP_CLASS_PENDING },
	[HWP_STATE_HUGETLB] = { "hugetlb", HWP_CLASS_PENDING },
	[HWP_STATE_IN_USE] = { "in-use", HWP_CLASS_PENDING },
	[HWP_STATE_TAKEN_OFF] = { "taken-off", HWP_CLASS_CONTAINED },
	[HWP_STATE_ISOLATED] = { "isolated", HWP_CLASS_CONTAINED },
	[HWP_STATE_SLAB] = { "slab", HWP_CLASS_KERNEL },
	[HWP_STATE_PGTABLE] = { "pgtable", HWP_CLASS_KERNEL },
	[HWP_STATE_RESERVED] = { "reserved", HWP_CLASS_KERNEL },
	[HWP_STATE_KERNEL] = { "kernel", HWP_CLASS_KERNEL },
	[HWP_STATE_OFFLINE] = { "offline", HWP_CLASS_OTHER },
	[HWP_STATE_DEVICE] = { "device", HWP_CLASS_OTHER },
	[HWP_STATE_UNKNOWN] = { "unknown", HWP_CLASS_UNKNOWN },
};

static const char *const class_names[HWP_NR_CLASSES] = {
	[HWP_CLASS_LEAKED] = "leaked",	 [HWP_CLASS_LOST] = "lost",
	[HWP_CLASS_PENDING] = "pending", [HWP_CLASS_CONTAINED] = "contained",
	[HWP_CLASS_KERNEL] = "kernel",	 [HWP_CLASS_OTHER] = "other",
	[HWP_CLASS_UNKNOWN] = "unknown",
};

static const char *const verdict_names[HWP_NR_VERDICTS] = {
	[HWP_VERDICT_LEAKED] = "leaked",	 [HWP_VERDICT_INCONSISTENT] = "inconsistent",
	[HWP_VERDICT_INCOMPLETE] = "incomplete", [HWP_VERDICT_AT_RISK] = "at-risk",
	[HWP_VERDICT_CLEAN] = "clean",
};

static const char *const result_names[] = {
	[HWP_PASS] = "pass",
	[HWP_FAIL] = "fail",
	[HWP_SKIP] = "skip",
	[HWP_INCONCLUSIVE] = "inconclusive",
};

static const char *const fix_names[] = {
	[HWP_FIX_ABSENT] = "absent",
	[HWP_FIX_PRESENT] = "present",
	[HWP_FIX_UNKNOWN] = "unknown",
};

static const char *const fix_seen_names[] = {
	[HWP_FIX_SEEN_NOTHING] = NULL,
	[HWP_FIX_SEEN_HELD] = "held",
	[HWP_FIX_SEEN_NOT_HELD] = "not-held",
};

static const char *const switch_names[] = {
	[HWP_OFF] = "off",
	[HWP_ON] = "on",
	[HWP_NOT_BUILT] = "not-built",
	[HWP_SWITCH_UNKNOWN] = "unknown",
};

static const char *const container_names[] = {
	[HWP_NOT_FREE] = "none",
	[HWP_FREE_AREA] = "free_area",
	[HWP_PCP_LIST] = "pcp",
	[HWP_TRYLOCK_LIST] = "trylock_free_pages",
	[HWP_UNACCEPTED_LIST] = "unaccepted_pages",
	[HWP_GUARD] = "guard",
};

static const char *const extent_kind_names[] = {
	[HWP_EXTENT_HUGETLB] = "hugetlb",
	[HWP_EXTENT_THP] = "thp",
	[HWP_EXTENT_LARGE] = "large",
	[HWP_EXTENT_FREED] = "freed",
};

static const char *const extent_source_names[] = {
	[HWP_SOURCE_FOLIO] = "folio",
	[HWP_SOURCE_EVENT] = "log",
	[HWP_SOURCE_STRANDED] = "stranded neighbours",
	[HWP_SOURCE_RANGE] = "--range",
};

static const char *const outcome_names[] = {
	[HWP_OUTCOME_HELD] = "held",
	[HWP_OUTCOME_LEAKED] = "leaked",
	[HWP_OUTCOME_WOULD_LEAK] = "would-leak",
	[HWP_OUTCOME_WOULD_HOLD] = "would-hold",
	[HWP_OUTCOME_UNKNOWN] = "unknown",
};

static const char *const run_state_names[] = {
	[HWP_RUN_BUDDY] = "buddy",	   [HWP_RUN_PCP] = "pcp",
	[HWP_RUN_ALLOCATED] = "allocated", [HWP_RUN_CONTAINED] = "contained",
	[HWP_RUN_LOST] = "lost",	   [HWP_RUN_UNREADABLE] = "unreadable",
};

static const char *const boot_names[] = {
	[HWP_BOOT_UNKNOWN] = "unknown",
	[HWP_BOOT_THIS] = "this",
	[HWP_BOOT_EARLIER] = "earlier",
};

static const char *const use_names[] = {
	[HWP_USE_ANONYMOUS] = "anonymous", [HWP_USE_FILE] = "file",
	[HWP_USE_HUGETLB] = "hugetlb",	   [HWP_USE_SLAB] = "slab",
	[HWP_USE_PAGE_TABLE] = "pgtable",  [HWP_USE_RESERVED] = "reserved",
	[HWP_USE_KERNEL] = "kernel",
};

static const char *const event_names[] = {
	[HWP_EVENT_ACTION] = "action",
	[HWP_EVENT_SIGBUS] = "sigbus",
	[HWP_EVENT_ALREADY_POISONED] = "already-poisoned",
	[HWP_EVENT_SOFT_OFFLINE] = "soft-offline",
	[HWP_EVENT_UNPOISON] = "unpoison",
	[HWP_EVENT_INJECTED] = "injected",
	[HWP_EVENT_SPLIT_FAILED] = "split-failed",
	[HWP_EVENT_MACHINE_CHECK] = "machine-check",
	[HWP_EVENT_OTHER] = "other",
};

const char *hwp_state_name(enum hwp_state state)
{
	return states[state].name;
}

const char *hwp_class_name(enum hwp_class class)
{
	return class_names[class];
}

enum hwp_class hwp_state_class(enum hwp_state state)
{
	return states[state].class;
}

const char *hwp_verdict_name(enum hwp_verdict verdict)
{
	return verdict_names[verdict];
}

const char *hwp_result_name(enum hwp_result result)
{
	return result_names[result];
}

const char *hwp_fix_name(enum hwp_fix fix)
{
	return fix_names[fix];
}

const char *hwp_fix_seen_name(enum hwp_fix_seen seen)
{
	return fix_seen_names[seen];
}

const char *hwp_boot_name(enum hwp_boot boot)
{
	return boot_names[boot];
}

const char *hwp_switch_name(enum hwp_switch sw)
{
	return switch_names[sw];
}

const char *hwp_sweep_name(enum hwp_sweep sweep)
{
	static const char *const names[HWP_NR_SWEEPS] = {
		[HWP_SWEEP_FULL] = "full",
		[HWP_SWEEP_QUICK] = "quick",
		[HWP_SWEEP_FELL_BACK] = "full-as-quick-found-another-number",
		[HWP_SWEEP_NOT_COUNTED] = "full-as-blocks-do-not-count",
	};

	return names[sweep];
}

const char *hwp_container_name(enum hwp_container container)
{
	return container_names[container];
}

const char *hwp_extent_kind_name(enum hwp_extent_kind kind)
{
	return extent_kind_names[kind];
}

const char *hwp_extent_source_name(enum hwp_extent_source source)
{
	return extent_source_names[source];
}

const char *hwp_outcome_name(enum hwp_outcome outcome)
{
	return outcome_names[outcome];
}

const char *hwp_run_state_name(enum hwp_run_state state)
{
	return run_state_names[state];
}

const char *hwp_use_kind_name(enum hwp_use_kind kind)
{
	return use_names[kind];
}

const char *hwp_event_kind_name(enum hwp_event_kind kind)
{
	return event_names[kind];
}

int hwp_verdict_exit_status(enum hwp_verdict verdict)
{
	switch (verdict) {
	case HWP_VERDICT_LEAKED:
	case HWP_VERDICT_INCONSISTENT:
		return 1;
	case HWP_VERDICT_AT_RISK:
	case HWP_VERDICT_CLEAN:
		return 0;
	default:
		return 2;
	}
}
