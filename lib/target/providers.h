// SPDX-License-Identifier: GPL-2.0-or-later
/** The providers that target.c puts together; hosts plug in their own. */
#ifndef HWP_TARGET_PROVIDERS_H
#define HWP_TARGET_PROVIDERS_H

#include "target/target.h"

/** The empty target that open.c fills: add providers by the functions below. */
struct hwp_error *hwp_target_create_empty(const struct hwp_target_options *options,
					  struct hwp_target **ret);

/**
 * Give @p target a provider, which it takes over. Memory comes first and
 * brings VMCOREINFO, when it has any.
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
 * Open a dump file by libkdumpfile; @p vmcoreinfo_path may be NULL. Errors
 * name what the file is when it is no dump.
 */
struct hwp_error *hwp_kdump_open(const char *path, const char *vmcoreinfo_path,
				 struct hwp_provider *ret, struct hwp_file_facts *facts);

/**
 * Look at the first bytes of @p *fd: refuse what no dump can be, say what is
 * cut off. A flattened file is replaced by an unlinked, rearranged copy in
 * $TMPDIR (*@p fd is then that file).
 */
struct hwp_error *hwp_dumpfile_prepare(const char *path, int *fd, struct hwp_file_facts *facts);

/** Refuse VMCOREINFO by which libkdumpfile would divide by zero. */
struct hwp_error *hwp_vmcoreinfo_check(const char *text, size_t len);

/** kallsyms tables in the target's memory, found by its VMCOREINFO. */
struct hwp_error *hwp_ksyms_open(struct hwp_target *target, struct hwp_provider *ret);

/** BTF between __start_BTF and __stop_BTF in the target's memory. */
struct hwp_error *hwp_btf_open(struct hwp_target *target, struct hwp_provider *ret);

/** BTF in a file, as /sys/kernel/btf/vmlinux. */
struct hwp_error *hwp_btf_open_file(const char *path, struct hwp_provider *ret);

/** A vmlinux with debug information of the very kernel that the target is (vmlinux.c). */
struct hwp_vmlinux;

/** The target's kernel, to find its vmlinux by. */
struct hwp_kernel_name {
	/** Empty when there is none that a file could be called. */
	char release[128];
	/** Lower-case hexadecimal digits; empty when VMCOREINFO does not tell. */
	char build_id[129];
	/** The vmcore, or NULL. */
	const char *core_path;
};

/**
 * Take the vmlinux of @p target, whose memory must be set: of the files and directories
 * @p paths the first that matches; else, where @p search, one beside the vmcore, where
 * distributions put it, or from debuginfod when $DEBUGINFOD_URLS is set. LOOKUP when there
 * is none; a file of @p paths that cannot be taken is an error of its own kind, and so is
 * one of another kernel (INVALID_ARGUMENT, naming both).
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
 * Call @p visit with each file that could be the kernel's vmlinux, until it returns false.
 * In directory @p dir: by build id below .build-id, by release, or just called vmlinux.
 */
bool hwp_debugfile_in(const char *dir, const struct hwp_kernel_name *name,
		      bool (*visit)(void *arg, const char *path), void *arg);

/** ... beside the vmcore, and where distributions put it. */
bool hwp_debugfile_usual(const struct hwp_kernel_name *name,
			 bool (*visit)(void *arg, const char *path), void *arg);

/**
 * By debuginfod; the caller frees the path. NULL when the user has not turned it on by
 * $DEBUGINFOD_URLS. LOOKUP when it has none.
 */
struct hwp_error *hwp_debuginfod_find(const char *build_id, char **path_ret);

/**
 * All of a program of libdrgn, which is loaded at run time: @p options give
 * core_path and symbol_paths. UNSUPPORTED says what to install.
 */
struct hwp_error *hwp_drgn_open(const struct hwp_target_options *options,
				struct hwp_host_providers *ret);

/**
 * Memory, by physical address, and VMCOREINFO of the guest behind QMP socket @p path, by
 * libdrgn. UNSUPPORTED says what is missing of it, and what to do instead.
 */
struct hwp_error *hwp_drgn_open_guest(const char *path, struct hwp_provider *ret);

#endif /* HWP_TARGET_PROVIDERS_H */
