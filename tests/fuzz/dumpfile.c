// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"

#include <sys/mman.h>

#include "../unit/synth.h"
#include "target/memory/dumpfile.h"

/** The file of @p data, which begins with @p signature in place of its own first bytes. */
static void prepare(const uint8_t *data, size_t size, const char *signature, size_t len)
{
	int fd = memfd_create("vmcore", MFD_CLOEXEC);
	struct hwp_file_facts facts = {};
	struct hwp_dumpfile dump;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size ||
	    pwrite(fd, signature, len, 0) != (ssize_t)len)
		abort();
	hwp_error_destroy(hwp_dumpfile_open("vmcore", fd, &dump, &facts));
	if (!memchr(facts.damage, '\0', sizeof(facts.damage)) ||
	    !memchr(facts.format, '\0', sizeof(facts.format)))
		abort();
	hwp_dumpfile_deinit(&dump);
}

static void fuzz_dumpfile(const uint8_t *data, size_t size)
{
	static const char flattened[] = "makedumpfile";

	prepare(data, size, NULL, 0);
	/* Its records, whatever the file was. */
	prepare(data, size, flattened, sizeof(flattened));
}
FUZZ_TARGET(fuzz_dumpfile)
