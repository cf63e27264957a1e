#!/usr/bin/env python3
"""Checks docs/manual/from-node.md: each row of its tables names a test that exists in the sources,
or says why there is none.

A test is named as `file_test.cpp`: "its sentence"; several are separated by semicolons.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/manual/from-node.md"
_NAMED = re.compile(r'`([\w./]+_test\.(?:cpp|py))`: "([^"]+)"')
_CASE = re.compile(r'(?:TEST_CASE|SCENARIO)(?:_FIXTURE|_TEMPLATE)?\s*\((.*?)\)\s*[\n{]', re.DOTALL)
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')


def cases(source: pathlib.Path) -> set[str]:
    """The names of the test cases of a source; adjacent literals are one name."""
    names = set()
    for found in _CASE.findall(source.read_text(encoding="utf-8")):
        names.add("".join(_TEXT.findall(found)).replace('\\"', '"'))
    return names


def sources_by_name() -> dict[str, list[pathlib.Path]]:
    by_name: dict[str, list[pathlib.Path]] = {}
    for folder in ("cohort", "tests"):
        for source in (ROOT / folder).rglob("*_test.*"):
            by_name.setdefault(source.name, []).append(source)
    return by_name


def rows(text: str) -> list[tuple[int, list[str]]]:
    """The rows of all tables with a column for tests, without their headings: (line, cells)."""
    found = []
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.startswith("|"):
            inside = False
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
        if cells[-1] == "test":
            inside = True
        elif inside and not set(line) <= set("|-: "):
            found.append((number, cells))
    return found


def problems(text: str, by_name: dict[str, list[pathlib.Path]]) -> list[str]:
    wrong = []
    for number, cells in rows(text):
        named = _NAMED.findall(cells[-1])
        if not named and "no test:" not in cells[-1]:
            wrong.append(f"line {number}: {cells[0]}: names no test")
        for file, case in named:
            known = [s for s in by_name.get(pathlib.Path(file).name, [])
                     if s.as_posix().endswith(file)]
            if not known:
                wrong.append(f"line {number}: there is no {file}")
            elif not any(case in cases(source) for source in known):
                wrong.append(f"line {number}: {file} has no case \"{case}\"")
    return wrong


def self_test() -> None:
    here = {"x_test.cpp": [pathlib.Path(__file__)]}
    head = "| Node | test |\n|---|---|\n"
    assert problems(head + "| a | nothing |\n", here) == ["line 3: a: names no test"]
    assert problems(head + "| a | no test: needs Node |\n", here) == []
    unknown = head + '| a | `y_test.cpp`: "b" |\n'
    assert problems(unknown, here) == ["line 3: there is no y_test.cpp"]
    assert problems("| Node | else |\n|---|---|\n| a | b |\n", here) == []


def main() -> int:
    self_test()
    text = PAGE.read_text(encoding="utf-8")
    if len(rows(text)) < 40:
        print(f"{PAGE.name}: the tables are not where this looks for them")
        return 1
    wrong = problems(text, sources_by_name())
    for each in wrong:
        print(f"{PAGE.relative_to(ROOT)}: {each}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
