"""What is printed, docs/performance.md, and the record beside it."""
import json
import os
import sys

from .arithmetic import Ratios, compare
from .programs import ROOT

PAGE = os.path.join(ROOT, "docs", "performance.md")
RECORD = os.path.join(ROOT, "docs", "performance.json")
BEGIN, END = "<!-- measured -->\n", "<!-- /measured -->"

ROWS_HEAD = "| what | of | beside | goal | least / median / most | seconds, its and theirs | |\n|---|---|---|---|---|---|---|"
MEMORY_HEAD = "| command | peak MiB | limit | |\n|---|---|---|---|"


# ---- the tables

def number(value):
    """Two digits behind the point, and fewer of what is large."""
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"


def verdict(row):
    return {True: "met", False: "MISSED", None: ""}[row.met]


def line(row):
    """A row of the large table."""
    goal = "" if row.goal is None else f"at {'least' if row.more else 'most'} {number(row.goal)}{row.unit}"
    got = " / ".join(number(value) for value in row.shown[:3]) + row.unit
    seconds = "" if row.ours is None else f"{row.ours:.3f} : {row.theirs:.3f}"
    said = "; ".join(part for part in (verdict(row), row.note) if part)
    return f"| {row.what} | {row.where} | {row.beside} | {goal} | {got} | {seconds} | {said} |"


def memory_lines(rows):
    """A line for all that come to the same, the most first."""
    alike = {}
    for row in sorted(rows, key=lambda row: -row.shown.median):
        alike.setdefault((round(row.shown.median), round(row.goal), verdict(row)), []).append(row.what)
    return [f"| {', '.join(what)} | {peak} | {most} | {said} |" for (peak, most, said), what in alike.items()]


def memory_table(rows):
    """A table for each input."""
    lines = []
    for where in dict.fromkeys(row.where for row in rows):
        lines += [f"{where}:\n", MEMORY_HEAD, *memory_lines([row for row in rows if row.where == where]), ""]
    return lines


def growth_table(points, fits):
    """points: (name, bytes, records, seconds by command); fits: by command."""
    lines = ["| of | bytes | records |" + "".join(f" `{name}` s |" for name in fits),
             "|---|---|---|" + "---|" * len(fits)]
    for at, (name, size, records, seconds) in enumerate(points):
        cells = "".join(f" {seconds[command]:.3f} ({fits[command].deviations[at]:+.0%}) |" for command in fits)
        lines.append(f"| {name} | {size} | {records} |{cells}")
    lines += ["", "| command | fixed ms | ms a MB | us a record | largest deviation |", "|---|---|---|---|---|"]
    for command, fit in fits.items():
        lines.append(f"| `{command}` | {fit.fixed * 1e3:.1f} | {fit.per_byte * 1e9:.3f} | {fit.per_record * 1e6:.3f} | "
                     f"{fit.largest:+.0%} |")
    return lines


# ---- the page

def programs(head):
    return f"assay {head['assay']}; etcdutl {head['etcdutl']}; OpenSSL {head['openssl']}"


def measured(head, rows, growth, memory, skipped):
    """The part of the page that is written by the script."""
    lines = [f"- {head['machine']}", f"- {programs(head)}", f"- {head['day']}, `{head['command']}`", ""]
    if rows:
        lines += ["### Time", "", ROWS_HEAD, *map(line, rows), ""]
    if growth:
        lines += ["### Growth", "", *growth, ""]
    if memory:
        lines += ["### Memory", "", *memory_table(memory)]
    return "\n".join(lines + [f"SKIPPED {why}\n" for why in skipped]).rstrip("\n") + "\n"


def write_page(text, path=PAGE):
    with open(path, encoding="utf-8") as f:
        page = f.read()
    before, rest = page.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    with open(path, "w", encoding="utf-8") as f:
        f.write(before + BEGIN + text + END + after)


# ---- the record

def plain_name(row):
    return row.name.replace("`", "")


def write_record(head, rows, path=RECORD):
    told = {plain_name(row): {**{name: round(value, 4) for name, value in row.ratios._asdict().items()},
                              "better": "more" if row.more else "less"} for row in rows}
    with open(path, "w", encoding="utf-8") as f:
        f.write(json.dumps({**head, "rows": told}, indent=2) + "\n")


def read_record(path=RECORD):
    if not os.path.exists(path):
        sys.exit(f"bench: no {path}: --record makes one")
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def worse_rows(record, rows):
    """What to say of each row that is worse than recorded by more than noise, by its name."""
    worse = {}
    for row in rows:
        told = record["rows"].get(plain_name(row))
        said = told and compare(Ratios(*(told[name] for name in Ratios._fields)), row.ratios, told["better"] == "more")
        if said:
            worse[row.name] = said
    return worse


def not_compared(record, rows):
    """Rows without a record, and records without a row."""
    names = {plain_name(row) for row in rows}
    return sorted(names - set(record["rows"])), sorted(set(record["rows"]) - names)
