// SPDX-License-Identifier: GPL-2.0-or-later
/** `layout`, for people. */
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "report/text.h"

struct hwp_error *hwp_report_layout(FILE *out, const struct hwp_layout_report *report,
				    const struct hwp_report_style *style)
{
	static const struct hwp_table_column columns[] = {
		{ "NAME", false },
		{ "VALUE", true },
		{ "SOURCE", false },
	};
	_cleanup_(hwp_table_destroyp) struct hwp_table *table = NULL;
	const struct hwp_layout *layout = report->layout;
	struct hwp_error *err;
	struct hwp_text text;

	hwp_text_init(&text, out, style);
	hwp_text_field(&text, "Kernel", "%s", report->release);
	hwp_text_field(&text, "Providers", "memory by %s, types by %s", report->memory_provider,
		       report->type_provider);
	putc('\n', out);
	table = hwp_table_create(out, style, columns, HWP_ARRAY_SIZE(columns));
	if (!table)
		return hwp_error_no_memory();
	for (size_t i = 0; i < layout->nr_rows; i++) {
		const struct hwp_layout_row *row = &layout->rows[i];

		hwp_table_row(table);
		hwp_table_cell(table, "%s", row->name);
		if (strcmp(row->source, "absent") == 0)
			hwp_table_cell(table, "-");
		else
			hwp_table_cell(table, "0x%" PRIx64, row->value);
		hwp_table_cell(table, "%s", row->source);
	}
	err = hwp_table_print(table, NULL, NULL);
	return err ? err : hwp_text_finish(&text);
}
