// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * What libhwpoison-drgn.so exports to the Python module: one function, which runs
 * a command line on the program that drgn has open. It calls back into Python, where
 * drgn's public API answers.
 */
#ifndef HWP_DRGN_PLUGIN_H
#define HWP_DRGN_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

/** The size of struct hwp_drgn_call: both sides must agree on it. */
#define HWP_DRGN_CALL_VERSION ((uint32_t)sizeof(struct hwp_drgn_call))

enum hwp_drgn_flag {
	HWP_DRGN_IS_LIVE = 1 << 0,
	HWP_DRGN_HAS_COLORS = 1 << 1,
	HWP_DRGN_NO_COLOR = 1 << 2,
	HWP_DRGN_UTF8 = 1 << 3,
	/** core_path is the user's word, and has to be the file that drgn has open. */
	HWP_DRGN_CORE_IS_GIVEN = 1 << 4,
	/** hwp_context.like_crash. */
	HWP_DRGN_LIKE_CRASH = 1 << 5,
};

/**
 * The ctypes.Structure _Call in hwpoison/_session.py mirrors it. The functions are
 * called in the thread of the caller only. They return 0 on success.
 */
struct hwp_drgn_call {
	uint32_t version;
	/** enum hwp_drgn_flag. */
	uint32_t flags;
	uint32_t width;
	/** The name of the vmcore; NULL if unknown or live. */
	const char *core_path;
	/** Not 0: end early. */
	const volatile int *interrupted;
	/** @p address is a physical address if @p is_physical, else a kernel virtual one. */
	int (*read)(uint64_t address, int is_physical, void *buf, size_t size);
	int (*symbol)(const char *name, uint64_t *address_ret);
	/** As hwp_provider_ops.member; @p ret is offset, size, nr_elements. */
	int (*member)(const char *type, const char *path, uint64_t *ret);
	int (*enumerator)(const char *type, const char *name, int64_t *ret);
	/** At most @p size bytes; NUL-terminated. */
	int (*vmcoreinfo)(char *buf, size_t size);
	/** To Python's sys.stdout (1) or sys.stderr (2). */
	int (*write)(int stream, const char *data, size_t size);
};

/** Run @p argv, argv[0] being the program; the exit status, or -1 if the versions differ. */
__attribute__((__visibility__("default"))) int hwpoison_drgn_run(const struct hwp_drgn_call *call,
								 int argc, char **argv);

#endif /* HWP_DRGN_PLUGIN_H */
