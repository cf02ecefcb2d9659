// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json.h"

#include <inttypes.h>
#include <string.h>

static bool in_row(const struct hwp_json *json)
{
	return json->row_depth && json->depth >= json->row_depth;
}

static void new_line(struct hwp_json *json)
{
	putc('\n', json->out);
	for (unsigned int i = 0; i < json->depth; i++)
		fputs("  ", json->out);
}

/* The length of the UTF-8 sequence at @p s, 0 when it is none. */
static size_t utf8_length(const unsigned char *s)
{
	size_t len = s[0] < 0x80 ? 1 :
		     s[0] < 0xc2 ? 0 :
		     s[0] < 0xe0 ? 2 :
		     s[0] < 0xf0 ? 3 :
		     s[0] < 0xf5 ? 4 :
				   0;

	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

/** Bytes at @p s that stand for themselves, most of all text. */
static size_t plain_length(const unsigned char *s)
{
	size_t len = 0;

	while (s[len] >= 0x20 && s[len] < 0x7f && s[len] != '"' && s[len] != '\\')
		len++;
	return len;
}

static void put_string(FILE *out, const char *value)
{
	const unsigned char *s = (const unsigned char *)value;

	putc('"', out);
	while (*s) {
		size_t plain = plain_length(s), len = plain ? plain : utf8_length(s);

		if (plain)
			fwrite(s, 1, plain, out);
		else if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else if (!len)
			fputs("\\ufffd", out);
		else if (*s < 0x20 || *s == 0x7f)
			fprintf(out, "\\u%04x", *s);
		else
			fwrite(s, 1, len, out);
		s += len ? len : 1;
	}
	putc('"', out);
}

static void put_key(struct hwp_json *json, const char *key)
{
	if (json->has_items)
		putc(',', json->out);
	if (json->depth && !in_row(json))
		new_line(json);
	else if (json->has_items)
		putc(' ', json->out);
	if (key) {
		put_string(json->out, key);
		fputs(": ", json->out);
	}
	json->has_items = true;
}

static void begin(struct hwp_json *json, const char *key, bool is_array)
{
	put_key(json, key);
	putc(is_array ? '[' : '{', json->out);
	json->depth++;
	if (is_array)
		json->arrays |= UINT64_C(1) << (json->depth & 63);
	else
		json->arrays &= ~(UINT64_C(1) << (json->depth & 63));
	json->has_items = false;
}

static void begin_row(struct hwp_json *json, const char *key, bool is_array)
{
	begin(json, key, is_array);
	if (!json->row_depth)
		json->row_depth = json->depth;
}

void hwp_json_object(struct hwp_json *json, const char *key)
{
	begin(json, key, false);
}

void hwp_json_array(struct hwp_json *json, const char *key)
{
	begin(json, key, true);
}

void hwp_json_row_object(struct hwp_json *json, const char *key)
{
	begin_row(json, key, false);
}

void hwp_json_row_array(struct hwp_json *json, const char *key)
{
	begin_row(json, key, true);
}

void hwp_json_end(struct hwp_json *json)
{
	bool is_array = json->arrays >> (json->depth & 63) & 1;
	bool on_line = in_row(json) || !json->has_items;

	if (json->row_depth == json->depth)
		json->row_depth = 0;
	json->depth--;
	if (!on_line)
		new_line(json);
	putc(is_array ? ']' : '}', json->out);
	json->has_items = true;
}

void hwp_json_string(struct hwp_json *json, const char *key, const char *value)
{
	put_key(json, key);
	if (value)
		put_string(json->out, value);
	else
		fputs("null", json->out);
}

void hwp_json_u64(struct hwp_json *json, const char *key, uint64_t value)
{
	put_key(json, key);
	fprintf(json->out, "%" PRIu64, value);
}

void hwp_json_i64(struct hwp_json *json, const char *key, int64_t value)
{
	put_key(json, key);
	fprintf(json->out, "%" PRId64, value);
}

void hwp_json_bool(struct hwp_json *json, const char *key, bool value)
{
	put_key(json, key);
	fputs(value ? "true" : "false", json->out);
}

void hwp_json_null(struct hwp_json *json, const char *key)
{
	put_key(json, key);
	fputs("null", json->out);
}

void hwp_json_hex(struct hwp_json *json, const char *key, uint64_t value)
{
	put_key(json, key);
	fprintf(json->out, "\"0x%" PRIx64 "\"", value);
}

void hwp_json_ratio(struct hwp_json *json, const char *key, uint64_t part, uint64_t whole)
{
	uint64_t millionths;

	if (!whole) {
		hwp_json_null(json, key);
		return;
	}
	millionths = (uint64_t)((unsigned __int128)part * 1000000 / whole);
	put_key(json, key);
	fprintf(json->out, "%" PRIu64 ".%06" PRIu64, millionths / 1000000, millionths % 1000000);
}

void hwp_json_finish(struct hwp_json *json)
{
	putc('\n', json->out);
}

void hwp_json_word(struct hwp_json *json, const char *key, const char *value)
{
	hwp_json_string(json, key, *value ? value : NULL);
}

void hwp_json_known(struct hwp_json *json, const char *key, bool is_known, int64_t value)
{
	if (is_known)
		hwp_json_i64(json, key, value);
	else
		hwp_json_null(json, key);
}

void hwp_json_nonzero(struct hwp_json *json, const char *key, uint64_t value)
{
	if (value)
		hwp_json_hex(json, key, value);
	else
		hwp_json_null(json, key);
}

void hwp_json_index(struct hwp_json *json, const char *key, int64_t value)
{
	hwp_json_known(json, key, value >= 0, value);
}
