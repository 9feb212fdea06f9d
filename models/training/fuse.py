"""Fits the fusion weights: how encoder and lexicon become one judgement.

Reads what `cargo run --release --example judge_features` prints. The weights are
fitted on the consultations of the calibration part and, so that the lexicon's and the
letters' weights rest on more, on the training part at a lower weight: the encoder has
seen the training part, so that its own scores are too sure of themselves there.
Figures are printed for the dev part, which nothing is fitted on.

    fuse.py FEATURES OUT    fits relevance and sentence stance, then the stance of the
                            whole response on what they give, and writes OUT
"""

import json
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score

PAIR = ["relevance", "overlap", "keyword", "heading_overlap", "heading_keyword", "before", "lead",
        "encoder_for", "encoder_against", "encoder_conditional", "encoder_none",
        "lexicon_for", "lexicon_against", "lexicon_conditional",
        "reported", "no_position", "courtesy", "salience"]
STANCE = ["top_relevance", "relevant", "top_for", "top_against", "top_conditional",
          "sum_for", "sum_against", "sum_conditional", "share_against", "share_conditional"]
LABELS = ["for", "against", "conditional", "none"]
STANCES = ["supports", "supports_with_reservations", "mixed", "opposes", "no_position", "not_addressed"]
ENCODER = {"relevance", "lead", "encoder_for", "encoder_against", "encoder_conditional", "encoder_none"}
LEXICON = {"lexicon_for", "lexicon_against", "lexicon_conditional", "reported", "no_position", "courtesy"}
TRAIN_WEIGHT = 0.2


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def fit(x, y, weight, strength):
    """A logistic model on standardised features, with the scaling folded into the weights."""
    mean, scale = x.mean(0), x.std(0) + 1e-6
    model = LogisticRegression(C=strength, max_iter=2000).fit((x - mean) / scale, y, sample_weight=weight)
    weights = model.coef_ / scale
    return model.classes_, weights, model.intercept_ - weights @ mean


def linear(features, weights, bias):
    return {"features": features, "weights": np.round(weights, 5).tolist(), "bias": np.round(bias, 5).tolist()}


def pairs(rows, part):
    x, concerns, stance, weight = [], [], [], []
    for row in rows:
        if row["part"] not in part:
            continue
        for values, label in zip(row["pairs"], row["labels"]):
            x.append(values)
            concerns.append(label is not None)
            stance.append(LABELS.index(label) if label else -1)
            weight.append(TRAIN_WEIGHT if row["part"] == "train" else 1.0)
    return np.array(x), np.array(concerns), np.array(stance), np.array(weight)


def without(x, names):
    """The features with some of them silenced: what is left is the judgement without a part."""
    kept = np.array([name not in names for name in PAIR])
    return x * kept


def fit_pairs(rows, silenced=frozenset()):
    x, concerns, stance, weight = pairs(rows, {"train", "calibration"})
    x = without(x, silenced)
    _, rw, rb = fit(x, concerns, weight, 0.3)
    on = stance >= 0
    classes, sw, sb = fit(x[on], stance[on], weight[on], 0.1)
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


def report_pairs(rows):
    x, concerns, stance, _ = pairs(rows, {"dev"})
    groups = np.array([row["consultation"] for row in rows if row["part"] == "dev" for _ in row["labels"]])
    on = stance >= 0
    print(f"dev: {len(x)} pairs, {on.sum()} with a label")
    for name, silenced in [("encoder and lexicon", frozenset()), ("encoder alone", frozenset(LEXICON)),
                           ("lexicon alone", frozenset(ENCODER | {"salience"}))]:
        (rw, rb), (sw, sb) = fit_pairs(rows, silenced)
        masked = without(x, silenced)
        relevance = masked @ rw[0] + rb[0]
        chosen = (masked[on] @ sw.T + sb).argmax(1)
        truth, of = stance[on], groups[on]

        def macro(index):
            return f1_score(truth[index], chosen[index], average="macro", labels=range(4), zero_division=0)

        low, high = bootstrap(of, macro)
        auc = roc_auc_score(concerns, relevance)
        print(f"  {name:20} stance macro-F1 {macro(np.arange(len(truth))):.3f} [{low:.3f}, {high:.3f}]   relevance AUC {auc:.3f}")
    first = [row for row in rows if row["part"] == "dev" and row["theme"] == next(r["theme"] for r in rows if r["response"] == row["response"])]
    salient = np.concatenate([row["salient"] for row in first])
    salience = np.concatenate([[values[PAIR.index("salience")] for values in row["pairs"]] for row in first])
    print(f"  {'encoder alone':20} salience AUC {roc_auc_score(salient, salience):.3f} on {len(salient)} sentences")
    majority = np.full(on.sum(), np.bincount(stance[on]).argmax())
    print(f"  {'majority':20} stance macro-F1 {f1_score(stance[on], majority, average='macro', labels=range(4), zero_division=0):.3f}")


def write(out, weights):
    with open(out, "w", encoding="utf-8") as file:
        json.dump(weights, file, ensure_ascii=False, indent=1)
        file.write("\n")


def added_up(row, relevance, stance):
    """`StanceFeatures::of` in src/analysis/fusion.rs, for one theme of one response."""
    x = np.array(row["pairs"])
    (rw, rb), (sw, sb) = relevance, stance
    concerns = 1 / (1 + np.exp(-(x @ rw[0] + rb[0])))
    scores = x @ sw.T + sb
    powers = np.exp(scores - scores.max(1, keepdims=True))
    sides = concerns[:, None] * (powers / powers.sum(1, keepdims=True))[:, :3]
    total, top = sides.sum(0), sides.max(0)
    position = total.sum() + 0.1
    return [concerns.max(), np.log1p(concerns.sum()), *top, *np.log1p(total), total[1] / position, total[2] / position]


def write_fusion(features, out):
    rows = read(features)
    relevance, stance = fit_pairs(rows)
    report_pairs(rows)

    def table(part):
        chosen = [row for row in rows if row["part"] in part]
        x = np.array([added_up(row, relevance, stance) for row in chosen])
        y = np.array([STANCES.index(row["stance"]) for row in chosen])
        weight = np.array([TRAIN_WEIGHT if row["part"] == "train" else 1.0 for row in chosen])
        return x, y, weight, np.array([row["consultation"] for row in chosen])

    x, y, weight, _ = table({"train", "calibration"})
    classes, weights, bias = fit(x, y, weight, 1.0)
    assert list(classes) == list(range(6))
    # The threshold is read off the calibration part alone.
    cx, cy, _, _ = table({"calibration"})
    sure, right = outcome(cx, cy, weights, bias)
    threshold = next((t for t in np.arange(0.35, 0.95, 0.01) if right[sure >= t].mean() >= 0.9), 0.9)
    about = "Fitted by models/training/fuse.py; names and meaning of the features in src/analysis/features.rs."
    write(out, {"about": about, "relevance": linear(PAIR, *relevance), "sentence_stance": linear(PAIR, *stance),
                "stance": linear(STANCE, weights, bias), "review_threshold": round(float(threshold), 2)})

    dx, dy, _, groups = table({"dev"})
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
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    write_fusion(*sys.argv[1:])
