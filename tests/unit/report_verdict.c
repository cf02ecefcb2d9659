// SPDX-License-Identifier: GPL-2.0-or-later
/** The headline of a report: every branch, one page and several. */
#include "findings_synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "report/text.h"
#include "verdict/check.h"

#define LEAKED HWP_VERDICT_LEAKED
#define AT_RISK HWP_VERDICT_AT_RISK
#define CLEAN HWP_VERDICT_CLEAN
#define FREE_AGAIN "in free memory and can be handed out again"
#define RISK "AT RISK: no poisoned page is known to have leaked"

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
	uint64_t nr_can_leak, nr_past_unknown, nr_leaked_before;
	enum hwp_switch check_pages;
	bool check_pages_is_switch;
};

static void by_numbers(void **state)
{
	static const struct numbers rows[] = {
		{ .verdict = LEAKED,
		  .pages = { { HWP_STATE_BUDDY, 1 } },
		  .want = "LEAKED: 1 poisoned page is " FREE_AGAIN },
		{ .verdict = LEAKED,
		  .pages = { { HWP_STATE_PCP, 1 } },
		  .want = "LEAKED: 1 poisoned page is " FREE_AGAIN },
		{ .verdict = LEAKED,
		  .pages = { { HWP_STATE_BUDDY, 2 }, { HWP_STATE_PCP, 3 } },
		  .want = "LEAKED: 5 poisoned pages are " FREE_AGAIN },
		{ .verdict = LEAKED,
		  .pages = { { HWP_STATE_REUSED, 1 } },
		  .want = "LEAKED: 1 poisoned page has been handed out again" },
		{ .verdict = LEAKED,
		  .pages = { { HWP_STATE_REUSED, 2 } },
		  .want = "LEAKED: 2 poisoned pages have been handed out again" },
		{ .verdict = LEAKED,
		  .pages = { { HWP_STATE_BUDDY, 1 }, { HWP_STATE_REUSED, 1 } },
		  .want = "LEAKED: 1 poisoned page is " FREE_AGAIN
			  ", 1 has been handed out again" },
		{ .verdict = LEAKED,
		  .pages = { { HWP_STATE_DROPPED, 1 } },
		  .nr_healthy_lost = 1,
		  .want = "LEAKED: 1 poisoned page was thrown away by the allocator, and 1 healthy page with "
			  "it" },
		{ .verdict = LEAKED,
		  .pages = { { HWP_STATE_DROPPED, 2 } },
		  .nr_healthy_lost = 510,
		  .want = "LEAKED: 2 poisoned pages were thrown away by the allocator, and 510 healthy pages "
			  "with them" },
		{ .verdict = LEAKED,
		  .pages = { { HWP_STATE_PCP, 4 },
			     { HWP_STATE_REUSED, 3 },
			     { HWP_STATE_DROPPED, 2 } },
		  .nr_healthy_lost = 9,
		  .want = "LEAKED: 4 poisoned pages are " FREE_AGAIN
			  ", 3 have been handed out again, 2 were "
			  "thrown away by the allocator, and 9 healthy pages with them" },
		/* What becomes of a free block is what the allocator's check makes of it. */
		{ .verdict = LEAKED,
		  .pages = { { HWP_STATE_BUDDY, 1 } },
		  .check_pages = HWP_ON,
		  .check_pages_is_switch = true,
		  .want = "LEAKED: 1 poisoned page is in free memory, in a block that an allocation "
			  "throws away and compaction may use" },
		{ .verdict = LEAKED,
		  .pages = { { HWP_STATE_PCP, 2 } },
		  .check_pages = HWP_ON,
		  .check_pages_is_switch = true,
		  .want = "LEAKED: 2 poisoned pages are in free memory, in blocks that an "
			  "allocation throws away and compaction may use" },
		/* Before v6.4 what leaves a zone's free lists is checked, a per-CPU list's not. */
		{ .verdict = LEAKED,
		  .pages = { { HWP_STATE_BUDDY, 2 } },
		  .check_pages = HWP_ON,
		  .want = "LEAKED: 2 poisoned pages are in free memory, in blocks that an "
			  "allocation throws away and compaction may use" },
		{ .verdict = LEAKED,
		  .pages = { { HWP_STATE_BUDDY, 1 }, { HWP_STATE_PCP, 1 } },
		  .check_pages = HWP_ON,
		  .want = "LEAKED: 1 poisoned page is in free memory, in a block that an allocation "
			  "throws away and compaction may use, 1 is in free memory and may be handed "
			  "out again" },
		{ .verdict = LEAKED,
		  .pages = { { HWP_STATE_PCP, 1 } },
		  .check_pages = HWP_ON,
		  .want = "LEAKED: 1 poisoned page is in free memory and may be handed out again" },
		{ .verdict = LEAKED,
		  .pages = { { HWP_STATE_PCP, 2 } },
		  .check_pages = HWP_SWITCH_UNKNOWN,
		  .check_pages_is_switch = true,
		  .want = "LEAKED: 2 poisoned pages are in free memory and may be handed out again" },

		{ .verdict = HWP_VERDICT_LEAKED_BEFORE,
		  .nr_leaked_before = 1,
		  .want = "LEAKED BEFORE: 1 poisoned page was in free memory since its error, and is "
			  "no more" },
		{ .verdict = HWP_VERDICT_LEAKED_BEFORE,
		  .nr_leaked_before = 3,
		  .want = "LEAKED BEFORE: 3 poisoned pages were in free memory since their errors, "
			  "and are no more" },

		{ .verdict = AT_RISK,
		  .fix = HWP_FIX_ABSENT,
		  .nr_can_leak = 1,
		  .want = RISK ", but 1 is in folios that this kernel frees whole" },
		{ .verdict = AT_RISK,
		  .fix = HWP_FIX_UNKNOWN,
		  .nr_can_leak = 2,
		  .want = RISK ", but 2 are in folios that this kernel may free whole" },
		{ .verdict = AT_RISK,
		  .pages = { { HWP_STATE_SLAB, 1 } },
		  .want = RISK ", but 1 belongs to the kernel, which may still use it" },
		{ .verdict = AT_RISK,
		  .pages = { { HWP_STATE_SLAB, 1 }, { HWP_STATE_PGTABLE, 1 } },
		  .want = RISK ", but 2 belong to the kernel, which may still use them" },
		{ .verdict = AT_RISK,
		  .nr_past_unknown = 1,
		  .want = RISK
		  ", but whether 1 was in free memory before cannot be known from what "
		  "was read" },
		{ .verdict = AT_RISK,
		  .fix = HWP_FIX_ABSENT,
		  .pages = { { HWP_STATE_KERNEL, 1 } },
		  .nr_can_leak = 3,
		  .nr_past_unknown = 2,
		  .want = RISK
		  ", but 3 are in folios that this kernel frees whole, 1 belongs to the "
		  "kernel, which may still use it, whether 2 were in free memory before "
		  "cannot be known from what was read" },

		{ .verdict = CLEAN, .want = "CLEAN: no page is poisoned" },
		{ .verdict = CLEAN,
		  .pages = { { HWP_STATE_ISOLATED, 1 } },
		  .want = "CLEAN: 1 poisoned page is contained" },
		{ .verdict = CLEAN,
		  .pages = { { HWP_STATE_ISOLATED, 1 }, { HWP_STATE_TAKEN_OFF, 1 } },
		  .want = "CLEAN: all 2 poisoned pages are contained" },
		{ .verdict = CLEAN,
		  .pages = { { HWP_STATE_OFFLINE, 1 } },
		  .want = "CLEAN: none of 1 poisoned page has leaked or can leak" },
		{ .verdict = CLEAN,
		  .pages = { { HWP_STATE_OFFLINE, 1 }, { HWP_STATE_ISOLATED, 1 } },
		  .want = "CLEAN: none of 2 poisoned pages has leaked or can leak" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = clean_findings();

		f->verdict = rows[i].verdict;
		f->kernel.fix = rows[i].fix;
		f->summary.nr_healthy_lost = rows[i].nr_healthy_lost;
		f->summary.nr_can_leak = rows[i].nr_can_leak;
		f->summary.nr_past_unknown = rows[i].nr_past_unknown;
		f->summary.nr_leaked_before = rows[i].nr_leaked_before;
		f->kernel.check_pages = rows[i].check_pages;
		f->kernel.check_pages_is_switch = rows[i].check_pages_is_switch;
		for (size_t k = 0; k < HWP_ARRAY_SIZE(rows[i].pages); k++)
			add_pages(f, rows[i].pages[k].state, rows[i].pages[k].nr);
		assert_headline(f, rows[i].want);
		hwp_findings_destroy(f);
	}
}

/** Until v5.11 memory failure left a page that was free in its free list. */
static void struck_where_it_was_free(void **state)
{
	static const struct {
		const char *type, *result;
		uint64_t nr;
		const char *end;
	} rows[] = {
		{ "free buddy page", "Delayed", 1,
		  "1 poisoned page is " FREE_AGAIN " (1 was free when the error struck, and this "
		  "kernel leaves such pages where they are)" },
		{ "free buddy page", "Delayed", 2,
		  "2 poisoned pages are " FREE_AGAIN
		  " (2 were free when the error struck, and this kernel leaves such pages where they "
		  "are)" },
		{ "free buddy page", "Recovered", 1, "1 poisoned page is " FREE_AGAIN },
		{ "unsplit thp", "Delayed", 1, "1 poisoned page is " FREE_AGAIN },
	};
	char want[256];

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = clean_findings();

		f->verdict = LEAKED;
		add_pages(f, HWP_STATE_BUDDY, rows[i].nr);
		for (uint64_t k = 0; k < rows[i].nr; k++) {
			struct hwp_poisoned *p = add_poisoned(f, isolated_page(0x100 + k));

			p->state = HWP_STATE_BUDDY;
			add_action(f, p, rows[i].type, rows[i].result);
		}
		/* One that is withheld now is none of them. */
		add_action(f, add_poisoned(f, isolated_page(0x200)), "free buddy page", "Delayed");
		f->poisoned.data[rows[i].nr].state = HWP_STATE_ISOLATED;
		snprintf(want, sizeof(want), "LEAKED: %s", rows[i].end);
		assert_headline(f, want);
		hwp_findings_destroy(f);
	}
}

static void add_victim(struct hwp_findings *f, enum hwp_victim_kind kind, int pid, int64_t file,
		       bool now)
{
	struct hwp_victim victim = { .kind = kind, .pid = pid, .file = file, .has_it_now = now };

	snprintf(victim.comm, sizeof(victim.comm), "p");
	assert_true(hwp_vec_push(&f->victims, victim));
}

/** Those that have pages now, or had them; each once, without those that nothing names. */
static void victims(void **state)
{
	static const struct hwp_file file = { .path = "/srv/db" };
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned *p = add_poisoned(f, isolated_page(0x100));

	(void)state;
	assert_true(hwp_vec_push(&f->files, file));
	f->verdict = LEAKED;
	add_pages(f, HWP_STATE_REUSED, 1);
	add_victim(f, HWP_VICTIM_KERNEL, -1, -1, true);
	add_victim(f, HWP_VICTIM_PROCESS, -1, -1, true);
	assert_headline(f, "LEAKED: 1 poisoned page has been handed out again");
	add_victim(f, HWP_VICTIM_PROCESS, 1, -1, true);
	add_victim(f, HWP_VICTIM_PROCESS, 1, -1, true);
	add_victim(f, HWP_VICTIM_FILE, -1, 0, true);
	add_victim(f, HWP_VICTIM_PROCESS, 9, -1, false);
	assert_headline(f,
			"LEAKED: 1 poisoned page has been handed out again to p[1] and to the file "
			"/srv/db");
	for (int pid = 2; pid < 6; pid++)
		add_victim(f, HWP_VICTIM_PROCESS, pid, -1, true);
	assert_headline(f,
			"LEAKED: 1 poisoned page has been handed out again to p[1] and to the file "
			"/srv/db and to p[2] and to p[3] and to 2 more");
	f->verdict = HWP_VERDICT_LEAKED_BEFORE;
	f->summary.nr_leaked_before = 1;
	p->state = HWP_STATE_ISOLATED;
	p->was_handed_out = HWP_ANSWER_YES;
	assert_headline(f,
			"LEAKED BEFORE: 1 poisoned page was in free memory since its error, and is "
			"no more, 1 was handed out again to p[9]");
	p = add_poisoned(f, isolated_page(0x101));
	p->state = HWP_STATE_ISOLATED;
	p->was_handed_out = HWP_ANSWER_YES;
	/* One that is in use now is not counted with them. */
	p = add_poisoned(f, isolated_page(0x102));
	p->state = HWP_STATE_REUSED;
	p->was_handed_out = HWP_ANSWER_YES;
	f->summary.nr_leaked_before = 2;
	assert_headline(f,
			"LEAKED BEFORE: 2 poisoned pages were in free memory since their errors, "
			"and are no more, 2 were handed out again to p[9]");
	hwp_findings_destroy(f);
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
	f->summary.nr_healthy_lost = 1;
	assert_headline(f,
			"INCONSISTENT: no leak was seen, but 1 healthy page was lost with poisoned "
			"ones that the kernel withheld (freelist-consistent, poison-accounted)");
	f->summary.nr_healthy_lost = 510;
	assert_headline(f, "INCONSISTENT: no leak was seen, but 510 healthy pages were lost with "
			   "poisoned ones that the kernel withheld (freelist-consistent, "
			   "poison-accounted)");
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
			"a free list of a zone could not be read to the end",
			"a free list of a zone could not be read to the end, the kernel log could not be "
			"read to the end",
			"the state of 1 poisoned page is unknown",
			"the state of 2 poisoned pages is unknown",
			"more pages are flagged than is plausible",
			/* What decides, and not what only is inconclusive as well. */
			"not everything could be checked (methods-agree, poison-not-in-buddy)",
			"the dump is damaged, 262144 of 262144 struct pages could not be read, a "
			"free list of a zone could not be read to the end, the state of 1 poisoned page is "
			"unknown, more pages are flagged than is plausible",
		};

		f = clean_findings();
		f->verdict = HWP_VERDICT_INCOMPLETE;
		add_result(f, "methods-agree", HWP_INCONCLUSIVE);
		add_result(f, "ranges-held", HWP_INCONCLUSIVE);
		add_result(f, "poison-not-in-buddy", HWP_INCONCLUSIVE);
		/* A contradiction is no hole. */
		assert_true(hwp_findings_contradiction(f, "a list"));
		if (i == 0 || i == 8)
			snprintf(f->damage, sizeof(f->damage), "cut off");
		if (i == 1)
			f->coverage.nr_read--;
		if (i == 8)
			f->coverage.nr_read = 0;
		if (i == 2 || i == 3 || i == 8)
			assert_true(hwp_findings_hole(f, HWP_HOLE_FREE_LIST, "a list"));
		if (i == 3)
			assert_true(hwp_findings_hole(f, HWP_HOLE_LOG, "another"));
		if (i == 4 || i == 5 || i == 8)
			add_pages(f, HWP_STATE_UNKNOWN, i == 5 ? 2 : 1);
		f->too_many = i == 6 || i == 8;
		snprintf(want, sizeof(want), "%s%s", begin, reasons[i]);
		assert_headline(f, want);
		hwp_findings_destroy(f);
	}
}

/** The kernel that dies of the error did nothing more about it. */
static void died_of_it(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_event e = { .pfn = 0x20d, .kind = HWP_EVENT_PANIC, .pid = -1 };

	(void)state;
	assert_true(hwp_vec_push(&f->events, e));
	assert_null(hwp_check_run(f));
	assert_headline(f, "INCOMPLETE: no leak was seen, but this is not an all-clear: the kernel "
			   "died of the error at pfn 0x20d before it dealt with it");
	f->events.nr = 0;
	assert_true(hwp_vec_push(&f->remarks, e));
	f->remarks.data[0].status = 0xbe00000000000134;
	assert_null(hwp_check_run(f));
	assert_headline(f, "INCOMPLETE: no leak was seen, but this is not an all-clear: the kernel "
			   "died of a memory error before it dealt with it");
	f->remarks.data[0].status = 0;
	assert_null(hwp_check_run(f));
	assert_headline(f, "INCOMPLETE: no leak was seen, but this is not an all-clear: whether "
			   "the kernel died of a memory error is not known");
	hwp_findings_destroy(f);
}

/* The word alone is coloured, as badly as it is. */
static void colors(void **state)
{
	static const char *const want[HWP_NR_VERDICTS] = {
		[HWP_VERDICT_LEAKED] = HWP_COLOR_BAD "LEAKED" HWP_COLOR_END ": ",
		[HWP_VERDICT_LEAKED_BEFORE] = HWP_COLOR_BAD "LEAKED BEFORE" HWP_COLOR_END ": ",
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(struck_where_it_was_free),
		cmocka_unit_test(victims),
		cmocka_unit_test(died_of_it),
		cmocka_unit_test(by_numbers),
		cmocka_unit_test(not_built),
		cmocka_unit_test(inconsistent),
		cmocka_unit_test(incomplete),
		cmocka_unit_test(colors),
	};

	return cmocka_run_group_tests_name("report_verdict", tests, NULL, NULL);
}
