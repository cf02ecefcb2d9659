// SPDX-License-Identifier: GPL-2.0-or-later
/** The engine that resolves the tables of what readers need. */
#include "layout/needs.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define MAX_NAME 64

/** An alternative of a symbol, and where its address goes. */
struct alternative {
	char name[MAX_NAME];
	uint64_t *where;
};

void hwp_resolve_fail(struct hwp_resolver *r, struct hwp_error *err)
{
	if (r->err)
		hwp_error_destroy(err);
	else
		r->err = err;
}

void hwp_resolve_note(struct hwp_resolver *r, const char *name, uint64_t value, const char *source)
{
	struct hwp_layout_row row = { .value = value, .source = source };

	/* Two rows may need the same. */
	for (size_t i = 0; i < r->rows.nr; i++) {
		if (strncmp(r->rows.data[i].name, name, sizeof(row.name) - 1) == 0)
			return;
	}
	snprintf(row.name, sizeof(row.name), "%s", name);
	if (!hwp_vec_push(&r->rows, row))
		hwp_resolve_fail(r, hwp_error_no_memory());
}

/** Copy the next of @p names, which are separated by spaces; false at their end. */
static bool next_name(const char **names, char *name)
{
	size_t len = strcspn(*names, " ");

	snprintf(name, MAX_NAME, "%.*s", (int)len, *names);
	*names += len + strspn(*names + len, " ");
	return len > 0;
}

/** @p names as they are shown: an enumerator without its enum. */
static void show_names(const char *names, char *buf, size_t size)
{
	char name[MAX_NAME];
	size_t len = 0;

	*buf = '\0';
	while (next_name(&names, name) && len < size) {
		const char *colon = strchr(name, ':');

		len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? " " : "",
					colon ? colon + 1 : name);
	}
}

void hwp_resolve_missing(struct hwp_resolver *r, const char *names)
{
	char shown[2 * MAX_NAME], *joined;

	show_names(names, shown, sizeof(shown));
	/* Two rows may need the same. */
	if (r->missing && strstr(r->missing, shown))
		return;
	if (asprintf(&joined, "%s%s%s", r->missing ? r->missing : "", r->missing ? ", " : "",
		     shown) < 0) {
		hwp_resolve_fail(r, hwp_error_no_memory());
		return;
	}
	free(r->missing);
	r->missing = joined;
}

bool hwp_resolve_member(struct hwp_resolver *r, const char *path, struct hwp_member *ret)
{
	const char *dot = strchr(path, '.');
	char type[MAX_NAME];
	struct hwp_error *err;

	/* A host's debugger may take a tenth of a second for each. */
	if (!r->err && hwp_target_is_interrupted(r->target))
		r->err = hwp_error_create(HWP_ERROR_INTERRUPTED, "interrupted");
	if (r->err)
		return false;
	snprintf(type, sizeof(type), "%.*s", (int)strcspn(path, "."), path);
	err = hwp_target_member(r->target, type, dot ? dot + 1 : NULL, ret);
	if (err && err->code == HWP_ERROR_NO_MEMORY)
		r->err = err;
	else
		hwp_error_destroy(err);
	return !err;
}

uint32_t hwp_resolve_offset(struct hwp_resolver *r, const char *path)
{
	struct hwp_member m;

	if (!hwp_resolve_member(r, path, &m))
		return HWP_ABSENT;
	if (m.offset >= HWP_ABSENT) {
		hwp_resolve_fail(r, hwp_error_create(HWP_ERROR_BAD_DATA,
						     "the offset of %s is nonsense", path));
		return HWP_ABSENT;
	}
	hwp_resolve_note(r, path, m.offset, hwp_target_type_provider(r->target));
	return (uint32_t)m.offset;
}

/** An enumerator, or a line of VMCOREINFO. */
static bool find_number(struct hwp_resolver *r, const char *name, uint64_t *ret)
{
	const char *colon = strchr(name, ':'), *source = "vmcoreinfo";
	_cleanup_error_ struct hwp_error *err = NULL;
	char type[MAX_NAME];
	int64_t value;

	if (colon) {
		snprintf(type, sizeof(type), "%.*s", (int)(colon - name), name);
		err = hwp_target_enumerator(r->target, *type ? type : NULL, colon + 1, &value);
		source = hwp_target_type_provider(r->target);
	} else {
		err = hwp_target_vmcoreinfo_number(r->target, name, (uint64_t *)&value);
	}
	if (err)
		return false;
	*ret = (uint64_t)value;
	hwp_resolve_note(r, colon ? colon + 1 : name, *ret, source);
	return true;
}

bool hwp_resolve_number(struct hwp_resolver *r, const char *names, uint64_t *ret)
{
	char name[MAX_NAME];

	while (!r->err && next_name(&names, name)) {
		if (find_number(r, name, ret))
			return true;
	}
	return false;
}

/** What @p kind of number the member or type @p name has. */
static bool find_in_type(struct hwp_resolver *r, enum hwp_need_kind kind, const char *name,
			 uint64_t *ret)
{
	char label[MAX_NAME + 8];
	struct hwp_member m;

	if (!hwp_resolve_member(r, name, &m))
		return false;
	*ret = kind == HWP_NEED_OFFSET ? m.offset : kind == HWP_NEED_SIZE ? m.size : m.nr_elements;
	snprintf(label, sizeof(label),
		 kind == HWP_NEED_OFFSET ? "%s" :
		 kind == HWP_NEED_SIZE	 ? "sizeof %s" :
					   "%s[]",
		 name);
	hwp_resolve_note(r, label, *ret, hwp_target_type_provider(r->target));
	return true;
}

/** Look up one row that is no symbol; false if it is not there. */
static bool resolve_row(struct hwp_resolver *r, const struct hwp_need *need, void *own)
{
	uint32_t *where = (uint32_t *)((char *)own + need->where);
	const char *names = need->names;
	char name[2 * MAX_NAME];
	uint64_t value;

	while (!r->err && next_name(&names, name)) {
		if (strpbrk(name, ":(") ? !find_number(r, name, &value) :
					  !find_in_type(r, need->kind, name, &value))
			continue;
		if (value < HWP_ABSENT) {
			*where = (uint32_t)value;
			return true;
		}
		if (need->kind != HWP_NEED_VALUE)
			hwp_resolve_fail(r, hwp_error_create(HWP_ERROR_BAD_DATA,
							     "the type of %s is nonsense", name));
		return false;
	}
	/* Which enumerators there are differs more than is worth showing. */
	if (!r->err && need->kind != HWP_NEED_VALUE) {
		show_names(need->names, name, sizeof(name));
		hwp_resolve_note(r, name, 0, "absent");
	}
	return false;
}

static void set_absent(const struct hwp_needs *needs, void *own)
{
	for (size_t i = 0; i < needs->nr; i++) {
		const struct hwp_need *need = &needs->rows[i];

		if (need->kind != HWP_NEED_SYMBOL)
			*(uint32_t *)((char *)own + need->where) = need->kind == HWP_NEED_ELEMENTS ?
									   0 :
									   HWP_ABSENT;
	}
}

static bool is_missing(const struct hwp_need *need, const void *own)
{
	const void *where = (const char *)own + need->where;

	switch (need->kind) {
	case HWP_NEED_SYMBOL:
		return !*(const uint64_t *)where;
	case HWP_NEED_ELEMENTS:
		return !*(const uint32_t *)where;
	case HWP_NEED_OFFSET:
	case HWP_NEED_SIZE:
	case HWP_NEED_VALUE:
		break;
	}
	return *(const uint32_t *)where == HWP_ABSENT;
}

/** Is all of @p kinds (a bit each) there that is not optional? */
static bool has_needs(struct hwp_resolver *r, const struct hwp_needs *needs, const void *own,
		      unsigned int kinds)
{
	bool has_all = true;

	for (size_t i = 0; i < needs->nr; i++) {
		const struct hwp_need *need = &needs->rows[i];

		if (need->optional || !(kinds >> need->kind & 1) || !is_missing(need, own))
			continue;
		has_all = false;
		if (needs->required)
			hwp_resolve_missing(r, need->names);
	}
	return has_all;
}

/** A member that is read from a copy of its whole type must lie inside it. */
static void check_bounds(struct hwp_resolver *r, const struct hwp_needs *needs, const void *own)
{
	for (size_t i = 0; i < needs->nr; i++) {
		const struct hwp_need *need = &needs->rows[i];
		uint32_t offset, size;

		if (!need->nr_bytes || is_missing(need, own))
			continue;
		offset = *(const uint32_t *)((const char *)own + need->where);
		size = *(const uint32_t *)((const char *)own + need->size_where);
		if (size != HWP_ABSENT && (size < need->nr_bytes || offset > size - need->nr_bytes))
			hwp_resolve_fail(r, hwp_error_create(HWP_ERROR_BAD_DATA,
							     "%s is not inside its type",
							     need->names));
	}
}

/** Returns whether the reader works on this kernel. */
static bool resolve_table(struct hwp_resolver *r, const struct hwp_needs *needs, void *own)
{
	const unsigned int symbols = 1u << HWP_NEED_SYMBOL;
	bool works;

	set_absent(needs, own);
	works = has_needs(r, needs, own, symbols);
	if (!works && !needs->required)
		return false;
	for (size_t i = 0; i < needs->nr && !r->err; i++) {
		if (needs->rows[i].kind != HWP_NEED_SYMBOL)
			resolve_row(r, &needs->rows[i], own);
	}
	if (r->err)
		return false;
	works &= has_needs(r, needs, own, ~symbols);
	if (needs->decide && (works || needs->required))
		works &= needs->decide(r, own);
	if (works && !r->missing)
		check_bounds(r, needs, own);
	return works;
}

static struct hwp_error *allocate(struct hwp_resolver *r, const struct hwp_needs *const *needs)
{
	struct hwp_layout *l = r->layout;
	struct hwp_resolved *grown;
	size_t nr = 0;

	while (needs[nr])
		nr++;
	grown = realloc(l->resolved, (l->nr_resolved + nr + 1) * sizeof(*grown));
	if (!grown)
		return hwp_error_no_memory();
	l->resolved = grown;
	for (size_t i = 0; i < nr; i++) {
		struct hwp_resolved *resolved = &l->resolved[l->nr_resolved];

		*resolved = (struct hwp_resolved){ .needs = needs[i] };
		if (needs[i]->size && !(resolved->own = calloc(1, needs[i]->size)))
			return hwp_error_no_memory();
		l->nr_resolved++;
	}
	return NULL;
}

static void *own_of(struct hwp_resolver *r, size_t i)
{
	struct hwp_resolved *resolved = &r->layout->resolved[i];

	return resolved->own ? resolved->own : (void *)r->layout;
}

typedef HWP_VEC(struct alternative) alternatives;

static void alternatives_deinit(alternatives *all)
{
	hwp_vec_deinit(all);
}

static bool list_symbols(struct hwp_resolver *r, size_t first, alternatives *all)
{
	for (size_t n = first; n < r->layout->nr_resolved; n++) {
		const struct hwp_needs *needs = r->layout->resolved[n].needs;

		for (size_t i = 0; i < needs->nr; i++) {
			const char *names = needs->rows[i].names;
			struct alternative a = {
				.where = (uint64_t *)((char *)own_of(r, n) + needs->rows[i].where),
			};

			if (needs->rows[i].kind != HWP_NEED_SYMBOL)
				continue;
			while (next_name(&names, a.name)) {
				if (!hwp_vec_push(all, a))
					return false;
			}
		}
	}
	return true;
}

/** All symbols of all tables in one go: kallsyms is read once. */
static struct hwp_error *resolve_symbols(struct hwp_resolver *r, size_t first)
{
	_cleanup_(alternatives_deinit) alternatives all = {};
	_cleanup_free_ struct hwp_symbol *syms = NULL;
	struct hwp_error *err;

	if (!list_symbols(r, first, &all))
		return hwp_error_no_memory();
	if (!all.nr)
		return NULL;
	syms = calloc(all.nr, sizeof(*syms));
	if (!syms)
		return hwp_error_no_memory();
	for (size_t i = 0; i < all.nr; i++)
		syms[i].name = all.data[i].name;
	err = hwp_target_symbols(r->target, syms, all.nr);
	for (size_t i = 0, next; !err && i < all.nr; i = next) {
		size_t found = i;

		for (next = i; next < all.nr && all.data[next].where == all.data[i].where; next++) {
			if (syms[next].found && !syms[found].found)
				found = next;
		}
		*all.data[i].where = syms[found].found ? syms[found].address : 0;
		hwp_resolve_note(r, all.data[i].name, *all.data[i].where,
				 syms[found].found ? hwp_target_symbol_provider(r->target) :
						     "absent");
	}
	return err;
}

static void resolver_deinit(struct hwp_resolver *r)
{
	free(r->missing);
	hwp_error_destroy(r->err);
	hwp_vec_deinit(&r->rows);
}

static struct hwp_error *expect_sources(struct hwp_target *target,
					const struct hwp_needs *const *needs)
{
	struct hwp_error *err = NULL;

	for (; *needs && !err; needs++)
		for (const char *const *s = (*needs)->sources; s && *s && !err; s++)
			err = hwp_target_expect(target, *s);
	return err;
}

struct hwp_error *hwp_layout_resolve(struct hwp_layout *layout, struct hwp_target *target,
				     const struct hwp_needs *const *needs)
{
	_cleanup_(resolver_deinit) struct hwp_resolver r = { .target = target, .layout = layout };
	size_t first = layout->nr_resolved;

	r.rows.data = layout->rows;
	r.rows.nr = r.rows.capacity = layout->nr_rows;
	layout->rows = NULL;
	layout->nr_rows = 0;
	r.err = allocate(&r, needs);
	if (!r.err)
		r.err = expect_sources(target, needs);
	if (!r.err)
		r.err = resolve_symbols(&r, first);
	for (size_t i = first; i < layout->nr_resolved && !r.err; i++)
		layout->resolved[i].works = resolve_table(&r, layout->resolved[i].needs,
							  own_of(&r, i));
	if (r.err)
		return hwp_error_prefix(no_cleanup_ptr(r.err), "layout");
	if (r.missing)
		return hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"this kernel's layout is not understood; missing: %s",
					r.missing);
	layout->nr_rows = r.rows.nr;
	layout->rows = no_cleanup_ptr(r.rows.data);
	return NULL;
}

const void *hwp_layout_of(const struct hwp_layout *layout, const struct hwp_needs *needs)
{
	for (size_t i = 0; i < layout->nr_resolved; i++) {
		if (layout->resolved[i].needs == needs && layout->resolved[i].works)
			return layout->resolved[i].own;
	}
	return NULL;
}
