// SPDX-License-Identifier: GPL-2.0-or-later
/** `list`: which pages and columns are asked for, then the table or the document. */
#include <string.h>

#include "analyse.h"
#include "base/nearest.h"
#include "options.h"
#include "report/selection.h"
#include "state_file.h"
#include "verdict/check.h"

/** The next word of "A,B,C", which ends at a comma or at the end; NULL after the last. */
static const char *next_word(const char **list, size_t *len)
{
	const char *word = *list;

	if (!word)
		return NULL;
	*len = strcspn(word, ",");
	*list = word[*len] ? word + *len + 1 : NULL;
	return word;
}

static int unknown_column(const struct hwp_context *context, bool json, const char *name,
			  size_t len)
{
	_cleanup_free_ char *word = strndup(name, len);
	struct hwp_nearest nearest = hwp_nearest_to(word ? word : "");

	for (size_t i = 0; i < hwp_nr_page_columns; i++)
		hwp_nearest_try(&nearest, hwp_page_columns[i].column.name);
	if (nearest.found)
		return hwp_usage_error(context, json, "unknown column '%.*s' (did you mean '%s'?)",
				       (int)len, name, nearest.found);
	return hwp_usage_error(context, json,
			       "unknown column '%.*s' ('hwpoison help list' names the columns)",
			       (int)len, name);
}

static bool add_column(struct hwp_selection *s, const struct hwp_page_column *column)
{
	for (size_t i = 0; i < s->columns.nr; i++)
		if (s->columns.data[i] == column)
			return true;
	return hwp_vec_push(&s->columns, column);
}

/** "COL,..." or "+COL,...", which adds to the plain columns, as lsblk has it. */
static int take_columns(const struct hwp_context *context, const struct hwp_cmd_options *options,
			struct hwp_selection *s)
{
	const struct hwp_column_list plain = hwp_plain_columns(&options->style);
	const char *list = options->columns, *word;
	bool ok = true;
	size_t len;

	if (list && *list == '+') {
		list++;
		for (size_t i = 0; i < plain.nr; i++)
			ok &= add_column(s, plain.data[i]);
	}
	while ((word = next_word(&list, &len))) {
		const struct hwp_page_column *column = hwp_page_column_find(word, len);

		if (!column)
			return unknown_column(context, options->json, word, len);
		ok &= add_column(s, column);
	}
	return ok ? HWP_GO_ON : hwp_fail(context, options->json, hwp_error_no_memory());
}

static int unknown_state(const struct hwp_context *context, bool json, const char *name, size_t len)
{
	_cleanup_free_ char *word = strndup(name, len);
	struct hwp_nearest nearest = hwp_nearest_to(word ? word : "");

	for (unsigned int i = 0; i < HWP_NR_STATES; i++)
		hwp_nearest_try(&nearest, hwp_state_name(i));
	if (nearest.found)
		return hwp_usage_error(context, json, "unknown state '%.*s' (did you mean '%s'?)",
				       (int)len, name, nearest.found);
	return hwp_usage_error(context, json,
			       "unknown state '%.*s' ('hwpoison help states' names the states)",
			       (int)len, name);
}

static int take_states(const struct hwp_context *context, const struct hwp_cmd_options *options,
		       struct hwp_selection *s)
{
	const char *list = options->states, *word;
	size_t len;

	s->has_states = list;
	while ((word = next_word(&list, &len))) {
		unsigned int i = 0;

		while (i < HWP_NR_STATES &&
		       (strncmp(hwp_state_name(i), word, len) != 0 || hwp_state_name(i)[len]))
			i++;
		if (i == HWP_NR_STATES)
			return unknown_state(context, options->json, word, len);
		s->states[i] = true;
	}
	return HWP_GO_ON;
}

static int take_selection(const struct hwp_context *context, const struct hwp_cmd_options *options,
			  struct hwp_selection *s)
{
	const char *sort = options->sort;
	int status = take_columns(context, options, s);

	if (status == HWP_GO_ON)
		status = take_states(context, options, s);
	if (status != HWP_GO_ON)
		return status;
	s->limit = options->limit;
	s->no_headings = options->no_headings;
	if (sort && !(s->sort = hwp_page_column_find(sort, strlen(sort))))
		return unknown_column(context, options->json, sort, strlen(sort));
	return HWP_GO_ON;
}

int hwp_cmd_list(const struct hwp_context *context, const struct hwp_command *command,
		 struct hwp_cmd_options *options)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *findings = NULL;
	_cleanup_(hwp_selection_deinit) struct hwp_selection selection = {};
	_cleanup_(hwp_state_file_deinit) struct hwp_state_file state = {};
	int status = take_selection(context, options, &selection);
	struct hwp_error *err;

	if (status != HWP_GO_ON)
		return status;
	hwp_state_file_open(context, options, &state);
	options->since_boot = &state.record;
	err = hwp_analyse_target(context, command, options, &findings);
	if (err)
		return hwp_fail(context, options->json, err);
	err = options->json ?
		      hwp_report_selected_json(context->out, findings, &selection) :
		      hwp_report_selected(context->out, findings, &options->style, &selection);
	/* A document of JSON has not been begun then. */
	if (err && err->code == HWP_ERROR_NO_MEMORY)
		return hwp_fail(context, options->json, err);
	return hwp_finish(context, err, hwp_verdict_exit_status(findings->verdict));
}
