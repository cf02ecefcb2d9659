// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyse.h"

int hwp_cmd_folio(const struct hwp_context *context, const struct hwp_command *command, int argc,
		  char **argv)
{
	return hwp_analyse_and_report(context, command, argc, argv, hwp_report_folio,
				      hwp_report_folio_json);
}
