// SPDX-License-Identifier: GPL-2.0-or-later
/** The layout from what a kernel says of itself, from less than that, and from lies. */
#include "types_73.h"

#include <cmocka.h>
#include <stdio.h>

#include "memmap/memmap.h"
#include "readers.h"

static struct hwp_error *create(const struct synth *s, struct hwp_layout **ret)
{
	struct hwp_target *target = synth_open(s);
	struct hwp_error *err = hwp_layout_create(target, hwp_readers, ret);

	hwp_target_destroy(target);
	return err;
}

static void of_73(void **state)
{
	struct hwp_layout *l;
	struct hwp_error *err = create(&kernel_types_73, &l);

	(void)state;
	if (err)
		print_message("# %s\n", err->message);
	assert_null(err);
	assert_int_equal(l->page.size, 64);
	assert_int_equal(l->page.compound, 8);
	assert_int_equal(l->page.type, 48);
	assert_int_equal(l->page.compound_scheme, HWP_COMPOUND_INFO_MASK);
	assert_int_equal(l->folio.order, 64);
	assert_int_equal(l->folio.hugetlb_scheme, HWP_HUGETLB_PAGE_TYPE);
	assert_int_equal(l->type_scheme, HWP_TYPE_TOP_BYTE);
	assert_int_equal(l->types[HWP_TYPE_BUDDY], 0xf0);
	assert_int_equal(l->types[HWP_TYPE_LARGE_KMALLOC], 0);
	assert_int_equal(l->flag.hwpoison, 21);
	assert_int_equal(l->flag.slab, HWP_ABSENT);
	/* 1024 nodes and 5 zones: nid = flags >> 54, zone = flags >> 51 & 7. */
	assert_int_equal(l->field.node_shift, 54);
	assert_int_equal(l->field.node_width, 10);
	assert_int_equal(l->field.zone_shift, 51);
	assert_int_equal(l->field.zone_width, 3);
	assert_int_equal(l->nr_orders, 11);
	assert_int_equal(l->pmd_order, 9);
	assert_true(l->has_memory_failure);
	assert_true(l->nr_rows > 0);
	hwp_layout_destroy(l);
	hwp_layout_destroy(NULL);
}

/** The 7.3 tables, to change. */
struct tables {
	struct synth_member members[HWP_ARRAY_SIZE(types_73)];
	struct synth_enumerator enumerators[HWP_ARRAY_SIZE(enumerators_73)];
	struct synth synth;
};

static struct tables *tables_create(void)
{
	struct tables *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	memcpy(t->members, types_73, sizeof(types_73));
	memcpy(t->enumerators, enumerators_73, sizeof(enumerators_73));
	t->synth = kernel_types_73;
	t->synth.members = t->members;
	t->synth.enumerators = t->enumerators;
	return t;
}

static struct synth_member *find_member(struct tables *t, const char *type, const char *member)
{
	for (struct synth_member *m = t->members; m->type; m++) {
		if (strcmp(m->type, type) == 0 && !m->member == !member &&
		    (!member || strcmp(m->member, member) == 0))
			return m;
	}
	fail_msg("no %s.%s", type, member);
	return NULL;
}

static void rename_member(struct tables *t, const char *type, const char *from, const char *to)
{
	find_member(t, type, from)->member = to;
}

/* All that is missing is reported at once. */
static void missing_together(void **state)
{
	struct tables *t = tables_create();
	struct hwp_layout *l;
	struct hwp_error *err;

	(void)state;
	rename_member(t, "page", "private", "x");
	rename_member(t, "zone", "name", "x");
	err = create(&t->synth, &l);
	assert_non_null(err);
	assert_non_null(strstr(err->message, "page.private"));
	assert_non_null(strstr(err->message, "zone.name"));
	hwp_error_destroy(err);
	free(t);
}

static void create_well(const struct tables *t, struct hwp_layout **ret)
{
	struct hwp_error *err = create(&t->synth, ret);

	if (err)
		fail_msg("%s", err->message);
}

static void variants(void **state)
{
	struct tables *t = tables_create();
	struct hwp_layout *l;

	(void)state;
	/* Before v7.1 the word was called compound_head and held a pointer. */
	rename_member(t, "page", "compound_info", "compound_head");
	create_well(t, &l);
	assert_int_equal(l->page.compound_scheme, HWP_COMPOUND_HEAD_POINTER);
	hwp_layout_destroy(l);
	free(t);

	/* v7.1 on without CONFIG_HUGETLB_PAGE_OPTIMIZE_VMEMMAP. */
	t = tables_create();
	rename_member(t, "zone", "vmemmap_tails", "x");
	create_well(t, &l);
	assert_int_equal(l->page.compound_scheme, HWP_COMPOUND_HEAD_POINTER);
	hwp_layout_destroy(l);
	free(t);

	/* To v6.1 the count of mappings was in the struct page of the first tail. */
	t = tables_create();
	create_well(t, &l);
	assert_int_equal(l->folio.entire_mapcount, HWP_ABSENT);
	hwp_layout_destroy(l);
	rename_member(t, "page", "mapping", "compound_mapcount");
	*find_member(t, "hstate", "order") = (struct synth_member)MEMBER("page", "mapping", 24, 8);
	create_well(t, &l);
	assert_int_equal(l->folio.entire_mapcount, 64 + 24);
	hwp_layout_destroy(l);
	free(t);

	/* v6.3 to v6.5: an order of its own. */
	t = tables_create();
	rename_member(t, "folio", "_nr_pages", "_folio_order");
	create_well(t, &l);
	assert_int_equal(l->folio.order, 120);
	hwp_layout_destroy(l);
	free(t);
}

/* CONFIG_MEMORY_FAILURE=n: no PG_hwpoison, and no memory_failure() either. */
static void no_memory_failure(void **state)
{
	static const struct synth_symbol symbols[] = { { "node_data", NODE_DATA }, {} };
	struct tables *t = tables_create();
	struct hwp_layout *l;
	struct hwp_error *err;

	(void)state;
	t->enumerators[0].name = "PG_something";
	/* A kernel that marks pages in a way unknown to us must not pass for one that cannot. */
	err = create(&t->synth, &l);
	assert_non_null(err);
	assert_non_null(strstr(err->message, "PG_hwpoison"));
	hwp_error_destroy(err);
	t->synth.symbols = symbols;
	create_well(t, &l);
	assert_false(l->has_memory_failure);
	hwp_layout_destroy(l);
	free(t);
}

/*
 * A kernel that has everything that some table names: the real one of types_73.h, and what
 * it lacks with made-up numbers.
 */
struct whole {
	struct synth_member members[HWP_ARRAY_SIZE(types_73) + 256];
	struct synth_enumerator enumerators[HWP_ARRAY_SIZE(enumerators_73) + 64];
	struct synth_symbol symbols[HWP_ARRAY_SIZE(symbols_73) + 64];
	size_t nr_members, nr_enumerators, nr_symbols;
	char names[1024][64];
	size_t nr_names;
	char vmcoreinfo[sizeof(vmcoreinfo_73)];
	struct synth synth;
};

static const char *name_of(struct whole *w, const char *s, size_t len)
{
	assert_true(w->nr_names < HWP_ARRAY_SIZE(w->names) && len < sizeof(w->names[0]));
	snprintf(w->names[w->nr_names], sizeof(w->names[0]), "%.*s", (int)len, s);
	return w->names[w->nr_names++];
}

static void add_member(struct whole *w, const char *path)
{
	const char *dot = strchr(path, '.');
	const char *type = name_of(w, path, strcspn(path, ".")), *member = dot ? dot + 1 : NULL;

	for (size_t i = 0; i < w->nr_members; i++) {
		const struct synth_member *m = &w->members[i];

		if (strcmp(m->type, type) == 0 && !m->member == !member &&
		    (!member || strcmp(m->member, member) == 0))
			return;
	}
	w->members[w->nr_members++] = (struct synth_member){ type, member, { 0, 64, 8 } };
}

static void add_enumerator(struct whole *w, const char *name)
{
	const char *colon = strchr(name, ':');

	for (size_t i = 0; i < w->nr_enumerators; i++) {
		if (strcmp(w->enumerators[i].name, colon + 1) == 0)
			return;
	}
	w->enumerators[w->nr_enumerators++] = (struct synth_enumerator){
		*name == ':' ? NULL : name_of(w, name, (size_t)(colon - name)), colon + 1, 1
	};
}

static void add_symbol(struct whole *w, const char *name)
{
	for (size_t i = 0; i < w->nr_symbols; i++) {
		if (strcmp(w->symbols[i].name, name) == 0)
			return;
	}
	w->symbols[w->nr_symbols++] = (struct synth_symbol){ name, NODE_DATA + 8 * w->nr_names };
}

/** The name by which the kernel has what @p need asks for: the newest that is no VMCOREINFO line. */
static const char *present(struct whole *w, const struct hwp_need *need)
{
	const char *s = need->names;
	size_t len = strcspn(s, " ");

	while (memchr(s, '(', len) && s[len])
		s += len + 1, len = strcspn(s, " ");
	return name_of(w, s, len);
}

static struct whole *whole_create(void)
{
	struct whole *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	memcpy(w->members, types_73, sizeof(types_73));
	memcpy(w->enumerators, enumerators_73, sizeof(enumerators_73));
	memcpy(w->symbols, symbols_73, sizeof(symbols_73));
	w->nr_members = HWP_ARRAY_SIZE(types_73) - 1;
	w->nr_enumerators = HWP_ARRAY_SIZE(enumerators_73) - 1;
	w->nr_symbols = HWP_ARRAY_SIZE(symbols_73) - 1;
	add_member(w, "page_owner");
	for (size_t t = 0; hwp_readers[t]; t++) {
		for (size_t i = 0; i < hwp_readers[t]->nr; i++) {
			const struct hwp_need *need = &hwp_readers[t]->rows[i];
			const char *name = present(w, need);

			if (need->kind == HWP_NEED_SYMBOL)
				add_symbol(w, name);
			else if (strchr(name, ':'))
				add_enumerator(w, name);
			else if (!strchr(name, '('))
				add_member(w, name);
		}
	}
	w->synth = (struct synth){ .members = w->members,
				   .enumerators = w->enumerators,
				   .symbols = w->symbols,
				   .vmcoreinfo = w->vmcoreinfo };
	return w;
}

/** Let the kernel not have @p name. */
static void lose(struct whole *w, const char *name)
{
	const char *colon = strchr(name, ':'), *line = vmcoreinfo_73;

	w->synth.lost = colon ? colon + 1 : name;
	w->vmcoreinfo[0] = '\0';
	for (; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n") + 1, used = strlen(w->vmcoreinfo);

		if (strncmp(line, name, strlen(name)) != 0 || line[strlen(name)] != '=')
			snprintf(w->vmcoreinfo + used, sizeof(w->vmcoreinfo) - used, "%.*s",
				 (int)len, line);
	}
}

/* Nothing works without these; without anything else something is found out less. */
static bool is_required(const char *name)
{
	static const char *const names[] = {
		"page",
		"page.flags",
		"page.compound_info",
		"page.lru",
		"page.mapping",
		"page.private",
		"page._mapcount",
		"page._refcount",
		"folio._flags_1",
		"pageflags:PG_hwpoison",
		"pageflags:PG_head",
		"pageflags:PG_reserved",
		"mem_section",
		"mem_section.section_mem_map",
		"NUMBER(SECTION_SIZE_BITS)",
		"NUMBER(MAX_PHYSMEM_BITS)",
		"zone",
		"zone.name",
		"zone.zone_start_pfn",
		"zone.spanned_pages",
		"zone.present_pages",
		"zone.free_area",
		"zone.per_cpu_pageset",
		"free_area",
		"free_area.free_list",
		"free_area.nr_free",
		"pglist_data.node_id",
		"pglist_data.node_zones",
		"pglist_data.nr_zones",
		"per_cpu_pages.count",
		"per_cpu_pages.lists",
	};

	for (size_t i = 0; i < HWP_ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

/* Before v5.4 one bit stood for both. */
static bool has_fallback(const char *name)
{
	return strcmp(name, "page_ext_flags:PAGE_EXT_OWNER_ALLOCATED") == 0;
}

/* One thing, and nothing else. */
static void assert_only_missing(struct hwp_error *err, const char *name)
{
	const char *missing;

	if (!err)
		fail_msg("without %s", name);
	print_message("# %s\n", err->message);
	assert_int_equal(err->code, HWP_ERROR_UNSUPPORTED);
	missing = strstr(err->message, "missing: ");
	assert_non_null(missing);
	assert_non_null(strstr(missing, name));
	assert_null(strchr(missing, ','));
	hwp_error_destroy(err);
}

/* Each thing that some reader needs is lost in turn. */
static void losses(void **state)
{
	struct whole *w = whole_create();
	unsigned int nr_required = 0;

	(void)state;
	for (size_t t = 0; hwp_readers[t]; t++) {
		for (size_t i = 0; i < hwp_readers[t]->nr; i++) {
			const struct hwp_need *need = &hwp_readers[t]->rows[i];
			const char *name = present(w, need);
			struct hwp_layout *l = NULL;
			struct hwp_error *err;
			bool can_do_without;

			lose(w, name);
			err = create(&w->synth, &l);
			if (is_required(name)) {
				nr_required++;
				assert_only_missing(err, w->synth.lost);
				continue;
			}
			if (err)
				fail_msg("without %s: %s", name, err->message);
			can_do_without = need->optional || has_fallback(name);
			if (hwp_readers[t]->size &&
			    can_do_without != (hwp_layout_of(l, hwp_readers[t]) != NULL))
				fail_msg("table %zu without %s", t, name);
			hwp_layout_destroy(l);
		}
	}
	assert_true(nr_required >= 31);
	free(w);
}

/* A kernel that has everything: every reader works. */
static void nothing_lost(void **state)
{
	struct whole *w = whole_create();
	struct hwp_layout *l = NULL;
	struct hwp_error *err;

	(void)state;
	lose(w, "");
	err = create(&w->synth, &l);
	if (err)
		fail_msg("%s", err->message);
	for (size_t t = 0; hwp_readers[t]; t++) {
		if (hwp_readers[t]->size && !hwp_layout_of(l, hwp_readers[t]))
			fail_msg("table %zu", t);
	}
	hwp_layout_destroy(l);
	free(w);
}

static struct tables *lie_with;

/* Resolve it, and use it as far as a memmap goes: no number may crash. */
static int use(const void *arg)
{
	struct hwp_target *target = synth_open(&lie_with->synth);
	struct hwp_memmap *memmap = NULL;
	struct hwp_layout *l = NULL;
	struct hwp_error *err = hwp_layout_create(target, hwp_readers, &l);
	uint64_t pfn;

	(void)arg;
	if (!err)
		err = hwp_memmap_create(target, l, &memmap);
	if (!err)
		hwp_memmap_pfn_of(memmap, 0xffd4000000004000, &pfn);
	hwp_error_destroy(err);
	hwp_memmap_destroy(memmap);
	hwp_layout_destroy(l);
	hwp_target_destroy(target);
	return 0;
}

/* Every offset, size and length in turn is nonsense. */
static void lies(void **state)
{
	static const uint64_t extremes[] = { 0,		 1,	    4095, 1 << 20, UINT32_MAX - 1,
					     UINT32_MAX, UINT64_MAX };
	char sections[2048 * 8 + 4096] = {};
	struct tables *t = tables_create();

	(void)state;
	/* One root of 256 sections, the first present, with a memmap, online, early. */
	synth_put(sections, 0, 0xff1100017fed2740 + 2048 * 8, 8);
	synth_put(sections, 2048 * 8, 0xffd400000000000f, 8);
	synth_add(&t->synth, 0xff1100017fed2740, sections, sizeof(sections));
	lie_with = t;
	assert_int_equal(synth_in_child(use, NULL, 10), 0);
	for (size_t i = 0; t->members[i].type; i++) {
		struct hwp_member saved = t->members[i].is;

		for (size_t n = 0; n < 3 * HWP_ARRAY_SIZE(extremes); n++) {
			struct hwp_member *m = &t->members[i].is;

			*m = saved;
			*(n % 3 == 0 ? &m->offset :
			  n % 3 == 1 ? &m->size :
				       &m->nr_elements) = extremes[n / 3];
			if (synth_in_child(use, NULL, 10) != 0)
				fail_msg("%s.%s: %llu %llu %llu", t->members[i].type,
					 t->members[i].member ? t->members[i].member : "",
					 (unsigned long long)m->offset, (unsigned long long)m->size,
					 (unsigned long long)m->nr_elements);
		}
		t->members[i].is = saved;
	}
	free(t);
}

/* A member that does not lie in its type is refused before anything reads it. */
static void outside_its_type(void **state)
{
	static const char *const members[][2] = {
		{ "page", "flags" },
		{ "page", "compound_info" },
		{ "page", "lru" },
		{ "page", "mapping" },
		{ "page", "private" },
		{ "page", "_mapcount" },
		{ "page", "_refcount" },
		{ "zone", "zone_start_pfn" },
		{ "zone", "spanned_pages" },
		{ "zone", "present_pages" },
		{ "zone", "managed_pages" },
		{ "zone", "name" },
		{ "mem_section", "section_mem_map" },
		{ "mem_section", "usage" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(members); i++) {
		struct tables *t = tables_create();
		uint64_t size = find_member(t, members[i][0], NULL)->is.size;
		struct synth_member *m = find_member(t, members[i][0], members[i][1]);

		for (uint64_t past = 0; past < 2; past++) {
			struct hwp_layout *l = NULL;
			struct hwp_error *err;

			m->is.offset = past ? size : size - m->is.size + 1;
			err = create(&t->synth, &l);
			if (!err)
				fail_msg("%s.%s at %llu of %llu", m->type, m->member,
					 (unsigned long long)m->is.offset,
					 (unsigned long long)size);
			hwp_error_destroy(err);
		}
		free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_73),	cmocka_unit_test(missing_together),
		cmocka_unit_test(variants),	cmocka_unit_test(no_memory_failure),
		cmocka_unit_test(nothing_lost), cmocka_unit_test(losses),
		cmocka_unit_test(lies),		cmocka_unit_test(outside_its_type),
	};

	return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
