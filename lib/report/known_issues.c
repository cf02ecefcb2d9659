// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/known_issues.h"

static void put_references(struct hwp_text *text, const struct hwp_known_issue *issue)
{
	for (size_t i = 0; i < HWP_MAX_REFERENCES && issue->references[i]; i++)
		hwp_text_field(text, i ? "" : "See", "%s", issue->references[i]);
}

static void put_issue(struct hwp_text *text, const struct hwp_issue_match *match)
{
	const struct hwp_known_issue *issue = match->issue;

	hwp_text_field(text, "Issue", "%s: %s", issue->name, issue->title);
	hwp_text_field(text, "Matches", "%s", match->why);
	hwp_text_field(text, "Unless", "%s", issue->disproof);
	hwp_text_field(text, "Kernels", "%s", issue->kernels);
	put_references(text, issue);
	hwp_text_field(text, "To do", "%s", issue->advice);
}

void hwp_text_known_issues(struct hwp_text *text, const struct hwp_findings *f)
{
	if (!f->known_issues.nr)
		return;
	hwp_text_heading(text, "Known issues that this looks like");
	for (size_t i = 0; i < f->known_issues.nr; i++) {
		if (i && !text->sink)
			putc('\n', text->out);
		put_issue(text, &f->known_issues.data[i]);
	}
}

void hwp_report_json_known_issues(struct hwp_json *json, const struct hwp_findings *f)
{
	hwp_json_array(json, "known_issues");
	for (size_t i = 0; i < f->known_issues.nr; i++) {
		const struct hwp_issue_match *match = &f->known_issues.data[i];

		hwp_json_row_object(json, NULL);
		hwp_json_string(json, "name", match->issue->name);
		hwp_json_string(json, "title", match->issue->title);
		hwp_json_string(json, "matches", match->why);
		hwp_json_string(json, "unless", match->issue->disproof);
		hwp_json_string(json, "kernels", match->issue->kernels);
		hwp_json_row_array(json, "references");
		for (size_t j = 0; j < HWP_MAX_REFERENCES && match->issue->references[j]; j++)
			hwp_json_string(json, NULL, match->issue->references[j]);
		hwp_json_end(json);
		hwp_json_string(json, "advice", match->issue->advice);
		hwp_json_end(json);
	}
	hwp_json_end(json);
}
