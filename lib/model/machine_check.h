// SPDX-License-Identifier: GPL-2.0-or-later
/** What MCi_STATUS says of a machine check of x86. */
#ifndef HWP_MODEL_MACHINE_CHECK_H
#define HWP_MODEL_MACHINE_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/** Uncorrected: MCI_STATUS_UC. */
static inline bool hwp_status_is_uncorrected(uint64_t status)
{
	return status >> 61 & 1;
}

/**
 * A valid record without MCI_STATUS_UC. Bit 44 is AMD's MCI_STATUS_DEFERRED, by which the data is
 * lost; Intel counts corrected errors there. Where it is set, it may be either.
 */
static inline bool hwp_status_is_corrected(uint64_t status)
{
	return status >> 63 & 1 && !hwp_status_is_uncorrected(status) && !(status >> 44 & 1);
}

/**
 * Is it an error of memory, or of a cache that holds it, by the error code in the low 16 bits?
 * As in mce_is_memory_error() of arch/x86/kernel/cpu/mce/core.c.
 */
static inline bool hwp_status_is_memory(uint64_t status)
{
	return (status & 0xef80) == 0x80 || (status & 0xef00) == 0x100 || (status & 0xeffc) == 0xc;
}

#endif /* HWP_MODEL_MACHINE_CHECK_H */
