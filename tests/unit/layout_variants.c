// SPDX-License-Identifier: GPL-2.0-or-later
/** What kernels from v5.10 on encode differently in struct page, by what they say of it. */
#include "synth.h"

#include <cmocka.h>

#include "layout/needs.h"

/** What all of them have; a variant comes behind it. */
static const struct synth_member common[] = {
	SIZE("page", 64),
	MEMBER("page", "flags", 0, 8),
	MEMBER("page", "compound_head", 8, 8),
	MEMBER("page", "lru", 8, 16),
	MEMBER("page", "mapping", 24, 8),
	MEMBER("page", "private", 40, 8),
	MEMBER("page", "_mapcount", 48, 4),
	MEMBER("page", "_refcount", 52, 4),
};

static const struct synth_enumerator flags[] = {
	{ "pageflags", "PG_hwpoison", 21 },
	{ "pageflags", "PG_head", 6 },
	{ "pageflags", "PG_reserved", 13 },
};

#define FLAGS_1 .members = { MEMBER("folio", "_flags_1", 64, 8) }
#define BUDDY_81 "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\n"

struct variant {
	struct synth_member members[4];
	struct synth_enumerator enumerators[8];
	const char *vmcoreinfo;
	uint64_t nr_orders, nr_zones;
};

static struct hwp_error *resolve(const struct variant *v, struct hwp_layout *l)
{
	static const struct hwp_needs *const needs[] = { &hwp_layout_needs, NULL };
	struct synth_member members[HWP_ARRAY_SIZE(common) + 2 + HWP_ARRAY_SIZE(v->members) + 1];
	struct synth_enumerator
		enumerators[HWP_ARRAY_SIZE(flags) + HWP_ARRAY_SIZE(v->enumerators) + 1];
	const struct synth s = { .members = members,
				 .enumerators = enumerators,
				 .vmcoreinfo = v->vmcoreinfo ? v->vmcoreinfo : BUDDY_81 };
	const uint64_t nr_orders = v->nr_orders ? v->nr_orders : 11;
	const uint64_t nr_zones = v->nr_zones ? v->nr_zones : 5;
	struct synth_member *m = members;
	struct hwp_target *target;
	struct hwp_error *err;

	memset(members, 0, sizeof(members));
	memset(enumerators, 0, sizeof(enumerators));
	/* What a variant has twice is as it says. */
	memcpy(m, v->members, sizeof(v->members));
	while (m->type)
		m++;
	memcpy(m, common, sizeof(common));
	m += HWP_ARRAY_SIZE(common);
	*m++ = (struct synth_member)ARRAY("zone", "free_area", 256, 104 * nr_orders, nr_orders);
	*m = (struct synth_member)ARRAY("pglist_data", "node_zones", 0, 64 * nr_zones, nr_zones);
	memcpy(enumerators, flags, sizeof(flags));
	memcpy(enumerators + HWP_ARRAY_SIZE(flags), v->enumerators, sizeof(v->enumerators));
	memset(l, 0, sizeof(*l));
	l->page_shift = 12;
	target = synth_open(&s);
	err = hwp_layout_resolve(l, target, needs);
	hwp_target_destroy(target);
	return err;
}

static void resolve_well(const struct variant *v, struct hwp_layout *l)
{
	struct hwp_error *err = resolve(v, l);

	if (err)
		fail_msg("%s", err->message);
	/* What is asserted is plain data. */
	hwp_layout_deinit(l);
}

static void assert_refused(const struct variant *v, enum hwp_error_code code, const char *words)
{
	struct hwp_layout l;
	struct hwp_error *err = resolve(v, &l);

	assert_non_null(err);
	if (err->code != code || !strstr(err->message, words))
		fail_msg("%d: %s", err->code, err->message);
	hwp_error_destroy(err);
	hwp_layout_deinit(&l);
}

/** include/linux/page-flags.h of each time. */
static void page_types(void **state)
{
	/* Macros; VMCOREINFO has the type word as a signed number, of two of them. */
	static const struct variant v61 = { FLAGS_1, .vmcoreinfo = BUDDY_81
						     "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)=-257\n" };
	/* A bit more before them. */
	static const struct variant v510 = {
		.members = { MEMBER("folio", "_flags_1", 64, 8),
			     MEMBER("page", "mem_cgroup", 56, 8) },
		.vmcoreinfo = BUDDY_81,
	};
	/* An enum of bits. */
	static const struct variant v610 = {
		FLAGS_1,
		.enumerators = { { "pagetype", "PG_buddy", 0x40000000 },
				 { "pagetype", "PG_offline", 0x20000000 },
				 { "pagetype", "PG_table", 0x10000000 },
				 { "pagetype", "PG_hugetlb", 0x04000000 } },
	};
	static const struct variant v612 = {
		FLAGS_1,
		.enumerators = { { "pagetype", "PGTY_buddy", 0xf0 },
				 { "pagetype", "PGTY_hugetlb", 0x1f4 },
				 { "pagetype", "PG_table", 7 } },
	};
	static const struct variant none = { FLAGS_1, .vmcoreinfo = "OSRELEASE=x\n" };
	struct hwp_layout l;

	(void)state;
	resolve_well(&v61, &l);
	assert_int_equal(l.type_scheme, HWP_TYPE_CLEARED_BIT);
	assert_int_equal(l.type_base, 0xf0000000);
	assert_int_equal(l.types[HWP_TYPE_BUDDY], 0x80);
	assert_int_equal(l.types[HWP_TYPE_OFFLINE], 0x100);
	assert_int_equal(l.types[HWP_TYPE_TABLE], 0x200);
	assert_int_equal(l.types[HWP_TYPE_GUARD], 0x400);
	assert_int_equal(l.types[HWP_TYPE_HUGETLB], 0);
	resolve_well(&v510, &l);
	assert_int_equal(l.type_base, 0xf0000000);
	assert_int_equal(l.types[HWP_TYPE_BUDDY], 0x80);
	assert_int_equal(l.types[HWP_TYPE_TABLE], 0x400);
	assert_int_equal(l.types[HWP_TYPE_GUARD], 0x800);
	resolve_well(&v610, &l);
	assert_int_equal(l.type_scheme, HWP_TYPE_CLEARED_BIT);
	assert_int_equal(l.type_base, 0x80000000);
	assert_int_equal(l.types[HWP_TYPE_BUDDY], 0x40000000);
	assert_int_equal(l.types[HWP_TYPE_TABLE], 0x10000000);
	assert_int_equal(l.types[HWP_TYPE_GUARD], 0);
	assert_int_equal(l.types[HWP_TYPE_HUGETLB], 0x04000000);
	resolve_well(&v612, &l);
	assert_int_equal(l.type_scheme, HWP_TYPE_TOP_BYTE);
	assert_int_equal(l.types[HWP_TYPE_BUDDY], 0xf0);
	/* A byte, and of this enum only. */
	assert_int_equal(l.types[HWP_TYPE_HUGETLB], 0xf4);
	assert_int_equal(l.types[HWP_TYPE_TABLE], 0);
	assert_refused(&none, HWP_ERROR_UNSUPPORTED, "missing: NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)");
}

static void hugetlb(void **state)
{
	/* v6.6 to v6.8 */
	static const struct variant flag = { FLAGS_1,
					     .vmcoreinfo = BUDDY_81 "NUMBER(PG_hugetlb)=8\n" };
	/* v6.2 to v6.5 */
	static const struct variant folio_dtor = {
		.members = { MEMBER("folio", "_flags_1", 64, 8),
			     MEMBER("folio", "_folio_dtor", 80, 1) },
		.vmcoreinfo = BUDDY_81 "NUMBER(HUGETLB_PAGE_DTOR)=2\n",
	};
	static const struct variant page_dtor = {
		.members = { MEMBER("folio", "_flags_1", 64, 8),
			     MEMBER("page", "compound_dtor", 16, 2) },
		.vmcoreinfo = BUDDY_81 "NUMBER(HUGETLB_PAGE_DTOR)=3\n",
	};
	static const struct variant no_dtor = {
		FLAGS_1,
		.vmcoreinfo = BUDDY_81 "NUMBER(HUGETLB_PAGE_DTOR)=2\n",
	};
	static const struct variant none = { FLAGS_1 };
	struct hwp_layout l;

	(void)state;
	resolve_well(&flag, &l);
	assert_int_equal(l.folio.hugetlb_scheme, HWP_HUGETLB_FLAG);
	assert_int_equal(l.folio.hugetlb_bit, 8);
	assert_int_equal(l.folio.dtor, HWP_ABSENT);
	resolve_well(&folio_dtor, &l);
	assert_int_equal(l.folio.hugetlb_scheme, HWP_HUGETLB_DTOR);
	assert_int_equal(l.folio.hugetlb_dtor, 2);
	assert_int_equal(l.folio.dtor, 80);
	assert_int_equal(l.folio.dtor_size, 1);
	assert_int_equal(l.folio.hugetlb_bit, HWP_ABSENT);
	/* In the struct page of the first tail. */
	resolve_well(&page_dtor, &l);
	assert_int_equal(l.folio.hugetlb_dtor, 3);
	assert_int_equal(l.folio.dtor, 64 + 16);
	assert_int_equal(l.folio.dtor_size, 2);
	assert_refused(&no_dtor, HWP_ERROR_UNSUPPORTED,
		       "missing: folio._folio_dtor page.compound_dtor");
	/* CONFIG_HUGETLB_PAGE=n */
	resolve_well(&none, &l);
	assert_int_equal(l.folio.hugetlb_scheme, HWP_HUGETLB_PAGE_TYPE);
	assert_int_equal(l.types[HWP_TYPE_HUGETLB], 0);
}

static void orders_and_mappings(void **state)
{
	static const struct {
		struct variant v;
		uint32_t order, flags_1, entire_mapcount;
	} rows[] = {
		{ { .members = { MEMBER("folio", "_flags_1", 64, 8) } }, 64, 64, HWP_ABSENT },
		{ { .members = { MEMBER("folio", "_flags_1", 64, 8),
				 MEMBER("folio", "_folio_order", 81, 1) } },
		  81,
		  64,
		  HWP_ABSENT },
		/* To v6.1; PG_has_hwpoisoned is in the flags of the first tail all the same. */
		{ { .members = { MEMBER("page", "compound_order", 17, 1),
				 MEMBER("page", "compound_mapcount", 20, 4) } },
		  64 + 17,
		  64,
		  64 + 20 },
		{ { .members = { MEMBER("page", "compound_order", 17, 1),
				 MEMBER("page", "compound_mapcount", 20, 4),
				 MEMBER("folio", "_entire_mapcount", 88, 4) } },
		  64 + 17,
		  64,
		  88 },
	};
	static const struct variant none = { .members = { SIZE("folio", 256) } };
	struct variant lacking = none;
	struct hwp_layout l;

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		print_message("# row %zu\n", i);
		resolve_well(&rows[i].v, &l);
		assert_int_equal(l.folio.order, rows[i].order);
		assert_int_equal(l.folio.flags_1, rows[i].flags_1);
		assert_int_equal(l.folio.entire_mapcount, rows[i].entire_mapcount);
	}
	assert_refused(&lacking, HWP_ERROR_UNSUPPORTED,
		       "missing: folio._flags_1 folio._folio_order page.compound_order");
}

/** A mask for a tail: with the member's new name, HVO, and a size that is a power of two. */
static void compound_words(void **state)
{
	static const struct {
		struct variant v;
		enum hwp_compound_scheme scheme;
	} rows[] = {
		{ { .members = { MEMBER("folio", "_flags_1", 64, 8) } },
		  HWP_COMPOUND_HEAD_POINTER },
		{ { .members = { MEMBER("folio", "_flags_1", 64, 8),
				 MEMBER("page", "compound_info", 8, 8) } },
		  HWP_COMPOUND_HEAD_POINTER },
		{ { .members = { MEMBER("folio", "_flags_1", 64, 8),
				 ARRAY("zone", "vmemmap_tails", 1680, 96, 12) } },
		  HWP_COMPOUND_HEAD_POINTER },
		{ { .members = { MEMBER("folio", "_flags_1", 64, 8),
				 MEMBER("page", "compound_info", 8, 8),
				 ARRAY("zone", "vmemmap_tails", 1680, 96, 12) } },
		  HWP_COMPOUND_INFO_MASK },
		{ { .members = { MEMBER("folio", "_flags_1", 64, 8), SIZE("page", 56),
				 MEMBER("page", "compound_info", 8, 8),
				 ARRAY("zone", "vmemmap_tails", 1680, 96, 12) } },
		  HWP_COMPOUND_HEAD_POINTER },
	};
	struct hwp_layout l;

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		print_message("# row %zu\n", i);
		resolve_well(&rows[i].v, &l);
		assert_int_equal(l.page.compound_scheme, rows[i].scheme);
	}
}

/** Node and zone stand at the top of page.flags, each as wide as it must be. */
static void fields(void **state)
{
	static const struct {
		struct variant v;
		unsigned int max_nodes, node_shift, node_width, zone_shift, zone_width;
	} rows[] = {
		{ { FLAGS_1, .vmcoreinfo = BUDDY_81 "LENGTH(node_data)=64\n" }, 64, 58, 6, 55, 3 },
		{ { FLAGS_1, .vmcoreinfo = BUDDY_81 "LENGTH(node_data)=65\n", .nr_zones = 4 },
		  65,
		  57,
		  7,
		  55,
		  2 },
		{ { FLAGS_1, .vmcoreinfo = BUDDY_81 "LENGTH(node_data)=65536\n" },
		  65536,
		  48,
		  16,
		  45,
		  3 },
		/* Nonsense is one node. */
		{ { FLAGS_1, .vmcoreinfo = BUDDY_81 "LENGTH(node_data)=65537\n" }, 1, 64, 0, 61, 3 },
		{ { FLAGS_1, .vmcoreinfo = BUDDY_81 "LENGTH(node_data)=0\n" }, 1, 64, 0, 61, 3 },
		{ { FLAGS_1 }, 1, 64, 0, 61, 3 },
		/* An array of one list for each node. */
		{ { .members = { MEMBER("folio", "_flags_1", 64, 8),
				 ARRAY("hstate", "hugepage_freelists", 0, 512, 32) } },
		  32,
		  59,
		  5,
		  56,
		  3 },
		{ { .members = { MEMBER("folio", "_flags_1", 64, 8),
				 ARRAY("hstate", "hugepage_freelists", 0, 512, 32) },
		    .vmcoreinfo = BUDDY_81 "LENGTH(node_data)=4\n" },
		  4,
		  62,
		  2,
		  59,
		  3 },
	};
	struct hwp_layout l;

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		print_message("# row %zu\n", i);
		resolve_well(&rows[i].v, &l);
		assert_int_equal(l.max_nodes, rows[i].max_nodes);
		assert_int_equal(l.field.node_shift, rows[i].node_shift);
		assert_int_equal(l.field.node_width, rows[i].node_width);
		assert_int_equal(l.field.zone_shift, rows[i].zone_shift);
		assert_int_equal(l.field.zone_width, rows[i].zone_width);
		assert_int_equal(l.pmd_order, 9);
	}
}

static void limits(void **state)
{
	static const struct variant most = { FLAGS_1, .nr_orders = 32, .nr_zones = 8 };
	static const struct variant orders = { FLAGS_1, .nr_orders = 33 };
	static const struct variant zones = { FLAGS_1, .nr_zones = 9 };
	static const struct variant large = { .members = { MEMBER("folio", "_flags_1", 64, 8),
							   SIZE("page", 512) } };
	static const struct variant too_large = { .members = { MEMBER("folio", "_flags_1", 64, 8),
							       SIZE("page", 513) } };
	struct hwp_layout l;

	(void)state;
	resolve_well(&most, &l);
	assert_int_equal(l.nr_orders, 32);
	assert_int_equal(l.max_zones, 8);
	assert_refused(&orders, HWP_ERROR_BAD_DATA, "zone.free_area has 33 orders");
	assert_refused(&zones, HWP_ERROR_BAD_DATA, "a node has 9 zones");
	resolve_well(&large, &l);
	assert_int_equal(l.page.size, 512);
	assert_refused(&too_large, HWP_ERROR_BAD_DATA, "struct page has 513 bytes");
}

static void migratetypes(void **state)
{
	static const struct variant v = {
		FLAGS_1, .enumerators = { { "migratetype", "MIGRATE_UNMOVABLE", 0 },
					  { "migratetype", "MIGRATE_MOVABLE", 1 },
					  { "migratetype", "MIGRATE_CMA", 15 },
					  { "migratetype", "MIGRATE_ISOLATE", 16 } }
	};
	struct hwp_layout l;

	(void)state;
	resolve_well(&v, &l);
	assert_string_equal(l.migratetype_names[0], "Unmovable");
	assert_string_equal(l.migratetype_names[1], "Movable");
	assert_string_equal(l.migratetype_names[2], "");
	assert_string_equal(l.migratetype_names[15], "CMA");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page_types),
		cmocka_unit_test(hugetlb),
		cmocka_unit_test(orders_and_mappings),
		cmocka_unit_test(compound_words),
		cmocka_unit_test(fields),
		cmocka_unit_test(limits),
		cmocka_unit_test(migratetypes),
	};

	return cmocka_run_group_tests_name("layout_variants", tests, NULL, NULL);
}
