// SPDX-License-Identifier: GPL-2.0-or-later
/** What the functions of the checks share: their answer, in words. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/plural.h"
#include "verdict/check/functions.h"

#define CUT_MARK "..."

/** Put the mark where the last word that may be torn begins. */
static void cut_at_word(char *detail, size_t size)
{
	size_t end = size - sizeof(CUT_MARK), word = end;

	while (word && detail[word - 1] != ' ')
		word--;
	memcpy(detail + (word ? word : end), CUT_MARK, sizeof(CUT_MARK));
}

static void append(struct hwp_check_result *r, const char *fmt, va_list ap)
{
	size_t len = strlen(r->detail), mark_len = strlen(CUT_MARK);
	int nr;

	if (len >= mark_len && strcmp(r->detail + len - mark_len, CUT_MARK) == 0)
		return;
	nr = vsnprintf(r->detail + len, sizeof(r->detail) - len, fmt, ap);
	if (nr < 0 || (size_t)nr >= sizeof(r->detail) - len)
		cut_at_word(r->detail, sizeof(r->detail));
}

enum hwp_result hwp_check_answer(struct hwp_check_result *r, enum hwp_result result,
				 const char *fmt, ...)
{
	va_list ap;

	r->detail[0] = '\0';
	va_start(ap, fmt);
	append(r, fmt, ap);
	va_end(ap);
	return result;
}

void hwp_check_add(struct hwp_check_result *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	append(r, fmt, ap);
	va_end(ap);
}

void hwp_check_number(struct hwp_check_result *r, const char *name, int64_t value)
{
	unsigned int i = 0;

	while (i < r->nr_numbers && strcmp(r->numbers[i].name, name) != 0)
		i++;
	if (i == HWP_MAX_CHECK_NUMBERS)
		return;
	r->numbers[i] = (struct hwp_check_number){ name, value };
	r->nr_numbers += i == r->nr_numbers;
}

void hwp_check_at(struct hwp_check_result *r, uint64_t pfn)
{
	r->has_pfn = true;
	r->pfn = pfn;
}

bool hwp_check_add_unknown(const struct hwp_findings *f, struct hwp_check_result *r)
{
	uint64_t nr = f->summary.nr_by_state[HWP_STATE_UNKNOWN];

	for (size_t i = 0; i < f->poisoned.nr && nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (p->state != HWP_STATE_UNKNOWN)
			continue;
		hwp_check_number(r, "nr_unknown", (int64_t)nr);
		hwp_check_at(r, p->pfn);
		hwp_check_add(r,
			      ", but what became of %" PRIu64 " page%s, %spfn 0x%" PRIx64
			      ", is not known",
			      nr, hwp_plural(nr), nr == 1 ? "" : "the first is ", p->pfn);
		return true;
	}
	return false;
}
