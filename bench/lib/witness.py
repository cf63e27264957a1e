"""The load that cannot hide a lost request (bench/load), beside what is done to a server."""

import json
import subprocess
import time


class Load:
    """Begins at once. Leaving its `with` waits for its end; then `report` is what it saw."""

    SETTLE = 120  # seconds beyond its own for the last timeouts

    def __init__(self, program, port, file, arguments):
        self.file = file
        self.seconds = float(arguments[arguments.index("--seconds") + 1])
        self.begun = time.monotonic()
        self.report = None
        self.process = subprocess.Popen(
            [program, "--connect", f"127.0.0.1:{port}", "--json", str(file), *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)

    def over(self):
        return time.monotonic() - self.begun > self.seconds

    def mark(self):
        """Announces a death."""
        self.process.stdin.write("mark\n")
        self.process.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            self.process.kill()
        self.process.stdin.close()
        self.process.wait(self.seconds + self.SETTLE)
        if not kind:
            self.report = json.loads(self.file.read_text())
