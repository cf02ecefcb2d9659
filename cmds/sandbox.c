// SPDX-License-Identifier: GPL-2.0-or-later
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

/* A thread's stack and malloc's arena for it: address space, and what of it is writable. */
#define THREAD_SPACE (80 * MIB)
#define THREAD_MEMORY (16 * MIB)

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

static uint64_t sum(uint64_t a, uint64_t b)
{
	return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

/*
 * A dump is mapped by some libraries, and a vmlinux beside it. What is found in memory is
 * proportional to the struct pages in the file, a page of which may be compressed a hundred
 * times: processor time for that, at a thousandth of what a slow machine decompresses.
 */
struct hwp_budget hwp_budget_for(uint64_t size, unsigned int nr_threads)
{
	uint64_t four = size > UINT64_MAX / 4 ? UINT64_MAX : 4 * size;

	return (struct hwp_budget){
		.address_space = sum(4 * GIB + nr_threads * THREAD_SPACE, four),
		.memory = sum(GIB + nr_threads * THREAD_MEMORY, four / 2),
		.file_size = sum(GIB, four),
		.seconds = 60 + size / MIB,
	};
}

static void clamp(int resource, uint64_t *value)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)resource, &limit) == 0 && limit.rlim_cur < *value)
		*value = limit.rlim_cur;
}

void hwp_budget_clamp(struct hwp_budget *budget)
{
	clamp(RLIMIT_AS, &budget->address_space);
	clamp(RLIMIT_DATA, &budget->memory);
	clamp(RLIMIT_FSIZE, &budget->file_size);
	clamp(RLIMIT_CPU, &budget->seconds);
}

static void limit(int resource, uint64_t soft, uint64_t hard)
{
	struct rlimit now, wanted = { .rlim_cur = soft, .rlim_max = hard };

	if (getrlimit((__rlimit_resource_t)resource, &now) == 0 && now.rlim_max < hard)
		wanted.rlim_max = now.rlim_max;
	setrlimit((__rlimit_resource_t)resource, &wanted);
}

void hwp_sandbox_limit(const struct hwp_budget *budget)
{
	limit(RLIMIT_AS, budget->address_space, budget->address_space);
	limit(RLIMIT_DATA, budget->memory, budget->memory);
	limit(RLIMIT_FSIZE, budget->file_size, budget->file_size);
	/* The first ends it by SIGXCPU, which says why. */
	limit(RLIMIT_CPU, budget->seconds, budget->seconds + 5);
	/* Its memory is the dump's. */
	limit(RLIMIT_CORE, 0, 0);
}

void hwp_sandbox_keep_capabilities(uint64_t kept)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return;
	for (unsigned int i = 0; i < HWP_ARRAY_SIZE(data); i++) {
		data[i].effective &= (uint32_t)(kept >> 32 * i);
		data[i].permitted &= (uint32_t)(kept >> 32 * i);
		data[i].inheritable = 0;
	}
	syscall(SYS_capset, &header, data);
}

#ifdef OUR_ARCH

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
/* The low half of an argument; a flag is never in the other. */
#define LOAD_ARG(n) LOAD(args[n])
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE(errnum) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (errnum))
#define KILL BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
/* Run the next @p n statements if the system call is @p name. */
#define FOR(name, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, n)
#define FREE(name) FOR(name, 1), ALLOW
/* Allow if none of @p mask is in the loaded flags, or refuse. */
#define ONLY_WITHOUT(mask) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, mask, 0, 1), REFUSE(EACCES), ALLOW
/* Refuse a mapping's protection if it has both: five statements. */
#define NOT_WRITE_AND_EXEC                                                                         \
	LOAD_ARG(2), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PROT_WRITE | PROT_EXEC),                  \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROT_WRITE | PROT_EXEC, 0, 1), REFUSE(EACCES), \
		ALLOW
#define WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)

/* By how often they are called. */
static const struct sock_filter filter[] = {
	LOAD(arch),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0),
	KILL,
	LOAD(nr),
	FREE(pread64),
	FREE(read),
	FREE(write),
	FREE(futex),
	FREE(munmap),
	FREE(brk),
	FREE(madvise),
	FREE(lseek),
	FREE(close),
	FREE(fstat),
	FREE(newfstatat),
	/* Memory that can be written cannot be run. */
	FOR(mmap, 5),
	NOT_WRITE_AND_EXEC,
	FOR(mprotect, 5),
	NOT_WRITE_AND_EXEC,
	/* Files are read; only a copy that has no name is written. */
	FOR(openat, 6),
	LOAD_ARG(2),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, O_TMPFILE | O_RDWR | O_CLOEXEC, 0, 1),
	ALLOW,
	ONLY_WITHOUT(WRITING),
#ifdef __NR_open
	FOR(open, 4),
	LOAD_ARG(1),
	ONLY_WITHOUT(WRITING),
#endif
	FREE(mremap),
	FREE(readv),
	FREE(preadv),
	FREE(writev),
	FREE(pwrite64),
	FREE(ftruncate),
	FREE(fadvise64),
	FREE(fcntl),
	FREE(dup),
	FREE(getdents64),
	FREE(readlinkat),
	FREE(faccessat),
	FREE(faccessat2),
	FREE(statx),
	FREE(fstatfs),
	FREE(statfs),
	FREE(getcwd),
#ifdef __NR_stat
	FREE(stat),
	FREE(lstat),
	FREE(access),
	FREE(readlink),
#endif
	FREE(clock_gettime),
	FREE(gettimeofday),
	FREE(clock_nanosleep),
	FREE(nanosleep),
	FREE(sched_yield),
	FREE(sched_getaffinity),
	FREE(getrandom),
	FREE(getrusage),
	FREE(sysinfo),
	FREE(uname),
	FREE(getpid),
	FREE(gettid),
	FREE(getuid),
	FREE(geteuid),
	FREE(getgid),
	FREE(getegid),
	FREE(rt_sigaction),
	FREE(rt_sigprocmask),
	FREE(rt_sigreturn),
	FREE(sigaltstack),
	FREE(restart_syscall),
	FREE(set_robust_list),
#ifdef __NR_rseq
	FREE(rseq),
#endif
	FREE(membarrier),
	FREE(tgkill),
	FREE(exit),
	FREE(exit_group),
	/* Is it a terminal, and how wide? */
	FOR(ioctl, 5),
	LOAD_ARG(1),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TCGETS, 1, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCGWINSZ, 0, 1),
	ALLOW,
	REFUSE(ENOTTY),
	/* Limits are read; none is changed. */
	FOR(prlimit64, 4),
	LOAD_ARG(2),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
	ALLOW,
	REFUSE(EPERM),
	/* Threads and no processes. The flags of clone3() are in memory: with ENOSYS clone() is used. */
	FOR(clone, 4),
	LOAD_ARG(0),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
	ALLOW,
	REFUSE(EPERM),
#ifdef __NR_clone3
	FOR(clone3, 1),
	REFUSE(ENOSYS),
#endif
	/* What only an attack tries. */
	FOR(execve, 1),
	KILL,
	FOR(execveat, 1),
	KILL,
	FOR(ptrace, 1),
	KILL,
	REFUSE(EPERM),
};

static void enter_filter(void)
{
	const struct sock_fprog program = {
		.len = HWP_ARRAY_SIZE(filter),
		.filter = (struct sock_filter *)filter,
	};

	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

/** The kernel looks at the program only if it has filters. */
const char *hwp_sandbox_missing(void)
{
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) < 0 && errno == EFAULT)
		return NULL;
	return "the kernel has no seccomp filters (CONFIG_SECCOMP_FILTER)";
}

#else

static void enter_filter(void)
{
}

const char *hwp_sandbox_missing(void)
{
	return "there is no seccomp filter for this architecture";
}

#endif

void hwp_sandbox_enter(bool with_filter)
{
	hwp_sandbox_keep_capabilities(0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && with_filter)
		enter_filter();
}
