"""A collector of OpenTelemetry's on a port of its own. It keeps requests as they came, and looks at
what they are when it is asked to: when nothing is measured."""

import gzip
import json
import threading
from collections import Counter, deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SIGNALS = ("traces", "logs", "metrics")


class Post(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # an answer in two pieces would wait for its client's delayed ACK

    def do_POST(self):
        length = self.headers.get("Content-Length")
        body = self.rfile.read(int(length)) if length else b"".join(self.chunks())
        self.server.came.append((self.path, self.headers.get("Content-Encoding"), body))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def chunks(self):  # as Node sends them
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def log_message(self, *_):
        pass


def items(document, resources, scopes, kind):
    return [item for resource in document[resources] for scope in resource[scopes]
            for item in scope[kind]]


def attribute(of, key):
    return next((each["value"].get("stringValue") for each in of.get("attributes", [])
                 if each["key"] == key), None)


class Collector:
    """`signals`: what its environment asks for. Something else that comes is counted, too."""

    def __init__(self, *signals):
        self.signals = signals
        self.requests = Counter()   # by path
        self.spans = 0
        self.lines = Counter()      # by their bodies
        self.documents = 0          # of metrics
        self.routes = Counter()     # requests for a route, by the newest of these documents
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Post)
        self.server.daemon_threads = True
        self.server.came = deque()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def environment(self):
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.server.server_port}",
                **{f"OTEL_{signal.upper()}_EXPORTER": "otlp" if signal in self.signals else "none"
                   for signal in SIGNALS}}

    def settle(self):
        """Looks at what has come since the last time, and forgets it."""
        while self.server.came:
            path, encoding, body = self.server.came.popleft()
            self.requests[path] += 1
            document = json.loads(gzip.decompress(body) if encoding == "gzip" else body)
            if path == "/v1/traces":
                self.spans += len(items(document, "resourceSpans", "scopeSpans", "spans"))
            elif path == "/v1/logs":
                self.lines.update(record["body"].get("stringValue") for record in
                                  items(document, "resourceLogs", "scopeLogs", "logRecords"))
            elif path == "/v1/metrics":
                self.documents += 1
                self.count_routes(items(document, "resourceMetrics", "scopeMetrics", "metrics"))

    def count_routes(self, metrics):
        now = Counter()
        for metric in metrics:
            if metric["name"] == "http.server.request.duration":
                for point in metric["histogram"]["dataPoints"]:
                    now[attribute(point, "http.route")] += int(point["count"])
        self.routes |= now  # they never go down

    def strangers(self):
        """Requests that nobody has asked for, by path."""
        asked = [f"/v1/{signal}" for signal in self.signals]
        return {path: count for path, count in self.requests.items() if path not in asked}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
