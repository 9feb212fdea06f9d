"""The encoder: ModernBERT, small, with a hand-written attention.

The parameters carry the names and shapes of `ModernBertModel` in Hugging Face
transformers and of `candle_transformers::models::modernbert`, so that either
loads what is trained here. Attention is written out because the backward pass
of PyTorch's fused attention is slow on a CPU, and compiles well like this.
"""

from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Config:
    vocab_size: int = 16384
    hidden_size: int = 192
    num_hidden_layers: int = 4
    num_attention_heads: int = 3
    intermediate_size: int = 512
    max_position_embeddings: int = 512
    layer_norm_eps: float = 1e-5
    pad_token_id: int = 0
    global_attn_every_n_layers: int = 1
    global_rope_theta: float = 10000.0
    local_attention: int = 128
    local_rope_theta: float = 10000.0

    def huggingface(self):
        """config.json, with what transformers reads besides."""
        return {
            "architectures": ["ModernBertModel"],
            "model_type": "modernbert",
            **asdict(self),
            "unk_token_id": 1,
            "bos_token_id": 2,
            "cls_token_id": 2,
            "eos_token_id": 3,
            "sep_token_id": 3,
            "mask_token_id": 4,
            "hidden_activation": "relu",
            "attention_bias": False,
            "mlp_bias": False,
            "norm_bias": False,
            "norm_eps": self.layer_norm_eps,
            "attention_dropout": 0.0,
            "mlp_dropout": 0.0,
            "embedding_dropout": 0.0,
            "torch_dtype": "float32",
        }


def rope_tables(length, head, theta):
    frequencies = theta ** (-torch.arange(0, head, 2, dtype=torch.float32) / head)
    angles = torch.outer(torch.arange(length, dtype=torch.float32), frequencies)
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos(), angles.sin()


def rotate(x, cos, sin):
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-second, first], dim=-1) * sin


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.heads = config.num_attention_heads
        self.Wqkv = nn.Linear(config.hidden_size, 3 * config.hidden_size, bias=False)
        self.Wo = nn.Linear(config.hidden_size, config.hidden_size, bias=False)

    def forward(self, x, cos, sin, bias):
        batch, length, width = x.shape
        qkv = self.Wqkv(x).view(batch, length, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        scores = q @ k.transpose(-1, -2) * (width // self.heads) ** -0.5
        if bias is not None:
            scores = scores + bias
        mixed = scores.softmax(-1).to(v.dtype) @ v
        return self.Wo(mixed.transpose(1, 2).reshape(batch, length, width))


class Mlp(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.Wi = nn.Linear(config.hidden_size, 2 * config.intermediate_size, bias=False)
        self.Wo = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, x):
        value, gate = self.Wi(x).chunk(2, dim=-1)
        return self.Wo(F.relu(value) * gate)  # ReGLU: as good as GeGLU (arXiv 2002.05202) and far cheaper on a CPU


def norm(config):
    return nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps, bias=False)


class Layer(nn.Module):
    def __init__(self, config, first):
        super().__init__()
        self.attn_norm = nn.Identity() if first else norm(config)
        self.attn = Attention(config)
        self.mlp_norm = norm(config)
        self.mlp = Mlp(config)

    def forward(self, x, cos, sin, bias):
        x = x + self.attn(self.attn_norm(x), cos, sin, bias)
        return x + self.mlp(self.mlp_norm(x))


class Embeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.tok_embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        self.norm = norm(config)

    def forward(self, ids):
        return self.norm(self.tok_embeddings(ids))


class Encoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.embeddings = Embeddings(config)
        self.layers = nn.ModuleList(Layer(config, i == 0) for i in range(config.num_hidden_layers))
        self.final_norm = norm(config)
        head = config.hidden_size // config.num_attention_heads
        cos, sin = rope_tables(config.max_position_embeddings, head, config.global_rope_theta)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self.initialise()

    def initialise(self):
        depth = (2 * self.config.num_hidden_layers) ** -0.5
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                nn.init.normal_(weight, std=0.02 if "embeddings" in name else self.config.hidden_size**-0.5)
                if name.endswith("Wo.weight"):  # keep the residual stream's variance independent of depth
                    weight.data.mul_(depth)

    def forward(self, ids, mask=None, dtype=torch.bfloat16):
        """Token vectors [batch, length, hidden] after the final norm.

        `mask` is true where there is a token; None if every place has one.
        """
        length = ids.shape[1]
        cos, sin = self.cos[:length].to(dtype), self.sin[:length].to(dtype)
        bias = None
        if mask is not None:
            bias = torch.zeros(mask.shape, dtype=dtype).masked_fill(~mask, -1e4)[:, None, None, :]
        x = self.embeddings(ids)
        for layer in self.layers:
            x = layer(x, cos, sin, bias)
        return self.final_norm(x)


class MaskedLanguageModel(nn.Module):
    """The encoder with a head tied to the embeddings; the head is not kept."""

    def __init__(self, config):
        super().__init__()
        self.model = Encoder(config)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, ids, places, targets):
        """Mean loss at `places` (indices into the flattened batch)."""
        hidden = self.model(ids).flatten(0, 1)[places]
        logits = F.linear(hidden, self.model.embeddings.tok_embeddings.weight) + self.bias
        return F.cross_entropy(logits.float(), targets)


# ---------------------------------------------------------------- heads


class Relevance(nn.Module):
    """How well a sentence matches a theme: a scaled cosine of two bags of word vectors.

    The length of a token's vector is its weight: training shortens the words that
    every topic uses. The transformer has no part in it.
    """

    def __init__(self, vocabulary, width=128):
        super().__init__()
        self.vectors = nn.Embedding(vocabulary, width)
        self.scale = nn.Parameter(torch.tensor([8.0]))
        self.bias = nn.Parameter(torch.tensor([-3.0]))

    def read(self, encodings):
        """Unit vectors [texts, width] of lists of token ids."""
        flat = torch.tensor([i for e in encodings for i in e])
        offsets = torch.tensor([0, *np.cumsum([len(e) for e in encodings])[:-1]])
        return F.normalize(F.embedding_bag(flat, self.vectors.weight, offsets, mode="sum"), dim=-1)

    def forward(self, sentences, themes):
        """Logits [sentences, themes] of every sentence with every theme."""
        return self.scale * (sentences @ themes.T) + self.bias


class Judge(nn.Module):
    """The encoder, and what is asked of the vector of a sentence."""

    def __init__(self, config, width=128, stances=4):
        super().__init__()
        hidden = config.hidden_size
        self.model = Encoder(config)
        self.heads = nn.ModuleDict(
            {
                "salience": nn.Sequential(nn.Linear(hidden, width), nn.ReLU(), nn.Linear(width, 1)),
                "stance": nn.Sequential(nn.Linear(3 * hidden, width), nn.ReLU(), nn.Linear(width, stances)),
            }
        )

    def encode(self, ids, mask, dtype=torch.float32):
        """The mean of the token vectors, [CLS] and [SEP] among them."""
        tokens = self.model(ids, mask, dtype).float()
        weights = mask.unsqueeze(-1).float()
        return (tokens * weights).sum(1) / weights.sum(1)

    def salience(self, h):
        return self.heads["salience"](h).squeeze(-1)

    def stance(self, h, t):
        """Logits of each sentence with its own theme, row by row."""
        return self.heads["stance"](torch.cat([h, t, h * t], dim=-1))


def pad(encodings, limit):
    """Ids and mask of a list of token id lists, each cut to `limit` and closed with its last token."""
    rows = [e if len(e) <= limit else e[: limit - 1] + e[-1:] for e in encodings]
    length = max(map(len, rows))
    ids = torch.zeros(len(rows), length, dtype=torch.long)
    mask = torch.zeros(len(rows), length, dtype=torch.bool)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = True
    return ids, mask
