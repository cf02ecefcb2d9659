// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/json_words.h"

#include <stdlib.h>
#include <string.h>

#include "report/advice.h"
#include "report/text.h"

void hwp_json_words_deinit(struct hwp_json_words *words)
{
	free(words->reasons);
	for (size_t i = 0; i < words->advice.nr; i++)
		free(words->advice.data[i]);
	hwp_vec_deinit(&words->advice);
}

static void keep_advice(void *arg, const char *advice)
{
	struct hwp_json_words *words = arg;
	char *copy = strdup(advice);

	if (copy && hwp_vec_push(&words->advice, copy))
		return;
	free(copy);
	words->failed = true;
}

struct hwp_error *hwp_json_words_find(const struct hwp_findings *f, struct hwp_json_words *ret)
{
	struct hwp_error *err;

	ret->reasons = hwp_verdict_reasons(f);
	if (!ret->reasons)
		return hwp_error_no_memory();
	err = hwp_advise(f, keep_advice, ret);
	return err || !ret->failed ? err : hwp_error_no_memory();
}

void hwp_json_words_put(struct hwp_json *json, const struct hwp_json_words *words)
{
	hwp_json_string(json, "reasons", words->reasons + strspn(words->reasons, ": "));
	hwp_json_array(json, "advice");
	for (size_t i = 0; i < words->advice.nr; i++)
		hwp_json_string(json, NULL, words->advice.data[i]);
	hwp_json_end(json);
}
