"""C++ source as tidy.py sees it: the text, and the same text without comments and strings."""

import dataclasses
import functools
import pathlib
import re

# In this order: a raw string may contain anything, a comment may contain quotes.
_NOISE = re.compile(
    r'R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'
    r'|//[^\n]*'
    r'|/\*.*?\*/'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)


def _blank(match: re.Match) -> str:
    words = match.group()
    if words.startswith("//") or words.startswith("/*"):
        return re.sub(r"[^\n]", " ", words)
    # A string stays an operand: its quotes remain, its contents go.
    return words[0] + re.sub(r"[^\n]", " ", words[1:-1]) + words[-1]


@dataclasses.dataclass(frozen=True)
class Problem:
    path: str
    line: int
    words: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.words}"


class Source:
    """One file, named by its path relative to the root of the project."""

    def __init__(self, path: str, text: str):
        self.path = path
        self.text = text

    @classmethod
    def read(cls, root: pathlib.Path, path: pathlib.Path) -> "Source":
        return cls(str(path.relative_to(root)), path.read_text(encoding="utf-8"))

    @functools.cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @functools.cached_property
    def code(self) -> str:
        """The text with comments and the insides of strings blanked; same offsets."""
        return _NOISE.sub(_blank, self.text)

    @functools.cached_property
    def code_lines(self) -> list[str]:
        return self.code.splitlines()

    def line_of(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1

    def problem(self, line: int, words: str) -> Problem:
        return Problem(self.path, line, words)

    @property
    def is_cpp(self) -> bool:
        return self.path.endswith((".cpp", ".hpp"))

    @property
    def is_header(self) -> bool:
        return self.path.endswith(".hpp")

    @property
    def room(self) -> str | None:
        """The room of cohort/<room>/...; nothing for the doors (cohort/*.hpp) and other folders."""
        parts = self.path.split("/")
        return parts[1] if parts[0] == "cohort" and len(parts) > 2 else None


_PAIRS = {"(": ")", "[": "]", "{": "}"}


def match_forward(code: str, start: int) -> int:
    """Offset of the bracket that closes the one at `start`, or the end of the text."""
    depth = 0
    for i in range(start, len(code)):
        if code[i] in "([{":
            depth += 1
        elif code[i] in ")]}":
            depth -= 1
            if depth == 0:
                return i
    return len(code)


def match_backward(code: str, start: int) -> int:
    """Offset of the bracket that opens the one at `start`, or -1."""
    depth = 0
    for i in range(start, -1, -1):
        if code[i] in ")]}":
            depth += 1
        elif code[i] in "([{":
            depth -= 1
            if depth == 0:
                return i
    return -1
