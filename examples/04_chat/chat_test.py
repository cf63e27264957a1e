#!/usr/bin/env python3
"""Two people in two tabs of a real browser, whose sockets are held by two workers.

Chromium is driven by chromedriver, over WebDriver's plain HTTP: no library is needed.
"""

import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request

PATIENCE_SECONDS = 120
SKIPPED = 77


def line_of(program: subprocess.Popen, pattern: str) -> re.Match:
    """Waits for the line that says where a program listens."""
    for line in program.stdout:
        found = re.search(pattern, line)
        if found:
            # An unread pipe would stop it one day.
            threading.Thread(target=program.stdout.read, daemon=True).start()
            return found
    raise SystemExit(f"{program.args[0]} left early, with {program.wait()}")


@contextlib.contextmanager
def running(*command: str, patience_seconds: float = PATIENCE_SECONDS):
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    watchdog = threading.Timer(patience_seconds, program.kill)
    watchdog.start()
    try:
        yield program
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait()
        watchdog.cancel()


class Browser:
    """One session of WebDriver."""

    def __init__(self, driver: str, binary: str) -> None:
        self.session = ""
        self.base = driver
        options = {"binary": binary,
                   "args": ["--headless=new", "--no-sandbox", "--disable-gpu",
                            "--disable-dev-shm-usage"]}
        capabilities = {"alwaysMatch": {"goog:chromeOptions": options,
                                        "goog:loggingPrefs": {"browser": "ALL"}}}
        made = self.ask("POST", "/session", {"capabilities": capabilities})
        self.session = "/session/" + made["sessionId"]

    def ask(self, method: str, path: str, body: dict | None = None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + self.session + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def new_tab(self, url: str) -> str:
        tab = self.ask("POST", "/window/new", {"type": "tab"})["handle"]
        self.show(tab)
        self.ask("POST", "/url", {"url": url})
        return tab

    def show(self, tab: str) -> None:
        self.ask("POST", "/window", {"handle": tab})

    def run(self, script: str):
        return self.ask("POST", "/execute/sync", {"script": script, "args": []})

    def element(self, css: str) -> str:
        found = self.ask("POST", "/element", {"using": "css selector", "value": css})
        return next(iter(found.values()))

    def type_and_send(self, text: str) -> None:
        self.ask("POST", f"/element/{self.element('#text')}/value", {"text": text})
        self.ask("POST", f"/element/{self.element('button')}/click", {})

    def until(self, script: str, what: str):
        """Asks until the script returns something true."""
        patience = time.monotonic() + 30
        while time.monotonic() < patience:
            value = self.run(script)
            if value:
                return value
        shown = self.run("return document.body.innerText")
        raise SystemExit(f"{what}: never; the page says: {shown}")

    def until_said(self, text: str) -> None:
        self.until("return [...document.querySelectorAll('li')]"
                   f".some(line => line.textContent.includes({json.dumps(text)}))",
                   f"somebody says {text!r}")

    def end(self) -> None:
        self.ask("DELETE", "")


def enter(browser: Browser, site: str, name: str, other_than: str | None) -> tuple[str, str]:
    """A tab whose socket is at another worker than that one."""
    for _ in range(20):
        tab = browser.new_tab(f"{site}/?room=tea%20time&name={name}")
        worker = browser.until("return document.body.dataset.worker", f"{name} is welcome")
        if worker != other_than:
            return tab, worker
        browser.ask("DELETE", "/window")
        browser.show(browser.ask("GET", "/window/handles")[0])
    raise SystemExit("one worker gets all connections")


def chat(browser: Browser, site: str) -> None:
    ada, first = enter(browser, site, "Ada", None)
    bob, second = enter(browser, site, "Bob", first)
    print(f"Ada is at worker {first}, Bob at worker {second}")

    browser.type_and_send("Hello Ada <b>&</b> grüße")
    browser.until_said("Bob: Hello Ada <b>&</b> grüße")
    browser.show(ada)
    browser.until_said("Bob joined")
    browser.until_said(f"Bob: Hello Ada <b>&</b> grüße (worker {second})")
    browser.type_and_send("Hello Bob")
    browser.show(bob)
    browser.until_said(f"Ada: Hello Bob (worker {first})")

    # Bob closes his tab, and Ada hears of it.
    browser.ask("DELETE", "/window")
    browser.show(ada)
    browser.until_said("Bob left")
    complaints = [entry["message"] for entry in browser.ask("POST", "/se/log", {"type": "browser"})
                  if entry["level"] in ("SEVERE", "WARNING")]
    if complaints:
        raise SystemExit(f"the browser complains: {complaints}")


def main(program: str) -> int:
    binary = shutil.which("chromium")
    driver = shutil.which("chromedriver")
    if not binary or not driver:
        print("no chromium and chromedriver here: skipped")
        return SKIPPED
    with running(program, "--listen", "127.0.0.1:0", "--workers", "2") as server, \
            running(driver, "--port=0") as driving:
        port = line_of(server, r"listening on (?:port |\S*:)(\d+)")[1]
        control = line_of(driving, r"started successfully on port (\d+)")[1]
        browser = Browser(f"http://127.0.0.1:{control}", binary)
        try:
            chat(browser, f"http://127.0.0.1:{port}")
        finally:
            browser.end()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
