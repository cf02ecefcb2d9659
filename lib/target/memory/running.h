// SPDX-License-Identifier: GPL-2.0-or-later
/** The running kernel: its memory, and its file of symbols. */
#ifndef HWP_TARGET_MEMORY_RUNNING_H
#define HWP_TARGET_MEMORY_RUNNING_H

#include "target/target.h"

/** /proc/kcore through the gate. The error says what is missing. */
struct hwp_error *hwp_running_memory_open(struct hwp_provider *ret, struct hwp_file_facts *facts);

/** The same with the file @p kcore, borrowed, in place of /proc/kcore: for tests. */
struct hwp_error *hwp_running_memory_create(const char *kcore, struct hwp_provider *ret);

/** /proc/kallsyms. LOOKUP when kptr_restrict hides the addresses. */
struct hwp_error *hwp_running_symbols_open(struct hwp_provider *ret);

#endif /* HWP_TARGET_MEMORY_RUNNING_H */
