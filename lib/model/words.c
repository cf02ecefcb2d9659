// SPDX-License-Identifier: GPL-2.0-or-later
/** The tables of the words, and a name for each value. */
#include "model/words.h"

#define WORD(value, name, meaning, ...) [value] = { name, meaning },
#define SECOND(value, name, meaning, second, ...) [value] = second,
#define STEP(value, name, meaning, class, step, now) [value] = step,
#define NOW(value, name, meaning, class, step, now) [value] = now,

/** The words @p list with the rows ROWS. */
#define TABLE(list, ROWS)                                            \
	static const struct hwp_word list##_rows[] = { ROWS(WORD) }; \
	const struct hwp_words list = { list##_rows, sizeof(list##_rows) / sizeof(list##_rows[0]) };

HWP_WORD_LISTS(TABLE)

const char *hwp_state_name(enum hwp_state state)
{
	return hwp_states.words[state].name;
}

const char *hwp_class_name(enum hwp_class class)
{
	return hwp_classes.words[class].name;
}

const char *hwp_verdict_name(enum hwp_verdict verdict)
{
	return hwp_verdicts.words[verdict].name;
}

const char *hwp_result_name(enum hwp_result result)
{
	return hwp_results.words[result].name;
}

const char *hwp_confidence_name(enum hwp_confidence confidence)
{
	return hwp_confidences.words[confidence].name;
}

const char *hwp_outcome_name(enum hwp_outcome outcome)
{
	return hwp_outcomes.words[outcome].name;
}

const char *hwp_answer_name(enum hwp_answer answer)
{
	return hwp_answers.words[answer].name;
}

const char *hwp_step_name(enum hwp_step_kind kind)
{
	return hwp_steps.words[kind].name;
}

const char *hwp_victim_name(enum hwp_victim_kind kind)
{
	return hwp_victims.words[kind].name;
}

const char *hwp_fix_name(enum hwp_fix fix)
{
	return hwp_fixes.words[fix].name;
}

const char *hwp_fix_seen_name(enum hwp_fix_seen seen)
{
	return hwp_fixes_seen.words[seen].name;
}

const char *hwp_switch_name(enum hwp_switch sw)
{
	return hwp_switches.words[sw].name;
}

const char *hwp_sweep_name(enum hwp_sweep sweep)
{
	return hwp_sweeps.words[sweep].name;
}

const char *hwp_trouble_kind_name(enum hwp_trouble_kind kind)
{
	return hwp_trouble_kinds.words[kind].name;
}

const char *hwp_hole_name(enum hwp_hole hole)
{
	return hwp_holes.words[hole].name;
}

const char *hwp_hole_meaning(enum hwp_hole hole)
{
	return hwp_holes.words[hole].meaning;
}

const char *hwp_container_name(enum hwp_container container)
{
	return hwp_containers.words[container].name;
}

const char *hwp_folio_kind_name(enum hwp_folio_kind kind)
{
	return hwp_folio_kinds.words[kind].name;
}

const char *hwp_extent_kind_name(enum hwp_extent_kind kind)
{
	return hwp_extent_kinds.words[kind].name;
}

const char *hwp_extent_source_name(enum hwp_extent_source source)
{
	return hwp_extent_sources.words[source].name;
}

const char *hwp_run_state_name(enum hwp_run_state state)
{
	return hwp_run_states.words[state].name;
}

const char *hwp_use_kind_name(enum hwp_use_kind kind)
{
	return hwp_use_kinds.words[kind].name;
}

const char *hwp_event_kind_name(enum hwp_event_kind kind)
{
	return hwp_event_kinds.words[kind].name;
}

const char *hwp_cause_name(enum hwp_cause_kind kind)
{
	return hwp_causes.words[kind].name;
}

const char *hwp_log_state_name(enum hwp_log_state state)
{
	return hwp_log_states.words[state].name;
}

const char *hwp_record_source_name(enum hwp_record_source source)
{
	return hwp_record_sources.words[source].name;
}

const char *hwp_store_state_name(enum hwp_store_state state)
{
	return hwp_store_states.words[state].name;
}

const char *hwp_module_source_name(enum hwp_module_source source)
{
	return hwp_module_sources.words[source].name;
}

const char *hwp_boot_name(enum hwp_boot boot)
{
	return hwp_boots.words[boot].name;
}

enum hwp_class hwp_state_class(enum hwp_state state)
{
	static const enum hwp_class classes[] = { HWP_STATES(SECOND) };

	return classes[state];
}

enum hwp_step_kind hwp_state_step(enum hwp_state state)
{
	static const enum hwp_step_kind steps[] = { HWP_STATES(STEP) };

	return steps[state];
}

const char *hwp_state_now(enum hwp_state state)
{
	static const char *const now[] = { HWP_STATES(NOW) };

	return now[state];
}

int hwp_verdict_exit_status(enum hwp_verdict verdict)
{
	static const int statuses[] = { HWP_VERDICTS(SECOND) };

	return statuses[verdict];
}
