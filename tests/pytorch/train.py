"""Training speed of PyTorch eager on the shapes of `core/benches/train.rs`, for comparison on one machine.

    python3 tests/pytorch/train.py [--device cpu|cuda] [--threads 1] [--seconds 10]

The model is the page's: pre-norm blocks, rotary positions, GELU, no biases, tied head, AdamW, clipping at 1, f32.
"""

import argparse
import time

import torch
import torch.nn.functional as F

SHAPES = {  # layers, heads, width, context, batch
    "gpt-nano": (3, 3, 48, 64, 16),
    "gpt-micro": (4, 4, 128, 64, 12),
    "gpt-mini": (6, 6, 192, 128, 16),
    "10m": (6, 6, 384, 256, 64),
}
VOCABULARY = 65


def rotate(x, cos, sin):  # [batch, heads, time, channels], half-split
    low, high = x.chunk(2, dim=-1)
    return torch.cat((low * cos - high * sin, high * cos + low * sin), dim=-1)


class Block(torch.nn.Module):
    def __init__(self, heads, width, context):
        super().__init__()
        self.heads = heads
        self.attention_norm, self.mlp_norm = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.qkv = torch.nn.Linear(width, 3 * width, bias=False)
        self.output = torch.nn.Linear(width, width, bias=False)
        self.up = torch.nn.Linear(width, 4 * width, bias=False)
        self.down = torch.nn.Linear(4 * width, width, bias=False)
        half = width // heads // 2
        angles = torch.arange(context)[:, None] * 10000.0 ** (-torch.arange(half) / half)
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())
        self.register_buffer("hidden", torch.ones(context, context).tril() == 0)

    def forward(self, x):
        batch, time, width = x.shape
        split = lambda y: y.view(batch, time, self.heads, width // self.heads).transpose(1, 2)
        q, k, v = map(split, self.qkv(self.attention_norm(x)).split(width, dim=2))
        q, k = rotate(q, self.cos, self.sin), rotate(k, self.cos, self.sin)
        if hasattr(F, "scaled_dot_product_attention"):
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = (q @ k.transpose(2, 3)) / q.shape[-1] ** 0.5
            y = scores.masked_fill(self.hidden, float("-inf")).softmax(dim=-1) @ v
        x = x + self.output(y.transpose(1, 2).reshape(batch, time, width))
        return x + self.down(F.gelu(self.up(self.mlp_norm(x))))


class Gpt(torch.nn.Module):
    def __init__(self, layers, heads, width, context):
        super().__init__()
        self.table = torch.nn.Parameter(0.02 * torch.randn(VOCABULARY, width))
        self.blocks = torch.nn.Sequential(*(Block(heads, width, context) for _ in range(layers)))
        self.norm = torch.nn.LayerNorm(width)

    def forward(self, tokens):
        return self.norm(self.blocks(F.embedding(tokens, self.table))) @ self.table.T


def measure(name, device, seconds):
    layers, heads, width, context, batch = SHAPES[name]
    torch.manual_seed(1)
    model = Gpt(layers, heads, width, context).to(device)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)
    text = torch.randint(VOCABULARY, (200_000,), device=device)

    def step():
        starts = torch.randint(len(text) - context - 1, (batch,), device=device)
        window = text[starts[:, None] + torch.arange(context + 1, device=device)]
        loss = F.cross_entropy(model(window[:, :-1]).flatten(0, 1), window[:, 1:].flatten())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()

    def wait():
        if device == "cuda":
            torch.cuda.synchronize()

    for _ in range(5):
        step()
    wait()
    steps, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        for _ in range(5):
            step()
        wait()
        steps += 5
    spent = (time.perf_counter() - start) / steps
    print(f"{name:10} {device} {1e3 * spent:9.2f} ms/step {batch * context / spent:12.0f} tokens/s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("shapes", nargs="*", default=["gpt-nano", "gpt-micro"])
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    where = torch.cuda.get_device_name() if arguments.device == "cuda" else f"{arguments.threads} thread(s)"
    print(f"PyTorch {torch.__version__}, {where}")
    for shape in arguments.shapes:
        measure(shape, arguments.device, arguments.seconds)
