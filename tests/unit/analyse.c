// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The whole road by its one door, on a dump of which the kernel itself recorded
 * /proc/zoneinfo, and the test that made it which pages it poisoned.
 */
#include "synth.h"

#include <cmocka.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "hwpoison.h"
#include "memmap/zones.h"
#include "readers.h"

#define SAMPLE "vmcores/samples/7.3-cloud/"
#define DUMP SAMPLE "vmcore.kdump"
#define NR_PAGES 131072

static bool has_sample(void)
{
	return access(DUMP, R_OK) == 0;
}

static struct hwp_options options_of(const char *path)
{
	return (struct hwp_options){ .target.core_path = path, .nr_threads = 1 };
}

static struct hwp_findings *analyse(const struct hwp_options *options)
{
	struct hwp_findings *f = NULL;

	struct hwp_error *err = hwp_analyse(options, &f);

	if (err)
		fail_msg("%s", err->message);
	return f;
}

static void assert_refused(const struct hwp_options *options, enum hwp_error_code code,
			   const char *words)
{
	struct hwp_findings *f = NULL;
	struct hwp_error *err = hwp_analyse(options, &f);

	assert_non_null(err);
	assert_null(f);
	if (err->code != code || !strstr(err->message, words))
		fail_msg("%d: %s", err->code, err->message);
	hwp_error_destroy(err);
}

static bool is_poisoned(const struct hwp_findings *f, uint64_t pfn)
{
	return hwp_findings_poisoned_at(f, pfn);
}

/** The pages that the guest's own record says were poisoned are those that are found. */
static void assert_truth(const struct hwp_findings *f)
{
	FILE *file = fopen(SAMPLE "truth.txt", "r");
	size_t nr = 0;
	char line[512];
	uint64_t pfn;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "poison pfn=0x%" SCNx64, &pfn) != 1)
			continue;
		assert_true(is_poisoned(f, pfn));
		nr++;
	}
	fclose(file);
	assert_int_equal(f->poisoned.nr, nr);
}

/** By /proc/zoneinfo of the guest, in which the zones without pages are left out here. */
static void assert_zones(const struct hwp_findings *f)
{
	static const struct hwp_zone_facts expected[] = {
		{ .name = "DMA",
		  .start_pfn = 1,
		  .end_pfn = 4096,
		  .present_pages = 3998,
		  .managed_pages = 3840 },
		{ .name = "DMA32",
		  .start_pfn = 4096,
		  .end_pfn = 131037,
		  .present_pages = 126941,
		  .managed_pages = 113353 },
	};

	assert_int_equal(f->zones.nr, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct hwp_zone_facts *zone = &f->zones.data[i];

		assert_string_equal(zone->name, expected[i].name);
		assert_int_equal(zone->nid, 0);
		assert_int_equal(zone->start_pfn, expected[i].start_pfn);
		assert_int_equal(zone->end_pfn, expected[i].end_pfn);
		assert_int_equal(zone->present_pages, expected[i].present_pages);
		assert_int_equal(zone->managed_pages, expected[i].managed_pages);
	}
}

static void assert_times(const struct hwp_times *t)
{
	const uint64_t parts[] = { t->layout_ns, t->sweep_ns, t->lists_ns, t->open_ns };
	uint64_t sum = 0;

	for (size_t i = 0; i < HWP_ARRAY_SIZE(parts); i++) {
		assert_true(parts[i] > 0);
		assert_true(parts[i] < t->total_ns);
		sum += parts[i];
	}
	assert_true(sum <= t->total_ns);
}

/** A dump: everything is read once, and nothing is known that only a running kernel shows. */
static void facts(void **state)
{
	struct hwp_options options = options_of(DUMP);
	struct hwp_findings *f;

	(void)state;
	if (!has_sample())
		skip();
	options.facts_only = true;
	f = analyse(&options);
	assert_string_equal(f->path, DUMP);
	assert_string_equal(f->format, "diskdump");
	assert_string_equal(f->damage, "");
	assert_string_equal(f->type_provider, "btf");
	assert_false(f->live);
	assert_false(f->has_boot_time);
	assert_false(f->subject.asked);
	assert_false(f->range.given);
	assert_false(f->has_rasdaemon);
	assert_int_equal(f->sweep, HWP_SWEEP_FULL);
	assert_int_equal(f->page_shift, 12);
	/* CONFIG_ARCH_FORCE_MAX_ORDER of x86, and a THP of 2 MiB. */
	assert_int_equal(f->max_order, 10);
	assert_int_equal(f->pmd_order, 9);
	assert_string_equal(f->migratetype_names[1], "Movable");
	assert_int_equal(f->coverage.nr_pages, NR_PAGES);
	assert_int_equal(f->coverage.nr_read, NR_PAGES);
	assert_int_equal(f->counters.num_poisoned_pages, f->poisoned.nr);
	assert_int_equal(f->troubles.nr, 0);
	assert_int_equal(f->log.state, HWP_LOG_COMPLETE);
	assert_int_equal(f->log.first_seq, 0);
	assert_int_equal(f->log.nr_user_lines, 0);
	assert_true(f->events.nr >= f->poisoned.nr);
	assert_zones(f);
	assert_truth(f);
	assert_times(&f->times);
	assert_true(f->times.symbols_ns > 0);
	assert_true(f->times.types_ns > 0);
	/* Nothing is decided. */
	assert_int_equal(f->checks.nr, 0);
	assert_int_equal(f->summary.nr_poisoned, 0);
	hwp_findings_destroy(f);
}

static enum hwp_state state_at(const struct hwp_findings *f, uint64_t pfn)
{
	return hwp_findings_poisoned_at(f, pfn)->state;
}

/** Decided: a page of each kind of place, by the record of what was done to it. */
static void decided(void **state)
{
	struct hwp_options options = options_of(DUMP);
	struct hwp_findings *f;

	(void)state;
	if (!has_sample())
		skip();
	f = analyse(&options);
	assert_int_equal(f->verdict, HWP_VERDICT_LEAKED);
	assert_true(f->checks.nr > 0);
	assert_int_equal(f->summary.nr_poisoned, f->poisoned.nr);
	assert_int_equal(state_at(f, 0x1ec0d), HWP_STATE_TAKEN_OFF);
	assert_int_equal(state_at(f, 0x1ec0c), HWP_STATE_ISOLATED);
	assert_int_equal(state_at(f, 0x1ec0a), HWP_STATE_IN_USE);
	assert_int_equal(state_at(f, 0x103b), HWP_STATE_SLAB);
	assert_int_equal(state_at(f, 0x2b58), HWP_STATE_PGTABLE);
	/* Nobody asked about one page. */
	assert_int_equal(f->uses.nr, 0);
	hwp_findings_destroy(f);
}

struct progress {
	uint64_t done, total;
	unsigned int nr_calls;
};

static void note_progress(void *arg, uint64_t done, uint64_t total)
{
	struct progress *p = arg;

	assert_true(done >= p->done && done <= total);
	*p = (struct progress){ done, total, p->nr_calls + 1 };
}

/** The options reach the sweep: several threads find the same, and say how far they are. */
static void swept_by_threads(void **state)
{
	struct hwp_options options = options_of(DUMP);
	struct progress progress = {};
	struct hwp_findings *f;

	(void)state;
	if (!has_sample())
		skip();
	options.nr_threads = 2;
	options.facts_only = true;
	/* There are no memory blocks that count in a dump: it is read whole all the same. */
	options.quick = true;
	options.progress = note_progress;
	options.progress_arg = &progress;
	f = analyse(&options);
	assert_int_equal(f->sweep, HWP_SWEEP_FULL);
	assert_int_equal(f->coverage.nr_read, NR_PAGES);
	assert_truth(f);
	assert_true(progress.nr_calls > 0);
	assert_int_equal(progress.total, NR_PAGES);
	hwp_findings_destroy(f);
}

/** What is asked about one page, at either end of the range and of memory. */
static void wishes(void **state)
{
	static const struct {
		uint64_t pfn, range_pfn, range_end_pfn;
		/** NULL: it is answered. */
		const char *words;
	} cases[] = {
		{ 0x5800, 0x5800, 0x5a00, NULL },
		{ 0x59ff, 0x5800, 0x5a00, NULL },
		{ 0x57ff, 0x5800, 0x5a00, "pfn 0x57ff is not in --range" },
		{ 0x5a00, 0x5800, 0x5a00, "pfn 0x5a00 is not in --range" },
		{ 0x1ffff, 0, 0, NULL },
		{ UINT64_C(1) << 40, 0, 0, "0x10000000000 has no struct page" },
		{ 0x5801, 0x5801, 0x5803, "as 0x5800-0x5804" },
		{ 0x5801, 0x5800, 0x5803, "as 0x5800-0x5804" },
		{ 0x5800, 0x5800, 0x5800, "is not in --range" },
	};

	(void)state;
	if (!has_sample())
		skip();
	for (size_t i = 0; i < HWP_ARRAY_SIZE(cases); i++) {
		struct hwp_options options = options_of(DUMP);
		struct hwp_findings *f;

		options.has_folio_pfn = true;
		options.folio_pfn = cases[i].pfn;
		options.range_pfn = cases[i].range_pfn;
		options.range_end_pfn = cases[i].range_end_pfn;
		options.has_range = options.range_pfn;
		if (cases[i].words) {
			assert_refused(&options, HWP_ERROR_INVALID_ARGUMENT, cases[i].words);
			continue;
		}
		f = analyse(&options);
		assert_true(f->subject.asked);
		assert_int_equal(f->subject.page.pfn, cases[i].pfn);
		assert_true(f->subject.page.was_read);
		assert_int_equal(f->range.given, options.has_range);
		if (options.has_range) {
			assert_int_equal(f->range.pfn, 0x5800);
			assert_int_equal(f->range.order, 9);
		}
		hwp_findings_destroy(f);
	}
}

/** A range alone is taken too, if it is a folio in which a page is poisoned. */
static void range_alone(void **state)
{
	struct hwp_options options = options_of(DUMP);
	struct hwp_findings *f;

	(void)state;
	if (!has_sample())
		skip();
	options.has_range = true;
	options.range_pfn = 0x1ec0d;
	options.range_end_pfn = 0x1ec0d;
	assert_refused(&options, HWP_ERROR_INVALID_ARGUMENT, "--range takes a folio of");
	options.range_end_pfn = 0x1ec0e;
	/* No page was asked about: this one would have no struct page. */
	options.folio_pfn = UINT64_C(1) << 40;
	f = analyse(&options);
	assert_true(f->range.given);
	assert_int_equal(f->range.pfn, 0x1ec0d);
	assert_int_equal(f->range.order, 0);
	assert_false(f->subject.asked);
	hwp_findings_destroy(f);
	options.range_pfn = 0x1ec0e;
	options.range_end_pfn = 0x1ec0f;
	assert_refused(&options, HWP_ERROR_INVALID_ARGUMENT, "holds no poisoned page");
}

/** Errors of files carry the file's name, and a dump that was named is not fallen back from. */
static void bad_files(void **state)
{
	struct hwp_options options = options_of("/nonexistent/vmcore");

	(void)state;
	assert_refused(&options, HWP_ERROR_OS, "/nonexistent/vmcore");
	if (!has_sample())
		skip();
	options = options_of(DUMP);
	options.rasdaemon_path = "/nonexistent/ras-mc_event.db";
	assert_refused(&options, HWP_ERROR_OS, "/nonexistent/ras-mc_event.db");
}

static void interrupted(void **state)
{
	const volatile sig_atomic_t set = 1;
	struct hwp_options options = options_of(DUMP);

	(void)state;
	if (!has_sample())
		skip();
	options.target.interrupted = &set;
	assert_refused(&options, HWP_ERROR_INTERRUPTED, "interrupted");
}

/** The dump as a host has it open, which may say that it is of a running kernel. */
struct host {
	struct hwp_target *dump;
	struct hwp_provider memory;
	/** Read here is this. */
	uint64_t address, value;
	/** How often it was refreshed; the first times that fails, with this. */
	unsigned int nr_refreshed, nr_failures;
	/** How often it was given the rule by which pages may be read. */
	unsigned int nr_rules;
	enum hwp_error_code failure;
	bool live;
	/** How many threads read it, and how many more wanted to. */
	unsigned int nr_threads, nr_clones;
};

static struct hwp_error *host_read(void *arg, enum hwp_space space, uint64_t address, void *buf,
				   size_t size, size_t *nr_read_ret)
{
	const struct host *h = arg;
	struct hwp_error *err;

	err = h->memory.ops->read(h->memory.arg, space, address, buf, size, nr_read_ret);
	if (!err && h->address >= address && h->address + sizeof(h->value) <= address + size)
		memcpy((char *)buf + (h->address - address), &h->value, sizeof(h->value));
	return err;
}

static struct hwp_error *host_vmcoreinfo(void *arg, char **text_ret)
{
	const struct host *h = arg;

	return h->memory.ops->vmcoreinfo(h->memory.arg, text_ret);
}

static struct hwp_error *host_refresh(void *arg)
{
	struct host *h = arg;

	return h->nr_refreshed++ < h->nr_failures ? hwp_error_create(h->failure, "not now") : NULL;
}

static void host_set_page_rule(void *arg, const struct hwp_page_rule *rule)
{
	struct host *h = arg;

	assert_non_null(rule->head);
	assert_non_null(rule->kind);
	h->nr_rules++;
}

static bool host_ram(void *arg, size_t index, struct hwp_ram *ret)
{
	(void)arg;
	(void)index;
	(void)ret;
	return false;
}

/** One thread is enough here; it is asked for each of the others. */
static struct hwp_error *host_clone(void *arg, void **ret)
{
	struct host *h = arg;

	(void)ret;
	h->nr_clones++;
	return hwp_error_create(HWP_ERROR_UNSUPPORTED, "one thread only");
}

static void host_keep(void *arg)
{
	(void)arg;
}

static const struct hwp_live_ops host_live = {
	.set_page_rule = host_set_page_rule,
	.refresh = host_refresh,
	.ram = host_ram,
};

static const struct hwp_provider_ops dump_ops = {
	.name = "a dump",
	.read = host_read,
	.vmcoreinfo = host_vmcoreinfo,
	.clone = host_clone,
	.destroy = host_keep,
};

static const struct hwp_provider_ops live_ops = {
	.name = "running",
	.read = host_read,
	.vmcoreinfo = host_vmcoreinfo,
	.clone = host_clone,
	.live = &host_live,
	.destroy = host_keep,
};

static struct hwp_error *host_open(void *arg, struct hwp_host_providers *ret)
{
	struct host *h = arg;
	struct hwp_error *err;

	ret->memory = (struct hwp_provider){ h->live ? &live_ops : &dump_ops, h };
	ret->facts.page_shift = 12;
	strcpy(ret->facts.damage, "half of it is missing");
	err = hwp_ksyms_open(h->dump, &ret->symbols);
	return err ? err : hwp_btf_open(h->dump, &ret->types);
}

static void host_create(struct host *h)
{
	const struct hwp_target_options options = { .core_path = DUMP };
	struct hwp_file_facts facts = {};

	assert_null(hwp_target_open(&options, &h->dump));
	assert_null(hwp_dump_open(DUMP, NULL, &h->memory, &facts));
}

static void host_destroy(struct host *h)
{
	hwp_provider_deinit(&h->memory);
	hwp_target_destroy(h->dump);
}

static struct hwp_error *analyse_host(struct host *h, struct hwp_findings **ret)
{
	const struct hwp_host host = {
		.name = "host", .path = h->live ? NULL : "its file", .arg = h, .open = host_open
	};
	const struct hwp_options options = {
		.target.host = &host,
		.nr_threads = h->nr_threads,
		.nr_passes = 2,
		.facts_only = true,
	};

	return hwp_analyse(&options, ret);
}

/** Where zone @p name has its present_pages. */
static uint64_t address_of_present_pages(const struct host *h, const char *name)
{
	struct hwp_layout *layout;
	struct hwp_memmap *memmap;
	struct hwp_page_reader *reader;
	struct hwp_zones *zones;
	struct hwp_member member;
	uint64_t address = 0;

	assert_null(hwp_layout_create(h->dump, hwp_readers, &layout));
	assert_null(hwp_memmap_create(h->dump, layout, &memmap));
	assert_null(hwp_page_reader_create(h->dump, memmap, &reader));
	assert_null(hwp_zones_create(h->dump, layout, reader, &zones));
	assert_null(hwp_target_member(h->dump, "zone", "present_pages", &member));
	for (size_t i = 0; i < zones->zones.nr; i++) {
		if (strcmp(zones->zones.data[i].name, name) == 0)
			address = zones->zones.data[i].address + member.offset;
	}
	hwp_zones_destroy(zones);
	hwp_page_reader_destroy(reader);
	hwp_memmap_destroy(memmap);
	hwp_layout_destroy(layout);
	assert_true(address);
	return address;
}

static void assert_only_trouble(struct host *h, const char *expected)
{
	struct hwp_findings *f = NULL;

	assert_null(analyse_host(h, &f));
	assert_string_equal(f->path, "its file");
	assert_string_equal(f->damage, "half of it is missing");
	assert_int_equal(f->troubles.nr, expected ? 1 : 0);
	if (expected) {
		assert_int_equal(f->troubles.data[0].kind, HWP_TROUBLE_CONTRADICTION);
		assert_string_equal(f->troubles.data[0].text, expected);
	}
	hwp_findings_destroy(f);
}

/** managed <= present <= spanned, as the kernel keeps them: both ends are allowed. */
static void zone_contradicts_itself(void **state)
{
	struct host h = {};

	(void)state;
	if (!has_sample())
		skip();
	host_create(&h);
	assert_only_trouble(&h, NULL);
	h.address = address_of_present_pages(&h, "DMA32");
	h.value = 113353;
	assert_only_trouble(&h, NULL);
	h.value = 113352;
	assert_only_trouble(&h, "node 0 DMA32: spans 126941 pages from 0x1000, has 113352 present, "
				"113353 managed; the memmap ends at 0x20000");
	h.value = 126942;
	assert_only_trouble(&h, "node 0 DMA32: spans 126941 pages from 0x1000, has 126942 present, "
				"113353 managed; the memmap ends at 0x20000");
	host_destroy(&h);
}

/** A running kernel is looked at until enough passes were made; one that fails is made again. */
static void passes(void **state)
{
	struct host h = { .live = true, .failure = HWP_ERROR_BAD_DATA, .nr_failures = 1 };
	struct hwp_findings *f = NULL;
	struct timespec now;
	int64_t booted;

	(void)state;
	if (!has_sample())
		skip();
	host_create(&h);
	assert_null(analyse_host(&h, &f));
	clock_gettime(CLOCK_REALTIME, &now);
	booted = (int64_t)now.tv_sec - (int64_t)(hwp_now_ns() / HWP_NS_PER_SECOND);
	assert_true(f->live);
	assert_null(f->path);
	assert_true(f->has_boot_time);
	assert_true(f->boot_unix_seconds >= booted - 1 && f->boot_unix_seconds <= booted + 1);
	assert_int_equal(f->nr_passes, 2);
	assert_int_equal(h.nr_refreshed, 3);
	assert_int_equal(h.nr_rules, 1);
	/* The facts are of one pass, not of the sum of them. */
	assert_int_equal(f->zones.nr, 2);
	assert_int_equal(f->coverage.nr_pages, NR_PAGES);
	assert_truth(f);
	assert_times(&f->times);
	hwp_findings_destroy(f);
	host_destroy(&h);
}

static void assert_gives_up(enum hwp_error_code code, unsigned int nr_refreshed)
{
	struct host h = { .live = true, .failure = code, .nr_failures = 100 };
	struct hwp_findings *f = NULL;
	struct hwp_error *err;

	host_create(&h);
	err = analyse_host(&h, &f);
	assert_non_null(err);
	assert_null(f);
	assert_int_equal(err->code, code);
	assert_int_equal(h.nr_refreshed, nr_refreshed);
	hwp_error_destroy(err);
	host_destroy(&h);
}

/** Two passes that were wanted and six more; none without memory. */
static void no_pass(void **state)
{
	(void)state;
	if (!has_sample())
		skip();
	assert_gives_up(HWP_ERROR_BAD_DATA, 8);
	assert_gives_up(HWP_ERROR_NO_MEMORY, 1);
}

/** A running kernel is read by one thread, unless more are asked for; a dump by all there are. */
static void threads_of_its_own_accord(void **state)
{
	static const struct {
		bool live;
		unsigned int nr_threads, nr_more;
	} cases[] = {
		{ true, 0, 0 }, { true, 1, 0 }, { true, 2, 1 }, { false, 1, 0 }, { false, 3, 2 }
	};

	(void)state;
	if (!has_sample())
		skip();
	for (size_t i = 0; i < HWP_ARRAY_SIZE(cases); i++) {
		struct host h = { .live = cases[i].live, .nr_threads = cases[i].nr_threads };
		struct hwp_findings *f = NULL;

		host_create(&h);
		assert_null(analyse_host(&h, &f));
		/* Two passes over what is live, and a sweep in each. */
		assert_int_equal(h.nr_clones, cases[i].nr_more * (h.live ? 2 : 1));
		assert_int_equal(f->coverage.nr_read, NR_PAGES);
		hwp_findings_destroy(f);
		host_destroy(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts),
		cmocka_unit_test(decided),
		cmocka_unit_test(swept_by_threads),
		cmocka_unit_test(wishes),
		cmocka_unit_test(range_alone),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(interrupted),
		cmocka_unit_test(zone_contradicts_itself),
		cmocka_unit_test(passes),
		cmocka_unit_test(no_pass),
		cmocka_unit_test(threads_of_its_own_accord),
	};

	return cmocka_run_group_tests_name("analyse", tests, NULL, NULL);
}
