// SPDX-License-Identifier: GPL-2.0-or-later
#include "considerate.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* include/uapi/linux/ioprio.h */
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_CLASS_SHIFT 13
#define IOPRIO_CLASS_IDLE 3

void hwp_be_considerate(void)
{
	const struct sched_param param = {};

	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	sched_setscheduler(0, SCHED_IDLE, &param);
	setpriority(PRIO_PROCESS, 0, 19);
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_CLASS_IDLE << IOPRIO_CLASS_SHIFT);
}
