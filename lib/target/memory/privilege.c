// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/privilege.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/** Those of the process; all ones if /proc cannot be read. */
static uint64_t effective_capabilities(void)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/status", "re");
	uint64_t caps = UINT64_MAX;
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "CapEff: %" SCNx64, &caps) == 1)
			break;
	}
	return caps;
}

static bool is_in_mode(const char *word)
{
	_cleanup_fclose_ FILE *f = fopen("/sys/kernel/security/lockdown", "re");
	char line[128] = "";

	return f && fgets(line, sizeof(line), f) && strstr(line, word);
}

static const char *capability_name(enum hwp_capability cap)
{
	return cap == HWP_CAP_SYS_RAWIO ? "CAP_SYS_RAWIO" : "CAP_SYS_ADMIN";
}

struct hwp_error *hwp_privilege_explain(int errnum, const char *path, enum hwp_capability needed,
					const char *absent)
{
	bool has = effective_capabilities() >> needed & 1;
	struct stat st;

	if (errnum == ENOENT && stat("/proc/self", &st) < 0)
		return hwp_error_create(HWP_ERROR_OS, "%s: /proc is not mounted", path);
	if (errnum == ENOENT)
		return hwp_error_create(HWP_ERROR_OS, "%s: no such file: %s, or the mount hides it",
					path, absent);
	if (errnum == EACCES)
		return hwp_error_create(HWP_ERROR_OS,
					"%s: permission denied: run it as root of the "
					"host (the file is root's, and %s is %s)",
					path, capability_name(needed), has ? "held" : "missing");
	if (errnum == EPERM && !has)
		return hwp_error_create(HWP_ERROR_OS,
					"%s: not permitted: the capability %s is "
					"missing",
					path, capability_name(needed));
	if (errnum == EPERM && is_in_mode("[confidentiality]"))
		return hwp_error_create(HWP_ERROR_OS,
					"%s: not permitted: the kernel is locked down "
					"(confidentiality)",
					path);
	if (errnum == EPERM)
		return hwp_error_create(
			HWP_ERROR_OS,
			"%s: not permitted, though %s is held: kernel "
			"lockdown, a seccomp filter or a security module forbids it",
			path, capability_name(needed));
	return hwp_error_os(errnum, "%s", path);
}
