// SPDX-License-Identifier: GPL-2.0-or-later
/** Findings to text and JSON; pure functions that write to the given stream. */
#ifndef HWP_REPORT_REPORT_H
#define HWP_REPORT_REPORT_H

#include <stdio.h>

#include "base/error.h"
#include "layout/layout.h"
#include "model/findings.h"
#include "verdict/decompose.h"

struct hwp_report_style {
	/** ANSI colour. */
	bool color;
	/** UTF-8 is printed as it is; else its bytes are shown as \xNN. */
	bool utf8;
	/** Columns to fill; 0 for 80. */
	unsigned int width;
	/**
	 * In tables of pages, also the address of each struct page, which a host's commands take.
	 * Then rows of tables are as long as they are where width is 0.
	 */
	bool addresses;
};

/** What `layout` prints, put together by the caller. */
struct hwp_layout_report {
	const char *release, *memory_provider, *type_provider;
	const struct hwp_layout *layout;
};

/** What `decompose` prints: a folio's poison, and its healthy blocks. */
struct hwp_decompose_report {
	const struct hwp_poison_map *map;
	const struct hwp_healthy_block *blocks;
	size_t nr_blocks;
	/** No block has a higher order. */
	unsigned int max_order;
};

/** A file that a dump is in. */
struct hwp_ticket_file {
	const char *path;
	/** In bytes. */
	uint64_t size;
	/** In hexadecimal; empty where it was not requested. */
	char sha256[65];
};

/** What the page for a ticket says of itself. */
struct hwp_ticket {
	/** The command line, and when it was run. */
	const char *command;
	int64_t unix_seconds;
	/** Where the dump is (borrowed); none for a running kernel. */
	const struct hwp_ticket_file *files;
	size_t nr_files;
};

/** `report`: all of it as one page of HTML, which loads nothing. */
struct hwp_error *hwp_report_html(FILE *out, const struct hwp_findings *findings,
				  const struct hwp_ticket *ticket);

/** `check`: verdict, coverage, poisoned pages, checks. */
struct hwp_error *hwp_report_check(FILE *out, const struct hwp_findings *findings,
				   const struct hwp_report_style *style);

/** `check` of one of several targets: its name and the verdict, on one line. */
struct hwp_error *hwp_report_line(FILE *out, const struct hwp_findings *findings,
				  const struct hwp_report_style *style);

struct hwp_selection;

/** `list`: one row for each poisoned page, or for those of @p selection. */
struct hwp_error *hwp_report_selected(FILE *out, const struct hwp_findings *findings,
				      const struct hwp_report_style *style,
				      const struct hwp_selection *selection);
struct hwp_error *hwp_report_list(FILE *out, const struct hwp_findings *findings,
				  const struct hwp_report_style *style);

/** `freelist`: lists by node, zone, order and migratetype; poison inside. */
struct hwp_error *hwp_report_freelist(FILE *out, const struct hwp_findings *findings,
				      const struct hwp_report_style *style);

/** `layout`: how the kernel was understood, one row for each fact. */
struct hwp_error *hwp_report_layout(FILE *out, const struct hwp_layout_report *report,
				    const struct hwp_report_style *style);

/** `folio`: everything known about findings.subject and its folio. */
struct hwp_error *hwp_report_folio(FILE *out, const struct hwp_findings *findings,
				   const struct hwp_report_style *style);

/** `events`: the kernel log's lines about memory errors, and each page's state now. */
struct hwp_error *hwp_report_events(FILE *out, const struct hwp_findings *findings,
				    const struct hwp_report_style *style);

/** `decompose`: healthy ranges, their blocks, sums, and a map. */
struct hwp_error *hwp_report_decompose(FILE *out, const struct hwp_decompose_report *report,
				       const struct hwp_report_style *style);

/**
 * The same as JSON, schema hwpoison.report/1 (hwpoison.report.1.schema.json.in);
 * freelist, folio, events, layout and decompose have a key of their own name instead of poisoned and
 * what follows from it.
 */
struct hwp_error *hwp_report_json(FILE *out, const struct hwp_findings *findings);
struct hwp_error *hwp_report_selected_json(FILE *out, const struct hwp_findings *findings,
					   const struct hwp_selection *selection);
struct hwp_error *hwp_report_freelist_json(FILE *out, const struct hwp_findings *findings);
struct hwp_error *hwp_report_folio_json(FILE *out, const struct hwp_findings *findings);
struct hwp_error *hwp_report_events_json(FILE *out, const struct hwp_findings *findings);
struct hwp_error *hwp_report_layout_json(FILE *out, const struct hwp_layout_report *report);
struct hwp_error *hwp_report_decompose_json(FILE *out, const struct hwp_decompose_report *report);

#endif /* HWP_REPORT_REPORT_H */
