// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Preloaded: at a chosen point of the child that reads a dump, what $HWP_DIE says happens. The
 * child is known by its first read of the dump, and its end by _exit().
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static pid_t parent;

__attribute__((__constructor__)) static void begin(void)
{
	parent = getpid();
}

/* What the filter refuses, by the name that the test knows. */
static void try_all(void)
{
	char name[] = "/tmp/hwp-die-XXXXXX";
	struct {
		const char *what;
		long result;
	} rows[] = {
		{ "write", open("/dev/shm/hwp-die", O_WRONLY | O_CREAT, 0600) },
		{ "create", mkstemp(name) },
		{ "socket", socket(AF_INET, SOCK_STREAM, 0) },
		{ "fork", syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) },
		{ "kill", kill(getppid(), SIGTERM) },
		{ "unlink", unlink("/tmp/hwp-die") },
		{ "chmod", chmod("/nowhere", 0700) },
		{ "privileges", prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) },
		{ "mount", syscall(SYS_umount2, "/nowhere", 0) },
		{ "limits", syscall(SYS_setrlimit, 0, NULL) },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		printf("%s %s\n", rows[i].what, rows[i].result < 0 ? "refused" : "ALLOWED");
	printf("read %s\n", open("/proc/self/maps", O_RDONLY) >= 0 ? "allowed" : "REFUSED");
	fflush(stdout);
}

static void die(const char *how)
{
	static const struct {
		const char *name;
		int sig;
	} signals[] = { { "segv", SIGSEGV }, { "bus", SIGBUS }, { "stop", SIGSTOP } };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (strcmp(how, signals[i].name) == 0)
			raise(signals[i].sig);
	if (strcmp(how, "killed") == 0)
		syscall(SYS_tgkill, getpid(), getpid(), SIGKILL);
	if (strcmp(how, "abort") == 0) {
		fputs("malloc(): corrupted\n", stderr);
		abort();
	}
	if (strcmp(how, "spin") == 0)
		for (volatile unsigned long i = 0;; i++)
			;
	if (strcmp(how, "exec") == 0)
		execl("/bin/true", "true", NULL);
	if (strcmp(how, "memory") == 0)
		for (size_t size = 1 << 24;;) {
			char *p = malloc(size);

			if (!p)
				_exit(2);
			memset(p, 1, 4096);
		}
	if (strcmp(how, "try") == 0)
		try_all();
}

ssize_t pread(int fd, void *buf, size_t size, off_t offset)
{
	static ssize_t (*real)(int, void *, size_t, off_t);
	const char *how = getenv("HWP_DIE");
	static int done;

	if (!real)
		real = (ssize_t(*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, "pread");
	if (how && getpid() != parent && !done) {
		done = 1;
		die(how);
	}
	return real(fd, buf, size, offset);
}

void _exit(int status)
{
	const char *how = getenv("HWP_DIE_AT_END");

	if (how && getpid() != parent)
		die(how);
	syscall(SYS_exit_group, status);
	__builtin_unreachable();
}
