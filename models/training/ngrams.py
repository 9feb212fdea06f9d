"""Trains the linear part of the judge: words and letters of a sentence, weighed.

    python ngrams.py --responses data --superlim superlim/ --rationales rationales.jsonl.xz --out ../embedded

One logistic model for the four stances, one for `reported`, one for salience, on the same
features: word unigrams and bigrams, character n-grams of three to five inside words, and each
word together with the name of the theme. All are binary, divided by the root of their number.
An n-gram is known by the CRC-32 of its bytes; `src/analysis/ngrams.rs` computes the same.
"""

import argparse
import json
import random
import re
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

import data
from corpora import clean

LETTERS = (3, 4, 5)
WORD = re.compile(r"[^\W_]+")


def words(text):
    return [re.sub("[0-9]", "0", w) for w in WORD.findall(clean(text).lower())]


def key(kind, text):
    return zlib.crc32((kind + text).encode())


def own(sentence):
    """The n-grams of a sentence."""
    w = words(sentence)
    found = {key("w", x) for x in w}
    found |= {key("w", f"{a} {b}") for a, b in zip(w, w[1:])}
    for x in w:
        padded = f" {x} "
        found |= {key("c", padded[i : i + n]) for n in LETTERS for i in range(len(padded) - n + 1)}
    return found


def crossed(sentence, name):
    """Its words, each together with the theme's name."""
    name = " ".join(words(name))
    return {key("t", f"{name}|{w}") for w in words(sentence)}


def matrix(groups, places):
    """A sparse row for each pair of feature sets; unknown features count in the length only."""
    indptr, indices, values = [0], [], []
    for sets in groups:
        for found in sets:
            if found:
                share = len(found) ** -0.5
                known = [places[f] for f in found if f in places]
                indices.extend(known)
                values.extend([share] * len(known))
        indptr.append(len(indices))
    return csr_matrix((values, indices, indptr), shape=(len(groups), len(places)), dtype=np.float32)


class Features:
    """The n-grams that occur often enough in training."""

    def __init__(self, groups, fewest):
        counts = Counter(f for sets in groups for found in sets for f in found)
        self.keys = np.array(sorted(f for f, n in counts.items() if n >= fewest), dtype=np.uint32)
        self.places = {int(f): i for i, f in enumerate(self.keys)}

    def __call__(self, groups):
        return matrix(groups, self.places)


def training_rows(args):
    """(sentence, name of the theme or "", stance, reported, salient, weight); -1 where nothing is known.

    A sentence stands once by itself, for salience, and once for each theme that it concerns.
    """
    rows = []
    for c in data.load_responses(args.responses, "train"):
        told_apart = not c.file.startswith("responses-")  # see GUIDE.md, `reported`
        for r in c.responses:
            for s in r.sentences:
                rows.append((s.text, "", -1, -1, int(s.salient), 1.0))
                for theme, label in s.labels.items():
                    unknown = not told_apart and data.STANCES[label] == "none"
                    rows.append((s.text, c.names[theme], label, -1 if unknown else int(theme in s.reported), -1, 1.0))
    if args.superlim:
        for text, _, label, topic in data.load_superlim(args.superlim)[0]:
            rows.append((text, data.SUPERLIM_THEMES[topic][0], label, -1, -1, args.superlim_weight))
    if args.rationales:
        every = data.load_rationales(args.rationales)
        for text, theme, label, _ in random.Random(0).sample(every, min(args.rationale_rows, len(every))):
            rows.append((text, theme.split(".")[0], label, -1, -1, args.rationale_weight))
    return rows


def fit(x, y, weight, strength):
    return LogisticRegression(C=strength, max_iter=400, class_weight="balanced").fit(x, y, sample_weight=weight)


def train(rows, args):
    """Features, weights [features, 6] and bias [6]."""
    groups = [(own(s), crossed(s, t) if t else set()) for s, t, *_ in rows]
    features = Features(groups, args.fewest)
    x = features(groups)
    columns, bias = [], []
    stance, reported, salient, weight = (np.array([r[i] for r in rows]) for i in (2, 3, 4, 5))
    on = stance >= 0
    model = fit(x[on], stance[on], weight[on], args.strength)
    columns.extend(model.coef_)
    bias.extend(model.intercept_)
    for target in (reported, salient):
        on = target >= 0
        model = fit(x[on], target[on], weight[on], args.strength)
        columns.append(model.coef_[0])
        bias.append(model.intercept_[0])
    return features, np.array(columns).T, np.array(bias, dtype=np.float32)


def quantised(weights):
    scale = np.abs(weights).max(0) / 127
    return np.round(weights / scale).astype(np.int8), scale.astype(np.float32)


def scores(features, weights, bias, pairs):
    """What the weights say of (sentence, theme) pairs."""
    return features([(own(s), crossed(s, t) if t else set()) for s, t in pairs]) @ weights + bias


def add_arguments(parser):
    parser.add_argument("--responses", type=Path, required=True)
    parser.add_argument("--superlim", type=Path)
    parser.add_argument("--rationales", type=Path)
    parser.add_argument("--fewest", type=int, default=3, help="rows that an n-gram must occur in")
    parser.add_argument("--strength", type=float, default=10.0, help="C of the logistic regression")
    parser.add_argument("--superlim-weight", type=float, default=1.0)
    parser.add_argument("--rationale-rows", type=int, default=6000)
    parser.add_argument("--rationale-weight", type=float, default=0.2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder of the embedded model")
    args = parser.parse_args()
    rows = training_rows(args)
    features, weights, bias = train(rows, args)
    # What is below half a step is nothing: such n-grams need not be stored.
    q, scale = quantised(weights)
    kept = np.abs(q).max(1) > 0
    features.keys, q = features.keys[kept], q[kept]
    features.places = {int(f): i for i, f in enumerate(features.keys)}
    print(f"{len(rows)} rows, {len(features.keys)} n-grams")
    save_file({"keys": features.keys, "weights": q, "scale": scale, "bias": bias}, args.out / "ngrams.safetensors")

    stored = q.astype(np.float32) * scale
    shown = [(s, t) for s, t, *_ in rows[:: max(1, len(rows) // 20)]]
    shown.append(("Vi avstyrker fo\u0308rslaget om pa\u030a-\u00adgående arbete § 3.", "Arbete m.m."))
    given = scores(features, stored, bias, shown)
    reference = [{"sentence": s, "theme": t, "scores": [round(float(v), 5) for v in g]} for (s, t), g in zip(shown, given)]
    (args.out / "ngrams_reference.json").write_text(json.dumps(reference, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
