#!/usr/bin/env python3
"""Starts the program named, books a room over a socket, well and badly, and reads its document."""

import http.client
import json
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


def ask(client: http.client.HTTPConnection, method: str, path: str, body=None) -> tuple[int, str]:
    text = None if body is None else json.dumps(body)
    client.request(method, path, text, {"Content-Type": "application/json"})
    response = client.getresponse()
    return response.status, response.read().decode()


def expect(got, wanted) -> None:
    if got != wanted:
        raise SystemExit(f"got {got}, not {wanted}")


def check(client: http.client.HTTPConnection) -> None:
    booking = {"from": "2026-11-29", "until": "2026-12-01", "with": "dinner",
               "guests": [{"name": "Ada", "email": "ada@example.com"}]}
    status, text = ask(client, "POST", "/rooms/17/bookings", booking)
    expect((status, json.loads(text)), (201, booking))

    status, text = ask(client, "POST", "/rooms/401/bookings",
                       {**booking, "guests": [{"name": "Ada", "email": "ada"}]})
    errors = [(each.get("pointer", each.get("parameter")), each["keyword"])
              for each in json.loads(text)["errors"]]
    expect((status, errors), (422, [("number", "maximum"), ("/guests/0/email", "format")]))

    status, text = ask(client, "POST", "/rooms/1/bookings", {**booking, "until": "2026-11-29"})
    expect((status, json.loads(text)["errors"]),
           (422, [{"pointer": "/until", "keyword": "check", "detail": "must be after `from`"}]))

    status, text = ask(client, "GET", "/guests?limit=1&name=Eve&name=Bob")
    expect((status, json.loads(text)), (200, [{"name": "Bob", "email": "bob@example.com"}]))
    expect(len(json.loads(ask(client, "GET", "/guests")[1])), 2)
    status, text = ask(client, "GET", "/openapi.json")
    expect((status, list(json.loads(text)["paths"])),
           (200, ["/guests", "/rooms/{number}/bookings"]))
    expect(ask(client, "GET", "/docs")[0], 200)


def main(command: list[str]) -> None:
    program = subprocess.Popen([*command, "--listen", "127.0.0.1:0", "--workers", "1"],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    watchdog = threading.Timer(PATIENCE_SECONDS, program.kill)
    watchdog.start()
    try:
        client = http.client.HTTPConnection("127.0.0.1", port_of(program), timeout=10)
        check(client)
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
