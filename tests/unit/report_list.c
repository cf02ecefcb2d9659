// SPDX-License-Identifier: GPL-2.0-or-later
/** `list`: which pages, in which order, with which columns; rows that are wider than the terminal. */
#include "findings_synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "report/report.h"
#include "report/selection.h"

static struct hwp_poisoned *add(struct hwp_findings *f, uint64_t pfn, enum hwp_state state)
{
	struct hwp_poisoned *p = add_poisoned(f, isolated_page(pfn));

	p->state = state;
	p->order = -1;
	p->migratetype = p->cpu = -1;
	p->event = -1;
	return p;
}

/** By pfn: isolated, buddy in a block, in use by process 9, in use by a file. */
static struct hwp_findings *four_pages(void)
{
	static const struct hwp_file file = { .path = "/var/lib/a long name/of a file" };
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned *p;

	assert_true(hwp_vec_push(&f->files, file));
	add(f, 0x10, HWP_STATE_ISOLATED);
	p = add(f, 0x20, HWP_STATE_BUDDY);
	p->head_pfn = 0x20;
	p->order = 4;
	p->migratetype = 1;
	p = add(f, 0x30, HWP_STATE_IN_USE);
	p->owner = (struct hwp_owner){ .found = true, .pid = 9, .comm = "zed" };
	p = add(f, 0x40, HWP_STATE_IN_USE);
	p->owner = (struct hwp_owner){
		.found = true, .pid = 118, .comm = "qemu", .has_file = true, .file = 0
	};
	return f;
}

/** The pages that @p s selects, as "10 20 ". */
static const char *selected(const struct hwp_findings *f, const struct hwp_selection *s,
			    size_t *nr_selected)
{
	_cleanup_(hwp_page_vec_deinit) hwp_page_vec pages = {};
	static char buf[80];
	int n = 0;

	buf[0] = '\0';
	assert_null(hwp_select(f, s, &pages, nr_selected));
	for (size_t i = 0; i < pages.nr; i++)
		n += snprintf(buf + n, sizeof(buf) - (size_t)n, "%lx ", pages.data[i]->pfn);
	return buf;
}

static const struct hwp_page_column *column(const char *name)
{
	const struct hwp_page_column *found = hwp_page_column_find(name, strlen(name));

	assert_non_null(found);
	return found;
}

static void selections(void **state)
{
	static const struct {
		const char *sort;
		unsigned int limit;
		const char *pages;
	} rows[] = {
		{ NULL, 0, "10 20 30 40 " },
		{ "PFN", 3, "10 20 30 " },
		/* The worst first. */
		{ "state", 0, "20 30 40 10 " },
		/* A number is not a word: 9 before 118; what has none is last. */
		{ "pid", 0, "30 40 10 20 " },
		{ "PID", 1, "30 " },
		{ "comm", 0, "40 30 10 20 " },
		{ "block", 0, "20 10 30 40 " },
		{ "Where", 2, "20 40 " },
		{ "file", 4, "40 10 20 30 " },
	};
	struct hwp_findings *f = four_pages();
	struct hwp_selection s = {};
	size_t nr;

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		s = (struct hwp_selection){ .limit = rows[i].limit };
		s.sort = rows[i].sort ? column(rows[i].sort) : NULL;
		assert_string_equal(selected(f, &s, &nr), rows[i].pages);
		assert_int_equal(nr, 4);
	}
	s = (struct hwp_selection){ .has_states = true, .limit = 1 };
	s.states[HWP_STATE_IN_USE] = true;
	assert_string_equal(selected(f, &s, &nr), "30 ");
	assert_int_equal(nr, 2);
	s = (struct hwp_selection){ .has_states = true };
	assert_string_equal(selected(f, &s, &nr), "");
	hwp_findings_destroy(f);
}

static void names(void **state)
{
	(void)state;
	assert_ptr_equal(column("pfn"), &hwp_page_columns[0]);
	assert_ptr_equal(hwp_page_column_find("NODEX", 4), column("NODE"));
	assert_null(hwp_page_column_find("NODEX", 5));
	assert_null(hwp_page_column_find("NOD", 3));
	assert_null(hwp_page_column_find("", 0));
	assert_string_equal(hwp_page_columns[HWP_COLUMN_WHERE].column.name, "WHERE");
}

static char *print(const struct hwp_findings *f, const struct hwp_selection *s,
		   const struct hwp_report_style *style)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_null(hwp_report_selected(out, f, style, s));
	fclose(out);
	return text;
}

static char *list_of(const struct hwp_findings *f, const struct hwp_selection *s,
		     unsigned int width)
{
	return print(f, s, &(struct hwp_report_style){ .width = width });
}

/** A row that is too wide goes on below; nothing is cut, and a program gets one line for a page. */
static void wide_rows(void **state)
{
	static const char *const wanted[] = { "PFN", "WHERE" }, *const three[] = { "FILE", "PID",
										   "PFN" };
	_cleanup_free_ char *narrow = NULL, *program = NULL, *two = NULL, *offsets = NULL;
	struct hwp_findings *f = four_pages();
	struct hwp_selection s = { .no_headings = false };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(wanted); i++)
		assert_true(hwp_vec_push(&s.columns, column(wanted[i])));
	narrow = list_of(f, &s, 40);
	assert_string_equal(narrow, "PFN  WHERE\n"
				    "0x10 -\n"
				    "0x20 Movable\n"
				    "0x30 zed[9]\n"
				    "0x40\n"
				    "    qemu[118] /var/lib/a long name/of a\n"
				    "    file\n");
	s.no_headings = true;
	program = list_of(f, &s, 0);
	assert_string_equal(program, "0x10  -\n"
				     "0x20  Movable\n"
				     "0x30  zed[9]\n"
				     "0x40  qemu[118] /var/lib/a long name/of a file\n");
	s.columns.nr = 0;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(three); i++)
		assert_true(hwp_vec_push(&s.columns, column(three[i])));
	s.limit = 1;
	s.sort = column("file");
	s.no_headings = false;
	two = list_of(f, &s, 30);
	assert_string_equal(two, "FILE\n"
				 "/var/lib/a long name/of a file\n"
				 "    PID  118\n"
				 "    PFN  0x40\n");
	s.columns.nr = 0;
	s.limit = 2;
	s.sort = column("offset");
	assert_true(hwp_vec_push(&s.columns, column("OFFSET")));
	assert_true(hwp_vec_push(&s.columns, column("PFN")));
	f->poisoned.data[0].owner.has_offset = f->poisoned.data[3].owner.has_offset = true;
	f->poisoned.data[0].owner.offset = 0x10000;
	f->poisoned.data[3].owner.offset = 0x9000;
	offsets = list_of(f, &s, 80);
	assert_string_equal(offsets, "OFFSET   PFN\n"
				     "0x9000   0x40\n"
				     "0x10000  0x10\n");
	hwp_selection_deinit(&s);
	hwp_findings_destroy(f);
}

/** In a host a page's row has one column more, or on a terminal another; only what is long is below. */
static void in_host(void **state)
{
	const struct hwp_selection s = { .no_headings = true };
	struct hwp_report_style style = { .addresses = true };
	_cleanup_free_ char *file = NULL, *terminal = NULL;
	struct hwp_findings *f = four_pages();

	(void)state;
	for (size_t i = 0; i < f->poisoned.nr; i++)
		f->poisoned.data[i].struct_page_address = 0xffd4000000000400;
	file = print(f, &s, &style);
	assert_non_null(strstr(file, "/var/lib/a long name/of a file  0xffd4000000000400\n"));
	style.width = 60;
	terminal = print(f, &s, &style);
	assert_non_null(strstr(terminal, "\n0x20 0xffd4000000000400    0 Normal buddy"));
	assert_non_null(strstr(terminal, "\n    qemu[118] /var/lib/a long name/of a file\n"));
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selections),
		cmocka_unit_test(names),
		cmocka_unit_test(wide_rows),
		cmocka_unit_test(in_host),
	};

	return cmocka_run_group_tests_name("report_list", tests, NULL, NULL);
}
