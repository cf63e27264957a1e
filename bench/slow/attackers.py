#!/usr/bin/env python3
"""attackers.py PORT KIND=N...: clients that hold a server's connections by being slow.

heads send a byte of a head each second, bodies a byte of a body, readers ask for much and read none
of it. Each that is cut comes again at once. Says "ready" when all are connected; ends when its
standard input does, and says then, as JSON, what became of them."""

import collections
import json
import select
import socket
import sys
import time

OPENINGS = {
    "heads": b"GET / HTTP/1.1\r\nHost: slow\r\nX-Long: ",
    "bodies": b"POST / HTTP/1.1\r\nHost: slow\r\nContent-Length: 1000000\r\n\r\n",
    "readers": b"GET /pour HTTP/1.1\r\nHost: slow\r\n\r\n",
}
BYTE_EVERY = 1.0   # seconds
COME_EVERY = 0.005  # seconds: a thousand at once would be an attack of another kind


class Siege:
    def __init__(self, port, wanted):
        self.port = port
        self.epoll = select.epoll()
        self.epoll.register(sys.stdin, select.EPOLLIN | select.EPOLLHUP)
        self.here = {}                      # descriptor: (kind, socket, what it heard)
        self.turns = collections.deque()    # of those that send, the next one first
        self.counts = collections.Counter()
        for kind, number in wanted:
            for _ in range(number):
                self.come(kind)
                time.sleep(COME_EVERY)

    def come(self, kind):
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.connect(("127.0.0.1", self.port))
        made.setblocking(False)
        made.send(OPENINGS[kind])
        self.here[made.fileno()] = (kind, made, bytearray())
        if kind == "readers":
            self.epoll.register(made, select.EPOLLRDHUP)  # and what cannot be left out: a reset
        else:
            self.epoll.register(made, select.EPOLLIN)
            self.turns.append(made)
        self.counts[f"{kind}_opened"] += 1

    def leave(self, descriptor):
        kind, gone, heard = self.here.pop(descriptor)
        answered = heard.split(b" ")[1].decode() if heard.startswith(b"HTTP/1.1 ") else "nothing"
        self.counts[f"{kind}_cut_after_{answered}"] += 1
        self.epoll.unregister(gone)
        gone.close()
        self.come(kind)

    def hear(self, descriptor, events):
        kind, who, heard = self.here[descriptor]
        try:
            said = b"" if kind == "readers" else who.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        heard += said
        if not said:
            self.leave(descriptor)

    def trickle(self):
        who = self.turns.popleft()
        while who.fileno() == -1 and self.turns:  # it has left
            who = self.turns.popleft()
        if who.fileno() == -1:
            return
        try:
            who.send(b"a")
        except OSError:
            pass  # its end will be heard
        self.turns.append(who)

    def hold(self):
        due = time.monotonic()
        while True:
            pause = max(0.0, due - time.monotonic()) if self.turns else 1.0
            for descriptor, events in self.epoll.poll(pause):
                if descriptor == sys.stdin.fileno():
                    return
                if descriptor in self.here:
                    self.hear(descriptor, events)
            # Evenly over the second, as they came.
            if self.turns and time.monotonic() >= due:
                due = max(due + BYTE_EVERY / len(self.turns), time.monotonic() - 0.1)
                self.trickle()


siege = Siege(int(sys.argv[1]), [(kind, int(number)) for kind, _, number in
                                 (word.partition("=") for word in sys.argv[2:])])
print("ready", flush=True)
siege.hold()
print(json.dumps({"held": len(siege.here), **siege.counts}), flush=True)
