"""Reads the labelled data and says, in one place, what is trained on.

Everything becomes the same few values: a `Theme` (a text to read once), a
`Sentence` (a text, perhaps salient or not), and pairs of them with a stance.
"""

import json
import lzma
import random
import re
import sys
import tomllib
import zlib
from dataclasses import dataclass, field
from pathlib import Path

STANCES = ["for", "against", "conditional", "none"]


# ---------------------------------------------------------------- our responses


@dataclass
class Sentence:
    text: str
    salient: bool
    labels: dict  # theme id -> index in STANCES
    reported: set = field(default_factory=set)  # themes of which it reports somebody else's view
    disputed: set = field(default_factory=set)  # themes on which two readers gave it different labels


@dataclass
class Response:
    id: str
    voice: str
    respondent: str
    overall: dict = field(default_factory=dict)  # theme id or "overall" -> stance
    sentences: list = field(default_factory=list)


@dataclass
class Consultation:
    id: str
    area: str
    title: str
    file: str
    themes: dict = field(default_factory=dict)  # id -> text
    names: dict = field(default_factory=dict)  # id -> name
    responses: list = field(default_factory=list)


def theme_text(name, proposal, description=""):
    """The one form in which a theme is read, here and in the program."""
    return f"{name}. {proposal} {description}".strip()


def read_responses(path):
    """The consultations of one file; a line that cannot be read is reported and skipped."""
    consultations = []

    def complain(number, why):
        print(f"{path}:{number}: {why}", file=sys.stderr)

    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
        line = line.strip()
        parts = [part.strip() for part in line.split("|")]
        if not line:
            continue
        if line.startswith("% ") and len(parts) >= 3:
            consultations.append(Consultation(parts[0][1:].strip(), parts[1], parts[2], Path(path).name))
        elif not consultations:
            complain(number, "text before the first consultation")
        elif line.startswith("@ ") and len(parts) >= 3:
            consultations[-1].themes[parts[0][1:].strip()] = theme_text(*parts[1:4])
            consultations[-1].names[parts[0][1:].strip()] = parts[1]
        elif line.startswith("## ") and len(parts) >= 3:
            consultations[-1].responses.append(Response(parts[0][2:].strip(), parts[1], parts[2]))
        elif line.startswith("#"):
            pass  # a heading of the response
        elif not consultations[-1].responses:
            complain(number, "a line outside any response")
        elif line.startswith("="):
            pairs = [item.split(":", 1) for item in line[1:].split() if ":" in item]
            consultations[-1].responses[-1].overall.update(pairs)
        elif line[0] in "!-" and "|" in line:
            labels, reported, disputed = {}, set(), set()
            for item in parts[0][1:].split():
                theme, _, label = item.partition(":")
                if theme in consultations[-1].themes and label in STANCES:
                    labels[theme] = STANCES.index(label)
                elif theme in consultations[-1].themes and label == "reported":
                    labels[theme] = STANCES.index("none")
                    reported.add(theme)
                elif theme in consultations[-1].themes and label == "disputed":
                    disputed.add(theme)
                else:
                    complain(number, f"unknown label {item!r}")
            text = line.split("|", 1)[1].strip()
            if text:
                consultations[-1].responses[-1].sentences.append(Sentence(text, line[0] == "!", labels, reported, disputed))
        else:
            complain(number, "not a line of the format")
    return consultations


def read_split(folder):
    """`split.toml`: (part of each consultation that is not trained on, the voice held out)."""
    split = tomllib.loads((Path(folder) / "split.toml").read_text(encoding="utf-8"))
    return {id: part for part, ids in split["parts"].items() for id in ids}, split["held_out_voice"]


def load_responses(folder, part=None):
    """The consultations of all `*.txt` of a folder that belong to a part, or all of them.

    `split.toml` is the one place that says what is trained on. The training part comes
    without the responses of the voice that is held out.
    """
    parts, voice = read_split(folder)
    chosen = []
    for path in sorted(Path(folder).glob("*.txt")):
        for c in read_responses(path):
            if part is not None and parts.get(c.id, "train") != part:
                continue
            if part == "train":
                c.responses = [r for r in c.responses if r.voice != voice]
            chosen.append(c)
    return chosen


def pairs(consultations):
    """Every labelled (sentence, theme): (response id, sentence text, theme text, stance)."""
    return [
        (r.id, s.text, c.themes[theme], label)
        for c in consultations
        for r in c.responses
        for s in r.sentences
        for theme, label in s.labels.items()
    ]


# ---------------------------------------------------------------- SuperLim

# The topic alone is a word; a theme of a codebook is a proposal. `pro` is for it.
SUPERLIM_THEMES = {
    "abort": ("Abort", "Abort ska vara tillåten.", "Kvinnans rätt att avbryta en graviditet."),
    "dödsstraff": ("Dödsstraff", "Dödsstraff ska finnas.", "Avrättning som straff för grova brott."),
    "kärnkraft": ("Kärnkraft", "Kärnkraft ska användas.", "Kärnreaktorer för elproduktion."),
    "marijuanalegalisering": ("Marijuanalegalisering", "Marijuana ska vara lagligt.", "Försäljning och bruk av cannabis."),
    "minimilön": ("Minimilön", "Minimilönen ska höjas.", "Lagstadgad lägsta lön för arbetstagare."),
    "kloning": ("Kloning", "Kloning ska vara tillåten.", "Kloning av djur, människor och celler."),
}
SUPERLIM_LABELS = {"pro": 0, "con": 1, "non": 3}


def superlim_rows(folder):
    """(train, calibration, dev) as published rows.

    Most of the published dev sentences also stand in train. Train loses every
    sentence of dev; dev keeps only sentences that were never in train. One sentence in
    five of train is kept for calibration.
    """
    read = lambda name: [json.loads(l) for l in (Path(folder) / name).read_text(encoding="utf-8").splitlines() if l]
    key = lambda row: " ".join(row["sentence"].split()).lower()
    kept = lambda row: zlib.crc32(key(row).encode()) % 5 == 0
    train, dev = read("train.jsonl"), read("dev.jsonl")
    in_train, in_dev = {key(r) for r in train}, {key(r) for r in dev}
    train = [r for r in train if key(r) not in in_dev]
    return ([r for r in train if not kept(r)], [r for r in train if kept(r)], [r for r in dev if key(r) not in in_train])


def load_superlim(folder):
    """(train, dev) as (sentence, theme text, stance, topic)."""
    form = lambda r: (r["sentence"], theme_text(*SUPERLIM_THEMES[r["topic"]]), SUPERLIM_LABELS[r["label"]], r["topic"])
    train, _, dev = superlim_rows(folder)
    return [form(r) for r in train], [form(r) for r in dev]


def write_superlim(folder, out):
    """The calibration and the clean dev part as JSON lines, and the topics as a codebook."""
    _, calibration, dev = superlim_rows(folder)
    for name, rows in (("calibration", calibration), ("dev", dev)):
        lines = [json.dumps({k: r[k] for k in ("topic", "sentence", "label")}, ensure_ascii=False) for r in rows]
        (Path(out) / f"superlim-{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    themes = ['[codebook]\nconsultation = "SuperLim"\n']
    for topic, (name, proposal, description) in SUPERLIM_THEMES.items():
        id = topic.translate(str.maketrans("åäö", "aao"))
        themes.append(f'[[theme]]\nid = "{id}"\nname = "{name}"\nproposal = "{proposal}"\ndescription = "{description}"\n')
    (Path(out) / "superlim-topics.toml").write_text("\n".join(themes), encoding="utf-8")


# ---------------------------------------------------------------- Riksdag rationales

# Sentences that name the label in a fixed phrase teach nothing but the phrase.
GIVEAWAY = re.compile(r"\b(planen|programmet|manifestet|plattformen)\b.*\b(kravet|yrkandet|motförslaget|förslaget)\b", re.I)
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-ZÅÄÖ–\"”])")


def sentences(text):
    return [s for s in SENTENCE_END.split(" ".join(text.split())) if len(s) > 30]


def load_rationales(path):
    """(sentence, theme text, stance, policy area) in four styles.

    The rationales themselves, the parties' own words quoted in them, the
    committee's reasons for rejecting and the reservations' reasons for
    demanding, and what is at stake, which takes no side.
    """
    opener = lzma.open if str(path).endswith(".xz") else open
    rows = []
    with opener(path, "rt", encoding="utf-8") as handle:
        for line in handle:
            d = json.loads(line)
            if d.get("kind") != "motion":  # elsewhere it is unclear whose demand is meant
                continue
            question = re.sub(r"^Frågan gäller (om )?", "", d.get("question") or "")
            theme = theme_text(d["subject"], question[:1].upper() + question[1:])
            add = lambda text, label: rows.extend((s, theme, label, d["policy_area"]) for s in sentences(text))
            add(d.get("at_stake") or "", 3)
            add(d.get("for_rejecting") or "", 1)
            for text in d.get("for_demand") or []:
                add(text, 0)
            for r in d.get("rationales") or []:
                label = {"supports": 0, "rejects": 1}.get(r["stance"])
                if label is None or r.get("confidence") == "low":
                    continue
                rows.extend((s, theme, label, d["policy_area"]) for s in sentences(r["text"]) if not GIVEAWAY.search(s))
                for quote in r.get("quotes") or []:
                    add(quote, label)
    return rows


# ---------------------------------------------------------------- titles and bodies


def load_pages(paths, limit=20000, seed=0):
    """(title, sentence of the body) of documents, for theme relevance without labels."""
    import corpora

    draw = random.Random(seed)
    rows = []
    for path in paths:
        for lines in corpora.documents(path):
            title = lines[0]
            if not 20 <= len(title) <= 160 or "ärendeförteckning" in title or title.startswith("<!--"):
                continue
            body = [s for line in lines[1:8] for s in sentences(line) if len(s) < 400]
            if body:
                rows.append((title, draw.choice(body)))
    draw.shuffle(rows)
    return rows[:limit]


# ---------------------------------------------------------------- cue verbs

CUES = {
    0: r"välkomnar|ser positivt på|är positiva? till|stöder|stödjer|tillstyrker|instämmer i|delar uppfattningen|förordar|ställer sig bakom|bejakar",
    1: r"motsätter sig|avvisar|avstyrker|säger nej till|är emot|avråder från|är kritiska? till|tar avstånd från|kan inte acceptera",
    2: r"förutsätter att|under förutsättning att|men bara om|det krävs dock|måste dock|bör dock|är dock viktigt|ser en risk|befarar",
}
NEGATION = re.compile(r"\b(inte|ej|aldrig|varken|ingen|knappast|vare sig)\b", re.I)


def load_cues(paths, limit=6000, seed=0):
    """(sentence, the cue in it, stance): sentences that say their stance in so many words."""
    import corpora

    draw = random.Random(seed)
    patterns = {label: re.compile(rf"\b({words})\b", re.I) for label, words in CUES.items()}
    found = {label: {} for label in CUES}
    for path in paths:
        for lines in corpora.documents(path):
            for line in lines:
                if len(line) > 4000:
                    continue
                for sentence in sentences(line):
                    if len(sentence) > 300 or NEGATION.search(sentence) or sentence.endswith("?"):
                        continue
                    hits = [(label, m.group(0)) for label, p in patterns.items() if (m := p.search(sentence))]
                    if len(hits) == 1:
                        found[hits[0][0]][sentence] = hits[0][1]
    rows = []
    for label, items in found.items():
        items = sorted(items.items())
        draw.shuffle(items)
        rows.extend((sentence, cue, label) for sentence, cue in items[: limit // len(CUES)])
    return rows


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] != "superlim":
        sys.exit("data.py superlim FOLDER OUT    writes the parts of SuperLim that are measured and calibrated on")
    write_superlim(sys.argv[2], sys.argv[3])
