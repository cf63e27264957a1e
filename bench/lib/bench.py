"""What every bench/<name>/run needs: servers that are started and ended by their own pids, the CPU
time and memory of process trees, medians, and a table with the machine's name above it."""

import argparse
import json
import os
import platform
import re
import resource
import signal
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench"
TICK = os.sysconf("SC_CLK_TCK")


def arguments(about, **more):
    """--json FILE, --build DIR, --rounds N, and `more` as name=(default, help)."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--json", metavar="FILE",
                        help="write the figures there (default: bench/results/<name>.json)")
    parser.add_argument("--build", metavar="DIR",
                        default=os.environ.get("COHORT_BUILD", str(ROOT / "build/Release")),
                        help="where cohort is built (default: build/Release)")
    for name, (default, text) in more.items():
        if default is False:
            parser.add_argument("--" + name.replace("_", "-"), action="store_true", help=text)
            continue
        parser.add_argument("--" + name.replace("_", "-"), default=default, type=type(default),
                            help=f"{text} (default: {default})")
    return parser.parse_args()


def machine():
    """The machine that the figures are of."""
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), platform.machine())
    memory = int(open("/proc/meminfo").readline().split()[1]) // 1024
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "memory_mib": memory,
            "kernel": platform.release(), "node": version("node", "--version"),
            "load_before": round(os.getloadavg()[0], 2),
            "commit": version("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"),
            "date": time.strftime("%Y-%m-%d %H:%M")}


def version(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "none"


def node_modules():
    """The npm peers, exactly as the lock file has them."""
    installed = BENCH / "node_modules/.package-lock.json"
    wanted = BENCH / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
        print("npm ci ...", file=sys.stderr)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=BENCH,
                       check=True, stdout=sys.stderr)


def program(build, name):
    """A program of ours in the build tree."""
    for place in (f"examples/{name}/{name}", f"examples/{name}", f"bench/{name}", f"bin/{name}",
                  name):
        found = (Path(build) / place).resolve()
        if found.is_file() and os.access(found, os.X_OK):
            return str(found)
    sys.exit(f"{name} is not in {build}; run ./dev build first")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tree(root):
    """`root` and all its descendants, now."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = open(f"/proc/{entry}/stat").read()
                parents[int(entry)] = int(stat[stat.rindex(")") + 2:].split()[1])
            except OSError:
                pass
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def cpu_seconds(root):
    """User and system time of a process tree, reaped children included."""
    ticks = 0
    for pid in tree(root):
        try:
            stat = open(f"/proc/{pid}/stat").read()
        except OSError:
            continue
        ticks += sum(int(field) for field in stat[stat.rindex(")") + 2:].split()[11:15])
    return ticks / TICK


def worked_ns(root):
    """Time on a processor of a process tree, to the nanosecond; what has ended is not in it."""
    total = 0
    for pid in tree(root):
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                total += int(open(f"/proc/{pid}/task/{task}/schedstat").read().split()[0])
        except OSError:
            pass
    return total


def pss_of(pid):
    """Proportional set size of one process, KiB: shared pages are divided among who shares them."""
    try:
        for line in open(f"/proc/{pid}/smaps_rollup"):
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def pss_kib(root):
    """The same of a process tree."""
    return sum(pss_of(pid) for pid in tree(root))


def title_of(pid):
    """Its command line, as ps shows it; empty when it is gone."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
        return words.decode(errors="replace")
    except OSError:
        return ""


def end(pids):
    """Kills those of them that are there."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def switches_of(pid):
    """Voluntary context switches of all threads of a process: how often they went to sleep."""
    total = 0
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for line in open(f"/proc/{pid}/task/{task}/status"):
                if line.startswith("voluntary_ctxt_switches"):
                    total += int(line.split()[1])
    except OSError:
        pass
    return total


def switches(root):
    """The same of a process tree."""
    return sum(switches_of(pid) for pid in tree(root))


class Server:
    """A server process tree on a port of its own; `command` has {port} where the port goes."""

    def __init__(self, command, cores=None, env=None, port=None, output=subprocess.DEVNULL):
        self.port = port or free_port()
        command = [part.replace("{port}", str(self.port)) for part in command]
        if cores:
            command = ["taskset", "-c", ",".join(map(str, cores))] + command
        self.command = command
        self.process = subprocess.Popen(command, stdout=output,
                                        stderr=subprocess.DEVNULL, cwd=BENCH,
                                        env={**os.environ, "PORT": str(self.port), **(env or {})})
        self.pid = self.process.pid

    def ended(self):
        """None while it runs."""
        return self.process.poll()

    def __enter__(self):
        deadline = time.monotonic() + 20
        while True:
            if self.ended() is not None:
                raise RuntimeError(f"{self.command} ended with {self.ended()}")
            try:
                self.get("/healthz")
                return self
            except OSError:
                if time.monotonic() > deadline:
                    self.__exit__()
                    raise RuntimeError(f"{self.command} does not answer on port {self.port}")
                time.sleep(0.02)

    def __exit__(self, *_):
        pids = tree(self.pid)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        end(pids[1:])  # a primary that was killed leaves these to us

    def connect(self, timeout=10.0):
        made = socket.create_connection(("127.0.0.1", self.port), timeout)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def get(self, path, timeout=10.0):
        """One request on a connection of its own: (status, body)."""
        with self.connect(timeout) as connection:
            return request(connection, path)

    def workers(self):
        """The pids below the primary."""
        return tree(self.pid)[1:]


def request(connection, path):
    """One keep-alive request with a Content-Length answer, read whole."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("closed before an answer")
        data += piece
    head, body = data.split(b"\r\n\r\n", 1)
    fields = head.decode("latin-1").split("\r\n")
    length = next((int(line.split(":")[1]) for line in fields
                   if line.lower().startswith("content-length:")), 0)
    while len(body) < length:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("closed inside an answer")
        body += piece
    return int(fields[0].split()[1]), body


def busy_seconds():
    """What all processors have worked so far, and what the host has taken from them."""
    ticks = [int(field) for field in open("/proc/stat").readline().split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / TICK


def autocannon(server, path, connections, seconds, cores=None):
    """Loads a server; the rate, and the server's CPU time per request, which is far less noisy."""
    command = ["node", str(BENCH / "node_modules/autocannon/autocannon.js"), "--json",
               "--connections", str(connections), "--duration", str(seconds), "--timeout", "60",
               f"http://127.0.0.1:{server.port}{path}"]
    if cores:
        command = ["taskset", "-c", ",".join(map(str, cores))] + command
    cpu, begin = cpu_seconds(server.pid), time.monotonic()
    others = busy_seconds() - children_seconds()
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    cpu, took = cpu_seconds(server.pid) - cpu, time.monotonic() - begin
    others = busy_seconds() - children_seconds() - others - cpu
    report = json.loads(ran.stdout)
    done = report["2xx"]
    if not done or report["non2xx"] or report["errors"]:
        raise RuntimeError(f"{server.command} {path}: {done} good, {report['non2xx']} bad, "
                           f"{report['errors']} errors")
    return {"requests": done, "rate": done / report["duration"], "cpu_ms": cpu * 1000 / done,
            "p50_ms": report["latency"]["p50"], "p99_ms": report["latency"]["p99"],
            "others_cores": max(0.0, others / took)}


def wrk(server, path, seconds, connections, core, *more, scheme="http"):
    """Loads a server from one core; the rate, and the server's CPU time per request."""
    before = worked_ns(server.pid)
    report = subprocess.run(["taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}",
                             f"-d{seconds}s", *more,
                             f"{scheme}://127.0.0.1:{server.port}{path}"],
                            capture_output=True, text=True, check=True).stdout
    worked = worked_ns(server.pid) - before
    done = int(re.search(r"(\d+) requests in", report).group(1))
    if done == 0 or "Non-2xx" in report or "Socket errors" in report:
        raise RuntimeError(f"{server.command}: {report}")
    return {"cpu_us": worked / done / 1000, "requests": done,
            "rate": float(re.search(r"Requests/sec:\s*([\d.]+)", report).group(1))}


def children_seconds():
    """CPU time of the clients that have been run so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def median(values):
    return statistics.median(values)


def medians(samples):
    """A list of equal dictionaries becomes one of medians."""
    return {key: median([sample[key] for sample in samples]) for key in samples[0]}


def show(value):
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return str(value)


def table(title, columns, rows):
    """Prints rows (lists) under columns, the first to the left and the others to the right."""
    text = [list(columns)] + [[show(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in text) for i in range(len(columns))]
    print(f"\n{title}")
    for number, row in enumerate(text):
        cells = [cell.ljust(widths[i]) if i == 0 else cell.rjust(widths[i])
                 for i, cell in enumerate(row)]
        print("  " + "  ".join(cells).rstrip())
        if number == 0:
            print("  " + "  ".join("-" * width for width in widths))


def goal(name, reached, wanted, met):
    """One line for a goal of the project, met or not."""
    print(f"  {'met   ' if met else 'MISSED'}  {name}: {show(reached)} (goal {wanted})")
    return {"name": name, "reached": reached, "goal": wanted, "met": bool(met)}


def finish(name, options, figures):
    """Writes the figures with the machine's name to --json, or to bench/results/."""
    target = Path(options.json or BENCH / "results" / f"{name}.json")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(figures, indent=2) + "\n")


def announce(name):
    here = machine()
    print(f"{name} on {here['cores']} cores of {here['cpu']}, Linux {here['kernel']}, Node "
          f"{here['node']}, commit {here['commit']}, load {here['load_before']}, {here['date']}")
    return here
