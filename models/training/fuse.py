"""Fits the fusion weights: how lexicon and letters become one judgement.

Reads what `cargo run --release --example judge_features` prints. The weights are
fitted on the training and calibration parts, the review threshold is read off the
calibration part, and figures are printed for the dev part, which nothing is fitted on.

    fuse.py pairs  FEATURES OUT    fits relevance and sentence stance, writes OUT
    fuse.py stance FEATURES OUT    adds the stance model to OUT; FEATURES must have been
                                   printed with --fusion OUT
"""

import json
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score

PAIR = ["overlap", "keyword", "heading_overlap", "heading_keyword", "before", "lead",
        "lexicon_for", "lexicon_against", "lexicon_conditional", "reported", "no_position", "courtesy"]
STANCE = ["top_relevance", "relevant", "top_for", "top_against", "top_conditional",
          "sum_for", "sum_against", "sum_conditional", "share_against", "share_conditional"]
LABELS = ["for", "against", "conditional", "none"]
STANCES = ["supports", "supports_with_reservations", "mixed", "opposes", "no_position", "not_addressed"]


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def fit(x, y, strength):
    """A logistic model on standardised features, with the scaling folded into the weights."""
    mean, scale = x.mean(0), x.std(0) + 1e-6
    model = LogisticRegression(C=strength, max_iter=2000).fit((x - mean) / scale, y)
    weights = model.coef_ / scale
    return model.classes_, weights, model.intercept_ - weights @ mean


def linear(features, weights, bias):
    return {"features": features, "weights": np.round(weights, 5).tolist(), "bias": np.round(bias, 5).tolist()}


def pairs(rows, part):
    x, concerns, stance = [], [], []
    for row in rows:
        if row["part"] not in part:
            continue
        for values, label in zip(row["pairs"], row["labels"]):
            x.append(values)
            concerns.append(label is not None)
            stance.append(LABELS.index(label) if label else -1)
    return np.array(x), np.array(concerns), np.array(stance)


def fit_pairs(rows):
    x, concerns, stance = pairs(rows, {"train", "calibration"})
    _, rw, rb = fit(x, concerns, 0.3)
    on = stance >= 0
    classes, sw, sb = fit(x[on], stance[on], 0.1)
    assert list(classes) == [0, 1, 2, 3]
    return (rw, rb), (sw, sb)


def bootstrap(groups, measure, seed=0, draws=1000):
    """The 95 % interval of a measure, drawing whole consultations."""
    rng = np.random.default_rng(seed)
    names = sorted(set(groups))
    places = {name: np.flatnonzero(np.array(groups) == name) for name in names}
    values = [measure(np.concatenate([places[names[i]] for i in rng.integers(len(names), size=len(names))]))
              for _ in range(draws)]
    return np.percentile(values, [2.5, 97.5])


def report_pairs(rows, models):
    x, concerns, stance = pairs(rows, {"dev"})
    groups = np.array([row["consultation"] for row in rows if row["part"] == "dev" for _ in row["labels"]])
    on = stance >= 0
    (rw, rb), (sw, sb) = models
    chosen, truth = (x[on] @ sw.T + sb).argmax(1), stance[on]

    def macro(index):
        return f1_score(truth[index], chosen[index], average="macro", labels=range(4), zero_division=0)

    low, high = bootstrap(groups[on], macro)
    majority = np.full(len(truth), np.bincount(truth).argmax())
    print(f"dev: {len(x)} pairs, {on.sum()} with a label")
    print(f"  stance of a sentence, four classes: macro-F1 {macro(np.arange(len(truth))):.3f} [{low:.3f}, {high:.3f}]")
    print(f"  majority: macro-F1 {f1_score(truth, majority, average='macro', labels=range(4), zero_division=0):.3f}")
    print(f"  relevance of a sentence to a theme: AUC {roc_auc_score(concerns, x @ rw[0] + rb[0]):.3f}")


def write_pairs(features, out):
    rows = read(features)
    models = (rw, rb), (sw, sb) = fit_pairs(rows)
    zeros = linear(STANCE, np.zeros((6, len(STANCE))), np.zeros(6))
    about = "Fitted by models/training/fuse.py; names and meaning of the features in src/analysis/features.rs."
    write(out, {"about": about, "relevance": linear(PAIR, rw, rb), "sentence_stance": linear(PAIR, sw, sb),
                "stance": zeros, "review_threshold": 0.5})
    report_pairs(rows, models)


def write(out, weights):
    with open(out, "w", encoding="utf-8") as file:
        json.dump(weights, file, ensure_ascii=False, indent=1)
        file.write("\n")


def add_stance(features, out):
    rows = read(features)

    def table(part):
        chosen = [row for row in rows if row["part"] in part]
        x = np.array([row["stance_features"] for row in chosen])
        y = np.array([STANCES.index(row["stance"]) for row in chosen])
        return x, y, np.array([row["consultation"] for row in chosen])

    x, y, _ = table({"train", "calibration"})
    classes, weights, bias = fit(x, y, 1.0)
    assert list(classes) == list(range(6))
    # The threshold is read off the calibration part alone.
    cx, cy, _ = table({"calibration"})
    sure, right = outcome(cx, cy, weights, bias)
    threshold = next((t for t in np.arange(0.35, 0.95, 0.01) if right[sure >= t].mean() >= 0.9), 0.9)
    fusion = json.load(open(out, encoding="utf-8"))
    fusion["stance"] = linear(STANCE, weights, bias)
    fusion["review_threshold"] = round(float(threshold), 2)
    write(out, fusion)

    dx, dy, groups = table({"dev"})
    sure, right = outcome(dx, dy, weights, bias)
    chosen = (dx @ weights.T + bias).argmax(1)

    def macro(index):
        return f1_score(dy[index], chosen[index], average="macro", labels=range(6), zero_division=0)

    low, high = bootstrap(groups, macro)
    keep = sure >= threshold
    bins = np.minimum((sure * 10).astype(int), 9)
    error = sum(abs(sure[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in set(bins))
    majority = np.full(len(dy), np.bincount(dy).argmax())
    print(f"dev: {len(dy)} stances of whole responses")
    print(f"  macro-F1 over six labels {macro(np.arange(len(dy))):.3f} [{low:.3f}, {high:.3f}], accuracy {right.mean():.3f}")
    print(f"  majority macro-F1 {f1_score(dy, majority, average='macro', labels=range(6), zero_division=0):.3f}")
    print(f"  expected calibration error {error:.3f}")
    print(f"  threshold {threshold:.2f}: {keep.mean():.0%} above it, precision there {right[keep].mean():.3f}")


def outcome(x, y, weights, bias):
    scores = x @ weights.T + bias
    powers = np.exp(scores - scores.max(1, keepdims=True))
    probabilities = powers / powers.sum(1, keepdims=True)
    return probabilities.max(1), probabilities.argmax(1) == y


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("pairs", "stance"):
        sys.exit(__doc__)
    {"pairs": write_pairs, "stance": add_stance}[sys.argv[1]](sys.argv[2], sys.argv[3])
