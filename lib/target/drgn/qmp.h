// SPDX-License-Identifier: GPL-2.0-or-later
/** QEMU's monitor protocol (QMP): only enough to know that QEMU answers. */
#ifndef HWP_TARGET_DRGN_QMP_H
#define HWP_TARGET_DRGN_QMP_H

#include "base/error.h"

/** Seconds that QEMU may take to answer. */
#define HWP_QMP_TIMEOUT 10

/**
 * Connect to the Unix socket @p path and wait for the greeting of QMP, which is left unread
 * in *@p fd_ret. Reads and writes on that time out after HWP_QMP_TIMEOUT. The error says
 * what is there instead (OS, UNSUPPORTED), or that another client is connected: QMP serves
 * one at a time.
 */
struct hwp_error *hwp_qmp_connect(const char *path, int *fd_ret);

#endif /* HWP_TARGET_DRGN_QMP_H */
