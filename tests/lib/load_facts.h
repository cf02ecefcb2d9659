// SPDX-License-Identifier: GPL-2.0-or-later
/** Read facts that hwp_facts_write() wrote: for tests, by json-c, which only they need. */
#ifndef TESTS_LOAD_FACTS_H
#define TESTS_LOAD_FACTS_H

#include "base/error.h"
#include "model/findings.h"

/**
 * The facts in @p text, a JSON document of schema HWP_FACTS_SCHEMA. BAD_DATA says
 * which member has a wrong type, is unknown, or leads out of bounds. The caller
 * destroys the result with hwp_findings_destroy().
 */
struct hwp_error *load_facts(const char *text, struct hwp_findings **ret);

/** Those in the file @p path, which may be compressed by gzip. */
struct hwp_error *load_facts_file(const char *path, struct hwp_findings **ret);

#endif /* TESTS_LOAD_FACTS_H */
