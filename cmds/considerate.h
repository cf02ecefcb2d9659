// SPDX-License-Identifier: GPL-2.0-or-later
/** How a process looks at the machine it runs on without being felt. */
#ifndef HWP_CONSIDERATE_H
#define HWP_CONSIDERATE_H

/**
 * From now on run only when nothing else wants to, and take no huge page: the
 * next one may be the very block that leaked. What the kernel refuses is let be.
 */
void hwp_be_considerate(void);

#endif /* HWP_CONSIDERATE_H */
