// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The model as JSON: what was read of a kernel, kept so that everything that
 * follows from it can be tested, and replayed, without that kernel's dump.
 *
 * One row for each member of the model says how it is written and read back. A
 * member that is 0, false, NULL or empty is left out. tests/lib/load_facts.c
 * reads: the program never does, so the library needs no JSON parser.
 */
#ifndef HWP_MODEL_FACTS_H
#define HWP_MODEL_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "model/findings.h"

#define HWP_FACTS_SCHEMA "hwpoison.facts/1"

enum hwp_fact_kind {
	HWP_FACT_BOOL,
	HWP_FACT_INT,
	HWP_FACT_UINT,
	/** An unsigned number, written as "0x…". */
	HWP_FACT_HEX,
	/** A char array that ends with a NUL. */
	HWP_FACT_TEXT,
	/** A char pointer that the findings own. */
	HWP_FACT_STRING,
	/** An enum, by the names of its words. */
	HWP_FACT_WORD,
	HWP_FACT_STRUCT,
	/** An HWP_VEC of structs, or of numbers where the row has no table. */
	HWP_FACT_VECTOR,
	/** Left out, and zero when read back: it follows from the other members. */
	HWP_FACT_DERIVED,
};

struct hwp_fact {
	const char *name;
	enum hwp_fact_kind kind;
	size_t offset;
	/** Bytes of one element of an array or a vector. */
	size_t size;
	/** Elements of an array; 0 for anything else. */
	size_t nr;
	const struct hwp_words *words;
	/** The table of a struct, or of the elements of a vector. */
	const struct hwp_fact_table *table;
};

struct hwp_fact_table {
	/** Name of the struct, as in C. */
	const char *name;
	size_t size;
	/** By offset. */
	const struct hwp_fact *rows;
	size_t nr;
};

/** The table of struct hwp_findings; all others are below it. */
extern const struct hwp_fact_table hwp_facts;

/** Any vector, whatever its elements are. */
typedef HWP_VEC(void) hwp_any_vec;

/** Write what @p findings holds to @p out. */
struct hwp_error *hwp_facts_write(FILE *out, const struct hwp_findings *findings);

#endif /* HWP_MODEL_FACTS_H */
