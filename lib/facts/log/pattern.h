// SPDX-License-Identifier: GPL-2.0-or-later
/** Matches a line of the kernel log with a pattern: literal text, and fields in braces. */
#ifndef HWP_FACTS_LOG_PATTERN_H
#define HWP_FACTS_LOG_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A part of a line; text is NULL where the pattern has no such field. */
struct hwp_span {
	const char *text;
	size_t len;
};

/** What the fields of a pattern matched. */
struct hwp_fields {
	/** {pfn}: a page frame number with 0x; {page}: one with it or without. */
	bool has_pfn;
	uint64_t pfn;
	/** {address}: a physical address, with or without 0x. */
	bool has_address;
	uint64_t address;
	/** {virtual}, {offset}, {status}, {misc}, {ipid}: hexadecimal. */
	bool has_virtual;
	uint64_t virtual_address, offset, status, misc, ipid;
	/** {pid}, {bank}, {cpu}: decimal. */
	bool has_pid;
	uint64_t pid, bank, cpu;
	/** {record}: the number in braces that ACPI's error records begin with, plus one. */
	uint64_t record;
	/** {type}, {result}, {comm}, {label}. */
	struct hwp_span type, result, comm, label;
};

/**
 * Does @p line, which ends in NUL, begin as @p pattern says? What follows is of no interest.
 * Fields beside those of struct hwp_fields: {any} is any text, {number} a number, { } spaces,
 * and those of the table in pattern.c one of some words. A field of text reaches to the last
 * place where what comes after it in the pattern matches: a process may be called anything.
 */
bool hwp_pattern_match(const char *pattern, const char *line, struct hwp_fields *ret);

#endif /* HWP_FACTS_LOG_PATTERN_H */
