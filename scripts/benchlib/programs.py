"""The programs that are measured, and what they and the machine are."""
import os
import platform
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGET = os.environ.get("CARGO_TARGET_DIR") or os.path.join(ROOT, "target")
ASSAY = os.environ.get("ASSAY") or os.path.join(TARGET, "dist", "assay")
ETCDUTL = os.path.join(os.environ.get("ASSAY_PEER_35") or os.path.join(TARGET, "peers", "3.5"), "etcdutl")


class Skipped(Exception):
    """Why something cannot be measured here."""


def wanted():
    """Ends when a program is not there."""
    made_by = {ASSAY: "cargo build --profile dist -p etcd-assay, or ASSAY=FILE", ETCDUTL: "scripts/install-peers"}
    for program, how in made_by.items():
        if not os.access(program, os.X_OK):
            sys.exit(f"bench: no {program}: {how}")
    for program in ("openssl", "cat", "cp", "taskset"):
        if not shutil.which(program):
            sys.exit(f"bench: no {program}")


def profile():
    """The profile of Cargo that the binary was built with, as far as its folder tells."""
    return os.path.basename(os.path.dirname(os.path.realpath(ASSAY)))


def first_line(*argv):
    try:
        text = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL).stdout
    except OSError:
        return "?"
    return text.strip().splitlines()[0] if text.strip() else "?"


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        cpu = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(os.sched_getaffinity(0))} cores of {cpu}, {memory:.0f} GiB, Linux {platform.release()}"


def versions():
    """What was measured with what."""
    return {
        "assay": f"{first_line(ASSAY, '--version').removeprefix('assay ')}, profile {profile()}",
        "etcdutl": first_line(ETCDUTL, "version").removeprefix("etcdutl version: "),
        "openssl": first_line("openssl", "version").removeprefix("OpenSSL ").split()[0],
    }
