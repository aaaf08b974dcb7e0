#!/usr/bin/env python3
"""Compares the time and memory of the tools with those of the classic ones on one file.

    benches/vs-clients.py PROGRAM [RECORDS [RUNS]]
    benches/vs-clients.py PROGRAM --growth [RUNS]

PROGRAM is the release build. The file holds RECORDS records (500,000) made from those of a sample: times, addresses and
ports are varied, so that some keys are shared and some are not. For every command line the smallest user and system
time of RUNS runs (3) and the largest memory count. The classic tools are looked for on PATH; without them only our own
figures are shown. `--growth` shows our own figures for 50,000, 500,000 and 5,000,000 records instead, in microseconds
and bytes for each record.
"""

import os
import shutil
import struct
import sys
import tempfile

COMMANDS = [
    ("ra", "copy with filter", ["-w", "-", "-", "tcp and pkts gt 4"]),
    (
        "ra",
        "text of 12 columns",
        ["-s", "stime dur proto saddr sport dir daddr dport spkts dpkts sbytes dbytes"],
    ),
    ("racluster", "racluster by address", ["-m", "saddr"]),
    ("racluster", "racluster by default key", []),
    ("racluster", "racluster by address pair", ["-m", "saddr", "daddr"]),
    ("rasort", "rasort by bytes", ["-m", "bytes"]),
    ("rasort", "rasort by three keys", ["-m", "saddr", "daddr", "stime"]),
    ("rahisto", "rahisto of duration", ["-H", "dur", "50L:0.0001-1000000"]),
    ("racount", "racount", []),
    ("rabins", "rabins by minute", ["-M", "time", "1m", "-m", "proto"]),
]


def records_of(path):
    """Management record and flow records of a file."""
    data = open(path, "rb").read()
    at, flows = 128, []
    while at + 4 <= len(data):
        length = 4 * struct.unpack(">H", data[at + 2 : at + 4])[0] or 4
        if data[at] >> 4 == 1:
            flows.append(data[at : at + length])
        at += length
    return data[:128], flows


def varied(record, n, of):
    """The record, later by n/1000 s, with other hosts and ports every `of` records."""
    out, at = bytearray(record), 4
    while at + 4 <= len(out):
        kind, subtype = out[at], out[at + 1]
        words = struct.unpack(">H", out[at + 2 : at + 4])[0] if subtype & 0x80 else out[at + 3]
        if words == 0:
            break
        if kind == 2 and subtype & 0x3F == 1 and out[at + 2] & 0x1F == 1:
            turn = n // of
            out[at + 6] = turn >> 3 & 0x1F
            out[at + 10] = turn & 0x7F
            if out[at + 12] in (6, 17):
                struct.pack_into(">H", out, at + 14, 1024 + turn % 60000)
        elif kind == 3 and out[at + 3] >= 3:
            for stamp in range(at + 4, at + 4 * words - 4, 8):
                seconds = struct.unpack(">I", out[stamp : stamp + 4])[0]
                struct.pack_into(">I", out, stamp, seconds + n // 1000)
        at += 4 * words
    return bytes(out)


def make(path, sample, count):
    head, flows = records_of(sample)
    with open(path, "wb") as file:
        file.write(head)
        for n in range(count):
            file.write(varied(flows[n % len(flows)], n, len(flows)))


def measure(command, runs):
    """Smallest CPU seconds and largest memory in KiB of so many runs."""
    best, memory = None, 0
    for _ in range(runs):
        pid = os.fork()
        if pid == 0:
            sink = os.open("/dev/null", os.O_WRONLY)
            os.dup2(sink, 1)
            os.dup2(sink, 2)
            try:
                os.execvpe(command[0], command, dict(os.environ, TZ="UTC"))
            except OSError:
                os._exit(127)
        _, status, usage = os.wait4(pid, 0)
        if os.waitstatus_to_exitcode(status) != 0:
            return None
        spent = usage.ru_utime + usage.ru_stime
        best = spent if best is None else min(best, spent)
        memory = max(memory, usage.ru_maxrss)
    return best, memory


def growth(program, sample, runs):
    """Time and memory for each record, from few to many."""
    sizes = [50_000, 500_000, 5_000_000]
    print(f"best of {runs}; {', '.join(f'{n:,}' for n in sizes)} records")
    print(f"{'':28}{'us for each record':^27}{'bytes for each record':^27}")
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for count in sizes:
            paths.append(os.path.join(folder, f"{count}.argus"))
            make(paths[-1], sample, count)
        for tool, name, options in COMMANDS:
            found = [measure([program, tool, "-X", "-n", "-r", path] + options, runs) for path in paths]
            if None in found:
                print(f"{name:28}  failed")
                continue
            line = f"{name:28}"
            line += "".join(f"{1e6 * spent / count:9.2f}" for (spent, _), count in zip(found, sizes))
            line += "".join(f"{1024 * memory / count:9.0f}" for (_, memory), count in zip(found, sizes))
            print(line)


def main():
    program = os.path.abspath(sys.argv[1])
    sample = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/data/argus/web.full.argus")
    if "--growth" in sys.argv:
        at = sys.argv.index("--growth")
        return growth(program, sample, int(sys.argv[at + 1]) if len(sys.argv) > at + 1 else 3)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 500_000
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "big.argus")
        make(path, sample, count)
        size = os.path.getsize(path) / 1e6
        print(f"{count} records, {size:.0f} MB; CPU seconds and MiB, best of {runs}")
        print(f"{'':28}{'ours':>8}{'classic':>9}{'ratio':>8}   {'ours':>8}{'classic':>9}{'ratio':>8}")
        for tool, name, options in COMMANDS:
            ours = measure([program, tool, "-X", "-n", "-r", path] + options, runs)
            classic = measure([tool, "-X", "-n", "-r", path] + options, runs) if shutil.which(tool) else None
            line = f"{name:28}"
            if ours is None:
                print(line + "  failed")
                continue
            line += f"{ours[0]:8.2f}"
            if classic is None:
                print(f"{line}{'-':>9}{'-':>8}   {ours[1] / 1024:8.0f}")
                continue
            line += f"{classic[0]:9.2f}{classic[0] / max(ours[0], 1e-3):8.1f}"
            print(f"{line}   {ours[1] / 1024:8.0f}{classic[1] / 1024:9.0f}{ours[1] / classic[1]:8.2f}")


if __name__ == "__main__":
    main()
