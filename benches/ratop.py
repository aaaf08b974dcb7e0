#!/usr/bin/env python3
"""Sends a steady stream of flow records through the relay into the live table, and says how it keeps up.

usage: benches/ratop.py PROGRAM [--rate N] [--secs N] [--flows N] [--size COLUMNSxROWS]

A small argus server in this script sends `--rate` records per second of `--flows` different flows to `PROGRAM radium`;
`PROGRAM ratop` reads from that in a terminal of tmux. Printed: records sent and shown, pictures per second, memory and
processor time of the table.
"""
import argparse
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = os.path.join(HERE, "..", "tests", "data", "argus", "web.full.argus")


def records(path):
    """The management record and the flow records of a file."""
    data = open(path, "rb").read()
    at, out = 0, []
    while at + 4 <= len(data):
        length = 4 * struct.unpack(">H", data[at + 2 : at + 4])[0]
        if length == 0:
            break
        out.append(data[at : at + length])
        at += length
    return out[0], [r for r in out if r[0] >> 4 == 1]


def flow_key(record):
    """Where the IPv4 source address of a record is, or None."""
    at = 4
    while at + 4 <= len(record):
        kind, subtype, _, words = record[at : at + 4]
        if kind == 2 and subtype & 0x3F == 1:
            return at + 4
        at += 4 * max(words if not kind & 0x80 else 1, 1)
    return None


def make(count):
    """The management record, and records of so many flows."""
    mar, flows = records(SAMPLE)
    base, at = next((r, flow_key(r)) for r in flows if flow_key(r))
    return mar, [base[:at] + struct.pack(">I", 0x0A000000 + i) + base[at + 4 :] for i in range(count)]


class Server:
    """Sends records at a rate, once it is asked to."""

    def __init__(self, rate, secs, flows):
        self.rate, self.secs, self.sent = rate, secs, 0
        self.mar, self.flows = make(flows)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.go = threading.Event()
        self.done = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        peer, _ = self.listener.accept()
        peer.sendall(self.mar)
        peer.recv(64)
        self.go.wait()
        began, at = time.monotonic(), 0
        while (now := time.monotonic() - began) < self.secs:
            due = int(now * self.rate) - self.sent
            while due > 0:
                part = self.flows[at : at + min(due, 2000)]
                peer.sendall(b"".join(part))
                self.sent += len(part)
                due -= len(part)
                at = (at + len(part)) % len(self.flows)
            time.sleep(0.01)
        self.took = time.monotonic() - began
        self.done.set()
        time.sleep(3600)


def usage(pid):
    """Resident memory in MiB and processor time in seconds."""
    pages = int(open(f"/proc/{pid}/statm").read().split()[1])
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rate", type=int, default=50_000)
    parser.add_argument("--secs", type=int, default=20)
    parser.add_argument("--flows", type=int, default=100_000)
    parser.add_argument("--size", default="220x50")
    args = parser.parse_args()
    columns, rows = args.size.split("x")
    server = Server(args.rate, args.secs, args.flows)
    relay = subprocess.Popen([args.program, "radium", "-S", f"127.0.0.1:{server.port}", "--any-port"],
                             stderr=subprocess.PIPE, text=True)
    line = next(l for l in relay.stderr if "serving on" in l)
    said = []
    threading.Thread(target=lambda: said.extend(relay.stderr), daemon=True).start()
    port = re.search(r"serving on 127\.0\.0\.1:(\d+)", line).group(1)
    tmux = ["tmux", "-L", f"bench-{os.getpid()}"]
    command = f"exec {args.program} ratop -n -S 127.0.0.1:{port}"
    subprocess.run([*tmux, "-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", rows, command], check=True)
    try:
        screen = lambda: subprocess.run([*tmux, "capture-pane", "-p"], capture_output=True, text=True).stdout
        pid = subprocess.run([*tmux, "display", "-p", "#{pane_pid}"], capture_output=True, text=True).stdout.strip()
        while not re.search(r"TotalRecords +[1-9]", screen()):  # The first one is the server's management record.
            time.sleep(0.1)
        time.sleep(2)
        before = usage(pid)[1]
        server.go.set()
        seen, most = set(), 0
        while not server.done.is_set():
            found = re.search(r"TotalRecords\s+(\d+)", screen())
            if found:
                seen.add(found.group(1))
            most = max(most, usage(pid)[0])
            time.sleep(0.04)
        cpu = usage(pid)[1] - before
        for _ in range(300):
            time.sleep(0.1)
            last = screen()
            if int(re.search(r"TotalRecords\s+(\d+)", last).group(1)) >= server.sent:
                break
        status = [l for l in last.splitlines() if "TotalRecords" in l][0].strip()
        print(f"sent {server.sent} records in {server.took:.1f} s ({server.sent / server.took:.0f} per second)")
        print(status)
        for text in [last.splitlines()[-1].strip(), *(l.strip() for l in said)]:
            if text:
                print(f"said: {text}")
        print(f"pictures seen: {len(seen) / server.took:.1f} per second; most memory {most:.0f} MiB; "
              f"processor {100 * cpu / server.took:.0f} % of one")
    finally:
        subprocess.run([*tmux, "kill-server"], stderr=subprocess.DEVNULL)
        relay.kill()


if __name__ == "__main__":
    sys.exit(main())
