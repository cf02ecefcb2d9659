// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The lab's guest program: makes poisoned pages by known steps and writes down
 * what the kernel itself says about each of them.
 */
#ifndef HWP_GUEST_H
#define HWP_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Of the kernel that the guest runs; the lab compiles the program for it. */
#ifndef PAGE_SHIFT
#define PAGE_SHIFT 12
#endif
#define PAGE_SIZE (1UL << PAGE_SHIFT)
/* A THP is what one page of page table entries maps. */
#define THP_ORDER (PAGE_SHIFT - 3)
#define THP_PAGES (1 << THP_ORDER)
#define THP_SIZE (PAGE_SIZE << THP_ORDER)
#define HUGE_2M_ORDER (21 - PAGE_SHIFT)
#define HUGE_2M_PAGES (1 << HUGE_2M_ORDER)
#define NO_PFN UINT64_MAX

/* include/uapi/linux/kernel-page-flags.h and fs/proc/page.c */
#define KPF(name) (1ULL << KPF_##name)
enum {
	KPF_ERROR = 1,
	KPF_DIRTY = 4,
	KPF_LRU = 5,
	KPF_SLAB = 7,
	KPF_BUDDY = 10,
	KPF_MMAP = 11,
	KPF_ANON = 12,
	KPF_SWAPBACKED = 14,
	KPF_COMPOUND_HEAD = 15,
	KPF_COMPOUND_TAIL = 16,
	KPF_HUGE = 17,
	KPF_UNEVICTABLE = 18,
	KPF_HWPOISON = 19,
	KPF_NOPAGE = 20,
	KPF_THP = 22,
	KPF_OFFLINE = 23,
	KPF_PGTABLE = 26,
	KPF_RESERVED = 32,
};

/* What the steps of a scenario should have made of a page. */
struct poison {
	uint64_t pfn;
	const char *scenario;
	const char *wish; /* the state, when /proc does not show it */
	uint64_t base; /* the folio or block that was hit */
	unsigned int order;
	pid_t owner; /* the process that holds it at the end, or 0 */
	const char *path; /* the file that it is of, or NULL; its owner maps it */
	uint64_t kpf, kpf_after, kpf_drained; /* before and after the capture */
	uint64_t mapcount;
	uint64_t pattern; /* what the page holds in every word, or 0 */
	bool is_healed; /* unpoisoned: not in the list of poisoned pages */
};

#define MAX_POISONS 4096
extern struct poison poisons[MAX_POISONS];
extern int nr_poisons;

/* A folio that was freed, and its pages' /proc/kpageflags before the capture. */
struct extent {
	const char *scenario, *kind;
	uint64_t base;
	unsigned int order;
	uint64_t *kpf;
};

#define MAX_EXTENTS 16
extern struct extent extents[MAX_EXTENTS];
extern int nr_extents;

/* Where /proc shows a page. */
enum place {
	PLACE_NONE,
	PLACE_BUDDY,
	PLACE_PCP, /* said only when draining the per-CPU lists has put it in buddy */
	PLACE_OFFLINE,
	PLACE_RESERVED,
	PLACE_SLAB,
	PLACE_PGTABLE,
	PLACE_HUGETLB,
	PLACE_FOLIO,
	PLACE_MAPPED,
	PLACE_CHARGED,
};

/* A step in the history of a page, by the process that took it or saw it. */
struct step {
	uint64_t ns; /* since boot */
	uint64_t pfn;
	uint64_t base; /* the folio that the page was in, or NO_PFN */
	uint64_t start; /* when the process began, in ticks since boot, or 0 */
	unsigned int order;
	pid_t pid;
	char comm[16];
	char what[14];
	char text[96];
};

/* history.c: what happened to each page */
void history_open(void);
struct step *history_step(uint64_t pfn, const char *what);
struct step *history_error(uint64_t pfn, const char *via);
void history_result(struct step *step, int ret);
void history_took_page(uint64_t pfn, const char *as, uint64_t va, const char *path,
		       uint64_t offset);
int history_took(const char *as, const char *va, uint64_t nr);
void history_ends(pid_t pid);
const struct step *history_taker(uint64_t pfn);
const struct step *history_freed(uint64_t pfn);
bool history_was_free(uint64_t pfn);
uint64_t history_error_ns(uint64_t pfn);
void history_lines(void);

/* watch.c: where the pages are, and each change of it as a step */
void watch_open(void);
void watch_look(void);
void watch_drained(void);
void watch_extents(void);
enum place place_of(uint64_t pfn);
enum place watch_place(uint64_t pfn);
bool watch_in_use(uint64_t pfn);
const char *place_name(enum place place);
bool find_folio(uint64_t pfn, uint64_t *base, unsigned int *order);
bool is_noted(uint64_t pfn);

/* kpage.c: /proc/kpageflags and friends */
void kpage_open(void);
uint64_t kpf(uint64_t pfn);
uint64_t kpc(uint64_t pfn);
uint64_t kpage_cgroup(uint64_t pfn);
uint64_t max_pfn(void);
uint64_t va_pfn(pid_t pid, const void *va);
bool is_free_pfn(uint64_t pfn);
bool all_kpf(uint64_t base, uint64_t nr, uint64_t mask, uint64_t want);
uint64_t find_free_run(uint64_t nr, uint64_t low, uint64_t high);
void kpf_range(uint64_t base, uint64_t nr, uint64_t *to);
uint64_t *kpf_snapshot(void);

/* util.c */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int write_file(const char *path, const char *text);
long read_long(const char *path);
bool corrupt_pfn(uint64_t pfn);
/* What the last one returned: 0 or a negative errno. */
int corrupt_result(void);
bool madvise_poison(void *va);
void pin_cpu(int cpu);
void bind_node(int nid);
void nap_ms(int ms);
struct poison *note(const char *scenario, uint64_t pfn, const char *wish, uint64_t base,
		    unsigned int order, pid_t owner);
void restate(uint64_t base, unsigned int order, const char *scenario, const char *wish,
	     pid_t owner);

/* pages.c: small pages with holes between them, and what brings them together */
bool scatter_pages(void);
void compact_memory(void);

/* A child does its work, reports one value and stays alive until released. */
typedef uint64_t (*child_fn)(void *arg);
struct child {
	pid_t pid;
	uint64_t value;
	int go, answer;
};
struct child child_start(child_fn fn, void *arg);
uint64_t child_ask(struct child *child, char command);
void child_end(struct child *child);
void child_answer(uint64_t value);
extern uint64_t (*child_command)(char command);

/* Freed when all errors are in, since each error drains per-CPU lists. */
struct release {
	struct child child;
	int fd; /* to close instead, if not negative */
	uint64_t base;
	unsigned int order;
	const char *scenario;
	void (*then)(void);
};
void release_last(const struct release *release);
void release_all(void);

void *map_thp(int nr);
void *map_clean_thp(void);
void *map_huge(size_t size, int flags);
int pin_page(void *va);

/* thp.c: huge pages until one is at BASE; the process that has it, pid 0 for none */
struct child hunt(const char *name, uint64_t base, uint64_t bad);
extern char *thp_va; /* of the calling child */
uint64_t thp_split_mine(void);
uint64_t thp_leak(const char *name);
void drain_near(uint64_t base);

/* hugetlb.c */
uint64_t hugetlb_leak(const char *name);

/* take.c: what a child is given that takes bad pages from buddy, NR of them at most */
struct take {
	const char *name;
	uint64_t pfns[8];
	int nr;
};
uint64_t take_most(void *arg);
uint64_t take_small(void *arg);
uint64_t take_tables(void *arg);
uint64_t take_pipes(void *arg);
uint64_t take_ramfs(void *arg);
uint64_t take_tmpfs(void *arg);
void take_delete(const char *name);

/* state.c */
bool in_offline_block(uint64_t pfn);
bool is_device_memory(uint64_t pfn);
void state_text(const char *klog);
const char *state_of(const struct poison *p);
const char *last_action(uint64_t pfn);
int nid_of(uint64_t pfn);
const char *zone_of(uint64_t pfn);

/* truth.c */
void line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void truth_open(const char *path);
void truth_section(const char *name, const void *data, size_t size);
void truth_file(const char *name, const char *path);
void truth_memory(void);
void truth_drain(void);
void truth_after(void);
void truth_final(const char *scenarios, bool is_drained);
void truth_close(void);
void truth_freeze(void);

/* freeze.c: nothing runs until the host lets it */
void freeze(void);

/* secrets.c: what they are, said when the dump is made */
void secret_lines(void);

/* consume.c: waits for a machine check, by the name of a mode */
void consume(const char *mode);

/* busy.c: the load while dumps are made */
void busy_start(void);
void busy_end(void);

/* live.c: hwpoison itself, in the guest */
void live_start(void);
void live_reserve(void);
void live_check(void);

struct scenario {
	const char *name;
	const char *sentence;
	void (*run)(const char *name);
};
extern const struct scenario page_scenarios[], thp_scenarios[];
extern const struct scenario hugetlb_scenarios[], kernel_scenarios[];
extern const struct scenario fix_scenarios[], stress_scenarios[];
extern const struct scenario history_scenarios[], busy_scenarios[], secret_scenarios[];

#endif
