// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The part of libdrgn's C API that we use, looked up at run time: Debian ships
 * libdrgn only inside drgn's Python module, and without a header.
 */
#ifndef HWP_TARGET_DRGN_API_H
#define HWP_TARGET_DRGN_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct drgn_error;
struct drgn_object;
struct drgn_platform;
struct drgn_program;
struct drgn_symbol;
struct drgn_type;

/** As in drgn.h: passed and returned by value. */
struct hwp_drgn_qualified_type {
	struct drgn_type *type;
	unsigned int qualifiers;
};

/** Room for a struct drgn_object (56 bytes in 0.3.0), which is opaque to us. */
#define HWP_DRGN_OBJECT_SIZE 256

/** name, result, parameters: each is drgn_<name>, and all are needed. */
#define HWP_DRGN_FUNCTIONS(X)                                                                      \
	X(error_destroy, void, (struct drgn_error *))                                              \
	X(error_string, char *, (struct drgn_error *))                                             \
	X(program_create, struct drgn_error *,                                                     \
	  (const struct drgn_platform *, struct drgn_program **))                                  \
	X(program_destroy, void, (struct drgn_program *))                                          \
	X(program_set_core_dump, struct drgn_error *, (struct drgn_program *, const char *))       \
	X(program_set_kernel, struct drgn_error *, (struct drgn_program *))                        \
	X(program_load_debug_info, struct drgn_error *,                                            \
	  (struct drgn_program *, const char **, size_t, bool, bool))                              \
	X(program_read_memory, struct drgn_error *,                                                \
	  (struct drgn_program *, void *, uint64_t, size_t, bool))                                 \
	X(program_find_symbol_by_name, struct drgn_error *,                                        \
	  (struct drgn_program *, const char *, struct drgn_symbol **))                            \
	X(symbol_address, uint64_t, (struct drgn_symbol *))                                        \
	X(symbol_destroy, void, (struct drgn_symbol *))                                            \
	X(program_find_type, struct drgn_error *,                                                  \
	  (struct drgn_program *, const char *, const char *, struct hwp_drgn_qualified_type *))   \
	X(program_find_object, struct drgn_error *,                                                \
	  (struct drgn_program *, const char *, const char *, unsigned int, struct drgn_object *)) \
	X(type_sizeof, struct drgn_error *, (struct drgn_type *, uint64_t *))                      \
	X(type_offsetof, struct drgn_error *, (struct drgn_type *, const char *, uint64_t *))      \
	X(object_init, void, (struct drgn_object *, struct drgn_program *))                        \
	X(object_deinit, void, (struct drgn_object *))                                             \
	X(object_set_reference, struct drgn_error *,                                               \
	  (struct drgn_object *, struct hwp_drgn_qualified_type, uint64_t, uint64_t, uint64_t))    \
	X(object_member, struct drgn_error *,                                                      \
	  (struct drgn_object *, const struct drgn_object *, const char *))                        \
	X(object_subscript, struct drgn_error *,                                                   \
	  (struct drgn_object *, const struct drgn_object *, int64_t))                             \
	X(object_address_of, struct drgn_error *,                                                  \
	  (struct drgn_object *, const struct drgn_object *))                                      \
	X(object_sizeof, struct drgn_error *, (const struct drgn_object *, uint64_t *))            \
	X(object_read_bytes, struct drgn_error *, (const struct drgn_object *, void *))            \
	X(object_read_signed, struct drgn_error *, (const struct drgn_object *, int64_t *))        \
	X(object_read_unsigned, struct drgn_error *, (const struct drgn_object *, uint64_t *))

/** Values of drgn.h's enums. */
enum {
	HWP_DRGN_MISSING_DEBUG_INFO = 7,
	HWP_DRGN_NOT_IMPLEMENTED = 15,
	HWP_DRGN_LOG_NONE = 5,
	HWP_DRGN_FIND_CONSTANT = 1 << 0,
	HWP_DRGN_FIND_VARIABLE = 1 << 2,
	HWP_DRGN_FIND_ANY = (1 << 3) - 1,
};

struct hwp_drgn_api {
	void *library, *python;
#define HWP_DRGN_POINTER(name, result, parameters) result(*name) parameters;
	HWP_DRGN_FUNCTIONS(HWP_DRGN_POINTER)
#undef HWP_DRGN_POINTER
	/** drgn_error_code(), a packed enum; NULL before 0.3.0, where the struct begins with it. */
	uint8_t (*error_code)(struct drgn_error *);
	/** NULL where there is none. */
	void (*program_set_log_level)(struct drgn_program *, int level);
	/** NULL before 0.2.0. It takes over the descriptor. */
	struct drgn_error *(*program_set_qemu_qmp_fd)(struct drgn_program *, int fd);
	const struct drgn_platform *host_platform;
};

/**
 * Find and load libdrgn: what the environment's HWPOISON_LIBDRGN names, else
 * libdrgn.so.0, else drgn's Python module where Python keeps such. The error
 * (UNSUPPORTED) says what to install.
 */
struct hwp_error *hwp_drgn_api_load(struct hwp_drgn_api *ret);

/** Call it when nothing of libdrgn is in use any more. */
void hwp_drgn_api_unload(struct hwp_drgn_api *api);

#endif /* HWP_TARGET_DRGN_API_H */
