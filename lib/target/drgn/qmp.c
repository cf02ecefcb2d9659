// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/drgn/qmp.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/clock.h"

static struct hwp_error *no_qmp(void)
{
	return hwp_error_create(HWP_ERROR_UNSUPPORTED,
				"it does not speak QMP: give the socket of QEMU's -qmp option");
}

/** The greeting is an object with the key QMP, and is sent at once. */
static struct hwp_error *expect_greeting(int fd)
{
	uint64_t end = hwp_now_ns() + HWP_QMP_TIMEOUT * HWP_NS_PER_SECOND, now;
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char greeting[256] = "";

	while ((now = hwp_now_ns()) < end) {
		int nr = poll(&poll_fd, 1, (int)((end - now) / 1000000) + 1);
		ssize_t len;

		if (nr < 0 && errno != EINTR)
			return hwp_error_os(errno, "poll");
		if (nr <= 0)
			continue;
		len = recv(fd, greeting, sizeof(greeting) - 1, MSG_PEEK);
		if (len < 0)
			return hwp_error_os(errno, "it does not speak QMP");
		greeting[len] = '\0';
		return strncmp(greeting, "{\"QMP\"", 6) == 0 ? NULL : no_qmp();
	}
	return hwp_error_create(
		HWP_ERROR_UNSUPPORTED,
		"no answer within %d s: QMP serves one client at a time, and another "
		"(libvirt, if it runs the guest) may be connected; give QEMU a "
		"second -qmp socket",
		HWP_QMP_TIMEOUT);
}

static struct hwp_error *greet(int fd, const struct sockaddr_un *address)
{
	const struct timeval timeout = { .tv_sec = HWP_QMP_TIMEOUT };

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return hwp_error_os(errno, "cannot connect");
	return expect_greeting(fd);
}

struct hwp_error *hwp_qmp_connect(const char *path, int *fd_ret)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -1;
	struct hwp_error *err;

	if (strlen(path) >= sizeof(address.sun_path))
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
					"the path of a socket has at most %zu characters",
					sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return hwp_error_os(errno, "socket");
	err = greet(fd, &address);
	if (err)
		return err;
	*fd_ret = fd;
	fd = -1;
	return NULL;
}
