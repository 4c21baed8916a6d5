#!/usr/bin/env python3
"""Sums up test runs: test_summary.py FOLDER PRESET...

Reads FOLDER/PRESET.xml (CTest's JUnit) and FOLDER/PRESET.built (made by a build that succeeded). A GoogleTest program that runs as one
CTest entry, as in Node.js, counts by the cases it printed. Prints what failed, what was skipped and why, and last the numbers.
Status 0 only when something passed and nothing failed.
"""
import collections
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

VERDICT = re.compile(r"^\[\s+(OK|FAILED|SKIPPED)\s+\] ([\w./]+)(?:, where .*)? \(\d+ ms\)$", re.MULTILINE)
BEGUN = re.compile(r"^\[ RUN      \] ([\w./]+)$", re.MULTILINE)
SKIP_REASON = re.compile(r"^\S+:\d+: Skipped\n(.+)$", re.MULTILINE)


class Counts:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = collections.Counter()

    def add_case(self, name, verdict, reason):
        if verdict == "OK":
            self.passed += 1
        elif verdict == "SKIPPED":
            self.skipped[reason] += 1
        else:
            self.failed.append(name)

    def add_node_entry(self, entry):
        """A case of node:test: a child tells how it ended when it did not pass."""
        name = f"{Path(entry.get('file') or '').name}: {entry.get('name')}"
        skipped = entry.find("skipped")
        if entry.find("failure") is not None or entry.find("error") is not None:
            self.failed.append(name)
        elif skipped is not None:
            self.skipped[skipped.get("message") or "no reason"] += 1
        else:
            self.passed += 1

    def add_entry(self, entry):
        name, status = entry.get("name"), entry.get("status")
        output = entry.findtext("system-out") or ""
        verdicts = VERDICT.findall(output)
        reasons = iter(SKIP_REASON.findall(output))
        for verdict, case in verdicts:
            self.add_case(f"{name}: {case}", verdict, next(reasons, "no reason") if verdict == "SKIPPED" else "")
        unfinished = [case for case in BEGUN.findall(output) if case not in {done for _, done in verdicts}]
        for case in unfinished:
            self.failed.append(f"{name}: {case} did not end")
        if verdicts or unfinished:
            if status == "fail" and not unfinished and all(verdict != "FAILED" for verdict, _ in verdicts):
                self.failed.append(f"{name}: failed outside its cases")
        elif status == "run":
            self.passed += 1
        elif status in ("notrun", "disabled"):
            message = entry.find("skipped")
            reason = message.get("message") if message is not None else status
            if "Unable to find" in (reason or "") or "NOT_BUILT" in name:
                self.failed.append(f"{name}: {reason or 'not built'}")
            else:
                self.skipped[first_line(output) or reason or status] += 1
        else:
            self.failed.append(name)


def first_line(text):
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def read_suite(folder, preset):
    counts = Counts()
    if not (folder / f"{preset}.built").exists():
        counts.failed.append("the build")
    report = folder / f"{preset}.xml"
    if report.exists():
        for entry in ElementTree.parse(report).getroot().iter("testcase"):
            # CTest says how each ended, node:test only what is wrong.
            (counts.add_entry if entry.get("status") else counts.add_node_entry)(entry)
    if counts.passed == 0 and not counts.failed:
        counts.failed.append("no test ran")
    return counts


def main():
    folder, presets = Path(sys.argv[1]), sys.argv[2:]
    suites = {preset: read_suite(folder, preset) for preset in presets}
    for preset, counts in suites.items():
        for reason, n in sorted(counts.skipped.items()):
            print(f"{preset}: {n} skipped: {reason}")
    for preset, counts in suites.items():
        for name in counts.failed:
            print(f"{preset}: FAILED {name}")
    for preset, counts in suites.items():
        print(f"{preset}: {counts.passed} passed, {len(counts.failed)} failed, {sum(counts.skipped.values())} skipped")
    n_passed = sum(counts.passed for counts in suites.values())
    n_failed = sum(len(counts.failed) for counts in suites.values())
    n_skipped = sum(sum(counts.skipped.values()) for counts in suites.values())
    print(f"{n_passed} passed, {n_failed} failed, {n_skipped} skipped")
    sys.exit(0 if n_failed == 0 and n_passed > 0 else 1)


if __name__ == "__main__":
    main()
