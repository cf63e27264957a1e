#!/usr/bin/env python3
"""Runs a test of this folder with the packages that package-lock.json names, as it names them.

with_packages.py x_test.mjs [arguments...]
"""

import pathlib
import shutil
import subprocess
import sys

KIT = pathlib.Path(__file__).resolve().parent


def install() -> None:
    """Once for each lock file; a copy of it says which one was installed."""
    lock, done = KIT / "package-lock.json", KIT / "node_modules" / ".cohort-lock"
    if done.exists() and done.read_bytes() == lock.read_bytes():
        return
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=KIT,
                   check=True)
    shutil.copyfile(lock, done)


def main(arguments: list[str]) -> int:
    install()
    return subprocess.run(["node", KIT / arguments[0], *arguments[1:]], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
