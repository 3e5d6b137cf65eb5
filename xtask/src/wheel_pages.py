"""Adds manual pages to a wheel: python wheel_pages.py WHEEL FOLDER

pip puts what is in NAME-VERSION.data/data below the environment's prefix, and man looks for pages in
share/man beside the bin of its PATH. RECORD lists every file of a wheel (PEP 427).
"""

import base64
import csv
import hashlib
import io
import os
import sys
import zipfile


def entry(name, data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return [name, "sha256=" + digest, str(len(data))]


def main(wheel, folder):
    with zipfile.ZipFile(wheel) as archive:
        files = [(info, archive.read(info)) for info in archive.infolist()]
    record = next(i.filename for i, _ in files if i.filename.endswith(".dist-info/RECORD"))
    data = record.split(".dist-info/")[0] + ".data/data/share/man/man1/"
    rows = []
    finished = wheel + ".new"
    with zipfile.ZipFile(finished, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in files:
            if info.filename == record:
                rows = list(csv.reader(io.StringIO(content.decode())))
                continue
            archive.writestr(info, content)
        pages = sorted(name for name in os.listdir(folder) if name.endswith(".1"))
        for page in pages:
            with open(os.path.join(folder, page), "rb") as file:
                content = file.read()
            # A fixed time: the same pages make the same wheel.
            info = zipfile.ZipInfo(data + page, (1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o644 << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
            rows.insert(0, entry(data + page, content))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        archive.writestr(record, text.getvalue())
    os.replace(finished, wheel)
    print("%d manual pages" % len(pages))


main(*sys.argv[1:])
