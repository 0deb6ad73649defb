#!/usr/bin/env python3
"""Takes the folder of the checkout out of the SBOM that maturin writes: `tools/wheel_paths.py WHEEL…`."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

ROOT = Path(__file__).resolve().parent.parent


def without_paths(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        files = [(info, archive.read(info)) for info in archive.infolist()]
    changed = {}
    for place, (info, content) in enumerate(files):
        if ".dist-info/sboms/" in info.filename:
            content = content.replace(f"file://{ROOT}".encode(), b"file:///egoi-verify")
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            changed[info.filename] = (f"sha256={digest}", str(len(content)))
            files[place] = (info, content)
    with ZipFile(wheel, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for info, content in files:
            if info.filename.endswith(".dist-info/RECORD"):
                record = io.StringIO()
                rows = csv.reader(io.StringIO(content.decode()))
                csv.writer(record, lineterminator="\n").writerows(
                    [name, *changed.get(name, rest)] for name, *rest in rows
                )
                content = record.getvalue().encode()
            archive.writestr(info, content, compresslevel=9)


for wheel in sys.argv[1:]:
    without_paths(Path(wheel))
