#!/usr/bin/env python3
"""Runs clang-tidy over the sources of a build tree, in parallel, and remembers what was clean.

clang_tidy.py [--tests] [--jobs N] <build tree>: a file is looked at again when it, a header of ours
that it includes, its compiler flags, .clang-tidy or clang-tidy itself has changed. The memory is a
folder of empty files ($COHORT_LINT_CACHE, or cohort-lint in the user's cache), so a fresh clone on
the same machine profits from it as it does from ccache.
"""

import argparse
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOL = "clang-tidy-19"
_INCLUDE = re.compile(rb"^\s*#\s*include\s*<(cohort/[^>]+)>", re.MULTILINE)


@functools.cache
def project_headers(path: pathlib.Path) -> frozenset[pathlib.Path]:
    """All headers of ours that this file includes, directly or not, and the file itself."""
    found = {path}
    waiting = [path]
    while waiting:
        for name in _INCLUDE.findall(waiting.pop().read_bytes()):
            header = ROOT / name.decode()
            if header not in found and header.exists():
                found.add(header)
                waiting.append(header)
    return frozenset(found)


def key_of(path: pathlib.Path, command: str, common: bytes) -> str:
    digest = hashlib.sha256(common)
    # The place of the tree is no reason to look again; another definition or warning is.
    digest.update(command.replace(str(ROOT), "").encode())
    for part in sorted(project_headers(path)):
        digest.update(str(part.relative_to(ROOT)).encode() + b"\0" + part.read_bytes())
    return digest.hexdigest()


def flags_of(command: str) -> str:
    """What matters to clang-tidy of a compiler's command line: definitions and the standard."""
    return " ".join(sorted(re.findall(r"(?:^|\s)(-D\S+|-std=\S+|-I\s?\S+)", command)))


def chosen(path: pathlib.Path, tests: bool) -> bool:
    relative = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""
    if not relative.startswith(("cohort/", "examples/", "tests/", "bench/")):
        return False
    if path.suffix != ".cpp" or not path.exists():
        return False
    is_test = relative.endswith(("_test.cpp", "_fuzz.cpp")) or relative.startswith("tests/")
    return tests or not is_test


def look(build: pathlib.Path, path: pathlib.Path) -> tuple[bool, str]:
    done = subprocess.run(
        [TOOL, "--quiet", "-p", str(build), "--extra-arg=-Wno-unknown-warning-option", str(path)],
        capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout.replace(f"{ROOT}/", "")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--tests", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()

    began = time.monotonic()
    home = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    memory = pathlib.Path(os.environ.get("COHORT_LINT_CACHE") or home / "cohort-lint")
    memory.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([TOOL, "--version"], capture_output=True, check=True).stdout
    common = version + (ROOT / ".clang-tidy").read_bytes()

    commands = json.loads((options.build / "compile_commands.json").read_text())
    keys = {}
    for entry in commands:
        path = pathlib.Path(entry["file"])
        if chosen(path, options.tests):
            keys[path] = key_of(path, flags_of(entry["command"]), common)
    waiting = sorted(path for path, key in keys.items() if not (memory / key).exists())

    bad = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        outcomes = pool.map(functools.partial(look, options.build), waiting)
        for path, (clean, words) in zip(waiting, outcomes):
            if clean:
                (memory / keys[path]).touch()
            else:
                bad += 1
                print(words, flush=True)
    print(f"clang-tidy: {len(keys)} files, {len(waiting)} looked at, {bad} with problems, "
          f"{time.monotonic() - began:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
