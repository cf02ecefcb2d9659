// SPDX-License-Identifier: GPL-2.0-or-later
#include "load_facts.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>
#include <zlib.h>

#include "base/bits.h"
#include "layout/page.h"
#include "model/facts.h"

#define MAX_FACTS_SIZE (1 << 26)

static struct hwp_error *wrong(const char *what)
{
	return hwp_error_create(HWP_ERROR_BAD_DATA, "%s", what);
}

static void put_number(void *p, size_t size, uint64_t value)
{
	memcpy(p, &value, size);
}

static struct hwp_error *read_int(struct json_object *json, size_t size, void *p)
{
	int64_t value = json_object_get_int64(json);

	if (!json_object_is_type(json, json_type_int))
		return wrong("not an integer");
	if ((size < 8 &&
	     (value < -(INT64_C(1) << (size * 8 - 1)) || value >> (size * 8 - 1) > 0)) ||
	    (value == INT64_MAX && json_object_get_uint64(json) > INT64_MAX))
		return wrong("out of range");
	put_number(p, size, (uint64_t)value);
	return NULL;
}

static struct hwp_error *read_uint(struct json_object *json, size_t size, void *p)
{
	uint64_t value = json_object_get_uint64(json);

	if (!json_object_is_type(json, json_type_int) || json_object_get_int64(json) < 0)
		return wrong("not an unsigned integer");
	if (size < 8 && value >> (size * 8))
		return wrong("out of range");
	put_number(p, size, value);
	return NULL;
}

static struct hwp_error *read_hex(struct json_object *json, size_t size, void *p)
{
	const char *text = json_object_get_string(json);
	uint64_t value = 0;
	int end = 0;

	if (!json_object_is_type(json, json_type_string) ||
	    strspn(text, "0123456789abcdefx") > 18 ||
	    sscanf(text, "0x%" SCNx64 "%n", &value, &end) != 1 || text[end])
		return wrong("not a hexadecimal string");
	if (size < 8 && value >> (size * 8))
		return wrong("out of range");
	put_number(p, size, value);
	return NULL;
}

static struct hwp_error *read_text(struct json_object *json, size_t size, char *p)
{
	const char *text = json_object_get_string(json);

	if (!json_object_is_type(json, json_type_string))
		return wrong("not a string");
	if (strlen(text) != (size_t)json_object_get_string_len(json))
		return wrong("a string with a NUL");
	if (strlen(text) >= size)
		return wrong("too long");
	memcpy(p, text, strlen(text) + 1);
	return NULL;
}

static struct hwp_error *read_string(struct json_object *json, char **p)
{
	if (!json_object_is_type(json, json_type_string))
		return wrong("not a string");
	free(*p);
	*p = strdup(json_object_get_string(json));
	return *p ? NULL : hwp_error_no_memory();
}

static struct hwp_error *read_word(struct json_object *json, const struct hwp_fact *fact, void *p)
{
	const char *text = json_object_get_string(json);

	if (!json_object_is_type(json, json_type_string))
		return wrong("not a string");
	for (size_t i = 0; i < fact->words->nr; i++) {
		const char *name = fact->words->words[i].name;

		if (name && strcmp(name, text) == 0) {
			put_number(p, fact->size, i);
			return NULL;
		}
	}
	return hwp_error_create(HWP_ERROR_BAD_DATA, "no such word: %.40s", text);
}

static struct hwp_error *read_struct(struct json_object *json, const struct hwp_fact_table *table,
				     void *p);

static struct hwp_error *read_element(struct json_object *json, const struct hwp_fact *fact,
				      void *p)
{
	switch (fact->kind) {
	case HWP_FACT_BOOL:
		if (!json_object_is_type(json, json_type_boolean))
			return wrong("neither true nor false");
		*(bool *)p = json_object_get_boolean(json);
		return NULL;
	case HWP_FACT_INT:
		return read_int(json, fact->size, p);
	case HWP_FACT_UINT:
		return read_uint(json, fact->size, p);
	case HWP_FACT_HEX:
		return read_hex(json, fact->size, p);
	case HWP_FACT_TEXT:
		return read_text(json, fact->size, p);
	case HWP_FACT_STRING:
		return read_string(json, p);
	case HWP_FACT_WORD:
		return read_word(json, fact, p);
	case HWP_FACT_STRUCT:
	case HWP_FACT_VECTOR:
		return read_struct(json, fact->table, p);
	case HWP_FACT_DERIVED:
		return wrong("follows from other members");
	}
	return NULL;
}

static struct hwp_error *read_array(struct json_object *json, const struct hwp_fact *fact, char *p)
{
	struct hwp_error *err = NULL;
	size_t nr;

	if (!json_object_is_type(json, json_type_array))
		return wrong("not an array");
	nr = json_object_array_length(json);
	if (nr > fact->nr)
		return wrong("too long");
	for (size_t i = 0; !err && i < nr; i++)
		err = hwp_error_prefix(read_element(json_object_array_get_idx(json, i), fact,
						    p + i * fact->size),
				       "element %zu", i);
	return err;
}

static struct hwp_error *read_vector(struct json_object *json, const struct hwp_fact *fact, void *p)
{
	const struct hwp_fact number = { .kind = HWP_FACT_UINT, .size = fact->size };
	struct hwp_error *err = NULL;
	hwp_any_vec vec = {};
	size_t nr;

	if (!json_object_is_type(json, json_type_array))
		return wrong("not an array");
	memcpy(&vec, p, sizeof(vec));
	if (vec.data)
		return wrong("given twice");
	nr = json_object_array_length(json);
	vec.data = calloc(nr + 1, fact->size);
	if (!vec.data)
		return hwp_error_no_memory();
	vec.capacity = nr + 1;
	vec.nr = nr;
	memcpy(p, &vec, sizeof(vec));
	for (size_t i = 0; !err && i < nr; i++)
		err = hwp_error_prefix(read_element(json_object_array_get_idx(json, i),
						    fact->table ? fact : &number,
						    (char *)vec.data + i * fact->size),
				       "element %zu", i);
	return err;
}

static const struct hwp_fact *find_fact(const struct hwp_fact_table *table, const char *name)
{
	for (size_t i = 0; i < table->nr; i++)
		if (strcmp(table->rows[i].name, name) == 0)
			return &table->rows[i];
	return NULL;
}

static struct hwp_error *read_member(struct json_object *json, const struct hwp_fact *fact, void *p)
{
	if (fact->kind == HWP_FACT_VECTOR)
		return read_vector(json, fact, p);
	return fact->nr ? read_array(json, fact, p) : read_element(json, fact, p);
}

static struct hwp_error *read_struct(struct json_object *json, const struct hwp_fact_table *table,
				     void *p)
{
	struct hwp_error *err;

	if (!json_object_is_type(json, json_type_object))
		return wrong("not an object");
	json_object_object_foreach(json, key, value)
	{
		const struct hwp_fact *fact = find_fact(table, key);

		if (table == &hwp_facts && strcmp(key, "schema") == 0)
			continue;
		err = fact ? read_member(value, fact, (char *)p + fact->offset) :
			     wrong("no such member");
		if (err)
			return hwp_error_prefix(err, "%.40s", key);
	}
	return NULL;
}

/** What leads out of bounds when the verdict or a report follows it. */
struct bound {
	const char *what;
	size_t index;
	bool is_right;
};

static struct hwp_error *first_wrong(const struct bound *bounds, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (!bounds[i].is_right)
			return hwp_error_create(HWP_ERROR_BAD_DATA, "%s %zu is out of bounds",
						bounds[i].what, bounds[i].index);
	return NULL;
}

#define FIRST_WRONG(...)                                   \
	first_wrong((const struct bound[]){ __VA_ARGS__ }, \
		    sizeof((const struct bound[]){ __VA_ARGS__ }) / sizeof(struct bound))

static bool is_index(int64_t index, size_t nr)
{
	return index >= -1 && (index < 0 || (uint64_t)index < nr);
}

static bool is_order(int64_t order)
{
	return order >= -1 && order < 32;
}

static bool is_pfn(uint64_t pfn)
{
	return pfn < UINT64_C(1) << 52;
}

static bool is_slice(size_t first, size_t nr, size_t of)
{
	return first <= of && nr <= of - first;
}

static bool is_owner(const struct hwp_findings *f, const struct hwp_owner *owner)
{
	return !owner->has_file || owner->file < f->files.nr;
}

static bool is_block(const struct hwp_findings *f, const struct hwp_block *b)
{
	return is_order(b->order) && is_pfn(b->head_pfn) && is_index(b->zone, f->zones.nr) &&
	       is_index(b->migratetype, HWP_ARRAY_SIZE(f->migratetype_names)) &&
	       (b->container == HWP_NOT_FREE || b->order >= 0);
}

static bool is_page(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	return is_pfn(p->pfn) && is_index(p->zone, f->zones.nr) &&
	       is_index(p->event, f->events.nr) && is_order(p->folio.order) &&
	       (p->folio.kind == HWP_FOLIO_NONE || p->folio.order >= 0) &&
	       is_pfn(p->folio.head_pfn) && is_block(f, &p->by_page) && is_block(f, &p->by_list) &&
	       is_pfn(p->stranded_pfn) && is_order(p->stranded_order) && is_pfn(p->holder_pfn) &&
	       is_order(p->holder_order) && is_owner(f, &p->owner) &&
	       is_order(p->page_owner.order) && is_order(p->order) && p->page.type >= 0 &&
	       p->page.type <= HWP_TYPE_NONE && p->folio.head.type >= 0 &&
	       p->folio.head.type <= HWP_TYPE_NONE;
}

static bool is_folio(const struct hwp_findings *f, size_t i)
{
	const struct hwp_folio *folio = &f->folios.data[i];

	return is_pfn(folio->head_pfn) && folio->order >= 0 && folio->order <= 24 &&
	       folio->max_order >= folio->order && folio->max_order <= 24 &&
	       folio->head_pfn % (UINT64_C(1) << folio->order) == 0 &&
	       (!i || folio->head_pfn >= hwp_folio_end(&f->folios.data[i - 1])) &&
	       is_slice(folio->first_poisoned, folio->nr_poisoned, f->poisoned.nr) &&
	       is_slice(folio->first_expected, folio->nr_expected, f->expected.nr) &&
	       is_slice(folio->first_run, folio->nr_runs, f->runs.nr);
}

static bool is_run(const struct hwp_observed_run *run)
{
	return is_pfn(run->pfn) && run->nr_pages && run->nr_pages <= UINT64_C(1) << 24 &&
	       is_order(run->order);
}

static struct hwp_error *check_vectors(const struct hwp_findings *f)
{
	struct hwp_error *err = NULL;

	for (size_t i = 0; !err && i < f->poisoned.nr; i++)
		err = FIRST_WRONG({ "poisoned", i, is_page(f, &f->poisoned.data[i]) },
				  { "poisoned", i,
				    !i || f->poisoned.data[i].pfn > f->poisoned.data[i - 1].pfn });
	for (size_t i = 0; !err && i < f->blocks.nr; i++)
		err = FIRST_WRONG({ "block", i, is_block(f, &f->blocks.data[i]) });
	for (size_t i = 0; !err && i < f->lists.nr; i++)
		err = FIRST_WRONG({ "list", i, is_index(f->lists.data[i].zone, f->zones.nr) },
				  { "list", i, is_order(f->lists.data[i].order) });
	for (size_t i = 0; !err && i < f->areas.nr; i++)
		err = FIRST_WRONG({ "area", i, is_index(f->areas.data[i].zone, f->zones.nr) },
				  { "area", i, is_order(f->areas.data[i].order) });
	for (size_t i = 0; !err && i < f->folios.nr; i++)
		err = FIRST_WRONG({ "folio", i, is_folio(f, i) });
	for (size_t i = 0; !err && i < f->observed.nr; i++)
		err = FIRST_WRONG({ "observed", i, is_run(&f->observed.data[i]) });
	for (size_t i = 0; !err && i < f->events.nr; i++)
		err = FIRST_WRONG(
			{ "event", i, is_index(f->events.data[i].rasdaemon, f->rasdaemon.nr) });
	for (size_t i = 0; !err && i < f->rasdaemon.nr; i++)
		err = FIRST_WRONG(
			{ "rasdaemon row", i, is_index(f->rasdaemon.data[i].event, f->events.nr) });
	for (size_t i = 0; !err && i < f->uses.nr; i++)
		err = FIRST_WRONG({ "use", i, is_owner(f, &f->uses.data[i].owner) },
				  { "use", i, is_order(f->uses.data[i].order) });
	return err;
}

static struct hwp_error *check(const struct hwp_findings *f)
{
	struct hwp_error *err = FIRST_WRONG(
		{ "page_shift", f->page_shift, f->page_shift >= 12 && f->page_shift <= 16 },
		{ "max_order", f->max_order, f->max_order <= 24 },
		{ "pmd_order", f->pmd_order, f->pmd_order <= 24 },
		{ "range.order", (size_t)f->range.order, is_order(f->range.order) },
		{ "hugetlb.nr", f->hugetlb.nr, f->hugetlb.nr <= 8 },
		{ "subject.pfn", f->subject.page.pfn,
		  !f->subject.asked || is_page(f, &f->subject.page) });

	for (size_t i = 0; !err && i < f->hugetlb.nr; i++)
		err = FIRST_WRONG({ "hugetlb order", i, f->hugetlb.orders[i] <= 24 });
	return err ? err : check_vectors(f);
}

static void json_putp(struct json_object **json)
{
	json_object_put(*json);
}

static struct hwp_error *parse(const char *text, struct json_object **ret)
{
	struct json_tokener *tokener = json_tokener_new();
	enum json_tokener_error error;

	if (!tokener)
		return hwp_error_no_memory();
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	*ret = json_tokener_parse_ex(tokener, text, (int)strlen(text) + 1);
	error = json_tokener_get_error(tokener);
	json_tokener_free(tokener);
	if (error == json_tokener_success && json_object_is_type(*ret, json_type_object))
		return NULL;
	return hwp_error_create(HWP_ERROR_BAD_DATA, "no JSON object: %s",
				json_tokener_error_desc(error));
}

struct hwp_error *load_facts(const char *text, struct hwp_findings **ret)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *f = calloc(1, sizeof(*f));
	_cleanup_(json_putp) struct json_object *json = NULL;
	struct json_object *schema;
	struct hwp_error *err;

	if (!f)
		return hwp_error_no_memory();
	err = parse(text, &json);
	if (err)
		return err;
	if (!json_object_object_get_ex(json, "schema", &schema) ||
	    strcmp(json_object_get_string(schema), HWP_FACTS_SCHEMA) != 0)
		return wrong("the schema is not " HWP_FACTS_SCHEMA);
	err = read_struct(json, &hwp_facts, f);
	if (!err)
		err = check(f);
	if (!err)
		*ret = no_cleanup_ptr(f);
	return err;
}

struct hwp_error *load_facts_file(const char *path, struct hwp_findings **ret)
{
	_cleanup_free_ char *text = malloc(MAX_FACTS_SIZE);
	gzFile file = gzopen(path, "re");
	int size = -1;

	if (text && file)
		size = gzread(file, text, MAX_FACTS_SIZE - 1);
	gzclose(file);
	if (!text)
		return hwp_error_no_memory();
	if (size < 0)
		return hwp_error_create(HWP_ERROR_OS, "cannot read %s", path);
	text[size] = '\0';
	return hwp_error_prefix(load_facts(text, ret), "%s", path);
}
