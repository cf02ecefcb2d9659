// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/diff/diff.h"

#include <stdlib.h>
#include <string.h>

/* The clocks of two reports may be apart by this when they are of one boot. */
#define CLOCK_SECONDS 60

void hwp_diff_deinit(struct hwp_diff *diff)
{
	hwp_vec_deinit(&diff->pages);
	hwp_vec_deinit(&diff->checks);
}

const char *hwp_change_kind_name(enum hwp_change_kind kind)
{
	static const char *const names[] = {
		[HWP_CHANGE_NONE] = "same",	[HWP_CHANGE_OTHER] = "other",
		[HWP_CHANGE_BETTER] = "better", [HWP_CHANGE_UNKNOWN] = "unknown",
		[HWP_CHANGE_WORSE] = "worse",
	};

	return names[kind];
}

static bool both_known(const char *a, const char *b)
{
	return *a && *b;
}

/** When it booted, by its own clock. */
static int64_t boot_time(const struct hwp_document *document)
{
	return document->unix_seconds - document->uptime_seconds;
}

static enum hwp_answer are_of_one_boot(const struct hwp_document *a, const struct hwp_document *b)
{
	int64_t apart;

	if (both_known(a->boot_id, b->boot_id))
		return strcmp(a->boot_id, b->boot_id) == 0 ? HWP_ANSWER_YES : HWP_ANSWER_NO;
	if (both_known(a->kernel, b->kernel) && strcmp(a->kernel, b->kernel) != 0)
		return HWP_ANSWER_NO;
	if (!a->has_time || !b->has_time)
		return HWP_ANSWER_UNKNOWN;
	apart = boot_time(a) > boot_time(b) ? boot_time(a) - boot_time(b) :
					      boot_time(b) - boot_time(a);
	return apart <= CLOCK_SECONDS ? HWP_ANSWER_YES : HWP_ANSWER_NO;
}

const char *hwp_diff_stranger(const struct hwp_diff *diff)
{
	const struct hwp_document *a = diff->old_document, *b = diff->new_document;

	if (both_known(a->host, b->host) && strcmp(a->host, b->host) != 0)
		return "they are of different hosts";
	if (a->page_size != b->page_size)
		return "their pages have different sizes";
	if (diff->same_boot == HWP_ANSWER_NO)
		return "they are of different boots, and marks of bad pages do not outlast a boot";
	return NULL;
}

/** How bad it is for a page to be of the class; equal ones are neither better nor worse. */
static int badness(enum hwp_class class)
{
	switch (class) {
	case HWP_CLASS_CONTAINED:
	case HWP_CLASS_OTHER:
		return 0;
	case HWP_CLASS_PENDING:
	case HWP_CLASS_KERNEL:
		return 1;
	case HWP_CLASS_LOST:
		return 2;
	case HWP_CLASS_LEAKED:
		return 3;
	case HWP_CLASS_UNKNOWN:
	case HWP_NR_CLASSES:
		break;
	}
	return -1;
}

static bool became_yes(enum hwp_answer before, enum hwp_answer now)
{
	return before != HWP_ANSWER_YES && now == HWP_ANSWER_YES;
}

static struct hwp_page_change change_of_known(const struct hwp_document_page *a,
					      const struct hwp_document_page *b)
{
	int before = badness(hwp_state_class(a->state)), now = badness(hwp_state_class(b->state));

	if (became_yes(a->was_handed_out, b->was_handed_out))
		return (struct hwp_page_change){ .kind = HWP_CHANGE_WORSE,
						 .why = "handed out again" };
	if (became_yes(a->was_free, b->was_free))
		return (struct hwp_page_change){ .kind = HWP_CHANGE_WORSE,
						 .why = "was in free memory" };
	if (a->state == b->state)
		return (struct hwp_page_change){};
	if (before < 0 || now < 0)
		return (struct hwp_page_change){ .kind = HWP_CHANGE_UNKNOWN,
						 .why = now < 0 ? "state not known now" :
								  "state was not known" };
	if (before == now)
		return (struct hwp_page_change){ .kind = HWP_CHANGE_OTHER,
						 .why = "as bad as before" };
	return before < now ?
		       (struct hwp_page_change){ .kind = HWP_CHANGE_WORSE, .why = "worse state" } :
		       (struct hwp_page_change){ .kind = HWP_CHANGE_BETTER, .why = "better state" };
}

/** @p a or @p b is NULL where the page is not in that document. */
static struct hwp_page_change change_of(const struct hwp_diff *diff,
					const struct hwp_document_page *a,
					const struct hwp_document_page *b)
{
	struct hwp_page_change change;

	if (a && b)
		change = change_of_known(a, b);
	else if (b && diff->old_document->is_covered)
		change = (struct hwp_page_change){ .kind = HWP_CHANGE_WORSE,
						   .why = "poisoned since" };
	else if (b)
		change = (struct hwp_page_change){ .kind = HWP_CHANGE_WORSE,
						   .why = "not seen before" };
	else
		change = (struct hwp_page_change){ .kind = HWP_CHANGE_UNKNOWN,
						   .why = diff->new_document->is_covered ?
								  "mark is gone" :
								  "not seen now" };
	change.pfn = a ? a->pfn : b->pfn;
	change.old_page = a;
	change.new_page = b;
	return change;
}

static struct hwp_error *compare_pages(struct hwp_diff *diff)
{
	const struct hwp_document *a = diff->old_document, *b = diff->new_document;
	size_t i = 0, j = 0;

	while (i < a->pages.nr || j < b->pages.nr) {
		const struct hwp_document_page *p = i < a->pages.nr ? &a->pages.data[i] : NULL;
		const struct hwp_document_page *q = j < b->pages.nr ? &b->pages.data[j] : NULL;
		struct hwp_page_change change;

		if (p && q && p->pfn < q->pfn)
			q = NULL;
		else if (p && q && q->pfn < p->pfn)
			p = NULL;
		i += p != NULL;
		j += q != NULL;
		change = change_of(diff, p, q);
		if (change.kind != HWP_CHANGE_NONE && !hwp_vec_push(&diff->pages, change))
			return hwp_error_no_memory();
	}
	return NULL;
}

static enum hwp_change_kind change_of_result(enum hwp_result before, enum hwp_result now)
{
	if (before == now)
		return HWP_CHANGE_NONE;
	if (now == HWP_FAIL)
		return HWP_CHANGE_WORSE;
	if (before == HWP_FAIL)
		return now == HWP_PASS ? HWP_CHANGE_BETTER : HWP_CHANGE_UNKNOWN;
	return HWP_CHANGE_OTHER;
}

static struct hwp_error *compare_checks(struct hwp_diff *diff)
{
	const struct hwp_document *a = diff->old_document, *b = diff->new_document;

	for (size_t i = 0; i < b->checks.nr; i++) {
		for (size_t j = 0; j < a->checks.nr; j++) {
			struct hwp_check_change change = { &a->checks.data[j], &b->checks.data[i],
							   HWP_CHANGE_NONE };

			if (strcmp(a->checks.data[j].name, b->checks.data[i].name) != 0)
				continue;
			change.kind = change_of_result(a->checks.data[j].result,
						       b->checks.data[i].result);
			if (change.kind != HWP_CHANGE_NONE && !hwp_vec_push(&diff->checks, change))
				return hwp_error_no_memory();
			break;
		}
	}
	return NULL;
}

/** Worse verdicts are smaller; of an incomplete one nothing follows. */
static enum hwp_change_kind change_of_verdict(enum hwp_verdict before, enum hwp_verdict now)
{
	if (before == now)
		return now == HWP_VERDICT_INCOMPLETE ? HWP_CHANGE_UNKNOWN : HWP_CHANGE_NONE;
	if (now == HWP_VERDICT_INCOMPLETE || before == HWP_VERDICT_INCOMPLETE)
		return now < HWP_VERDICT_INCOMPLETE ? HWP_CHANGE_WORSE : HWP_CHANGE_UNKNOWN;
	return now < before ? HWP_CHANGE_WORSE : HWP_CHANGE_BETTER;
}

static void add(struct hwp_diff *diff, enum hwp_change_kind kind)
{
	if (kind > diff->result)
		diff->result = kind;
}

struct hwp_error *hwp_diff_make(const struct hwp_document *a, const struct hwp_document *b,
				struct hwp_diff *diff)
{
	struct hwp_error *err;

	diff->old_document = a;
	diff->new_document = b;
	diff->same_boot = are_of_one_boot(a, b);
	diff->is_backwards = a->has_time && b->has_time && b->unix_seconds < a->unix_seconds;
	err = compare_pages(diff);
	if (!err)
		err = compare_checks(diff);
	if (err)
		return err;
	diff->healthy_lost = b->nr_healthy_lost > a->nr_healthy_lost ? HWP_CHANGE_WORSE :
			     b->nr_healthy_lost < a->nr_healthy_lost ? HWP_CHANGE_BETTER :
								       HWP_CHANGE_NONE;
	diff->verdict = change_of_verdict(a->verdict, b->verdict);
	add(diff, diff->healthy_lost);
	add(diff, diff->verdict);
	for (size_t i = 0; i < diff->pages.nr; i++)
		add(diff, diff->pages.data[i].kind);
	for (size_t i = 0; i < diff->checks.nr; i++)
		add(diff, diff->checks.data[i].kind);
	return NULL;
}

int hwp_diff_exit_status(const struct hwp_diff *diff)
{
	return diff->result == HWP_CHANGE_WORSE ? 1 : diff->result == HWP_CHANGE_UNKNOWN ? 2 : 0;
}
