// SPDX-License-Identifier: GPL-2.0-or-later
/** What page_owner recorded, found by section or by node, and tables that are nonsense. */
#include "machine.h"

#include <cmocka.h>

#include "facts/owner/page_owner.h"

/* Linux 7.3's struct page_owner and page_ext_operations; sections of 128 MiB. */
#define SECTION_PAGES UINT64_C(0x8000)
#define EXT_SIZE 88
#define RECORD 8
#define NR_EXTS 16
#define SECTIONS UINT64_C(0xff11000070000000)
#define SECTION_SIZE 32
#define SECTION_PAGE_EXT 16
#define PAGE_EXT UINT64_C(0xff11000060000000)
#define VARIABLES UINT64_C(0xffffffff84000000)
#define NODE UINT64_C(0xff11000050000000)
#define PFN (MACHINE_START + 5)

static const char vmcoreinfo[] = "SYMBOL(mem_section)=ff1100006ffffff8\n"
				 "LENGTH(mem_section)=4096\n"
				 "NUMBER(SECTION_SIZE_BITS)=27\nNUMBER(MAX_PHYSMEM_BITS)=46\n";

static const struct synth_member types[] = {
	SIZE("mem_section", SECTION_SIZE),
	MEMBER("mem_section", "section_mem_map", 0, 8),
	MEMBER("mem_section", "page_ext", SECTION_PAGE_EXT, 8),
	MEMBER("pglist_data", "node_start_pfn", 8, 8),
	MEMBER("page_ext", "flags", 0, 8),
	MEMBER("page_ext_operations", "offset", 0, 8),
	SIZE("page_owner", 64),
	MEMBER("page_owner", "order", 0, 2),
	MEMBER("page_owner", "last_migrate_reason", 2, 2),
	MEMBER("page_owner", "gfp_mask", 4, 4),
	MEMBER("page_owner", "handle", 8, 4),
	MEMBER("page_owner", "free_handle", 12, 4),
	MEMBER("page_owner", "ts_nsec", 16, 8),
	MEMBER("page_owner", "free_ts_nsec", 24, 8),
	MEMBER("page_owner", "comm", 32, 16),
	MEMBER("page_owner", "pid", 48, 4),
	MEMBER("page_owner", "tgid", 52, 4),
	MEMBER("page_owner", "free_pid", 56, 4),
	MEMBER("page_owner", "free_tgid", 60, 4),
};
#define NR_TYPES HWP_ARRAY_SIZE(types)

struct tables {
	struct machine *m;
	struct hwp_node node;
	/** One root of sections, which is pointed to. */
	uint64_t root;
	char sections[4096];
	/** Of the pages from MACHINE_START on. */
	char exts[NR_EXTS][EXT_SIZE];
	/** page_ext_size; page_owner_ops. */
	uint64_t size, ops[4];
	/** struct pglist_data: node_page_ext, node_start_pfn. */
	uint64_t pglist[2];
	struct synth_member types[NR_TYPES + 1];
	/** FLATMEM, by its symbols. */
	bool is_flat;
};

static void layout_without(struct tables *t, const char *lost)
{
	static const struct synth_symbol symbols[] = { { "page_owner_inited", VARIABLES - 8 },
						       { "page_owner_ops", VARIABLES + 8 },
						       { "page_ext_size", VARIABLES },
						       { "mem_map", VARIABLES - 16 },
						       {} };
	static const struct synth_enumerator bits[] = { { "page_ext_flags", "PAGE_EXT_OWNER", 0 },
							{ "page_ext_flags",
							  "PAGE_EXT_OWNER_ALLOCATED", 1 },
							{ "migrate_reason", "MR_NEVER", 10 },
							{} };
	static const struct hwp_needs *const needs[] = { &hwp_memmap_needs, &hwp_page_owner_needs,
							 NULL };
	const struct synth s = { .vmcoreinfo = t->is_flat ? "" : vmcoreinfo,
				 .symbols = symbols,
				 .members = t->types,
				 .enumerators = bits,
				 .lost = lost };

	hwp_layout_deinit(&t->m->layout);
	synth_resolve(&s, &t->m->layout, needs);
}

static void layout(struct tables *t)
{
	layout_without(t, NULL);
}

/** Let struct page_owner have @p size bytes. */
static void resize(struct tables *t, uint64_t size)
{
	for (struct synth_member *m = t->types; m->type; m++) {
		if (strcmp(m->type, "page_owner") == 0 && !m->member)
			m->is.size = size;
	}
	layout(t);
}

static char *ext_of(struct tables *t, uint64_t pfn)
{
	return t->exts[pfn - MACHINE_START];
}

static void put_record(struct tables *t, uint64_t pfn, uint64_t flags, unsigned int order,
		       int16_t reason)
{
	char *ext = ext_of(t, pfn);

	synth_put(ext, 0, flags, 8);
	synth_put(ext, RECORD, order, 2);
	synth_put(ext, RECORD + 2, (uint16_t)reason, 2);
	synth_put(ext, RECORD + 4, 0x140dca, 4);
	synth_put(ext, RECORD + 8, 0x1c0007, 4);
	synth_put(ext, RECORD + 12, 0x1d0009, 4);
	synth_put(ext, RECORD + 16, UINT64_C(12345678901), 8);
	synth_put(ext, RECORD + 24, UINT64_C(11000000000), 8);
	memcpy(ext + RECORD + 32, "0123456789abcdefg", 16);
	synth_put(ext, RECORD + 48, 119, 4);
	synth_put(ext, RECORD + 52, 118, 4);
	synth_put(ext, RECORD + 56, 43, 4);
	synth_put(ext, RECORD + 60, 42, 4);
}

static uint64_t *page_ext_word(struct tables *t)
{
	/* pfn 0x1000 is in section 0. */
	return (uint64_t *)(void *)(t->sections + SECTION_PAGE_EXT);
}

static struct tables *create(void)
{
	struct tables *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->m = machine_create(kernel_73);
	memcpy(t->types, types, sizeof(types));
	layout(t);
	t->root = SECTIONS;
	t->size = EXT_SIZE;
	t->ops[0] = RECORD;
	*page_ext_word(t) = PAGE_EXT - EXT_SIZE * MACHINE_START;
	synth_add(&t->m->synth, SECTIONS - 8, &t->root, 8);
	synth_add(&t->m->synth, SECTIONS, t->sections, sizeof(t->sections));
	synth_add(&t->m->synth, PAGE_EXT, t->exts, sizeof(t->exts));
	synth_add(&t->m->synth, VARIABLES, &t->size, 8);
	synth_add(&t->m->synth, VARIABLES + 8, t->ops, sizeof(t->ops));
	synth_add(&t->m->synth, NODE, t->pglist, sizeof(t->pglist));
	t->m->synth.vmcoreinfo = vmcoreinfo;
	put_record(t, PFN, 3, 9, -1);
	return t;
}

static void destroy(struct tables *t)
{
	machine_destroy(t->m);
	free(t);
}

static struct hwp_poisoned look(struct tables *t, uint64_t pfn)
{
	struct hwp_poisoned p = { .pfn = pfn, .was_read = true };

	if (!t->m->target) {
		machine_open(t->m);
		t->node = (struct hwp_node){ .nid = 0, .address = NODE };
		assert_true(hwp_vec_push(&t->m->zones.nodes, t->node));
	}
	hwp_page_owner_read(t->m->target, &t->m->layout, &t->m->zones, &p);
	return p;
}

static void assert_none(struct tables *t, bool unreadable)
{
	struct hwp_page_owner o = look(t, PFN).page_owner;

	assert_false(o.found);
	assert_int_equal(o.unreadable, unreadable);
}

static void every_member(void **state)
{
	struct tables *t = create();
	struct hwp_page_owner o = look(t, PFN).page_owner;

	(void)state;
	assert_true(o.found && o.allocated && !o.migrated && !o.unreadable);
	assert_int_equal(o.order, 9);
	assert_int_equal(o.gfp_mask, 0x140dca);
	assert_int_equal(o.handle, 0x1c0007);
	assert_int_equal(o.free_handle, 0x1d0009);
	assert_int_equal(o.alloc_ns, UINT64_C(12345678901));
	assert_int_equal(o.free_ns, UINT64_C(11000000000));
	assert_int_equal(o.pid, 119);
	assert_int_equal(o.tgid, 118);
	assert_int_equal(o.free_pid, 43);
	assert_int_equal(o.free_tgid, 42);
	assert_string_equal(o.comm, "0123456789abcde");
	put_record(t, PFN, 1, 9, -1);
	assert_true(look(t, PFN).page_owner.found);
	assert_false(look(t, PFN).page_owner.allocated);
	put_record(t, PFN, 2, 9, -1);
	assert_none(t, false);
	destroy(t);
}

/* As of v5.4: order, the reason of the last migration, gfp_mask and two handles. */
static void members_that_are_not_there(void **state)
{
	struct tables *t = create();
	struct hwp_page_owner o;

	(void)state;
	resize(t, 16);
	o = look(t, PFN).page_owner;
	assert_true(o.found && o.allocated);
	assert_int_equal(o.order, 9);
	assert_int_equal(o.alloc_ns, 0);
	assert_int_equal(o.free_ns, 0);
	assert_int_equal(o.pid, -1);
	assert_int_equal(o.free_tgid, -1);
	assert_string_equal(o.comm, "");
	/* Before v5.4 a page has no second bit. */
	layout_without(t, "PAGE_EXT_OWNER_ALLOCATED");
	put_record(t, PFN, 1, 9, -1);
	assert_true(look(t, PFN).page_owner.allocated);
	resize(t, 64);
	assert_int_equal(look(t, PFN).page_owner.pid, 119);
	layout_without(t, "page_owner.pid");
	assert_int_equal(look(t, PFN).page_owner.pid, -1);
	assert_int_equal(look(t, PFN).page_owner.tgid, 118);
	layout_without(t, "page_owner.comm");
	assert_string_equal(look(t, PFN).page_owner.comm, "");
	resize(t, 1);
	assert_int_equal(look(t, PFN).page_owner.order, -1);
	destroy(t);
}

static void of_a_migrated_folio(void **state)
{
	struct tables *t = create();
	struct hwp_poisoned p;

	(void)state;
	put_record(t, PFN, 3, 0, 2);
	assert_true(look(t, PFN).page_owner.migrated);
	/* Only the head's record shows it. */
	put_record(t, PFN, 3, 3, -1);
	put_record(t, MACHINE_START, 3, 3, 0);
	assert_false(look(t, PFN).page_owner.migrated);
	p = look(t, PFN);
	p.folio = (struct hwp_folio_facts){ .kind = HWP_FOLIO_LARGE,
					    .head_pfn = MACHINE_START,
					    .order = 3 };
	hwp_page_owner_read(t->m->target, &t->m->layout, &t->m->zones, &p);
	assert_true(p.page_owner.migrated);
	destroy(t);

	/* MR_NEVER is 10 in v7.3; without it that is a reason. */
	t = create();
	put_record(t, PFN, 3, 0, 10);
	assert_false(look(t, PFN).page_owner.migrated);
	layout_without(t, "MR_NEVER");
	assert_true(look(t, PFN).page_owner.migrated);
	destroy(t);
}

/* Whatever is in memory that is no record accuses nobody. */
static void nonsense_record(void **state)
{
	static const struct {
		size_t at;
		unsigned int size;
		uint64_t value;
		bool unreadable;
	} rows[] = {
		{ RECORD, 2, 18, false }, /* a gigantic page */
		{ RECORD, 2, 29, true },
		{ 0, 8, UINT64_C(0xffff888000000003), true },
		{ RECORD + 16, 8, UINT64_C(8391176327736029301), true },
		{ RECORD + 24, 8, UINT64_C(18446744071580662320), true },
		{ RECORD + 48, 4, 4194304, false },
		{ RECORD + 48, 4, 4194305, true },
		{ RECORD + 52, 4, 0x80000000, true },
		{ RECORD + 56, 4, 1970299760, true },
		{ RECORD + 60, 4, 1952802677, true },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct tables *t = create();

		synth_put(ext_of(t, PFN), rows[i].at, rows[i].value, rows[i].size);
		print_message("# row %zu\n", i);
		if (rows[i].unreadable)
			assert_none(t, true);
		else
			assert_true(look(t, PFN).page_owner.found);
		destroy(t);
	}
}

static void no_page_ext(void **state)
{
	struct tables *t = create();
	uint64_t base = *page_ext_word(t);

	(void)state;
	*page_ext_word(t) = 0;
	assert_none(t, false);
	*page_ext_word(t) = base | 1;
	assert_none(t, false);
	*page_ext_word(t) = base;
	assert_true(look(t, PFN).page_owner.found);
	layout_without(t, "mem_section.page_ext");
	assert_none(t, false);
	destroy(t);
}

static void unreadable(void **state)
{
	struct tables *t = create();

	(void)state;
	/* Past the end of what there is; nowhere; no root; no section. */
	assert_true(look(t, MACHINE_START + NR_EXTS).page_owner.unreadable);
	*page_ext_word(t) = UINT64_C(0x1000);
	assert_none(t, true);
	t->root = 0;
	assert_none(t, true);
	t->root = SECTIONS;
	assert_true(look(t, UINT64_MAX).page_owner.unreadable);
	assert_true(look(t, UINT64_C(4096) * 128 * SECTION_PAGES).page_owner.unreadable);
	destroy(t);
}

static void nonsense(void **state)
{
	static const struct {
		uint64_t size, offset;
	} rows[] = {
		{ 0, 0 },
		{ 0, 8 },
		{ 64, 8 },
		{ EXT_SIZE, EXT_SIZE },
		{ EXT_SIZE, EXT_SIZE - 63 },
		{ EXT_SIZE, UINT64_MAX },
		{ EXT_SIZE, UINT64_MAX - 7 },
		{ 4097, 8 },
		{ UINT64_MAX, 8 },
		{ UINT64_C(1) << 63, 8 },
	};
	static const char *const needed[] = { "page_owner",	"PAGE_EXT_OWNER",
					      "page_ext.flags", "page_ext_operations.offset",
					      "page_ext_size",	"page_owner_ops" };
	struct tables *t = create();

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		t->size = rows[i].size;
		t->ops[0] = rows[i].offset;
		assert_none(t, true);
	}
	t->size = EXT_SIZE;
	t->ops[0] = RECORD;
	resize(t, 257);
	assert_none(t, true);
	resize(t, 64);
	assert_true(look(t, PFN).page_owner.found);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(needed); i++) {
		layout_without(t, needed[i]);
		assert_none(t, true);
	}
	destroy(t);
}

/* The array begins at the block of the highest order that holds the node's first page. */
static void flatmem(void **state)
{
	struct tables *t = create();

	(void)state;
	t->is_flat = true;
	layout(t);
	assert_none(t, false);
	/* In the place of the sections' pointer. */
	t->types[2] = (struct synth_member)MEMBER("pglist_data", "node_page_ext", 0, 8);
	layout(t);
	t->pglist[0] = PAGE_EXT;
	t->pglist[1] = MACHINE_START + 3;
	assert_true(look(t, PFN).page_owner.found);
	t->pglist[1] = MACHINE_START + 0x400;
	assert_none(t, false);
	t->pglist[0] = 0;
	assert_none(t, false);
	t->pglist[0] = 0x1000;
	t->pglist[1] = 0;
	assert_none(t, true);
	destroy(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_member),
		cmocka_unit_test(members_that_are_not_there),
		cmocka_unit_test(of_a_migrated_folio),
		cmocka_unit_test(nonsense_record),
		cmocka_unit_test(no_page_ext),
		cmocka_unit_test(unreadable),
		cmocka_unit_test(nonsense),
		cmocka_unit_test(flatmem),
	};

	return cmocka_run_group_tests_name("page_owner", tests, NULL, NULL);
}
