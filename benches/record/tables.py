"""What ./bench's figures become: README's rows, the dated page, the plots. Nothing is measured here; all comes from the record's JSON."""

import json

from plot import chart, front
from tools import ROOT, exponent

RECORD = ROOT / "docs/record"
BEGIN, END = "<!-- measured:begin, by ./bench --tables -->", "<!-- measured:end -->"


def number(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.2g}" if value < 1 else f"{value:.3g}"


def with_spread(line, unit=""):
    return f"{number(line['median'])}{unit} ({number(line['min'])} to {number(line['max'])})"


def rows(parts):
    """README's table: (what, figure, part), of those parts that were measured."""
    makers = {"train": train, "bilm": bilm, "ann": ann, "keyword": keyword, "service": service, "growth": growth, "sizes": sizes}
    return [[what, figure, f"`./bench {part}`"] for part, make in makers.items() if part in parts for what, figure in make(parts[part]["figures"])]


def train(part):
    for name in ("skip-gram", "cbow"):
        ratio = part[name]["ratio"]
        yield f"one pass of training, {name}, {part['words']:,} words", with_spread(ratio["epoch"], " times gensim's speed")
        yield f"the whole run of one pass, {name}", (
            f"{with_spread(ratio['whole'], ' times gensim’s speed')}; {number(part[name]['sememe']['whole_wall']['median'])} s")
    if "quality" in part:
        names = [("wordsim353.tsv", "WordSim-353"), ("simlex999.txt", "SimLex-999"), ("questions-words.txt", "analogies")]
        ours, theirs = ([f"{name} {part['quality'][tool][key]['median']:.2f}" for key, name in names] for tool in ("sememe", "gensim"))
        yield "quality after 5 passes", f"{', '.join(ours)} (gensim: {', '.join(theirs)})"


def bilm(part):
    yield "words of training a CPU second, contextual model", f"{with_spread(part['sememe'])}; {with_spread(part['ratio'], ' times PyTorch’s')}"


def ann(part):
    for name, report in part.items():
        peers = {peer: line["queries/s at 0.99 (cpu)"] for peer, line in report["search"].items()}
        others = ", ".join(f"{peer} {number(rate)}" for peer, rate in peers.items() if peer != "sememe" and rate)
        if peers["sememe"]:
            yield f"nearest 10 of {report['rows'][0]:,} {name} vectors at recall 0.99", f"{number(peers['sememe'])} a CPU second ({others})"


def keyword(part):
    ours = part["sememe"]
    yield f"BM25 over {part['documents']:,} passages, top 10, p50", f"{with_spread(ours['p50_ms'], ' ms')}" + beside(part, "query_cpu_s")
    yield "indexing them, CPU seconds", with_spread(ours["index_cpu_s"]) + beside(part, "index_cpu_s")


def beside(part, key):
    return "".join(f"; {peer} takes {with_spread(part[peer]['ratio'][key], ' times that')}" for peer in ("tantivy", "bm25s") if peer in part)


def service(part):
    for name in ("similar", "search"):
        yield f"`{name}` over HTTP, requests a second", f"{with_spread(part[name]['rates'])}; {with_spread(part[name]['ratio'], ' of a constant answer’s rate')}"


def growth(part):
    names = {"training": [("cpu_s", "time"), ("peak_mb", "memory")], "vectors": [("build_cpu_s", "building"), ("query_us", "a query")],
             "documents": [("index_cpu_s", "indexing"), ("query_p50_ms", "a query"), ("index_mb", "bytes")]}
    for name, keys in names.items():
        if name in part:
            fits = ", ".join(f"{what} n^{part[name]['exponents'][key]:.2f}" for key, what in keys)
            points = part[name]["points"]
            yield f"growth with {'words of training' if name == 'training' else name}, {points[0]['size']:,} to {points[-1]['size']:,}", fits


def sizes(part):
    megabytes = ", ".join(f"{name} {size / 1e6:.1f}" for name, size in part["starter_bytes"].items())
    yield "the program, with both starter models; the models alone", f"{part['program_bytes'] / 1e6:.1f} MB; {megabytes} MB"
    documents = sum(line["documents"] for line in part["collections"].values())
    yield "the bundled collections, all indexes, models and text", f"{part['data_bytes'] / 1e6:.1f} MB, {documents} documents"
    yield "serving both: first answer; memory at the peak", f"{with_spread(part['first_answer_s'], ' s')}; {with_spread(part['serving_mb'], ' MB')}"
    yield "first answer of the very first `sememe demo`", f"{number(part['first_demo_answer_s'])} s"


def newest():
    found = sorted(RECORD.glob("????-??-??.json"))
    return found[-1] if found else None


def markdown(lines):
    return "\n".join(["| what | figure | how |", "|---|---|---|", *(f"| {' | '.join(line)} |" for line in lines)])


def measured(record, name):
    head = f"On {record['machine']['processor']}, {record['machine']['cores']} cores, {name}: median (least to most) of interleaved rounds, " \
           f"processor time where two programs are compared. [The whole record](docs/record/{name}.md)."
    return f"{BEGIN}\n{head}\n\n{markdown(record['rows'])}\n{END}"


def tables():
    """Rows anew from the newest record's raw figures; README between its markers, the record's page and its plots."""
    path = newest()
    if path is None:
        print("there is no record yet: README stays as it is")
        return
    record = json.loads(path.read_text())
    record["rows"] = rows(record["parts"])
    write(path, record)
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(before + measured(record, path.stem) + after)


def write(path, record):
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    drawn = plots(path, record["parts"])
    lines = [f"# Record of {path.stem}", "", "Written by `./bench`; raw figures in " f"[{path.name}]({path.name}). Median (least to most) of interleaved rounds.", "",
             "| | |", "|---|---|", *(f"| {key} | {value} |" for key, value in {**record["machine"], **record["versions"]}.items() if value is not None), "",
             markdown(record["rows"]), "", "## When and by which command", "",
             *(f"- {name}: {part['date']}, commit {part['commit']}, `{part['command']}`, {part['seconds']:.0f} s" for name, part in record["parts"].items()), "",
             "## Not run", "", *([f"- {line}" for line in record["not_run"]] or ["Nothing was left out."])]
    lines += ["", "## Plots", "", *(f"![{name}]({file})" for name, file in drawn)] if drawn else []
    path.with_suffix(".md").write_text("\n".join(lines) + "\n")


def plots(path, parts):
    drawn = []

    def draw(name, *rest, **options):
        file = path.with_name(f"{path.stem}-{name}.svg")
        chart(file, *rest, **options)
        drawn.append((name, file.name))

    for name, report in parts.get("ann", {}).get("figures", {}).items():
        series = {}
        for peer, line in report["search"].items():
            points = [(recall, 1000 / cpu) for cpu, _, recall in line["points"].values() if recall >= 0.8]
            series[peer] = front(points)
        draw(f"recall-{name}", f"Recall and speed, {report['rows'][0]:,} {name} vectors (Pareto fronts)", "recall@10", "queries a CPU second", series, log_x=False)
    for name, line in parts.get("growth", {}).get("figures", {}).items():
        keys = [key for key in line["points"][0] if key != "size"]
        fits = {f"{key}: n^{exponent([(p['size'], p[key]) for p in line['points']])[0]:.2f}": [(p["size"], p[key]) for p in line["points"]] for key in keys}
        draw(f"growth-{name}", f"Growth with {name}", name, "see the names", fits)
    return drawn
