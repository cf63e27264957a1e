#!/usr/bin/env python3
"""`cohort top` on a terminal of its own."""

import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from command import PATIENCE_SECONDS, Command, check, equal, run_tests

PROGRAM = pathlib.Path()
LEAVES = b"\x1b[?1049l"
DOWN = b"\x1b[B"


class Terminal:
    """`cohort top` on a terminal of its own, and what it shows there."""

    def __init__(self, cohort: Command, *words: object, columns: int = 120, lines: int = 30,
                 **environment: str):
        self.ours, self.its = pty.openpty()
        self.before = termios.tcgetattr(self.its)
        self.resize(columns, lines)
        without = {name: value for name, value in cohort.environment.items()
                   if name != "NO_COLOR"}
        self.program = subprocess.Popen(
            [str(cohort.program), "top", "--every", "100ms", *map(str, words)], stdin=self.its,
            stdout=self.its, stderr=self.its, start_new_session=True,
            env={**without, "TERM": "xterm", **environment})
        self.shown = b""

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_) -> None:
        if self.program.poll() is None:
            self.program.kill()
            self.program.wait()
        os.close(self.ours)
        os.close(self.its)

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self.its, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys: bytes) -> None:
        os.write(self.ours, keys)

    def read(self) -> None:
        ready, _, _ = select.select([self.ours], [], [], 1)
        if ready:
            self.shown += os.read(self.ours, 65536)

    def frame(self) -> str:
        """The last whole picture; empty: there is none yet."""
        pictures = self.shown.split(b"\x1b[H")
        # The next one has begun.
        whole = [each for each in pictures[1:-1] if b"\x1b[J" in each]
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", whole[-1].decode()) if whole else ""

    def until(self, holds, what: str) -> str:
        """The first picture from now on that is as it shall be."""
        self.shown = b""
        patience = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < patience:
            self.read()
            frame = self.frame()
            if frame and holds(frame):
                return frame
        raise SystemExit(f"never: {what}\n{self.frame()}")

    def leave(self) -> int:
        """How it ended; everything is as it was before."""
        patience = time.monotonic() + PATIENCE_SECONDS
        while LEAVES not in self.shown and time.monotonic() < patience:
            self.read()
        check(LEAVES in self.shown, "the screen is given back")
        check(self.shown.rfind(b"\x1b[?25h") > self.shown.rfind(b"\x1b[?25l"), "the cursor, too")
        code = self.program.wait(timeout=PATIENCE_SECONDS)
        equal(termios.tcgetattr(self.its), self.before, "the terminal is as it was")
        return code


def start(cohort: Command, workers: int = 2) -> None:
    cohort("start", "-n", "hello", "-b", "127.0.0.1:0", "-w", workers, PROGRAM, expect=0)


def has(*words: str):
    return lambda frame: all(each in frame for each in words)


def test_it_is_live_and_leaves(cohort: Command) -> None:
    start(cohort)
    with Terminal(cohort) as top:
        frame = top.until(has("hello.0", "hello.1", "req/s", "q leaves"), "a first picture")
        check("2/2 workers" in frame, frame)
        top.until(lambda frame: re.search(r"\d req/s", frame), "a rate, out of two looks")
        top.press(b"q")
        equal(top.leave(), 0)
    for key in (b"\x03", b"\x04"):
        with Terminal(cohort) as top:
            top.until(has("hello.0"), "a picture")
            top.press(key)
            equal(top.leave(), 0)


def test_it_shows_what_the_dashboard_knows(cohort: Command) -> None:
    start(cohort)
    with Terminal(cohort, columns=160) as top:
        top.until(lambda frame: re.search(r"hello\.0 +serving.* \d+\.\d% +\d+(\.\d)?ms ", frame),
                  "how busy its loop is, and how late")
        top.until(lambda frame: re.search(r"req/s.* shared \d.* of \d", frame), "shared memory")
        top.press(b"q")
        equal(top.leave(), 0)


def test_every_end_gives_the_terminal_back(cohort: Command) -> None:
    start(cohort, 1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        with Terminal(cohort) as top:
            top.until(has("hello.0"), "a picture")
            top.program.send_signal(number)
            equal(top.leave(), -number)


def test_it_follows_the_size_of_the_terminal(cohort: Command) -> None:
    start(cohort)
    with Terminal(cohort, columns=140, lines=30) as top:
        wide = top.until(has("last end", "restarts"), "all columns")
        check("q leaves" in wide, wide)
        top.resize(50, 8)
        top.program.send_signal(signal.SIGWINCH)  # nobody's session has this terminal
        narrow = top.until(lambda frame: "lanes" not in frame and "hello.0" in frame, "fewer")
        check(len(narrow.splitlines()) <= 8, narrow)
        for line in narrow.splitlines():
            check("hello.0 " not in line or len(line.rstrip()) <= 50, line)
        top.press(b"q")
        equal(top.leave(), 0)


def test_a_worker_is_drained_by_keys(cohort: Command) -> None:
    start(cohort)
    with Terminal(cohort, "hello") as top:
        top.until(has("hello.1"), "a picture")
        top.press(b"d")
        top.until(has("choose a slot first"), "nothing is chosen yet")
        top.press(b"s")
        top.until(has("s sorts: slot"), "sorted by slot")
        top.press(DOWN)
        top.until(has("> hello.0"), "the first is chosen")
        top.press(DOWN)
        top.until(has("> hello.1"), "the second is chosen")
        top.press(b"d")
        top.until(has("drain hello.1?"), "asks first")
        top.press(b"n")
        top.until(has("nothing was done"), "and does nothing without a yes")
        top.press(b"d")
        top.until(has("drain hello.1?"), "asks again")
        top.press(b"y")
        top.until(lambda frame: re.search(r"hello\.1 +held", frame), "drained")
        equal(cohort("show", "hello", "--json", expect=0).json()["held"], 1)
        top.press(b"u")
        top.until(lambda frame: re.search(r"hello\.1 +serving", frame), "resumed")
        top.press(b"q")
        equal(top.leave(), 0)


def test_a_death_is_seen(cohort: Command) -> None:
    start(cohort)
    pid = cohort("show", "hello", "--json", expect=0).json()["slots"][0]["pid"]
    with Terminal(cohort, "hello") as top:
        top.until(has(str(pid)), "the worker")
        os.kill(pid, signal.SIGKILL)
        top.until(has(f"(pid {pid}) ended"), "its end, in words")
        top.press(b"q")
        equal(top.leave(), 0)


def test_no_colour_where_none_is_wanted(cohort: Command) -> None:
    start(cohort, 1)
    for environment, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        with Terminal(cohort, **environment) as top:
            top.until(has("hello.0"), "a picture")
            painted = re.search(rb"\x1b\[[1-9][0-9]*m", top.shown) is not None
            equal(painted, coloured, environment)
            top.press(b"q")
            top.leave()


def test_it_is_stopped_and_goes_on(cohort: Command) -> None:
    start(cohort, 1)
    with Terminal(cohort) as top:
        top.until(has("hello.0"), "a picture")
        os.kill(top.program.pid, signal.SIGSTOP)
        os.waitpid(top.program.pid, os.WUNTRACED)
        termios.tcsetattr(top.its, termios.TCSANOW, top.before)  # as the shell does
        os.kill(top.program.pid, signal.SIGCONT)
        top.until(has("hello.0"), "it goes on")
        check(not termios.tcgetattr(top.its)[3] & termios.ECHO, "without echo")
        top.press(b"q")
        equal(top.leave(), 0)


def test_one_look_where_there_is_no_terminal(cohort: Command) -> None:
    start(cohort, 1)
    said = cohort("top", expect=0)
    check("hello.0" in said.out and "\x1b" not in said.out, said)
    equal(cohort("top", "--json", expect=0).json()["app"], "hello")
    check("processor_ms" in said_slot(cohort), "what it has computed so far")
    with Terminal(cohort, TERM="dumb") as top:
        equal(top.program.wait(timeout=PATIENCE_SECONDS), 0)


def said_slot(cohort: Command) -> dict:
    return cohort("top", "--json", expect=0).json()["slots"][0]


if __name__ == "__main__":
    run_tests(globals())
