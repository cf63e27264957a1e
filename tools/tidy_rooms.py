"""Who may include whom. The table stands in cmake/rooms.cmake; docs/architecture.md shows it to
people, and the two must agree."""

import pathlib
import re

from tidy_text import Problem, Source

# Rooms whose tests may look at the house as users do.
ABOVE_DOORS = ("app", "testing")

_INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<(cohort/[^>]+)>|"([^"]+)")', re.MULTILINE)


def read_table(cmake: str) -> dict[str, list[str]]:
    """cohort_room(name rooms it may include...), from cmake/rooms.cmake."""
    without_comments = re.sub(r"#[^\n]*", "", cmake)
    calls = re.findall(r"cohort_room\(([^)]*)\)", without_comments)
    return {words.split()[0]: words.split()[1:] for words in calls}


def read_shown_table(markdown: str) -> dict[str, list[str]]:
    """`| async, config | base |` rows under the heading "Who may include whom"."""
    part = re.search(r"^#+ Who may include whom\n(.*?)(?=^#|\Z)", markdown,
                     re.MULTILINE | re.DOTALL)
    table = {}
    for left, right in re.findall(r"^\|([^|\n]+)\|([^|\n]*)\|", part[1] if part else "", re.M):
        if set(left.strip()) <= set("-: ") or left.strip() == "room":
            continue
        for room in left.split(","):
            table[room.strip()] = [word.strip() for word in right.split(",") if word.strip()]
    return table


def check_tables(root: pathlib.Path) -> list[Problem]:
    table = read_table((root / "cmake/rooms.cmake").read_text())
    problems = []
    order = list(table)
    for room, may in table.items():
        for other in may:
            if other not in order[:order.index(room)]:
                problems.append(Problem("cmake/rooms.cmake", 1,
                                        f"{room} includes {other}, which is not below it"))
    shown = read_shown_table((root / "docs/architecture.md").read_text())
    for room in sorted(table.keys() | shown.keys()):
        if set(table.get(room, ["?"])) != set(shown.get(room, ["?"])):
            problems.append(Problem(
                "docs/architecture.md", 1,
                f"room {room} may include [{' '.join(shown.get(room, ['not shown']))}] here, "
                f"[{' '.join(table.get(room, ['no such room']))}] in cmake/rooms.cmake"))
    return problems


def check_includes(source: Source, table: dict[str, list[str]]) -> list[Problem]:
    problems = []
    room = source.room
    for match in _INCLUDE.finditer(source.text):
        line = source.line_of(match.start(1) if match[1] else match.start(2))
        if match[2]:
            if source.path.startswith("cohort/"):
                problems.append(source.problem(line, f'"{match[2]}": write <cohort/...>'))
            continue
        parts = match[1].split("/")
        other = parts[1] if len(parts) > 2 else None
        if other and "detail" in parts[2:-1] and other != room:
            problems.append(source.problem(line, f"{match[1]}: detail/ is closed to others"))
        if room is None:
            continue
        if room not in table:
            problems.append(source.problem(line, f"room {room} is not in cmake/rooms.cmake"))
            return problems
        if other is None and not (source.path.endswith("_test.cpp") and room in ABOVE_DOORS):
            problems.append(source.problem(line, f"{match[1]}: a room uses no door"))
        elif other and other != room and other not in table[room]:
            problems.append(source.problem(
                line, f"{match[1]}: room {room} may not include room {other}"))
    return problems


def check_first_include(source: Source, root: pathlib.Path) -> list[Problem]:
    """x.cpp and x_test.cpp include x.hpp first: this is what proves that x.hpp compiles alone."""
    if source.room is None or not source.path.endswith(".cpp"):
        return []
    header = re.sub(r"(_test)?\.cpp$", ".hpp", source.path)
    first = re.search(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', source.text, re.MULTILINE)
    if not (root / header).exists() or (first and first[1] == header):
        return []
    line = source.line_of(first.start(1)) if first else 1
    return [source.problem(line, f"the first include must be <{header}>")]
