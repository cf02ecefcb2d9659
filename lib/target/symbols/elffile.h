// SPDX-License-Identifier: GPL-2.0-or-later
/** An ELF file with the kernel's symbols: a vmlinux, or a .debug file cut from one. */
#ifndef HWP_TARGET_SYMBOLS_ELFFILE_H
#define HWP_TARGET_SYMBOLS_ELFFILE_H

#include <stddef.h>

#include "base/error.h"
#include "target/target.h"

/** 20 bytes for sha1; --build-id=0x... can have any number. */
#define HWP_MAX_BUILD_ID 64

/** Lower-case hexadecimal digits; empty when there is none. */
struct hwp_build_id {
	char hex[2 * HWP_MAX_BUILD_ID + 1];
};

struct hwp_elffile;
/** libelf's handle. */
struct Elf;

/**
 * Open @p path. Errors: OS; INVALID_ARGUMENT if it is not an ELF file that -s
 * takes; UNSUPPORTED if it is not 64-bit little-endian; BAD_DATA if it is truncated.
 */
struct hwp_error *hwp_elffile_open(const char *path, struct hwp_elffile **ret);

/** NULL is fine. */
void hwp_elffile_close(struct hwp_elffile *file);

/** Borrowed, for libdw. */
struct Elf *hwp_elffile_handle(const struct hwp_elffile *file);

/** From its NT_GNU_BUILD_ID note. */
const struct hwp_build_id *hwp_elffile_build_id(const struct hwp_elffile *file);

/**
 * The bytes of a section, decompressed after libdw has opened the file; borrowed.
 * NULL if there is no such section, or it has no bytes in this file.
 */
const void *hwp_elffile_section(const struct hwp_elffile *file, const char *name, size_t *size_ret);

/** The *@p size_ret bytes from a link-time address to the section's end; NULL if there are none. */
const void *hwp_elffile_bytes(const struct hwp_elffile *file, uint64_t address, size_t *size_ret);

/**
 * Resolve @p syms by .symtab, at link-time addresses. If several symbols have the
 * same name, the one at the lowest address is taken, as in kallsyms. @p relocate,
 * an array of @p nr, says which move with the kernel: not the absolute ones, nor
 * per-CPU ones that count from 0.
 */
struct hwp_error *hwp_elffile_symbols(const struct hwp_elffile *file, struct hwp_symbol *syms,
				      bool *relocate, size_t nr);

/** Find NT_GNU_BUILD_ID in @p size bytes of notes; false if there is none. */
bool hwp_build_id_in_notes(const void *notes, size_t size, struct hwp_build_id *ret);

#endif /* HWP_TARGET_SYMBOLS_ELFFILE_H */
