// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Which poisoned pages were seen leaked since a kernel booted: what one check hands to the next,
 * as a leak may last for seconds. It is kept as text, which anybody may have written.
 */
#ifndef HWP_MODEL_LEAK_RECORD_H
#define HWP_MODEL_LEAK_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/vec.h"

/** Pages in one record; of more than these only the number is kept. */
#define HWP_MAX_LEAKS 16384
/** No record is longer, in bytes. */
#define HWP_MAX_LEAK_RECORD_SIZE (HWP_MAX_LEAKS * 128)

struct hwp_leak {
	uint64_t pfn;
	/** What was seen of it since its error: in free memory, handed out, thrown away. */
	bool seen_free, seen_in_use, seen_dropped;
	/** When it was first seen so, and when last; Unix time. */
	int64_t first_seconds, last_seconds;
	/** A process that had it after its error; -1 and empty where none is known. */
	int pid;
	char comm[20];
};

struct hwp_leak_record {
	/** /proc/sys/kernel/random/boot_id; empty: there is no record. */
	char boot_id[40];
	/** Ascending by pfn, each once. */
	HWP_VEC(struct hwp_leak) leaks;
	/** Leaked pages that are not in leaks, at least. */
	uint64_t nr_more;
};

void hwp_leak_record_deinit(struct hwp_leak_record *record);

/** Make @p to a copy of @p from. */
struct hwp_error *hwp_leak_record_copy(struct hwp_leak_record *to,
				       const struct hwp_leak_record *from);

/** Index of the first of record.leaks that is not below @p pfn. */
size_t hwp_leak_record_index(const struct hwp_leak_record *record, uint64_t pfn);

/** What was seen of @p pfn, or NULL. */
const struct hwp_leak *hwp_leak_record_find(const struct hwp_leak_record *record, uint64_t pfn);

/**
 * Put what @p leak says of its page to what @p record knows of it. Without room for one page
 * more *@p has_room is false, and @p record as it was.
 */
struct hwp_error *hwp_leak_record_add(struct hwp_leak_record *record, const struct hwp_leak *leak,
				      bool *has_room);

/** Put all of @p from to @p record, which is of the same boot. */
struct hwp_error *hwp_leak_record_merge(struct hwp_leak_record *record,
					const struct hwp_leak_record *from);

/** Pages that leaked since boot, each counted once. */
uint64_t hwp_leak_record_count(const struct hwp_leak_record *record);

/** When the first of them was seen; 0 for none. */
int64_t hwp_leak_record_first(const struct hwp_leak_record *record);

/** "2026-07-01T10:20:30Z", of a time in Unix seconds. */
const char *hwp_unix_time(int64_t seconds, char *buf, size_t size);

/**
 * Read the @p size bytes at @p text into @p ret, whose boot_id is set and which is otherwise
 * empty. A record of another boot leaves it so. HWP_ERROR_BAD_DATA for what is no record;
 * @p ret is as it was then.
 */
struct hwp_error *hwp_leak_record_parse(const char *text, size_t size, struct hwp_leak_record *ret);

/** Is that text empty, or the beginning of a record, be it damaged or of another version? */
bool hwp_leak_record_is_ours(const char *text, size_t size);

/** The text of @p record; whether it was written shows ferror(). */
void hwp_leak_record_write(FILE *out, const struct hwp_leak_record *record);

#endif /* HWP_MODEL_LEAK_RECORD_H */
