// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Histories: a huge page with bad pages in it was freed whole.  Then it, or its pages, are
 * handed out again, in one way or another, and whoever has them lives on or is gone.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <unistd.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#define MADV_HARD 100
#define MADV_SOFT 101

#define SWAP_FILE "/mnt/disk/swap"
#define SWAP_PAGES 2048

/* What a huge page that was handed out again goes through; 'g' is its user's end. */
struct history {
	const char *name, *commands;
	child_fn take; /* or the bad pages as small ones */
	bool hugetlb;
};

static const struct history histories[] = {
	{ "hist-thp", "f", NULL, false },
	{ "hist-thp-error", "fe", NULL, false },
	{ "hist-thp-debugfs", "fs", NULL, false },
	{ "hist-thp-deferred", "fmdm", NULL, false },
	{ "hist-thp-collapse", "fsc", NULL, false },
	{ "hist-thp-soft", "fo", NULL, false },
	{ "hist-thp-swap", "fsw", NULL, false },
	{ "hist-small", "", take_small, false },
	{ "hist-pgtable", "", take_tables, false },
	{ "hist-pipe", "", take_pipes, false },
	{ "hist-ramfs", "", take_ramfs, false },
	{ "hist-tmpfs", "", take_tmpfs, false },
	{ "hist-hugetlb-small", "", take_small, true },
};

/* "hist-pipe-gone" is "hist-pipe", and its user is gone in the end. */
static const struct history *find_history(const char *name, bool *gone)
{
	size_t length = strlen(name);

	*gone = length > 5 && !strcmp(name + length - 5, "-gone");
	length -= *gone ? 5 : 0;
	for (size_t i = 0; i < sizeof(histories) / sizeof(histories[0]); i++)
		if (strlen(histories[i].name) == length &&
		    !strncmp(histories[i].name, name, length))
			return &histories[i];
	return NULL;
}

/* An error in a page that was healthy, or its soft offlining: the folio is split for it. */
static uint64_t hit_mine(int page, int advice)
{
	char *va = thp_va + page * PAGE_SIZE;
	uint64_t pfn = va_pfn(0, va);
	struct step *step = history_error(pfn, advice == MADV_HARD ? "madvise" : "soft-offline");
	int ret = madvise(va, PAGE_SIZE, advice) ? -errno : 0;

	history_result(step, ret);
	say("madvise %d of pfn %#llx: %d", advice, (unsigned long long)pfn, ret);
	return pfn;
}

static uint64_t collapse_mine(void)
{
	int ret = madvise(thp_va, THP_SIZE, MADV_COLLAPSE) ? -errno : 0;

	say("MADV_COLLAPSE: %d", ret);
	return ret == 0;
}

/* How many of the bad pages are mapped where the huge page was. */
static uint64_t mapped_mine(void)
{
	uint64_t nr = 0;

	for (int i = 0; i < THP_PAGES; i++)
		nr += is_noted(va_pfn(0, thp_va + i * PAGE_SIZE));
	say("%llu bad pages are mapped", (unsigned long long)nr);
	return nr;
}

/* How many of the 512 pages are in swap afterwards. */
static uint64_t swap_mine(void)
{
	uint64_t words[THP_PAGES], nr = 0;
	int fd, ret = madvise(thp_va, THP_SIZE, MADV_PAGEOUT) ? -errno : 0;

	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd < 0 ||
	    pread(fd, words, sizeof(words), (uintptr_t)thp_va / PAGE_SIZE * 8) != sizeof(words))
		memset(words, 0, sizeof(words));
	close(fd);
	for (int i = 0; i < THP_PAGES; i++)
		nr += words[i] >> 62 & 1;
	say("MADV_PAGEOUT: %d, %llu pages in swap", ret, (unsigned long long)nr);
	return nr;
}

static uint64_t history_command(char command)
{
	switch (command) {
	case 'f': /* A page of zeros may be freed by a split. */
		memset(thp_va, 0x5e, THP_SIZE);
		return 1;
	case 'm':
		return mapped_mine();
	case 'e':
		return hit_mine(9, MADV_HARD);
	case 'o':
		return hit_mine(40, MADV_SOFT);
	case 's':
		return thp_split_mine();
	case 'd': /* Split when memory is short, since half of it is not mapped any more. */
		return munmap(thp_va + THP_SIZE / 2, THP_SIZE / 2) == 0;
	case 'c':
		return collapse_mine();
	case 'w':
		return swap_mine();
	default:
		return 0;
	}
}

/* mkswap(8) in short: the signature of version 1, its version and its last page. */
static bool swap_on(void)
{
	static bool is_on;
	char page[PAGE_SIZE] = { 0 };
	uint32_t head[2] = { 1, SWAP_PAGES - 1 };
	int fd;

	if (is_on)
		return true;
	fd = open(SWAP_FILE, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	for (int i = 0; fd >= 0 && i < SWAP_PAGES; i++)
		if (write(fd, page, sizeof(page)) != sizeof(page))
			break;
	memcpy(page + 1024, head, sizeof(head));
	memcpy(page + PAGE_SIZE - 10, "SWAPSPACE2", 10);
	if (fd < 0 || pwrite(fd, page, sizeof(page), 0) != sizeof(page) || fsync(fd) ||
	    swapon(SWAP_FILE, 0)) {
		say("no swap: %d", errno);
		return false;
	}
	close(fd);
	is_on = true;
	return true;
}

/* The shrinker that splits what is partly mapped runs when caches are dropped. */
static void drop_caches(void)
{
	for (int i = 0; i < 4; i++) {
		write_file("/proc/sys/vm/drop_caches", "2");
		watch_look();
	}
}

static void ask_all(const char *name, const char *commands, struct child *child, uint64_t base)
{
	for (; *commands; commands++) {
		uint64_t value;

		if (*commands == 'w' && !swap_on())
			continue;
		value = child_ask(child, *commands);
		if (*commands == 'd')
			drop_caches();
		if ((*commands == 'e' || *commands == 'o') && value != NO_PFN)
			note(name, value, "isolated", base, THP_ORDER, 0);
		watch_look();
	}
}

/* What is to be said of each bad page of the block now. */
static void state_each(const char *name, pid_t owner)
{
	watch_look();
	for (int i = 0; i < nr_poisons; i++) {
		struct poison *p = &poisons[i];

		if (p->scenario != name || !history_freed(p->pfn))
			continue;
		if (!history_taker(p->pfn))
			p->wish = strcmp(p->wish, "dropped") ? "pcp|buddy" : "dropped";
		else
			p->wish = watch_in_use(p->pfn) ? "reused" : "isolated";
		/* Only a mapping makes a process the owner. */
		p->owner = watch_place(p->pfn) > PLACE_PGTABLE &&
					   watch_place(p->pfn) < PLACE_CHARGED ?
				   owner :
				   0;
	}
}

static struct take take_of(const char *name, uint64_t base)
{
	struct take take = { .name = name };

	for (int i = 0; i < nr_poisons && take.nr < 8; i++)
		if (poisons[i].scenario == name && poisons[i].base == base)
			take.pfns[take.nr++] = poisons[i].pfn;
	return take;
}

/* In buddy, and not much else is free: what is allocated now soon has the bad pages. */
static struct child take_small_pages(const char *name, const struct history *h)
{
	struct child filler, child = { .pid = 0 };
	struct take take;
	uint64_t base;

	/* With huge pages enabled it is 5 % of memory, and a process is killed for it. */
	write_file("/proc/sys/vm/min_free_kbytes", "2048");
	child_command = NULL;
	filler = child_start(take_most, NULL);
	base = h->hugetlb ? hugetlb_leak(name) : thp_leak(name);
	if (base != NO_PFN) {
		drain_near(base);
		watch_look();
		take = take_of(name, base);
		child_command = NULL;
		child = child_start(h->take, &take);
	}
	child_end(&filler);
	return child;
}

/* From the per-CPU list, by the next process that asks for a huge page. */
static struct child take_whole(const char *name, const struct history *h)
{
	uint64_t base = thp_leak(name);
	struct child child = { .pid = 0 };

	if (base == NO_PFN)
		return child;
	child_command = history_command;
	child = hunt(name, base, base + 17);
	if (child.pid)
		ask_all(name, h->commands, &child, base);
	return child;
}

static void run_history(const char *name)
{
	bool gone;
	const struct history *h = find_history(name, &gone);
	struct child child;

	child = h->take ? take_small_pages(name, h) : take_whole(name, h);
	if (child.pid && gone) {
		child_end(&child);
		take_delete(name);
		child.pid = 0;
		nap_ms(50);
	}
	state_each(name, child.pid);
}

/* A page without its mark is no poisoned page any more; its history stays. */
static void run_unpoison(const char *name)
{
	uint64_t base = thp_leak(name);
	char text[32];

	if (base == NO_PFN)
		return;
	drain_near(base);
	watch_look();
	for (int i = 0; i < nr_poisons; i++) {
		if (poisons[i].scenario != name)
			continue;
		snprintf(text, sizeof(text), "%llu", (unsigned long long)poisons[i].pfn);
		history_step(poisons[i].pfn, "unpoison");
		say("%s: pfn %s: %d", name, text,
		    write_file("/sys/kernel/debug/hwpoison/unpoison-pfn", text));
		watch_look();
		poisons[i].is_healed = !(kpf(poisons[i].pfn) & KPF(HWPOISON));
	}
}

static void run_offline(const char *name)
{
	uint64_t base = thp_leak(name);
	char path[96];
	int ret;

	if (base == NO_PFN)
		return;
	drain_near(base);
	watch_look();
	snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%llu/state",
		 (unsigned long long)(base / 0x8000));
	ret = write_file(path, "offline");
	say("%s: %s: %d", name, path, ret);
	watch_look();
}

#define HISTORY(name, sentence)             \
	{                                   \
		name, sentence, run_history \
	}
#define BOTH(name, sentence, end) HISTORY(name, sentence), HISTORY(name "-gone", end)

const struct scenario history_scenarios[] = {
	BOTH("hist-thp", "a leaked THP is handed out again, and is whole", "and its user ends"),
	BOTH("hist-thp-error", "it is split by another error", "and its user ends"),
	BOTH("hist-thp-debugfs", "it is split by debugfs", "and its user ends"),
	BOTH("hist-thp-deferred", "half is unmapped, the rest split later", "and its user ends"),
	BOTH("hist-thp-collapse", "it is split, its data moved to another", "and its user ends"),
	BOTH("hist-thp-soft", "a page of it is soft-offlined", "and its user ends"),
	BOTH("hist-thp-swap", "it is split and swapped out", "and its user ends"),
	BOTH("hist-small", "its pages become small anonymous pages", "and their user ends"),
	BOTH("hist-pgtable", "its pages become page tables", "and the process ends"),
	BOTH("hist-pipe", "its pages become buffers of pipes", "which are closed"),
	BOTH("hist-ramfs", "its pages become page cache of ramfs", "and the file is deleted"),
	BOTH("hist-tmpfs", "its pages become page cache of tmpfs", "and the file is deleted"),
	BOTH("hist-hugetlb-small", "from the pool to small pages", "and their user ends"),
	{ "hist-unpoison", "leaked to buddy, and unpoisoned there", run_unpoison },
	{ "hist-offline", "leaked to buddy, then its memory block goes offline", run_offline },
	{ NULL, NULL, NULL },
};
