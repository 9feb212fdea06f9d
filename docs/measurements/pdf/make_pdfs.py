#!/usr/bin/env python3
"""Makes PDFs whose right text is known, from the two seed responses.

    python3 docs/measurements/pdf/make_pdfs.py OUT_DIR

Each seed is parsed into headings, paragraphs and list items, set in several layouts, and
printed by LibreOffice or Chromium, which must be installed. Beside each `NAME.pdf` stands
`NAME.truth.txt`: the running text in reading order, without running heads and page numbers.
Soft hyphens are set inside long words, so that lines break inside them as in real responses.
"""

import html
import re
import subprocess
import sys
from pathlib import Path

SEEDS = Path(__file__).resolve().parents[3] / "seeds"
BULLETS = ("- ", "• ")
FOOTNOTES = [
    "Se betänkandet, avsnitt 4.2, för en utförligare redogörelse.",
    "Jämför Europaparlamentets och rådets förordning om artificiell intelligens.",
    "Uppgiften avser år 2024 och har inhämtats från förvaltningen.",
]


def blocks(path):
    """(kind, text) for each paragraph of a seed; kind is h, p or li."""
    found, lines = [], []

    def close():
        if not lines:
            return
        text = re.sub(r"(?<=[a-zåäö])-\s(?=[a-zåäö])", "-", " ".join(lines))
        if text.startswith(BULLETS):
            found.append(("li", text[2:]))
        elif len(text) < 70 and not text.endswith((".", ":", ",", ";")):
            found.append(("h", text))
        else:
            found.append(("p", text))
        lines.clear()

    source = [re.sub(r"\s+", " ", l).strip() for l in path.read_text(encoding="utf-8").splitlines()]
    for i, line in enumerate(source):
        if not line or re.fullmatch(r"\d+ \(\d+\)", line):
            # A blank line inside an item of the seed is an artefact of its own extraction.
            if not (lines and lines[0].startswith(BULLETS) and not lines[-1].endswith((".", ","))):
                close()
            continue
        if line.startswith(BULLETS):
            close()
        lines.append(line)
        below = source[i + 1] if i + 1 < len(source) else ""
        # A short line with a capital below it is a heading that stands close to its text.
        if len(lines) == 1 and len(line) < 60 and line[-1] not in ".,:;-" and below[:1].isupper():
            close()
    close()
    return found


def soft(text):
    """Allows breaks in long words, before a consonant followed by a vowel."""
    def word(m):
        w = m.group()
        return w[:3] + re.sub(r"(?<=.)([bdfgklmnprstv][aeiouyåäö])(?=..)", "\u00ad\\1", w[3:])
    return re.sub(r"[A-Za-zÅÄÖåäö]{9,}", word, text)


def truth(found, notes):
    lines = [text for _, text in found]
    return "\n".join(lines + notes) + "\n"


def fodt(found, name, columns, notes):
    head = f"{name} · Remissvar SOU 2025:12"
    body, used, paragraphs = [], [], 0
    for kind, text in found:
        t = html.escape(soft(text))
        if kind == "h":
            body.append(f'<text:h text:style-name="Heading_20_1" text:outline-level="1">{t}</text:h>')
        elif kind == "li":
            body.append(f'<text:list text:style-name="L1"><text:list-item><text:p text:style-name="Item">{t}</text:p></text:list-item></text:list>')
        else:
            paragraphs += 1
            note = ""
            if notes and paragraphs % 4 == 0 and len(used) < len(FOOTNOTES):
                n = len(used) + 1
                used.append(FOOTNOTES[n - 1])
                note = (f'<text:note text:id="f{n}" text:note-class="footnote"><text:note-citation>{n}</text:note-citation>'
                        f'<text:note-body><text:p text:style-name="Footnote">{used[-1]}</text:p></text:note-body></text:note>')
            body.append(f'<text:p text:style-name="Body">{t}{note}</text:p>')
    inner = "\n".join(body)
    if columns > 1:
        inner = f'<text:section text:style-name="Sect" text:name="S">{inner}</text:section>'
    xml = f"""<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text">
<office:font-face-decls><style:font-face style:name="Serif" svg:font-family="'Liberation Serif'"/></office:font-face-decls>
<office:styles>
<style:style style:name="Standard" style:family="paragraph"><style:text-properties style:font-name="Serif" fo:font-size="11pt" fo:language="sv" fo:country="SE"/></style:style>
<style:style style:name="Heading_20_1" style:display-name="Heading 1" style:family="paragraph" style:parent-style-name="Standard" style:default-outline-level="1"><style:paragraph-properties fo:margin-top="0.4cm" fo:margin-bottom="0.15cm" fo:keep-with-next="always"/><style:text-properties fo:font-size="13pt" fo:font-weight="bold"/></style:style>
<style:style style:name="Footnote" style:family="paragraph" style:parent-style-name="Standard"><style:text-properties fo:font-size="9pt"/></style:style>
<text:notes-configuration text:note-class="footnote" style:num-format="1" text:footnotes-position="page"/>
</office:styles>
<office:automatic-styles>
<style:style style:name="Body" style:family="paragraph" style:parent-style-name="Standard"><style:paragraph-properties fo:margin-bottom="0.25cm" fo:text-align="justify"/><style:text-properties fo:hyphenate="true"/></style:style>
<style:style style:name="Item" style:family="paragraph" style:parent-style-name="Standard"><style:paragraph-properties fo:margin-bottom="0.1cm"/></style:style>
<style:style style:name="Head" style:family="paragraph" style:parent-style-name="Standard"><style:text-properties fo:font-size="9pt"/></style:style>
<style:style style:name="Foot" style:family="paragraph" style:parent-style-name="Standard"><style:paragraph-properties fo:text-align="end"/><style:text-properties fo:font-size="9pt"/></style:style>
<style:style style:name="Sect" style:family="section"><style:section-properties text:dont-balance-text-columns="true"><style:columns fo:column-count="{columns}" fo:column-gap="0.7cm"/></style:section-properties></style:style>
<text:list-style style:name="L1"><text:list-level-style-bullet text:level="1" text:bullet-char="•"><style:list-level-properties text:list-level-position-and-space-mode="label-alignment"><style:list-level-label-alignment text:label-followed-by="listtab" fo:text-indent="-0.5cm" fo:margin-left="1cm"/></style:list-level-properties></text:list-level-style-bullet></text:list-style>
<style:page-layout style:name="A4"><style:page-layout-properties fo:page-width="21cm" fo:page-height="29.7cm" fo:margin-top="2cm" fo:margin-bottom="2cm" fo:margin-left="2.5cm" fo:margin-right="2.5cm"/><style:header-style><style:header-footer-properties fo:min-height="0.8cm" fo:margin-bottom="0.4cm"/></style:header-style><style:footer-style><style:header-footer-properties fo:min-height="0.8cm" fo:margin-top="0.4cm"/></style:footer-style></style:page-layout>
</office:automatic-styles>
<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="A4"><style:header><text:p text:style-name="Head">{head}</text:p></style:header><style:footer><text:p text:style-name="Foot"><text:page-number/> (<text:page-count/>)</text:p></style:footer></style:master-page></office:master-styles>
<office:body><office:text>{inner}</office:text></office:body></office:document>"""
    return xml, used


def page(found, columns, font):
    out = []
    for kind, text in found:
        tag = {"h": "h2", "p": "p", "li": "li"}[kind]
        out.append(f"<{tag}>{html.escape(soft(text))}</{tag}>")
    body = re.sub(r"((?:<li>.*</li>\n?)+)", r"<ul>\1</ul>", "\n".join(out))
    return f"""<!doctype html><html lang="sv"><meta charset="utf-8"><style>
body {{ font: 11pt '{font}'; column-count: {columns}; column-gap: 0.8cm; text-align: justify; hyphens: manual }}
h2 {{ font-size: 13pt }} @page {{ size: A4; margin: 2.2cm }}</style><body>{body}</body></html>"""


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    fodts = []
    for seed, name in (("region-skane", "Region Skåne"), ("stockholms-stad", "Stockholms stad")):
        found = blocks(SEEDS / f"{seed}.txt")
        for layout, columns, notes in (("single", 1, False), ("columns", 2, False), ("footnotes", 1, True)):
            xml, used = fodt(found, name, columns, notes)
            path = out / f"{seed}-libreoffice-{layout}.fodt"
            path.write_text(xml, encoding="utf-8")
            path.with_suffix(".truth.txt").write_text(truth(found, used), encoding="utf-8")
            fodts.append(str(path))
        for layout, columns, font in (("single", 1, "DejaVu Serif"), ("columns", 2, "Liberation Sans")):
            path = out / f"{seed}-chromium-{layout}.html"
            path.write_text(page(found, columns, font), encoding="utf-8")
            path.with_suffix(".truth.txt").write_text(truth(found, []), encoding="utf-8")
            subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
                            f"--print-to-pdf={path.with_suffix('.pdf')}", str(path)],
                           check=True, stderr=subprocess.DEVNULL)
    subprocess.run(["soffice", "--headless", "--convert-to", "pdf", "--outdir", str(out), *fodts],
                   check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
