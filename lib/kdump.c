// SPDX-License-Identifier: GPL-2.0-or-later
/** Memory of a dump file, by libkdumpfile: every format it reads. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include <libkdumpfile/kdumpfile.h>

#include "bits.h"
#include "providers.h"

/*
 * libkdumpfile's page cache is a linear list. Pages of a kdump file are
 * decompressed into it and a short list is quicker to search; an ELF file is
 * mapped in larger pieces, which are dear to map again.
 */
#define CACHE_SIZE_ELF 128
#define CACHE_SIZE_KDUMP 32

/* Translations hold for this much at least. */
#define SMALLEST_PAGE 4096

struct kdump {
	kdump_ctx_t *ctx;
	/** Translation of kernel addresses; set up last. */
	addrxlat_ctx_t *xlat;
	addrxlat_sys_t *xlat_system;
	int fd;
	/** A clone borrows the descriptor. */
	bool is_clone;
};

static void kdump_close(void *arg)
{
	struct kdump *k = arg;

	if (!k)
		return;
	if (k->xlat_system)
		addrxlat_sys_decref(k->xlat_system);
	if (k->xlat)
		addrxlat_ctx_decref(k->xlat);
	if (k->ctx)
		kdump_free(k->ctx);
	if (!k->is_clone && k->fd >= 0)
		close(k->fd);
	free(k);
}

static void kdump_closep(struct kdump **k)
{
	kdump_close(*k);
}

static struct hwp_error *kdump_failure(kdump_ctx_t *ctx, kdump_status status, uint64_t address)
{
	const char *message = kdump_get_err(ctx);
	enum hwp_error_code code;

	switch (status) {
	case KDUMP_ERR_NODATA:
		code = HWP_ERROR_EXCLUDED;
		break;
	case KDUMP_ERR_ADDRXLAT:
		code = HWP_ERROR_FAULT;
		break;
	case KDUMP_ERR_NOTIMPL:
		code = HWP_ERROR_UNSUPPORTED;
		break;
	case KDUMP_ERR_NOKEY:
		code = HWP_ERROR_LOOKUP;
		break;
	default:
		code = HWP_ERROR_BAD_DATA;
	}
	return hwp_error_at(code, address, "%s", message ? message : kdump_strerror(status));
}

/*
 * By physical address: libkdumpfile 0.5 sorts the virtual addresses of ELF
 * segments by their physical ones, and a read by virtual address can then end
 * in zeros.
 */
static struct hwp_error *read_page_part(struct kdump *k, uint64_t address, void *buf, size_t size)
{
	addrxlat_fulladdr_t at = { .addr = address, .as = ADDRXLAT_KVADDR };
	size_t len = size;
	kdump_status status;

	if (!k->xlat)
		return hwp_error_at(HWP_ERROR_FAULT, address, "addresses cannot be translated");
	if (addrxlat_fulladdr_conv(&at, ADDRXLAT_MACHPHYSADDR, k->xlat, k->xlat_system) !=
	    ADDRXLAT_OK) {
		const char *message = addrxlat_ctx_get_err(k->xlat);
		struct hwp_error *err = hwp_error_at(HWP_ERROR_FAULT, address, "%s",
						     message ? message : "not mapped");

		addrxlat_ctx_clear_err(k->xlat);
		return err;
	}
	status = kdump_read(k->ctx, KDUMP_MACHPHYSADDR, at.addr, buf, &len);
	return status == KDUMP_OK ? NULL : kdump_failure(k->ctx, status, address);
}

static struct hwp_error *read_physical(struct kdump *k, uint64_t address, void *buf, size_t size,
				       size_t *nr_read_ret)
{
	kdump_status status = kdump_read(k->ctx, KDUMP_MACHPHYSADDR, address, buf, &size);

	*nr_read_ret = size;
	return status == KDUMP_OK ? NULL : kdump_failure(k->ctx, status, address + size);
}

static struct hwp_error *kdump_op_read(void *arg, enum hwp_space space, uint64_t address, void *buf,
				       size_t size, size_t *nr_read_ret)
{
	struct kdump *k = arg;
	struct hwp_error *err = NULL;
	size_t done = 0;

	kdump_clear_err(k->ctx);
	if (space == HWP_PHYSICAL)
		return hwp_error_prefix(read_physical(k, address, buf, size, nr_read_ret),
					"physical address 0x%" PRIx64, address);
	while (done < size && !err) {
		size_t part = SMALLEST_PAGE - (address + done) % SMALLEST_PAGE;

		part = part < size - done ? part : size - done;
		err = read_page_part(k, address + done, (char *)buf + done, part);
		done += err ? 0 : part;
	}
	*nr_read_ret = done;
	return hwp_error_prefix(err, "kernel address 0x%" PRIx64, address + done);
}

/** After every attribute is set: setting one may replace the translation. */
static struct hwp_error *get_translation(struct kdump *k)
{
	kdump_status status = kdump_get_addrxlat(k->ctx, &k->xlat, &k->xlat_system);

	if (status == KDUMP_OK)
		return NULL;
	k->xlat = NULL;
	k->xlat_system = NULL;
	return kdump_failure(k->ctx, status, 0);
}

static struct hwp_error *kdump_op_vmcoreinfo(void *arg, char **text_ret)
{
	struct kdump *k = arg;
	kdump_status status;

	kdump_clear_err(k->ctx);
	status = kdump_vmcoreinfo_raw(k->ctx, text_ret);
	if (status == KDUMP_ERR_NODATA || status == KDUMP_ERR_NOKEY)
		return hwp_error_create(HWP_ERROR_LOOKUP, "the dump carries no VMCOREINFO");
	return status == KDUMP_OK ? NULL : kdump_failure(k->ctx, status, 0);
}

static struct hwp_error *kdump_op_clone(void *arg, void **ret)
{
	_cleanup_(kdump_closep) struct kdump *copy = NULL;
	struct kdump *k = arg;
	struct hwp_error *err = NULL;

	copy = calloc(1, sizeof(*copy));
	if (!copy)
		return hwp_error_no_memory();
	copy->fd = -1;
	copy->is_clone = true;
	copy->ctx = kdump_clone(k->ctx, 0);
	if (!copy->ctx)
		return hwp_error_no_memory();
	if (k->xlat)
		err = get_translation(copy);
	if (err)
		return err;
	*ret = no_cleanup_ptr(copy);
	return NULL;
}

static const struct hwp_provider_ops kdump_ops = {
	.name = "kdumpfile",
	.read = kdump_op_read,
	.vmcoreinfo = kdump_op_vmcoreinfo,
	.clone = kdump_op_clone,
	.destroy = kdump_close,
};

/*
 * QEMU writes kdump headers without a machine name. Each of these keys is
 * put to VMCOREINFO by one architecture only
 * (arch/ * /kernel/{vmcore_info,crash_core,machine_kexec}*.c).
 */
static const char *architecture_of(const char *vmcoreinfo)
{
	static const struct {
		const char *key, *arch;
	} keys[] = {
		{ "NUMBER(phys_base)=", KDUMP_ARCH_X86_64 },
		{ "NUMBER(kimage_voffset)=", KDUMP_ARCH_AARCH64 },
	};

	for (size_t i = 0; i < HWP_ARRAY_SIZE(keys); i++) {
		if (strstr(vmcoreinfo, keys[i].key))
			return keys[i].arch;
	}
	return NULL;
}

static struct hwp_error *read_text_file(const char *path, char **ret)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	_cleanup_free_ char *text = NULL;
	size_t len, max = 1 << 20;

	if (!f)
		return hwp_error_os(errno, "%s", path);
	text = malloc(max);
	if (!text)
		return hwp_error_no_memory();
	len = fread(text, 1, max - 1, f);
	if (ferror(f))
		return hwp_error_os(errno, "%s", path);
	text[len] = '\0';
	*ret = no_cleanup_ptr(text);
	return NULL;
}

static struct hwp_error *set_vmcoreinfo(kdump_ctx_t *ctx, const char *text)
{
	kdump_blob_t *blob = kdump_blob_new_dup(text, strlen(text));
	kdump_attr_t attr = { .type = KDUMP_BLOB };
	kdump_status status;

	if (!blob)
		return hwp_error_no_memory();
	attr.val.blob = blob;
	/* It takes over our reference. */
	status = kdump_set_attr(ctx, "linux.vmcoreinfo.raw", &attr);
	return status == KDUMP_OK ? NULL : kdump_failure(ctx, status, 0);
}

/*
 * The order matters to libkdumpfile: architecture, system, then VMCOREINFO,
 * which it does not show before. So a header that names no machine is first
 * taken for x86_64, and VMCOREINFO must agree.
 */
static struct hwp_error *describe_system(kdump_ctx_t *ctx, const char *vmcoreinfo_path)
{
	_cleanup_free_ char *text = NULL;
	const char *arch = NULL, *named;
	struct hwp_error *err = NULL;
	kdump_status status;

	if (vmcoreinfo_path)
		err = read_text_file(vmcoreinfo_path, &text);
	if (!err && text)
		err = hwp_vmcoreinfo_check(text, strlen(text));
	if (err)
		return err;
	if (kdump_get_string_attr(ctx, KDUMP_ATTR_ARCH_NAME, &arch) != KDUMP_OK) {
		arch = text ? architecture_of(text) : NULL;
		if (!arch)
			arch = KDUMP_ARCH_X86_64;
		kdump_set_string_attr(ctx, KDUMP_ATTR_ARCH_NAME, arch);
	}
	kdump_clear_err(ctx);
	status = kdump_set_string_attr(ctx, KDUMP_ATTR_OSTYPE, "linux");
	if (status != KDUMP_OK)
		return hwp_error_prefix(kdump_failure(ctx, status, 0),
					"cannot set up address translation");
	if (text)
		return set_vmcoreinfo(ctx, text);
	if (kdump_vmcoreinfo_raw(ctx, &text) != KDUMP_OK)
		return NULL;
	named = architecture_of(text);
	if (named && strcmp(named, arch) != 0)
		return hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"VMCOREINFO is of %s, the dump's header of %s", named, arch);
	return NULL;
}

static struct hwp_error *kdump_setup(struct kdump *k, const char *vmcoreinfo_path,
				     struct hwp_file_facts *facts)
{
	kdump_num_t page_shift;
	const char *format;
	struct hwp_error *err;
	kdump_status status;
	bool is_elf;

	status = kdump_open_fd(k->ctx, k->fd);
	if (status == KDUMP_ERR_NOTIMPL)
		return hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"not a dump format that libkdumpfile knows (%s)",
					kdump_get_err(k->ctx));
	if (status != KDUMP_OK)
		return kdump_failure(k->ctx, status, 0);
	if (kdump_get_string_attr(k->ctx, KDUMP_ATTR_FILE_FORMAT, &format) != KDUMP_OK)
		format = "unknown";
	is_elf = strcmp(format, "elf") == 0;
	snprintf(facts->format + strlen(facts->format),
		 sizeof(facts->format) - strlen(facts->format), "%s", format);
	kdump_set_number_attr(k->ctx, "cache.size", is_elf ? CACHE_SIZE_ELF : CACHE_SIZE_KDUMP);
	err = describe_system(k->ctx, vmcoreinfo_path);
	if (err)
		return err;
	status = kdump_get_number_attr(k->ctx, KDUMP_ATTR_PAGE_SHIFT, &page_shift);
	if (status != KDUMP_OK || page_shift < 12 || page_shift > 16)
		return hwp_error_create(HWP_ERROR_UNSUPPORTED, "the dump's page size is unknown");
	facts->page_shift = page_shift;
	/* Without VMCOREINFO there may be none; target.c tells what is missing. */
	hwp_error_destroy(get_translation(k));
	return NULL;
}

struct hwp_error *hwp_kdump_open(const char *path, const char *vmcoreinfo_path,
				 struct hwp_provider *ret, struct hwp_file_facts *facts)
{
	_cleanup_(kdump_closep) struct kdump *k = calloc(1, sizeof(*k));
	struct hwp_error *err;

	if (!k)
		return hwp_error_no_memory();
	/* A FIFO must not make us wait: it is refused. */
	k->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (k->fd < 0)
		return hwp_error_os(errno, "%s", path);
	err = hwp_dumpfile_prepare(path, &k->fd, facts);
	if (err)
		return err;
	k->ctx = kdump_new();
	if (!k->ctx)
		return hwp_error_no_memory();
	err = kdump_setup(k, vmcoreinfo_path, facts);
	if (err)
		return hwp_error_prefix(err, "%s", path);
	ret->ops = &kdump_ops;
	ret->arg = no_cleanup_ptr(k);
	return NULL;
}
