// SPDX-License-Identifier: GPL-2.0-or-later
/** The SHA-256 of a file, by which others know it. */
#ifndef HWP_DIGEST_H
#define HWP_DIGEST_H

#include <stdint.h>

#include "base/error.h"

#define HWP_SHA256_SIZE 65

/** Why no file has one in this build; NULL: files have. */
const char *hwp_sha256_missing(void);

/**
 * Read the @p size bytes of @p path, from @p fd if that is not 0, in blocks; *@p ret is their
 * SHA-256 in hexadecimal, as sha256sum prints it. A file that has another size now is an error. @p progress
 * may be NULL.
 */
struct hwp_error *hwp_sha256_of(int fd, const char *path, uint64_t size,
				void (*progress)(void *arg, uint64_t done, uint64_t total),
				void *progress_arg, char ret[HWP_SHA256_SIZE]);

#endif /* HWP_DIGEST_H */
