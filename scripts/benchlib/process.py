"""Runs commands, in turns, and takes their time, processor time and anonymous memory; warm, cold, and beside others."""
import contextlib
import ctypes
import ctypes.util
import mmap
import os
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

from .programs import Skipped


class Command(NamedTuple):
    """A program with its arguments; first: only until its first byte of output. before is run first, unmeasured."""

    argv: list
    accepted: tuple = (0,)
    first: bool = False
    before: object = None


class Took(NamedTuple):
    """Wall and processor seconds, and the peak of anonymous memory in bytes where it was sampled."""

    wall: float
    cpu: float
    anonymous: int


def run(command, sample=False):
    if command.before:
        command.before()
    if command.first:
        return Took(first_byte(command.argv), 0.0, 0)
    with open(os.devnull, "r+b") as null, tempfile.TemporaryFile() as complaint:
        began = time.perf_counter()
        process = subprocess.Popen(command.argv, stdin=null, stdout=null, stderr=complaint)
        peak = sample_anonymous(process.pid) if sample else 0
        _, status, usage = os.wait4(process.pid, 0)  # not wait(): it does not tell the processor time of this one
        wall = time.perf_counter() - began
        complaint.seek(0)
        said = complaint.read().decode(errors="replace").strip()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in command.accepted:
        sys.exit(f"bench: `{' '.join(command.argv[:6])}` ended with {process.returncode}: {said}")
    return Took(wall, usage.ru_utime + usage.ru_stime, peak)


def first_byte(argv):
    """Seconds until a command has written its first byte; it is not waited for."""
    with open(os.devnull, "r+b") as null:
        began = time.perf_counter()
        with subprocess.Popen(argv, stdin=null, stdout=subprocess.PIPE, stderr=null) as process:
            byte = process.stdout.read(1)
            seconds = time.perf_counter() - began
            process.kill()
    return seconds if byte else sys.exit(f"bench: `{' '.join(argv)}` wrote nothing")


def sample_anonymous(pid):
    """Peak of RssAnon in bytes, looked at every millisecond; a process that has ended has none."""
    peak = 0
    while True:
        try:
            with open(f"/proc/{pid}/status", encoding="utf-8") as f:
                line = next((line for line in f if line.startswith("RssAnon:")), None)
        except (FileNotFoundError, ProcessLookupError):
            return peak
        if line is None:
            return peak
        peak = max(peak, int(line.split()[1]) * 1024)
        time.sleep(0.001)


def in_turns(commands, runs):
    """What each command took in each round, by name; each round begins with another one."""
    took, names = {name: [] for name in commands}, list(commands)
    for turn in range(runs):
        begin = turn % len(names)
        for name in names[begin:] + names[:begin]:
            took[name].append(run(commands[name]))
    return took


def on_core(number, command):
    return command._replace(argv=["taskset", "-c", str(number), *command.argv])


@contextlib.contextmanager
def busy():
    """Another process that wants a core all the time."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"], stdin=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.kill()


def resident_part(path):
    """Part of a file that is in the page cache, 0 to 1."""
    libc = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)
    libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
    size = os.path.getsize(path)
    pages = -(-size // mmap.PAGESIZE)
    with open(path, "rb") as f, mmap.mmap(f.fileno(), size, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE) as m:
        seen = ctypes.create_string_buffer(pages)
        view = ctypes.c_char.from_buffer(m)
        failed = libc.mincore(ctypes.addressof(view), size, seen)
        del view
        if failed:
            sys.exit(f"bench: mincore: {os.strerror(ctypes.get_errno())}")
    return (pages - seen.raw.count(0)) / pages


def evict(path):
    """Drops a file from the page cache and gives the part that stayed."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(fd)
    return resident_part(path)


def warm(path):
    """Reads a file into the page cache, where it has to stay."""
    with open(path, "rb", buffering=0) as f:
        while f.read(1 << 24):
            pass
    part = resident_part(path)
    if part < 0.99:
        raise Skipped(f"only {part:.0%} of {path} stays in the page cache: it wants more memory")
