// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_HWPOISON
#define MADV_HWPOISON 100
#endif

struct poison poisons[MAX_POISONS];
int nr_poisons;
uint64_t (*child_command)(char command);
static int answer_fd = -1;

/* To the kernel log, so that the steps stand between the kernel's own lines. */
void say(const char *fmt, ...)
{
	static int fd = -1;
	char line[512] = "<5>hwp-lab: ";
	size_t len = strlen(line);
	va_list ap;

	va_start(ap, fmt);
	len += vsnprintf(line + len, sizeof(line) - len - 1, fmt, ap);
	va_end(ap);
	/* Without it, the record is not whole until the next one begins. */
	line[len++] = '\n';
	if (fd < 0)
		fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (write(fd, line, len) < 0)
		perror("kmsg");
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

long read_long(const char *path)
{
	long value = -1;
	FILE *f = fopen(path, "re");

	if (!f)
		return -1;
	if (fscanf(f, "%ld", &value) != 1)
		value = -1;
	fclose(f);
	return value;
}

static int last_ret;

int corrupt_result(void)
{
	return last_ret;
}

/* hwpoison-inject's file; without that module the one of memory blocks, which does the same. */
#define CORRUPT_PFN "/sys/kernel/debug/hwpoison/corrupt-pfn"
#define HARD_OFFLINE "/sys/devices/system/memory/hard_offline_page"

static int write_pfn(uint64_t pfn)
{
	char text[32];
	int ret;

	snprintf(text, sizeof(text), "%llu", (unsigned long long)pfn);
	ret = write_file(CORRUPT_PFN, text);
	if (ret != -ENOENT)
		return ret;
	snprintf(text, sizeof(text), "%#llx", (unsigned long long)pfn * PAGE_SIZE);
	return write_file(HARD_OFFLINE, text);
}

bool corrupt_pfn(uint64_t pfn)
{
	struct step *step = history_error(pfn, "corrupt-pfn");
	int ret = last_ret = write_pfn(pfn);

	history_result(step, ret);
	say("corrupt-pfn %#llx: %d, kpageflags %#llx", (unsigned long long)pfn, ret,
	    (unsigned long long)kpf(pfn));
	return kpf(pfn) & KPF(HWPOISON);
}

bool madvise_poison(void *va)
{
	uint64_t pfn = va_pfn(0, va);
	struct step *step = history_error(pfn, "madvise");
	int ret = madvise(va, PAGE_SIZE, MADV_HWPOISON) ? -errno : 0;

	history_result(step, ret);
	say("MADV_HWPOISON of pfn %#llx: %d", (unsigned long long)pfn, ret);
	if (pfn != NO_PFN && is_device_memory(pfn))
		return !ret;
	return pfn != NO_PFN && (kpf(pfn) & KPF(HWPOISON));
}

void pin_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* No header of the C library has these; they are of include/uapi/linux/mempolicy.h. */
enum { MPOL_DEFAULT = 0, MPOL_BIND = 2 };

/* -1: any node. */
void bind_node(int nid)
{
	unsigned long mask = nid < 0 ? 0 : 1UL << nid;

	if (syscall(SYS_set_mempolicy, nid < 0 ? MPOL_DEFAULT : MPOL_BIND, nid < 0 ? NULL : &mask,
		    8 * sizeof(mask)))
		say("set_mempolicy(%d): %d", nid, errno);
}

void nap_ms(int ms)
{
	struct timespec ts = { ms / 1000, (ms % 1000) * 1000000L };

	nanosleep(&ts, NULL);
}

struct poison *note(const char *scenario, uint64_t pfn, const char *wish, uint64_t base,
		    unsigned int order, pid_t owner)
{
	struct poison *p = poisons;

	/* A page that is hit again has the later story. */
	while (p < &poisons[nr_poisons] && p->pfn != pfn)
		p++;
	if (nr_poisons == MAX_POISONS || pfn == NO_PFN)
		return p;
	if (p == &poisons[nr_poisons])
		nr_poisons++;
	*p = (struct poison){ .pfn = pfn,
			      .scenario = scenario,
			      .wish = wish,
			      .base = base,
			      .order = order,
			      .owner = owner };
	say("%s: pfn %#llx in %#llx/%u", scenario, (unsigned long long)pfn,
	    (unsigned long long)base, order);
	return p;
}

/* What was noted of a block has changed: it was freed, dropped or handed out. */
void restate(uint64_t base, unsigned int order, const char *scenario, const char *wish, pid_t owner)
{
	for (int i = 0; i < nr_poisons; i++) {
		struct poison *p = &poisons[i];

		if (p->pfn < base || p->pfn >= base + (1ULL << order) || p->scenario != scenario)
			continue;
		p->wish = wish;
		p->owner = owner;
		p->path = NULL;
	}
	watch_look();
}

void child_answer(uint64_t value)
{
	if (write(answer_fd, &value, sizeof(value)) != sizeof(value))
		_exit(1);
}

static void child_main(child_fn fn, void *arg, int go)
{
	char command;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	child_answer(fn(arg));
	while (read(go, &command, 1) == 1)
		child_answer(child_command ? child_command(command) : 0);
	_exit(0);
}

struct child child_start(child_fn fn, void *arg)
{
	struct child child = { .value = NO_PFN };
	int go[2], answer[2];

	if (pipe2(go, O_CLOEXEC) || pipe2(answer, O_CLOEXEC))
		return child;
	child.pid = fork();
	if (child.pid == 0) {
		close(go[1]);
		close(answer[0]);
		answer_fd = answer[1];
		child_main(fn, arg, go[0]);
	}
	close(go[0]);
	close(answer[1]);
	child.go = go[1];
	child.answer = answer[0];
	if (read(child.answer, &child.value, sizeof(child.value)) != sizeof(child.value)) {
		say("child %d died", child.pid);
		child.value = NO_PFN;
	}
	watch_look();
	return child;
}

uint64_t child_ask(struct child *child, char command)
{
	uint64_t value = NO_PFN;

	if (write(child->go, &command, 1) != 1 ||
	    read(child->answer, &value, sizeof(value)) != sizeof(value))
		say("child %d does not answer", child->pid);
	watch_look();
	return value;
}

void child_end(struct child *child)
{
	watch_look();
	history_ends(child->pid);
	close(child->go);
	close(child->answer);
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
	watch_look();
}

static struct release releases[16];
static int nr_releases;

void release_last(const struct release *release)
{
	if (nr_releases < 16)
		releases[nr_releases++] = *release;
}

void release_all(void)
{
	for (int i = 0; i < nr_releases; i++) {
		struct release *r = &releases[i];

		say("release of %#llx/%u", (unsigned long long)r->base, r->order);
		if (r->fd >= 0)
			close(r->fd);
		else
			child_end(&r->child);
		for (int n = 0; n < 50 && !is_free_pfn(r->base); n++)
			nap_ms(10);
		watch_look();
		if (r->then)
			r->then();
		restate(r->base, r->order, r->scenario, "pcp|buddy", 0);
	}
}

/* NR transparent huge pages in a row, touched; NULL if the first one is not huge. */
void *map_thp(int nr)
{
	size_t size = (nr + 1) * THP_SIZE;
	char *raw = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *va = (char *)(((uintptr_t)raw + THP_SIZE - 1) & ~(THP_SIZE - 1));

	if (raw == MAP_FAILED || madvise(va, nr * THP_SIZE, MADV_HUGEPAGE))
		return NULL;
	for (int i = 0; i < nr; i++)
		va[i * THP_SIZE] = 1;
	if (!(kpf(va_pfn(0, va)) & KPF(THP)))
		return NULL;
	return va;
}

/* One that holds no poison yet; the ones that do are kept out of the way. */
void *map_clean_thp(void)
{
	for (int i = 0; i < 16; i++) {
		void *va = map_thp(1);
		uint64_t base = va ? va_pfn(0, va) : NO_PFN;

		if (base == NO_PFN)
			break;
		if (all_kpf(base, THP_PAGES, KPF(HWPOISON), 0))
			return va;
		history_took("thp", va, THP_PAGES);
	}
	return NULL;
}

void *map_huge(size_t size, int flags)
{
	char *va = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | flags, -1, 0);

	if (va == MAP_FAILED) {
		say("mmap(MAP_HUGETLB): %d", errno);
		return NULL;
	}
	va[0] = 1;
	return va;
}

/* The page stays referenced by a pipe for as long as the descriptor is open. */
int pin_page(void *va)
{
	struct iovec iov = { va, PAGE_SIZE };
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) || vmsplice(fds[1], &iov, 1, 0) < 0) {
		say("vmsplice: %d", errno);
		return -1;
	}
	close(fds[0]);
	return fds[1];
}
