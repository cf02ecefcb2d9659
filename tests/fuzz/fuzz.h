// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * A fuzz target is a function of bytes. Built alone it is libFuzzer's; a unit
 * test includes them all and replays their corpora.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef FUZZ_REPLAY
#define FUZZ_TARGET(fn)
#else
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
#define FUZZ_TARGET(fn)                                              \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) \
	{                                                            \
		fn(data, size);                                      \
		return 0;                                            \
	}
#endif

/** Take @p size bytes off the input, zeros where it has run out. */
static inline void fuzz_take(const uint8_t **data, size_t *size, void *to, size_t nr)
{
	size_t n = nr < *size ? nr : *size;

	memset(to, 0, nr);
	if (n)
		memcpy(to, *data, n);
	*data += n;
	*size -= n;
}

#endif /* TESTS_FUZZ_H */
