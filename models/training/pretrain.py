"""Pre-trains the encoder by masked-language modelling, on CPU.

    python pretrain.py --tokenizer tokenizer.json --text a.txt.xz b.txt.xz \
        --statutes sfs.txt.xz --checkpoints checkpoints --minutes 50

The learning rate warms up, stays, and decays to zero. The time at which the
decay starts follows from --minutes, or is given by --decay-at; the log says
where it started, so that a run can be repeated step for step with --decay-at
and --decay-steps. A batch depends only on the seed and the step: --resume
continues exactly where a checkpoint stands.
"""

import argparse
import itertools
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

import corpora
from model import Config, MaskedLanguageModel
from tokenizer import CLS, MASK, SEP, SPECIALS

ROWS, LENGTH = 64, 128
MASKED = 2400  # places predicted in a step, a fixed number so that the graph compiles once
MASK_RATE = 0.30
VALIDATION_EVERY = 50  # one document in this many is never trained on


# ---------------------------------------------------------------- text


def encode(tokenizer, documents, cache, every):
    """Two streams of token ids, training and validation, [SEP] after each line.

    One document in `every` is read, so that a short run need not encode what it never reaches.
    """
    if cache.exists():
        saved = np.load(cache)
        return saved["train"], saved["valid"]
    streams = ([], [])
    lines, owners = [], []

    def flush():
        for owner, encoding in zip(owners, tokenizer.encode_batch_fast(lines, add_special_tokens=False)):
            streams[owner].append(np.array(encoding.ids + [SEP], dtype=np.uint16))
        lines.clear()
        owners.clear()

    for index, document in enumerate(itertools.islice(documents, 0, None, every)):
        lines.extend(document)
        owners.extend([int(index % VALIDATION_EVERY == 0)] * len(document))
        if len(lines) > 20000:
            flush()
    flush()
    train, valid = (np.concatenate(stream) for stream in streams)
    np.savez(cache, train=train, valid=valid)
    return train, valid


class Batches:
    """Rows of [CLS] and 127 consecutive tokens, shuffled anew at every pass."""

    def __init__(self, stream, starts, seed):
        self.stream, self.starts, self.seed = stream, starts, seed
        self.per_pass = (len(stream) - LENGTH) // (LENGTH - 1) // ROWS

    def at(self, step):
        number, place = divmod(step, self.per_pass)
        draw = np.random.default_rng([self.seed, number])
        shift = draw.integers(LENGTH - 1)  # rows begin elsewhere in every pass
        order = draw.permutation(self.per_pass * ROWS)[place * ROWS : (place + 1) * ROWS]
        ids = np.full((ROWS, LENGTH), CLS, dtype=np.int64)
        for row, chunk in enumerate(order):
            begin = shift + chunk * (LENGTH - 1)
            ids[row, 1:] = self.stream[begin : begin + LENGTH - 1]
        return mask_words(ids, self.starts, np.random.default_rng([self.seed, step, 1]))


def word_starts(tokenizer):
    """For every vocabulary entry: does a word begin with it?

    A continuation is an entry of letters without the leading space.
    """
    starts = np.ones(tokenizer.get_vocab_size(), dtype=bool)
    for token, index in tokenizer.get_vocab().items():
        if token not in SPECIALS and not token.startswith("Ġ"):
            text = tokenizer.decoder.decode([token])
            starts[index] = not (text.isalpha() or "\ufffd" in text)
    return starts


def mask_words(ids, starts, draw):
    """Hides whole words: exactly MASKED places, 80 % as [MASK], 10 % as a random token."""
    flat = ids.reshape(-1)
    begins = starts[flat].reshape(ids.shape)
    begins[:, :2] = True
    words = begins.reshape(-1).cumsum() - 1
    chosen = (draw.random(words[-1] + 1) < MASK_RATE)[words] & (flat > MASK)
    places = np.flatnonzero(chosen)
    if len(places) > MASKED:
        places = draw.permutation(places)[:MASKED]
    elif len(places) < MASKED:
        rest = np.flatnonzero(~chosen & (flat > MASK))
        places = np.concatenate([places, draw.permutation(rest)[: MASKED - len(places)]])
    places.sort()
    hidden = flat.copy()
    fate = draw.random(len(places))
    hidden[places[fate < 0.8]] = MASK
    swapped = places[fate > 0.9]
    hidden[swapped] = draw.integers(len(SPECIALS), len(starts), len(swapped))
    return torch.from_numpy(hidden.reshape(ids.shape)), torch.from_numpy(places), torch.from_numpy(flat[places])


# ---------------------------------------------------------------- optimisation


def orthogonalise(matrices):
    """Newton–Schulz iteration towards the nearest orthogonal matrices, in a stack."""
    x = matrices.bfloat16()
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(5):
        a = x @ x.transpose(-1, -2)
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x


class Muon:
    """Momentum, orthogonalised: every direction of a matrix moves equally far.

    The fused matrices are taken apart (q, k, v; value, gate), and all of one
    shape are orthogonalised in one stack.
    """

    def __init__(self, weights, hidden, momentum=0.95):
        self.hidden, self.momentum = hidden, momentum
        self.weights = list(weights)
        self.buffers = [torch.zeros_like(w) for w in self.weights]

    def pieces(self, tensor):
        """Views of the matrices inside a fused one, short side first."""
        for piece in tensor.split(self.hidden) if tensor.shape[0] == 3 * self.hidden else (
            tensor.chunk(2) if tensor.shape[0] > 3 * self.hidden else (tensor,)
        ):
            yield piece if piece.shape[0] <= piece.shape[1] else piece.T

    @torch.no_grad()
    def step(self, rate):
        stacks = {}
        for weight, buffer in zip(self.weights, self.buffers):
            buffer.lerp_(weight.grad, 1 - self.momentum)
            update = weight.grad.lerp(buffer, self.momentum)
            for target, piece in zip(self.pieces(weight.data), self.pieces(update)):
                stacks.setdefault(tuple(piece.shape), []).append((target, piece))
        for shape, pairs in stacks.items():
            moved = orthogonalise(torch.stack([piece for _, piece in pairs])).float()
            scale = max(1.0, shape[1] / shape[0]) ** 0.5
            for (target, _), direction in zip(pairs, moved):
                target.add_(direction, alpha=-rate * scale)

    def state(self):
        return self.buffers

    def load(self, buffers):
        for mine, theirs in zip(self.buffers, buffers):
            mine.copy_(theirs)


# ---------------------------------------------------------------- training


def validation_loss(network, batches, count=6):
    """Never compiled: a graph without gradients would be compiled a second time."""
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        return sum(float(network(*batches.at(i))) for i in range(count)) / count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    corpora.add_arguments(parser)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--checkpoints", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="one document in this many is read")
    parser.add_argument("--encode-only", action="store_true", help="stop when the text is encoded")
    parser.add_argument("--minutes", type=float, default=50, help="wall-clock time of the whole run")
    parser.add_argument("--decay-share", type=float, default=0.25, help="part of the steps during which the rate falls")
    parser.add_argument("--decay-at", type=int, help="step at which the decay starts, instead of --minutes")
    parser.add_argument("--decay-steps", type=int, help="length of the decay")
    parser.add_argument("--start", type=Path, help="weights to begin with, such as the word vectors of embed.py")
    parser.add_argument("--resume", type=Path, help="a checkpoint of an interrupted run to continue from")
    parser.add_argument("--muon", type=float, default=0.02)
    parser.add_argument("--adam", type=float, default=3e-3)
    parser.add_argument("--warmup", type=int, default=100)
    parser.add_argument("--save-every", type=float, default=4, help="minutes between checkpoints")
    parser.add_argument("--compile", action="store_true", help="compile the step: minutes at the start, 1.7 times as fast afterwards")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    args.checkpoints.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(args.tokenizer))
    train, valid = encode(tokenizer, corpora.from_arguments(args), args.checkpoints / "tokens.npz", args.every)
    if args.encode_only:
        return
    starts = word_starts(tokenizer)
    batches, held = Batches(train, starts, args.seed), Batches(valid, starts, args.seed + 1)
    print(json.dumps({"train_tokens": len(train), "validation_tokens": len(valid), "steps_per_pass": batches.per_pass}), flush=True)

    network = MaskedLanguageModel(Config(vocab_size=tokenizer.get_vocab_size()))
    if args.start:
        network.load_state_dict(torch.load(args.start, weights_only=True)["network"])
    layers = [w for n, w in network.named_parameters() if ".layers." in n and w.dim() == 2]
    others = [w for n, w in network.named_parameters() if not (".layers." in n and w.dim() == 2)]
    muon = Muon(layers, network.model.config.hidden_size)
    adam = torch.optim.AdamW(others, lr=args.adam, betas=(0.9, 0.98), weight_decay=0.01, fused=True)

    step, spent, decay_at, decay_steps = 0, 0.0, args.decay_at, args.decay_steps
    if args.resume:
        saved = torch.load(args.resume, weights_only=True)
        network.load_state_dict(saved["network"])
        muon.load(saved["muon"])
        adam.load_state_dict(saved["adam"])
        step, spent = saved["step"], saved["seconds"]

    def step_loss(ids, places, targets):
        with torch.autocast("cpu", torch.bfloat16):
            return network(ids, places, targets)

    if args.compile:
        step_loss = torch.compile(step_loss)

    def save(name):
        torch.save(
            {"network": network.state_dict(), "muon": muon.state(), "adam": adam.state_dict(), "step": step, "seconds": spent + time.time() - began},
            args.checkpoints / name,
        )

    log = open(args.checkpoints / "pretrain.jsonl", "a", encoding="utf-8")

    def report(**fields):
        line = json.dumps(fields)
        print(line, flush=True)
        log.write(line + "\n")
        log.flush()

    began = time.time()
    last_save, running = began, None
    while True:
        elapsed = spent + time.time() - began
        if decay_at is None and elapsed > args.minutes * 60 * (1 - args.decay_share):
            decay_at = step
        if decay_at is not None and decay_steps is None:
            decay_steps = max(1, round(decay_at * args.decay_share / (1 - args.decay_share)))
            report(event="decay", at=decay_at, steps=decay_steps)
        if decay_at is not None and step >= decay_at + decay_steps:
            break
        factor = min(1.0, (step + 1) / args.warmup)
        if decay_at is not None and step >= decay_at:
            factor *= 1 - (step - decay_at) / decay_steps

        loss = step_loss(*batches.at(step))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(others, 1.0)
        for group in adam.param_groups:
            group["lr"] = args.adam * factor
        muon.step(args.muon * factor)
        adam.step()
        network.zero_grad(set_to_none=True)

        step += 1
        value = float(loss.detach())
        running = value if running is None else 0.98 * running + 0.02 * value
        if step % 20 == 0 or step <= 3:
            minutes = (spent + time.time() - began) / 60
            fields = dict(step=step, tokens=step * ROWS * LENGTH, minutes=round(minutes, 2), loss=round(running, 4), rate=round(factor, 3))
            if step % 200 == 0:
                fields["validation"] = round(validation_loss(network, held), 4)
            report(**fields)
        if math.isnan(value):
            raise SystemExit("the loss is not a number")
        if time.time() - last_save > args.save_every * 60 or step == 20:
            save("pretrained.pt")
            last_save = time.time()
    save("pretrained.pt")
    report(event="end", step=step, tokens=step * ROWS * LENGTH, minutes=round((spent + time.time() - began) / 60, 2), validation=round(validation_loss(network, held), 4))


if __name__ == "__main__":
    main()
