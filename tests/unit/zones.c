// SPDX-License-Identifier: GPL-2.0-or-later
/** Nodes and zones, whole and damaged, and which zone a page is in. */
#include "kernels.h"

#include <cmocka.h>

#include "memmap/zones.h"

#define NODE_DATA UINT64_C(0xffffffff83d00000)
#define NODE(nid) (UINT64_C(0xff11000040000000) + (nid)*0x10000)
#define NAMES UINT64_C(0xffffffff82000000)
#define MAP UINT64_C(0xffd4000000000000)
#define MAX_NODES 4
#define MAX_ZONES 3
#define NODE_ZONES 128
#define ZONE_SIZE 64
#define NODE_SIZE (NODE_ZONES + MAX_ZONES * ZONE_SIZE)
#define NR_PAGES 0x40

enum { DMA, NORMAL, DEVICE };

static const struct synth_member types[] = {
	MEMBER("pglist_data", "nr_zones", 8, 4),
	MEMBER("pglist_data", "node_id", 12, 4),
	MEMBER("pglist_data", "node_start_pfn", 16, 8),
	MEMBER("pglist_data", "node_spanned_pages", 24, 8),
	ARRAY("pglist_data", "node_zones", NODE_ZONES, MAX_ZONES *ZONE_SIZE, MAX_ZONES),
	SIZE("zone", ZONE_SIZE),
	MEMBER("zone", "zone_start_pfn", 16, 8),
	MEMBER("zone", "managed_pages", 24, 8),
	MEMBER("zone", "spanned_pages", 32, 8),
	MEMBER("zone", "present_pages", 40, 8),
	MEMBER("zone", "name", 48, 8),
	{},
};

static const struct synth_symbol symbols[] = { { "node_data", NODE_DATA }, {} };

/** Node 0: DMA 0-0x10, Normal 0x10-0x30. Node 1: Normal 0x30-0x40. */
struct machine {
	struct synth synth;
	struct hwp_layout layout;
	uint64_t node_data[MAX_NODES];
	char nodes[MAX_NODES][NODE_SIZE];
	char names[64];
	char map[NR_PAGES][KERNEL_PAGE_SIZE];
	struct hwp_memmap memmap;
	struct hwp_target *target;
	struct hwp_page_reader *reader;
	struct hwp_zones *zones;
};

static char *zone_of(struct machine *m, unsigned int nid, unsigned int index)
{
	return m->nodes[nid] + NODE_ZONES + index * ZONE_SIZE;
}

static void put_zone(struct machine *m, unsigned int nid, unsigned int index, uint64_t start,
		     uint64_t spanned)
{
	char *zone = zone_of(m, nid, index);

	synth_put(zone, 16, start, 8);
	synth_put(zone, 24, spanned ? spanned - 2 : 0, 8);
	synth_put(zone, 32, spanned, 8);
	synth_put(zone, 40, spanned ? spanned - 1 : 0, 8);
	synth_put(zone, 48, NAMES + index * 16, 8);
}

/** page.flags that say so; 3 bits for the zone from bit 51, then 10 for the node. */
static void put_flags(struct machine *m, uint64_t pfn, uint64_t nid, uint64_t index)
{
	synth_put(m->map[pfn], 0, nid << 54 | index << 51 | 1, 8);
}

static struct machine *create(void)
{
	struct machine *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->synth.members = types;
	m->synth.symbols = symbols;
	for (unsigned int nid = 0; nid < MAX_NODES; nid++) {
		synth_put(m->nodes[nid], 8, 2, 4);
		synth_put(m->nodes[nid], 12, nid, 4);
		synth_add(&m->synth, NODE(nid), m->nodes[nid], NODE_SIZE);
	}
	m->node_data[0] = NODE(0);
	m->node_data[1] = NODE(1);
	strcpy(m->names, "DMA");
	strcpy(m->names + 16, "Normal");
	strcpy(m->names + 32, "Device");
	synth_add(&m->synth, NODE_DATA, m->node_data, sizeof(m->node_data));
	synth_add(&m->synth, NAMES, m->names, sizeof(m->names));
	synth_add(&m->synth, MAP, m->map, sizeof(m->map));
	put_zone(m, 0, DMA, 0, 0x10);
	put_zone(m, 0, NORMAL, 0x10, 0x20);
	put_zone(m, 1, NORMAL, 0x30, 0x10);
	for (uint64_t pfn = 0; pfn < NR_PAGES; pfn++)
		put_flags(m, pfn, pfn >= 0x30, pfn >= 0x10);
	return m;
}

static struct hwp_error *resolve(struct machine *m)
{
	static const struct hwp_needs *const needs[] = { &hwp_zones_needs, NULL };

	kernel_73(&m->layout);
	m->layout.max_nodes = MAX_NODES;
	m->layout.max_zones = MAX_ZONES;
	m->target = synth_open(&m->synth);
	return hwp_layout_resolve(&m->layout, m->target, needs);
}

static struct hwp_error *look(struct machine *m, bool online)
{
	const struct hwp_pfn_range range = { 0, NR_PAGES, MAP, online };

	assert_null(resolve(m));
	m->memmap.layout = &m->layout;
	m->memmap.nr_pages = NR_PAGES;
	m->memmap.is_contiguous = true;
	assert_true(hwp_vec_push(&m->memmap.ranges, range));
	assert_null(hwp_page_reader_create(m->target, &m->memmap, &m->reader));
	return hwp_zones_create(m->target, &m->layout, m->reader, &m->zones);
}

static void destroy(struct machine *m)
{
	hwp_zones_destroy(m->zones);
	hwp_page_reader_destroy(m->reader);
	hwp_vec_deinit(&m->memmap.ranges);
	hwp_target_destroy(m->target);
	hwp_layout_deinit(&m->layout);
	free(m);
}

/* What a node spans, of a kernel whose types show it. */
static void node_spans(void **state)
{
	static const char *const lost[] = { NULL, "pglist_data.node_start_pfn",
					    "pglist_data.node_spanned_pages" };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(lost); i++) {
		struct machine *m = create();

		synth_put(m->nodes[1], 16, 0x30, 8);
		synth_put(m->nodes[1], 24, 0x10, 8);
		m->synth.lost = lost[i];
		assert_null(look(m, true));
		assert_int_equal(m->zones->nodes.nr, 2);
		assert_int_equal(m->zones->nodes.data[1].has_span, i == 0);
		if (i == 0) {
			assert_int_equal(m->zones->nodes.data[0].end_pfn, 0);
			assert_int_equal(m->zones->nodes.data[1].start_pfn, 0x30);
			assert_int_equal(m->zones->nodes.data[1].end_pfn, 0x40);
		}
		destroy(m);
	}
}

static void assert_refused(struct machine *m, struct hwp_error *err, enum hwp_error_code code,
			   const char *words)
{
	assert_non_null(err);
	assert_null(m->zones);
	if (err->code != code || !strstr(err->message, words))
		fail_msg("%d: %s", err->code, err->message);
	hwp_error_destroy(err);
	destroy(m);
}

static void assert_zone(const struct hwp_zones *zones, size_t i, struct hwp_zone expected)
{
	const struct hwp_zone *z = &zones->zones.data[i];

	assert_true(i < zones->zones.nr);
	assert_int_equal(z->nid, expected.nid);
	assert_int_equal(z->index, expected.index);
	assert_string_equal(z->name, expected.name);
	assert_int_equal(z->address, NODE(z->nid) + NODE_ZONES + z->index * ZONE_SIZE);
	assert_int_equal(z->start_pfn, expected.start_pfn);
	assert_int_equal(z->end_pfn, expected.end_pfn);
	assert_int_equal(z->present_pages, expected.end_pfn - expected.start_pfn - 1);
	assert_int_equal(z->managed_pages, expected.managed_pages);
}

static void two_nodes(void **state)
{
	struct machine *m = create();
	const struct hwp_zone *z;

	(void)state;
	/* ZONE_DEVICE is beyond nr_zones, and overlaps. */
	put_zone(m, 1, DEVICE, 0x20, 8);
	assert_null(look(m, true));
	assert_int_equal(m->zones->nodes.nr, 2);
	assert_int_equal(m->zones->nodes.data[1].nid, 1);
	assert_int_equal(m->zones->nodes.data[1].address, NODE(1));
	assert_int_equal(m->zones->zones.nr, 4);
	assert_zone(m->zones, 0, (struct hwp_zone){ 0, DMA, "DMA", 0, 0, 0x10, 0, 0xe });
	assert_zone(m->zones, 1, (struct hwp_zone){ 0, NORMAL, "Normal", 0, 0x10, 0x30, 0, 0x1e });
	assert_zone(m->zones, 2, (struct hwp_zone){ 1, NORMAL, "Normal", 0, 0x30, 0x40, 0, 0xe });
	assert_zone(m->zones, 3, (struct hwp_zone){ 1, DEVICE, "Device", 0, 0x20, 0x28, 0, 6 });
	assert_true(m->zones->flags_hold_zone);
	/* Flags decide, whatever the spans. */
	z = hwp_zones_find(m->zones, &m->layout, 0x24, UINT64_C(1) << 54 | UINT64_C(2) << 51);
	assert_ptr_equal(z, &m->zones->zones.data[3]);
	z = hwp_zones_find(m->zones, &m->layout, 0x24, UINT64_C(1) << 51);
	assert_ptr_equal(z, &m->zones->zones.data[1]);
	/* Both must be right: node 0 has no Device, and there is no node 2. */
	assert_null(hwp_zones_find(m->zones, &m->layout, 0x24, UINT64_C(2) << 51));
	assert_null(hwp_zones_find(m->zones, &m->layout, 0x24, UINT64_C(2) << 54));
	destroy(m);
}

/** CONFIG_NUMA=n: one node, which the symbol is; and no managed_pages in the types. */
static void one_node(void **state)
{
	static const struct synth_symbol contig[] = { { "contig_page_data", NODE(0) }, {} };
	struct machine *m = create();

	(void)state;
	m->synth.symbols = contig;
	m->synth.lost = "zone.managed_pages";
	assert_null(look(m, true));
	assert_int_equal(m->zones->nodes.nr, 1);
	assert_int_equal(m->zones->zones.nr, 2);
	assert_zone(m->zones, 1, (struct hwp_zone){ 0, NORMAL, "Normal", 0, 0x10, 0x30, 0, 0 });
	destroy(m);
}

/** By spans where the flags say something else: the ends of a span, and two that overlap. */
static void by_spans(void **state)
{
	struct machine *m = create();

	(void)state;
	put_zone(m, 1, DEVICE, 0x20, 8);
	memset(m->map, 0, sizeof(m->map));
	assert_null(look(m, true));
	assert_false(m->zones->flags_hold_zone);
	assert_string_equal(hwp_zones_find(m->zones, &m->layout, 0, 0)->name, "DMA");
	assert_string_equal(hwp_zones_find(m->zones, &m->layout, 0xf, 0)->name, "DMA");
	assert_string_equal(hwp_zones_find(m->zones, &m->layout, 0x10, 0)->name, "Normal");
	assert_int_equal(hwp_zones_find(m->zones, &m->layout, 0x1f, 0)->nid, 0);
	assert_null(hwp_zones_find(m->zones, &m->layout, 0x20, 0));
	assert_null(hwp_zones_find(m->zones, &m->layout, 0x27, 0));
	assert_int_equal(hwp_zones_find(m->zones, &m->layout, 0x28, 0)->nid, 0);
	assert_int_equal(hwp_zones_find(m->zones, &m->layout, 0x30, 0)->nid, 1);
	assert_null(hwp_zones_find(m->zones, &m->layout, 0x40, 0));
	destroy(m);
}

/** More than four of five pages must agree; those that say nothing do not count. */
static void samples(void **state)
{
	static const struct {
		uint64_t nr_pages, nr_differ;
		bool online, holds;
	} rows[] = {
		{ 6, 0, true, true },	{ 6, 1, true, true },	{ 5, 1, true, false },
		{ 11, 2, true, true },	{ 10, 2, true, false }, { 1, 0, true, true },
		{ 6, 0, false, false },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct machine *m = create();

		print_message("# row %zu\n", i);
		m->node_data[1] = 0;
		put_zone(m, 0, DMA, 0, 0);
		put_zone(m, 0, NORMAL, 0x10, rows[i].nr_pages + 2);
		for (uint64_t n = 0; n < rows[i].nr_differ; n++)
			put_flags(m, 0x10 + n, 0, DMA);
		/* Two that were never set up. */
		memset(m->map[0x10 + rows[i].nr_pages], 0, KERNEL_PAGE_SIZE);
		memset(m->map[0x11 + rows[i].nr_pages], 0xff, KERNEL_PAGE_SIZE);
		assert_null(look(m, rows[i].online));
		assert_int_equal(m->zones->flags_hold_zone, rows[i].holds);
		destroy(m);
	}
}

/** A name that is no text, or not there, is the zone's number. */
static void names(void **state)
{
	struct machine *m = create();

	(void)state;
	m->names[1] = '\n';
	synth_put(zone_of(m, 0, NORMAL), 48, 0x1234, 8);
	m->node_data[1] = 0;
	assert_null(look(m, true));
	assert_string_equal(m->zones->zones.data[0].name, "zone0");
	assert_string_equal(m->zones->zones.data[1].name, "zone1");
	destroy(m);
	/* The first and the last printable character are text; those beside them are not. */
	m = create();
	strcpy(m->names, " ~");
	strcpy(m->names + 16, "\x7f");
	assert_null(look(m, true));
	assert_string_equal(m->zones->zones.data[0].name, " ~");
	assert_string_equal(m->zones->zones.data[1].name, "zone1");
	destroy(m);
}

static void nonsense(void **state)
{
	const uint64_t most = UINT64_C(1) << 52;
	struct machine *m;

	(void)state;
	m = create();
	put_zone(m, 0, NORMAL, most + 1, 0x10);
	assert_refused(m, look(m, true), HWP_ERROR_BAD_DATA,
		       "zones: node 0 zone 1: the zone's span is nonsense");
	m = create();
	put_zone(m, 0, NORMAL, 0x10, most + 1);
	assert_refused(m, look(m, true), HWP_ERROR_BAD_DATA, "the zone's span is nonsense");
	m = create();
	put_zone(m, 1, NORMAL, most, 1);
	assert_null(look(m, true));
	assert_int_equal(m->zones->zones.data[2].end_pfn, most + 1);
	destroy(m);
	m = create();
	synth_put(m->nodes[1], 12, MAX_NODES, 4);
	assert_refused(m, look(m, true), HWP_ERROR_BAD_DATA, "has id 4 and 2 zones");
	m = create();
	synth_put(m->nodes[1], 12, MAX_NODES - 1, 4);
	synth_put(m->nodes[1], 8, MAX_ZONES, 4);
	assert_null(look(m, true));
	assert_int_equal(m->zones->nodes.data[1].nid, MAX_NODES - 1);
	destroy(m);
	m = create();
	synth_put(m->nodes[1], 8, MAX_ZONES + 1, 4);
	assert_refused(m, look(m, true), HWP_ERROR_BAD_DATA, "has id 1 and 4 zones");
	/* A node twice, at one address or at two; one without memory may share its number. */
	m = create();
	m->node_data[2] = NODE(1);
	assert_refused(m, look(m, true), HWP_ERROR_BAD_DATA, "node_data lists node 1 twice");
	m = create();
	m->node_data[2] = NODE(2);
	synth_put(m->nodes[2], 12, 0, 4);
	put_zone(m, 2, NORMAL, 0x40, 0x10);
	assert_refused(m, look(m, true), HWP_ERROR_BAD_DATA, "node_data lists node 0 twice");
	m = create();
	m->node_data[2] = NODE(2);
	synth_put(m->nodes[2], 12, 0, 4);
	assert_null(look(m, true));
	destroy(m);
	m = create();
	m->node_data[2] = 0x1230;
	assert_refused(m, look(m, true), HWP_ERROR_FAULT, "zones: node at 0x1230: ");
	m = create();
	m->node_data[0] = m->node_data[1] = 0;
	assert_refused(m, look(m, true), HWP_ERROR_BAD_DATA, "zones: no zone has pages");
	m = create();
	m->synth.segments[1].size = NODE_SIZE - ZONE_SIZE - 1;
	assert_refused(m, look(m, true), HWP_ERROR_FAULT, "node 1 zone 1: ");
}

/** What the types lack, or cannot be. */
static void no_layout(void **state)
{
	struct synth_member big[HWP_ARRAY_SIZE(types)];
	static const struct synth_symbol none[] = { {} };
	struct machine *m = create();

	(void)state;
	m->synth.symbols = none;
	assert_refused(m, resolve(m), HWP_ERROR_UNSUPPORTED, "node_data or contig_page_data");
	memcpy(big, types, sizeof(types));
	big[5].is.size = 1 << 20;
	m = create();
	m->synth.members = big;
	assert_null(resolve(m));
	destroy(m);
	big[5].is.size++;
	m = create();
	m->synth.members = big;
	assert_refused(m, resolve(m), HWP_ERROR_BAD_DATA, "struct zone has 1048577 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(node_spans), cmocka_unit_test(two_nodes),
		cmocka_unit_test(one_node),   cmocka_unit_test(by_spans),
		cmocka_unit_test(samples),    cmocka_unit_test(names),
		cmocka_unit_test(nonsense),   cmocka_unit_test(no_layout),
	};

	return cmocka_run_group_tests_name("zones", tests, NULL, NULL);
}
