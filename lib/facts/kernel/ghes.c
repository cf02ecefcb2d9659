// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/kernel/ghes.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "layout/needs.h"

/* GHES_ESTATUS_CACHES_SIZE, and the most that one record may have, GHES_ESTATUS_MAX_SIZE. */
#define NR_CACHES 4
#define MAX_STATUS_SIZE 65536
/* include/acpi/actbl1.h: struct acpi_hest_generic_status, and an entry of its data, whose revision 3
 * has a time. */
#define STATUS_SIZE 20
#define STATUS_DATA_LENGTH 12
#define ENTRY_SIZE 64
#define ENTRY_SIZE_3 72
#define ENTRY_SEVERITY 16
#define ENTRY_REVISION 20
#define ENTRY_LENGTH 24
/* include/linux/cper.h: struct cper_sec_mem_err, CPER_MEM_VALID_PA, CPER_SEV_CORRECTED and
 * CPER_SEV_INFORMATIONAL. */
#define MEMORY_SIZE 24
#define MEMORY_ADDRESS 16
#define MEMORY_VALID_ADDRESS 2
#define SEVERITY_CORRECTED 2
#define SEVERITY_INFORMATIONAL 3

/* CPER_SEC_PLATFORM_MEM: a5bc1114-6f64-4ede-b863-3e83ed7c83b1 */
static const unsigned char memory_section[16] = { 0x14, 0x11, 0xbc, 0xa5, 0x64, 0x6f, 0xde, 0x4e,
						  0xb8, 0x63, 0x3e, 0x83, 0xed, 0x7c, 0x83, 0xb1 };

struct ghes_layout {
	uint64_t caches;
	uint32_t cache_size, len, time_in;
};

static const struct hwp_need rows[] = {
	HWP_SYMBOL(struct ghes_layout, caches, "ghes_estatus_caches"),
	/* The error record follows it. */
	HWP_SIZE(struct ghes_layout, cache_size, "ghes_estatus_cache"),
	HWP_OFFSET(struct ghes_layout, len, "ghes_estatus_cache.estatus_len"),
	HWP_OFFSET(struct ghes_layout, time_in, "ghes_estatus_cache.time_in"),
};

const struct hwp_needs hwp_ghes_needs = {
	.rows = rows,
	.nr = HWP_ARRAY_SIZE(rows),
	.sources = (const char *const[]){ "drivers/acpi/apei/ghes.c", NULL },
	.size = sizeof(struct ghes_layout),
};

static uint32_t number(const unsigned char *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static uint64_t long_number(const unsigned char *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

/** A section of a memory error, whose entry begins at @p entry: @p size bytes from @p data. */
static struct hwp_error *take_memory(struct hwp_findings *f, unsigned int page_shift,
				     const unsigned char *entry, const unsigned char *data,
				     size_t size, int64_t seconds)
{
	unsigned int bits = f->machine.physical_bits ? f->machine.physical_bits : 63;
	/* As of lines of the log: above these bits may be a key of memory encryption. */
	uint64_t mask = (UINT64_C(1) << bits) - 1;
	uint32_t severity = number(entry + ENTRY_SEVERITY);
	struct hwp_hardware_record record = {
		.source = HWP_RECORD_GHES,
		.kind = severity == SEVERITY_CORRECTED ? HWP_EVENT_CORRECTED : HWP_EVENT_HARDWARE,
		.cpu = -1,
		.bank = -1,
		.unix_seconds = seconds,
	};

	if (size < MEMORY_SIZE || severity >= SEVERITY_INFORMATIONAL)
		return NULL;
	if (long_number(data) & MEMORY_VALID_ADDRESS) {
		record.has_pfn = true;
		record.pfn = (long_number(data + MEMORY_ADDRESS) & mask) >> page_shift;
	}
	return hwp_vec_push(&f->hardware.records, record) ? NULL : hwp_error_no_memory();
}

/** The sections of one error record of @p len bytes. */
static struct hwp_error *take_status(struct hwp_findings *f, unsigned int page_shift,
				     const unsigned char *status, size_t len, int64_t seconds)
{
	size_t at = STATUS_SIZE, end = at + number(status + STATUS_DATA_LENGTH);
	struct hwp_error *err = NULL;

	if (end > len)
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"an error record is longer than its place");
	while (!err && at + ENTRY_SIZE <= end) {
		const unsigned char *entry = status + at;
		size_t head = entry[ENTRY_REVISION + 1] >= 3 ? ENTRY_SIZE_3 : ENTRY_SIZE;
		size_t size = number(entry + ENTRY_LENGTH);

		if (head + size > end - at)
			return hwp_error_create(HWP_ERROR_BAD_DATA,
						"a section is longer than its error record");
		if (memcmp(entry, memory_section, sizeof(memory_section)) == 0)
			err = take_memory(f, page_shift, entry, entry + head, size, seconds);
		at += head + size;
	}
	return err;
}

static struct hwp_error *read_cache(struct hwp_target *target, const struct ghes_layout *at,
				    uint64_t cache, unsigned int page_shift, struct hwp_findings *f)
{
	_cleanup_free_ unsigned char *status = NULL;
	uint64_t time_ns = 0;
	int64_t seconds = 0;
	uint32_t len = 0;
	struct hwp_error *err = hwp_target_read_u32(target, cache + at->len, &len);

	if (!err && (len < STATUS_SIZE || len > MAX_STATUS_SIZE))
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "an error record of %" PRIu32 " bytes",
				       len);
	if (!err)
		err = hwp_target_read_u64(target, cache + at->time_in, &time_ns);
	if (err)
		return err;
	status = malloc(len);
	if (!status)
		return hwp_error_no_memory();
	err = hwp_target_read(target, HWP_KERNEL_VIRTUAL, cache + at->cache_size, status, len,
			      NULL);
	/* sched_clock(), as the log has it. */
	if (f->machine.has_clock && time_ns < INT64_MAX / 2)
		seconds = (f->machine.log_start_unix_ns + (int64_t)time_ns) /
			  (int64_t)HWP_NS_PER_SECOND;
	return err ? err : take_status(f, page_shift, status, len, seconds);
}

struct hwp_error *hwp_ghes_read(struct hwp_target *target, const struct hwp_layout *l,
				struct hwp_findings *f)
{
	const struct ghes_layout *at = hwp_layout_of(l, &hwp_ghes_needs);
	struct hwp_error *err = NULL;
	uint64_t cache;

	f->hardware.ghes.state = HWP_STORE_ABSENT;
	if (!at)
		return NULL;
	for (unsigned int i = 0; i < NR_CACHES && !err; i++) {
		err = hwp_target_read_u64(target, at->caches + 8 * (uint64_t)i, &cache);
		if (!err && cache)
			err = read_cache(target, at, cache, l->page_shift, f);
	}
	return hwp_record_store_finish(&f->hardware.ghes, err);
}
