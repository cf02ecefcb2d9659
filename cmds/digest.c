// SPDX-License-Identifier: GPL-2.0-or-later
#include "digest.h"

#ifdef HWP_HAVE_NETTLE

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <nettle/sha2.h>
#include <nettle/version.h>
#include <unistd.h>

#include "base/cleanup.h"

#define BLOCK_SIZE ((size_t)1 << 20)

const char *hwp_sha256_missing(void)
{
	return NULL;
}

static void finish(struct sha256_ctx *sum, char ret[HWP_SHA256_SIZE])
{
	uint8_t digest[SHA256_DIGEST_SIZE];

#if NETTLE_VERSION_MAJOR >= 4
	sha256_digest(sum, digest);
#else
	sha256_digest(sum, sizeof(digest), digest);
#endif
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}

struct hwp_error *hwp_sha256_of(int fd, const char *path, uint64_t size,
				void (*progress)(void *arg, uint64_t done, uint64_t total),
				void *progress_arg, char ret[HWP_SHA256_SIZE])
{
	_cleanup_close_ int own = fd > 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ unsigned char *block = malloc(BLOCK_SIZE);
	struct sha256_ctx sum;
	uint64_t done = 0;
	ssize_t n;

	if (!block)
		return hwp_error_no_memory();
	if (fd <= 0 && own < 0)
		return hwp_error_os(errno, "%s: cannot be opened for its SHA-256", path);
	sha256_init(&sum);
	do {
		n = pread(fd > 0 ? fd : own, block, BLOCK_SIZE, (off_t)done);
		if (n < 0 && errno != EINTR)
			return hwp_error_os(errno, "%s: cannot be read for its SHA-256", path);
		if (n > 0) {
			sha256_update(&sum, (size_t)n, block);
			done += (uint64_t)n;
			if (progress)
				progress(progress_arg, done, size);
		}
	} while (n != 0);
	if (done != size)
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"%s has %" PRIu64 " bytes, and had %" PRIu64
					" when it was opened: its SHA-256 would be that of neither",
					path, done, size);
	finish(&sum, ret);
	return NULL;
}

#else

const char *hwp_sha256_missing(void)
{
	return "built without nettle";
}

struct hwp_error *hwp_sha256_of(int fd, const char *path, uint64_t size,
				void (*progress)(void *arg, uint64_t done, uint64_t total),
				void *progress_arg, char ret[HWP_SHA256_SIZE])
{
	(void)fd, (void)size, (void)progress, (void)progress_arg, (void)ret;
	return hwp_error_create(HWP_ERROR_UNSUPPORTED, "%s: no SHA-256: %s", path,
				hwp_sha256_missing());
}

#endif
