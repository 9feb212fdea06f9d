#!/usr/bin/env bash
# Makes the files of this folder anew. Needs LibreOffice, qpdf and poppler.
#
#   docs/measurements/pdf/make_pdfs.py /tmp/pdfs && tests/files/make.sh /tmp/pdfs
set -euo pipefail
made=$1
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

cp "$made/region-skane-libreoffice-columns.pdf" "$here/two-columns-libreoffice.pdf"
cp "$made/region-skane-chromium-columns.pdf" "$here/two-columns-chromium.pdf"
cp "$made/region-skane-libreoffice-footnotes.pdf" "$here/footnotes.pdf"

qpdf --encrypt hemligt chef 256 -- "$made/region-skane-libreoffice-single.pdf" "$here/encrypted.pdf"
qpdf --encrypt "" chef 256 --modify=none -- "$made/region-skane-libreoffice-single.pdf" "$here/owner-password-only.pdf"

# A scan: a page as a picture, and nothing else.
pdftoppm -r 40 -gray -jpeg -f 1 -l 1 "$made/region-skane-libreoffice-single.pdf" "$work/page"
python3 "$here/scan.py" "$work"/page-*.jpg "$here/no-text-layer.pdf"

# A response with a table, a list, footnotes, headings and running heads, as DOCX and ODT.
table='<table:table xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><table:table-column table:number-columns-repeated="2"/><table:table-row><table:table-cell><text:p>Förslag</text:p></table:table-cell><table:table-cell><text:p>Ställningstagande</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell><text:p>AI-verkstad</text:p></table:table-cell><table:table-cell><text:p>Tillstyrks.</text:p></table:table-cell></table:table-row></table:table>'
sed "s|</office:text>|$table</office:text>|" "$made/region-skane-libreoffice-footnotes.fodt" > "$work/svar.fodt"
soffice --headless --convert-to docx --outdir "$here" "$work/svar.fodt" > /dev/null 2>&1
soffice --headless --convert-to odt --outdir "$here" "$work/svar.fodt" > /dev/null 2>&1
