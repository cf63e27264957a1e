#!/usr/bin/env python3
"""Messages between two processes: cohort's channel beside Node's process.send.

    run.py [--build build/Release] [--rounds 5] [--json FILE] [--quick]

The two take turns, so that a slow minute of the machine hits both. Printed are medians; `times` is
how often cohort's figure goes into Node's, for the rate and for the CPU time of both processes
together, which is far less noisy than the rate on a shared machine. Cohort sends JSON values here,
as Node does by default; the binary rows have no peer and are there for the reader.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# mode, bytes, window, messages for cohort, messages for Node
CASES = [
    ("round_trip", 100, 1, 60_000, 30_000),
    ("round_trip", 100, 64, 600_000, 100_000),
    ("round_trip", 65536, 1, 15_000, 2_500),
    ("round_trip", 65536, 64, 20_000, 3_000),
    ("one_way", 100, 1, 1_000_000, 150_000),
    ("one_way", 65536, 1, 30_000, 5_000),
]


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return json.loads(done.stdout)


def machine():
    with open("/proc/cpuinfo") as info:
        model = next((line.split(":", 1)[1].strip() for line in info if "model name" in line), "?")
    node = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
    return {"cpu": model, "cpus": os.cpu_count(), "kernel": platform.release(), "node": node,
            "load_before": os.getloadavg()[0]}


def median(results, key):
    return statistics.median(result[key] for result in results)


def measure(program, rounds, scale):
    rows = []
    for mode, size, window, ours, theirs in CASES:
        peers = {
            "cohort": [program, mode, "json", size, window, int(ours * scale)],
            "node": ["node", os.path.join(HERE, "node.js"), mode, "json", size, window,
                     int(theirs * scale)],
            "cohort_binary": [program, mode, "binary", size, window, int(ours * scale)],
        }
        results = {name: [] for name in peers}
        for _ in range(rounds):
            for name, command in peers.items():
                results[name].append(run([str(word) for word in command]))
        row = {"mode": mode, "bytes": size, "window": window if mode == "round_trip" else None}
        for name, found in results.items():
            row[name] = {key: median(found, key) for key in ("per_second", "cpu_us_each")}
        row["times_rate"] = row["cohort"]["per_second"] / row["node"]["per_second"]
        row["times_cpu"] = row["node"]["cpu_us_each"] / row["cohort"]["cpu_us_each"]
        rows.append(row)
    return rows


def show(rows):
    print(f"{'':30}{'cohort':>19}{'Node':>19}{'times':>14}{'cohort binary':>19}")
    print(f"{'':30}" + f"{'per s':>11}{'CPU us':>8}" * 2 + f"{'rate':>7}{'CPU':>7}"
          + f"{'per s':>11}{'CPU us':>8}")
    for row in rows:
        name = f"{row['mode']} {row['bytes']} B"
        if row["window"]:
            name += f", {row['window']} open"
        line = f"{name:30}"
        for peer in ("cohort", "node"):
            line += f"{row[peer]['per_second']:>11,.0f}{row[peer]['cpu_us_each']:>8.2f}"
        line += f"{row['times_rate']:>7.1f}{row['times_cpu']:>7.1f}"
        peer = row["cohort_binary"]
        print(line + f"{peer['per_second']:>11,.0f}{peer['cpu_us_each']:>8.2f}")


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--build", default=os.path.join(ROOT, "build", "Release"))
    ask.add_argument("--program", help="ipc_bench itself, if it is not in the build directory")
    ask.add_argument("--rounds", type=int, default=5)
    ask.add_argument("--quick", action="store_true", help="a tenth of the messages")
    ask.add_argument("--json", metavar="FILE")
    args = ask.parse_args()
    program = args.program or os.path.join(args.build, "bench", "ipc", "ipc_bench")
    if not os.access(program, os.X_OK):
        sys.exit(f"{program} is not built: cmake --build {args.build} --target ipc_bench")

    where = machine()
    rows = measure(program, args.rounds, 0.1 if args.quick else 1)
    print(", ".join(f"{key} {value}" for key, value in where.items()))
    show(rows)
    if args.json:
        with open(args.json, "w") as out:
            json.dump({"bench": "ipc", "machine": where, "rounds": args.rounds, "rows": rows}, out,
                      indent=2)
            out.write("\n")


if __name__ == "__main__":
    main()
