// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"

#include "../unit/btf_blob.h"

static void fuzz_btf(const uint8_t *data, size_t size)
{
	static const char *const members[][2] = {
		{ "page", NULL },      { "page", "lru.prev" }, { "zone", "free_area.nr_free" },
		{ "page", "nothing" }, { "deep", "a.a.a" },    { "", "a" },
	};
	struct hwp_target *target;
	struct hwp_provider p;
	struct hwp_error *err = blob_open(data, size, &target, &p);
	int64_t value;

	for (size_t i = 0; !err && i < HWP_ARRAY_SIZE(members); i++) {
		struct hwp_member m;

		hwp_error_destroy(p.ops->member(p.arg, members[i][0], members[i][1], &m));
	}
	if (!err) {
		hwp_error_destroy(p.ops->enumerator(p.arg, "pageflags", "PG_hwpoison", &value));
		hwp_error_destroy(p.ops->enumerator(p.arg, NULL, "PG_hwpoison", &value));
		p.ops->destroy(p.arg);
	}
	hwp_error_destroy(err);
	hwp_target_destroy(target);
}
FUZZ_TARGET(fuzz_btf)
