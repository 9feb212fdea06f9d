"""Trains the byte-level BPE vocabulary and writes tokenizer.json.

Three things differ from the usual recipe.

* The verbs by which an authority takes a stance (`tillstyrker`, `avstyrker`)
  are rare in the corpora and would be split in three. They are repeated in the
  training text until they become ordinary words of the vocabulary.
* `[CLS]`, `[SEP]` and the rest are entries of the vocabulary and of the
  post-processor, but not "added tokens". No merge leads to them, so a response
  that contains the characters `[SEP]` is encoded as those five characters.
* There is no normaliser: text is cleaned before it is encoded (`corpora.clean`
  here, `inference::tokens` in the program), which is many times faster.
"""

import argparse
import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

import corpora

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP, MASK = range(5)

# Words that carry a stance, as they stand in responses.
STANCE_WORDS = """
tillstyrker tillstyrka tillstyrks tillstyrkan tillstyrkte avstyrker avstyrka avstyrks avstyrkan avstyrkte
välkomnar välkomna välkomnas motsätter motsätta avvisar avvisa avvisas instämmer instämma ställer
förordar förorda förordas efterlyser efterlysa ifrågasätter ifrågasätta ifrågasätts invänder invändning
invändningar avråder avråda understryker betonar framhåller befarar förutsätter förespråkar biträder
bejakar kritisk kritiska tveksam tveksamma tveksamt positiv positiva negativ negativa
invändningsfritt synpunkter erinran erinringar avstår yttra yttrande remissvar remissinstans remissinstanser
betänkandet betänkande utredningens utredningen förslaget förslagen lämpligt olämpligt olämplig
tillräckligt otillräckligt otillräcklig ändamålsenligt ändamålsenlig rimligt orimligt oroande
bekymrad oroad beklagar uppskattar stödjer stöder stöd saknar noterar anser bedömer menar föreslår
konsekvensanalys finansieras finansieringsprincipen förtydligas klargöras kompletteras
""".split()
REPEATS = 6000  # enough for every merge of a word to be among the first 16,000


def training_lines(documents, every):
    for index, document in enumerate(documents):
        if index % every == 0:
            yield from document
    phrase = [word for word in STANCE_WORDS]
    phrase += [word.capitalize() for word in ("tillstyrker", "avstyrker", "välkomnar", "instämmer", "remissinstanserna")]
    line = " ".join(phrase)
    for _ in range(REPEATS):
        yield line


def train(documents, size, every):
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    # The prefix space makes a word the same at the start of a sentence and inside it.
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=SPECIALS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=32,
        show_progress=False,
    )
    tokenizer.train_from_iterator(training_lines(documents, every), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[("[CLS]", CLS), ("[SEP]", SEP)],
    )
    return tokenizer


def without_added_tokens(tokenizer):
    """The tokenizer as JSON, its special tokens unreachable from text."""
    saved = json.loads(tokenizer.to_str())
    saved["added_tokens"] = []
    return json.dumps(saved, ensure_ascii=False, separators=(",", ":"))


def check(tokenizer, size):
    assert tokenizer.get_vocab_size() == size
    assert tokenizer.encode("[CLS] [SEP] [MASK]").ids[1:-1].count(CLS) == 0
    assert not set(tokenizer.encode("[CLS] [SEP] [MASK] [PAD]").ids[1:-1]) & {PAD, CLS, SEP, MASK}
    split = [w for w in STANCE_WORDS if len(tokenizer.encode(w, add_special_tokens=False).ids) > 1]
    assert not split, f"not whole words: {split}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    corpora.add_arguments(parser)
    parser.add_argument("--size", type=int, default=16384)
    parser.add_argument("--every", type=int, default=4, help="one document in this many is counted")
    parser.add_argument("--out", type=Path, required=True, help="tokenizer.json to write")
    args = parser.parse_args()
    tokenizer = train(corpora.from_arguments(args), args.size, args.every)
    args.out.write_text(without_added_tokens(tokenizer), encoding="utf-8")
    check(Tokenizer.from_file(str(args.out)), args.size)
    for text in ("Regionen tillstyrker förslaget men avstyrker [SEP] taket.", "Självstyrelsen åsidosätts 2026."):
        print(Tokenizer.from_file(str(args.out)).encode(text).tokens)


if __name__ == "__main__":
    main()
