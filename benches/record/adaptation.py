"""What adapting a starter model to a collection is worth, by the size of the collection: the starter adapted to it, beside the starter as it
is, and a model learned from nothing but its documents. Prints a table; `./bench` does not run it (some minutes a slice).

    python3 benches/record/adaptation.py [--sizes 100,1000,10000] [--language en|zh] [--seed 1] [--sentences 600] [--keep FOLDER] [--train ARGUMENT…]

English documents are abstracts: SciFact's, shuffled, those that its claims are about first (every second one while there are few), then those of
CISI, Cranfield and MED; 180 of SciFact's that no claim is about are held out. None of them is in what the starter learned from. Chinese ones are
encyclopedia articles, which it did learn from: that can only favour it as it is.

retrieval  nDCG@10 of mode static (and hybrid, contextual): claims with the abstracts that were judged to bear on them, where the slice holds such; and titles,
           up to 500, whose text is wanted. Documents are ingested without their titles.
words      mean reciprocal rank of hidden content words in sentences held out, among the hundred that a model lists first; a word that it does not know
           counts 0. And the perplexity of the next word there (`sememe eval next`).

Intervals of 95 % are by bootstrap over queries, and over sentences; differences are paired.
"""

import argparse
import collections
import json
import math
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared/data"
STARTS = ("scratch", "untouched", "starter")
MODES = ("keyword", "static", "contextual", "hybrid")
HELD_OUT, TITLES, LISTED = 180, 300, 100


def unpacked(path):
    return subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True).stdout.decode()


def smart(path):
    """Documents of a SMART collection: (title, text)."""
    for record in path.read_text(errors="replace").split("\n.I "):
        fields, name = collections.defaultdict(list), None
        for line in record.splitlines()[1:]:
            if len(line) >= 2 and line[0] == "." and line[1].isupper() and (len(line) == 2 or line[2] == " "):
                name = line[1]
            elif name:
                fields[name].append(line)
        yield " ".join(fields["T"]).strip(), " ".join(fields["W"]).strip()


def english(random):
    """Documents in the order in which slices take them, claims {text: ids}, and what is held out."""
    folder = SHARED / "retrieval/scifact"
    read = [json.loads(line) for line in unpacked(folder / "corpus.jsonl.zst").splitlines()]
    claims, texts = collections.defaultdict(set), {}
    for line in (folder / "queries.jsonl").read_text().splitlines():
        line = json.loads(line)
        texts[line["_id"]] = line["text"]
    for line in (folder / "train.tsv").read_text().splitlines()[1:]:
        query, document, grade = line.split("\t")
        if int(grade) > 0:
            claims[texts[query]].add(document)
    judged = set().union(*claims.values())
    documents = [{"id": line["_id"], "title": line["title"], "text": line["text"]} for line in read]
    random.shuffle(documents)
    wanted = [line for line in documents if line["id"] in judged]
    other = [line for line in documents if line["id"] not in judged]
    held, other = other[:HELD_OUT], other[HELD_OUT:]
    mixed = [line for pair in zip(wanted, other) for line in pair]
    ordered = mixed + other[len(wanted):]
    more = [("cisi", "CISI.ALL"), ("cran", "cran.all.1400"), ("med", "MED.ALL")]
    for folder, name in more:
        for number, (title, text) in enumerate(smart(SHARED / "retrieval" / folder / name)):
            text = text.removeprefix(title).strip(" .") if title else text
            if len(text) > 50:
                ordered.append({"id": f"{folder}-{number}", "title": title, "text": text})
    return ordered, claims, held


def chinese(random):
    read = [json.loads(line) for line in unpacked(SHARED / "train/zh-wiki.jsonl.zst").splitlines()]
    documents = [{"id": line["id"], "title": line["title"], "text": line["text"].replace(line["title"], "")[:1500]} for line in read if len(line["text"]) > 200]
    random.shuffle(documents)
    return documents[HELD_OUT:], {}, documents[:HELD_OUT]


class Service:
    """The program over one data directory."""

    def __init__(self, program, data, threads):
        self.program, self.data, self.threads = program, data, threads

    def run(self, *arguments, **options):
        command = [self.program, "--json", "--data-dir", self.data, *arguments]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
        if done.returncode:
            sys.exit(f"{' '.join(map(str, command))}: {done.stderr.strip()[-500:]}")
        return json.loads(done.stdout)

    def __enter__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"http://127.0.0.1:{free.getsockname()[1]}"
        settings = [word for name in ("address_requests_per_second", "key_requests_per_second") for word in ("--set", f"{name}=0")]
        command = [self.program, "--data-dir", self.data, *settings, "serve", "--listen", self.address.removeprefix("http://")]
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.address}/livez", timeout=5).close()
                return self
            except OSError:
                time.sleep(0.1)
        sys.exit("the service does not answer")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def post(self, collection, question, body):
        request = urllib.request.Request(f"{self.address}/v1/collections/{collection}/{question}", json.dumps(body).encode(), {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)


def ndcg(ranked, relevant):
    found = sum(1 / math.log2(rank + 2) for rank, name in enumerate(ranked[:10]) if name in relevant)
    return found / sum(1 / math.log2(rank + 2) for rank in range(min(10, len(relevant))))


def retrieval(service, collection, queries):
    """nDCG@10 of each query, by mode."""
    result = {}
    for mode in MODES:
        values = []
        for query, relevant in queries:
            hits = service.post(collection, "search", {"query": query, "mode": mode, "limit": 10})["hits"]
            values.append(ndcg([hit["id"] for hit in hits], relevant))
        result[mode] = values
    return result


def hidden_words(service, collection, sentences, common):
    """Sums of reciprocal ranks and numbers of hidden words, by sentence."""
    result = []
    for sentence in sentences:
        ranks = []
        for token in service.post(collection, "encode", {"text": sentence, "k": LISTED})["tokens"]:
            if "adjustment" in token or token["known"] == "unknown":
                if token["text"] in common or not any(c.isalpha() for c in token["text"]):
                    continue
                listed = [one["word"] for one in (token.get("adjustment") or {}).get("substitutes", [])]
                ranks.append(1 / (listed.index(token["text"]) + 1) if token["text"] in listed else 0.0)
        result.append((sum(ranks), len(ranks)))
    return result


def mean(pairs):
    return sum(a for a, _ in pairs) / max(1e-9, sum(b for _, b in pairs))


def interval(of, count, samples=2000):
    draw = random.Random(1)
    found = sorted(of([draw.randrange(count) for _ in range(count)]) for _ in range(samples))
    return found[samples * 25 // 1000], found[samples * 975 // 1000]


def compared(name, figures, scale):
    """One line of the table: each start's mean, then the two differences with intervals."""
    cells = [f"{scale * mean(figures[start]):.1f}" for start in STARTS]
    ours = figures["starter"]
    for other in ("scratch", "untouched"):
        theirs = figures[other]
        low, high = interval(lambda drawn: mean([ours[i] for i in drawn]) - mean([theirs[i] for i in drawn]), len(ours))
        verdict = "better" if low > 0 else "worse" if high < 0 else "even"
        cells.append(f"{scale * (mean(ours) - mean(theirs)):+.1f} ({scale * low:+.1f} to {scale * high:+.1f}) {verdict}")
    return f"| {name} | " + " | ".join(cells) + " |"


def slice_of(options, documents, claims, held, size):
    chosen = documents[:size]
    ids = {line["id"] for line in chosen}
    judged = [(text, wanted & ids) for text, wanted in claims.items() if wanted & ids]
    titles = [(line["title"], {line["id"]}) for line in chosen if line["title"]][:TITLES]
    sentences = [sentence.strip() for line in held for sentence in line["text"].replace("。", "。\n").replace(". ", ".\n").split("\n") if len(sentence) > 20]
    random.Random(options.seed).shuffle(sentences)
    folder = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="sememe-adaptation-")) / f"{options.language}-{size}"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "documents.jsonl"
    file.write_text("".join(json.dumps({"id": line["id"], "text": line["text"]}, ensure_ascii=False) + "\n" for line in chosen))
    service = Service(options.program, folder / "data", options.threads)
    trained = {}
    for start in STARTS:
        if not (folder / "data/collections" / start).exists() or options.again:
            service.run("ingest", start, file)
            begun = time.monotonic()
            more = options.train if start == "starter" else []
            report = service.run("train", start, "--from", start, "--contextual", "on", "--threads", options.threads, "--seed", options.seed, *more)
            trained[start] = time.monotonic() - begun
            print(f"{size} {start}: {trained[start]:.0f} s, {json.dumps(report['model'])[:400]}", file=sys.stderr, flush=True)
    lines = []
    with service:
        common = common_words(options.program, documents)
        for name, queries in (("claims", judged), ("titles", titles)):
            if len(queries) < 20:
                continue
            found = {start: retrieval(service, start, queries) for start in STARTS}
            print(f"{size} {name}: keyword {100 * sum(found['scratch']['keyword']) / len(queries):.1f}", file=sys.stderr, flush=True)
            for mode in MODES[1:]:
                figures = {start: [(value, 1) for value in found[start][mode]] for start in STARTS}
                lines.append(compared(f"{len(chosen):,} | {name} ({len(queries)}), {mode}", figures, 100))
        if options.sentences:
            figures = {start: hidden_words(service, start, sentences[:options.sentences], common) for start in STARTS}
            asked = sum(count for _, count in figures["scratch"])
            lines.append(compared(f"{len(chosen):,} | hidden words ({asked:,})", figures, 100))
    if options.sentences:
        lines += next_words(service, len(chosen), folder, held)
    print("\n".join(lines), flush=True)
    return lines


def next_words(service, size, folder, held):
    """Perplexity of the left half of the contextual model, over the same tokens and vocabulary; the starter as it is has another one."""
    file = folder / "held-out.jsonl"
    file.write_text("".join(json.dumps({"id": line["id"], "text": line["text"]}, ensure_ascii=False) + "\n" for line in held))
    cells = {}
    for start in ("scratch", "starter"):
        report = service.run("eval", "next", start, file, "--most", 10000)
        found = {model["model"]: model for model in report["models"]}.get("lstm")
        cells[start] = f"{found['perplexity']:.1f} ({found['interval']['low']:.1f} to {found['interval']['high']:.1f})" if found else "-"
    return [f"| {size:,} | next words, perplexity | {cells['scratch']} | | {cells['starter']} | | |"]


def common_words(program, documents):
    """The 200 most frequent words as the analyzer cuts them: function words, mostly."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(line["text"] for line in documents[:2000]))
        file.flush()
        printed = subprocess.run([program, "tokens", file.name], capture_output=True, text=True, check=True).stdout
    return {word for word, _ in collections.Counter(printed.split()).most_common(200)}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="100,1000,10000", help="numbers of documents; a slice ends where they end")
    parser.add_argument("--language", choices=["en", "zh"], default="en")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sentences", type=int, default=600, help="sentences held out whose words are hidden; 0 for retrieval alone")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keep", help="folder for data directories; what is there is asked, not trained again")
    parser.add_argument("--again", action="store_true", help="train again")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "target/release/sememe")
    parser.add_argument("--train", nargs="*", default=[], help="further arguments of the adapted model's training")
    return parser.parse_args()


def main():
    options = arguments()
    documents, claims, held = (english if options.language == "en" else chinese)(random.Random(options.seed))
    print(f"{len(documents):,} documents, {len(claims)} claims, {len(held)} held out", file=sys.stderr)
    lines = []
    for size in map(int, options.sizes.split(",")):
        lines += slice_of(options, documents, claims, held, size)
    print("\n| documents | asked | scratch | untouched | adapted | adapted − scratch | adapted − untouched |\n|---|---|---|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
