"""What scripts/bench computes and says; nothing is measured: python3 -B -m unittest discover -s scripts/benchlib -t scripts"""
import contextlib
import hashlib
import importlib.machinery
import importlib.util
import io
import os
import tempfile
import unittest

from benchlib import backups, page, programs
from benchlib.arithmetic import LEAST_NOISE, compare, fit, of_rounds
from benchlib.inputs import Inputs
from benchlib.row import against, in_memory, in_seconds

BENCH = os.path.join(programs.ROOT, "scripts", "bench")


def script():
    """scripts/bench as a module."""
    loader = importlib.machinery.SourceFileLoader("bench", BENCH)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench", loader))
    loader.exec_module(module)
    return module


def record_of(*rows):
    """What --record writes of rows, read again."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "record.json")
        page.write_record({"machine": "a machine"}, rows, path)
        return page.read_record(path)


def faster(*ratios):
    """A row of which more is better."""
    return against("`ls`", "1 GB", "`its peer`", [1.0] * len(ratios), ratios, goal=4, more=True)


def slower(*ratios):
    """A row of which less is better."""
    return against("`verify`", "1 GB", "`its peer`", ratios, [1.0] * len(ratios), goal=0.85)


class Noise(unittest.TestCase):
    def test_it_is_how_far_quartiles_lie_apart(self):
        self.assertEqual(of_rounds([1.0, 3.0, 2.0, 2.5, 4.0]), (1.0, 2.5, 4.0, 0.4))

    def test_one_disturbed_round_is_not_in_it(self):
        self.assertEqual(of_rounds([1.0, 1.0, 1.0, 1.0, 9.0]).noise, LEAST_NOISE)

    def test_one_round_tells_none(self):
        self.assertEqual(of_rounds([2.0]), (2.0, 2.0, 2.0, LEAST_NOISE))

    def test_no_machine_is_quieter_than_the_least(self):
        self.assertEqual(of_rounds([2.0, 2.0, 2.0]).noise, LEAST_NOISE)

    def test_worse_by_less_than_both_noises_is_not_worse(self):
        then, now = of_rounds([0.9, 1.0, 1.1]), of_rounds([1.0, 1.1, 1.2])
        self.assertIsNone(compare(then, now, more=False))

    def test_worse_by_more_than_both_noises_is_said_with_the_figures(self):
        said = compare(of_rounds([0.99, 1.0, 1.01]), of_rounds([1.19, 1.2, 1.21]), more=False)
        self.assertEqual(said, "1.20, recorded 1.00: worse by 20%, noise 3% then and 3% now")

    def test_of_what_is_the_better_the_larger_less_is_worse(self):
        quick, slow = of_rounds([7.0] * 3), of_rounds([5.0] * 3)
        self.assertIsNotNone(compare(quick, slow, more=True))
        self.assertIsNone(compare(slow, quick, more=True))
        self.assertIsNone(compare(quick, slow, more=False))


class Line(unittest.TestCase):
    SIZES = [(10**8, 18_000), (10**9, 180_000), (4 * 10**9, 720_000), (8 * 10**9, 1_440_000), (10**6, 10_000),
             (2 * 10**9, 2 * 10**7)]

    def test_what_is_linear_is_found(self):
        found = fit([(size, count, 0.01 + size * 6e-10 + count * 2e-7) for size, count in self.SIZES])
        for got, put in ((found.fixed, 0.01), (found.per_byte, 6e-10), (found.per_record, 2e-7)):
            self.assertAlmostEqual(got / put, 1)
        self.assertLess(abs(found.largest), 1e-6)

    def test_what_is_not_linear_deviates(self):
        found = fit([(size, count, 0.01 + size * 6e-10 + (count / 10**6) ** 2) for size, count in self.SIZES])
        self.assertGreater(abs(found.largest), 0.3)

    def test_nothing_takes_less_than_no_time(self):
        found = fit([(size, count, 0.001 + size * 6e-10 - count * 1e-10) for size, count in self.SIZES])
        self.assertEqual(found.per_record, 0)
        self.assertGreater(found.per_byte, 0)

    def test_points_on_one_axis_do_not_tell(self):
        with self.assertRaisesRegex(ValueError, "more sizes"):
            fit([(size, size, size * 1e-9) for size in (1, 10, 100)])


class Rows(unittest.TestCase):
    def test_a_ratio_is_that_of_its_round(self):
        row = against("`a`", "1 GB", "`b`", [1.0, 4.0, 3.0], [2.0, 4.0, 2.0], goal=1)
        self.assertEqual(row.ratios[:3], (0.5, 1.0, 1.5))
        self.assertEqual((row.ours, row.theirs), (3.0, 2.0))

    def test_goals_are_held_to_the_median(self):
        self.assertTrue(faster(3.0, 4.0, 5.0).met)
        self.assertFalse(faster(3.0, 3.9, 9.0).met)
        self.assertTrue(slower(0.8, 0.85, 2.0).met)
        self.assertFalse(slower(0.1, 0.86, 0.9).met)

    def test_a_goal_in_seconds_is_recorded_as_a_ratio(self):
        row = in_seconds("`a`", "300 backups", "`b`", [9.0, 8.0, 7.0], [2.0, 2.0, 2.0], 8)
        self.assertEqual((row.met, row.shown.median, row.ratios.median), (True, 8.0, 4.0))

    def test_memory_is_recorded_as_a_part_of_its_limit(self):
        row = in_memory("`a`", "keys", [90.0, 80.0, 150.0], 100.0)
        self.assertEqual((row.met, row.ratios.median), (False, 0.9))
        self.assertEqual(page.memory_lines([row]), ["| `a` | 150 | 100 | MISSED |"])

    def test_what_takes_the_same_memory_is_one_line(self):
        rows = [in_memory(name, "keys", [peak], most) for name, peak, most in
                (("`a`", 3.1, 64.0), ("`b`", 9.0, 64.0), ("`c`", 2.9, 64.0), ("`d`", 3.0, 40.0))]
        self.assertEqual(page.memory_lines(rows), ["| `b` | 9 | 64 | met |", "| `a`, `c` | 3 | 64 | met |",
                                                   "| `d` | 3 | 40 | met |"])

    def test_memory_of_a_thread_more_is_noise(self):
        then, now, much = (in_memory("`a`", "keys", [peak], 100.0).ratios for peak in (20.0, 25.0, 40.0))
        self.assertIsNone(compare(then, now, more=False))
        self.assertIsNotNone(compare(then, much, more=False))

    def test_a_line_says_goal_and_verdict(self):
        self.assertEqual(page.line(slower(0.8, 0.9, 1.0)), "| `verify` | 1 GB | `its peer` | at most 0.85x | "
                         "0.80 / 0.90 / 1.00x | 0.900 : 1.000 | MISSED |")


class Checked(unittest.TestCase):
    """--check: the exit code."""

    def exit_code(self, record, *rows, again=None):
        with contextlib.redirect_stdout(io.StringIO()) as said:
            code = script().check(record, rows, lambda _: again or rows)
        return code, said.getvalue()

    def test_what_is_as_recorded_passes(self):
        rows = slower(0.8, 0.81, 0.82), faster(7.0, 7.1, 7.2)
        self.assertEqual(self.exit_code(record_of(*rows), *rows)[0], 0)

    def test_what_is_worse_fails_in_either_direction(self):
        record = record_of(slower(0.8, 0.81, 0.82), faster(7.0, 7.1, 7.2))
        code, said = self.exit_code(record, slower(1.0, 1.01, 1.02), faster(7.0, 7.1, 7.2))
        self.assertEqual((code, said.count("WORSE")), (1, 1))
        code, said = self.exit_code(record, slower(0.8, 0.81, 0.82), faster(5.0, 5.1, 5.2))
        self.assertEqual((code, said.count("WORSE `ls`")), (1, 1))

    def test_what_is_worse_once_passes(self):
        good, bad, other = slower(0.8, 0.81, 0.82), slower(1.0, 1.01, 1.02), faster(5.0, 5.1, 5.2)
        record = record_of(good, faster(7.0, 7.1, 7.2))
        self.assertEqual(self.exit_code(record, bad, again=[good])[0], 0)
        # what comes along is not what was worse
        self.assertEqual(self.exit_code(record, bad, again=[good, other])[0], 0)
        self.assertEqual(self.exit_code(record, bad, again=[bad, other])[0], 1)

    def test_what_is_better_passes(self):
        record = record_of(slower(0.8, 0.81, 0.82), faster(7.0, 7.1, 7.2))
        self.assertEqual(self.exit_code(record, slower(0.5, 0.5, 0.5), faster(9.0, 9.0, 9.0))[0], 0)

    def test_a_record_of_other_rows_proves_nothing(self):
        code, said = self.exit_code(record_of(slower(0.8, 0.8, 0.8)), faster(9.0, 9.0, 9.0))
        self.assertEqual(code, 1)
        self.assertIn("not recorded: 1; recorded and not measured: 1", said)

    def test_another_machine_is_named(self):
        rows = [slower(0.8, 0.8, 0.8)]
        self.assertIn("another machine (a machine)", self.exit_code(record_of(*rows), *rows)[1])


class Page(unittest.TestCase):
    def test_only_what_is_marked_is_written_anew(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "page.md")
            with open(path, "w", encoding="utf-8") as f:
                f.write(f"before\n{page.BEGIN}old\n{page.END}\nbehind\n")
            page.write_page("new\n", path)
            with open(path, encoding="utf-8") as f:
                self.assertEqual(f.read(), f"before\n{page.BEGIN}new\n{page.END}\nbehind\n")

    def test_the_page_has_a_place_for_it(self):
        with open(page.PAGE, encoding="utf-8") as f:
            self.assertRegex(f.read(), f"(?s){page.BEGIN}.+{page.END}")

    def test_what_was_skipped_is_on_it(self):
        head = {name: name for name in ("machine", "assay", "etcdutl", "openssl", "day", "command")}
        text = page.measured(head, [slower(0.8, 0.8, 0.8)], [], [in_memory("`a`", "keys", [1.0], 2.0)], ["8 GB: no room"])
        for part in ("`verify`", "| `a` | 1 | 2 | met |", "SKIPPED 8 GB: no room\n"):
            self.assertIn(part, text)


class Files(unittest.TestCase):
    def test_what_there_is_no_room_for_is_skipped_and_nothing_made(self):
        with tempfile.TemporaryDirectory() as folder:
            inputs = Inputs(folder)
            for make, how_much in ((inputs.many_keys, 10**15), (inputs.plain, 10**9), (inputs.backups, 10**9)):
                with self.assertRaisesRegex(programs.Skipped, "no room to make .*: it wants .* GB, .* GB are free"):
                    make(how_much)
            self.assertEqual(os.listdir(folder), [])

    def test_what_is_there_is_taken(self):
        with tempfile.TemporaryDirectory() as folder:
            names = ["plain-100.db", "aesgcm-7.db", "keys-9.db", "backups-3"]
            for name in names:
                open(os.path.join(folder, name), "wb").close()
            inputs = Inputs(folder)
            found = inputs.plain(0.1), inputs.sealed(7, "aesgcm"), inputs.many_keys(9), inputs.backups(3)
            self.assertEqual([os.path.basename(path) for path in found], names)


class Backups(unittest.TestCase):
    def test_each_has_pages_of_its_own_and_is_sealed(self):
        objects = b"".join(b"uid:%x1234567-0000-4000-8000-000000000000" % first for first in range(16))
        whole = objects + hashlib.sha256(objects).digest()
        made = [backups.changed(whole, number) for number in range(32)]
        self.assertEqual(len(set(made)), 32)
        for one in made:
            self.assertEqual(len(one), len(whole))
            self.assertEqual(hashlib.sha256(one[:-32]).digest(), one[-32:])


if __name__ == "__main__":
    unittest.main()
