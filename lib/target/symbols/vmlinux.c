// SPDX-License-Identifier: GPL-2.0-or-later
/** The target's vmlinux: found, checked to be of the same kernel, and relocated. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bits.h"
#include "target/providers.h"
#include "target/symbols/dwarfinfo.h"

/* The kernel's notes are a few hundred bytes. */
#define MAX_NOTES 65536
#define MAX_BANNER 512

struct hwp_vmlinux {
	unsigned int nr_refs;
	struct hwp_elffile *file;
	struct hwp_dwarf *dwarf;
	/** What KASLR added to link-time addresses. */
	uint64_t offset;
};

void hwp_vmlinux_unref(struct hwp_vmlinux *v)
{
	if (!v || --v->nr_refs)
		return;
	hwp_dwarf_close(v->dwarf);
	hwp_elffile_close(v->file);
	free(v);
}

static struct hwp_error *op_symbols(void *arg, struct hwp_symbol *syms, size_t nr)
{
	const struct hwp_vmlinux *v = arg;
	_cleanup_free_ bool *relocate = calloc(nr ? nr : 1, sizeof(*relocate));
	struct hwp_error *err;

	if (!relocate)
		return hwp_error_no_memory();
	err = hwp_elffile_symbols(v->file, syms, relocate, nr);
	for (size_t i = 0; i < nr && !err; i++)
		syms[i].address += syms[i].found && relocate[i] ? v->offset : 0;
	return err;
}

static struct hwp_error *op_expect(void *arg, const char *source)
{
	struct hwp_vmlinux *v = arg;

	return hwp_dwarf_expect(v->dwarf, source);
}

static struct hwp_error *op_member(void *arg, const char *type, const char *member,
				   struct hwp_member *ret)
{
	struct hwp_vmlinux *v = arg;

	return hwp_dwarf_member(v->dwarf, type, member, ret);
}

static struct hwp_error *op_enumerator(void *arg, const char *type, const char *name, int64_t *ret)
{
	struct hwp_vmlinux *v = arg;

	return hwp_dwarf_enumerator(v->dwarf, type, name, ret);
}

static struct hwp_error *op_function(void *arg, const char *file, const char *name,
				     enum hwp_function *ret)
{
	struct hwp_vmlinux *v = arg;

	return hwp_dwarf_function(v->dwarf, file, name, ret);
}

static void op_destroy(void *arg)
{
	hwp_vmlinux_unref(arg);
}

static const struct hwp_provider_ops vmlinux_ops = {
	.name = "dwarf",
	.symbols = op_symbols,
	.expect = op_expect,
	.member = op_member,
	.enumerator = op_enumerator,
	.function = op_function,
	.destroy = op_destroy,
};

void hwp_vmlinux_provider(struct hwp_vmlinux *vmlinux, struct hwp_provider *ret)
{
	vmlinux->nr_refs++;
	*ret = (struct hwp_provider){ .ops = &vmlinux_ops, .arg = vmlinux };
}

/** Which kernel it is, according to VMCOREINFO. */
static void name_kernel(const struct hwp_target *target, const char *core_path,
			struct hwp_kernel_name *ret)
{
	const char *release = hwp_target_release(target), *id;
	size_t len;

	*ret = (struct hwp_kernel_name){ .core_path = core_path };
	if (!strchr(release, '/'))
		snprintf(ret->release, sizeof(ret->release), "%s", release);
	/* Linux kernel commit 0935288c6e00 ("kdump: append kernel build-id string to
	 * VMCOREINFO") (in v5.9). */
	id = hwp_target_vmcoreinfo(target, "BUILD-ID", &len);
	if (!id || len >= sizeof(ret->build_id))
		return;
	for (size_t i = 0; i < len; i++) {
		if (!isxdigit((unsigned char)id[i]))
			return;
	}
	for (size_t i = 0; i < len; i++)
		ret->build_id[i] = (char)tolower((unsigned char)id[i]);
}

static struct hwp_error *find_offset(const struct hwp_target *target, struct hwp_vmlinux *v)
{
	struct hwp_symbol stext = { .name = "_stext" };
	bool relocate = false;
	uint64_t address, offset;
	struct hwp_error *err, *no_offset;

	err = hwp_elffile_symbols(v->file, &stext, &relocate, 1);
	if (err)
		return err;
	if (!stext.found)
		return hwp_error_create(HWP_ERROR_LOOKUP, "its symbol table has no _stext");
	err = hwp_target_vmcoreinfo_number(target, "SYMBOL(_stext)", &address);
	no_offset = hwp_target_vmcoreinfo_number(target, "KERNELOFFSET", &offset);
	v->offset = err ? no_offset ? 0 : offset : address - stext.address;
	if (!err && !no_offset && offset != v->offset)
		err = hwp_error_create(HWP_ERROR_BAD_DATA,
				       "its _stext is at 0x%" PRIx64
				       ", VMCOREINFO has it at 0x%" PRIx64
				       " and moved by 0x%" PRIx64 ": not of this kernel",
				       stext.address, address, offset);
	else
		hwp_error_catch(&err, HWP_ERROR_LOOKUP);
	hwp_error_destroy(no_offset);
	return err;
}

/** From the kernel's notes in memory; empty if they cannot be read. */
static void read_build_id(struct hwp_target *target, struct hwp_vmlinux *v,
			  struct hwp_build_id *ret)
{
	struct hwp_symbol syms[] = { { .name = "__start_notes" }, { .name = "__stop_notes" } };
	_cleanup_free_ void *notes = NULL;
	_cleanup_error_ struct hwp_error *err = op_symbols(v, syms, HWP_ARRAY_SIZE(syms));
	uint64_t size = syms[1].address - syms[0].address;

	if (err || !syms[0].found || !syms[1].found || size > MAX_NOTES)
		return;
	notes = calloc(1, size + 1);
	if (!notes)
		return;
	err = hwp_target_read(target, HWP_KERNEL_VIRTUAL, syms[0].address, notes, size, NULL);
	if (!err)
		hwp_build_id_in_notes(notes, size, ret);
}

/** Compare "Linux version ..." in the file and in memory. */
static struct hwp_error *compare_banners(struct hwp_target *target, struct hwp_vmlinux *v)
{
	struct hwp_symbol sym = { .name = "linux_banner" };
	char there[MAX_BANNER], here[MAX_BANNER] = {};
	struct hwp_error *err = op_symbols(v, &sym, 1);
	const char *text = NULL;
	size_t size = 0;

	if (!err && sym.found)
		text = hwp_elffile_bytes(v->file, sym.address - v->offset, &size);
	if (!err && text)
		err = hwp_target_read_string(target, sym.address, there, sizeof(there));
	if (err)
		return hwp_error_prefix(err,
					"it cannot be compared with the target's kernel (%s): "
					"VMCOREINFO has no build id, and in memory",
					hwp_target_release(target));
	if (!text)
		return hwp_error_create(HWP_ERROR_LOOKUP,
					"has neither a build id nor linux_banner, so its kernel "
					"is unknown");
	memcpy(here, text, size < sizeof(here) ? size : sizeof(here) - 1);
	here[strcspn(here, "\n")] = there[strcspn(there, "\n")] = '\0';
	if (strcmp(here, there) == 0 && here[0])
		return NULL;
	return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
				"is of another kernel: it says '%.80s', the target '%.80s'", here,
				there);
}

/** Is it of the same kernel? The offset must be known: memory may have to be read. */
static struct hwp_error *match_kernel(struct hwp_target *target, struct hwp_vmlinux *v,
				      const struct hwp_kernel_name *name)
{
	const struct hwp_build_id *own = hwp_elffile_build_id(v->file);
	struct hwp_build_id there = {};

	if (name->build_id[0])
		snprintf(there.hex, sizeof(there.hex), "%s", name->build_id);
	else if (own->hex[0])
		read_build_id(target, v, &there);
	if (!own->hex[0] || !there.hex[0])
		return compare_banners(target, v);
	if (strcmp(own->hex, there.hex) == 0)
		return NULL;
	return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
				"is of another kernel: its build id is %s, the target's is %s "
				"(%s)",
				own->hex, there.hex, hwp_target_release(target));
}

static struct hwp_error *open_file(struct hwp_target *target, const struct hwp_kernel_name *name,
				   const char *path, struct hwp_vmlinux **ret)
{
	_cleanup_(hwp_vmlinux_unrefp) struct hwp_vmlinux *v = calloc(1, sizeof(*v));
	const struct hwp_build_id *own;
	struct hwp_error *err;

	if (!v)
		return hwp_error_no_memory();
	v->nr_refs = 1;
	err = hwp_elffile_open(path, &v->file);
	if (err)
		return err;
	own = hwp_elffile_build_id(v->file);
	/* If it is another kernel's, say that first, whatever else is wrong with it. */
	if (own->hex[0] && name->build_id[0])
		err = match_kernel(target, v, name);
	if (!err)
		err = hwp_dwarf_open(v->file, &v->dwarf);
	if (!err)
		err = find_offset(target, v);
	if (!err && !(own->hex[0] && name->build_id[0]))
		err = match_kernel(target, v, name);
	if (err)
		return hwp_error_prefix(err, "%s", path);
	*ret = no_cleanup_ptr(v);
	return NULL;
}

struct finder {
	struct hwp_target *target;
	struct hwp_kernel_name name;
	struct hwp_vmlinux *found;
	/** Why the first file was refused. */
	struct hwp_error *first_err;
};

static bool visit(void *arg, const char *path)
{
	struct finder *f = arg;
	struct hwp_error *err = open_file(f->target, &f->name, path, &f->found);

	if (f->first_err)
		hwp_error_destroy(err);
	else
		f->first_err = err;
	return !f->found;
}

/** Try a file, or the candidates in a directory; false once one is taken. */
static bool visit_given(struct finder *f, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return visit(f, path);
	if (!hwp_debugfile_in(path, &f->name, visit, f))
		return false;
	if (!f->first_err)
		f->first_err = hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
						"%s: this directory has no vmlinux of %s, by name "
						"or by build id (%s)",
						path, hwp_target_release(f->target),
						f->name.build_id[0] ? f->name.build_id : "unknown");
	return true;
}

static struct hwp_error *ask_debuginfod(struct finder *f, const struct hwp_target_options *o)
{
	_cleanup_free_ char *path = NULL;
	struct hwp_error *err;

	err = o->find_debuginfo ?
		      o->find_debuginfo(o->find_debuginfo_arg, f->name.build_id, &path) :
		      hwp_debuginfod_find(f->name.build_id, &path);
	return err || !path ? err : open_file(f->target, &f->name, path, &f->found);
}

static struct hwp_error *not_found(const struct finder *f)
{
	const char *why = f->first_err ? f->first_err->message : NULL;
	char package[160];
	bool known = hwp_debug_package(hwp_target_release(f->target), package, sizeof(package));

	return hwp_error_create(HWP_ERROR_LOOKUP,
				"no vmlinux of %s (build id %s) is beside the vmcore or in "
				"/usr/lib/debug: give it with -s FILE%s%s%s%s%s%s",
				hwp_target_release(f->target),
				f->name.build_id[0] ? f->name.build_id : "unknown",
				known ? " (by its name, package " : "", known ? package : "",
				known ? ")" : "", why ? " (" : "", why ? why : "", why ? ")" : "");
}

struct hwp_error *hwp_vmlinux_open(struct hwp_target *target,
				   const struct hwp_target_options *options, bool search,
				   struct hwp_vmlinux **ret)
{
	struct finder f = { .target = target };
	struct hwp_error *err = NULL;

	name_kernel(target, options->core_path, &f.name);
	for (size_t i = 0; i < options->nr_symbol_paths && !f.found; i++)
		visit_given(&f, options->symbol_paths[i]);
	if (!f.found && f.first_err)
		return f.first_err;
	if (!f.found && search && hwp_debugfile_usual(&f.name, visit, &f))
		err = ask_debuginfod(&f, options);
	if (err && !f.first_err)
		f.first_err = no_cleanup_ptr(err);
	hwp_error_destroy(err);
	err = f.found ? NULL : not_found(&f);
	hwp_error_destroy(f.first_err);
	*ret = f.found;
	return err;
}
