// SPDX-License-Identifier: GPL-2.0-or-later
/** A streaming JSON writer: its own state does not grow with what is written. */
#ifndef HWP_BASE_JSON_H
#define HWP_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * Zero it but for @p out, write one value, end with hwp_json_finish(). A key
 * is given inside objects and is NULL inside arrays and at the top. At most 64
 * levels.
 */
struct hwp_json {
	FILE *out;
	unsigned int depth;
	/** Depth of the container that is kept on one line, 0 for none. */
	unsigned int row_depth;
	/** Bit n: the container at depth n is an array. */
	uint64_t arrays;
	bool has_items;
};

/** Containers that put each item on a line of its own. */
void hwp_json_object(struct hwp_json *json, const char *key);
void hwp_json_array(struct hwp_json *json, const char *key);

/** The same on one line, with all that they hold. */
void hwp_json_row_object(struct hwp_json *json, const char *key);
void hwp_json_row_array(struct hwp_json *json, const char *key);

/** Close the innermost container. */
void hwp_json_end(struct hwp_json *json);

/**
 * @p value may be NULL: null. Control characters are escaped; a byte that is
 * not part of valid UTF-8 becomes U+FFFD.
 */
void hwp_json_string(struct hwp_json *json, const char *key, const char *value);
void hwp_json_u64(struct hwp_json *json, const char *key, uint64_t value);
void hwp_json_i64(struct hwp_json *json, const char *key, int64_t value);
void hwp_json_bool(struct hwp_json *json, const char *key, bool value);
void hwp_json_null(struct hwp_json *json, const char *key);

/** "0x…" as a string. */
void hwp_json_hex(struct hwp_json *json, const char *key, uint64_t value);

/** @p part / @p whole, rounded down to six digits, so only the whole is 1; null for 0/0. */
void hwp_json_ratio(struct hwp_json *json, const char *key, uint64_t part, uint64_t whole);

/** The final newline. */
void hwp_json_finish(struct hwp_json *json);

/** As hwp_json_string(); an empty one is null. */
void hwp_json_word(struct hwp_json *json, const char *key, const char *value);

/** The number, or null where it is not known. */
void hwp_json_known(struct hwp_json *json, const char *key, bool is_known, int64_t value);

/** In hexadecimal; 0 stands for none: null. */
void hwp_json_nonzero(struct hwp_json *json, const char *key, uint64_t value);

/** The number; -1 stands for none: null. */
void hwp_json_index(struct hwp_json *json, const char *key, int64_t value);

#endif /* HWP_BASE_JSON_H */
