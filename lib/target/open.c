// SPDX-License-Identifier: GPL-2.0-or-later
/** Which providers a target is made of: the host's, the kernel's own data, or its vmlinux. */
#include <string.h>

#include "base/clock.h"
#include "target/memory/guest.h"
#include "target/memory/running.h"
#include "target/providers.h"

#define RUNNING_BTF "/sys/kernel/btf/vmlinux"

/** Is it this system, so that its files in /proc and /sys describe the target? */
static bool is_of_this_system(const struct hwp_target_options *options)
{
	return options->host ? !options->host->path : !options->core_path && !options->qemu_socket;
}

static struct hwp_error *no_btf(struct hwp_error *err)
{
	/* The kernel has it. */
	if (err && (err->code == HWP_ERROR_EXCLUDED || err->code == HWP_ERROR_FAULT))
		return hwp_error_prefix(err, "BTF");
	return hwp_error_prefix(err, "no usable BTF in the dump: this needs a kernel with "
				     "CONFIG_DEBUG_INFO_BTF=y and a dump that keeps kernel data, "
				     "or the kernel's vmlinux");
}

static struct hwp_error *need_vmcoreinfo(const struct hwp_target *target)
{
	size_t len;

	if (hwp_target_release(target)[0])
		return NULL;
	if (hwp_target_vmcoreinfo(target, "PAGESIZE", &len))
		return hwp_error_create(HWP_ERROR_BAD_DATA, "VMCOREINFO has no OSRELEASE");
	return hwp_error_create(HWP_ERROR_LOOKUP,
				"the dump carries no VMCOREINFO, and none was found in its memory: "
				"give it with --vmcoreinfo FILE "
				"(for QEMU: -device vmcoreinfo, and qemu_fw_cfg in the guest)");
}

/* struct uts_namespace begins with struct new_utsname, or has a counter before it. */
#define UTSNAME_SIZE (8 + 6 * 65)

/** Does the memory say that it is of the kernel that a VMCOREINFO not its own is of? */
static struct hwp_error *confirm_vmcoreinfo(struct hwp_target *target, const char *given_path)
{
	const char *release = hwp_target_release(target);
	const char *source = given_path ? given_path :
					  "the VMCOREINFO that was found in its memory";
	char names[UTSNAME_SIZE];
	uint64_t address;
	struct hwp_error *err;

	err = hwp_target_vmcoreinfo_number(target, "SYMBOL(init_uts_ns)", &address);
	if (hwp_error_catch(&err, HWP_ERROR_LOOKUP))
		return NULL;
	if (!err)
		err = hwp_target_read(target, HWP_KERNEL_VIRTUAL, address, names, sizeof(names),
				      NULL);
	if (err)
		return hwp_error_prefix(err,
					"%s is of %s, but the dump has no init_uts_ns where it "
					"says",
					source, release);
	if (memmem(names, sizeof(names), release, strlen(release) + 1))
		return NULL;
	return hwp_error_create(
		HWP_ERROR_INVALID_ARGUMENT,
		"%s is of %s, but in the dump the kernel's name is not where it says: "
		"it is of another kernel, or another boot of it",
		source, release);
}

/** A kernel without CONFIG_KALLSYMS_ALL names its functions only: Debian's 6.1 for arm64. */
static struct hwp_error *need_data(struct hwp_target *target, const struct hwp_provider *symbols)
{
	struct hwp_symbol uts = { .name = "init_uts_ns" };
	uint64_t address;
	struct hwp_error *err;

	err = hwp_target_vmcoreinfo_number(target, "SYMBOL(init_uts_ns)", &address);
	if (hwp_error_catch(&err, HWP_ERROR_LOOKUP))
		return NULL;
	if (!err)
		err = symbols->ops->symbols(symbols->arg, &uts, 1);
	if (err || uts.found)
		return err;
	return hwp_error_create(HWP_ERROR_LOOKUP,
				"the kernel's kallsyms name no data (it was built without "
				"CONFIG_KALLSYMS_ALL)");
}

/** The tables in memory are not subject to kptr_restrict; VMCOREINFO locates them from v6.0 on. */
static struct hwp_error *open_kallsyms(struct hwp_target *target,
				       const struct hwp_target_options *options)
{
	struct hwp_provider symbols;
	struct hwp_error *err;

	err = hwp_ksyms_open(target, &symbols);
	if (err && is_of_this_system(options) && err->code != HWP_ERROR_NO_MEMORY) {
		hwp_error_destroy(err);
		err = hwp_running_symbols_open(&symbols);
	}
	if (err)
		return err;
	err = need_data(target, &symbols);
	if (err)
		hwp_provider_deinit(&symbols);
	else
		hwp_target_set_symbols(target, &symbols);
	return err;
}

static struct hwp_error *open_btf(struct hwp_target *target,
				  const struct hwp_target_options *options)
{
	struct hwp_provider types;
	struct hwp_error *err;

	if (is_of_this_system(options)) {
		err = hwp_btf_open_file(RUNNING_BTF, &types);
		if (err && err->code != HWP_ERROR_NO_MEMORY) {
			hwp_error_destroy(err);
			err = hwp_btf_open(target, &types);
		}
	} else {
		err = hwp_btf_open(target, &types);
	}
	if (err)
		return no_btf(err);
	hwp_target_set_types(target, &types);
	return NULL;
}

static struct hwp_error *open_memory(struct hwp_target *target,
				     const struct hwp_target_options *options)
{
	struct hwp_file_facts facts = {};
	struct hwp_provider memory;
	struct hwp_error *err;

	if (is_of_this_system(options)) {
		err = hwp_running_memory_open(&memory, &facts);
		return err ? err : hwp_target_set_memory(target, &memory, &facts);
	}
	err = options->qemu_socket ?
		      hwp_error_prefix(hwp_guest_memory_open(options->qemu_socket, &memory, &facts),
				       "%s", options->qemu_socket) :
		      hwp_dump_open_files(options, &memory, &facts);
	if (err)
		return err;
	err = hwp_target_set_memory(target, &memory, &facts);
	if (!err)
		err = need_vmcoreinfo(target);
	if (!err && (options->vmcoreinfo_path || facts.vmcoreinfo_found))
		err = confirm_vmcoreinfo(target, options->vmcoreinfo_path);
	return hwp_target_blame(target, options, err);
}

/** A page that is missing is the reason then, and not the vmlinux that could stand in for it. */
static struct hwp_error *without_vmlinux(const struct hwp_target *target, struct hwp_error *err,
					 struct hwp_error *why)
{
	struct hwp_error *both;

	if (hwp_target_damage(target)) {
		hwp_error_destroy(why);
		return err;
	}
	if (err->code == HWP_ERROR_EXCLUDED || err->code == HWP_ERROR_FAULT) {
		both = hwp_error_create(err->code, "%s; %s", err->message, why->message);
		hwp_error_destroy(err);
	} else {
		both = hwp_error_prefix(err, "%s", why->message);
	}
	hwp_error_destroy(why);
	return both;
}

/**
 * What the kernel's own data lacks comes from its vmlinux, which is searched for only
 * then: *@p err becomes NULL, or says what is missing and why there is no vmlinux.
 */
static void need_vmlinux(struct hwp_target *target, const struct hwp_target_options *options,
			 struct hwp_vmlinux **vmlinux, struct hwp_error **err)
{
	struct hwp_error *why = NULL;

	if (!*err || (*err)->code == HWP_ERROR_NO_MEMORY || (*err)->code == HWP_ERROR_INTERRUPTED)
		return;
	if (options->provider && strcmp(options->provider, "btf") == 0)
		return;
	if (!*vmlinux)
		why = hwp_vmlinux_open(target, options, true, vmlinux);
	if (why && why->code == HWP_ERROR_LOOKUP) {
		*err = without_vmlinux(target, *err, why);
		return;
	}
	hwp_error_destroy(*err);
	*err = why;
}

/** Lists of symbols among the files that the user gave, and the others, for a vmlinux. */
struct symbol_files {
	/** Of the first list; its ops are NULL when there is none. */
	struct hwp_provider list;
	/** The options with the other files, in @p paths. */
	struct hwp_target_options others;
	const char **paths;
};

static void symbol_files_deinit(struct symbol_files *files)
{
	hwp_provider_deinit(&files->list);
	free(files->paths);
}

static struct hwp_error *sort_symbol_files(struct hwp_target *target,
					   const struct hwp_target_options *options,
					   struct symbol_files *files)
{
	size_t nr = 0;

	files->others = *options;
	files->paths = calloc(options->nr_symbol_paths + 1, sizeof(*files->paths));
	if (!files->paths)
		return hwp_error_no_memory();
	for (size_t i = 0; i < options->nr_symbol_paths; i++) {
		const char *path = options->symbol_paths[i];
		struct hwp_error *err;

		if (!hwp_symbol_text_is(path)) {
			files->paths[nr++] = path;
			continue;
		}
		if (files->list.ops)
			return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
						"%s: a second list of symbols", path);
		err = hwp_symbol_text_open(target, path, &files->list);
		if (err)
			return err;
	}
	files->others.symbol_paths = files->paths;
	files->others.nr_symbol_paths = nr;
	return NULL;
}

/** The kernel's own symbols, or else those of the list that was given. */
static struct hwp_error *open_symbols(struct hwp_target *target, struct symbol_files *files)
{
	struct hwp_error *err = open_kallsyms(target, &files->others);

	if (!err || err->code == HWP_ERROR_NO_MEMORY || err->code == HWP_ERROR_INTERRUPTED ||
	    !files->list.ops)
		return err;
	hwp_error_destroy(err);
	hwp_target_set_symbols(target, &files->list);
	files->list.ops = NULL;
	return NULL;
}

/** Symbols, then types: from the kernel's own data, or else from the files that were given. */
static struct hwp_error *open_names(struct hwp_target *target,
				    const struct hwp_target_options *given,
				    struct hwp_open_times *times)
{
	_cleanup_(symbol_files_deinit) struct symbol_files files = {};
	const struct hwp_target_options *options = &files.others;
	bool force = given->provider && strcmp(given->provider, "dwarf") == 0;
	_cleanup_(hwp_vmlinux_unrefp) struct hwp_vmlinux *vmlinux = NULL;
	struct hwp_provider provider;
	uint64_t start = hwp_now_ns();
	struct hwp_error *err = sort_symbol_files(target, given, &files);

	if (!err && (force || options->nr_symbol_paths))
		err = hwp_vmlinux_open(target, options, force, &vmlinux);
	if (err)
		return err;
	err = force ? NULL : open_symbols(target, &files);
	need_vmlinux(target, options, &vmlinux, &err);
	if (err)
		return err;
	if (!hwp_target_has_symbols(target)) {
		hwp_vmlinux_provider(vmlinux, &provider);
		hwp_target_set_symbols(target, &provider);
	}
	times->symbols_ns = hwp_now_ns() - start;
	err = force ? NULL : open_btf(target, options);
	need_vmlinux(target, options, &vmlinux, &err);
	if (err)
		return err;
	if (!hwp_target_has_types(target)) {
		hwp_vmlinux_provider(vmlinux, &provider);
		hwp_target_set_types(target, &provider);
	}
	times->types_ns = hwp_now_ns() - start - times->symbols_ns;
	if (vmlinux) {
		hwp_vmlinux_provider(vmlinux, &provider);
		hwp_target_set_functions(target, &provider);
	}
	return NULL;
}

static struct hwp_error *open_own(struct hwp_target *target,
				  const struct hwp_target_options *options)
{
	struct hwp_open_times times = {};
	uint64_t start = hwp_now_ns();
	struct hwp_error *err;

	err = open_memory(target, options);
	if (err)
		return err;
	times.file_ns = hwp_now_ns() - start;
	err = open_names(target, options, &times);
	hwp_target_set_open_times(target, &times);
	return hwp_target_blame(target, options, err);
}

/** What a host has beside memory; it is asked once, and only if it must be. */
struct host_names {
	struct hwp_provider symbols, types;
	/** What it lacks, if anything. */
	struct hwp_error *why;
	bool is_asked;
};

static void host_names_deinit(struct host_names *names)
{
	hwp_provider_deinit(&names->symbols);
	hwp_provider_deinit(&names->types);
	hwp_error_destroy(names->why);
}

/**
 * One of the host's providers, which @p set takes over, in place of what the kernel's own data
 * lacks: *@p err becomes NULL, or says what the host lacks as well.
 */
static void need_host(struct hwp_target *target, const struct hwp_host *host,
		      struct host_names *names, struct hwp_provider *one,
		      void (*set)(struct hwp_target *, const struct hwp_provider *),
		      struct hwp_error **err)
{
	struct hwp_error *why;

	if (!*err || (*err)->code == HWP_ERROR_NO_MEMORY || (*err)->code == HWP_ERROR_INTERRUPTED)
		return;
	if (!names->is_asked)
		names->why = host->open_names(host->arg, &names->symbols, &names->types);
	names->is_asked = true;
	if (one->ops) {
		hwp_error_destroy(*err);
		*err = NULL;
		set(target, one);
		one->ops = NULL;
		return;
	}
	why = names->why;
	names->why = NULL;
	if (why)
		*err = without_vmlinux(target, *err, why);
}

/**
 * Symbols and types inside a host: the kernel's own, which are there without debug information
 * and are read in a fraction of the time, or else the host's.
 */
static struct hwp_error *open_host_names(struct hwp_target *target,
					 const struct hwp_target_options *options,
					 struct hwp_open_times *times)
{
	_cleanup_(host_names_deinit) struct host_names names = {};
	uint64_t start = hwp_now_ns();
	struct hwp_error *err = NULL;

	if (!hwp_target_has_symbols(target))
		err = open_kallsyms(target, options);
	need_host(target, options->host, &names, &names.symbols, hwp_target_set_symbols, &err);
	times->symbols_ns = hwp_now_ns() - start;
	if (!err && !hwp_target_has_types(target))
		err = open_btf(target, options);
	need_host(target, options->host, &names, &names.types, hwp_target_set_types, &err);
	times->types_ns = hwp_now_ns() - start - times->symbols_ns;
	return err && hwp_target_damage(target) ?
		       hwp_error_prefix(err, "%s", hwp_target_damage(target)) :
		       err;
}

/** Inside a program that has the kernel open, or by a library that opens it. */
static struct hwp_error *open_parts(struct hwp_target *target,
				    const struct hwp_target_options *options)
{
	const struct hwp_host *host = options->host;
	struct hwp_host_providers parts = {};
	struct hwp_open_times times = {};
	uint64_t start = hwp_now_ns();
	struct hwp_error *err;

	err = host ? host->open(host->arg, &parts) : hwp_drgn_open(options, &parts);
	/* The target owns what was handed out before an error too. */
	hwp_target_set_symbols(target, &parts.symbols);
	hwp_target_set_types(target, &parts.types);
	hwp_target_set_reader(target, &parts.reader);
	if (parts.memory.ops && err)
		hwp_target_set_memory(target, &parts.memory, NULL);
	else if (parts.memory.ops)
		err = hwp_target_set_memory(target, &parts.memory, &parts.facts);
	times.file_ns = hwp_now_ns() - start;
	if (!err && host && host->open_names)
		err = open_host_names(target, options, &times);
	hwp_target_set_open_times(target, &times);
	return err;
}

struct hwp_error *hwp_target_open(const struct hwp_target_options *options, struct hwp_target **ret)
{
	bool by_drgn = !options->host && options->provider &&
		       strcmp(options->provider, "drgn") == 0;
	_cleanup_(hwp_target_destroyp) struct hwp_target *target = NULL;
	struct hwp_error *err;

	if (by_drgn && options->qemu_socket)
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
					"--provider drgn cannot be used with --qemu: libdrgn "
					"would bypass the gate to look up symbols and types; "
					"take the guest's own, or give its vmlinux with -s");
	err = hwp_target_create_empty(options, &target);
	if (!err)
		err = options->host || by_drgn ? open_parts(target, options) :
						 open_own(target, options);
	if (!err && by_drgn)
		err = need_vmcoreinfo(target);
	if (!err && !hwp_target_page_shift(target))
		err = hwp_error_create(HWP_ERROR_LOOKUP, "VMCOREINFO does not say how large a page "
							 "is (PAGESIZE)");
	if (err)
		return by_drgn ? hwp_error_prefix(err, "%s", hwp_target_options_path(options)) :
				 err;
	*ret = no_cleanup_ptr(target);
	return NULL;
}
