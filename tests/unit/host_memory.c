// SPDX-License-Identifier: GPL-2.0-or-later
/** Memory by a host that does not read all of it, beside our own reader of the same file. */
#include "synth.h"

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "target/memory/host_memory.h"

#define SAMPLE "vmcores/samples/fix-good/vmcore.kdump"
#define OTHER "vmcores/samples/6.1-amd64/vmcore.kdump"
#define OTHER_RELEASE "6.1.0-50-amd64"
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
	int fd;

	(void)state;
	fd = open(SAMPLE, O_RDONLY | O_CLOEXEC);
	assert_true(fd > 0);
	assert_null(hwp_host_memory_open_own(&memory, SAMPLE, false, &sweep, &facts));
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
	close(fd);
}

/** In a session our own reader, where there is one; else the host, and our own when it cannot. */
static void who_is_asked(void **state)
{
	static const struct {
		bool has_own, own_first;
		unsigned int nr_by_host;
	} rows[] = {
		{ true, false, 1 }, { true, true, 0 }, { false, true, 1 }, { false, false, 1 }
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct host host = { .nr_pages = 16 };
		struct hwp_host_memory memory = {
			.name = "host",
			.read = read_by_host,
			.arg = &host,
			.own_first = rows[i].own_first,
		};
		struct hwp_file_facts facts = {};
		struct hwp_provider sweep = {};
		size_t nr_read;
		char bytes[64];
		int fd = open(SAMPLE, O_RDONLY | O_CLOEXEC);

		assert_true(fd > 0);
		if (rows[i].has_own)
			assert_null(
				hwp_host_memory_open_own(&memory, SAMPLE, false, &sweep, &facts));
		/* Both have the page at 64 KiB. */
		assert_null(hwp_host_memory_read(&memory, HWP_PHYSICAL, START, bytes, sizeof(bytes),
						 &nr_read));
		assert_int_equal(nr_read, sizeof(bytes));
		assert_int_equal(host.nr_reads, rows[i].nr_by_host);
		hwp_provider_deinit(&sweep);
		hwp_host_memory_deinit(&memory);
		close(fd);
	}
}

/** The first 64 bytes at @p address; what the error says, if there is one. */
static bool reads(struct hwp_host_memory *memory, enum hwp_space space, uint64_t address,
		  const char *words)
{
	char bytes[64];
	size_t nr_read;
	struct hwp_error *err = hwp_host_memory_read(memory, space, address, bytes, sizeof(bytes),
						     &nr_read);
	bool is_right = words ? err && strstr(err->message, words) :
				!err && nr_read == sizeof(bytes);

	if (!is_right)
		print_message("# %s\n", err ? err->message : "it was read");
	hwp_error_destroy(err);
	return is_right;
}

/** In a session the host is asked only for what our own reader does not know how to reach. */
static void own_first(void **state)
{
	struct host host = { .nr_pages = UINT64_C(1) << 50 };
	struct hwp_host_memory memory = {
		.name = "host", .read = read_by_host, .arg = &host, .own_first = true
	};
	struct hwp_file_facts facts = {};
	struct hwp_provider sweep = {};
	int fd = open(SAMPLE, O_RDONLY | O_CLOEXEC);
	uint64_t stext;
	char *text;

	(void)state;
	assert_null(hwp_host_memory_open_own(&memory, SAMPLE, false, &sweep, &facts));
	assert_null(vmcoreinfo(&memory.own, &text));
	stext = strtoull(strstr(text, "SYMBOL(init_uts_ns)=") + 20, NULL, 16);
	assert_true(reads(&memory, HWP_KERNEL_VIRTUAL, stext, NULL));
	/* The host would read it: it has more memory than the file. */
	assert_true(reads(&memory, HWP_PHYSICAL, UINT64_C(1) << 45, "not in the dump"));
	assert_int_equal(host.nr_reads, 0);
	/* No page table maps it. */
	assert_true(reads(&memory, HWP_KERNEL_VIRTUAL, UINT64_C(0x123456000), NULL));
	assert_int_equal(host.nr_reads, 1);
	host.nr_pages = 0;
	assert_true(reads(&memory, HWP_KERNEL_VIRTUAL, UINT64_C(0x123456000), "is not mapped"));
	free(text);
	hwp_provider_deinit(&sweep);
	hwp_host_memory_deinit(&memory);
	close(fd);
}

/** A host maps the headers of its file, and reads them again: it must not, if they are gone. */
static void shrunk_file(void **state)
{
	char name[] = "/tmp/hwpoison-shrunk-XXXXXX";
	int fd = mkstemp(name), sample = open(SAMPLE, O_RDONLY | O_CLOEXEC);
	static const struct {
		off_t size;
		const char *words;
	} cases[] = { { 9000, "the file is cut off" }, { 0, "is empty now" } };
	char head[9000];

	(void)state;
	assert_int_equal(read(sample, head, sizeof(head)), sizeof(head));
	assert_int_equal(write(fd, head, sizeof(head)), sizeof(head));
	close(sample);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(cases); i++) {
		struct hwp_host_memory memory = { .name = "host" };
		struct hwp_file_facts facts = {};
		struct hwp_provider sweep = {};
		struct hwp_error *err;

		assert_int_equal(ftruncate(fd, cases[i].size), 0);
		err = hwp_host_memory_open_own(&memory, name, false, &sweep, &facts);
		assert_int_equal(err->code, HWP_ERROR_BAD_DATA);
		assert_non_null(strstr(err->message, cases[i].words));
		hwp_error_destroy(err);
		hwp_host_memory_deinit(&memory);
	}
	unlink(name);
	close(fd);
}

/** "OSRELEASE=" of what our own reader has open; empty if it has nothing. */
static void release_of(const struct hwp_host_memory *memory, char *buf, size_t size)
{
	char *text, *release;

	*buf = '\0';
	if (!memory->own.ops)
		return;
	assert_null(vmcoreinfo(&memory->own, &text));
	release = strstr(text, "OSRELEASE=");
	assert_non_null(release);
	snprintf(buf, size, "%.*s", (int)strcspn(release + 10, "\n"), release + 10);
	free(text);
}

/** The file is the one that is open, whatever its name is now, and whoever has it. */
static void by_descriptor(void **state)
{
	static const struct {
		/** Opened as a host does. */
		const char *open[4];
		/** The host's name for it. */
		const char *path;
		bool is_given;
		/** The kernel of what is read, empty for nothing; or what the error says. */
		const char *release, *words;
	} cases[] = {
		{ { SAMPLE }, SAMPLE, false, "7.3.4-fix-good", NULL },
		{ { SAMPLE }, SAMPLE, true, "7.3.4-fix-good", NULL },
		{ { SAMPLE }, NULL, false, "7.3.4-fix-good", NULL },
		/* Opened twice, as a host and its library do. */
		{ { SAMPLE, SAMPLE }, NULL, false, "7.3.4-fix-good", NULL },
		/* Renamed, and its name given to another, or to none. */
		{ { SAMPLE }, OTHER, false, "7.3.4-fix-good", NULL },
		{ { SAMPLE }, "/nonexistent", false, "7.3.4-fix-good", NULL },
		{ { SAMPLE }, OTHER, true, NULL, "not the dump that host has open" },
		{ { SAMPLE }, "/nonexistent", true, NULL, "/nonexistent: No such file" },
		/* Two dumps: only the name says which. */
		{ { OTHER, SAMPLE }, SAMPLE, false, "7.3.4-fix-good", NULL },
		{ { SAMPLE, OTHER }, OTHER, false, OTHER_RELEASE, NULL },
		{ { OTHER, SAMPLE }, NULL, false, "", NULL },
		{ { OTHER, SAMPLE }, "/nonexistent", false, "", NULL },
		{ { OTHER, SAMPLE }, "/dev/null", true, NULL, "not the dump" },
		/* What is no dump does not count. */
		{ { "/dev/null", "/etc/passwd", SAMPLE }, NULL, false, "7.3.4-fix-good", NULL },
		{ { "/dev/null", "/etc/passwd" }, "/etc/passwd", false, "", NULL },
		{ {}, SAMPLE, false, "", NULL },
		{ {}, SAMPLE, true, NULL, "not the dump" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(cases); i++) {
		struct hwp_host_memory memory = { .name = "host" };
		struct hwp_file_facts facts = { .format = "opened by host" };
		struct hwp_provider sweep = {};
		struct hwp_error *err;
		char release[128];
		int fds[4] = {};

		for (size_t n = 0; cases[i].open[n]; n++) {
			fds[n] = open(cases[i].open[n], O_RDONLY | O_CLOEXEC);
			assert_true(fds[n] > 0);
		}
		err = hwp_host_memory_open_own(&memory, cases[i].path, cases[i].is_given, &sweep,
					       &facts);
		print_message("# case %zu: %s\n", i, err ? err->message : "");
		assert_int_equal(!!err, !!cases[i].words);
		if (err)
			assert_non_null(strstr(err->message, cases[i].words));
		hwp_error_destroy(err);
		release_of(&memory, release, sizeof(release));
		assert_string_equal(release, cases[i].release ? cases[i].release : "");
		assert_int_equal(!!sweep.ops, !!*release);
		assert_int_equal(strcmp(facts.format, "opened by host") == 0, !*release);
		hwp_provider_deinit(&sweep);
		hwp_host_memory_deinit(&memory);
		for (size_t n = 0; cases[i].open[n]; n++)
			assert_int_equal(close(fds[n]), 0);
	}
}

/** What is open is another program's, too: where it reads is not moved. */
static void offset_stays(void **state)
{
	struct hwp_host_memory memory = { .name = "host" };
	int fd = open(SAMPLE, O_RDONLY | O_CLOEXEC);
	struct hwp_file_facts facts = {};
	struct hwp_provider sweep = {};

	(void)state;
	assert_int_equal(lseek(fd, 1234, SEEK_SET), 1234);
	assert_null(hwp_host_memory_open_own(&memory, NULL, false, &sweep, &facts));
	assert_non_null(memory.own.ops);
	hwp_provider_deinit(&sweep);
	hwp_host_memory_deinit(&memory);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 1234);
	close(fd);
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

		assert_null(hwp_host_memory_open_own(&memory, paths[i], false, &sweep, &facts));
		assert_null(memory.own.ops);
		assert_null(sweep.ops);
		assert_string_equal(facts.format, "opened by host");
		hwp_host_memory_deinit(&memory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_pages),	 cmocka_unit_test(who_is_asked),
		cmocka_unit_test(by_own_reader), cmocka_unit_test(by_descriptor),
		cmocka_unit_test(offset_stays),	 cmocka_unit_test(without_own_reader),
		cmocka_unit_test(own_first),	 cmocka_unit_test(shrunk_file),
	};

	return cmocka_run_group_tests_name("host_memory", tests, NULL, NULL);
}
