// SPDX-License-Identifier: GPL-2.0-or-later
/** Where a kernel's vmlinux may be: the places and names that distributions use. */
#include <dirent.h>
#include <stdarg.h>
#include <string.h>

#include "target/providers.h"

/* A directory is searched for names with the release up to so many entries. */
#define MAX_ENTRIES 65536

struct visitor {
	bool (*visit)(void *arg, const char *path);
	void *arg;
};

/** Visit the path @p fmt if it is readable; false to stop. */
static bool __attribute__((__format__(__printf__, 2, 3)))
offer(const struct visitor *visitor, const char *fmt, ...)
{
	_cleanup_free_ char *path = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&path, fmt, ap);
	va_end(ap);
	if (len < 0) {
		path = NULL;
		return true;
	}
	return access(path, R_OK) != 0 || visitor->visit(visitor->arg, path);
}

static bool offer_build_id(const struct visitor *visitor, const char *dir,
			   const struct hwp_kernel_name *name)
{
	return !name->build_id[0] || !name->build_id[1] ||
	       offer(visitor, "%s/.build-id/%.2s/%s.debug", dir, name->build_id,
		     name->build_id + 2);
}

/** Such as "vmlinux-RELEASE.debug" and "RELEASE-vmlinux". */
static bool offer_named(const struct visitor *visitor, const char *dir,
			const struct hwp_kernel_name *name)
{
	DIR *d = name->release[0] ? opendir(dir) : NULL;
	const struct dirent *entry;
	size_t nr = 0;
	bool go_on = true;

	while (d && go_on && nr++ < MAX_ENTRIES && (entry = readdir(d)))
		if (strstr(entry->d_name, "vmlinux") && strstr(entry->d_name, name->release))
			go_on = offer(visitor, "%s/%s", dir, entry->d_name);
	if (d)
		closedir(d);
	return go_on;
}

bool hwp_debugfile_in(const char *dir, const struct hwp_kernel_name *name,
		      bool (*visit)(void *arg, const char *path), void *arg)
{
	const struct visitor visitor = { visit, arg };

	return offer_build_id(&visitor, dir, name) && offer(&visitor, "%s/vmlinux", dir) &&
	       offer_named(&visitor, dir, name) &&
	       (!name->release[0] || offer(&visitor, "%s/%s/vmlinux", dir, name->release));
}

bool hwp_debugfile_usual(const struct hwp_kernel_name *name,
			 bool (*visit)(void *arg, const char *path), void *arg)
{
	/* Debian, Fedora and RHEL, SUSE, Ubuntu; then a kernel that was built here. */
	static const char *const formats[] = {
		"/usr/lib/debug/boot/vmlinux-%s",
		"/usr/lib/debug/lib/modules/%s/vmlinux",
		"/usr/lib/debug/usr/lib/modules/%s/vmlinux",
		"/usr/lib/debug/boot/vmlinux-%s.debug",
		"/usr/lib/debug/usr/lib/modules/%s/vmlinux.debug",
		"/usr/lib/debug/vmlinux-%s",
		"/lib/modules/%s/build/vmlinux",
		"/boot/vmlinux-%s",
	};
	const struct visitor visitor = { visit, arg };

	if (name->core_path) {
		const char *slash = strrchr(name->core_path, '/');
		_cleanup_free_ char *dir = slash ? strndup(name->core_path,
							   (size_t)(slash - name->core_path) + 1) :
						   strdup(".");

		if (dir && !hwp_debugfile_in(dir, name, visit, arg))
			return false;
	}
	if (!offer_build_id(&visitor, "/usr/lib/debug", name))
		return false;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]) && name->release[0]; i++) {
		const char *hole = strstr(formats[i], "%s");

		if (!offer(&visitor, "%.*s%s%s", (int)(hole - formats[i]), formats[i],
			   name->release, hole + 2))
			return false;
	}
	return true;
}
