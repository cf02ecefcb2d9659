// SPDX-License-Identifier: GPL-2.0-or-later
/** Two reports: what was read of them, what changed, and whether that is worse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "report/diff/diff.h"

/* A report with what is read of it; %s are pages and checks. */
#define REPORT(verdict, nr_read, lost, pages, checks)                                            \
	"{\"schema\": \"hwpoison.report/1\", \"kernel\": {\"release\": \"6.1\"}, \"identity\": " \
	"{\"host\": \"db7\", \"boot_id\": \"b1\", \"time\": 1000, \"uptime_seconds\": 100, "     \
	"\"page_size\": 4096}, \"coverage\": {\"nr_pages\": 10, \"nr_read\": " #nr_read          \
	"}, \"verdict\": \"" verdict "\", \"summary\": {\"nr_healthy_lost\": " #lost             \
	"}, \"poisoned\": [" pages "], \"checks\": [" checks "]}"
#define PAGE(pfn, state, free, out)                                                  \
	"{\"pfn\": " #pfn ", \"state\": \"" state "\", \"was_free\": \"" free "\", " \
	"\"was_handed_out\": \"" out "\"}"
#define CHECK(name, result) "{\"name\": \"" name "\", \"result\": \"" result "\"}"

static char *complaint(const char *text)
{
	_cleanup_(hwp_document_deinit) struct hwp_document document = {};
	struct hwp_error *err = hwp_document_parse(text, strlen(text), &document);
	char *message = err ? strdup(err->message) : NULL;

	hwp_error_destroy(err);
	return message;
}

static void refused(const char *text, const char *why)
{
	_cleanup_free_ char *message = complaint(text);

	if (!message || !strstr(message, why))
		fail_msg("%.80s: %s, and not: %s", text, message ? message : "read", why);
}

static void parsed(void **state)
{
	static const char text[] = REPORT("leaked", 9, 3,
					  PAGE(17, "buddy", "yes",
					       "no") ", " PAGE(18, "isolated", "unknown", "yes"),
					  CHECK("poison-unmapped", "fail")) " \n";
	struct hwp_document d = {};

	(void)state;
	assert_null(hwp_document_parse(text, strlen(text), &d));
	assert_string_equal(d.host, "db7");
	assert_string_equal(d.boot_id, "b1");
	assert_string_equal(d.kernel, "6.1");
	assert_true(d.has_time);
	assert_int_equal(d.unix_seconds, 1000);
	assert_int_equal(d.uptime_seconds, 100);
	assert_int_equal(d.page_size, 4096);
	assert_int_equal(d.verdict, HWP_VERDICT_LEAKED);
	assert_false(d.is_covered);
	assert_int_equal(d.nr_healthy_lost, 3);
	assert_int_equal(d.pages.nr, 2);
	assert_int_equal(d.pages.data[0].state, HWP_STATE_BUDDY);
	assert_int_equal(d.pages.data[0].was_free, HWP_ANSWER_YES);
	assert_int_equal(d.pages.data[1].was_handed_out, HWP_ANSWER_YES);
	assert_ptr_equal(hwp_document_page(&d, 18), &d.pages.data[1]);
	assert_null(hwp_document_page(&d, 19));
	assert_int_equal(d.checks.nr, 1);
	assert_int_equal(d.checks.data[0].result, HWP_FAIL);
	hwp_document_deinit(&d);
}

static void nonsense(void **state)
{
	static const char good[] = REPORT("clean", 10, 0, "", "");
	static const char more[] = REPORT("clean", 10, 0, "", "") "\0 x";
	_cleanup_(hwp_document_deinit) struct hwp_document d = {};
	struct hwp_error *err = hwp_document_parse(more, sizeof(more) - 1, &d);
	char *cut = strdup(good);
	char deep[4096];

	(void)state;
	assert_non_null(err);
	assert_non_null(strstr(err->message, "something follows"));
	hwp_error_destroy(err);
	assert_null(complaint(good));
	for (size_t i = 0; i < strlen(good); i++) {
		cut[i] = '\0';
		refused(cut, "it is no JSON");
		cut[i] = good[i];
	}
	free(cut);
	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	refused(deep, "it is no JSON");
	refused("{} {}", "it is no JSON");
	refused("{}", "no JSON document of schema");
	refused("[1]", "no JSON document of schema");
	refused("{\"schema\": \"hwpoison.error/1\"}", "but of hwpoison.error/1");
	refused("{\"schema\": \"hwpoison.report/1\"}", "it is no report");
	refused("{\"schema\": \"hwpoison.report/1\", \"selection\": {}}", "a part of the pages");
	refused(REPORT("great", 10, 0, "", ""), "it is no report");
	refused(REPORT("clean", -1, 0, "", ""), "it is no report");
	refused(REPORT("clean", 10, null, "", ""), "it is no report");
	refused(REPORT("clean", 10, 0, "1", ""), "a page of it");
	refused(REPORT("clean", 10, 0, PAGE(-1, "buddy", "no", "no"), ""), "a page of it");
	refused(REPORT("clean", 10, 0, PAGE(1, "lost", "no", "no"), ""), "a page of it");
	refused(REPORT("clean", 10, 0, PAGE(1, "pcp", "no", "no") "," PAGE(1, "pcp", "no", "no"),
		       ""),
		"not in order");
	refused(REPORT("clean", 10, 0, "", CHECK("x", "good")), "a check of it");
}

static void no_page_size(void **state)
{
	static const char *const sizes[] = { "4095", "0", "-4096", "null" };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(sizes); i++) {
		char text[1024] = REPORT("clean", 10, 0, "", "");
		char *at = strstr(text, "4096"), rest[1024];

		strcpy(rest, at + 4);
		sprintf(at, "%s%s", sizes[i], rest);
		refused(text, "size of a page");
	}
}

/** What becomes of page 17, or of none where a text is empty; 0, 1 or 2. */
static int outcome(const char *before, const char *after, enum hwp_change_kind kind)
{
	_cleanup_(hwp_document_deinit) struct hwp_document a = {}, b = {};
	_cleanup_(hwp_diff_deinit) struct hwp_diff diff = {};

	assert_null(hwp_document_parse(before, strlen(before), &a));
	assert_null(hwp_document_parse(after, strlen(after), &b));
	assert_null(hwp_diff_make(&a, &b, &diff));
	assert_int_equal(diff.result, kind);
	assert_null(hwp_diff_stranger(&diff));
	return hwp_diff_exit_status(&diff);
}

#define ONE(state, free, out) REPORT("clean", 10, 0, PAGE(17, state, free, out), "")
#define NO_PAGE REPORT("clean", 10, 0, "", "")

static void pages(void **state)
{
	(void)state;
	assert_int_equal(outcome(NO_PAGE, NO_PAGE, HWP_CHANGE_NONE), 0);
	assert_int_equal(outcome(NO_PAGE, ONE("isolated", "no", "no"), HWP_CHANGE_WORSE), 1);
	assert_int_equal(outcome(ONE("isolated", "no", "no"), NO_PAGE, HWP_CHANGE_UNKNOWN), 2);
	assert_int_equal(outcome(ONE("large-folio", "no", "no"), ONE("buddy", "no", "no"),
				 HWP_CHANGE_WORSE),
			 1);
	assert_int_equal(outcome(ONE("in-use", "no", "no"), ONE("isolated", "no", "no"),
				 HWP_CHANGE_BETTER),
			 0);
	assert_int_equal(
		outcome(ONE("buddy", "yes", "no"), ONE("pcp", "yes", "no"), HWP_CHANGE_OTHER), 0);
	assert_int_equal(outcome(ONE("buddy", "yes", "no"), ONE("dropped", "yes", "no"),
				 HWP_CHANGE_BETTER),
			 0);
	assert_int_equal(outcome(ONE("isolated", "no", "no"), ONE("unknown", "no", "no"),
				 HWP_CHANGE_UNKNOWN),
			 2);
	/* It looks better, but was in free memory meanwhile, or was handed out. */
	assert_int_equal(outcome(ONE("in-use", "no", "no"), ONE("isolated", "yes", "no"),
				 HWP_CHANGE_WORSE),
			 1);
	assert_int_equal(outcome(ONE("buddy", "yes", "no"), ONE("isolated", "yes", "yes"),
				 HWP_CHANGE_WORSE),
			 1);
}

static void others(void **state)
{
	(void)state;
	assert_int_equal(outcome(NO_PAGE, REPORT("clean", 10, 5, "", ""), HWP_CHANGE_WORSE), 1);
	assert_int_equal(outcome(REPORT("clean", 10, 5, "", ""), NO_PAGE, HWP_CHANGE_BETTER), 0);
	assert_int_equal(outcome(NO_PAGE, REPORT("at-risk", 10, 0, "", ""), HWP_CHANGE_WORSE), 1);
	assert_int_equal(outcome(NO_PAGE, REPORT("incomplete", 9, 0, "", ""), HWP_CHANGE_UNKNOWN),
			 2);
	assert_int_equal(outcome(REPORT("incomplete", 9, 0, "", ""), NO_PAGE, HWP_CHANGE_UNKNOWN),
			 2);
	assert_int_equal(outcome(REPORT("incomplete", 9, 0, "", ""),
				 REPORT("leaked", 10, 0, "", ""), HWP_CHANGE_WORSE),
			 1);
	assert_int_equal(outcome(REPORT("clean", 10, 0, "", CHECK("a", "pass")),
				 REPORT("clean", 10, 0, "", CHECK("a", "fail")), HWP_CHANGE_WORSE),
			 1);
	assert_int_equal(outcome(REPORT("clean", 10, 0, "", CHECK("a", "fail")),
				 REPORT("clean", 10, 0, "", CHECK("a", "pass")), HWP_CHANGE_BETTER),
			 0);
	assert_int_equal(outcome(REPORT("clean", 10, 0, "", CHECK("a", "fail")),
				 REPORT("clean", 10, 0, "", CHECK("a", "inconclusive")),
				 HWP_CHANGE_UNKNOWN),
			 2);
	assert_int_equal(outcome(REPORT("clean", 10, 0, "", CHECK("a", "pass")),
				 REPORT("clean", 10, 0, "", CHECK("b", "fail")), HWP_CHANGE_NONE),
			 0);
}

static void strangers(void **state)
{
	const struct hwp_document a = { .host = "db7",
					.boot_id = "b1",
					.page_size = 4096,
					.has_time = true,
					.unix_seconds = 1000,
					.uptime_seconds = 100,
					.verdict = HWP_VERDICT_CLEAN };
	struct hwp_document b = a;
	struct hwp_diff diff = {};

	(void)state;
	assert_null(hwp_diff_make(&a, &b, &diff));
	assert_int_equal(diff.same_boot, HWP_ANSWER_YES);
	strcpy(b.host, "db8");
	assert_non_null(strstr(hwp_diff_stranger(&diff), "hosts"));
	b = a;
	b.page_size = 65536;
	assert_non_null(strstr(hwp_diff_stranger(&diff), "sizes"));
	b = a;
	strcpy(b.boot_id, "b2");
	assert_null(hwp_diff_make(&a, &b, &diff));
	assert_non_null(strstr(hwp_diff_stranger(&diff), "boots"));
	/* Without a boot id by the clock, which may go wrong a little. */
	b.boot_id[0] = '\0';
	b.unix_seconds = 2000;
	b.uptime_seconds = 1150;
	assert_null(hwp_diff_make(&a, &b, &diff));
	assert_int_equal(diff.same_boot, HWP_ANSWER_YES);
	assert_false(diff.is_backwards);
	b.uptime_seconds = 900;
	assert_null(hwp_diff_make(&a, &b, &diff));
	assert_int_equal(diff.same_boot, HWP_ANSWER_NO);
	b.unix_seconds = 900;
	b.uptime_seconds = 0;
	assert_null(hwp_diff_make(&a, &b, &diff));
	assert_true(diff.is_backwards);
	b.has_time = false;
	assert_null(hwp_diff_make(&a, &b, &diff));
	assert_int_equal(diff.same_boot, HWP_ANSWER_UNKNOWN);
	assert_null(hwp_diff_stranger(&diff));
	hwp_diff_deinit(&diff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parsed),	cmocka_unit_test(nonsense),
		cmocka_unit_test(no_page_size), cmocka_unit_test(pages),
		cmocka_unit_test(others),	cmocka_unit_test(strangers),
	};

	return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
