// SPDX-License-Identifier: GPL-2.0-or-later
/** The page for a ticket: well-formed whatever a dump puts into it, of 1, 30 and 500 pages. */
#include "findings_synth.h"

#include <cmocka.h>
#include <ctype.h>

#include "report/html/html.h"
#include "report/report.h"

#define HOSTILE "</td></style><script>alert('x')</script>\"&\x01\x9b\xff\xe2\x80\xae"

static const struct hwp_ticket ticket = { .command = "hwpoison report '<b>'",
					  .unix_seconds = 1767225600 };

static char *page_of(const struct hwp_findings *f)
{
	size_t size;
	char *s;
	FILE *out = open_memstream(&s, &size);

	assert_non_null(out);
	assert_null(hwp_report_html(out, f, &ticket));
	assert_int_equal(fclose(out), 0);
	assert_int_equal(strlen(s), size);
	return s;
}

static bool is_void(const char *name)
{
	return strcmp(name, "meta") == 0 || strcmp(name, "!DOCTYPE") == 0;
}

/** Every element is one of ours and is closed where it must be; nothing is loaded or run. */
static void assert_well_formed(const char *s)
{
	static const char *const known[] = {
		"!DOCTYPE",   "html",	 "head",    "meta",  "title", "style", "body",
		"main",	      "header",	 "h1",	    "h2",    "h3",    "p",     "span",
		"div",	      "table",	 "thead",   "tbody", "tr",    "th",    "td",
		"section",    "details", "summary", "ul",    "ol",    "li",    "figure",
		"figcaption", "svg",	 "rect",
	};
	char open[32][16];
	size_t depth = 0;

	for (const char *tag = strchr(s, '<'); tag; tag = strchr(tag + 1, '<')) {
		bool closes = tag[1] == '/';
		const char *end = strchr(tag, '>');
		char name[16] = "";
		size_t i = 0;

		assert_non_null(end);
		for (const char *c = tag + 1 + closes; isalnum((unsigned char)*c) || *c == '!'; c++)
			name[i++] = *c;
		for (i = 0; i < HWP_ARRAY_SIZE(known) && strcmp(known[i], name) != 0;)
			i++;
		assert_true(i < HWP_ARRAY_SIZE(known));
		if (closes) {
			assert_true(depth > 0);
			assert_string_equal(open[--depth], name);
		} else if (end[-1] != '/' && !is_void(name)) {
			assert_true(depth < HWP_ARRAY_SIZE(open));
			strcpy(open[depth++], name);
		}
	}
	assert_int_equal(depth, 0);
	assert_null(strstr(s, "<script"));
	assert_null(strstr(s, "http://"));
	assert_null(strstr(s, "https://"));
	assert_null(strstr(s, "url("));
	assert_null(strstr(s, " on"
			      "load"));
}

static void texts(void **state)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
		{ "a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;" },
		{ "\x01\x1f\x7f", "\\x01\\x1f\\x7f" },
		{ "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7",
		  "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7" },
		/* Cut off, overlong, a surrogate, a control character, one that turns text round. */
		{ "\xc3", "\\xc3" },
		{ "\xe2\x82", "\\xe2\\x82" },
		{ "\xc0\xbc", "\\xc0\\xbc" },
		{ "\xe0\x80\xbc", "\\xe0\\x80\\xbc" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
		{ "\xc2\x9b", "\\xc2\\x9b" },
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae" },
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "\xf8\x88\x80\x80", "\\xf8\\x88\\x80\\x80" },
		{ "\xef\xbf\xbf", "\\xef\\xbf\\xbf" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		size_t size;
		char *s;
		FILE *out = open_memstream(&s, &size);

		hwp_html_text(out, rows[i].from);
		fclose(out);
		assert_string_equal(s, rows[i].to);
		free(s);
	}
}

/** @p nr pages, by turns withheld and in a free block of order 9, all of a hostile machine. */
static struct hwp_findings *machine_of(unsigned int nr)
{
	struct hwp_findings *f = clean_findings();

	f->path = strdup("/tmp/" HOSTILE);
	snprintf(f->machine.host, sizeof(f->machine.host), "%s", HOSTILE);
	snprintf(f->kernel.release, sizeof(f->kernel.release), "%s", HOSTILE);
	assert_true(hwp_findings_hole(f, HWP_HOLE_OWNER, "%s", HOSTILE));
	for (unsigned int i = 0; i < nr; i++) {
		struct hwp_poisoned page = isolated_page(0x1000 + 0x200 * (uint64_t)i);
		struct hwp_poisoned *p = add_poisoned(f, page);

		add_action(f, p, "dirty LRU page", "Recovered");
		snprintf(f->events.data[i].text, sizeof(f->events.data[i].text), "%s %u", HOSTILE,
			 i);
		snprintf(p->owner.comm, sizeof(p->owner.comm), "<i>%u", i);
		p->owner.found = i % 3 == 0;
		if (i % 2)
			p->by_list = (struct hwp_block){ .head_pfn = p->pfn,
							 .container = HWP_FREE_AREA,
							 .order = 9,
							 .migratetype = 1,
							 .cpu = -1 };
	}
	judge_findings(f);
	return f;
}

static size_t count(const char *s, const char *word)
{
	size_t nr = 0;

	for (s = strstr(s, word); s; s = strstr(s + 1, word))
		nr++;
	return nr;
}

static void sizes(void **state)
{
	static const unsigned int numbers[] = { 0, 1, 30, 500 };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(numbers); i++) {
		struct hwp_findings *f = machine_of(numbers[i]);
		char *s = page_of(f);

		assert_well_formed(s);
		/* Each page and each line once. */
		assert_int_equal(count(s, "<summary>why</summary>"), numbers[i]);
		assert_int_equal(count(s, "<td class=\"t mono\">&lt;/td&gt;"), numbers[i]);
		assert_int_equal(count(s, "<td class=\"k mono\">0x1000000</td>"),
				 numbers[i] ? 1 : 0);
		free(s);
		hwp_findings_destroy(f);
	}
}

/** Where in its file a page is; a name from the dump is no markup. */
static void offsets(void **state)
{
	const struct hwp_file file = {
		.inode = 77, .filesystem = "ext4", .device = "vda1", .path = "/srv/<b>"
	};
	struct hwp_findings *f = machine_of(1);
	char *s;

	(void)state;
	assert_true(hwp_vec_push(&f->files, file));
	f->poisoned.data[0].owner = (struct hwp_owner){ .has_file = true };
	s = page_of(f);
	assert_null(strstr(s, "begins at byte"));
	free(s);
	f->poisoned.data[0].owner.has_offset = true;
	f->poisoned.data[0].owner.offset = 0x9000;
	s = page_of(f);
	assert_well_formed(s);
	assert_non_null(strstr(s, "<li>it begins at byte 0x9000 of /srv/&lt;b&gt; "
				  "(inode 77 of ext4 vda1)</li>"));
	free(s);
	hwp_findings_destroy(f);
}

/** The sentence for people who do not read kernels, and the answer to whether to go on. */
static void sentences(void **state)
{
	static const struct {
		const char *plain, *safe;
	} of[HWP_NR_VERDICTS] = {
		[HWP_VERDICT_LEAKED] = { "went back into the free memory of this machine, which "
					 "threw it away",
					 "No. Bad memory" },
		[HWP_VERDICT_LEAKED_BEFORE] = { "or in use again on this machine, and is no more",
						"Not without looking further" },
		[HWP_VERDICT_INCONSISTENT] = { "is contradictory: it is not an all-clear",
					       "Not known: what memory records" },
		[HWP_VERDICT_INCOMPLETE] = { "it is not an all-clear", "Not known: something" },
		[HWP_VERDICT_AT_RISK] = { "No faulty memory is known to be back in use",
					  "For the time being" },
		[HWP_VERDICT_CLEAN] = { "No memory of this machine is marked as faulty",
					"As far as memory errors go, yes" },
	};
	struct hwp_findings *f = machine_of(0);
	char *s;

	(void)state;
	for (unsigned int i = 0; i < HWP_NR_VERDICTS; i++) {
		f->verdict = i;
		s = page_of(f);
		assert_non_null(strstr(s, of[i].plain));
		assert_non_null(strstr(s, of[i].safe));
		assert_well_formed(s);
		free(s);
	}
	f->verdict = HWP_VERDICT_LEAKED;
	f->summary.nr_by_class[HWP_CLASS_LEAKED] = 1;
	s = page_of(f);
	assert_non_null(strstr(s, "has gone back into the free memory of this machine, or is in "
				  "use again"));
	free(s);
	f->verdict = HWP_VERDICT_CLEAN;
	f->summary.nr_poisoned = f->summary.nr_by_class[HWP_CLASS_CONTAINED] = 1;
	s = page_of(f);
	assert_non_null(strstr(s, "it is out of reach"));
	free(s);
	/* A page of its own that is still in use is not. */
	f->summary.nr_poisoned = 2;
	s = page_of(f);
	assert_null(strstr(s, "out of reach"));
	assert_non_null(strstr(s, "none of it has come back into use, or can"));
	free(s);
	hwp_findings_destroy(f);
}

/** A map shows what should be above what is, in as few pieces as there are. */
static void maps(void **state)
{
	struct hwp_findings *f = machine_of(2);
	struct hwp_folio folio = { .head_pfn = 0x1200,
				   .order = 9,
				   .max_order = 9,
				   .kind = HWP_EXTENT_FREED,
				   .outcome = HWP_OUTCOME_LEAKED,
				   .first_poisoned = 1,
				   .nr_poisoned = 1,
				   .nr_expected = 1,
				   .nr_runs = 2,
				   .nr_healthy = 511 };
	struct hwp_healthy_block block = { .pfn = 0x1300, .order = 8 };
	struct hwp_run runs[] = { { .pfn = 0x1200, .nr_pages = 1, .is_poisoned = true },
				  { .pfn = 0x1201, .nr_pages = 511, .state = HWP_RUN_LOST } };
	char *s;

	(void)state;
	assert_true(hwp_vec_push(&f->folios, folio) && hwp_vec_push(&f->expected, block) &&
		    hwp_vec_push(&f->runs, runs[0]) && hwp_vec_push(&f->runs, runs[1]));
	s = page_of(f);
	assert_well_formed(s);
	assert_non_null(strstr(s, "0x1200 to 0x13ff (physical 0x1200000), order 9, freed"));
	assert_non_null(strstr(s, "A cell is 2 pages, and shows the worst of them."));
	/* Expected: the bad page, what is not in a block, the block. Observed: bad, lost. */
	assert_non_null(
		strstr(s, "<rect x=\"0\" y=\"0\" width=\"1\" height=\"9\" "
			  "class=\"m-poisoned\"/>"
			  "<rect x=\"1\" y=\"0\" width=\"127\" height=\"9\" class=\"m-nothing\"/>"
			  "<rect x=\"128\" y=\"0\" width=\"128\" height=\"9\" "
			  "class=\"m-healthy\"/>"
			  "<rect x=\"0\" y=\"11\" width=\"1\" height=\"9\" "
			  "class=\"m-poisoned\"/>"
			  "<rect x=\"1\" y=\"11\" width=\"255\" height=\"9\" class=\"m-lost\"/>"));
	assert_non_null(strstr(s, "healthy, and lost</span>"));
	assert_null(strstr(s, "on its way</span>"));
	free(s);
	hwp_findings_destroy(f);
}

/** Each module once, with who named it; and pages whose module nobody did. */
static void modules(void **state)
{
	struct hwp_findings *f = machine_of(4);
	char *s;

	(void)state;
	s = page_of(f);
	assert_non_null(strstr(s, "names the module of 4 bad pages. Take"));
	free(s);
	strcpy(f->poisoned.data[0].module, "DIMM_A<1>");
	strcpy(f->poisoned.data[1].module, "DIMM_A<1>");
	strcpy(f->poisoned.data[2].module, "DIMM_B");
	f->poisoned.data[2].module_source = HWP_MODULE_RASDAEMON;
	s = page_of(f);
	assert_int_equal(count(s, "DIMM_A&lt;1&gt;, as the kernel log names it for pfn 0x1000."),
			 1);
	assert_int_equal(count(s, "DIMM_B, as rasdaemon names it for pfn 0x1400."), 1);
	assert_non_null(strstr(s, "names the module of 1 bad page. Take"));
	free(s);
	hwp_findings_destroy(f);
}

/* What a dump puts into what matched is text. */
static void known_issues(void **state)
{
	static const struct hwp_known_issue issue = {
		.name = "an-issue",
		.title = "something is lost",
		.kernels = "all",
		.disproof = "it is found",
		.advice = "Look for it.",
		.references = { "CVE-2099-1 & more" },
	};
	struct hwp_issue_match match = { .issue = &issue, .why = "<b>0x77</b> is lost" };
	struct hwp_findings *f = machine_of(1);
	char *s = page_of(f);

	(void)state;
	assert_int_equal(count(s, "Known issues"), 0);
	free(s);
	assert_true(hwp_vec_push(&f->known_issues, match));
	s = page_of(f);
	assert_well_formed(s);
	assert_int_equal(count(s, "<h3>Known issues that this looks like</h3>"), 1);
	assert_non_null(strstr(s, "an-issue: something is lost"));
	assert_non_null(strstr(s, "&lt;b&gt;0x77&lt;/b&gt; is lost"));
	assert_non_null(strstr(s, "CVE-2099-1 &amp; more"));
	assert_non_null(strstr(s, "it is found"));
	free(s);
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),       cmocka_unit_test(sizes), cmocka_unit_test(offsets),
		cmocka_unit_test(sentences),   cmocka_unit_test(maps),	cmocka_unit_test(modules),
		cmocka_unit_test(known_issues)
	};

	return cmocka_run_group_tests_name("report_html", tests, NULL, NULL);
}
