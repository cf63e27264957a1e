#!/usr/bin/env python3
"""Every verb against a real cohort, with its JSON and its exit code."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from command import Command, check, equal, run_tests

PROGRAM = pathlib.Path()


def start(cohort: Command, *more: object, name: str = "hello") -> None:
    said = cohort("start", "-n", name, "-b", "127.0.0.1:0", "--json", *more, PROGRAM, expect=0)
    equal(said.json()["exit"], 0)
    check(said.json()["serving"] >= 1, said)


def stages(cohort: Command) -> list:
    return [slot["stage"] for slot in cohort("show", "hello", "--json", expect=0).json()["slots"]]


def test_nothing_runs(cohort: Command) -> None:
    equal(cohort("ls", "--json", expect=0).json(), [])
    check("no cohort" in cohort("ls", expect=0).out, "ls says that nothing runs")
    for verb in ("stop", "show", "reload", "upgrade", "why", "events", "logs", "top"):
        words = [verb] if verb != "top" else [verb, "hello"]
        cohort(*words, expect=6)
    cohort("scale", "hello", "2", expect=6)
    cohort("save", expect=6)


def test_usage(cohort: Command) -> None:
    said = cohort("relaod", expect=1)
    check("did you mean cohort reload?" in said.err, said)
    said = cohort("scale", "--wiat", "1s", expect=1)
    check("--wait" in said.err, said)
    cohort("scale", expect=1)
    cohort("drain", "hello", expect=6)
    cohort("drain", expect=1)
    cohort("signal", "NOSUCH", expect=1)
    cohort("send", "not json", expect=1)
    cohort("run", expect=1)
    cohort("run", "/nowhere/at/all", expect=1)
    cohort("completion", "tcsh", expect=1)
    cohort("help", "nothing", expect=1)
    for words in (["init", "a", "junk"], ["version", "junk"], ["logs", "a", "b"]):
        check("too many" in cohort(*words, expect=1).err, words)
    cohort("scale", "nope", "x", expect=1)
    check("no verb" in cohort("frob", "--json", expect=1).json()["reason"], "as JSON, too")
    check("no cohort" in cohort("top", "--json", expect=0).json()["reason"], "an object")
    check("did you mean" not in cohort("nope", expect=1).err, "a short word is near to many")
    said = cohort("ls", "--wait", "2", expect=1)
    equal(said.err.count("not"), 1, said)
    check("no cohort runs here" in cohort("top", expect=0).out, "top says that nothing runs")


def test_failures_are_json_where_it_is_wanted(cohort: Command) -> None:
    for words, code in ((["stop", "nosuch"], 6), (["scale", "--wiat", "1s"], 1), (["scale"], 1)):
        said = cohort(*words, "--json", expect=code).json()
        equal(said["exit"], code)
        check(said["reason"] != "", said)


def test_check_says_what_would_leave_the_machine(cohort: Command) -> None:
    file = cohort.folder / "telemetry.toml"
    file.write_text("[app.one]\n[app.one.env]\n"
                    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT = 'http://me:secret@logs/here'\n"
                    "OTEL_METRICS_EXPORTER = 'prometheus'\n[app.two]\n")
    said = cohort("check", str(file), expect=0)
    check("app.one: telemetry: logs to http://logs/here" in said.out, said)
    check("warning: app.one: OTEL_METRICS_EXPORTER" in said.out, said)
    check("secret" not in said.out and "app.two" not in said.out, said)
    equal(cohort("check", str(file), "--json", expect=0).json()["telemetry"],
          {"one": "logs to http://logs/here"})


def test_who_follows_ends_with_its_reader(cohort: Command) -> None:
    start(cohort, "-w", 1)
    for words in (["events", "-f"], ["logs", "hello", "-f", "--raw"]):
        follower = cohort.popen(*words)
        check(follower.stdout.readline() != "", words)
        follower.stdout.close()
        follower.wait(timeout=60)  # nothing happens meanwhile
        follower.stderr.close()


def test_a_stopped_primary_is_said_to_be_stopped(cohort: Command) -> None:
    start(cohort, "-w", 1)
    primary = cohort("ls", "--json", expect=0).json()[0]["primary"]
    os.kill(primary, signal.SIGSTOP)
    said = cohort("plan", "--wait", "1ms", expect=4)
    os.kill(primary, signal.SIGCONT)
    check(f"Process {primary} is stopped" in said.err and "may still" in said.err, said)


def test_what_cannot_be_written_is_no_success(cohort: Command) -> None:
    for words in (["ls", "--json"], ["help"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([str(cohort.program), *words], stdout=full, text=True,
                                  stderr=subprocess.PIPE, env=cohort.environment, check=False)
        equal(done.returncode, 7, words)
        check("standard output" in done.stderr, done.stderr)


def test_life(cohort: Command) -> None:
    start(cohort, "-w", 2)
    again = cohort("start", "-n", "hello", PROGRAM, expect=7)
    check("runs already" in again.err, again)

    all_of_them = cohort("ls", "--json", expect=0).json()
    equal([(each["app"], each["serving"]) for each in all_of_them], [("hello", 2)])
    check(all_of_them[0]["memory_bytes"] > 0, all_of_them)
    check("hello" in cohort("list", expect=0).out, "a table for people")
    check("serving" in cohort("show", expect=0).out, "and one for the slots")
    check(cohort("show", "hello.0", "--json", expect=0).json()["pid"] > 0, "one slot")
    shown = cohort("show", "hello.0", expect=0).out
    check("stage" in shown and "null" not in shown and "_ms" not in shown, shown)
    cohort("show", "hello.9", expect=6)
    check("did you mean hello?" in cohort("show", "helo", expect=6).err, "a near name")
    equal(cohort("top", "--json", expect=0).json()["serving"], 2)

    equal(cohort("scale", "hello", 3, "--json", expect=0).json()["serving"], 3)
    cohort("scale", "-2", expect=0)
    equal(stages(cohort), ["serving"])
    cohort("scale", "hello", "x", expect=1)
    equal(cohort("scale", "hello", "1..2", "--json", expect=0).json()["workers"], "1..2")
    check("of 1..2" in cohort("ls", expect=0).out, "the range is shown")
    cohort("scale", "2..1", expect=1)
    equal(cohort("scale", "1", "--json", expect=0).json()["workers"], "1")
    cohort("scale", "+1", expect=0)

    cohort("drain", "hello.1", expect=0)
    equal(stages(cohort), ["serving", "held"])
    cohort("resume", "hello.1", expect=0)
    equal(stages(cohort), ["serving", "serving"])

    stop = cohort("stop", "--json", expect=0).json()
    equal((stop["exit"], stop["app"]), (0, "hello"))
    equal(cohort("ls", "--json", expect=0).json(), [])


def test_the_past(cohort: Command) -> None:
    start(cohort, "-w", 1)
    equal(cohort("why", expect=0).out.count("ended,"), 0)
    said = cohort("signal", "KILL", "hello.0", "--json", expect=0).json()
    equal(said["workers"], [1])
    # The end is an event: it is followed, not waited for.
    follower = cohort.popen("events", "-f", "--json", "-n", 100)
    for line in follower.stdout:
        if '"event":"end"' in line:
            break
    follower.send_signal(signal.SIGTERM)
    follower.communicate()
    why = cohort("why", "hello", "--json", expect=0).json()
    equal(why["slots"][0]["ends"][0]["signal"], 9)
    check("SIGKILL" in cohort("why", expect=0).out, "why in words")
    events = cohort("events", "--json", expect=0).lines()
    check(any(each["event"] == "end" for each in events), events)
    equal({each["app"] for each in events}, {"hello"})
    check("ended" in cohort("events", "-n", 50, expect=0).out, "events in words")
    cohort("send", "hello", '{"hello":1}', expect=0)
    dump = cohort("dump", "hello.0", "--json", "--wait", "60s", expect=0).json()
    threads = dump["slots"][0]["threads"]
    check(any(each["frames"] for each in threads), dump)
    check("work::core::run(" in cohort("dump", "hello.0", expect=0).out, "dump in words")
    cohort("dump", "hello.9", expect=6)
    cohort("dump", "hello.0", "--wait", "soon", expect=1)


def test_logs(cohort: Command) -> None:
    start(cohort, "-w", 1)
    lines = cohort("logs", "hello", "--json", "-n", 100, expect=0).lines()
    check(any("listening" in each["message"] for each in lines), lines)
    check("listening" in cohort("logs", "-n", 100, expect=0).out, "logs in words")
    equal(cohort("logs", "--level", "fatal", expect=0).out, "")
    equal(cohort("logs", "--grep", "no such words", expect=0).out, "")
    check(cohort("logs", "--since", "1h", expect=0).out != "", "logs of the last hour")
    cohort("logs", "--level", "loud", expect=1)
    cohort("logs", "hello.99", expect=6)
    follower = cohort.popen("logs", "hello", "-f", "-n", 0, "--raw")
    cohort("scale", "2", expect=0)
    check("listening" in "".join(iter_until(follower, "listening")), "what comes is followed")
    follower.send_signal(signal.SIGTERM)
    follower.communicate()
    cohort("stop", expect=0)
    check("stopping" in cohort("logs", "hello", "-n", 50, expect=0).out, "also after its end")


def iter_until(program, part: str):
    for line in program.stdout:
        yield line
        if part in line:
            return


def test_restart(cohort: Command) -> None:
    start(cohort, "-w", 1)
    before = cohort("ls", "--json", expect=0).json()[0]["root"]
    cohort("restart", expect=0)
    after = cohort("ls", "--json", expect=0).json()[0]["root"]
    check(before != after, "another process")
    cohort("restart", "hello", "--json", expect=0)


def test_upgrade(cohort: Command) -> None:
    start(cohort, "-w", 2)
    pids = [slot["pid"] for slot in cohort("show", "--json", expect=0).json()["slots"]]
    said = cohort("upgrade", "hello", "--json", expect=0).json()
    equal((said["exit"], said["app"], said["workers"]), (0, "hello", 2))
    check(said["version"] == said["from"] and said["took_ms"] > 0, said)
    check("goes on with 2 workers" in cohort("upgrade", expect=0).out, "in words")
    equal([slot["pid"] for slot in cohort("show", "--json", expect=0).json()["slots"]], pids)
    events = cohort("events", "--json", expect=0).lines()
    check(any(each["event"] == "upgraded" for each in events), events)
    cohort("upgrade", "hello.0", expect=1)
    cohort("stop", expect=0)


def test_two(cohort: Command) -> None:
    start(cohort, "-w", 1)
    start(cohort, "-w", 1, name="other-2")
    said = cohort("stop", expect=1)
    check("which one?" in said.err, said)
    equal(cohort("show", "other-2", "--json", expect=0).json()["app"], "other-2")
    cohort("scale", "all", "2", expect=0)
    equal(len(cohort("reload", "hello", "other-2", "--json", expect=0).lines()), 2)
    cohort("stop", "hello", "nobody", expect=6)
    cohort("stop", "hello", "other-2", expect=0)
    equal(cohort("ls", "--json", expect=0).json(), [])


def test_failures(cohort: Command) -> None:
    check("--bind" in cohort("start", "-b", "nonsense:x:y", PROGRAM, expect=1).err, "a slip")
    said = cohort("start", "-n", "bad", "-b", "unix:/nowhere/at/all/s", PROGRAM)
    check(said.code not in (0, 4), said)
    check(said.err.count("\n") > 1, f"the last lines of the log say why: {said}")
    check('{"' not in said.err, f"as people read them: {said}")
    equal(cohort("ls", "--json", expect=0).json(), [])


def test_stale_socket(cohort: Command) -> None:
    start(cohort, "-w", 1)
    root = cohort("ls", "--json", expect=0).json()[0]
    pids = [root["root"], root["primary"], *(each["pid"] for each in root["slots"]),
            *(each["keeper"] for each in root["slots"] if "keeper" in each)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    while any("root" in each for each in cohort("ls", "--json", expect=0).json()):
        pass  # until the kernel has ended them; one that ends while ls looks is left out
    for words in (("why", "hello"), ("events", "hello"), ("show", "hello.0")):
        said = cohort(*words, expect=6)
        check("hello has run and is gone" in said.err and "hello.log" in said.err, said)
    start(cohort, "-w", 1)


def test_check(cohort: Command) -> None:
    file = cohort.folder / "cohort.toml"
    file.write_text("[app.api]\nworker = 2\n\n[app.api.stop]\ntimeout = 5\n")
    said = cohort("check", file, "--json", expect=2).json()
    equal((said["valid"], len(said["problems"])), (False, 2))
    check("did you mean" in cohort("check", file, expect=2).out, "words for people")
    # What start would refuse, check does not call valid.
    file.write_text(f'[app.api]\nexec = "{PROGRAM}"\n'
                    'listen = ["99999", "unix:", "[::1", "127.0.0.1:0"]\n')
    said = cohort("check", file, "--json", expect=2).json()
    equal([each["key"] for each in said["problems"]],
          ["app.api.listen[0]", "app.api.listen[1]", "app.api.listen[2]"])
    file.write_text(f'[app.api]\nexec = "{PROGRAM}"\nlisten = ["127.0.0.1:0"]\n'
                    '[admin]\nhttp = "nonsense"\n')
    said = cohort("check", file, "--json", expect=2).json()
    equal([(each["key"], each["line"]) for each in said["problems"]], [("admin.http", 5)])
    # A key can hold anything that TOML lets it.
    file.write_text('[app.api]\n"\\u001B[2Jkey" = 1\n"\\u009B2J" = 1\n')
    said = cohort("check", file, expect=2)
    check("\x1b" not in said.out and "\x9b" not in said.out, said)
    file.write_text(f'[app.api]\nexec = "{PROGRAM}"\nworkers = 1\nlisten = ["127.0.0.1:0"]\n')
    check("no such environment" in cohort("check", file, "-e", "nosuch", expect=2).out, "-e counts")
    equal(cohort("check", "--json", expect=0, cwd=cohort.folder).json()["apps"], ["api"])
    cohort("start", file, expect=0)
    equal(cohort("ls", "--json", expect=0).json()[0]["app"], "api")
    cohort("check", "/nowhere.toml", expect=2)


def test_run(cohort: Command) -> None:
    program = cohort.popen("run", "-w", "1", "-b", "127.0.0.1:0", "-n", "fore", PROGRAM)
    for line in program.stdout:
        if "listening" in line:
            break
    equal(cohort("ls", "--json", expect=0).json()[0]["root"], program.pid)
    refused = cohort("restart", "fore", expect=7)
    check("was not started by" in refused.err, refused)
    cohort("logs", "fore", expect=7)
    cohort("save", expect=7)
    program.send_signal(signal.SIGTERM)
    program.communicate()
    equal(program.returncode, 0)


def test_save(cohort: Command) -> None:
    start(cohort, "-w", 1)
    units = cohort.folder / "units"
    said = cohort("save", "--out", units, "--json", expect=0).json()
    equal(said["units"], [str(units / "cohort-hello.service")])
    text = (units / "cohort-hello.service").read_text()
    check(f"ExecReload={cohort.program} reload hello" in text, text)
    check(f"ExecStart={PROGRAM}" in text, text)
    if shutil.which("systemd-analyze"):
        pass  # the package test has it verify the unit where systemd is
    shown = cohort("startup", "--out", units, "--print", expect=0).out
    check("enable cohort-hello.service" in shown, shown)
    cohort("startup", "--out", cohort.folder / "none", expect=6)


if __name__ == "__main__":
    run_tests(globals())
