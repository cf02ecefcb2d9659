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
	/** The hash of the text, and HASH_BASE to the power of its length. */
	uint32_t hash, power;
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
	uint32_t powers[MAX_NAME_LEN + 1];
	/** For each symbol: the hash of its name, and where its entry starts. */
	uint32_t *hashes, *positions;
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
	free(k->hashes);
	free(k->positions);
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
 * Names are compared by a polynomial hash first: the hash of a name follows from
 * those of its tokens, so most names are never spelled out.
 */
#define HASH_BASE UINT32_C(0x01000193)

static uint32_t hash_text(const char *s, size_t len)
{
	uint32_t h = 0;

	for (size_t i = 0; i < len; i++)
		h = h * HASH_BASE + (uint8_t)s[i];
	return h;
}

/** The hash of an entry's name without its type letter; 0 for a nonsense length. */
static uint32_t hash_entry(const struct ksyms *k, const uint8_t *tokens, size_t nr)
{
	uint32_t h = 0;
	size_t len = 0;

	for (size_t i = 0; i < nr; i++) {
		const struct token *t = &k->tokens[tokens[i]];

		h = h * t->power + t->hash;
		len += t->len;
	}
	if (len < 2 || len > MAX_NAME_LEN)
		return 0;
	return h - (uint8_t)k->tokens[tokens[0]].text[0] * k->powers[len - 1];
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

static bool is_wanted(const uint64_t *filter, uint32_t hash)
{
	return filter[hash >> 6 & 1023] >> (hash & 63) & 1;
}

static struct hwp_error *ksyms_symbols(void *arg, struct hwp_symbol *syms, size_t nr)
{
	const struct ksyms *k = arg;
	_cleanup_free_ uint32_t *hashes = calloc(nr, sizeof(*hashes));
	uint64_t filter[1024] = {};

	if (!hashes)
		return hwp_error_no_memory();
	for (size_t s = 0; s < nr; s++) {
		syms[s].found = false;
		hashes[s] = hash_text(syms[s].name, strlen(syms[s].name));
		filter[hashes[s] >> 6 & 1023] |= UINT64_C(1) << (hashes[s] & 63);
	}
	for (uint32_t i = 0; i < k->nr_syms; i++) {
		if (!is_wanted(filter, k->hashes[i]))
			continue;
		for (size_t s = 0; s < nr; s++) {
			if (syms[s].found || hashes[s] != k->hashes[i] ||
			    !entry_is(k, k->positions[i], syms[s].name))
				continue;
			syms[s].address = ksyms_address(k, k->scheme, i);
			syms[s].found = true;
		}
	}
	return NULL;
}

static const struct hwp_provider_ops ksyms_ops = {
	.name = "kallsyms",
	.symbols = ksyms_symbols,
	.destroy = ksyms_destroy,
};

static struct hwp_error *table_address(struct hwp_target *target, const char *name, uint64_t *ret)
{
	_cleanup_free_ char *key = NULL;

	if (asprintf(&key, "SYMBOL(%s)", name) < 0) {
		key = NULL;
		return hwp_error_no_memory();
	}
	return hwp_target_vmcoreinfo_number(target, key, ret);
}

/** Where the addresses are, by VMCOREINFO. */
static struct hwp_error *named_place(struct hwp_target *target, struct hwp_ksyms_tables *t)
{
	struct hwp_ksyms_place *place = &t->places[0];
	struct hwp_error *err = table_address(target, "kallsyms_offsets", &place->address);

	t->nr_places = 1;
	if (hwp_error_catch(&err, HWP_ERROR_LOOKUP)) {
		place->is_absolute = true;
		return table_address(target, "kallsyms_addresses", &place->address);
	}
	if (!err)
		err = table_address(target, "kallsyms_relative_base", &place->base_at);
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
		err = table_address(target, "kallsyms_names", &t->names);
	if (!err)
		err = table_address(target, "kallsyms_token_table", &t->token_table);
	if (!err)
		err = table_address(target, "kallsyms_token_index", &t->token_index);
	return err ? err : named_place(target, t);
}

static struct hwp_error *locate(struct hwp_target *target, struct hwp_ksyms_tables *t)
{
	uint64_t num_syms;
	struct hwp_error *err = table_address(target, "kallsyms_num_syms", &num_syms);

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
	k->powers[0] = 1;
	for (size_t i = 1; i <= MAX_NAME_LEN; i++)
		k->powers[i] = k->powers[i - 1] * HASH_BASE;
	for (size_t i = 0; i < NR_TOKENS; i++) {
		struct token *t = &k->tokens[i];

		t->text = k->token_table + offsets[i];
		t->len = strlen(t->text);
		if (offsets[i] >= nr_read || t->len > HWP_KSYMS_MAX_TOKEN || t->len == 0 ||
		    (i && offsets[i] <= offsets[i - 1]))
			return hwp_error_create(HWP_ERROR_BAD_DATA,
						"the kallsyms token table is nonsense");
		t->hash = hash_text(t->text, t->len);
		t->power = k->powers[t->len];
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

	k->hashes = hwp_alloc_big(k->nr_syms * sizeof(*k->hashes));
	k->positions = hwp_alloc_big(k->nr_syms * sizeof(*k->positions));
	if (!k->hashes || !k->positions)
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
			k->hashes[i] = hash_entry(k, tokens, nr_tokens);
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

/** Are data symbols, if there are any, where VMCOREINFO has them? */
static struct hwp_error *check_others(struct hwp_target *target, const struct ksyms *k)
{
	struct hwp_symbol syms[] = { { .name = "init_uts_ns" }, { .name = "vmap_area_list" } };
	struct hwp_error *err = ksyms_symbols((void *)k, syms, HWP_ARRAY_SIZE(syms));

	for (size_t i = 0; i < HWP_ARRAY_SIZE(syms) && !err; i++) {
		uint64_t address;

		if (!syms[i].found)
			continue;
		err = table_address(target, syms[i].name, &address);
		if (hwp_error_catch(&err, HWP_ERROR_LOOKUP) || err || address == syms[i].address)
			continue;
		err = hwp_error_create(HWP_ERROR_BAD_DATA,
				       "kallsyms: %s decodes to 0x%" PRIx64
				       ", VMCOREINFO says 0x%" PRIx64,
				       syms[i].name, syms[i].address, address);
	}
	return err;
}

/** The right scheme is the one that decodes _stext to the address in VMCOREINFO. */
static struct hwp_error *choose_scheme(struct hwp_target *target, struct ksyms *k)
{
	struct hwp_symbol sym = { .name = "_stext" };
	enum address_scheme first = k->scheme, last = first == SCHEME_ADDRESSES ? first + 1 : first;

	if (first != SCHEME_ADDRESSES)
		last = SCHEME_ADDRESSES;
	for (enum address_scheme s = first; s < last; s++) {
		struct hwp_error *err;

		k->scheme = s;
		err = ksyms_symbols(k, &sym, 1);
		if (err)
			return err;
		if (sym.found && sym.address == k->stext)
			return check_others(target, k);
	}
	return hwp_error_create(HWP_ERROR_BAD_DATA,
				"kallsyms: _stext decodes to 0x%" PRIx64
				", VMCOREINFO says 0x%" PRIx64,
				sym.address, k->stext);
}

/** The first place whose addresses are right. */
static struct hwp_error *choose_place(struct hwp_target *target, struct ksyms *k)
{
	struct hwp_error *err = NULL;

	for (size_t i = 0; i < k->tables.nr_places; i++) {
		hwp_error_destroy(err);
		err = read_offsets(target, k, &k->tables.places[i]);
		if (!err)
			err = choose_scheme(target, k);
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
		err = choose_place(target, k);
	if (err)
		return hwp_error_prefix(err, "symbols");
	ret->ops = &ksyms_ops;
	ret->arg = no_cleanup_ptr(k);
	return NULL;
}
