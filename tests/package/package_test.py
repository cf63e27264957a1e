#!/usr/bin/env python3
"""Installs cohort into a temporary prefix, copies an example out of the tree, builds it there by
find_package and by pkg-config, and lets the example's own test run both programs. Then the command
makes a new project, which must build, pass its test and run at once."""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

import runtime_packages


def run(*command: object, **options) -> str:
    words = [str(word) for word in command]
    print("+", *words, flush=True)
    done = subprocess.run(words, check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **options)
    if done.returncode != 0:
        raise SystemExit(f"{done.stdout}\n{words[0]} ended with {done.returncode}")
    return done.stdout


def by_cmake(app: pathlib.Path, prefix: pathlib.Path, compiler: str) -> pathlib.Path:
    out = app / "build"
    launcher = shutil.which("ccache")
    run("cmake", "-G", "Ninja", "-S", app, "-B", out, f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_CXX_COMPILER={compiler}", "-DCMAKE_BUILD_TYPE=Release",
        *([f"-DCMAKE_CXX_COMPILER_LAUNCHER={launcher}"] if launcher else []))
    run("cmake", "--build", out)
    found = (out / "CMakeCache.txt").read_text()
    if f"cohort_DIR:PATH={prefix}" not in found:
        raise SystemExit("find_package found another cohort than the one installed")
    return out / app.name


def by_pkgconfig(app: pathlib.Path, pkgconfig: pathlib.Path, compiler: str) -> pathlib.Path:
    flags = run("pkg-config", "--cflags", "--libs", "cohort",
                env={**os.environ, "PKG_CONFIG_PATH": str(pkgconfig)}).split()
    program = app / "by_pkgconfig"
    run(compiler, "-O1", app / "main.cpp", "-o", program, *flags)
    return program


def by_init(folder: pathlib.Path, prefix: pathlib.Path, compiler: str) -> None:
    """What `cohort init` writes builds, passes its test, and runs as its own file says."""
    command = prefix / "bin/cohort"
    app = folder / "shop"
    environment = {**os.environ, "COHORT_RUNTIME_DIR": str(folder / "run"),
                   "COHORT_STATE_DIR": str(folder / "state")}
    run(command, "init", app)
    program = by_cmake(app, prefix, compiler)
    if shutil.which("dpkg-query"):
        runtime_packages.check((app / "Dockerfile").read_text(), program)
    run("ctest", "--test-dir", app / "build", "--output-on-failure", "--no-tests=error")
    run(command, "check", app)
    try:
        run(command, "start", "-w", 1, "-b", "127.0.0.1:0", cwd=app, env=environment)
        shown = json.loads(run(command, "ls", "--json", env=environment))
        if [each["app"] for each in shown] != ["shop"]:
            raise SystemExit(f"not the cohort that was started: {shown}")
        where = shown[0]["listen"][0].replace("tcp://", "http://")
        with urllib.request.urlopen(f"{where}/hello/you", timeout=30) as answer:
            if answer.read() != b"Hello, you\n":
                raise SystemExit("the new project answers something else")
        # Lines are written after the answer is sent.
        until = time.monotonic() + 30
        while '"path":"/hello/you"' not in run(command, "logs", "--json", env=environment):
            if time.monotonic() > until:
                raise SystemExit("the new project's access log has no line of the request")
            time.sleep(0.1)
    finally:
        run(command, "stop", env=environment)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--example", type=pathlib.Path, required=True)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--pkgconfig", required=True)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="cohort-package-") as folder:
        prefix = pathlib.Path(folder) / "prefix"
        app = pathlib.Path(folder) / options.example.name
        run("cmake", "--install", options.build, "--prefix", prefix)
        shutil.copytree(options.example, app)
        for program in (by_cmake(app, prefix, options.compiler),
                        by_pkgconfig(app, prefix / options.pkgconfig, options.compiler)):
            run(sys.executable, app / "hello_test.py", program)
        by_init(pathlib.Path(folder), prefix, options.compiler)


if __name__ == "__main__":
    main()
