// SPDX-License-Identifier: GPL-2.0-or-later
/** Types from BTF, and blobs that lie. */
#include "btf_blob.h"

#include <cmocka.h>
#include <stdio.h>

static struct hwp_error *member(const struct hwp_provider *p, const char *type, const char *name,
				struct hwp_member *ret)
{
	return p->ops->member(p->arg, type, name, ret);
}

static void assert_member(const struct hwp_provider *p, const char *type, const char *name,
			  uint64_t offset, uint64_t size, uint64_t nr)
{
	struct hwp_member m = { 77, 77, 77 };
	struct hwp_error *err = member(p, type, name, &m);

	print_message("# %s.%s: %s\n", type, name ? name : "", err ? err->message : "found");
	assert_null(err);
	assert_int_equal(m.offset, offset);
	assert_int_equal(m.size, size);
	assert_int_equal(m.nr_elements, nr);
}

static void assert_no_member(const struct hwp_provider *p, const char *type, const char *name)
{
	struct hwp_member m = { 77, 77, 77 };
	struct hwp_error *err = member(p, type, name, &m);

	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_LOOKUP);
	hwp_error_destroy(err);
	/* What fails leaves its result alone. */
	assert_int_equal(m.offset, 77);
}

/** Something like struct page, struct zone and their enums. */
static struct blob *like_a_kernel(void)
{
	struct blob *b = blob_create();
	uint32_t u64 = blob_int(b, "unsigned long", 8), u32 = blob_int(b, "unsigned int", 4);
	uint32_t ptr = blob_type(b, "", BTF_KIND_PTR, 0, 0), head, flags, inner, lists, area, areas;

	head = blob_type(b, "list_head", BTF_KIND_STRUCT, 2, 16);
	blob_member(b, "next", ptr, 0);
	blob_member(b, "prev", ptr, 8);
	/* v6.18: memdesc_flags_t is a typedef of an unnamed struct. */
	flags = blob_type(b, "", BTF_KIND_STRUCT, 1, 8);
	blob_member(b, "f", u64, 0);
	flags = blob_type(b, "memdesc_flags_t", BTF_KIND_TYPEDEF, 0, flags);
	flags = blob_type(b, "", BTF_KIND_CONST, 0, flags);
	inner = blob_type(b, "", BTF_KIND_STRUCT, 2, 24);
	blob_member(b, "lru", head, 0);
	blob_member(b, "mapping", ptr, 16);
	inner = blob_type(b, "", BTF_KIND_UNION, 2, 24);
	blob_member(b, "", inner - 1, 0);
	blob_member(b, "compound_info", u64, 0);
	blob_type(b, "page", BTF_KIND_STRUCT, 3, 64);
	blob_member(b, "flags", flags, 0);
	blob_member(b, "", inner, 8);
	blob_member(b, "_refcount", u32, 52);
	lists = blob_array(b, head, 6);
	area = blob_type(b, "free_area", BTF_KIND_STRUCT, 2, 104);
	blob_member(b, "free_list", lists, 0);
	blob_member(b, "nr_free", u64, 96);
	areas = blob_array(b, area, 11);
	blob_type(b, "zone", BTF_KIND_STRUCT, 1, 1856);
	blob_member(b, "free_area", areas, 256);
	blob_type(b, "pageflags", BTF_KIND_ENUM, 2, 4);
	blob_enumerator(b, "PG_locked", 0);
	blob_enumerator(b, "PG_hwpoison", 21);
	blob_type(b, "", BTF_KIND_ENUM, 1, 4);
	blob_enumerator(b, "SECTION_MAP_LAST_BIT", 6);
	/* A struct and an enum of one name. */
	blob_type(b, "pagetype", BTF_KIND_STRUCT, 0, 8);
	blob_type(b, "pagetype", BTF_KIND_ENUM, 1, 4);
	blob_enumerator(b, "PGTY_buddy", 0xf0);
	blob_finish(b);
	return b;
}

static void lookups(void **state)
{
	struct blob *b = like_a_kernel();
	struct hwp_target *target;
	struct hwp_provider p;
	int64_t value;

	(void)state;
	assert_null(blob_open(b->bytes, b->size, &target, &p));
	assert_member(&p, "page", NULL, 0, 64, 0);
	assert_member(&p, "page", "flags", 0, 8, 0);
	assert_member(&p, "page", "flags.f", 0, 8, 0);
	/* Through unnamed members of unnamed members. */
	assert_member(&p, "page", "lru", 8, 16, 0);
	assert_member(&p, "page", "lru.prev", 16, 8, 0);
	assert_member(&p, "page", "mapping", 24, 8, 0);
	assert_member(&p, "page", "compound_info", 8, 8, 0);
	assert_member(&p, "page", "_refcount", 52, 4, 0);
	assert_member(&p, "zone", "free_area", 256, 1144, 11);
	assert_member(&p, "free_area", "free_list", 0, 96, 6);
	/* Into the element of an array. */
	assert_member(&p, "zone", "free_area.nr_free", 352, 8, 0);
	assert_no_member(&p, "page", "compound_head");
	assert_no_member(&p, "page", "lru.prev.next");
	assert_no_member(&p, "page", "flag");
	assert_no_member(&p, "page", "flagss");
	assert_no_member(&p, "page", "lru..prev");
	assert_no_member(&p, "folio", NULL);
	assert_no_member(&p, "pageflags", NULL);
	assert_no_member(&p, "", "f");
	assert_null(p.ops->enumerator(p.arg, "pageflags", "PG_hwpoison", &value));
	assert_int_equal(value, 21);
	assert_null(p.ops->enumerator(p.arg, NULL, "SECTION_MAP_LAST_BIT", &value));
	assert_int_equal(value, 6);
	assert_null(p.ops->enumerator(p.arg, "pagetype", "PGTY_buddy", &value));
	assert_int_equal(value, 0xf0);
	assert_member(&p, "pagetype", NULL, 0, 8, 0);
	hwp_error_destroy(p.ops->enumerator(p.arg, "pageflags", "PG_slab", &value));
	assert_int_equal(value, 0xf0);
	p.ops->destroy(p.arg);
	hwp_target_destroy(target);
	free(b);
}

/* Ask everything of a blob; whatever it answers, it answers. */
static void ask(const void *bytes, size_t size)
{
	static const char *const types[] = { "page", "zone",	  "free_area", "list_head",
					     "deep", "pageflags", "" };
	static const char *const members[] = { NULL,	  "flags",  "lru.prev", "free_area.nr_free",
					       "nothing", "a.a.a.a" };
	struct hwp_target *target;
	struct hwp_provider p;
	struct hwp_error *err = blob_open(bytes, size, &target, &p);
	int64_t value;

	for (size_t i = 0; !err && i < HWP_ARRAY_SIZE(types); i++) {
		for (size_t j = 0; j < HWP_ARRAY_SIZE(members); j++) {
			struct hwp_member m;

			hwp_error_destroy(member(&p, types[i], members[j], &m));
		}
		hwp_error_destroy(p.ops->enumerator(p.arg, types[i], "PG_hwpoison", &value));
	}
	if (!err) {
		hwp_error_destroy(p.ops->enumerator(p.arg, NULL, "PG_hwpoison", &value));
		p.ops->destroy(p.arg);
	}
	hwp_error_destroy(err);
	hwp_target_destroy(target);
}

static void truncated(void **state)
{
	struct blob *b = like_a_kernel();

	(void)state;
	for (size_t size = 0; size < b->size; size++) {
		char *exact = malloc(size ? size : 1);

		assert_non_null(exact);
		memcpy(exact, b->bytes, size);
		ask(exact, size);
		free(exact);
	}
	free(b);
}

/* Every word of it in turn becomes an extreme. */
static void every_word_wrong(void **state)
{
	static const uint32_t extremes[] = { 0,		 1,	     7,		 0x7fffffff,
					     0xffffffff, 0x0fffffff, 0x04ffffff, 0x84000002 };
	struct blob *b = like_a_kernel();

	(void)state;
	for (size_t at = 0; at + 4 <= b->size; at += 4) {
		char saved[4];

		memcpy(saved, b->bytes + at, 4);
		for (size_t i = 0; i < HWP_ARRAY_SIZE(extremes); i++) {
			synth_put(b->bytes, at, extremes[i], 4);
			ask(b->bytes, b->size);
		}
		memcpy(b->bytes + at, saved, 4);
	}
	free(b);
}

/* A typedef, a qualifier, an array and a struct that refer to themselves. */
static void self_reference(void **state)
{
	static const unsigned int kinds[] = { BTF_KIND_TYPEDEF, BTF_KIND_CONST, BTF_KIND_VOLATILE,
					      BTF_KIND_PTR, BTF_KIND_TYPE_TAG };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(kinds); i++) {
		struct blob *b = blob_create();

		blob_type(b, kinds[i] == BTF_KIND_TYPEDEF ? "loop" : "", kinds[i], 0, 1);
		blob_type(b, "deep", BTF_KIND_STRUCT, 2, 8);
		blob_member(b, "a", 1, 0);
		blob_member(b, "", 1, 0);
		blob_finish(b);
		ask(b->bytes, b->size);
		free(b);
	}
	for (int named = 0; named < 2; named++) {
		struct blob *b = blob_create();

		blob_array(b, 1, 1 << 20);
		blob_type(b, "deep", BTF_KIND_STRUCT, 2, 8);
		blob_member(b, "a", 1, 0);
		blob_member(b, named ? "a" : "", 2, 0);
		blob_finish(b);
		ask(b->bytes, b->size);
		free(b);
	}
}

static int ask_nested(const void *arg)
{
	unsigned int depth = *(const unsigned int *)arg;
	struct blob *b = blob_create();

	/* Each level holds the next one three times, without a name. */
	for (unsigned int i = 0; i < depth; i++) {
		blob_type(b, i ? "" : "deep", BTF_KIND_STRUCT, 3, 8);
		for (int n = 0; n < 3; n++)
			blob_member(b, "", i + 1 < depth ? i + 2 : 1, 0);
	}
	blob_finish(b);
	ask(b->bytes, b->size);
	free(b);
	return 0;
}

/* The work must be bounded, not the depth alone. */
static void deep_nesting(void **state)
{
	static const unsigned int depths[] = { 1, 2, 31, 33, 1000 };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(depths); i++)
		assert_int_equal(synth_in_child(ask_nested, &depths[i], 20), 0);
}

static void hostile_symbols(void **state)
{
	static const uint64_t ends[][2] = {
		{ BTF_START, BTF_START },
		{ BTF_START, BTF_START - 8 },
		{ 0, UINT64_MAX },
		{ BTF_START, BTF_START + (1 << 20) },
		{ 0, 64 },
	};
	char page[4096] = {};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(ends); i++) {
		struct synth_symbol symbols[] = { { "__start_BTF", ends[i][0] },
						  { "__stop_BTF", ends[i][1] },
						  {} };
		struct synth s = { .symbols = symbols };
		struct hwp_target *target;
		struct hwp_provider p = {};
		struct hwp_error *err;

		synth_add(&s, BTF_START, page, sizeof(page));
		target = synth_open(&s);
		err = hwp_btf_open(target, &p);
		assert_non_null(err);
		hwp_error_destroy(err);
		hwp_target_destroy(target);
	}
}

#define IMAGE_START UINT64_C(0xffffffff81000000)
#define IMAGE_SIZE ((size_t)1 << 20)

/** Open the BTF of an image of which no symbol says where its BTF is. */
static struct hwp_error *search_image(char *image, struct hwp_provider *p)
{
	struct synth_symbol symbols[] = { { "_stext", IMAGE_START }, {} };
	struct synth s = { .symbols = symbols,
			   .vmcoreinfo = "OSRELEASE=5.10.0\nPAGESIZE=4096\n"
					 "SYMBOL(_stext)=ffffffff81000000\n"
					 "SYMBOL(init_uts_ns)=ffffffff81100000\n" };
	struct hwp_target *target;
	struct hwp_error *err;

	synth_add(&s, IMAGE_START, image, IMAGE_SIZE / 2);
	synth_exclude(&s, IMAGE_START + IMAGE_SIZE / 2, 8192);
	synth_add(&s, IMAGE_START + IMAGE_SIZE / 2 + 8192, image + IMAGE_SIZE / 2 + 8192,
		  IMAGE_SIZE / 2 - 8192);
	target = synth_open(&s);
	err = hwp_btf_open(target, p);
	hwp_target_destroy(target);
	return err;
}

/* The section begins at any byte; the word of its magic is elsewhere too. */
static void by_search(void **state)
{
	static const size_t places[] = { 0, 4097, (256 << 10) - 3, 600001 };
	struct blob *b = blob_create();
	uint32_t number = blob_int(b, "unsigned long", 8);
	char *image = malloc(IMAGE_SIZE);

	(void)state;
	blob_type(b, "pglist_data", BTF_KIND_STRUCT, 1, 16);
	blob_member(b, "node_id", number, 8);
	blob_finish(b);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(places); i++) {
		struct hwp_provider p = {};
		struct hwp_member m;

		memset(image, 0xcc, IMAGE_SIZE);
		memcpy(image + 700000, b->bytes, 24);
		memcpy(image + 800001, b->bytes, b->size - 1);
		memcpy(image + IMAGE_SIZE - 10, b->bytes, 10);
		memcpy(image + places[i], b->bytes, b->size);
		assert_null(search_image(image, &p));
		assert_null(p.ops->member(p.arg, "pglist_data", "node_id", &m));
		assert_int_equal(m.offset, 8);
		p.ops->destroy(p.arg);
	}
	free(image);
	free(b);
}

static void search_in_vain(void **state)
{
	/* In the header, so that none of it can be believed. */
	static const struct {
		size_t at;
		uint32_t value;
	} damage[] = {
		{ 0, 0x0002eb9f }, { 4, 0 },	{ 4, 1 << 20 },	 { 8, 1 << 20 },
		{ 12, 0 },	   { 16, ~0u }, { 20, 1 << 20 }, { 20, 4 },
	};
	struct blob *b = blob_create();
	char *image = malloc(IMAGE_SIZE);

	(void)state;
	blob_type(b, "pglist_data", BTF_KIND_STRUCT, 0, 16);
	blob_finish(b);
	for (size_t i = 0; i <= HWP_ARRAY_SIZE(damage); i++) {
		struct hwp_provider p = {};
		struct hwp_error *err;

		memset(image, 0xcc, IMAGE_SIZE);
		memcpy(image + 5000, b->bytes, b->size);
		if (i < HWP_ARRAY_SIZE(damage))
			synth_put(image, 5000 + damage[i].at, damage[i].value, 4);
		else
			image[5000 + b->size - 1] = 'x';
		err = search_image(image, &p);
		assert_non_null(err);
		assert_int_equal(err->code, HWP_ERROR_LOOKUP);
		hwp_error_destroy(err);
	}
	free(image);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_search),	    cmocka_unit_test(search_in_vain),
		cmocka_unit_test(lookups),	    cmocka_unit_test(truncated),
		cmocka_unit_test(every_word_wrong), cmocka_unit_test(self_reference),
		cmocka_unit_test(deep_nesting),	    cmocka_unit_test(hostile_symbols),
	};

	return cmocka_run_group_tests_name("btf", tests, NULL, NULL);
}
