// SPDX-License-Identifier: GPL-2.0-or-later
/** kallsyms tables that VMCOREINFO does not name: in every order, and in nonsense. */
#include "synth.h"

#include <cmocka.h>

#define START UINT64_C(0xffffffff81000000)
#define SIZE_OF_IMAGE ((size_t)8 << 20)
#define INIT_UTS_NS (START + SIZE_OF_IMAGE)
#define NR_SYMS 5000
#define PERCPU 0x1f340

enum scheme { PLACE_RELATIVE, RELATIVE, ABSOLUTE_PERCPU, ADDRESSES };

/** How scripts/kallsyms.c of some version writes its tables. */
struct form {
	const char *name;
	enum scheme scheme;
	/** v6.5 on: behind the tokens. */
	bool addresses_behind;
	/** v6.2 on: kallsyms_seqs_of_names stands between markers and tokens. */
	bool has_seqs;
	/** Before v4.20: 8. */
	unsigned int marker_size;
	unsigned int align;
	/** v6.1 on: there is a name of more than 127 tokens. */
	bool has_long_name;
};

static const struct form forms[] = {
	{ "v4.18", ABSOLUTE_PERCPU, false, false, 8, 8, false },
	{ "v5.10", ABSOLUTE_PERCPU, false, false, 4, 8, false },
	{ "v5.10, arm64", RELATIVE, false, false, 4, 8, false },
	{ "v5.10, BASE_RELATIVE=n", ADDRESSES, false, false, 4, 8, false },
	{ "v6.2", ABSOLUTE_PERCPU, false, true, 4, 8, true },
	{ "v6.6", ABSOLUTE_PERCPU, true, true, 4, 8, true },
	{ "v6.6, BASE_RELATIVE=n", ADDRESSES, true, true, 4, 8, true },
	{ "v6.15", RELATIVE, true, true, 4, 8, true },
	{ "v7.0", PLACE_RELATIVE, true, true, 4, 4, true },
};

struct image {
	uint8_t *bytes;
	size_t at;
	const struct form *form;
	uint32_t nr;
	size_t num_syms, names, markers, tokens, index, offsets, base;
};

static uint64_t address_of(uint32_t i)
{
	return i == 1 ? PERCPU : i == NR_SYMS - 1 ? INIT_UTS_NS : START + 16 * (uint64_t)i;
}

static void put(struct image *m, uint64_t value, size_t size)
{
	synth_put((char *)m->bytes, m->at, value, size);
	m->at += size;
}

static void align(struct image *m, size_t to)
{
	m->at = (m->at + to - 1) / to * to;
}

static void put_addresses(struct image *m)
{
	m->offsets = m->at;
	for (uint32_t i = 0; i < NR_SYMS; i++) {
		uint64_t address = address_of(i);

		if (m->form->scheme == PLACE_RELATIVE)
			put(m, address - (START + m->at), 4);
		else if (m->form->scheme == RELATIVE)
			put(m, address - START, 4);
		else if (m->form->scheme == ABSOLUTE_PERCPU)
			put(m, address == PERCPU ? PERCPU : START - 1 - address, 4);
		else
			put(m, address, 8);
	}
	align(m, m->form->align);
	m->base = m->at;
	if (m->form->scheme == RELATIVE || m->form->scheme == ABSOLUTE_PERCPU)
		put(m, START, 8);
}

/** The type and the name of symbol @p i, one token for each letter. */
static void put_name(struct image *m, uint32_t i)
{
	char name[256];
	size_t len;

	if (i == 0)
		snprintf(name, sizeof(name), "T_stext");
	else if (i == 1)
		snprintf(name, sizeof(name), "Amemory_failure_cpu");
	else if (i == NR_SYMS - 1)
		snprintf(name, sizeof(name), "Dinit_uts_ns");
	else if (i == 700 && m->form->has_long_name)
		snprintf(name, sizeof(name), "t%0200u", i);
	else
		snprintf(name, sizeof(name), "tfunction_%u", i);
	len = strlen(name);
	if (len > 127) {
		put(m, 0x80 | (len & 0x7f), 1);
		put(m, len >> 7, 1);
	} else {
		put(m, len, 1);
	}
	memcpy(m->bytes + m->at, name, len);
	m->at += len;
}

static void put_names(struct image *m)
{
	uint64_t markers[NR_SYMS / 256 + 1];

	m->num_syms = m->at;
	put(m, NR_SYMS, 4);
	align(m, m->form->align);
	m->names = m->at;
	for (uint32_t i = 0; i < NR_SYMS; i++) {
		if (i % 256 == 0)
			markers[i / 256] = m->at - m->names;
		put_name(m, i);
	}
	align(m, m->form->align);
	m->markers = m->at;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(markers); i++)
		put(m, markers[i], m->form->marker_size);
	align(m, m->form->align);
	if (!m->form->has_seqs)
		return;
	for (uint32_t i = 0; i < NR_SYMS; i++) {
		uint32_t seq = i * 7 % NR_SYMS;

		put(m, seq >> 16, 1);
		put(m, seq >> 8, 1);
		put(m, seq, 1);
	}
	align(m, m->form->align);
}

static void put_tokens(struct image *m, size_t gap)
{
	uint16_t index[256];

	m->tokens = m->at;
	for (unsigned int c = 0; c < 256; c++) {
		char text[8] = { (char)c };

		if (c <= ' ' || c > '~')
			snprintf(text, sizeof(text), "_%02x", c);
		index[c] = (uint16_t)(m->at - m->tokens);
		memcpy(m->bytes + m->at, text, strlen(text) + 1);
		m->at += strlen(text) + 1;
	}
	align(m, m->form->align);
	m->at += gap;
	m->index = m->at;
	for (unsigned int c = 0; c < 256; c++)
		put(m, index[c], 2);
	align(m, m->form->align);
}

/** The tables, from @p at on; @p gap bytes between the tokens and their index. */
static void image_init(struct image *m, const struct form *form, size_t at, size_t gap)
{
	*m = (struct image){ .bytes = calloc(1, SIZE_OF_IMAGE), .form = form, .at = at };
	assert_non_null(m->bytes);
	memset(m->bytes, 0xcc, 1 << 20);
	if (!form->addresses_behind)
		put_addresses(m);
	put_names(m);
	put_tokens(m, gap);
	if (form->addresses_behind)
		put_addresses(m);
	assert_true(m->at < SIZE_OF_IMAGE);
	memset(m->bytes + m->at, 0xcc, SIZE_OF_IMAGE - m->at);
}

static struct hwp_target *image_target(struct image *m)
{
	struct synth s = { .vmcoreinfo = "OSRELEASE=5.10.0\nPAGESIZE=4096\n"
					 "SYMBOL(_stext)=ffffffff81000000\n"
					 "SYMBOL(init_uts_ns)=ffffffff81800000\n" };

	synth_add(&s, START, m->bytes, 3 << 20);
	synth_exclude(&s, START + (3 << 20), 1 << 20);
	synth_add(&s, START + (4 << 20), m->bytes + (4 << 20), SIZE_OF_IMAGE - (4 << 20));
	return synth_open(&s);
}

static struct hwp_error *open_image(struct image *m, struct hwp_provider *p)
{
	struct hwp_target *target = image_target(m);
	struct hwp_error *err = hwp_ksyms_open(target, p);

	hwp_target_destroy(target);
	return err;
}

static void assert_found(struct image *m, const char *name)
{
	struct hwp_symbol syms[] = { { .name = "_stext" },
				     { .name = "memory_failure_cpu" },
				     { .name = "function_4321" },
				     { .name = "init_uts_ns" },
				     { .name = "function_5000" } };
	struct hwp_provider p = {};
	struct hwp_error *err = open_image(m, &p);

	print_message("# %s: %s\n", name, err ? err->message : "found");
	assert_null(err);
	assert_null(p.ops->symbols(p.arg, syms, HWP_ARRAY_SIZE(syms)));
	assert_true(syms[0].found && syms[1].found && syms[2].found && syms[3].found);
	assert_false(syms[4].found);
	assert_int_equal(syms[0].address, START);
	if (m->form->scheme == ABSOLUTE_PERCPU || m->form->scheme == ADDRESSES)
		assert_int_equal(syms[1].address, PERCPU);
	assert_int_equal(syms[2].address, START + 16 * 4321);
	assert_int_equal(syms[3].address, INIT_UTS_NS);
	p.ops->destroy(p.arg);
	free(m->bytes);
}

static void every_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(forms); i++) {
		struct image m;

		/* Below the hole, above it, and across the borders of what is read at once. */
		image_init(&m, &forms[i], 2 << 20, 0);
		assert_found(&m, forms[i].name);
		image_init(&m, &forms[i], (4 << 20) + 16, 0);
		assert_found(&m, forms[i].name);
		image_init(&m, &forms[i], (6 << 20) + (250 << 10) + 8 * i, 0);
		assert_found(&m, forms[i].name);
	}
}

/** The index is elsewhere; and other digits, tokens and markers come first. */
static void misleading(void **state)
{
	static const char digits[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";
	struct image m;

	(void)state;
	image_init(&m, &forms[1], 5 << 20, 4096);
	assert_found(&m, "an index that stands elsewhere");
	image_init(&m, &forms[1], 5 << 20, 0);
	for (size_t at = 6 << 20; at < 7 << 20; at += 4096)
		memcpy(m.bytes + at, digits, sizeof(digits));
	assert_found(&m, "digits");
	image_init(&m, &forms[1], 5 << 20, 0);
	memcpy(m.bytes + (6 << 20), m.bytes + m.tokens, m.index + 512 - m.tokens);
	assert_found(&m, "tokens without names");
	image_init(&m, &forms[4], 5 << 20, 0);
	for (uint32_t i = 0; i < 40; i++)
		synth_put((char *)m.bytes, ((m.markers + 1000) & ~3UL) + 4 * i, 3000 * i, 4);
	assert_found(&m, "other numbers that grow");
}

static void damaged(void **state)
{
	static const char *const what[] = { "a token less",	    "the index", "a marker",
					    "the number",	    "a name",	 "_stext elsewhere",
					    "another is not there", "no digits" };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(what); i++) {
		struct hwp_provider p = {};
		struct hwp_error *err;
		struct image m;

		image_init(&m, &forms[1], 5 << 20, 0);
		switch (i) {
		case 0:
			m.bytes[m.tokens + 3] = 'x';
			break;
		case 1:
			m.bytes[m.index + 400]++;
			break;
		case 2:
			m.bytes[m.markers + 40]++;
			break;
		case 3:
			synth_put((char *)m.bytes, m.num_syms, NR_SYMS / 2, 4);
			break;
		case 4:
			m.bytes[m.names + 1000] = 0x7f;
			memset(m.bytes + m.names + 1001, 0x7f, 300);
			break;
		case 5:
			synth_put((char *)m.bytes, m.offsets, 0x1000, 4);
			break;
		case 6:
			synth_put((char *)m.bytes, m.offsets + 4 * (NR_SYMS - 1), 0x1000, 4);
			break;
		case 7:
			memset(m.bytes, 0xcc, SIZE_OF_IMAGE);
			break;
		}
		err = open_image(&m, &p);
		print_message("# %s: %s\n", what[i], err ? err->message : "found");
		assert_non_null(err);
		assert_int_equal(err->code,
				 i == 5 || i == 6 ? HWP_ERROR_BAD_DATA : HWP_ERROR_LOOKUP);
		hwp_error_destroy(err);
		free(m.bytes);
	}
}

/** Nonsense that looks right for as long as it can must not hold up the search. */
static void hostile(void **state)
{
	static const char digits[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct hwp_provider p = {};
		struct hwp_error *err;
		struct image m;

		image_init(&m, &forms[1], 7 << 20, 0);
		if (i == 0) {
			for (size_t at = 0; at + 20 < SIZE_OF_IMAGE; at += 20)
				memcpy(m.bytes + at, digits, sizeof(digits));
		} else if (i == 1) {
			/* Markers everywhere. */
			for (size_t at = 0; at + 4 < m.tokens; at += 4)
				synth_put((char *)m.bytes, at, at / 4 % 9 * 600, 4);
		} else {
			/* Numbers of symbols everywhere, and names that fail at the last marker. */
			for (size_t at = 0; at + 4 < m.markers; at += 4)
				synth_put((char *)m.bytes, at, NR_SYMS, 4);
		}
		err = open_image(&m, &p);
		print_message("# %s\n", err ? err->message : "found");
		assert_non_null(err);
		hwp_error_destroy(err);
		free(m.bytes);
	}
}

/** Without the two symbols, or with nonsense for them, there is nothing to search. */
static void no_image(void **state)
{
	static const char *const texts[] = {
		"OSRELEASE=5.10.0\nPAGESIZE=4096\nSYMBOL(_stext)=ffffffff81000000\n",
		"OSRELEASE=5.10.0\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=ffffffff81000000\n",
		"OSRELEASE=5.10.0\nPAGESIZE=4096\nSYMBOL(_stext)=ffffffff81000000\n"
		"SYMBOL(init_uts_ns)=ffffffff81000000\n",
		"OSRELEASE=5.10.0\nPAGESIZE=4096\nSYMBOL(_stext)=1000\n"
		"SYMBOL(init_uts_ns)=ffffffff81000000\n",
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(texts); i++) {
		struct synth s = { .vmcoreinfo = texts[i] };
		struct hwp_target *target = synth_open(&s);
		struct hwp_provider p = {};
		struct hwp_error *err = hwp_ksyms_open(target, &p);

		assert_non_null(err);
		assert_int_equal(err->code, HWP_ERROR_LOOKUP);
		hwp_error_destroy(err);
		hwp_target_destroy(target);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form), cmocka_unit_test(misleading),
		cmocka_unit_test(damaged),    cmocka_unit_test(hostile),
		cmocka_unit_test(no_image),
	};

	return cmocka_run_group_tests_name("ksyms_find", tests, NULL, NULL);
}
