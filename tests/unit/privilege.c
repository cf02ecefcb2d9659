// SPDX-License-Identifier: GPL-2.0-or-later
/** Why a file of /proc cannot be opened: one line that names what is missing. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>

#include <cmocka.h>

#include "target/memory/privilege.h"

/** By capget(2); the library reads /proc. */
static bool is_held(int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};

	assert_int_equal(syscall(SYS_capget, &header, data), 0);
	return data[capability / 32].effective >> (capability % 32) & 1;
}

static void assert_explained(void)
{
	static const struct {
		int errnum;
		enum hwp_capability needed;
		/** With the capability, and without it. */
		const char *held, *missing;
	} cases[] = {
		{ ENOENT, HWP_CAP_SYS_RAWIO, "CONFIG_X=n", "CONFIG_X=n" },
		{ EACCES, HWP_CAP_SYS_RAWIO, "CAP_SYS_RAWIO is held", "CAP_SYS_RAWIO is missing" },
		{ EACCES, HWP_CAP_SYS_ADMIN, "CAP_SYS_ADMIN is held", "CAP_SYS_ADMIN is missing" },
		{ EPERM, HWP_CAP_SYS_RAWIO, "lock", "CAP_SYS_RAWIO is missing" },
		{ EPERM, HWP_CAP_SYS_ADMIN, "lock", "CAP_SYS_ADMIN is missing" },
		{ EIO, HWP_CAP_SYS_ADMIN, "Input/output error", "Input/output error" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hwp_error *err = hwp_privilege_explain(cases[i].errnum, "/proc/x",
							      cases[i].needed, "CONFIG_X=n");
		const char *words = is_held(cases[i].needed) ? cases[i].held : cases[i].missing;

		assert_non_null(err);
		print_message("# %s\n", err->message);
		assert_int_equal(err->code, HWP_ERROR_OS);
		assert_non_null(strstr(err->message, words));
		assert_ptr_equal(strstr(err->message, "/proc/x: "), err->message);
		assert_null(strchr(err->message, '\n'));
		hwp_error_destroy(err);
	}
}

/** As whoever runs the tests, and then in a process without any capability. */
static void explains(void **state)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = {};
	int status;
	pid_t pid;

	(void)state;
	assert_explained();
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (syscall(SYS_capset, &header, none) != 0)
			_exit(1);
		assert_explained();
		fflush(stdout);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explains),
	};

	return cmocka_run_group_tests_name("privilege", tests, NULL, NULL);
}
