#!/usr/bin/env python3
"""Wraps a grey JPEG in a PDF of one A4 page: `scan.py PICTURE.jpg OUT.pdf`."""

import struct
import sys

jpeg = open(sys.argv[1], "rb").read()
at = 2
while jpeg[at + 1] not in (0xC0, 0xC1, 0xC2):  # the start of frame tells the size
    at += 2 + struct.unpack(">H", jpeg[at + 2:at + 4])[0]
height, width = struct.unpack(">HH", jpeg[at + 5:at + 9])
draw = b"595 0 0 842 0 0 cm /P Do"
objects = [
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</XObject<</P 4 0 R>>>>/Contents 5 0 R>>",
    b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8"
    b"/Filter/DCTDecode/Length %d>>\nstream\n%s\nendstream" % (width, height, len(jpeg), jpeg),
    b"<</Length %d>>\nstream\n%s\nendstream" % (len(draw), draw),
]
out, places = b"%PDF-1.4\n", []
for number, body in enumerate(objects, 1):
    places.append(len(out))
    out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
table = b"".join(b"%010d 00000 n \n" % place for place in places)
out += (b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table, len(objects) + 1, len(out)))
open(sys.argv[2], "wb").write(out)
