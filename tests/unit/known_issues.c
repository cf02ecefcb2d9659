// SPDX-License-Identifier: GPL-2.0-or-later
/** Known issues: each has findings that look like it, and some that nearly do and do not. */
#include "findings_synth.h"

#include <cmocka.h>

#include "base/bits.h"
#include "facts/log/events.h"
#include "verdict/issue.h"

static struct hwp_event *event(struct hwp_findings *f, enum hwp_event_kind kind, uint64_t pfn)
{
	const struct hwp_event e = {
		.kind = kind, .has_pfn = true, .pfn = pfn, .pid = -1, .rasdaemon = -1
	};

	assert_true(hwp_vec_push(&f->events, e));
	return &f->events.data[f->events.nr - 1];
}

static void action(struct hwp_findings *f, uint64_t pfn, const char *type, const char *result)
{
	struct hwp_event *e = event(f, HWP_EVENT_ACTION, pfn);

	snprintf(e->page_type, sizeof(e->page_type), "%s", type);
	snprintf(e->result, sizeof(e->result), "%s", result);
}

/** A line of the kernel's, as it is read. */
static void line(struct hwp_findings *f, const char *text)
{
	struct hwp_event_reading reading = { .findings = f, .rule = hwp_usual_addresses };
	const struct hwp_klog_record record = { .text = text, .len = strlen(text) };

	assert_null(hwp_events_take(&reading, &record));
	hwp_events_finish(&reading);
}

static bool matches(struct hwp_findings *f, const char *name)
{
	bool found = false;

	assert_null(hwp_issues_match(f));
	for (size_t i = 0; i < f->known_issues.nr; i++) {
		assert_true(f->known_issues.data[i].why[0]);
		found |= strcmp(f->known_issues.data[i].issue->name, name) == 0;
	}
	return found;
}

static void add_folio(struct hwp_findings *f, enum hwp_outcome outcome)
{
	const struct hwp_folio folio = { .head_pfn = 0x200, .order = 9, .outcome = outcome };

	assert_true(hwp_vec_push(&f->folios, folio));
}

static bool freed_whole(struct hwp_findings *f, const char *name)
{
	add_folio(f, HWP_OUTCOME_HELD);
	assert_false(matches(f, name));
	add_folio(f, HWP_OUTCOME_WOULD_LEAK);
	assert_true(matches(f, name));
	f->kernel.fix = HWP_FIX_UNKNOWN;
	assert_false(matches(f, name));
	f->kernel.fix = HWP_FIX_ABSENT;
	add_folio(f, HWP_OUTCOME_LEAKED);
	return matches(f, name);
}

static bool in_buddy(struct hwp_findings *f, const char *name)
{
	struct hwp_poisoned *p = add_poisoned(f, isolated_page(0x1234));

	p->state = HWP_STATE_BUDDY;
	p->page.refcount = 1;
	assert_false(matches(f, name));
	action(f, 0x1234, "unsplit thp", "Failed");
	assert_false(matches(f, name));
	action(f, 0x1234, "free huge page", "Recovered");
	p->page.refcount = 0;
	assert_false(matches(f, name));
	p->page.refcount = 1;
	return matches(f, name);
}

static bool on_pcp(struct hwp_findings *f, const char *name)
{
	struct hwp_poisoned *p = add_poisoned(f, isolated_page(0x1234));

	p->state = HWP_STATE_PCP;
	action(f, 0x1234, "free huge page", "Failed");
	assert_false(matches(f, name));
	action(f, 0x1234, "huge page", "Recovered");
	return matches(f, name);
}

static bool gigantic(struct hwp_findings *f, const char *name)
{
	f->hugetlb = (struct hwp_extent_orders){ .orders = { 9, 18 }, .nr = 2 };
	f->kernel.hugetlb_vmemmap_optimized = HWP_ON;
	/* Not one that could be dissolved, nor one without a bad page, ends the search. */
	action(f, 0x40007, "free huge page", "Recovered");
	action(f, 0xc0007, "huge page", "Failed");
	action(f, 0x40007, "free huge page", "Failed");
	line(f, "BUG: Bad page state in process bash  pfn:80040");
	assert_false(matches(f, name));
	line(f, "BUG: Bad page state in process bash  pfn:40040");
	assert_true(matches(f, name));
	f->hugetlb.nr = 1;
	assert_false(matches(f, name));
	f->hugetlb.nr = 2;
	f->kernel.hugetlb_vmemmap_optimized = HWP_OFF;
	assert_false(matches(f, name));
	f->kernel.hugetlb_vmemmap_optimized = HWP_ON;
	assert_true(matches(f, name));
	/* Where pages are not checked there is no such line: the page is free, with references. */
	f->bad_state_pfns.nr = 0;
	f->events.nr = 0;
	action(f, 0x40007, "free huge page", "Recovered");
	f->kernel.check_pages = HWP_OFF;
	assert_true(hwp_findings_contradiction(f, "another list"));
	assert_true(hwp_findings_page_contradicts(f, 0x80000, "a page behind it"));
	assert_true(hwp_findings_page_contradicts(f, 0x3ffff, "a page before it"));
	assert_false(matches(f, name));
	assert_true(hwp_findings_page_contradicts(f, 0x40040, "an entry has references"));
	assert_true(matches(f, name));
	f->kernel.check_pages = HWP_ON;
	assert_false(matches(f, name));
	f->kernel.check_pages = HWP_OFF;
	return matches(f, name);
}

static bool tail_mapping(struct hwp_findings *f, const char *name)
{
	f->kernel.hugetlb_vmemmap_optimized = HWP_ON;
	line(f, "page dumped because: nonzero mapcount");
	assert_false(matches(f, name));
	line(f, "page dumped because: corrupted mapping in tail page");
	line(f, "page dumped because: corrupted mapping in tail page");
	assert_int_equal(f->complaints.data[1].nr, 2);
	f->kernel.hugetlb_vmemmap_optimized = HWP_OFF;
	assert_false(matches(f, name));
	f->kernel.hugetlb_vmemmap_optimized = HWP_ON;
	return matches(f, name);
}

static bool deadlock(struct hwp_findings *f, const char *name)
{
	line(f, "WARNING: possible circular locking dependency detected");
	line(f,
	     "ffffffffabe68910 (cpu_hotplug_lock){++++}-{0:0}, at: static_key_slow_dec+0x16/0x60");
	assert_false(matches(f, name));
	line(f,
	     "ffffffffabf92ea8 (pcp_batch_high_lock){+.+.}-{3:3}, at: zone_pcp_disable+0x16/0x40");
	return matches(f, name);
}

/* Without lockdep: the task hangs. */
static void hung_task(void **state)
{
	const char *name = "vmemmap-deadlock";
	struct hwp_findings *f = clean_findings();

	(void)state;
	line(f, "Kernel panic - not syncing: hung_task: blocked tasks");
	line(f, " __page_handle_poison+0x45/0xc0");
	f->kernel.hugetlb_vmemmap_optimized = HWP_ON;
	assert_false(matches(f, name));
	f->counters.mf_running = true;
	assert_true(matches(f, name));
	f->kernel.hugetlb_vmemmap_optimized = HWP_OFF;
	assert_false(matches(f, name));
	hwp_findings_destroy(f);
}

static bool subpool(struct hwp_findings *f, const char *name)
{
	line(f, "DEBUG_LOCKS_WARN_ON(1)");
	line(f, " hugepage_subpool_put_pages.part.0+0xe/0xc0");
	assert_false(matches(f, name));
	line(f, " dissolve_free_huge_page+0x147/0x210");
	return matches(f, name);
}

static bool uninitialised(struct hwp_findings *f, const char *name)
{
	line(f, "page dumped because: VM_BUG_ON_PAGE(PagePoisoned(page))");
	line(f, "kernel BUG at include/linux/page-flags.h:616!");
	assert_false(matches(f, name));
	line(f, "RIP: 0010:unpoison_memory+0x2f3/0x590");
	return matches(f, name);
}

static bool bad_state(struct hwp_findings *f, const char *name)
{
	line(f, "Unpoison: 0x19d0: software-unpoisoned page");
	assert_false(matches(f, name));
	line(f, "BUG: Bad page state in process bash  pfn:019d1");
	assert_false(matches(f, name));
	line(f, "BUG: Bad page state in process bash  pfn:019d0");
	return matches(f, name);
}

static void say_again(struct hwp_findings *f, size_t nr, uint64_t pfn)
{
	while (nr--)
		event(f, HWP_EVENT_ALREADY_POISONED, pfn);
}

static bool repeated(struct hwp_findings *f, const char *name)
{
	say_again(f, 9, 0x77);
	say_again(f, 5, 0x78);
	assert_false(matches(f, name));
	event(f, HWP_EVENT_SIGBUS, 0x77);
	say_again(f, 9, 0x77);
	assert_false(matches(f, name));
	/* By hand. */
	event(f, HWP_EVENT_INJECTED, 0x77);
	say_again(f, 2, 0x77);
	assert_false(matches(f, name));
	say_again(f, 2, 0x77);
	return matches(f, name);
}

static bool counted(struct hwp_findings *f, const char *name)
{
	add_poisoned(f, isolated_page(0x77));
	f->counters.num_poisoned_pages += 2;
	say_again(f, 1, 0x77);
	assert_false(matches(f, name));
	say_again(f, 1, 0x77);
	f->log.state = HWP_LOG_WRAPPED;
	assert_false(matches(f, name));
	f->log.state = HWP_LOG_COMPLETE;
	return matches(f, name);
}

static bool types(struct hwp_findings *f, const char *name)
{
	struct hwp_rasdaemon_row row = { .pfn = 0x77, .page_type = "dirty LRU page", .event = 0 };

	action(f, 0x77, "dirty LRU page", "Recovered");
	assert_true(hwp_vec_push(&f->rasdaemon, row));
	assert_false(matches(f, name));
	strcpy(f->rasdaemon.data[0].page_type, "clean LRU page");
	f->rasdaemon.data[0].event = -1;
	assert_false(matches(f, name));
	f->rasdaemon.data[0].event = 0;
	return matches(f, name);
}

static const struct {
	const char *name;
	bool (*make)(struct hwp_findings *f, const char *name);
} cases[] = {
	{ "freed-whole", freed_whole },	     { "dissolved-in-buddy", in_buddy },
	{ "dissolved-on-pcp", on_pcp },	     { "gigantic-dissolve", gigantic },
	{ "tail-mapping", tail_mapping },    { "vmemmap-deadlock", deadlock },
	{ "subpool-lock", subpool },	     { "unpoison-uninitialised", uninitialised },
	{ "unpoison-bad-state", bad_state }, { "repeated-reports", repeated },
	{ "counted-again", counted },	     { "rasdaemon-types", types },
};

static void each_row(void **state)
{
	size_t nr, made = 0;
	const struct hwp_known_issue *issues = hwp_known_issues(&nr);

	(void)state;
	for (size_t i = 0; i < nr; i++) {
		for (size_t j = 0; j < HWP_ARRAY_SIZE(cases); j++) {
			struct hwp_findings *f;

			if (strcmp(cases[j].name, issues[i].name) != 0)
				continue;
			f = clean_findings();
			assert_false(matches(f, cases[j].name));
			if (!cases[j].make(f, cases[j].name))
				fail_msg("%s does not match", cases[j].name);
			hwp_findings_destroy(f);
			made++;
		}
	}
	/* A row without a case is no row. */
	assert_int_equal(made, nr);
	assert_int_equal(made, HWP_ARRAY_SIZE(cases));
}

/* What a user writes to /dev/kmsg is no complaint of the kernel's; and there is an end of them. */
static void whose_line(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_event_reading reading = { .findings = f, .rule = hwp_usual_addresses };
	struct hwp_klog_record record = { .facility = 1 };
	char text[64];

	(void)state;
	record.text = "page dumped because: corrupted mapping in tail page";
	record.len = strlen(record.text);
	assert_null(hwp_events_take(&reading, &record));
	assert_int_equal(f->complaints.nr, 0);
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "page dumped because: reason %d", i);
		line(f, text);
	}
	assert_in_range(f->complaints.nr, 1, 100);
	assert_string_equal(f->complaints.data[0].text, "page dumped because: reason 0");
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row),
		cmocka_unit_test(hung_task),
		cmocka_unit_test(whose_line),
	};

	return cmocka_run_group_tests_name("known_issues", tests, NULL, NULL);
}
