// SPDX-License-Identifier: GPL-2.0-or-later
#include "excerpt/excerpt.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

struct excerpt {
	struct hwp_target *target;
	const struct hwp_findings *findings;
	const struct hwp_seen *seen;
	unsigned int page_shift;
	struct hwp_excerpt_sum *sum;
	unsigned char *page, *kept;
};

static void excerpt_deinit(struct excerpt *x)
{
	hwp_target_destroy(x->target);
	free(x->page);
	free(x->kept);
}

static void writer_destroyp(struct hwp_kdump_writer **writer)
{
	hwp_kdump_writer_destroy(*writer);
}

/** All zeros or all 0xaa, as the kernel leaves a page: the report says so, and no data is there. */
static bool is_pattern(struct excerpt *x, uint64_t start)
{
	size_t size = (size_t)1 << x->page_shift;
	struct hwp_error *err = hwp_target_read(x->target, HWP_PHYSICAL, start, x->page, size,
						NULL);

	if (err) {
		hwp_error_destroy(err);
		return false;
	}
	return (x->page[0] == 0 || x->page[0] == 0xaa) &&
	       memcmp(x->page, x->page + 1, size - 1) == 0;
}

/** What each poisoned page holds, as far as the dump has it. */
static void take_poisoned(struct excerpt *x, struct hwp_seen *seen)
{
	size_t size = (size_t)1 << x->page_shift;

	for (size_t i = 0; i < x->findings->poisoned.nr; i++) {
		uint64_t start = x->findings->poisoned.data[i].pfn << x->page_shift;
		struct hwp_error *err = hwp_target_read(x->target, HWP_PHYSICAL, start, x->page,
							size, NULL);

		if (!err) {
			hwp_seen_bytes(seen, start, size);
			x->sum->nr_poisoned++;
		}
		hwp_error_destroy(err);
	}
}

/** Poisoned pages were looked at: what they hold may be anybody's. */
static void take_pages(struct excerpt *x, struct hwp_seen *seen, bool poisoned)
{
	if (poisoned)
		take_poisoned(x, seen);
	for (size_t i = 0; i < seen->pages.nr; i++) {
		const struct hwp_seen_range *page = &seen->pages.data[i];

		if (poisoned || is_pattern(x, page->start))
			hwp_seen_bytes(seen, page->start, page->end - page->start);
		else
			x->sum->nr_left_out++;
	}
	hwp_seen_join(seen);
}

/** The next page that has bytes from range *@p i on; false after the last. */
static bool next_page(const struct excerpt *x, size_t *i, uint64_t *pfn)
{
	const struct hwp_seen_range *ranges = x->seen->bytes.data;

	while (*i < x->seen->bytes.nr && (ranges[*i].end - 1) >> x->page_shift < *pfn)
		++*i;
	if (*i == x->seen->bytes.nr)
		return false;
	if (ranges[*i].start >> x->page_shift > *pfn)
		*pfn = ranges[*i].start >> x->page_shift;
	return true;
}

/** Bytes of page @p pfn that were seen, from range @p i on, the others being zeros. */
static struct hwp_error *read_seen(struct excerpt *x, size_t i, uint64_t pfn)
{
	uint64_t size = UINT64_C(1) << x->page_shift, start = pfn << x->page_shift, nr = 0;
	const struct hwp_seen_range *ranges = x->seen->bytes.data;
	struct hwp_error *err = NULL;

	memset(x->kept, 0, size);
	for (; !err && i < x->seen->bytes.nr && ranges[i].start < start + size; i++) {
		uint64_t from = ranges[i].start > start ? ranges[i].start - start : 0;
		uint64_t end = ranges[i].end < start + size ? ranges[i].end - start : size;

		err = hwp_target_read(x->target, HWP_PHYSICAL, start + from, x->kept + from,
				      end - from, NULL);
		nr += end - from;
	}
	x->sum->nr_bytes += nr;
	x->sum->nr_in_part += nr < size;
	return err;
}

static uint64_t count_pages(const struct excerpt *x)
{
	uint64_t pfn = 0, nr = 0;

	for (size_t i = 0; next_page(x, &i, &pfn); pfn++)
		nr++;
	return nr;
}

static int by_start(const void *one, const void *other)
{
	const struct hwp_zone_facts *a = one, *b = other;

	return a->start_pfn < b->start_pfn ? -1 : a->start_pfn > b->start_pfn;
}

/** Zones of two nodes may overlap. */
static struct hwp_error *put_ram(const struct hwp_findings *f, struct hwp_kdump_writer *writer)
{
	_cleanup_free_ struct hwp_zone_facts *zones = calloc(f->zones.nr + 1, sizeof(*zones));
	struct hwp_error *err = NULL;
	uint64_t next = 0;

	if (!zones)
		return hwp_error_no_memory();
	for (size_t i = 0; i < f->zones.nr; i++)
		zones[i] = f->zones.data[i];
	qsort(zones, f->zones.nr, sizeof(*zones), by_start);
	for (size_t i = 0; i < f->zones.nr && !err; i++) {
		uint64_t start = zones[i].start_pfn > next ? zones[i].start_pfn : next;

		err = hwp_kdump_writer_ram(writer, start, zones[i].end_pfn);
		next = zones[i].end_pfn > next ? zones[i].end_pfn : next;
	}
	return err;
}

static struct hwp_error *put_pages(struct excerpt *x, struct hwp_kdump_writer *writer)
{
	struct hwp_error *err = NULL;
	uint64_t pfn = 0;

	for (size_t i = 0; !err && next_page(x, &i, &pfn); pfn++) {
		err = read_seen(x, i, pfn);
		if (!err)
			err = hwp_kdump_writer_page(writer, pfn, x->kept);
	}
	return err;
}

static struct hwp_error *put_file(struct excerpt *x, int fd)
{
	_cleanup_(writer_destroyp) struct hwp_kdump_writer *writer = NULL;
	const struct hwp_findings *f = x->findings;
	struct hwp_kdump_head head = {
		.page_shift = x->page_shift,
		.nr_pages = count_pages(x),
		.vmcoreinfo = hwp_target_vmcoreinfo_text(x->target),
		.host = f->machine.host,
		.release = f->kernel.release,
		.version = f->machine.version,
		.machine = f->machine.arch,
		.nr_cpus = f->machine.nr_cpus,
	};
	struct hwp_error *err;

	if (!head.nr_pages || !head.vmcoreinfo)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "nothing of the dump could be read");
	/* x86_64 alone has it. */
	hwp_error_destroy(
		hwp_target_vmcoreinfo_number(x->target, "NUMBER(phys_base)", &head.phys_base));
	head.end_pfn = x->seen->bytes.data[x->seen->bytes.nr - 1].end - 1;
	head.end_pfn = (head.end_pfn >> x->page_shift) + 1;
	for (size_t i = 0; i < f->zones.nr; i++) {
		const struct hwp_zone_facts *zone = &f->zones.data[i];

		head.end_pfn = zone->end_pfn > head.end_pfn ? zone->end_pfn : head.end_pfn;
		head.nr_ram += zone->end_pfn - zone->start_pfn;
	}
	x->sum->nr_pages = head.nr_pages;
	err = hwp_kdump_writer_create(fd, &head, &writer);
	if (!err)
		err = put_ram(f, writer);
	if (!err)
		err = put_pages(x, writer);
	return err ? err : hwp_kdump_writer_finish(writer, &x->sum->size);
}

static struct hwp_error *add_for_hosts(const struct hwp_target_options *options)
{
	_cleanup_(hwp_target_destroyp) struct hwp_target *target = NULL;
	struct hwp_error *err = hwp_target_open(options, &target);

	return err ? err : hwp_excerpt_add_for_hosts(target);
}

struct hwp_error *hwp_excerpt_write(const struct hwp_target_options *options,
				    const struct hwp_findings *findings, struct hwp_seen *seen,
				    const struct hwp_excerpt_wishes *wishes, int fd,
				    struct hwp_excerpt_sum *ret)
{
	_cleanup_(excerpt_deinit) struct excerpt x = {
		.findings = findings,
		.seen = seen,
		.page_shift = findings->page_shift,
		.sum = ret,
	};
	struct hwp_target_options again = *options;
	struct hwp_error *err;

	*ret = (struct hwp_excerpt_sum){};
	x.page = malloc((size_t)1 << x.page_shift);
	x.kept = malloc((size_t)1 << x.page_shift);
	if (!x.page || !x.kept)
		return hwp_error_no_memory();
	again.seen = seen;
	err = add_for_hosts(&again);
	again.seen = NULL;
	if (!err)
		err = hwp_target_open(&again, &x.target);
	if (!err && wishes->kernel_data)
		err = hwp_excerpt_add_kernel_data(x.target, seen);
	if (err)
		return err;
	take_pages(&x, seen, wishes->poisoned);
	if (seen->failed)
		return hwp_error_no_memory();
	return put_file(&x, fd);
}
