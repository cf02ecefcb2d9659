// SPDX-License-Identifier: GPL-2.0-or-later
/** Low priority for a process that reads the machine it runs on. */
#ifndef HWP_CONSIDERATE_H
#define HWP_CONSIDERATE_H

/**
 * From now on run only when nothing else wants to, and take no huge page: the
 * next one may be the block that leaked. It is no error if the kernel refuses.
 */
void hwp_be_considerate(void);

#endif /* HWP_CONSIDERATE_H */
