// SPDX-License-Identifier: GPL-2.0-or-later
/** A dirty page that was struck: which file, where in it; and where that cannot be known. */
#include "findings_synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "report/report.h"
#include "verdict/decide.h"
#include "verdict/lost_data.h"

/** A mapping word of a file, of anonymous memory, and none. */
#define FILE_MAPPING UINT64_C(0xff11000101110ea0)
#define ANON_MAPPING UINT64_C(0xff11000101110ea1)

static struct hwp_findings *machine(void)
{
	static const struct hwp_file files[] = {
		{ .path = "/srv/db", .inode = 7, .filesystem = "tmpfs", .device = "tmpfs" },
		{ .path = "/srv/old", .is_deleted = true },
		{ .inode = 9, .filesystem = "ext4", .device = "vda1" },
	};
	struct hwp_findings *f = clean_findings();

	for (size_t i = 0; i < 3; i++)
		assert_true(hwp_vec_push(&f->files, files[i]));
	return f;
}

/** A page of the page cache at index 3, or what is left of one. */
static struct hwp_poisoned *add_page(struct hwp_findings *f, uint64_t mapping, int file)
{
	struct hwp_poisoned *p = add_poisoned(f, isolated_page(0x20d + f->poisoned.nr));

	p->page.mapping = mapping;
	p->page.index = 3;
	p->bits = HWP_BIT_HWPOISON | HWP_BIT_UPTODATE;
	p->owner.has_file = file >= 0;
	p->owner.file = file >= 0 ? (size_t)file : 0;
	return p;
}

static void by_words(void **state)
{
	static const struct {
		const char *type, *result;
		uint64_t mapping;
		int file;
		/** NULL: nothing is lost that anybody can be sent to. */
		const char *words;
	} rows[] = {
		{ "dirty LRU page", "Recovered", FILE_MAPPING, 0,
		  "the file /srv/db at offset 0x3000" },
		{ "dirty LRU page", "Failed", FILE_MAPPING, 1,
		  "the file /srv/old (deleted) at offset 0x3000" },
		{ "dirty mlocked LRU page", "Recovered", FILE_MAPPING, 2,
		  "the file of inode 9 of ext4 vda1 at offset 0x3000" },
		{ "dirty unevictable LRU page", "Recovered", 0, -1,
		  "a file that is not known, at offset 0x3000" },
		{ "dirty LRU page", "Recovered", ANON_MAPPING, -1, NULL },
		{ "clean LRU page", "Recovered", FILE_MAPPING, 0, NULL },
		{ "dirty swapcache page", "Delayed", ANON_MAPPING, -1, NULL },
		{ "dirty LRU page", "Ignored", FILE_MAPPING, 0, NULL },
		{ "unsplit thp", "Failed", FILE_MAPPING, 0, NULL },
	};
	char words[700];

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = machine();
		struct hwp_lost_data lost;

		print_message("# row %zu\n", i);
		add_action(f, add_page(f, rows[i].mapping, rows[i].file), rows[i].type,
			   rows[i].result);
		assert_null(hwp_decide(f));
		lost = hwp_lost_data(f, &f->poisoned.data[0]);
		assert_int_equal(lost.kind, rows[i].words ? HWP_LOST_OF_FILE : HWP_LOST_NOTHING);
		if (rows[i].words)
			assert_string_equal(hwp_lost_data_words(&lost, words, sizeof(words)),
					    rows[i].words);
		hwp_findings_destroy(f);
	}
}

/** In the page cache and dirty, whatever the log says of it, or has lost of it. */
static void by_mark(void **state)
{
	static const struct {
		uint64_t mapping;
		int file;
		uint32_t bits;
		int32_t refcount;
		bool is_lost;
	} rows[] = {
		{ FILE_MAPPING, 0, HWP_BIT_DIRTY, 2, true },
		{ FILE_MAPPING, 0, 0, 2, false },
		/* The word may be anybody's where the file is not known. */
		{ FILE_MAPPING, -1, HWP_BIT_DIRTY, 2, false },
		/* Anonymous memory, whose process is signalled. */
		{ ANON_MAPPING, -1, HWP_BIT_DIRTY | HWP_BIT_SWAPBACKED, 2, false },
		/* In no use any more: the mark is stale. */
		{ FILE_MAPPING, 0, HWP_BIT_DIRTY, 0, false },
	};
	char words[700];

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = machine();
		struct hwp_poisoned *p = add_page(f, rows[i].mapping, rows[i].file);
		struct hwp_lost_data lost;

		print_message("# row %zu\n", i);
		p->bits |= rows[i].bits;
		p->page.refcount = rows[i].refcount;
		f->log.state = HWP_LOG_WRAPPED;
		assert_null(hwp_decide(f));
		lost = hwp_lost_data(f, &f->poisoned.data[0]);
		assert_int_equal(lost.kind, rows[i].is_lost ? HWP_LOST_OF_FILE : HWP_LOST_NOTHING);
		if (rows[i].is_lost)
			assert_string_equal(hwp_lost_data_words(&lost, words, sizeof(words)),
					    "the file /srv/db at offset 0x3000");
		hwp_findings_destroy(f);
	}
}

/** The words of a later life say nothing of the data. */
static void of_a_later_life(void **state)
{
	struct hwp_findings *f = machine();
	struct hwp_poisoned *p = add_page(f, FILE_MAPPING, 0);
	struct hwp_lost_data lost;
	char words[700];

	(void)state;
	add_action(f, p, "dirty LRU page", "Recovered");
	p->by_list = (struct hwp_block){
		.head_pfn = 0x20d, .container = HWP_FREE_AREA, .order = 0, .cpu = -1
	};
	assert_null(hwp_decide(f));
	lost = hwp_lost_data(f, &f->poisoned.data[0]);
	assert_int_equal(lost.kind, HWP_LOST_OF_UNKNOWN);
	assert_string_equal(hwp_lost_data_words(&lost, words, sizeof(words)),
			    "a process or a file, which is not known");
	f->poisoned.data[0].by_list = (struct hwp_block){ .order = -1 };
	f->poisoned.data[0].was_read = false;
	assert_null(hwp_decide(f));
	assert_int_equal(hwp_lost_data(f, &f->poisoned.data[0]).kind, HWP_LOST_OF_UNKNOWN);
	hwp_findings_destroy(f);
}

static char *report_of(struct hwp_findings *f)
{
	const struct hwp_report_style style = {};
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	f->checks.nr = 0;
	assert_null(hwp_decide(f));
	assert_null(hwp_report_check(out, f, &style));
	assert_null(hwp_report_list(out, f, &style));
	assert_null(hwp_report_json(out, f));
	fclose(out);
	return text;
}

/** In the report, the list, the advice and JSON; a page of its own is no huge folio. */
static void reported(void **state)
{
	struct hwp_findings *f = machine();
	char *text;

	(void)state;
	add_action(f, add_page(f, FILE_MAPPING, 0), "dirty LRU page", "Recovered");
	f->poisoned.data[0].page.refcount = 2;
	text = report_of(f);
	assert_non_null(strstr(text, "\"io_error\": \"unknown\""));
	assert_null(strstr(text, "AS_EIO"));
	free(text);
	f->files.data[0].io_error = HWP_ANSWER_YES;
	text = report_of(f);
	assert_non_null(strstr(text, "\"io_error\": \"yes\""));
	assert_non_null(strstr(text, "an error of that file's data is recorded, which no fsync() "
				     "has reported"));
	assert_non_null(strstr(text, "\nLost data: pages that were dirty\n"
				     "0x20d  the file /srv/db at offset 0x3000\n"));
	assert_non_null(strstr(text,
			       "\n- What 1 dirty page held is lost ('Lost data'): check what is "
			       "named there, and\n  restore it."));
	assert_non_null(strstr(text, "it was dirty, and its data is lost: of the file /srv/db at "
				     "offset"));
	assert_non_null(strstr(text, "\"lost_data\": {\"of\": \"file\", \"file\": {\"path\": "
				     "\"/srv/db\""));
	assert_non_null(strstr(text, "\"offset\": 12288}"));
	assert_null(strstr(text, "huge folio"));
	assert_null(strstr(text, "AT RISK"));
	assert_int_equal(f->verdict, HWP_VERDICT_CLEAN);
	free(text);
	for (int i = 0; i < 12; i++)
		add_action(f, add_page(f, 0, -1), "dirty LRU page", "Recovered");
	text = report_of(f);
	assert_non_null(strstr(text, "'hwpoison list' names the rest."));
	assert_non_null(strstr(text, "What 13 dirty pages held is lost"));
	free(text);
	hwp_findings_destroy(f);
	f = machine();
	add_action(f, add_page(f, ANON_MAPPING, -1), "dirty LRU page", "Recovered");
	text = report_of(f);
	assert_null(strstr(text, "ost data"));
	assert_non_null(strstr(text, "\"lost_data\": null"));
	free(text);
	f->poisoned.data[0].was_read = false;
	text = report_of(f);
	assert_non_null(strstr(text,
			       "\"lost_data\": {\"of\": \"unknown\", \"file\": null, \"offset\": "
			       "null}"));
	free(text);
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_words),
		cmocka_unit_test(by_mark),
		cmocka_unit_test(of_a_later_life),
		cmocka_unit_test(reported),
	};

	return cmocka_run_group_tests_name("lost_data", tests, NULL, NULL);
}
