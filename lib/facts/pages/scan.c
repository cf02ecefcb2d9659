// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/scan.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "layout/page.h"
#include "target/target.h"

/** Pages of one unit of work: what 2 MiB of 64-byte struct pages describe. */
#define PAGES_PER_UNIT UINT64_C(32768)
/** Pages read at a time; what fails is read again page by page of the memmap. */
#define PAGES_PER_READ UINT64_C(4096)
#define MAX_THREADS 64
/** Pages that are passed over together where nothing is to be seen; divides PAGES_PER_READ. */
#define PAGES_PER_GLANCE 16
/** Holes that are kept; a dump that left out the memmap has millions. */
#define MAX_HOLES 64

struct scan {
	const struct hwp_memmap *memmap;
	const struct hwp_scan_options *options;
	/** Flagged pages to keep. */
	uint64_t max_flagged;
	struct hwp_plain_rule plain;
	/** Index into memmap->ranges and pages done there, handed out under lock. */
	pthread_mutex_t lock;
	size_t range;
	uint64_t next_pfn;
	atomic_uint_fast64_t nr_done;
	atomic_bool stop;
};

struct worker {
	struct scan *scan;
	/** Where it reads: the clone, or what hwp_scan() was given. */
	struct hwp_target *target, *clone;
	pthread_t thread;
	bool started;
	char *buf;
	hwp_pfn_vec flagged;
	struct hwp_coverage coverage;
	HWP_VEC(struct hwp_memmap_hole) holes;
	uint64_t nr_buddy_pages;
	struct hwp_free_heads_part heads;
	/** The free block that was last met: pages below this pfn follow its first. */
	uint64_t block_end_pfn;
	uint64_t nr_followers_in_use, first_follower_in_use;
	bool too_many;
	struct hwp_error *err;
};

struct unit {
	uint64_t start_pfn, end_pfn;
	const struct hwp_pfn_range *range;
};

static bool next_unit(struct scan *s, struct unit *ret)
{
	bool found = false;

	pthread_mutex_lock(&s->lock);
	while (s->range < s->memmap->ranges.nr && !found) {
		const struct hwp_pfn_range *r = &s->memmap->ranges.data[s->range];
		uint64_t start = s->next_pfn > r->start_pfn ? s->next_pfn : r->start_pfn;

		if (start >= r->end_pfn) {
			s->range++;
			continue;
		}
		ret->range = r;
		ret->start_pfn = start;
		ret->end_pfn = r->end_pfn - start > PAGES_PER_UNIT ? start + PAGES_PER_UNIT :
								     r->end_pfn;
		s->next_pfn = ret->end_pfn;
		found = true;
	}
	pthread_mutex_unlock(&s->lock);
	return found && !s->stop;
}

/** Struct pages that are not there, as far as they lie in one page of the memmap. */
static void note_hole(struct worker *w, const struct hwp_pfn_range *range, uint64_t pfn,
		      uint64_t nr)
{
	const struct hwp_layout *l = w->scan->memmap->layout;
	struct hwp_memmap_hole hole = { .start_pfn = pfn,
					.end_pfn = pfn + nr,
					.address = range->base + pfn * l->page.size };
	struct hwp_memmap_hole *last = w->holes.nr ? &w->holes.data[w->holes.nr - 1] : NULL;

	if (last && last->end_pfn == pfn &&
	    last->address >> l->page_shift == hole.address >> l->page_shift)
		last->end_pfn = pfn + nr;
	else if (w->holes.nr < MAX_HOLES && !hwp_vec_push(&w->holes, hole))
		w->err = hwp_error_no_memory();
}

/** Nobody holds a reference to a page in a free block, and none is part of a folio. */
static void look_at_follower(struct worker *w, const char *page, uint64_t pfn)
{
	const struct hwp_layout *l = w->scan->memmap->layout;

	if (hwp_page_refcount(l, page) == 0 && !hwp_page_is_tail(l, page))
		return;
	if (!w->nr_followers_in_use++ || pfn < w->first_follower_in_use)
		w->first_follower_in_use = pfn;
}

/** The first page of a free block: pages behind it follow it, and the list walk needs it again. */
static void look_at_head(struct worker *w, const char *page, uint64_t pfn)
{
	const struct hwp_layout *l = w->scan->memmap->layout;
	struct hwp_free_heads *heads = w->scan->options->heads;
	uint64_t order = hwp_page_private(l, page);

	if (order < l->nr_orders) {
		w->nr_buddy_pages += UINT64_C(1) << order;
		w->block_end_pfn = pfn + (UINT64_C(1) << order);
	}
	if (heads && order < l->nr_orders && hwp_page_refcount(l, page) == 0 &&
	    hwp_page_type(l, page) == HWP_TYPE_BUDDY)
		hwp_free_heads_add(heads, &w->heads,
				   &(struct hwp_free_head){ .pfn = pfn,
							    .next = hwp_page_lru_next(l, page),
							    .prev = hwp_page_lru_prev(l, page),
							    .flags = hwp_page_flags(l, page),
							    .order = (uint8_t)order });
}

static void look_at(struct worker *w, const char *page, const struct hwp_pfn_range *range,
		    uint64_t pfn)
{
	const struct hwp_layout *l = w->scan->memmap->layout;
	struct hwp_coverage *c = &w->coverage;
	bool online = range->online;

	if (hwp_page_is_missing(l, page)) {
		c->nr_zero += online;
		if (online)
			note_hole(w, range, pfn, 1);
		return;
	}
	if (hwp_page_is_uninitialised(l, page)) {
		c->nr_uninitialised += online;
		return;
	}
	if (online && hwp_page_is_buddy(l, page))
		look_at_head(w, page, pfn);
	else if (pfn < w->block_end_pfn)
		look_at_follower(w, page, pfn);
	if (!(hwp_page_flags(l, page) & w->scan->plain.hwpoison))
		return;
	if (w->flagged.nr >= w->scan->max_flagged)
		w->too_many = true;
	else if (!hwp_vec_push(&w->flagged, pfn))
		w->err = hwp_error_no_memory();
}

/** Most pages are passed over in groups, all of them within a free block or none. */
static void look_at_pages(struct worker *w, const char *pages, const struct hwp_pfn_range *range,
			  uint64_t pfn, uint64_t nr)
{
	const struct hwp_layout *l = w->scan->memmap->layout;
	uint32_t size = l->page.size;

	for (uint64_t i = 0; i < nr; i += PAGES_PER_GLANCE) {
		unsigned int n = nr - i < PAGES_PER_GLANCE ? (unsigned int)(nr - i) :
							     PAGES_PER_GLANCE;
		const char *group = pages + i * size;
		bool in_block = pfn + i < w->block_end_pfn;

		if ((!in_block || pfn + i + n <= w->block_end_pfn) &&
		    hwp_pages_are_plain(l, &w->scan->plain, group, n, in_block))
			continue;
		for (unsigned int k = 0; k < n; k++)
			look_at(w, group + (size_t)k * size, range, pfn + i + k);
	}
}

/** What a large read could not get is read by pages of the memmap, to lose as little as possible. */
static void read_lines(struct worker *w, const struct unit *u, uint64_t pfn, uint64_t nr)
{
	const struct hwp_layout *l = w->scan->memmap->layout;
	uint64_t line_size = UINT64_C(1) << l->page_shift, end_pfn = pfn + nr;
	uint32_t size = l->page.size;

	while (pfn < end_pfn) {
		uint64_t address = u->range->base + pfn * size;
		uint64_t n = (line_size - address % line_size + size - 1) / size;
		struct hwp_error *err;

		n = n < end_pfn - pfn ? n : end_pfn - pfn;
		err = hwp_target_read(w->target, HWP_KERNEL_VIRTUAL, address, w->buf, n * size,
				      NULL);
		if (err && u->range->online)
			note_hole(w, u->range, pfn, n);
		if (!err) {
			look_at_pages(w, w->buf, u->range, pfn, n);
			w->coverage.nr_read += u->range->online ? n : 0;
		} else if (hwp_error_catch(&err, HWP_ERROR_EXCLUDED)) {
			w->coverage.nr_excluded += u->range->online ? n : 0;
		} else {
			w->coverage.nr_faulted += u->range->online ? n : 0;
		}
		hwp_error_destroy(err);
		pfn += n;
	}
}

static void scan_unit(struct worker *w, const struct unit *u)
{
	uint32_t size = w->scan->memmap->layout->page.size;

	w->block_end_pfn = 0;
	for (uint64_t pfn = u->start_pfn; pfn < u->end_pfn && !w->err;) {
		uint64_t nr = u->end_pfn - pfn < PAGES_PER_READ ? u->end_pfn - pfn : PAGES_PER_READ;
		_cleanup_error_ struct hwp_error *err = hwp_target_read(w->target,
									HWP_KERNEL_VIRTUAL,
									u->range->base + pfn * size,
									w->buf, nr * size, NULL);

		if (err) {
			read_lines(w, u, pfn, nr);
		} else {
			look_at_pages(w, w->buf, u->range, pfn, nr);
			w->coverage.nr_read += u->range->online ? nr : 0;
		}
		pfn += nr;
	}
	w->scan->nr_done += u->end_pfn - u->start_pfn;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct unit u;

	while (next_unit(w->scan, &u)) {
		scan_unit(w, &u);
		if (w->err || w->too_many || hwp_target_is_interrupted(w->target))
			w->scan->stop = true;
	}
	return NULL;
}

/** The calling thread works too, and reports. */
static void work_and_report(struct worker *w)
{
	const struct hwp_scan_options *o = w->scan->options;
	struct unit u;

	while (next_unit(w->scan, &u)) {
		scan_unit(w, &u);
		if (w->err || w->too_many || hwp_target_is_interrupted(w->target))
			w->scan->stop = true;
		if (o->progress)
			o->progress(o->progress_arg, w->scan->nr_done, w->scan->memmap->nr_pages);
	}
}

/** The first worker is the calling thread: it may use @p target itself. */
static struct hwp_error *worker_init(struct worker *w, struct scan *s, struct hwp_target *target,
				     bool is_first)
{
	struct hwp_error *err;

	w->scan = s;
	w->buf = malloc(PAGES_PER_READ * s->memmap->layout->page.size);
	if (!w->buf)
		return hwp_error_no_memory();
	if (is_first && !hwp_target_has_reader(target)) {
		w->target = target;
		return NULL;
	}
	err = hwp_target_clone(target, &w->clone);
	w->target = w->clone;
	return err;
}

static void worker_deinit(struct worker *w)
{
	hwp_target_destroy(w->clone);
	hwp_vec_deinit(&w->flagged);
	hwp_vec_deinit(&w->holes);
	hwp_error_destroy(w->err);
	free(w->buf);
}

static int compare_pfns(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void hwp_pfns_sort(uint64_t *pfns, size_t nr)
{
	/* An empty vector has no data. */
	if (nr)
		qsort(pfns, nr, sizeof(*pfns), compare_pfns);
}

static int compare_holes(const void *a, const void *b)
{
	const struct hwp_memmap_hole *x = a, *y = b;

	return x->start_pfn < y->start_pfn ? -1 : x->start_pfn > y->start_pfn;
}

/** Units end where pages of the memmap do not: a hole may have been met by two workers. */
static void sort_holes(struct hwp_findings *f, unsigned int page_shift)
{
	struct hwp_memmap_hole *holes = f->memmap_holes.data;
	size_t nr = f->memmap_holes.nr, kept = 0;

	if (!nr)
		return;
	qsort(holes, nr, sizeof(*holes), compare_holes);
	for (size_t i = 1; i < nr; i++) {
		if (holes[i].start_pfn == holes[kept].end_pfn &&
		    holes[i].address >> page_shift == holes[kept].address >> page_shift)
			holes[kept].end_pfn = holes[i].end_pfn;
		else
			holes[++kept] = holes[i];
	}
	f->memmap_holes.nr = kept + 1 < MAX_HOLES ? kept + 1 : MAX_HOLES;
}

static struct hwp_error *merge(struct worker *w, hwp_pfn_vec *flagged, struct hwp_findings *f)
{
	struct hwp_error *err = w->err;

	w->err = NULL;
	for (size_t i = 0; i < w->flagged.nr && !err; i++) {
		if (flagged->nr >= w->scan->max_flagged)
			w->too_many = true;
		else if (!hwp_vec_push(flagged, w->flagged.data[i]))
			err = hwp_error_no_memory();
	}
	for (size_t i = 0; i < w->holes.nr && !err; i++) {
		if (!hwp_vec_push(&f->memmap_holes, w->holes.data[i]))
			err = hwp_error_no_memory();
	}
	f->coverage.nr_read += w->coverage.nr_read - w->coverage.nr_zero;
	f->coverage.nr_excluded += w->coverage.nr_excluded + w->coverage.nr_zero;
	f->coverage.nr_faulted += w->coverage.nr_faulted;
	f->coverage.nr_zero += w->coverage.nr_zero;
	f->coverage.nr_uninitialised += w->coverage.nr_uninitialised;
	f->nr_buddy_pages_in_memmap += w->nr_buddy_pages;
	if (w->nr_followers_in_use &&
	    (!f->nr_followers_in_use || w->first_follower_in_use < f->first_follower_in_use))
		f->first_follower_in_use = w->first_follower_in_use;
	f->nr_followers_in_use += w->nr_followers_in_use;
	f->too_many |= w->too_many;
	return err;
}

static unsigned int choose_threads(const struct hwp_scan_options *o, const struct hwp_memmap *m)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t useful = m->nr_pages / (4 * PAGES_PER_UNIT) + 1;
	unsigned int nr = o->nr_threads ? o->nr_threads : online > 0 ? (unsigned int)online : 1;

	if (!o->nr_threads && nr > useful)
		nr = (unsigned int)useful;
	return nr < MAX_THREADS ? nr : MAX_THREADS;
}

struct hwp_error *hwp_scan(struct hwp_target *target, const struct hwp_memmap *memmap,
			   const struct hwp_scan_options *options, hwp_pfn_vec *flagged,
			   struct hwp_findings *findings)
{
	struct scan s = { .memmap = memmap,
			  .options = options,
			  .lock = PTHREAD_MUTEX_INITIALIZER,
			  .plain = hwp_plain_rule(memmap->layout),
			  .max_flagged = findings->live ? HWP_MAX_POISONED_LIVE :
							  HWP_MAX_POISONED };
	unsigned int nr = choose_threads(options, memmap);
	struct worker workers[MAX_THREADS] = {};
	struct hwp_error *err;

	err = worker_init(&workers[0], &s, target, true);
	for (unsigned int i = 1; i < nr && !err; i++) {
		/* Fewer workers are slower, not wrong. */
		_cleanup_error_ struct hwp_error *refused = worker_init(&workers[i], &s, target,
									false);

		if (!refused)
			workers[i].started = pthread_create(&workers[i].thread, NULL, work,
							    &workers[i]) == 0;
	}
	if (!err)
		work_and_report(&workers[0]);
	for (unsigned int i = 1; i < nr; i++) {
		if (workers[i].started)
			pthread_join(workers[i].thread, NULL);
	}
	findings->coverage.nr_pages = memmap->nr_pages;
	for (unsigned int i = 0; i < nr; i++) {
		struct hwp_error *failed = merge(&workers[i], flagged, findings);

		if (err)
			hwp_error_destroy(failed);
		else
			err = failed;
		worker_deinit(&workers[i]);
	}
	if (options->heads)
		hwp_free_heads_index(options->heads);
	hwp_pfns_sort(flagged->data, flagged->nr);
	sort_holes(findings, memmap->layout->page_shift);
	return err;
}
