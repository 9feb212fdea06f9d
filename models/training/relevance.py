"""Teaches word vectors which sentences concern which theme.

    python relevance.py --vectors checkpoints/vectors.pt --tokenizer ../embedded/tokenizer.json \
        --responses data --rationales rationales.jsonl.xz --pages regeringen.txt.xz interpellations.txt.xz \
        --out checkpoints/relevance.pt

Every text is a bag of tokens; a title must find a sentence of its own document among those
of others (InfoNCE, in both directions), and a theme the sentences that concern it among those of
the same consultation. Minutes on one core. The AUC of the calibration part is printed on the way; without --out
nothing is kept.
"""

import argparse
import json
import random
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer

import data
from corpora import clean
from model import Relevance

SPECIALS = 5


def bags(tokenizer, texts):
    """Token ids without the special ones; a text without any becomes [UNK]."""
    return [e.ids or [1] for e in tokenizer.encode_batch([clean(t) for t in texts], add_special_tokens=False)]


def contrast(network, sentences, themes):
    """InfoNCE of pairs: row i belongs to column i and to no other."""
    logits = network(network.read(sentences), network.read(themes))
    target = torch.arange(len(logits))
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def consultation_rows(tokenizer, consultations):
    rows = []
    for c in consultations:
        names = list(c.themes)
        texts = [s for r in c.responses for s in r.sentences]
        concerns = [[float(n in s.labels or n in s.disputed) for n in names] for s in texts]
        rows.append((bags(tokenizer, [s.text for s in texts]), bags(tokenizer, [c.themes[n] for n in names]), torch.tensor(concerns)))
    return rows


@torch.no_grad()
def auc(network, rows):
    """Within a consultation: does a sentence score higher with its own themes?"""
    values = []
    for sentences, themes, concerns in rows:
        logits = network(network.read(sentences), network.read(themes))
        values.append((concerns.flatten().numpy(), logits.flatten().numpy()))
    gold, given = (np.concatenate(v) for v in zip(*values))
    return roc_auc_score(gold, given)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=Path, required=True, help="the result of embed.py")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--responses", type=Path, required=True)
    parser.add_argument("--rationales", type=Path)
    parser.add_argument("--pages", type=Path, nargs="*", default=[])
    parser.add_argument("--page-limit", type=int, default=8000)
    parser.add_argument("--rationale-limit", type=int, default=8000)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--own-weight", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    draw = random.Random(args.seed)
    tokenizer = Tokenizer.from_file(str(args.tokenizer))
    start = torch.load(args.vectors, weights_only=True)["network"]["model.embeddings.tok_embeddings.weight"]
    network = Relevance(tokenizer.get_vocab_size(), args.width)
    network.vectors.weight.data = F.normalize(start[:, : args.width], dim=-1).clone()
    network.vectors.weight.data[:SPECIALS] = 0

    pairs = [(sentence, title) for path in args.pages for title, sentence in data.load_pages([path], args.page_limit)]
    if args.rationales:
        rationales = [(s, t) for s, t, _, _ in data.load_rationales(args.rationales)]
        pairs += draw.sample(rationales, min(args.rationale_limit, len(rationales)))
    draw.shuffle(pairs)
    left, right = bags(tokenizer, [s for s, _ in pairs]), bags(tokenizer, [t for _, t in pairs])
    train = consultation_rows(tokenizer, data.load_responses(args.responses, "train"))
    held = consultation_rows(tokenizer, data.load_responses(args.responses, "calibration"))
    print(f"{len(pairs)} pairs, {sum(len(r[0]) for r in train)} own sentences; calibration AUC before {auc(network, held):.3f}", flush=True)

    optimiser = torch.optim.Adam(network.parameters(), lr=args.rate)
    began = time.time()
    for step in range(args.steps):
        for group in optimiser.param_groups:
            group["lr"] = args.rate * min(1, (args.steps - step) / (0.7 * args.steps))
        chosen = [draw.randrange(len(pairs)) for _ in range(args.batch)]
        loss = contrast(network, [left[i] for i in chosen], [right[i] for i in chosen])
        own = 0.0
        for sentences, themes, concerns in draw.sample(train, 2):
            places = draw.sample(range(len(sentences)), min(48, len(sentences)))
            logits = network(network.read([sentences[i] for i in places]), network.read(themes))
            own = own + F.binary_cross_entropy_with_logits(logits, concerns[places]) / 2
        (loss + args.own_weight * own).backward()
        optimiser.step()
        optimiser.zero_grad()
        if (step + 1) % 100 == 0:
            print(json.dumps({"step": step + 1, "minutes": round((time.time() - began) / 60, 2), "contrast": round(loss.item(), 3),
                              "own": round(own.item(), 3), "calibration_auc": round(auc(network, held), 3)}), flush=True)
    if args.out:
        torch.save({"relevance": network.state_dict()}, args.out)


if __name__ == "__main__":
    main()
