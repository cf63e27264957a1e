#!/usr/bin/env python3
"""What deploy/ has, before its judges: promtool reads and tests the rules, and a real Prometheus
scrapes a real cohort with them, through the door and with the token that the manual shows, while a
worker dies. Every expression of the alerts and of the dashboard has to say something there.

deploy_test.py cohort metrics_sample
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from deploy_words import (REACHABLE, check_alerts, check_dashboard, check_layout,  # noqa: E402
                          metric_names, plain_queries, selectors)
from metrics_test import (SKIPPED, Prometheus, eventually, expect, free_port,  # noqa: E402
                          judge_with_promtool, kill_a_worker, line_of, running)

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
TOKEN = "a-token-of-the-test-0123456789"
PATIENCE_SECONDS = 600

# Of these there is nothing in this run: it has no TLS, no labels without end, and nobody dies of
# anything but a signal from outside.
EMPTY_HERE = {
    "cohort_tls_certificate_not_after_seconds",
    "cohort_metrics_overflows_total",
    'cohort:worker_deaths:increase10m{cause="memory"}',
    'cohort:worker_deaths:increase10m{cause=~"hang|unhealthy"}',
}


def promtool(*arguments: str, cwd: pathlib.Path) -> None:
    # Its database is thrown away, and must not wait for a disk.
    memory = pathlib.Path("/dev/shm")
    where = {"TMPDIR": str(memory)} if os.access(memory, os.W_OK) else {}
    judged = subprocess.run(["promtool", *arguments], cwd=cwd, text=True, capture_output=True,
                            timeout=900, env={**os.environ, **where})
    expect(judged.returncode == 0,
           f"promtool {' '.join(arguments)} ({(judged.stdout + judged.stderr).strip()})")


def configured(folder: pathlib.Path, door: int) -> pathlib.Path:
    """The scrape configuration of the manual, with the port and the token of this run."""
    for each in ("rules.yml", "alerts.yml", "alerts_test.yml"):
        shutil.copy(DEPLOY / "prometheus" / each, folder)
    token = folder / "cohort.view_token"
    token.write_text(TOKEN + "\n", encoding="utf-8")
    shown = (DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    changes = {"/etc/prometheus/cohort.view_token": str(token),
               "127.0.0.1:9464": f"127.0.0.1:{door}",
               "scrape_interval: 15s": "scrape_interval: 500ms\n  scrape_timeout: 500ms",
               "evaluation_interval: 15s": "evaluation_interval: 1s"}
    for old, new in changes.items():
        expect(shown.count(old) == 1, f"the configuration has {old}")
        shown = shown.replace(old, new)
    file = folder / "prometheus.yml"
    file.write_text(shown, encoding="utf-8")
    return file


def check_kubernetes(folder: pathlib.Path) -> None:
    """Debian's promtool knows no Kubernetes: the rest is what it can judge."""
    shown = (DEPLOY / "prometheus" / "kubernetes.yml").read_text(encoding="utf-8")
    asked = "kubernetes_sd_configs:\n      - role: pod"
    expect(shown.count(asked) == 1, "pods are looked for")
    shown = shown.replace(asked, "file_sd_configs:\n      - files: [pods.json]")
    shown = shown.replace("/etc/prometheus/cohort.view_token", str(folder / "cohort.view_token"))
    (folder / "kubernetes.yml").write_text(shown, encoding="utf-8")
    promtool("check", "config", "kubernetes.yml", cwd=folder)


def answer_of(url: str, token: str = "") -> int:
    request = urllib.request.Request(url)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0


@contextlib.contextmanager
def cohort(command: str, program: str, folder: pathlib.Path, door: int):
    """As the manual says: `cohort run` with a file that has the door and the token."""
    run = folder / "run"
    run.mkdir(mode=0o700)
    (folder / "view.token").write_text(TOKEN + "\n", encoding="utf-8")
    file = folder / "cohort.toml"
    file.write_text(f'[app.api]\nexec = "{program}"\nworkers = 2\nlisten = ["127.0.0.1:0"]\n'
                    f'[admin]\nhttp = "127.0.0.1:{door}"\n'
                    f'view_token_file = "{folder / "view.token"}"\n', encoding="utf-8")
    os.environ["COHORT_RUNTIME_DIR"] = str(run)
    with running(command, "run", str(file), patience_seconds=PATIENCE_SECONDS) as server:
        yield f"http://127.0.0.1:{line_of(server, r'listening on (?:port |[^ ]*:)([0-9]+)')[1]}"


def say_nonsense(site: str) -> None:
    """What the server refuses by a rule."""
    host, port = site.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as client:
        client.sendall(b"GET / HTTP/9.9\r\n\r\n")
        client.recv(1024)


def traffic(site: str, times: int) -> None:
    say_nonsense(site)
    for _ in range(times):
        answer_of(f"{site}/pay/EUR")
        answer_of(f"{site}/fail")
        answer_of(f"{site}/nobody/knows")


def rules_of(prometheus: Prometheus) -> list[dict]:
    return [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]


def documented() -> set[str]:
    """Families that the manual's tables name."""
    names: set[str] = set()
    for page in ("built-in-metrics.md", "metrics.md"):
        text = (ROOT / "docs" / "manual" / page).read_text(encoding="utf-8")
        names |= set(re.findall(r"`((?:cohort|process|http_server)_[a-z0-9_]+)", text))
    return names


def check_names(queries: list[str], recorded: set[str]) -> None:
    known = documented()
    for query in queries:
        for name in metric_names(query):
            family = re.sub(r"_(?:bucket|count|sum)$", "", name)
            if not ({name, family} & known or name in recorded or name in REACHABLE):
                raise SystemExit(f"{query}: the manual knows no {name}")
    print(f"so it is: the manual has every metric of {len(queries)} expressions")


def answer(prometheus: Prometheus, query: str) -> list:
    try:
        return prometheus.ask("query", query=query)["result"]
    except urllib.error.HTTPError as refused:
        raise SystemExit(f"{query}: {refused.read().decode()}") from refused


def has_series(prometheus: Prometheus, selector: str) -> bool:
    return bool(answer(prometheus, f"count({selector})"))


def silent(prometheus: Prometheus, queries: list[str]) -> list[str]:
    """What is asked for and not there: selectors first, then queries that find nothing together."""
    wanted: list[str] = []
    for query in queries:
        used = selectors(query)
        if not used:
            raise SystemExit(f"asks for nothing: {query}")
        if any({name, selector} & EMPTY_HERE for name, selector in used):
            answer(prometheus, query)  # no error, at least
        else:
            wanted += [f"count({selector})" for _, selector in used] + [query]
    return [one for one in dict.fromkeys(wanted) if not answer(prometheus, one)]


def ask_all(prometheus: Prometheus, queries: list[str]) -> None:
    """No error, and something to see, unless it is about what this run does not have."""
    left = [queries]

    def all_answer() -> bool:
        left[0] = silent(prometheus, left[0])
        return not left[0]

    deadline = time.monotonic() + PATIENCE_SECONDS / 5
    while not all_answer():
        if time.monotonic() > deadline:
            raise SystemExit(f"nobody answers to {left[0]}")
        time.sleep(0.5)
    needless = {name for name in EMPTY_HERE if has_series(prometheus, name)}
    expect(not needless, f"nothing is excused without need ({needless or 'none'})")


def dies_and_is_told(site: str, prometheus: Prometheus) -> None:
    traffic(site, 5)
    kill_a_worker(site, 1)
    traffic(site, 5)
    found = eventually("an alert about a worker that was killed", lambda: [
        one for one in prometheus.ask("alerts")["alerts"]
        if one["labels"]["alertname"] == "CohortWorkerDied" and one["state"] == "firing"])
    # Each death, though the first one began the series: what increase() alone does not see. The
    # request took several with it, one after the other.
    eventually("deaths are counted to the last one", lambda: prometheus.value(
        'sum(cohort_worker_ends_total{cause="outside"}) '
        '== sum(cohort:worker_deaths:increase10m{cause="outside"}) > 0'))
    words = found[0]["annotations"]
    expect("outside" in words["summary"] and "error" not in words["description"], str(words))


def watch(prometheus: Prometheus, site: str) -> None:
    eventually("Prometheus is ready", prometheus.is_ready)
    eventually("the cohort is up", lambda: prometheus.value('up{job="cohort"}') == 1)
    dies_and_is_told(site, prometheus)
    rules = rules_of(prometheus)
    recorded = {each["name"] for each in rules if each["type"] == "recording"}
    alerts = [each for each in rules if each["type"] == "alerting"]
    check_alerts(alerts, ROOT)
    dashboard = json.loads((DEPLOY / "grafana" / "cohort.json").read_text(encoding="utf-8"))
    check_layout(dashboard)
    shown = check_dashboard(dashboard)
    queries = plain_queries([each["query"] for each in rules] + shown)
    check_names(queries, recorded)
    ask_all(prometheus, queries)
    wrong = [each for each in rules_of(prometheus) if each["health"] != "ok"]
    expect(not wrong, f"all {len(rules)} rules are well ({wrong or 'none is not'})")
    firing = {one["labels"]["alertname"] for one in prometheus.ask("alerts")["alerts"]
              if one["state"] == "firing"}
    expect("CohortDown" not in firing and "CohortNobodyServes" not in firing, f"firing: {firing}")


def main(command: str, program: str) -> int:
    if not shutil.which("promtool") or not shutil.which("prometheus"):
        print("no promtool and prometheus here: skipped")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="cohort-deploy-") as name:
        folder = pathlib.Path(name)
        door = free_port()
        config = configured(folder, door)
        promtool("check", "rules", "rules.yml", "alerts.yml", cwd=folder)
        promtool("check", "config", "prometheus.yml", cwd=folder)
        check_kubernetes(folder)
        promtool("test", "rules", "alerts_test.yml", cwd=folder)
        with cohort(command, program, folder, door) as site:
            page = f"http://127.0.0.1:{door}/metrics"
            expect(answer_of(page) == 401, "nobody comes in without the token")
            eventually("the door answers", lambda: answer_of(page, TOKEN) == 200)
            judge_with_promtool(f"http://127.0.0.1:{door}", TOKEN)
            port = free_port()
            with running("prometheus", f"--config.file={config}",
                         f"--storage.tsdb.path={folder}/data",
                         f"--web.listen-address=127.0.0.1:{port}",
                         patience_seconds=PATIENCE_SECONDS) as server:
                line_of(server, r"Server is ready to receive web requests")
                watch(Prometheus(f"http://127.0.0.1:{port}"), site)
    return 0


if __name__ == "__main__":
    sys.exit(main(*(str(pathlib.Path(each).resolve()) for each in sys.argv[1:])))
