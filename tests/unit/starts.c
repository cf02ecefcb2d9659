// SPDX-License-Identifier: GPL-2.0-or-later
/** When a process started that the log names: by the list of tasks, and by what is left in slabs. */
#include "machine.h"

#include <cmocka.h>

#include "facts/kernel/static_key.h"
#include "facts/owner/rmap.h"
#include "facts/owner/starts.h"

/* init_task, 16 more tasks, the cache, and what VMCOREINFO's symbols lead to. */
#define DATA UINT64_C(0xffffffff84000000)
#define TASK_SIZE 512
#define CACHE (DATA + 17 * TASK_SIZE)
#define CACHE_POINTER (CACHE + 64)
#define CLOCK (CACHE + 72)
#define KEY (CACHE + 80)
#define SLAB_PFN (MACHINE_START + 0x100)
#define SLAB_BYTES (64 * TASK_SIZE)

/** __gtod_offset: what the log's clock is ahead of CLOCK_MONOTONIC. */
#define OFFSET UINT64_C(500)
#define STARTED UINT64_C(7000000000)

enum {
	AT_TASKS = 16,
	AT_TGID = 40,
	AT_COMM = 48,
	AT_START = 64,
	AT_PARENT = 72,
	AT_CACHE_SIZE = 8,
	AT_CACHE_OO = 16,
	AT_SLAB_CACHE = 24,
};

static const struct synth_symbol symbols[] = { { "init_task", DATA },
					       { "task_struct_cachep", CACHE_POINTER },
					       { "__gtod_offset", CLOCK },
					       { "__sched_clock_stable", KEY },
					       {} };

struct scene {
	struct machine *m;
	char data[18 * TASK_SIZE];
	char slab[SLAB_BYTES];
	/** Where in struct slab the cache is. */
	uint64_t at_slab_cache;
	const char *lost;
};

static void put(struct scene *s, uint64_t address, uint64_t value)
{
	synth_put(s->data, address - DATA, value, 8);
}

static void write_task(char *task, uint32_t tgid, const char *comm, uint64_t parent)
{
	synth_put(task, AT_TGID, tgid, 4);
	memset(task + AT_COMM, 0, 16);
	memcpy(task + AT_COMM, comm, strlen(comm));
	synth_put(task, AT_START, STARTED, 8);
	synth_put(task, AT_PARENT, parent, 8);
}

/** The @p n-th task, at the end of the list; 0 is init_task. */
static uint64_t task(struct scene *s, unsigned int n, uint32_t tgid, const char *comm,
		     uint64_t parent)
{
	uint64_t address = DATA + (uint64_t)n * TASK_SIZE;

	write_task(s->data + n * TASK_SIZE, tgid, comm, parent);
	if (n)
		machine_list_add_tail(s->m, DATA + AT_TASKS, address + AT_TASKS);
	return address;
}

/** The page is the first of a slab of task_structs. */
static void mark_slab(struct scene *s, uint64_t pfn)
{
	void *page = machine_page(s->m, pfn);

	synth_put(page, s->at_slab_cache, CACHE, 8);
	synth_put(page, 48, 0xf5000000, 4);
}

/** Idle, one process that lives, and a slab whose object 3 is one that has ended. */
static struct scene *scene_create(void)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->m = machine_create(kernel_612);
	s->at_slab_cache = AT_SLAB_CACHE;
	synth_add(&s->m->synth, DATA, s->data, sizeof(s->data));
	synth_add(&s->m->synth, SLAB_PFN << 12, s->slab, sizeof(s->slab));
	machine_list_init(s->m, DATA + AT_TASKS);
	task(s, 0, 0, "swapper/0", DATA);
	task(s, 1, 31, "alive", DATA + 2 * TASK_SIZE);
	task(s, 2, 30, "parent", DATA);
	put(s, CLOCK, OFFSET);
	put(s, CACHE_POINTER, CACHE);
	synth_put(s->data, CACHE - DATA + AT_CACHE_SIZE, TASK_SIZE, 4);
	synth_put(s->data, CACHE - DATA + AT_CACHE_OO, 3 << 16 | 64, 4);
	mark_slab(s, SLAB_PFN);
	write_task(s->slab + 3 * TASK_SIZE, 40, "gone", DATA + 2 * TASK_SIZE);
	return s;
}

static void scene_destroy(struct scene *s)
{
	machine_destroy(s->m);
	free(s);
}

static void scene_resolve(struct scene *s)
{
	static const struct hwp_needs *const needs[] = { &hwp_starts_needs, &hwp_rmap_process_needs,
							 &hwp_static_key_needs, NULL };
	const struct synth_member members[] = { MEMBER("task_struct", "tasks", AT_TASKS, 16),
						MEMBER("task_struct", "tgid", AT_TGID, 4),
						ARRAY("task_struct", "comm", AT_COMM, 16, 16),
						MEMBER("task_struct", "start_time", AT_START, 8),
						MEMBER("task_struct", "real_parent", AT_PARENT, 8),
						MEMBER("task_struct", "group_leader", 80, 8),
						MEMBER("mm_struct", "owner", 0, 8),
						MEMBER("kmem_cache", "size", AT_CACHE_SIZE, 4),
						MEMBER("kmem_cache", "oo", AT_CACHE_OO, 4),
						MEMBER("slab", "slab_cache", s->at_slab_cache, 8),
						MEMBER("static_key", "enabled", 0, 4),
						{} };
	const struct synth synth = { .symbols = symbols, .members = members, .lost = s->lost };

	hwp_layout_deinit(&s->m->layout);
	synth_resolve(&synth, &s->m->layout, needs);
}

/** Look for the starts; the findings have the line that was added. */
static struct hwp_event *find(struct scene *s, int pid, const char *comm, uint64_t time_ns)
{
	struct hwp_event e = { .pid = pid, .time_ns = time_ns, .parent_pid = -2 };

	strcpy(e.comm, comm);
	if (!s->m->findings) {
		scene_resolve(s);
		machine_open(s->m);
	}
	s->m->findings->events.nr = 0;
	assert_true(hwp_vec_push(&s->m->findings->events, e));
	hwp_starts_find(s->m->target, &s->m->layout, s->m->reader, s->m->findings);
	return &s->m->findings->events.data[0];
}

static void assert_start(const struct hwp_event *e, int parent_pid)
{
	assert_true(e->has_start);
	assert_int_equal(e->start_ns, STARTED + OFFSET);
	assert_int_equal(e->parent_pid, parent_pid);
}

static void assert_unknown(const struct hwp_event *e)
{
	assert_false(e->has_start);
	assert_int_equal(e->start_ns, 0);
	assert_int_equal(e->parent_pid, -2);
}

#define LATE (2 * STARTED)

/** By pid and name, and only if it was there when the line was written. */
static void living(void **state)
{
	struct scene *s = scene_create();
	struct hwp_event *e;

	(void)state;
	assert_start(find(s, 31, "alive", LATE), 30);
	assert_start(find(s, 30, "parent", LATE), 0);
	assert_start(find(s, 31, "alive", STARTED + OFFSET + 1), 30);
	/* The line is older: the pid was another's. */
	assert_unknown(find(s, 31, "alive", STARTED + OFFSET));
	assert_unknown(find(s, 31, "others", LATE));
	assert_unknown(find(s, 32, "alive", LATE));
	assert_unknown(find(s, -1, "alive", LATE));
	/* pid 0 is no process. */
	assert_unknown(find(s, 0, "swapper/0", LATE));
	/* What is known already stays. */
	e = find(s, 31, "nobody", LATE);
	e->has_start = true;
	e->start_ns = 5;
	strcpy(e->comm, "alive");
	hwp_starts_find(s->m->target, &s->m->layout, s->m->reader, s->m->findings);
	assert_int_equal(e->start_ns, 5);
	scene_destroy(s);
}

/** Each line is looked for, however many name the process. */
static void several_lines(void **state)
{
	struct scene *s = scene_create();
	struct hwp_findings *f;

	(void)state;
	find(s, -1, "", 0);
	f = s->m->findings;
	for (size_t i = 0; i < 6; i++) {
		struct hwp_event e = { .pid = i % 3 ? 31 : 40, .time_ns = LATE };

		strcpy(e.comm, i % 3 ? "alive" : "gone");
		assert_true(hwp_vec_push(&f->events, e));
	}
	hwp_starts_find(s->m->target, &s->m->layout, s->m->reader, f);
	assert_false(f->events.data[0].has_start);
	for (size_t i = 1; i < f->events.nr; i++)
		assert_start(&f->events.data[i], 30);
	scene_destroy(s);
}

/** A clock that is stable may have been slewed: the start is the earliest that it can be. */
static void stable_clock(void **state)
{
	struct scene *s = scene_create();
	struct hwp_event *e;

	(void)state;
	put(s, KEY, 1);
	e = find(s, 31, "alive", LATE);
	assert_true(e->has_start);
	assert_int_equal(e->start_ns, STARTED + OFFSET - STARTED / 1000000 * 500);
	scene_destroy(s);
}

/** A list that is cut, or leads nowhere, ends; what came before was found. */
static void damaged_list(void **state)
{
	struct scene *s = scene_create();

	(void)state;
	put(s, DATA + TASK_SIZE + AT_TASKS, UINT64_C(0xffff000000000000));
	assert_start(find(s, 31, "alive", LATE), 30);
	assert_unknown(find(s, 30, "parent", LATE));
	/* It never comes back to init_task. */
	put(s, DATA + TASK_SIZE + AT_TASKS, DATA + TASK_SIZE + AT_TASKS);
	assert_unknown(find(s, 30, "parent", LATE));
	/* Its parent is nobody, or cannot be read. */
	put(s, DATA + TASK_SIZE + AT_PARENT, 0);
	assert_start(find(s, 31, "alive", LATE), -1);
	put(s, DATA + TASK_SIZE + AT_PARENT, UINT64_C(0xffff000000000000));
	assert_start(find(s, 31, "alive", LATE), -1);
	scene_destroy(s);
}

/** What an ended process left in its slab is found in a dump, if not too large. */
static void ended(void **state)
{
	struct scene *s = scene_create();

	(void)state;
	assert_start(find(s, 40, "gone", LATE), 30);
	s->m->findings->live = true;
	assert_unknown(find(s, 40, "gone", LATE));
	assert_start(find(s, 31, "alive", LATE), 30);
	s->m->findings->live = false;
	s->m->findings->coverage.nr_pages = UINT64_C(1) << 24;
	assert_start(find(s, 40, "gone", LATE), 30);
	s->m->findings->coverage.nr_pages++;
	assert_unknown(find(s, 40, "gone", LATE));
	scene_destroy(s);
}

/** The last object of a slab counts, and none behind it; so do all slabs, of this cache alone. */
static void which_objects(void **state)
{
	struct scene *s = scene_create();

	(void)state;
	write_task(s->slab + 63 * TASK_SIZE, 41, "last", 0);
	assert_start(find(s, 41, "last", LATE), -1);
	synth_put(s->data, CACHE - DATA + AT_CACHE_OO, 3 << 16 | 63, 4);
	assert_unknown(find(s, 41, "last", LATE));
	assert_start(find(s, 40, "gone", LATE), 30);
	scene_destroy(s);

	/* The struct page of the first page names the cache; what others hold there is stale. */
	s = scene_create();
	synth_put(machine_page(s->m, SLAB_PFN), 48, 0xffffffff, 4);
	assert_unknown(find(s, 40, "gone", LATE));
	scene_destroy(s);
	s = scene_create();
	synth_put(machine_page(s->m, SLAB_PFN), 8,
		  MACHINE_VMEMMAP + (SLAB_PFN - 1) * KERNEL_PAGE_SIZE + 1, 8);
	assert_unknown(find(s, 40, "gone", LATE));
	scene_destroy(s);
	s = scene_create();
	synth_put(machine_page(s->m, SLAB_PFN), AT_SLAB_CACHE, CACHE + 256, 8);
	assert_unknown(find(s, 40, "gone", LATE));
	scene_destroy(s);

	/* Pages before it that are not in the dump, or a slab that is not, do not end the search. */
	s = scene_create();
	synth_exclude(&s->m->synth, MACHINE_MAP, 4096);
	mark_slab(s, SLAB_PFN - 1);
	mark_slab(s, MACHINE_START + MACHINE_PAGES - 1);
	assert_start(find(s, 40, "gone", LATE), 30);
	scene_destroy(s);
}

/** A cache that cannot be believed is not used: its slabs are not looked for. */
static void bad_cache(void **state)
{
	static const struct {
		uint64_t pointer;
		uint32_t oo;
		uint64_t at_slab_cache;
		const char *lost;
		bool is_found;
	} rows[] = {
		{ CACHE, 6 << 16 | 64, AT_SLAB_CACHE, NULL, true },
		{ CACHE, 7 << 16 | 64, AT_SLAB_CACHE, NULL, false },
		{ CACHE, 6 << 16 | 65, AT_SLAB_CACHE, NULL, false },
		{ CACHE, 3 << 16 | 64, 56, NULL, true },
		/* The member does not lie in a struct page. */
		{ CACHE, 3 << 16 | 64, 57, NULL, false },
		{ 0, 3 << 16 | 64, AT_SLAB_CACHE, NULL, false },
		{ UINT64_C(0xffff000000000000), 3 << 16 | 64, AT_SLAB_CACHE, NULL, false },
		{ CACHE, 3 << 16 | 64, AT_SLAB_CACHE, "task_struct_cachep", false },
		{ CACHE, 3 << 16 | 64, AT_SLAB_CACHE, "kmem_cache.size", false },
		{ CACHE, 3 << 16 | 64, AT_SLAB_CACHE, "kmem_cache.oo", false },
		{ CACHE, 3 << 16 | 64, AT_SLAB_CACHE, "slab.slab_cache", false },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct scene *s = scene_create();

		s->at_slab_cache = rows[i].at_slab_cache;
		s->lost = rows[i].lost;
		put(s, CACHE_POINTER, rows[i].pointer);
		synth_put(s->data, CACHE - DATA + AT_CACHE_OO, rows[i].oo, 4);
		synth_put(machine_page(s->m, SLAB_PFN), AT_SLAB_CACHE, 0, 8);
		if (rows[i].at_slab_cache + 8 <= KERNEL_PAGE_SIZE)
			mark_slab(s, SLAB_PFN);
		if (rows[i].is_found)
			assert_start(find(s, 40, "gone", LATE), 30);
		else
			assert_unknown(find(s, 40, "gone", LATE));
		/* The list of tasks needs none of it. */
		assert_start(find(s, 31, "alive", LATE), 30);
		scene_destroy(s);
	}
}

/** Without the list, or without the log's clock, nothing is known. */
static void missing(void **state)
{
	static const char *const lost[] = { "init_task", "task_struct.real_parent", "__gtod_offset",
					    "static_key.enabled" };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(lost); i++) {
		struct scene *s = scene_create();

		s->lost = lost[i];
		assert_unknown(find(s, 31, "alive", LATE));
		assert_unknown(find(s, 40, "gone", LATE));
		scene_destroy(s);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(living),	cmocka_unit_test(several_lines),
		cmocka_unit_test(stable_clock), cmocka_unit_test(damaged_list),
		cmocka_unit_test(ended),	cmocka_unit_test(which_objects),
		cmocka_unit_test(bad_cache),	cmocka_unit_test(missing),
	};

	return cmocka_run_group_tests_name("starts", tests, NULL, NULL);
}
