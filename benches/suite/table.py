"""Makes markdown tables of what measure.py wrote: one for each work, medians of its runs, ratios to the floor
and to us.

usage: table.py RESULTS
"""

import json
import sys
from statistics import median

FLOOR, US = "floor", "unleak"


def middle(runs, key):
    return median(run[key] for run in runs)


def number(value, digits=3):
    return f"{value:.{digits}f}" if value < 10 else f"{value:.1f}"


def ratio(value, to):
    return f"{value / to:.2f}" if to else "-"


def baseline(sums, prefix):
    """The first row whose name begins so."""
    return next((row for name, row in sums.items() if name == prefix or name.startswith(prefix + " ")), None)


def table(work, results):
    runs, missing = {}, []
    for result in results:
        if result.get("missing"):
            missing.append(result["name"])
        else:
            runs.setdefault(result["name"], []).append(result)
    keys = ("wall", "cpu", "rss", "anon")
    sums = {name: {key: middle(some, key) for key in keys} for name, some in runs.items()}
    floor, us = baseline(sums, FLOOR), baseline(sums, US)
    print(f"\n### {work}\n")
    print("| command | runs | wall s | CPU s | peak RSS MB | private MB | wall / ours | CPU / ours | CPU / floor | exit |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, row in sums.items():
        codes = ", ".join(str(code) for code in sorted({run["code"] for run in runs[name]}))
        cells = [f"`{name}`", str(len(runs[name])), number(row["wall"]), number(row["cpu"])]
        cells += [f"{row[key] * 1024 / 1e6:.0f}" for key in ("rss", "anon")]
        cells += [ratio(row[key], us and us[key]) for key in ("wall", "cpu")]
        cells += [ratio(row["cpu"], floor and floor["cpu"]), codes]
        print("| " + " | ".join(cells) + " |")
    for name in missing:
        print(f"| `{name}` | **missing: not installed** | | | | | | | | |")


def main():
    works = {}
    with open(sys.argv[1], encoding="utf-8") as file:
        for line in file:
            result = json.loads(line)
            works.setdefault(result["work"], []).append(result)
    for work, results in works.items():
        table(work, results)


main()
