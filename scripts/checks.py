#!/usr/bin/env python3
"""Runs the tests that docs/checks.md names for the ten checks of the globe, and prints a line for each check.

    scripts/checks.py [MINUTES]

With MINUTES the last check runs for so long; without, it is left out.
"""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def checks():
    """Number, sentence and tests of each check."""
    with open(f"{ROOT}/docs/checks.md") as document:
        for line in document:
            cells = line.strip().strip("|").split("|")
            if len(cells) == 3 and cells[0].strip().isdigit():
                yield int(cells[0]), cells[1].strip(), re.findall(r"`([a-z_:]+::[a-z_]+)`", cells[2])


def results(names):
    """What came of the tests: name and whether it passed."""
    short = [name.rsplit("::", 1)[1] for name in names]
    words = ["cargo", "test", "--locked", "--no-fail-fast", "--lib", "--test", "globe", "--", *short]
    run = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    return dict(re.findall(r"^test (\S+) \.\.\. (ok|FAILED|ignored)", run.stdout, re.MULTILINE))


def main():
    table = list(checks())
    found = results([name for _, _, names in table for name in names])
    failed = False
    for number, sentence, names in table:
        if names:
            states = [next((s for full, s in found.items() if full.endswith(name)), "missing") for name in names]
        elif len(sys.argv) > 1:
            run = subprocess.run([f"{ROOT}/scripts/wall-soak.py", sys.argv[1]], check=False)
            states = ["ok" if run.returncode == 0 else "FAILED"]
        else:
            states = ["not run"]
        bad = [f"{name} {state}" for name, state in zip(names, states) if state != "ok"]
        failed |= bool(bad) or "FAILED" in states
        print(f"{number:2}  {'FAILED ' + ', '.join(bad) if bad else states[0]:7}  {sentence}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
