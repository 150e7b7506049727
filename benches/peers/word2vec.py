"""Trains the same tokens with gensim (corpus_file mode) and with sememe, in turn, and compares time and quality.

    python3 -m venv venv && venv/bin/pip install gensim==4.4.0
    cargo bench --bench word2vec --no-run      # prints the path of the program
    venv/bin/python benches/peers/word2vec.py --bench target/release/deps/word2vec-… --text TEXT \
        --pairs wordsim353.tsv simlex999.txt --analogies questions-words.txt

TEXT holds lower-cased words separated by blanks, one document a line (see README.md for how to make it). The
three files come with gensim (gensim/test/test_data); Chinese ones are wordsim-240 and CA8.

Times are user CPU seconds of all threads, which a busy machine disturbs less than the clock. An epoch is the difference between
runs of 2 epochs and of 1: reading, counting and saving cancel out. Other ways of use: --cbow, --seeds 1 2 3, --speed-only.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time


def run_gensim(job):
    """In a process of its own: counts, trains, saves."""
    from gensim.models import Word2Vec

    model = Word2Vec(
        vector_size=job["dim"], window=5, negative=5, sample=1e-4, min_count=5, hs=0, sg=0 if job["cbow"] else 1,
        workers=job["threads"], alpha=job["rate"], min_alpha=job["rate"] * 1e-4, seed=job["seed"],
    )
    model.build_vocab(corpus_file=job["text"])
    model.train(
        corpus_file=job["text"], total_words=model.corpus_total_words, total_examples=model.corpus_count,
        epochs=job["epochs"],
    )
    model.wv.save_word2vec_format(job["save"], binary=True)


def measured(command):
    """Wall and user CPU seconds and peak memory (MB) of a command."""
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"failed: {command}")
    return {"wall_s": time.monotonic() - begun, "cpu_s": usage.ru_utime, "peak_mb": usage.ru_maxrss / 1024}


def gensim(options, epochs, seed, save):
    job = {"dim": options.dim, "threads": options.threads, "epochs": epochs, "seed": seed, "cbow": options.cbow,
           "rate": options.gensim_rate, "text": options.text, "save": save}
    return measured([sys.executable, __file__, "--gensim-job", json.dumps(job)])


def sememe(options, epochs, seed, save):
    command = [options.bench, options.text, "--dim", options.dim, "--threads", options.threads, "--epochs", epochs,
               "--seed", seed, "--save", save]
    if options.sememe_rate:
        command += ["--learning-rate", options.sememe_rate]
    if options.shared_negatives:
        command += ["--shared-negatives", options.shared_negatives]
    if options.cbow:
        command += ["--cbow"]
    return measured([str(part) for part in command])


TOOLS = {"gensim": gensim, "sememe": sememe}


def compare_speed(options, folder):
    """Runs both tools in turn; one epoch is the difference of two runs."""
    found = {tool: {"epoch": [], "whole": []} for tool in TOOLS}
    for _ in range(options.repeats):
        for tool, run in TOOLS.items():
            save = os.path.join(folder, tool)
            one, two = run(options, 1, 1, save), run(options, 2, 1, save)
            found[tool]["epoch"].append({key: two[key] - one[key] for key in ("wall_s", "cpu_s")})
            found[tool]["whole"].append(one)
    for part in ("epoch", "whole"):
        for unit in ("wall_s", "cpu_s"):
            times = {tool: [run[unit] for run in found[tool][part]] for tool in TOOLS}
            ratio = statistics.median(times["gensim"]) / max(statistics.median(times["sememe"]), 1e-3)
            listed = {tool: " ".join(f"{value:.2f}" for value in values) for tool, values in times.items()}
            name = "one epoch" if part == "epoch" else "whole run of 1 epoch"
            print(f"{name}, {unit}: gensim {listed['gensim']} | sememe {listed['sememe']} | ratio {ratio:.1f}")


def quality(vectors, options):
    """Spearman's correlation of each file of pairs, and the share of each file's analogies that is answered."""
    from gensim.models import KeyedVectors

    loaded = KeyedVectors.load_word2vec_format(vectors, binary=True)
    scores = {os.path.basename(path): loaded.evaluate_word_pairs(path)[1][0] for path in options.pairs}
    for path in options.analogies:
        scores[os.path.basename(path)] = loaded.evaluate_word_analogies(path, restrict_vocab=30000)[0]
    return scores


def compare_quality(options, folder):
    for seed in options.seeds:
        for tool, run in TOOLS.items():
            save = os.path.join(folder, tool)
            cost = run(options, options.epochs, seed, save)
            scores = quality(save, options)
            print(f"{tool}, {options.epochs} epochs, seed {seed}: "
                  + ", ".join(f"{name} {score:.3f}" for name, score in scores.items())
                  + f" | whole run {cost['wall_s']:.1f} s, {cost['cpu_s']:.1f} CPU s, {cost['peak_mb']:.0f} MB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", help="the program built from benches/word2vec.rs")
    parser.add_argument("--text")
    parser.add_argument("--pairs", nargs="+", default=[], help="files of word pairs with ratings, by tabs")
    parser.add_argument("--analogies", nargs="+", default=[], help="files of analogies in sections")
    parser.add_argument("--dim", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--gensim-rate", type=float, default=0.025, help="gensim's own default")
    parser.add_argument("--sememe-rate", type=float)
    parser.add_argument("--shared-negatives", type=int)
    parser.add_argument("--cbow", action="store_true")
    parser.add_argument("--speed-only", action="store_true")
    parser.add_argument("--quality-only", action="store_true")
    parser.add_argument("--gensim-job", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.gensim_job:
        return run_gensim(json.loads(options.gensim_job))
    if not (options.bench and options.text):
        parser.error("--bench and --text are needed")
    with tempfile.TemporaryDirectory() as folder:
        if not options.quality_only:
            compare_speed(options, folder)
        if not options.speed_only:
            if not options.pairs + options.analogies:
                parser.error("--pairs or --analogies is needed, or --speed-only")
            compare_quality(options, folder)


if __name__ == "__main__":
    main()
