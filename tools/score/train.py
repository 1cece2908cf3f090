#!/usr/bin/env python3
"""Trains the weights of the score (src/score/weights.toml) on labelled lines. Python's standard library only.

    cargo run --release --example score_features -- ROOT > features.jsonl
    tools/score/train.py --features features.jsonl --labels META [--write]

ROOT holds the labelled files, META the label files of a data set in the form of CredData: one CSV for each repository
with FilePath, LineStart, LineEnd and GroundTruth (T is a secret; F and X are none). Nothing of the data is kept: the
result is one number for each feature.

The repositories are split in two by a hash of their name: one half is trained on, the other only measured, so that
over-fitting shows. A line's candidates count once; a repository's weight grows with the root of its number of lines, so
that no single one decides. `--all` trains on both halves, once the features are settled."""
import argparse, collections, csv, glob, hashlib, json, math, os, re, sys

WEIGHTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../src/score/weights.toml")
UNLABELLED = 0.3  # what nobody labelled is mostly no secret, but nobody has said so


def half(repo):
    return hashlib.sha256(b"half" + repo.encode()).digest()[0] % 2


def labels(meta):
    """{(path, line): truth}; T wins over F and X"""
    out = {}
    for name in glob.glob(os.path.join(meta, "*.csv")):
        for row in csv.DictReader(open(name, newline="")):
            path = re.sub("^data/", "", row["FilePath"])
            for line in range(int(row["LineStart"]), int(row["LineEnd"]) + 1):
                if row["GroundTruth"] == "T" or (path, line) not in out:
                    out[path, line] = row["GroundTruth"]
    return out


def samples(features, truth):
    """[(repo, features, is a secret, weight)], equal ones of a repository joined"""
    joined = collections.Counter()
    for text in open(features):
        item = json.loads(text)
        path, repo = item["path"], item["path"].split("/")[0]
        label = truth.get((path, item["line"]))
        weight = UNLABELLED if label is None else 1.0
        joined[repo, tuple(item["features"]), label == "T"] += weight
    lines = collections.Counter()
    for (repo, _, _), weight in joined.items():
        lines[repo] += weight
    return [(repo, set(f), y, w / math.sqrt(lines[repo])) for (repo, f, y), w in joined.items()]


def train(data, names, ridge, rounds):
    """logistic regression by coordinate-wise Newton steps, with a ridge penalty on every weight but the bias"""
    index = {name: i for i, name in enumerate(names)}
    rows = [[index[f] for f in features] + [len(names)] for _, features, _, _ in data]
    ys, ws = [float(y) for _, _, y, _ in data], [w for _, _, _, w in data]
    having = [[] for _ in range(len(names) + 1)]
    for row, items in enumerate(rows):
        for i in items:
            having[i].append(row)
    weights, sums = [0.0] * (len(names) + 1), [0.0] * len(rows)
    for _ in range(rounds):
        for i, members in enumerate(having):
            first = second = 0.0
            for row in members:
                p = 1 / (1 + math.exp(-max(-30.0, min(30.0, sums[row]))))
                first += ws[row] * (ys[row] - p)
                second += ws[row] * p * (1 - p)
            penalty = 0.0 if i == len(names) else ridge
            step = (first - penalty * weights[i]) / (second + penalty + 1e-9)
            step = max(-1.0, min(1.0, step))
            weights[i] += step
            for row in members:
                sums[row] += step
    return weights


def report(title, data, names, weights):
    index = {name: i for i, name in enumerate(names)}
    scored = sorted(((sum(weights[index[f]] for f in fs) + weights[-1], y, w) for _, fs, y, w in data), reverse=True)
    positive = sum(w for _, y, w in scored if y)
    print("%s: %d kinds of candidate, %.0f%% of their weight secrets" % (title, len(scored), 100 * positive / max(1e-9, sum(w for *_, w in scored))))
    for bar in (0.97, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05):
        above = [(y, w) for s, y, w in scored if 1 / (1 + math.exp(-s)) >= bar]
        hit = sum(w for y, w in above if y)
        print("   score >= %.2f: precision %.3f recall of the candidates %.3f" % (bar, hit / max(1e-9, sum(w for _, w in above)), hit / max(1e-9, positive)))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--features", required=True)
    ap.add_argument("--labels", required=True)
    ap.add_argument("--ridge", type=float, default=1.0)
    ap.add_argument("--rounds", type=int, default=60)
    ap.add_argument("--all", action="store_true", help="train on both halves")
    ap.add_argument("--write", action="store_true", help="write src/score/weights.toml; its thresholds stay")
    a = ap.parse_args()
    old = open(WEIGHTS).read()
    names = re.findall(r"^([a-z0-9-]+) = ", old.split("[weights]")[1], re.M)
    data = samples(a.features, labels(a.labels))
    known = [(r, f & set(names), y, w) for r, f, y, w in data]
    learn = [d for d in known if a.all or half(d[0])]
    weights = train(learn, names, a.ridge, a.rounds)
    report("trained on", learn, names, weights)
    report("held back", [d for d in known if not half(d[0])], names, weights)
    if a.write:
        head = re.sub(r"(?m)^bias = .*$", "bias = %.3f" % weights[-1], old.split("[weights]")[0])
        body = "".join("%s = %.3f\n" % (name, weights[i]) for i, name in enumerate(names))
        open(WEIGHTS, "w").write(head + "[weights]\n" + body)
    else:
        for w, name in sorted(zip(weights, names), key=lambda x: -abs(x[0])):
            print("   %+.2f %s" % (w, name))


if __name__ == "__main__":
    main()
