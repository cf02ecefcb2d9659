// SPDX-License-Identifier: GPL-2.0-or-later
/** `explain`: each word of a report by the table that it comes from. */
#include "report/explain.h"

#include <limits.h>
#include <string.h>

#include "base/bits.h"
#include "base/json.h"
#include "base/nearest.h"
#include "facts/log/formats.h"
#include "report/background.h"
#include "report/common.h"
#include "report/text.h"
#include "verdict/check.h"
#include "verdict/issue.h"

/** A word as one of the things that it is. */
struct explanation {
	const char *word, *kind, *meaning;
	/** More about the kind, as the class of a state; or empty. */
	char detail[64];
	const struct hwp_background *background;
	/** It is a row of these tables. */
	const struct hwp_check *check;
	const struct hwp_known_issue *issue;
	/** It is an event of this kind; or -1. */
	int event;
};

/** Called for every explanation there is; true ends it. */
typedef bool take_explanation(void *arg, const struct explanation *e);

/** The words of one enum; what follows from them is for those that have it. */
struct list {
	const struct hwp_words *words;
	const char *kind;
	const struct hwp_background *(*background)(int value);
};

static const struct hwp_background *of_state(int value)
{
	return hwp_background_of_state((enum hwp_state)value);
}

static const struct hwp_background *of_class(int value)
{
	return hwp_background_of_class((enum hwp_class)value);
}

static const struct hwp_background *of_verdict(int value)
{
	return hwp_background_of_verdict((enum hwp_verdict)value);
}

static const struct hwp_background *of_outcome(int value)
{
	return hwp_background_of_outcome((enum hwp_outcome)value);
}

static const struct hwp_background *of_cause(int value)
{
	return hwp_background_of_cause((enum hwp_cause_kind)value);
}

static const struct hwp_background *of_event(int value)
{
	return hwp_background_of_event((enum hwp_event_kind)value);
}

static const struct hwp_background *of_mf_result(int value)
{
	return hwp_background_of_mf_result((size_t)value);
}

static const struct list lists[] = {
	{ &hwp_states, "state", of_state },
	{ &hwp_classes, "class of states", of_class },
	{ &hwp_verdicts, "verdict", of_verdict },
	{ &hwp_outcomes, "outcome of a folio", of_outcome },
	{ &hwp_results, "result of a check", NULL },
	{ &hwp_mf_results, "result of memory failure", of_mf_result },
	{ &hwp_causes, "cause of death", of_cause },
	{ &hwp_event_kinds, "event", of_event },
	{ &hwp_record_sources, "record in the kernel's memory", NULL },
	{ &hwp_steps, "step of a history", NULL },
	{ &hwp_confidences, "confidence", NULL },
	{ &hwp_log_states, "state of the log", NULL },
	{ &hwp_fixes, "the fix", NULL },
	{ &hwp_sweeps, "how much was read", NULL },
};

static void add_detail(struct explanation *e, const struct list *list, int value)
{
	if (list->words == &hwp_states)
		snprintf(e->detail, sizeof(e->detail), "of class %s",
			 hwp_class_name(hwp_state_class((enum hwp_state)value)));
	else if (list->words == &hwp_verdicts)
		snprintf(e->detail, sizeof(e->detail), "exit status %d",
			 hwp_verdict_exit_status((enum hwp_verdict)value));
	else if (list->words == &hwp_event_kinds)
		e->event = value;
}

static bool each_in_list(const struct list *list, take_explanation *take, void *arg)
{
	for (size_t i = 0; i < list->words->nr; i++) {
		struct explanation e = {
			.word = list->words->words[i].name,
			.kind = list->kind,
			.meaning = list->words->words[i].meaning,
			.background = list->background ? list->background((int)i) : NULL,
			.event = -1,
		};

		add_detail(&e, list, (int)i);
		if (e.word && take(arg, &e))
			return true;
	}
	return false;
}

/** Everything that can be explained, in one order. */
static void each(take_explanation *take, void *arg)
{
	size_t nr_checks, nr_issues;
	const struct hwp_check *checks = hwp_checks(&nr_checks);
	const struct hwp_known_issue *issues = hwp_known_issues(&nr_issues);

	for (size_t i = 0; i < HWP_ARRAY_SIZE(lists); i++) {
		if (each_in_list(&lists[i], take, arg))
			return;
	}
	for (size_t i = 0; i < nr_checks; i++) {
		const struct explanation e = {
			.word = checks[i].name,
			.kind = "check",
			.meaning = checks[i].statement,
			.check = &checks[i],
			.event = -1,
		};

		if (take(arg, &e))
			return;
	}
	for (size_t i = 0; i < nr_issues; i++) {
		const struct explanation e = {
			.word = issues[i].name,
			.kind = "known issue",
			.meaning = issues[i].title,
			.issue = &issues[i],
			.event = -1,
		};

		if (take(arg, &e))
			return;
	}
}

struct search {
	const char *word;
	struct hwp_nearest nearest;
	bool found;
};

static bool look_for(void *arg, const struct explanation *e)
{
	struct search *search = arg;

	search->found = hwp_is_same_word(search->word, e->word);
	hwp_nearest_try(&search->nearest, e->word);
	return search->found;
}

bool hwp_explain_knows(const char *word, const char **nearest_ret)
{
	struct search search = { .word = word, .nearest = hwp_nearest_to(word) };

	each(look_for, &search);
	*nearest_ret = search.nearest.found;
	return search.found;
}

/** The lines of the log that are such an event: "v5.5-7.3 mm/memory-failure.c: pattern". */
static void each_reference(const struct explanation *e,
			   void (*say)(void *arg, const char *reference), void *arg)
{
	size_t nr;
	const struct hwp_format *formats = hwp_formats(&nr);
	char line[256];

	if (e->background && e->background->reference)
		say(arg, e->background->reference);
	for (size_t i = 0; e->issue && i < HWP_MAX_REFERENCES && e->issue->references[i]; i++)
		say(arg, e->issue->references[i]);
	for (size_t i = 0; e->event >= 0 && i < nr; i++) {
		if ((int)formats[i].kind != e->event)
			continue;
		snprintf(line, sizeof(line), "Linux %s, %s: %s", formats[i].versions,
			 formats[i].source, formats[i].pattern);
		say(arg, line);
	}
}

struct printing {
	struct hwp_text text;
	const char *word;
	unsigned int nr, nr_references;
	struct hwp_error *err;
};

static void put_reference(void *arg, const char *reference)
{
	struct printing *p = arg;

	hwp_text_field(&p->text, p->nr_references++ ? "" : "See", "%s", reference);
}

static void put_issue(struct hwp_text *text, const struct hwp_known_issue *issue)
{
	hwp_text_field(text, "Why", "%s", issue->background);
	hwp_text_field(text, "Kernels", "%s", issue->kernels);
	hwp_text_field(text, "Unless", "%s", issue->disproof);
	hwp_text_field(text, "To do", "%s", issue->advice);
}

static void put_background(struct hwp_text *text, const struct hwp_background *background)
{
	if (background->did)
		hwp_text_field(text, "Kernel", "%s", background->did);
	if (background->follows)
		hwp_text_field(text, "Follows", "%s", background->follows);
}

static bool put_explanation(void *arg, const struct explanation *e)
{
	struct printing *p = arg;
	FILE *out = p->text.out;

	if (!hwp_is_same_word(p->word, e->word))
		return false;
	if (p->nr++)
		putc('\n', out);
	if (e->check) {
		p->err = hwp_explain_check(out, e->check, p->text.style);
		return p->err != NULL;
	}
	fprintf(out, "%s (%s%s%s)\n", e->word, e->kind, e->detail[0] ? ", " : "", e->detail);
	hwp_text_field(&p->text, "Meaning", "%s", e->meaning);
	if (e->background)
		put_background(&p->text, e->background);
	if (e->issue)
		put_issue(&p->text, e->issue);
	p->nr_references = 0;
	each_reference(e, put_reference, p);
	if (e->event >= 0)
		hwp_text_field(&p->text, "", "(What stands in braces differs from line to line.)");
	return false;
}

/** The words of each kind, a column of them as wide as the screen. */
struct listing {
	struct hwp_text text;
	const char *kind;
	unsigned int column;
};

static bool put_word(void *arg, const struct explanation *e)
{
	struct listing *l = arg;
	unsigned int len = (unsigned int)strlen(e->word);

	if (!l->kind || strcmp(l->kind, e->kind) != 0) {
		fprintf(l->text.out, "%s%s", l->kind ? "\n" : "", e->kind);
		l->kind = e->kind;
		l->column = UINT_MAX;
	}
	if (l->column > l->text.width || l->column + 1 + len > l->text.width) {
		fputs("\n ", l->text.out);
		l->column = 1;
	}
	fprintf(l->text.out, " %s", e->word);
	l->column += 1 + len;
	return false;
}

static struct hwp_error *list_words(FILE *out, const struct hwp_report_style *style)
{
	struct listing l = {};

	hwp_text_init(&l.text, out, style);
	each(put_word, &l);
	putc('\n', out);
	return hwp_text_finish(&l.text);
}

struct hwp_error *hwp_explain_word(FILE *out, const char *word,
				   const struct hwp_report_style *style)
{
	struct printing p = { .word = word };

	if (!word)
		return list_words(out, style);
	hwp_text_init(&p.text, out, style);
	each(put_explanation, &p);
	return p.err ? p.err : hwp_text_finish(&p.text);
}

static void put_json_reference(void *arg, const char *reference)
{
	hwp_json_string(arg, NULL, reference);
}

struct json_printing {
	struct hwp_json json;
	const char *word;
};

static bool put_json(void *arg, const struct explanation *e)
{
	struct json_printing *p = arg;
	const struct hwp_background *b = e->background;

	if (p->word && !hwp_is_same_word(p->word, e->word))
		return false;
	hwp_json_row_object(&p->json, NULL);
	hwp_json_string(&p->json, "word", e->word);
	hwp_json_string(&p->json, "kind", e->kind);
	hwp_json_word(&p->json, "detail", e->detail);
	hwp_json_string(&p->json, "meaning", e->meaning);
	hwp_json_string(&p->json, "background",
			e->check ? e->check->background :
			e->issue ? e->issue->background :
			b	 ? b->did :
				   NULL);
	hwp_json_string(&p->json, "follows", e->issue ? e->issue->advice : b ? b->follows : NULL);
	hwp_json_row_array(&p->json, "references");
	each_reference(e, put_json_reference, &p->json);
	hwp_json_end(&p->json);
	hwp_json_end(&p->json);
	return false;
}

struct hwp_error *hwp_explain_json(FILE *out, const char *word)
{
	struct json_printing p = { .json = { .out = out }, .word = word };

	hwp_json_object(&p.json, NULL);
	hwp_json_string(&p.json, "schema", "hwpoison.explain/1");
	hwp_json_array(&p.json, "explanations");
	each(put_json, &p);
	hwp_json_end(&p.json);
	hwp_json_end(&p.json);
	hwp_json_finish(&p.json);
	return hwp_report_flush(out);
}
