"""Latencies of questions while the service idles, and while it trains. Run by hand beside a service: see README.md."""

import http.client
import json
import os
import sys
import time
import urllib.parse

rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 6
url = urllib.parse.urlparse(os.environ["SEMEME_URL"])
headers = {"authorization": "Bearer " + os.environ["SEMEME_KEY"], "content-type": "application/json"}
top = "/v1/collections/demo-en"
connection = http.client.HTTPConnection(url.hostname, url.port, timeout=120)
words = ["river", "bank", "money", "house"]


def ask(method, path, body=None):
    connection.request(method, path, body=json.dumps(body) if body is not None else None, headers=headers)
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status < 400, (answer.status, text)
    return json.loads(text)


def times(count=150):
    similar, search = [], []
    for n in range(count):
        start = time.perf_counter()
        ask("GET", f"{top}/words/{words[n % 4]}/similar?k=10")
        middle = time.perf_counter()
        ask("POST", top + "/search", {"query": f"{words[n % 4]} by the water", "mode": "static", "limit": 10})
        search.append((time.perf_counter() - middle) * 1e3)
        similar.append((middle - start) * 1e3)
        time.sleep(0.005)
    return similar, search


def told(times):
    times = sorted(times)
    return f"p50 {times[len(times) // 2]:.2f} ms, p99 {times[len(times) * 99 // 100]:.2f} ms"


while True:  # a new data directory's WordNet is compiled first: until then it is 409
    body = json.dumps({"query": "x river", "mode": "wordnet", "limit": 1})
    connection.request("POST", top + "/search", body=body, headers=headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 409:
        break
    time.sleep(0.2)
times(100)
idle, training = ([], []), ([], [])
for _ in range(rounds):  # in turns, so that whatever else the machine does falls on both
    for into in zip(idle, times()):
        into[0].extend(into[1])
    task = ask("POST", top + "/train", {"dim": 200, "epochs": 10_000, "contextual": "off"})["uid"]
    while ask("GET", f"/v1/tasks/{task}").get("progress", {}).get("phase") != "training":
        time.sleep(0.05)
    for into in zip(training, times()):
        into[0].extend(into[1])
    ask("POST", f"/v1/tasks/{task}/cancel", {})
    ask("GET", f"/v1/tasks/{task}?wait=60000")
for name, before, during in zip(["similar", "search"], idle, training):
    p99 = [sorted(values)[len(values) * 99 // 100] for values in (before, during)]
    print(f"{name}: idle {told(before)}; training {told(during)}; ratio of p99 {p99[1] / p99[0]:.2f}")
