// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * A vmlinux by build id from the servers in $DEBUGINFOD_URLS. The library is loaded
 * only if that is set: its dependencies would slow down every start.
 */
#include <string.h>

#include "target/providers.h"

static bool is_on(void)
{
	const char *urls = secure_getenv("DEBUGINFOD_URLS");

	return urls && urls[strspn(urls, " ")];
}

#ifdef HWP_HAVE_DEBUGINFOD

#include <dlfcn.h>

#include <elfutils/debuginfod.h>

struct client {
	void *library;
	__typeof__(debuginfod_begin) *begin;
	__typeof__(debuginfod_end) *end;
	__typeof__(debuginfod_find_debuginfo) *find;
};

static void client_deinit(struct client *c)
{
	if (c->library)
		dlclose(c->library);
}

static struct hwp_error *client_load(struct client *c)
{
	c->library = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);
	if (c->library) {
		c->begin = dlsym(c->library, "debuginfod_begin");
		c->end = dlsym(c->library, "debuginfod_end");
		c->find = dlsym(c->library, "debuginfod_find_debuginfo");
	}
	if (!c->library || !c->begin || !c->end || !c->find)
		return hwp_error_create(HWP_ERROR_LOOKUP,
					"DEBUGINFOD_URLS is set, but libdebuginfod.so.1 cannot be "
					"loaded");
	return NULL;
}

struct hwp_error *hwp_debuginfod_find(const char *build_id, char **path_ret)
{
	_cleanup_(client_deinit) struct client c = {};
	debuginfod_client *client;
	struct hwp_error *err;
	int fd;

	*path_ret = NULL;
	if (!is_on() || !build_id[0])
		return NULL;
	err = client_load(&c);
	if (err)
		return err;
	client = c.begin();
	if (!client)
		return hwp_error_no_memory();
	fd = c.find(client, (const unsigned char *)build_id, 0, path_ret);
	c.end(client);
	if (fd < 0)
		return hwp_error_create(HWP_ERROR_LOOKUP, "debuginfod has no build id %s: %s",
					build_id, strerror(-fd));
	close(fd);
	return NULL;
}

#else

struct hwp_error *hwp_debuginfod_find(const char *build_id, char **path_ret)
{
	(void)build_id;
	*path_ret = NULL;
	return is_on() ? hwp_error_create(HWP_ERROR_LOOKUP, "DEBUGINFOD_URLS is set, but this "
							    "build has no debuginfod") :
			 NULL;
}

#endif
