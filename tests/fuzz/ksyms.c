// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"

#include "../unit/kallsyms.h"

/* Scheme, number of symbols, the first offsets, length of the names, names; then tokens. */
struct fuzz_ksyms_header {
	uint8_t scheme;
	uint8_t nr[3];
	int32_t offsets[4];
	uint16_t names_size;
};

static void fuzz_ksyms_fill(struct kallsyms *k, const uint8_t *data, size_t size)
{
	struct fuzz_ksyms_header h;
	size_t names;

	fuzz_take(&data, &size, &h, sizeof(h));
	kallsyms_init(k, (enum scheme)(h.scheme & 3));
	synth_put(k->bytes, NUM_SYMS - TABLES, h.nr[0] | h.nr[1] << 8 | (h.nr[2] & 15) << 16, 4);
	memcpy(k->bytes + (OFFSETS - TABLES), h.offsets, sizeof(h.offsets));
	names = h.names_size < size ? h.names_size : size;
	if (names)
		memcpy(k->bytes + (NAMES - TABLES), data, names);
	data += names;
	size -= names;
	if (size >= 512) {
		memcpy(k->bytes + (TOKEN_INDEX - TABLES), data, 512);
		data += 512;
		size -= 512;
	}
	if (size)
		memcpy(k->bytes + (TOKEN_TABLE - TABLES), data, size < 4096 ? size : 4096);
}

static void fuzz_ksyms(const uint8_t *data, size_t size)
{
	struct kallsyms *k = malloc(sizeof(*k));
	struct hwp_symbol syms[] = { { .name = "_stext" }, { .name = "init" }, { .name = "" } };
	struct hwp_target *target;
	struct hwp_provider p = {};
	struct hwp_error *err;

	if (!k)
		return;
	fuzz_ksyms_fill(k, data, size);
	target = kallsyms_target(k);
	err = hwp_ksyms_open(target, &p);
	if (!err) {
		hwp_error_destroy(p.ops->symbols(p.arg, syms, HWP_ARRAY_SIZE(syms)));
		p.ops->destroy(p.arg);
	}
	hwp_error_destroy(err);
	hwp_target_destroy(target);
	free(k);
}
FUZZ_TARGET(fuzz_ksyms)
