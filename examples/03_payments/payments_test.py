#!/usr/bin/env python3
"""Starts the program named with two workers and pays, while its workers are killed one after the
other; then counts that each payment is there, and once.
"""

import http.client
import json
import os
import pathlib
import queue
import random
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading

PATIENCE_SECONDS = 100
PAYERS = 4
PAYMENTS_EACH = 50
PAYMENTS_A_KILL = 20
ORDER = json.dumps({"to": "DE02120300000000202051", "cents": 1999, "currency": "EUR"})


class Log(threading.Thread):
    """Reads what the program says, since an unread pipe would hold it up: where it listens, and
    which workers live.
    """

    def __init__(self, program: subprocess.Popen):
        super().__init__(daemon=True)
        self.program = program
        self.port = 0
        self.listens = threading.Event()
        self.living: list[int] = []
        self.tail: list[str] = []

    def run(self) -> None:
        for line in self.program.stdout:
            self.tail = [*self.tail[-30:], line]
            if found := re.search(r'Worker \d+ listening on port (\d+)","pid":(\d+)', line):
                self.port = int(found[1])
                self.living.append(int(found[2]))
                self.listens.set()
            elif (found := re.search(r"Worker \d+ \(pid (\d+)\) ended", line)) and \
                    int(found[1]) in self.living:
                self.living.remove(int(found[1]))
        self.listens.set()


class Client:
    """Asks on one connection."""

    def __init__(self, port: int, token: str):
        self.token = token
        self.again = 0
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.connection.auto_open = 0  # one that is lost was not kept
        self.connection.connect()

    def ask(self, method: str, path: str, body=None, **fields) -> tuple[int, dict]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        self.connection.request(method, path, body, headers | fields)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def pay(self, key: str) -> dict:
        """The same key until there is an answer. That others were writing for too long can be;
        that a worker died is not to be noticed.
        """
        for _ in range(20):
            status, answer = self.ask("POST", "/payments", ORDER, **{"Idempotency-Key": key})
            if status == 201:
                return answer
            if status != 503:
                raise SystemExit(f"{key}: {status} {answer}")
            self.again += 1
        raise SystemExit(f"{key} was never answered")

    def everything(self) -> list[dict]:
        found, after = [], 0
        while after is not None:
            status, page = self.ask("GET", f"/payments?limit=100&after={after}")
            if status != 200:
                raise SystemExit(f"the list: {status} {page}")
            found += page["payments"]
            after = page.get("next")
        return found


class Payer(threading.Thread):
    """Pays with keys of its own, and says so behind each."""

    def __init__(self, port: int, token: str, paid: queue.Queue):
        super().__init__()
        self.client = Client(port, token)
        self.paid = paid
        self.answers: dict[str, dict] = {}
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            for _ in range(PAYMENTS_EACH):
                key = secrets.token_hex(16)
                self.answers[key] = self.client.pay(key)
                self.paid.put(key)
        except BaseException as failure:  # told by the main thread
            self.failure = failure
        self.paid.put(None)


def pay_and_kill(log: Log, token) -> None:
    paid: queue.Queue = queue.Queue()
    payers = [Payer(log.port, token("ada", "customer"), paid) for _ in range(PAYERS)]
    for payer in payers:
        payer.start()
    left, count, killed = PAYERS, 0, 0
    while left:
        if paid.get() is None:
            left -= 1
            continue
        count += 1
        if count % PAYMENTS_A_KILL == 0 and log.living:
            try:
                os.kill(random.choice(log.living), signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                pass  # it is dead already, and the log has not said so yet
    for payer in payers:
        payer.join()
        if payer.failure:
            raise payer.failure
    check_ledger(payers, Client(log.port, token("eve", "auditor")), killed)


def check_ledger(payers: list[Payer], auditor: Client, killed: int) -> None:
    answers = {key: answer for payer in payers for key, answer in payer.answers.items()}
    again = sum(payer.client.again for payer in payers)
    found = auditor.everything()
    told = sorted(answer["id"] for answer in answers.values())
    kept = sorted(one["id"] for one in found)
    if told != kept or len(set(kept)) != PAYERS * PAYMENTS_EACH:
        raise SystemExit(f"{len(told)} payments were answered, {len(kept)} are there")
    if killed < 3:
        raise SystemExit(f"only {killed} workers were killed")

    # The first answers come again, from whichever worker.
    payer = payers[0].client
    for key in list(answers)[:5]:
        if payer.pay(key) != answers[key]:
            raise SystemExit(f"{key} has another answer now")
    print(f"{len(kept)} payments, once each; {killed} workers were killed, clients asked again "
          f"{again} times")


def check(program: str, folder: pathlib.Path, environment: dict) -> None:
    def token(who: str, role: str) -> str:
        return subprocess.run([program, "token", who, role], env=environment, check=True, text=True,
                              capture_output=True).stdout.strip()

    running = subprocess.Popen([program, "--listen", "127.0.0.1:0", "--workers", "2"],
                               env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, cwd=folder)
    watchdog = threading.Timer(PATIENCE_SECONDS, running.kill)
    watchdog.start()
    log = Log(running)
    log.start()
    try:
        log.listens.wait()
        if not log.port:
            raise SystemExit("the program left before it listened")
        pay_and_kill(log, token)
        running.send_signal(signal.SIGTERM)
        if running.wait() != 0:
            raise SystemExit(f"TERM ended it with {running.returncode}, not 0")
    except BaseException:
        sys.stderr.writelines(log.tail)
        raise
    finally:
        watchdog.cancel()
        running.kill()
        running.wait()


def main(program: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        secret = folder / "secret"
        secret.write_text(f"hex:{secrets.token_hex(32)}\n")
        environment = os.environ | {"PAYMENTS_SECRET_FILE": str(secret),
                                    "PAYMENTS_DATABASE": str(folder / "payments.db"),
                                    "PAYMENTS_PLAIN_HTTP": "1"}
        without = {k: v for k, v in environment.items() if k != "PAYMENTS_SECRET_FILE"}
        if subprocess.run([program, "--listen", "127.0.0.1:0"], env=without,
                          stderr=subprocess.DEVNULL).returncode != 2:
            raise SystemExit("it started without a secret")
        check(program, folder, environment)


if __name__ == "__main__":
    main(str(pathlib.Path(sys.argv[1]).resolve()))
