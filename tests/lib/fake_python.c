// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * What of libpython is called to load drgn's Python module. $FAKE_PYTHON says what it has to say
 * of itself. With -DFAKE_BARE it has no such functions.
 */
#include <stdlib.h>
#include <string.h>

#define API __attribute__((visibility("default")))

/** The arguments and calls, for the test to look up. */
API char fake_python_script[256];
API int fake_python_signals = -1;
API int fake_python_saved;

#ifndef FAKE_BARE

static int is(const char *what)
{
	const char *has = getenv("FAKE_PYTHON");

	return has && strcmp(has, what) == 0;
}

API int Py_IsInitialized(void)
{
	return is("running");
}

API void Py_InitializeEx(int signals)
{
	fake_python_signals = signals;
}

API int PyRun_SimpleStringFlags(const char *script, void *flags)
{
	strncpy(fake_python_script, script, sizeof(fake_python_script) - 1);
	return is("broken") || flags ? -1 : 0;
}

API void *PyEval_SaveThread(void)
{
	fake_python_saved++;
	return NULL;
}

#endif
