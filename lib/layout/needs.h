// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * What a reader of kernel memory needs to know of this kernel: a table of
 * members, enumerators, VMCOREINFO numbers and symbols that stands beside the
 * code that uses them. hwp_layout_create() resolves the tables of all readers,
 * so that everything that is missing is reported at once.
 */
#ifndef HWP_LAYOUT_NEEDS_H
#define HWP_LAYOUT_NEEDS_H

#include <stddef.h>

#include "base/vec.h"
#include "layout/layout.h"

enum hwp_need_kind {
	/** Bytes from the start of the type to the member; HWP_ABSENT if there is none. */
	HWP_NEED_OFFSET,
	/** Bytes of the type; HWP_ABSENT if there is none. */
	HWP_NEED_SIZE,
	/** Elements of the member, which is an array; 0 if there is none. */
	HWP_NEED_ELEMENTS,
	/** An enumerator or a VMCOREINFO number; HWP_ABSENT if there is none. */
	HWP_NEED_VALUE,
	/** The address of a symbol; 0 if there is none. */
	HWP_NEED_SYMBOL,
};

struct hwp_need {
	/**
	 * Alternatives separated by spaces, newest kernel first: "type.member"
	 * or "type", "enum:ENUMERATOR" (":ENUMERATOR" in an unnamed enum),
	 * "NUMBER(key)" and the like for a line of VMCOREINFO. For a symbol: its names.
	 */
	const char *names;
	enum hwp_need_kind kind;
	/** Where in the reader's struct it is stored: a uint64_t for a symbol, else a uint32_t. */
	size_t where;
	/** The reader can do without it. */
	bool optional;
	/**
	 * If not 0, as many bytes are read at this offset from a copy of the whole
	 * type, whose size is stored at @p size_where: they must lie inside.
	 */
	uint32_t nr_bytes;
	size_t size_where;
};

struct hwp_resolver;

/** What one reader needs, and the struct of its own that holds the answers. */
struct hwp_needs {
	const struct hwp_need *rows;
	size_t nr;
	/**
	 * Kernel sources, up to a NULL, that between them define or use the types of the
	 * rows: DWARF is read from there first. NULL: those of other tables do.
	 */
	const char *const *sources;
	/** Bytes of the reader's struct; 0: the answers belong in struct hwp_layout itself. */
	size_t size;
	/**
	 * Nothing works without this reader: what is missing is an error. Otherwise
	 * its other rows are looked up only if all its symbols are there (looking
	 * up a type that the kernel does not have is slow by DWARF), and if
	 * anything but an optional row is missing, hwp_layout_of() returns NULL.
	 */
	bool required;
	/**
	 * What a row cannot say; may be NULL. @p own is the reader's struct, its rows
	 * resolved. False: the reader does not work on this kernel.
	 */
	bool (*decide)(struct hwp_resolver *r, void *own);
};

/** The offset of @p field, which must have @p size bytes. */
#define HWP_NEED_WHERE(type, field, size) \
	(offsetof(type, field) + 0 * sizeof(char[sizeof(((type *)0)->field) == (size) ? 1 : -1]))

#define HWP_NEED_ROW(what, size, type, field, list, ...)                                 \
	{                                                                                \
		.names = list, .kind = what, .where = HWP_NEED_WHERE(type, field, size), \
		__VA_ARGS__                                                              \
	}

/* Rows: the reader's struct and its field, the names, then other fields of struct hwp_need. */
#define HWP_OFFSET(type, field, list, ...) \
	HWP_NEED_ROW(HWP_NEED_OFFSET, sizeof(uint32_t), type, field, list, __VA_ARGS__)
#define HWP_SIZE(type, field, list, ...) \
	HWP_NEED_ROW(HWP_NEED_SIZE, sizeof(uint32_t), type, field, list, __VA_ARGS__)
#define HWP_ELEMENTS(type, field, list, ...) \
	HWP_NEED_ROW(HWP_NEED_ELEMENTS, sizeof(uint32_t), type, field, list, __VA_ARGS__)
#define HWP_VALUE(type, field, list, ...) \
	HWP_NEED_ROW(HWP_NEED_VALUE, sizeof(uint32_t), type, field, list, __VA_ARGS__)
#define HWP_SYMBOL(type, field, list, ...) \
	HWP_NEED_ROW(HWP_NEED_SYMBOL, sizeof(uint64_t), type, field, list, __VA_ARGS__)

/** For a row: @p bytes are read at the member from a copy of its type of size @p size_field. */
#define HWP_INSIDE(type, size_field, bytes) \
	.nr_bytes = (bytes), .size_where = HWP_NEED_WHERE(type, size_field, sizeof(uint32_t))

/** What decide() works with. */
struct hwp_resolver {
	struct hwp_target *target;
	struct hwp_layout *layout;
	/** Required things that are not there, comma-separated, or NULL. */
	char *missing;
	/** The first failure; from then on nothing is looked up. */
	struct hwp_error *err;
	HWP_VEC(struct hwp_layout_row) rows;
};

/** Look up "type.member" or "type"; false when the kernel has none. Nothing is recorded. */
bool hwp_resolve_member(struct hwp_resolver *r, const char *path, struct hwp_member *ret);

/** The offset of "type.member", recorded for `hwpoison layout`; HWP_ABSENT if there is none. */
uint32_t hwp_resolve_offset(struct hwp_resolver *r, const char *path);

/** The first of @p names, as in a row of kind VALUE, that is there, recorded as well. */
bool hwp_resolve_number(struct hwp_resolver *r, const char *names, uint64_t *ret);

/** Record a row for `hwpoison layout`, unless there is one of this name: "computed", or by whom. */
void hwp_resolve_note(struct hwp_resolver *r, const char *name, uint64_t value, const char *source);

/** Record that something required is missing. */
void hwp_resolve_missing(struct hwp_resolver *r, const char *names);

/** Give up with @p err, which is taken, if nothing failed before. */
void hwp_resolve_fail(struct hwp_resolver *r, struct hwp_error *err);

/** struct page, its flags and types, and folios: everything else builds on it. */
extern const struct hwp_needs hwp_layout_needs;

/**
 * Resolve the tables @p needs, up to a NULL, for @p layout. All that is required
 * and missing is named in one error (UNSUPPORTED).
 */
struct hwp_error *hwp_layout_resolve(struct hwp_layout *layout, struct hwp_target *target,
				     const struct hwp_needs *const *needs);

#endif /* HWP_LAYOUT_NEEDS_H */
