// SPDX-License-Identifier: GPL-2.0-or-later
/** The lines of the kernel log about memory errors, in their order. */
#include <inttypes.h>

#include "base/clock.h"
#include "report/common.h"
#include "report/html/html.h"
#include "report/machine.h"

/* The last ones: a machine may have logged thousands. */
#define MAX_LINES 5000

static void put_line(FILE *out, const struct hwp_findings *f, const struct hwp_event *e)
{
	const struct hwp_poisoned *page = e->has_pfn ? hwp_findings_poisoned_at(f, e->pfn) : NULL;
	char when[HWP_UTC_SIZE];
	int64_t seconds;

	fputs("<tr>", out);
	hwp_html_cell(out, "n mono", HWP_PRI_SECONDS, HWP_SECONDS(e->time_ns));
	if (hwp_wall_clock(f, e->time_ns, &seconds))
		hwp_html_cell(out, "k", "%s", hwp_utc(seconds, when));
	else
		hwp_html_cell(out, "k", "-");
	if (e->has_pfn)
		hwp_html_cell(out, "k mono", "0x%" PRIx64, e->pfn);
	else
		hwp_html_cell(out, "k", "-");
	hwp_html_cell(out, "k", "%s",
		      page	 ? hwp_state_name(page->state) :
		      e->has_pfn ? "unmarked" :
				   "-");
	hwp_html_cell(out, "t mono", "%s", e->text);
	fputs("</tr>\n", out);
}

void hwp_html_timeline(FILE *out, const struct hwp_findings *f)
{
	static const char *const heads[] = {
		"Seconds since boot",	  "Time (UTC)", "Pfn", "State now",
		"Line of the kernel log", NULL
	};
	size_t nr = f->events.nr + f->remarks.nr, event = 0, remark = 0, i = 0;
	const struct hwp_event *e;

	fputs("<h2 id=\"timeline\">What the kernel log has</h2>\n<p>", out);
	hwp_html_printf(out, "%s: %s%s%s. %zu line%s about memory errors%s",
			hwp_log_state_name(f->log.state),
			hwp_log_states.words[f->log.state].meaning, *f->log.why ? "; " : "",
			f->log.why, nr, hwp_plural(nr), nr > MAX_LINES ? "; the last are:" : ".");
	fputs("</p>\n", out);
	if (!nr)
		return;
	hwp_html_table_begin(out, heads);
	while ((e = hwp_report_next_line(f, &event, &remark))) {
		if (i++ + MAX_LINES >= nr)
			put_line(out, f, e);
	}
	hwp_html_table_end(out);
}
