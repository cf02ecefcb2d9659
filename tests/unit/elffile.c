// SPDX-License-Identifier: GPL-2.0-or-later
/** The build id among the notes of a vmlinux: which note it is, and where they end. */
#include "synth.h"

#include <cmocka.h>

#include "target/symbols/elffile.h"

#define NT_GNU_BUILD_ID 3

/** Notes as <elf.h> has them: sizes of name and description, type, then both, padded to 4. */
struct notes {
	unsigned char bytes[512];
	size_t size;
};

static void add(struct notes *n, uint32_t type, const char *name, uint32_t name_size,
		const void *desc, uint32_t desc_size)
{
	unsigned char *p = n->bytes + n->size;

	synth_put(p, 0, name_size, 4);
	synth_put(p, 4, desc_size, 4);
	synth_put(p, 8, type, 4);
	memcpy(p + 12, name, name_size);
	memcpy(p + 12 + (name_size + 3) / 4 * 4, desc, desc_size);
	n->size += 12 + (name_size + 3) / 4 * 4 + (desc_size + 3) / 4 * 4;
}

static void assert_build_id(const struct notes *n, size_t size, const char *expected)
{
	struct hwp_build_id id = { "unchanged" };

	assert_int_equal(hwp_build_id_in_notes(n->bytes, size, &id), expected != NULL);
	assert_string_equal(id.hex, expected ? expected : "unchanged");
}

static void found(void **state)
{
	static const unsigned char id[] = { 0x01, 0xab, 0xff, 0x00, 0x7f, 0x80 };
	struct notes n = {};

	(void)state;
	assert_build_id(&n, 0, NULL);
	add(&n, NT_GNU_BUILD_ID, "GNU", 4, id, sizeof(id));
	assert_build_id(&n, n.size, "01abff007f80");
	/* The padding of the last may be missing; nothing else. */
	assert_build_id(&n, 12 + 4 + 6, "01abff007f80");
	for (size_t size = 0; size < 12 + 4 + 6; size++)
		assert_build_id(&n, size, NULL);
	/* Behind others, of other owners and types. */
	n.size = 0;
	add(&n, NT_GNU_BUILD_ID, "Xen", 4, id, 3);
	add(&n, 1, "GNU", 4, id, 5);
	add(&n, NT_GNU_BUILD_ID, "Linux", 6, id, 4);
	add(&n, NT_GNU_BUILD_ID, "GNU", 4, id, 0);
	assert_build_id(&n, n.size, NULL);
	add(&n, NT_GNU_BUILD_ID, "GNU", 4, id, 1);
	add(&n, NT_GNU_BUILD_ID, "GNU", 4, id, 2);
	assert_build_id(&n, n.size, "01");
}

static void sizes(void **state)
{
	static const unsigned char id[HWP_MAX_BUILD_ID + 1];
	struct notes n = {};
	char expected[2 * HWP_MAX_BUILD_ID + 1];

	(void)state;
	memset(expected, '0', sizeof(expected) - 1);
	expected[sizeof(expected) - 1] = '\0';
	add(&n, NT_GNU_BUILD_ID, "GNU", 4, id, HWP_MAX_BUILD_ID);
	assert_build_id(&n, n.size, expected);
	n.size = 0;
	add(&n, NT_GNU_BUILD_ID, "GNU", 4, id, HWP_MAX_BUILD_ID + 1);
	assert_build_id(&n, n.size, NULL);
	/* Sizes that lead past everything. */
	for (size_t at = 0; at < 8; at += 4) {
		n.size = 0;
		add(&n, NT_GNU_BUILD_ID, "GNU", 4, id, 4);
		synth_put(n.bytes, at, 0xfffffffe, 4);
		assert_build_id(&n, n.size, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(found), cmocka_unit_test(sizes) };

	return cmocka_run_group_tests_name("elffile", tests, NULL, NULL);
}
