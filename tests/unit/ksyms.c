// SPDX-License-Identifier: GPL-2.0-or-later
/** kallsyms tables of every kind of address, and damaged ones. */
#include "kallsyms.h"

#include <cmocka.h>

static void add_some(struct kallsyms *k)
{
	kallsyms_add(k, 'T', "_stext", STEXT);
	kallsyms_add(k, 'T', "init_mm_init", STEXT + 0x10);
	kallsyms_add(k, 'd', "prb", STEXT + 0x1e58000);
	kallsyms_add(k, 'D', "init_on_free", STEXT + 0x2000000);
	kallsyms_add(k, 'b', "a", STEXT + 0x7fffffff);
}

static struct hwp_error *open_ksyms(struct kallsyms *k, struct hwp_target **target,
				    struct hwp_provider *p)
{
	*target = kallsyms_target(k);
	*p = (struct hwp_provider){};
	return hwp_ksyms_open(*target, p);
}

static void assert_symbol(const struct hwp_provider *p, const char *name, uint64_t address)
{
	struct hwp_symbol syms[] = { { .name = "" }, { .name = name }, { .name = "nothing" } };
	struct hwp_error *err = p->ops->symbols(p->arg, syms, HWP_ARRAY_SIZE(syms));

	assert_null(err);
	assert_true(syms[1].found);
	assert_int_equal(syms[1].address, address);
	assert_false(syms[0].found);
	assert_false(syms[2].found);
}

static void assert_no_symbol(const struct hwp_provider *p, const char *name)
{
	struct hwp_symbol sym = { .name = name, .found = true };
	struct hwp_error *err = p->ops->symbols(p->arg, &sym, 1);

	assert_null(err);
	assert_false(sym.found);
}

static void every_scheme(void **state)
{
	(void)state;
	for (int scheme = PLACE_RELATIVE; scheme <= ADDRESSES; scheme++) {
		struct kallsyms *k = malloc(sizeof(*k));
		struct hwp_target *target;
		struct hwp_provider p;
		struct hwp_error *err;

		kallsyms_init(k, (enum scheme)scheme);
		add_some(k);
		/* Per-CPU symbols of x86_64 were small numbers to v6.14. */
		if (scheme == ABSOLUTE_PERCPU || scheme == ADDRESSES)
			kallsyms_add(k, 'A', "memory_failure_cpu", 0x1f340);
		err = open_ksyms(k, &target, &p);
		print_message("# scheme %d: %s\n", scheme, err ? err->message : "");
		assert_null(err);
		assert_symbol(&p, "_stext", STEXT);
		assert_symbol(&p, "init_mm_init", STEXT + 0x10);
		assert_symbol(&p, "prb", STEXT + 0x1e58000);
		assert_symbol(&p, "init_on_free", STEXT + 0x2000000);
		assert_symbol(&p, "a", STEXT + 0x7fffffff);
		if (scheme == ABSOLUTE_PERCPU || scheme == ADDRESSES)
			assert_symbol(&p, "memory_failure_cpu", 0x1f340);
		/* Neither the type letter nor a part of a name is a name. */
		assert_no_symbol(&p, "T_stext");
		assert_no_symbol(&p, "stext");
		assert_no_symbol(&p, "_stex");
		assert_no_symbol(&p, "init");
		assert_no_symbol(&p, "");
		p.ops->destroy(p.arg);
		hwp_target_destroy(target);
		free(k);
	}
}

/* v6.1 on: names of more than 127 tokens. */
static void long_names(void **state)
{
	static const size_t lengths[] = { 120, 125, 126, 127, 128, 200, 255, 256, 400, 511 };
	struct kallsyms *k = malloc(sizeof(*k));
	char name[600];
	struct hwp_target *target;
	struct hwp_provider p;

	(void)state;
	kallsyms_init(k, PLACE_RELATIVE);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(lengths); i++) {
		memset(name, 'x', lengths[i]);
		name[lengths[i]] = '\0';
		kallsyms_add(k, 't', name, STEXT + 0x1000 + i);
	}
	kallsyms_add(k, 'T', "_stext", STEXT);
	assert_null(open_ksyms(k, &target, &p));
	for (size_t i = 0; i < HWP_ARRAY_SIZE(lengths); i++) {
		memset(name, 'x', lengths[i]);
		name[lengths[i]] = '\0';
		assert_symbol(&p, name, STEXT + 0x1000 + i);
	}
	memset(name, 'x', 129);
	name[129] = '\0';
	assert_no_symbol(&p, name);
	p.ops->destroy(p.arg);
	hwp_target_destroy(target);
	free(k);
}

static void many_symbols(void **state)
{
	struct kallsyms *k = malloc(sizeof(*k));
	struct hwp_target *target;
	struct hwp_provider p;
	char name[32];

	(void)state;
	kallsyms_init(k, RELATIVE);
	kallsyms_add(k, 'T', "_stext", STEXT);
	for (unsigned int i = 0; i < 12000; i++) {
		snprintf(name, sizeof(name), "function_%u", i);
		kallsyms_add(k, 't', name, STEXT + 16 * i);
	}
	assert_null(open_ksyms(k, &target, &p));
	for (unsigned int i = 0; i < 12000; i += 997) {
		snprintf(name, sizeof(name), "function_%u", i);
		assert_symbol(&p, name, STEXT + 16 * i);
	}
	p.ops->destroy(p.arg);
	hwp_target_destroy(target);
	free(k);
}

/* Opening damaged tables must end, in an error or in symbols; @p want says which. */
static void try_open(struct kallsyms *k, int want)
{
	struct hwp_target *target;
	struct hwp_provider p;
	struct hwp_error *err = open_ksyms(k, &target, &p);

	if (err)
		assert_true(err->message[0]);
	else
		assert_no_symbol(&p, "no such symbol");
	if (want == 1)
		assert_non_null(err);
	if (want == 0)
		assert_null(err);
	if (!err)
		p.ops->destroy(p.arg);
	hwp_error_destroy(err);
	hwp_target_destroy(target);
}

static void damaged_tables(void **state)
{
	struct kallsyms *k = malloc(sizeof(*k));

	(void)state;
	for (int i = 0; i < 12; i++) {
		kallsyms_init(k, PLACE_RELATIVE);
		add_some(k);
		switch (i) {
		case 0: /* no symbol */
			synth_put(k->bytes, NUM_SYMS - TABLES, 0, 4);
			break;
		case 1: /* more than there are */
			synth_put(k->bytes, NUM_SYMS - TABLES, 1 << 20, 4);
			break;
		case 2:
			synth_put(k->bytes, NUM_SYMS - TABLES, 0xffffffff, 4);
			break;
		case 3: /* a length of 0 */
			k->bytes[NAMES - TABLES] = 0;
			break;
		case 4: /* _stext is elsewhere */
			synth_put(k->bytes, OFFSETS - TABLES, 0, 4);
			break;
		case 5: /* token offsets that fall */
			synth_put(k->bytes, TOKEN_INDEX - TABLES + 200, 0, 2);
			break;
		case 6: /* beyond what can be read */
			synth_put(k->bytes, TOKEN_INDEX - TABLES + 510, 0xffff, 2);
			break;
		case 7: /* a token table without an end */
			memset(k->bytes + (TOKEN_TABLE - TABLES), 'x', 0x1000);
			break;
		case 8: /* two-byte lengths all over */
			memset(k->bytes + (NAMES - TABLES), 0xff, TOKEN_TABLE - NAMES);
			break;
		case 9:
			strcpy(strstr(k->vmcoreinfo, "SYMBOL(kallsyms_offsets)"), "\n");
			break;
		case 10:
			strcpy(strstr(k->vmcoreinfo, "SYMBOL(kallsyms_names)"), "\n");
			break;
		case 11: /* unmapped */
			memcpy(strstr(k->vmcoreinfo, "SYMBOL(kallsyms_names)=") + 23,
			       "1234123412341234", 16);
			break;
		}
		print_message("# damage %d\n", i);
		try_open(k, 1);
	}
	free(k);
}

/* Any byte of names and tokens may be anything. */
static void random_damage(void **state)
{
	struct kallsyms *k = malloc(sizeof(*k));
	uint32_t seed = 1;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		kallsyms_init(k, (enum scheme)(i & 3));
		add_some(k);
		for (int n = 0; n < 1 + i % 7; n++) {
			static const uint64_t places[] = {
				NUM_SYMS, NAMES, OFFSETS, TOKEN_TABLE, TOKEN_INDEX, RELATIVE_BASE
			};

			seed = seed * 1103515245 + 12345;
			k->bytes[places[(seed >> 16) % 6] - TABLES + (seed >> 20 & 63)] =
				(char)(seed >> 8);
		}
		try_open(k, -1);
	}
	free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_scheme),	 cmocka_unit_test(long_names),
		cmocka_unit_test(many_symbols),	 cmocka_unit_test(damaged_tables),
		cmocka_unit_test(random_damage),
	};

	return cmocka_run_group_tests_name("ksyms", tests, NULL, NULL);
}
