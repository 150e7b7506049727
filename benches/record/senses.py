"""What search by sense is worth: the sense queries of the bundled collections, without and with the filter `sense`. Prints a table; `./bench` does
not run it (a minute or two a seed).

    python3 benches/record/senses.py [--seeds 1,2,3] [--keep FOLDER] [--by documents|examples] [--wordnet FOLDER] [--show]

Both collections are trained as by default, from their starters. A query names the senses of its word that mean what it asks for, as somebody would choose
them by label and example: never by what the query finds. A sense is named by the annotated documents that fall into it (each occurrence into its best
sense), where most of them, or of its example sentences' documents (`--by examples`), are annotated with what the query asks for. What a query asks for is
the annotated sense of most of its relevant documents. All queries of one word and one annotated sense name the same senses; where none is named, the query
is asked as it is.

filter    `sense`: the documents that hold the word in a sense so named, and no others.
first     the same with `sense_first`: the others follow.
expansion mode `wordnet` held to senses: those that the program chooses by the query (`disambiguate`), and the named ones.

With --wordnet, WordNet's senses are named in the same way, by the documents' best senses, in English.
"""

import argparse
import collections
import json
import math
import os
import pathlib
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from adaptation import ROOT, Service

MODES = ("keyword", "static", "contextual", "hybrid", "wordnet")
LANGUAGES = ("en", "zh")


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


class Collection:
    """One bundled collection in a running service, and what is annotated in it."""

    def __init__(self, service, language):
        corpora = ROOT / "corpora"
        self.service, self.name = service, f"demo-{language}"
        self.texts = {line["id"]: f"{line['title']}\n{line['text']}" for line in lines(corpora / f"{self.name}.jsonl")}
        self.annotated = {line["word"]: line["senses"] for line in lines(corpora / f"{self.name}.senses.jsonl")}
        self.queries = [line for line in lines(corpora / f"{self.name}.queries.jsonl") if line["kind"] == "sense"]

    def search(self, query, mode, limit=10, **more):
        body = {"query": query["query"], "mode": mode, "limit": limit, **more}
        return [hit["id"] for hit in self.service.post(self.name, "search", body)["hits"]]

    def meant(self, query):
        """The annotated sense that a query asks for."""
        senses = self.annotated[query["word"]]
        return max(senses, key=lambda sense: sum(name in query["relevant"] for name in senses[sense]))

    def senses_of(self, word, names, inventory):
        """The best sense of each occurrence of a word in some documents: {document: senses}."""
        found = {}
        for name in names:
            try:
                answer = self.service.post(self.name, "senses", {"text": self.texts[name], "word": word, "inventory": inventory})
            except urllib.error.HTTPError as refused:
                if refused.code != 422:
                    raise
                continue  # holds another form of the word only, which has no induced senses
            ranked = [one[inventory]["senses"] for one in answer["words"] if one.get(inventory)]
            found[name] = {senses[0]["sense"] for senses in ranked if senses}
        return found

    def examples_of(self, word):
        """The annotated documents that hold the sentences that the program quotes for each induced sense: {document: senses}."""
        address = f"{self.service.address}/v1/collections/{self.name}/words/{urllib.parse.quote(word)}/senses"
        with urllib.request.urlopen(address, timeout=60) as answer:
            senses = json.load(answer)["senses"]
        found = collections.defaultdict(set)
        for sense in senses:
            for example in sense["examples"]:
                words = set(example.split())
                names = {name for of in self.annotated[word].values() for name in of}
                alike = {name: sum(one in self.texts[name].lower() for one in words) / len(words) for name in names}
                nearest = max(alike, key=alike.get)
                if alike[nearest] > 0.9:
                    found[nearest].add(sense["sense"])
        return found

    def named(self, word, inventory, by="documents"):
        """The senses named for each annotated sense of a word."""
        names = [name for of in self.annotated[word].values() for name in of]
        found = self.examples_of(word) if by == "examples" else self.senses_of(word, names, inventory)
        counts = collections.defaultdict(collections.Counter)
        for annotated, of in self.annotated[word].items():
            for name in of:
                for sense in found.get(name, ()):
                    counts[sense][annotated] += 1
        named = collections.defaultdict(list)
        for sense, count in sorted(counts.items()):
            for annotated in count:
                if count[annotated] == max(count.values()):
                    named[annotated].append(sense)
        return named


def ndcg(ranked, grades):
    """As the program reckons it: the gain is the grade."""
    discounted = lambda gains: sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains[:10]))
    return discounted([grades.get(name, 0) for name in ranked]) / discounted(sorted(grades.values(), reverse=True))


def compared(before, after):
    """The mean after, and how many queries are better, the same, worse."""
    pairs = list(zip(before, after))
    better, worse = sum(b > a + 1e-9 for a, b in pairs), sum(b < a - 1e-9 for a, b in pairs)
    return f"{100 * sum(after) / len(after):.2f}; {better}, {len(pairs) - better - worse}, {worse}"


def row(label, before, *after):
    return f"| {label} | {100 * sum(before) / len(before):.2f} | " + " | ".join(compared(before, one) for one in after) + " |"


class Asked:
    """The queries of one collection, and the senses named for them."""

    def __init__(self, collection, options):
        self.collection, self.show = collection, options.show
        self.words = {query["word"] for query in collection.queries}
        self.named = {}

    def name(self, inventory, by="documents"):
        self.named |= {(inventory, word): self.collection.named(word, inventory, by) for word in self.words}

    def senses(self, query, inventory):
        return self.named[inventory, query["word"]][self.collection.meant(query)]

    def grades(self, mode, inventory=None, **more):
        """nDCG@10 of each query, its senses named where an inventory is given; a query without any is asked as it is."""
        result = []
        for query in self.collection.queries:
            senses = self.senses(query, inventory) if inventory else []
            asked = {"sense": senses, **more} if senses else {}
            result.append(ndcg(self.collection.search(query, mode, **asked), query["relevant"]))
        return result

    def expanded(self, inventory=None, **more):
        """The same of mode `wordnet`, held to the senses named or as `more` says."""
        named = lambda query: {"named": self.senses(query, inventory)} if inventory else more
        return [ndcg(self.collection.search(query, "wordnet", wordnet=named(query)), query["relevant"]) for query in self.collection.queries]

    def tell(self, label, before, after):
        for query, a, b in zip(self.collection.queries, before, after):
            if self.show and b < a - 1e-9:
                print(f"worse: {label}: {query['id']} {query['query']} ({query['word']}), {a:.2f}, {b:.2f}", file=sys.stderr)


def measured(collection, options):
    """The lines of one collection: filter and order by named senses, then expansion."""
    asked = Asked(collection, options)
    asked.name("induced", options.by)
    inventories = ["induced"]
    if options.wordnet and collection.name == "demo-en":
        asked.name("wordnet")
        inventories.append("wordnet")
    plain = {mode: asked.grades(mode) for mode in (MODES if options.wordnet else MODES[:-1])}
    for inventory in inventories:
        for mode, before in plain.items():
            only, first = asked.grades(mode, inventory), asked.grades(mode, inventory, sense_first=True)
            asked.tell(f"{mode}, {inventory}, filter", before, only)
            asked.tell(f"{mode}, {inventory}, first", before, first)
            yield row(f"{collection.name} {mode}, {inventory} senses", before, only, first)
    if len(inventories) > 1:
        held = [asked.expanded(disambiguate=True), asked.expanded("wordnet"), asked.expanded("induced")]
        yield "\n| expansion, beside | | senses chosen by the query | WordNet's named | induced named |\n|---|---|---|---|---|"
        yield row(f"{collection.name} expansion of all senses", plain["wordnet"], *held)
        yield row(f"{collection.name} no expansion (keyword)", plain["keyword"], *held)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="1", help="seeds of the trainings, one after the other")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for data directories; what is there is asked, not trained again")
    parser.add_argument("--by", choices=["documents", "examples"], default="documents")
    parser.add_argument("--wordnet", help="folder of the WordNet database")
    parser.add_argument("--show", action="store_true", help="say which queries are worse")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "target/release/sememe")
    options = parser.parse_args()
    if options.wordnet:
        os.environ["SEMEME_WORDNET"] = options.wordnet
    folder = options.keep or pathlib.Path(tempfile.mkdtemp(prefix="sememe-senses-"))
    for seed in options.seeds.split(","):
        service = Service(options.program, folder / f"seed-{seed}", 2)
        for language in LANGUAGES:
            if not (service.data / f"collections/demo-{language}").exists():
                service.run("ingest", f"demo-{language}", ROOT / f"corpora/demo-{language}.jsonl")
                service.run("train", f"demo-{language}", "--seed", seed)
        if options.wordnet:
            service.run("wordnet", "info")  # compiles it
        print(f"\nseed {seed}\n\n| nDCG@10; better, same, worse | without | filter | first |\n|---|---|---|---|")
        with service:
            for language in LANGUAGES:
                for line in measured(Collection(service, language), options):
                    print(line, flush=True)


if __name__ == "__main__":
    main()
