"""The parts of the table that take time: each measures its commands in turns and gives rows."""
import os
import shutil
import statistics
import subprocess
import tempfile

from .inputs import encrypted, middle_key, size_of
from .process import Command, busy, evict, in_turns, on_core, run, warm
from .programs import ASSAY, ETCDUTL
from .row import against, in_memory, in_seconds

VERDICT = (0, 1)  # what assay finds is not this script's business, its time is
OPENSSL, PEER, SCAN = "`openssl dgst -sha256`", "`etcdutl snapshot status`", "`assay bucket`"
FLOOR, THROUGH = "`openssl speed`, sha256", "`cat`"  # what no program does without: hashing what is in the cache; reading


def assay(*argv, **more):
    return Command([ASSAY, *argv], VERDICT, **more)


def sha256(*paths):
    return Command(["openssl", "dgst", "-sha256", *paths])


def status(path):
    return Command([ETCDUTL, "snapshot", "status", "-w", "json", path])


def walls(took):
    return [one.wall for one in took]


def cpus(took):
    return [one.cpu for one in took]


# ---- one snapshot

def snapshot(inputs, gigabytes, runs):
    """verify, hash --status and ls in each situation that the goals name."""
    path = inputs.plain(gigabytes)
    warm(path)
    where = size_of(path)
    return [*everything(path, where, runs), *one_core(path, where, runs), *beside_another(path, where, runs),
            *cold(path, where, runs)]


def everything(path, where, runs):
    took = in_turns({"verify": assay("verify", path), "sha": sha256(path), "status": assay("hash", "--status", path),
                     "peer": status(path), "ls": assay("ls", path), "cat": Command(["cat", path])}, runs)
    wall = {name: walls(of) for name, of in took.items()}
    floor = [os.path.getsize(path) / hashed_in_a_second() for _ in range(runs)]
    return [
        against("`verify`, warm, all cores", where, OPENSSL, wall["verify"], wall["sha"], goal=0.85),
        against("`verify`, warm, all cores", where, FLOOR, wall["verify"], floor),
        against("`verify`, processor time", where, OPENSSL, cpus(took["verify"]), cpus(took["sha"]), goal=1.3),
        against("`hash --status`, warm", where, PEER, wall["status"], wall["peer"], goal=7, more=True),
        against("`hash --status`, processor time", where, PEER, cpus(took["status"]), cpus(took["peer"]), more=True),
        against("`hash --status`, warm", where, THROUGH, wall["status"], wall["cat"]),
        against("`ls`, warm", where, PEER, wall["ls"], wall["peer"], goal=4, more=True),
        against("`ls`, processor time", where, PEER, cpus(took["ls"]), cpus(took["peer"]), more=True),
        against("`ls`, warm", where, THROUGH, wall["ls"], wall["cat"]),
    ]


def verify_and_sha(path, runs, how):
    took = in_turns({"verify": how(assay("verify", path)), "sha": how(sha256(path))}, runs)
    return walls(took["verify"]), walls(took["sha"])


def one_core(path, where, runs):
    times = verify_and_sha(path, runs, lambda command: on_core(0, command))
    return [against("`verify` on one core", where, OPENSSL, *times, goal=1.25)]


def beside_another(path, where, runs):
    with busy():
        times = verify_and_sha(path, runs, lambda command: command)
    return [against("`verify` beside a busy process", where, OPENSSL, *times, goal=1.25)]


def cold(path, where, runs):
    """From the disk: the file is evicted before each command but the SHA-256, which says what a core has to do."""
    stayed = []
    evicted = {"before": lambda: stayed.append(evict(path))}
    asked = {"verify": ["verify"], "ls": ["ls"], "hash --status": ["hash", "--status"]}
    took = in_turns({"cat": Command(["cat", path], **evicted), "sha": sha256(path)._replace(before=lambda: warm(path)),
                     **{name: assay(*argv, path, **evicted) for name, argv in asked.items()}}, runs)
    warm(path)
    most = [max(both) for both in zip(walls(took["cat"]), walls(took["sha"]))]
    note = "" if max(stayed) <= 0.01 else f"{max(stayed):.0%} of the file could not be evicted: it flatters"
    beside = "the slower of `cat` and a SHA-256"
    return [against(f"`{name}`, cold", where, beside, walls(took[name]), most, goal=1.15, note=note) for name in asked]


# ---- what else is asked of a snapshot

def questions(inputs, gigabytes, runs):
    """Beside the bare scan, which reads every leaf and counts."""
    path = inputs.plain(gigabytes)
    warm(path)
    key = middle_key(path)
    first = assay("get", path, "configmaps", "-o", "yaml", first=True)
    asked = {"get configmaps -o yaml`, first object": first}
    for name, argv in {"get KEY`": ["get", path, key], "history KEY`": ["history", path, key], "hash`": ["hash", path],
                       "du`": ["du", path], "timeline`": ["timeline", path], "diff`, with itself": ["diff", path, path],
                       "carve`": ["carve", path]}.items():
        asked[name] = assay(*argv)
    took = in_turns({"scan": assay("bucket", path), **asked}, runs)
    scans = walls(took["scan"])
    return [against(f"`{name}", size_of(path), SCAN, walls(took[name]), scans, goal=1.2 if command.first else None)
            for name, command in asked.items()]


# ---- what writes

def writers(inputs, gigabytes, runs):
    """rebuild and rehearse, each beside etcd's own; the output is gone before each."""
    path = inputs.plain(gigabytes)
    inputs.room(os.path.getsize(path) * 3, f"copies of {path}")
    warm(path)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=inputs.work) as work:
        took = in_turns(what_writes(path, work), runs)
    rebuild, rehearse = walls(took["rebuild"]), walls(took["rehearse"])
    copied = [copy + sha + 0.1 for copy, sha in zip(walls(took["cp"]), walls(took["sha"]))]
    where = size_of(path)
    return [
        against("`rebuild`", where, "`etcdutl defrag`", rebuild, walls(took["defrag"]), goal=3, more=True),
        against("`rehearse`", where, "`cp`, a SHA-256 and 0.1 s", rehearse, copied, goal=1),
        against("`rehearse`", where, "`etcdutl snapshot restore`", rehearse, walls(took["restore"]), more=True),
    ]


def what_writes(path, work):
    inside = lambda *names: os.path.join(work, *names)

    def empty():
        for left in os.scandir(work):
            shutil.rmtree(left) if left.is_dir() else os.remove(left)
        os.sync()  # what was written before must not be waited for now

    def data_directory():
        empty()
        os.makedirs(inside("data", "member", "snap"))
        shutil.copyfile(path, inside("data", "member", "snap", "db"))
        os.sync()

    return {
        "rebuild": assay("rebuild", path, "--out", inside("new.db"), "--no-sidecar", before=empty),
        "defrag": Command([ETCDUTL, "defrag", "--data-dir", inside("data")], before=data_directory),
        "rehearse": assay("rehearse", path, "--out", inside("made"), before=empty),
        "restore": Command([ETCDUTL, "snapshot", "restore", path, "--data-dir", inside("restored")], before=empty),
        "cp": Command(["cp", path, inside("copy.db")], before=empty),
        "sha": sha256(path),
    }


# ---- many backups

def many_backups(inputs, count, runs):
    """A folder of backups with tarballs; the goals are for 300 of them."""
    folder = inputs.backups(count)
    files = sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)
    for path in files:
        warm(path)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=inputs.work) as work:
        html = assay("verify", "-o", "html=" + os.path.join(work, "page.html"), folder)
        took = in_turns({"verify": assay("verify", folder), "html": html, "sha": sha256(*files)}, runs)
        peaks = [run(command, sample=True).anonymous / 2**20 for command in (assay("verify", folder), html)]
    where = f"{count} backups, {sum(map(os.path.getsize, files)) / 1e6:.0f} MB"
    shas, part = walls(took["sha"]), count / 300
    return [
        in_seconds("`verify` of many backups", where, OPENSSL, walls(took["verify"]), shas, 8 * part),
        in_seconds("`verify -o html` of many backups", where, OPENSSL, walls(took["html"]), shas, 10 * part),
        against("`verify` of many backups, processor time", where, OPENSSL, cpus(took["verify"]), cpus(took["sha"])),
        in_memory("`verify` of many backups, memory", where, peaks, 150),
    ]


# ---- encrypted values

def sealed(inputs, values, provider, runs):
    """Opening every encrypted value: processor time of `keys check` without that of one which opens a value of each key."""
    path = inputs.sealed(values, provider)
    warm(path)
    count, size = encrypted(path)
    mean = max(16, round(size / count / 16) * 16)
    took = {"check": [], "sample": [], "scan": [], "speed": []}
    check = ["keys", "check", path, "--keys", path + ".keys.yaml"]
    commands = {"check": assay(*check), "sample": assay(*check, "--sample", "1"), "scan": assay("bucket", path)}
    for _ in range(runs):
        for name, command in commands.items():
            took[name].append(run(command).cpu)
        took["speed"].append(size / decrypted_in_a_second(provider, mean))
    opening = [every - one for every, one in zip(took["check"], took["sample"])]
    where, beside = f"{count} values, {size / 1e6:.0f} MB", f"`openssl speed`, {provider}"
    return [
        against(f"opening {provider} values, processor time", where, beside, opening, took["speed"], goal=1.3),
        against(f"`keys check`, all of it, {provider}", where, SCAN, took["check"], took["scan"]),
    ]


def decrypted_in_a_second(provider, block):
    """Bytes that `openssl speed` decrypts in a second, in pieces of so many bytes."""
    return in_a_second({"aescbc": "aes-256-cbc", "aesgcm": "aes-256-gcm"}[provider], block, "-decrypt")


def hashed_in_a_second():
    """Bytes of a SHA-256 that `openssl speed` does in a second, of what never leaves the cache."""
    return in_a_second("sha256", 1 << 16)


def in_a_second(algorithm, block, *more):
    said = subprocess.run(["openssl", "speed", "-mr", "-evp", algorithm, *more, "-bytes", str(block), "-seconds", "1"],
                          capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout
    return float(said.strip().splitlines()[-1].rsplit(":", 1)[1])


# ---- growth

GROWING = {"verify": ["verify"], "hash --status": ["hash", "--status"], "ls": ["ls"]}


LONG = 15  # seconds of a round that no further one follows


def growth(path, runs):
    """Median seconds of each command that reads all of a file, by name: of three rounds at most, of one that is long."""
    warm(path)
    commands = {name: assay(*argv, path) for name, argv in GROWING.items()}
    took = in_turns(commands, 1)
    if sum(of[0].wall for of in took.values()) < LONG:
        more = in_turns(commands, min(runs, 3) - 1)
        took = {name: took[name] + more[name] for name in commands}
    return {name: statistics.median(walls(of)) for name, of in took.items()}
