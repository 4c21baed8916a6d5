"""Rounds in which engines alternate, and how quiet the machine was meanwhile."""
import os
import resource
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager

from engines import Failed

LOUD = 0.5  # load average, or cores that others took


def into_page_cache(path):
    with open(path, "rb") as file:
        while file.read(1 << 24):
            pass


@contextmanager
def busy_process():
    """One process that never sleeps."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as spinner:
        try:
            yield
        finally:
            spinner.kill()


def cpu_seconds():
    """(of the whole machine, of our own finished processes); what a hypervisor gave to others counts as taken by others."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK"), own.ru_utime + own.ru_stime


class Quiet:
    """The load average before each round, which holds our own last rounds too, and the cores that others took during it, which does not."""

    def __init__(self):
        self.load, self.others = [], []

    @contextmanager
    def round(self):
        self.load.append(os.getloadavg()[0])
        start, (machine, own) = time.perf_counter(), cpu_seconds()
        yield
        machine_after, own_after = cpu_seconds()
        used = (machine_after - machine) - (own_after - own)
        self.others.append(max(0.0, used / (time.perf_counter() - start)))

    def report(self):
        return {"load_before_rounds": [round(x, 2) for x in self.load], "rounds_with_load_above_0.5": sum(x > LOUD for x in self.load),
                "cores_taken_by_others": [round(x, 2) for x in self.others], "rounds_disturbed": sum(x > LOUD for x in self.others)}

    def remark(self):
        if max(self.load) <= LOUD and max(self.others) <= LOUD:
            return ""
        return f"  [load up to {max(self.load):.1f}, others took {statistics.median(self.others):.2f} cores]"


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def measure(engines, rounds, ask):
    """ask(engine) gives named figures. Returns {engine: {figure: spread}} for those that did it, {engine: why not}, and the quietness."""
    samples, failures, quiet = {engine.name: [] for engine in engines}, {}, Quiet()
    for _ in range(rounds):
        with quiet.round():
            for engine in engines:
                if engine.name in failures:
                    continue
                try:
                    samples[engine.name].append(ask(engine))
                except Failed as failure:
                    failures[engine.name] = str(failure)
    figures = {}
    for name, results in samples.items():
        if name not in failures:
            figures[name] = {key: spread([r[key] for r in results]) if isinstance(value, (int, float)) else value
                             for key, value in results[0].items()}
    return figures, failures, quiet
