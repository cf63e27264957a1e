"""What can be said of the files of deploy/ without asking a Prometheus."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

from docs import anchor  # noqa: E402
from metrics_test import expect  # noqa: E402

# What Prometheus says of a target by itself.
REACHABLE = {"up", "scrape_duration_seconds"}

_METRIC = re.compile(r"(?<![\w:\"/$.])(up\b|scrape_duration_seconds|"
                     r"(?:cohort[_:]|process_|http_server_)[a-zA-Z0-9_:]+)(\{[^}]*\})?")
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")

# What Grafana puts in by itself, and what is put in here for it and for a choice of "All".
_BUILT_IN = {"__rate_interval": "1m", "__range": "1m"}


def selectors(query: str) -> list[tuple[str, str]]:
    """Metrics that a query asks for: the name, and all of the selector."""
    return [(found[1], found[0]) for found in _METRIC.finditer(query)]


def metric_names(query: str) -> set[str]:
    return {name for name, _ in selectors(query)}


def plain_queries(queries: list[str]) -> list[str]:
    """As Prometheus takes them, and so that what is below a threshold is an answer as well: then an
    answer says that both sides of `/` and `and` have found each other."""
    plain = []
    for query in queries:
        query = _VARIABLE.sub(lambda found: _BUILT_IN.get(found[1], ".*"), query)
        plain.append(re.sub(r"(?<=\s)(>|<|==)\s+(?=[\d(])", r"\1 bool ", query))
    return plain


def section(page: pathlib.Path, of: str) -> str:
    """What is below the heading with that anchor."""
    parts = re.split(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for heading, text in zip(parts[1::2], parts[2::2]):
        if anchor(heading) == of:
            return text
    return ""


def check_alerts(alerts: list[dict], root: pathlib.Path) -> None:
    """As Prometheus has read them."""
    expect(len(alerts) > 30, f"{len(alerts)} alerts")
    tested = (root / "deploy/prometheus/alerts_test.yml").read_text(encoding="utf-8")
    fires = {name for block in tested.split("\n      - expr:") if "labels:" in block
             for name in re.findall(r'alertname="(\w+)"', block.splitlines()[0])}
    listed = section(root / "docs/manual/monitoring.md", "alerts")
    for alert in alerts:
        name, words = alert["name"], alert["annotations"]
        expect(alert["labels"]["severity"] in ("critical", "warning", "info"), f"{name} is severe")
        expect(words.keys() == {"summary", "description", "runbook"}, f"{name} has its words")
        page, _, where = words["runbook"].partition("#")
        expect(f"`{name}`" in section(root / page, where), f"{words['runbook']} is about {name}")
        expect(f"`{name}`" in listed, f"{name} is in the manual's list")
        expect(name in fires, f"{name} is seen to fire in alerts_test.yml")
    known = {alert["name"] for alert in alerts}
    for page in ("monitoring.md", "dashboard-3am.md"):
        text = (root / "docs/manual" / page).read_text(encoding="utf-8")
        strangers = set(re.findall(r"`(Cohort[A-Z]\w+)`", text)) - known
        expect(not strangers, f"{page} knows no alert that there is not ({strangers or 'none'})")


def squares(panel: dict) -> set[tuple[int, int]]:
    at = panel["gridPos"]
    return {(x, y) for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])}


def check_layout(dashboard: dict) -> None:
    expect(bool(dashboard["uid"]) and dashboard["schemaVersion"] >= 39, "Grafana can import it")
    panels = dashboard["panels"]
    numbers = [panel["id"] for panel in panels]
    expect(len(numbers) == len(set(numbers)), "panels have numbers of their own")
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        mine = squares(panel)
        expect(not mine & taken and max(x for x, _ in mine) < 24, f"{panel['title']}: its place")
        taken |= mine
    rows = [panel["title"] for panel in panels if panel["type"] == "row"]
    expect(len(rows) == 6, f"rows: {rows}")


def check_dashboard(dashboard: dict) -> list[str]:
    """All that it asks for."""
    source = {"type": "prometheus", "uid": "${datasource}"}
    variables = dashboard["templating"]["list"]
    queries = []
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            continue
        expect(panel["datasource"] == source and panel["description"] and panel["targets"],
               f"{panel['title']} asks whom one chooses, and says what it is")
        queries += [target["expr"] for target in panel["targets"]]
    marks = [mark for mark in dashboard["annotations"]["list"] if not mark.get("builtIn")]
    # Grafana's newer versions read `target`, older ones what is beside it.
    expect(all(mark["datasource"] == source and mark["target"]["expr"] == mark["expr"]
               for mark in marks), "so do the marks")
    queries += [mark["expr"] for mark in marks]
    for variable in variables:
        if variable["type"] == "query":
            expect(variable["datasource"] == source, f"so does {variable['name']}")
            asked = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
            queries.append(f"count by ({asked[2]}) ({asked[1]})")
    known = {variable["name"] for variable in variables} | _BUILT_IN.keys()
    used = {name for query in queries for name in _VARIABLE.findall(query)}
    expect(used <= known, f"variables that are used are there ({used - known or 'all'})")
    return queries
