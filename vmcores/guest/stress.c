// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kernel that does not hold still: every CPU allocates and frees, huge pages
 * come and go, a memory block goes offline and comes back, nr_hugepages moves.
 * Meanwhile hwpoison is run again and again, and now and then a page leaks.
 *
 * stress.txt: "leak RUN PFN" before check RUN, "check RUN STATUS MS VERDICT PFN..."
 * with the pages that it says have leaked or were lost.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM "/live/hwpoison"
#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
#define LOG "/mnt/tmp/stress.txt"
#define REPORT "/mnt/tmp/stress.out"
#define MAX_LEAKS 64
/*
 * However slow an emulated machine is, it ends by its own clock: after a while if there
 * were enough checks by then, and in any case after a longer one.
 */
#define ENOUGH_CHECKS 20
#define ENOUGH_SECONDS 35
#define MAX_SECONDS 240

static FILE *log_file;
static int nr_leaks;

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * The program runs when nothing else wants to: however slow the machine is, that must be
 * part of the time.
 */
static void nap_after(long began, long ms)
{
	nap_ms(ms + 2 * (now_ms() - began));
}

static void allocate_forever(int cpu)
{
	unsigned int seed = cpu + 1;

	pin_cpu(cpu);
	for (;;) {
		size_t size = ((size_t)rand_r(&seed) % 256 + 1) * PAGE_SIZE;
		long began = now_ms();
		char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);

		if (p == MAP_FAILED)
			continue;
		madvise(p, size, MADV_NOHUGEPAGE);
		for (size_t at = 0; at < size; at += PAGE_SIZE)
			p[at] = 1;
		munmap(p, size);
		nap_after(began, 5 + rand_r(&seed) % 30);
	}
}

/* Huge pages, split by unmapping their middle. */
static void churn_thp(void)
{
	for (;;) {
		long began = now_ms();
		char *p = map_thp(4);

		if (p) {
			madvise(p + PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED);
			munmap(p, 4 * THP_SIZE);
		}
		nap_after(began, 40);
	}
}

static void move_pool(void)
{
	char text[8];

	for (unsigned int n = 0;; n = (n + 3) % 13) {
		snprintf(text, sizeof(text), "%u", n);
		write_file(POOL, text);
		nap_ms(60);
	}
}

static void give_up(int sig)
{
	(void)sig;
}

/*
 * offline_pages() tries until a signal comes, and holds the lock that /proc/kcore
 * needs: in a block with a huge page that was dropped, that would be for ever.
 */
static int take_offline(const char *path)
{
	int ret;

	alarm(2);
	ret = write_file(path, "offline");
	alarm(0);
	return ret;
}

/* The last block that can be taken away. */
static void move_block(void)
{
	const struct sigaction interrupt = { .sa_handler = give_up };
	char path[80];
	int block;

	sigaction(SIGALRM, &interrupt, NULL);
	for (block = 64; block > 0; block--) {
		snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%d/state", block);
		if (take_offline(path) == 0)
			break;
	}
	for (;;) {
		write_file(path, "online_movable");
		nap_ms(150);
		if (take_offline(path) != 0)
			nap_ms(2000);
		nap_ms(150);
	}
}

static pid_t begin(void (*work)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		work();
		_exit(0);
	}
	return pid;
}

/*
 * A huge page with a bad page in it, pinned so that it is not split, then
 * freed as a whole.
 */
static void leak_one(const char *name, int run)
{
	char *p = map_thp(1);
	uint64_t pfn;
	int pin;

	if (!p || nr_leaks == MAX_LEAKS)
		return;
	pfn = va_pfn(0, p + 5 * PAGE_SIZE);
	pin = pin_page(p);
	if (pfn != NO_PFN && madvise_poison(p + 5 * PAGE_SIZE)) {
		note(name, pfn, "dropped", pfn - 5, THP_ORDER, 0);
		fprintf(log_file, "leak %d %llu\n", run, (unsigned long long)pfn);
		nr_leaks++;
	}
	munmap(p, THP_SIZE);
	if (pin >= 0)
		close(pin);
}

/* What the report says of pages, in the order of the file. */
static void log_report(int run, int status, long ms)
{
	static char text[4 << 20];
	int fd = open(REPORT, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	char *at, verdict[32] = "none";

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, "\"verdict\": \"");
	if (at)
		sscanf(at + 12, "%31[a-z-]", verdict);
	fprintf(log_file, "check %d %d %ld %s", run, status, ms, verdict);
	for (at = text; (at = strstr(at, "{\"pfn\": ")); at++) {
		unsigned long long pfn;
		char class[16] = "", *word = strstr(at, "\"class\": \"");

		if (word && sscanf(at + 8, "%llu", &pfn) == 1 &&
		    sscanf(word + 10, "%15[a-z]", class) == 1 &&
		    (!strcmp(class, "leaked") || !strcmp(class, "lost")))
			fprintf(log_file, " %llu", pfn);
	}
	fprintf(log_file, "\n");
	fflush(log_file);
}

static void check_once(int run)
{
	const char *quick = run % 2 ? "--quick" : "--full";
	char *const argv[] = { PROGRAM, "check", "-k", "--json", (char *)quick, NULL };
	struct timespec a, b;
	int status = 0;
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &a);
	pid = fork();
	if (pid == 0) {
		dup2(open(REPORT, O_WRONLY | O_CREAT | O_TRUNC, 0644), 1);
		dup2(open("/mnt/tmp/stress.err", O_WRONLY | O_CREAT | O_APPEND, 0644), 2);
		execv(argv[0], argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	clock_gettime(CLOCK_MONOTONIC, &b);
	log_report(run, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
		   (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000);
}

static bool is_over(long began, int nr_checks)
{
	long seconds = (now_ms() - began) / 1000;

	return seconds >= MAX_SECONDS || (seconds >= ENOUGH_SECONDS && nr_checks >= ENOUGH_CHECKS);
}

static void run_stress(const char *name)
{
	pid_t children[8];
	long began = now_ms();
	int nr = 0;

	if (access(PROGRAM, X_OK))
		return;
	log_file = fopen(LOG, "w");
	for (int cpu = 0; cpu < (int)sysconf(_SC_NPROCESSORS_ONLN) && cpu < 4; cpu++) {
		children[nr] = fork();
		if (!children[nr])
			allocate_forever(cpu);
		nr++;
	}
	children[nr++] = begin(churn_thp);
	children[nr++] = begin(move_pool);
	children[nr++] = begin(move_block);
	for (int run = 0; !is_over(began, run); run++) {
		if (run % 8 == 4)
			leak_one(name, run);
		check_once(run);
	}
	while (nr)
		kill(children[--nr], SIGKILL);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	fclose(log_file);
	truth_file("stress.txt", LOG);
	truth_file("stress.err", "/mnt/tmp/stress.err");
}

const struct scenario stress_scenarios[] = {
	{ "stress", "hwpoison on a kernel that does not hold still", run_stress },
	{ NULL, NULL, NULL },
};
