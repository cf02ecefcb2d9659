// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/machine.h"

#include <unistd.h>

#define SHARE_OF_MACHINE 64
#define MIN_BYTES ((size_t)1 << 20)

size_t hwp_share_of_machine(size_t max_bytes)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	size_t share = MIN_BYTES;

	if (pages > 0 && size > 0)
		share = (size_t)pages / SHARE_OF_MACHINE * (size_t)size;
	share = share > MIN_BYTES ? share : MIN_BYTES;
	return share < max_bytes ? share : max_bytes;
}
