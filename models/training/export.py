"""Writes the model that the program embeds: int8 weights, config, reference values.

    python export.py --judge checkpoints/judge.pt --relevance checkpoints/relevance.pt --tokenizer tokenizer.json --out ../embedded

Every matrix of the encoder is stored as `NAME.q` (one byte a weight, value +
128) and `NAME.scale` (one float a row): weight = (q - 128) * scale. Vectors and
the heads stay in float32. `reference.json` holds what PyTorch computes in
float32 from the weights as stored, for any other implementation to be compared
with.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from corpora import clean
from data import theme_text
from model import Config, Judge, Relevance, pad
from relevance import bags

RELEVANCE = "heads.relevance."
LIMIT = 128  # tokens of a sentence or theme that are read

SENTENCES = [
    "Regionen tillstyrker förslaget om en nationell journal.",
    "Kommunen avstyrker att avgiftstaket införs.",
    "Myndigheten har inga synpunkter på betänkandet.",
    "Universitetet förutsätter att kostnaderna täcks av staten.",
    "Regionen är positiv till: ökade anslag till forskning",
    "Utredningen bedömer att systemet kan tas i drift 2034.",
    "Förbundet delar inte bedömningen att något tak inte bör införas.",
    "Det är viktigt att AI-verkstaden blir öppen för alla kommuner.",
    "Text med tecken: [CLS] [SEP] §§ 3–5, 100 % & “citat” – é.",
    "Ja.",
    "Länsstyrelsen välkomnar utredningens förslag men ser en risk för att tillsynen splittras, eftersom ansvaret "
    "fördelas på tre myndigheter med olika uppdrag, olika rutiner och olika syn på vad som är en rimlig handläggningstid.",
    "På-\u00adgående\u00a0arbete vid Försäkrings\u00adkassan NFD: a\u030a a\u0308 o\u0308.",
]
THEMES = [
    theme_text("Nationell journal", "En nationell digital patientjournal ska införas.", "Gemensam journal för alla vårdgivare, drift och ansvar."),
    theme_text("Tak för avgifter", "Regeringen ska införa ett tak för patientavgifter.", "Högkostnadsskydd och avgifter."),
    theme_text("AI-verkstad", "En gemensam AI-verkstad för offentlig förvaltning ska inrättas."),
    theme_text("Samlad tillsyn", "Tillsynen ska samlas hos en myndighet.", "Inspektionen för vård och omsorg, länsstyrelserna och kommunerna."),
]


def quantise(weight):
    scale = weight.abs().amax(dim=1).clamp_min(1e-12) / 127
    q = (weight / scale[:, None]).round().clamp(-127, 127) + 128
    return q.to(torch.uint8), scale


def stored(state):
    """The tensors of the file."""
    tensors = {}
    for name, weight in state.items():
        if weight.dim() == 2 and (name.startswith("model.") or name == "heads.relevance.vectors.weight"):
            tensors[f"{name}.q"], tensors[f"{name}.scale"] = quantise(weight.float())
        else:
            tensors[name] = weight.float().contiguous()
    return tensors


def restored(tensors):
    """The weights as a reader of the file sees them."""
    state = {}
    for name, tensor in tensors.items():
        if name.endswith(".q"):
            base = name[:-2]
            state[base] = (tensor.float() - 128) * tensors[f"{base}.scale"][:, None]
        elif not name.endswith(".scale") or name == "heads.relevance.scale":
            state[name] = tensor
    return state


def load_exported(folder):
    """(judge, tokenizer) from an exported folder."""
    config = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    judge = Judge(Config(**{k: config[k] for k in Config.__dataclass_fields__}))
    relevance = Relevance(config["vocab_size"])
    state = restored(load_file(Path(folder) / "model.safetensors"))
    own = {k.removeprefix(RELEVANCE): v for k, v in state.items() if k.startswith(RELEVANCE)}
    relevance.load_state_dict(own)
    judge.load_state_dict({k: v for k, v in state.items() if not k.startswith(RELEVANCE)})
    return judge.eval(), relevance.eval(), Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))


@torch.no_grad()
def reference(judge, relevance, tokenizer):
    """Each text alone, without padding, in float32."""
    def read(text):
        ids, mask = pad([tokenizer.encode(clean(text)).ids], LIMIT)
        return ids[0].tolist(), judge.encode(ids, mask)[0]

    themes = [(text, *read(text)) for text in THEMES]
    t = torch.stack([vector for _, _, vector in themes])
    topics = relevance.read(bags(tokenizer, THEMES))
    rows = []
    for text in SENTENCES:
        ids, h = read(text)
        repeated = h.expand(len(t), -1)
        rows.append(
            {
                "text": text,
                "ids": ids,
                "h": h[:8].tolist(),
                "salience": judge.salience(h).item(),
                "relevance": relevance(relevance.read(bags(tokenizer, [text])), topics)[0].tolist(),
                "stance": judge.stance(repeated, t).tolist(),
            }
        )
    return {
        "limit": LIMIT,
        "stances": ["for", "against", "conditional", "none"],
        "themes": [{"text": text, "ids": ids, "h": vector[:8].tolist()} for text, ids, vector in themes],
        "sentences": rows,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--judge", type=Path, help="the result of finetune.py")
    source.add_argument("--pretrained", type=Path, help="a checkpoint of pretrain.py; the heads are then untrained")
    parser.add_argument("--relevance", type=Path, required=True, help="the result of relevance.py")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()

    torch.manual_seed(0)
    tokenizer = Tokenizer.from_file(str(args.tokenizer))
    config = Config(vocab_size=tokenizer.get_vocab_size())
    judge = Judge(config)
    if args.judge:
        state = torch.load(args.judge, weights_only=True)["judge"]
        judge.load_state_dict({k: v for k, v in state.items() if not k.startswith(RELEVANCE)})
    else:
        saved = torch.load(args.pretrained, weights_only=True)["network"]
        judge.model.load_state_dict({k[6:]: v for k, v in saved.items() if k.startswith("model.")})

    args.out.mkdir(parents=True, exist_ok=True)
    state = judge.state_dict()
    topics = torch.load(args.relevance, weights_only=True)["relevance"]
    state.update({RELEVANCE + name: weight for name, weight in topics.items()})
    save_file(stored(state), args.out / "model.safetensors", metadata={"format": "remiss-int8"})
    (args.out / "config.json").write_text(json.dumps(config.huggingface(), indent=2) + "\n", encoding="utf-8")
    if args.tokenizer.resolve() != (args.out / "tokenizer.json").resolve():
        (args.out / "tokenizer.json").write_bytes(args.tokenizer.read_bytes())
    values = reference(*load_exported(args.out))
    (args.out / "reference.json").write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{(args.out / 'model.safetensors').stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
