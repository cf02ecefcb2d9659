// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Symbols from the kallsyms tables inside the target, located by VMCOREINFO
 * (Linux kernel commit 5fd8fea935a1 ("vmcoreinfo: include kallsyms symbols")
 * (in v6.0)).
 */
#include <inttypes.h>
#include <stdalign.h>
#include <string.h>

#include "base/bits.h"
#include "target/providers.h"

#define MAX_SYMBOLS (UINT32_C(1) << 24)
#define MAX_NAME_LEN 512
/* Two token bytes for a length, then at most this many tokens. */
#define MAX_ENTRY (2 + 0x3fff)
#define NR_TOKENS 256
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

/** Step over one entry of the names; false at the end or on nonsense. */
static bool next_entry(const struct ksyms *k, size_t *at, const uint8_t **tokens, size_t *nr)
{
	size_t pos = *at, len;

	if (pos >= k->names_size)
		return false;
	len = k->names[pos++];
	if (len & 0x80) {
		/* Linux kernel commit 73bbb94466fd ("kallsyms: support "big" kernel symbols") (in v6.1). */
		if (pos >= k->names_size)
			return false;
		len = (len & 0x7f) | (size_t)k->names[pos++] << 7;
	}
	if (len == 0 || len > k->names_size - pos)
		return false;
	*tokens = k->names + pos;
	*nr = len;
	*at = pos + len;
	return true;
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
	struct hwp_error *err;

	if (asprintf(&key, "SYMBOL(%s)", name) < 0)
		return hwp_error_no_memory();
	err = hwp_target_vmcoreinfo_number(target, key, ret);
	if (hwp_error_catch(&err, HWP_ERROR_LOOKUP))
		return hwp_error_create(HWP_ERROR_LOOKUP,
					"VMCOREINFO does not have %s: it takes a kernel from "
					"v6.0 on with CONFIG_KALLSYMS=y, or the "
					"kernel's vmlinux",
					name);
	return err;
}

static struct hwp_error *read_tokens(struct hwp_target *target, struct ksyms *k)
{
	uint64_t table, index;
	uint16_t offsets[NR_TOKENS];
	const size_t size = 65536 + MAX_NAME_LEN;
	struct hwp_error *err;
	size_t nr_read;

	err = table_address(target, "kallsyms_token_table", &table);
	if (!err)
		err = table_address(target, "kallsyms_token_index", &index);
	if (!err)
		err = hwp_target_read(target, HWP_KERNEL_VIRTUAL, index, offsets, sizeof(offsets),
				      NULL);
	if (err)
		return err;
	k->token_table = calloc(1, size + 1);
	if (!k->token_table)
		return hwp_error_no_memory();
	/* Its length follows from the last token: read as much as there is. */
	err = hwp_target_read(target, HWP_KERNEL_VIRTUAL, table, k->token_table,
			      (size_t)offsets[NR_TOKENS - 1] + 64, &nr_read);
	hwp_error_destroy(err);
	k->powers[0] = 1;
	for (size_t i = 1; i <= MAX_NAME_LEN; i++)
		k->powers[i] = k->powers[i - 1] * HASH_BASE;
	for (size_t i = 0; i < NR_TOKENS; i++) {
		struct token *t = &k->tokens[i];

		t->text = k->token_table + offsets[i];
		t->len = strlen(t->text);
		if (offsets[i] >= nr_read || t->len > 64 || t->len == 0 ||
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
	uint64_t address;
	const uint8_t *tokens;
	struct hwp_error *err;
	uint32_t i = 0;

	k->hashes = hwp_alloc_big(k->nr_syms * sizeof(*k->hashes));
	k->positions = hwp_alloc_big(k->nr_syms * sizeof(*k->positions));
	if (!k->hashes || !k->positions)
		return hwp_error_no_memory();
	err = table_address(target, "kallsyms_names", &address);
	while (!err && i < k->nr_syms) {
		size_t nr_read;

		if (!make_room(k, &capacity))
			return hwp_error_no_memory();
		err = hwp_target_read(target, HWP_KERNEL_VIRTUAL, address + k->names_size,
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

static struct hwp_error *read_offsets(struct hwp_target *target, struct ksyms *k)
{
	size_t size = (size_t)k->nr_syms * 4;
	uint64_t base;
	struct hwp_error *err;

	err = hwp_target_vmcoreinfo_number(target, "SYMBOL(kallsyms_offsets)", &k->offsets_address);
	if (hwp_error_catch(&err, HWP_ERROR_LOOKUP)) {
		size *= 2;
		k->scheme = SCHEME_ADDRESSES;
		err = table_address(target, "kallsyms_addresses", &k->offsets_address);
	}
	if (err)
		return err;
	err = hwp_target_vmcoreinfo_number(target, "SYMBOL(kallsyms_relative_base)", &base);
	if (!err)
		err = hwp_target_read_u64(target, base, &k->relative_base);
	if (!hwp_error_catch(&err, HWP_ERROR_LOOKUP) && err)
		return err;
	k->offsets = hwp_alloc_big(size);
	if (!k->offsets)
		return hwp_error_no_memory();
	return hwp_target_read(target, HWP_KERNEL_VIRTUAL, k->offsets_address, k->offsets, size,
			       NULL);
}

/** The right scheme is the one that decodes _stext to the address in VMCOREINFO. */
static struct hwp_error *choose_scheme(struct ksyms *k)
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
			return NULL;
	}
	return hwp_error_create(HWP_ERROR_BAD_DATA,
				"kallsyms: _stext decodes to 0x%" PRIx64
				", VMCOREINFO says 0x%" PRIx64,
				sym.address, k->stext);
}

struct hwp_error *hwp_ksyms_open(struct hwp_target *target, struct hwp_provider *ret)
{
	_cleanup_(ksyms_destroyp) struct ksyms *k = calloc(1, sizeof(*k));
	uint64_t address;
	struct hwp_error *err;

	if (!k)
		return hwp_error_no_memory();
	err = table_address(target, "kallsyms_num_syms", &address);
	if (!err)
		err = hwp_target_read_u32(target, address, &k->nr_syms);
	if (!err && (k->nr_syms == 0 || k->nr_syms > MAX_SYMBOLS))
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "kallsyms_num_syms is %" PRIu32,
				       k->nr_syms);
	if (!err)
		err = hwp_target_vmcoreinfo_number(target, "SYMBOL(_stext)", &k->stext);
	if (!err)
		err = read_tokens(target, k);
	if (!err)
		err = read_names(target, k);
	if (!err)
		err = read_offsets(target, k);
	if (!err)
		err = choose_scheme(k);
	if (err)
		return hwp_error_prefix(err, "symbols");
	ret->ops = &ksyms_ops;
	ret->arg = no_cleanup_ptr(k);
	return NULL;
}
