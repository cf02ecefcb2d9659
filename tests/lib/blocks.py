# SPDX-License-Identifier: GPL-2.0-or-later
"""Healthy blocks of a folio, the plain way, and the schema that reports obey."""
import json
import pathlib

import hwp

SCHEMA = pathlib.Path(hwp.PROGRAM).with_name('hwpoison.report.1.schema.json')


def decompose(base, order, poison, max_order=10):
    """[(pfn, order)]: the loop of free_prepared_contig_range() over each healthy run."""
    found, pfn, bad = [], base, set(poison)
    while pfn < base + (1 << order):
        end = pfn
        while end < base + (1 << order) and end not in bad:
            end += 1
        while pfn < end:
            size = 1 << max_order
            while pfn % size or pfn + size > end:
                size //= 2
            found.append((pfn, size.bit_length() - 1))
            pfn += size
        pfn = end + 1
    return found


def validator():
    """A validator of the JSON Schema; None without python3-jsonschema."""
    try:
        import jsonschema
    except ImportError:
        return None
    schema = json.loads(SCHEMA.read_text())
    return jsonschema.validators.validator_for(schema)(schema)
