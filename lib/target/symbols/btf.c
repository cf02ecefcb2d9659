// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Types from the target kernel's own BTF, by libbpf. libbpf checks the shape of
 * the blob when it loads it, but not what the types refer to: ids, depths and
 * sizes are checked here as they are followed.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/bits.h"
#include "target/providers.h"
#include "target/symbols/btf_find.h"

#define MAX_DEPTH 32
/* Members visited for one answer: types may contain themselves. */
#define MAX_MEMBERS (1u << 16)

struct btf_types {
	struct btf *btf;
	/** Open-addressed table of type ids by name; 0 is empty. */
	uint32_t *by_name;
	uint32_t mask;
};

static void btf_types_destroy(void *arg)
{
	struct btf_types *t = arg;

	if (!t)
		return;
	btf__free(t->btf);
	free(t->by_name);
	free(t);
}

static void btf_types_destroyp(struct btf_types **t)
{
	btf_types_destroy(*t);
}

static uint32_t hash_name(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return h;
}

static bool is_named_kind(const struct btf_type *t)
{
	return btf_is_composite(t) || btf_is_any_enum(t);
}

/** Index structs, unions and enums by name; the first of a name wins. */
static struct hwp_error *index_names(struct btf_types *t)
{
	uint32_t nr = btf__type_cnt(t->btf), nr_named = 0;

	for (uint32_t id = 1; id < nr; id++)
		nr_named += is_named_kind(btf__type_by_id(t->btf, id));
	t->mask = (UINT32_C(1) << hwp_bits_for(nr_named * UINT64_C(2) + 2)) - 1;
	t->by_name = calloc((size_t)t->mask + 1, sizeof(*t->by_name));
	if (!t->by_name)
		return hwp_error_no_memory();
	for (uint32_t id = 1; id < nr; id++) {
		const struct btf_type *type = btf__type_by_id(t->btf, id);
		const char *name;
		uint32_t i;

		if (!is_named_kind(type))
			continue;
		name = btf__name_by_offset(t->btf, type->name_off);
		if (!name || !*name)
			continue;
		for (i = hash_name(name) & t->mask; t->by_name[i]; i = (i + 1) & t->mask)
			;
		t->by_name[i] = id;
	}
	return NULL;
}

static const struct btf_type *find_named(const struct btf_types *t, const char *name,
					 bool want_enum)
{
	for (uint32_t i = hash_name(name) & t->mask; t->by_name[i]; i = (i + 1) & t->mask) {
		const struct btf_type *type = btf__type_by_id(t->btf, t->by_name[i]);
		const char *other = btf__name_by_offset(t->btf, type->name_off);

		if (other && strcmp(other, name) == 0 && btf_is_any_enum(type) == want_enum)
			return type;
	}
	return NULL;
}

/** Resolve typedefs and qualifiers; NULL if they lead nowhere. */
static const struct btf_type *resolve(const struct btf_types *t, uint32_t id)
{
	for (int depth = 0; depth < MAX_DEPTH; depth++) {
		const struct btf_type *type = btf__type_by_id(t->btf, id);

		if (!type || !(btf_is_mod(type) || btf_is_typedef(type)))
			return type;
		id = type->type;
	}
	return NULL;
}

static bool type_size(const struct btf_types *t, uint32_t id, uint64_t *ret)
{
	uint64_t nr = 1, size;

	for (int depth = 0; depth < MAX_DEPTH; depth++) {
		const struct btf_type *type = resolve(t, id);

		if (!type)
			return false;
		if (!btf_is_array(type)) {
			size = btf_is_ptr(type) ? 8 : type->size;
			return !__builtin_mul_overflow(nr, size, ret);
		}
		if (__builtin_mul_overflow(nr, (uint64_t)btf_array(type)->nelems, &nr))
			return false;
		id = btf_array(type)->type;
	}
	return false;
}

/** Find a direct member, or one inside unnamed members. */
static const struct btf_type *find_member(const struct btf_types *t, const struct btf_type *in,
					  const char *name, size_t len, int depth,
					  unsigned int *budget, struct hwp_member *ret)
{
	const struct btf_member *m = btf_members(in);

	for (uint16_t i = 0; i < btf_vlen(in) && *budget; i++) {
		const char *member_name = btf__name_by_offset(t->btf, m[i].name_off);
		uint64_t offset = btf_member_bit_offset(in, i) / 8;
		const struct btf_type *type = resolve(t, m[i].type), *found;
		struct hwp_member inner;

		--*budget;
		if (!type || !member_name)
			continue;
		if (!*member_name && btf_is_composite(type) && depth < MAX_DEPTH) {
			found = find_member(t, type, name, len, depth + 1, budget, &inner);
			if (found) {
				inner.offset += offset;
				*ret = inner;
				return found;
			}
		}
		if (strlen(member_name) != len || memcmp(member_name, name, len) != 0)
			continue;
		ret->offset = offset;
		ret->nr_elements = btf_is_array(type) ? btf_array(type)->nelems : 0;
		return type_size(t, m[i].type, &ret->size) ? type : NULL;
	}
	return NULL;
}

/** The element of an array, else the type itself: "a.b" enters arrays. */
static const struct btf_type *element_of(const struct btf_types *t, const struct btf_type *type)
{
	for (int depth = 0; type && btf_is_array(type) && depth < MAX_DEPTH; depth++)
		type = resolve(t, btf_array(type)->type);
	return type;
}

static struct hwp_error *no_member(const char *type, const char *member)
{
	return hwp_error_create(HWP_ERROR_LOOKUP, "struct %s has no member %s", type, member);
}

static struct hwp_error *btf_op_member(void *arg, const char *type_name, const char *path,
				       struct hwp_member *ret)
{
	const struct btf_types *t = arg;
	const struct btf_type *type = find_named(t, type_name, false);
	struct hwp_member total = {};
	unsigned int budget = MAX_MEMBERS;

	if (!type)
		return hwp_error_create(HWP_ERROR_LOOKUP, "no type struct %s", type_name);
	total.size = type->size;
	for (const char *name = path; name && *name;) {
		size_t len = (size_t)(strchrnul(name, '.') - name);
		struct hwp_member m;

		type = element_of(t, type);
		if (!type || !btf_is_composite(type))
			return no_member(type_name, path);
		type = find_member(t, type, name, len, 0, &budget, &m);
		if (!type)
			return no_member(type_name, path);
		m.offset += total.offset;
		total = m;
		name += len + (name[len] == '.');
	}
	*ret = total;
	return NULL;
}

static bool enum_value(const struct btf_types *t, const struct btf_type *type, const char *name,
		       int64_t *ret)
{
	for (uint16_t i = 0; i < btf_vlen(type); i++) {
		bool is_64 = btf_is_enum64(type);
		uint32_t name_off = is_64 ? btf_enum64(type)[i].name_off :
					    btf_enum(type)[i].name_off;
		const char *other = btf__name_by_offset(t->btf, name_off);

		if (!other || strcmp(other, name) != 0)
			continue;
		if (is_64)
			*ret = (int64_t)btf_enum64_value(&btf_enum64(type)[i]);
		else if (btf_kflag(type))
			*ret = btf_enum(type)[i].val;
		else
			*ret = (uint32_t)btf_enum(type)[i].val;
		return true;
	}
	return false;
}

static struct hwp_error *btf_op_enumerator(void *arg, const char *type_name, const char *name,
					   int64_t *ret)
{
	const struct btf_types *t = arg;
	const struct btf_type *type;

	if (type_name) {
		type = find_named(t, type_name, true);
		if (type && enum_value(t, type, name, ret))
			return NULL;
		return hwp_error_create(HWP_ERROR_LOOKUP, "no enumerator %s in enum %s", name,
					type_name);
	}
	for (uint32_t id = 1; id < btf__type_cnt(t->btf); id++) {
		type = btf__type_by_id(t->btf, id);
		if (btf_is_any_enum(type) && !type->name_off && enum_value(t, type, name, ret))
			return NULL;
	}
	return hwp_error_create(HWP_ERROR_LOOKUP, "no enumerator %s", name);
}

static const struct hwp_provider_ops btf_ops = {
	.name = "btf",
	.member = btf_op_member,
	.enumerator = btf_op_enumerator,
	.destroy = btf_types_destroy,
};

static struct hwp_error *locate(struct hwp_target *target, uint64_t *address, uint64_t *size)
{
	struct hwp_symbol syms[] = { { .name = "__start_BTF" }, { .name = "__stop_BTF" } };
	struct hwp_error *err = hwp_target_symbols(target, syms, HWP_ARRAY_SIZE(syms));

	if (err)
		return err;
	if (!syms[0].found || !syms[1].found)
		return hwp_error_prefix(hwp_btf_find(target, address, size),
					"the kernel has no symbol __start_BTF, and its image was "
					"searched in vain");
	*address = syms[0].address;
	*size = syms[1].address - syms[0].address;
	if (syms[1].address < syms[0].address || *size > HWP_MAX_BTF_SIZE)
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"__stop_BTF - __start_BTF is 0x%" PRIx64, *size);
	return NULL;
}

static struct hwp_error *read_blob(struct hwp_target *target, void **data_ret, uint32_t *size_ret)
{
	_cleanup_free_ void *data = NULL;
	uint64_t address, size;
	struct hwp_error *err = locate(target, &address, &size);

	if (err)
		return err;
	data = hwp_alloc_big(size);
	if (!data)
		return hwp_error_no_memory();
	err = hwp_target_read(target, HWP_KERNEL_VIRTUAL, address, data, size, NULL);
	if (err)
		return err;
	*data_ret = no_cleanup_ptr(data);
	*size_ret = (uint32_t)size;
	return NULL;
}

static struct hwp_error *read_file(const char *path, void **data_ret, uint32_t *size_ret)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	_cleanup_free_ char *data = NULL;
	struct stat st;

	if (!f || fstat(fileno(f), &st) < 0)
		return hwp_error_os(errno, "%s", path);
	if (st.st_size <= 0 || (uint64_t)st.st_size > HWP_MAX_BTF_SIZE)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "%s has %jd bytes", path,
					(intmax_t)st.st_size);
	data = hwp_alloc_big((size_t)st.st_size);
	if (!data)
		return hwp_error_no_memory();
	if (fread(data, 1, (size_t)st.st_size, f) != (size_t)st.st_size)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "%s ends early", path);
	*data_ret = no_cleanup_ptr(data);
	*size_ret = (uint32_t)st.st_size;
	return NULL;
}

static int print_nothing(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

static struct hwp_error *open_blob(const void *data, uint32_t size, struct hwp_provider *ret)
{
	_cleanup_(btf_types_destroyp) struct btf_types *t = calloc(1, sizeof(*t));
	libbpf_print_fn_t others;
	struct hwp_error *err;
	int why;

	if (!t)
		return hwp_error_no_memory();
	/* This setting is global to the process, which may be a host's. */
	others = libbpf_set_print(print_nothing);
	t->btf = btf__new(data, size);
	why = errno;
	libbpf_set_print(others);
	if (!t->btf)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "libbpf refuses it: %s", strerror(why));
	err = index_names(t);
	if (err)
		return err;
	ret->ops = &btf_ops;
	ret->arg = no_cleanup_ptr(t);
	return NULL;
}

struct hwp_error *hwp_btf_open(struct hwp_target *target, struct hwp_provider *ret)
{
	_cleanup_free_ void *data = NULL;
	uint32_t size = 0;
	struct hwp_error *err = read_blob(target, &data, &size);

	return err ? err : open_blob(data, size, ret);
}

struct hwp_error *hwp_btf_open_file(const char *path, struct hwp_provider *ret)
{
	_cleanup_free_ void *data = NULL;
	uint32_t size = 0;
	struct hwp_error *err = read_file(path, &data, &size);

	return err ? err : open_blob(data, size, ret);
}
