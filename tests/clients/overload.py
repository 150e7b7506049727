"""Far more questions than can be answered: what is refused, and how soon it is over. Run by hand beside a service: see README.md."""

import collections
import http.client
import json
import os
import sys
import threading
import time
import urllib.parse

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
url = urllib.parse.urlparse(os.environ["SEMEME_URL"])
headers = {"authorization": "Bearer " + os.environ["SEMEME_KEY"], "content-type": "application/json"}
body = json.dumps({"query": "borrowing money from a bank to buy a house by the river " * 40, "k": 10})


def memory():
    with open(f"/proc/{os.environ['SEMEME_PID']}/status") as status:
        return int([line for line in status if line.startswith("VmRSS")][0].split()[1]) // 1024


def ask(connection):
    start = time.perf_counter()
    connection.request("POST", "/v1/collections/demo-en/contrast", body=body, headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.getheader("retry-after"), time.perf_counter() - start


def load(clients, seconds):
    """Closed loops; a refused client asks again at once, as a rude one does."""
    counts, waits, missing = collections.Counter(), [], [0]
    end = time.time() + seconds

    def loop():
        connection = http.client.HTTPConnection(url.hostname, url.port)
        while time.time() < end:
            status, retry, took = ask(connection)
            counts[status] += 1
            if status == 200:
                waits.append(took)
            elif not retry:
                missing[0] += 1

    threads = [threading.Thread(target=loop) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    waits.sort()
    return counts, waits, missing[0]


while ask(http.client.HTTPConnection(url.hostname, url.port))[0] == 409:  # a new data directory's WordNet is compiled first
    time.sleep(0.2)
counts, waits, _ = load(1, 2)
alone = waits[len(waits) * 99 // 100]
print(f"one client: {counts[200] / 2:.0f} a second, p99 {alone * 1e3:.1f} ms, {memory()} MB")
counts, waits, missing = load(64, seconds)
assert set(counts) <= {200, 429, 503}, counts
assert missing == 0, f"{missing} refusals without Retry-After"
print(f"64 clients, {seconds:.0f} s: {dict(counts)}, p99 of the answered {waits[len(waits) * 99 // 100] * 1e3:.0f} ms, {memory()} MB")
start = time.time()
connection = http.client.HTTPConnection(url.hostname, url.port)
while True:
    status, _, took = ask(connection)
    if status == 200 and took < 2 * alone:
        break
    assert time.time() - start < 5, "not recovered after 5 s"
print(f"recovered after {time.time() - start:.2f} s")
