"""Mixed load for a long time: questions, writes, trainings, builds, snapshots. Memory and descriptors. Run by hand beside a service: see README.md."""

import collections
import http.client
import json
import os
import random
import sys
import threading
import time
import urllib.parse

minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
pause = float(sys.argv[2]) / 1e3 if len(sys.argv) > 2 else 0.05  # between two requests of one client
warm_up = min(5.0, minutes / 4)
url = urllib.parse.urlparse(os.environ["SEMEME_URL"])
headers = {"authorization": "Bearer " + os.environ["SEMEME_KEY"], "content-type": "application/json"}
process = "/proc/" + os.environ["SEMEME_PID"]
words = "river bank money house water city music language the a of loan interest boat heron current deposit 银行 河 水".split()
top = "/v1/collections/demo-en"
end = time.time() + minutes * 60
counts, lock, slowest = collections.Counter(), threading.Lock(), [0.0]


def text(at, n):
    return " ".join(at.choice(words) for _ in range(n))


def operation(at):
    kind = at.randrange(20)
    if kind < 5:
        return "GET", f"{top}/words/{at.choice(words[:8])}/similar?k=10", None
    if kind < 10:
        mode = at.choice(["keyword", "wordnet", "static", "hybrid"])
        return "POST", top + "/search", {"query": text(at, 4), "mode": mode, "limit": 10}
    if kind < 12:
        return "POST", top + "/contrast", {"query": text(at, 5), "k": 10}
    if kind < 13:
        return "POST", "/v1/embeddings", {"model": "demo-en", "input": [text(at, 8)]}
    if kind < 17:  # so many ids and no more: what is there does not grow
        return "POST", top + "/documents", [{"id": f"soak-{at.randrange(2000)}", "text": text(at, 40)} for _ in range(5)]
    if kind < 19:
        return "POST", top + "/documents/delete", {"ids": [f"soak-{at.randrange(2000)}" for _ in range(5)]}
    return "GET", at.choice(["/metrics", "/readyz", "/v1/tasks?limit=5", top + "/documents?limit=100"]), None


def client(seed):
    at, connection = random.Random(seed), None
    while time.time() < end:
        if connection is None or at.random() < 0.02:
            connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
        method, path, body = operation(at)
        start = time.perf_counter()
        connection.request(method, path, body=json.dumps(body) if body is not None else None, headers=headers)
        answer = connection.getresponse()
        answer.read()
        with lock:
            counts[answer.status] += 1
            slowest[0] = max(slowest[0], time.perf_counter() - start)
        time.sleep(pause)


def background():
    """A training, a build or a snapshot each minute."""
    kinds = [(top + "/train", {"dim": 50, "epochs": 2, "contextual": "off"}), (top + "/index", None), ("/v1/snapshots", None)]
    turn = 0
    while time.time() < end:
        path, body = kinds[turn % 3]
        turn += 1
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=90)
        connection.request("POST", path + "?wait=60000", body=json.dumps(body) if body else None, headers=headers)
        task = json.loads(connection.getresponse().read())
        with lock:
            counts[task.get("type", "task") + " " + task["status"] if "type" in task else str(task)] += 1
        time.sleep(min(60, max(0, end - time.time())))


def standing():
    """Megabytes resident, those of them that no file backs, and open descriptors."""
    with open(process + "/status") as status:
        lines = dict(line.split(":", 1) for line in status)
    megabytes = [int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon")]
    return *megabytes, len(os.listdir(process + "/fd"))


def slope(points):
    n = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


threads = [threading.Thread(target=client, args=[seed]) for seed in range(4)] + [threading.Thread(target=background)]
for thread in threads:
    thread.start()
begun, points, own, descriptors = time.time(), [], [], []
while time.time() < end:
    time.sleep(5)
    memory, anonymous, open_now = standing()
    minute = (time.time() - begun) / 60
    if minute > warm_up:
        points.append((minute, memory))
        own.append((minute, anonymous))
        descriptors.append(open_now)
    if len(points) % 24 == 1 or minute < 0.2:
        print(f"{minute:5.1f} min: {memory:.0f} MB ({anonymous:.0f} of its own), {open_now} descriptors, {sum(counts.values())} answers", flush=True)
for thread in threads:
    thread.join()
print(dict(counts), f"slowest {slowest[0] * 1e3:.0f} ms")
memories = [memory for _, memory in points]
print(f"after {warm_up:.0f} minutes: {min(memories):.0f} to {max(memories):.0f} MB, slope {slope(points):+.2f} MB/min; "
      f"without mapped files {min(m for _, m in own):.0f} to {max(m for _, m in own):.0f} MB, slope {slope(own):+.2f} MB/min; "
      f"descriptors {min(descriptors)} to {max(descriptors)}, slope {slope([(x, d) for (x, _), d in zip(points, descriptors)]):+.2f}/min")
failed = [key for key in counts if isinstance(key, int) and key >= 500 or "failed" in str(key)]
assert not failed, failed
