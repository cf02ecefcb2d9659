// SPDX-License-Identifier: GPL-2.0-or-later
/** Text that stays text, whatever a dump puts into it. */
#include "report/html/html.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>

/* What is formatted is short; a path is the longest of it. */
#define MAX_TEXT (PATH_MAX + 1024)

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/** The bytes of the UTF-8 sequence at @p s, 0 if there is none: overlong forms, surrogates. */
static size_t sequence(const unsigned char *s)
{
	size_t nr = s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 0;
	unsigned long value = s[0] & (0xff >> (nr + 1));

	if (s[0] > 0xf4 || !nr)
		return 0;
	for (size_t i = 1; i < nr; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (s[i] & 0x3f);
	}
	/* C1 controls, what is not a character, and marks that turn the direction of text. */
	if (value < 0xa0 || (nr == 3 && value < 0x800) || (nr == 4 && value < 0x10000) ||
	    (value >= 0xd800 && value <= 0xdfff) || value > 0x10ffff ||
	    (value & 0xfffe) == 0xfffe || (value >= 0xfdd0 && value <= 0xfdef) ||
	    (value >= 0x200b && value <= 0x200f) || (value >= 0x2028 && value <= 0x202e) ||
	    (value >= 0x2060 && value <= 0x206f) || value == 0xfeff)
		return 0;
	return nr;
}

void hwp_html_text(FILE *out, const char *s)
{
	while (*s) {
		const unsigned char *bytes = (const unsigned char *)s;
		const char *escaped = entity(*s);
		size_t nr = bytes[0] >= 0x80 ? sequence(bytes) : bytes[0] >= 0x20 && *s != 0x7f;

		if (escaped)
			fputs(escaped, out);
		else if (nr)
			fwrite(s, 1, nr, out);
		else
			fprintf(out, "\\x%02x", bytes[0]);
		s += nr ? nr : 1;
	}
}

static void put_formatted(FILE *out, const char *fmt, va_list ap)
{
	char s[MAX_TEXT];

	vsnprintf(s, sizeof(s), fmt, ap);
	hwp_html_text(out, s);
}

void hwp_html_printf(FILE *out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_formatted(out, fmt, ap);
	va_end(ap);
}

void hwp_html_paragraph(FILE *out, const char *fmt, ...)
{
	va_list ap;

	fputs("<p>", out);
	va_start(ap, fmt);
	put_formatted(out, fmt, ap);
	va_end(ap);
	fputs("</p>\n", out);
}

void hwp_html_cell(FILE *out, const char *class, const char *fmt, ...)
{
	va_list ap;

	fputs("<td", out);
	if (class) {
		fputs(" class=\"", out);
		hwp_html_text(out, class);
		putc('"', out);
	}
	putc('>', out);
	va_start(ap, fmt);
	put_formatted(out, fmt, ap);
	va_end(ap);
	fputs("</td>", out);
}

void hwp_html_table_begin(FILE *out, const char *const *heads)
{
	fputs("<div class=\"wide\" tabindex=\"0\"><table>\n<thead><tr>", out);
	for (; *heads; heads++) {
		fputs("<th scope=\"col\">", out);
		hwp_html_text(out, *heads);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n<tbody>\n", out);
}

void hwp_html_table_end(FILE *out)
{
	fputs("</tbody></table></div>\n", out);
}

static void sink_heading(void *arg, const char *s)
{
	fputs("<h3>", arg);
	hwp_html_text(arg, s);
	fputs("</h3>\n", arg);
}

static void sink_field(void *arg, const char *label, const char *value)
{
	fputs("<div class=\"field\"><span class=\"label\">", arg);
	hwp_html_text(arg, label);
	fputs("</span><span>", arg);
	hwp_html_text(arg, value);
	fputs("</span></div>\n", arg);
}

static void sink_paragraph(void *arg, const char *s)
{
	hwp_html_paragraph(arg, "%s", s);
}

void hwp_html_sink(struct hwp_text *text, struct hwp_text_sink *sink, FILE *out)
{
	static const struct hwp_report_style style = { .utf8 = true };

	*sink = (struct hwp_text_sink){
		.arg = out,
		.heading = sink_heading,
		.field = sink_field,
		.paragraph = sink_paragraph,
	};
	hwp_text_init(text, out, &style);
	text->sink = sink;
}
