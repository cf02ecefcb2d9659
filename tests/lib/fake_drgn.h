// SPDX-License-Identifier: GPL-2.0-or-later
/** What the fake libdrgn has, and what it counts. */
#ifndef HWP_FAKE_DRGN_H
#define HWP_FAKE_DRGN_H

#include <stdbool.h>
#include <stdint.h>

#define FAKE_MEMORY UINT64_C(0x1000)
#define FAKE_MEMORY_END UINT64_C(0x3000)
#define FAKE_SYMBOL UINT64_C(0xffffffff81001234)
/** The symbol of a per-CPU variable, as 0.0.31 moves it, and the variable itself. */
#define FAKE_MOVED UINT64_C(0x1a31800)
#define FAKE_PERCPU UINT64_C(0x31800)
#define FAKE_VMCOREINFO "OSRELEASE=7.3-fake\n"

/** The symbol fake_counts: what is in use, and what was asked for last. */
struct fake_counts {
	int errors, programs, symbols, objects;
	int log_level, fd;
	bool default_info, main_info;
	char path[64];
};

static inline uint8_t fake_byte(uint64_t address, bool is_physical)
{
	return (uint8_t)(address * 7 + (address >> 8) + is_physical);
}

#endif /* HWP_FAKE_DRGN_H */
