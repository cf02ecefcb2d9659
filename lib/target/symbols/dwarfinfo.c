// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Types from DWARF, by libdw, without indexing all of it: the compilation units of the sources
 * that the caller expects to know the types are read first, then the others one by one until
 * the type is found. What libdw returns is not trusted: siblings must lie further on in the
 * file, and the depth and the number of DIEs are limited.
 */
#include "target/symbols/dwarfinfo.h"

#include <inttypes.h>
#include <string.h>

#include <dwarf.h>
#include <elfutils/libdw.h>

#include "base/bits.h"
#include "base/nametable.h"
#include "base/vec.h"

#define MAX_DEPTH 32
/* DIEs visited for one answer: types may contain themselves. */
#define MAX_DIES (1u << 20)

struct unit {
	Dwarf_Die die;
	bool is_indexed;
};

struct hwp_dwarf {
	Dwarf *dwarf;
	/** Listed so far, in the order of the file; last_unit is the last of them. */
	HWP_VEC(struct unit) units;
	Dwarf_CU *last_unit;
	bool all_listed;
	/** Sources whose units are indexed first; those before next_expected are. */
	HWP_VEC(const char *) expected;
	size_t next_expected;
	/** Units before it are indexed. */
	size_t next_unit;
	/** All types indexed so far; structs and enums map names to indices into types. */
	HWP_VEC(Dwarf_Die) types;
	struct hwp_name_table structs, enums;
	HWP_VEC(Dwarf_Die) unnamed_enums;
	/** DIEs that may still be visited while indexing. */
	uint64_t budget;
	/** .debug_str: a name that is not in it names nothing. */
	const char *strings;
	size_t strings_size;
};

void hwp_dwarf_close(struct hwp_dwarf *d)
{
	if (!d)
		return;
	hwp_vec_deinit(&d->units);
	hwp_vec_deinit(&d->expected);
	hwp_vec_deinit(&d->types);
	hwp_vec_deinit(&d->unnamed_enums);
	hwp_name_table_deinit(&d->structs);
	hwp_name_table_deinit(&d->enums);
	if (d->dwarf)
		dwarf_end(d->dwarf);
	free(d);
}

static void dwarf_closep(struct hwp_dwarf **d)
{
	hwp_dwarf_close(*d);
}

/** Go on to the sibling, which must lie further on; false at the end. */
static bool next_sibling(Dwarf_Die *die)
{
	Dwarf_Die next;

	if (dwarf_siblingof(die, &next) != 0 || (char *)next.addr <= (char *)die->addr)
		return false;
	*die = next;
	return true;
}

static const char *name_of(Dwarf_Die *die)
{
	Dwarf_Attribute attr;

	return dwarf_attr(die, DW_AT_name, &attr) ? dwarf_formstring(&attr) : NULL;
}

static bool referred(Dwarf_Die *die, unsigned int attribute, Dwarf_Die *ret)
{
	Dwarf_Attribute attr;

	return dwarf_attr(die, attribute, &attr) && dwarf_formref_die(&attr, ret);
}

static bool unsigned_attribute(Dwarf_Die *die, unsigned int attribute, uint64_t *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Word word;

	if (!dwarf_attr(die, attribute, &attr) || dwarf_formudata(&attr, &word) != 0)
		return false;
	*ret = word;
	return true;
}

/** "mm/page_alloc.c", or a path that ends so. */
static bool is_source(const char *path, const char *source)
{
	size_t len = strlen(path), source_len = strlen(source);

	return len >= source_len && strcmp(path + len - source_len, source) == 0 &&
	       (len == source_len || path[len - source_len - 1] == '/');
}

static bool is_enum(Dwarf_Die *die)
{
	return dwarf_tag(die) == DW_TAG_enumeration_type;
}

static bool is_composite(Dwarf_Die *die)
{
	int tag = dwarf_tag(die);

	return tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

/** The first definition of a name wins. */
static bool index_type(struct hwp_dwarf *d, Dwarf_Die *die)
{
	const char *name = name_of(die);

	if (dwarf_hasattr(die, DW_AT_declaration))
		return true;
	if (!name)
		return !is_enum(die) || hwp_vec_push(&d->unnamed_enums, *die);
	return hwp_name_table_put(is_enum(die) ? &d->enums : &d->structs, name,
				  (uint32_t)d->types.nr) &&
	       hwp_vec_push(&d->types, *die);
}

/** Index the types of a unit and of the units it imports (dwz); false if out of memory. */
static bool index_unit(struct hwp_dwarf *d, Dwarf_Die *unit, int depth)
{
	Dwarf_Die die, imported;

	if (dwarf_child(unit, &die) != 0)
		return true;
	do {
		if (!d->budget)
			return true;
		d->budget--;
		if ((is_composite(&die) || is_enum(&die)) && !index_type(d, &die))
			return false;
		if (dwarf_tag(&die) == DW_TAG_imported_unit && depth < MAX_DEPTH &&
		    referred(&die, DW_AT_import, &imported) && !index_unit(d, &imported, depth + 1))
			return false;
	} while (next_sibling(&die));
	return true;
}

/** The names of types and enumerators are in .debug_str, unless they are very short. */
static bool may_exist(const struct hwp_dwarf *d, const char *name)
{
	size_t len = strlen(name);

	return !d->strings || len < 8 || memmem(d->strings, d->strings_size, name, len + 1);
}

/** List one more unit; false when there is none, or on error. */
static bool list_next(struct hwp_dwarf *d, struct hwp_error **err)
{
	struct unit unit = {};
	uint8_t type;

	do {
		/* Another call would make libdw begin again. */
		d->all_listed = d->all_listed ||
				dwarf_get_units(d->dwarf, d->last_unit, &d->last_unit, NULL, &type,
						&unit.die, NULL) != 0;
		if (d->all_listed)
			return false;
	} while (!unit.die.addr);
	if (type == DW_UT_skeleton)
		*err = hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"its debug information is in .dwo files "
					"(CONFIG_DEBUG_INFO_SPLIT): build the kernel without it");
	else if (!hwp_vec_push(&d->units, unit))
		*err = hwp_error_no_memory();
	return !*err;
}

/** The unit of @p source, "mm/page_alloc.c"; NULL when there is none, or on error. */
static struct unit *find_unit(struct hwp_dwarf *d, const char *source, struct hwp_error **err)
{
	for (size_t i = 0; i < d->units.nr || list_next(d, err); i++) {
		const char *path = name_of(&d->units.data[i].die);

		if (path && is_source(path, source))
			return &d->units.data[i];
	}
	return NULL;
}

/** The next unit to index: one that is expected to have what is asked for, else any. */
static struct unit *next_unit(struct hwp_dwarf *d, const char *name, struct hwp_error **err)
{
	struct unit *unit;

	while (d->next_expected < d->expected.nr) {
		unit = find_unit(d, d->expected.data[d->next_expected++], err);
		if (*err || (unit && !unit->is_indexed))
			return unit;
	}
	while (may_exist(d, name) && (d->next_unit < d->units.nr || list_next(d, err))) {
		unit = &d->units.data[d->next_unit++];
		if (!unit->is_indexed)
			return unit;
	}
	return NULL;
}

/** Index one more unit. False when there is none, or when none can have @p name. */
static bool index_next(struct hwp_dwarf *d, const char *name, struct hwp_error **err)
{
	struct unit *unit = d->budget ? next_unit(d, name, err) : NULL;

	if (!unit)
		return false;
	unit->is_indexed = true;
	if (!index_unit(d, &unit->die, 0))
		*err = hwp_error_no_memory();
	return !*err;
}

static struct hwp_error *find_type(struct hwp_dwarf *d, const char *name, bool want_enum,
				   Dwarf_Die *ret)
{
	const struct hwp_name_table *table = want_enum ? &d->enums : &d->structs;
	struct hwp_error *err = NULL;
	uint32_t index;

	do {
		if (hwp_name_table_find(table, name, &index)) {
			*ret = d->types.data[index];
			return NULL;
		}
	} while (index_next(d, name, &err));
	return err ? err :
		     hwp_error_create(HWP_ERROR_LOOKUP, "no type %s %s",
				      want_enum ? "enum" : "struct", name);
}

/** Resolve typedefs and qualifiers; false if they lead nowhere. */
static bool resolve(Dwarf_Die *die)
{
	for (int depth = 0; depth < MAX_DEPTH; depth++) {
		Dwarf_Die next;

		switch (dwarf_tag(die)) {
		case DW_TAG_typedef:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_restrict_type:
		case DW_TAG_atomic_type:
			if (!referred(die, DW_AT_type, &next))
				return false;
			*die = next;
			break;
		default:
			return true;
		}
	}
	return false;
}

static bool is_array(Dwarf_Die *die)
{
	return dwarf_tag(die) == DW_TAG_array_type;
}

/** The elements in one dimension of an array; 0 if it has no bounds. */
static uint64_t nr_elements_of(Dwarf_Die *range)
{
	uint64_t n;

	if (unsigned_attribute(range, DW_AT_count, &n))
		return n;
	return unsigned_attribute(range, DW_AT_upper_bound, &n) ? n + 1 : 0;
}

/** *@p first_ret is the number of elements in the outermost dimension. */
static bool count_elements(Dwarf_Die *array, uint64_t *first_ret, uint64_t *all_ret)
{
	bool is_first = true;
	Dwarf_Die range;

	if (dwarf_child(array, &range) != 0)
		return false;
	*first_ret = 0;
	*all_ret = 1;
	do {
		uint64_t n;

		if (dwarf_tag(&range) != DW_TAG_subrange_type)
			continue;
		n = nr_elements_of(&range);
		if (is_first)
			*first_ret = n;
		is_first = false;
		if (__builtin_mul_overflow(*all_ret, n, all_ret))
			return false;
	} while (next_sibling(&range));
	return !is_first;
}

static bool type_size(Dwarf_Die type, uint64_t *ret)
{
	uint64_t nr = 1, size, first, all;

	for (int depth = 0; depth < MAX_DEPTH; depth++) {
		if (!resolve(&type))
			return false;
		if (!is_array(&type)) {
			if (dwarf_tag(&type) == DW_TAG_pointer_type)
				size = 8;
			else if (!unsigned_attribute(&type, DW_AT_byte_size, &size))
				return false;
			return !__builtin_mul_overflow(nr, size, ret);
		}
		if (!count_elements(&type, &first, &all) || __builtin_mul_overflow(nr, all, &nr) ||
		    !referred(&type, DW_AT_type, &type))
			return false;
	}
	return false;
}

/** The offset in bytes; 0 for members of a union, which have no attribute. */
static bool offset_of(Dwarf_Die *member, uint64_t *ret)
{
	uint64_t bits, at = 0, bytes, width;
	Dwarf_Attribute attr;
	Dwarf_Op *ops;
	size_t nr_ops;

	if (unsigned_attribute(member, DW_AT_data_bit_offset, &bits)) {
		*ret = bits / 8;
		return true;
	}
	if (dwarf_attr(member, DW_AT_data_member_location, &attr) &&
	    !unsigned_attribute(member, DW_AT_data_member_location, &at)) {
		if (dwarf_getlocation(&attr, &ops, &nr_ops) != 0 || nr_ops != 1 ||
		    ops[0].atom != DW_OP_plus_uconst)
			return false;
		at = ops[0].number;
	}
	/* Up to DWARF 4 the offset of a bit field counts from the end of its storage unit. */
	if (unsigned_attribute(member, DW_AT_bit_offset, &bits) &&
	    unsigned_attribute(member, DW_AT_bit_size, &width) &&
	    unsigned_attribute(member, DW_AT_byte_size, &bytes) && bytes <= 16 &&
	    bits + width <= bytes * 8)
		at += (bytes * 8 - bits - width) / 8;
	*ret = at;
	return true;
}

/** Find a direct member, or one inside unnamed members; *@p type becomes its type. */
static bool find_member(Dwarf_Die *type, const char *name, size_t len, int depth,
			unsigned int *budget, struct hwp_member *ret)
{
	Dwarf_Die die, in;
	uint64_t all;

	if (dwarf_child(type, &die) != 0)
		return false;
	do {
		const char *other;
		uint64_t offset;

		if (!*budget)
			return false;
		--*budget;
		if (dwarf_tag(&die) != DW_TAG_member || !referred(&die, DW_AT_type, &in) ||
		    !resolve(&in) || !offset_of(&die, &offset))
			continue;
		other = name_of(&die);
		if (!other && is_composite(&in) && depth < MAX_DEPTH &&
		    find_member(&in, name, len, depth + 1, budget, ret)) {
			ret->offset += offset;
			*type = in;
			return true;
		}
		if (!other || strlen(other) != len || memcmp(other, name, len) != 0)
			continue;
		*ret = (struct hwp_member){ .offset = offset };
		*type = in;
		return type_size(in, &ret->size) &&
		       (!is_array(&in) || count_elements(&in, &ret->nr_elements, &all));
	} while (next_sibling(&die));
	return false;
}

/** The element of an array, else the type itself: "a.b" enters arrays. */
static bool enter_array(Dwarf_Die *type)
{
	for (int depth = 0; is_array(type) && depth < MAX_DEPTH; depth++) {
		if (!referred(type, DW_AT_type, type) || !resolve(type))
			return false;
	}
	return is_composite(type);
}

struct hwp_error *hwp_dwarf_member(struct hwp_dwarf *d, const char *type_name, const char *path,
				   struct hwp_member *ret)
{
	struct hwp_member total = {};
	unsigned int budget = MAX_DIES;
	struct hwp_error *err;
	Dwarf_Die type;

	err = find_type(d, type_name, false, &type);
	if (err)
		return err;
	if (!unsigned_attribute(&type, DW_AT_byte_size, &total.size))
		return hwp_error_create(HWP_ERROR_BAD_DATA, "struct %s has no size", type_name);
	for (const char *name = path; name && *name;) {
		size_t len = (size_t)(strchrnul(name, '.') - name);
		struct hwp_member m;

		if (!enter_array(&type) || !find_member(&type, name, len, 0, &budget, &m))
			return hwp_error_create(HWP_ERROR_LOOKUP, "struct %s has no member %s",
						type_name, path);
		m.offset += total.offset;
		total = m;
		name += len + (name[len] == '.');
	}
	*ret = total;
	return NULL;
}

static bool enum_value(Dwarf_Die *type, const char *name, int64_t *ret)
{
	unsigned int budget = MAX_DIES;
	Dwarf_Attribute attr;
	Dwarf_Sword value;
	Dwarf_Word word;
	Dwarf_Die die;

	if (dwarf_child(type, &die) != 0)
		return false;
	do {
		const char *other = name_of(&die);

		if (!other || strcmp(other, name) != 0 ||
		    !dwarf_attr(&die, DW_AT_const_value, &attr))
			continue;
		switch (dwarf_whatform(&attr)) {
		case DW_FORM_sdata:
		case DW_FORM_implicit_const:
			if (dwarf_formsdata(&attr, &value) != 0)
				return false;
			*ret = value;
			return true;
		default:
			if (dwarf_formudata(&attr, &word) != 0)
				return false;
			*ret = (int64_t)word;
			return true;
		}
	} while (--budget && next_sibling(&die));
	return false;
}

static struct hwp_error *unnamed_enumerator(struct hwp_dwarf *d, const char *name, int64_t *ret)
{
	struct hwp_error *err = NULL;
	size_t i = 0;

	do {
		for (; i < d->unnamed_enums.nr; i++) {
			if (enum_value(&d->unnamed_enums.data[i], name, ret))
				return NULL;
		}
	} while (index_next(d, name, &err));
	return err ? err : hwp_error_create(HWP_ERROR_LOOKUP, "no enumerator %s", name);
}

struct hwp_error *hwp_dwarf_enumerator(struct hwp_dwarf *d, const char *type_name, const char *name,
				       int64_t *ret)
{
	struct hwp_error *err;
	Dwarf_Die type;

	if (!type_name)
		return unnamed_enumerator(d, name, ret);
	err = find_type(d, type_name, true, &type);
	if (!err && !enum_value(&type, name, ret))
		err = hwp_error_create(HWP_ERROR_LOOKUP, "no enumerator %s in enum %s", name,
				       type_name);
	return err;
}

/** Is there code of the abstract function at offset @p origin below @p parent? */
static bool has_instance(Dwarf_Die *parent, Dwarf_Off origin, int depth, unsigned int *budget)
{
	Dwarf_Die die, other;

	if (dwarf_child(parent, &die) != 0)
		return false;
	do {
		int tag = dwarf_tag(&die);

		if (!*budget)
			return false;
		--*budget;
		if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_subprogram) &&
		    referred(&die, DW_AT_abstract_origin, &other) &&
		    dwarf_dieoffset(&other) == origin)
			return true;
		if ((tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block ||
		     tag == DW_TAG_inlined_subroutine) &&
		    depth < 2 * MAX_DEPTH && has_instance(&die, origin, depth + 1, budget))
			return true;
	} while (next_sibling(&die));
	return false;
}

static enum hwp_function function_in(Dwarf_Die *unit, const char *name)
{
	unsigned int budget = MAX_DIES;
	uint64_t is_inline;
	Dwarf_Die die;

	if (dwarf_child(unit, &die) != 0)
		return HWP_FUNCTION_ABSENT;
	do {
		const char *other;

		if (dwarf_tag(&die) != DW_TAG_subprogram || dwarf_hasattr(&die, DW_AT_declaration))
			continue;
		other = name_of(&die);
		if (!other || strcmp(other, name) != 0)
			continue;
		if (dwarf_hasattr(&die, DW_AT_low_pc) || dwarf_hasattr(&die, DW_AT_ranges))
			return HWP_FUNCTION_COMPILED;
		if (unsigned_attribute(&die, DW_AT_inline, &is_inline) &&
		    has_instance(unit, dwarf_dieoffset(&die), 0, &budget))
			return HWP_FUNCTION_INLINED;
	} while (next_sibling(&die));
	return HWP_FUNCTION_ABSENT;
}

struct hwp_error *hwp_dwarf_function(struct hwp_dwarf *d, const char *file, const char *name,
				     enum hwp_function *ret)
{
	struct hwp_error *err = NULL;
	struct unit *unit = find_unit(d, file, &err);

	if (unit)
		*ret = function_in(&unit->die, name);
	else if (!err)
		err = hwp_error_create(HWP_ERROR_LOOKUP, "the debug information does not cover %s",
				       file);
	return err;
}

struct hwp_error *hwp_dwarf_expect(struct hwp_dwarf *d, const char *source)
{
	return hwp_vec_push(&d->expected, source) ? NULL : hwp_error_no_memory();
}

struct hwp_error *hwp_dwarf_open(const struct hwp_elffile *file, struct hwp_dwarf **ret)
{
	_cleanup_(dwarf_closep) struct hwp_dwarf *d = calloc(1, sizeof(*d));
	struct hwp_error *err = NULL;
	size_t size;

	if (!d)
		return hwp_error_no_memory();
	d->dwarf = dwarf_begin_elf(hwp_elffile_handle(file), DWARF_C_READ, NULL);
	if (!d->dwarf || !hwp_elffile_section(file, ".debug_info", &size))
		return hwp_error_create(HWP_ERROR_LOOKUP,
					"has no debug information: give a vmlinux with DWARF, as "
					"the kernel's debug package has it");
	d->budget = 4 * (uint64_t)size;
	d->strings = hwp_elffile_section(file, ".debug_str", &d->strings_size);
	if (!list_next(d, &err))
		return err ? err :
			     hwp_error_create(HWP_ERROR_BAD_DATA,
					      "its debug information is nonsense");
	*ret = no_cleanup_ptr(d);
	return NULL;
}
