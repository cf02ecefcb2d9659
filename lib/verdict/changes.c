// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/changes.h"

#include "facts/pages/scan.h"

/** A poisoned page before and now, either NULL. */
struct pair {
	const struct hwp_known_page *before;
	const struct hwp_poisoned *now;
};

/** Where a walk along both lists is. */
struct walk {
	const struct hwp_known *known;
	const struct hwp_findings *findings;
	size_t known_at, now_at;
};

static bool next_pair(struct walk *w, struct pair *ret)
{
	const struct hwp_known_page *before = w->known->pages.data + w->known_at;
	const struct hwp_poisoned *now = w->findings->poisoned.data + w->now_at;
	bool has_before = w->known_at < w->known->pages.nr;
	bool has_now = w->now_at < w->findings->poisoned.nr;

	if (!has_before && !has_now)
		return false;
	if (has_before && has_now && before->pfn != now->pfn) {
		has_before = before->pfn < now->pfn;
		has_now = !has_before;
	}
	*ret = (struct pair){ has_before ? before : NULL, has_now ? now : NULL };
	w->known_at += has_before;
	w->now_at += has_now;
	return true;
}

static bool saw_everything(const struct hwp_findings *f)
{
	return f->coverage.nr_read == f->coverage.nr_pages && !f->too_many;
}

static struct hwp_error *learn(const struct hwp_known *known, const struct hwp_findings *f,
			       struct hwp_known *ret)
{
	struct walk walk = { known, f, 0, 0 };
	struct hwp_known_page page;
	struct pair pair;

	while (next_pair(&walk, &pair)) {
		if (!pair.now && (saw_everything(f) || ret->pages.nr >= HWP_MAX_POISONED))
			continue;
		page = pair.now ? (struct hwp_known_page){ pair.now->pfn, pair.now->state } :
				  *pair.before;
		if (!hwp_vec_push(&ret->pages, page))
			return hwp_error_no_memory();
	}
	ret->has_verdict = true;
	ret->verdict = f->verdict;
	return NULL;
}

static void report_page(const struct hwp_findings *f, const struct pair *pair,
			void (*each)(void *arg, const struct hwp_change *change), void *arg)
{
	struct hwp_change change = { .kind = HWP_CHANGE_PAGE, .page = pair->now };

	if (!pair->now && !saw_everything(f))
		return;
	if (pair->before && pair->now && pair->before->state == pair->now->state)
		return;
	change.pfn = pair->now ? pair->now->pfn : pair->before->pfn;
	change.before = pair->before ? hwp_state_name(pair->before->state) : NULL;
	change.now = pair->now ? hwp_state_name(pair->now->state) : NULL;
	each(arg, &change);
}

struct hwp_error *hwp_changes(struct hwp_known *known, const struct hwp_findings *f,
			      void (*each)(void *arg, const struct hwp_change *change), void *arg)
{
	_cleanup_(hwp_known_deinit) struct hwp_known learned = {};
	struct walk walk = { known, f, 0, 0 };
	struct hwp_error *err;
	struct pair pair;

	err = learn(known, f, &learned);
	if (err)
		return err;
	while (next_pair(&walk, &pair))
		report_page(f, &pair, each, arg);
	if (!known->has_verdict || known->verdict != f->verdict)
		each(arg,
		     &(struct hwp_change){
			     .kind = HWP_CHANGE_VERDICT,
			     .before = known->has_verdict ? hwp_verdict_name(known->verdict) : NULL,
			     .now = hwp_verdict_name(f->verdict),
		     });
	hwp_known_deinit(known);
	*known = learned;
	learned = (struct hwp_known){};
	return NULL;
}

void hwp_known_deinit(struct hwp_known *known)
{
	hwp_vec_deinit(&known->pages);
}
