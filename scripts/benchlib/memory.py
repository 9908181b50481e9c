"""Peak anonymous memory of every command that reads a backup, and the most that each may take."""
import glob
import os
import tempfile

from .inputs import live_keys, middle_key
from .process import Command, run
from .programs import ASSAY, ROOT
from .row import in_memory

RUNS = 3
# MiB whatever the snapshot, and bytes for each live key beside
OF_A_SNAPSHOT = (64, 32)
MOST = {
    "ls --salvage": (16, 600),
    "diff": (64, 80),  # both snapshots have their keys
    # scrypt: a fingerprint takes 32 MiB, a passphrase 256
    "keys ls": (40, 0), "verify, a tarball": (40, 0), "inspect, a tarball": (40, 0),
    "keys split": (288, 0), "keys verify-escrow": (288, 0), "keys join": (288, 0),
}


def memory(path, inputs, only=None):
    """A row for each command, or for those alone that are named."""
    live = live_keys(path)
    where = f"{live} live keys, {os.path.getsize(path) / 1e6:.0f} MB"
    rows = []
    with tempfile.TemporaryDirectory(prefix="bench-", dir=inputs.work) as work:
        for name, argv in all_commands(path, work).items():
            if only and name not in only:
                continue
            fixed, for_each = MOST.get(name, OF_A_SNAPSHOT)
            # what writes a file finds it there the second time
            runs = 1 if any(word.startswith(work) for word in argv) else RUNS
            peaks = [run(Command([ASSAY, *argv], (0, 1)), sample=True).anonymous / 2**20 for _ in range(runs)]
            rows.append(in_memory(f"`{name}`", where, peaks, fixed + for_each * live / 2**20))
    return rows


def all_commands(path, work):
    """Every command that reads a backup, by name: its arguments. In an order in which each finds what it needs."""
    return {**of_snapshots(path, work), **of_tarballs(work)}


def of_snapshots(path, work):
    keys = ["--keys", path + ".keys.yaml"] if os.path.exists(path + ".keys.yaml") else []
    key = middle_key(path)
    asked = {
        "inspect": ["inspect", path], "verify": ["verify", path], "hash": ["hash", path],
        "hash --status": ["hash", "--status", path], "cluster": ["cluster", path],
        "compat": ["compat", "--target", "4.18.30", path],
        "ls": ["ls", path], "ls -o csv": ["ls", "-o", "csv", path], "ls --all-revisions": ["ls", "--all-revisions", path],
        "ls --salvage": ["ls", "--salvage", path],
        "ls -o sqlite": ["ls", "-o", "sqlite", "--out", os.path.join(work, "keys.sqlite"), path],
        "get KEY": ["get", path, key, "-o", "raw", *keys], "get configmaps": ["get", path, "configmaps", "-o", "yaml", *keys],
        "export": ["export", path, "configmaps", *keys], "history KEY": ["history", path, key, *keys],
        "timeline": ["timeline", path, *keys], "diff": ["diff", path, path], "du --json": ["du", "--json", path],
        "carve": ["carve", path], "pages": ["pages", path], "page": ["page", path, "2"], "bucket": ["bucket", path],
        "rebuild": ["rebuild", path, "--out", os.path.join(work, "new.db"), "--no-sidecar"],
        "rehearse": ["rehearse", path, "--out", os.path.join(work, "made")],
    }
    return {**asked, "keys check": ["keys", "check", path, *keys]} if keys else asked


def of_tarballs(work):
    (tarball,) = glob.glob(os.path.join(ROOT, "fixtures", "aescbc-rotated", "static_kuberesources_*.tar.gz"))
    stem = os.path.join(work, "out", os.path.basename(tarball).removesuffix(".tar.gz"))
    passphrase = os.path.join(work, "passphrase")
    with open(passphrase, "w", encoding="ascii") as f:
        f.write("correct horse battery staple\n")
    by = ["--passphrase-file", passphrase]
    return {
        "keys ls": ["keys", "ls", tarball], "keys split": ["keys", "split", *by, "--out", os.path.join(work, "out"), tarball],
        "keys verify-escrow": ["keys", "verify-escrow", *by, stem + ".escrow.age", "--keyless", stem + ".keyless.tar.gz"],
        "keys join": ["keys", "join", *by, stem + ".keyless.tar.gz", "--escrow", stem + ".escrow.age",
                      "--out", os.path.join(work, "back.tar.gz")],
        "verify, a tarball": ["verify", tarball], "inspect, a tarball": ["inspect", tarball],
    }
