"""A cohort with a dashboard, and people who ask it for something all the time."""

import contextlib
import http.client
import itertools
import json
import os
import pathlib
import socket
import tempfile
import threading

from docs_page_test import line_of, running

TOKEN = "a-token-of-the-test-0123456789"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


# What is asked for, again and again: a method, a path and a body.
USUAL = [("GET", "/", None)]
PAYMENT = json.dumps({"amount": 1200, "currency": "EUR", "account": "DE1"})
VARIED = [("GET", "/fibonacci/24", None), ("POST", "/payments", PAYMENT), ("GET", "/healthz", None),
          ("GET", "/fibonacci/12", None), ("POST", "/payments", PAYMENT), ("GET", "/nobody", None)]


@contextlib.contextmanager
def traffic(port: int, what: list, people: int = 2):
    """Somebody asks all the time; who is answered is counted."""
    over, answered = threading.Event(), [0]

    def ask() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError, http.client.HTTPException):
                client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                for method, path, body in itertools.islice(itertools.cycle(what), 50):
                    client.request(method, path, body,
                                   {"Content-Type": "application/json"} if body else {})
                    client.getresponse().read()
                    answered[0] += 1
                    over.wait(0.01)
                client.close()

    people = [threading.Thread(target=ask) for _ in range(people)]
    for each in people:
        each.start()
    try:
        yield answered
    finally:
        over.set()
        for each in people:
            each.join()


@contextlib.contextmanager
def served(program: pathlib.Path, name: str, workers: int, what: list):
    """A cohort under traffic; gives where its dashboard is."""
    with tempfile.TemporaryDirectory(prefix="cohort-page-") as folder:
        run = pathlib.Path(folder, "run")
        run.mkdir(mode=0o700)
        door = free_port()
        file = pathlib.Path(folder, "cohort.toml")
        file.write_text(f'[app.{name}]\nexec = "{program}"\n[admin]\nhttp = "127.0.0.1:{door}"\n'
                        f'token = "{TOKEN}"\n', encoding="utf-8")
        os.environ["COHORT_RUNTIME_DIR"] = str(run)
        with running(str(program), "--config", str(file), "--name", name, "--workers", str(workers),
                     "--listen", "127.0.0.1:0") as server:
            port = int(line_of(server, r"listening on (?:port |[^ ]*:)([0-9]+)")[1])
            with traffic(port, what, workers):
                yield f"http://127.0.0.1:{door}"
