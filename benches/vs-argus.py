#!/usr/bin/env python3
"""Compares the sensor's time and memory with those of the classic sensor and of a bare libpcap loop.

    benches/vs-argus.py FOLDER [RUNS]

FOLDER holds the release build's `argus-globe`, `examples/make_capture` and `examples/read_loop`:

    cargo build --release --no-default-features --features live,codecs --bins --examples

Two captures are made, of 0.5 and of 5 million packets of 50,000 and 500,000 conversations. The programs run in turn, RUNS
times (5); user and system seconds are medians, memory is the largest. Nothing else should run meanwhile.
"""

import os
import shutil
import statistics
import sys
import tempfile

OPTIONS = ["-X", "-A", "-J", "-Z", "-m", "-S", "5"]
SIZES = [(500_000, 50_000), (5_000_000, 500_000)]


def run(command):
    """CPU seconds and KiB of one run."""
    pid = os.fork()
    if pid == 0:
        sink = os.open("/dev/null", os.O_WRONLY)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        try:
            os.execvp(command[0], command)
        except OSError:
            os._exit(127)
    _, status, usage = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"failed: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def commands(folder, capture, out):
    found = {
        "ours": [f"{folder}/argus-globe", "argus", *OPTIONS, "-r", capture, "-w", f"{out}/ours"],
        "loop": [f"{folder}/examples/read_loop", capture],
    }
    classic = shutil.which("argus") or shutil.which("argus", path="/usr/sbin")
    if classic:
        found["classic"] = [classic, *OPTIONS, "-r", capture, "-w", f"{out}/classic"]
    return found


def measure(programs, out, runs):
    times, memory = {name: [] for name in programs}, {}
    for _ in range(runs):
        for name, command in programs.items():
            if os.path.exists(f"{out}/{name}"):
                os.remove(f"{out}/{name}")
            spent, kib = run(command)
            times[name].append(spent)
            memory[name] = max(memory.get(name, 0), kib)
    return {name: statistics.median(t) for name, t in times.items()}, memory


def main():
    folder = os.path.abspath(sys.argv[1])
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    verdicts, per_packet = [], []
    with tempfile.TemporaryDirectory() as out:
        for packets, talks in SIZES:
            capture = f"{out}/{packets}.pcap"
            numbers = ["--packets", str(packets), "--conversations", str(talks)]
            run([f"{folder}/examples/make_capture", capture, *numbers])
            times, memory = measure(commands(folder, capture, out), out, runs)
            print(f"{packets} packets, {os.path.getsize(capture) / 1e6:.0f} MB, median of {runs}")
            for name in times:
                rate = packets / max(times[name], 1e-3) / 1e6
                print(f"  {name:8}{times[name]:8.2f} CPU s{rate:8.2f} M packets/s{memory[name] / 1024:8.0f} MiB")
            per_packet.append(times["ours"] / packets)
            if "classic" in times:
                ratio, room = times["classic"] / times["ours"], memory["ours"] / memory["classic"]
                print(f"  {ratio:.1f} times as fast as the classic sensor, {room:.2f} of its memory")
                verdicts += [("4 times the classic sensor", ratio >= 4), ("memory of the classic sensor", room <= 1)]
            to_loop = times["ours"] / times["loop"]
            print(f"  {to_loop:.2f} times the bare loop")
            verdicts.append(("within 2.5 times the bare loop", to_loop <= 2.5))
            os.remove(capture)
    growth = per_packet[1] / per_packet[0]
    print(f"time per packet of the large capture: {growth:.2f} of the small one's")
    verdicts.append(("linear", growth <= 1.25))
    for what, met in verdicts:
        print(f"{'met   ' if met else 'MISSED'} {what}")


if __name__ == "__main__":
    main()
