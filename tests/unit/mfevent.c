// SPDX-License-Identifier: GPL-2.0-or-later
/** Lines about memory errors, as kernels from 2.6.32 to 7.3 print them. */
#include "synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "facts/log/mfevent.h"

struct line {
	const char *text;
	uint64_t pfn;
	enum hwp_event_kind kind;
	const char *page_type, *result, *comm;
	int pid;
};

static const struct line lines[] = {
	/* Lines of every version. */
	{ "Memory failure: 0x1234: recovery action for clean LRU page: Recovered", 0x1234,
	  .kind = HWP_EVENT_ACTION, .page_type = "clean LRU page", .result = "Recovered" },
	{ "Memory failure: 0x10e305: recovery action for reserved kernel page: Ignored", 0x10e305,
	  .kind = HWP_EVENT_ACTION, .page_type = "reserved kernel page", .result = "Ignored" },
	{ "Memory failure: 0x1: recovery action for huge page: Failed", 1, .kind = HWP_EVENT_ACTION,
	  .page_type = "huge page", .result = "Failed" },
	{ "Memory failure: 0x1: recovery action for free buddy page: Delayed", 1,
	  .kind = HWP_EVENT_ACTION, .page_type = "free buddy page", .result = "Delayed" },
	{ "Memory failure: 0xabcdef: huge page still referenced by 1 users", 0xabcdef,
	  .kind = HWP_EVENT_OTHER },
	{ "Memory failure: 0x40000000: memory outside kernel control", 0x40000000,
	  .kind = HWP_EVENT_OTHER },
	{ "Memory failure: 0x1234: Sending SIGBUS to poison:4242 due to hardware memory corruption",
	  0x1234, HWP_EVENT_SIGBUS, .comm = "poison", .pid = 4242 },
	{ "Memory failure: 0x77: already hardware poisoned", 0x77,
	  .kind = HWP_EVENT_ALREADY_POISONED },
	{ "Memory failure: 0x77: unhandlable page.", 0x77, .kind = HWP_EVENT_OTHER },
	{ "Memory failure: 0x77: unrecoverable page", 0x77, .kind = HWP_EVENT_OTHER },
	/* v5.10 to v5.15 spell it with a capital F. */
	{ "Memory Failure: 0xa300: thp split failed", 0xa300, .kind = HWP_EVENT_SPLIT_FAILED },
	{ "Memory Failure: 0xa300: non anonymous thp", 0xa300, .kind = HWP_EVENT_OTHER },
	{ "soft offline: 0xa300: thp split failed", 0xa300, .kind = HWP_EVENT_SOFT_OFFLINE_FAILED,
	  .result = "Failed" },
	{ "Soft offline: 0xa300: thp split failed", 0xa300, .kind = HWP_EVENT_SOFT_OFFLINE_FAILED,
	  .result = "Failed" },
	{ "soft_offline: 0xa300: invalidated", 0xa300, .kind = HWP_EVENT_SOFT_OFFLINE,
	  .result = "Succeeded" },
	/* Nothing was done: what was said of the page before stands. */
	{ "soft_offline_page: 0xa300 page already poisoned", 0xa300,
	  .kind = HWP_EVENT_ALREADY_POISONED },
	{ "soft offline: 0xa300 hugepage already poisoned", 0xa300,
	  .kind = HWP_EVENT_ALREADY_POISONED },
	{ "Soft offline: 0xa300: page already poisoned", 0xa300,
	  .kind = HWP_EVENT_ALREADY_POISONED },
	/* To v5.4. */
	{ "Memory failure: 0x1234: Killing poison:4242 due to hardware memory corruption", 0x1234,
	  HWP_EVENT_SIGBUS, .comm = "poison", .pid = 4242 },
	{ "Memory failure: 0x77 cannot catch tail", 0x77, .kind = HWP_EVENT_OTHER },
	{ "Memory failure: buffer overflow when queuing memory failure at 0x77", 0x77,
	  .kind = HWP_EVENT_OTHER },
	{ "Could not invalidate pfn=0x77 from 1:1 map", 0x77, .kind = HWP_EVENT_OTHER },
	{ "mce: Uncorrected hardware memory error in user-access at 12345678", 0x12345,
	  .kind = HWP_EVENT_MACHINE_CHECK },
	{ "mce: Kernel accessed poison in user space at 12345fff", 0x12345,
	  .kind = HWP_EVENT_MACHINE_CHECK },
	{ "Kernel panic - not syncing: Memory failure: 0x77: unrecoverable page", 0x77,
	  .kind = HWP_EVENT_PANIC },
	{ "Kernel panic - not syncing: Memory failure on page 1b3fa", 0x1b3fa,
	  .kind = HWP_EVENT_PANIC },
	/* A key of memory encryption above the address. */
	{ "mce: Uncorrected hardware memory error in user-access at 40003710b3400", 0x3710b3,
	  .kind = HWP_EVENT_MACHINE_CHECK },
	{ "mce: Uncorrected hardware memory error in user-access at 80000003710b3400", 0x3710b3,
	  .kind = HWP_EVENT_MACHINE_CHECK },
	/* About processes. */
	{ "Memory failure: 0xedbe201: forcibly killing read_poison:22434 because of failure to "
	  "unmap corrupted page",
	  0xedbe201, HWP_EVENT_KILLED, .comm = "read_poison", .pid = 22434 },
	{ "Memory failure: 0x1234: Cannot send advisory machine check signal to app:77", 0x1234,
	  HWP_EVENT_OTHER, .comm = "app", .pid = 77 },
	{ "Memory failure: Unable to find user space address edbe201 in read_poison", 0xedbe201,
	  HWP_EVENT_OTHER, .comm = "read_poison", .pid = -1 },
	{ "0x116c60: Sending SIGBUS to qemu:77 due to hardware memory corruption", 0x116c60,
	  HWP_EVENT_SIGBUS, .comm = "qemu", .pid = 77 },
	{ "[Hardware Error]: GHES: 0x116c60: Sending SIGBUS to qemu:77 due to hardware memory "
	  "corruption",
	  0x116c60, HWP_EVENT_SIGBUS, .comm = "qemu", .pid = 77 },
	/* Up to v4.12. */
	{ "MCE 0x318: recovery action for dirty LRU page: Recovered", 0x318,
	  .kind = HWP_EVENT_ACTION, .page_type = "dirty LRU page", .result = "Recovered" },
	{ "MCE 0x7dfb8: clean mlocked LRU page recovery: Recovered", 0x7dfb8,
	  .kind = HWP_EVENT_ACTION, .page_type = "clean mlocked LRU page", .result = "Recovered" },
	{ "MCE 0x23a200: huge page recovery: Delayed", 0x23a200, .kind = HWP_EVENT_ACTION,
	  .page_type = "huge page", .result = "Delayed" },
	{ "MCE 0x224f176: Killing pal_main:6784 due to hardware memory corruption", 0x224f176,
	  HWP_EVENT_SIGBUS, .comm = "pal_main", .pid = 6784 },
	{ "MCE 0x19d0: already hardware poisoned", 0x19d0, .kind = HWP_EVENT_ALREADY_POISONED },
	{ "MCE: Software-unpoisoned page 0x23a000", 0x23a000, .kind = HWP_EVENT_UNPOISON },
	{ "MCE 0x1f: handled by dmem", 0x1f, .kind = HWP_EVENT_OTHER },
	/* Soft offline: a request, and what failed. */
	{ "RAS: Soft-offlining pfn: 0x175321b", 0x175321b, .kind = HWP_EVENT_SOFT_OFFLINE },
	{ "soft offline: 0x118ee0: hugepage isolation failed: 0, page count 2, type "
	  "7fff800001000e (referenced|uptodate|dirty|head)",
	  0x118ee0, .kind = HWP_EVENT_SOFT_OFFLINE_FAILED, .result = "Failed" },
	{ "soft offline: 0x61c00 hugepage failed to isolate", 0x61c00,
	  .kind = HWP_EVENT_SOFT_OFFLINE_FAILED, .result = "Failed" },
	{ "Soft offline: 0x150000: hugepage migration failed -16, type "
	  "0x17ffffc0000048(uptodate|active|node=0|zone=2)",
	  0x150000, .kind = HWP_EVENT_SOFT_OFFLINE_FAILED, .result = "Failed" },
	{ "soft offline: 0x1234: unknown non LRU page type 0", 0x1234,
	  .kind = HWP_EVENT_SOFT_OFFLINE_FAILED, .result = "Failed" },
	/* By others. */
	{ "EDAC MC0: 1 UE unknown on unknown memory ( page:0x116c60 offset:0x0 grain:1 - APEI "
	  "location: )",
	  0x116c60, .kind = HWP_EVENT_HARDWARE },
	{ "EDAC MC0: 1 UE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0 (channel:1 slot:0 "
	  "page:0x12345 offset:0x40 grain:32 - err_code:0x0101:0x0090)",
	  0x12345, .kind = HWP_EVENT_HARDWARE },
	{ "__get_any_page: 0x70fe1 free buddy page", 0x70fe1, .kind = HWP_EVENT_OTHER },
	{ "mce-inject-13150 [001] .... 277.019359: memory_failure_event: pfn 0x19869: recovery "
	  "action for free buddy page: Delayed",
	  0x19869, .kind = HWP_EVENT_ACTION, .page_type = "free buddy page", .result = "Delayed" },
	/* Older and newer unpoison. */
	{ "Unpoison: Software-unpoisoned free page 0x5c0d", 0x5c0d, .kind = HWP_EVENT_UNPOISON },
	{ "Unpoison: Software-unpoisoned page 0x5c0d", 0x5c0d, .kind = HWP_EVENT_UNPOISON },
	{ "Unpoison: 0x5c0d: software-unpoisoned page", 0x5c0d, .kind = HWP_EVENT_UNPOISON },
	{ "Unpoison: 0x5c0d: page was already unpoisoned", 0x5c0d, .kind = HWP_EVENT_OTHER },
	{ "Injecting memory failure at pfn 0x1f3d0", 0x1f3d0, .kind = HWP_EVENT_INJECTED },
	{ "Injecting memory failure for pfn 0x1f3d0 at process virtual address 0x7f0000000000",
	  0x1f3d0, .kind = HWP_EVENT_INJECTED },
	{ "Soft offlining pfn 0x1f3d0 at process virtual address 0x7f0000000000", 0x1f3d0,
	  .kind = HWP_EVENT_SOFT_OFFLINE },
};

/* action_page_types[] of every version. */
static const char *const page_types[] = {
	"reserved kernel page",
	"high-order kernel page",
	"kernel slab page",
	"different compound page after locking",
	"huge page already hardware poisoned",
	"huge page",
	"free huge page",
	"non-pmd-sized huge page",
	"get hwpoison page",
	"unmapping failed page",
	"dirty swapcache page",
	"clean swapcache page",
	"dirty mlocked LRU page",
	"clean mlocked LRU page",
	"dirty unevictable LRU page",
	"clean unevictable LRU page",
	"dirty LRU page",
	"clean LRU page",
	"already truncated LRU page",
	"free buddy page",
	"dax page",
	"unsplit thp",
	"already poisoned page",
	"already poisoned",
	"non struct page pfn",
	"unknown page",
};

static const char *const results[] = { "Ignored", "Failed", "Delayed", "Recovered" };

static bool parse(const char *text, struct hwp_event *e)
{
	size_t len = strlen(text);
	/* No byte after the text may be looked at. */
	char *exact = malloc(len ? len : 1);
	bool found;

	assert_non_null(exact);
	memcpy(exact, text, len);
	found = hwp_mfevent_parse(exact, len, &hwp_usual_addresses, e);
	free(exact);
	return found;
}

static void every_format(void **state)
{
	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(lines); i++) {
		const struct line *l = &lines[i];
		struct hwp_event e;

		print_message("# %s\n", l->text);
		assert_true(parse(l->text, &e));
		assert_int_equal(e.pfn, l->pfn);
		assert_int_equal(e.kind, l->kind);
		assert_string_equal(e.page_type, l->page_type ? l->page_type : "");
		assert_string_equal(e.result, l->result ? l->result : "");
		assert_string_equal(e.comm, l->comm ? l->comm : "");
		assert_int_equal(e.pid, l->comm ? l->pid : -1);
		assert_int_equal(e.virtual_address,
				 strstr(l->text, "virtual address") ? 0x7f0000000000 : 0);
		assert_string_equal(e.text, l->text);
	}
}

static void every_type_and_result(void **state)
{
	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(page_types); i++) {
		for (size_t j = 0; j < HWP_ARRAY_SIZE(results); j++) {
			struct hwp_event e;
			char text[160];

			snprintf(text, sizeof(text),
				 "Memory failure: 0xdeadbeef: recovery action "
				 "for %s: %s",
				 page_types[i], results[j]);
			assert_true(parse(text, &e));
			assert_int_equal(e.pfn, 0xdeadbeef);
			assert_int_equal(e.kind, HWP_EVENT_ACTION);
			assert_string_equal(e.page_type, page_types[i]);
			assert_string_equal(e.result, results[j]);
		}
	}
}

/* A process chooses its own comm: up to 15 characters of anything. */
static void comm_of_any_kind(void **state)
{
	static const char *const comms[] = {
		"a", "a:b", "kworker/0:1", "a b c", ":", "x due to", "a:1 due to", "0x1234:", "",
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(comms); i++) {
		struct hwp_event e;
		char text[160];

		snprintf(text, sizeof(text),
			 "Memory failure: 0x10: Sending SIGBUS to %s:31337 due "
			 "to hardware memory corruption",
			 comms[i]);
		print_message("# %s\n", text);
		assert_true(parse(text, &e));
		assert_int_equal(e.kind, HWP_EVENT_SIGBUS);
		assert_string_equal(e.comm, comms[i]);
		assert_int_equal(e.pid, 31337);
	}
}

static void other_lines(void **state)
{
	static const char *const others[] = {
		"",
		"M",
		"Memory failure",
		"Memory failure: ",
		"Memory failure: 0x",
		"Memory failure: 0xg: recovery action for huge page: Failed",
		"Memory failure: 1234: recovery action for huge page: Failed",
		"memory failure: 0x1: recovery action for huge page: Failed",
		"x Memory failure: 0x1: recovery action for huge page: Failed",
		"Memory failure: -0x1: recovery action for huge page: Failed",
		"Memory failure:  0x1: recovery action for huge page: Failed",
		"Injecting memory failure at pfn",
		"Out of memory: Killed process 1 (init)",
		"Unpoison: ",
		"soft offline: failed",
		/* Their words begin like numbers. */
		"Memory failure: dropped",
		"Memory failure: beef: dropped",
		"soft offline: dead: failed",
		/* For any page that the allocator finds fault with, as copies of a head's. */
		"BUG: Bad page state in process hugetlb-dissolv  pfn:02300",
		"1049 pages hwpoisoned",
		"page dumped because: hwpoison: unhandlable page",
		"0x116c60: sent to qemu:77",
		"MCE 5",
	};
	struct hwp_event e;

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(others); i++) {
		print_message("# %s\n", others[i]);
		assert_false(parse(others[i], &e));
	}
}

static void assert_terminated(const struct hwp_event *e)
{
	assert_non_null(memchr(e->page_type, '\0', sizeof(e->page_type)));
	assert_non_null(memchr(e->result, '\0', sizeof(e->result)));
	assert_non_null(memchr(e->comm, '\0', sizeof(e->comm)));
	assert_non_null(memchr(e->label, '\0', sizeof(e->label)));
	assert_non_null(memchr(e->text, '\0', sizeof(e->text)));
}

/* Cut at every length, with every byte made nonsense: strings stay strings. */
static void hostile_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(lines); i++) {
		size_t len = strlen(lines[i].text);

		for (size_t n = 0; n <= len; n++) {
			char *text = strdup(lines[i].text);
			struct hwp_event e;

			assert_non_null(text);
			if (hwp_mfevent_parse(text, n, &hwp_usual_addresses, &e))
				assert_terminated(&e);
			for (int c = 0; n < len && c < 256; c += 15) {
				text[n] = (char)c;
				if (hwp_mfevent_parse(text, len, &hwp_usual_addresses, &e))
					assert_terminated(&e);
			}
			free(text);
		}
	}
}

static void long_lines(void **state)
{
	static const char prefix[] = "Memory failure: 0x10: recovery action for ";
	size_t len = 100000;
	char *text = malloc(len);
	struct hwp_event e;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', len);
	memcpy(text, prefix, sizeof(prefix) - 1);
	assert_true(hwp_mfevent_parse(text, len, &hwp_usual_addresses, &e));
	assert_terminated(&e);
	assert_int_equal(e.pfn, 0x10);
	/* Numbers beyond 64 bits, and colons all over. */
	memset(text + 18, 'f', len - 18);
	assert_false(hwp_mfevent_parse(text, len, &hwp_usual_addresses, &e));
	memset(text + 20, ':', len - 20);
	assert_true(hwp_mfevent_parse(text, len, &hwp_usual_addresses, &e));
	assert_terminated(&e);
	free(text);
}

static void only_the_first_line(void **state)
{
	struct hwp_event e;

	(void)state;
	assert_true(parse("Memory failure: 0x10: recovery action for dax page: Failed\n"
			  "Memory failure: 0x11: recovery action for huge page: Recovered",
			  &e));
	assert_int_equal(e.pfn, 0x10);
	assert_string_equal(e.result, "Failed");
	assert_null(strchr(e.text, '\n'));
}

/* bad_page(); a process may have any name of up to 15 characters. */
static void bad_page_state(void **state)
{
	static const struct {
		const char *text;
		bool is;
		uint64_t pfn;
	} rows[] = {
		{ "BUG: Bad page state in process hugetlb-free  pfn:02e40", true, 0x2e40 },
		{ "BUG: Bad page state in process sh  pfn:1234567", true, 0x1234567 },
		{ "BUG: Bad page state in process   pfn:0001  pfn:00abc", true, 0xabc },
		{ "BUG: Bad page state in process sh  pfn:", false, 0 },
		{ "BUG: Bad page state in process sh  pfn:xyz", false, 0 },
		{ "BUG: Bad page state in process sh  pfn:12x", false, 0 },
		{ "BUG: Bad page state in process sh", false, 0 },
		{ "BUG: Bad page state: 12 messages suppressed", false, 0 },
		{ "BUG: Bad page map in process sh  pte:12 pmd:34", false, 0 },
		{ "page: refcount:0 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0x2e40",
		  false, 0 },
		{ "", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		uint64_t pfn = 0;

		print_message("# row %zu\n", i);
		assert_int_equal(hwp_bad_page_state_parse(rows[i].text, strlen(rows[i].text), &pfn),
				 rows[i].is);
		assert_int_equal(pfn, rows[i].pfn);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format),	       cmocka_unit_test(every_type_and_result),
		cmocka_unit_test(comm_of_any_kind),    cmocka_unit_test(other_lines),
		cmocka_unit_test(hostile_lines),       cmocka_unit_test(long_lines),
		cmocka_unit_test(only_the_first_line), cmocka_unit_test(bad_page_state),
	};

	return cmocka_run_group_tests_name("mfevent", tests, NULL, NULL);
}
