"""Runs the command in folders of its own, and ends what it started."""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile

PATIENCE_SECONDS = 120


class Said:
    """What a verb said, and how it ended."""

    def __init__(self, done: subprocess.CompletedProcess):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    def json(self):
        return json.loads(self.out)

    def lines(self) -> list:
        return [json.loads(line) for line in self.out.splitlines()]

    def __str__(self) -> str:
        return f"exit {self.code}\n--- out\n{self.out}--- err\n{self.err}---"


class Command:
    """A context: cohorts that were started in it are stopped at its end."""

    def __init__(self, program: pathlib.Path):
        self.program = program
        self._folder = tempfile.TemporaryDirectory(prefix="cohort-cli-")
        self.folder = pathlib.Path(self._folder.name)
        (self.folder / "run").mkdir(mode=0o700)
        self.environment = {**os.environ,
                            "COHORT_RUNTIME_DIR": str(self.folder / "run"),
                            "COHORT_STATE_DIR": str(self.folder / "state"),
                            "PATH": f"{program.parent}:{os.environ['PATH']}"}

    def __enter__(self) -> "Command":
        return self

    def __exit__(self, *_):
        self("stop", "all", "--now")
        self._folder.cleanup()

    def popen(self, *words: object, **options) -> subprocess.Popen:
        return subprocess.Popen([str(self.program), *map(str, words)], text=True,
                                env=self.environment, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **options)

    def __call__(self, *words: object, expect: int | None = None, **options) -> Said:
        done = subprocess.run([str(self.program), *map(str, words)], text=True, check=False,
                              env=self.environment, capture_output=True,
                              timeout=PATIENCE_SECONDS, stdin=subprocess.DEVNULL, **options)
        said = Said(done)
        if expect is not None and said.code != expect:
            raise SystemExit(f"cohort {' '.join(map(str, words))}: not {expect}\n{said}")
        return said


def check(holds: bool, words: object) -> None:
    if not holds:
        raise SystemExit(f"does not hold: {words}")


def equal(got: object, wanted: object, words: object = "") -> None:
    if got != wanted:
        raise SystemExit(f"{got!r} is not {wanted!r} {words}")


def run_tests(module: dict) -> None:
    """Runs the module's tests, each with folders of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cohort", type=pathlib.Path, required=True)
    parser.add_argument("--program", type=pathlib.Path)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if options.program:
        module["PROGRAM"] = options.program.resolve()
    for name, test in list(module.items()):
        if name.startswith("test_") and options.only in name:
            print(name, flush=True)
            with Command(options.cohort.resolve()) as cohort:
                test(cohort)
