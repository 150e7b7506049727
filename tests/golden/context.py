"""Golden values of the contextual model from PyTorch: python tests/golden/context.py > tests/golden/context.json

Two one-directional nn.LSTM (the right one reads the sentence backwards), a linear merge, negative sampling with shared
negatives: context vectors, loss, and the losses of ten steps of Adam on the network alone, in double precision. Weights,
word vectors and output vectors follow from formulas that the test repeats. Made with torch 2.x on a CPU.
"""

import json
import math

import torch

D, H, V, K, LAYERS = 6, 4, 12, 3.0, 1
SENTENCES = [[3, 1, 7, 4], [2], [5, 0, 3, 9, 11]]
NEGATIVES = [6, 3, 8, 10]
torch.set_default_dtype(torch.float64)


def made(count, factor, size):
    return torch.tensor([math.sin(factor * (i + 1)) * size for i in range(count)])


words = made(V * D, 0.37, 1.0).reshape(V, D)
output = made(V * D, 0.53, 0.7).reshape(V, D)
specials = torch.nn.Parameter(made(3 * D, 0.71, 0.4).reshape(3, D))
stacks = [torch.nn.LSTM(D, H, LAYERS) for _ in range(2)]
for side, stack in enumerate(stacks):
    with torch.no_grad():
        stack.weight_ih_l0.copy_(made(4 * H * D, 0.11 + side * 0.02, 0.5).reshape(4 * H, D))
        stack.weight_hh_l0.copy_(made(4 * H * H, 0.17 + side * 0.02, 0.5).reshape(4 * H, H))
        stack.bias_ih_l0.copy_(made(4 * H, 0.23 + side * 0.02, 0.3))
        stack.bias_hh_l0.zero_()
        stack.bias_hh_l0.requires_grad_(False)
merge = torch.nn.Linear(2 * H, D)
with torch.no_grad():
    merge.weight.copy_(made(D * 2 * H, 0.31, 0.5).reshape(D, 2 * H))
    merge.bias.copy_(made(D, 0.43, 0.2))


def contexts(sentence):
    inner = [words[w] for w in sentence]
    left = torch.stack([specials[0], *inner[:-1]])
    right = torch.stack([specials[1], *inner[:0:-1]])
    states = [stack(side.unsqueeze(1))[0].squeeze(1) for stack, side in zip(stacks, [left, right])]
    return merge(torch.cat([states[0], states[1].flip(0)], dim=1))


def loss():
    total = 0.0
    for sentence in SENTENCES:
        c = contexts(sentence)
        for at, word in enumerate(sentence):
            total = total - torch.nn.functional.logsigmoid(c[at] @ output[word])
            for negative in NEGATIVES:
                if negative != word:
                    total = total - K / len(NEGATIVES) * torch.nn.functional.logsigmoid(-(c[at] @ output[negative]))
    return total


golden = {
    "contexts": [contexts(sentence).flatten().tolist() for sentence in SENTENCES],
    "loss": loss().item(),
}
parameters = [specials, *merge.parameters()]
parameters += [p for stack in stacks for p in stack.parameters() if p.requires_grad]
adam = torch.optim.Adam(parameters, lr=0.01)
losses = []
for _ in range(10):
    adam.zero_grad()
    value = loss()
    losses.append(value.item())
    (value / sum(map(len, SENTENCES))).backward()
    adam.step()
golden["losses"] = losses
print(json.dumps(golden))
