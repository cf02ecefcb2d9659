// SPDX-License-Identifier: GPL-2.0-or-later
/** Builds a BTF blob word by word: include/uapi/linux/btf.h. */
#ifndef TESTS_BTF_BLOB_H
#define TESTS_BTF_BLOB_H

#include <linux/btf.h>

#include "synth.h"

#define BTF_START UINT64_C(0xffffffff82a58000)

struct blob {
	uint32_t types[1 << 16];
	size_t nr_words;
	char strings[1 << 14];
	size_t strings_size;
	uint32_t nr_types;
	/** The whole, after blob_finish(). */
	char bytes[(1 << 18) + (1 << 14) + 64];
	size_t size;
};

SYNTH_UNUSED static struct blob *blob_create(void)
{
	struct blob *b = calloc(1, sizeof(*b));

	if (!b)
		abort();
	b->strings_size = 1;
	return b;
}

static uint32_t blob_string(struct blob *b, const char *s)
{
	size_t at = b->strings_size;

	if (!*s)
		return 0;
	strcpy(b->strings + at, s);
	b->strings_size += strlen(s) + 1;
	return (uint32_t)at;
}

static void blob_word(struct blob *b, uint32_t word)
{
	b->types[b->nr_words++] = word;
}

/** Begin a type; returns its id. @p size is its size or the type that it refers to. */
SYNTH_UNUSED static uint32_t blob_type(struct blob *b, const char *name, unsigned int kind,
				       unsigned int vlen, uint32_t size)
{
	blob_word(b, blob_string(b, name));
	blob_word(b, kind << 24 | vlen);
	blob_word(b, size);
	return ++b->nr_types;
}

SYNTH_UNUSED static uint32_t blob_int(struct blob *b, const char *name, uint32_t size)
{
	uint32_t id = blob_type(b, name, BTF_KIND_INT, 0, size);

	blob_word(b, size * 8);
	return id;
}

SYNTH_UNUSED static uint32_t blob_array(struct blob *b, uint32_t type, uint32_t nr)
{
	uint32_t id = blob_type(b, "", BTF_KIND_ARRAY, 0, 0);

	blob_word(b, type);
	blob_word(b, 1);
	blob_word(b, nr);
	return id;
}

/** A member of the struct begun last; @p offset in bytes. */
SYNTH_UNUSED static void blob_member(struct blob *b, const char *name, uint32_t type,
				     uint32_t offset)
{
	blob_word(b, blob_string(b, name));
	blob_word(b, type);
	blob_word(b, offset * 8);
}

SYNTH_UNUSED static void blob_enumerator(struct blob *b, const char *name, uint32_t value)
{
	blob_word(b, blob_string(b, name));
	blob_word(b, value);
}

SYNTH_UNUSED static void blob_finish(struct blob *b)
{
	struct btf_header h = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(h),
		.type_len = (uint32_t)(b->nr_words * 4),
		.str_off = (uint32_t)(b->nr_words * 4),
		.str_len = (uint32_t)b->strings_size,
	};

	memcpy(b->bytes, &h, sizeof(h));
	memcpy(b->bytes + sizeof(h), b->types, h.type_len);
	memcpy(b->bytes + sizeof(h) + h.str_off, b->strings, h.str_len);
	b->size = sizeof(h) + h.str_off + h.str_len;
}

/** Open @p size bytes as the target's BTF; *@p target is to be destroyed after the provider. */
static struct hwp_error *blob_open(const void *bytes, size_t size, struct hwp_target **target,
				   struct hwp_provider *ret)
{
	struct synth_symbol symbols[] = { { "__start_BTF", BTF_START },
					  { "__stop_BTF", BTF_START + size },
					  {} };
	struct synth s = { .symbols = symbols };
	struct hwp_error *err;

	synth_add(&s, BTF_START, (void *)bytes, size);
	*target = synth_open(&s);
	*ret = (struct hwp_provider){};
	err = hwp_btf_open(*target, ret);
	return err;
}

#endif /* TESTS_BTF_BLOB_H */
