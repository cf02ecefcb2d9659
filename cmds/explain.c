// SPDX-License-Identifier: GPL-2.0-or-later
/** `explain`: a word of a report. */
#include "report/explain.h"

#include "options.h"
#include "report/common.h"

int hwp_cmd_explain(const struct hwp_context *context, const struct hwp_command *command,
		    struct hwp_cmd_options *options)
{
	const char *word = options->word;
	const char *nearest;
	struct hwp_error *err;

	(void)command;
	if (word && !hwp_explain_knows(word, &nearest)) {
		if (nearest)
			return hwp_usage_error(context, options->json,
					       "'%s' is no word of a report (did you mean '%s'?)",
					       word, nearest);
		return hwp_usage_error(context, options->json,
				       "'%s' is no word of a report ('hwpoison explain' lists "
				       "them)",
				       word);
	}
	err = options->json ? hwp_explain_json(context->out, word) :
			      hwp_explain_word(context->out, word, &options->style);
	return hwp_finish(context, err, 0);
}
