// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Symbols from the kallsyms tables inside the target, located by VMCOREINFO
 * (Linux kernel commit 5fd8fea935a1 ("vmcoreinfo: include kallsyms symbols")
 * (in v6.0)), or found by search.
 */
#include <inttypes.h>
#include <stdalign.h>
#include <string.h>

#include "base/bits.h"
#include "target/providers.h"
#include "target/symbols/ksyms.h"

#define MAX_NAME_LEN 512
/* Two token bytes for a length, then at most this many tokens. */
#define MAX_ENTRY (2 + 0x3fff)
#define NR_TOKENS HWP_KSYMS_NR_TOKENS
#define READ_STEP (UINT32_C(256) << 10)
/* Bytes that a symbol's entry takes in the kernels seen, rounded up. */
#define TYPICAL_ENTRY 13

/** How kallsyms_offsets[] encodes an address: kernel/kallsyms.c, kallsyms_sym_address(). */
enum address_scheme {
	/** &kallsyms_offsets[i] + (s32)v: v7.0 on, when relative_base went. */
	SCHEME_PLACE_RELATIVE,
	/** kallsyms_relative_base + (u32)v. */
	SCHEME_RELATIVE,
	/** Negative v: kallsyms_relative_base - 1 - v; else v itself (x86_64 SMP up to v6.14). */
	SCHEME_ABSOLUTE_PERCPU,
	/** kallsyms_addresses[]: one u64 each (up to v6.10, BASE_RELATIVE=n). */
	SCHEME_ADDRESSES,
	NR_SCHEMES,
};

struct token {
	const char *text;
	/** At least 1. */
	size_t len;
	/** The first bytes of the text as a number, the first one lowest. */
	uint32_t start;
};

struct ksyms {
	struct hwp_ksyms_tables tables;
	uint32_t nr_syms;
	enum address_scheme scheme;
	uint64_t offsets_address, relative_base;
	uint8_t *names;
	size_t names_size;
	void *offsets;
	char *token_table;
	struct token tokens[NR_TOKENS];
	/** For each symbol: how its name begins, and where its entry does. */
	uint32_t *starts, *positions;
	/** By the start of the name: the first symbol of each bucket, and the one after each; or NONE. */
	uint32_t *buckets, *next;
	uint64_t stext;
};

static void ksyms_destroy(void *arg)
{
	struct ksyms *k = arg;

	if (!k)
		return;
	free(k->names);
	free(k->offsets);
	free(k->token_table);
	free(k->starts);
	free(k->positions);
	free(k->buckets);
	free(k->next);
	free(k);
}

static void ksyms_destroyp(struct ksyms **k)
{
	ksyms_destroy(*k);
}

static uint64_t ksyms_address(const struct ksyms *k, enum address_scheme scheme, uint32_t i)
{
	int32_t v;

	if (scheme == SCHEME_ADDRESSES)
		return ((const uint64_t *)k->offsets)[i];
	v = ((const int32_t *)k->offsets)[i];
	switch (scheme) {
	case SCHEME_PLACE_RELATIVE:
		return k->offsets_address + 4 * (uint64_t)i + (uint64_t)(int64_t)v;
	case SCHEME_ABSOLUTE_PERCPU:
		return v >= 0 ? (uint64_t)v : k->relative_base - 1 - (uint64_t)(int64_t)v;
	default:
		return k->relative_base + (uint32_t)v;
	}
}

static bool next_entry(const struct ksyms *k, size_t *at, const uint8_t **tokens, size_t *nr)
{
	return hwp_ksyms_next(k->names, k->names_size, at, tokens, nr);
}

/*
 * Names are distinguished by their first bytes, which follow from an entry's first tokens: most
 * of them are never spelled out.
 */
#define START_LEN 4

static uint32_t start_of(const char *text)
{
	uint32_t start = 0;

	for (unsigned int i = 0; i < START_LEN && text[i]; i++)
		start |= (uint32_t)(uint8_t)text[i] << 8 * i;
	return start;
}

/** The start of an entry's name, which follows its type letter. */
static uint32_t start_of_entry(const struct ksyms *k, const uint8_t *tokens, size_t nr)
{
	const struct token *t = &k->tokens[tokens[0]];
	uint32_t start = t->len > START_LEN ? start_of(t->text + 1) : t->start >> 8;

	for (size_t i = 1, len = t->len - 1; i < nr && len < START_LEN; i++) {
		t = &k->tokens[tokens[i]];
		start |= t->start << 8 * len;
		len += t->len;
	}
	return start;
}

/** Is the entry at @p at, its type letter left out, called @p name? */
static bool entry_is(const struct ksyms *k, size_t at, const char *name)
{
	const uint8_t *tokens;
	size_t nr, skip = 1;

	if (!next_entry(k, &at, &tokens, &nr))
		return false;
	for (size_t i = 0; i < nr; i++) {
		const struct token *t = &k->tokens[tokens[i]];

		if (strncmp(name, t->text + skip, t->len - skip) != 0)
			return false;
		name += t->len - skip;
		skip = 0;
	}
	return !*name;
}

/** A name that is wanted: @p index is that of the first symbol of that name. */
struct wanted {
	const char *name;
	uint32_t index;
	bool found;
};

#define BUCKET_BITS 16
#define NONE UINT32_MAX

static uint32_t bucket_of(uint32_t start)
{
	return start * UINT32_C(0x9e3779b1) >> (32 - BUCKET_BITS);
}

static struct hwp_error *fill_buckets(struct ksyms *k)
{
	const size_t size = sizeof(*k->buckets) << BUCKET_BITS;

	k->buckets = malloc(size);
	k->next = hwp_alloc_big(k->nr_syms * sizeof(*k->next));
	if (!k->buckets || !k->next)
		return hwp_error_no_memory();
	memset(k->buckets, 0xff, size);
	for (uint32_t i = k->nr_syms; i-- > 0;) {
		uint32_t *bucket = &k->buckets[bucket_of(k->starts[i])];

		k->next[i] = *bucket;
		*bucket = i;
	}
	return NULL;
}

static void find_names(const struct ksyms *k, struct wanted *wanted, size_t nr)
{
	for (struct wanted *w = wanted; w < wanted + nr; w++) {
		uint32_t start = start_of(w->name), i = k->buckets[bucket_of(start)];

		/* An empty name begins with nothing, and is none. */
		while (start && i != NONE &&
		       (k->starts[i] != start || !entry_is(k, k->positions[i], w->name)))
			i = k->next[i];
		w->found = start && i != NONE;
		w->index = i;
	}
}

static struct hwp_error *ksyms_symbols(void *arg, struct hwp_symbol *syms, size_t nr)
{
	const struct ksyms *k = arg;
	_cleanup_free_ struct wanted *wanted = calloc(nr, sizeof(*wanted));

	if (!wanted)
		return hwp_error_no_memory();
	for (size_t s = 0; s < nr; s++)
		wanted[s].name = syms[s].name;
	find_names(k, wanted, nr);
	for (size_t s = 0; s < nr; s++) {
		syms[s].found = wanted[s].found;
		if (wanted[s].found)
			syms[s].address = ksyms_address(k, k->scheme, wanted[s].index);
	}
	return NULL;
}

static const struct hwp_provider_ops ksyms_ops = {
	.name = "kallsyms",
	.symbols = ksyms_symbols,
	.destroy = ksyms_destroy,
};

/** Where the addresses are, by VMCOREINFO. */
static struct hwp_error *named_place(struct hwp_target *target, struct hwp_ksyms_tables *t)
{
	struct hwp_ksyms_place *place = &t->places[0];
	struct hwp_error *err = hwp_target_vmcoreinfo_symbol(target, "kallsyms_offsets",
							     &place->address);

	t->nr_places = 1;
	if (hwp_error_catch(&err, HWP_ERROR_LOOKUP)) {
		place->is_absolute = true;
		return hwp_target_vmcoreinfo_symbol(target, "kallsyms_addresses", &place->address);
	}
	if (!err)
		err = hwp_target_vmcoreinfo_symbol(target, "kallsyms_relative_base",
						   &place->base_at);
	hwp_error_catch(&err, HWP_ERROR_LOOKUP);
	return err;
}

static struct hwp_error *named_tables(struct hwp_target *target, uint64_t num_syms,
				      struct hwp_ksyms_tables *t)
{
	struct hwp_error *err = hwp_target_read_u32(target, num_syms, &t->nr_syms);

	if (!err && (t->nr_syms == 0 || t->nr_syms > HWP_KSYMS_MAX_SYMBOLS))
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "kallsyms_num_syms is %" PRIu32,
				       t->nr_syms);
	if (!err)
		err = hwp_target_vmcoreinfo_symbol(target, "kallsyms_names", &t->names);
	if (!err)
		err = hwp_target_vmcoreinfo_symbol(target, "kallsyms_token_table", &t->token_table);
	if (!err)
		err = hwp_target_vmcoreinfo_symbol(target, "kallsyms_token_index", &t->token_index);
	return err ? err : named_place(target, t);
}

static struct hwp_error *locate(struct hwp_target *target, struct hwp_ksyms_tables *t)
{
	uint64_t num_syms;
	struct hwp_error *err = hwp_target_vmcoreinfo_symbol(target, "kallsyms_num_syms",
							     &num_syms);

	if (!hwp_error_catch(&err, HWP_ERROR_LOOKUP))
		return err ? err : named_tables(target, num_syms, t);
	err = hwp_ksyms_find(target, t);
	return hwp_error_prefix(err,
				"VMCOREINFO does not have kallsyms_num_syms (it does from v6.0 "
				"on), and the kernel's image was searched in vain");
}

static struct hwp_error *read_tokens(struct hwp_target *target, struct ksyms *k)
{
	uint16_t offsets[NR_TOKENS];
	const size_t size = 65536 + MAX_NAME_LEN;
	struct hwp_error *err;
	size_t nr_read;

	err = hwp_target_read(target, HWP_KERNEL_VIRTUAL, k->tables.token_index, offsets,
			      sizeof(offsets), NULL);
	if (err)
		return err;
	k->token_table = calloc(1, size + 1);
	if (!k->token_table)
		return hwp_error_no_memory();
	/* Its length follows from the last token: read as much as there is. */
	err = hwp_target_read(target, HWP_KERNEL_VIRTUAL, k->tables.token_table, k->token_table,
			      (size_t)offsets[NR_TOKENS - 1] + 64, &nr_read);
	hwp_error_destroy(err);
	for (size_t i = 0; i < NR_TOKENS; i++) {
		struct token *t = &k->tokens[i];

		t->text = k->token_table + offsets[i];
		t->len = strlen(t->text);
		if (offsets[i] >= nr_read || t->len > HWP_KSYMS_MAX_TOKEN || t->len == 0 ||
		    (i && offsets[i] <= offsets[i - 1]))
			return hwp_error_create(HWP_ERROR_BAD_DATA,
						"the kallsyms token table is nonsense");
		t->start = start_of(t->text);
	}
	return NULL;
}

/** Make room for READ_STEP more bytes of names. */
static bool make_room(struct ksyms *k, size_t *capacity)
{
	size_t bigger = *capacity ? *capacity * 2 : (size_t)k->nr_syms * TYPICAL_ENTRY + READ_STEP;
	uint8_t *p;

	if (*capacity - k->names_size >= READ_STEP)
		return true;
	p = hwp_alloc_big(bigger);
	if (!p)
		return false;
	if (k->names_size)
		memcpy(p, k->names, k->names_size);
	free(k->names);
	k->names = p;
	*capacity = bigger;
	return true;
}

/** The size of the names is stored nowhere: read until nr_syms entries are complete. */
static struct hwp_error *read_names(struct hwp_target *target, struct ksyms *k)
{
	size_t capacity = 0, at = 0, nr_tokens;
	const uint8_t *tokens;
	struct hwp_error *err = NULL;
	uint32_t i = 0;

	k->starts = hwp_alloc_big(k->nr_syms * sizeof(*k->starts));
	k->positions = hwp_alloc_big(k->nr_syms * sizeof(*k->positions));
	if (!k->starts || !k->positions)
		return hwp_error_no_memory();
	while (!err && i < k->nr_syms) {
		size_t nr_read;

		if (!make_room(k, &capacity))
			return hwp_error_no_memory();
		err = hwp_target_read(target, HWP_KERNEL_VIRTUAL, k->tables.names + k->names_size,
				      k->names + k->names_size, READ_STEP, &nr_read);
		k->names_size += nr_read;
		for (; i < k->nr_syms; i++) {
			size_t start = at;

			if (!next_entry(k, &at, &tokens, &nr_tokens))
				break;
			k->positions[i] = (uint32_t)start;
			k->starts[i] = start_of_entry(k, tokens, nr_tokens);
		}
		if (err && i == k->nr_syms) {
			hwp_error_destroy(err);
			err = NULL;
		}
		if (i < k->nr_syms && k->names_size - at > MAX_ENTRY)
			return hwp_error_create(HWP_ERROR_BAD_DATA,
						"the kallsyms names are nonsense at entry %" PRIu32,
						i);
	}
	return err;
}

static struct hwp_error *read_offsets(struct hwp_target *target, struct ksyms *k,
				      const struct hwp_ksyms_place *place)
{
	size_t size = (size_t)k->nr_syms * (place->is_absolute ? 8 : 4);
	struct hwp_error *err;

	k->scheme = place->is_absolute ? SCHEME_ADDRESSES : SCHEME_PLACE_RELATIVE;
	k->offsets_address = place->address;
	k->relative_base = 0;
	if (place->base_at) {
		err = hwp_target_read_u64(target, place->base_at, &k->relative_base);
		if (err)
			return err;
	}
	free(k->offsets);
	k->offsets = hwp_alloc_big(size);
	if (!k->offsets)
		return hwp_error_no_memory();
	return hwp_target_read(target, HWP_KERNEL_VIRTUAL, k->offsets_address, k->offsets, size,
			       NULL);
}

/** Symbols whose addresses VMCOREINFO has too; the first is there in any case. */
enum {
	STEXT,
	/** Data, where there are data symbols. */
	INIT_UTS_NS,
	VMAP_AREA_LIST,
	NR_KNOWN,
};

/** Are data symbols, if there are any, where VMCOREINFO has them? */
static struct hwp_error *check_others(struct hwp_target *target, const struct ksyms *k,
				      const struct wanted *known)
{
	struct hwp_error *err = NULL;

	for (size_t i = STEXT + 1; i < NR_KNOWN && !err; i++) {
		uint64_t address, decoded;

		if (!known[i].found)
			continue;
		decoded = ksyms_address(k, k->scheme, known[i].index);
		err = hwp_target_vmcoreinfo_symbol(target, known[i].name, &address);
		if (hwp_error_catch(&err, HWP_ERROR_LOOKUP) || err || address == decoded)
			continue;
		err = hwp_error_create(HWP_ERROR_BAD_DATA,
				       "kallsyms: %s decodes to 0x%" PRIx64
				       ", VMCOREINFO says 0x%" PRIx64,
				       known[i].name, decoded, address);
	}
	return err;
}

/** The right scheme is the one that decodes _stext to the address in VMCOREINFO. */
static struct hwp_error *choose_scheme(struct hwp_target *target, struct ksyms *k,
				       const struct wanted *known)
{
	enum address_scheme first = k->scheme, last = first == SCHEME_ADDRESSES ? first + 1 : first;
	uint64_t decoded = 0;

	if (first != SCHEME_ADDRESSES)
		last = SCHEME_ADDRESSES;
	for (enum address_scheme s = first; s < last; s++) {
		k->scheme = s;
		if (known[STEXT].found)
			decoded = ksyms_address(k, s, known[STEXT].index);
		if (known[STEXT].found && decoded == k->stext)
			return check_others(target, k, known);
	}
	return hwp_error_create(HWP_ERROR_BAD_DATA,
				"kallsyms: _stext decodes to 0x%" PRIx64
				", VMCOREINFO says 0x%" PRIx64,
				decoded, k->stext);
}

/** The first place whose addresses are right. */
static struct hwp_error *choose_place(struct hwp_target *target, struct ksyms *k)
{
	struct wanted known[NR_KNOWN] = { [STEXT] = { .name = "_stext" },
					  [INIT_UTS_NS] = { .name = "init_uts_ns" },
					  [VMAP_AREA_LIST] = { .name = "vmap_area_list" } };
	struct hwp_error *err = NULL;

	find_names(k, known, NR_KNOWN);
	for (size_t i = 0; i < k->tables.nr_places; i++) {
		hwp_error_destroy(err);
		err = read_offsets(target, k, &k->tables.places[i]);
		if (!err)
			err = choose_scheme(target, k, known);
		if (!err || err->code == HWP_ERROR_NO_MEMORY || err->code == HWP_ERROR_INTERRUPTED)
			return err;
	}
	if (k->tables.nr_places == 1)
		return err;
	hwp_error_destroy(err);
	return hwp_error_create(HWP_ERROR_BAD_DATA,
				"kallsyms: tables were found, but none of the places where their "
				"addresses may be puts _stext at 0x%" PRIx64
				" and init_uts_ns where VMCOREINFO does",
				k->stext);
}

struct hwp_error *hwp_ksyms_open(struct hwp_target *target, struct hwp_provider *ret)
{
	_cleanup_(ksyms_destroyp) struct ksyms *k = calloc(1, sizeof(*k));
	struct hwp_error *err;

	if (!k)
		return hwp_error_no_memory();
	err = locate(target, &k->tables);
	k->nr_syms = k->tables.nr_syms;
	if (!err)
		err = hwp_target_vmcoreinfo_number(target, "SYMBOL(_stext)", &k->stext);
	if (!err)
		err = read_tokens(target, k);
	if (!err)
		err = read_names(target, k);
	if (!err)
		err = fill_buckets(k);
	if (!err)
		err = choose_place(target, k);
	if (err)
		return hwp_error_prefix(err, "symbols");
	ret->ops = &ksyms_ops;
	ret->arg = no_cleanup_ptr(k);
	return NULL;
}
