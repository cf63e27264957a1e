#!/usr/bin/env python3
"""Logs that are files, slots that are drained all at once, and a program that is watched."""

import os
import pathlib
import shutil
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from command import Command, check, equal, run_tests


def start(cohort: Command, log: str, *flags: object) -> pathlib.Path:
    """Starts the program from a file that has this [log]; returns the folder it runs in."""
    folder = cohort.folder / "app"
    folder.mkdir()
    shutil.copy(PROGRAM, folder / "hello")
    (folder / "cohort.toml").write_text(
        f'[app.hello]\nexec = "./hello"\nworkers = 2\nlisten = ["127.0.0.1:0"]\n'
        f'[app.hello.reload]\nsoak = "0"\n[log]\n{log}\n')
    cohort("start", *flags, folder, expect=0)
    return folder


def test_reopen(cohort: Command) -> None:
    folder = start(cohort, 'to = "file:logs/{app}.log"')
    log = folder / "logs" / "hello.log"
    check("listening" in log.read_text(), "workers write to the file")
    check("listening" in cohort("logs", "hello", expect=0).out, "which `logs` reads")
    equal(cohort("show", "hello", "--json", expect=0).json()["log"], str(log))
    log.rename(folder / "moved")
    said = cohort("reopen", "hello", "--json", expect=0).json()
    equal((said["exit"], said["path"], said["behind"]), (0, str(log), 0))
    check("opened anew" in cohort("reloadLogs", expect=0).out, "in words, as pm2 calls it")
    before = (folder / "moved").stat().st_size
    cohort("scale", "hello", "3", expect=0)
    equal((folder / "moved").stat().st_size, before)
    while "listening" not in log.read_text():
        pass  # the new worker says so when it does
    cohort("reopen", "hello.0", expect=1)
    cohort("reopen", "nobody", expect=6)


def test_lines_that_were_put_aside_are_found(cohort: Command) -> None:
    folder = start(cohort, 'to = "file:{app}.log"\nrotate = "4K x 9"')
    log = folder / "hello.log"
    while not log.with_name("hello.log.3").exists():
        cohort("scale", "hello", "3", expect=0)
        cohort("scale", "hello", "2", expect=0)
    lines = cohort("logs", "hello", "--json", "-n", 1000, expect=0).lines()
    check(lines[0]["message"].startswith("connections outlive"), f"the first of all: {lines[0]}")
    times = [each["timestamp"] for each in lines if each["pid"] == lines[-1]["pid"]]
    equal(times, sorted(times), "the oldest first")
    equal(len(cohort("logs", "hello", "--json", "-n", 30, expect=0).lines()), 30)


def test_log_level(cohort: Command) -> None:
    start(cohort, 'to = "stdout"')
    said = cohort("log-level", "hello.1", "debug", "--json", expect=0).json()
    equal([(each["slot"], each["level"]) for each in said["workers"]], [(1, "debug")])
    said = cohort("log-level", "--json", expect=0).json()
    equal({each["slot"]: each["level"] for each in said["workers"]}, {0: "info", 1: "debug"})
    equal(said["primary"], "info")
    check("warn" in cohort("loglevel", "warn", expect=0).out, "the only cohort, in words")
    said = cohort("log-level", "hello", "default", "--json", expect=0).json()
    equal({each["level"] for each in said["workers"]}, {"info"})
    cohort("log-level", "hello", "loud", expect=1)
    cohort("log-level", "hello.9", "debug", expect=6)
    cohort("log-level", "nobody", "debug", expect=6)


def test_reopen_without_a_file(cohort: Command) -> None:
    start(cohort, 'to = "stdout"')
    check("no file" in cohort("reopen", expect=0).out, "that is no failure")


def test_a_log_that_cannot_be(cohort: Command) -> None:
    folder = cohort.folder / "app"
    folder.mkdir()
    (folder / "cohort.toml").write_text(
        f'[app.hello]\nexec = "{PROGRAM}"\n[log]\nto = "file:/dev/null/x.log"\n')
    said = cohort("start", folder, expect=2)
    check("cohort.toml:4:1: log.to: /dev/null is no folder" in said.out + said.err, said)
    (folder / "cohort.toml").write_text(
        f'[app.hello]\nexec = "{PROGRAM}"\n[log]\nto = "file:{{slots}}.log"\n')
    check("{slot} are replaced" in cohort("check", folder, expect=2).out, "which marks there are")


def test_drain_and_resume_all(cohort: Command) -> None:
    start(cohort, 'to = "stdout"')
    cohort("drain", expect=1)
    equal(cohort("drain", "hello", "--json", expect=0).json()["held"], 2)
    equal(cohort("ls", "--json", expect=0).json()[0]["serving"], 0)
    equal(cohort("resume", "hello", "--json", expect=0).json()["serving"], 2)
    root = cohort("ls", "--json", expect=0).json()[0]["root"]
    os.kill(root, signal.SIGWINCH)
    while cohort("ls", "--json", expect=0).json()[0]["held"] != 2:
        pass
    cohort("resume", "hello.1", expect=0)
    equal(cohort("ls", "--json", expect=0).json()[0]["serving"], 1)
    cohort("resume", "hello", expect=0)
    cohort("stop", "hello", expect=0)


def test_watch(cohort: Command) -> None:
    folder = start(cohort, 'to = "stdout"', "--watch")
    shutil.copy(folder / "hello", folder / "new")
    (folder / "new").rename(folder / "hello")
    while cohort("ls", "--json", expect=0).json()[0]["generation"] != 2:
        pass
    check("has changed: reloading" in cohort("logs", "hello", "-n", 100, expect=0).out, "the log")


if __name__ == "__main__":
    run_tests(globals())
