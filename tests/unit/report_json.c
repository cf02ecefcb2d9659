// SPDX-License-Identifier: GPL-2.0-or-later
/** The documents of folio, decompose and layout, and what they say of hand-made facts. */
#include "findings_synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "report/report.h"
#include "verdict/decide.h"

static char *text;
static size_t text_size;

static FILE *begin(void)
{
	FILE *out = open_memstream(&text, &text_size);

	assert_non_null(out);
	return out;
}

/** The words that are in the text, each behind the one before. */
static void has_all(FILE *out, const char *const *words)
{
	const char *p;

	fclose(out);
	p = text;
	for (; *words; words++) {
		const char *found = strstr(p, *words);

		if (!found)
			fail_msg("no %s in %s", *words, p);
		p = found + strlen(*words);
	}
	free(text);
}
#define HAS(out, ...) has_all(out, (const char *const[]){ __VA_ARGS__, NULL })

/** Two poisoned pages of a THP at 0x5400, mapped by the process that owns it, as well as a file. */
static struct hwp_findings *poisoned_thp(void)
{
	static const uint64_t pfns[] = { 0x5400, 0x55ff };
	struct hwp_findings *f = clean_findings();
	struct hwp_file file = { .inode = 77,
				 .filesystem = "ext4",
				 .device = "vda1",
				 .path = "/srv/data",
				 .is_mounted = true };

	f->pmd_order = 9;
	assert_true(hwp_vec_push(&f->files, file));
	for (size_t i = 0; i < 2; i++) {
		struct hwp_poisoned p = isolated_page(pfns[i]);

		p.page.is_tail = i > 0;
		p.folio = (struct hwp_folio_facts){
			.kind = HWP_FOLIO_LARGE,
			.head_pfn = 0x5400,
			.order = 9,
			.head = { .refcount = 1,
				  .nr_mapped = 0,
				  .type = HWP_TYPE_NONE,
				  .type_word = 0xffffffff,
				  .mapping = 0xff11000101110ea1 },
			.head_bits = HWP_BIT_HEAD | HWP_BIT_SWAPBACKED | HWP_BIT_UPTODATE,
			.mapped = { .has_entire = true, .entire = 1, .has_large = true, .large = 1 },
			.has_hwpoisoned = true,
			.can_have_hwpoisoned = true,
		};
		p.owner = (struct hwp_owner){ .found = true,
					      .pid = 127,
					      .comm = "qemu",
					      .task = 0xff11000104a48000,
					      .mm = 0xff110001021b1900,
					      .vma = 0xff110001044c6c40,
					      .user_address = 0x7f5c00005000,
					      .has_file = true,
					      .has_offset = true,
					      .offset = 0x5000,
					      .nr_mappers = 3,
					      .saw_all_mappers = true };
		p.page_owner = (struct hwp_page_owner){ .found = true,
							.allocated = true,
							.order = 9,
							.gfp_mask = 0x1cc2,
							.pid = 118,
							.tgid = 117,
							.free_pid = -1,
							.free_tgid = -1,
							.handle = 5,
							.comm = "qemu",
							.alloc_ns = 12345678000 };
		add_poisoned(f, p);
	}
	assert_true(hwp_vec_push(&f->folios, ((struct hwp_folio){ .head_pfn = 0x5400,
								  .order = 9,
								  .max_order = 9,
								  .kind = HWP_EXTENT_THP,
								  .nr_poisoned = 2 })));
	f->subject.asked = true;
	f->subject.page = f->poisoned.data[1];
	return f;
}

static void folio_of_users(void **state)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = poisoned_thp();
	FILE *out = begin();

	(void)state;
	assert_null(hwp_decide(f));
	assert_null(hwp_report_folio_json(out, f));
	/* The kernel lacks the fix: the folio would leak, with its 510 healthy pages. */
	HAS(out, "\"verdict\": \"at-risk\"", "\"subject\": {", "\"pfn\": 22015",
	    "\"phys\": \"0x55ff000\"", "\"poisoned\": true",
	    "\"folio\": {\"kind\": \"large\", \"head_pfn\": 21504, \"order\": 9",
	    "\"entire_mapcount\": 1, \"large_mapcount\": 1, \"nr_pages_mapped\": null}",
	    "\"free_block\": null",
	    "\"owner\": {\"pid\": 127, \"comm\": \"qemu\", "
	    "\"task\": \"0xff11000104a48000\", \"mm\": \"0xff110001021b1900\", "
	    "\"vma\": \"0xff110001044c6c40\", \"user_address\": \"0x7f5c00005000\", "
	    "\"start_ns\": null, \"nr_mappers\": 3, \"file\": {\"path\": "
	    "\"/srv/data\", \"mounted\": true, \"deleted\": false, \"inode\": 77, \"filesystem\": "
	    "\"ext4\", \"device\": \"vda1\", \"io_error\": \"unknown\"}, "
	    "\"offset\": 20480}",
	    "\"page_owner\": {\"allocated\": true, \"migrated\": false, \"order\": 9, \"gfp_mask\": "
	    "\"0x1cc2\", \"alloc_ns\": 12345678000, \"pid\": 118, \"tgid\": 117, \"comm\": \"qemu\", "
	    "\"handle\": 5, \"free_ns\": null, \"free_pid\": null, \"free_tgid\": null, "
	    "\"free_handle\": null}",
	    "\"users\": []", "\"state\": \"large-folio\", \"class\": \"pending\"",
	    "\"poisoned_pfns\": [21504, 22015]", "\"flag_has_hwpoisoned\": true, \"raw_hwp\": null",
	    "\"expected\": [{\"pfn\": 21505, \"order\": 0}, {\"pfn\": 21506, \"order\": 1}",
	    "\"nr_healthy\": 510", "\"outcome\": \"would-leak\"");
}

static void users_of_a_freed_extent(void **state)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = poisoned_thp();
	struct hwp_use uses[] = {
		{ .pfn = 0x5410,
		  .nr_pages = 4,
		  .kind = HWP_USE_ANONYMOUS,
		  .owner = { .found = true, .pid = 9, .comm = "sh" } },
		{ .pfn = 0x5420, .nr_pages = 1, .kind = HWP_USE_SLAB, .head_pfn = 0x5420 },
	};
	FILE *out = begin();

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_true(hwp_vec_push(&f->uses, uses[i]));
	f->subject.page.by_list = (struct hwp_block){ .head_pfn = 0x55f8,
						      .order = 3,
						      .cpu = 1,
						      .migratetype = 1,
						      .container = HWP_PCP_LIST };
	f->subject.page.folio = (struct hwp_folio_facts){ .order = -1 };
	f->subject.page.was_read = false;
	assert_null(hwp_report_folio_json(out, f));
	HAS(out, "\"struct_page\": null", "\"folio\": null",
	    "\"free_block\": {\"container\": \"pcp\", \"pfn\": 22008, \"order\": 3, \"migratetype\": "
	    "\"Movable\", \"cpu\": 1}",
	    "{\"pfn\": 21520, \"nr_pages\": 4, \"use\": \"anonymous\"",
	    "\"owner\": {\"pid\": 9, \"comm\": \"sh\", "
	    "\"task\": null, \"mm\": null, \"vma\": null, \"user_address\": null, "
	    "\"start_ns\": null, \"nr_mappers\": null, \"file\": null, \"offset\": null}}",
	    "{\"pfn\": 21536, \"nr_pages\": 1, \"use\": \"slab\", \"head_pfn\": 21536, \"order\": 0, "
	    "\"owner\": null}");
}

/** Four pages from 0x100, of which 0x101 is bad: one page before it, two after it. */
static void healthy_blocks(void **state)
{
	static const struct hwp_healthy_block blocks[] = { { 0x100, 0 }, { 0x102, 1 } };
	_cleanup_(hwp_poison_map_deinit) struct hwp_poison_map map = {};
	const struct hwp_report_style style = { .width = 80 };
	struct hwp_decompose_report report = { &map, blocks, 2, 10 };
	FILE *out = begin();

	(void)state;
	assert_null(hwp_poison_map_init(&map, 0x100, 2));
	assert_true(hwp_poison_map_add(&map, 0x101));
	assert_null(hwp_report_decompose_json(out, &report));
	HAS(out, "\"providers\": null",
	    "\"decompose\": {\"max_order\": 10, \"nr_pages\": 4, \"nr_poisoned\": 1, \"nr_blocks\": 2}",
	    "{\"head_pfn\": 256, \"order\": 2, \"poisoned_pfns\": [257], \"expected\": [{\"pfn\": 256, "
	    "\"order\": 0}, {\"pfn\": 258, \"order\": 1}], \"nr_healthy\": 3}");
	out = begin();
	assert_null(hwp_report_decompose(out, &report, &style));
	HAS(out, "0x100", "0x102");
}

static void add_free(struct hwp_findings *f, enum hwp_state state, uint64_t pfn, uint64_t head_pfn,
		     int order)
{
	struct hwp_poisoned p = isolated_page(pfn);

	p.state = state;
	p.head_pfn = head_pfn;
	p.order = order;
	p.migratetype = 1;
	p.cpu = state == HWP_STATE_PCP ? 3 : -1;
	p.zone = 0;
	assert_true(hwp_vec_push(&f->poisoned, p));
}

/** `freelist`: each list, and each block that holds poison once, with its pages. */
static void freelist(void **state)
{
	struct hwp_findings *f = clean_findings();
	const struct hwp_area_stat area = { .order = 2, .nr_free = 7, .nr_walked = 6 };
	const struct hwp_list_stat lists[] = {
		{ 0, HWP_FREE_AREA, 2, 1, -1, 5, 2, false },
		{ 0, HWP_PCP_LIST, 0, 1, 3, 4, 1, true },
	};
	FILE *out = begin();

	(void)state;
	f->path = strdup("vmcore");
	f->lists.nr = f->areas.nr = 0;
	strcpy(f->migratetype_names[1], "Movable");
	assert_true(hwp_vec_push(&f->areas, area));
	for (size_t i = 0; i < 2; i++)
		assert_true(hwp_vec_push(&f->lists, lists[i]));
	add_free(f, HWP_STATE_BUDDY, 0x100, 0x100, 2);
	/* What is not free interrupts no block. */
	add_free(f, HWP_STATE_ISOLATED, 0x101, 0x101, 0);
	add_free(f, HWP_STATE_BUDDY, 0x102, 0x100, 2);
	add_free(f, HWP_STATE_BUDDY, 0x104, 0x104, 0);
	add_free(f, HWP_STATE_PCP, 0x105, 0x105, 0);
	assert_null(hwp_report_freelist_json(out, f));
	HAS(out, "\"areas\": [", "\"nr_free\": 7", "\"lists\": [", "\"nr_blocks\": 5",
	    "\"nr_poisoned\": 2", "\"complete\": true", "\"cpu\": 3", "\"nr_blocks\": 4",
	    "\"nr_poisoned\": 1", "\"complete\": false", "\"blocks\": [",
	    "\"state\": \"buddy\", \"head_pfn\": 256, \"phys\": \"0x100000\", \"order\": 2, \"migratetype\": \"Movable\", "
	    "\"cpu\": null, \"poisoned_pfns\": [256, 258]}",
	    "\"state\": \"buddy\", \"head_pfn\": 260, \"phys\": \"0x104000\", \"order\": 0, \"migratetype\": \"Movable\", "
	    "\"cpu\": null, \"poisoned_pfns\": [260]}",
	    "\"state\": \"pcp\", \"head_pfn\": 261, \"phys\": \"0x105000\", \"order\": 0, \"migratetype\": \"Movable\", "
	    "\"cpu\": 3, \"poisoned_pfns\": [261]}");
	hwp_findings_destroy(f);
}

/** Poisoned pages in runs; of many runs the first are named. */
static void poisoned_runs(void **state)
{
	static const struct {
		/** Pairs: the first of a run, and how many. */
		uint64_t runs[2][2];
		/** Every such page as well; 0: none. */
		uint64_t every;
		const char *words;
	} rows[] = {
		{ { { 0x101, 1 } }, 0, "Poisoned  1 page: 0x101\n" },
		{ { { 0x100, 2 }, { 0x13f, 1 } }, 0, "Poisoned  3 pages: 0x100-0x102 0x13f\n" },
		{ { { 0x13e, 2 } }, 0, "Poisoned  2 pages: 0x13e-0x140\n" },
		{ { { 0x100, 1 } }, 2, " 0x12c 0x12e and 8 more\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		_cleanup_(hwp_poison_map_deinit) struct hwp_poison_map map = {};
		const struct hwp_report_style style = { .width = 100 };
		struct hwp_decompose_report report = { &map, NULL, 0, 10 };
		FILE *out = begin();

		assert_null(hwp_poison_map_init(&map, 0x100, 6));
		for (size_t r = 0; r < 2; r++) {
			for (uint64_t n = 0; n < rows[i].runs[r][1]; n++)
				hwp_poison_map_add(&map, rows[i].runs[r][0] + n);
		}
		for (uint64_t n = 0; rows[i].every && n < 64; n += rows[i].every)
			hwp_poison_map_add(&map, 0x100 + n);
		assert_null(hwp_report_decompose(out, &report, &style));
		HAS(out, "Folio     0x100-0x140, order 6: 64 pages\n", rows[i].words,
		    "Healthy   0 pages in 0 ranges, 0 blocks of at most order 10\n", "Map\n");
	}
}

static void layout_rows(void **state)
{
	struct hwp_layout_row rows[] = { { "struct page.mapping", 24, "btf" },
					 { "hstates", 0, "absent" } };
	struct hwp_layout layout = { .rows = rows, .nr_rows = 2 };
	struct hwp_layout_report report = { "7.3.4", "kdumpfile", "btf", &layout };
	const struct hwp_report_style style = { .width = 80 };
	FILE *out = begin();

	(void)state;
	assert_null(hwp_report_layout_json(out, &report));
	HAS(out, "\"providers\": {\"memory\": \"kdumpfile\", \"types\": \"btf\"}",
	    "\"kernel\": {\"release\": \"7.3.4\"}",
	    "{\"name\": \"struct page.mapping\", \"value\": \"0x18\", \"source\": \"btf\"}",
	    "{\"name\": \"hstates\", \"value\": null, \"source\": \"absent\"}");
	out = begin();
	assert_null(hwp_report_layout(out, &report, &style));
	HAS(out, "struct page.mapping", "0x18", "btf", "hstates", "absent");
}

/** What only a running kernel has, and what could not be read. */
static void running(void **state)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = clean_findings();
	struct hwp_poisoned p = isolated_page(0x100);
	FILE *out = begin();

	(void)state;
	f->live = true;
	f->nr_passes = 3;
	f->nr_transient = 2;
	f->sweep = HWP_SWEEP_QUICK;
	f->counters.has_num_poisoned_pages = false;
	p.was_read = false;
	p.nr_passes = 3;
	p.zone = -1;
	p.order = p.migratetype = p.cpu = -1;
	add_poisoned(f, p);
	p.pfn = 0x200;
	p.struct_page_address = 0xffffea0000008000;
	p.direct_map_address = 0xffff888000200000;
	p.nr_passes = 1;
	p.page.refcount = 7;
	p.was_read = true;
	p.zone = 0;
	p.order = 3;
	p.head_pfn = 0x200;
	p.migratetype = 1;
	p.cpu = 2;
	add_action(f, add_poisoned(f, p), "dirty LRU page", "Recovered");
	assert_true(hwp_findings_hole(f, HWP_HOLE_FREE_LIST, "a hole"));
	assert_true(hwp_findings_page_contradicts(f, 0x12, "a page"));
	assert_true(hwp_vec_push(&f->counters.pending_pfns, UINT64_C(77)));
	assert_null(hwp_report_json(out, f));
	HAS(out, "\"path\": null", "\"live\": true", "\"sweep\": \"quick\"", "\"passes\": 3",
	    "\"nr_transient\": 2", "\"num_poisoned_pages\": null", "\"pending_pfns\": [77]",
	    "{\"pfn\": 256, \"phys\": \"0x100000\", \"struct_page_address\": null, "
	    "\"direct_map_address\": null, \"nid\": null, \"zone\": null",
	    "\"head_pfn\": null, \"order\": null, \"migratetype\": null, \"cpu\": null, "
	    "\"refcount\": null",
	    "\"event\": null", "\"persistence\": \"persistent\"",
	    "{\"pfn\": 512, \"phys\": \"0x200000\", \"struct_page_address\": \"0xffffea0000008000\", "
	    "\"direct_map_address\": \"0xffff888000200000\", \"nid\": 0, \"zone\": \"Normal\"",
	    "\"head_pfn\": 512, \"order\": 3, \"migratetype\": \"Movable\", \"cpu\": 2, "
	    "\"refcount\": 7",
	    "\"event\": 0", "\"persistence\": \"transient\"", "\"troubles\": [",
	    "{\"kind\": \"hole\", \"hole\": \"free-list\", \"pfn\": null, \"phys\": null, \"text\": \"a hole\"}",
	    "{\"kind\": \"contradiction\", \"hole\": null, \"pfn\": 18, \"phys\": \"0x12000\", \"text\": \"a page\"}");
	/* A dump has none of these keys. */
	f->live = false;
	out = begin();
	assert_null(hwp_report_json(out, f));
	fclose(out);
	assert_null(strstr(text, "\"live\""));
	assert_null(strstr(text, "\"persistence\""));
	free(text);
}

/** A line of the log with rasdaemon's row of it, and a row without a line. */
static void rasdaemon(void **state)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = clean_findings();
	struct hwp_rasdaemon_row row = { .table = "memory_failure_event",
					 .id = 7,
					 .pfn = 0x100,
					 .timestamp = "2026-07-01 10:20:30 +0000",
					 .page_type = "unknown page",
					 .result = "Recovered",
					 .boot = HWP_BOOT_THIS };
	FILE *out = begin();

	(void)state;
	add_action(f, add_poisoned(f, isolated_page(0x100)), "dirty LRU page", "Recovered");
	assert_true(hwp_vec_push(&f->rasdaemon, row));
	row.id = 8;
	row.pfn = 0x101;
	row.event = -1;
	row.boot = HWP_BOOT_EARLIER;
	assert_true(hwp_vec_push(&f->rasdaemon, row));
	f->has_rasdaemon = true;
	assert_null(hwp_report_events_json(out, f));
	HAS(out, "\"source\": \"log\"", "\"pfn\": 256", "\"comm\": null, \"pid\": null",
	    "\"rasdaemon\": {\"table\": \"memory_failure_event\", \"id\": 7, \"timestamp\": \"2026-07-01 10:20:30 +0000\", "
	    "\"page_type\": \"unknown page\", \"action_result\": \"Recovered\", \"boot\": "
	    "\"this\"}",
	    "{\"source\": \"rasdaemon\", \"seq\": null, \"time_ns\": null, \"time\": null, \"pfn\": 257, \"phys\": \"0x101000\", "
	    "\"kind\": \"action\", \"page_type\": \"unknown page\", \"result\": "
	    "\"Recovered\", \"comm\": null, \"pid\": null, \"virtual_address\": null, "
	    "\"caller_pid\": null, \"caller_cpu\": null, \"module\": null, \"text\": null, \"rasdaemon\": {\"table\": \"memory_failure_event\", \"id\": 8",
	    "\"boot\": \"earlier\"");
	/* Nobody asked it. */
	f->has_rasdaemon = false;
	f->rasdaemon.nr = 0;
	out = begin();
	assert_null(hwp_report_events_json(out, f));
	HAS(out, "\"source\": \"log\"", "\"rasdaemon\": null}");
}

/** How much of the log is there, in every document that rests on it. */
static void log_state(void **state)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = clean_findings();
	FILE *out = begin();

	(void)state;
	f->log.state = HWP_LOG_LOST;
	snprintf(f->log.why, sizeof(f->log.why), "a descriptor is odd");
	f->log.first_seq = 7;
	f->log.first_ns = 900;
	f->log.nr_lost = 3;
	f->log.nr_user_lines = 2;
	assert_null(hwp_report_json(out, f));
	HAS(out,
	    "\"log\": {\"state\": \"lost\", \"readable\": true, \"has_beginning\": false, "
	    "\"why\": \"a descriptor is odd\", \"first_seq\": 7, \"first_ns\": 900, \"nr_lost\": 3, \"nr_user_lines\": 2}");
	f->log = (struct hwp_log_facts){ .state = HWP_LOG_UNREADABLE };
	f->subject.page = isolated_page(0x100);
	out = begin();
	assert_null(hwp_report_folio_json(out, f));
	HAS(out,
	    "\"log\": {\"state\": \"unreadable\", \"readable\": false, \"has_beginning\": false, "
	    "\"why\": null, \"first_seq\": null, \"first_ns\": null, \"nr_lost\": 0, "
	    "\"nr_user_lines\": 0}");
	f->log = (struct hwp_log_facts){ .state = HWP_LOG_COMPLETE, .first_ns = 5 };
	out = begin();
	assert_null(hwp_report_events_json(out, f));
	HAS(out, "\"log\": {\"state\": \"complete\", \"readable\": true, \"has_beginning\": true, "
		 "\"why\": null, \"first_seq\": 0, \"first_ns\": 5, \"nr_lost\": 0, "
		 "\"nr_user_lines\": 0}");
}

/** Who printed a line, and where its process had the page. */
static void callers(void **state)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = clean_findings();
	struct hwp_event *e;
	FILE *out = begin();

	(void)state;
	add_action(f, add_poisoned(f, isolated_page(0x100)), "dirty LRU page", "Recovered");
	add_action(f, &f->poisoned.data[0], "dirty LRU page", "Failed");
	e = &f->events.data[0];
	e->virtual_address = 0x7f0000001000;
	e->caller_pid = 118;
	e->caller_cpu = -1;
	e[1].caller_pid = -1;
	e[1].caller_cpu = 2;
	assert_null(hwp_report_json(out, f));
	HAS(out,
	    "\"virtual_address\": \"0x7f0000001000\", \"caller_pid\": 118, \"caller_cpu\": null",
	    "\"virtual_address\": null, \"caller_pid\": null, \"caller_cpu\": 2");
}

static void memmap_holes(void **state)
{
	static const struct hwp_memmap_hole holes[] = {
		{ .start_pfn = 0x40, .end_pfn = 0x80, .address = 0xffffea0000001000 },
		{ .start_pfn = 0x80,
		  .end_pfn = 0xc0,
		  .address = 0xffffea0000002000,
		  .has_memmap_pfn = true,
		  .memmap_pfn = 0x1234,
		  .is_poisoned = true },
	};
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = clean_findings();
	FILE *out = begin();

	(void)state;
	assert_true(hwp_vec_push(&f->memmap_holes, holes[0]));
	assert_true(hwp_vec_push(&f->memmap_holes, holes[1]));
	assert_null(hwp_report_json(out, f));
	HAS(out,
	    "{\"start_pfn\": 64, \"end_pfn\": 128, \"phys\": \"0x40000\", \"address\": \"0xffffea0000001000\", "
	    "\"memmap_pfn\": null, \"poisoned\": false}",
	    "{\"start_pfn\": 128, \"end_pfn\": 192, \"phys\": \"0x80000\", \"address\": \"0xffffea0000002000\", "
	    "\"memmap_pfn\": 4660, \"poisoned\": true}");
}

/** `folio` of a poisoned page of no folio has that page, and of a healthy one has none. */
static void pages_of_no_folio(void **state)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = clean_findings();
	FILE *out = begin();

	(void)state;
	add_poisoned(f, isolated_page(0x100));
	add_poisoned(f, isolated_page(0x200));
	f->subject.asked = true;
	f->subject.page = f->poisoned.data[1];
	assert_null(hwp_report_folio_json(out, f));
	HAS(out, "\"poisoned\": [", "{\"pfn\": 512,", "\"folios\": []");
	f->subject.page.pfn = 0x201;
	out = begin();
	assert_null(hwp_report_folio_json(out, f));
	HAS(out, "\"poisoned\": []", "\"folios\": []");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(folio_of_users), cmocka_unit_test(users_of_a_freed_extent),
		cmocka_unit_test(healthy_blocks), cmocka_unit_test(layout_rows),
		cmocka_unit_test(freelist),	  cmocka_unit_test(poisoned_runs),
		cmocka_unit_test(running),	  cmocka_unit_test(rasdaemon),
		cmocka_unit_test(log_state),	  cmocka_unit_test(callers),
		cmocka_unit_test(memmap_holes),	  cmocka_unit_test(pages_of_no_folio),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
