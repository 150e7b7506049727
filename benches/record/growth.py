"""How time and memory grow, and how large things are: the parts `growth` and `sizes` of ./bench. Nothing here has a peer."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

from parts import clustered
from tools import PROGRAM, ROOT, Skip, bench, cost, exponent, last_json, spread


def growth(run):
    result = {}
    for name, measure in {"training": training, "vectors": vectors, "documents": documents}.items():
        try:
            points = measure(run)
        except Skip as why:
            run.skipped(f"growth of {name}", why)
            continue
        fits = {key: exponent([(point["size"], point[key]) for point in points])[0] for key in points[0] if key != "size"}
        result[name] = {"points": points, "exponents": fits}
    return result


def training(run):
    points = []
    for words in ([100_000, 200_000, 400_000, 800_000] if run.quick else [625_000, 1_250_000, 2_500_000, 5_000_000, 10_000_000]):
        piece = run.folder / "piece.txt"
        words = run.first_words(run.tokens, piece, words)
        if points and words < 1.2 * points[-1]["size"]:
            break
        found = [cost([bench("word2vec"), piece, "--dim", 200, "--epochs", 1, "--threads", 2]) for _ in range(run.repeats)]
        points.append({"size": words, "cpu_s": spread([one["cpu_s"] for one in found])["median"], "peak_mb": found[0]["peak_mb"]})
    return points


def vectors(run):
    points, sizes = [], [2_000, 4_000, 8_000, 16_000] if run.quick else [10_000, 20_000, 40_000, 80_000, 160_000]
    for size in sizes:
        rows, queries = clustered(run.folder / "rows.npy", size), clustered(run.folder / "queries.npy", 500, seed=1)
        command = [bench("ann"), rows, queries]
        process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        printed, _ = process.communicate("graph 64\n" * 3)
        if process.returncode:
            raise Skip("the bench ann failed")
        built, *passes = map(json.loads, printed.splitlines())
        query = spread([one["cpu_seconds"] / one["queries"] for one in passes])["median"]
        points.append({"size": size, "build_cpu_s": built["build_cpu_s"], "query_us": query * 1e6, "graph_mb": built["bytes"] / 1e6})
    return points


def documents(run):
    points = []
    for size in [1_000, 2_000, 4_000, 8_000] if run.quick else [6_250, 12_500, 25_000, 50_000, 100_000]:
        found = cost([bench("keyword"), run.tokens, size, 100, "--json"])
        line = last_json(found["printed"])
        if points and line["documents"] < 1.2 * points[-1]["size"]:
            break
        points.append({"size": line["documents"], "index_cpu_s": line["index_cpu_s"], "query_p50_ms": line["p50_ms"],
                       "index_mb": line["bytes"] / 1e6, "peak_mb": found["peak_mb"]})
    return points


def sizes(run):
    """Bytes of what is shipped and of what two bundled collections become; memory and first answers of serving them."""
    result = {"program_bytes": PROGRAM.stat().st_size, "starter_bytes": {}, "collections": {}}
    for model in sorted((ROOT / "models").glob("*.starter")):
        result["starter_bytes"][model.stem] = model.stat().st_size
    data = run.folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    for name in ("demo-en", "demo-zh"):
        file = ROOT / f"corpora/{name}.jsonl"
        cost([PROGRAM, "--data-dir", data, "ingest", name, file])
        trained = cost([PROGRAM, "--data-dir", data, "train", name])
        result["collections"][name] = {"documents": sum(1 for _ in open(file)), "text_bytes": file.stat().st_size,
                                       "train_wall_s": trained["wall_s"], "train_peak_mb": trained["peak_mb"]}
    result["data_bytes"] = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
    starts = [serve([PROGRAM, "--data-dir", data, "serve"]) for _ in range(run.repeats)]
    result["first_answer_s"] = spread([one["first_answer_s"] for one in starts])
    result["serving_mb"] = spread([one["peak_mb"] for one in starts])
    demo = run.folder / "demo"
    shutil.rmtree(demo, ignore_errors=True)
    result["first_demo_answer_s"] = serve([PROGRAM, "--data-dir", demo, "demo"])["first_answer_s"]
    return result


def serve(command):
    """Starts the service, asks until it answers, then a hundred times more; ends it. Seconds to the first answer, peak memory."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begun = time.monotonic()
    process = subprocess.Popen([*map(str, command), "--listen", f"127.0.0.1:{port}"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, cwd=ROOT, env={**os.environ, "RUST_LOG": "error"})
    try:
        while not search(port):
            if process.poll() is not None or time.monotonic() - begun > 120:
                raise Skip("the service did not answer")
            time.sleep(0.005)
        first = time.monotonic() - begun
        for _ in range(100):
            search(port)
        status = pathlib.Path(f"/proc/{process.pid}/status")
        peak = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM")] if status.exists() else []
        return {"first_answer_s": first, "peak_mb": int(peak[0]) / 1024 if peak else 0.0}
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def search(port):
    body = json.dumps({"query": "loan from the bank", "mode": "hybrid", "limit": 10}).encode()
    address = f"http://127.0.0.1:{port}/v1/collections/demo-en/search"
    request = urllib.request.Request(address, body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status == 200
    except OSError:
        return False
