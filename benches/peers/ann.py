"""Nearest neighbours beside hnswlib, faiss and usearch: one run, interleaved, one search thread.

    python benches/peers/ann.py VECTORS.npy [QUERIES.npy] --ours target/release/deps/ann-… [--rounds 3] [--json FILE]

Without QUERIES.npy, 1,000 rows are drawn at random and held out. Every library gets the same rows of length 1, M = 16 and
efConstruction = 200, builds on --threads threads and searches on one. Processor time is what is compared (`cpu`): on a
busy machine wall time says more about the others. Queries a second at recall@10 of 0.95 and 0.99 are interpolated
between the measured ef (logarithm of time over recall). Needs numpy, hnswlib, faiss-cpu and usearch.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time

import faiss
import hnswlib
import numpy as np
from usearch.index import Index as Usearch

K, M, EF_CONSTRUCTION = 10, 16, 200
EFS = [16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512]


def memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Hnswlib:
    def __init__(self, rows, threads):
        self.index = hnswlib.Index(space="ip", dim=rows.shape[1])
        self.index.init_index(len(rows), ef_construction=EF_CONSTRUCTION, M=M, random_seed=1)
        self.index.add_items(rows, num_threads=threads)

    def search(self, queries, ef):
        self.index.set_ef(max(ef, K))
        return self.index.knn_query(queries, k=K, num_threads=1)[0]


class Faiss:
    def __init__(self, rows, threads):
        faiss.omp_set_num_threads(threads)
        self.index = faiss.IndexHNSWFlat(rows.shape[1], M, faiss.METRIC_INNER_PRODUCT)
        self.index.hnsw.efConstruction = EF_CONSTRUCTION
        self.index.add(rows)
        faiss.omp_set_num_threads(1)

    def search(self, queries, ef):
        self.index.hnsw.efSearch = ef
        return self.index.search(queries, K)[1]


class UsearchOf:
    def __init__(self, rows, threads, dtype):
        self.index = Usearch(
            ndim=rows.shape[1], metric="ip", dtype=dtype, connectivity=M, expansion_add=EF_CONSTRUCTION
        )
        self.index.add(np.arange(len(rows)), rows, threads=threads)

    def search(self, queries, ef):
        self.index.expansion_search = ef
        return self.index.search(queries, K, threads=1).keys


class Ours:
    """The program benches/ann.rs, told what to do line by line."""

    def __init__(self, program, rows_file, queries_file, threads):
        environment = dict(os.environ, RAYON_NUM_THREADS=str(threads))
        command = [program, rows_file, queries_file, str(M), str(EF_CONSTRUCTION)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.built = json.loads(self.process.stdout.readline())

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def recall(found, truth):
    return sum(len(set(a) & set(b)) for a, b in zip(found.tolist(), truth)) / (len(truth) * K)


def exact(rows, queries):
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    return index.search(queries, K)[1].tolist()


def at_recall(points, wanted):
    """Queries a second at a recall, between two measured points (recall, seconds a query)."""
    points = sorted(points)
    for (r0, t0), (r1, t1) in zip(points, points[1:]):
        if r0 <= wanted <= r1 and r1 > r0:
            part = (wanted - r0) / (r1 - r0)
            return 1 / np.exp((1 - part) * np.log(t0) + part * np.log(t1))
    return None


def build(name, make):
    before, wall, cpu = memory(), time.time(), time.process_time()
    index = make()
    line = dict(build_s=time.time() - wall, build_cpu_s=time.process_time() - cpu, bytes=memory() - before)
    print(f"{name:14} built: {line}", flush=True)
    return index, line


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vectors")
    parser.add_argument("queries", nargs="?")
    parser.add_argument("--ours", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json")
    args = parser.parse_args()

    rows = np.ascontiguousarray(np.load(args.vectors), dtype="<f4")
    if args.queries:
        queries = np.ascontiguousarray(np.load(args.queries), dtype="<f4")
    else:
        order = np.random.default_rng(1).permutation(len(rows))
        rows, queries = rows[np.sort(order[1000:])], rows[np.sort(order[:1000])]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    truth = exact(rows, queries)

    folder = tempfile.TemporaryDirectory()
    rows_file, queries_file = folder.name + "/rows.npy", folder.name + "/queries.npy"
    np.save(rows_file, rows)
    np.save(queries_file, queries)
    peers, built = {}, {}
    ours = Ours(args.ours, rows_file, queries_file, args.threads)
    built["sememe"] = ours.built
    print(f"{'sememe':14} built: {ours.built}", flush=True)
    for name, make in {
        "hnswlib": lambda: Hnswlib(rows, args.threads),
        "faiss": lambda: Faiss(rows, args.threads),
        "usearch f32": lambda: UsearchOf(rows, args.threads, "f32"),
        "usearch bf16": lambda: UsearchOf(rows, args.threads, "bf16"),
    }.items():
        peers[name], built[name] = build(name, make)

    times = {}
    for _ in range(args.rounds):
        for ef in EFS:
            answer = ours.ask(f"graph {ef}")
            times.setdefault(("sememe", ef), []).append(
                (answer["cpu_seconds"], answer["seconds"], answer["recall"])
            )
            for name, peer in peers.items():
                wall, cpu = time.time(), time.process_time()
                found = peer.search(queries, ef)
                cpu, wall = time.process_time() - cpu, time.time() - wall
                times.setdefault((name, ef), []).append((cpu, wall, recall(np.asarray(found), truth)))
    report = {"rows": rows.shape, "built": built, "open": ours.ask("open"), "codes": ours.ask("codes"), "search": {}}
    ours.close()
    for name in ["sememe", *peers]:
        medians = {ef: np.median(times[name, ef], axis=0).tolist() for ef in EFS}
        line = {"points": medians, "all": {ef: times[name, ef] for ef in EFS}}
        for wanted in [0.95, 0.99]:
            for column, unit in enumerate(["cpu", "wall"]):
                points = [(values[2], values[column] / len(queries)) for values in medians.values()]
                line[f"queries/s at {wanted} ({unit})"] = at_recall(points, wanted)
        report["search"][name] = line
        print(f"{name:14}", {key: value and round(value) for key, value in line.items() if key not in ("points", "all")})
    print("open", report["open"], "scan", report["codes"])
    if args.json:
        with open(args.json, "w") as file:
            json.dump(report, file, indent=1)


if __name__ == "__main__":
    main()
