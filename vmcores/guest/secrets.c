// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What nobody but its owner may see, in every place where a kernel keeps such things: for each
 * place 16 bytes of its own, which are in no other place while the dump is made.
 */
#define _GNU_SOURCE
#include "guest.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SECRET 16
/* Of a block that the kernel copies to a slab. */
#define SOME 960
/* Pages, where some may be taken by others, or are not on a list of the LRU yet. */
#define MANY 64
#define FREED 16384

#ifndef __NR_memfd_secret
#define __NR_memfd_secret 447
#endif
#define KEY_SPEC_PROCESS_KEYRING (-2)

/* A page of one secret. It is wiped before the next place has its own. */
static char fill[PAGE_SIZE];

static char *fill_memory(int nr, int flags, int fd)
{
	char *va = mmap(NULL, nr * PAGE_SIZE, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (va == MAP_FAILED)
		return NULL;
	for (int i = 0; i < nr; i++)
		memcpy(va + i * PAGE_SIZE, fill, PAGE_SIZE);
	return va;
}

static bool in_user(void)
{
	return fill_memory(1, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static bool in_thp(void)
{
	char *va = map_thp(1);

	if (va)
		memcpy(va + 5 * PAGE_SIZE, fill, PAGE_SIZE);
	return va;
}

static bool in_freed(void)
{
	char *va = fill_memory(FREED, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	return va && !munmap(va, FREED * PAGE_SIZE);
}

static bool in_poisoned(void)
{
	char *va = fill_memory(1, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	uint64_t pfn = va ? va_pfn(0, va) : NO_PFN;

	if (!va || !madvise_poison(va))
		return false;
	note("secrets", pfn, "isolated", pfn, 0, 0);
	return true;
}

static bool in_file_at(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	bool done = fd >= 0;

	for (int i = 0; done && i < MANY; i++)
		done = write(fd, fill, PAGE_SIZE) == (ssize_t)PAGE_SIZE;
	return done && !fsync(fd);
}

static bool in_file(void)
{
	return in_file_at("/mnt/disk/secret");
}

static bool in_tmpfs(void)
{
	return in_file_at("/mnt/tmp/secret");
}

static bool in_shm(void)
{
	int id = shmget(IPC_PRIVATE, MANY * PAGE_SIZE, IPC_CREAT | 0600);
	char *va = id < 0 ? (char *)-1 : shmat(id, NULL, 0);

	for (int i = 0; va != (char *)-1 && i < MANY; i++)
		memcpy(va + i * PAGE_SIZE, fill, PAGE_SIZE);
	return va != (char *)-1;
}

/* The kernel itself has no mapping of it. */
static bool in_memfd(void)
{
	int fd = syscall(__NR_memfd_secret, 0);

	return fd >= 0 && !ftruncate(fd, PAGE_SIZE) && fill_memory(1, MAP_SHARED, fd);
}

static bool in_pipe(void)
{
	int fds[2];

	return !pipe(fds) && write(fds[1], fill, PAGE_SIZE) == (ssize_t)PAGE_SIZE;
}

static bool in_socket(void)
{
	int fds[2];

	return !socketpair(AF_UNIX, SOCK_STREAM, 0, fds) && write(fds[0], fill, SOME) == SOME;
}

static bool in_message(void)
{
	struct {
		long type;
		char text[SOME];
	} message = { .type = 1 };
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
	bool done;

	memcpy(message.text, fill, SOME);
	done = id >= 0 && !msgsnd(id, &message, SOME, 0);
	explicit_bzero(&message, sizeof(message));
	return done;
}

static bool in_key(void)
{
	return syscall(__NR_add_key, "user", "hwp-lab", fill, SOME, KEY_SPEC_PROCESS_KEYRING) > 0;
}

#ifdef __x86_64__

/* In the registers that a system call or an interrupt saves beside each other, or in one of SSE. */
static void hold(bool sse, bool asleep)
{
	uint64_t low, high;

	memcpy(&low, fill, 8);
	memcpy(&high, fill + 8, 8);
	explicit_bzero(fill, sizeof(fill));
	if (sse)
		asm volatile("movq %0, %%xmm7; movq %1, %%xmm6; punpcklqdq %%xmm6, %%xmm7;"
			     "xorl %k0, %k0; xorl %k1, %k1; 1: movl $34, %%eax; syscall; jmp 1b"
			     : "+r"(low), "+r"(high)
			     :
			     : "rax", "rcx", "r11", "xmm6", "xmm7", "memory");
	asm volatile("movq %0, %%r15; movq %1, %%r14; xorl %k0, %k0; xorl %k1, %k1;"
		     "testl %k2, %k2; jz 2f; 1: movl $34, %%eax; syscall; jmp 1b; 2: pause; jmp 2b"
		     : "+b"(low), "+d"(high)
		     : "D"((int)asleep)
		     : "rax", "rcx", "r11", "r14", "r15", "memory");
}

static bool in_registers(bool sse, bool asleep)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pin_cpu(!asleep);
		hold(sse, asleep);
	}
	nap_ms(50);
	return pid > 0;
}

static bool in_stack(void)
{
	return in_registers(false, true);
}

static bool in_fpu(void)
{
	return in_registers(true, true);
}

/* It runs on the second CPU when the dump is made. */
static bool in_cpu(void)
{
	return in_registers(false, false);
}

#endif

static struct secret {
	const char *name;
	bool (*plant)(void);
	/* The other way round, or it would be in this array as well. */
	unsigned char masked[SECRET];
	bool done;
} places[] = {
	{ .name = "user", .plant = in_user },
	{ .name = "thp", .plant = in_thp },
	{ .name = "poisoned", .plant = in_poisoned },
	{ .name = "file", .plant = in_file },
	{ .name = "tmpfs", .plant = in_tmpfs },
	{ .name = "shm", .plant = in_shm },
	{ .name = "memfd", .plant = in_memfd },
	{ .name = "pipe", .plant = in_pipe },
	{ .name = "socket", .plant = in_socket },
	{ .name = "message", .plant = in_message },
	{ .name = "key", .plant = in_key },
	/* After those that would take its pages. */
	{ .name = "freed", .plant = in_freed },
#ifdef __x86_64__
	{ .name = "stack", .plant = in_stack },
	{ .name = "fpu", .plant = in_fpu },
	{ .name = "cpu", .plant = in_cpu },
#endif
};

#define NR_PLACES (sizeof(places) / sizeof(places[0]))

static void run_secrets(const char *name)
{
	(void)name;
	for (size_t i = 0; i < NR_PLACES; i++) {
		struct secret *p = &places[i];

		if (getrandom(p->masked, SECRET, 0) != SECRET)
			break;
		for (size_t n = 0; n < PAGE_SIZE; n++)
			fill[n] = (char)~p->masked[n % SECRET];
		p->done = p->plant();
		explicit_bzero(fill, sizeof(fill));
		say("a secret in %s: %s", p->name, p->done ? "planted" : "failed");
	}
}

/* When the dump is made, the truth may say them. */
void secret_lines(void)
{
	for (size_t i = 0; i < NR_PLACES; i++) {
		if (!places[i].done)
			continue;
		line("secret place=%s bytes=", places[i].name);
		for (int n = 0; n < SECRET; n++)
			line("%02x", (unsigned char)~places[i].masked[n]);
		line("\n");
	}
}

const struct scenario secret_scenarios[] = {
	{ "secrets", "bytes that are nobody else's, in memory of every kind", run_secrets },
	{ NULL, NULL, NULL },
};
