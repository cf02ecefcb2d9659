// SPDX-License-Identifier: GPL-2.0-or-later
/** The front door: only a dump that is read here goes on to a reader. */
#ifndef HWP_TARGET_MEMORY_FRONTDOOR_H
#define HWP_TARGET_MEMORY_FRONTDOOR_H

#include <stdio.h>

#include "base/error.h"
#include "target/memory/filekind.h"

/**
 * How the file @p fd, opened by the name @p path, is to be read. INVALID_ARGUMENT says in
 * one sentence what it is instead of a dump, and what to do.
 */
struct hwp_error *hwp_front_door(const char *path, int fd, enum hwp_file_form *ret);

/** The same for what a flattened file held; *@p fd is its rearranged copy. */
struct hwp_error *hwp_front_door_inside(int fd, enum hwp_file_form *ret);

/**
 * Open the regular file @p path to read it: a FIFO would wait for its writer. The error does
 * not name the path.
 */
struct hwp_error *hwp_open_regular(const char *path, FILE **ret);

#endif /* HWP_TARGET_MEMORY_FRONTDOOR_H */
