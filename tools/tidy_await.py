"""The co_await rule (STYLE 1.1): on GCC 12 the full expression around a co_await holds names, calls
and constructors, nothing else.

This reads text, not a syntax tree. It finds the full expression by walking outwards from the word
to the nearest `;` or block, and knows a block from a braced list by what stands before the brace.
"""

import re

from tidy_text import Problem, Source, match_backward, match_forward

_CO = re.compile(r"\bco_(await|return|yield)\b")
_AWAIT = re.compile(r"\bco_await\b")

# What stands before the `{` of a block. A trailing return type is recognised by its arrow.
_BLOCK_BEFORE = re.compile(
    r"(?:[)\];{}:]|\b(?:else|do|try|const|noexcept|mutable|override|final)"
    r"|->\s*[\w:<>,\s&*]+)\s*$"
)
# Classes with constructors whose braces are known to do no harm.
_HARMLESS_BEFORE = re.compile(
    r"\b(?:(?:nano|micro|milli)?seconds|minutes|hours|std::string|std::string_view)$")
_CONTROL = re.compile(r"\b(?:if|while|switch|for)\s*(?:constexpr\s*)?$")


def opens_block(code: str, brace: int) -> bool:
    """Whether the `{` at this offset opens a block, not a braced list."""
    start_of_line = code.rfind("\n", 0, brace) + 1
    if not code[start_of_line:brace].strip() and not _ends_open(code[:start_of_line]):
        return True
    before = code[max(0, brace - 200):brace]
    return bool(_BLOCK_BEFORE.search(before))


def _ends_open(before: str) -> bool:
    """Whether the text before asks for an operand, so that a brace on the next line is a list."""
    return before.rstrip()[-1:] in {"(", ",", "=", "{"}


def lambda_bracket(code: str, bracket: int) -> bool:
    """Whether the `[` at this offset begins a lambda: no subscript, attribute or binding."""
    if code.startswith("[[", bracket) or code[bracket - 1:bracket] == "[":
        return False
    before = code[max(0, bracket - 40):bracket].rstrip()
    if re.search(r"\bauto\s*&{0,2}$", before):
        return False
    if re.search(r"\b(?:return|co_return|co_await|co_yield)$", before):
        return True
    return not re.search(r"[\w)\]>]$", before)


def owning_captures(captures: str) -> str | None:
    """The first capture that owns or copies something, if there is one."""
    for capture in re.split(r",(?![^(<{]*[)>}])", captures):
        name = capture.strip()
        if name and name != "this" and not name.startswith("&"):
            return name
    return None


def _begin(code: str, at: int) -> int:
    """Where the full expression that contains `at` begins. A braced list on the way is included."""
    i = at - 1
    while i >= 0:
        c = code[i]
        if c == ";":
            return i + 1
        if c in ")]":
            i = match_backward(code, i)
        elif c == "}":
            # `}` and a new line end a statement; `}(`, `},` and `}.` are inside one.
            rest = code[i + 1:at + len("co_await")]
            following = rest.lstrip()[:1]
            if following and ("\n" in rest[:len(rest) - len(rest.lstrip())]
                              or re.match(r"\w", following)) and following not in ",).;":
                return i + 1
            i = match_backward(code, i)
        elif c == "{" and opens_block(code, i):
            return i + 1
        elif c == "(" and _CONTROL.search(code[max(0, i - 20):i]):
            return i + 1
        elif c == ":" and re.search(r"\b(?:case\b[^;{}?]*|default\s*)$", code[max(0, i - 80):i]):
            return i + 1
        i -= 1
    return 0


def _first_offence(code: str, begin: int) -> str | None:
    """What the full expression starting at `begin` holds that it must not. Lambda bodies are
    statements of their own."""
    i = begin
    depth = 0
    while i < len(code):
        c = code[i]
        if c == ";" and depth <= 0:
            return None
        if c in "([":
            if c == "[" and lambda_bracket(code, i):
                end = match_forward(code, i)
                owned = owning_captures(code[i + 1:end])
                if owned:
                    return f"a lambda that captures `{owned}`"
                i = end
            else:
                depth += 1
        elif c in ")]":
            depth -= 1
            if depth < 0:
                return None
        elif c == "{":
            if not opens_block(code, i) and not _HARMLESS_BEFORE.search(code[max(0, i - 40):i]):
                return "a braced list"
            i = match_forward(code, i)
            if depth <= 0:
                # Either a lambda called on the spot, or the block that the expression guards.
                following = code[i + 1:i + 40].lstrip()[:1]
                if following not in "(,).;":
                    return None
        elif c == "}":
            return None
        elif c == "?" and code[i - 1] != "?":
            return "a `?:`"
        i += 1
    return None


def check_expressions(source: Source) -> list[Problem]:
    code = source.code
    problems = []
    seen = set()
    for match in _AWAIT.finditer(code):
        begin = _begin(code, match.start())
        if begin in seen:
            continue
        seen.add(begin)
        offence = _first_offence(code, begin)
        if offence:
            problems.append(source.problem(
                source.line_of(match.start()),
                f"{offence} in one full expression with co_await (GCC 12 frees it twice): "
                "build it on the line before"))
    return problems


def _lambda_body(code: str, after_captures: int) -> tuple[int, int] | None:
    """Offsets of the braces of the lambda whose captures end here."""
    head = re.compile(r"\s*(?:<[^>]*>\s*)?").match(code, after_captures + 1).end()
    if head < len(code) and code[head] == "(":
        head = match_forward(code, head) + 1
    brace = re.compile(r"[^{};,()]*(?:noexcept\([^)]*\))?[^{};,()]*\{").match(code, head)
    if not brace:
        return None
    return brace.end() - 1, match_forward(code, brace.end() - 1)


def check_lambdas(source: Source) -> list[Problem]:
    """No capturing lambda is a coroutine: its captures die with the lambda, not with the frame."""
    code = source.code
    lambdas = []
    for i in (m.start() for m in re.finditer(r"\[", code)):
        if not lambda_bracket(code, i):
            continue
        end = match_forward(code, i)
        body = _lambda_body(code, end)
        if body:
            lambdas.append((i, code[i + 1:end].strip(), body))

    problems = []
    for at, captures, (first, last) in lambdas:
        inner = [span for start, _, span in lambdas if first < start < last]
        own = [m.start() for m in _CO.finditer(code, first, last)
               if not any(a < m.start() < b for a, b in inner)]
        if captures and own:
            problems.append(source.problem(
                source.line_of(at),
                f"a lambda that captures `{captures}` is a coroutine: captures die before the "
                "frame does; pass them as arguments"))
    return problems
