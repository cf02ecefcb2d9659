// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/changes.h"

#include <inttypes.h>

#include "base/json.h"
#include "report/common.h"

void hwp_report_change(FILE *out, const struct hwp_findings *f, const struct hwp_change *change,
		       const char *time)
{
	const char *before = change->before ? change->before : "-";

	if (change->kind == HWP_CHANGE_VERDICT)
		fprintf(out, "%s  verdict  %s -> %s\n", time, before, change->now);
	else
		fprintf(out, "%s  0x%" PRIx64 "  0x%" PRIx64 "  %s -> %s\n", time, change->pfn,
			change->pfn << f->page_shift, before,
			change->now ? change->now : "unmarked");
}

static void begin(struct hwp_json *json, const char *time, const char *kind)
{
	hwp_json_row_object(json, NULL);
	hwp_json_string(json, "schema", "hwpoison.change/1");
	hwp_json_string(json, "time", time);
	hwp_json_string(json, "kind", kind);
}

static void put_page(struct hwp_json *json, const struct hwp_findings *f,
		     const struct hwp_change *change)
{
	const struct hwp_zone_facts *zone = change->page ? hwp_report_zone(f, change->page->zone) :
							   NULL;

	hwp_json_u64(json, "pfn", change->pfn);
	hwp_json_hex(json, "phys", change->pfn << f->page_shift);
	if (zone)
		hwp_json_i64(json, "nid", zone->nid);
	else
		hwp_json_null(json, "nid");
	hwp_json_string(json, "zone", zone ? zone->name : NULL);
	hwp_json_string(json, "class",
			change->page ? hwp_class_name(hwp_state_class(change->page->state)) : NULL);
}

static void end(struct hwp_json *json, const char *before, const char *now)
{
	hwp_json_string(json, "before", before);
	hwp_json_string(json, "now", now);
	hwp_json_end(json);
	hwp_json_finish(json);
}

void hwp_report_change_json(FILE *out, const struct hwp_findings *f,
			    const struct hwp_change *change, const char *time)
{
	struct hwp_json json = { .out = out };

	begin(&json, time, change->kind == HWP_CHANGE_PAGE ? "page" : "verdict");
	if (change->kind == HWP_CHANGE_PAGE)
		put_page(&json, f, change);
	end(&json, change->before, change->now);
}

void hwp_report_no_verdict(FILE *out, const char *before, const char *why, const char *time)
{
	fprintf(out, "%s  verdict  %s -> -: %s\n", time, before ? before : "-", why);
}

void hwp_report_no_verdict_json(FILE *out, const char *before, const char *why, const char *time)
{
	struct hwp_json json = { .out = out };

	begin(&json, time, "verdict");
	hwp_json_string(&json, "error", why);
	end(&json, before, NULL);
}

void hwp_report_leaks(FILE *out, uint64_t nr_before, const struct hwp_leak_record *now,
		      const char *time)
{
	char first[32];

	fprintf(out, "%s  leaked since boot  %" PRIu64 " -> %" PRIu64 ", the first seen at %s\n",
		time, nr_before, hwp_leak_record_count(now),
		hwp_unix_time(hwp_leak_record_first(now), first, sizeof(first)));
}

void hwp_report_leaks_json(FILE *out, uint64_t nr_before, const struct hwp_leak_record *now,
			   const char *time)
{
	struct hwp_json json = { .out = out };
	char first[32];

	begin(&json, time, "leaked-since-boot");
	hwp_json_u64(&json, "nr_before", nr_before);
	hwp_json_u64(&json, "nr_now", hwp_leak_record_count(now));
	hwp_json_string(&json, "first_seen",
			hwp_unix_time(hwp_leak_record_first(now), first, sizeof(first)));
	hwp_json_end(&json);
	hwp_json_finish(&json);
}
