// SPDX-License-Identifier: GPL-2.0-or-later
/** Which poisoned pages `list` shows, in which order, and with which columns. */
#ifndef HWP_REPORT_SELECTION_H
#define HWP_REPORT_SELECTION_H

#include "base/error.h"
#include "base/json.h"
#include "base/vec.h"
#include "report/columns.h"

struct hwp_selection {
	/** By state; has_states false: all. */
	bool has_states, states[HWP_NR_STATES];
	/** NULL: by pfn. */
	const struct hwp_page_column *sort;
	/** At most so many; 0: all. */
	unsigned int limit;
	/** Chosen by the user, none twice; empty for the default ones, with evidence. */
	HWP_VEC(const struct hwp_page_column *) columns;
	bool no_headings;
};

static inline void hwp_selection_deinit(struct hwp_selection *selection)
{
	hwp_vec_deinit(&selection->columns);
}

/** Is it all pages, in their order? */
static inline bool hwp_selection_is_all(const struct hwp_selection *s)
{
	return !s->has_states && !s->sort && !s->limit;
}

/** Pages of findings.poisoned, borrowed. */
typedef HWP_VEC(const struct hwp_poisoned *) hwp_page_vec;

static inline void hwp_page_vec_deinit(hwp_page_vec *pages)
{
	hwp_vec_deinit(pages);
}

/** The pages of @p selection in its order; @p nr_ret: those before its limit. */
struct hwp_error *hwp_select(const struct hwp_findings *findings,
			     const struct hwp_selection *selection, hwp_page_vec *ret,
			     size_t *nr_ret);

/** What the user asked for, and how many pages there are of that, as key "selection". */
void hwp_report_json_selection(struct hwp_json *json, const struct hwp_selection *selection,
			       size_t nr_selected);

#endif /* HWP_REPORT_SELECTION_H */
