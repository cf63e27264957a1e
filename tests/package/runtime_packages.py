"""Does the image of `cohort init` have every shared library that a program wants when it starts?"""

import pathlib
import re
import subprocess

# Debian's smallest image has these: dpkg and apt need them.
IN_EVERY_IMAGE = {"libc6", "libgcc-s1", "libstdc++6"}


def named(dockerfile: str) -> set[str]:
    """The packages that the last stage installs."""
    last = dockerfile.split("\nFROM ")[-1].replace("\\\n", " ")
    found = re.search(r"apt-get install((?: +[^ &\n]+)+)", last)
    if not found:
        raise SystemExit(f"the last stage of the Dockerfile installs nothing:\n{dockerfile}")
    return {word for word in found[1].split() if not word.startswith("-")}


def needed(program: pathlib.Path) -> dict[str, str]:
    """The package of each library that the program is linked with."""
    said = subprocess.run(["readelf", "-d", str(program)], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return {library: package_of(library)
            for library in re.findall(r"\(NEEDED\).*\[([^\]]+)\]", said)}


def package_of(library: str) -> str:
    """Of this machine's own architecture; lib32… and libx32… have files of the same name."""
    said = subprocess.run(["dpkg-query", "-S", f"*/{library}"], check=False, text=True,
                          stdout=subprocess.PIPE).stdout
    owners = re.findall(r"^([^:\s]+)(?::\w+)?: /(?:usr/)?lib(?:64)?/", said, re.MULTILINE)
    if not owners:
        raise SystemExit(f"no package of Debian brings {library}")
    return owners[0]


def check(dockerfile: str, *programs: pathlib.Path) -> None:
    there = named(dockerfile) | IN_EVERY_IMAGE
    missing = {library: package for program in programs
               for library, package in needed(program).items() if package not in there}
    if missing:
        raise SystemExit(f"the Dockerfile of cohort init does not install {missing}")
