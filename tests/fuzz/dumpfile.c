// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"

#include <sys/mman.h>

#include "../unit/synth.h"

static void fuzz_dumpfile(const uint8_t *data, size_t size)
{
	int in = memfd_create("in", MFD_CLOEXEC), out = memfd_create("out", MFD_CLOEXEC);
	struct hwp_file_facts facts = {};

	if (in < 0 || out < 0 || write(in, data, size) != (ssize_t)size)
		abort();
	hwp_error_destroy(hwp_unflatten(in, out));
	hwp_error_destroy(hwp_dumpfile_prepare("vmcore", &in, &facts));
	if (!memchr(facts.damage, '\0', sizeof(facts.damage)) ||
	    !memchr(facts.format, '\0', sizeof(facts.format)))
		abort();
	close(in);
	close(out);
}
FUZZ_TARGET(fuzz_dumpfile)
