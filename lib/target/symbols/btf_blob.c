// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/symbols/btf_blob.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** struct btf_header as of version 1; later headers may be longer. */
struct header {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t size, type_off, type_len, str_off, str_len;
};

static struct hwp_error *nonsense(const char *what)
{
	return hwp_error_create(HWP_ERROR_BAD_DATA, "the BTF is nonsense: %s", what);
}

/** Bytes that follow a type of this kind; UINT64_MAX: it is not known, nor how long it is. */
static uint64_t details_size(const struct btf_type *t)
{
	uint64_t nr = BTF_INFO_VLEN(t->info);

	switch (hwp_btf_kind(t)) {
	case BTF_KIND_FWD:
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_PTR:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	case BTF_KIND_INT:
		return sizeof(uint32_t);
	case BTF_KIND_ENUM:
		return nr * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return nr * sizeof(struct btf_enum64);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return nr * sizeof(struct btf_member);
	case BTF_KIND_FUNC_PROTO:
		return nr * sizeof(struct btf_param);
	case BTF_KIND_VAR:
		return sizeof(struct btf_var);
	case BTF_KIND_DATASEC:
		return nr * sizeof(struct btf_var_secinfo);
	case BTF_KIND_DECL_TAG:
		return sizeof(struct btf_decl_tag);
	}
	return UINT64_MAX;
}

static struct hwp_error *walk_types(struct hwp_btf_blob *blob, uint32_t size)
{
	uint32_t at = 0;

	while (at < size) {
		const struct btf_type *t = (const struct btf_type *)(blob->types + at);
		uint64_t more;

		if (size - at < sizeof(*t))
			return nonsense("its types are cut off");
		more = details_size(t);
		if (more == UINT64_MAX)
			return hwp_error_create(HWP_ERROR_BAD_DATA,
						"the BTF has a type of kind %u, which is not known",
						hwp_btf_kind(t));
		if (more > size - at - sizeof(*t))
			return nonsense("its types are cut off");
		if (!hwp_vec_push(&blob->offsets, at))
			return hwp_error_no_memory();
		at += (uint32_t)(sizeof(*t) + more);
	}
	return NULL;
}

struct hwp_error *hwp_btf_blob_init(struct hwp_btf_blob *blob, void *data, uint32_t size)
{
	struct header h;
	uint64_t types, strings;

	*blob = (struct hwp_btf_blob){ .data = data };
	if (size < sizeof(h))
		return nonsense("it has no header");
	memcpy(&h, data, sizeof(h));
	if (h.magic != BTF_MAGIC || h.version != BTF_VERSION || h.size < sizeof(h))
		return nonsense("its header is none");
	types = (uint64_t)h.size + h.type_off;
	strings = (uint64_t)h.size + h.str_off;
	/* Types are words, and stand where words can be read. */
	if (types % sizeof(uint32_t) || types + h.type_len > strings || strings > size ||
	    h.str_len > size - strings)
		return nonsense("its parts are not within it");
	blob->types = (const char *)data + types;
	blob->strings = (const char *)data + strings;
	blob->strings_size = h.str_len;
	if (!h.str_len || blob->strings[0] || blob->strings[h.str_len - 1])
		return nonsense("its strings do not end");
	return walk_types(blob, h.type_len);
}

void hwp_btf_blob_deinit(struct hwp_btf_blob *blob)
{
	free(blob->data);
	hwp_vec_deinit(&blob->offsets);
	blob->data = NULL;
}

const struct btf_type *hwp_btf_type(const struct hwp_btf_blob *blob, uint32_t id)
{
	static const struct btf_type nothing;

	if (id == 0)
		return &nothing;
	if (id > blob->offsets.nr)
		return NULL;
	return (const struct btf_type *)(blob->types + blob->offsets.data[id - 1]);
}

const char *hwp_btf_name(const struct hwp_btf_blob *blob, uint32_t offset)
{
	return offset < blob->strings_size ? blob->strings + offset : NULL;
}
