"""Makes starter files of trained models, and measures each beside the model that it was cut from: models/README.md's table.

    python3 benches/record/starters.py --models FOLDER [--languages en,zh] [--out models] [--keep]

FOLDER/en and FOLDER/zh are generations of trained collections (indexes/collections/en/g…), or links to them. --keep measures the files that are there. Prints bytes, checksums and a
markdown table, a line for each system of each set; what loses more than two parts of a hundred is bold.
"""

import argparse
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared/data"
WORDS = {"en": ["wordsim353.tsv", "simlex999.txt", "questions-words.txt"], "zh": ["zh-wordsim-240.txt", "zh-ca8-semantic.txt"]}
SENSES = {"en": [("raganato", "raganato/senseval2"), ("wic", "wic/dev"), ("mcl-wic", "mcl-wic/dev.en-en.data"), ("coarsewsd", "coarsewsd20")],
          "zh": [("mcl-wic", "mcl-wic/dev.zh-zh.data")]}
RESTRICT = 50_000
# As many as are read in well under 100 ms; 12 MB would hold twice as many, which gain nothing on these sets.
WORDS_KEPT = {"en": ["--words", 50_000], "zh": ["--words", 60_000]}


def run(options, *arguments):
    command = [str(word) for word in (options.program, "--json", *arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout) if done.stdout.strip() else None


def figures(options, language, words, senses):
    """{(set, system, measure): (value, interval)}, with the arguments that name a model for each kind."""
    found = {}
    files = [SHARED / "words" / name for name in WORDS[language]]
    for report in run(options, "eval", "words", *files, "--restrict", RESTRICT, *words):
        name = pathlib.Path(report["file"]).name
        similarity, analogies = report.get("similarity"), report.get("analogies")
        if similarity:
            found[name, "", f"Spearman, {similarity['used']} of {similarity['pairs']} pairs"] = similarity["spearman"], similarity["interval"]
        if analogies:
            found[name, "", f"{analogies['total']['used']:,} of {analogies['total']['questions']:,} analogies"] = analogies["total"]["accuracy"], analogies["total"]["interval"]
    for kind, path in SENSES[language]:
        report = run(options, "eval", "senses", kind, SHARED / "senses" / path, *senses)
        for system in report["systems"]:
            for mark in system["marks"][:1 if kind != "coarsewsd" else 4]:
                if mark["value"] is not None:
                    found[path, system["name"], mark["measure"]] = mark["value"], mark["interval"]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", required=True, type=pathlib.Path)
    parser.add_argument("--languages", default="en,zh")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "models")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "target/release/sememe")
    options = parser.parse_args()
    for language in options.languages.split(","):
        file = options.out / f"{language}.starter"
        if not options.keep:
            run(options, "vectors", "starter", file, "--model", options.models / language, "--name", language, *WORDS_KEPT[language])
        data = file.read_bytes()
        print(f"{file.name}: {len(data):,} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}")
        with tempfile.TemporaryDirectory() as folder:
            run(options, "vectors", "unpack", file, folder)
            full = figures(options, language, ["--vectors", options.models / language / "vectors.fifu"], ["--model", options.models / language])
            starter = figures(options, language, ["--vectors", f"{folder}/vectors.fifu"], ["--model", folder])
        print("\n| set | system | measure | full | starter | lost |\n|---|---|---|---|---|---|")
        for (name, system, measure), (value, interval) in full.items():
            # The number of known pairs may differ: by place, not by name.
            other = starter.get((name, system, measure)) or next((v for k, v in starter.items() if k[:2] == (name, system)), (None, None))
            lost = (value - other[0]) / value * 100 if other[0] is not None and value else float("nan")
            shown = f"**{lost:.1f} %**" if lost > 2 else f"{lost:.1f} %"
            span = f" ({interval['low']:.3f} to {interval['high']:.3f})" if interval else ""
            print(f"| {name} | {system} | {measure} | {value:.3f}{span} | {'-' if other[0] is None else f'{other[0]:.3f}'} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
