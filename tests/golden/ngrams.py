#!/usr/bin/env python3
"""Golden values of interpolated modified Kneser-Ney, worked out from dictionaries, straight from Chen & Goodman 1999.

Writes ngrams.json beside itself: sentences of numbered words (a word of 10 or above is outside of the vocabulary), and for orders 2 to
5 the probabilities of some tokens after some words. Only Python's own library is used. Run by hand, never by tests.
"""

import collections
import json
import pathlib
import random

random.seed(11)
WORDS, BEGIN, END, UNKNOWN = 10, "<s>", "</s>", "<unk>"


def sentence():
    """Words that depend on the two before, so that n-grams of all lengths repeat."""
    words = []
    for _ in range(random.choice([0, 1, 2, 4, 8, 12]) + 1):
        before = sum(w * (i + 1) for i, w in enumerate(words[-2:]))
        step = random.choice([0, 0, 0, 0, 1, 1, 2, 3, 5])
        words.append((before + step) % 12)
    return words


def counts(sentences, order):
    """For each length its n-grams: occurrences of the longest and of those that begin with <s>, else different tokens before."""
    tables = [collections.Counter() for _ in range(order + 1)]
    before = [collections.defaultdict(set) for _ in range(order + 1)]
    for words in sentences:
        tokens = [BEGIN] + [w if w < WORDS else UNKNOWN for w in words] + [END]
        for start in range(len(tokens)):
            for length in range(1, order + 1):
                gram = tuple(tokens[start : start + length])
                if len(gram) < length or gram == (BEGIN,):
                    continue
                if length == order or gram[0] == BEGIN:
                    tables[length][gram] += 1
                else:
                    before[length][gram].add(tokens[start - 1])
    for length in range(1, order):
        tables[length].update({gram: len(tokens) for gram, tokens in before[length].items()})
    return tables


def discounts(table):
    n = collections.Counter(table.values())
    if any(n[i] == 0 for i in (1, 2, 3, 4)):
        return [0.5, 1.0, 1.5]
    y = n[1] / (n[1] + 2 * n[2])
    found = [i - (i + 1) * y * n[i + 1] / n[i] for i in (1, 2, 3)]
    return found if all(0 < d < i for i, d in enumerate(found, 1)) else [0.5, 1.0, 1.5]


def probability(tables, ds, context, token):
    length = len(context) + 1
    lower = probability(tables, ds, context[1:], token) if context else 1 / (WORDS + 2)
    following = {g: c for g, c in tables[length].items() if g[:-1] == context}
    if not following:
        return lower
    total = sum(following.values())
    taken = sum(ds[length][min(c, 3) - 1] for c in following.values())
    own = following.get(context + (token,), 0)
    kept = own - ds[length][min(own, 3) - 1] if own else 0
    return kept / total + taken / total * lower


sentences = [sentence() for _ in range(400)]
cases = []
for order in range(2, 6):
    tables = counts(sentences, order)
    ds = [None] + [discounts(tables[length]) for length in range(1, order + 1)]
    for _ in range(60):
        words = sentence()[: random.randint(0, 6)]
        tokens = [BEGIN] + [w if w < WORDS else UNKNOWN for w in words]
        token = random.choice([*range(WORDS), UNKNOWN, END])
        p = probability(tables, ds, tuple(tokens[-(order - 1) :]), token)
        cases.append({"order": order, "words": words, "next": token, "probability": p})
golden = {"sentences": sentences, "cases": cases}
path = pathlib.Path(__file__).with_name("ngrams.json")
path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
