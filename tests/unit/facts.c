// SPDX-License-Identifier: GPL-2.0-or-later
/** The model as JSON: no member is forgotten, all come back, and what is wrong is refused. */
#include "model/facts.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "load_facts.h"
#include "report/metrics.h"
#include "report/report.h"
#include "verdict/decide.h"

/* Tables against the debug information that the compiler made of the model. */

static void type_of(Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Attribute attribute;

	assert_non_null(dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attribute), ret));
	assert_int_equal(dwarf_peel_type(ret, ret), 0);
}

static uint64_t number_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	assert_int_equal(dwarf_formudata(dwarf_attr_integrate(die, name, &attribute), &value), 0);
	return value;
}

static size_t size_of(Dwarf_Die *type)
{
	Dwarf_Word size;

	assert_int_equal(dwarf_aggregate_size(type, &size), 0);
	return size;
}

/** Enumerators, but for the HWP_NR_… that counts them. */
static size_t nr_enumerators(Dwarf_Die *type)
{
	Dwarf_Die child;
	size_t nr = 0;

	assert_int_equal(dwarf_child(type, &child), 0);
	do
		nr += strncmp(dwarf_diename(&child), "HWP_NR_", 7) != 0;
	while (dwarf_siblingof(&child, &child) == 0);
	return nr;
}

static void check_table(const struct hwp_fact_table *table, Dwarf_Die *type);

static void check_number(const struct hwp_fact *fact, Dwarf_Die *type)
{
	uint64_t encoding = number_of(type, DW_AT_encoding);

	assert_int_equal(size_of(type), fact->size);
	if (fact->kind == HWP_FACT_BOOL)
		assert_int_equal(encoding, DW_ATE_boolean);
	else if (fact->kind == HWP_FACT_INT)
		assert_int_equal(encoding, DW_ATE_signed);
	else
		assert_int_equal(encoding, DW_ATE_unsigned);
}

static void check_vector(const struct hwp_fact *fact, Dwarf_Die *type)
{
	const struct hwp_fact number = { .kind = HWP_FACT_UINT, .size = fact->size };
	Dwarf_Die data, element;

	assert_int_equal(size_of(type), sizeof(hwp_any_vec));
	assert_int_equal(dwarf_child(type, &data), 0);
	assert_string_equal(dwarf_diename(&data), "data");
	type_of(&data, &element);
	type_of(&element, &element);
	assert_int_equal(size_of(&element), fact->size);
	if (fact->table)
		check_table(fact->table, &element);
	else
		check_number(&number, &element);
}

static void check_kind(const struct hwp_fact *fact, Dwarf_Die *type)
{
	switch (fact->kind) {
	case HWP_FACT_DERIVED:
		break;
	case HWP_FACT_BOOL:
	case HWP_FACT_INT:
	case HWP_FACT_UINT:
	case HWP_FACT_HEX:
		check_number(fact, type);
		break;
	case HWP_FACT_TEXT:
		assert_int_equal(dwarf_tag(type), DW_TAG_base_type);
		assert_string_equal(dwarf_diename(type), "char");
		break;
	case HWP_FACT_STRING:
		assert_int_equal(dwarf_tag(type), DW_TAG_pointer_type);
		break;
	case HWP_FACT_WORD:
		assert_int_equal(dwarf_tag(type), DW_TAG_enumeration_type);
		assert_int_equal(size_of(type), fact->size);
		assert_int_equal(nr_enumerators(type), fact->words->nr);
		for (size_t i = 0; i < fact->words->nr; i++) {
			if (!fact->words->words[i].name && i)
				fail_msg("%s: the word of value %zu is missing", fact->name, i);
		}
		break;
	case HWP_FACT_STRUCT:
		check_table(fact->table, type);
		break;
	case HWP_FACT_VECTOR:
		check_vector(fact, type);
		break;
	}
}

/** Each member of the struct has its row, in the same order. */
static void check_table(const struct hwp_fact_table *table, Dwarf_Die *type)
{
	Dwarf_Die member, member_type;
	size_t i = 0;

	assert_int_equal(dwarf_tag(type), DW_TAG_structure_type);
	assert_string_equal(dwarf_diename(type), table->name);
	assert_int_equal(size_of(type), table->size);
	assert_int_equal(dwarf_child(type, &member), 0);
	do {
		const struct hwp_fact *fact = &table->rows[i++];

		if (i > table->nr)
			fail_msg("%s.%s has no row", table->name, dwarf_diename(&member));
		if (strcmp(fact->name, dwarf_diename(&member)) != 0)
			fail_msg("%s.%s: the row here is %s", table->name, dwarf_diename(&member),
				 fact->name);
		assert_int_equal(fact->offset, number_of(&member, DW_AT_data_member_location));
		type_of(&member, &member_type);
		if (fact->kind != HWP_FACT_DERIVED && fact->kind != HWP_FACT_VECTOR &&
		    dwarf_tag(&member_type) == DW_TAG_array_type) {
			assert_int_equal(size_of(&member_type),
					 fact->size * (fact->nr ? fact->nr : 1));
			type_of(&member_type, &member_type);
		}
		check_kind(fact, &member_type);
	} while (dwarf_siblingof(&member, &member) == 0);
	assert_int_equal(i, table->nr);
}

static bool find_struct(Dwarf *dwarf, const char *name, Dwarf_Die *ret)
{
	Dwarf_Off next, offset = 0;
	size_t header;

	for (; dwarf_nextcu(dwarf, offset, &next, &header, NULL, NULL, NULL) == 0; offset = next) {
		Dwarf_Die unit;

		if (!dwarf_offdie(dwarf, offset + header, &unit) || dwarf_child(&unit, ret))
			continue;
		do
			if (dwarf_tag(ret) == DW_TAG_structure_type && dwarf_diename(ret) &&
			    strcmp(dwarf_diename(ret), name) == 0 &&
			    dwarf_hasattr(ret, DW_AT_byte_size))
				return true;
		while (dwarf_siblingof(ret, ret) == 0);
	}
	return false;
}

static void no_member_is_forgotten(void **state)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	Dwarf *dwarf = dwarf_begin(fd, DWARF_C_READ);
	Dwarf_Die findings;

	(void)state;
	if (!dwarf || !find_struct(dwarf, "hwp_findings", &findings)) {
		print_message("built without debug information\n");
		skip();
	}
	check_table(&hwp_facts, &findings);
	dwarf_end(dwarf);
	close(fd);
}

/* Written and read back. */

#define NR_ELEMENTS 5

static void fill(const struct hwp_fact_table *table, char *p);

static void fill_element(const struct hwp_fact *fact, char *p)
{
	uint64_t value = 2;

	switch (fact->kind) {
	case HWP_FACT_DERIVED:
		return;
	case HWP_FACT_STRUCT:
	case HWP_FACT_VECTOR:
		fill(fact->table, p);
		return;
	case HWP_FACT_STRING:
		*(char **)p = strdup("a \"path\"");
		assert_non_null(*(char **)p);
		return;
	case HWP_FACT_TEXT:
		memset(p, 'x', fact->size - 1);
		return;
	case HWP_FACT_BOOL:
		value = true;
		break;
	case HWP_FACT_WORD:
		value = fact->words->nr - 1;
		break;
	case HWP_FACT_HEX:
		value = UINT64_MAX;
		break;
	case HWP_FACT_INT:
	case HWP_FACT_UINT:
		break;
	}
	memcpy(p, &value, fact->size);
}

/** Something in every member that is no sum of others, and nothing out of bounds. */
static void fill(const struct hwp_fact_table *table, char *p)
{
	const struct hwp_fact number = { .kind = HWP_FACT_UINT, .size = sizeof(uint64_t) };

	for (size_t i = 0; i < table->nr; i++) {
		const struct hwp_fact *fact = &table->rows[i];
		hwp_any_vec vec = { .nr = NR_ELEMENTS, .capacity = NR_ELEMENTS };

		if (fact->kind != HWP_FACT_VECTOR) {
			for (size_t j = 0; j < (fact->nr ? fact->nr : 1); j++)
				fill_element(fact, p + fact->offset + j * fact->size);
			continue;
		}
		vec.data = calloc(NR_ELEMENTS, fact->size);
		assert_non_null(vec.data);
		for (size_t j = 0; j < NR_ELEMENTS; j++)
			fill_element(fact->table ? fact : &number,
				     (char *)vec.data + j * fact->size);
		memcpy(p + fact->offset, &vec, sizeof(vec));
	}
}

static struct hwp_findings *full_findings(void)
{
	struct hwp_findings *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	fill(&hwp_facts, (char *)f);
	f->page_shift = 12;
	for (size_t i = 0; i < NR_ELEMENTS; i++) {
		f->poisoned.data[i].pfn = i * 4 + 1;
		f->poisoned.data[i].page.type = f->poisoned.data[i].folio.head.type = 1;
		f->folios.data[i].head_pfn = i * 4;
	}
	return f;
}

static char *write_facts(const struct hwp_findings *f)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_null(hwp_facts_write(out, f));
	fclose(out);
	return text;
}

static struct hwp_findings *load(const char *text)
{
	struct hwp_findings *f = NULL;
	_cleanup_error_ struct hwp_error *err = load_facts(text, &f);

	if (err)
		fail_msg("%s", err->message);
	return f;
}

/** Each row's key is in @p text. */
static void check_written(const struct hwp_fact_table *table, const char *text)
{
	char key[64];

	for (size_t i = 0; i < table->nr; i++) {
		const struct hwp_fact *fact = &table->rows[i];

		snprintf(key, sizeof(key), "\"%s\": ", fact->name);
		if ((strstr(text, key) == NULL) != (fact->kind == HWP_FACT_DERIVED) &&
		    strcmp(fact->name, "summary") != 0)
			fail_msg("%s.%s", table->name, fact->name);
		if (fact->table)
			check_written(fact->table, text);
	}
}

static void everything_comes_back(void **state)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = full_findings(), *again = NULL;
	_cleanup_free_ char *text = write_facts(f), *second = NULL;

	(void)state;
	check_written(&hwp_facts, text);
	again = load(text);
	second = write_facts(again);
	assert_string_equal(text, second);
	assert_string_equal(again->path, "a \"path\"");
	assert_int_equal(again->poisoned.nr, NR_ELEMENTS);
	assert_true(again->poisoned.data[4].page.mapping == UINT64_MAX);
	assert_int_equal(again->poisoned.data[4].page.type_word, UINT32_MAX);
	assert_int_equal(again->poisoned.data[4].state, HWP_STATE_UNKNOWN);
	assert_int_equal(strlen(again->events.data[0].text),
			 sizeof(again->events.data[0].text) - 1);
}

static void negative_and_empty(void **state)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = calloc(1, sizeof(*f)), *g = NULL;
	struct hwp_node_count node = { .nid = -7, .total = INT64_MIN };
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_non_null(f);
	f->page_shift = 12;
	assert_true(hwp_vec_push(&f->counters.nodes, node));
	text = write_facts(f);
	assert_string_equal(text, "{\n  \"schema\": \"hwpoison.facts/1\",\n  \"page_shift\": 12,\n"
				  "  \"counters\": {\"nodes\": [{\"nid\": -7, "
				  "\"total\": -9223372036854775808}]}\n}\n");
	g = load(text);
	assert_int_equal(g->counters.nodes.data[0].nid, -7);
	assert_true(g->counters.nodes.data[0].total == INT64_MIN);
	assert_null(g->path);
}

/* What is wrong is refused by name. */

static void refused(void **state)
{
	static const struct {
		/** Behind the schema and a page size. */
		const char *members, *error;
	} cases[] = {
		{ "\"nonsense\": 1", "nonsense: no such member" },
		{ "\"checks\": []", "checks: follows from other members" },
		{ "\"live\": 1", "live: neither true nor false" },
		{ "\"format\": 1", "format: not a string" },
		{ "\"path\": {}", "path: not a string" },
		{ "\"memory_provider\": \"0123456789abcdef\"", "memory_provider: too long" },
		{ "\"format\": \"a\\u0000b\"", "format: a string with a NUL" },
		{ "\"sweep\": \"slow\"", "sweep: no such word: slow" },
		{ "\"sweep\": null", "sweep: not a string" },
		{ "\"nr_passes\": -1", "nr_passes: not an unsigned integer" },
		{ "\"nr_passes\": 4294967296", "nr_passes: out of range" },
		{ "\"nr_passes\": 1.5", "nr_passes: not an unsigned integer" },
		{ "\"max_order\": 25", "max_order 25 is out of bounds" },
		{ "\"kernel\": []", "kernel: not an object" },
		{ "\"zones\": {}", "zones: not an array" },
		{ "\"zones\": [1]", "zones: element 0: not an object" },
		{ "\"zones\": [{\"nid\": 2147483648}]", "zones: element 0: nid: out of range" },
		{ "\"zones\": [{\"nid\": -2147483649}]", "zones: element 0: nid: out of range" },
		{ "\"zones\": [{\"nid\": true}]", "zones: element 0: nid: not an integer" },
		{ "\"hugetlb\": {\"orders\": [1,1,1,1,1,1,1,1,1]}", "hugetlb: orders: too long" },
		{ "\"hugetlb\": {\"nr\": 9}", "hugetlb.nr 9 is out of bounds" },
		{ "\"poisoned\": [{\"bits\": \"0x1ffffffff\"}]",
		  "poisoned: element 0: bits: out of range" },
		{ "\"poisoned\": [{\"bits\": \"12\"}]",
		  "poisoned: element 0: bits: not a hexadecimal string" },
		{ "\"poisoned\": [{\"zone\": 1}]", "poisoned 0 is out of bounds" },
		{ "\"poisoned\": [{\"zone\": -2}]", "poisoned 0 is out of bounds" },
		{ "\"poisoned\": [{\"zone\": -1}]", "poisoned 0 is out of bounds" },
		{ "\"poisoned\": [{\"zone\": -1, \"event\": -1, \"by_page\": {\"zone\": -1}, "
		  "\"by_list\": {\"zone\": -1}, \"owner\": {\"has_file\": true}}]",
		  "poisoned 0 is out of bounds" },
		{ "\"lists\": [{\"zone\": 3}]", "list 0 is out of bounds" },
		{ "\"areas\": [{\"zone\": -1, \"order\": 32}]", "area 0 is out of bounds" },
		{ "\"folios\": [{\"nr_poisoned\": 1}]", "folio 0 is out of bounds" },
		{ "\"folios\": [{\"first_run\": 1}]", "folio 0 is out of bounds" },
		{ "\"folios\": [{\"order\": 1, \"max_order\": 1}, {\"head_pfn\": 1}]",
		  "folio 1 is out of bounds" },
		{ "\"observed\": [{\"pfn\": 1}]", "observed 0 is out of bounds" },
		{ "\"events\": [{}]", "event 0 is out of bounds" },
		{ "\"subject\": {\"asked\": true, \"page\": {\"event\": 0}}",
		  "subject.pfn 0 is out of bounds" },
		{ "\"counters\": {\"pending_pfns\": [-1]}",
		  "counters: pending_pfns: element 0: not an unsigned integer" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = NULL;
		_cleanup_error_ struct hwp_error *err = NULL;
		char text[512];

		snprintf(text, sizeof(text),
			 "{\"schema\": \"hwpoison.facts/1\", \"page_shift\": 12, %s}",
			 cases[i].members);
		err = load_facts(text, &f);
		if (!err)
			fail_msg("%s is taken", text);
		assert_string_equal(err->message, cases[i].error);
		assert_int_equal(err->code, HWP_ERROR_BAD_DATA);
	}
}

static void no_facts(void **state)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{",
		"{}",
		"{\"schema\": \"hwpoison.report/1\"}",
		"{\"schema\": 1}",
		"{\"schema\": \"hwpoison.facts/1\"}", /* a page of 1 byte */
		"{\"schema\": \"hwpoison.facts/1\", \"page_shift\": 12} {}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct hwp_findings *f = NULL;
		_cleanup_error_ struct hwp_error *err = load_facts(texts[i], &f);

		assert_non_null(err);
		assert_null(f);
	}
}

/* The facts of the samples. */

static const char *const saved[] = { "6.1-amd64", "6.12-cloud", "7.3-cloud", "fix-1",	"fix-2",
				     "fix-3",	  "fix-4",	"fix-5",     "fix-good" };

static struct hwp_findings *load_saved(const char *name)
{
	struct hwp_findings *f = NULL;
	struct hwp_error *err;
	char path[64];

	snprintf(path, sizeof(path), "tests/facts/%s.json.gz", name);
	err = load_facts_file(path, &f);
	if (err)
		fail_msg("%s", err->message);
	return f;
}

static void report_all(struct hwp_findings *f, FILE *out)
{
	const struct hwp_report_style style = {};
	const struct hwp_metrics_run run = {};

	assert_null(hwp_decide(f));
	assert_null(hwp_report_check(out, f, &style));
	assert_null(hwp_report_list(out, f, &style));
	assert_null(hwp_report_freelist(out, f, &style));
	assert_null(hwp_report_events(out, f, &style));
	assert_null(hwp_report_json(out, f));
	assert_null(hwp_report_freelist_json(out, f));
	assert_null(hwp_report_events_json(out, f));
	assert_null(hwp_report_metrics(out, f, &run));
	if (f->subject.asked) {
		assert_null(hwp_report_folio(out, f, &style));
		assert_null(hwp_report_folio_json(out, f));
	}
}

/** Facts that went through JSON lead to the same reports as those that did not. */
static void same_reports(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(saved) / sizeof(saved[0]); i++) {
		_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = load_saved(saved[i]);
		_cleanup_free_ char *text = write_facts(f), *one = NULL, *other = NULL;
		_cleanup_(hwp_findings_destroyp) struct hwp_findings *again = load(text);
		size_t size;
		FILE *out = open_memstream(&one, &size);

		report_all(f, out);
		fclose(out);
		out = open_memstream(&other, &size);
		report_all(again, out);
		fclose(out);
		assert_string_equal(one, other);
		assert_true(size > 10000);
	}
}

/** A number of the facts is another: refused, or decided on and reported. */
static void hostile_numbers(void **state)
{
	static const char *const numbers[] = { "-1", "0", "31", "4503599627370495",
					       "-9223372036854775808" };
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = load_saved("fix-1");
	_cleanup_free_ char *text = write_facts(f);
	_cleanup_fclose_ FILE *out = fopen("/dev/null", "we");
	size_t nr = 0, nr_taken = 0;

	(void)state;
	for (char *p = text; (p = strstr(p, "\": ")); p++) {
		int length = (int)strspn(p + 3, "-0123456789");

		if (!length || ++nr % 29)
			continue;
		for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
			_cleanup_(hwp_findings_destroyp) struct hwp_findings *g = NULL;
			_cleanup_error_ struct hwp_error *err = NULL;
			_cleanup_free_ char *other = NULL;

			assert_true(asprintf(&other, "%.*s%s%s", (int)(p + 3 - text), text,
					     numbers[i], p + 3 + length) > 0);
			err = load_facts(other, &g);
			if (err)
				continue;
			nr_taken++;
			report_all(g, out);
		}
	}
	assert_true(nr > 1000);
	assert_true(nr_taken > 50);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_member_is_forgotten),
		cmocka_unit_test(everything_comes_back),
		cmocka_unit_test(negative_and_empty),
		cmocka_unit_test(refused),
		cmocka_unit_test(no_facts),
		cmocka_unit_test(same_reports),
		cmocka_unit_test(hostile_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
