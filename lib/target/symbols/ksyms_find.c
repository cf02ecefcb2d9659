// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The kallsyms tables by search, for kernels before v6.0. scripts/kallsyms.c leaves the code
 * of a character that a name has to the token of that character alone. So "0" to "9" stand in a row
 * in the table of tokens, and kallsyms_token_index, which has an offset for each token,
 * must agree with it. kallsyms_markers has the offset of every 256th name: names
 * that meet all of them are the names.
 */
#include <string.h>

#include "base/bits.h"
#include "target/symbols/image.h"
#include "target/symbols/ksyms.h"

static const char digits[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";

/* The image is read in such pieces, downwards. */
#define STEP ((size_t)256 << 10)
/* Names, markers, and what may stand between them and the tokens. */
#define MAX_TABLES ((size_t)32 << 20)
#define SYMS_PER_MARKER 256
/* Bytes of a name: a length, the type and one letter at least; two bytes of length at most. */
#define MIN_ENTRY 2
#define MAX_ENTRY (2 + 512)
/* No kernel has fewer than 2048 symbols. */
#define MIN_MARKERS 8
/* Places, entries and words looked at: a few hundred thousand in a kernel, any number in nonsense. */
#define MAX_STEPS (UINT64_C(1) << 26)

/** Offsets in the image's bytes. */
struct finder {
	struct hwp_image *image;
	const uint8_t *bytes;
	/** Of tokens 1 to 255, then of the end of the last one; [0] follows from the index. */
	size_t tokens[HWP_KSYMS_NR_TOKENS + 1];
	size_t token_index;
	size_t markers, nr_markers;
	/** 4 bytes since Linux kernel commit 80ffbaa5b1bd ("kallsyms: reduce size a little on
	 * 64-bit") (in v4.20), 8 before. */
	unsigned int marker_size;
	size_t num_syms, names;
	uint32_t nr_syms;
	uint64_t nr_steps;
};

/** One step more, if there are any left. */
static bool may_go_on(struct finder *f)
{
	return f->nr_steps++ < MAX_STEPS;
}

static uint64_t marker(const struct finder *f, size_t i)
{
	const uint8_t *at = f->bytes + f->markers + i * f->marker_size;

	return f->marker_size == 8 ? hwp_u64(at) : hwp_u32(at);
}

/** The tokens around "0", which is at @p hit. */
static bool find_tokens(struct finder *f, size_t hit)
{
	size_t at = hit;

	for (int i = '0'; i < HWP_KSYMS_NR_TOKENS; i++) {
		size_t len = strnlen((const char *)f->bytes + at, f->image->size - at);

		if (len == 0 || len > HWP_KSYMS_MAX_TOKEN || at + len == f->image->size)
			return false;
		f->tokens[i] = at;
		at += len + 1;
	}
	f->tokens[HWP_KSYMS_NR_TOKENS] = at;
	for (int i = '0' - 1; i >= 1; i--) {
		size_t end = f->tokens[i + 1], start = end - 1;

		while (start > f->image->low && f->bytes[start - 1])
			start--;
		if (start == f->image->low || start + 1 == end ||
		    end - 1 - start > HWP_KSYMS_MAX_TOKEN)
			return false;
		f->tokens[i] = start;
	}
	return true;
}

/** Does kallsyms_token_index stand at @p at? Then the first token begins where it says. */
static bool is_index(struct finder *f, size_t at)
{
	const uint8_t *index = f->bytes + at;
	size_t first = hwp_u16(index + 2);

	if (hwp_u16(index) || first < 2 || first > HWP_KSYMS_MAX_TOKEN + 1 ||
	    first > f->tokens[1] - f->image->low)
		return false;
	for (size_t i = 2; i < HWP_KSYMS_NR_TOKENS; i++) {
		if (hwp_u16(index + 2 * i) - first != f->tokens[i] - f->tokens[1])
			return false;
	}
	f->tokens[0] = f->tokens[1] - first;
	f->token_index = at;
	return strnlen((const char *)f->bytes + f->tokens[0], first) == first - 1;
}

static bool find_index(struct finder *f)
{
	size_t end = f->image->size - 2 * HWP_KSYMS_NR_TOKENS;
	size_t behind = (f->tokens[HWP_KSYMS_NR_TOKENS] + 3) & ~(size_t)3;

	for (size_t at = behind; at < behind + 64 && at <= end; at += 4) {
		if (is_index(f, at))
			return true;
	}
	for (size_t at = (f->image->low + 3) & ~(size_t)3; at <= end && may_go_on(f); at += 4) {
		/* Most places fall through the first two words. */
		if (!hwp_u16(f->bytes + at) && hwp_u16(f->bytes + at + 2) && is_index(f, at))
			return true;
	}
	return false;
}

/** Is @p at the start of markers? Their number is counted. */
static bool are_markers(struct finder *f, size_t at, unsigned int size, size_t end)
{
	uint64_t last = 0;
	size_t i = 1;

	f->markers = at;
	f->marker_size = size;
	if (marker(f, 0))
		return false;
	for (; at + (i + 1) * size <= end; i++) {
		uint64_t next = marker(f, i);

		if (next < last + (uint64_t)SYMS_PER_MARKER * MIN_ENTRY ||
		    next > last + (uint64_t)SYMS_PER_MARKER * MAX_ENTRY)
			break;
		last = next;
	}
	f->nr_markers = i;
	return i >= MIN_MARKERS && last < MAX_TABLES;
}

/** Do the names at @p at meet every marker? */
static bool names_agree(struct finder *f, size_t at, uint32_t nr_syms)
{
	size_t next = 0, nr_tokens;
	const uint8_t *tokens;

	for (uint32_t i = 0; i < nr_syms; i++) {
		if (!may_go_on(f))
			return false;
		if (i % SYMS_PER_MARKER == 0 && marker(f, i / SYMS_PER_MARKER) != next)
			return false;
		if (!hwp_ksyms_next(f->bytes + at, f->markers - at, &next, &tokens, &nr_tokens))
			return false;
	}
	return true;
}

/** kallsyms_num_syms and the names, before the markers; the names are aligned behind the number. */
static bool find_names(struct finder *f)
{
	uint64_t last = marker(f, f->nr_markers - 1);
	uint64_t most = last + (uint64_t)SYMS_PER_MARKER * MAX_ENTRY + 8;
	uint64_t max = (uint64_t)f->nr_markers * SYMS_PER_MARKER, min = max - SYMS_PER_MARKER + 1;
	size_t low = f->markers - f->image->low > most ? f->markers - most : f->image->low;

	if (f->markers - f->image->low < last)
		return false;
	for (size_t at = (f->markers - last) & ~(size_t)3; at >= low + 8 && may_go_on(f); at -= 4) {
		for (size_t gap = 4; gap <= 8; gap += 4) {
			uint32_t nr = hwp_u32(f->bytes + at - gap);

			if (nr < min || nr > max || (gap == 8 && hwp_u32(f->bytes + at - 4)) ||
			    !names_agree(f, at, nr))
				continue;
			f->num_syms = at - gap;
			f->names = at;
			f->nr_syms = nr;
			return true;
		}
	}
	return false;
}

/** Read as much before the markers as the names and their number take. */
static struct hwp_error *read_names(struct finder *f)
{
	uint64_t size = marker(f, f->nr_markers - 1) + STEP;

	return hwp_image_read(f->image, f->markers > size ? f->markers - size : 0);
}

/** The markers before the tokens, and the names before the markers. */
static struct hwp_error *find_before_tokens(struct finder *f, bool *found)
{
	size_t tokens = f->tokens[0], low = tokens > MAX_TABLES ? tokens - MAX_TABLES : 0;
	struct hwp_error *err = NULL;

	for (size_t at = tokens & ~(size_t)3; at >= low + 4 && !*found && !err; at -= 4) {
		if (f->image->low > at - 4)
			err = hwp_image_read(f->image, at > low + STEP ? at - STEP : low);
		if (err || hwp_u32(f->bytes + at - 4) ||
		    (!are_markers(f, at - 4, 4, tokens) && !are_markers(f, at - 4, 8, tokens)))
			continue;
		err = read_names(f);
		*found = !err && find_names(f);
	}
	return err;
}

static void add_place(struct hwp_ksyms_tables *t, uint64_t address, uint64_t base_at,
		      bool is_absolute)
{
	t->places[t->nr_places++] = (struct hwp_ksyms_place){ address, base_at, is_absolute };
}

/*
 * The addresses stand before the number of symbols, and behind the tokens since Linux kernel
 * commit 404bad70fcf7 ("scripts/kallsyms: change the output order") (in v6.4).
 */
static void name_tables(const struct finder *f, struct hwp_ksyms_tables *t)
{
	uint64_t start = f->image->start, number = start + f->num_syms;
	uint64_t behind = start + f->token_index + 2 * HWP_KSYMS_NR_TOKENS;
	uint64_t size = 4 * (uint64_t)f->nr_syms, aligned = (size + 7) & ~UINT64_C(7);

	*t = (struct hwp_ksyms_tables){
		.nr_syms = f->nr_syms,
		.names = start + f->names,
		.token_table = start + f->tokens[0],
		.token_index = start + f->token_index,
	};
	add_place(t, number - 8 - aligned, number - 8, false);
	add_place(t, behind, (behind + size + 7) & ~UINT64_C(7), false);
	add_place(t, behind, 0, false);
	add_place(t, number - 2 * size, 0, true);
	add_place(t, behind, 0, true);
}

/** Look for the tokens in bytes [@p low, @p end) of the image. */
static struct hwp_error *search(struct finder *f, size_t low, size_t end, bool *found)
{
	struct hwp_error *err = NULL;

	for (size_t at = low; !err && !*found; at++) {
		const uint8_t *hit = memmem(f->bytes + at, end - at, digits, sizeof(digits));

		if (!hit)
			return NULL;
		at = (size_t)(hit - f->bytes);
		/* The first tokens stand before it. */
		err = hwp_image_read(f->image, low > STEP ? low - STEP : 0);
		if (!err && may_go_on(f) && find_tokens(f, at) && find_index(f))
			err = find_before_tokens(f, found);
	}
	return err;
}

struct hwp_error *hwp_ksyms_find(struct hwp_target *target, struct hwp_ksyms_tables *ret)
{
	_cleanup_(hwp_image_deinit) struct hwp_image image = {};
	struct finder f = { .image = &image };
	struct hwp_error *err = hwp_image_init(&image, target);
	bool found = false;

	f.bytes = image.bytes;
	for (size_t low, high = image.size; !err && !found && high; high = low) {
		size_t end = high + sizeof(digits) < image.size ? high + sizeof(digits) :
								  image.size;

		low = high > STEP ? high - STEP : 0;
		err = hwp_image_read(&image, low);
		if (!err)
			err = search(&f, low, end, &found);
	}
	if (err)
		return err;
	if (!found)
		return hwp_error_create(HWP_ERROR_LOOKUP, "no kallsyms tables between them");
	name_tables(&f, ret);
	return NULL;
}
