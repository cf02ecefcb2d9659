// SPDX-License-Identifier: GPL-2.0-or-later
/** Who answers on a socket as QEMU does. */
#ifndef HWP_QMP_SERVER_H
#define HWP_QMP_SERVER_H

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/** The greeting of docs/interop/qmp-spec.rst. */
static const char greeting[] =
	"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 2, \"minor\": 2, "
	"\"major\": 7}, \"package\": \"\"}, \"capabilities\": [\"oob\"]}}\r\n";

static char directory[] = "/tmp/hwp-qmp-XXXXXX";

struct server {
	struct sockaddr_un address;
	pid_t pid;
};

/** Who answers @p text to whoever connects, and then hangs up. */
static inline struct server serve(const char *text)
{
	struct server s = { .address = { .sun_family = AF_UNIX } };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;

	snprintf(s.address.sun_path, sizeof(s.address.sun_path), "%s/qmp", directory);
	unlink(s.address.sun_path);
	assert_int_equal(bind(listener, (struct sockaddr *)&s.address, sizeof(s.address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	s.pid = fork();
	if (s.pid == 0) {
		alarm(10);
		fd = accept(listener, NULL, NULL);
		_exit(fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text));
	}
	close(listener);
	return s;
}

static inline void end(const struct server *s)
{
	int status;

	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	unlink(s->address.sun_path);
}

static inline int set_up(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static inline int tear_down(void **state)
{
	(void)state;
	return rmdir(directory);
}

#endif /* HWP_QMP_SERVER_H */
