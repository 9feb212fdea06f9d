"""Starts the encoder from word vectors: what stands near what, in the whole corpus.

    python embed.py --tokens checkpoints/tokens.npz --tokenizer tokenizer.json --out checkpoints/vectors.pt

Counts which tokens stand within four places of each other, weighs the counts by
positive pointwise mutual information, and keeps the largest singular vectors
(Levy and Goldberg 2014; Levy, Goldberg and Dagan 2015: context distribution
smoothing 0.75, singular values to the power one half). Minutes of work where
masked-language modelling takes hours to reach embeddings as good. The layers
above keep their random start. The result is a checkpoint like pretrain.py's.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from scipy import sparse
from sklearn.utils.extmath import randomized_svd
from tokenizers import Tokenizer

from model import Config, MaskedLanguageModel
from tokenizer import SPECIALS

WINDOW = 4
SMOOTHING = 0.75
SCALE = 0.2  # standard deviation of the result; a norm follows, so only learning rates care


def cooccurrence(stream, size):
    """Counts of tokens within WINDOW places, nearer ones counted more, both directions."""
    counts = sparse.csr_matrix((size, size), dtype=np.float32)
    for distance in range(1, WINDOW + 1):
        left, right = stream[:-distance], stream[distance:]
        ones = np.full(len(left), 1.0 / distance, dtype=np.float32)
        counts = counts + sparse.coo_matrix((ones, (left, right)), shape=(size, size)).tocsr()
    return (counts + counts.T).tocsr()


def positive_information(counts):
    rows = np.asarray(counts.sum(1)).ravel()
    contexts = rows**SMOOTHING
    contexts /= contexts.sum()
    table = counts.tocoo()
    value = np.log(table.data / (rows[table.row] * contexts[table.col]))
    keep = value > 0
    return sparse.csr_matrix((value[keep].astype(np.float32), (table.row[keep], table.col[keep])), shape=counts.shape)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=Path, required=True, help="the encoded text that pretrain.py --encode-only writes")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    tokenizer = Tokenizer.from_file(str(args.tokenizer))
    size = tokenizer.get_vocab_size()
    config = Config(vocab_size=size)
    stream = np.load(args.tokens)["train"].astype(np.int32)
    information = positive_information(cooccurrence(stream, size))
    print(f"{information.nnz} pairs", flush=True)
    u, s, _ = randomized_svd(information, config.hidden_size, n_iter=3, random_state=args.seed)
    vectors = torch.tensor(u * np.sqrt(s), dtype=torch.float32)
    vectors *= SCALE / vectors.std()

    network = MaskedLanguageModel(config)
    weight = network.model.embeddings.tok_embeddings.weight.data
    known = vectors.abs().sum(1) > 0
    known[: len(SPECIALS)] = False
    weight.mul_(SCALE / weight.std())
    weight[known] = vectors[known]
    torch.save({"network": network.state_dict()}, args.out)

    unit = torch.nn.functional.normalize(weight, dim=-1)
    for word in ("Ġtillstyrker", "Ġkommunen", "Ġdata", "Ġforskning", "Ġinte"):
        if (index := tokenizer.token_to_id(word)) is not None:
            near = (unit @ unit[index]).topk(6).indices.tolist()
            print(word, [tokenizer.decode([i]) for i in near], flush=True)


if __name__ == "__main__":
    main()
