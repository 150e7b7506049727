"""Makes the vector files and expected values in tests/golden/vectors/, with gensim, fastText and floret.

    pip install gensim==4.4.0 fasttext-wheel==0.9.2 floret==0.10.5
    python tests/golden/vectors.py

Run once; tests read what it wrote.
"""

import json
import os
import random

import numpy as np
from gensim.models import KeyedVectors
from gensim.models.fasttext import load_facebook_vectors

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "vectors")
WORDS = """man woman king queen prince princess boy girl uncle aunt father mother paris france berlin germany rome italy
madrid spain 北京 中国 东京 日本 bank river loan money water good better best bad worse worst walk walked run ran Apple
café naïve straße it's 3.14 co-op x""".split()
DIM = 12


def vectors():
    """Offsets that make some analogies come out right and others not."""
    random = np.random.default_rng(7)
    matrix = random.normal(size=(len(WORDS), DIM)).astype(np.float32)
    at = {word: row for row, word in enumerate(WORDS)}
    for left, right in [("man", "woman"), ("king", "queen"), ("prince", "princess"), ("boy", "girl"), ("uncle", "aunt")]:
        matrix[at[right]] = matrix[at[left]] + matrix[0] - 1 + random.normal(size=DIM) * 0.4
    for left, right in [("paris", "france"), ("berlin", "germany"), ("rome", "italy"), ("北京", "中国"), ("东京", "日本")]:
        matrix[at[right]] = matrix[at[left]] + matrix[1] + random.normal(size=DIM) * 0.3
    matrix[at["x"]] *= 1e-6
    kv = KeyedVectors(DIM)
    kv.add_vectors(WORDS, matrix.astype(np.float32))
    return kv


def sets():
    rng = random.Random(3)
    pairs = [(rng.choice(WORDS[:40]), rng.choice(WORDS[:40]), round(rng.uniform(0, 10), 2)) for _ in range(60)]
    pairs += [("KING", "Queen", 9.5), ("zebra", "king", 3.0)]
    with open(os.path.join(HERE, "pairs.tsv"), "w") as out:
        out.write("# made by tests/golden/vectors.py\n")
        for a, b, mark in pairs:
            out.write(f"{a}\t{b}\t{mark}\n")
    royal = [("man", "woman"), ("king", "queen"), ("prince", "princess"), ("boy", "girl"), ("uncle", "aunt")]
    towns = [("paris", "france"), ("berlin", "germany"), ("rome", "italy"), ("北京", "中国"), ("东京", "日本")]
    other = [("good", "better"), ("bad", "worse"), ("walk", "walked"), ("run", "ran"), ("zebra", "zebras")]
    with open(os.path.join(HERE, "analogies.txt"), "w") as out:
        for name, list_ in [("family", royal), ("capitals", towns), ("gram-mixed", other)]:
            out.write(f": {name}\n")
            for a, b in list_:
                for c, d in list_:
                    if a != c:
                        out.write(f"{a} {b} {c} {d}\n")


def questions(kv):
    numbers = lambda found: [[word, float(score)] for word, score in found]
    return {
        "similar": {word: numbers(kv.most_similar(word, topn=8)) for word in ["king", "北京", "bank", "x"]},
        "analogy": numbers(kv.most_similar(positive=["woman", "king"], negative=["man"], topn=8)),
        "sum": numbers(kv.most_similar(positive=[("good", 1.0), ("bank", 0.5)], negative=[("river", -0.25)], topn=8)),
        "similarity": [[a, b, float(kv.similarity(a, b))] for a, b in [("king", "queen"), ("bank", "x"), ("中国", "france")]],
        "odd_one_out": [[words, kv.doesnt_match(words)] for words in [["king", "queen", "prince", "bank"], WORDS[10:18]]],
    }


def evaluation(kv):
    pearson, spearman, oov = kv.evaluate_word_pairs(os.path.join(HERE, "pairs.tsv"))
    result = {"pearson": float(pearson[0]), "spearman": float(spearman[0]), "oov_percent": float(oov), "analogies": {}}
    for restrict in [300000, 30]:
        total, sections = kv.evaluate_word_analogies(os.path.join(HERE, "analogies.txt"), restrict_vocab=restrict)
        result["analogies"][str(restrict)] = {
            section["section"]: [len(section["correct"]), len(section["correct"]) + len(section["incorrect"])]
            for section in sections
        }
    return result


def fasttext_model():
    import fasttext
    rng = random.Random(5)
    text = os.path.join(HERE, "corpus.txt")
    with open(text, "w") as out:
        for _ in range(400):
            out.write(" ".join(rng.choice(WORDS) for _ in range(10)) + "\n")
    model = fasttext.train_unsupervised(text, dim=6, minn=3, maxn=5, bucket=40, epoch=2, minCount=1, thread=1)
    path = os.path.join(HERE, "fasttext.bin")
    model.save_model(path)
    os.remove(text)
    asked = ["king", "kings", "北京市", "</s>", "unheard-of"]
    gensim = load_facebook_vectors(path)
    return {
        "words": model.get_words(include_freq=True)[0],
        "counts": [int(count) for count in model.get_words(include_freq=True)[1]],
        "vectors": {word: [float(x) for x in model.get_word_vector(word)] for word in asked},
        "gensim": {word: [float(x) for x in gensim[word]] for word in asked},
    }


def floret_model():
    import floret
    rng = random.Random(6)
    text = os.path.join(HERE, "corpus.txt")
    with open(text, "w") as out:
        for _ in range(400):
            out.write(" ".join(rng.choice(WORDS) for _ in range(10)) + "\n")
    model = floret.train_unsupervised(
        text, dim=5, minn=2, maxn=4, bucket=60, epoch=2, minCount=1, thread=1, mode="floret", hashCount=2
    )
    os.remove(text)
    model.save_floret_vectors(os.path.join(HERE, "floret.floret"))
    return {word: [float(x) for x in model.get_word_vector(word)] for word in ["king", "kings", "北京"]}


def main():
    os.makedirs(HERE, exist_ok=True)
    kv = vectors()
    kv.save_word2vec_format(os.path.join(HERE, "word2vec.bin"), binary=True)
    kv.save_word2vec_format(os.path.join(HERE, "word2vec.txt"), binary=False)
    kv.save_word2vec_format(os.path.join(HERE, "glove.txt"), binary=False, write_header=False)
    sets()
    expected = {
        "bits": {word: [int(x) for x in kv[word].view(np.uint32)] for word in WORDS},
        "questions": questions(kv),
        "evaluation": evaluation(kv),
        "fasttext": fasttext_model(),
        "floret": floret_model(),
    }
    with open(os.path.join(HERE, "expected.json"), "w") as out:
        json.dump(expected, out, ensure_ascii=False, indent=1)


main()
