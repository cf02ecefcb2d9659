// SPDX-License-Identifier: GPL-2.0-or-later
/** The providers that a target is made of; hosts have their own. */
#ifndef HWP_TARGET_PROVIDERS_H
#define HWP_TARGET_PROVIDERS_H

#include "target/target.h"

/** An empty target; open.c adds providers by the functions below. */
struct hwp_error *hwp_target_create_empty(const struct hwp_target_options *options,
					  struct hwp_target **ret);

/**
 * Give @p target a provider, which it takes over. Memory comes first, and with
 * it VMCOREINFO, if there is any. Without @p facts it is taken over and not read.
 */
struct hwp_error *hwp_target_set_memory(struct hwp_target *target,
					const struct hwp_provider *memory,
					const struct hwp_file_facts *facts);
void hwp_target_set_symbols(struct hwp_target *target, const struct hwp_provider *symbols);
void hwp_target_set_types(struct hwp_target *target, const struct hwp_provider *types);
void hwp_target_set_functions(struct hwp_target *target, const struct hwp_provider *functions);
void hwp_target_set_reader(struct hwp_target *target, const struct hwp_provider *reader);
void hwp_target_set_open_times(struct hwp_target *target, const struct hwp_open_times *times);

/**
 * Open the dump file, or the parts of one, that @p options name: ELF and kdump files of x86_64
 * and arm64 by our own reader, others by libkdumpfile, which the environment's
 * HWPOISON_READER=libkdumpfile asks for everywhere. If it is not a dump, the error says what it
 * is.
 */
struct hwp_error *hwp_dump_open_files(const struct hwp_target_options *options,
				      struct hwp_provider *ret, struct hwp_file_facts *facts);

/** The same for file @p path; @p vmcoreinfo_path may be NULL. */
struct hwp_error *hwp_dump_open(const char *path, const char *vmcoreinfo_path,
				struct hwp_provider *ret, struct hwp_file_facts *facts);

/** False: the file can be opened, and it is no part by makedumpfile --split. */
bool hwp_may_be_part(const char *path);

/** The kallsyms tables in the target's memory, located by VMCOREINFO. */
struct hwp_error *hwp_ksyms_open(struct hwp_target *target, struct hwp_provider *ret);

/** Does @p path begin like a list of symbols: "ffffffff81000000 T _text"? */
bool hwp_symbol_text_is(const char *path);

/**
 * The symbols in @p path, a System.map or a copy of /proc/kallsyms, moved to where KASLR put
 * the kernel of @p target, whose memory must be set. INVALID_ARGUMENT when it is of another
 * kernel, or has no addresses.
 */
struct hwp_error *hwp_symbol_text_open(struct hwp_target *target, const char *path,
				       struct hwp_provider *ret);

/** BTF between __start_BTF and __stop_BTF in the target's memory. */
struct hwp_error *hwp_btf_open(struct hwp_target *target, struct hwp_provider *ret);

/** BTF in a file, such as /sys/kernel/btf/vmlinux. */
struct hwp_error *hwp_btf_open_file(const char *path, struct hwp_provider *ret);

/** The vmlinux of exactly the target's kernel, with debug information (vmlinux.c). */
struct hwp_vmlinux;

/** What a vmlinux of the target's kernel can be found by. */
struct hwp_kernel_name {
	/** Empty if VMCOREINFO has none, or one that cannot be a file name. */
	char release[128];
	/** Lower-case hexadecimal digits; empty if VMCOREINFO has none. */
	char build_id[129];
	/** The vmcore, or NULL. */
	const char *core_path;
};

/**
 * Open the vmlinux of @p target, whose memory must be set: the first that matches among
 * the files and directories of options->symbol_paths. If none of these is given and
 * @p search is set, search beside the vmcore and where distributions install it, then ask
 * debuginfod if $DEBUGINFOD_URLS is set. LOOKUP if there is none. A file in symbol_paths
 * that cannot be used, or belongs to another kernel (INVALID_ARGUMENT), is an error.
 */
struct hwp_error *hwp_vmlinux_open(struct hwp_target *target,
				   const struct hwp_target_options *options, bool search,
				   struct hwp_vmlinux **ret);

/** A provider of symbols, types and functions; it keeps the vmlinux alive. */
void hwp_vmlinux_provider(struct hwp_vmlinux *vmlinux, struct hwp_provider *ret);

/** NULL is fine. */
void hwp_vmlinux_unref(struct hwp_vmlinux *vmlinux);

static inline void hwp_vmlinux_unrefp(struct hwp_vmlinux **vmlinux)
{
	hwp_vmlinux_unref(*vmlinux);
}

/**
 * The package in which a distribution has the debug information of kernel @p release, by the
 * form of that name: "5.10.0-46-amd64" is Debian's. False when the form is no distribution's.
 */
bool hwp_debug_package(const char *release, char *buf, size_t size);

/**
 * Call @p visit with each file in directory @p dir that could be the kernel's vmlinux,
 * until it returns false: by build id below .build-id, by release, or named vmlinux.
 */
bool hwp_debugfile_in(const char *dir, const struct hwp_kernel_name *name,
		      bool (*visit)(void *arg, const char *path), void *arg);

/** The same beside the vmcore, and where distributions install it. */
bool hwp_debugfile_usual(const struct hwp_kernel_name *name,
			 bool (*visit)(void *arg, const char *path), void *arg);

/**
 * Ask debuginfod for the vmlinux; the caller frees the path. NULL unless $DEBUGINFOD_URLS
 * is set. LOOKUP when the servers have none.
 */
struct hwp_error *hwp_debuginfod_find(const char *build_id, char **path_ret);

/**
 * Memory, symbols and types by libdrgn, which is loaded at run time; @p options give
 * core_path and symbol_paths. UNSUPPORTED says what to install.
 */
struct hwp_error *hwp_drgn_open(const struct hwp_target_options *options,
				struct hwp_host_providers *ret);

/**
 * The memory, by physical address, and the VMCOREINFO of the guest behind QMP socket
 * @p path, by libdrgn. UNSUPPORTED says what libdrgn lacks, and what to do instead.
 */
struct hwp_error *hwp_drgn_open_guest(const char *path, struct hwp_provider *ret);

#endif /* HWP_TARGET_PROVIDERS_H */
