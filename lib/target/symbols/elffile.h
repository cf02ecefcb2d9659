// SPDX-License-Identifier: GPL-2.0-or-later
/** An ELF file with the kernel's symbols: a vmlinux, or a .debug file cut from one. */
#ifndef HWP_TARGET_SYMBOLS_ELFFILE_H
#define HWP_TARGET_SYMBOLS_ELFFILE_H

#include <stddef.h>

#include "base/error.h"
#include "target/target.h"

/** Of sha1 it has 20; the linker takes any number. */
#define HWP_MAX_BUILD_ID 64

/** Lower-case hexadecimal digits; empty when there is none. */
struct hwp_build_id {
	char hex[2 * HWP_MAX_BUILD_ID + 1];
};

struct hwp_elffile;
/** libelf's handle. */
struct Elf;

/**
 * Open @p path. Errors: OS; INVALID_ARGUMENT when it is no ELF file, or not of
 * a kernel that we know; BAD_DATA when it is cut off.
 */
struct hwp_error *hwp_elffile_open(const char *path, struct hwp_elffile **ret);

/** NULL is fine. */
void hwp_elffile_close(struct hwp_elffile *file);

/** Borrowed, for libdw. */
struct Elf *hwp_elffile_handle(const struct hwp_elffile *file);

/** By its NT_GNU_BUILD_ID note. */
const struct hwp_build_id *hwp_elffile_build_id(const struct hwp_elffile *file);

/**
 * The bytes of a section, decompressed once libdw has the file, borrowed.
 * NULL when it has no such section, or no bytes in this file.
 */
const void *hwp_elffile_section(const struct hwp_elffile *file, const char *name, size_t *size_ret);

/** Its bytes at a link-time address: up to *@p size_ret of them; NULL when there are none. */
const void *hwp_elffile_bytes(const struct hwp_elffile *file, uint64_t address, size_t *size_ret);

/**
 * Resolve by .symtab, at link-time addresses. Of several symbols of a name the
 * one at the lowest address is taken, as in kallsyms. @p relocate (of which
 * there are as many as @p syms) says which move with the kernel: not absolute
 * ones, nor per-CPU ones where those count from 0.
 */
struct hwp_error *hwp_elffile_symbols(const struct hwp_elffile *file, struct hwp_symbol *syms,
				      bool *relocate, size_t nr);

/** Find NT_GNU_BUILD_ID among @p size bytes of notes; false when it is not there. */
bool hwp_build_id_in_notes(const void *notes, size_t size, struct hwp_build_id *ret);

#endif /* HWP_TARGET_SYMBOLS_ELFFILE_H */
