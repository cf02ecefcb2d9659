// SPDX-License-Identifier: GPL-2.0-or-later
/** The report as one page for a browser or a printer, which needs nothing but itself. */
#include <inttypes.h>
#include <string.h>

#include "report/cause.h"
#include "report/common.h"
#include "report/html/html.h"
#include "report/known_issues.h"
#include "report/machine.h"

static const char *look_of(enum hwp_verdict verdict)
{
	switch (verdict) {
	case HWP_VERDICT_LEAKED:
	case HWP_VERDICT_LEAKED_BEFORE:
	case HWP_VERDICT_INCONSISTENT:
		return "bad";
	case HWP_VERDICT_CLEAN:
		return "good";
	case HWP_VERDICT_INCOMPLETE:
	case HWP_VERDICT_AT_RISK:
	case HWP_NR_VERDICTS:
		break;
	}
	return "warn";
}

/** For somebody who has never heard of page frames. */
static const char *plain_words(const struct hwp_findings *f)
{
	switch (f->verdict) {
	case HWP_VERDICT_LEAKED:
		return f->summary.nr_by_class[HWP_CLASS_LEAKED] ?
			       "Memory that is known to be faulty has gone back into the free "
			       "memory of this machine, or is in use again." :
			       "Memory that is known to be faulty went back into the free memory "
			       "of this machine, which threw it away with healthy memory.";
	case HWP_VERDICT_LEAKED_BEFORE:
		return "Memory that is known to be faulty was in free memory or in use again on "
		       "this machine, and is no more.";
	case HWP_VERDICT_INCONSISTENT:
		return "What this machine's memory records about itself is contradictory: it is "
		       "not an all-clear.";
	case HWP_VERDICT_INCOMPLETE:
		return "Not all that is needed for an answer could be read, or was as it should "
		       "be: it is not an all-clear.";
	case HWP_VERDICT_AT_RISK:
		return "No faulty memory is known to be back in use on this machine, but it may "
		       "still come to that, or cannot be known.";
	case HWP_VERDICT_CLEAN:
	case HWP_NR_VERDICTS:
		break;
	}
	if (!f->summary.nr_poisoned)
		return "No memory of this machine is marked as faulty.";
	return f->summary.nr_poisoned == f->summary.nr_by_class[HWP_CLASS_CONTAINED] ?
		       "Faulty memory was found on this machine, and it is out of reach." :
		       "Faulty memory was found on this machine, and none of it has come back into "
		       "use, or can.";
}

static struct hwp_error *put_verdict(FILE *out, const struct hwp_findings *f)
{
	_cleanup_free_ char *reasons = hwp_verdict_reasons(f);
	const char *color, *word = hwp_verdict_headline(f->verdict, &color);

	if (!reasons)
		return hwp_error_no_memory();
	fprintf(out, "<header class=\"verdict %s\">\n<h1>", look_of(f->verdict));
	hwp_html_text(out, plain_words(f));
	fputs("</h1>\n<p><span class=\"word\">", out);
	hwp_html_text(out, word);
	fputs("</span>", out);
	hwp_html_text(out, reasons);
	fputs(".</p>\n</header>\n", out);
	return NULL;
}

/** The path of a file that is the only one stands above. */
static void put_file(struct hwp_text *text, const struct hwp_ticket *ticket,
		     const struct hwp_ticket_file *file)
{
	const char *path = ticket->nr_files > 1 ? file->path : "";

	hwp_text_field(text, "Size", "%" PRIu64 " bytes%s%s", file->size, *path ? ": " : "", path);
	if (*file->sha256)
		hwp_text_field(text, "SHA-256", "%s%s%s", file->sha256, *path ? ": " : "", path);
}

static void put_ticket(struct hwp_text *text, const struct hwp_findings *f,
		       const struct hwp_ticket *ticket)
{
	char when[HWP_UTC_SIZE];

	fputs("<h2 id=\"ticket\">Machine and dump</h2>\n", text->out);
	hwp_text_head(text, f);
	hwp_text_machine(text, f);
	for (size_t i = 0; i < ticket->nr_files; i++)
		put_file(text, ticket, &ticket->files[i]);
	hwp_text_field(text, "Written", "%s UTC, by hwpoison %s",
		       hwp_utc(ticket->unix_seconds, when), HWP_VERSION);
	hwp_text_field(text, "Command", "%s", ticket->command);
}

static const char *class_of(enum hwp_result result)
{
	return result == HWP_FAIL ? "k bad" : result == HWP_PASS ? "k good" : "k warn";
}

static void put_checks(FILE *out, const struct hwp_findings *f)
{
	static const char *const heads[] = { "Result", "Check", "What it found", NULL };

	fputs("<h2 id=\"checks\">Checks</h2>\n", out);
	hwp_html_table_begin(out, heads);
	for (size_t i = 0; i < f->checks.nr; i++) {
		const struct hwp_check_result *check = &f->checks.data[i];

		fputs("<tr>", out);
		hwp_html_cell(out, class_of(check->result), "%s", hwp_result_name(check->result));
		hwp_html_cell(out, "k", "%s", check->check->name);
		hwp_html_cell(out, "t", "%s", check->detail);
		fputs("</tr>\n", out);
	}
	hwp_html_table_end(out);
}

static void put_troubles(FILE *out, const struct hwp_findings *f)
{
	if (!f->troubles.nr)
		return;
	fputs("<h2 id=\"troubles\">What could not be read, or contradicts itself</h2>\n<ul>\n",
	      out);
	for (size_t i = 0; i < f->troubles.nr; i++) {
		fputs("<li>", out);
		hwp_html_printf(out, "%s: %s", hwp_trouble_kind_name(f->troubles.data[i].kind),
				f->troubles.data[i].text);
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

static void put_beginning(FILE *out, const struct hwp_findings *f)
{
	const char *color, *word = hwp_verdict_headline(f->verdict, &color);

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" "
	      "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>",
	      out);
	hwp_html_printf(out, "%s: %s", word,
			*f->machine.host ? f->machine.host :
			f->path		 ? f->path :
					   "the running kernel");
	fputs("</title>\n<style>\n", out);
	fputs(hwp_html_style, out);
	fputs("</style>\n</head>\n<body><main>\n", out);
}

struct hwp_error *hwp_report_html(FILE *out, const struct hwp_findings *f,
				  const struct hwp_ticket *ticket)
{
	struct hwp_text_sink sink;
	struct hwp_error *err;
	struct hwp_text text;

	hwp_html_sink(&text, &sink, out);
	put_beginning(out, f);
	err = put_verdict(out, f);
	if (err)
		return err;
	put_ticket(&text, f, ticket);
	hwp_html_answers(out, f);
	fputs("<section id=\"advice\">\n", out);
	hwp_text_advice(&text, f);
	hwp_text_cause(&text, f);
	fputs("</section>\n", out);
	hwp_html_timeline(out, f);
	err = hwp_html_folios(out, f);
	if (err)
		return err;
	hwp_html_pages(out, f);
	put_checks(out, f);
	hwp_text_known_issues(&text, f);
	put_troubles(out, f);
	fputs("</main></body>\n</html>\n", out);
	return hwp_text_finish(&text);
}
