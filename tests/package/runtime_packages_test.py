#!/usr/bin/env python3
"""The image that `cohort init` describes has what any program of Cohort's is linked with: compared
with programs of this build, of which one uses the whole kit."""

import argparse
import pathlib
import shutil
import subprocess
import tempfile

import runtime_packages


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", type=pathlib.Path)
    parser.add_argument("programs", type=pathlib.Path, nargs="+")
    options = parser.parse_args()
    if not shutil.which("dpkg-query") or not shutil.which("readelf"):
        print("skipped: no dpkg-query or no readelf here")
        raise SystemExit(77)
    with tempfile.TemporaryDirectory(prefix="cohort-image-") as folder:
        app = pathlib.Path(folder) / "shop"
        subprocess.run([options.command, "init", app], check=True, stdout=subprocess.DEVNULL)
        runtime_packages.check((app / "Dockerfile").read_text(), *options.programs)


if __name__ == "__main__":
    main()
