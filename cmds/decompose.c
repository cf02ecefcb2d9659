// SPDX-License-Identifier: GPL-2.0-or-later
/** `decompose`: the healthy blocks of a folio, by arithmetic alone. */
#include <inttypes.h>

#include "options.h"
#include "pfns.h"
#include "verdict/decompose.h"

#define DEFAULT_MAX_ORDER 10

#define bad(...) hwp_error_create(HWP_ERROR_INVALID_ARGUMENT, __VA_ARGS__)

static struct hwp_error *parse_order(const char *name, const char *s, unsigned int *ret)
{
	uint64_t order;

	if (!hwp_parse_pfn(s, false, &order) || order > HWP_MAX_DECOMPOSE_ORDER)
		return bad("--%s is a number from 0 to %d, not '%s'", name, HWP_MAX_DECOMPOSE_ORDER,
			   s);
	*ret = (unsigned int)order;
	return NULL;
}

static struct hwp_error *init_map(const struct hwp_context *context,
				  const struct hwp_cmd_options *options, struct hwp_poison_map *map)
{
	struct hwp_error *err;
	unsigned int order = 0;
	uint64_t base;

	if (!options->base || !options->order)
		return bad("--%s is missing: decompose needs --base and --order",
			   options->base ? "order" : "base");
	if (!hwp_parse_pfn(options->base, context->like_crash, &base))
		return bad("--base is a pfn, like %s, not '%s'",
			   context->like_crash ? "200" : "512 or 0x200", options->base);
	err = parse_order("order", options->order, &order);
	return err ? err : hwp_error_prefix(hwp_poison_map_init(map, base, order), "--base");
}

static struct hwp_error *add_poison(const struct hwp_context *context, struct hwp_poison_map *map,
				    const char *list)
{
	const char *s = list;

	if (!*s)
		return bad("--poison names no page");
	while (*s) {
		uint64_t start, end;

		if (!hwp_next_pfns(&s, context->like_crash, &start, &end))
			return bad("--poison is a list like 0x20d,0x300-0x304, not '%s'", s);
		if (start < map->base_pfn || end > hwp_poison_map_end(map))
			return bad("--poison: 0x%" PRIx64 " is not in the folio 0x%" PRIx64
				   "-0x%" PRIx64,
				   start < map->base_pfn ? start : end - 1, map->base_pfn,
				   hwp_poison_map_end(map));
		for (uint64_t pfn = start; pfn < end; pfn++)
			hwp_poison_map_add(map, pfn);
	}
	return NULL;
}

int hwp_cmd_decompose(const struct hwp_context *context, const struct hwp_command *command,
		      struct hwp_cmd_options *options)
{
	_cleanup_(hwp_healthy_blocks_deinit) struct hwp_healthy_blocks blocks = {};
	_cleanup_(hwp_poison_map_deinit) struct hwp_poison_map map = {};
	struct hwp_decompose_report report = { .map = &map, .max_order = DEFAULT_MAX_ORDER };
	struct hwp_error *err;

	(void)command;
	err = init_map(context, options, &map);
	if (!err && options->poison)
		err = add_poison(context, &map, options->poison);
	if (!err && options->max_order)
		err = parse_order("max-order", options->max_order, &report.max_order);
	if (!err)
		err = hwp_decompose(&map, report.max_order, &blocks);
	if (err)
		return hwp_fail(context, options->json, err);
	report.blocks = blocks.blocks.data;
	report.nr_blocks = blocks.blocks.nr;
	err = options->json ? hwp_report_decompose_json(context->out, &report) :
			      hwp_report_decompose(context->out, &report, &options->style);
	return hwp_finish(context, err, 0);
}
