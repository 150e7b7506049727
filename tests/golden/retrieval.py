#!/usr/bin/env python3
"""Golden values of retrieval measures, by trec_eval's own code (pytrec_eval 0.5, PyPI `pytrec_eval-terrier`).

Writes retrieval.json beside itself: judgements, runs with equal scores, unjudged, negative and missing documents, and
what trec_eval measures of each query. Run by hand, never by tests.
"""

import json
import pathlib
import random

import pytrec_eval

MEASURES = ["ndcg_cut_10", "map", "recip_rank", "recall_5", "recall_100"]
random.seed(7)

qrels, run = {}, {}
for number in range(40):
    query = f"q{number}"
    documents = [f"d{i}" for i in random.sample(range(400), 400)]
    judged = random.sample(documents, random.randint(1, 60))
    qrels[query] = {d: random.choice([-1, 0, 0, 1, 1, 2, 3]) for d in judged}
    if not any(grade > 0 for grade in qrels[query].values()):
        qrels[query][judged[0]] = 2
    found = random.sample(documents, random.choice([1, 3, 8, 30, 150, 300]))
    levels = random.choice([3, 1000])  # few levels: many equal scores
    run[query] = {
        d: (random.randint(1, levels) + levels * max(qrels[query].get(d, 0), 0) // 4) / 8 for d in found
    }

measured = pytrec_eval.RelevanceEvaluator(qrels, set(MEASURES)).evaluate(run)
golden = {"measures": MEASURES, "qrels": qrels, "run": run, "expected": measured}
path = pathlib.Path(__file__).with_name("retrieval.json")
path.write_text(json.dumps(golden, separators=(",", ":"), sort_keys=True) + "\n")
