#!/usr/bin/env python3
"""What start and restart say is so: they succeed when the app serves, and only then."""

import pathlib
import shutil
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from command import Command, check, equal, run_tests

PROGRAM = pathlib.Path()


def roots(cohort: Command) -> list:
    return [each["root"] for each in cohort("ls", "--json", expect=0).json()]


def write_file(cohort: Command, text: str = "") -> pathlib.Path:
    file = cohort.folder / "cohort.toml"
    shutil.copy(PROGRAM, cohort.folder / "server")
    file.write_text('[app.api]\nexec = "./server"\nworkers = 1\nlisten = ["127.0.0.1:0"]\n' + text)
    return file


def test_who_cannot_listen_does_not_serve(cohort: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = cohort("start", "-n", "pq", "-w", 1, "-b", f"127.0.0.1:{port}", PROGRAM)
    check(said.code not in (0, 4), said)
    check("in use" in said.err, f"the log says why: {said}")
    cohort("stop", "pq", "--now")
    said = cohort("start", "-n", "pq", "-w", 1, "-b", "unix:/nowhere/at/all/s", "--json", PROGRAM)
    check(said.code not in (0, 4), said)
    lines = "\n".join(said.json()["last_lines"])
    check("/nowhere/at/all" in lines, said)
    check("in use" not in lines, f"only lines of this start: {lines}")


ENDS_SOON = """#!{python}
import os, socket, sys
where = os.environ["NOTIFY_SOCKET"].replace("@", "\\0", 1)
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", where)
sys.exit("no such table")
"""


def test_who_ends_soon_has_not_started(cohort: Command) -> None:
    script = cohort.folder / "soon.py"
    script.write_text(ENDS_SOON.format(python=sys.executable))
    script.chmod(0o700)
    said = cohort("start", "-w", 1, script)
    check(said.code not in (0, 4), said)
    check("no such table" in said.err, f"the log says why: {said}")


def test_what_could_not_be_started_again_is_not_stopped(cohort: Command) -> None:
    file = write_file(cohort)
    cohort("start", file, expect=0)
    before = roots(cohort)
    good = file.read_text()
    file.write_text(good + "worker = 1\n")
    said = cohort("restart", "api", expect=2)
    check("did you mean" in said.err and "goes on" in said.err, said)
    file.write_text(good)
    (cohort.folder / "server").rename(cohort.folder / "away")
    said = cohort("restart", "api", expect=1)
    check("there is no program" in said.err, said)
    equal(roots(cohort), before)
    (cohort.folder / "away").rename(cohort.folder / "server")
    cohort("restart", "api", expect=0)
    check(roots(cohort) != before, "another process")


def test_what_no_verb_could_reach_is_not_started(cohort: Command) -> None:
    (cohort.folder / "run" / "hello.sock").mkdir()
    said = cohort("start", "-n", "hello", "-b", "127.0.0.1:0", PROGRAM, expect=7)
    check("hello.sock" in said.err, said)
    (cohort.folder / "run").chmod(0o777)
    said = cohort("start", "-n", "other", "-b", "127.0.0.1:0", PROGRAM, expect=7)
    check("others may write" in said.err, said)
    (cohort.folder / "run").chmod(0o700)
    equal(roots(cohort), [])


def test_names(cohort: Command) -> None:
    for name in ("all", "a.3", "../../x", ""):
        said = cohort("start", "-n", name, "-b", "127.0.0.1:0", PROGRAM, expect=1)
        check("--name" in said.err, said)
    check(not list(cohort.folder.rglob("x.log")), "no file of an app that cannot be")
    file = write_file(cohort, '[app."a.3"]\nexec = "./server"\n')
    check("a number after" in cohort("check", file, expect=2).out, "nor in the file")
    said = cohort("start", "-e", "prod", "-b", "127.0.0.1:0", PROGRAM, expect=1)
    check("cohort.toml" in said.err, said)
    said = cohort("start", cohort.folder / "run", expect=1)
    check("there is no cohort.toml in" in said.err, said)
    said = cohort("start", cohort.folder / "no.toml", expect=1)
    check("No such file" in said.err, said)


def test_what_is_remembered_is_private(cohort: Command) -> None:
    cohort("start", "-n", "hello", "-w", 1, "-b", "127.0.0.1:0", PROGRAM, expect=0)
    record = cohort.folder / "state" / "hello.start.json"
    equal(record.stat().st_mode & 0o777, 0o600)


if __name__ == "__main__":
    run_tests(globals())
