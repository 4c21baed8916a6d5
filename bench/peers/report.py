"""From the figures of all engines to one object and one line."""
from pathlib import Path


def compared(figures, key, smaller_is_better):
    """One figure of all engines, which peer did it better, and how many times better Sotto is than that one."""
    values = {name: result[key] for name, result in figures.items()}
    peers = {name: value["median"] for name, value in values.items() if name != "sotto"}
    if not peers or "sotto" not in values:
        return values
    best = (min if smaller_is_better else max)(peers, key=peers.get)
    ratio = values["sotto"]["median"] / peers[best]
    return values | {"better_peer": best, "ratio": 1 / ratio if smaller_is_better else ratio}


def medians(comparison):
    """Sotto : the better peer = ratio."""
    def median(name):
        return f"{comparison[name]['median']:7.1f}" if name in comparison else "      -"

    peer = comparison.get("better_peer") or next((name for name in comparison if name != "sotto"), None)
    ratio = f" = {comparison['ratio']:.2f}" if "ratio" in comparison else ""
    return f"{median('sotto')} : {median(peer)}{ratio}"


class Row:
    def __init__(self, what, model, threads, measured, keys, smaller_is_better=False):
        self.what, self.model, self.threads, self.keys = what, Path(model).name, threads, keys
        self.figures, self.failures, self.quiet = measured
        self.comparisons = {key: compared(self.figures, key, smaller_is_better) for key in keys}

    def json(self):
        return {"what": self.what, "model": self.model, "threads": self.threads, "failures": self.failures, "quiet": self.quiet.report(),
                "figures": self.figures} | {key: {name: comparison[name] for name in ("better_peer", "ratio") if name in comparison}
                                            for key, comparison in self.comparisons.items()}

    def line(self):
        target = self.figures.get("sotto", {}).get("target", "")
        text = f"{self.model:36} {self.threads} threads {target:12} {self.what:9}"
        for key, comparison in self.comparisons.items():
            text += f"  {key} {medians(comparison)}"
        if self.what == "busy":
            text += "  decode as a share of 1 thread alone " + " ".join(
                f"{name} {result['decode_of_alone']['median']:.2f}" for name, result in self.figures.items())
        counts = {result["tokens"]["median"] for result in self.figures.values() if "tokens" in result}
        if len(counts) > 1:
            text += f"  [the engines disagree on the number of tokens: {sorted(counts)}]"
        return text + "".join(f"  [{name}: {why}]" for name, why in self.failures.items()) + self.quiet.remark()
