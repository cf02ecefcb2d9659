// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/nametable.h"

#include <stdlib.h>
#include <string.h>

/** A slot of the open-addressed table, which is at most half full; free if name is NULL. */
struct hwp_name {
	const char *name;
	uint32_t hash, value;
};

static uint32_t hash_name(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return h;
}

static struct hwp_name *slot_of(const struct hwp_name_table *t, const char *name, uint32_t hash)
{
	size_t i = hash & (t->nr_slots - 1);

	while (t->slots[i].name &&
	       (t->slots[i].hash != hash || strcmp(t->slots[i].name, name) != 0))
		i = (i + 1) & (t->nr_slots - 1);
	return &t->slots[i];
}

static bool grow(struct hwp_name_table *t)
{
	struct hwp_name_table bigger = { .nr = t->nr,
					 .nr_slots = t->nr_slots ? t->nr_slots * 2 : 1 << 12 };

	bigger.slots = calloc(bigger.nr_slots, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (size_t i = 0; i < t->nr_slots; i++) {
		if (t->slots[i].name)
			*slot_of(&bigger, t->slots[i].name, t->slots[i].hash) = t->slots[i];
	}
	free(t->slots);
	*t = bigger;
	return true;
}

bool hwp_name_table_put(struct hwp_name_table *table, const char *name, uint32_t value)
{
	uint32_t hash = hash_name(name);
	struct hwp_name *slot;

	if (table->nr * 2 >= table->nr_slots && !grow(table))
		return false;
	slot = slot_of(table, name, hash);
	if (slot->name)
		return true;
	*slot = (struct hwp_name){ .name = name, .hash = hash, .value = value };
	table->nr++;
	return true;
}

bool hwp_name_table_find(const struct hwp_name_table *table, const char *name, uint32_t *ret)
{
	const struct hwp_name *slot;

	if (!table->nr_slots)
		return false;
	slot = slot_of(table, name, hash_name(name));
	if (slot->name)
		*ret = slot->value;
	return slot->name;
}

void hwp_name_table_deinit(struct hwp_name_table *table)
{
	free(table->slots);
	*table = (struct hwp_name_table){};
}
