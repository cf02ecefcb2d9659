// SPDX-License-Identifier: GPL-2.0-or-later
#include "readers.h"

#include "facts/log/klog.h"

const struct hwp_needs *const hwp_readers[] = {
	&hwp_layout_needs,
	&hwp_klog_ring_needs,
	&hwp_klog_buffer_needs,
	NULL,
};
