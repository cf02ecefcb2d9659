// SPDX-License-Identifier: GPL-2.0-or-later
/* The DMTF's System Management BIOS Reference Specification (DSP0134), chapter 7. */
#include "facts/kernel/smbios.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More modules, or ranges, has no machine. */
#define MAX_ROWS 4096
#define HEADER_SIZE 4

enum structure_type {
	MEMORY_DEVICE = 17,
	ARRAY_MAPPED_ADDRESS = 19,
	DEVICE_MAPPED_ADDRESS = 20,
	END_OF_TABLE = 127,
};

/** One structure: its formatted part, then its strings, up to an empty one. */
struct structure {
	const unsigned char *data;
	/** Of the formatted part. */
	size_t len;
	const char *strings, *end;
};

void hwp_smbios_deinit(struct hwp_smbios *smbios)
{
	hwp_vec_deinit(&smbios->modules);
	hwp_vec_deinit(&smbios->ranges);
}

/** The little-endian number of @p nr bytes at @p offset; false: the structure is shorter. */
static bool number(const struct structure *s, size_t offset, size_t nr, uint64_t *ret)
{
	if (offset + nr > s->len)
		return false;
	*ret = 0;
	memcpy(ret, s->data + offset, nr);
	return true;
}

/** String number n of the structure, by the byte at @p offset; "" for none. */
static const char *string(const struct structure *s, size_t offset)
{
	const char *found = s->strings;
	uint64_t n;

	if (!number(s, offset, 1, &n) || !n)
		return "";
	for (; n > 1 && found < s->end && *found; n--)
		found += strlen(found) + 1;
	return found < s->end ? found : "";
}

/** Printable and without spaces at its ends: firmware pads. */
static void copy_name(char *to, size_t size, const char *from)
{
	size_t nr = 0;

	from += strspn(from, " ");
	for (; *from && nr + 1 < size; from++)
		to[nr++] = *from < 0x20 || *from > 0x7e ? '?' : *from;
	while (nr && to[nr - 1] == ' ')
		nr--;
	to[nr] = '\0';
}

/** Size 0: the slot is empty. */
static struct hwp_error *take_module(const struct structure *s, struct hwp_smbios *ret)
{
	struct hwp_smbios_module module = {};
	uint64_t handle, array, size;
	char device[32], bank[30];

	if (!number(s, 2, 2, &handle) || !number(s, 4, 2, &array) || !number(s, 0xc, 2, &size) ||
	    !size || ret->modules.nr >= MAX_ROWS)
		return NULL;
	module.handle = (uint16_t)handle;
	module.array_handle = (uint16_t)array;
	copy_name(device, sizeof(device), string(s, 0x10));
	copy_name(bank, sizeof(bank), string(s, 0x11));
	if (*device && *bank && strcmp(device, bank) != 0)
		snprintf(module.name, sizeof(module.name), "%s, %s", device, bank);
	else
		snprintf(module.name, sizeof(module.name), "%s", *device ? device : bank);
	return hwp_vec_push(&ret->modules, module) ? NULL : hwp_error_no_memory();
}

/**
 * KiB at offset 4 and 8, the last of which is part of the range; where these do not fit, bytes at
 * @p extended.
 */
static bool take_addresses(const struct structure *s, size_t extended,
			   struct hwp_smbios_range *range)
{
	uint64_t start, last;

	if (!number(s, 4, 4, &start) || !number(s, 8, 4, &last))
		return false;
	if (start == UINT32_MAX || last == UINT32_MAX) {
		if (!number(s, extended, 8, &range->start) ||
		    !number(s, extended + 8, 8, &range->last))
			return false;
	} else {
		range->start = start << 10;
		range->last = (last << 10) + 1023;
	}
	return range->start < range->last;
}

static struct hwp_error *take_range(const struct structure *s, struct hwp_smbios *ret)
{
	struct hwp_smbios_range range = { .is_of_module = s->data[0] == DEVICE_MAPPED_ADDRESS };
	uint64_t handle, position = 0, depth = 0;

	if (!take_addresses(s, range.is_of_module ? 0x13 : 0xf, &range) ||
	    !number(s, 0xc, 2, &handle) || ret->ranges.nr >= MAX_ROWS)
		return NULL;
	range.handle = (uint16_t)handle;
	/* Position 0 is no interleave, 0xff an unknown one. */
	if (range.is_of_module && number(s, 0x11, 1, &position) && number(s, 0x12, 1, &depth))
		range.is_interleaved = position != 0 || depth > 1;
	return hwp_vec_push(&ret->ranges, range) ? NULL : hwp_error_no_memory();
}

/** The structure at @p data; false: it is not whole. */
static bool cut_structure(const unsigned char *data, size_t size, struct structure *ret)
{
	const char *end;

	if (size < HEADER_SIZE || data[1] < HEADER_SIZE || data[1] >= size)
		return false;
	ret->data = data;
	ret->len = data[1];
	ret->strings = (const char *)data + ret->len;
	/* The strings end with an empty one; where there is none, with two. */
	end = memmem(ret->strings, size - ret->len, "\0\0", 2);
	if (!end)
		return false;
	ret->end = end + 1;
	return true;
}

struct hwp_error *hwp_smbios_parse(const unsigned char *table, size_t size, struct hwp_smbios *ret)
{
	struct hwp_error *err = NULL;
	struct structure s;

	for (size_t at = 0; !err && cut_structure(table + at, size - at, &s);
	     at = (size_t)((const unsigned char *)s.end + 1 - table)) {
		if (s.data[0] == MEMORY_DEVICE)
			err = take_module(&s, ret);
		else if (s.data[0] == ARRAY_MAPPED_ADDRESS || s.data[0] == DEVICE_MAPPED_ADDRESS)
			err = take_range(&s, ret);
		else if (s.data[0] == END_OF_TABLE)
			break;
	}
	return err;
}

/** One that answers for @p range; *@p nr counts them. */
static const struct hwp_smbios_module *module_of(const struct hwp_smbios *smbios,
						 const struct hwp_smbios_range *range, size_t *nr)
{
	const struct hwp_smbios_module *found = NULL;

	for (size_t i = 0; i < smbios->modules.nr; i++) {
		const struct hwp_smbios_module *m = &smbios->modules.data[i];

		if ((range->is_of_module ? m->handle : m->array_handle) != range->handle)
			continue;
		found = m;
		++*nr;
	}
	return found;
}

/** By the ranges of modules, or of arrays: *@p nr is how many modules can have the address. */
static const struct hwp_smbios_module *look_up(const struct hwp_smbios *smbios, bool of_modules,
					       uint64_t physical, size_t *nr)
{
	const struct hwp_smbios_module *found = NULL;

	for (size_t i = 0; i < smbios->ranges.nr; i++) {
		const struct hwp_smbios_range *range = &smbios->ranges.data[i];
		const struct hwp_smbios_module *m;

		if (range->is_of_module != of_modules || physical < range->start ||
		    physical > range->last)
			continue;
		m = module_of(smbios, range, nr);
		/* A module that is not there, or that others share the range with, is no answer. */
		*nr += !m || range->is_interleaved ? 2 : 0;
		found = m;
	}
	return found;
}

const char *hwp_smbios_module_at(const struct hwp_smbios *smbios, uint64_t physical)
{
	const struct hwp_smbios_module *found;
	size_t nr = 0;

	found = look_up(smbios, true, physical, &nr);
	if (!nr)
		found = look_up(smbios, false, physical, &nr);
	return nr == 1 && found && found->name[0] ? found->name : NULL;
}
