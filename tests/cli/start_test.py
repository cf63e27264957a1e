#!/usr/bin/env python3
"""What start and restart say is so: they succeed when the app serves, and only then."""

import os
import pathlib
import shutil
import signal
import socket
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from command import PATIENCE_SECONDS, Command, check, equal, run_tests

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


OPENS_ITSELF = """#!{python}
import http.server, os, sys
http.server.HTTPServer(("127.0.0.1", int(os.environ.get("PORT", sys.argv[1]))),
                       http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def write_opener(cohort: Command) -> pathlib.Path:
    script = cohort.folder / "opener.py"
    script.write_text(OPENS_ITSELF.format(python=sys.executable))
    script.chmod(0o700)
    return script


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def test_who_opens_its_port_itself_is_told_how_and_then_serves(cohort: Command) -> None:
    script, port = write_opener(cohort), free_port()
    said = cohort("start", "-w", 1, "-b", f"127.0.0.1:{port}", script, port)
    check(said.code not in (0, 4), said)
    check("--speaks none" in said.err, f"the log says what to do: {said}")
    cohort("start", "--speaks", "none", "-w", 1, "-b", f"127.0.0.1:{port}", script, 1, expect=0)
    with socket.create_connection(("127.0.0.1", port)) as asking:
        asking.sendall(b"GET / HTTP/1.0\r\n\r\n")
        check(asking.recv(100).startswith(b"HTTP/1.0 200"), "it serves at PORT")
    cohort("stop", expect=0)
    said = cohort("start", "--speaks", "none", "-w", 2, "-b", f"127.0.0.1:{port}", script, 1)
    check(said.code == 5, said)
    check("SO_REUSEPORT" in said.err, f"one port for two: {said}")
    cohort("stop", expect=0)
    said = cohort("start", "--speaks", "nobody", "-b", f"127.0.0.1:{port}", script)
    check(said.code not in (0, 4) and "--speaks" in said.err, said)


def test_who_listens_elsewhere_is_told(cohort: Command) -> None:
    script, other = write_opener(cohort), free_port()
    cohort("start", "-w", 1, "-b", f"127.0.0.1:{free_port()}", script, other, expect=0)
    follower = cohort.popen("logs", "-f", "-n", 100)
    # Its end is the end of the lines: whoever waits for one that never comes has a deadline, too.
    deadline = threading.Timer(PATIENCE_SECONDS, follower.kill)
    deadline.start()
    try:
        told = any(f"listens on port {other} by itself" in line for line in follower.stdout)
    finally:
        deadline.cancel()
        follower.terminate()
        follower.communicate()
    check(told, f"the log says that it listens on {other}")


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
    said = cohort("restart", "api", expect=2)
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


def test_flags_after_a_file_count_and_words_do_not(cohort: Command) -> None:
    file = write_file(cohort, '[env.two.app.api]\nworkers = 2\n')
    for words in (["junk"], ["-w", 2, "--", "--json"]):
        said = cohort("start", file, *words, expect=1)
        check("is a file" in said.err, said)
    check("no flag --wrokers" in cohort("start", file, "--wrokers", 3, expect=1).err, "a slip")
    equal(cohort("start", file, "-e", "two", "--json", expect=0).json()["serving"], 2)
    said = cohort("start", file, "--json", expect=7).json()
    check(said["app"] == "api" and "runs already" in said["reason"], said)
    for words in (["restart", "api.0"], ["scale", "api.0", 2], ["stop", "api.0"],
                  ["plan", "api.0"]):
        check("is a slot" in cohort(*words, expect=1).err, words)


def test_what_is_gone_can_be_started_again(cohort: Command) -> None:
    file = write_file(cohort)
    cohort("start", file, expect=0)
    before, server = roots(cohort), cohort.folder / "server"
    server.rename(cohort.folder / "away")
    shutil.copy("/bin/false", server)
    cohort("restart", "api", expect=1)
    equal(roots(cohort), before, "it goes on")
    (cohort.folder / "away").rename(server)
    os.kill(before[0], signal.SIGKILL)
    while [each["stage"] for each in cohort("ls", "--json", expect=0).json()] != ["gone"]:
        pass
    check("cohort restart api" in cohort("ls", expect=0).err, "what to do")
    cohort("start", "api", "-w", 3, expect=1)
    cohort("start", "api", expect=0)
    os.kill(roots(cohort)[0], signal.SIGKILL)
    while cohort("ls", "--json", expect=0).json()[0]["stage"] != "gone":
        pass
    cohort("restart", "api", expect=0)
    cohort("stop", "api", expect=0)
    equal(cohort("ls", "--json", expect=0).json(), [], "who was stopped is not missed")


def test_what_is_wrong_is_said_clearly(cohort: Command) -> None:
    file = cohort.folder / "cohort.toml"
    file.write_text("")
    for words in (["check", file], ["start", file]):
        said = cohort(*words, expect=2)
        check("nothing to start" in said.out + said.err, said)
    file.write_text('[app.api]\nexec = "./none"\n')
    cohort("start", file, expect=2)
    script = cohort.folder / "srv.js"
    script.write_text("")
    check(f"node {script}" in cohort("start", script, expect=1).err, "how it would run")
    for flag, value in (("-w", 0), ("-b", "foo")):
        cohort("start", flag, value, PROGRAM, expect=1)
    file.write_text('[app.api]\nexec = "./none"\nworker = 1\nlisten = ["99999"]\nworkes = 2\n')
    said = cohort("start", file, expect=2)
    check("?\n" not in said.err.replace('"?', ""), f"one problem a line: {said}")
    said = cohort("run", "-w", 1, "--check", "--json", "-n", "x", PROGRAM, expect=0).json()
    equal((said["app"], said["exit"]), ("x", 0))


def test_what_is_remembered_is_private(cohort: Command) -> None:
    cohort("start", "-n", "hello", "-w", 1, "-b", "127.0.0.1:0", PROGRAM, expect=0)
    record = cohort.folder / "state" / "hello.start.json"
    equal(record.stat().st_mode & 0o777, 0o600)


if __name__ == "__main__":
    run_tests(globals())
