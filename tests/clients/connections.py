"""Latencies of live queries alone, and while many connections idle or drip. Run by hand beside a service: see README.md."""

import http.client
import os
import resource
import socket
import sys
import threading
import time
import urllib.parse

idle, dripping = (int(value) for value in (sys.argv[1:] + ["2000", "500"][len(sys.argv) - 1:])[:2])
url = urllib.parse.urlparse(os.environ["SEMEME_URL"])
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def latencies(count=2000):
    connection = http.client.HTTPConnection(url.hostname, url.port)
    headers = {"authorization": "Bearer " + os.environ["SEMEME_KEY"]}
    times = []
    for _ in range(count):
        start = time.perf_counter()
        connection.request("GET", "/v1/collections/demo-en/words/river/similar?k=10", headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    return f"p50 {times[count // 2]:.2f} ms, p99 {times[count * 99 // 100]:.2f} ms"


latencies(200)
print("alone:", latencies())
open_connections = []
for _ in range(idle):
    connection = socket.create_connection((url.hostname, url.port))
    connection.sendall(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n")
    open_connections.append(connection)
print(f"with {idle} idle:", latencies())
drips = []
for _ in range(dripping):
    connection = socket.create_connection((url.hostname, url.port))
    connection.sendall(b"POST /v1/embeddings HTTP/1.1\r\nhost: localhost\r\nx-slow: ")
    drips.append(connection)
done = threading.Event()
shut = [0]


def drip():
    while not done.wait(1):
        for connection in list(drips):
            try:
                connection.sendall(b"a")
            except OSError:
                drips.remove(connection)
                shut[0] += 1


thread = threading.Thread(target=drip)
thread.start()
print(f"with {idle} idle and {dripping} dripping:", latencies())
time.sleep(10)
done.set()
thread.join()
print(f"dripping connections that the service has shut after 10 s: {shut[0]} of {dripping}")
with open(f"/proc/{os.environ['SEMEME_PID']}/status") as status:
    print([line.strip() for line in status if line.startswith("VmRSS")][0])
