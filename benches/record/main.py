"""./bench: runs the parts, writes the record. The parts are in parts.py and growth.py, what becomes of figures in tables.py."""

import argparse
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import tables
from growth import growth, sizes
from parts import ann, bilm, keyword, service, train
from tools import PROGRAM, ROOT, Skip, machine, versions

PARTS = {"train": train, "bilm": bilm, "ann": ann, "keyword": keyword, "service": service, "growth": growth, "sizes": sizes}
SHARED = ROOT.parent / "shared/data"


class Run:
    """The settings of one run, its temporary folder, and what was left out."""

    def __init__(self, options, folder):
        self.quick, self.medium, self.folder, self.not_run = options.quick, options.medium, folder, []
        self.repeats = 1 if options.quick else options.repeats
        self.seeds = [1, 2] if not (options.quick or options.medium) else [1]
        self.words_folder = options.words if options.words and options.words.is_dir() else None
        self.text, self._tokens = options.text, None

    @property
    def tokens(self):
        """The text as the trainer sees it, lower-cased words, one document a line; made once."""
        if self._tokens is None:
            if not (self.text and self.text.is_file()):
                raise Skip("there is no text (--text FILE: plain, .gz or .zst)")
            whole, self._tokens = self.folder / "whole.txt", self.folder / "tokens.txt"
            with open(whole, "wb") as file:
                subprocess.run([PROGRAM, "tokens", self.text], stdout=file, check=True)
            self.first_words(whole, self._tokens, 600_000 if self.quick else 4_000_000 if self.medium else 12_000_000)
            whole.unlink()
        return self._tokens

    @staticmethod
    def first_words(source, target, most):
        """Copies whole lines until they hold `most` words; returns how many they hold."""
        words = 0
        with open(source, "rb") as lines, open(target, "wb") as out:
            for line in lines:
                if words >= most:
                    break
                words += len(line.split())
                out.write(line)
        return words

    @staticmethod
    def words_in(path):
        with open(path, "rb") as lines:
            return sum(len(line.split()) for line in lines)

    def skipped(self, what, why):
        self.not_run.append(f"{what}: {why}")
        print(f"{what}: NOT MEASURED, {why}", file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(prog="./bench", description="Measures what README claims, beside other programs.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=" ".join(PARTS) + "; all of them if none is named")
    parser.add_argument("--quick", action="store_true", help="all of it small, to try the wrapper; writes to target/bench/quick/ only")
    parser.add_argument("--medium", action="store_true", help="a third of the text and one seed: some 20 minutes instead of an hour; written as a record")
    parser.add_argument("--tables", action="store_true", help="README's table and the page of the newest record, without measuring")
    parser.add_argument("--text", type=pathlib.Path, default=SHARED / "train/en-wiki.txt.zst", help="English text to train on and to search")
    parser.add_argument("--words", type=pathlib.Path, default=SHARED / "words", help="folder of wordsim353.tsv, simlex999.txt, questions-words.txt")
    parser.add_argument("--repeats", type=int, default=3, help="rounds of each comparison")
    options = parser.parse_args()
    for part in options.parts:
        if part not in PARTS:
            parser.error(f"part: expected one of {', '.join(PARTS)}, got {part}")
    return options


def main():
    options = arguments()
    if options.tables:
        return tables.tables()
    today = datetime.date.today().isoformat()
    folder = ROOT / "target/bench/quick" if options.quick else tables.RECORD
    folder.mkdir(parents=True, exist_ok=True)
    path, before = folder / f"{today}.json", None if options.quick else tables.newest()
    # What is not measured this time stands as it was, with its own date.
    parts = json.loads(before.read_text())["parts"] if before else {}
    at_start, listed, not_run = machine(), versions(), []
    if not options.quick and at_start["load_at_start"] > 1:
        print(f"the machine is busy (load {at_start['load_at_start']}): figures of the clock will be worth little", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="sememe-bench-") as temporary:
        run = Run(options, pathlib.Path(temporary))
        for name in options.parts or PARTS:
            print(f"== {name}", flush=True)
            begun = time.monotonic()
            try:
                figures = PARTS[name](run)
            except (Skip, SystemExit, OSError, subprocess.CalledProcessError) as why:
                run.skipped(name, why)
                continue
            if figures:
                parts[name] = {"date": today, "commit": listed["commit"], "command": " ".join(["./bench", *sys.argv[1:]]),
                               "seconds": time.monotonic() - begun, "figures": figures}
            record = {"machine": at_start, "versions": listed, "not_run": run.not_run,
                      "parts": {part: parts[part] for part in PARTS if part in parts}}
            record["rows"] = tables.rows(record["parts"])
            tables.write(path, record)
            for line in tables.rows({name: parts[name]} if figures else {}):
                print("  " + " | ".join(line), flush=True)
    print(f"written: {path.relative_to(ROOT)}")
    if not options.quick:
        tables.tables()


if __name__ == "__main__":
    main()
