"""The names of fields in lines of the log that Cohort itself writes, and of the events that a
primary notes, from the sources: the manual (docs/manual/logs.md) has each of them, and no other;
and what it says of ends, which the page for 3 a.m. quotes."""

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

# A primary's chronicle, inside of it and from outside.
_NOTED = re.compile(r"(?:\bpast_?(?:\.|->)|\bchronicle_->|^    )note\((?!\s*\))", re.MULTILINE)

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


def events_of(source: Source) -> dict[str, int]:
    """What it notes in the chronicle; a call may choose between two names."""
    found: dict[str, int] = {}
    for begin in _NOTED.finditer(source.code):
        end = source.code.index(",", begin.end())
        for name in re.finditer(r'"([\w ]+)"', source.text[begin.end():end]):
            found.setdefault(name[1], source.line_of(begin.start()))
    return found


def noted(root: pathlib.Path) -> dict[str, str]:
    """Each event, and a place where it is noted."""
    sources = [Source.read(root, path) for path in sorted(root.glob("cohort/primary/*.cpp"))
               if not path.stem.endswith("_test")]
    return {name: f"{source.path}:{line}" for source in sources
            for name, line in events_of(source).items()}


def documented(text: str, heading: str) -> set[str]:
    """Names in the first column of the tables below that heading."""
    part = text.split(f"\n## {heading}\n", 1)[-1].split("\n## ", 1)[0]
    cells = re.findall(r"^\| (`[^|]*) \|", part, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([\w -]+)`", cell)}


def check_causes(root: pathlib.Path) -> list[str]:
    """What somebody reads at 3 a.m. to have died of is what a primary says."""
    page = "docs/manual/dashboard-3am.md"
    part = (root / page).read_text(encoding="utf-8").split("\n## 2. ", 1)[1].split("\n## ", 1)[0]
    said = "".join(path.read_text(encoding="utf-8") for path in root.glob("cohort/primary/*.cpp")
                   if not path.stem.endswith("_test"))
    cells = re.findall(r"^\| (`[^|]*) \|", part, re.MULTILINE)
    quoted = [words for cell in cells for words in re.findall(r"`([^`…]+)…`", cell)]
    # A signal is put in; what follows a colon is put behind.
    known = [re.sub(r"SIG\w+", "{}", words.split(": ")[0]) for words in quoted]
    problems = [f"{page}: no primary says \"{words}\" of an end"
                for words in known if f'"{words}' not in said]
    return problems if quoted else [f"{page}: step 2 has no words of ends"]


def check_logs(root: pathlib.Path) -> list[str]:
    text = (root / _PAGE).read_text(encoding="utf-8")
    problems = []
    for what, found in (("Fields", written(root)), ("Events", noted(root))):
        known = documented(text, what)
        problems += [f"{_PAGE}: {what} have no word of {name}: {found[name]}"
                     for name in sorted(found.keys() - known)]
        problems += [f"{_PAGE}: {what} have {name}, and nobody writes it"
                     for name in sorted(known - found.keys())]
    return problems
