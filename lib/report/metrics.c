// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/metrics.h"

#include <inttypes.h>
#include <stdbool.h>

#include "base/bits.h"
#include "base/clock.h"
#include "report/common.h"

static const int no_node = -1;

/* All are gauges: each run counts anew, and a page may be unpoisoned. */
static void put_family(FILE *out, const char *name, const char *help)
{
	fprintf(out, "# HELP hwpoison_%s %s\n# TYPE hwpoison_%s gauge\n", name, help, name);
}

static void put_number(FILE *out, const char *name, const char *help, uint64_t value)
{
	put_family(out, name, help);
	fprintf(out, "hwpoison_%s %" PRIu64 "\n", name, value);
}

/** Microseconds are enough. */
static void put_seconds(FILE *out, const char *name, const char *help, uint64_t ns)
{
	put_family(out, name, help);
	fprintf(out, "hwpoison_%s " HWP_PRI_SECONDS "\n", name, HWP_SECONDS(ns));
}

/** @p part / @p whole, rounded down so that only the whole is 1. */
static void put_ratio(FILE *out, const char *name, const char *help, uint64_t part, uint64_t whole)
{
	uint64_t millionths = whole ? (uint64_t)((unsigned __int128)part * 1000000 / whole) : 0;

	put_family(out, name, help);
	fprintf(out, "hwpoison_%s %" PRIu64 ".%06" PRIu64 "\n", name, millionths / 1000000,
		millionths % 1000000);
}

/** An info metric: value 1, the text in a label. Labels must be UTF-8; bytes other than ASCII become '?'. */
static void put_info(FILE *out, const char *name, const char *help, const char *label,
		     const char *value)
{
	put_family(out, name, help);
	fprintf(out, "hwpoison_%s{%s=\"", name, label);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			putc('\\', out);
		putc(*value < 0x20 || *value >= 0x7f ? '?' : *value, out);
	}
	fputs("\"} 1\n", out);
}

static int node_of(const struct hwp_findings *f, const struct hwp_poisoned *page)
{
	const struct hwp_zone_facts *zone = hwp_report_zone(f, page->zone);

	return zone ? zone->nid : no_node;
}

static void put_states_of_node(FILE *out, const struct hwp_findings *f, int nid, const char *name)
{
	uint64_t nr[HWP_NR_STATES] = {};

	for (size_t i = 0; i < f->poisoned.nr; i++)
		if (node_of(f, &f->poisoned.data[i]) == nid)
			nr[f->poisoned.data[i].state]++;
	for (enum hwp_state state = 0; state < HWP_NR_STATES; state++)
		fprintf(out,
			"hwpoison_poisoned_pages{node=\"%s\",state=\"%s\",class=\"%s\"} %" PRIu64
			"\n",
			name, hwp_state_name(state), hwp_class_name(hwp_state_class(state)),
			nr[state]);
}

static bool is_first_zone_of_node(const struct hwp_findings *f, size_t zone)
{
	for (size_t i = 0; i < zone; i++)
		if (f->zones.data[i].nid == f->zones.data[zone].nid)
			return false;
	return true;
}

static void put_pages(FILE *out, const struct hwp_findings *f)
{
	bool has_stray = false;
	char name[16];

	put_family(out, "poisoned_pages",
		   "Poisoned base pages by NUMA node and state; class follows from state.");
	for (size_t i = 0; i < f->zones.nr; i++) {
		if (!is_first_zone_of_node(f, i))
			continue;
		snprintf(name, sizeof(name), "%d", f->zones.data[i].nid);
		put_states_of_node(out, f, f->zones.data[i].nid, name);
	}
	for (size_t i = 0; i < f->poisoned.nr; i++)
		has_stray |= node_of(f, &f->poisoned.data[i]) == no_node;
	if (has_stray)
		put_states_of_node(out, f, no_node, "unknown");
}

static void put_verdict(FILE *out, const struct hwp_findings *f)
{
	put_family(out, "verdict", "1 for the verdict of the last run, 0 for the others.");
	for (enum hwp_verdict v = 0; v < HWP_NR_VERDICTS; v++)
		fprintf(out, "hwpoison_verdict{verdict=\"%s\"} %d\n", hwp_verdict_name(v),
			v == f->verdict);
}

static void put_fix(FILE *out, const struct hwp_findings *f)
{
	static const enum hwp_fix all[] = { HWP_FIX_ABSENT, HWP_FIX_PRESENT, HWP_FIX_UNKNOWN };

	put_family(out, "kernel_fix",
		   "Whether the kernel frees only the healthy pages of a poisoned folio: 1 for "
		   "the status that applies.");
	for (size_t i = 0; i < HWP_ARRAY_SIZE(all); i++)
		fprintf(out, "hwpoison_kernel_fix{status=\"%s\"} %d\n", hwp_fix_name(all[i]),
			all[i] == f->kernel.fix);
}

static void put_findings(FILE *out, const struct hwp_findings *f)
{
	const struct hwp_summary *s = &f->summary;

	put_pages(out, f);
	put_number(out, "leaked_pages",
		   "Poisoned pages that are free, in use again, or dropped with healthy ones.",
		   s->nr_by_class[HWP_CLASS_LEAKED] + s->nr_by_class[HWP_CLASS_LOST]);
	put_number(out, "healthy_lost_bytes",
		   "Healthy memory that was lost together with poisoned pages.",
		   s->nr_healthy_lost << f->page_shift);
	put_ratio(out, "coverage_ratio", "Fraction of the memmap that could be read.",
		  f->coverage.nr_read, f->coverage.nr_pages);
	put_verdict(out, f);
	put_fix(out, f);
	put_info(out, "kernel_info", "The kernel that was checked.", "release", f->kernel.release);
}

struct hwp_error *hwp_report_metrics(FILE *out, const struct hwp_findings *f,
				     const struct hwp_metrics_run *run)
{
	put_number(out, "up",
		   "Whether the last run could read the kernel; if 0, there are no "
		   "metrics of pages.",
		   f != NULL);
	put_seconds(out, "last_run_timestamp_seconds", "When the last run ended, in Unix time.",
		    run->end_ns);
	put_seconds(out, "last_run_duration_seconds", "How long the last run took.",
		    run->duration_ns);
	put_info(out, "build_info", "The program that wrote this.", "version", HWP_VERSION);
	if (run->since_boot)
		put_number(out, "leaked_since_boot",
			   "Poisoned pages that were seen leaked, or lost with healthy ones, since "
			   "this kernel booted; it never falls before the next boot.",
			   hwp_leak_record_count(run->since_boot));
	if (f)
		put_findings(out, f);
	fputs("# EOF\n", out);
	return hwp_report_flush(out);
}
