// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/table.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include <libsmartcols.h>

#include "report/text.h"

#define MAX_CELL 640
/* Of what stands below its row. */
#define INDENT 4

struct hwp_table {
	struct libscols_table *scols;
	struct libscols_line *line;
	FILE *out;
	const struct hwp_report_style *style;
	unsigned int width;
	size_t nr_columns, next_column;
	bool failed;
};

static bool add_columns(struct hwp_table *table, const struct hwp_table_column *columns)
{
	for (size_t i = 0; i < table->nr_columns; i++)
		if (!scols_table_new_column(table->scols, columns[i].name, 0,
					    columns[i].right ? SCOLS_FL_RIGHT : 0))
			return false;
	return true;
}

struct hwp_table *hwp_table_create(FILE *out, const struct hwp_report_style *style,
				   const struct hwp_table_column *columns, size_t nr)
{
	struct hwp_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->out = out;
	table->style = style;
	table->width = style->width ? style->width : 80;
	/* A page's row and its address stay in one line, but on a terminal that is too narrow. */
	if (style->addresses && !style->width)
		table->width = HWP_ANY_WIDTH;
	table->nr_columns = nr;
	table->scols = scols_new_table();
	if (!table->scols || !add_columns(table, columns)) {
		hwp_table_destroy(table);
		return NULL;
	}
	scols_table_enable_colors(table->scols, style->color);
	/* Never cut a number to fit: a narrow terminal wraps the line itself. */
	scols_table_set_termforce(table->scols, SCOLS_TERMFORCE_NEVER);
	return table;
}

void hwp_table_destroy(struct hwp_table *table)
{
	if (!table)
		return;
	scols_unref_table(table->scols);
	free(table);
}

void hwp_table_row(struct hwp_table *table)
{
	table->line = scols_table_new_line(table->scols, NULL);
	table->next_column = 0;
	if (!table->line)
		table->failed = true;
}

void hwp_table_cell(struct hwp_table *table, const char *fmt, ...)
{
	char text[MAX_CELL];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!table->line || scols_line_set_data(table->line, table->next_column++, text))
		table->failed = true;
}

void hwp_table_color(struct hwp_table *table, const char *sequence)
{
	struct libscols_cell *cell;

	if (!table->line || !table->next_column)
		return;
	cell = scols_line_get_cell(table->line, table->next_column - 1);
	if (!cell || scols_cell_set_color(cell, sequence))
		table->failed = true;
}

static size_t columns_width(const struct hwp_table *table)
{
	size_t width = 0;

	for (size_t i = 0; i < table->nr_columns; i++)
		width += scols_column_get_width(scols_table_get_column(table->scols, i));
	return width;
}

static size_t width_with(const struct hwp_table *table, size_t separator)
{
	return columns_width(table) + separator * (table->nr_columns - 1);
}

/* Two spaces between columns, one where the table would be too wide. */
static bool format(struct hwp_table *table, char **ret)
{
	if (scols_table_set_column_separator(table->scols, "  ") ||
	    scols_print_table_to_string(table->scols, ret))
		return false;
	if (width_with(table, 2) <= table->width)
		return true;
	free(*ret);
	*ret = NULL;
	return !scols_table_set_column_separator(table->scols, " ") &&
	       !scols_print_table_to_string(table->scols, ret);
}

/** What a cell of a line of the table needs. */
static unsigned int cell_width(const struct hwp_table *table, const char *text)
{
	return text ? hwp_text_columns(table->style, text, strlen(text)) : 0;
}

/** Column where the @p i-th begins. */
static size_t start_of(const struct hwp_table *table, size_t i)
{
	size_t start = 0;

	while (i-- > 0)
		start += 1 + scols_column_get_width(scols_table_get_column(table->scols, i));
	return start;
}

/** The first column that does not fit into the row of @p line; the headings for NULL. */
static size_t first_below(const struct hwp_table *table, struct libscols_line *line)
{
	size_t i = table->nr_columns - 1;

	for (; i > 0; i--) {
		struct libscols_column *column = scols_table_get_column(table->scols, i);
		const char *text = line ? scols_line_get_column_data(line, column) :
					  scols_column_get_name(column);
		bool is_right = scols_column_is_right(column);
		size_t width = is_right ? scols_column_get_width(column) : cell_width(table, text);

		if (start_of(table, i) + width <= table->width)
			return i + 1;
	}
	return 1;
}

/* Bytes of a printed line up to @p columns; sequences of colour take none. */
static size_t bytes_of(const struct hwp_table *table, const char *line, size_t len, size_t columns)
{
	size_t at = 0;

	while (at < len && (columns || line[at] == '\033')) {
		size_t n = 1;

		if (line[at] == '\033') {
			at += strcspn(line + at, "m") + 1;
			continue;
		}
		while (table->style->utf8 && at + n < len &&
		       ((unsigned char)line[at + n] & 0xc0) == 0x80)
			n++;
		at += n;
		columns--;
	}
	return at < len ? at : len;
}

/* What is printed next keeps to the widths of what was printed now. */
static void keep_widths(struct hwp_table *table)
{
	for (size_t i = 0; i < table->nr_columns; i++) {
		struct libscols_column *column = scols_table_get_column(table->scols, i);

		scols_column_set_whint(column, (double)scols_column_get_width(column));
		scols_column_set_flags(column,
				       scols_column_get_flags(column) | SCOLS_FL_STRICTWIDTH);
	}
	scols_table_enable_noheadings(table->scols, 1);
}

/* The last column is padded when it is aligned or wide: no line ends in spaces. */
static void put_line(FILE *out, const char *line, size_t len)
{
	while (len && line[len - 1] == ' ')
		len--;
	fwrite(line, 1, len, out);
	putc('\n', out);
}

/* The cells from column @p i on, below their row; names only if there are more than one. */
static void put_below(const struct hwp_table *table, struct libscols_line *line, size_t i)
{
	bool is_one = i + 1 == table->nr_columns;
	struct hwp_text text;

	hwp_text_init(&text, table->out, table->style);
	for (; i < table->nr_columns && (line || is_one); i++) {
		struct libscols_column *column = scols_table_get_column(table->scols, i);
		const char *name = scols_column_get_name(column);
		const char *cell = line ? scols_line_get_column_data(line, column) : name;
		unsigned int at = INDENT;

		fprintf(table->out, "%*s", INDENT, "");
		if (!is_one) {
			fprintf(table->out, "%s  ", name);
			at += (unsigned int)strlen(name) + 2;
		}
		hwp_text_wrap(&text, at, INDENT, cell ? cell : "");
	}
}

static void put_row(const struct hwp_table *table, struct libscols_line *line, const char *text,
		    size_t len)
{
	bool is_wide = width_with(table, 1) > table->width;
	size_t below = is_wide ? first_below(table, line) : table->nr_columns;

	if (below == table->nr_columns) {
		put_line(table->out, text, len);
		return;
	}
	put_line(table->out, text, bytes_of(table, text, len, start_of(table, below) - 1));
	put_below(table, line, below);
}

struct hwp_error *hwp_table_print(struct hwp_table *table, void (*after)(void *arg, size_t row),
				  void *arg)
{
	bool has_heading = !scols_table_is_noheadings(table->scols);
	_cleanup_free_ char *text = NULL;
	size_t row = 0;

	if (!scols_table_get_nlines(table->scols))
		return NULL;
	if (table->failed || !format(table, &text))
		return hwp_error_no_memory();
	for (char *line = text, *end; *line; line = end + (*end == '\n')) {
		end = strchrnul(line, '\n');
		put_row(table, has_heading ? NULL : scols_table_get_line(table->scols, row), line,
			(size_t)(end - line));
		if (has_heading)
			has_heading = false;
		else if (after)
			after(arg, row++);
		else
			row++;
	}
	keep_widths(table);
	scols_table_remove_lines(table->scols);
	table->line = NULL;
	return NULL;
}

void hwp_table_no_headings(struct hwp_table *table)
{
	scols_table_enable_noheadings(table->scols, 1);
}
