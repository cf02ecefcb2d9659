// SPDX-License-Identifier: GPL-2.0-or-later
/** What the JSON writer writes, read back by json-c: same words, same numbers. */
#include "synth.h"

#include <cmocka.h>
#include <stdio.h>

#include <json-c/json.h>

#include "base/json.h"

static char *written;
static size_t written_size;

static struct hwp_json begin(void)
{
	struct hwp_json json = { .out = open_memstream(&written, &written_size) };

	assert_non_null(json.out);
	return json;
}

/** End the text and parse it, every byte of it. */
static struct json_object *finish(struct hwp_json *json)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object;

	hwp_json_finish(json);
	fclose(json->out);
	assert_int_equal(json->depth, 0);
	assert_int_equal(written[written_size - 1], '\n');
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	object = json_tokener_parse_ex(tokener, written, (int)written_size);
	if (json_tokener_get_error(tokener) != json_tokener_success)
		fail_msg("not JSON: %s", written);
	json_tokener_free(tokener);
	return object;
}

static void end(struct json_object *object)
{
	json_object_put(object);
	free(written);
	written = NULL;
}

static const char *string_back(const char *text, struct json_object **object)
{
	struct hwp_json json = begin();
	struct json_object *value;

	hwp_json_object(&json, NULL);
	hwp_json_string(&json, "s", text);
	hwp_json_end(&json);
	*object = finish(&json);
	assert_true(json_object_object_get_ex(*object, "s", &value));
	return json_object_get_string(value);
}

static void strings(void **state)
{
	static const char *const same[] = {
		"",
		"a",
		"\"",
		"\\",
		"\\\"\\",
		"/",
		"a\tb\nc\rd\be\ff",
		"\x01\x02\x1f\x7f",
		"é",
		"漢字",
		"😀",
		"\u2028",
		"{}[]:,",
		"null",
		"\\u0041",
		"plain ~ text \"quoted\" and \x7f on, é after it",
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(same); i++) {
		struct json_object *object;

		assert_string_equal(string_back(same[i], &object), same[i]);
		end(object);
	}
}

/* A kernel log may hold any bytes: what is no UTF-8 becomes U+FFFD, byte by byte. */
static void broken_utf8(void **state)
{
	static const char *const rows[][2] = {
		{ "\x80", "\uFFFD" },
		{ "a\xff"
		  "b",
		  "a\uFFFDb" },
		{ "\xc3", "\uFFFD" },
		{ "\xc0\xaf", "\uFFFD\uFFFD" },
		{ "\xe2\x82", "\uFFFD\uFFFD" },
		{ "\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD" },
		{ "\xf4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD" },
		{ "\xe0\x80\x80", "\uFFFD\uFFFD\uFFFD" },
		{ "\xf5", "\uFFFD" },
		{ "\xe2\x82"
		  "a",
		  "\uFFFD\uFFFD"
		  "a" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct json_object *object;

		assert_string_equal(string_back(rows[i][0], &object), rows[i][1]);
		end(object);
	}
}

static void every_byte(void **state)
{
	(void)state;
	for (int a = 1; a < 256; a++) {
		for (int b = 0; b < 256; b += 3) {
			const char text[] = { (char)a, (char)b, 'z', 0 };
			struct json_object *object;

			assert_non_null(string_back(text, &object));
			end(object);
		}
	}
}

static void numbers(void **state)
{
	static const uint64_t unsigneds[] = { 0, 1, INT64_MAX, (uint64_t)INT64_MAX + 1,
					      UINT64_MAX };
	static const int64_t signeds[] = { INT64_MIN, -1, 0, INT64_MAX };
	struct hwp_json json = begin();
	struct json_object *object;

	(void)state;
	hwp_json_array(&json, NULL);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(unsigneds); i++)
		hwp_json_u64(&json, NULL, unsigneds[i]);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(signeds); i++)
		hwp_json_i64(&json, NULL, signeds[i]);
	hwp_json_bool(&json, NULL, true);
	hwp_json_bool(&json, NULL, false);
	hwp_json_null(&json, NULL);
	hwp_json_string(&json, NULL, NULL);
	hwp_json_hex(&json, NULL, UINT64_MAX);
	hwp_json_end(&json);
	object = finish(&json);
	assert_int_equal(json_object_array_length(object), 14);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(unsigneds); i++)
		assert_int_equal(json_object_get_uint64(json_object_array_get_idx(object, i)),
				 unsigneds[i]);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(signeds); i++)
		assert_int_equal(json_object_get_int64(json_object_array_get_idx(object, 5 + i)),
				 signeds[i]);
	assert_true(json_object_get_boolean(json_object_array_get_idx(object, 9)));
	assert_false(json_object_get_boolean(json_object_array_get_idx(object, 10)));
	assert_null(json_object_array_get_idx(object, 11));
	assert_null(json_object_array_get_idx(object, 12));
	assert_string_equal(json_object_get_string(json_object_array_get_idx(object, 13)),
			    "0xffffffffffffffff");
	end(object);
}

/* Only the whole is 1: coverage is never rounded up. */
static void ratios(void **state)
{
	static const struct {
		uint64_t part, whole;
		const char *text;
	} rows[] = {
		{ 0, 1, "0.000000" },
		{ 1, 1, "1.000000" },
		{ 999999999, 1000000000, "0.999999" },
		{ 1, 3, "0.333333" },
		{ UINT64_MAX, UINT64_MAX, "1.000000" },
		{ UINT64_MAX - 1, UINT64_MAX, "0.999999" },
		{ 0, 0, "null" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_json json = begin();
		struct json_object *object;

		hwp_json_array(&json, NULL);
		hwp_json_ratio(&json, NULL, rows[i].part, rows[i].whole);
		hwp_json_end(&json);
		object = finish(&json);
		assert_non_null(strstr(written, rows[i].text));
		end(object);
	}
}

/* Containers in containers, empty and not, in lines and in rows. */
static void nesting(void **state)
{
	(void)state;
	for (unsigned int shape = 0; shape < 256; shape++) {
		struct hwp_json json = begin();

		hwp_json_object(&json, NULL);
		for (int i = 0; i < 4; i++) {
			bool is_array = shape >> i & 1, is_row = shape >> (i + 4) & 1;

			if (is_array && is_row)
				hwp_json_row_array(&json, "k");
			else if (is_array)
				hwp_json_array(&json, "k");
			else if (is_row)
				hwp_json_row_object(&json, "k");
			else
				hwp_json_object(&json, "k");
			if (!is_array) {
				hwp_json_u64(&json, "n", 1);
				hwp_json_object(&json, "empty");
				hwp_json_end(&json);
			}
			if (is_array && i < 3) {
				hwp_json_row_object(&json, NULL);
				hwp_json_end(&json);
			}
			if (is_array)
				hwp_json_object(&json, NULL);
		}
		while (json.depth)
			hwp_json_end(&json);
		end(finish(&json));
	}
}

static void deep(void **state)
{
	struct hwp_json json = begin();

	(void)state;
	for (int i = 0; i < 30; i++) {
		hwp_json_array(&json, NULL);
		hwp_json_u64(&json, NULL, 1);
	}
	while (json.depth)
		hwp_json_end(&json);
	end(finish(&json));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings),    cmocka_unit_test(broken_utf8),
		cmocka_unit_test(every_byte), cmocka_unit_test(numbers),
		cmocka_unit_test(ratios),     cmocka_unit_test(nesting),
		cmocka_unit_test(deep),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
