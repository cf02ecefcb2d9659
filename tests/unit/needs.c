// SPDX-License-Identifier: GPL-2.0-or-later
/** The engine that resolves tables of what readers need, on tables made for it. */
#include "synth.h"

#include <cmocka.h>

#include "layout/needs.h"

struct answers {
	uint64_t symbol;
	uint32_t offset, size, elements, value, other;
};

static const struct synth_member types[] = {
	SIZE("box", 32),
	MEMBER("box", "lid", 8, 8),
	ARRAY("box", "balls", 16, 12, 3),
	MEMBER("box", "huge", UINT32_MAX, 8),
	MEMBER("box", "almost_huge", UINT32_MAX - 1, 8),
	{},
};

static const struct synth_enumerator enumerators[] = {
	{ "colour", "RED", 7 },
	{ NULL, "UNNAMED", 9 },
	{ "colour", "NONE", -1 },
	{},
};

static const struct synth_symbol symbols[] = { { "shelf", 0x1000 }, { "rack", 0x2000 }, {} };

static const struct synth kernel = { .members = types,
				     .enumerators = enumerators,
				     .symbols = symbols,
				     .vmcoreinfo = "NUMBER(WEIGHT)=5\nLENGTH(box)=6\n" };

static struct hwp_error *resolve(const struct synth *s, const struct hwp_needs *needs,
				 struct hwp_layout *l)
{
	const struct hwp_needs *const tables[] = { needs, NULL };
	struct hwp_target *target = synth_open(s);
	struct hwp_error *err = hwp_layout_resolve(l, target, tables);

	hwp_target_destroy(target);
	return err;
}

static void assert_row(const struct hwp_layout *l, const char *name, uint64_t value,
		       const char *source)
{
	size_t nr = 0;

	for (size_t i = 0; i < l->nr_rows; i++) {
		if (strcmp(l->rows[i].name, name) != 0)
			continue;
		nr++;
		assert_int_equal(l->rows[i].value, value);
		assert_string_equal(l->rows[i].source, source);
	}
	if (nr != 1)
		fail_msg("%zu rows %s", nr, name);
}

#define ROWS(...)                                                                         \
	.rows = (const struct hwp_need[]){ __VA_ARGS__ },                                 \
	.nr = sizeof((const struct hwp_need[]){ __VA_ARGS__ }) / sizeof(struct hwp_need), \
	.size = sizeof(struct answers)

/** Each kind, by a name of each form. */
static void kinds(void **state)
{
	const struct hwp_needs needs = { ROWS(HWP_OFFSET(struct answers, offset, "box.lid"),
					      HWP_SIZE(struct answers, size, "box"),
					      HWP_ELEMENTS(struct answers, elements, "box.balls"),
					      HWP_VALUE(struct answers, value, "colour:RED"),
					      HWP_SYMBOL(struct answers, symbol, "shelf")) };
	const struct answers *a;
	struct hwp_layout l = {};

	(void)state;
	assert_null(resolve(&kernel, &needs, &l));
	a = hwp_layout_of(&l, &needs);
	assert_non_null(a);
	assert_int_equal(a->offset, 8);
	assert_int_equal(a->size, 32);
	assert_int_equal(a->elements, 3);
	assert_int_equal(a->value, 7);
	assert_int_equal(a->symbol, 0x1000);
	/* As `hwpoison layout` shows them. */
	assert_int_equal(l.nr_rows, 5);
	assert_row(&l, "box.lid", 8, "synthetic");
	assert_row(&l, "sizeof box", 32, "synthetic");
	assert_row(&l, "box.balls[]", 3, "synthetic");
	assert_row(&l, "RED", 7, "synthetic");
	assert_row(&l, "shelf", 0x1000, "synthetic");
	hwp_layout_deinit(&l);
}

/** The first alternative that is there is taken, whatever comes after it. */
static void alternatives(void **state)
{
	static const struct {
		const char *names;
		uint32_t value;
	} values[] = {
		{ "colour:RED :UNNAMED", 7 },
		{ "colour:GREEN :UNNAMED", 9 },
		{ ":RED :UNNAMED", 9 },
		{ "NUMBER(WEIGHT) colour:RED", 5 },
		{ "NUMBER(HEIGHT) colour:RED", 7 },
		{ "LENGTH(box)", 6 },
	};
	static const struct {
		const char *names;
		uint64_t address;
	} addresses[] = {
		{ "shelf rack", 0x1000 }, { "rack shelf", 0x2000 },	  { "x rack", 0x2000 },
		{ "rack x", 0x2000 },	  { "x y z shelf rack", 0x1000 },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(values); i++) {
		const struct hwp_needs needs = { ROWS(
			HWP_VALUE(struct answers, value, values[i].names)) };
		struct hwp_layout l = {};

		assert_null(resolve(&kernel, &needs, &l));
		assert_int_equal(((const struct answers *)hwp_layout_of(&l, &needs))->value,
				 values[i].value);
		hwp_layout_deinit(&l);
	}
	for (size_t i = 0; i < HWP_ARRAY_SIZE(addresses); i++) {
		const struct hwp_needs needs = { ROWS(
			HWP_SYMBOL(struct answers, symbol, addresses[i].names)) };
		struct hwp_layout l = {};

		assert_null(resolve(&kernel, &needs, &l));
		assert_int_equal(((const struct answers *)hwp_layout_of(&l, &needs))->symbol,
				 addresses[i].address);
		assert_int_equal(l.nr_rows, 1);
		hwp_layout_deinit(&l);
	}
}

/** What is not there, and optional. */
static void absent(void **state)
{
	const struct hwp_needs needs = { ROWS(
		HWP_OFFSET(struct answers, offset, "box.bottom", .optional = true),
		HWP_SIZE(struct answers, size, "bag sack", .optional = true),
		HWP_ELEMENTS(struct answers, elements, "box.cubes", .optional = true),
		HWP_VALUE(struct answers, value, "colour:GREEN NUMBER(HEIGHT)", .optional = true),
		HWP_SYMBOL(struct answers, symbol, "wall floor", .optional = true)) };
	const struct answers *a;
	struct hwp_layout l = {};

	(void)state;
	assert_null(resolve(&kernel, &needs, &l));
	a = hwp_layout_of(&l, &needs);
	assert_non_null(a);
	assert_int_equal(a->offset, HWP_ABSENT);
	assert_int_equal(a->size, HWP_ABSENT);
	assert_int_equal(a->elements, 0);
	assert_int_equal(a->value, HWP_ABSENT);
	assert_int_equal(a->symbol, 0);
	/* Values are many, and are not shown. */
	assert_int_equal(l.nr_rows, 4);
	assert_row(&l, "box.bottom", 0, "absent");
	assert_row(&l, "bag sack", 0, "absent");
	assert_row(&l, "box.cubes", 0, "absent");
	assert_row(&l, "wall", 0, "absent");
	hwp_layout_deinit(&l);
}

/** A reader that nothing else needs does not work without a row that is not optional. */
static void not_working(void **state)
{
	static const struct hwp_need lacking[] = {
		HWP_OFFSET(struct answers, offset, "box.bottom"),
		HWP_SIZE(struct answers, size, "bag"),
		HWP_ELEMENTS(struct answers, elements, "box.cubes"),
		HWP_VALUE(struct answers, value, "colour:GREEN"),
		/* Too large for a number of 32 bits. */
		HWP_VALUE(struct answers, value, "colour:NONE"),
		HWP_SYMBOL(struct answers, symbol, "wall"),
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(lacking); i++) {
		const struct hwp_needs needs = { ROWS(HWP_OFFSET(struct answers, other, "box.lid"),
						      lacking[i]) };
		struct hwp_layout l = {};

		print_message("# %s\n", lacking[i].names);
		assert_null(resolve(&kernel, &needs, &l));
		assert_null(hwp_layout_of(&l, &needs));
		/* Without its symbol nothing else is looked up. */
		assert_int_equal(l.resolved[0].works, false);
		if (lacking[i].kind == HWP_NEED_SYMBOL)
			assert_int_equal(l.nr_rows, 1);
		hwp_layout_deinit(&l);
	}
}

static void assert_fails(const struct synth *s, const struct hwp_needs *needs,
			 enum hwp_error_code code, const char *message)
{
	struct hwp_layout l = {};
	struct hwp_error *err = resolve(s, needs, &l);

	assert_non_null(err);
	assert_string_equal(err->message, message);
	assert_int_equal(err->code, code);
	hwp_error_destroy(err);
	hwp_layout_deinit(&l);
}

/** All that is required and missing in one sentence, each once, without its enum. */
static void missing(void **state)
{
	const struct hwp_needs needs = {
		ROWS(HWP_OFFSET(struct answers, offset, "box.bottom box.base"),
		     HWP_OFFSET(struct answers, size, "box.bottom box.base"),
		     HWP_VALUE(struct answers, value, "colour:GREEN :BLUE"),
		     HWP_ELEMENTS(struct answers, elements, "box.balls"),
		     HWP_SYMBOL(struct answers, symbol, "wall")),
		.required = true,
	};

	(void)state;
	assert_fails(&kernel, &needs, HWP_ERROR_UNSUPPORTED,
		     "this kernel's layout is not understood; missing: wall, box.bottom box.base, "
		     "GREEN BLUE");
}

/** Numbers that cannot be: where a type is wrong, all that is read by it would be. */
static void nonsense(void **state)
{
	const struct hwp_needs offset = { ROWS(HWP_OFFSET(struct answers, offset, "box.huge")) };
	const struct hwp_needs large = { ROWS(
		HWP_OFFSET(struct answers, offset, "box.almost_huge")) };
	struct hwp_layout l = {};

	(void)state;
	assert_fails(&kernel, &offset, HWP_ERROR_BAD_DATA,
		     "layout: the type of box.huge is nonsense");
	assert_null(resolve(&kernel, &large, &l));
	assert_int_equal(((const struct answers *)hwp_layout_of(&l, &large))->offset,
			 UINT32_MAX - 1);
	hwp_layout_deinit(&l);
}

/** The last place at which a member of 24 bytes is inside a type of 32 is 8. */
static void bounds(void **state)
{
	static const struct {
		uint32_t nr_bytes;
		bool fits;
	} rows[] = { { 0, true }, { 23, true }, { 24, true }, { 25, false }, { 33, false } };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		const struct hwp_needs needs = { ROWS(
			HWP_OFFSET(struct answers, offset, "box.lid",
				   HWP_INSIDE(struct answers, size, rows[i].nr_bytes)),
			HWP_SIZE(struct answers, size, "box", .optional = true)) };
		struct synth lost = kernel;
		struct hwp_layout l = {};

		/* Nothing is outside of a type whose size is not known. */
		lost.lost = "box";
		assert_null(resolve(&lost, &needs, &l));
		hwp_layout_deinit(&l);
		if (!rows[i].fits) {
			assert_fails(&kernel, &needs, HWP_ERROR_BAD_DATA,
				     "layout: box.lid is not inside its type");
			continue;
		}
		l = (struct hwp_layout){};
		assert_null(resolve(&kernel, &needs, &l));
		assert_non_null(hwp_layout_of(&l, &needs));
		hwp_layout_deinit(&l);
	}
}

static bool works(struct hwp_resolver *r, void *own)
{
	struct answers *a = own;

	hwp_resolve_note(r, "by hand", 1, "computed");
	/* The first stays. */
	hwp_resolve_note(r, "by hand", 2, "computed");
	a->value = 77;
	return true;
}

static bool fails(struct hwp_resolver *r, void *own)
{
	(void)r;
	(void)own;
	return false;
}

/** decide() has the last word, but is not asked where something is missing anyway. */
static void decided(void **state)
{
	const struct hwp_needs good = { ROWS(HWP_OFFSET(struct answers, offset, "box.lid")),
					.decide = works };
	const struct hwp_needs bad = { ROWS(HWP_OFFSET(struct answers, offset, "box.lid")),
				       .decide = fails };
	const struct hwp_needs lacking = { ROWS(HWP_OFFSET(struct answers, offset, "box.bottom")),
					   .decide = works };
	const struct answers *a;
	struct hwp_layout l = {};

	(void)state;
	assert_null(resolve(&kernel, &good, &l));
	/* A second time, for another table: what is known stays. */
	assert_null(resolve(&kernel, &bad, &l));
	assert_null(resolve(&kernel, &lacking, &l));
	a = hwp_layout_of(&l, &good);
	assert_non_null(a);
	assert_int_equal(a->value, 77);
	assert_row(&l, "by hand", 1, "computed");
	assert_row(&l, "box.lid", 8, "synthetic");
	assert_null(hwp_layout_of(&l, &bad));
	assert_null(hwp_layout_of(&l, &lacking));
	assert_int_equal(((const struct answers *)l.resolved[2].own)->value, 0);
	hwp_layout_deinit(&l);
}

static bool ask(struct hwp_resolver *r, void *own)
{
	struct hwp_member m;
	uint64_t number = 0;

	(void)own;
	assert_true(hwp_resolve_member(r, "box", &m));
	assert_int_equal(m.size, 32);
	assert_true(hwp_resolve_member(r, "box.balls", &m));
	assert_int_equal(m.nr_elements, 3);
	assert_false(hwp_resolve_member(r, "box.bottom", &m));
	assert_int_equal(hwp_resolve_offset(r, "box.lid"), 8);
	assert_int_equal(hwp_resolve_offset(r, "box.bottom"), HWP_ABSENT);
	assert_int_equal(hwp_resolve_offset(r, "box.almost_huge"), UINT32_MAX - 1);
	assert_true(hwp_resolve_number(r, "NUMBER(HEIGHT) colour:RED", &number));
	assert_int_equal(number, 7);
	assert_true(hwp_resolve_number(r, "colour:NONE", &number));
	assert_int_equal(number, UINT64_MAX);
	assert_false(hwp_resolve_number(r, "NUMBER(HEIGHT)", &number));
	assert_null(r->err);
	assert_int_equal(hwp_resolve_offset(r, "box.huge"), HWP_ABSENT);
	assert_non_null(r->err);
	/* From the first failure on nothing is found, and no other failure counts. */
	assert_false(hwp_resolve_member(r, "box", &m));
	assert_false(hwp_resolve_number(r, "colour:RED", &number));
	hwp_resolve_fail(r, hwp_error_create(HWP_ERROR_LOOKUP, "another"));
	return true;
}

/** What decide() may ask. */
static void asked(void **state)
{
	const struct hwp_needs needs = { ROWS(HWP_OFFSET(struct answers, offset, "box.lid")),
					 .decide = ask };

	(void)state;
	assert_fails(&kernel, &needs, HWP_ERROR_BAD_DATA,
		     "layout: the offset of box.huge is nonsense");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),   cmocka_unit_test(alternatives),
		cmocka_unit_test(absent),  cmocka_unit_test(not_working),
		cmocka_unit_test(missing), cmocka_unit_test(nonsense),
		cmocka_unit_test(bounds),  cmocka_unit_test(decided),
		cmocka_unit_test(asked),
	};

	return cmocka_run_group_tests_name("needs", tests, NULL, NULL);
}
