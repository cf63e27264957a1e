"""The names of fields in lines of the log that Cohort itself writes, from the sources: the manual
(docs/manual/logs.md) has each of them, and no other."""

import pathlib
import re

from tidy_text import Source, match_forward

_PAGE = "docs/manual/logs.md"

# Where fields stand: in the braces that follow one of these.
_BEGIN = re.compile(
    r"\b(?:log::|log_of\([^()]*\)\s*\.\s*)(?:trace|debug|info|warn|error|fatal|with)\(\s*(?=\{)"
    r"|\b(?:log::)?field\b[^;(){}]*(?=\{)"
    r"|\bfields\.push_back\(\s*(?=\{)")
_NAME = re.compile(r'\{\s*"([\w-]+)"\s*,')

# Names that a function of the file gets as text.
_HELPERS = {"cohort/http/middleware/access_log.cpp": re.compile(r'\btext\("(\w+)",')}

# Of lines as such: they are written as JSON, at these places.
_PARTS = {
    "cohort/observe": ("timestamp", "level", "message", "pid", "workerId", "truncated"),
}


def fields_of(source: Source) -> dict[str, int]:
    """Each name, and the line of its first use."""
    found: dict[str, int] = {}
    for begin in _BEGIN.finditer(source.code):
        end = match_forward(source.code, begin.end())
        for name in _NAME.finditer(source.text, begin.end(), end):
            found.setdefault(name[1], source.line_of(name.start()))
    helper = _HELPERS.get(source.path)
    for name in helper.finditer(source.text) if helper else ():
        found.setdefault(name[1], source.line_of(name.start()))
    return found


def written(root: pathlib.Path) -> dict[str, str]:
    """Each name, and a place where it is written."""
    found: dict[str, str] = {}
    for path in sorted(root.glob("cohort/**/*.[ch]pp")):
        where = path.relative_to(root).as_posix()
        if re.search(r"_(?:test|fuzz)\.", path.name) or where.startswith("cohort/testing/"):
            continue
        source = Source.read(root, path)
        if not re.search(r"\blog::|\blog_of\(|namespace cohort::log\b", source.text):
            continue
        for name, line in fields_of(source).items():
            found.setdefault(name, f"{where}:{line}")
    for room, names in _PARTS.items():
        text = "".join(path.read_text(encoding="utf-8") for path in root.glob(f"{room}/**/*.cpp"))
        found |= {name: room for name in names if f'"{name}":' in text}
    return found


def documented(text: str) -> set[str]:
    """Names in the first column of the page's tables of fields."""
    part = text.split("\n## Fields\n", 1)[-1].split("\n## Loggers", 1)[0]
    cells = re.findall(r"^\| (`[^|]*) \|", part, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([\w-]+)`", cell)}


def check_log_fields(root: pathlib.Path) -> list[str]:
    known = documented((root / _PAGE).read_text(encoding="utf-8"))
    found = written(root)
    problems = [f"{_PAGE}: no word of the field {name}, which {found[name]} writes"
                for name in sorted(found.keys() - known)]
    return problems + [f"{_PAGE}: nobody writes the field {name}"
                       for name in sorted(known - found.keys())]
