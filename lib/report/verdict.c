// SPDX-License-Identifier: GPL-2.0-or-later
/** The verdict and what follows from it, in sentences. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "report/advice.h"
#include "report/common.h"
#include "report/text.h"
#include "verdict/cause.h"
#include "verdict/check.h"
#include "verdict/held.h"
#include "verdict/history.h"
#include "verdict/past.h"

/* Victims that the verdict names; the pages have them all. */
#define MAX_VICTIMS 4

/* Parts of a sentence, joined by commas. */
struct sentence {
	FILE *out;
	unsigned int nr_parts;
};

static void add(struct sentence *s, const char *fmt, ...)
	__attribute__((__format__(__printf__, 2, 3)));
static void add(struct sentence *s, const char *fmt, ...)
{
	va_list ap;

	fputs(s->nr_parts++ ? ", " : ": ", s->out);
	va_start(ap, fmt);
	vfprintf(s->out, fmt, ap);
	va_end(ap);
}

/* "3 poisoned pages VERB"; what is counted is named in the first part only. */
static void add_pages(struct sentence *s, uint64_t nr, const char *verb_one, const char *verb_many)
{
	const char *noun = s->nr_parts ? "" : nr == 1 ? "poisoned page " : "poisoned pages ";

	add(s, "%" PRIu64 " %s%s", nr, noun, nr == 1 ? verb_one : verb_many);
}

static bool has_name(const struct hwp_victim *victim)
{
	return victim->kind == HWP_VICTIM_FILE || victim->pid >= 0;
}

/** " to qemu[118] and to the file /srv/db", of those that have a page @p now, or had one. */
static void add_victims(struct sentence *s, const struct hwp_findings *f, bool now)
{
	const char *separator = " to ";
	size_t nr = 0, nr_more = 0;
	char name[640];

	for (size_t i = 0; i < f->victims.nr; i++) {
		const struct hwp_victim *victim = &f->victims.data[i];

		if (!hwp_report_is_new_victim(f, i) || victim->has_it_now != now ||
		    !has_name(victim))
			continue;
		if (nr++ >= MAX_VICTIMS) {
			nr_more++;
			continue;
		}
		fprintf(s->out, "%s%s", separator, hwp_victim_words(f, victim, name, sizeof(name)));
		separator = " and to ";
	}
	if (nr_more)
		fprintf(s->out, " and to %zu more", nr_more);
}

/**
 * What becomes of blocks with poison in @p state: the allocator's check decides. Before
 * Linux kernel commit 79cc7ed9b6e7 ("mm, page_alloc: reduce page alloc/free sanity checks")
 * (in v6.4) it looked at what leaves a zone's free lists, in every kernel, and at what leaves
 * a per-CPU list in some.
 */
static const char *future_of_free(const struct hwp_findings *f, enum hwp_state state, bool one)
{
	if (hwp_hands_out_no_poison(f) ||
	    (f->kernel.check_pages == HWP_ON && state == HWP_STATE_BUDDY))
		return one ? "is in free memory, in a block that an allocation throws away and "
			     "compaction may use" :
			     "are in free memory, in blocks that an allocation throws away and "
			     "compaction may use";
	if (f->kernel.check_pages == HWP_OFF)
		return one ? "is in free memory and can be handed out again" :
			     "are in free memory and can be handed out again";
	return one ? "is in free memory and may be handed out again" :
		     "are in free memory and may be handed out again";
}

static void add_dropped(struct sentence *s, const struct hwp_summary *sum)
{
	uint64_t nr = sum->nr_by_state[HWP_STATE_DROPPED];

	add_pages(s, nr, "was thrown away by the allocator", "were thrown away by the allocator");
	fprintf(s->out, ", and %" PRIu64 " healthy page%s with %s", sum->nr_healthy_lost,
		hwp_plural(sum->nr_healthy_lost), nr == 1 ? "it" : "them");
}

static void add_free_in(struct sentence *s, const struct hwp_findings *f, enum hwp_state state,
			uint64_t nr)
{
	if (nr)
		add_pages(s, nr, future_of_free(f, state, true), future_of_free(f, state, false));
}

/** Pages in free memory that did not get there after their errors. */
static uint64_t count_left_free(const struct hwp_findings *f)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < f->poisoned.nr; i++)
		nr += hwp_report_is_free(&f->poisoned.data[i]) &&
		      hwp_was_left_free(f, &f->poisoned.data[i]);
	return nr;
}

/** One part for both kinds of lists where the same becomes of their blocks. */
static void add_free(struct sentence *s, const struct hwp_findings *f)
{
	uint64_t nr_buddy = f->summary.nr_by_state[HWP_STATE_BUDDY];
	uint64_t nr_pcp = f->summary.nr_by_state[HWP_STATE_PCP];
	uint64_t nr_left = count_left_free(f);
	const char *of_buddy = future_of_free(f, HWP_STATE_BUDDY, false);

	if (strcmp(of_buddy, future_of_free(f, HWP_STATE_PCP, false)) == 0) {
		add_free_in(s, f, HWP_STATE_BUDDY, nr_buddy + nr_pcp);
	} else {
		add_free_in(s, f, HWP_STATE_BUDDY, nr_buddy);
		add_free_in(s, f, HWP_STATE_PCP, nr_pcp);
	}
	if (nr_left)
		fprintf(s->out,
			" (%" PRIu64
			" %s free when the error struck, and this kernel leaves such pages "
			"where they are)",
			nr_left, nr_left == 1 ? "was" : "were");
}

static void explain_leaked(struct sentence *s, const struct hwp_findings *f)
{
	const struct hwp_summary *sum = &f->summary;
	uint64_t nr_reused = sum->nr_by_state[HWP_STATE_REUSED];

	add_free(s, f);
	if (nr_reused) {
		add_pages(s, nr_reused, "has been handed out again", "have been handed out again");
		add_victims(s, f, true);
	}
	if (sum->nr_by_state[HWP_STATE_DROPPED])
		add_dropped(s, sum);
}

/** Pages that are neither leaked nor lost now, and were handed out before. */
static uint64_t count_handed_out_before(const struct hwp_findings *f)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		enum hwp_class class = hwp_state_class(f->poisoned.data[i].state);

		nr += class != HWP_CLASS_LEAKED && class != HWP_CLASS_LOST &&
		      f->poisoned.data[i].was_handed_out == HWP_ANSWER_YES;
	}
	return nr;
}

static void explain_leaked_before(struct sentence *s, const struct hwp_findings *f)
{
	uint64_t nr = f->summary.nr_leaked_before, nr_used = count_handed_out_before(f);

	add_pages(s, nr, "was in free memory since its error, and is no more",
		  "were in free memory since their errors, and are no more");
	if (!nr_used)
		return;
	add(s, "%" PRIu64 " %s handed out again", nr_used, nr_used == 1 ? "was" : "were");
	add_victims(s, f, false);
}

/** Names of the checks with this result that lead to the verdict: " (a, b)". */
static void add_checks(struct sentence *s, const struct hwp_findings *f, enum hwp_result result)
{
	const char *separator = " (";

	for (size_t i = 0; i < f->checks.nr; i++) {
		const struct hwp_check *check = f->checks.data[i].check;

		if (f->checks.data[i].result != result ||
		    check->outcomes[result].verdict > f->verdict)
			continue;
		fprintf(s->out, "%s%s", separator, check->name);
		separator = ", ";
	}
	fputs(strcmp(separator, ", ") == 0 ? ")" : "", s->out);
}

static void explain_inconsistent(struct sentence *s, const struct hwp_findings *f)
{
	uint64_t nr_lost = f->summary.nr_healthy_lost;

	if (nr_lost)
		add(s,
		    "no leak was seen, but %" PRIu64 " healthy page%s %s lost with poisoned ones "
		    "that the kernel withheld",
		    nr_lost, hwp_plural(nr_lost), nr_lost == 1 ? "was" : "were");
	else
		add(s, "no leak was seen, but the memory's own records contradict each other");
	add_checks(s, f, HWP_FAIL);
}

static bool has_hole(const struct hwp_findings *f, enum hwp_hole hole)
{
	for (size_t i = 0; i < f->troubles.nr; i++) {
		if (f->troubles.data[i].kind == HWP_TROUBLE_HOLE &&
		    f->troubles.data[i].hole == hole)
			return true;
	}
	return false;
}

static void explain_incomplete(struct sentence *s, const struct hwp_findings *f)
{
	const struct hwp_coverage *c = &f->coverage;
	uint64_t nr_unread = c->nr_pages - c->nr_read;
	uint64_t nr_unknown = f->summary.nr_by_class[HWP_CLASS_UNKNOWN];

	add(s, "no leak was seen, but this is not an all-clear");
	/* The reasons follow. */
	s->nr_parts = 0;
	if (f->cause.kind == HWP_CAUSE_MEMORY_ERROR && f->cause.has_pfn)
		add(s, "the kernel died of the error at pfn 0x%" PRIx64 " before it dealt with it",
		    f->cause.pfn);
	else if (f->cause.kind == HWP_CAUSE_MEMORY_ERROR)
		add(s, "the kernel died of a memory error before it dealt with it");
	else if (f->cause.kind == HWP_CAUSE_UNKNOWN && hwp_panicked(f))
		add(s, "whether the kernel died of a memory error is not known");
	if (f->is_log)
		add(s, "only a log was read, and no memory");
	if (f->damage[0])
		add(s, f->zero_filled ? "pages that are not in the dump were read as zeros" :
					"the dump is damaged");
	if (c->nr_read < c->nr_pages)
		add(s, "%" PRIu64 " of %" PRIu64 " struct pages could not be read", nr_unread,
		    c->nr_pages);
	for (size_t i = 0; i < hwp_holes.nr; i++) {
		if (i != HWP_HOLE_MEMMAP && has_hole(f, (enum hwp_hole)i))
			add(s, "%s could not be read to the end", hwp_holes.words[i].meaning);
	}
	if (nr_unknown)
		add(s, "the state of %" PRIu64 " poisoned page%s is unknown", nr_unknown,
		    hwp_plural(nr_unknown));
	if (f->too_many)
		add(s, "more pages are flagged than is plausible");
	if (!s->nr_parts) {
		add(s, "not everything could be checked");
		add_checks(s, f, HWP_INCONCLUSIVE);
	}
}

static void explain_at_risk(struct sentence *s, const struct hwp_findings *f)
{
	uint64_t nr_can_leak = f->summary.nr_can_leak;
	uint64_t nr_kernel = f->summary.nr_by_class[HWP_CLASS_KERNEL];
	uint64_t nr_unknown = f->summary.nr_past_unknown;
	const char *but = "but ";

	add(s, "no poisoned page is known to have leaked");
	if (nr_can_leak) {
		add(s, "but %" PRIu64 " %s in folios that this kernel %s whole", nr_can_leak,
		    nr_can_leak == 1 ? "is" : "are",
		    f->kernel.fix == HWP_FIX_ABSENT ? "frees" : "may free");
		but = "";
	}
	if (nr_kernel) {
		add(s, "%s%" PRIu64 " belong%s to the kernel, which may still use %s", but,
		    nr_kernel, nr_kernel == 1 ? "s" : "", nr_kernel == 1 ? "it" : "them");
		but = "";
	}
	if (nr_unknown)
		add(s,
		    "%swhether %" PRIu64 " %s in free memory before cannot be known from what "
		    "was read",
		    but, nr_unknown, nr_unknown == 1 ? "was" : "were");
}

static void explain_clean(struct sentence *s, const struct hwp_findings *f)
{
	uint64_t nr = f->summary.nr_poisoned;
	uint64_t nr_contained = f->summary.nr_by_class[HWP_CLASS_CONTAINED];

	if (!f->kernel.has_memory_failure)
		add(s, "this kernel cannot mark pages, it was built without "
		       "CONFIG_MEMORY_FAILURE");
	else if (!nr)
		add(s, "no page is poisoned");
	else if (nr == nr_contained)
		add(s, "%s%" PRIu64 " poisoned page%s contained", nr == 1 ? "" : "all ", nr,
		    nr == 1 ? " is" : "s are");
	else
		add(s, "none of %" PRIu64 " poisoned page%s has leaked or can leak", nr,
		    hwp_plural(nr));
}

static const struct {
	const char *word, *color;
} verdicts[HWP_NR_VERDICTS] = {
	[HWP_VERDICT_LEAKED] = { "LEAKED", HWP_COLOR_BAD },
	[HWP_VERDICT_LEAKED_BEFORE] = { "LEAKED BEFORE", HWP_COLOR_BAD },
	[HWP_VERDICT_INCONSISTENT] = { "INCONSISTENT", HWP_COLOR_BAD },
	[HWP_VERDICT_INCOMPLETE] = { "INCOMPLETE", HWP_COLOR_WARN },
	[HWP_VERDICT_AT_RISK] = { "AT RISK", HWP_COLOR_WARN },
	[HWP_VERDICT_CLEAN] = { "CLEAN", HWP_COLOR_GOOD },
};

static void explain(struct sentence *s, const struct hwp_findings *f)
{
	switch (f->verdict) {
	case HWP_VERDICT_LEAKED:
		explain_leaked(s, f);
		break;
	case HWP_VERDICT_LEAKED_BEFORE:
		explain_leaked_before(s, f);
		break;
	case HWP_VERDICT_INCONSISTENT:
		explain_inconsistent(s, f);
		break;
	case HWP_VERDICT_AT_RISK:
		explain_at_risk(s, f);
		break;
	case HWP_VERDICT_CLEAN:
		explain_clean(s, f);
		break;
	case HWP_VERDICT_INCOMPLETE:
		explain_incomplete(s, f);
		break;
	case HWP_NR_VERDICTS:
		break;
	}
}

const char *hwp_verdict_headline(enum hwp_verdict verdict, const char **color_ret)
{
	*color_ret = verdicts[verdict].color;
	return verdicts[verdict].word;
}

char *hwp_verdict_reasons(const struct hwp_findings *f)
{
	_cleanup_free_ char *buf = NULL;
	struct sentence s = {};
	size_t size;

	s.out = open_memstream(&buf, &size);
	if (!s.out)
		return NULL;
	explain(&s, f);
	return fclose(s.out) ? NULL : no_cleanup_ptr(buf);
}

void hwp_text_verdict(struct hwp_text *text, const struct hwp_findings *f)
{
	_cleanup_free_ char *reasons = hwp_verdict_reasons(f);
	const char *word = verdicts[f->verdict].word;

	if (!reasons) {
		text->failed = true;
		return;
	}
	hwp_text_color(text, verdicts[f->verdict].color);
	fputs(word, text->out);
	hwp_text_color(text, HWP_COLOR_END);
	hwp_text_wrap(text, (unsigned int)strlen(word), 2, reasons);
}

struct hwp_error *hwp_report_line(FILE *out, const struct hwp_findings *f,
				  const struct hwp_report_style *style)
{
	_cleanup_free_ char *reasons = hwp_verdict_reasons(f);
	const char *path = f->path ? f->path : "the running kernel";
	struct hwp_text text;

	if (!reasons)
		return hwp_error_no_memory();
	hwp_text_init(&text, out, style);
	hwp_text_put(&text, path, strlen(path));
	fputs(": ", out);
	hwp_text_color(&text, verdicts[f->verdict].color);
	fputs(verdicts[f->verdict].word, out);
	hwp_text_color(&text, HWP_COLOR_END);
	hwp_text_put(&text, reasons, strlen(reasons));
	putc('\n', out);
	return hwp_text_finish(&text);
}

struct advice {
	struct hwp_text *text;
	bool has_heading;
};

static void put_advice(void *arg, const char *advice)
{
	struct advice *a = arg;

	if (!a->has_heading)
		hwp_text_heading(a->text, "What to do");
	a->has_heading = true;
	if (!a->text->sink)
		fputs("- ", a->text->out);
	hwp_text_wrap(a->text, 2, 2, advice);
}

void hwp_text_advice(struct hwp_text *text, const struct hwp_findings *f)
{
	struct advice a = { .text = text };
	struct hwp_error *err = hwp_advise(f, put_advice, &a);

	text->failed |= err != NULL;
	hwp_error_destroy(err);
}
