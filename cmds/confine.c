// SPDX-License-Identifier: GPL-2.0-or-later
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/bits.h"
#include "base/clock.h"
#include "base/sanitized.h"
#include "metrics.h"
#include "options.h"
#include "outfile.h"
#include "report/common.h"
#include "sandbox.h"
#include "target/providers.h"

/* A request is a build id; the answer begins with one of these, and a path or words follow. */
#define FOUND 'f'
#define FAILED 'e'
#define ASKED_NOBODY 'n'
#define MAX_MESSAGE 4608

/* An exit status that no command has: the child could not begin. */
#define NOT_STARTED 3

struct confinement {
	const struct hwp_context *context;
	const struct hwp_command *command;
	struct hwp_cmd_options *options;
	struct hwp_budget budget;
	/** The dump, and the child's report. */
	int core, report;
	/** The other files of a dump in several; 0: it could not be opened. */
	int *parts;
	/** What the child writes itself; committed when it has ended well. */
	struct hwp_outfile file;
	/** Between parent and child; each closes the other's. */
	int ours, theirs;
	uint64_t start_ns;
};

static void confinement_deinit(struct confinement *c)
{
	const int fds[] = { c->core, c->report, c->ours, c->theirs };

	for (size_t i = 0; i < HWP_ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	for (size_t i = 0; c->parts && i < c->options->target.nr_parts; i++)
		if (c->parts[i] > 0)
			close(c->parts[i]);
	free(c->parts);
	hwp_outfile_deinit(&c->file);
}

/** The child's side: it cannot ask the network. */
static struct hwp_error *ask_parent(void *arg, const char *build_id, char **path_ret)
{
	struct confinement *c = arg;
	char message[MAX_MESSAGE + 1];
	ssize_t n;

	*path_ret = NULL;
	if (!build_id[0])
		return NULL;
	if (write(c->theirs, build_id, strlen(build_id)) < 0 ||
	    (n = read(c->theirs, message, MAX_MESSAGE)) < 1)
		return hwp_error_create(HWP_ERROR_LOOKUP, "debuginfod cannot be asked");
	message[n] = '\0';
	if (message[0] == FAILED)
		return hwp_error_create(HWP_ERROR_LOOKUP, "%s", message + 1);
	if (message[0] != FOUND)
		return NULL;
	*path_ret = strdup(message + 1);
	return *path_ret ? NULL : hwp_error_no_memory();
}

/** The parent's: what comes from the child may be anything. */
static void answer(struct confinement *c, const char *build_id)
{
	char message[MAX_MESSAGE] = { ASKED_NOBODY };
	_cleanup_error_ struct hwp_error *err = NULL;
	_cleanup_free_ char *path = NULL;

	if (build_id[strspn(build_id, "0123456789abcdef")] == '\0')
		err = hwp_debuginfod_find(build_id, &path);
	if (err)
		snprintf(message, sizeof(message), "%c%s", FAILED, err->message);
	else if (path)
		snprintf(message, sizeof(message), "%c%s", FOUND, path);
	/* If the child is gone, that is seen next. */
	(void)!send(c->ours, message, strlen(message), MSG_NOSIGNAL);
}

static void serve(struct confinement *c)
{
	char build_id[129];
	ssize_t n;

	for (;;) {
		n = read(c->ours, build_id, sizeof(build_id) - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		build_id[n] = '\0';
		answer(c, build_id);
	}
}

static int run_child(struct confinement *c)
{
	struct hwp_context context = *c->context;
	int err_fd = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC), status;
	FILE *err = err_fd >= 0 ? fdopen(err_fd, "w") : NULL;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* A library that has something to say, as malloc before it aborts, is not heard. */
	if (!err || null < 0 || dup2(null, STDERR_FILENO) < 0 || dup2(c->report, STDOUT_FILENO) < 0)
		return NOT_STARTED;
	close(null);
	close(c->report);
	close(c->ours);
	context.err = err;
	context.out = stdout;
	c->options->output = NULL;
	c->options->output_fd = c->file.out ? fileno(c->file.out) : 0;
	c->options->target.find_debuginfo = ask_parent;
	c->options->target.find_debuginfo_arg = c;
	hwp_sandbox_limit(&c->budget);
	/* libdrgn, and the Python around it, do what pleases them. */
	hwp_sandbox_enter(!c->options->target.provider ||
			  strcmp(c->options->target.provider, "drgn") != 0);
	status = c->command->run(&context, c->command, c->options);
	if (fflush(err) != 0 || fflush(stdout) != 0)
		status = HWP_EXIT_TROUBLE;
	return status;
}

static struct hwp_error *copy_report(int report, FILE *out)
{
	char buf[65536];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(report, buf, sizeof(buf), at)) > 0) {
		if (fwrite(buf, 1, (size_t)n, out) != (size_t)n)
			break;
		at += n;
	}
	if (n < 0)
		return hwp_error_os(errno, "cannot read the report");
	return hwp_report_flush(out);
}

static struct hwp_error *deliver(struct confinement *c, int status)
{
	_cleanup_(hwp_outfile_deinit) struct hwp_outfile file = {};
	struct hwp_error *err;

	struct stat st;

	if (c->file.out) {
		err = status == 0 ? hwp_outfile_commit(&c->file) : NULL;
		return err ? err : copy_report(c->report, c->context->out);
	}
	if (!c->options->output)
		return copy_report(c->report, c->context->out);
	/* There is no report where the target could not be read: the file stays. */
	if (fstat(c->report, &st) == 0 && st.st_size == 0)
		return NULL;
	err = hwp_outfile_open(c->options->output, 0644, &file);
	if (!err)
		err = copy_report(c->report, file.out);
	return err ? err : hwp_outfile_commit(&file);
}

static struct hwp_error *death(const struct confinement *c, int sig)
{
	const char *path = c->options->target.core_path;

	switch (sig) {
	case SIGXCPU:
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"%s: the analysis took more than %" PRIu64
					" s of processor time, the limit for a file of this size: "
					"it is damaged, or made to mislead",
					path, c->budget.seconds);
	case SIGKILL:
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"%s: the analysis was killed (SIGKILL), as the kernel does "
					"where memory is short",
					path);
	case SIGSYS:
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"%s: the analysis tried what it has no right to (SIGSYS) "
					"and was killed: the file may be made to attack its reader",
					path);
	default:
		return hwp_error_create(
			HWP_ERROR_BAD_DATA,
			"%s: the analysis died of signal %d (%s): the file is "
			"damaged or made to mislead, or hwpoison has a bug; nothing "
			"that was found is shown",
			path, sig, strsignal(sig));
	}
}

/** A command that writes metrics says that there are none. */
static struct hwp_error *deliver_nothing(const struct confinement *c)
{
	if (!(c->command->option_groups & HWP_OPTIONS_OUTPUT))
		return NULL;
	return c->options->output ? hwp_write_metrics(c->options->output, NULL, NULL, c->start_ns) :
				    hwp_put_metrics(c->context->out, NULL, NULL, c->start_ns);
}

static int await(struct confinement *c, pid_t child)
{
	struct hwp_error *err;
	int how;

	close(c->theirs);
	c->theirs = -1;
	serve(c);
	while (waitpid(child, &how, 0) < 0)
		if (errno != EINTR)
			return hwp_fail(c->context, c->options->json,
					hwp_error_os(errno, "cannot wait for the analysis"));
	if (WIFEXITED(how) && WEXITSTATUS(how) <= HWP_EXIT_TROUBLE)
		return hwp_finish(c->context, deliver(c, WEXITSTATUS(how)), WEXITSTATUS(how));
	err = deliver_nothing(c);
	hwp_fail(c->context, c->options->json,
		 WIFEXITED(how) ? hwp_error_create(HWP_ERROR_OS, "%s: the analysis could not begin",
						   c->options->target.core_path) :
				  death(c, WTERMSIG(how)));
	return hwp_finish(c->context, err, HWP_EXIT_TROUBLE);
}

/** By rights that the child does not have. What is wrong with a file the child says. */
static int open_dump(const char *path, uint64_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0)
		*size += (uint64_t)st.st_size;
	return fd;
}

static struct hwp_error *open_dumps(struct confinement *c, uint64_t *size)
{
	struct hwp_target_options *target = &c->options->target;

	c->core = open_dump(target->core_path, size);
	if (c->core >= 0)
		target->core_fd = c->core;
	c->parts = calloc(target->nr_parts + 1, sizeof(*c->parts));
	if (!c->parts)
		return hwp_error_no_memory();
	for (size_t i = 0; i < target->nr_parts; i++) {
		int fd = open_dump(target->part_paths[i], size);

		c->parts[i] = fd > 0 ? fd : 0;
	}
	target->part_fds = c->parts;
	return NULL;
}

static struct hwp_error *prepare(struct confinement *c)
{
	long nr_processors = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t size = 0;
	struct hwp_error *err = open_dumps(c, &size);
	int pair[2];

	if (!err && c->command->option_groups & HWP_OPTIONS_EXCERPT && c->options->output)
		err = hwp_outfile_open(c->options->output, 0600, &c->file);
	if (err)
		return err;
	c->budget = hwp_budget_for(size, c->options->nr_threads ? c->options->nr_threads :
					 nr_processors > 0	? (unsigned int)nr_processors :
								  1);
	hwp_budget_clamp(&c->budget);
	c->report = memfd_create("report", MFD_CLOEXEC);
	if (c->report < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return hwp_error_os(errno, "cannot prepare the analysis");
	c->ours = pair[0];
	c->theirs = pair[1];
	return NULL;
}

static bool is_wanted(const struct hwp_context *context, const struct hwp_command *command,
		      const struct hwp_cmd_options *options)
{
	const char *wish = secure_getenv("HWPOISON_CONFINE");

	/* Sanitizers reserve terabytes, and look at the process through /proc. */
	return command->option_groups & HWP_OPTIONS_TARGET && !context->host &&
	       options->target.core_path && !HWP_IS_SANITIZED && !(wish && strcmp(wish, "no") == 0);
}

static uint64_t bit(unsigned int n)
{
	return UINT64_C(1) << n;
}

/* include/uapi/linux/capability.h */
static uint64_t needed_live(const struct hwp_cmd_options *options)
{
	/* /proc/kcore is opened again for each pass; /proc/kallsyms shows addresses. */
	uint64_t kept = bit(CAP_SYS_RAWIO) | bit(CAP_SYSLOG) | bit(CAP_DAC_READ_SEARCH);

	/* Files that are written, and the socket of a guest, may be another user's. */
	if (options->output || options->state || options->target.qemu_socket)
		kept |= bit(CAP_DAC_OVERRIDE) | bit(CAP_FOWNER);
	return kept;
}

int hwp_run_confined(const struct hwp_context *context, const struct hwp_command *command,
		     struct hwp_cmd_options *options)
{
	_cleanup_(confinement_deinit) struct confinement c = {
		.context = context,
		.command = command,
		.options = options,
		.core = -1,
		.report = -1,
		.ours = -1,
		.theirs = -1,
		.start_ns = hwp_now_ns(),
	};
	struct hwp_error *err;
	pid_t child;

	if (!is_wanted(context, command, options)) {
		if (options->live || options->target.qemu_socket)
			hwp_sandbox_keep_capabilities(needed_live(options));
		return command->run(context, command, options);
	}
	err = prepare(&c);
	if (err)
		return hwp_fail(context, options->json, err);
	fflush(context->out);
	fflush(context->err);
	child = fork();
	if (child < 0)
		return hwp_fail(context, options->json, hwp_error_os(errno, "cannot fork"));
	if (child == 0)
		_exit(run_child(&c));
	return await(&c, child);
}
