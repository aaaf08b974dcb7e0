#!/usr/bin/env python3
"""Sends a capture over and over through a sensor, its server and two clients, and looks for leaks and losses.

    scripts/soak.py PROGRAM CAPTURE [SECONDS [PACKETS_PER_SECOND]]

Needs root (two network namespaces and a cable between them). PROGRAM captures on one end and serves; its relay and the
classic `ra`, if there is one, read the stream into files. Prints memory once a minute, and at the end whether every packet
sent is in every client's records.
"""

import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

NAMES = [f"soak{os.getpid()}a", f"soak{os.getpid()}b"]


def ip(*args):
    subprocess.run(["ip", *args], check=True)


def frames(path):
    data, at, found = open(path, "rb").read(), 24, []
    while at + 16 <= len(data):
        length = struct.unpack("<I", data[at + 8 : at + 12])[0]
        found.append(data[at + 16 : at + 16 + length])
        at += 16 + length
    return found


def memory(process):
    for line in open(f"/proc/{process.pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


def within(end, *command, **options):
    return subprocess.Popen(["ip", "netns", "exec", NAMES[end], *command], **options)


def until(path, text):
    while True:
        match = re.search(text, open(path).read())
        if match:
            return match
        time.sleep(0.1)


def counted(program, path, stray):
    """Packets in the records of a file that belong to the capture."""
    out = subprocess.run(
        [program, "ra", "-r", path, "-n", "-L-1", "-c", ",", "-s", "spkts", "dpkts", "-", stray],
        capture_output=True, text=True, check=False,
    ).stdout
    return sum(int(a or 0) + int(b or 0) for a, b in (line.split(",") for line in out.splitlines()))


def send(packets, seconds, rate):
    """Sends packets in order; prints how many."""
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sender.bind(("eth0", 0))
    begin, sent, passed = time.monotonic(), 0, 0.0
    while passed < seconds:
        passed = time.monotonic() - begin
        while sent < min(passed, seconds) * rate:
            sender.send(packets[sent % len(packets)])
            sent += 1
        time.sleep(0.01)
    print(sent)


def main():
    program, capture = os.path.abspath(sys.argv[1]), sys.argv[2]
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 600
    rate = float(sys.argv[4]) if len(sys.argv) > 4 else 4000
    running = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            for name in NAMES:
                ip("netns", "add", name)
            ip("-n", NAMES[0], "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", NAMES[1])
            for name in NAMES:
                # Nobody else shall speak on the cable.
                ip("netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.eth0.disable_ipv6=1")
                ip("-n", name, "link", "set", "lo", "up")
                ip("-n", name, "link", "set", "eth0", "up")
            log = f"{folder}/log"
            sensor = within(0, program, "argus", "-i", "eth0", "--any-port", "-A", "-J", "-Z", "-m",
                            stderr=open(log, "w"), env=dict(os.environ, ARGUS_LOG="argus_globe=info"))
            running.append(sensor)
            port = until(log, r"serving on 127\.0\.0\.1:(\d+)").group(1)
            files = {"own relay": f"{folder}/own.argus"}
            relay = within(0, program, "radium", "-S", f"127.0.0.1:{port}", "-w", files["own relay"],
                           stderr=open(f"{folder}/relay", "w"))
            running.append(relay)
            if shutil.which("ra"):
                files["classic ra"] = f"{folder}/classic.argus"
                running.append(within(0, "ra", "-X", "-S", f"127.0.0.1:{port}", "-w", files["classic ra"],
                                      stdin=subprocess.DEVNULL))
            time.sleep(3)

            def report(passed):
                sizes = ", ".join(f"{name} {os.path.getsize(path) >> 20} MiB" for name, path in files.items() if os.path.exists(path))
                print(f"{passed:6.0f} s  {sizes}; sensor {memory(sensor)} KiB, relay {memory(relay)} KiB", flush=True)

            sender = within(1, sys.executable, os.path.abspath(__file__), "--send", capture, str(seconds), str(rate),
                            stdout=subprocess.PIPE, text=True)
            running.append(sender)
            begin = time.monotonic()
            while sender.poll() is None:
                report(time.monotonic() - begin)
                try:
                    sender.wait(60)
                except subprocess.TimeoutExpired:
                    pass
            sent = int(sender.stdout.read())
            # Every flow is reported within the status interval once nothing comes any more.
            time.sleep(12)
            report(seconds)
            for process in running[1:-1]:
                if process.poll() is not None:
                    print(f"{process.args[4]} has ended by itself with {process.returncode}")
            sensor.terminate()
            sensor.wait()
            time.sleep(3)
            lost = False
            for name, path in files.items():
                got = counted(program, path, "ip or ipv6")
                lost |= got != sent
                print(f"{name}: {got} of {sent} packets in {os.path.getsize(path) / 1e6:.0f} MB of records")
            print("LOSS, the sensor says:\n" + open(log).read() if lost else "no loss")
        finally:
            for process in running:
                process.kill()
            for name in NAMES:
                subprocess.run(["ip", "netns", "delete", name], check=False)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--send"]:
        send(frames(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
    else:
        main()
