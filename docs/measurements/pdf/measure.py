#!/usr/bin/env python3
"""Compares extracted texts with the texts that PDFs were made from.

    python3 docs/measurements/pdf/measure.py PDF_DIR NAME=COMMAND…

For every `PDF_DIR/*.pdf` with its `*.truth.txt`, runs each COMMAND with `{}` replaced by the
PDF's path, and prints one row a layout and command:

* words: F1 of the words as a bag, so blind to their order; tells lost spaces and letters
* order: 1 - word error rate, the edit distance of the word sequences by the true length;
  tells columns that are read across, too
* fail: files that gave no text

Running heads and page numbers are removed first, line-end hyphens are joined where the true
text has the joined word, soft hyphens inside a line are dropped, and list bullets are ignored:
what is compared is running text.
"""

import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

FURNITURE = re.compile(r"(Region Skåne|Stockholms stad) ?· ?Remissvar SOU 2025:12|\b\d{1,2} \(\d{1,2}\)")
SUPERSCRIPTS = re.compile("[⁰¹²³⁴-⁹]+")
MARKED = re.compile(r"(?<=[^\W\d])[123](?=\W|$)|(?<=[.,;:])[123](?=\s|$)")


def words(text, known=None):
    text = re.sub("\u00ad(?=\\w)", "", text)  # a soft hyphen inside a line is no letter
    text = FURNITURE.sub(" ", text.replace("\u00ad", "-").replace("\u2010", "-"))
    text = SUPERSCRIPTS.sub(" ", text)
    if known is not None:
        text = MARKED.sub(" ", text)

        def join(m):
            whole = m.group(1) + m.group(2)
            return whole if whole.lower() in known else m.group(1) + "-" + m.group(2)
        text = re.sub(r"(\w+)-\s*\n\s*(\w+)", join, text)
    return re.sub(r"[•▪\uf0b7]", " ", text).split()


def letters(words):
    return {re.sub(r"\W", "", w).lower() for w in words}


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]


def f1(a, b):
    shared = sum((Counter(a) & Counter(b)).values())
    return 2 * shared / (len(a) + len(b)) if a or b else 0.0


def main():
    folder, commands = Path(sys.argv[1]), [c.split("=", 1) for c in sys.argv[2:]]
    rows = defaultdict(list)
    for pdf in sorted(folder.glob("*.pdf")):
        truth = words(pdf.with_suffix(".truth.txt").read_text(encoding="utf-8"))
        known = letters(truth)
        layout = "-".join(pdf.stem.split("-")[2:])
        for name, command in commands:
            done = subprocess.run(command.replace("{}", str(pdf)), shell=True, capture_output=True)
            got = words(done.stdout.decode("utf-8", "replace"), known)
            rows[layout, name].append((f1(truth, got), max(0, 1 - distance(truth, got) / len(truth)), not got))
    print("| layout | read by | words | order | fail |\n|---|---|---:|---:|---:|")
    for (layout, name), found in sorted(rows.items()):
        mean = [sum(column) / len(found) for column in zip(*found)]
        print(f"| {layout} | {name} | {mean[0]:.4f} | {mean[1]:.4f} | {sum(f[2] for f in found)} |")


if __name__ == "__main__":
    main()
