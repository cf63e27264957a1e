#!/usr/bin/env python3
"""Tests of docs_logs.py: names of fields are found wherever they can stand."""

import pathlib
import sys
import textwrap
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from docs_logs import documented, events_of, fields_of
from tidy_text import Source


def names(text: str, path: str = "cohort/primary/coroner.cpp") -> list[str]:
    return sorted(fields_of(Source(path, textwrap.dedent(text))))


class FieldsTest(unittest.TestCase):
    def test_in_the_call(self):
        self.assertEqual(names('log::info({{"slot", slot}, {"why", f({1, 2})}}, "x {}", y);'),
                         ["slot", "why"])
        self.assertEqual(names('log_of(of).error({{"path", of.path()},\n {"err", e}}, "failed");'),
                         ["err", "path"])
        self.assertEqual(names('auto own = log::with({{"module", "payments"}});'), ["module"])

    def test_in_a_list_before_it(self):
        self.assertEqual(names('const log::field more[] = {{"slot", a}, {"worker", b}};'),
                         ["slot", "worker"])
        self.assertEqual(names('const std::array<log::field, 2> f{{{"rule", r}, {"to", t}}};'),
                         ["rule", "to"])
        self.assertEqual(names('static_vector<log::field, 4> fields{{"a", 1}};\n'
                               'fields.push_back({"b", 2});'), ["a", "b"])

    def test_other_lists_are_none(self):
        self.assertEqual(names('log::info("{}", f({{"a", 1}}));'), [])
        self.assertEqual(names('json::object one{{"slot", 1}}; past.note("ill", {{"b", 2}});'), [])
        self.assertEqual(names('// log::info({{"a", 1}}, "");'), [])

    def test_what_the_page_names(self):
        page = ("## Fields\n\n| field | what |\n|---|---|\n| `a`, `b-c` | `not` |\n"
                "| yours | |\n\n## Loggers of it\n\n| `d e` | |\n")
        self.assertEqual(documented(page, "Fields"), {"a", "b-c"})
        self.assertEqual(documented(page, "Loggers of it"), {"d e"})

    def test_events(self):
        text = ('past_.note(bad ? "a" : "b", {{"x", 1}});\nbook_->note(n, {});\n'
                'flight::note("c", 1);\n    note("d e", std::move(more));\n')
        self.assertEqual(sorted(events_of(Source("cohort/primary/x.cpp", text))), ["a", "b", "d e"])


if __name__ == "__main__":
    unittest.main()
