// SPDX-License-Identifier: GPL-2.0-or-later
/** SMBIOS tables: which module an address is of, and tables that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "facts/kernel/smbios.h"

#define MIB (UINT64_C(1) << 20)

struct table {
	unsigned char bytes[4096];
	size_t size;
};

/** A structure of @p len bytes, header and all; two strings. */
static unsigned char *add(struct table *t, unsigned char type, unsigned char len, uint16_t handle,
			  const char *one, const char *two)
{
	unsigned char *s = t->bytes + t->size;

	memset(s, 0, len);
	s[0] = type;
	s[1] = len;
	memcpy(s + 2, &handle, 2);
	t->size += len;
	t->size += (size_t)sprintf((char *)t->bytes + t->size, "%s", one) + 1;
	if (*one && *two)
		t->size += (size_t)sprintf((char *)t->bytes + t->size, "%s", two) + 1;
	t->bytes[t->size++] = '\0';
	return s;
}

static void put(unsigned char *to, uint64_t value, size_t nr)
{
	memcpy(to, &value, nr);
}

static void add_module(struct table *t, uint16_t handle, uint16_t size, const char *device,
		       const char *bank)
{
	unsigned char *s = add(t, 17, 0x28, handle, device, bank);

	put(s + 4, 0x1000, 2);
	put(s + 0xc, size, 2);
	s[0x10] = *device ? 1 : 0;
	s[0x11] = *device && *bank ? 2 : 0;
}

/** A module's, or that of array 0x1000: bytes [start, end). */
static void add_range(struct table *t, uint16_t handle, uint64_t start, uint64_t end,
		      unsigned char position)
{
	bool is_large = end >> 10 >= UINT32_MAX;
	unsigned char *s = add(t, handle == 0x1000 ? 19 : 20, handle == 0x1000 ? 0x1f : 0x23,
			       (uint16_t)(0x2000 + t->size), "", "");
	size_t extended = handle == 0x1000 ? 0xf : 0x13;

	put(s + 4, is_large ? UINT32_MAX : start >> 10, 4);
	put(s + 8, is_large ? UINT32_MAX : (end >> 10) - 1, 4);
	put(s + 0xc, handle, 2);
	if (is_large) {
		put(s + extended, start, 8);
		put(s + extended + 8, end - 1, 8);
	}
	if (handle != 0x1000) {
		s[0x11] = position;
		s[0x12] = position ? 1 : 0;
	}
}

static const char *at(const struct table *t, uint64_t physical)
{
	static char name[64];
	struct hwp_smbios smbios = {};
	const char *found;

	assert_null(hwp_smbios_parse(t->bytes, t->size, &smbios));
	found = hwp_smbios_module_at(&smbios, physical);
	snprintf(name, sizeof(name), "%s", found ? found : "");
	hwp_smbios_deinit(&smbios);
	return name;
}

static void by_module(void **state)
{
	struct table t = {};

	(void)state;
	add(&t, 0, 0x18, 0, "Vendor", "Version");
	add(&t, 16, 0x17, 0x1000, "", "");
	add_module(&t, 0x1100, 4096, "DIMM_A1", "P0 CHANNEL A");
	add_module(&t, 0x1101, 4096, "DIMM_B1", "");
	add_module(&t, 0x1102, 0, "DIMM_C1", "");
	add_range(&t, 0x1000, 0, 8192 * MIB, 0);
	add_range(&t, 0x1100, 0, 2048 * MIB, 0);
	add_range(&t, 0x1101, 2048 * MIB, 3072 * MIB, 0);
	add_range(&t, 0x1100, UINT64_C(1) << 43, (UINT64_C(1) << 43) + MIB, 0);
	add(&t, 127, 4, 0xfeff, "", "");
	/* Nothing counts behind the end. */
	add_range(&t, 0x1101, 0, 2048 * MIB, 0);
	assert_string_equal(at(&t, 0), "DIMM_A1, P0 CHANNEL A");
	assert_string_equal(at(&t, 2048 * MIB - 1), "DIMM_A1, P0 CHANNEL A");
	assert_string_equal(at(&t, 2048 * MIB), "DIMM_B1");
	assert_string_equal(at(&t, 3072 * MIB - 1), "DIMM_B1");
	assert_string_equal(at(&t, UINT64_C(1) << 43), "DIMM_A1, P0 CHANNEL A");
	assert_string_equal(at(&t, (UINT64_C(1) << 43) + MIB), "");
	/* In the array of two modules, and of neither. */
	assert_string_equal(at(&t, 3072 * MIB), "");
}

static void by_array(void **state)
{
	struct table t = {};

	(void)state;
	add_module(&t, 0x1100, 4096, "DIMM 0", "");
	add_module(&t, 0x1101, 0, "DIMM 1", "");
	add_range(&t, 0x1000, 0, 512 * MIB, 0);
	assert_string_equal(at(&t, 512 * MIB - 1), "DIMM 0");
	assert_string_equal(at(&t, 512 * MIB), "");
	add_module(&t, 0x1102, 4096, "DIMM 2", "");
	assert_string_equal(at(&t, 0), "");
}

/* Two modules may have it, or one that is not there. */
static void not_one(void **state)
{
	struct table t = {};

	(void)state;
	add_module(&t, 0x1100, 4096, "A", "");
	add_module(&t, 0x1101, 4096, "B", "");
	add_range(&t, 0x1100, 0, MIB, 1);
	add_range(&t, 0x1101, 0, MIB, 2);
	add_range(&t, 0x1100, MIB, 2 * MIB, 1);
	add_range(&t, 0x1100, 2 * MIB, 3 * MIB, 0);
	add_range(&t, 0x1101, 2 * MIB, 3 * MIB, 0);
	add_range(&t, 0x1109, 3 * MIB, 4 * MIB, 0);
	add_range(&t, 0x1100, 4 * MIB, 5 * MIB, 0);
	add_range(&t, 0x1109, 4 * MIB, 5 * MIB, 0);
	for (uint64_t i = 0; i < 5; i++)
		assert_string_equal(at(&t, i * MIB), "");
}

static void names(void **state)
{
	struct table t = {};

	(void)state;
	add_module(&t, 0x1100, 1, "  A\t1\xff  ", "   ");
	add_range(&t, 0x1100, 0, MIB, 0);
	assert_string_equal(at(&t, 0), "A?1?");
	/* No name at all, and a number of a string that is not there. */
	t.size = 0;
	add_module(&t, 0x1100, 1, "", "");
	add_range(&t, 0x1100, 0, MIB, 0);
	assert_string_equal(at(&t, 0), "");
	t.bytes[0x10] = 200;
	assert_string_equal(at(&t, 0), "");
	t.size = 0;
	add_module(&t, 0x1100, 1,
		   "a name that is very much longer than any that a machine has for a module", "B");
	add_range(&t, 0x1100, 0, MIB, 0);
	assert_memory_equal(at(&t, 0), "a name that is", 14);
}

/* Whatever it is, the answer is one of the names or none. */
static void hostile(void **state)
{
	struct table good = {}, t;
	struct hwp_smbios smbios = {};
	unsigned char *copy;

	(void)state;
	add_module(&good, 0x1100, 4096, "A", "B");
	add_range(&good, 0x1100, 0, 2048 * MIB, 0);
	add_range(&good, 0x1000, 0, UINT64_C(1) << 50, 0);
	/* To the byte, so that a sanitizer sees what is read behind it. */
	for (size_t size = 0; size <= good.size; size++) {
		copy = malloc(size ? size : 1);
		memcpy(copy, good.bytes, size);
		assert_null(hwp_smbios_parse(copy, size, &smbios));
		hwp_smbios_module_at(&smbios, MIB);
		hwp_smbios_deinit(&smbios);
		smbios = (struct hwp_smbios){};
		free(copy);
	}
	srand(17);
	for (int i = 0; i < 20000; i++) {
		t = good;
		for (int j = 0; j < 4; j++)
			t.bytes[(size_t)rand() % t.size] = (unsigned char)rand();
		at(&t, (uint64_t)rand() << 12);
	}
	/* Lengths that do not move on. */
	memset(t.bytes, 0, sizeof(t.bytes));
	t.size = sizeof(t.bytes);
	assert_string_equal(at(&t, 0), "");
	memset(t.bytes, 4, sizeof(t.bytes));
	assert_string_equal(at(&t, 0), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_module), cmocka_unit_test(by_array), cmocka_unit_test(not_one),
		cmocka_unit_test(names),     cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests_name("smbios", tests, NULL, NULL);
}
