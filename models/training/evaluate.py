"""Measures an exported model, and a linear n-gram baseline, on what was never trained on.

    python evaluate.py --model ../embedded --responses data --superlim superlim/

Every figure comes with a 95 % bootstrap interval. On our responses whole
responses are drawn, because the sentences of one response are not independent;
on SuperLim sentences are drawn.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score
from sklearn.pipeline import make_pipeline, make_union

import corpora
import data
from model import pad

DRAWS = 1000


# ---------------------------------------------------------------- measures


def alpha(gold, guess):
    """Krippendorff's alpha, nominal, two coders, no missing values."""
    gold, guess = np.asarray(gold), np.asarray(guess)
    classes = np.union1d(gold, guess)
    counts = np.array([(gold == c).sum() + (guess == c).sum() for c in classes], dtype=float)
    n = counts.sum()
    expected = 1 - (counts * (counts - 1)).sum() / (n * (n - 1))
    return 1 - (gold != guess).mean() / expected if expected else 1.0


def macro_f1(gold, guess):
    return f1_score(gold, guess, labels=range(4), average="macro", zero_division=0)


def interval(measure, gold, guess, clusters, seed=0):
    """(value, low, high), drawing whole clusters with replacement."""
    gold, guess, clusters = np.asarray(gold), np.asarray(guess), np.asarray(clusters)
    members = [np.flatnonzero(clusters == c) for c in np.unique(clusters)]
    draw = np.random.default_rng(seed)
    values = []
    for _ in range(DRAWS):
        rows = np.concatenate([members[i] for i in draw.integers(len(members), size=len(members))])
        try:
            values.append(measure(gold[rows], guess[rows]))
        except ValueError:  # a draw of one class only
            continue
    return [round(float(v), 3) for v in (measure(gold, guess), *np.nanpercentile(values, [2.5, 97.5]))]


# ---------------------------------------------------------------- what is asked


def relevance_pairs(consultations):
    """Every sentence with every theme of its consultation: (response, sentence, theme, relevant)."""
    return [
        (r.id, s.text, text, name in s.labels)
        for c in consultations
        for r in c.responses
        for s in r.sentences
        for name, text in c.themes.items()
    ]


def salience_rows(consultations):
    return [(r.id, s.text, s.salient) for c in consultations for r in c.responses for s in r.sentences]


# ---------------------------------------------------------------- the encoder


class Encoder:
    """Answers for lists of texts, each distinct text read once."""

    def __init__(self, judge, tokenizer, limit=128):
        self.judge, self.tokenizer, self.limit, self.known = judge, tokenizer, limit, {}

    @torch.no_grad()
    def vectors(self, texts):
        new = sorted({t for t in texts if t not in self.known}, key=len)
        for i in range(0, len(new), 32):
            part = new[i : i + 32]
            ids, mask = pad([self.tokenizer.encode(corpora.clean(t)).ids for t in part], self.limit)
            self.known.update(zip(part, self.judge.encode(ids, mask)))
        return torch.stack([self.known[t] for t in texts])

    @torch.no_grad()
    def stance(self, texts, themes):
        return self.judge.stance(self.vectors(texts), self.vectors(themes)).softmax(-1).numpy()

    @torch.no_grad()
    def relevance(self, texts, themes):
        head = self.judge.heads["relevance"]
        p = torch.nn.functional.normalize(head.sentence(self.vectors(texts)), dim=-1)
        q = torch.nn.functional.normalize(head.theme(self.vectors(themes)), dim=-1)
        return (head.scale * (p * q).sum(-1) + head.bias).numpy()

    @torch.no_grad()
    def salience(self, texts):
        return self.judge.salience(self.vectors(texts)).numpy()


# ---------------------------------------------------------------- the baseline


def ngrams():
    return make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True),
    )


def classifier():
    return make_pipeline(ngrams(), LogisticRegression(C=5, max_iter=300, class_weight="balanced"))


class Linear:
    """Logistic regression on word and character n-grams; relevance is a cosine of TF-IDF."""

    def __init__(self, consultations, superlim):
        own = data.pairs(consultations)
        rows = salience_rows(consultations)
        self.own = classifier().fit([p[1] for p in own], [p[3] for p in own])
        self.salient = classifier().fit([r[1] for r in rows], [r[2] for r in rows])
        self.argument = classifier().fit([self.crossed(s, t) for s, t, _, _ in superlim], [l for _, _, l, _ in superlim])
        texts = [r[1] for r in rows] + [t for c in consultations for t in c.themes.values()]
        self.tfidf = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True).fit(texts)

    @staticmethod
    def crossed(sentence, theme):
        """Every word also as a word about this topic, as SuperLim's topics are few."""
        topic = theme.split(".")[0].replace(" ", "")
        return sentence + " " + " ".join(f"{topic}_{w}" for w in sentence.split())

    def stance(self, texts, themes):
        return self.own.predict_proba(texts)

    def superlim(self, texts, themes):
        return self.argument.predict([self.crossed(s, t) for s, t in zip(texts, themes)])

    def relevance(self, texts, themes):
        a, b = self.tfidf.transform(texts), self.tfidf.transform(themes)
        return np.asarray(a.multiply(b).sum(1)).ravel()

    def salience(self, texts):
        return self.salient.predict_proba(texts)[:, 1]


# ---------------------------------------------------------------- tables


def our_figures(system, consultations, interval=interval):
    stance = data.pairs(consultations)
    relevance = relevance_pairs(consultations)
    salience = salience_rows(consultations)
    ids, texts, themes, labels = zip(*stance)
    guesses = system.stance(texts, themes).argmax(-1)
    figures = {
        "stance_macro_f1": interval(macro_f1, labels, guesses, ids),
        "stance_accuracy": interval(lambda a, b: (a == b).mean(), labels, guesses, ids),
        "stance_alpha": interval(alpha, labels, guesses, ids),
    }
    for index, name in enumerate(data.STANCES):
        gold, guess = np.array(labels) == index, guesses == index
        figures[f"f1_{name}"] = round(float(f1_score(gold, guess, zero_division=0)), 3)
    ids, texts, themes, labels = zip(*relevance)
    scores = system.relevance(texts, themes)
    figures["relevance_ap"] = interval(average_precision_score, labels, scores, ids)
    figures["relevance_auc"] = interval(roc_auc_score, labels, scores, ids)
    ids, texts, labels = zip(*salience)
    scores = system.salience(texts)
    figures["salience_auc"] = interval(roc_auc_score, labels, scores, ids)
    figures["salience_ap"] = interval(average_precision_score, labels, scores, ids)
    return figures


def brief(judge, tokenizer, consultations):
    """Figures without intervals, for a look during training."""
    plain = lambda measure, gold, guess, clusters: round(float(measure(np.asarray(gold), np.asarray(guess))), 3)
    return our_figures(Encoder(judge, tokenizer), consultations, plain)


def superlim_guesses(probabilities):
    """`conditional` is no class of SuperLim: the best of the other three."""
    probabilities = probabilities.copy()
    probabilities[:, 2] = -1
    return probabilities.argmax(-1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder written by export.py")
    parser.add_argument("--responses", type=Path, required=True)
    parser.add_argument("--superlim", type=Path)
    parser.add_argument("--part", default="development", choices=["calibration", "development"])
    parser.add_argument("--no-baseline", action="store_true")
    args = parser.parse_args()

    from export import load_exported

    consultations = data.load_responses(args.responses, args.part)
    counts = {
        "consultations": len(consultations),
        "responses": sum(len(c.responses) for c in consultations),
        "sentences": len(salience_rows(consultations)),
        "labelled_pairs": len(data.pairs(consultations)),
        "all_pairs": len(relevance_pairs(consultations)),
    }
    print(json.dumps(counts))
    train, dev = data.load_superlim(args.superlim) if args.superlim else ([], [])
    systems = {"encoder": Encoder(*load_exported(args.model))}
    if not args.no_baseline:
        systems["linear"] = Linear(data.load_responses(args.responses, "train"), train)
    for name, system in systems.items():
        figures = our_figures(system, consultations)
        if dev:
            texts, themes, labels, _ = zip(*dev)
            guesses = system.superlim(texts, themes) if name == "linear" else superlim_guesses(system.stance(texts, themes))
            figures["superlim_alpha"] = interval(alpha, labels, guesses, np.arange(len(dev)))
            figures["superlim_sentences"] = len(dev)
        for key, value in figures.items():
            print(f"{name:8} {key:20} {value}")


if __name__ == "__main__":
    main()
