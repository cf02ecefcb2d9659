// SPDX-License-Identifier: GPL-2.0-or-later
/** The free lists and the zones in JSON. */
#ifndef HWP_REPORT_JSON_FREELIST_H
#define HWP_REPORT_JSON_FREELIST_H

#include "base/json.h"
#include "model/findings.h"

/** "nid" and "zone" of the zone at @p index of the findings; null for -1. */
void hwp_report_json_zone(struct hwp_json *json, const struct hwp_findings *findings, int index);

/** "freelist": zones, areas, lists, and the blocks that hold poison. */
void hwp_report_json_freelist(struct hwp_json *json, const struct hwp_findings *findings);

#endif /* HWP_REPORT_JSON_FREELIST_H */
