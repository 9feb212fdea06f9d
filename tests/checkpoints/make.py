"""Makes the tiny checkpoints that the decoder is tested with, and what transformers computes with them.

    pip install torch==2.15.0 transformers==5.23.0 safetensors==0.8.0 gguf==0.19.0 \\
        tokenizers==0.23.3 sentencepiece==0.2.3
    python tests/checkpoints/make.py            # all of them
    python tests/checkpoints/make.py phi3 glm4  # some of them

The weights are random, so the models say nothing; they are large enough that a wrong norm, mask,
rotation or head shows in the logits. Each folder gets what `save_pretrained` writes, and
`expected.safetensors`: the tokens of three sequences, and their logits in 32 bits and with the model in
16-bit brain floating point. Two of the sequences begin alike.

`gguf/` holds some of them again as llama.cpp's converter writes them, in 8 bits and 4 bits, and what
transformers computes with the weights that these stand for. `gguf/*-vocabulary.gguf` hold vocabularies without weights,
`gguf/vocabularies.json` what the libraries that trained them make of some texts.
"""

import io
import json
import sys
from pathlib import Path

import gguf
import sentencepiece
import torch
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import (
    ApertusConfig,
    AutoModelForCausalLM,
    Gemma3TextConfig,
    Glm4Config,
    GlmConfig,
    GraniteConfig,
    LlamaConfig,
    MistralConfig,
    Olmo2Config,
    Olmo3Config,
    Phi3Config,
    Qwen2Config,
    Qwen3Config,
)

VOCABULARY = 96
COMMON = dict(
    vocab_size=VOCABULARY,
    hidden_size=32,
    intermediate_size=64,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=64,
    initializer_range=0.2,
    attn_implementation="eager",
)
THETA = {"rope_type": "default", "rope_theta": 10000.0}
SMALL = {**COMMON, "intermediate_size": 48, "num_hidden_layers": 2}
PART = {**THETA, "partial_rotary_factor": 0.5}
LLAMA_3 = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}

# Name, configuration, largest shard.
CHECKPOINTS = {
    "llama2": (LlamaConfig(**{**COMMON, "num_key_value_heads": 4}, rope_parameters={"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0}), "1GB"),
    # Frequencies on both sides of the two limits and between them.
    "llama3": (
        LlamaConfig(
            **COMMON,
            head_dim=16,
            tie_word_embeddings=True,
            rope_parameters=LLAMA_3,
        ),
        "1GB",
    ),
    "mistral": (MistralConfig(**COMMON, head_dim=16, sliding_window=6, rope_parameters=THETA), "30KB"),
    "qwen2": (Qwen2Config(**COMMON, tie_word_embeddings=True, rope_parameters=THETA), "1GB"),
    "qwen3": (Qwen3Config(**COMMON, head_dim=16, rope_parameters=THETA), "1GB"),
    "gemma3": (
        Gemma3TextConfig(
            **{**COMMON, "num_hidden_layers": 7},  # the sixth sees everything
            head_dim=16,
            query_pre_attn_scalar=24,
            final_logit_softcapping=5.0,
            sliding_window=6,
            rope_parameters={
                "sliding_attention": THETA,
                "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0},
            },
        ),
        "1GB",
    ),
    # Both matrices joined, a part of each head turned; the sequences are shorter than the first context.
    "phi3": (
        Phi3Config(
            **{**SMALL, "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 192},
            original_max_position_embeddings=48,
            sliding_window=24,
            pad_token_id=0,
            rope_parameters={
                "rope_type": "longrope",
                "rope_theta": 10000.0,
                "partial_rotary_factor": 0.75,
                "original_max_position_embeddings": 48,
                "short_factor": [1.0, 1.1, 1.3, 1.6, 2.0, 2.5],
                "long_factor": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            },
        ),
        "1GB",
    ),
    "granite": (
        GraniteConfig(
            **SMALL,
            attention_bias=True,
            mlp_bias=True,
            tie_word_embeddings=True,
            embedding_multiplier=12.0,
            attention_multiplier=0.2,
            residual_multiplier=0.6,
            logits_scaling=8.0,
            rope_parameters=THETA,
        ),
        "1GB",
    ),
    "olmo2": (Olmo2Config(**SMALL, pad_token_id=0, rope_parameters=THETA), "1GB"),
    "olmo3": (
        Olmo3Config(
            **{**SMALL, "num_hidden_layers": 4},  # the fourth sees everything
            pad_token_id=0,
            sliding_window=6,
            rope_parameters={
                "sliding_attention": THETA,
                "full_attention": {
                    "rope_type": "yarn",
                    "rope_theta": 10000.0,
                    "factor": 4.0,
                    "beta_fast": 4.0,
                    "beta_slow": 1.0,
                    "original_max_position_embeddings": 32,
                },
            },
        ),
        "1GB",
    ),
    "glm": (GlmConfig(**SMALL, head_dim=16, pad_token_id=0, eos_token_id=1, rope_parameters=PART), "1GB"),
    "glm4": (Glm4Config(**SMALL, head_dim=16, pad_token_id=0, eos_token_id=1, rope_parameters=PART), "1GB"),
    "apertus": (
        ApertusConfig(**SMALL, pad_token_id=0, rope_parameters=LLAMA_3),
        "1GB",
    ),
}


def sequences():
    draw = torch.Generator().manual_seed(7)
    first = torch.randint(VOCABULARY, (40,), generator=draw)
    second = torch.cat([first[:20], torch.randint(VOCABULARY, (15,), generator=draw)])
    return [first, second, torch.randint(VOCABULARY, (5,), generator=draw)]


def make(folder, config, shard):
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() == 1:  # norms, biases and activations, which all begin alike
                weight.add_(torch.randn_like(weight) * 0.2)
    model.save_pretrained(folder, max_shard_size=shard)
    expected = {}
    for dtype, name in ((torch.float32, "f32"), (torch.bfloat16, "bf16")):
        model = model.to(dtype)
        for index, tokens in enumerate(sequences()):
            with torch.no_grad():
                logits = model(tokens[None]).logits[0].float()
            expected[f"tokens.{index}"] = tokens.to(torch.uint32)
            expected[f"logits.{name}.{index}"] = logits.contiguous()
    save_file(expected, folder / "expected.safetensors")
    (folder / "generation_config.json").unlink(missing_ok=True)
    print(folder.name, "largest logit", round(float(expected["logits.f32.0"].abs().max()), 2))


ARCHITECTURES = {
    "llama3": "llama",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "gemma3": "gemma3",
    "phi3": "phi3",
    "granite": "granite",
    "olmo2": "olmo2",
    "glm4": "glm4",
}


def make_gguf(name, architecture, folder):
    """One checkpoint as a GGUF file, and the logits of the weights it stands for."""
    model = AutoModelForCausalLM.from_pretrained(Path(__file__).parent / name, dtype=torch.float32, attn_implementation="eager").eval()
    config = model.config
    writer = gguf.GGUFWriter(folder / f"{name}.gguf", architecture)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    if name in ("llama3", "qwen3", "gemma3", "glm4"):  # of the others it follows from the other sizes
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
    rope = config.rope_parameters
    if name == "gemma3":
        # llama.cpp knows no other scale than this one
        config.query_pre_attn_scalar = config.head_dim
        for layer in model.model.layers:
            layer.self_attn.scaling = config.head_dim**-0.5
        writer.add_sliding_window(config.sliding_window)
        writer.add_final_logit_softcapping(config.final_logit_softcapping)
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rope["full_attention"]["factor"])
        rope = rope["full_attention"]
    if name == "granite":
        writer.add_embedding_scale(config.embedding_multiplier)
        writer.add_attention_scale(config.attention_multiplier)
        writer.add_residual_scale(config.residual_multiplier)
        writer.add_logit_scale(config.logits_scaling)
    if name in ("phi3", "glm4"):
        width = getattr(config, "head_dim", config.hidden_size // config.num_attention_heads)
        writer.add_rope_dimension_count(int(width * rope["partial_rotary_factor"]))
    if name == "phi3":
        writer.add_sliding_window(config.sliding_window)
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
        # Not what follows from the context
        model.model.rotary_emb.attention_scaling = 1.25
        writer.add_rope_scaling_attn_factors(1.25)
        for length in ("short", "long"):
            writer.add_tensor(f"rope_factors_{length}.weight", torch.tensor(rope[f"{length}_factor"]).numpy())
    writer.add_rope_freq_base(rope["rope_theta"])
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"t{i}" for i in range(VOCABULARY)])

    if name == "llama3":
        # What llama.cpp's converter writes instead of the factors
        width = config.head_dim
        plain = 1.0 / (rope["rope_theta"] ** (torch.arange(0, width, 2).float() / width))
        writer.add_tensor("rope_freqs.weight", (plain / model.model.rotary_emb.inv_freq).numpy())
    known = next(kind for kind, text in gguf.MODEL_ARCH_NAMES.items() if text == architecture)
    names = gguf.get_tensor_name_map(known, config.num_hidden_layers)
    with torch.no_grad():
        for key, weight in model.named_parameters():
            stem, kind = key.rsplit(".", 1)
            stored = f"{names.get_name(stem)}.{kind}"
            data = weight.detach().clone()
            if name == "gemma3" and stem.endswith("norm"):
                data += 1.0
            heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}.get(stem.rsplit(".", 1)[-1])
            turned = architecture in ("llama", "granite") and heads
            if turned:  # halves of a head to neighbours
                data = data.view(heads, 2, -1, *data.shape[1:]).transpose(1, 2).reshape(data.shape)
            if weight.dim() == 1:
                writer.add_tensor(stored, data.float().numpy())
                continue
            kind = gguf.GGMLQuantizationType.Q4_0 if "up_proj" in key else gguf.GGMLQuantizationType.F16 if "v_proj" in key else gguf.GGMLQuantizationType.Q8_0
            if data.shape[1] % 32:  # a block
                kind = gguf.GGMLQuantizationType.F16
            packed = gguf.quants.quantize(data.numpy(), kind)
            writer.add_tensor(stored, packed, raw_dtype=kind)
            back = torch.from_numpy(gguf.quants.dequantize(packed, kind).astype("float32"))
            if turned:
                back = back.view(heads, -1, 2, back.shape[1]).transpose(1, 2).reshape(back.shape)
            weight.copy_(back)
        expected = {"tokens": sequences()[0].to(torch.uint32), "logits": model(sequences()[0][None]).logits[0].contiguous()}
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(expected, folder / f"{name}.expected.safetensors")


TEXTS = [
    "Regionen tillstyrker förslaget, men avstyrker 3 kap. 12 § i lagen (2018:218).",
    "Vi instämmer inte i utredningens bedömning.\n\nSkälen är\tflera:  kostnader, tid och ansvar.",
    "Länsstyrelsen har inget att invända. <|im_end|></s><s>",
    "I'm not sure – 100 000 kr? 🙂 Ωmega 漢字",
    "",
]
QWEN2 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def vocabulary_writer(path, architecture):
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_context_length(64)
    writer.add_embedding_length(32)
    writer.add_block_count(1)
    writer.add_feed_forward_length(64)
    writer.add_head_count(4)
    writer.add_layer_norm_rms_eps(1e-6)
    return writer


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def make_vocabularies(folder):
    """Two small vocabularies, each in a GGUF file without weights, and the tokens of some texts."""
    # Any text will do.
    sample = [line for line in Path(__file__).read_text().splitlines() if line] + TEXTS * 3
    byte_level = Tokenizer(models.BPE())
    byte_level.normalizer = normalizers.NFC()
    byte_level.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(QWEN2), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    byte_level.decoder = decoders.ByteLevel()
    byte_level.train_from_iterator(
        sample, trainers.BpeTrainer(vocab_size=420, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    )
    state = json.loads(byte_level.to_str())["model"]
    tokens = sorted(state["vocab"], key=state["vocab"].get)
    controls = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    writer = vocabulary_writer(folder / "bpe-vocabulary.gguf", "qwen2")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens + controls)
    writer.add_token_types([gguf.TokenType.NORMAL] * len(tokens) + [gguf.TokenType.CONTROL] * len(controls))
    writer.add_token_merges([" ".join(merge) for merge in state["merges"]])
    writer.add_eos_token_id(len(tokens) + 2)
    writer.add_chat_template("{% for message in messages %}{{ '<|im_start|>' + message.content + '<|im_end|>' }}{% endfor %}")
    finish(writer)

    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sample), model_writer=trained, model_type="bpe", vocab_size=420, byte_fallback=True,
        normalization_rule_name="identity", remove_extra_whitespaces=False, character_coverage=0.99, minloglevel=2,
    )
    pieces = sentencepiece.SentencePieceProcessor(model_proto=trained.getvalue())
    kinds = [
        gguf.TokenType.UNKNOWN if pieces.is_unknown(i) else gguf.TokenType.CONTROL if pieces.is_control(i)
        else gguf.TokenType.BYTE if pieces.is_byte(i) else gguf.TokenType.NORMAL
        for i in range(pieces.get_piece_size())
    ]
    writer = vocabulary_writer(folder / "spm-vocabulary.gguf", "llama")
    writer.add_tokenizer_model("llama")
    writer.add_token_list([pieces.id_to_piece(i) for i in range(len(kinds))])
    writer.add_token_scores([pieces.get_score(i) for i in range(len(kinds))])
    writer.add_token_types(kinds)
    writer.add_bos_token_id(pieces.bos_id())
    writer.add_eos_token_id(pieces.eos_id())
    writer.add_add_bos_token(True)
    finish(writer)
    expected = {
        "texts": TEXTS,
        "bpe": [byte_level.encode(text).ids for text in TEXTS],
        "spm": [pieces.encode(text) for text in TEXTS],
    }
    (folder / "vocabularies.json").write_text(json.dumps(expected, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    here = Path(__file__).parent
    wanted = sys.argv[1:] or [*CHECKPOINTS, "vocabularies"]
    for name in wanted:
        if name in CHECKPOINTS:
            make(here / name, *CHECKPOINTS[name])
    (here / "gguf").mkdir(exist_ok=True)
    for name in wanted:
        if name in ARCHITECTURES:
            make_gguf(name, ARCHITECTURES[name], here / "gguf")
    if "vocabularies" in wanted:
        make_vocabularies(here / "gguf")
