"""The files that are measured, made where they are not there yet: they stay in the folder for the next run."""
import csv
import json
import math
import os
import shutil
import subprocess
import sys

from . import backups
from .programs import ASSAY, ROOT, Skipped

TINY_KEY = 101  # bytes of the file for each of many keys
OBJECT, OF_OBJECT = 4900, 5468  # bytes of an object, and of the file for each
BY_ETCD = 4  # GB up to which a real etcd makes a snapshot; it wants two and a half times the room, and 150 s for each
SEALED_IN_A_MEGABYTE = 103  # encrypted values that are live, as scripts/make-large-snapshot makes them


class Inputs:
    """Finds or makes each input in a folder. A file of one's own, put there by that name, is taken as it is."""

    def __init__(self, work):
        self.work = work
        os.makedirs(work, exist_ok=True)

    def plain(self, gigabytes):
        """A snapshot of objects of 1 to 8 KB, saved by a real etcd; a large one is written as many keys are."""
        name = f"plain-{round(gigabytes * 1000)}.db"
        if gigabytes <= BY_ETCD:
            return self.large(round(gigabytes * 1000), name)
        return self.written(name, round(gigabytes * 1e9 / OF_OBJECT), OF_OBJECT, OBJECT)

    def sealed(self, values, provider):
        """A snapshot in which so many live values are encrypted; its keys are in FILE.keys.yaml."""
        megabytes = math.ceil(values / SEALED_IN_A_MEGABYTE)
        return self.large(megabytes, f"{provider}-{values}.db", provider)

    def many_keys(self, keys):
        """A snapshot of so many live keys of a few bytes."""
        return self.written(f"keys-{keys}.db", keys, TINY_KEY)

    def written(self, name, keys, each, *size):
        path = os.path.join(self.work, name)
        if not os.path.exists(path):
            self.room(keys * each, path)
            say(f"making {path}")
            part = path + ".part"
            subprocess.run([many_keys_program(), str(keys), part, *map(str, size)], check=True, stdin=subprocess.DEVNULL)
            os.replace(part, path)
        return path

    def backups(self, count):
        """A folder of so many backups with their tarballs."""
        path = os.path.join(self.work, f"backups-{count}")
        if not os.path.exists(path):
            self.room(count * backups.LARGEST, path)
            say(f"making {path}")
            backups.make(path, count)
        return path

    def large(self, megabytes, name, *provider):
        path = os.path.join(self.work, name)
        if not os.path.exists(path):
            # the server's file, its log, and the snapshot
            self.room(megabytes * 2_500_000 + 700_000_000, path)
            say(f"making {path} with a real etcd: about {megabytes * 0.15:.0f} s")
            made = subprocess.run([os.path.join(ROOT, "scripts", "make-large-snapshot"), str(megabytes), path, *provider],
                                  check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            if made.returncode != 0:
                sys.exit(f"bench: cannot make {path}: see above")
        return path

    def room(self, need, what):
        free = shutil.disk_usage(self.work).free
        if free < need:
            raise Skipped(f"no room to make {what}: it wants {need / 1e9:.1f} GB, {free / 1e9:.1f} GB are free")


def many_keys_program():
    """ASSAY_MANY_KEYS, or the example of the crate `fixtures`, built."""
    if given := os.environ.get("ASSAY_MANY_KEYS"):
        return given
    subprocess.run(["cargo", "build", "--quiet", "--release", "-p", "fixtures", "--example", "many-keys"], check=True,
                   cwd=ROOT, stdin=subprocess.DEVNULL)
    target = os.environ.get("CARGO_TARGET_DIR") or os.path.join(ROOT, "target")
    return os.path.join(target, "release", "examples", "many-keys")


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def listed(path):
    """The rows of `assay ls -o csv`."""
    with subprocess.Popen([ASSAY, "ls", "-o", "csv", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, errors="replace") as process:
        yield from csv.DictReader(process.stdout)


def encrypted(path):
    """How many live values are encrypted, and their bytes."""
    sizes = [int(row["size"]) for row in listed(path) if row["encoding"] == "encrypted"]
    return len(sizes), sum(sizes)


def live_keys(path):
    """Lines of `assay ls`: the keys, unless one holds a newline."""
    with subprocess.Popen([ASSAY, "ls", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as process:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: process.stdout.read(1 << 20), b""))


def middle_key(path):
    """A live key in the middle of the file's order."""
    keys = subprocess.run([ASSAY, "ls", "-r", "configmaps", path], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL).stdout.splitlines()
    return keys[len(keys) // 2] if keys else sys.exit(f"bench: {path} has no ConfigMap to ask for")


def size_of(path):
    return f"{os.path.getsize(path) / 1e9:.2g} GB"


def records(path):
    """How many entries a database holds, as etcd 3.5 counts them."""
    said = subprocess.run([ASSAY, "hash", "--status", "--json", path], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL).stdout
    return json.loads(said)["artifacts"][0]["status"]["totalKey"]
