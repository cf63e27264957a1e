#!/usr/bin/env python3
"""Checks the documentation: links lead somewhere, programs shown are programs of the tree, and the
map of the house names every noun, and the manual every field, event, and word of an end.

docs.py [--write]: with --write, programs shown are copied again from the files that they come from.
A shown program is a code block below a line `<!-- file: path -->`. In one below `<!-- in: path -->`
each paragraph is a part of that file, but for white space and comments: so it is compiled. A line
that begins with … leaves something out.
"""

import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from docs_logs import check_causes, check_logs  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_SHOWN = re.compile(r"(<!-- file: (\S+) -->\n```\w*\n)(.*?)(^```$)", re.MULTILINE | re.DOTALL)
_PART = re.compile(r"<!-- in: (\S+) -->\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def pages() -> list[pathlib.Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"], cwd=ROOT,
        check=True, capture_output=True, text=True).stdout.split("\0")
    return [ROOT / path for path in sorted(listed) if path and (ROOT / path).is_file()]


def anchor(heading: str) -> str:
    """GitHub's name for a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(page: pathlib.Path) -> set[str]:
    return {anchor(heading) for heading in re.findall(r"^#+ (.*)$", page.read_text(), re.M)}


def check_links(page: pathlib.Path, text: str) -> list[str]:
    problems = []
    prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)
    for link in _LINK.findall(prose):
        if re.match(r"[a-z]+:", link):
            continue  # the network is not asked
        path, _, fragment = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists():
            problems.append(f"{page.relative_to(ROOT)}: {link} leads nowhere")
        elif fragment and target.suffix == ".md" and fragment not in anchors(target):
            problems.append(f"{page.relative_to(ROOT)}: {link}: no such heading")
    return problems


def with_programs(text: str) -> str:
    """The text as it should be, with each shown program as its file has it now."""
    def copied(match: re.Match) -> str:
        path = ROOT / match[2]
        return match[1] + (path.read_text() if path.exists() else "") + match[4]

    return _SHOWN.sub(copied, text)


def bare(code: str) -> str:
    """Without white space and comments."""
    return re.sub(r"(?:^|(?<=\s))//[^\n]*|\s+", "", code)


def check_parts(page: pathlib.Path, text: str) -> list[str]:
    problems = []
    for path, code in _PART.findall(text):
        file = ROOT / path
        whole = bare(file.read_text()) if file.exists() else ""
        for part in re.split(r"\n\s*(?:…[^\n]*)?\n", code):
            if bare(part) not in whole:
                first = part.strip().splitlines()[0]
                problems.append(f"{page.relative_to(ROOT)}: {path} does not have \"{first}\" and "
                                "what follows it")
    return problems


def check_map() -> list[str]:
    """docs/architecture.md names every noun: each x.hpp of a room, outside detail/."""
    text = (ROOT / "docs/architecture.md").read_text()
    problems = []
    for header in sorted(ROOT.glob("cohort/*/**/*.hpp")):
        room, *rest = header.relative_to(ROOT / "cohort").parts
        if "detail" in rest or header.stem.endswith("_test"):
            continue
        part = re.search(rf"^### {room}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
        if not part or not re.search(rf"\b{header.stem}\b", part[1]):
            problems.append(f"docs/architecture.md: room {room} does not name {header.stem}")
    return problems


def main(arguments: list[str]) -> int:
    problems = check_map() + check_logs(ROOT) + check_causes(ROOT)
    for page in pages():
        text = page.read_text()
        wanted = with_programs(text)
        if wanted != text:
            if "--write" in arguments:
                page.write_text(wanted)
            else:
                problems.append(f"{page.relative_to(ROOT)}: a program differs from its file: "
                                "tools/docs.py --write")
        problems += check_links(page, wanted) + check_parts(page, wanted)
    for problem in problems:
        print(problem)
    print(f"docs: {len(pages())} pages, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
