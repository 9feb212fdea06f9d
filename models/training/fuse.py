"""Fits the fusion weights: how encoder, n-grams and lexicon become one judgement.

    fuse.py FEATURES OUT [SUPERLIM]    fits on the part `calibration`, writes fusion.json and parts.json
    fuse.py --blank OUT                writes weights of zero, to compute the first features with

FEATURES is what `remiss eval features` prints; nothing that encoder or
n-grams were trained on may be in the part `calibration`. SUPERLIM is the same for the sentences of
SuperLim that are kept for calibration. Figures of the part `dev` are printed for a first look;
`remiss eval` gives the ones that count.
"""

import json
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score

# The names of src/analysis/features.rs and fusion.rs, in their order.
PAIR = ["relevance", "overlap", "keyword", "heading_overlap", "heading_keyword", "before", "section",
        "relevance_lead", "overlap_lead", "section_lead",
        "encoder_for", "encoder_against", "encoder_conditional", "encoder_none",
        "ngram_for", "ngram_against", "ngram_conditional", "ngram_none", "ngram_reported",
        "lexicon_for", "lexicon_against", "lexicon_conditional", "reported", "no_position", "courtesy"]
STANCE = ["top_relevance", "relevant", "sentences", "top_for", "top_against", "top_conditional",
          "sum_for", "sum_against", "sum_conditional", "sum_neutral",
          "share_for", "share_against", "share_conditional", "heading",
          "clear_for", "clear_against", "clear_conditional"]
SALIENCE = ["encoder", "ngrams", "cue", "reported", "place", "opening", "length", "overlap"]
CLASSES = ["for", "against", "conditional", "none"]
STANCES = ["supports", "supports_with_reservations", "mixed", "opposes", "no_position", "not_addressed"]
TOPIC = ["pro", "con", "non"]
ENCODER = {"relevance", "relevance_lead", "encoder_for", "encoder_against", "encoder_conditional", "encoder_none", "encoder"}
NGRAMS = {"ngram_for", "ngram_against", "ngram_conditional", "ngram_none", "ngram_reported", "ngrams"}
LEXICON = {"lexicon_for", "lexicon_against", "lexicon_conditional", "reported", "no_position", "courtesy",
           "clear_for", "clear_against", "clear_conditional", "cue"}
# What only says that a sentence concerns the theme: no reason to be for or against it. Without this
# a keyword could move a stance.
TOPICAL = set(PAIR[:10])
# A part alone has the letters that sentence and theme share, and nothing of the other parts.
PARTS = {"encoder": NGRAMS | LEXICON, "lexicon": ENCODER | NGRAMS, "ngrams": ENCODER | LEXICON}
ABOUT = "Fitted by models/training/fuse.py; names and meaning of the features in src/analysis/features.rs."
# What a finding above the review threshold should be right in; a little more than is promised,
# because new policy areas are harder than those the threshold is read off.
PRECISION = 0.92
# How much rarer stances are lifted.
LIFT = 0.25
# Consultations are held out in this many groups.
FOLDS = 10
# What an excerpt of a real text counts beside a response: there are many of them, in other genres. With
# every one counted whole, or the 225 later ones left out, dev and real-dev together did worse.
EXCERPT = 1 / 3


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def weight_of(row):
    return EXCERPT if row["consultation"].startswith("real-") else 1.0


def fit(x, y, strength, weight, silenced=(), names=(), classes=None, lift=0.0):
    """A logistic model on standardised features, with the scaling folded into the weights.

    With `lift` a class counts more the rarer it is: by that power of its ratio to the commonest.
    """
    kept = np.array([n not in silenced for n in names])
    x = x * kept
    mean, scale = x.mean(0), x.std(0) + 1e-3
    values, place = np.unique(y, return_inverse=True)
    counts = np.bincount(place, weights=weight)
    lifted = dict(zip(values, (counts.max() / counts) ** lift))
    model = LogisticRegression(C=strength, max_iter=3000, class_weight=lifted).fit((x - mean) / scale, y, sample_weight=weight)
    weights = np.where(kept, model.coef_ / scale, 0.0)
    if classes is not None:
        assert list(model.classes_) == list(range(classes)), model.classes_
    return weights, model.intercept_ - weights @ mean


def linear(features, weights, bias):
    return {"features": features, "weights": np.round(weights, 5).tolist(), "bias": np.round(bias, 5).tolist()}


def sentence_class(label):
    """Somebody else's view is none of the respondent's; a disputed label is no label."""
    return None if label in (None, "disputed") else CLASSES.index("none" if label == "reported" else label)


def pairs(rows):
    """Features, whether the sentence concerns the theme, its class or -1, its weight."""
    x, concerns, stance, weights = [], [], [], []
    for row in rows:
        for theme in row["themes"]:
            for values, label in zip(theme["pairs"], theme["labels"]):
                x.append(values)
                concerns.append(label is not None)
                stance.append(-1 if (c := sentence_class(label)) is None else c)
                weights.append(weight_of(row))
    return np.array(x), np.array(concerns), np.array(stance), np.array(weights)


def softmax(scores):
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def added_up(theme, relevance, stance):
    """`StanceFeatures::of` in src/analysis/fusion.rs."""
    x = np.array(theme["pairs"])
    value = lambda name: x[:, PAIR.index(name)]
    concerns = 1 / (1 + np.exp(-(x @ relevance[0][0] + relevance[1][0])))
    sides = concerns[:, None] * softmax(x @ stance[0].T + stance[1])
    total, top = sides.sum(0), sides.max(0)
    position = total[:3].sum() + 0.1
    clear = [(concerns * value(name)).max() for name in ("lexicon_for", "lexicon_against", "lexicon_conditional")]
    return [concerns.max(), np.log1p(concerns.sum()), np.log1p(len(x)), *top[:3], *np.log1p(total),
            *(total[:3] / position), value("heading_overlap").max(), *np.maximum(clear, 0)]


def stances(rows, relevance, stance):
    themes = [(weight_of(row), t) for row in rows for t in row["themes"] if t["stance"]]
    return (np.array([added_up(t, relevance, stance) for _, t in themes]),
            np.array([STANCES.index(t["stance"]) for _, t in themes]), np.array([weight for weight, _ in themes]))


def salience(rows):
    weights = np.concatenate([np.full(len(row["salient"]), weight_of(row)) for row in rows])
    return np.concatenate([row["salience"] for row in rows]), np.concatenate([row["salient"] for row in rows]), weights


def held_out(rows):
    """The stances of each calibration consultation, judged by weights fitted without it.

    For the threshold: what the weights were fitted on, they are too sure of.
    """
    fold = {name: place % FOLDS for place, name in enumerate(sorted({row["consultation"] for row in rows}))}
    score, right, weight = [], [], []
    for held in range(FOLDS):
        weights = fit_all([row for row in rows if fold[row["consultation"]] != held])
        x, y, w = stances([row for row in rows if fold[row["consultation"]] == held], weights["relevance"], weights["sentence_stance"])
        p = softmax(x @ weights["stance"][0].T + weights["stance"][1])
        score.extend(p.max(1))
        right.extend(p.argmax(1) == y)
        weight.extend(w)
    return np.array(score), np.array(right), np.array(weight)


def fit_all(rows, silenced=frozenset(), topic=None):
    x, concerns, stance, weight = pairs(rows)
    relevance = fit(x, concerns, 0.3, weight, silenced, PAIR)
    on = stance >= 0
    sentence = fit(x[on], stance[on], 0.1, weight[on], silenced | TOPICAL, PAIR, 4)
    sx, sy, sw = stances(rows, relevance, sentence)
    # Strength and lift by macro-F1 in six folds of the 57 consultations that `calibration` then had
    # (0.587; without the lift 0.567).
    whole = fit(sx, sy, 1.0, sw, silenced, STANCE, 6, LIFT)
    ax, ay, aw = salience(rows)
    weights = {"relevance": relevance, "sentence_stance": sentence, "stance": whole,
               "salience": fit(ax, ay, 0.3, aw, silenced, SALIENCE)}
    if topic is not None:
        context = {n for n in PAIR if n in ("before", "section", "section_lead", "heading_overlap", "heading_keyword")}
        tx = np.array([values for values, _ in topic])
        ty = np.array([TOPIC.index(label) for _, label in topic])
        weights["topic_stance"] = fit(tx, ty, 0.1, None, silenced | context, PAIR, 3)
    else:
        weights["topic_stance"] = (np.zeros((3, len(PAIR))), np.zeros(3))
    return weights


def threshold_for(score, right, weight):
    """The lowest score above which the held-out findings are right often enough."""
    order = np.argsort(-score)
    total = np.cumsum(weight[order])
    share = np.cumsum((right * weight)[order]) / total
    enough = np.flatnonzero((share >= PRECISION) & (total >= 30))
    return float(score[order[enough[-1]]]) if len(enough) else 0.95


def as_json(weights, threshold):
    names = {"relevance": PAIR, "sentence_stance": PAIR, "stance": STANCE, "salience": SALIENCE, "topic_stance": PAIR}
    return {"about": ABOUT, **{k: linear(names[k], *w) for k, w in weights.items()}, "review_threshold": round(threshold, 3)}


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def look(rows, weights, threshold, name):
    x, concerns, stance, _ = pairs(rows)
    on = stance >= 0
    macro = lambda gold, given, n: f1_score(gold, given, average="macro", labels=range(n), zero_division=0)
    given = (x[on] @ weights["sentence_stance"][0].T + weights["sentence_stance"][1]).argmax(1)
    sx, sy, _ = stances(rows, weights["relevance"], weights["sentence_stance"])
    p = softmax(sx @ weights["stance"][0].T + weights["stance"][1])
    score, right = p.max(1), p.argmax(1) == sy
    keep = score >= threshold
    ax, ay, _ = salience(rows)
    print(f"{name:18} sentence macro-F1 {macro(stance[on], given, 4):.3f} (n={on.sum()})  relevance AUC {roc_auc_score(concerns, x @ weights['relevance'][0][0]):.3f}"
          f"  stance macro-F1 {macro(sy, p.argmax(1), 6):.3f} accuracy {right.mean():.3f} (n={len(sy)})"
          f"  above {threshold:.2f}: {keep.mean():.0%}, precision {right[keep].mean() if keep.any() else 0:.3f}"
          f"  salience AUC {roc_auc_score(ay, ax @ weights['salience'][0][0]):.3f}")


def main(features, out, superlim=None):
    rows = read(features)
    calibration = [r for r in rows if r["part"] == "calibration"]
    others = sorted({r["part"] for r in rows} - {"calibration"})
    topic = [(r["pair"], r["label"]) for r in read(superlim)] if superlim else None
    threshold = threshold_for(*held_out(calibration))
    parts = {}
    for name, silenced in [("judge", frozenset()), *PARTS.items()]:
        weights = fit_all(calibration, silenced, topic)
        for part in others:
            look([r for r in rows if r["part"] == part], weights, threshold, f"{part} {name}")
        parts[name] = as_json(weights, threshold)
    write(Path(out) / "fusion.json", parts.pop("judge"))
    write(Path(out) / "parts.json", parts)


def blank(out):
    zero = lambda names, n: (np.zeros((n, len(names))), np.zeros(n))
    weights = {"relevance": zero(PAIR, 1), "sentence_stance": zero(PAIR, 4), "stance": zero(STANCE, 6),
               "salience": zero(SALIENCE, 1), "topic_stance": zero(PAIR, 3)}
    value = as_json(weights, 0.9)
    write(Path(out) / "fusion.json", value)
    write(Path(out) / "parts.json", {name: value for name in PARTS})


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--blank":
        blank(sys.argv[2])
    elif len(sys.argv) in (3, 4):
        main(*sys.argv[1:])
    else:
        sys.exit(__doc__)
