#!/usr/bin/env python3
"""Starts the program named, kills its worker in the middle of its one answer, and
checks that the answer is whole all the same.
"""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading

PATIENCE_SECONDS = 50
LINES = 4_000_000


def port_of(program: subprocess.Popen) -> int:
    """Waits for the log line that says where the program listens."""
    for line in program.stdout:
        found = re.search(r"listening on (?:port |\S*:)(\d+)", line)
        if found:
            return int(found[1])
    raise SystemExit(f"the program left before it listened, with {program.wait()}")


def connect(port: int) -> http.client.HTTPConnection:
    """With a small buffer, so that most of the answer is still the server's when it dies."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    client.sock = socket.socket()
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    client.sock.settimeout(20)
    client.sock.connect(("127.0.0.1", port))
    return client


def main(command: list[str]) -> None:
    program = subprocess.Popen([*command, "--listen", "127.0.0.1:0", "--workers", "1"],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    watchdog = threading.Timer(PATIENCE_SECONDS, program.kill)
    watchdog.start()
    try:
        port = port_of(program)
        client = connect(port)
        client.request("GET", "/numbers")
        answer = client.getresponse()
        heard = answer.read(100_000)
        os.kill(int(answer.headers["X-Worker"]), signal.SIGKILL)
        heard += answer.read()
        expected = b"".join(b"%07d\n" % line for line in range(LINES))
        if heard != expected:
            raise SystemExit(f"heard {len(heard)} bytes that are not the numbers")
        client.request("GET", "/nowhere")
        if client.getresponse().status != 404:
            raise SystemExit("the connection did not go on behind the numbers")
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
