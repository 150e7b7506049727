"""The contextual model's training step in PyTorch, beside ours: same sizes, same batch, same processors.

    python benches/peers/bilm.py [--hidden 256] [--dim 256] [--seconds 20] [--threads 2] [--bf16] [--ours "target/release/... TEXT ..."]

Two one-directional nn.LSTM over frozen word vectors, linear merge, 256 shared negatives, Adam on the network and Adagrad on the rows of the
output matrix, gradient cut to length 1: forward, loss, backward, optimiser. Sentences of a batch are all of one length here, which
favours PyTorch. With --bf16 PyTorch rounds the sides of products to bfloat16 (autocast), as ours does where the processor has a matrix unit. Prints words a second of wall clock and of processor time; with --ours, the same from `cargo bench --bench bilm`.
"""

import argparse
import json
import subprocess
import time

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--hidden", type=int, default=256)
parser.add_argument("--dim", type=int, default=256)
parser.add_argument("--words", type=int, default=50_000)
parser.add_argument("--sentences", type=int, default=128)
parser.add_argument("--length", type=int, default=24)
parser.add_argument("--seconds", type=float, default=20)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--bf16", action="store_true")
parser.add_argument("--ours", default="")
arguments = parser.parse_args()

torch.set_num_threads(arguments.threads)
torch.manual_seed(1)
V, D, H, K, T, B = arguments.words, arguments.dim, arguments.hidden, 256, arguments.length, arguments.sentences
words = torch.randn(V, D) * 0.3
output = torch.nn.Parameter(torch.randn(V, D) * 0.1)
squares = torch.zeros(V, D)
left, right = torch.nn.LSTM(D, H), torch.nn.LSTM(D, H)
merge = torch.nn.Linear(2 * H, D)
parameters = [*left.parameters(), *right.parameters(), *merge.parameters()]
adam = torch.optim.Adam(parameters, lr=3e-3)


def step():
    ids = torch.randint(0, V, (T + 2, B))
    # Half of the words are predicted, about what loss subsampling leaves.
    chosen = torch.randperm(T * B)[: T * B // 2]
    targets = ids[1:-1].flatten()[chosen]
    rows = torch.cat([targets, torch.randint(0, V, (K,))])
    u = output[rows].detach().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=arguments.bf16):
        inner = words[ids]
        forward = left(inner[:-2])[0]
        backward = right(inner[2:].flip(0))[0].flip(0)
        contexts = merge(torch.cat([forward, backward], dim=2).reshape(T * B, 2 * H)[chosen])
        against = -contexts @ u[len(targets) :].T
    positive = torch.nn.functional.logsigmoid((contexts.float() * u[: len(targets)]).sum(1)).sum()
    negative = torch.nn.functional.logsigmoid(against.float()).sum() * (10 / K)
    loss = -(positive + negative) / len(targets)
    adam.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    adam.step()
    with torch.no_grad():
        squares.index_add_(0, rows, u.grad**2)
        output.data.index_add_(0, rows, -0.04 * u.grad / (squares[rows].sqrt() + 1e-8))
    return T * B


for _ in range(3):
    step()
begun, cpu, count = time.perf_counter(), time.process_time(), 0
while time.perf_counter() - begun < arguments.seconds:
    count += step()
wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
print(json.dumps({"peer": "torch " + torch.__version__, "words_per_s": count / wall, "words_per_cpu_s": count / cpu}))
if arguments.ours:
    answer = subprocess.run(arguments.ours.split(), capture_output=True, text=True, check=True).stdout
    ours = json.loads(answer.splitlines()[-1])
    print(json.dumps({"ours": {key: ours[key] for key in ("words_per_s", "words_per_cpu_s")}}))
