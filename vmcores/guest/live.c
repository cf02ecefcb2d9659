// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Run hwpoison in the guest, if it was packed, on the kernel that the dump is
 * about to be made of. What it allocates must not be what leaked: it is given
 * single pages, which the allocator takes first.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM "/live/hwpoison"
#define RESERVE (192UL << 20)

static char *reserve;

#define TRACE "LD_PRELOAD=/live/reads.so"

enum { AS_ROOT, AS_NOBODY, WITHOUT_KCORE };

static const struct run {
	const char *name;
	int how;
	const char *environment, *argv[8];
} runs[] = {
	{ "quick", AS_ROOT, NULL, { PROGRAM, "check", "-k", "--json", "--quick" } },
	{ "traced", AS_ROOT, TRACE, { PROGRAM, "check", "-k", "--json" } },
	{ "flags", WITHOUT_KCORE, NULL, { PROGRAM, "check", "-k", "--json" } },
	{ "nobody", AS_NOBODY, NULL, { PROGRAM, "check", "-k", "--json" } },
	{ "live", AS_ROOT, NULL, { PROGRAM, "check", "-k", "--json" } },
	{ NULL, 0, NULL, { NULL } },
};
static int go = -1, done = -1;

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* As a container runtime masks it. */
static void mask_kcore(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("/dev/null", "/proc/kcore", NULL, MS_BIND, NULL))
		_exit(126);
}

static pid_t start(const struct run *r, const char *out, const char *err)
{
	pid_t pid = fork();

	if (pid == 0) {
		dup2(open(out, O_WRONLY | O_CREAT | O_TRUNC, 0644), 1);
		dup2(open(err, O_WRONLY | O_CREAT | O_TRUNC, 0644), 2);
		if (r->how == WITHOUT_KCORE)
			mask_kcore();
		if (r->how == AS_NOBODY && (setgid(65534) || setuid(65534)))
			_exit(126);
		if (r->environment)
			putenv((char *)r->environment);
		execv(r->argv[0], (char *const *)r->argv);
		_exit(127);
	}
	return pid;
}

/* NAME.out, NAME.err, and how it ended, how long it took and what memory it had. */
static void run_one(const struct run *r)
{
	char path[3][64], line[256];
	long began = now_ms();
	struct rusage usage;
	int status = 0;
	FILE *f;

	snprintf(path[0], sizeof(path[0]), "/mnt/tmp/%s.out", r->name);
	snprintf(path[1], sizeof(path[1]), "/mnt/tmp/%s.err", r->name);
	snprintf(path[2], sizeof(path[2]), "/mnt/tmp/%s.run", r->name);
	wait4(start(r, path[0], path[1]), &status, 0, &usage);
	snprintf(line, sizeof(line), "status=%d ms=%ld rss_kib=%ld\n",
		 WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), now_ms() - began,
		 usage.ru_maxrss);
	f = fopen(path[2], "w");
	if (f) {
		fputs(line, f);
		fclose(f);
	}
}

static void write_one(const struct run *r)
{
	static const char *const tails[] = { "out", "err", "run" };
	char path[64];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/mnt/tmp/%s.%s", r->name, tails[i]);
		truth_file(path + strlen("/mnt/tmp/"), path);
	}
}

/*
 * Forked first of all, while there is nothing to share: what a process had before
 * exec counts as its own, and what it shares is copied when we write to it.
 */
void live_start(void)
{
	int to[2], from[2];
	char byte;

	if (access(PROGRAM, X_OK) || pipe(to) || pipe(from))
		return;
	go = to[1];
	done = from[0];
	if (fork())
		return;
	close(to[1]);
	/* Where the reserve is: on another node the first free memory is what leaked there. */
	pin_cpu(0);
	if (read(to[0], &byte, 1) == 1)
		for (const struct run *r = runs; r->name; r++)
			run_one(r);
	if (write(from[1], "", 1) < 0)
		_exit(1);
	_exit(0);
}

static void give(size_t from, size_t to)
{
	for (size_t at = from; at < to; at += 2 * PAGE_SIZE)
		madvise(reserve + at, PAGE_SIZE, MADV_DONTNEED);
}

void live_reserve(void)
{
	if (go < 0)
		return;
	reserve = mmap(NULL, RESERVE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (reserve == MAP_FAILED) {
		reserve = NULL;
		return;
	}
	madvise(reserve, RESERVE, MADV_NOHUGEPAGE);
	for (size_t at = 0; at < RESERVE; at += PAGE_SIZE)
		reserve[at] = 1;
	/* Ours are copied when we write while a child shares them. */
	give(0, RESERVE / 3);
}

/*
 * From 6.0 on VMCOREINFO leads to the addresses that /proc/kallsyms hides. Before, they are taken
 * from there.
 */
static bool names_kallsyms(void)
{
	struct utsname name;

	return uname(&name) == 0 && atoi(name.release) >= 6;
}

void live_check(void)
{
	char byte;

	if (!reserve)
		return;
	give(RESERVE / 3, RESERVE);
	write_file("/proc/sys/kernel/kptr_restrict", names_kallsyms() ? "2" : "1");
	if (write(go, "", 1) != 1 || read(done, &byte, 1) != 1)
		say("no answer from the runner");
	for (const struct run *r = runs; r->name; r++)
		write_one(r);
	truth_file("reads.txt", "/mnt/tmp/reads.txt");
}
