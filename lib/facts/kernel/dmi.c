// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/kernel/dmi.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "facts/kernel/smbios.h"
#include "layout/needs.h"
#include "target/target.h"

#define TABLE_FILE "/sys/firmware/dmi/tables/DMI"
/* Tables have tens of KiB; the length of the oldest has 16 bits. */
#define MAX_TABLE_SIZE (1 << 20)
#define MAX_MODULES 4096

struct dmi_layout {
	uint64_t dmi_base, dmi_len;
};

#define SYMBOL(type, field) HWP_SYMBOL(struct type, field, #field, .optional = false)

static const struct hwp_need table_rows[] = {
	SYMBOL(dmi_layout, dmi_base),
	SYMBOL(dmi_layout, dmi_len),
};

const struct hwp_needs hwp_dmi_needs = {
	.rows = table_rows,
	.nr = HWP_ARRAY_SIZE(table_rows),
	.size = sizeof(struct dmi_layout),
};

/** A dump may leave out the memory of the firmware, and with it the table. */
struct modules_layout {
	uint64_t dmi_memdev, dmi_memdev_nr;
	uint32_t info_size, device, bytes;
};

#define OFFSET(field, names) HWP_OFFSET(struct modules_layout, field, names, .optional = false)

static const struct hwp_need modules_rows[] = {
	SYMBOL(modules_layout, dmi_memdev),
	SYMBOL(modules_layout, dmi_memdev_nr),
	HWP_SIZE(struct modules_layout, info_size, "dmi_memdev_info", .optional = false),
	OFFSET(device, "dmi_memdev_info.device"),
	/* Linux kernel commit 6deae96b42eb ("firmware, DMI: Add function to look up a handle and
	 * return DIMM size") (in v4.17) */
	OFFSET(bytes, "dmi_memdev_info.size"),
};

const struct hwp_needs hwp_dmi_modules_needs = {
	.rows = modules_rows,
	.nr = HWP_ARRAY_SIZE(modules_rows),
	.sources = (const char *const[]){ "drivers/firmware/dmi_scan.c", NULL },
	.size = sizeof(struct modules_layout),
};

static bool read_memory(struct hwp_target *target, enum hwp_space space, uint64_t address,
			void *buf, size_t size)
{
	_cleanup_error_ struct hwp_error *err = NULL;

	err = hwp_target_read(target, space, address, buf, size, NULL);
	return !err;
}

/** The table of this system; *@p size bytes of it. */
static bool read_file(unsigned char *table, size_t *size)
{
	_cleanup_close_ int fd = open(TABLE_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t r = fd < 0 ? -1 : 1;

	*size = 0;
	while (r > 0 && *size < MAX_TABLE_SIZE) {
		r = read(fd, table + *size, MAX_TABLE_SIZE - *size);
		*size += r > 0 ? (size_t)r : 0;
	}
	return r >= 0;
}

/** The table of a dump, by its physical address: no kernel keeps it mapped. */
static bool read_dump(struct hwp_target *target, const struct hwp_layout *l, unsigned char *table,
		      size_t *size)
{
	const struct dmi_layout *at = hwp_layout_of(l, &hwp_dmi_needs);
	uint64_t base;
	uint32_t len;

	if (!at || !read_memory(target, HWP_KERNEL_VIRTUAL, at->dmi_base, &base, sizeof(base)) ||
	    !read_memory(target, HWP_KERNEL_VIRTUAL, at->dmi_len, &len, sizeof(len)) || !base ||
	    len > MAX_TABLE_SIZE)
		return false;
	*size = len;
	return read_memory(target, HWP_PHYSICAL, base, table, len);
}

/** The kernel's own list of modules has no addresses: one module has all of them. */
static void read_single(struct hwp_target *target, const struct hwp_layout *l, char *name,
			size_t size)
{
	const struct modules_layout *at = hwp_layout_of(l, &hwp_dmi_modules_needs);
	uint64_t list, bytes, device, found = 0;
	int32_t nr;

	if (!at || !read_memory(target, HWP_KERNEL_VIRTUAL, at->dmi_memdev, &list, sizeof(list)) ||
	    !read_memory(target, HWP_KERNEL_VIRTUAL, at->dmi_memdev_nr, &nr, sizeof(nr)) ||
	    nr < 1 || nr > MAX_MODULES)
		return;
	for (int32_t i = 0; i < nr; i++) {
		uint64_t info = list + (uint64_t)i * at->info_size;

		if (!read_memory(target, HWP_KERNEL_VIRTUAL, info + at->bytes, &bytes,
				 sizeof(bytes)) ||
		    !read_memory(target, HWP_KERNEL_VIRTUAL, info + at->device, &device,
				 sizeof(device)) ||
		    (bytes && found))
			return;
		found = bytes ? device : found;
	}
	if (found)
		hwp_error_destroy(hwp_target_read_string(target, found, name, size));
}

static void name_page(struct hwp_poisoned *p, const char *name)
{
	if (!name || !*name)
		return;
	snprintf(p->module, sizeof(p->module), "%s", name);
	p->module_source = HWP_MODULE_SMBIOS;
}

static bool needs_names(const struct hwp_findings *f)
{
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		if (!f->poisoned.data[i].module[0])
			return true;
	}
	return false;
}

struct hwp_error *hwp_dmi_name_modules(struct hwp_target *target, const struct hwp_layout *l,
				       struct hwp_findings *f)
{
	_cleanup_free_ unsigned char *table = NULL;
	_cleanup_(hwp_smbios_deinit) struct hwp_smbios smbios = {};
	struct hwp_error *err = NULL;
	char single[64] = "";
	size_t size = 0;
	bool is_read;

	if (!needs_names(f))
		return NULL;
	table = malloc(MAX_TABLE_SIZE);
	if (!table)
		return hwp_error_no_memory();
	/* A guest that runs has no file here, and its memory is not read for this. */
	is_read = f->has_boot_time ? read_file(table, &size) :
		  f->live	   ? false :
				     read_dump(target, l, table, &size);
	if (is_read)
		err = hwp_smbios_parse(table, size, &smbios);
	if (!err && !smbios.modules.nr && !f->live)
		read_single(target, l, single, sizeof(single));
	for (size_t i = 0; i < f->poisoned.nr && !err; i++) {
		struct hwp_poisoned *p = &f->poisoned.data[i];

		if (p->module[0])
			continue;
		name_page(p, hwp_smbios_module_at(&smbios, p->pfn << l->page_shift));
		name_page(p, single);
	}
	return err;
}
