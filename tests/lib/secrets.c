// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Puts a pattern of its own into each place where the data of a user can be: memory, environment, page
 * cache, a key, a pipe, a socket, a kernel stack, a page that is poisoned. Then waits. No pattern is in
 * the program's file: each is made when it runs, "secret:KIND:" and 32 letters.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SIZE 64

static const char *make(const char *kind)
{
	static char text[SIZE];
	unsigned int seed = 17;
	int n = snprintf(text, sizeof(text), "%s%s:%s:", "sec", "ret", kind);

	for (const char *s = kind; *s; s++)
		seed = seed * 31 + (unsigned char)*s;
	for (; n < SIZE - 1; n++) {
		seed = seed * 1103515245 + 12345;
		text[n] = (char)('a' + (seed >> 16) % 26);
	}
	return text;
}

/* poll() copies this to its stack: descriptors below 0 are ignored. */
static void sleep_on_stack(void)
{
	struct pollfd fds[30];

	for (int i = 0; i < 30; i++)
		fds[i] = (struct pollfd){ .fd = (int)0xdeadbe00 + 0x5a, .events = 0x6b7c };
	poll(fds, 30, -1);
}

int main(void)
{
	char *memory = mmap(NULL, 16 << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    0);
	char *bad = mmap(NULL, 1 << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int file = open("/tmp/file", O_RDWR | O_CREAT, 0600), ends[2], sockets[2];

	for (int i = 0; i < 16; i++)
		strcpy(memory + (i << 12), make("memory"));
	setenv("SECRET", make("environment"), 1);
	for (int i = 0; i < 16; i++)
		if (pwrite(file, make("file"), SIZE, i << 12) != SIZE)
			return 1;
	if (pipe(ends) || write(ends[1], make("pipe"), SIZE) != SIZE ||
	    socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets) ||
	    write(sockets[0], make("socket"), SIZE) != SIZE)
		return 1;
	/* The session's keyring. */
	if (syscall(SYS_add_key, "user", "name-of-key", make("key"), SIZE, -3) < 0)
		puts("no key");
	strcpy(bad, make("poisoned"));
	if (madvise(bad, 1 << 12, 100))
		puts("no poison");
	puts("planted");
	fflush(stdout);
	sleep_on_stack();
	return 0;
}
