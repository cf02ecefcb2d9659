// SPDX-License-Identifier: GPL-2.0-or-later
/** The headline of a report and its advice: every branch, one page and several. */
#include "findings_synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "report/text.h"
#include "verdict/check.h"

#define LEAKED HWP_VERDICT_LEAKED
#define AT_RISK HWP_VERDICT_AT_RISK
#define CLEAN HWP_VERDICT_CLEAN
#define FREE_AGAIN "in free memory and can be handed out again"
#define RISK "AT RISK: no poisoned page has leaked"

/** What @p print writes, each run of white space being one space; free() it. */
static char *print(void (*print_text)(struct hwp_text *, const struct hwp_findings *),
		   const struct hwp_findings *f, bool color)
{
	const struct hwp_report_style style = { .color = color };
	struct hwp_text text;
	char *s, *to;
	size_t size;
	FILE *out = open_memstream(&s, &size);

	assert_non_null(out);
	hwp_text_init(&text, out, &style);
	print_text(&text, f);
	assert_null(hwp_text_finish(&text));
	fclose(out);
	to = s;
	for (const char *from = s; *from; from++) {
		bool is_space = *from == ' ' || *from == '\n';

		if (!is_space || (to > s && to[-1] != ' '))
			*to++ = is_space ? ' ' : *from;
	}
	if (to > s && to[-1] == ' ')
		to--;
	*to = '\0';
	return s;
}

static void assert_headline(const struct hwp_findings *f, const char *want)
{
	char *text = print(hwp_text_verdict, f, false);

	assert_string_equal(text, want);
	free(text);
}

static void add_pages(struct hwp_findings *f, enum hwp_state state, uint64_t nr)
{
	f->summary.nr_by_state[state] += nr;
	f->summary.nr_by_class[hwp_state_class(state)] += nr;
	f->summary.nr_poisoned += nr;
}

/** A headline that follows from the numbers of pages alone. */
struct numbers {
	enum hwp_verdict verdict;
	enum hwp_fix fix;
	struct {
		enum hwp_state state;
		uint64_t nr;
	} pages[4];
	uint64_t nr_healthy_lost;
	const char *want;
};

static void by_numbers(void **state)
{
	static const struct numbers rows[] = {
		{ LEAKED,
		  0,
		  { { HWP_STATE_BUDDY, 1 } },
		  0,
		  "LEAKED: 1 poisoned page is " FREE_AGAIN },
		{ LEAKED, 0, { { HWP_STATE_PCP, 1 } }, 0, "LEAKED: 1 poisoned page is " FREE_AGAIN },
		{ LEAKED,
		  0,
		  { { HWP_STATE_BUDDY, 2 }, { HWP_STATE_PCP, 3 } },
		  0,
		  "LEAKED: 5 poisoned pages are " FREE_AGAIN },
		{ LEAKED,
		  0,
		  { { HWP_STATE_REUSED, 1 } },
		  0,
		  "LEAKED: 1 poisoned page has been handed out again" },
		{ LEAKED,
		  0,
		  { { HWP_STATE_REUSED, 2 } },
		  0,
		  "LEAKED: 2 poisoned pages have been handed out again" },
		{ LEAKED,
		  0,
		  { { HWP_STATE_BUDDY, 1 }, { HWP_STATE_REUSED, 1 } },
		  0,
		  "LEAKED: 1 poisoned page is " FREE_AGAIN ", 1 has been handed out again" },
		{ LEAKED,
		  0,
		  { { HWP_STATE_DROPPED, 1 } },
		  1,
		  "LEAKED: 1 poisoned page was dropped by the allocator and 1 healthy page lost with "
		  "it" },
		{ LEAKED,
		  0,
		  { { HWP_STATE_DROPPED, 2 } },
		  510,
		  "LEAKED: 2 poisoned pages were dropped by the allocator and 510 healthy pages lost "
		  "with them" },
		{ LEAKED,
		  0,
		  { { HWP_STATE_PCP, 4 }, { HWP_STATE_REUSED, 3 }, { HWP_STATE_DROPPED, 2 } },
		  9,
		  "LEAKED: 4 poisoned pages are " FREE_AGAIN
		  ", 3 have been handed out again, 2 were "
		  "dropped by the allocator and 9 healthy pages lost with them" },

		{ AT_RISK,
		  HWP_FIX_ABSENT,
		  { { HWP_STATE_LARGE_FOLIO, 1 } },
		  0,
		  RISK ", but 1 is still in use and can leak when this kernel frees it" },
		{ AT_RISK,
		  HWP_FIX_ABSENT,
		  { { HWP_STATE_HUGETLB, 1 }, { HWP_STATE_IN_USE, 1 } },
		  0,
		  RISK ", but 2 are still in use and can leak when this kernel frees them" },
		{ AT_RISK,
		  HWP_FIX_UNKNOWN,
		  { { HWP_STATE_IN_USE, 1 } },
		  0,
		  RISK ", but 1 is still in use and may leak when this kernel frees it" },
		{ AT_RISK,
		  HWP_FIX_ABSENT,
		  { { HWP_STATE_SLAB, 1 } },
		  0,
		  RISK ", but 1 belongs to the kernel, which may still use it" },
		{ AT_RISK,
		  HWP_FIX_ABSENT,
		  { { HWP_STATE_SLAB, 1 }, { HWP_STATE_PGTABLE, 1 } },
		  0,
		  RISK ", but 2 belong to the kernel, which may still use them" },
		{ AT_RISK,
		  HWP_FIX_ABSENT,
		  { { HWP_STATE_SLAB, 1 }, { HWP_STATE_IN_USE, 3 } },
		  0,
		  RISK
		  ", but 3 are still in use and can leak when this kernel frees them, 1 belongs "
		  "to the kernel, which may still use it" },
		/* The fix sees to those in use, not to the kernel's. */
		{ AT_RISK,
		  HWP_FIX_PRESENT,
		  { { HWP_STATE_SLAB, 1 }, { HWP_STATE_IN_USE, 3 } },
		  0,
		  RISK ", but 1 belongs to the kernel, which may still use it" },

		{ CLEAN, 0, {}, 0, "CLEAN: no page is poisoned" },
		{ CLEAN,
		  0,
		  { { HWP_STATE_ISOLATED, 1 } },
		  0,
		  "CLEAN: 1 poisoned page is contained" },
		{ CLEAN,
		  0,
		  { { HWP_STATE_ISOLATED, 1 }, { HWP_STATE_TAKEN_OFF, 1 } },
		  0,
		  "CLEAN: all 2 poisoned pages are contained" },
		{ CLEAN,
		  0,
		  { { HWP_STATE_OFFLINE, 1 } },
		  0,
		  "CLEAN: none of 1 poisoned page has leaked or can leak" },
		{ CLEAN,
		  0,
		  { { HWP_STATE_OFFLINE, 1 }, { HWP_STATE_ISOLATED, 1 } },
		  0,
		  "CLEAN: none of 2 poisoned pages has leaked or can leak" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = clean_findings();

		f->verdict = rows[i].verdict;
		f->kernel.fix = rows[i].fix;
		f->summary.nr_healthy_lost = rows[i].nr_healthy_lost;
		for (size_t k = 0; k < HWP_ARRAY_SIZE(rows[i].pages); k++)
			add_pages(f, rows[i].pages[k].state, rows[i].pages[k].nr);
		assert_headline(f, rows[i].want);
		hwp_findings_destroy(f);
	}
}

static void not_built(void **state)
{
	struct hwp_findings *f = clean_findings();

	(void)state;
	f->verdict = HWP_VERDICT_CLEAN;
	f->kernel.has_memory_failure = false;
	assert_headline(f, "CLEAN: this kernel cannot mark pages, it was built without "
			   "CONFIG_MEMORY_FAILURE");
	hwp_findings_destroy(f);
}

static void add_result(struct hwp_findings *f, const char *name, enum hwp_result result)
{
	struct hwp_check_result r = { .check = hwp_check_find(name), .result = result };

	assert_non_null(r.check);
	assert_true(hwp_vec_push(&f->checks, r));
}

/* Only the checks that failed. */
static void inconsistent(void **state)
{
	struct hwp_findings *f = clean_findings();

	(void)state;
	f->verdict = HWP_VERDICT_INCONSISTENT;
	add_result(f, "memmap-covered", HWP_INCONCLUSIVE);
	add_result(f, "freelist-consistent", HWP_FAIL);
	add_result(f, "methods-agree", HWP_PASS);
	assert_headline(f,
			"INCONSISTENT: no leak was seen, but the memory's own records contradict "
			"each other (freelist-consistent)");
	add_result(f, "poison-accounted", HWP_FAIL);
	add_result(f, "poison-unmapped", HWP_SKIP);
	assert_headline(f,
			"INCONSISTENT: no leak was seen, but the memory's own records contradict "
			"each other (freelist-consistent, poison-accounted)");
	hwp_findings_destroy(f);
}

static void incomplete(void **state)
{
	static const char begin[] = "INCOMPLETE: no leak was seen, but this is not an all-clear: ";
	struct hwp_findings *f;
	char want[400];

	(void)state;
	for (int i = 0; i < 9; i++) {
		static const char *const reasons[] = {
			"the dump is damaged",
			"1 of 262144 struct pages could not be read",
			"1 list or table could not be read to the end",
			"2 lists or tables could not be read to the end",
			"the state of 1 poisoned page is unknown",
			"the state of 2 poisoned pages is unknown",
			"more pages are flagged than is plausible",
			/* What decides, and not what only is inconclusive as well. */
			"not everything could be checked (methods-agree, poison-not-reused)",
			"the dump is damaged, 262144 of 262144 struct pages could not be read, 1 "
			"list or table could not be read to the end, the state of 1 poisoned page is "
			"unknown, more pages are flagged than is plausible",
		};

		f = clean_findings();
		f->verdict = HWP_VERDICT_INCOMPLETE;
		add_result(f, "methods-agree", HWP_INCONCLUSIVE);
		add_result(f, "ranges-held", HWP_INCONCLUSIVE);
		add_result(f, "poison-not-reused", HWP_INCONCLUSIVE);
		/* A contradiction is no hole. */
		assert_true(hwp_findings_trouble(f, HWP_TROUBLE_CONTRADICTION, "a list"));
		if (i == 0 || i == 8)
			snprintf(f->damage, sizeof(f->damage), "cut off");
		if (i == 1)
			f->coverage.nr_read--;
		if (i == 8)
			f->coverage.nr_read = 0;
		if (i == 2 || i == 3 || i == 8)
			assert_true(hwp_findings_trouble(f, HWP_TROUBLE_HOLE, "a list"));
		if (i == 3)
			assert_true(hwp_findings_trouble(f, HWP_TROUBLE_HOLE, "another"));
		if (i == 4 || i == 5 || i == 8)
			add_pages(f, HWP_STATE_UNKNOWN, i == 5 ? 2 : 1);
		f->too_many = i == 6 || i == 8;
		snprintf(want, sizeof(want), "%s%s", begin, reasons[i]);
		assert_headline(f, want);
		hwp_findings_destroy(f);
	}
}

/* The word alone is coloured, as badly as it is. */
static void colors(void **state)
{
	static const char *const want[HWP_NR_VERDICTS] = {
		[HWP_VERDICT_LEAKED] = HWP_COLOR_BAD "LEAKED" HWP_COLOR_END ": ",
		[HWP_VERDICT_INCONSISTENT] = HWP_COLOR_BAD "INCONSISTENT" HWP_COLOR_END ": ",
		[HWP_VERDICT_INCOMPLETE] = HWP_COLOR_WARN "INCOMPLETE" HWP_COLOR_END ": ",
		[HWP_VERDICT_AT_RISK] = HWP_COLOR_WARN "AT RISK" HWP_COLOR_END ": ",
		[HWP_VERDICT_CLEAN] = HWP_COLOR_GOOD "CLEAN" HWP_COLOR_END ": ",
	};

	(void)state;
	for (int verdict = 0; verdict < HWP_NR_VERDICTS; verdict++) {
		struct hwp_findings *f = clean_findings();
		char *text;

		f->verdict = (enum hwp_verdict)verdict;
		add_pages(f, HWP_STATE_BUDDY, 1);
		text = print(hwp_text_verdict, f, true);
		assert_memory_equal(text, want[verdict], strlen(want[verdict]));
		assert_null(strchr(text + strlen(want[verdict]), '\033'));
		free(text);
		hwp_findings_destroy(f);
	}
}

/** The advice begins so; NULL: there is none. */
static void assert_advice(const struct hwp_findings *f, const char *want)
{
	char *text = print(hwp_text_advice, f, false), *begin = text;

	if (!want) {
		assert_string_equal(text, "");
	} else {
		assert_memory_equal(text, "What to do ", 11);
		begin += 11;
		text[11 + strlen(want)] = '\0';
		assert_string_equal(begin, want);
	}
	free(text);
}

static void advice(void **state)
{
	static const struct {
		enum hwp_verdict verdict;
		enum hwp_fix fix;
		/** Page of this state; HWP_NR_STATES: none. */
		enum hwp_state state;
		bool live;
		const char *begin;
	} rows[] = {
		{ LEAKED, 0, HWP_STATE_BUDDY, false, "Treat what this machine wrote" },
		{ LEAKED, 0, HWP_STATE_DROPPED, false, "A reboot brings back the healthy pages" },
		{ HWP_VERDICT_INCONSISTENT, 0, HWP_NR_STATES, false,
		  "Examine what the failed checks name" },
		{ AT_RISK, HWP_FIX_ABSENT, HWP_STATE_IN_USE, false, "When their users end" },
		{ AT_RISK, HWP_FIX_UNKNOWN, HWP_STATE_IN_USE, false, "When their users end" },
		{ AT_RISK, HWP_FIX_PRESENT, HWP_STATE_IN_USE, false,
		  "The kernel cannot give up its own pages" },
		{ AT_RISK, HWP_FIX_ABSENT, HWP_STATE_SLAB, false,
		  "The kernel cannot give up its own pages" },
		{ CLEAN, 0, HWP_STATE_ISOLATED, false, "Plan the replacement" },
		{ CLEAN, 0, HWP_NR_STATES, false, NULL },
		{ HWP_VERDICT_INCOMPLETE, 0, HWP_NR_STATES, false, "Get a complete dump" },
		{ HWP_VERDICT_INCOMPLETE, 0, HWP_NR_STATES, true, "Read what is missing: as root" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = clean_findings();

		f->verdict = rows[i].verdict;
		f->kernel.fix = rows[i].fix;
		f->live = rows[i].live;
		if (rows[i].state != HWP_NR_STATES)
			add_pages(f, rows[i].state, 1);
		assert_advice(f, rows[i].begin);
		hwp_findings_destroy(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_numbers),	cmocka_unit_test(not_built),
		cmocka_unit_test(inconsistent), cmocka_unit_test(incomplete),
		cmocka_unit_test(colors),	cmocka_unit_test(advice),
	};

	return cmocka_run_group_tests_name("report_verdict", tests, NULL, NULL);
}
