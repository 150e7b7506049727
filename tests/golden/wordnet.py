"""Makes wordnet.json: values of NLTK for the tests in tests/wordnet/golden.rs.

    pip install nltk
    python wordnet.py FOLDER_OF_WORDNET_3.0 > wordnet.json

NLTK's own reader is used for look-up, morphology, depths, paths and all similarities. Information content is counted
here rather than by its `ic` method, which counts an ancestor twice where two paths of equal length lead to it.
"""

import json
import math
import pathlib
import random
import shutil
import sys
import tempfile
import warnings

import nltk
from nltk.corpus.reader.wordnet import WordNetCorpusReader

LEXNAMES = """adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body
noun.cognition noun.communication noun.event noun.feeling noun.food noun.group noun.location noun.motive noun.object
noun.person noun.phenomenon noun.plant noun.possession noun.process noun.quantity noun.relation noun.shape noun.state
noun.substance noun.time verb.body verb.change verb.cognition verb.communication verb.competition verb.consumption
verb.contact verb.creation verb.emotion verb.motion verb.perception verb.possession verb.social verb.stative
verb.weather adj.ppl""".split()

FORMS = """dogs wolves geese mice axes men women children buses boxes churches wishes quizzes cities leaves knives
aircraft data criteria alumni ran running runs went gone being was were is had has done made making lying lies died dying
better best worse worst happier happiest bigger biggest nicer nicest easier faster deeper further farther well
banks banking banked studies studied studying saw sawed found founded left glasses news politics feet teeth oxen
corpora indices vertices matrices phenomena lice dice pence flies tried tying hopping hoping hoped stopped occurring
quickly softly hardest oldest elder axis basis bases crises theses spectacles barracks sheep salmon fish fishes
boxer dogged sooner latest mostly inhabited written wrote bitten stuck thought brought caught ridden shone shot
meeting meetings building findings savings new_york united_states hot_dogs take_off took_off looked_up ice_creams
a xyzzy""".split()

CORPUS = """the bank of the river was green and the dog ran along the water while a cat slept in the old tree the bank lent
money to the company and the company built a house near the sea a bird sang in the garden children played football and the
teacher read a book about plants and animals the ship sailed to the island the king gave gold to the queen apples and
oranges lay on the table the doctor helped the patient the car stopped at the station people walk talk run eat drink love
hate think know see hear move make give take buy sell""".split()


def pos(synset):
    return "a" if synset.pos() == "s" else synset.pos()


def key(synset):
    return f"{synset.offset():08}-{pos(synset)}"


def number(value):
    """JSON knows no infinity; NLTK writes it as 1e300 or inf."""
    if value is None:
        return None
    return "inf" if value >= 1e300 or math.isinf(value) else value


def reader(folder):
    data = pathlib.Path(tempfile.mkdtemp())
    root = data / "corpora" / "wordnet"
    root.mkdir(parents=True)
    nltk.data.path.append(str(data))
    for path in pathlib.Path(folder).iterdir():
        shutil.copy(path, root / path.name)
    kinds = {"noun": 1, "verb": 2, "adj": 3, "adv": 4}
    lines = (f"{i:02}\t{name}\t{kinds[name.split('.')[0]]}" for i, name in enumerate(LEXNAMES))
    (root / "lexnames").write_text("\n".join(lines) + "\n")
    warnings.simplefilter("ignore")
    return WordNetCorpusReader(str(root), omw_reader=None)


def content(wordnet, own):
    """Information content as NLTK's measures take it: {pos: {offset: count with all below, 0: total}}."""
    ic = {p: {0: 1.0} for p in "nvar"}
    for synset in wordnet.all_synsets():
        ic[pos(synset)][synset.offset()] = 1.0
    for synset, count in own:
        above = {s for level in synset._iter_hypernym_lists() for s in level}
        for ancestor in above:
            ic[pos(synset)][ancestor.offset()] += count
        ic[pos(synset)][0] += count
    return ic


def tag_counts(wordnet):
    for synset in wordnet.all_synsets():
        yield synset, float(sum(lemma.count() for lemma in synset.lemmas()))


def word_counts(wordnet, words):
    counts = {word: words.count(word) for word in sorted(set(words))}
    for word, count in counts.items():
        # A synset that two base forms of a word lead to counts once.
        synsets = list(dict.fromkeys(wordnet.synsets(word)))
        for synset in synsets:
            yield synset, count / len(synsets)


def similarities(a, b, tagged, counted):
    same = pos(a) == pos(b)
    values = {"path": a.path_similarity(b), "wu-palmer": a.wup_similarity(b)}
    if a.pos() == b.pos():
        values["leacock-chodorow"] = a.lch_similarity(b)
    if same and pos(a) in "nv":
        for name, ic in (("", tagged), ("/corpus", counted)):
            values["resnik" + name] = a.res_similarity(b, ic)
            values["lin" + name] = a.lin_similarity(b, ic)
            values["jiang-conrath" + name] = a.jcn_similarity(b, ic)
    return {name: number(value) for name, value in values.items()}


def pairs(wordnet):
    random.seed(20)
    nouns = sorted({s for w in CORPUS for s in wordnet.synsets(w, "n")})
    verbs = sorted({s for w in CORPUS for s in wordnet.synsets(w, "v")})
    all_nouns, all_verbs = list(wordnet.all_synsets("n")), list(wordnet.all_synsets("v"))
    chosen = []
    for pool, n in ((nouns, 110), (verbs, 70), (all_nouns, 80), (all_verbs, 40)):
        chosen += [tuple(random.sample(pool, 2)) for _ in range(n)]
    chosen += [(s, s) for s in nouns[:5] + verbs[:5]]
    chosen += [(s, h) for s in nouns[::9] for h in s.hypernyms()]
    chosen += [(random.choice(nouns), random.choice(verbs)) for _ in range(10)]
    adjectives = [s for s in wordnet.all_synsets("a") if s.pos() == "a"]
    return chosen + [tuple(random.sample(adjectives, 2)) for _ in range(5)]


def synset_values(synset):
    relations = {}
    for symbol in ["@", "@i", "~", "~i", "#m", "#s", "#p", "%m", "%s", "%p", "=", ";c", "-c", ";r", "-r", ";u", "-u",
                   "*", ">", "^", "$", "&"]:
        found = sorted(key(s) for s in synset._related(symbol))
        if found:
            relations[symbol] = found
    lexical = sorted(
        [lemma.name(), symbol, other.key()]
        for lemma in synset.lemmas() for symbol in ["!", "+", "\\", "<"] for other in lemma._related(symbol))
    return {
        "id": key(synset), "name": synset.name(), "lexname": synset.lexname(), "definition": synset.definition(),
        "examples": synset.examples(), "lemmas": [lemma.name() for lemma in synset.lemmas()],
        "keys": [lemma.key() for lemma in synset.lemmas()], "counts": [lemma.count() for lemma in synset.lemmas()],
        "depths": [synset.min_depth(), synset.max_depth()], "relations": relations, "lexical": lexical,
    }


def main():
    wordnet = reader(sys.argv[1])
    tagged, counted = content(wordnet, tag_counts(wordnet)), content(wordnet, word_counts(wordnet, CORPUS))
    words = sorted(set(CORPUS + FORMS))
    random.seed(6)
    sample = random.sample(list(wordnet.all_synsets()), 120)
    json.dump({
        "version": wordnet.get_version(),
        "corpus": {word: CORPUS.count(word) for word in sorted(set(CORPUS))},
        "words": {word: [key(s) for s in wordnet.synsets(word)] for word in words},
        "morphology": {word: {p: wordnet._morphy(word, p) for p in "nvar"} for word in words},
        "synsets": [synset_values(s) for s in sample],
        "pairs": [{
            "a": key(a), "b": key(b),
            "distance": a.shortest_path_distance(b), "distance_with_root": a.shortest_path_distance(b, simulate_root=True),
            "subsumers": [key(s) for s in a.lowest_common_hypernyms(b)],
            "similarity": similarities(a, b, tagged, counted),
        } for a, b in pairs(wordnet)],
        "closures": {key(s): len(set(s.closure(lambda x: x.hyponyms() + x.instance_hyponyms())))
                     for s in map(wordnet.synset, ["dog.n.01", "tree.n.01", "move.v.03", "city.n.01", "abstraction.n.06"])},
    }, sys.stdout, ensure_ascii=False, indent=0, sort_keys=True)


main()
