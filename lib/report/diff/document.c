// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/diff/document.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* A report has a depth of 6 or so. */
#define MAX_DEPTH 32
/* As many as a target can have in a report. */
#define MAX_PAGES (1 << 24)
#define MAX_CHECKS 1024
/* Seconds; a hundred years. */
#define MAX_UPTIME UINT64_C(3153600000)

void hwp_document_deinit(struct hwp_document *document)
{
	hwp_vec_deinit(&document->pages);
	hwp_vec_deinit(&document->checks);
}

static void tokener_freep(struct json_tokener **tokener)
{
	if (*tokener)
		json_tokener_free(*tokener);
}

static void json_putp(struct json_object **json)
{
	json_object_put(*json);
}

static struct hwp_error *wrong(const char *what)
{
	return hwp_error_create(HWP_ERROR_BAD_DATA, "%s", what);
}

/** The member @p key of @p type; NULL when it is missing, null, or of another. */
static struct json_object *member(struct json_object *json, const char *key, enum json_type type)
{
	struct json_object *value;

	if (!json_object_is_type(json, json_type_object) ||
	    !json_object_object_get_ex(json, key, &value) || !json_object_is_type(value, type))
		return NULL;
	return value;
}

static const char *string(struct json_object *json, const char *key)
{
	struct json_object *value = member(json, key, json_type_string);

	return value ? json_object_get_string(value) : NULL;
}

static void copy_string(struct json_object *json, const char *key, char *to, size_t size)
{
	const char *s = string(json, key);

	snprintf(to, size, "%s", s ? s : "");
}

/** A number that is not negative. */
static bool number(struct json_object *json, const char *key, uint64_t *ret)
{
	struct json_object *value = member(json, key, json_type_int);

	if (!value || json_object_get_int64(value) < 0)
		return false;
	*ret = json_object_get_uint64(value);
	return true;
}

/** Which of @p words the member is; false for none. */
static bool word(struct json_object *json, const char *key, const struct hwp_words *words,
		 unsigned int *ret)
{
	const char *s = string(json, key);

	for (unsigned int i = 0; s && i < words->nr; i++) {
		if (words->words[i].name && strcmp(words->words[i].name, s) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static struct hwp_error *take_page(struct json_object *json, struct hwp_document *ret)
{
	unsigned int state, was_free = HWP_ANSWER_UNKNOWN, was_handed_out = HWP_ANSWER_UNKNOWN;
	struct hwp_document_page page;

	if (!number(json, "pfn", &page.pfn) || !word(json, "state", &hwp_states, &state))
		return wrong("a page of it has no pfn, or no state that is known here");
	if (ret->pages.nr && ret->pages.data[ret->pages.nr - 1].pfn >= page.pfn)
		return wrong("its pages are not in order");
	/* Reports before these were known have neither. */
	word(json, "was_free", &hwp_answers, &was_free);
	word(json, "was_handed_out", &hwp_answers, &was_handed_out);
	page.state = state;
	page.was_free = was_free;
	page.was_handed_out = was_handed_out;
	return hwp_vec_push(&ret->pages, page) ? NULL : hwp_error_no_memory();
}

static struct hwp_error *take_check(struct json_object *json, struct hwp_document *ret)
{
	struct hwp_document_check check = {};
	unsigned int result;

	if (!string(json, "name") || !word(json, "result", &hwp_results, &result))
		return wrong("a check of it has no name, or no result that is known here");
	copy_string(json, "name", check.name, sizeof(check.name));
	check.result = result;
	return hwp_vec_push(&ret->checks, check) ? NULL : hwp_error_no_memory();
}

static struct hwp_error *each(struct json_object *array, size_t max, struct hwp_document *ret,
			      struct hwp_error *(*take)(struct json_object *json,
							struct hwp_document *ret))
{
	struct hwp_error *err = NULL;
	size_t nr = json_object_array_length(array);

	if (nr > max)
		return wrong("it has too many pages, or checks");
	for (size_t i = 0; i < nr && !err; i++)
		err = take(json_object_array_get_idx(array, i), ret);
	return err;
}

static struct hwp_error *take_identity(struct json_object *json, struct hwp_document *ret)
{
	struct json_object *identity = member(json, "identity", json_type_object);
	struct json_object *time = member(identity, "time", json_type_int);
	uint64_t uptime;

	copy_string(member(json, "kernel", json_type_object), "release", ret->kernel,
		    sizeof(ret->kernel));
	copy_string(identity, "host", ret->host, sizeof(ret->host));
	copy_string(identity, "boot_id", ret->boot_id, sizeof(ret->boot_id));
	ret->has_time = time && number(identity, "uptime_seconds", &uptime) &&
			uptime <= MAX_UPTIME && json_object_get_int64(time) >= 0;
	if (ret->has_time) {
		ret->unix_seconds = json_object_get_int64(time);
		ret->uptime_seconds = (int64_t)uptime;
	}
	if (!number(identity, "page_size", &ret->page_size) || !ret->page_size ||
	    ret->page_size & (ret->page_size - 1))
		return wrong("it does not have the size of a page");
	return NULL;
}

static struct hwp_error *take_document(struct json_object *json, struct hwp_document *ret)
{
	struct json_object *pages = member(json, "poisoned", json_type_array);
	struct json_object *checks = member(json, "checks", json_type_array);
	struct json_object *coverage = member(json, "coverage", json_type_object);
	const char *schema = string(json, "schema");
	uint64_t nr_pages, nr_read;
	unsigned int verdict;
	struct hwp_error *err;

	if (!schema || strcmp(schema, "hwpoison.report/1") != 0)
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"it is no JSON document of schema hwpoison.report/1%s%s",
					schema ? ", but of " : "", schema ? schema : "");
	if (member(json, "selection", json_type_object))
		return wrong(
			"it has a part of the pages, or another order: use one without --state, "
			"--sort and --limit");
	if (!pages || !checks || !word(json, "verdict", &hwp_verdicts, &verdict) ||
	    !number(coverage, "nr_pages", &nr_pages) || !number(coverage, "nr_read", &nr_read) ||
	    !number(member(json, "summary", json_type_object), "nr_healthy_lost",
		    &ret->nr_healthy_lost))
		return wrong("it is no report, such as 'hwpoison check --json' prints");
	ret->verdict = verdict;
	ret->is_covered = nr_pages == nr_read;
	err = take_identity(json, ret);
	if (!err)
		err = each(pages, MAX_PAGES, ret, take_page);
	return err ? err : each(checks, MAX_CHECKS, ret, take_check);
}

struct hwp_error *hwp_document_parse(const char *text, size_t size, struct hwp_document *ret)
{
	_cleanup_(tokener_freep) struct json_tokener *tokener = json_tokener_new_ex(MAX_DEPTH);
	_cleanup_(json_putp) struct json_object *json = NULL;
	size_t end;

	if (!tokener)
		return hwp_error_no_memory();
	if (size > INT_MAX)
		return wrong("it is too large");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	json = json_tokener_parse_ex(tokener, text, (int)size);
	if (!json && json_tokener_get_error(tokener) == json_tokener_continue)
		return wrong("it is no JSON, or its end is missing");
	if (!json)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "it is no JSON: %s at byte %zu",
					json_tokener_error_desc(json_tokener_get_error(tokener)),
					json_tokener_get_parse_end(tokener));
	end = json_tokener_get_parse_end(tokener);
	if (end + strspn(text + end, " \t\r\n") != size)
		return wrong("it is no JSON document: something follows its end");
	return take_document(json, ret);
}

const struct hwp_document_page *hwp_document_page(const struct hwp_document *document, uint64_t pfn)
{
	size_t i = hwp_vec_lower_bound(&document->pages, page, page->pfn < pfn);

	return i < document->pages.nr && document->pages.data[i].pfn == pfn ?
		       &document->pages.data[i] :
		       NULL;
}
