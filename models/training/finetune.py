"""Teaches the encoder two questions: salience and stance.

    python finetune.py --pretrained checkpoints/pretrained.pt --tokenizer tokenizer.json \
        --responses data --superlim superlim/ --rationales rationales.jsonl.xz --out checkpoints/judge.pt

One step mixes all sources, each in a fixed number, so that no single style can
give the label away. All questions are trained at once on the same vectors.
With --inner, the calibration part is measured during training: settings are chosen
by that, never by the development set.
"""

import argparse
import json
import math
import random
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

import data
from corpora import clean
from model import Config, Judge, pad

LIMIT = 128
MASK = 4


class Source:
    """An endless, shuffled supply of rows."""

    def __init__(self, rows, draw):
        self.rows, self.draw, self.left = rows, draw, []

    def take(self, count):
        taken = []
        while len(taken) < count and self.rows:
            if not self.left:
                self.left = self.draw.sample(self.rows, len(self.rows))
            taken.append(self.left.pop())
        return taken


class Balanced:
    """The same number of rows of every class."""

    def __init__(self, rows, draw, label):
        classes = sorted({label(r) for r in rows})
        self.sources = [Source([r for r in rows if label(r) == c], draw) for c in classes]
        self.draw = draw

    def take(self, count):
        return [row for _ in range(count) for row in self.draw.choice(self.sources).take(1)]


class Batch:
    """Texts to encode once, and what is known of them."""

    def __init__(self):
        self.sentences, self.themes, self.index = [], [], {}
        self.salience = []  # (sentence, target)
        self.stance = []  # (sentence, theme or None, label, weight)

    def sentence(self, text, cue=None):
        self.sentences.append((text, cue))
        return len(self.sentences) - 1

    def theme(self, text):
        if text not in self.index:
            self.index[text] = len(self.themes)
            self.themes.append(text)
        return self.index[text]


class Mixture:
    def __init__(self, args, consultations, draw):
        self.args, self.draw, self.consultations = args, draw, consultations
        # On average as many written consultations as excerpts of real texts, which are many more.
        self.order = Balanced(consultations, draw, lambda c: c.file.startswith("real-"))
        self.superlim = self.rationales = self.cues = None
        if args.superlim:
            train, _ = data.load_superlim(args.superlim)
            self.superlim = Source(train, draw)
        if args.rationales:
            self.rationales = Balanced(data.load_rationales(args.rationales), draw, lambda r: r[2])
        if args.cues:
            self.cues = Balanced(data.load_cues(args.cues), draw, lambda r: r[2])

    def batch(self):
        b, args, draw = Batch(), self.args, self.draw
        for consultation in self.order.take(args.consultations):
            pool = [s for r in consultation.responses for s in r.sentences]
            own = {name: b.theme(text) for name, text in consultation.themes.items()}
            for s in draw.sample(pool, min(args.per_consultation, len(pool))):
                i = b.sentence(s.text)
                b.salience.append((i, float(s.salient)))
                b.stance.extend((i, own[name], label, 1.0) for name, label in s.labels.items())
        if self.superlim:
            for text, theme, label, _ in self.superlim.take(args.superlim_rows):
                b.stance.append((b.sentence(text), b.theme(theme), label, args.other_weight))
        if self.rationales:
            rows = self.rationales.take(args.rationale_rows)
            places = [(b.sentence(text), b.theme(theme)) for text, theme, _, _ in rows]
            b.stance.extend((i, t, label, args.other_weight) for (i, t), (_, _, label, _) in zip(places, rows))
        if self.cues:
            for text, cue, label in self.cues.take(args.cue_rows):
                # Half of the time the cue is hidden, so that the rest of the sentence is read.
                b.stance.append((b.sentence(text, cue if draw.random() < 0.5 else None), None, label, args.other_weight))
        return b


def encode_texts(tokenizer, texts):
    """Token ids; the cue of a sentence, if any, becomes [MASK]."""
    encodings = []
    for text, cue in texts:
        text = clean(text)
        encoding = tokenizer.encode(text)
        ids = list(encoding.ids)
        if cue:
            begin = text.find(cue)
            for place, (a, z) in enumerate(encoding.offsets):
                if a < begin + len(cue) and z > begin and z > a:
                    ids[place] = MASK
        encodings.append(ids)
    return encodings


def losses(judge, tokenizer, batch, args, draw):
    # Sentences and themes in one pass; themes and sentences are of like length.
    rows = encode_texts(tokenizer, batch.sentences + [(t, None) for t in batch.themes])
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    vectors = [None] * len(rows)
    third = math.ceil(len(order) / args.parts)
    for part in (order[i : i + third] for i in range(0, len(order), third)):  # little padding
        ids, mask = pad([rows[i] for i in part], LIMIT)
        if args.token_dropout:
            hide = (torch.rand(ids.shape) < args.token_dropout) & (ids > MASK)
            ids = ids.masked_fill(hide, MASK)
        for i, vector in zip(part, judge.encode(ids, mask, torch.bfloat16)):
            vectors[i] = vector
    vectors = F.dropout(torch.stack(vectors), args.dropout)
    h, t = vectors[: len(batch.sentences)], vectors[len(batch.sentences) :]

    places, targets = zip(*batch.salience)
    salience = F.binary_cross_entropy_with_logits(judge.salience(h[list(places)]), torch.tensor(targets))

    a, b, labels, weights = zip(*batch.stance)
    keep = torch.tensor([0.0 if x is None or draw.random() < args.theme_dropout else 1.0 for x in b])
    theme = t[[0 if x is None else x for x in b]] * keep[:, None]
    weights = torch.tensor(weights)
    each = F.cross_entropy(judge.stance(h[list(a)], theme), torch.tensor(labels), reduction="none", label_smoothing=args.smoothing)
    stance = (each * weights).sum() / weights.sum()
    return salience, stance


def train(judge, tokenizer, mixture, args, measure=None):
    draw = random.Random(args.seed)
    groups = {"embeddings": [], "encoder": [], "heads": []}
    for name, weight in judge.named_parameters():
        groups["embeddings" if "tok_embeddings" in name else "heads" if name.startswith("heads") else "encoder"].append(weight)
    rates = {"embeddings": args.rate * args.embedding_rate, "encoder": args.rate, "heads": args.head_rate}
    optimiser = torch.optim.AdamW(
        [{"params": p, "lr": rates[n], "base": rates[n]} for n, p in groups.items()], betas=(0.9, 0.98), weight_decay=args.decay
    )
    began, running = time.time(), None
    judge.train()
    for step in range(args.steps):
        factor = min(1.0, (step + 1) / 50, (args.steps - step) / (0.6 * args.steps))
        for group in optimiser.param_groups:
            group["lr"] = group["base"] * factor
        with torch.autocast("cpu", torch.bfloat16):
            parts = losses(judge, tokenizer, mixture.batch(), args, draw)
        (args.salience_weight * parts[0] + parts[1]).backward()
        torch.nn.utils.clip_grad_norm_(judge.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        values = np.array([float(p.detach()) for p in parts])
        running = values if running is None else 0.95 * running + 0.05 * values
        if (step + 1) % 20 == 0:
            line = dict(step=step + 1, minutes=round((time.time() - began) / 60, 2), losses=[round(v, 4) for v in running.tolist()])
            if measure and ((step + 1) % args.measure_every == 0 or step + 1 == args.steps):
                judge.eval()
                line.update(measure(judge))
                judge.train()
            print(json.dumps(line), flush=True)
    judge.eval()


@torch.no_grad()
def figures(judge, tokenizer, consultations):
    """Stance macro-F1 and salience AUC, for a look during training; `remiss eval` measures."""
    from sklearn.metrics import f1_score, roc_auc_score

    def vectors(texts):
        known = {}
        distinct = sorted(set(texts), key=len)
        for i in range(0, len(distinct), 32):
            part = distinct[i : i + 32]
            ids, mask = pad([tokenizer.encode(clean(t)).ids for t in part], LIMIT)
            known.update(zip(part, judge.encode(ids, mask)))
        return torch.stack([known[t] for t in texts])

    _, texts, themes, labels = zip(*data.pairs(consultations))
    given = judge.stance(vectors(texts), vectors(themes)).argmax(-1).numpy()
    sentences = [s for c in consultations for r in c.responses for s in r.sentences]
    salience = judge.salience(vectors([s.text for s in sentences])).numpy()
    return {"macro_f1": round(f1_score(labels, given, average="macro", labels=range(4), zero_division=0), 3),
            "salience_auc": round(roc_auc_score([s.salient for s in sentences], salience), 3)}


def add_arguments(parser):
    parser.add_argument("--pretrained", type=Path, help="the checkpoint of pretrain.py; without it, from random weights")
    parser.add_argument("--start", type=Path, help="a result of this script to go on from, instead of --pretrained")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--responses", type=Path, required=True, help="folder of labelled responses")
    parser.add_argument("--superlim", type=Path, help="folder of train.jsonl and dev.jsonl")
    parser.add_argument("--rationales", type=Path)
    parser.add_argument("--cues", type=Path, nargs="*", help="corpora searched for explicit stance verbs")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--inner", action="store_true", help="measure on the calibration part now and then")
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--measure-every", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--embedding-rate", type=float, default=0.3, help="as a share of --rate")
    parser.add_argument("--head-rate", type=float, default=1e-3)
    parser.add_argument("--decay", type=float, default=0.01)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--token-dropout", type=float, default=0.05)
    parser.add_argument("--theme-dropout", type=float, default=0.3)
    parser.add_argument("--smoothing", type=float, default=0.05)
    parser.add_argument("--consultations", type=int, default=3, help="consultations in a step")
    parser.add_argument("--per-consultation", type=int, default=14)
    parser.add_argument("--superlim-rows", type=int, default=12)
    parser.add_argument("--rationale-rows", type=int, default=16)
    parser.add_argument("--cue-rows", type=int, default=10)
    parser.add_argument("--other-weight", type=float, default=0.5, help="weight of a stance from another source than our responses")
    parser.add_argument("--salience-weight", type=float, default=0.5)
    parser.add_argument("--parts", type=int, default=3, help="forward passes a step, by length")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    args = parser.parse_args()
    print(json.dumps({k: str(v) if isinstance(v, Path) else [str(x) for x in v] if isinstance(v, list) else v for k, v in vars(args).items()}), flush=True)

    torch.manual_seed(args.seed)
    draw = random.Random(args.seed)
    tokenizer = Tokenizer.from_file(str(args.tokenizer))
    judge = Judge(Config(vocab_size=tokenizer.get_vocab_size()))
    if args.pretrained:
        saved = torch.load(args.pretrained, weights_only=True)["network"]
        judge.model.load_state_dict({k[6:]: v for k, v in saved.items() if k.startswith("model.")})
    if args.start:
        judge.load_state_dict(torch.load(args.start, weights_only=True)["judge"], strict=False)

    consultations = data.load_responses(args.responses, "train")
    held = data.load_responses(args.responses, "calibration") if args.inner else []
    measure = (lambda j: figures(j, tokenizer, held)) if held else None
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
    train(judge, tokenizer, Mixture(args, consultations, draw), args, measure)
    if args.out:
        torch.save({"judge": judge.state_dict()}, args.out)


if __name__ == "__main__":
    main()
