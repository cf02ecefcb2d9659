// SPDX-License-Identifier: GPL-2.0-or-later
/** Who uses the pages of a folio that was freed: which are looked up, and which share an entry. */
#include "machine.h"

#include <cmocka.h>

#include "facts/owner/rmap.h"
#include "facts/pages/lookup.h"

#define START UINT64_C(0x1400)
#define ORDER 6
#define SLAB 0xf5000000
#define TABLE 0xf2000000

static void set_type(struct machine *m, uint64_t pfn, uint32_t type)
{
	synth_put(machine_page(m, pfn), 48, type, 4);
}

static void observe(struct machine *m, uint64_t pfn, uint64_t nr, enum hwp_observed what,
		    bool is_poisoned)
{
	const struct hwp_observed_run run = {
		.pfn = pfn, .nr_pages = nr, .what = what, .is_poisoned = is_poisoned
	};

	assert_true(hwp_vec_push(&m->findings->observed, run));
}

static struct machine *create(void)
{
	struct machine *m = machine_create(kernel_73);
	const struct hwp_folio folio = { .head_pfn = START,
					 .order = ORDER,
					 .kind = HWP_EXTENT_FREED };

	machine_open(m);
	assert_true(hwp_vec_push(&m->findings->folios, folio));
	m->findings->subject.page.pfn = START + 1;
	return m;
}

static struct hwp_findings *look(struct machine *m)
{
	struct hwp_collector c = { m->target, &m->layout, m->reader, &m->zones, m->findings };

	assert_null(hwp_lookup_subject(&c));
	assert_int_equal(m->findings->subject.page.pfn, START + 1);
	return m->findings;
}

static void assert_use(const struct hwp_findings *f, size_t i, uint64_t pfn, uint64_t nr,
		       enum hwp_use_kind kind)
{
	print_message("# use %zu\n", i);
	assert_true(i < f->uses.nr);
	assert_int_equal(f->uses.data[i].pfn, pfn);
	assert_int_equal(f->uses.data[i].nr_pages, nr);
	assert_int_equal(f->uses.data[i].kind, kind);
}

/* Single pages in a row of one kind are one entry; the end of the run ends it. */
static void single_pages(void **state)
{
	struct machine *m = create();
	struct hwp_findings *f;

	(void)state;
	set_type(m, START + 2, TABLE);
	set_type(m, START + 3, TABLE);
	set_type(m, START + 4, SLAB);
	synth_put(machine_page(m, START + 5), 0, MACHINE_FLAGS | 1 << 13, 8);
	/* Outside of what may be used. */
	set_type(m, START + 8, SLAB);
	observe(m, START, 8, HWP_OBSERVED_ACCOUNTED, false);
	observe(m, START + 8, 8, HWP_OBSERVED_FREE, false);
	observe(m, START + 16, 1, HWP_OBSERVED_MAY_HOLD, false);
	/* Behind the folio. */
	observe(m, START + 64, 4, HWP_OBSERVED_ACCOUNTED, false);
	f = look(m);
	assert_int_equal(f->uses.nr, 6);
	assert_use(f, 0, START, 2, HWP_USE_KERNEL);
	assert_use(f, 1, START + 2, 2, HWP_USE_PAGE_TABLE);
	assert_use(f, 2, START + 4, 1, HWP_USE_SLAB);
	assert_use(f, 3, START + 5, 1, HWP_USE_RESERVED);
	assert_use(f, 4, START + 6, 2, HWP_USE_KERNEL);
	assert_use(f, 5, START + 16, 1, HWP_USE_KERNEL);
	machine_destroy(m);
}

/* Healthy runs in a row are looked up as one; a poisoned page has an entry of its own. */
static void spans(void **state)
{
	struct machine *m = create();
	struct hwp_findings *f;

	(void)state;
	/* A page of the folio before is not looked up. */
	observe(m, START - 4, 4, HWP_OBSERVED_ACCOUNTED, false);
	observe(m, START, 4, HWP_OBSERVED_ACCOUNTED, false);
	observe(m, START + 4, 4, HWP_OBSERVED_MAY_HOLD, false);
	observe(m, START + 8, 1, HWP_OBSERVED_ACCOUNTED, true);
	observe(m, START + 9, 3, HWP_OBSERVED_ACCOUNTED, false);
	f = look(m);
	assert_int_equal(f->uses.nr, 3);
	assert_use(f, 0, START, 8, HWP_USE_KERNEL);
	assert_use(f, 1, START + 8, 1, HWP_USE_KERNEL);
	assert_use(f, 2, START + 9, 3, HWP_USE_KERNEL);
	machine_destroy(m);
}

/* A folio is an entry, from the page where the run enters it to where the run ends. */
static void folios(void **state)
{
	struct machine *m = create();
	const struct words head = { .flags = MACHINE_FLAGS | 1 << 6, .type = SLAB, .refcount = 1 };
	const struct words tail = { .flags = MACHINE_FLAGS,
				    .at_8 = -(UINT64_C(64) << 3) | 1,
				    .type = 0xffffffff };
	struct hwp_findings *f;

	(void)state;
	for (uint64_t pfn = START; pfn < START + 16; pfn++)
		put_words(machine_page(m, pfn), pfn % 8 ? &tail : &head);
	synth_put(machine_page(m, START + 1), 0, MACHINE_FLAGS | 3, 8);
	synth_put(machine_page(m, START + 9), 0, MACHINE_FLAGS | 3, 8);
	observe(m, START + 2, 10, HWP_OBSERVED_ACCOUNTED, false);
	f = look(m);
	assert_int_equal(f->uses.nr, 2);
	assert_use(f, 0, START + 2, 6, HWP_USE_SLAB);
	assert_int_equal(f->uses.data[0].head_pfn, START);
	assert_int_equal(f->uses.data[0].order, 3);
	assert_use(f, 1, START + 8, 4, HWP_USE_SLAB);
	assert_int_equal(f->uses.data[1].head_pfn, START + 8);
	machine_destroy(m);
}

/* A folio that exists is its own user. */
static void not_freed(void **state)
{
	struct machine *m = create();

	(void)state;
	m->findings->folios.data[0].kind = HWP_EXTENT_THP;
	observe(m, START, 8, HWP_OBSERVED_ACCOUNTED, false);
	assert_int_equal(look(m)->uses.nr, 0);
	machine_destroy(m);
}

#define OBJECTS UINT64_C(0xff11000100000000)
#define OBJECT(i) (OBJECTS + (i)*64)

/* Objects of 64 bytes: an anon_vma, its one anon_vma_chain, a VMA, its mm, its task. */
enum { ANON_VMA, CHAIN, VMA, MM, TASK, NR_OBJECTS };

static void put_object(char *objects, int i, size_t offset, uint64_t value)
{
	synth_put(objects, (size_t)i * 64 + offset, value, 8);
}

/** Anonymous memory of sh, pid 9; @p objects is there as long as @p m. */
static void add_process(struct machine *m, char *objects)
{
	static const struct hwp_needs *const needs[] = { &hwp_rmap_process_needs,
							 &hwp_rmap_anon_needs, NULL };
	static const struct synth_member types[] = { MEMBER("mm_struct", "owner", 0, 8),
						     MEMBER("task_struct", "group_leader", 0, 8),
						     MEMBER("task_struct", "tgid", 8, 4),
						     MEMBER("task_struct", "comm", 16, 16),
						     MEMBER("task_struct", "start_time", 32, 8),
						     MEMBER("anon_vma", "root", 0, 8),
						     MEMBER("anon_vma", "rb_root", 8, 16),
						     MEMBER("anon_vma_chain", "vma", 0, 8),
						     MEMBER("anon_vma_chain", "rb", 8, 24),
						     MEMBER("rb_node", "rb_right", 8, 8),
						     MEMBER("rb_node", "rb_left", 16, 8),
						     MEMBER("vm_area_struct", "anon_vma", 0, 8),
						     MEMBER("vm_area_struct", "vm_mm", 8, 8),
						     {} };
	const struct synth s = { .members = types };

	synth_resolve(&s, &m->layout, needs);
	put_object(objects, ANON_VMA, 0, OBJECT(ANON_VMA));
	put_object(objects, ANON_VMA, 8, OBJECT(CHAIN) + 8);
	put_object(objects, CHAIN, 0, OBJECT(VMA));
	put_object(objects, VMA, 0, OBJECT(ANON_VMA));
	put_object(objects, VMA, 8, OBJECT(MM));
	put_object(objects, MM, 0, OBJECT(TASK));
	put_object(objects, TASK, 0, OBJECT(TASK));
	put_object(objects, TASK, 8, 9);
	memcpy(objects + TASK * 64 + 16, "sh", 3);
	synth_add(&m->synth, OBJECTS, objects, NR_OBJECTS * 64);
}

static void assert_owner(const struct hwp_findings *f, size_t i, const char *comm)
{
	const struct hwp_owner *owner = &f->uses.data[i].owner;

	assert_int_equal(owner->found, comm != NULL);
	assert_string_equal(owner->comm, comm ? comm : "");
	assert_int_equal(owner->pid, comm ? 9 : 0);
}

/* Whose anonymous memory it is, page by page and as a folio; the rest is nobody's. */
static void owners(void **state)
{
	static const uint64_t anon = OBJECT(ANON_VMA) | 1, lru = 1 << 5;
	const struct words page = { .flags = MACHINE_FLAGS | lru, .mapping = anon, .refcount = 1 };
	const struct words left = {
		.flags = MACHINE_FLAGS, .mapping = anon, .type = 0xffffffff, .refcount = 1
	};
	const struct words file = { .flags = MACHINE_FLAGS | lru | 1 << 3,
				    .mapping = 0xff11000200000000,
				    .type = 0xffffffff,
				    .refcount = 2 };
	const struct words head = { .flags = MACHINE_FLAGS | 1 << 6 | lru,
				    .mapping = anon,
				    .type = 0xffffffff,
				    .refcount = 1 };
	const struct words huge = {
		.flags = MACHINE_FLAGS | 1 << 6, .mapping = anon, .type = 0xf4000000, .refcount = 1
	};
	const struct words tail = { .flags = MACHINE_FLAGS,
				    .at_8 = -(UINT64_C(64) << 2) | 1,
				    .type = 0xffffffff };
	char objects[NR_OBJECTS * 64] = {};
	struct machine *m = machine_create(kernel_73);
	const struct hwp_folio folio = { .head_pfn = START,
					 .order = ORDER,
					 .kind = HWP_EXTENT_FREED };
	struct hwp_findings *f;

	(void)state;
	add_process(m, objects);
	put_words(machine_page(m, START), &page);
	put_words(machine_page(m, START + 1), &page);
	put_words(machine_page(m, START + 2), &left);
	put_words(machine_page(m, START + 3), &file);
	for (uint64_t i = 4; i < 12; i++)
		put_words(machine_page(m, START + i), i == 4 ? &head : i == 8 ? &huge : &tail);
	synth_put(machine_page(m, START + 5), 0, MACHINE_FLAGS | 2, 8);
	synth_put(machine_page(m, START + 9), 0, MACHINE_FLAGS | 2, 8);
	machine_open(m);
	assert_true(hwp_vec_push(&m->findings->folios, folio));
	m->findings->subject.page.pfn = START + 1;
	observe(m, START, 16, HWP_OBSERVED_ACCOUNTED, false);
	f = look(m);
	assert_int_equal(f->uses.nr, 5);
	assert_use(f, 0, START, 3, HWP_USE_ANONYMOUS);
	assert_owner(f, 0, "sh");
	assert_use(f, 1, START + 3, 1, HWP_USE_FILE);
	assert_owner(f, 1, NULL);
	assert_use(f, 2, START + 4, 4, HWP_USE_ANONYMOUS);
	assert_owner(f, 2, "sh");
	assert_int_equal(f->uses.data[2].order, 2);
	assert_use(f, 3, START + 8, 4, HWP_USE_HUGETLB);
	assert_owner(f, 3, "sh");
	assert_use(f, 4, START + 12, 4, HWP_USE_KERNEL);
	assert_owner(f, 4, NULL);
	machine_destroy(m);
}

/* A struct page that is not there: the kernel's, as nothing says otherwise. */
static void unreadable(void **state)
{
	struct machine *m = machine_create(kernel_73);
	const struct hwp_folio folio = { .head_pfn = START,
					 .order = ORDER,
					 .kind = HWP_EXTENT_FREED };
	struct hwp_findings *f;

	(void)state;
	m->synth.segments[0].size = (START - MACHINE_START) * KERNEL_PAGE_SIZE;
	machine_open(m);
	assert_true(hwp_vec_push(&m->findings->folios, folio));
	m->findings->subject.page.pfn = START + 1;
	observe(m, START, 4, HWP_OBSERVED_ACCOUNTED, false);
	f = look(m);
	assert_int_equal(f->uses.nr, 1);
	assert_use(f, 0, START, 4, HWP_USE_KERNEL);
	assert_false(f->subject.page.was_read);
	machine_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_pages), cmocka_unit_test(spans),
		cmocka_unit_test(folios),	cmocka_unit_test(not_freed),
		cmocka_unit_test(owners),	cmocka_unit_test(unreadable),
	};

	return cmocka_run_group_tests_name("lookup", tests, NULL, NULL);
}
