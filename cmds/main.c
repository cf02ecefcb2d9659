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

/** Whoever read the output has gone, as `head` does. */
static volatile sig_atomic_t reader_gone;

static void on_sigpipe(int signal)
{
	(void)signal;
	reader_gone = 1;
}

/** COLUMNS, as tables of util-linux take it, or the terminal's. */
static unsigned int terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	unsigned long n;

	n = columns ? strtoul(columns, NULL, 10) : 0;
	if (n > 0 && n < 10000)
		return (unsigned int)n;
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
		.reader_gone = &reader_gone,
	};

	setlocale(LC_CTYPE, "");
	context.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	/* A reader that goes away needs no message; a file that may not grow is a write error. */
	signal(SIGPIPE, on_sigpipe);
	signal(SIGXFSZ, SIG_IGN);
	return hwp_run_command_line(&context, argc, argv);
}
