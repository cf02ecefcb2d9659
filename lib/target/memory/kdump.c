// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/kdump.h"

#include <inttypes.h>
#include <string.h>

#include <libkdumpfile/kdumpfile.h>

#include "base/bits.h"
#include "target/providers.h"

/*
 * libkdumpfile's page cache is a linear list. Pages of a kdump file are
 * decompressed into it, and a short list is faster to search; an ELF file is
 * mapped in larger pieces, which are expensive to map again.
 */
#define CACHE_SIZE_ELF 128
#define CACHE_SIZE_KDUMP 32

/* Bits of the map of stored pages that are read at once. */
#define STORED_WINDOW UINT64_C(32768)

struct kdump {
	kdump_ctx_t *ctx;
	/** Translation of kernel addresses; set up last. */
	addrxlat_ctx_t *xlat;
	addrxlat_sys_t *xlat_system;
	/** The pages that the file holds; NULL if the format does not say. */
	kdump_bmp_t *stored;
	/** Bits of @p stored from stored_first on; none at first. */
	uint64_t stored_first;
	unsigned char stored_bits[STORED_WINDOW / 8];
	unsigned int page_shift;
	/** Ours, and so is what it holds; NULL in a clone. */
	struct hwp_dumpfile *dump;
	bool is_clone, is_elf, is_open;
};

/*
 * Before 0.5.2 kdump_free() of a kdump file looks at two attributes that it has freed, and
 * crashes when malloc has joined their memory with its neighbours: libkdumpfile commit
 * 97c716a424a8 ("Run attribute cleanup hooks before deallocating attributes"). A host's
 * session must not die of that, so the context stays, with an empty cache.
 */
static void free_context(struct kdump *k)
{
	/* It crashes on a context that could not be opened for want of memory, too. */
	if (!k->is_open && !k->is_clone)
		return;
#if KDUMPFILE_VERSION < KDUMPFILE_MKVER(0, 5, 2)
	if (!k->is_elf && !k->is_clone) {
		kdump_set_number_attr(k->ctx, "cache.size", 1);
		return;
	}
#endif
	kdump_free(k->ctx);
}

static void kdump_close(void *arg)
{
	struct kdump *k = arg;

	if (!k)
		return;
	if (k->stored)
		kdump_bmp_decref(k->stored);
	if (k->xlat_system)
		addrxlat_sys_decref(k->xlat_system);
	if (k->xlat)
		addrxlat_ctx_decref(k->xlat);
	if (k->ctx)
		free_context(k);
	if (k->dump)
		hwp_dumpfile_deinit(k->dump);
	free(k->dump);
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
 * Reading a page that the file does not hold leaves libkdumpfile 0.5.1 with a
 * broken cache: later pages fail to decompress. So it is never asked for one.
 */
static bool is_stored(struct kdump *k, uint64_t physical)
{
	uint64_t pfn = physical >> k->page_shift, first = pfn & ~(STORED_WINDOW - 1);

	if (!k->stored)
		return true;
	if (k->stored_first != first) {
		memset(k->stored_bits, 0, sizeof(k->stored_bits));
		k->stored_first = first;
		if (kdump_bmp_get_bits(k->stored, first, first + STORED_WINDOW - 1,
				       k->stored_bits) != KDUMP_OK)
			k->stored_first = UINT64_MAX;
	}
	/* If the bitmap cannot be read, the read of the page decides. */
	return k->stored_first == UINT64_MAX || hwp_test_bit(k->stored_bits, pfn - first);
}

static struct hwp_error *not_stored(uint64_t address)
{
	return hwp_error_at(HWP_ERROR_EXCLUDED, address, "the page is not in the dump");
}

/*
 * By physical address: libkdumpfile 0.5 sorts the virtual addresses of ELF
 * segments by their physical ones, and a read by virtual address can then end
 * in zeros.
 */
static struct hwp_error *translate(struct kdump *k, uint64_t address, uint64_t *ret)
{
	addrxlat_fulladdr_t at = { .addr = address, .as = ADDRXLAT_KVADDR };
	struct hwp_error *err;
	const char *message;

	if (!k->xlat)
		return hwp_error_at(HWP_ERROR_FAULT, address, "addresses cannot be translated");
	if (addrxlat_fulladdr_conv(&at, ADDRXLAT_MACHPHYSADDR, k->xlat, k->xlat_system) ==
	    ADDRXLAT_OK) {
		*ret = at.addr;
		return NULL;
	}
	message = addrxlat_ctx_get_err(k->xlat);
	err = hwp_error_at(HWP_ERROR_FAULT, address, "%s", message ? message : "not mapped");
	addrxlat_ctx_clear_err(k->xlat);
	return err;
}

static struct hwp_error *read_page_part(struct kdump *k, enum hwp_space space, uint64_t address,
					void *buf, size_t size)
{
	uint64_t physical = address;
	struct hwp_error *err = NULL;
	kdump_status status;
	size_t len = size;

	if (space == HWP_KERNEL_VIRTUAL)
		err = translate(k, address, &physical);
	if (err)
		return err;
	if (!is_stored(k, physical))
		return not_stored(address);
	status = kdump_read(k->ctx, KDUMP_MACHPHYSADDR, physical, buf, &len);
	return status == KDUMP_OK ? NULL : kdump_failure(k->ctx, status, address);
}

static struct hwp_error *kdump_op_read(void *arg, enum hwp_space space, uint64_t address, void *buf,
				       size_t size, size_t *nr_read_ret)
{
	struct kdump *k = arg;
	size_t page_size = (size_t)1 << k->page_shift, done = 0;
	struct hwp_error *err = NULL;

	kdump_clear_err(k->ctx);
	while (done < size && !err) {
		size_t part = page_size - (address + done) % page_size;

		part = part < size - done ? part : size - done;
		err = read_page_part(k, space, address + done, (char *)buf + done, part);
		done += err ? 0 : part;
	}
	*nr_read_ret = done;
	return hwp_error_prefix(err, "%s address 0x%" PRIx64,
				space == HWP_PHYSICAL ? "physical" : "kernel", address + done);
}

static void get_stored(struct kdump *k)
{
	kdump_attr_t attr = {};

	k->stored_first = UINT64_MAX - 1;
	/* ELF files are mapped and do not suffer from it; their bitmap is wrong, even to
	 * crash, where segments overlap. */
	if (k->is_elf)
		return;
	/*
	 * The attribute is borrowed: take a reference. kdump_get_typed_attr() changed
	 * its parameters between 0.5.1 and 0.5.6; this one has the same in all of them.
	 */
	if (kdump_get_attr(k->ctx, KDUMP_ATTR_FILE_PAGEMAP, &attr) == KDUMP_OK &&
	    attr.type == KDUMP_BITMAP && kdump_bmp_incref(attr.val.bitmap))
		k->stored = attr.val.bitmap;
	kdump_clear_err(k->ctx);
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
	copy->is_clone = true;
	copy->ctx = kdump_clone(k->ctx, 0);
	if (!copy->ctx)
		return hwp_error_no_memory();
	copy->page_shift = k->page_shift;
	copy->is_elf = k->is_elf;
	get_stored(copy);
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
 * The order matters to libkdumpfile: architecture, system, then VMCOREINFO, which it does not
 * show before.
 */
static struct hwp_error *describe_system(kdump_ctx_t *ctx, const char *machine, const char *given)
{
	const char *arch = NULL;
	kdump_status status;

	if (kdump_get_string_attr(ctx, KDUMP_ATTR_ARCH_NAME, &arch) != KDUMP_OK)
		kdump_set_string_attr(ctx, KDUMP_ATTR_ARCH_NAME, machine);
	kdump_clear_err(ctx);
	status = kdump_set_string_attr(ctx, KDUMP_ATTR_OSTYPE, "linux");
	if (status != KDUMP_OK)
		return hwp_error_prefix(kdump_failure(ctx, status, 0),
					"cannot set up address translation");
	return given ? set_vmcoreinfo(ctx, given) : NULL;
}

/** What libkdumpfile 0.5.1 crashes on, or misreads, and our own reader does not. */
static struct hwp_error *refuse_hostile(const struct hwp_dumpfile *dump, const char *text)
{
	if (!dump->is_kdump && dump->elf.is_cut_short)
		return hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"a paging dump of a guest with two memory backends, which "
					"libkdumpfile misreads: take it again by dump-guest-memory "
					"without -p");
	if (!dump->is_kdump && dump->elf.has_bad_sections)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "the ELF section headers are nonsense");
	if (dump->is_kdump && dump->kdump.notes_beyond_end)
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"the kdump header is nonsense: its notes go beyond the "
					"file's end");
	if (text && (text[0] == '.' || strstr(text, "\n.")))
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"VMCOREINFO is nonsense: a line begins with '.'");
	return NULL;
}

static struct hwp_error *kdump_setup(struct kdump *k, const char *machine, const char *given,
				     struct hwp_file_facts *facts)
{
	kdump_num_t page_shift;
	struct hwp_error *err;
	kdump_status status;

	/* A map faults where the file has shrunk. */
	kdump_set_number_attr(k->ctx, KDUMP_ATTR_FILE_MMAP_POLICY, KDUMP_MMAP_NEVER);
	status = kdump_open_fd(k->ctx, k->dump->file.fd);
	if (status != KDUMP_OK)
		return kdump_failure(k->ctx, status, 0);
	k->is_open = true;
	kdump_set_number_attr(k->ctx, "cache.size", k->is_elf ? CACHE_SIZE_ELF : CACHE_SIZE_KDUMP);
	err = describe_system(k->ctx, machine, given);
	if (err)
		return err;
	status = kdump_get_number_attr(k->ctx, KDUMP_ATTR_PAGE_SHIFT, &page_shift);
	if (status != KDUMP_OK || page_shift < HWP_MIN_PAGE_SHIFT ||
	    page_shift > HWP_MAX_PAGE_SHIFT)
		return hwp_error_create(HWP_ERROR_UNSUPPORTED, "the dump's page size is unknown");
	k->page_shift = facts->page_shift = (unsigned int)page_shift;
	get_stored(k);
	/* Without VMCOREINFO there may be none; open.c reports what is missing. */
	hwp_error_destroy(get_translation(k));
	return NULL;
}

struct hwp_error *hwp_kdump_open(struct hwp_dumpfile *dump, const char *machine, const char *given,
				 struct hwp_provider *ret, struct hwp_file_facts *facts)
{
	_cleanup_(kdump_closep) struct kdump *k = calloc(1, sizeof(*k));
	struct hwp_error *err;

	if (!k)
		return hwp_error_no_memory();
	k->is_elf = !dump->is_kdump;
	err = refuse_hostile(dump, given ? given : hwp_dumpfile_vmcoreinfo(dump));
	if (err)
		return err;
	k->ctx = kdump_new();
	if (!k->ctx)
		return hwp_error_no_memory();
	k->dump = dump;
	err = kdump_setup(k, machine, given, facts);
	/* Only what is open is ours. */
	if (err) {
		k->dump = NULL;
		return err;
	}
	ret->ops = &kdump_ops;
	ret->arg = no_cleanup_ptr(k);
	return NULL;
}
