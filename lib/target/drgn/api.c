// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/drgn/api.h"

#include <dlfcn.h>
#include <glob.h>
#include <string.h>

#include "base/bits.h"
#include "base/sanitized.h"

/* If there is a real drgn.h, api.h must agree with it. */
#ifdef __has_include
#if __has_include(<drgn.h>)
#include <drgn.h>

_Static_assert(HWP_DRGN_MISSING_DEBUG_INFO == DRGN_ERROR_MISSING_DEBUG_INFO, "as drgn.h");
_Static_assert(HWP_DRGN_NOT_IMPLEMENTED == DRGN_ERROR_NOT_IMPLEMENTED, "as drgn.h");
_Static_assert(HWP_DRGN_LOG_NONE == DRGN_LOG_NONE, "as drgn.h");
_Static_assert(HWP_DRGN_FIND_CONSTANT == DRGN_FIND_OBJECT_CONSTANT, "as drgn.h");
_Static_assert(HWP_DRGN_FIND_ANY == DRGN_FIND_OBJECT_ANY, "as drgn.h");
_Static_assert(sizeof(struct hwp_drgn_qualified_type) == sizeof(struct drgn_qualified_type),
	       "as drgn.h");
_Static_assert(sizeof(struct drgn_object) <= HWP_DRGN_OBJECT_SIZE, "as drgn.h");
#endif
#endif

#define INSTALL                                                                                   \
	"install libdrgn or drgn 0.0.31 or later (Debian: python3-drgn), or name the library in " \
	"HWPOISON_LIBDRGN"

/* RTLD_DEEPBIND: its libkdumpfile may be another version than ours. Sanitizers refuse it. */
#define LOAD_FLAGS (RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE | (HWP_IS_SANITIZED ? 0 : RTLD_DEEPBIND))

/** Where Debian, Fedora and pip install modules. */
static const char *const modules[] = {
	"/usr/lib/python3/dist-packages/_drgn.cpython-*.so",
	"/usr/local/lib/python3.*/dist-packages/_drgn.cpython-*.so",
	"/usr/lib64/python3.*/site-packages/_drgn.cpython-*.so",
	"/usr/lib/python3.*/site-packages/_drgn.cpython-*.so",
	"/usr/local/lib64/python3.*/site-packages/_drgn.cpython-*.so",
	"/usr/local/lib/python3.*/site-packages/_drgn.cpython-*.so",
};

static struct hwp_error *cannot_load(const char *path)
{
	const char *why = dlerror();

	return hwp_error_create(HWP_ERROR_UNSUPPORTED, "cannot load libdrgn: %s", why ? why : path);
}

static const char *module_suffix(const char *path)
{
	const char *name = strrchr(path, '/'), mark[] = "_drgn.cpython-3";

	name = name ? name + 1 : path;
	return strncmp(name, mark, strlen(mark)) == 0 ? name + strlen(mark) : NULL;
}

/*
 * A program created through the module's C API is not a Python object, but
 * set_core_dump() and set_kernel() pass it to Python plugins as one. Without the
 * Python module that calls them, no plugin is called.
 */
static struct hwp_error *start_python(struct hwp_drgn_api *api)
{
	int (*is_initialized)(void) = dlsym(api->python, "Py_IsInitialized");
	void (*initialize)(int) = dlsym(api->python, "Py_InitializeEx");
	int (*run)(const char *, void *) = dlsym(api->python, "PyRun_SimpleStringFlags");
	void *(*save_thread)(void) = dlsym(api->python, "PyEval_SaveThread");

	if (!is_initialized || !initialize || !run || !save_thread)
		return hwp_error_create(HWP_ERROR_UNSUPPORTED, "libpython has no C API");
	if (is_initialized())
		return hwp_error_create(HWP_ERROR_UNSUPPORTED,
					"Python runs in this process already: use drgn's own "
					"command %%hwpoison there");
	/* 0: leave signal handlers alone. */
	initialize(0);
	if (run("import sys\n"
		"sys.modules['_drgn_util.plugins'] = None\n"
		"sys.unraisablehook = lambda unraisable: None\n",
		NULL))
		return hwp_error_create(HWP_ERROR_UNSUPPORTED, "Python does not start");
	save_thread();
	return NULL;
}

/** @p version begins with the minor version of its name: "14-x86_64-linux-gnu.so". */
static struct hwp_error *load_python(struct hwp_drgn_api *api, const char *version)
{
	char name[32];

	snprintf(name, sizeof(name), "libpython3.%.*s.so.1.0", (int)strspn(version, "0123456789"),
		 version);
	api->python = dlopen(name, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
	if (!api->python)
		return hwp_error_prefix(cannot_load(name), "drgn's Python module needs %s", name);
	return NULL;
}

static struct hwp_error *load_library(struct hwp_drgn_api *api, const char *path)
{
	const char *version = module_suffix(path);
	struct hwp_error *err = version ? load_python(api, version) : NULL;

	if (err)
		return err;
	api->library = dlopen(path, LOAD_FLAGS);
	return api->library ? NULL : cannot_load(path);
}

static struct hwp_error *load_module(struct hwp_drgn_api *api)
{
	struct hwp_error *err;
	glob_t found = {};

	for (size_t i = 0; i < HWP_ARRAY_SIZE(modules); i++)
		glob(modules[i], i ? GLOB_APPEND : 0, NULL, &found);
	/* The last is the newest Python's. */
	err = found.gl_pathc ?
		      load_library(api, found.gl_pathv[found.gl_pathc - 1]) :
		      hwp_error_create(HWP_ERROR_UNSUPPORTED, "libdrgn is not installed: " INSTALL);
	globfree(&found);
	return err;
}

static struct hwp_error *look_up(struct hwp_drgn_api *api)
{
	const struct {
		const char *name;
		void **to;
	} functions[] = {
#define ROW(name, result, parameters) { "drgn_" #name, (void **)&api->name },
		HWP_DRGN_FUNCTIONS(ROW)
#undef ROW
	};

	for (size_t i = 0; i < HWP_ARRAY_SIZE(functions); i++) {
		*functions[i].to = dlsym(api->library, functions[i].name);
		if (!*functions[i].to)
			return hwp_error_create(HWP_ERROR_UNSUPPORTED,
						"this libdrgn hides its C API (no %s): " INSTALL,
						functions[i].name);
	}
	*(void **)&api->error_code = dlsym(api->library, "drgn_error_code");
	*(void **)&api->program_set_log_level = dlsym(api->library, "drgn_program_set_log_level");
	*(void **)&api->program_set_qemu_qmp_fd = dlsym(api->library,
							"drgn_program_set_qemu_qmp_fd");
	api->host_platform = dlsym(api->library, "drgn_host_platform");
	return NULL;
}

void hwp_drgn_api_unload(struct hwp_drgn_api *api)
{
	if (api->library)
		dlclose(api->library);
	if (api->python)
		dlclose(api->python);
	api->library = api->python = NULL;
}

struct hwp_error *hwp_drgn_api_load(struct hwp_drgn_api *ret)
{
	const char *path = secure_getenv("HWPOISON_LIBDRGN");
	struct hwp_drgn_api api = {};
	struct hwp_error *err = NULL;

	if (path && *path) {
		err = load_library(&api, path);
	} else {
		api.library = dlopen("libdrgn.so.0", LOAD_FLAGS);
		if (!api.library)
			err = load_module(&api);
	}
	if (!err)
		err = look_up(&api);
	if (!err && api.python)
		err = start_python(&api);
	if (err) {
		hwp_drgn_api_unload(&api);
		return err;
	}
	*ret = api;
	return NULL;
}
