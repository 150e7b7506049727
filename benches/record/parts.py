"""The parts of ./bench that hold sememe against other programs. Each takes the run's settings and returns plain figures, or raises Skip."""

import argparse
import json
import pathlib
import sys

from tools import PEERS, ROOT, Skip, bench, cost, last_json, need, ratios, spread

sys.path.insert(0, str(PEERS))


def train(run):
    """word2vec: one epoch (the run of 2 less the run of 1) and the whole run, then quality after 5."""
    need("gensim")
    import word2vec

    result, words = {"words": run.words_in(run.tokens)}, run.words_folder
    for algorithm in ("skip-gram", "cbow"):
        options = argparse.Namespace(
            bench=bench("word2vec"), text=str(run.tokens), dim=200, threads=2, cbow=algorithm == "cbow", pairs=[], analogies=[],
            gensim_rate=0.05 if algorithm == "cbow" else 0.025, sememe_rate=None, shared_negatives=None,
        )
        found = {tool: {"epoch": [], "whole": [], "whole_wall": [], "peak_mb": []} for tool in word2vec.TOOLS}
        for _ in range(run.repeats):
            for tool, trained in word2vec.TOOLS.items():
                one, two = (trained(options, epochs, 1, str(run.folder / tool)) for epochs in (1, 2))
                line = found[tool]
                line["epoch"].append(two["cpu_s"] - one["cpu_s"])
                line["whole"].append(one["cpu_s"])
                line["whole_wall"].append(one["wall_s"])
                line["peak_mb"].append(one["peak_mb"])
        table = {tool: {name: spread(values) for name, values in line.items()} for tool, line in found.items()}
        times = {name: ratios(found["sememe"][name], found["gensim"][name]) for name in ("epoch", "whole")}
        result[algorithm] = {**table, "ratio": times}
        if algorithm == "skip-gram" and words:
            options.pairs = [str(words / name) for name in ("wordsim353.tsv", "simlex999.txt")]
            options.analogies = [str(words / "questions-words.txt")]
            result["quality"] = quality(word2vec, options, run)
    return result


def quality(word2vec, options, run):
    rows = {}
    for seed in run.seeds:
        for tool, trained in word2vec.TOOLS.items():
            save = str(run.folder / tool)
            trained(options, 5, seed, save)
            for name, score in word2vec.quality(save, options).items():
                rows.setdefault(tool, {}).setdefault(name, []).append(float(score))
    return {tool: {name: spread(values) for name, values in line.items()} for tool, line in rows.items()}


def bilm(run):
    """The contextual model's training beside PyTorch's, step for step: two parts of 1,536 words, as a large corpus is read, beside a batch of 3,072."""
    need("torch")
    size = 64 if run.quick else 256
    keep = run.folder / "bilm"
    command = [bench("bilm"), run.tokens, "--dim", size, "--hidden", size, "--epochs", 1, "--threads", 2, "--batch-words", 1536, "--keep", keep,
               "--words", 200_000 if run.quick else 400_000 if run.medium else 1_000_000]
    peer = [sys.executable, PEERS / "bilm.py", "--hidden", size, "--dim", size, "--seconds", 5 if run.quick else 10 if run.medium else 20]
    ours, theirs = [], []
    for _ in range(run.repeats):
        ours.append(last_json(cost(command)["printed"]))
        ours[-1].update(ours[-1]["steps"])
        theirs.append(last_json(cost(peer)["printed"]))
    rates = {"sememe": [one["words_per_cpu_s"] for one in ours], "torch": [one["words_per_cpu_s"] for one in theirs]}
    return {"size": size, "vocabulary": ours[0]["vocabulary"], **{name: spread(values) for name, values in rates.items()},
            "wall": {"sememe": spread([one["words_per_s"] for one in ours]), "torch": spread([one["words_per_s"] for one in theirs])},
            "ratio": spread([our / their for our, their in zip(rates["sememe"], rates["torch"])])}


def ann(run):
    """Nearest neighbours on trained vectors, if there is a text, and on made-up clustered ones."""
    need("hnswlib", "faiss-cpu", "usearch", "numpy")
    result = {}
    for name, make in {"trained": trained_vectors, "clustered": clustered_file}.items():
        try:
            file = make(run)
        except Skip as why:
            run.skipped(f"ann, {name} vectors", why)
            continue
        out = run.folder / "ann.json"
        cost([sys.executable, PEERS / "ann.py", file, "--ours", bench("ann"), "--rounds", run.repeats, "--json", out])
        result[name] = json.loads(out.read_text())
    return result


def trained_vectors(run):
    import numpy as np

    saved, rows = run.folder / "vectors.bin", []
    cost([bench("word2vec"), run.tokens, "--dim", 200, "--epochs", 3, "--threads", 2, "--save", saved])
    with open(saved, "rb") as file:
        count, dim = map(int, file.readline().split())
        for _ in range(count):
            while file.read(1) != b" ":
                pass
            rows.append(np.frombuffer(file.read(4 * dim), "<f4"))
            file.read(1)
    path = run.folder / "trained.npy"
    np.save(path, np.vstack(rows))
    return path


def clustered(path, count, dim=100, seed=1):
    """Rows around a thousand centres, the spread of the clusters as wide as half the centres' own."""
    import numpy as np

    random = np.random.default_rng(seed)
    centres = random.standard_normal((1000, dim), dtype="f4")
    np.save(path, centres[random.integers(0, 1000, count)] + 0.5 * random.standard_normal((count, dim), dtype="f4"))
    return path


def clustered_file(run):
    return clustered(run.folder / "clustered.npy", 6_000 if run.quick else 61_000)


def keyword(run):
    """BM25: the same passages and queries for sememe, tantivy's Python binding and bm25s, in turns."""
    documents = 5_000 if run.quick else 100_000
    commands = {"sememe": [bench("keyword"), run.tokens, documents, 100, "--json"]}
    for peer in ("tantivy", "bm25s"):
        try:
            need(peer)
            commands[peer] = [sys.executable, PEERS / "passages.py", peer, run.tokens, documents, 100]
        except Skip as why:
            run.skipped(f"keyword, {peer}", why)
    found = {name: [] for name in commands}
    for _ in range(run.repeats):
        for name, command in commands.items():
            found[name].append(last_json(cost(command, RAYON_NUM_THREADS="1", OMP_NUM_THREADS="1")["printed"]))
    result = {"documents": found["sememe"][0]["documents"]}
    for name, lines in found.items():
        result[name] = {key: spread([line[key] for line in lines]) for key in ("index_cpu_s", "query_cpu_s", "p50_ms", "p99_ms", "bytes")}
        if name != "sememe":
            result[name]["ratio"] = {key: ratios([line[key] for line in found["sememe"]], [line[key] for line in lines])
                                     for key in ("index_cpu_s", "query_cpu_s")}
    return result


def service(run):
    """Requests a second beside a constant answer of the same size, in turns."""
    answer = last_json(cost([bench("http"), 0.3 if run.quick else 1, 16, 3 if run.quick else 15])["printed"])
    for name in ("similar", "search"):
        line = answer[name]
        line["ratio"] = spread([our / their for our, their in zip(line["rates"], line["constant_rates"])])
        line["rates"], line["constant_rates"] = spread(line["rates"]), spread(line["constant_rates"])
    return answer
