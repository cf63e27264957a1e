#!/usr/bin/env python3
"""The manual page, the completions and a new project's files say what there is."""

import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from command import Command, check, equal, run_tests


def lint(command: list, text: str) -> None:
    """Where the tool is there: what it complains about is an error."""
    if shutil.which(command[0]) is None:
        print(f"  no {command[0]} here", flush=True)
        return
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    check(done.returncode == 0 and done.stderr == "", f"{command}: {done.stderr}{done.stdout}")


def test_help(cohort: Command) -> None:
    verbs = [each["verb"] for each in cohort("help", "--json", expect=0).json()]
    for verb in ("run", "start", "stop", "restart", "reload", "rollback", "upgrade", "scale",
                 "drain", "resume", "reopen", "log-level", "ls", "show", "top", "open", "logs",
                 "why", "dump", "events", "check", "plan", "signal", "send", "save", "startup",
                 "init", "completion", "help", "version"):
        check(verb in verbs, f"{verb} is a verb")
        check(f"cohort {verb}" in cohort("help", verb, expect=0).out, verb)
        check(f"cohort {verb}" in cohort(verb, "--help", expect=0).out, verb)
    cohort(expect=0)
    check(cohort("--version", expect=0).out.startswith("cohort "), "a version")
    check("version" in cohort("version", "--json", expect=0).json(), "and as JSON")


def test_manual(cohort: Command) -> None:
    page = cohort("help", "--man", expect=0).out
    for verb in cohort("help", "--json", expect=0).json():
        name = verb["verb"].replace("-", "\\-")
        check(f".B cohort {name}" in page, f"the page has {name}")
    lint(["mandoc", "-T", "lint", "-W", "warning"], page)
    lint(["groff", "-Kutf8", "-man", "-Tutf8", "-ww", "-z"], page)


def test_completion(cohort: Command) -> None:
    for shell in ("bash", "zsh", "fish"):
        script = cohort("completion", shell, expect=0).out
        check("reload" in script, shell)
        lint([shell, "-n"] if shell != "fish" else ["fish", "-n", "/dev/stdin"], script)
        equal(cohort("completion", shell, "--json", expect=0).json()["script"], script)
    script = cohort("completion", "bash").out + """
COMP_WORDS=(cohort rel); COMP_CWORD=1; _cohort; echo "${COMPREPLY[*]}"
COMP_WORDS=(cohort scale --wa); COMP_CWORD=2; _cohort; echo "${COMPREPLY[*]}"
"""
    done = subprocess.run(["bash"], input=script, text=True, capture_output=True, check=True)
    equal(done.stdout.split("\n")[:2], ["reload", "--wait"], done.stderr)


def test_init(cohort: Command) -> None:
    folder = cohort.folder / "shop-1"
    said = cohort("init", folder, "--json", expect=0).json()
    equal(said["name"], "shop-1")
    for file in said["files"]:
        text = (folder / file).read_text()
        check("@" not in text.replace("actions/checkout@v4", ""), f"{file} is filled in")
    check("find_package(cohort" in (folder / "CMakeLists.txt").read_text(), "a project")
    refused = cohort("init", folder, expect=7)
    check("is there already" in refused.err, refused)
    cohort("init", cohort.folder / "1st", expect=1)
    cohort("check", folder / "cohort.toml", expect=2)  # not built yet: there is no program


def test_colours(cohort: Command) -> None:
    said = cohort("help", expect=0)
    check("\x1b" not in said.out + said.err, "no colours where there is no terminal")


if __name__ == "__main__":
    run_tests(globals())
