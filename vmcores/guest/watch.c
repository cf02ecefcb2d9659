// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where the poisoned pages are, looked up again and again, so that each change of
 * place becomes a step of a page's history.  A folio that held poison and is gone was
 * split or freed: what its pages are now shows which.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define COMPOUND (KPF(COMPOUND_HEAD) | KPF(COMPOUND_TAIL))
#define MAX_LIVES 128

/* A folio from when a bad page was seen in it until it was split or freed. */
struct life {
	uint64_t base, freed_ns;
	unsigned int order;
	enum place kind;
	const char *how; /* how it ended; NULL while it lives */
	bool split;
};

static struct {
	enum place place;
	bool is_known, is_marked, is_split;
	int life; /* index of the folio that it is in, or -1 */
	uint64_t kpf, kpc, cgroup; /* as /proc showed it last */
} watches[MAX_POISONS];

static struct life lives[MAX_LIVES];
static int nr_lives, zoneinfo_fd = -1;
static long nr_pcp;
static char *zoneinfo;

#define ZONEINFO_SIZE (64UL << 10)

const char *place_name(enum place place)
{
	static const char *const names[] = {
		[PLACE_NONE] = "none",	     [PLACE_BUDDY] = "buddy",	    [PLACE_PCP] = "pcp",
		[PLACE_OFFLINE] = "offline", [PLACE_RESERVED] = "reserved", [PLACE_SLAB] = "slab",
		[PLACE_PGTABLE] = "pgtable", [PLACE_HUGETLB] = "hugetlb",   [PLACE_FOLIO] = "folio",
		[PLACE_MAPPED] = "mapped",   [PLACE_CHARGED] = "charged",
	};

	return names[place];
}

/*
 * As /proc shows it.  A page that has an owner in the kernel's books only by its memory
 * cgroup is "charged": page cache that is not mapped, a pipe's buffer.  "none" is a page
 * without any sign of use: withheld, thrown away, on a per-CPU list, or the kernel's own.
 */
enum place place_of(uint64_t pfn)
{
	uint64_t f = kpf(pfn);

	if ((f & (KPF(NOPAGE) | KPF(OFFLINE))) || in_offline_block(pfn))
		return PLACE_OFFLINE;
	if (f & KPF(BUDDY))
		return PLACE_BUDDY;
	if (f & KPF(RESERVED))
		return PLACE_RESERVED;
	if (f & KPF(SLAB))
		return PLACE_SLAB;
	if (f & KPF(PGTABLE))
		return PLACE_PGTABLE;
	if (f & KPF(HUGE))
		return PLACE_HUGETLB;
	if (f & COMPOUND)
		return PLACE_FOLIO;
	if ((f & KPF(MMAP)) || kpc(pfn))
		return PLACE_MAPPED;
	return kpage_cgroup(pfn) ? PLACE_CHARGED : PLACE_NONE;
}

static bool is_used(enum place place)
{
	return place > PLACE_OFFLINE;
}

/*
 * The folio that a page is in.  Its head is aligned to its order, so the first aligned
 * page below that is a head is the one; and its pages end where a tail is due and none is.
 */
bool find_folio(uint64_t pfn, uint64_t *base, unsigned int *order)
{
	unsigned int n = 1;

	if (!(kpf(pfn) & COMPOUND))
		return false;
	for (*order = 0; *order <= 20; ++*order) {
		*base = pfn & ~((1ULL << *order) - 1);
		if (kpf(*base) & KPF(COMPOUND_HEAD))
			break;
	}
	if (*order > 20)
		return false;
	while (n <= 20 && (kpf(*base + (1ULL << n)) & KPF(COMPOUND_TAIL)))
		n++;
	*order = n;
	return pfn < *base + (1ULL << n);
}

static int find_poison(uint64_t pfn)
{
	for (int i = 0; i < nr_poisons; i++)
		if (poisons[i].pfn == pfn)
			return i;
	return -1;
}

bool is_noted(uint64_t pfn)
{
	return find_poison(pfn) >= 0;
}

enum place watch_place(uint64_t pfn)
{
	int i = find_poison(pfn);

	return i < 0 || !watches[i].is_known ? PLACE_NONE : watches[i].place;
}

bool watch_in_use(uint64_t pfn)
{
	return is_used(watch_place(pfn));
}

void watch_open(void)
{
	zoneinfo_fd = open("/proc/zoneinfo", O_RDONLY | O_CLOEXEC);
	zoneinfo = mmap(NULL, ZONEINFO_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (zoneinfo == MAP_FAILED)
		zoneinfo = NULL;
}

/* Pages on all per-CPU lists, by /proc/zoneinfo; its buffer stays with the open file. */
static long pcp_pages(void)
{
	ssize_t n, size = 0;
	const char *at;
	long sum = 0;

	if (zoneinfo_fd < 0 || !zoneinfo)
		return 0;
	while ((n = pread(zoneinfo_fd, zoneinfo + size, ZONEINFO_SIZE - 1 - size, size)) > 0)
		size += n;
	zoneinfo[size] = 0;
	for (at = zoneinfo; (at = strstr(at, " count: ")); at++)
		sum += atol(at + strlen(" count: "));
	return sum;
}

static int life_of(uint64_t pfn, enum place kind)
{
	uint64_t base;
	unsigned int order;

	if (!find_folio(pfn, &base, &order))
		return -1;
	for (int i = 0; i < nr_lives; i++)
		if (!lives[i].how && lives[i].base == base && lives[i].order == order)
			return i;
	if (nr_lives == MAX_LIVES)
		return -1;
	lives[nr_lives] = (struct life){ .base = base, .order = order, .kind = kind };
	return nr_lives++;
}

/* The pages of an extent: bad or healthy, in buddy, in some use or without a sign of it. */
struct tally {
	uint64_t bad_buddy, bad_used, bad_none, buddy, used, none;
};

static struct tally tally_of(uint64_t base, unsigned int order)
{
	uint64_t chunk[512], nr = 1ULL << order;
	struct tally t = { 0 };

	for (uint64_t at = 0; at < nr; at += 512) {
		uint64_t n = nr - at < 512 ? nr - at : 512;

		kpf_range(base + at, n, chunk);
		for (uint64_t i = 0; i < n; i++) {
			uint64_t f = chunk[i];
			bool bad = is_noted(base + at + i);
			bool used = f & ~(KPF(BUDDY) | KPF(HWPOISON) | (~0ULL << 33));

			/* What is left of the flags of a bad page says nothing. */
			if (bad)
				used = is_used(place_of(base + at + i));
			if (f & KPF(BUDDY))
				++*(bad ? &t.bad_buddy : &t.buddy);
			else if (used)
				++*(bad ? &t.bad_used : &t.used);
			else
				++*(bad ? &t.bad_none : &t.none);
		}
	}
	return t;
}

/*
 * A folio is there no longer.  Its pages are in use one by one: it was split.  (Those that
 * hold zeros are freed by some splits; bad ones are not.)  Else it was freed: healthy pages
 * in buddy and no bad one, by ranges; all or none, whole; some bad pages among them, either.
 * That many pages more on the per-CPU lists are it.
 */
static const char *how_ended(struct life *life, bool *on_pcp)
{
	struct tally t = tally_of(life->base, life->order);
	uint64_t nr = 1ULL << life->order;

	*on_pcp = !t.buddy && !t.bad_buddy && life->order >= 4 &&
		  nr_pcp + (long)(nr / 2) < pcp_pages();
	/* Not many of the freed pages are in use again at once. */
	if (t.bad_used || t.used > nr / 8)
		return "split";
	if (!t.bad_buddy && t.buddy)
		return "ranges";
	return !t.bad_buddy || t.bad_buddy + t.buddy == nr ? "whole" : "whole|ranges";
}

static void life_ends(int index)
{
	struct life *life = &lives[index];
	bool on_pcp;

	life->how = how_ended(life, &on_pcp);
	life->split = !strcmp(life->how, "split");
	for (int i = 0; i < nr_poisons; i++) {
		struct step *step;

		if (!watches[i].is_known || watches[i].life != index)
			continue;
		watches[i].life = -1;
		watches[i].is_split = life->split;
		step = history_step(poisons[i].pfn, life->split ? "split" : "freed");
		if (!step)
			return;
		step->base = life->base;
		step->order = life->order;
		if (!life->split)
			snprintf(step->text, sizeof(step->text), "how=%s%s", life->how,
				 on_pcp ? " place=pcp" : "");
		life->freed_ns = life->split ? 0 : step->ns;
	}
}

/* An order-0 page left its user. */
static void page_freed(int i)
{
	struct step *step = history_step(poisons[i].pfn, "freed");

	if (step)
		snprintf(step->text, sizeof(step->text), "how=%s",
			 watches[i].is_split ? "split" : "page");
}

/* Whether anything has changed since the last look. */
static bool is_news(int i)
{
	uint64_t pfn = poisons[i].pfn, flags = kpf(pfn), count = kpc(pfn);
	uint64_t cgroup = kpage_cgroup(pfn);

	if (watches[i].is_known && watches[i].kpf == flags && watches[i].kpc == count &&
	    watches[i].cgroup == cgroup)
		return false;
	watches[i].kpf = flags;
	watches[i].kpc = count;
	watches[i].cgroup = cgroup;
	return true;
}

static void look_at(int i)
{
	uint64_t pfn = poisons[i].pfn;
	enum place place, before = watches[i].place;
	struct step *step;
	bool is_marked;

	if (!is_news(i))
		return;
	place = place_of(pfn);
	/* On some kernels a HugeTLB folio shows its mark at the head alone. */
	is_marked = place == PLACE_HUGETLB || (watches[i].kpf & KPF(HWPOISON));
	if (watches[i].is_known && watches[i].is_marked && !is_marked)
		history_step(pfn, "unmarked");
	/* With its folio, unless that was split first. */
	if (watches[i].is_known && is_used(before) && !is_used(place) &&
	    (watches[i].is_split || (before != PLACE_FOLIO && before != PLACE_HUGETLB)))
		page_freed(i);
	if (!watches[i].is_known || place != before) {
		step = history_step(pfn, "seen");
		if (step)
			snprintf(step->text, sizeof(step->text), "place=%s use=%s kpf=%#llx",
				 place_name(place), is_used(place) ? "yes" : "no",
				 (unsigned long long)watches[i].kpf);
	}
	if (!watches[i].is_known)
		watches[i].life = -1;
	watches[i].is_known = true;
	watches[i].is_marked = is_marked;
	watches[i].place = place;
	if (watches[i].life < 0 && (place == PLACE_FOLIO || place == PLACE_HUGETLB))
		watches[i].life = life_of(pfn, place);
}

/* Only the first process calls it: it knows all pages. */
void watch_look(void)
{
	for (int i = 0; i < nr_lives; i++) {
		uint64_t base;
		unsigned int order;

		if (!lives[i].how && !(find_folio(lives[i].base, &base, &order) &&
				       base == lives[i].base && order == lives[i].order))
			life_ends(i);
	}
	for (int i = 0; i < nr_poisons; i++)
		look_at(i);
	nr_pcp = pcp_pages();
}

/* After all per-CPU lists were drained: what is in buddy since then was on one. */
void watch_drained(void)
{
	for (int i = 0; i < nr_poisons; i++) {
		struct step *step;

		if (!(poisons[i].kpf_drained & KPF(BUDDY)) || watches[i].place != PLACE_NONE)
			continue;
		watches[i].place = PLACE_PCP;
		step = history_step(poisons[i].pfn, "seen");
		if (step)
			snprintf(step->text, sizeof(step->text), "place=pcp");
	}
}

/* Whether the extent held the page when it was freed, and not only later. */
static bool held_bad(const struct life *life, const struct poison *p)
{
	return p->pfn >= life->base && p->pfn < life->base + (1ULL << life->order) &&
	       (life->split || history_error_ns(p->pfn) < life->freed_ns);
}

/* Split, and freed since, page by page. */
static bool is_freed(const struct life *life)
{
	if (!life->how || !life->split)
		return life->how;
	for (int i = 0; i < nr_poisons; i++)
		if (held_bad(life, &poisons[i]) && is_used(watches[i].place) &&
		    !history_taker(poisons[i].pfn))
			return false;
	return true;
}

/* Healthy pages of the extent that are nowhere, now that all lists are drained. */
static uint64_t nr_nowhere(const struct life *life)
{
	const uint64_t sign = ~(KPF(HWPOISON) | (~0ULL << 33));
	uint64_t nr = 0, words[512], pages = 1ULL << life->order;

	if (in_offline_block(life->base))
		return 0;
	for (uint64_t at = 0; at < pages; at += 512) {
		uint64_t n = pages - at < 512 ? pages - at : 512;

		kpf_range(life->base + at, n, words);
		for (uint64_t i = 0; i < n; i++)
			nr += !(words[i] & sign) && !is_noted(life->base + at + i) &&
			      !kpage_cgroup(life->base + at + i);
	}
	return nr;
}

/* The worst that happened to a bad page of the extent, as the guest saw it. */
static const char *worst_of(const struct life *life)
{
	bool free_once = false, unknown = false;

	for (int i = 0; i < nr_poisons; i++) {
		enum place place = watches[i].place;

		if (!held_bad(life, &poisons[i]))
			continue;
		if ((place == PLACE_BUDDY || place == PLACE_PCP || is_used(place)) &&
		    !poisons[i].is_healed)
			return "leaked";
		free_once |= history_was_free(poisons[i].pfn);
		unknown |= !life->split && strcmp(life->how, "ranges");
	}
	if (free_once)
		return "leaked-before";
	if (life->split)
		return "split";
	return unknown ? "unknown" : "held";
}

static void line_extent(const struct life *life)
{
	uint64_t lost = nr_nowhere(life), nr_bad = 0, nr_healthy;
	const char *worst = worst_of(life), *comma = "";
	char both[32];

	line("extent base=%#llx order=%u kind=%s freed=%s poisons=", (unsigned long long)life->base,
	     life->order, life->kind == PLACE_HUGETLB ? "hugetlb" : "folio", life->how);
	for (int i = 0; i < nr_poisons; i++)
		if (held_bad(life, &poisons[i])) {
			line("%s%#llx", comma, (unsigned long long)poisons[i].pfn);
			comma = ",";
			nr_bad++;
		}
	line(" nr_nowhere=%llu outcome=", (unsigned long long)lost);
	/* The kernel's own pages show no sign of use, and a few may be its. */
	nr_healthy = (1ULL << life->order) - nr_bad;
	if (!strcmp(worst, "leaked") || life->order < 4 || lost * 8 < nr_healthy)
		line("%s\n", worst);
	else
		line("%s\n", lost * 2 > nr_healthy ? "lost" : strcat(strcpy(both, worst), "|lost"));
}

/* One line for each folio that was freed with bad pages in it, by its first life. */
void watch_extents(void)
{
	for (int i = 0; i < nr_lives; i++) {
		bool is_first = true, has_bad = false;

		for (int j = 0; j < i; j++)
			is_first &= lives[j].base != lives[i].base ||
				    lives[j].order != lives[i].order;
		for (int j = 0; j < nr_poisons; j++)
			has_bad |= held_bad(&lives[i], &poisons[j]);
		if (is_first && has_bad && is_freed(&lives[i]))
			line_extent(&lives[i]);
	}
}
