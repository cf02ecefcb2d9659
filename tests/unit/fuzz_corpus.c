// SPDX-License-Identifier: GPL-2.0-or-later
/** Every seed, and everything a fuzz target once failed on, again. */
#define FUZZ_REPLAY

#include "../fuzz/btf.c"
#include "../fuzz/dumpfile.c"
#include "../fuzz/klog.c"
#include "../fuzz/ksyms.c"
#include "../fuzz/lists.c"
#include "../fuzz/mfevent.c"
#include "../fuzz/reader.c"

#include <cmocka.h>
#include <dirent.h>

#define MAX_SIZE 65536

struct input {
	void (*target)(const uint8_t *data, size_t size);
	const char *path;
};

static int replay_one(const void *arg)
{
	const struct input *input = arg;
	FILE *f = fopen(input->path, "re");
	uint8_t *data = malloc(MAX_SIZE);
	size_t size;

	if (!f || !data)
		return 1;
	size = fread(data, 1, MAX_SIZE, f);
	fclose(f);
	input->target(data, size);
	free(data);
	return 0;
}

static void replay(const char *name, void (*target)(const uint8_t *data, size_t size))
{
	char folder[64], path[512];
	size_t nr = 0;
	struct dirent *entry;
	DIR *dir;

	snprintf(folder, sizeof(folder), "tests/fuzz/corpus/%s", name);
	dir = opendir(folder);
	if (!dir)
		skip();
	while ((entry = readdir(dir))) {
		struct input input = { target, path };

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		print_message("# %s\n", path);
		assert_int_equal(synth_in_child(replay_one, &input, 20), 0);
		nr++;
	}
	closedir(dir);
	assert_int_not_equal(nr, 0);
}

#define REPLAY(name)                            \
	static void replay_##name(void **state) \
	{                                       \
		(void)state;                    \
		replay(#name, fuzz_##name);     \
	}

REPLAY(btf)
REPLAY(dumpfile)
REPLAY(klog)
REPLAY(ksyms)
REPLAY(lists)
REPLAY(mfevent)
REPLAY(reader)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replay_btf),	 cmocka_unit_test(replay_dumpfile),
		cmocka_unit_test(replay_klog),	 cmocka_unit_test(replay_ksyms),
		cmocka_unit_test(replay_lists),	 cmocka_unit_test(replay_mfevent),
		cmocka_unit_test(replay_reader),
	};

	return cmocka_run_group_tests_name("fuzz_corpus", tests, NULL, NULL);
}
