#!/usr/bin/env python3
"""Lets the wall display run for a while and looks for leaks and warnings.

    scripts/wall-soak.py [MINUTES [PROGRAM [OPTION...]]]

An X server in memory shows PROGRAM (`target/debug/argus-globe` by default) in wall mode: the bundled sample at 100 times
its speed, over and over. For MINUTES (60 by default) its memory is read every 10 seconds, and it is asked over its
control socket how it is. At the end the script prints figures and fails if

- the program ended or did not answer,
- its log has a line,
- its memory grew by more than 5 % after the first tenth of the time (at least two minutes): the middle of the last tenth
  against the middle of the first one after that.

Further OPTIONs go to the program.
"""

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SIZE = "640x360"
FRAMES_PER_SECOND = "4"
EVERY = 10
MOST_GROWTH = 0.05


def memory_kib(process):
    """Resident memory, in KiB."""
    with open(f"/proc/{process.pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))


def cpu_secs(process):
    """Time on a processor, in seconds."""
    with open(f"/proc/{process.pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asked(path):
    """The program's answer to `status`."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(path)
        client.sendall(b'{"status":true}\n')
        return json.loads(client.makefile().readline())


def start(program, options, folder):
    """The X server and the program in it."""
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", f"{SIZE}x24", "-nolisten", "tcp"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )
    environment = dict(os.environ, DISPLAY=":" + server.stdout.readline().strip())
    environment.pop("WAYLAND_DISPLAY", None)
    # A folder that graphics libraries look for, and complain when it is missing.
    environment["XDG_RUNTIME_DIR"] = folder
    environment.setdefault("ARGUS_GLOBE_DATA", ROOT)
    words = ["globe", "--wall", "--loop", "--speed", "100", "--tour", "10", "--size", SIZE, "--fps", FRAMES_PER_SECOND]
    words += ["--control", f"{folder}/control", "--trace-input", *options]
    globe = subprocess.Popen(
        [program, *words], env=environment, stdout=open(f"{folder}/lines", "w"), stderr=open(f"{folder}/log", "w"),
    )
    return server, globe


def middle(samples, begin, end):
    """The middle of the memory sampled within a time; of all of it if there is none."""
    return statistics.median([kib for passed, kib in samples if begin <= passed <= end] or [kib for _, kib in samples])


def faults(globe, samples, seconds, log):
    """What went wrong, in words; prints the figures."""
    tenth = seconds / 10
    warm = min(max(tenth, 120), seconds / 2)
    first, last = middle(samples, warm, warm + tenth), middle(samples, seconds - tenth, seconds)
    growth = last / first - 1
    most = max(kib for _, kib in samples)
    print(f"memory after {warm:.0f} s: {first:.0f} KiB, in the end: {last:.0f} KiB ({growth:+.1%}), at most {most} KiB")
    print(f"log: {len(log)} lines")
    found = [f"the log says: {line}" for line in log]
    if globe.poll() is not None:
        found.append(f"the program has ended with {globe.returncode}")
    if growth > MOST_GROWTH:
        found.append(f"memory grew by {growth:.1%}, more than {MOST_GROWTH:.0%}")
    return found


def watch(globe, seconds, folder):
    """Samples memory until the time is over or the program is."""
    begin, samples, told = time.monotonic(), [], 0
    while (passed := time.monotonic() - begin) < seconds and globe.poll() is None:
        samples.append((passed, memory_kib(globe)))
        if passed >= told and passed > EVERY:
            told = passed + 60
            status = asked(f"{folder}/control")
            print(f"{passed:6.0f} s  {samples[-1][1]} KiB, {cpu_secs(globe):.0f} s of CPU, {status['frames']} frames, {status['hosts']} hosts, "
                  f"{status['state']} at {status['time']}", flush=True)
        time.sleep(EVERY)
    return samples


def main():
    seconds = 60 * float(sys.argv[1]) if len(sys.argv) > 1 else 3600
    target = os.environ.get("CARGO_TARGET_DIR", f"{ROOT}/target")
    program = sys.argv[2] if len(sys.argv) > 2 else f"{target}/debug/argus-globe"
    with tempfile.TemporaryDirectory() as folder:
        server, globe = start(program, sys.argv[3:], folder)
        try:
            samples = watch(globe, seconds, folder)
            with open(f"{folder}/log") as log:
                # Where remote control is to be found is no warning.
                lines = [line.strip() for line in log if line.strip() and "remote control at" not in line]
            found = faults(globe, samples, seconds, lines)
            with open(f"{folder}/lines") as told:
                stops = sum(line.startswith("tour") for line in told)
            cpu = cpu_secs(globe) if globe.poll() is None else 0
            print(f"tour: {stops} stops; {cpu / seconds:.0%} of a core")
        finally:
            globe.kill()
            server.kill()
    for fault in found:
        print(f"FAILED: {fault}")
    sys.exit(1 if found else print("passed"))


if __name__ == "__main__":
    main()
