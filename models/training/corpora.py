"""Reads the unlabelled Swedish text that the encoder is pre-trained on.

A corpus is a plain or xz-compressed text file, one paragraph a line, documents
separated by a blank line. Everything is deduplicated by line across all files:
official text repeats its letterheads, standing phrases and whole pages.
"""

import lzma
import random
import re
import unicodedata
from pathlib import Path

MIN_LINE = 25  # characters; shorter lines are page furniture, numbers, names
STATUTE_YEAR = re.compile(r"\((\d{4}):\d+\)")


def clean(line):
    """One paragraph as the tokenizer will see it."""
    line = line.replace("\u00ad", "").replace("\ufeff", "").replace("\u00a0", " ")
    return unicodedata.normalize("NFC", " ".join(line.split()))


def documents(path):
    """Yields the documents of one corpus file, each a list of clean lines."""
    opener = lzma.open if str(path).endswith(".xz") else open
    lines = []
    with opener(path, "rt", encoding="utf-8", errors="replace") as handle:
        for raw in handle:
            line = clean(raw)
            if line:
                lines.append(line)
            elif lines:
                yield lines
                lines = []
    if lines:
        yield lines


def modern_statutes(path, first_year, share, seed=0):
    """The statutes issued from `first_year` on, thinned to `share` of them.

    Older statutes are spelled as they were before 1906 or inflected as before
    1950, which is of no use for reading a consultation response.
    """
    draw = random.Random(seed)
    for document in documents(path):
        year = STATUTE_YEAR.search(document[0])
        if year and int(year.group(1)) >= first_year and draw.random() < share:
            yield document


def pretraining_documents(texts, statutes=None, statutes_from=1990, statutes_share=0.5):
    """All documents, each line only the first time that it occurs anywhere."""
    seen = set()
    sources = [documents(path) for path in texts]
    if statutes:
        sources.append(modern_statutes(statutes, statutes_from, statutes_share))
    for source in sources:
        for document in source:
            kept = []
            for line in document:
                if len(line) < MIN_LINE or line.startswith("<!--"):
                    continue
                key = hash(line)
                if key not in seen:
                    seen.add(key)
                    kept.append(line)
            if kept:
                yield kept


def add_arguments(parser):
    parser.add_argument("--text", type=Path, nargs="+", required=True, help="corpora read in full (.txt or .txt.xz)")
    parser.add_argument("--statutes", type=Path, help="the statute book, read in part")
    parser.add_argument("--statutes-from", type=int, default=1990, help="first year of the statutes that are read")
    parser.add_argument("--statutes-share", type=float, default=0.5, help="share of those statutes that is read")


def from_arguments(args):
    return pretraining_documents(args.text, args.statutes, args.statutes_from, args.statutes_share)
