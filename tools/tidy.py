#!/usr/bin/env python3
"""A test that reads the source: floors, limits, words, the co_await rule.

tidy.py [files...]: without files, everything git would track. Ends with 1 if it found a problem.
"""

import dataclasses
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import tidy_await
import tidy_rooms
from tidy_text import Problem, Source, match_forward

ROOT = pathlib.Path(__file__).resolve().parent.parent

LINES_MAX = 400
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100

# Folders whose code is held to the house rules, and the kinds of files that have limits.
FOLDERS = ("cohort/", "examples/", "bench/", "tests/", "tools/", "cmake/", ".ci/")
LIMITED = (".cpp", ".hpp", ".h", ".c", ".py", ".sh", ".cmake", "CMakeLists.txt", ".mjs", ".js")


@dataclasses.dataclass(frozen=True)
class Word:
    """What is refused, except in paths that `allowed` matches, and what to do instead."""
    pattern: re.Pattern
    answer: str
    allowed: re.Pattern | None = None
    only: re.Pattern | None = None

    def applies_to(self, path: str) -> bool:
        if self.only and not self.only.search(path):
            return False
        return not (self.allowed and self.allowed.search(path))


def word(pattern: str, answer: str, allowed: str | None = None, only: str | None = None) -> Word:
    return Word(re.compile(pattern), answer, re.compile(allowed) if allowed else None,
                re.compile(only) if only else None)


def call(names: str) -> str:
    """A call of a free function: `::x(`, `std::x(`, `x(`; no member, no declaration `type x(`."""
    return (rf"(?:(?<![\w>&])::|\bstd::|(?<![\w.:>])(?<!->)(?<![\w>&*]\s)(?<!~)|\breturn\s+)"
            rf"\b(?:{names})\s*\(")


WORDS = [
    word(r"\bdetached\b", "use a scope (async/scope.hpp)"),
    # A cluster has a fork of its own, Node's name for it; the kernel's takes no arguments.
    word(rf"(?:{call('v?fork')}\s*\)|{call('posix_spawnp?')})",
         "use process::spawn or process::clone", allowed=r"^cohort/(?:process/|app/cluster\.)"),
    word(r"\bwaitpid\s*\(", "use process::child"),
    word(call("dup"), "use duplicate() (base/unique_fd.hpp)", allowed=r"^cohort/base/unique_fd\."),
    word(call("atoi|atol|atoll|strtoll?|strtoull?|stoi|stoll?|stoull?"),
         "use base/parse.hpp", allowed=r"^cohort/base/parse[._]"),
    word(r"\bsystem_clock::now\b", "use base/clock.hpp", allowed=r"^cohort/base/clock[._]"),
    word(call("time"), "use base/clock.hpp", allowed=r"^cohort/base/clock[._]"),
    word(r"\bwall_(?:now|seconds_coarse)\s*\(|\bCLOCK_REALTIME\w*|\bgettimeofday\b",
         "for people and dates alone: it jumps; decisions take now()",
         allowed=r"^cohort/(?:base/clock|http/date|"
                 r"observe/(?:exposition_test|log|process_metrics|tracer|wall_ahead)|"
                 r"primary/(?:chronicle|cohort_metrics)|cli/verbs/logs|dashboard/watchman)",
         only=r"^cohort/"),
    word(r"\bthis_thread::sleep_(?:for|until)\b|" + call("usleep"), "await the event"),
    word(r"\bstd::(?:recursive_|shared_|timed_)?mutex\b", "use atomics: a corpse can hold a lock",
         only=r"^cohort/board/"),
    word(r"\bstd::cout\b", "use the log or cli/console", allowed=r"^cohort/cli/console\."),
    word(r"\bcatch\s*\(\s*\.\.\.\s*\)",
         "let it end the process; http/handler and async/scope decide",
         allowed=r"^cohort/(?:http/handler|async/scope)\."),
    word(r"\benable_shared_from_this\b", "give it an owner"),
    word(call("exit"), "return from main", allowed=r"(?:^|/)main\.cpp$"),
]


def check_words(source: Source) -> list[Problem]:
    problems = []
    for refused in WORDS:
        if not refused.applies_to(source.path):
            continue
        for match in refused.pattern.finditer(source.code):
            found = match.group().strip().removeprefix("return").strip()
            problems.append(source.problem(source.line_of(match.start()),
                                           f"`{found}`: {refused.answer}"))
    for match in re.finditer(r"\bwhile\s*\(\s*(?:true|1)\s*\)\s*(?=\{)", source.code):
        body = source.code[match.end():match_forward(source.code, match.end())]
        if "co_await" in body:
            problems.append(source.problem(source.line_of(match.start()),
                                           "`while (true)` with co_await: while (!stopped(stop))"))
    return problems


def check_limits(source: Source) -> list[Problem]:
    problems = []
    if len(source.lines) > LINES_MAX:
        problems.append(source.problem(
            LINES_MAX, f"{len(source.lines)} lines, {LINES_MAX} at most: find the second noun"))
    for number, line in enumerate(source.lines, 1):
        if len(line) > COLUMNS_MAX:
            problems.append(source.problem(number, f"{len(line)} columns, {COLUMNS_MAX} at most"))
        if re.search(r"\bTODO\b(?!.*#\d)", line) and "tidy" not in source.path:
            problems.append(source.problem(number, "a TODO names its issue, as in TODO #12"))
    if source.is_cpp:
        problems += check_function_lengths(source)
    return problems


def check_function_lengths(source: Source) -> list[Problem]:
    """clang-format puts the brace of a function on a line of its own, and of nothing else that is
    as far to the left; so no parsing is needed."""
    problems = []
    opened: tuple[int, str] | None = None
    for number, line in enumerate(source.code_lines, 1):
        text = line.rstrip()
        if opened is None and text.strip() == "{":
            opened = (number, text[:-1])
        elif opened and re.match(rf"{opened[1]}\}}", text):
            length = number - opened[0] - 1
            if length > FUNCTION_LINES_MAX:
                problems.append(source.problem(
                    opened[0], f"a function of {length} lines, {FUNCTION_LINES_MAX} at most"))
            opened = None
    return problems


def check_header(source: Source) -> list[Problem]:
    if not source.is_header:
        return []
    problems = []
    if source.code.count("#pragma once") != 1 or not source.text.startswith("#pragma once\n"):
        problems.append(source.problem(1, "a header begins with #pragma once, and has it once"))
    if "/detail/" not in source.path:
        problems += check_docstrings(source)
    return problems


def check_docstrings(source: Source) -> list[Problem]:
    """Every class of a namespace says what it is, and so does every struct, unless the file as a
    whole begins by explaining its types. Functions and enums are the reviewer's: several may stand
    under one docstring."""
    explained = source.text.removeprefix("#pragma once\n").startswith("//")
    problems = []
    scope: list[str] = []
    kinds = "class" if explained else "class|struct"
    pending = re.compile(rf"^(?:{kinds})\s+(?:\[\[\w+\]\]\s*|alignas\(\w+\)\s*)*"
                         r"(\w+)\b(?![^{;]*;)")
    for number, line in enumerate(source.code_lines, 1):
        inside_detail = any(name.endswith("detail") for name in scope)
        opening = re.match(r"^namespace\s*([\w:]*)\s*\{(?!.*\})", line)
        if opening:
            scope.append(opening[1] or "detail")
        elif re.match(r"^\}", line) and "namespace" in source.lines[number - 1]:
            scope = scope[:-1]
        found = pending.match(line)
        if found and scope and not inside_detail and not says_something(source.lines, number - 1):
            problems.append(source.problem(number, f"{found[1]} has no docstring"))
    return problems


def says_something(lines: list[str], index: int) -> bool:
    """Whether a comment stands above the declaration at lines[index], past its template head."""
    above = index - 1
    while above >= 0 and re.match(r"^\s*(?:template\b|requires\b|concept\b|.*>$)", lines[above]) \
            and not lines[above].lstrip().startswith("//"):
        above -= 1
    return above >= 0 and lines[above].lstrip().startswith("//")


def check(source: Source, table: dict[str, list[str]]) -> list[Problem]:
    problems = check_limits(source)
    if not source.is_cpp:
        return problems
    problems += check_header(source)
    problems += check_words(source)
    problems += tidy_await.check_expressions(source)
    # A user's handler may capture and await: the router keeps it for as long as it serves. The
    # tests show that this works; what we write ourselves follows the stricter rule.
    if source.path.startswith("cohort/") and not source.path.endswith("_test.cpp"):
        problems += tidy_await.check_lambdas(source)
    problems += tidy_rooms.check_includes(source, table)
    problems += tidy_rooms.check_first_include(source, ROOT)
    return problems


def is_limited(path: str) -> bool:
    inside = path.startswith(FOLDERS) or path in ("dev", "CMakeLists.txt")
    return inside and (path.endswith(LIMITED) or path in ("dev", ".ci/run"))


def project_files() -> list[pathlib.Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
        check=True, capture_output=True, text=True).stdout.split("\0")
    return [ROOT / path for path in sorted(set(listed))
            if is_limited(path) and (ROOT / path).is_file()]


def main(arguments: list[str]) -> int:
    files = [pathlib.Path(name).resolve() for name in arguments] or project_files()
    table = tidy_rooms.read_table((ROOT / "cmake/rooms.cmake").read_text())
    problems = [] if arguments else tidy_rooms.check_tables(ROOT)
    for path in files:
        problems += check(Source.read(ROOT, path), table)
    for problem in problems:
        print(problem)
    print(f"tidy: {len(files)} files, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
