// SPDX-License-Identifier: GPL-2.0-or-later
/** Our own reader and libkdumpfile give the same bytes for every page of every sample of x86_64. */
#include "synth.h"

#include <cmocka.h>
#include <glob.h>
#include <inttypes.h>

#include "target/memory/pagetable.h"
#include "target/vmcoreinfo.h"

#define PAGE 4096u
/* The samples are of machines with 1 GiB at most; behind it there is nothing. */
#define NR_PAGES ((UINT64_C(1) << 30) / PAGE + 1024)
/* Where the kernel's half begins with 4 levels of tables, and with 5. */
#define START_4_LEVEL UINT64_C(0xffff800000000000)
#define START_5_LEVEL UINT64_C(0xff00000000000000)

struct pair {
	struct hwp_provider own, other;
	uint64_t nr_read;
};

static void open_by(const char *reader, const char *path, struct hwp_provider *ret)
{
	struct hwp_file_facts facts = {};

	setenv("HWPOISON_READER", reader, 1);
	assert_null(hwp_dump_open(path, NULL, ret, &facts));
	unsetenv("HWPOISON_READER");
	assert_int_equal(facts.page_shift, 12);
}

static bool read_page(const struct hwp_provider *p, enum hwp_space space, uint64_t address,
		      unsigned char *page)
{
	_cleanup_error_ struct hwp_error *err = NULL;
	size_t nr;

	err = p->ops->read(p->arg, space, address, page, PAGE, &nr);
	if (err && err->code != HWP_ERROR_EXCLUDED && err->code != HWP_ERROR_FAULT)
		fail_msg("%s", err->message);
	return !err;
}

/** Returns whether there is such a page. One that we cannot read is asked of the other where asked to. */
static bool compare(struct pair *p, enum hwp_space space, uint64_t address, bool always)
{
	unsigned char own[PAGE], other[PAGE];
	bool by_own = read_page(&p->own, space, address, own);
	bool by_other = (by_own || always) && read_page(&p->other, space, address, other);

	if (by_own != by_other)
		fail_msg("0x%" PRIx64 " is read by %s alone", address, by_own ? "us" : "it");
	if (by_own && memcmp(own, other, PAGE) != 0)
		fail_msg("0x%" PRIx64 " has other bytes", address);
	p->nr_read += by_own;
	return by_own;
}

/** All that we can read, the page behind each run of these, and some of what is missing. */
static void compare_physical(struct pair *p)
{
	bool before = true;

	for (uint64_t pfn = 0; pfn < NR_PAGES; pfn++)
		before = compare(p, HWP_PHYSICAL, pfn * PAGE, before || pfn % 61 == 0);
}

static struct hwp_error *read_table(void *arg, uint64_t physical, void *buf, size_t size)
{
	const struct hwp_provider *p = arg;
	size_t nr;

	return p->ops->read(p->arg, HWP_PHYSICAL, physical, buf, size, &nr);
}

/** What one entry maps: its first page, and all those that we can read, or every HWP_SHARE-th. */
static void compare_entry(struct pair *p, uint64_t start, uint64_t end)
{
	const char *share = getenv("HWP_SHARE");
	uint64_t step = PAGE * (share ? strtoul(share, NULL, 10) : 1);

	assert_true(step > 0);
	for (uint64_t offset = 0; offset < end - start; offset += step)
		compare(p, HWP_KERNEL_VIRTUAL, start + offset, offset == 0);
}

/** Every page that the tables map, and the first of what an entry does not. */
static void compare_mapped(struct pair *p)
{
	struct hwp_page_tables tables = { .arg = &p->own, .read_physical = read_table };
	_cleanup_free_ char *text = NULL;
	uint64_t at, end, physical;
	unsigned int shift;

	assert_null(p->own.ops->vmcoreinfo(p->own.arg, &text));
	assert_null(hwp_page_tables_learn(&tables, text));
	at = tables.nr_levels == 4 ? START_4_LEVEL : START_5_LEVEL;
	do {
		_cleanup_error_ struct hwp_error *err = NULL;

		err = hwp_page_tables_walk(&tables, at, &shift, &physical);
		if (err && err->code != HWP_ERROR_FAULT)
			fail_msg("%s", err->message);
		end = hwp_align_down(at, shift) + (UINT64_C(1) << shift);
		if (err)
			compare(p, HWP_KERNEL_VIRTUAL, at, true);
		else
			compare_entry(p, at, end);
		at = end;
	} while (at);
}

/** By the name of its directory: HWP_SAMPLES="6.1-amd64 fix-good" takes these alone. */
static bool is_wanted(const char *path)
{
	const char *wanted = getenv("HWP_SAMPLES"), *name = path + strlen("vmcores/samples/");
	size_t len = strcspn(name, "/");

	if (!wanted || !*wanted)
		return true;
	for (const char *s = wanted; *s; s += strcspn(s, " "), s += strspn(s, " "))
		if (strcspn(s, " ") == len && strncmp(s, name, len) == 0)
			return true;
	return false;
}

static void same_bytes(void **state)
{
	glob_t samples;

	(void)state;
	assert_int_equal(glob("vmcores/samples/[!a]*/vmcore.kdump", 0, NULL, &samples), 0);
	for (size_t i = 0; i < samples.gl_pathc; i++) {
		struct pair p = {};

		if (!is_wanted(samples.gl_pathv[i]))
			continue;
		open_by("", samples.gl_pathv[i], &p.own);
		open_by("libkdumpfile", samples.gl_pathv[i], &p.other);
		assert_ptr_not_equal(p.own.ops, p.other.ops);
		compare_physical(&p);
		assert_true(p.nr_read > 1000);
		compare_mapped(&p);
		print_message("# %s: %" PRIu64 " pages\n", samples.gl_pathv[i], p.nr_read);
		hwp_provider_deinit(&p.own);
		hwp_provider_deinit(&p.other);
	}
	globfree(&samples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_bytes),
	};

	return cmocka_run_group_tests_name("reader_twin", tests, NULL, NULL);
}
