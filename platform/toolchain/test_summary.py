#!/usr/bin/env python3
"""Sums up test runs: test_summary.py FOLDER PRESET...

Reads FOLDER/PRESET.xml (CTest's JUnit) and FOLDER/PRESET.built (made by a build that succeeded). A GoogleTest program that runs as one
CTest entry, as in Node.js, counts by the cases it printed. Prints what was skipped and why, what failed with the beginning of what it
printed, and last the numbers. Status 0 only when something passed and nothing failed.
"""
import collections
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

VERDICT = re.compile(r"^\[\s+(OK|FAILED|SKIPPED)\s+\] ([\w./]+)(?:, where .*)? \(\d+ ms\)$", re.MULTILINE)
BEGUN = re.compile(r"^\[ RUN      \] ([\w./]+)$", re.MULTILINE)
CASE_OUTPUT = r"^\[ RUN      \] {}\n(.*?)(?=^\[  FAILED  \]|\Z)"
MAX_REASON_LINES = 16
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")  # colours of a message, which node:test writes as they are
SKIP_REASON = re.compile(r"^\S+:\d+: Skipped\n(.+)$", re.MULTILINE)


class Counts:
    def __init__(self):
        self.passed = 0
        self.failed = {}  # name: what was printed about it
        self.skipped = collections.Counter()

    def add_case(self, name, verdict, reason):
        if verdict == "OK":
            self.passed += 1
        elif verdict == "SKIPPED":
            self.skipped[reason] += 1
        else:
            self.failed[name] = reason

    def add_node_entry(self, entry):
        """A case of node:test: a child tells how it ended when it did not pass."""
        name = f"{Path(entry.get('file') or '').name}: {entry.get('name')}"
        skipped = entry.find("skipped")
        failure = next((entry.find(kind) for kind in ("failure", "error") if entry.find(kind) is not None), None)
        if failure is not None:
            self.failed[name] = failure.text or failure.get("message") or ""
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
            reason = next(reasons, "no reason") if verdict == "SKIPPED" else case_output(output, case)
            self.add_case(f"{name}: {case}", verdict, reason)
        unfinished = [case for case in BEGUN.findall(output) if case not in {done for _, done in verdicts}]
        for case in unfinished:
            self.failed[f"{name}: {case} did not end"] = case_output(output, case)
        if verdicts or unfinished:
            if status == "fail" and not unfinished and all(verdict != "FAILED" for verdict, _ in verdicts):
                self.failed[f"{name}: failed outside its cases"] = output[-1000:]
        elif status == "run":
            self.passed += 1
        elif status in ("notrun", "disabled"):
            message = entry.find("skipped")
            reason = message.get("message") if message is not None else status
            if "Unable to find" in (reason or "") or "NOT_BUILT" in name:
                self.failed[f"{name}: {reason or 'not built'}"] = ""
            else:
                self.skipped[first_line(output) or reason or status] += 1
        else:
            self.failed[name] = output


def case_output(output, case):
    found = re.search(CASE_OUTPUT.format(re.escape(case)), output, re.MULTILINE | re.DOTALL)
    return found.group(1) if found else ""


def first_line(text):
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def read_suite(folder, preset):
    counts = Counts()
    if not (folder / f"{preset}.built").exists():
        counts.failed["the build"] = ""
    report = folder / f"{preset}.xml"
    if report.exists():
        for entry in ElementTree.fromstring(NOT_XML.sub("", report.read_text(errors="replace"))).iter("testcase"):
            # CTest says how each ended, node:test only what is wrong.
            (counts.add_entry if entry.get("status") else counts.add_node_entry)(entry)
    if counts.passed == 0 and not counts.failed:
        counts.failed["no test ran"] = ""
    return counts


def main():
    folder, presets = Path(sys.argv[1]), sys.argv[2:]
    suites = {preset: read_suite(folder, preset) for preset in presets}
    for preset, counts in suites.items():
        for reason, n in sorted(counts.skipped.items()):
            print(f"{preset}: {n} skipped: {reason}")
    for preset, counts in suites.items():
        for name, reason in counts.failed.items():
            print(f"{preset}: FAILED {name}")
            lines = [line.rstrip()[:200] for line in reason.splitlines() if line.strip()]
            print(*(f"    {line}\n" for line in lines[:MAX_REASON_LINES]), sep="", end="")
    for preset, counts in suites.items():
        print(f"{preset}: {counts.passed} passed, {len(counts.failed)} failed, {sum(counts.skipped.values())} skipped")
    n_passed = sum(counts.passed for counts in suites.values())
    n_failed = sum(len(counts.failed) for counts in suites.values())
    n_skipped = sum(sum(counts.skipped.values()) for counts in suites.values())
    print(f"{n_passed} passed, {n_failed} failed, {n_skipped} skipped")
    sys.exit(0 if n_failed == 0 and n_passed > 0 else 1)


if __name__ == "__main__":
    main()
