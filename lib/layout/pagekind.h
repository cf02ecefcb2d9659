// SPDX-License-Identifier: GPL-2.0-or-later
/** What a page of a running kernel is, for the gate. */
#ifndef HWP_LAYOUT_PAGEKIND_H
#define HWP_LAYOUT_PAGEKIND_H

#include "layout/layout.h"

/**
 * The rule by which pages of the running kernel are read: the kernel's own
 * data only, and nothing that is poisoned. @p layout is borrowed.
 */
struct hwp_page_rule hwp_page_rule(const struct hwp_layout *layout);

#endif /* HWP_LAYOUT_PAGEKIND_H */
