// SPDX-License-Identifier: GPL-2.0-or-later
/** What MCi_STATUS says of a machine check of x86. */
#ifndef HWP_MODEL_MACHINE_CHECK_H
#define HWP_MODEL_MACHINE_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/** There is a record: MCI_STATUS_VAL. */
static inline bool hwp_status_is_valid(uint64_t status)
{
	return status >> 63 & 1;
}

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
	return hwp_status_is_valid(status) && !hwp_status_is_uncorrected(status) &&
	       !(status >> 44 & 1);
}

/**
 * Is it an error of memory, or of a cache that holds it, by the error code in the low 16 bits?
 * As in mce_is_memory_error() of arch/x86/kernel/cpu/mce/core.c.
 */
static inline bool hwp_status_is_memory(uint64_t status)
{
	return (status & 0xef80) == 0x80 || (status & 0xef00) == 0x100 || (status & 0xeffc) == 0xc;
}

/** Does the record have MCi_ADDR, and MCi_MISC? MCI_STATUS_ADDRV and MCI_STATUS_MISCV. */
static inline bool hwp_status_has_address(uint64_t status)
{
	return status >> 58 & 1;
}

static inline bool hwp_status_has_misc(uint64_t status)
{
	return status >> 59 & 1;
}

/**
 * Does the bank have a physical address in MCi_ADDR? That of AMD's memory controllers (by
 * MCA_IPID, 0 elsewhere) is one of the channel; banks of the cores have physical ones where they
 * consume poison. On Intel's processors bits 6 to 8 of MCi_MISC say which kind it is, of which 1
 * is linear.
 */
static inline bool hwp_bank_has_physical(uint64_t misc, uint64_t ipid)
{
	uint64_t hardware = ipid >> 32 & 0xfff, type = ipid >> 48;

	if (ipid)
		return hardware == 0xb0 && (type == 0 || type == 1 || type == 0x10);
	return (misc >> 6 & 7) != 1;
}

#endif /* HWP_MODEL_MACHINE_CHECK_H */
