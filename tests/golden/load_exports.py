"""Loads in gensim and fastText what the test `there_and_back_is_exact` has left in target/tmp/exports, and compares.

    cargo test --test it formats && python tests/golden/load_exports.py

Run by hand when a writer changes; prints one line a file and fails on the first difference.
"""

import json
import os

import fasttext
import numpy as np
from gensim.models import KeyedVectors
from gensim.models.fasttext import load_facebook_vectors

HERE = os.path.dirname(os.path.abspath(__file__))
EXPORTS = os.path.join(HERE, "..", "..", "target", "tmp", "exports")
EXPECTED = json.load(open(os.path.join(HERE, "vectors", "expected.json")))


class Model(dict):
    """A fastText model as a mapping."""

    def __init__(self, model):
        super().__init__({word: model.get_word_vector(word) for word in model.get_words()})


def compare(name, vectors):
    for word, bits in EXPECTED["bits"].items():
        assert (np.asarray(vectors[word], dtype=np.float32).view(np.uint32) == np.array(bits)).all(), (name, word)
    print(name, "loads, equal to the last bit")


def main():
    at = lambda name: os.path.join(EXPORTS, name)
    compare("word2vec", KeyedVectors.load_word2vec_format(at("plain.word2vec"), binary=True))
    compare("text", KeyedVectors.load_word2vec_format(at("plain.text"), binary=False))
    compare("glove", KeyedVectors.load_word2vec_format(at("plain.glove"), binary=False, no_header=True))
    compare("fasttext without subwords, fastText", Model(fasttext.load_model(at("plain.fasttext"))))
    asked = EXPECTED["fasttext"]["vectors"]
    loaded = {"gensim": load_facebook_vectors(at("subwords.fasttext")), "fastText": fasttext.load_model(at("subwords.fasttext"))}
    for name, model in loaded.items():
        for word, vector in asked.items():
            if name == "gensim" and word == "</s>":
                continue
            found = model[word] if name == "gensim" else model.get_word_vector(word)
            assert np.abs(found - np.array(vector, dtype=np.float32)).max() < 2e-7, (name, word)
        print("fasttext with subwords loads in", name)


main()
