// SPDX-License-Identifier: GPL-2.0-or-later
/** QEMU's monitor protocol, no further than that there is somebody who speaks it. */
#ifndef HWP_TARGET_DRGN_QMP_H
#define HWP_TARGET_DRGN_QMP_H

#include "base/error.h"

/** Seconds that QEMU may take to answer. */
#define HWP_QMP_TIMEOUT 10

/**
 * Connect to the Unix socket @p path and wait for QMP's greeting, which stays unread in
 * *@p fd_ret: reads of it and writes to it end after HWP_QMP_TIMEOUT. The error says what is
 * there instead (OS, UNSUPPORTED), or that somebody else is connected: QMP serves one.
 */
struct hwp_error *hwp_qmp_connect(const char *path, int *fd_ret);

#endif /* HWP_TARGET_DRGN_QMP_H */
