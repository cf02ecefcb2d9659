// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inject list              print the scenarios
 * inject run A,B,C PORT    run them as process 1, write the truth to PORT
 * inject crash A,B,C PORT  the same, and then the kernel dies: its kdump kernel has been loaded
 * inject wait MODE         wait for a machine check
 */
#define _GNU_SOURCE
#include "guest.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <unistd.h>

static const struct scenario *const tables[] = {
	page_scenarios,	  thp_scenarios,     hugetlb_scenarios, kernel_scenarios, fix_scenarios,
	stress_scenarios, history_scenarios, busy_scenarios,	secret_scenarios,
};

#define NR_TABLES (sizeof(tables) / sizeof(tables[0]))

static void list(void)
{
	for (size_t i = 0; i < NR_TABLES; i++)
		for (const struct scenario *s = tables[i]; s->name; s++)
			printf("%-20s %s\n", s->name, s->sentence);
}

static const struct scenario *find(const char *name)
{
	for (size_t i = 0; i < NR_TABLES; i++)
		for (const struct scenario *s = tables[i]; s->name; s++)
			if (!strcmp(s->name, name))
				return s;
	return NULL;
}

static void run_all(const char *names)
{
	char copy[1024], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", names);
	for (char *name = strtok_r(copy, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		const struct scenario *s = find(name);

		/* "cpu1" is no scenario: what follows runs and allocates there. */
		if (!strncmp(name, "cpu", 3)) {
			pin_cpu(name[3] - '0');
			continue;
		}
		/* Nor is "node3": what follows has memory of that node alone. */
		if (!strncmp(name, "node", 4)) {
			bind_node(name[4] - '0');
			continue;
		}
		if (!s) {
			say("no scenario %s", name);
			continue;
		}
		say("--- %s: %s", s->name, s->sentence);
		/* The children of a scenario bear its name. */
		prctl(PR_SET_NAME, s->name);
		s->run(s->name);
	}
}

static void ignore(int sig)
{
	(void)sig;
}

/* The virtual machine stands still while the host makes the dump. */
static void end_frozen(const char *scenarios)
{
	truth_memory();
	busy_start();
	truth_freeze();
	busy_end();
	truth_final(scenarios, false);
	truth_close();
	sync();
	reboot(RB_POWER_OFF);
}

static void end_crashed(const char *scenarios)
{
	truth_drain();
	truth_memory();
	truth_after();
	truth_final(scenarios, true);
	truth_close();
	write_file("/proc/sysrq-trigger", "c");
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "list")) {
		list();
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "wait")) {
		kpage_open();
		consume(argv[2]);
		return 2;
	}
	if (argc != 4 || (strcmp(argv[1], "run") && strcmp(argv[1], "crash"))) {
		fprintf(stderr,
			"usage: inject list | inject wait MODE | inject run|crash A,B,C PORT\n");
		return 2;
	}
	/* A handler: a forced signal ends a process that only ignores it. */
	signal(SIGBUS, ignore);
	signal(SIGALRM, ignore);
	signal(SIGPIPE, SIG_IGN);
	live_start();
	pin_cpu(0);
	kpage_open();
	history_open();
	truth_open(argv[3]);
	live_reserve();
	run_all(argv[2]);
	pin_cpu(0);
	bind_node(-1);
	release_all();
	nap_ms(100);
	live_check();
	if (!strcmp(argv[1], "crash"))
		end_crashed(argv[2]);
	else
		end_frozen(argv[2]);
	for (;;)
		pause();
}
