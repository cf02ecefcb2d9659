// SPDX-License-Identifier: GPL-2.0-or-later
/** The name of the package that has a distribution kernel's debug information. */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "target/providers.h"

/** In this order: a suffix of Oracle's stands behind one of Red Hat's. */
static const struct {
	/** As fnmatch() has it. */
	const char *release;
	const char *package;
} forms[] = {
	{ "[3-9]*.el[0-9]*uek*", "kernel-uek-debuginfo-%s" },
	{ "[3-9]*.el[0-9]*+rt*", "kernel-rt-debuginfo-%s" },
	{ "[3-9]*.el[0-9]*", "kernel-debuginfo-%s" },
	{ "[3-9]*.fc[0-9]*", "kernel-debuginfo-%s" },
	{ "[3-9]*.amzn[0-9]*", "kernel-debuginfo-%s" },
	{ "[3-9]*.oe[0-9]*", "kernel-debuginfo-%s" },
	{ "[3-9]*.an[0-9]*", "kernel-debuginfo-%s" },
	{ "[3-9]*-generic", "linux-image-unsigned-%s-dbgsym" },
	{ "[3-9]*-generic-64k", "linux-image-unsigned-%s-dbgsym" },
	{ "[3-9]*-lowlatency", "linux-image-unsigned-%s-dbgsym" },
	{ "[3-9]*-aws", "linux-image-unsigned-%s-dbgsym" },
	{ "[3-9]*.0-[0-9]*-azure", "linux-image-unsigned-%s-dbgsym" },
	{ "[3-9]*-gcp", "linux-image-unsigned-%s-dbgsym" },
	{ "[3-9]*-oracle", "linux-image-unsigned-%s-dbgsym" },
	{ "[3-9]*-[0-9]*-default", "kernel-default-debuginfo" },
	{ "[3-9]*-[0-9]*-64kb", "kernel-64kb-debuginfo" },
	{ "[3-9]*-amd64", "linux-image-%s-dbg" },
	{ "[3-9]*-arm64", "linux-image-%s-dbg" },
	{ "[3-9]*-arm64-16k", "linux-image-%s-dbg" },
};

bool hwp_debug_package(const char *release, char *buf, size_t size)
{
	for (size_t i = 0; i < HWP_ARRAY_SIZE(forms); i++) {
		const char *of = forms[i].package, *place = strstr(of, "%s");
		size_t before = place ? (size_t)(place - of) : strlen(of);

		if (fnmatch(forms[i].release, release, 0) != 0)
			continue;
		snprintf(buf, size, "%.*s%s%s", (int)before, of, place ? release : "",
			 place ? place + 2 : "");
		return true;
	}
	return false;
}
