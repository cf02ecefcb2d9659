// SPDX-License-Identifier: GPL-2.0-or-later
/** bits.h, vec.h, error.h, and VMCOREINFO as a target gives it. */
#include "synth.h"

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

#include "base/vec.h"

static void bits(void **state)
{
	const unsigned char bytes[] = { 1, 2, 3, 4, 5, 6, 7, 0x88, 9 };

	(void)state;
	/* Unaligned, little-endian. */
	assert_int_equal(hwp_u64(bytes + 1), 0x0988070605040302);
	assert_int_equal(hwp_u32(bytes + 1), 0x05040302);
	assert_int_equal(hwp_u16(bytes + 1), 0x0302);
	assert_int_equal(hwp_word(bytes, 1), 1);
	assert_int_equal(hwp_word(bytes, 8), 0x8807060504030201);
	assert_int_equal(hwp_word(bytes, 3), 0);
	assert_int_equal(hwp_word(bytes, 0), 0);
	assert_false(hwp_is_pow2(0));
	for (unsigned int i = 0; i < 64; i++) {
		uint64_t v = UINT64_C(1) << i;

		assert_true(hwp_is_pow2(v));
		assert_int_equal(hwp_is_pow2(v + 1), i == 0);
		assert_int_equal(hwp_ilog2(v), i);
		assert_int_equal(hwp_ilog2(v | 1), i);
		assert_int_equal(hwp_bits_for(v), i);
		if (i)
			assert_int_equal(hwp_bits_for(v + 1), i + 1);
	}
	assert_int_equal(hwp_bits_for(0), 0);
	assert_int_equal(hwp_bits_for(UINT64_MAX), 64);
	assert_int_equal(hwp_align_down(0x1fff, 9), 0x1e00);
	assert_int_equal(hwp_align_down(UINT64_MAX, 0), UINT64_MAX);
	assert_int_equal(hwp_align_down(UINT64_MAX, 63), UINT64_C(1) << 63);
	assert_int_equal(hwp_align_down(UINT64_MAX, 64), 0);
	assert_int_equal(hwp_align_down(UINT64_MAX, 4000000000u), 0);
	assert_true(hwp_test_bit(bytes, 63));
	assert_false(hwp_test_bit(bytes, 62));
	assert_true(hwp_test_bit(bytes, 64));
}

/* A list of tail + loop nodes: the walk must end, and not before it has seen all. */
static void find_cycles(void **state)
{
	(void)state;
	for (uint64_t tail = 0; tail < 40; tail++) {
		for (uint64_t loop = 1; loop < 40; loop++) {
			struct hwp_cycle cycle = {};
			uint64_t at = 0, steps = 0;

			while (!hwp_cycle_closed(&cycle, 0x1000 + at * 64)) {
				at = at + 1 < tail + loop ? at + 1 : tail;
				assert_true(++steps < 1000);
			}
			assert_true(steps >= tail + loop);
		}
	}
	for (uint64_t nr = 1; nr < 1000; nr += 7) {
		struct hwp_cycle cycle = {};

		for (uint64_t at = 0; at < nr; at++)
			assert_false(hwp_cycle_closed(&cycle, at * 64));
	}
}

static void vectors(void **state)
{
	HWP_VEC(struct {
		uint64_t a;
		char b;
	})
	v = {};

	(void)state;
	for (uint64_t i = 0; i < 10000; i++) {
		assert_true(hwp_vec_push(&v, ((__typeof__(*v.data)){ i, (char)i })));
		assert_int_equal(v.nr, i + 1);
		assert_true(v.capacity >= v.nr);
	}
	for (uint64_t i = 0; i < v.nr; i++)
		assert_int_equal(v.data[i].a, i);
	hwp_vec_deinit(&v);
	assert_null(v.data);
	assert_int_equal(v.nr + v.capacity, 0);
	assert_true(hwp_vec_push(&v, ((__typeof__(*v.data)){ 1, 2 })));
	hwp_vec_deinit(&v);
}

static void errors(void **state)
{
	struct hwp_error *err = hwp_error_create(HWP_ERROR_BAD_DATA, "%s is %d", "it", 7);

	(void)state;
	assert_string_equal(err->message, "it is 7");
	assert_int_equal(err->address, 0);
	err = hwp_error_prefix(err, "in %s", "there");
	assert_string_equal(err->message, "in there: it is 7");
	assert_false(hwp_error_catch(&err, HWP_ERROR_LOOKUP));
	assert_non_null(err);
	assert_true(hwp_error_catch(&err, HWP_ERROR_BAD_DATA));
	assert_null(err);
	assert_false(hwp_error_catch(&err, HWP_ERROR_BAD_DATA));
	assert_null(hwp_error_prefix(NULL, "nothing"));
	hwp_error_destroy(NULL);

	err = hwp_error_at(HWP_ERROR_FAULT, UINT64_MAX, "there");
	assert_int_equal(err->address, UINT64_MAX);
	hwp_error_destroy(err);
	err = hwp_error_os(ENOENT, "%s", "/no/file");
	assert_int_equal(err->code, HWP_ERROR_OS);
	assert_string_equal(err->message, "/no/file: No such file or directory");
	assert_int_equal(err->address, 0);
	hwp_error_destroy(err);
	/* The one error that needs no memory is never freed. */
	err = hwp_error_no_memory();
	hwp_error_destroy(err);
	err = hwp_error_prefix(hwp_error_no_memory(), "x");
	assert_string_equal(err->message, "out of memory");
	assert_true(hwp_error_catch(&err, HWP_ERROR_NO_MEMORY));
	assert_string_equal(hwp_error_no_memory()->message, "out of memory");
}

static void assert_number(const struct hwp_target *t, const char *key, uint64_t want)
{
	uint64_t value = 0;
	struct hwp_error *err = hwp_target_vmcoreinfo_number(t, key, &value);

	assert_null(err);
	assert_int_equal(value, want);
}

static void assert_no_number(const struct hwp_target *t, const char *key, enum hwp_error_code code)
{
	uint64_t value = 4711;
	struct hwp_error *err = hwp_target_vmcoreinfo_number(t, key, &value);

	print_message("# %s\n", key);
	assert_non_null(err);
	assert_int_equal(err->code, code);
	assert_int_equal(value, 4711);
	hwp_error_destroy(err);
}

static void vmcoreinfo(void **state)
{
	struct synth s = {
		.vmcoreinfo =
			"OSRELEASE=7.3.4+deb13-cloud-amd64\n"
			"SYMBOL(mem_section)=ff1100017fed2740\n"
			"KERNELOFFSET=1e000000\n"
			"NUMBER(PG_hwpoison)=21\n"
			"NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-268435456\n"
			"NUMBER(VMALLOC_START)=0xffa0000000000000\n"
			"NUMBER(bad)=12x\nNUMBER(empty)=\nNUMBER(minus)=-\nNUMBER(space)= \n"
			"NUMBER(huge)=99999999999999999999999\nNUMBER(long)=000000000000000000000000000000"
			"00000000000000000000000000000001\n"
			"XNUMBER(a)=1\nNUMBER(a)b=2\nNUMBER(a)=3\nNUMBER(a)=4\n"
			"no equals sign\n=\n\nLENGTH(last)=8"
	};
	struct hwp_target *t = synth_open(&s);
	size_t len;

	(void)state;
	assert_string_equal(hwp_target_release(t), "7.3.4+deb13-cloud-amd64");
	assert_number(t, "SYMBOL(mem_section)", 0xff1100017fed2740);
	assert_number(t, "KERNELOFFSET", 0x1e000000);
	assert_number(t, "NUMBER(PG_hwpoison)", 21);
	assert_number(t, "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)", (uint64_t)-268435456);
	assert_number(t, "NUMBER(a)", 3);
	assert_number(t, "LENGTH(last)", 8);
	assert_no_number(t, "NUMBER(bad)", HWP_ERROR_BAD_DATA);
	assert_no_number(t, "NUMBER(empty)", HWP_ERROR_BAD_DATA);
	assert_no_number(t, "NUMBER(minus)", HWP_ERROR_BAD_DATA);
	assert_no_number(t, "NUMBER(space)", HWP_ERROR_BAD_DATA);
	assert_no_number(t, "NUMBER(huge)", HWP_ERROR_BAD_DATA);
	assert_no_number(t, "NUMBER(long)", HWP_ERROR_BAD_DATA);
	assert_no_number(t, "NUMBER(PG_hw)", HWP_ERROR_LOOKUP);
	assert_no_number(t, "NUMBER(PG_hwpoison", HWP_ERROR_LOOKUP);
	assert_no_number(t, "no equals sign", HWP_ERROR_LOOKUP);
	assert_non_null(hwp_target_vmcoreinfo(t, "OSRELEASE", &len));
	assert_int_equal(len, strlen("7.3.4+deb13-cloud-amd64"));
	hwp_target_destroy(t);
}

/* arm64 writes its numbers in hexadecimal with a prefix. */
static void vmcoreinfo_hexadecimal(void **state)
{
	struct synth s = { .vmcoreinfo = "OSRELEASE=x\n"
					 "NUMBER(VMALLOC_START)=0xffa0000000000000\n" };
	struct hwp_target *t = synth_open(&s);

	(void)state;
	assert_number(t, "NUMBER(VMALLOC_START)", 0xffa0000000000000);
	hwp_target_destroy(t);
}

static void reads(void **state)
{
	char bytes[] = "a name", buf[16];
	struct synth s = {};
	struct hwp_target *t;
	struct hwp_error *err;
	size_t nr_read;
	uint64_t value = 7;

	(void)state;
	synth_add(&s, 0x1000, bytes, sizeof(bytes));
	synth_exclude(&s, 0x2000, 0x1000);
	t = synth_open(&s);
	/* Strings end at their NUL, whatever lies behind it. */
	assert_null(hwp_target_read_string(t, 0x1000, buf, sizeof(buf)));
	assert_string_equal(buf, "a name");
	assert_null(hwp_target_read_string(t, 0x1000, buf, 4));
	assert_string_equal(buf, "a n");
	err = hwp_target_read_string(t, 0x3000, buf, sizeof(buf));
	assert_non_null(err);
	hwp_error_destroy(err);
	err = hwp_target_read(t, HWP_KERNEL_VIRTUAL, 0x1002, buf, sizeof(buf), &nr_read);
	assert_int_equal(err->code, HWP_ERROR_FAULT);
	assert_int_equal(nr_read, sizeof(bytes) - 2);
	hwp_error_destroy(err);
	err = hwp_target_read_u64(t, 0x2000, &value);
	assert_int_equal(err->code, HWP_ERROR_EXCLUDED);
	assert_int_equal(value, 7);
	hwp_error_destroy(err);
	err = hwp_target_read(t, HWP_KERNEL_VIRTUAL, UINT64_MAX - 3, buf, 8, &nr_read);
	assert_int_equal(err->code, HWP_ERROR_FAULT);
	assert_int_equal(nr_read, 0);
	hwp_error_destroy(err);
	hwp_target_destroy(t);
}

/* Without symbols or types, looking one up is an ordinary answer. */
static void memory_alone(void **state)
{
	const struct synth s = {};
	const struct hwp_host_providers parts = {
		.memory = synth_provider(&s),
		.facts = { .page_shift = 12 },
	};
	struct hwp_symbol sym = { .name = "prb", .found = true };
	struct hwp_member m;
	struct hwp_target *t;
	struct hwp_error *err;
	int64_t value;

	(void)state;
	assert_null(synth_host_open(&parts, &t));
	err = hwp_target_symbols(t, &sym, 1);
	assert_true(err || !sym.found);
	hwp_error_destroy(err);
	err = hwp_target_member(t, "page", NULL, &m);
	assert_int_equal(err->code, HWP_ERROR_LOOKUP);
	hwp_error_destroy(err);
	err = hwp_target_enumerator(t, NULL, "x", &value);
	assert_int_equal(err->code, HWP_ERROR_LOOKUP);
	hwp_error_destroy(err);
	assert_non_null(hwp_target_type_provider(t));
	hwp_target_destroy(t);
	hwp_target_destroy(NULL);
}

static void clones(void **state)
{
	char bytes[8] = "12345678", buf[8];
	struct synth s = { .vmcoreinfo = "OSRELEASE=x\n" };
	struct hwp_target *t, *copy;

	(void)state;
	synth_add(&s, 0x1000, bytes, sizeof(bytes));
	t = synth_open(&s);
	assert_null(hwp_target_clone(t, &copy));
	assert_null(hwp_target_read(copy, HWP_KERNEL_VIRTUAL, 0x1000, buf, 8, NULL));
	assert_memory_equal(buf, bytes, 8);
	hwp_target_destroy(copy);
	assert_null(hwp_target_read(t, HWP_KERNEL_VIRTUAL, 0x1000, buf, 8, NULL));
	assert_string_equal(hwp_target_release(t), "x");
	hwp_target_destroy(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bits),	      cmocka_unit_test(find_cycles),
		cmocka_unit_test(vectors),    cmocka_unit_test(errors),
		cmocka_unit_test(vmcoreinfo), cmocka_unit_test(vmcoreinfo_hexadecimal),
		cmocka_unit_test(reads),      cmocka_unit_test(memory_alone),
		cmocka_unit_test(clones),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
