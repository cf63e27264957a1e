#!/usr/bin/env python3
"""`cohort top` in a tmux of its own, whose window changes its size. 77: there is no tmux here."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from command import PATIENCE_SECONDS, Command, check, equal, run_tests

PROGRAM = pathlib.Path()
SKIPPED = 77


class Tmux:
    """A server with one session, in a folder of its own. Ends its server."""

    def __init__(self, cohort: Command, columns: int, lines: int):
        self._folder = tempfile.TemporaryDirectory(prefix="cohort-tmux-")
        folder = pathlib.Path(self._folder.name)
        self.environment = {name: value for name, value in cohort.environment.items()
                            if not name.startswith("TMUX") and name != "NO_COLOR"}
        self.environment |= {"TMUX_TMPDIR": str(folder), "HOME": str(folder),
                             "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        (folder / "tmux.conf").write_text("set -g default-terminal tmux-256color\n"
                                          "set -g status off\nset -g escape-time 0\n")
        self._base = ["tmux", "-L", "cohort", "-f", str(folder / "tmux.conf")]
        self("new-session", "-d", "-x", columns, "-y", lines, "sh")
        self.until(lambda seen: seen[0].strip() in ("#", "$"), "a shell")
        self.type("PS1='ready> '; clear")
        self.until(lambda seen: seen[0].strip() == "ready>", "its prompt")

    def __enter__(self) -> "Tmux":
        return self

    def __exit__(self, *_) -> None:
        subprocess.run([*self._base, "kill-server"], env=self.environment, check=False)
        self._folder.cleanup()

    def __call__(self, *words: object) -> str:
        done = subprocess.run([*self._base, *map(str, words)], env=self.environment, text=True,
                              capture_output=True, check=False, timeout=PATIENCE_SECONDS)
        if done.returncode != 0:
            raise SystemExit(f"tmux {words}: {done.stderr}")
        return done.stdout

    def type(self, text: str) -> None:
        self("send-keys", "-l", text)
        self("send-keys", "Enter")

    def press(self, key: str) -> None:
        self("send-keys", key)

    def resize(self, columns: int, lines: int) -> None:
        self("resize-window", "-x", columns, "-y", lines)

    def seen(self) -> list:
        return self("capture-pane", "-p").split("\n")[:-1]

    def about(self, what: str) -> str:
        return self("display-message", "-p", f"#{{{what}}}").strip()

    def until(self, holds, what: str) -> list:
        patience = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < patience:
            lines = self.seen()
            if holds(lines):
                return lines
        raise SystemExit(f"never: {what}\n" + "\n".join(self.seen()))


def is_picture(columns: int, lines: int, workers: int):
    """A whole picture of that size: nothing of one of another size is left."""
    def holds(seen: list) -> bool:
        whole = [each.rstrip() for each in seen]
        while whole and not whole[-1]:
            whole.pop()
        heads = [each for each in whole if re.match(r"hello  serving  \d+/\d+ workers", each)]
        rows = {name for each in whole for name in re.findall(r"^[> ] (hello\.\d+) ", each)}
        return (len(heads) == 1 and whole[0] == heads[0] and len(whole) <= lines and
                len(rows) == workers and "q leaves" in whole[-1] and
                sum("q leaves" in each for each in whole) == 1 and
                [" pid " in each for each in whole if re.match(r" +slot +stage", each)] ==
                [columns >= 100] and
                all(len(each) <= columns for each in whole))
    return holds


def test_it_fits_into_a_window_of_any_size(cohort: Command) -> None:
    cohort("start", "-n", "hello", "-b", "127.0.0.1:0", "-w", 3, PROGRAM, expect=0)
    with Tmux(cohort, 120, 40) as tmux:
        tmux.type("saved=$(stty -g); echo before")
        tmux.until(lambda seen: "before" in seen, "an answer")
        tmux.type(f"{cohort.program} top --every 200ms; echo \"left with $?\"")
        for columns, lines in ((120, 40), (60, 20), (200, 50), (40, 10), (120, 40)):
            tmux.resize(columns, lines)
            seen = tmux.until(is_picture(columns, lines, 3), f"a picture at {columns}x{lines}")
            equal(tmux.about("alternate_on"), "1", "a screen of its own")
            equal(tmux.about("cursor_flag"), "0", "without a cursor")
            # What is too long ends where the window does, with a mark.
            for each, end in ((seen[0], r"(generation \d+|shared \S+ of \S+)"),
                              ([line for line in seen if line][-1], "resumes")):
                check(re.search(end + "$", each) or
                      (len(each) == columns and each.endswith("…")), (columns, each))
        tmux.press("Down")
        tmux.until(lambda seen: any(each.startswith("> hello.") for each in seen), "one is chosen")
        tmux.press("q")
        seen = tmux.until(lambda seen: "left with 0" in seen, "the shell again")
        check("before" in seen, "the screen is what it was\n" + "\n".join(seen))
        check(not any("q leaves" in each for each in seen), seen)
        equal(tmux.about("alternate_on"), "0")
        equal(tmux.about("cursor_flag"), "1")
        equal(tmux.about("wrap_flag"), "1")
        tmux.type('[ "$(stty -g)" = "$saved" ] && echo as it was')
        tmux.until(lambda seen: "as it was" in seen and
                   any(each.endswith("echo as it was") for each in seen),
                   "what is typed is seen, and the terminal's settings are those of before")


def test_it_stops_and_goes_on_with_the_shell(cohort: Command) -> None:
    cohort("start", "-n", "hello", "-b", "127.0.0.1:0", "-w", 2, PROGRAM, expect=0)
    with Tmux(cohort, 100, 30) as tmux:
        tmux.type("set -m; " + f"{cohort.program} top --every 200ms")
        tmux.until(is_picture(100, 30, 2), "a picture")
        tmux.press("C-z")
        tmux.until(lambda seen: any("top" in each and "Stopped" in each for each in seen),
                   "it is stopped")
        equal(tmux.about("alternate_on"), "0")
        tmux.resize(60, 20)
        tmux.type("fg")
        tmux.until(is_picture(60, 20, 2), "a picture of the new size")
        tmux.press("C-c")
        tmux.until(lambda seen: any(each.startswith("ready>") for each in seen), "the shell")
        equal(tmux.about("alternate_on"), "0")


if __name__ == "__main__":
    if not shutil.which("tmux"):
        print("there is no tmux here")
        sys.exit(SKIPPED)
    os.environ.pop("TMUX", None)
    run_tests(globals())
