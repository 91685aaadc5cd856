"""A training step of lab-sized networks: dlcourse against torch, in turn, on one thread each.

    python benchmarks/library.py [--rounds 30] [--out DIR]

A step is forward, backward and Adam on one minibatch. Each round times both, one after the other,
and the ratio is taken round by round, so that it holds when the machine's speed drifts. With CUDA
there is a third pair, both sides on the device. Last, the cost of ``import dlcourse``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from dlcourse.layers import mlp_backward, mlp_forward
from dlcourse.losses import softmax_cross_entropy
from dlcourse.optim.transform import adam

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
SIZES = {
    "64-100-100-10, batch 32": ((64, 100, 100, 10), 32),
    "784-512-512-10, batch 128": ((784, 512, 512, 10), 128),
}
Step = Callable[[], None]


def initial(sizes: tuple[int, ...]) -> list[np.ndarray]:
    """He-normal weights and zero biases, float32."""
    rng = np.random.default_rng(0)
    arrays: list[np.ndarray] = []
    for fan_in, fan_out in itertools.pairwise(sizes):
        arrays.append((rng.normal(size=(fan_in, fan_out)) * (2 / fan_in) ** 0.5).astype("f4"))
        arrays.append(np.zeros(fan_out, "f4"))
    return arrays


def batch(sizes: tuple[int, ...], rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and labels."""
    rng = np.random.default_rng(1)
    return rng.normal(size=(rows, sizes[0])).astype("f4"), rng.integers(sizes[-1], size=rows)


def ours(sizes: tuple[int, ...], rows: int, device: str | None = None) -> Step:
    """A step of dlcourse: on NumPy, or on torch tensors of `device`."""
    params: list = list(initial(sizes))
    x, labels = batch(sizes, rows)
    if device is not None:
        params = [torch.as_tensor(array, device=device) for array in params]
        x, labels = torch.as_tensor(x, device=device), torch.as_tensor(labels, device=device)
    optimizer = adam(1e-3)
    kept = {"params": params, "state": optimizer.init(params)}

    def step() -> None:
        params = kept["params"]
        weights = list(zip(params[::2], params[1::2], strict=True))
        logits, cache = mlp_forward(x, weights)
        _, dlogits = softmax_cross_entropy(logits, labels)
        pairs = mlp_backward(dlogits, weights, cache)
        grads = [grad for pair in pairs for grad in pair]
        kept["params"], kept["state"] = optimizer.step(params, grads, kept["state"])

    return step


def torchs(sizes: tuple[int, ...], rows: int, device: str = "cpu") -> Step:
    """The same step of eager torch.nn and torch.optim."""
    layers: list[torch.nn.Module] = []
    for fan_in, fan_out in itertools.pairwise(sizes):
        layers += [torch.nn.Linear(fan_in, fan_out), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1]).to(device)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    x, labels = (torch.as_tensor(array, device=device) for array in batch(sizes, rows))

    def step() -> None:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), labels).backward()
        optimizer.step()

    return step


def seconds(step: Step, repeats: int, device: str) -> float:
    """Of one step, averaged over `repeats`."""
    start = time.perf_counter()
    for _ in range(repeats):
        step()
    if device == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - start) / repeats


def summary(pairs: list[tuple[float, float]]) -> dict[str, float]:
    """Median times of both in microseconds, and the quartiles of their ratio pair by pair."""
    low, middle, high = statistics.quantiles([mine / theirs for mine, theirs in pairs], n=4)
    return {
        "ours_us": 1e6 * statistics.median(mine for mine, _ in pairs),
        "torch_us": 1e6 * statistics.median(theirs for _, theirs in pairs),
        "ratio": middle,
        "ratio_low": low,
        "ratio_high": high,
    }


def compare(a: Step, b: Step, rounds: int, device: str = "cpu") -> dict[str, float]:
    """The `summary` of both steps, timed in turn."""
    repeats = max(3, round(0.05 / max(seconds(a, 3, device), seconds(b, 3, device), 1e-6)))
    pairs = [(seconds(a, repeats, device), seconds(b, repeats, device)) for _ in range(rounds)]
    return summary(pairs)


def import_ratio(rounds: int) -> dict[str, float]:
    """Whole-process time of ``import dlcourse`` against ``import numpy``."""

    def run(code: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - start

    code = "import dlcourse, dlcourse.backend, dlcourse.layers, dlcourse.optim.adaptive"
    pairs = [(run(code), run("import numpy")) for _ in range(rounds)]
    return summary(pairs)


def main() -> None:
    """Measure, print a table, and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--out", type=Path, help="a directory for library.json")
    arguments = parser.parse_args()
    if any(os.environ.get(name) != "1" for name in THREADS):
        # the libraries read these when they are loaded, which they are by now
        os.execve(
            sys.executable, [sys.executable, *sys.argv], os.environ | dict.fromkeys(THREADS, "1")
        )
    torch.set_num_threads(1)
    rows = {}
    for name, (sizes, size) in SIZES.items():
        rows[f"NumPy, {name}"] = compare(ours(sizes, size), torchs(sizes, size), arguments.rounds)
        if torch.cuda.is_available():
            rows[f"CUDA, {name}"] = compare(
                ours(sizes, size, "cuda"), torchs(sizes, size, "cuda"), arguments.rounds, "cuda"
            )
    rows["import dlcourse / import numpy"] = import_ratio(arguments.rounds)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()},")
    print(f"NumPy {np.__version__}, torch {torch.__version__}, one thread each\n")
    print("| step | dlcourse, µs | torch, µs | ratio (quartiles) |")
    print("|---|---|---|---|")
    for name, row in rows.items():
        spread = f"{row['ratio']:.2f} ({row['ratio_low']:.2f}–{row['ratio_high']:.2f})"
        print(f"| {name} | {row['ours_us']:.0f} | {row['torch_us']:.0f} | {spread} |")
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / "library.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
