// SPDX-License-Identifier: GPL-2.0-or-later
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.h"

static bool is_terminal_with_colors(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

static unsigned int terminal_width(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int main(int argc, char **argv)
{
	const char *no_color = getenv("NO_COLOR");
	struct hwp_context context = {
		.out = stdout,
		.err = stderr,
		.out_is_terminal = is_terminal_with_colors(),
		.err_is_terminal = isatty(STDERR_FILENO),
		.no_color = no_color && *no_color,
		.width = terminal_width(),
	};

	setlocale(LC_CTYPE, "");
	context.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	/* A reader that goes away, and a file that may not grow, are reported as write errors. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	return hwp_run_command_line(&context, argc, argv);
}
