// SPDX-License-Identifier: GPL-2.0-or-later
/** Is there somebody behind a socket who speaks QMP? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "qmp_server.h"
#include "target/drgn/qmp.h"

static void greeted(void **state)
{
	struct server s = serve(greeting);
	char back[sizeof(greeting)];
	int fd = -1;

	(void)state;
	assert_null(hwp_qmp_connect(s.address.sun_path, &fd));
	/* It is left for who speaks QMP. */
	assert_int_equal(read(fd, back, sizeof(back)), strlen(greeting));
	assert_memory_equal(back, greeting, strlen(greeting));
	close(fd);
	end(&s);
}

static void not_qmp(void **state)
{
	static const char *const texts[] = { "", "220 mail\r\n", "{\"error\": {}}\r\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct server s = serve(texts[i]);
		int fd = -1;
		struct hwp_error *err = hwp_qmp_connect(s.address.sun_path, &fd);

		assert_int_equal(err->code, HWP_ERROR_UNSUPPORTED);
		assert_non_null(strstr(err->message, "QMP"));
		assert_int_equal(fd, -1);
		hwp_error_destroy(err);
		end(&s);
	}
}

static void nobody(void **state)
{
	char path[256];
	struct hwp_error *err;
	int fd = -1;

	(void)state;
	snprintf(path, sizeof(path), "%s/nothing", directory);
	err = hwp_qmp_connect(path, &fd);
	assert_int_equal(err->code, HWP_ERROR_OS);
	hwp_error_destroy(err);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	err = hwp_qmp_connect(path, &fd);
	assert_int_equal(err->code, HWP_ERROR_INVALID_ARGUMENT);
	hwp_error_destroy(err);
	assert_int_equal(fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(greeted),
		cmocka_unit_test(not_qmp),
		cmocka_unit_test(nobody),
	};

	return cmocka_run_group_tests_name("qmp", tests, set_up, tear_down);
}
