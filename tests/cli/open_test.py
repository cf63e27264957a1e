#!/usr/bin/env python3
"""`cohort open`: a browser, or an address, or what to do."""

import contextlib
import json
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from command import Command, check, equal, run_tests

PROGRAM = pathlib.Path()


def test_open_without_a_dashboard(cohort: Command) -> None:
    cohort("open", expect=6)
    cohort("start", "-n", "hello", "-b", "127.0.0.1:0", "-w", 1, PROGRAM, expect=0)
    said = cohort("open", expect=7)
    check("browser" in said.err and "[admin]" in said.err, said)
    equal(cohort("open", "--json", expect=7).json()["exit"], 7)


@contextlib.contextmanager
def browser(folder: pathlib.Path, code: int):
    """An xdg-open that writes down what it was asked for."""
    program = folder / "xdg-open"
    program.write_text(f'#!/bin/sh\necho "$1" > "{folder}/asked"\nexit {code}\n')
    program.chmod(0o755)
    yield folder / "asked"


def test_open_says_where_it_is_or_shows_it(cohort: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    file = cohort.folder / "cohort.toml"
    file.write_text(f'[app.hello]\nexec = "{PROGRAM}"\nlisten = ["127.0.0.1:0"]\nworkers = 1\n'
                    f'[admin]\nhttp = "127.0.0.1:{port}"\n')
    cohort("start", "-c", file, "-n", "hello", PROGRAM, expect=0)
    url = f"http://127.0.0.1:{port}/"
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        cohort.environment.pop(name, None)
    said = cohort("open", expect=0)
    equal(said.out.strip(), url)
    check("token" in said.err, said)
    equal(json.loads(cohort("open", "--json", expect=0).out)["url"], url)
    path = cohort.environment["PATH"]
    cohort.environment |= {"DISPLAY": ":99", "PATH": f"{cohort.folder}:{path}"}
    with browser(cohort.folder, 0) as asked:
        check("opened" in cohort("open", expect=0).out, "shown")
        equal(asked.read_text().strip(), url)
        asked.unlink()
        equal(cohort("open", "--print", expect=0).out.strip(), url)
        check(not asked.exists(), "no browser where none is wanted")
    with browser(cohort.folder, 3):
        said = cohort("open", expect=0)
        check(said.out.strip() == url and "xdg-open" in said.err, said)


if __name__ == "__main__":
    run_tests(globals())
