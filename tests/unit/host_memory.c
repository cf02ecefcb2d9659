// SPDX-License-Identifier: GPL-2.0-or-later
/** Memory by a host that does not read all of it, beside our own reader of the same file. */
#include "synth.h"

#include <cmocka.h>

#include "target/memory/host_memory.h"

#define SAMPLE "vmcores/samples/fix-good/vmcore.kdump"
#define PAGE UINT64_C(4096)
#define START UINT64_C(0x10000)

/** It reads the first @p nr_pages from START on only; bytes follow from their address. */
struct host {
	uint64_t nr_pages;
	unsigned int nr_reads;
};

static bool read_by_host(void *arg, enum hwp_space space, uint64_t address, void *buf, size_t size)
{
	struct host *h = arg;

	(void)space;
	h->nr_reads++;
	if (address < START || address + size > START + h->nr_pages * PAGE)
		return false;
	for (size_t i = 0; i < size; i++)
		((unsigned char *)buf)[i] = (unsigned char)((address + i) / 16);
	return true;
}

/** What the host reads in part is read up to the first page that it refuses. */
static void by_pages(void **state)
{
	static const struct {
		uint64_t offset, size, nr_pages, nr_read;
	} cases[] = {
		{ 0, PAGE, 1, PAGE },	  { 100, 3 * PAGE, 2, 2 * PAGE - 100 },
		{ 100, 10, 0, 0 },	  { PAGE - 4, 8, 1, 4 },
		{ PAGE, 2 * PAGE, 1, 0 }, { 0, 3 * PAGE, 3, 3 * PAGE },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(cases); i++) {
		struct host host = { .nr_pages = cases[i].nr_pages };
		struct hwp_host_memory memory = {
			.name = "host",
			.read = read_by_host,
			.arg = &host,
		};
		uint64_t address = START + cases[i].offset;
		unsigned char bytes[3 * PAGE] = {};
		struct hwp_error *err;
		size_t nr_read;

		err = hwp_host_memory_read(&memory, HWP_PHYSICAL, address, bytes, cases[i].size,
					   &nr_read);
		assert_int_equal(nr_read, cases[i].nr_read);
		for (size_t b = 0; b < nr_read; b++)
			assert_int_equal(bytes[b], (unsigned char)((address + b) / 16));
		if (nr_read == cases[i].size) {
			assert_null(err);
			assert_int_equal(host.nr_reads, 1);
			continue;
		}
		assert_int_equal(err->code, HWP_ERROR_FAULT);
		assert_int_equal(err->address, address + nr_read);
		assert_non_null(strstr(err->message, "host cannot read physical address"));
		hwp_error_destroy(err);
	}
}

static struct hwp_error *vmcoreinfo(const struct hwp_provider *p, char **text_ret)
{
	return p->ops->vmcoreinfo(p->arg, text_ret);
}

/** What the host refuses comes from our own reader, and so does the reason it cannot be read. */
static void by_own_reader(void **state)
{
	struct host host = {};
	struct hwp_host_memory memory = { .name = "host", .read = read_by_host, .arg = &host };
	struct hwp_file_facts facts = {};
	struct hwp_provider sweep = {};
	unsigned int nr_same = 0, nr_excluded = 0;
	char *text, *same;

	(void)state;
	assert_null(hwp_host_memory_open_own(&memory, SAMPLE, NULL, &sweep, &facts));
	assert_int_equal(facts.page_shift, 12);
	assert_null(vmcoreinfo(&memory.own, &text));
	assert_null(vmcoreinfo(&sweep, &same));
	assert_string_equal(text, same);
	for (uint64_t address = 0; address < UINT64_C(64) << 20; address += 7 * PAGE) {
		char one[64], other[64];
		struct hwp_error *err, *expected;
		size_t nr_read, nr_expected;

		err = hwp_host_memory_read(&memory, HWP_PHYSICAL, address, one, sizeof(one),
					   &nr_read);
		expected = sweep.ops->read(sweep.arg, HWP_PHYSICAL, address, other, sizeof(other),
					   &nr_expected);
		assert_int_equal(nr_read, nr_expected);
		assert_int_equal(!err, !expected);
		if (!err) {
			assert_memory_equal(one, other, sizeof(one));
			nr_same++;
		} else {
			assert_int_equal(err->code, expected->code);
			nr_excluded += err->code == HWP_ERROR_EXCLUDED;
		}
		hwp_error_destroy(err);
		hwp_error_destroy(expected);
	}
	print_message("# %u pages read, %u excluded\n", nr_same, nr_excluded);
	assert_true(nr_same && nr_excluded);
	free(text);
	free(same);
	hwp_provider_deinit(&sweep);
	hwp_host_memory_deinit(&memory);
}

/** That we cannot read what the host has open is no error, and changes nothing. */
static void without_own_reader(void **state)
{
	static const char *const paths[] = { "/nonexistent", "/", "/dev/null" };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(paths); i++) {
		struct hwp_host_memory memory = { .name = "host" };
		struct hwp_file_facts facts = { .format = "opened by host" };
		struct hwp_provider sweep = {};

		assert_null(hwp_host_memory_open_own(&memory, paths[i], NULL, &sweep, &facts));
		assert_null(memory.own.ops);
		assert_null(sweep.ops);
		assert_string_equal(facts.format, "opened by host");
		hwp_host_memory_deinit(&memory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_pages),
		cmocka_unit_test(by_own_reader),
		cmocka_unit_test(without_own_reader),
	};

	return cmocka_run_group_tests_name("host_memory", tests, NULL, NULL);
}
