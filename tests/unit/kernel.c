// SPDX-License-Identifier: GPL-2.0-or-later
/** What a kernel's symbols and switches say of how it frees pages. */
#include "kernels.h"

#include <cmocka.h>

#include "facts/kernel/kernel.h"
#include "facts/kernel/static_key.h"

#define KEYS UINT64_C(0xffffffff84000000)
#define BYTES UINT64_C(0xffffffff85000000)

struct world {
	struct synth synth;
	struct synth_symbol symbols[12];
	size_t nr_symbols;
	uint32_t keys[16];
	uint8_t bytes[2];
	enum hwp_function function;
	bool has_functions, is_arm64;
};

static struct hwp_error *find_function(void *arg, const char *file, const char *name,
				       enum hwp_function *ret)
{
	const struct world *w = arg;

	assert_string_equal(file, "mm/page_alloc.c");
	assert_string_equal(name, "free_has_hwpoisoned");
	*ret = w->function;
	return NULL;
}

static void keep(void *arg)
{
	(void)arg;
}

static const struct hwp_provider_ops function_ops = {
	.name = "functions",
	.function = find_function,
	.destroy = keep,
};

/** A switch, as a static key or a bool. */
static void add(struct world *w, const char *symbol, uint64_t address)
{
	w->symbols[w->nr_symbols++] = (struct synth_symbol){ symbol, address };
}

static void look(struct world *w, struct hwp_findings *f)
{
	static const struct hwp_needs *const needs[] = { &hwp_kernel_needs, &hwp_static_key_needs,
							 NULL };
	static const struct synth_member members[] = { MEMBER("static_key", "enabled", 0, 4), {} };
	const struct hwp_provider functions = { &function_ops, w };
	struct hwp_layout l = { .has_memory_failure = true };
	struct hwp_target *target;

	w->synth.symbols = w->symbols;
	w->synth.members = members;
	w->synth.vmcoreinfo = w->is_arm64 ? "OSRELEASE=7.3.4\nNUMBER(kimage_voffset)=0x0\n" :
					    "OSRELEASE=7.3.4\n";
	synth_add(&w->synth, KEYS, w->keys, sizeof(w->keys));
	synth_add(&w->synth, BYTES, w->bytes, sizeof(w->bytes));
	target = synth_open(&w->synth);
	if (w->has_functions)
		hwp_target_set_functions(target, &functions);
	assert_null(hwp_layout_resolve(&l, target, needs));
	memset(f, 0, sizeof(*f));
	assert_null(hwp_kernel_facts_read(target, &l, f));
	assert_string_equal(f->kernel.release, "7.3.4");
	assert_true(f->kernel.has_memory_failure);
	assert_int_equal(f->kernel.keeps_poison_mapped, w->is_arm64);
	hwp_layout_deinit(&l);
	hwp_target_destroy(target);
}

/** The function itself, then debug information, then what the fix cannot be without. */
static void fix(void **state)
{
	static const struct {
		const char *symbols[2];
		enum hwp_function function;
		enum hwp_fix fix;
		const char *evidence;
	} rows[] = {
		{ { NULL },
		  HWP_FUNCTION_UNKNOWN,
		  HWP_FIX_ABSENT,
		  "no symbol free_prepared_contig_range, which the fix needs" },
		{ { "free_has_hwpoisoned" },
		  HWP_FUNCTION_UNKNOWN,
		  HWP_FIX_PRESENT,
		  "the symbol free_has_hwpoisoned" },
		{ { "free_has_hwpoisoned" },
		  HWP_FUNCTION_ABSENT,
		  HWP_FIX_PRESENT,
		  "the symbol free_has_hwpoisoned" },
		{ { "free_prepared_contig_range" },
		  HWP_FUNCTION_UNKNOWN,
		  HWP_FIX_UNKNOWN,
		  "no symbol free_has_hwpoisoned, which may be inlined; no release of Linux up to 7.3 "
		  "has it" },
		{ { "__free_prepared_contig_range" },
		  HWP_FUNCTION_UNKNOWN,
		  HWP_FIX_UNKNOWN,
		  "no symbol free_has_hwpoisoned, which may be inlined; no release of Linux up to 7.3 "
		  "has it" },
		{ { "__free_contig_range_common" },
		  HWP_FUNCTION_UNKNOWN,
		  HWP_FIX_UNKNOWN,
		  "no symbol free_has_hwpoisoned, which may be inlined; no release of Linux up to 7.3 "
		  "has it" },
		{ { "free_prepared_contig_range" },
		  HWP_FUNCTION_INLINED,
		  HWP_FIX_PRESENT,
		  "free_has_hwpoisoned is inlined, by the debug information" },
		{ { "free_prepared_contig_range" },
		  HWP_FUNCTION_COMPILED,
		  HWP_FIX_PRESENT,
		  "free_has_hwpoisoned is compiled, by the debug information" },
		{ { "free_prepared_contig_range" },
		  HWP_FUNCTION_ABSENT,
		  HWP_FIX_ABSENT,
		  "the debug information of mm/page_alloc.c has no free_has_hwpoisoned, compiled "
		  "or inlined" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct world w = { .function = rows[i].function,
				   .has_functions = rows[i].function != HWP_FUNCTION_UNKNOWN };
		struct hwp_findings f;

		print_message("# row %zu\n", i);
		for (size_t n = 0; n < 2 && rows[i].symbols[n]; n++)
			add(&w, rows[i].symbols[n], BYTES);
		look(&w, &f);
		assert_int_equal(f.kernel.fix, rows[i].fix);
		assert_string_equal(f.kernel.fix_evidence, rows[i].evidence);
		assert_false(f.kernel.frees_gigantic_whole);
	}
}

/** Each switch by its own symbol, and by no other. */
static void switches(void **state)
{
	static const struct {
		const char *symbol;
		size_t at;
	} rows[] = {
#define AT(field) offsetof(struct hwp_kernel_facts, field)
		{ "init_on_alloc", AT(init_on_alloc) },
		{ "init_on_free", AT(init_on_free) },
		{ "_page_poisoning_enabled", AT(page_poisoning) },
		{ "want_page_poisoning", AT(page_poisoning) },
		{ "_debug_pagealloc_enabled", AT(debug_pagealloc) },
		{ "page_owner_inited", AT(page_owner) },
		{ "kasan_flag_enabled", AT(kasan) },
		{ "check_pages_enabled", AT(check_pages) },
		{ "hugetlb_optimize_vmemmap_key", AT(hugetlb_vmemmap_optimized) },
#undef AT
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		for (uint32_t on = 0; on < 2; on++) {
			struct world w = {};
			struct hwp_findings f;

			print_message("# %s\n", rows[i].symbol);
			add(&w, rows[i].symbol, KEYS + 16);
			w.keys[4] = on;
			look(&w, &f);
			for (size_t n = 0; n < HWP_ARRAY_SIZE(rows); n++) {
				enum hwp_switch is = *(enum hwp_switch *)((char *)&f.kernel +
									  rows[n].at);
				bool always = strcmp(rows[n].symbol, "check_pages_enabled") == 0;

				assert_int_equal(is, rows[n].at == rows[i].at ?
							     (on ? HWP_ON : HWP_OFF) :
						     always ? HWP_ON :
							      HWP_NOT_BUILT);
			}
			assert_false(f.kernel.clocks_differ);
		}
	}
}

/** What is a bool, what is there or not, and what cannot be read. */
static void others(void **state)
{
	struct hwp_findings f;
	struct world w = {};

	(void)state;
	add(&w, "vmemmap_optimize_enabled", BYTES + 1);
	add(&w, "hugetlb_optimize_vmemmap_key", KEYS);
	add(&w, "split_large_buddy", 1);
	add(&w, "kasan_report", 1);
	add(&w, "__sched_clock_stable", KEYS);
	w.bytes[1] = 1;
	look(&w, &f);
	w.is_arm64 = true;
	look(&w, &f);
	assert_int_equal(f.kernel.hugetlb_vmemmap_optimized, HWP_ON);
	assert_true(f.kernel.frees_gigantic_whole);
	assert_int_equal(f.kernel.kasan, HWP_ON);
	assert_true(f.kernel.clocks_differ);

	w = (struct world){};
	add(&w, "hugetlb_free_vmemmap_enabled", BYTES);
	add(&w, "__sched_clock_stable", KEYS);
	w.bytes[1] = 1;
	w.keys[0] = 1;
	look(&w, &f);
	assert_int_equal(f.kernel.hugetlb_vmemmap_optimized, HWP_OFF);
	assert_false(f.kernel.clocks_differ);

	w = (struct world){};
	add(&w, "vmemmap_optimize_enabled", 0x1000);
	add(&w, "check_pages_enabled", 0x2000);
	look(&w, &f);
	assert_int_equal(f.kernel.hugetlb_vmemmap_optimized, HWP_SWITCH_UNKNOWN);
	assert_int_equal(f.kernel.check_pages, HWP_SWITCH_UNKNOWN);
}

/** TAINT_BAD_PAGE ('B'), among others: 'D' and 'W' are beside it. */
static void taint(void **state)
{
	static const struct {
		uint32_t mask;
		enum hwp_answer found;
	} rows[] = {
		{ 0, HWP_ANSWER_NO },
		{ 1 << 5, HWP_ANSWER_YES },
		{ 1 << 4 | 1 << 6 | 1 << 7, HWP_ANSWER_NO },
		{ UINT32_MAX, HWP_ANSWER_YES },
	};
	struct hwp_findings f;
	struct world w = {};

	(void)state;
	look(&w, &f);
	assert_int_equal(f.kernel.found_bad_pages, HWP_ANSWER_UNKNOWN);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		w = (struct world){};
		add(&w, "tainted_mask", KEYS + 16);
		w.keys[4] = rows[i].mask;
		look(&w, &f);
		assert_int_equal(f.kernel.found_bad_pages, rows[i].found);
	}
	w = (struct world){};
	add(&w, "tainted_mask", 0x1000);
	look(&w, &f);
	assert_int_equal(f.kernel.found_bad_pages, HWP_ANSWER_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(fix), cmocka_unit_test(switches),
					    cmocka_unit_test(others), cmocka_unit_test(taint) };

	return cmocka_run_group_tests_name("kernel", tests, NULL, NULL);
}
