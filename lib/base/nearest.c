// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/nearest.h"

#include <ctype.h>
#include <string.h>

/* Words longer than any that is known. */
#define MAX_WORD 32
/* A word that needs so many changes, or half of its letters, is another one. */
#define TOO_FAR 3

static int plain(char c)
{
	return c == ' ' ? '-' : tolower((unsigned char)c);
}

static bool same(char a, char b)
{
	return plain(a) == plain(b);
}

bool hwp_is_same_word(const char *a, const char *b)
{
	for (; *a && same(*a, *b); a++)
		b++;
	return !*a && !*b;
}

/** Letters to put in, take out or change until @p a is @p b; two that are swapped count once. */
static size_t distance(const char *a, const char *b)
{
	size_t nr_a = strlen(a), nr_b = strlen(b);
	size_t d[MAX_WORD + 1][MAX_WORD + 1];

	if (nr_a > MAX_WORD || nr_b > MAX_WORD)
		return MAX_WORD;
	for (size_t i = 0; i <= nr_a; i++) {
		for (size_t j = 0; j <= nr_b; j++) {
			size_t best = i + j;

			if (i && j) {
				best = d[i - 1][j - 1] + (!same(a[i - 1], b[j - 1]));
				best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
				best = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
			}
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
			    same(a[i - 2], b[j - 1]) && d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	}
	return d[nr_a][nr_b];
}

struct hwp_nearest hwp_nearest_to(const char *word)
{
	return (struct hwp_nearest){ .word = word, .least = TOO_FAR };
}

void hwp_nearest_try(struct hwp_nearest *nearest, const char *other)
{
	size_t d = distance(nearest->word, other);

	if (d < nearest->least && 2 * d < strlen(other)) {
		nearest->least = d;
		nearest->found = other;
	}
}
