"""Many backups with tarballs, out of those in fixtures/: no two snapshots are alike, and their encryption keys are several."""
import glob
import gzip
import hashlib
import os
import re
import shutil

from .programs import ROOT

# 2.7 MB each, with their tarballs; what is in turn is as the fleet of somebody who changes keys
FIXTURES = ("aescbc-rotated", "aesgcm-rotated", "odd-keys", "partially-encrypted", "aescbc-rotated", "plain-etcd34")
LARGEST = 3_200_000  # bytes of one
UID = re.compile(rb"[0-9a-f]{8}(?=-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})")


def make(folder, count):
    """Writes each backup into a folder of its own; the whole folder appears complete or not at all."""
    part = folder + ".part"
    shutil.rmtree(part, ignore_errors=True)
    for number in range(count):
        own = os.path.join(part, f"{number:03}")
        os.makedirs(own)
        fixture = os.path.join(ROOT, "fixtures", FIXTURES[number % len(FIXTURES)])
        (snapshot,) = glob.glob(os.path.join(fixture, "snapshot_*.db.gz"))
        (tarball,) = glob.glob(os.path.join(fixture, "static_kuberesources_*.tar.gz"))
        with gzip.open(snapshot) as f, open(os.path.join(own, os.path.basename(snapshot)[:-3]), "wb") as out:
            out.write(changed(f.read(), number))
        shutil.copy(tarball, own)
    os.replace(part, folder)


def changed(snapshot, number):
    """The same database with other UIDs in a sixteenth of its objects, sealed anew: several of its pages are its own."""
    def other(match):
        old = match.group()
        return old if old[0:1] != b"%x" % (number % 16) else hashlib.sha256(old + b"%d" % number).hexdigest()[:8].encode()

    body = UID.sub(other, snapshot[:-32])
    return body + hashlib.sha256(body).digest()
