#!/usr/bin/env python3
"""Metrics before their judges: Debian's promtool reads the plain page, and a real Prometheus
scrapes OpenMetrics, while workers die. Counters have to be what clients were answered, and never
fall.

metrics_test.py metrics_sample
"""

import http.client
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples" / "04_chat"))

from chat_test import SKIPPED, line_of, running  # noqa: E402

PATIENCE_SECONDS = 120
TRACE = "0af7651916cd43dd8448eb211c80319c"


def get(url: str, accept: str = "", token: str = "") -> tuple[str, str]:
    request = urllib.request.Request(url, headers={"Accept": accept} if accept else {})
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def eventually(what: str, holds):
    """Waits until `holds` returns something that counts, and returns that."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > deadline:
            raise SystemExit(f"never: {what}")
        time.sleep(0.1)


def expect(fine: bool, what: str) -> None:
    if not fine:
        raise SystemExit(f"not so: {what}")
    print(f"so it is: {what}")


def judge_with_promtool(site: str, token: str = "") -> None:
    kind, page = get(f"{site}/metrics", token=token)
    expect(kind == "text/plain; version=0.0.4; charset=utf-8", "the plain page says what it is")
    judged = subprocess.run(["promtool", "check", "metrics"], input=page, text=True,
                            capture_output=True, timeout=60)
    expect(judged.returncode == 0 and not judged.stderr,
           f"promtool has no complaint ({judged.stderr.strip() or 'none'})")


def kill_a_worker(site: str, time_around: int) -> None:
    # How it is answered is tested elsewhere. Each is another request, or it would be quarantined.
    try:
        get(f"{site}/die/{time_around}")
    except (urllib.error.URLError, http.client.HTTPException, OSError):
        pass


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Prometheus:
    def __init__(self, base: str) -> None:
        self.base = base

    def ask(self, path: str, **terms: str):
        query = urllib.parse.urlencode(terms)
        return json.loads(get(f"{self.base}/api/v1/{path}?{query}")[1])["data"]

    def is_ready(self) -> bool:
        try:
            get(f"{self.base}/-/ready")
            return True
        except (urllib.error.URLError, OSError):
            return False

    def value(self, query: str) -> float | None:
        found = self.ask("query", query=query)["result"]
        return float(found[0]["value"][1]) if found else None


def scrape(site: str, folder: str) -> None:
    target = site.removeprefix("http://")
    config = pathlib.Path(folder) / "prometheus.yml"
    config.write_text("global: {scrape_interval: 500ms, scrape_timeout: 500ms}\n"
                      "scrape_configs:\n"
                      f"  - {{job_name: cohort, static_configs: [{{targets: ['{target}']}}]}}\n")
    port = free_port()
    with running("prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
                 f"--web.listen-address=127.0.0.1:{port}",
                 "--enable-feature=exemplar-storage") as server:
        line_of(server, r"Server is ready to receive web requests")
        prometheus = Prometheus(f"http://127.0.0.1:{port}")
        eventually("Prometheus is ready", prometheus.is_ready)
        eventually("the cohort is up", lambda: prometheus.value("up") == 1)
        paid = prometheus.value("sum(payments_total)") or 0
        began = time.time()
        pids = set()
        for time_around in range(5):
            for _ in range(20):
                pids.add(get(f"{site}/pay/EUR")[1])
            kill_a_worker(site, time_around)
            paid += 20
            eventually(f"{paid} payments are seen",
                       lambda: prometheus.value("sum(payments_total)") == paid)
        expect(len(pids) >= 5, f"{len(pids)} processes have counted")
        expect(prometheus.value("sum(resets(payments_total[5m]))") == 0,
               "no counter has fallen while workers died")
        expect(prometheus.value("payment_duration_seconds_count") == paid and
               prometheus.value('payment_duration_seconds_bucket{le="0.05"}') == paid,
               "the histogram agrees with the counter")
        eventually("an exemplar is kept", lambda: [
            each for series in prometheus.ask(
                "query_exemplars", query="payment_duration_seconds_bucket",
                start=str(began - 600), end=str(began + 600))
            for each in series["exemplars"] if each["labels"] == {"trace_id": TRACE}])
        targets = prometheus.ask("targets")["activeTargets"]
        print(f"so it is: Prometheus keeps the exemplar; last error: {targets[0]['lastError']!r}")
        kinds = {each["type"] for each in prometheus.ask("metadata")["payments"]}
        expect(kinds == {"counter"}, "and knows what a payment is")


def main(program: str) -> int:
    if not shutil.which("promtool") or not shutil.which("prometheus"):
        print("no promtool and prometheus here: skipped")
        return SKIPPED
    with running(program, "--listen", "127.0.0.1:0", "--workers", "2") as server, \
            tempfile.TemporaryDirectory() as folder:
        port = line_of(server, r"listening on (?:port |\S*:)(\d+)")[1]
        site = f"http://127.0.0.1:{port}"
        for currency in ("EUR", "CHF", "a%22b%5C"):
            get(f"{site}/pay/{currency}")
        judge_with_promtool(site)
        expect(get(f"{site}/metrics", "application/openmetrics-text")[1].endswith("\n# EOF\n"),
               "who asks for OpenMetrics gets it")
        scrape(site, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
