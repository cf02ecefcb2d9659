// SPDX-License-Identifier: GPL-2.0-or-later
/** What to do: by verdict, by what the target is, and by where the errors came from. */
#include "findings_synth.h"

#include <cmocka.h>

#include "report/advice.h"

static void collect(void *arg, const char *advice)
{
	char **all = arg, *longer;

	assert_true(asprintf(&longer, "%s%s\n", *all, advice) > 0);
	free(*all);
	*all = longer;
}

/** All of it, a line each. */
static char *advice_of(const struct hwp_findings *f)
{
	char *all = strdup("");

	assert_null(hwp_advise(f, collect, &all));
	return all;
}

/** Whether @p word is in the advice. */
static void assert_says(const struct hwp_findings *f, const char *word, bool wanted)
{
	char *all = advice_of(f);

	if ((strstr(all, word) != NULL) != wanted)
		print_message("# %s'%s' in:\n%s", wanted ? "no " : "", word, all);
	assert_int_equal(strstr(all, word) != NULL, wanted);
	free(all);
}

/** @p state of a page at each of @p nr pfns from 0x1000 on; the kernel had not crashed. */
static struct hwp_findings *machine(enum hwp_verdict verdict, enum hwp_state state, uint64_t nr)
{
	struct hwp_findings *f = clean_findings();

	for (uint64_t i = 0; i < nr; i++) {
		struct hwp_poisoned page = isolated_page(0x1000 + i);

		page.state = state;
		add_poisoned(f, page);
	}
	f->summary.nr_poisoned = f->summary.nr_by_state[state] = nr;
	f->summary.nr_by_class[hwp_state_class(state)] = nr;
	f->verdict = verdict;
	f->cause.kind = HWP_CAUSE_NO_CRASH;
	strcpy(f->machine.arch, "x86_64");
	return f;
}

static void add_event(struct hwp_findings *f, enum hwp_event_kind kind, uint64_t pfn)
{
	struct hwp_event e = { .kind = kind, .has_pfn = true, .pfn = pfn, .pid = -1 };

	assert_true(hwp_vec_push(&f->events, e));
}

static void nothing(void **state)
{
	struct hwp_findings *f = machine(HWP_VERDICT_CLEAN, HWP_STATE_ISOLATED, 0);
	char *all = advice_of(f);

	(void)state;
	assert_string_equal(all, "");
	free(all);
	hwp_findings_destroy(f);
}

/** Where the machine still runs, and where it is dead. */
static void leaked(void **state)
{
	struct hwp_findings *f = machine(HWP_VERDICT_LEAKED, HWP_STATE_BUDDY, 1);

	(void)state;
	assert_says(f, "Treat what this machine wrote after the first memory failure", true);
	assert_says(f, "reboot the machine", true);
	assert_says(f, "Keep this dump", true);
	f->live = true;
	assert_says(f, "reboot the machine", true);
	assert_says(f, "First save the evidence", true);
	assert_says(f, "Keep this dump", false);
	f->live = false;
	f->cause.kind = HWP_CAUSE_NO_SIGN;
	assert_says(f, "reboot the machine", false);
	f->summary.nr_by_class[HWP_CLASS_LEAKED] = 0;
	f->summary.nr_healthy_lost = 510;
	assert_says(f, "Treat what", false);
	assert_says(f, "thrown away, 2040 KiB, comes back with a reboot", true);
	f->verdict = HWP_VERDICT_LEAKED_BEFORE;
	f->summary.nr_leaked_before = 1;
	assert_says(f, "Treat what", true);
	hwp_findings_destroy(f);
}

/** By software, corrected, by the hardware, or not known: only the last two accuse a module. */
static void origins(void **state)
{
	struct hwp_findings *f = machine(HWP_VERDICT_LEAKED, HWP_STATE_BUDDY, 2);

	(void)state;
	assert_says(f, "Find and replace the memory module", true);
	add_event(f, HWP_EVENT_INJECTED, 0x1000);
	add_event(f, HWP_EVENT_INJECTED, 0x1000);
	add_event(f, HWP_EVENT_INJECTED, 0x2000);
	assert_says(f, "Find and replace the memory module", true);
	assert_says(f, "injected", false);
	add_event(f, HWP_EVENT_INJECTED, 0x1001);
	assert_says(f, "Every one of these errors was injected by software", true);
	assert_says(f, "memory module behind", false);
	assert_says(f, "memmap=", false);
	assert_says(f, "Treat what", false);
	/* An error of the hardware may stand in a line that is gone. */
	f->log.state = HWP_LOG_WRAPPED;
	assert_says(f, "injected", false);
	assert_says(f, "Find and replace the memory module", true);
	f->log.state = HWP_LOG_COMPLETE;
	/* Errors of another module may be corrected: only pages taken out for these are meant. */
	add_event(f, HWP_EVENT_CORRECTED, 0x1000);
	assert_says(f, "Corrected", false);
	assert_says(f, "Find and replace the memory module", true);
	add_event(f, HWP_EVENT_SOFT_OFFLINE, 0x1000);
	assert_says(f, "Corrected", false);
	add_event(f, HWP_EVENT_SOFT_OFFLINE, 0x1001);
	f->log.state = HWP_LOG_LOST;
	assert_says(f, "Corrected", false);
	f->log.state = HWP_LOG_COMPLETE;
	add_event(f, HWP_EVENT_ACTION, 0x1001);
	assert_says(f, "Corrected", false);
	f->events.nr--;
	assert_says(f, "Corrected errors lost no data", true);
	assert_says(f, "injected", false);
	add_event(f, HWP_EVENT_MACHINE_CHECK, 0x1000);
	assert_says(f, "Find and replace the memory module", true);
	assert_says(f, "Corrected", false);
	strcpy(f->poisoned.data[1].module, "CPU_SrcID#0_MC#1_DIMM#0");
	assert_says(f, "Replace memory module CPU_SrcID#0_MC#1_DIMM#0 (", true);
	assert_says(f, "ras-mc-ctl", false);
	hwp_findings_destroy(f);
}

static void next_boot(void **state)
{
	struct hwp_findings *f = machine(HWP_VERDICT_CLEAN, HWP_STATE_ISOLATED, 3);

	(void)state;
	add_poisoned(f, isolated_page(0x3000));
	assert_says(f, "memmap=12K$0x1000000,4K$0x3000000\n", true);
	strcpy(f->machine.arch, "aarch64");
	assert_says(f, "memmap=", false);
	strcpy(f->machine.arch, "x86_64");
	for (uint64_t i = 0; i < 14; i++)
		add_poisoned(f, isolated_page(0x4000 + 2 * i));
	assert_says(f, ",4K$0x401a000\n", true);
	add_poisoned(f, isolated_page(0x5000));
	assert_says(f, "memmap=SIZE$ADDRESS", true);
	hwp_findings_destroy(f);
}

/** Only of the system this runs on, and only where it can end. */
static void blocks(void **state)
{
	struct hwp_memory_block_count block = {
		.id = 12, .start_pfn = 0, .end_pfn = 0x8000, .nr_found = 1
	};
	struct hwp_findings *f = machine(HWP_VERDICT_LEAKED, HWP_STATE_BUDDY, 1);

	(void)state;
	assert_true(hwp_vec_push(&f->counters.blocks, block));
	assert_says(f, "echo offline", false);
	f->live = true;
	assert_says(f,
		    "To take 128 MiB with 1 bad page out of use until then, as root: echo offline "
		    ">/sys/devices/system/memory/memory12/state",
		    true);
	f->poisoned.data[0].state = HWP_STATE_DROPPED;
	assert_says(f, "echo offline", false);
	f->poisoned.data[0].state = HWP_STATE_SLAB;
	assert_says(f, "echo offline", false);
	f->poisoned.data[0].state = HWP_STATE_BUDDY;
	f->counters.blocks.data[0].offline = true;
	assert_says(f, "echo offline", false);
	f->counters.blocks.data[0].offline = false;
	f->path = strdup("/run/guest.qmp");
	assert_says(f, "echo offline", false);
	hwp_findings_destroy(f);
}

static void incomplete(void **state)
{
	struct hwp_findings *f = machine(HWP_VERDICT_INCOMPLETE, HWP_STATE_ISOLATED, 0);

	(void)state;
	assert_says(f, "What is missing stands under 'Troubles'", true);
	f->coverage.nr_excluded = 1;
	assert_says(f, "makedumpfile keeps it at every dump level, without -e", true);
	f->live = true;
	assert_says(f, "as root, where /proc/kcore may be read", true);
	assert_says(f, "makedumpfile", false);
	strcpy(f->damage, "it is cut off");
	assert_says(f, "compare its size and checksum", true);
	f->zero_filled = true;
	assert_says(f, "Start crash without --zero_excluded", true);
	assert_says(f, "compare its size and checksum", false);
	hwp_findings_destroy(f);
}

static void inconsistent(void **state)
{
	struct hwp_findings *f = clean_findings();

	(void)state;
	f->cause.kind = HWP_CAUSE_NO_CRASH;
	judge_findings(f);
	f->verdict = HWP_VERDICT_INCONSISTENT;
	for (size_t i = 0; i < f->checks.nr; i++)
		f->checks.data[i].result = HWP_PASS;
	for (size_t i = 0; i < f->checks.nr; i++) {
		struct hwp_check_result *r = &f->checks.data[i];
		char words[64];

		r->result = HWP_FAIL;
		snprintf(words, sizeof(words), "'hwpoison help %s' explains what failed",
			 r->check->name);
		assert_says(f, words, true);
		assert_says(f, "'hwpoison freelist' shows the lists",
			    strcmp(r->check->name, "methods-agree") == 0 ||
				    strstr(r->check->name, "free") == r->check->name ||
				    strstr(r->check->name, "lists-") ||
				    strstr(r->check->name, "zones-"));
		assert_says(f, "this dump", true);
		r->result = HWP_PASS;
	}
	f->live = true;
	assert_says(f, "a dump of this machine", true);
	hwp_findings_destroy(f);
}

static void at_risk(void **state)
{
	struct hwp_findings *f = machine(HWP_VERDICT_AT_RISK, HWP_STATE_LARGE_FOLIO, 1);

	(void)state;
	f->summary.nr_can_leak = 1;
	assert_says(f, "When their users end", true);
	assert_says(f, "cannot give up its own pages", false);
	assert_says(f, "past cannot be known", false);
	f->summary.nr_by_class[HWP_CLASS_KERNEL] = f->summary.nr_past_unknown = 1;
	assert_says(f, "cannot give up its own pages: plan a reboot", true);
	assert_says(f, "past cannot be known", true);
	/* It is dead. */
	f->cause.kind = HWP_CAUSE_NEAR;
	assert_says(f, "When their users end", false);
	assert_says(f, "plan a reboot", false);
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing),	cmocka_unit_test(leaked),
		cmocka_unit_test(origins),	cmocka_unit_test(next_boot),
		cmocka_unit_test(blocks),	cmocka_unit_test(incomplete),
		cmocka_unit_test(inconsistent), cmocka_unit_test(at_risk),
	};

	return cmocka_run_group_tests_name("advice", tests, NULL, NULL);
}
