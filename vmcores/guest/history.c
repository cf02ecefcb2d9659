// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happened to each poisoned page, in order of time.  Every step is one that
 * this program took, or one that the kernel's own interfaces showed it: which folio
 * a page is in, where it is, whose it is.  Nothing is concluded from what a kernel
 * ought to do.
 *
 * Children record their steps too, so the steps are in memory that all share.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define MAX_STEPS 8192

static struct {
	int nr;
	struct step steps[MAX_STEPS];
} * record;

/* Without it there is no history, and everything else goes on. */
void history_open(void)
{
	record = mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (record == MAP_FAILED)
		record = NULL;
	watch_open();
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Field 22 of /proc/PID/stat; the name before it may hold anything but ends at ")". */
static uint64_t start_of(pid_t pid)
{
	char path[64], line[1024];
	unsigned long long start = 0;
	const char *at;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (f && fgets(line, sizeof(line), f) && (at = strrchr(line, ')')))
		sscanf(at,
		       ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
		       "%*d %*d %*d %llu",
		       &start);
	if (f)
		fclose(f);
	return start;
}

/* A step of the calling process, now.  NULL when there is no more room. */
struct step *history_step(uint64_t pfn, const char *what)
{
	struct step *step;
	int i;

	if (!record || pfn == NO_PFN)
		return NULL;
	i = __atomic_fetch_add(&record->nr, 1, __ATOMIC_RELAXED);
	if (i >= MAX_STEPS)
		return NULL;
	step = &record->steps[i];
	*step = (struct step){ .ns = now_ns(), .pfn = pfn, .base = NO_PFN, .pid = getpid() };
	snprintf(step->what, sizeof(step->what), "%s", what);
	prctl(PR_GET_NAME, step->comm);
	return step;
}

/* An error is about to be made in a page, or, by soft offlining, its data to be moved away. */
struct step *history_error(uint64_t pfn, const char *via)
{
	struct step *step = history_step(pfn, "error");

	if (!step)
		return NULL;
	if (!find_folio(pfn, &step->base, &step->order))
		step->base = NO_PFN;
	snprintf(step->text, sizeof(step->text), "via=%s place=%s", via, place_name(place_of(pfn)));
	return step;
}

/* What the interface that made the error returned, and whether the page is marked now. */
void history_result(struct step *step, int ret)
{
	size_t n = step ? strlen(step->text) : 0;

	if (step)
		snprintf(step->text + n, sizeof(step->text) - n, " ret=%d marked=%s", ret,
			 kpf(step->pfn) & KPF(HWPOISON) ? "yes" : "no");
}

/* The calling process was handed a bad page: for AS, at VA or at OFFSET of PATH. */
void history_took_page(uint64_t pfn, const char *as, uint64_t va, const char *path, uint64_t offset)
{
	struct step *step = history_step(pfn, "taken");
	int n;

	if (!step)
		return;
	if (!find_folio(pfn, &step->base, &step->order))
		step->base = NO_PFN;
	step->start = start_of(getpid());
	n = snprintf(step->text, sizeof(step->text), "as=%s", as);
	if (va)
		n += snprintf(step->text + n, sizeof(step->text) - n, " va=%#llx",
			      (unsigned long long)va);
	if (path)
		snprintf(step->text + n, sizeof(step->text) - n, " path=%s offset=%#llx", path,
			 (unsigned long long)offset);
}

/* Of NR pages that the calling process has mapped at VA, those that are bad; how many. */
int history_took(const char *as, const char *va, uint64_t nr)
{
	int taken = 0;

	for (uint64_t i = 0; i < nr; i++) {
		uint64_t pfn = va_pfn(0, va + i * PAGE_SIZE);

		if (!is_noted(pfn))
			continue;
		history_took_page(pfn, as, (uintptr_t)va + i * PAGE_SIZE, NULL, 0);
		taken++;
	}
	return taken;
}

static const struct step *last_step(uint64_t pfn, const char *what, int end)
{
	for (int i = end; i--;)
		if (record->steps[i].pfn == pfn && !strcmp(record->steps[i].what, what))
			return &record->steps[i];
	return NULL;
}

static int nr_steps(void)
{
	if (!record)
		return 0;
	return record->nr < MAX_STEPS ? record->nr : MAX_STEPS;
}

/* A process is about to end: a step of each bad page that it was handed or held first. */
void history_ends(pid_t pid)
{
	for (int i = 0; record && i < nr_poisons; i++) {
		const struct step *taken = last_step(poisons[i].pfn, "taken", nr_steps());
		struct step *step;

		if (taken ? taken->pid != pid : poisons[i].owner != pid)
			continue;
		step = history_step(poisons[i].pfn, "ended");
		if (!step)
			return;
		step->pid = pid;
		step->start = start_of(pid);
		memcpy(step->comm, taken ? taken->comm : step->comm, sizeof(step->comm));
	}
}

/* The last process that was handed the page after it had been freed, or NULL. */
const struct step *history_taker(uint64_t pfn)
{
	return record ? last_step(pfn, "taken", nr_steps()) : NULL;
}

/* Seen in some use after it was freed, whoever has it. */
static bool was_used_again(uint64_t pfn)
{
	bool freed = false;

	for (int i = 0; i < nr_steps(); i++) {
		const struct step *step = &record->steps[i];

		if (step->pfn != pfn)
			continue;
		if (freed && !strcmp(step->what, "seen") && strstr(step->text, "use=yes"))
			return true;
		freed |= !strcmp(step->what, "freed") || strstr(step->text, "place=buddy");
	}
	return false;
}

/* A step at a place that says the page was in free memory. */
static bool says_free(const struct step *step)
{
	return (!strcmp(step->what, "seen") || !strcmp(step->what, "freed")) &&
	       (strstr(step->text, "place=buddy") || strstr(step->text, "place=pcp"));
}

bool history_was_free(uint64_t pfn)
{
	for (int i = 0; i < nr_steps(); i++)
		if (record->steps[i].pfn == pfn && says_free(&record->steps[i]))
			return true;
	/* Up to 5.13 it stays where it was hit. */
	if (strstr(last_action(pfn), "free buddy page: Delayed"))
		return true;
	/* Nobody is handed what is not free. */
	return history_taker(pfn) || was_used_again(pfn);
}

/* When the page was freed last, 0 if it never was. */
const struct step *history_freed(uint64_t pfn)
{
	return record ? last_step(pfn, "freed", nr_steps()) : NULL;
}

/* When the first of its errors was made, 0 if that is not known. */
uint64_t history_error_ns(uint64_t pfn)
{
	for (int i = 0; i < nr_steps(); i++)
		if (record->steps[i].pfn == pfn && !strcmp(record->steps[i].what, "error"))
			return record->steps[i].ns;
	return 0;
}

static void line_step(const struct step *step)
{
	line("history pfn=%#llx at=%llu.%06llu step=%s", (unsigned long long)step->pfn,
	     (unsigned long long)step->ns / 1000000000,
	     (unsigned long long)step->ns / 1000 % 1000000, step->what);
	/* What was only seen was seen by process 1. */
	if (step->pid != 1 || !strcmp(step->what, "error"))
		line(" by=%d comm=\"%s\"", step->pid, step->comm);
	if (step->start)
		line(" start=%llu", (unsigned long long)step->start);
	if (step->base != NO_PFN)
		line(" in=%#llx/%u", (unsigned long long)step->base, step->order);
	line("%s%s\n", step->text[0] ? " " : "", step->text);
}

/*
 * Out of everybody's reach now: since the page was seen there last, or since its error.
 * "taken-off" by memory failure itself; "withheld" when its last user let it go; "thrown-away"
 * by an allocation that met it on a free list; "offline" with its memory block.
 */
static void line_contained(const struct poison *p)
{
	const struct step *seen = last_step(p->pfn, "seen", nr_steps());
	const struct step *freed = history_freed(p->pfn);
	const char *how = "taken-off", *state = state_of(p);

	if (!seen || strchr(state, '|') ||
	    (strcmp(state, "isolated") && strcmp(state, "taken-off") && strcmp(state, "dropped") &&
	     strcmp(state, "offline")))
		return;
	if (!strcmp(state, "offline"))
		how = "offline";
	else if (freed)
		how = strstr(freed->text, "how=whole") ? "thrown-away" : "withheld";
	line("history pfn=%#llx at=%llu.%06llu step=contained how=%s\n", (unsigned long long)p->pfn,
	     (unsigned long long)seen->ns / 1000000000,
	     (unsigned long long)seen->ns / 1000 % 1000000, how);
}

/* "yes", "no", or "unknown" where nothing in the guest can show it. */
static const char *was_free(uint64_t pfn)
{
	const struct step *freed = history_freed(pfn);

	if (history_was_free(pfn))
		return "yes";
	return freed && strstr(freed->text, "how=whole") ? "unknown" : "no";
}

static void line_fate(const struct poison *p)
{
	const struct step *taken = history_taker(p->pfn);

	line("fate pfn=%#llx scenario=%s place=%s was_free=%s was_handed_out=%s",
	     (unsigned long long)p->pfn, p->scenario, place_name(watch_place(p->pfn)),
	     was_free(p->pfn), taken || was_used_again(p->pfn) ? "yes" : "no");
	if (taken)
		line(" to=%d comm=\"%s\" start=%llu", taken->pid, taken->comm,
		     (unsigned long long)taken->start);
	line("\n");
}

/* The steps of each page, which were recorded one after the other, and what they come to. */
void history_lines(void)
{
	for (int n = 0; n < nr_poisons; n++) {
		for (int i = 0; i < nr_steps(); i++)
			if (record->steps[i].pfn == poisons[n].pfn)
				line_step(&record->steps[i]);
		line_contained(&poisons[n]);
		line_fate(&poisons[n]);
	}
	if (record && record->nr > MAX_STEPS)
		line("history-incomplete nr_lost=%d\n", record->nr - MAX_STEPS);
}
