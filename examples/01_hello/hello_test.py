#!/usr/bin/env python3
"""Starts the program named, talks to it as a client would, and asks it to leave.

Port 0 lets the kernel choose; the program's log says which port that was.
"""

import http.client
import re
import signal
import subprocess
import sys
import threading

PATIENCE_SECONDS = 30


def port_of(program: subprocess.Popen) -> int:
    """Waits for the log line that says where the program listens."""
    for line in program.stdout:
        found = re.search(r"listening on (?:port |\S*:)(\d+)", line)
        if found:
            return int(found[1])
    raise SystemExit(f"the program left before it listened, with {program.wait()}")


def expect(client: http.client.HTTPConnection, method: str, path: str, body: bytes | None,
           status: int, answer: bytes) -> None:
    client.request(method, path, body)
    response = client.getresponse()
    got = (response.status, response.read())
    if got != (status, answer):
        raise SystemExit(f"{method} {path} answered {got}, not {(status, answer)}")


def main(command: list[str]) -> None:
    program = subprocess.Popen([*command, "--listen", "127.0.0.1:0", "--workers", "1"],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    watchdog = threading.Timer(PATIENCE_SECONDS, program.kill)
    watchdog.start()
    try:
        client = http.client.HTTPConnection("127.0.0.1", port_of(program), timeout=10)
        expect(client, "GET", "/", None, 200, b"Hello, world")
        expect(client, "POST", "/echo", b"what I said", 200, b"what I said")
        expect(client, "PUT", "/echo", b"\x00\xff", 200, b"\x00\xff")
        expect(client, "GET", "/healthz", None, 200, b"ok")
        client.close()

        program.send_signal(signal.SIGTERM)
        for _ in program.stdout:
            pass  # an unread pipe would hold up its last words
        if program.wait() != 0:
            raise SystemExit(f"TERM ended it with {program.returncode}, not 0")
    finally:
        watchdog.cancel()
        program.kill()
        program.wait()


if __name__ == "__main__":
    main(sys.argv[1:])
