#!/usr/bin/env python3
"""nDCG@10 of bm25s (Lucene's idf, Snowball stems) on a folder in BEIR's layout, to hold `sememe eval retrieval` against.

    pip install bm25s PyStemmer pytrec_eval-terrier
    bm25.py FOLDER [--k1 1.2] [--b 0.75] [--stopwords en]

FOLDER has corpus.jsonl (or .zst, with zstd on the path), queries.jsonl, and qrels/test.tsv or a .tsv beside them.
"""

import argparse
import json
import pathlib
import subprocess

import bm25s
import pytrec_eval
import Stemmer

parser = argparse.ArgumentParser()
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("--k1", type=float, default=1.2)
parser.add_argument("--b", type=float, default=0.75)
parser.add_argument("--stopwords", default="en")
args = parser.parse_args()


def lines(path):
    if path.suffix == ".zst":
        text = subprocess.run(["zstd", "-dc", path], capture_output=True, check=True).stdout.decode()
    else:
        text = path.read_text()
    return [json.loads(line) for line in text.splitlines() if line.strip()]


corpus = lines(next(args.folder.glob("corpus.jsonl*")))
queries = {str(q["_id"]): q["text"] for q in lines(args.folder / "queries.jsonl")}
found = [args.folder / "qrels/test.tsv", *sorted(args.folder.glob("*.tsv"))]
qrels = {}
for line in next(path for path in found if path.exists()).read_text().splitlines()[1:]:
    query, document, grade = line.split("\t")
    qrels.setdefault(query, {})[document] = int(grade)
queries = {query: text for query, text in queries.items() if query in qrels}

stemmer = Stemmer.Stemmer("english")
texts = [(d.get("title", "") + "\n" + d["text"]).strip() for d in corpus]
index = bm25s.BM25(method="lucene", k1=args.k1, b=args.b)
index.index(bm25s.tokenize(texts, stopwords=args.stopwords, stemmer=stemmer, show_progress=False), show_progress=False)
asked = bm25s.tokenize(list(queries.values()), stopwords=args.stopwords, stemmer=stemmer, show_progress=False)
rows, scores = index.retrieve(asked, k=min(1000, len(corpus)), show_progress=False)
run = {
    query: {corpus[row]["_id"]: float(score) for row, score in zip(r, s) if score > 0}
    for query, r, s in zip(queries, rows, scores)
}
measured = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut_10", "recall_100"}).evaluate(run)
for measure in ("ndcg_cut_10", "recall_100"):
    values = [measured.get(query, {}).get(measure, 0.0) for query in qrels]
    print(f"{measure}: {100 * sum(values) / len(values):.2f} over {len(values)} queries")
