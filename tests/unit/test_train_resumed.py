"""Training that is cut off and goes on from its checkpoint, to the same bits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from softmax_regression import counting_descent, cut, problem, softmax_loss

from dlcourse.checkpoint import CheckpointError
from dlcourse.optim.transform import Optimizer, adam, averaged, momentum
from dlcourse.train import train


class PowerCut(Exception):
    """Ends a run in the middle."""


def cut_after(loss_and_gradient, updates):
    """`loss_and_gradient` that ends the run when it is called once more than `updates` times."""
    calls = iter(range(updates))

    def limited(params, *batch):
        if next(calls, None) is None:
            raise PowerCut
        return loss_and_gradient(params, *batch)

    return limited


def drawn(X, labels, rng, batch_size=30):
    """Minibatches by a generator that no epoch's number decides."""

    def batches(epoch):
        order = rng.permutation(len(X))
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            noise = rng.standard_normal((len(rows), X.shape[1]))
            yield X[rows] + 0.1 * noise.astype(X.dtype), labels[rows]

    return batches


def digits(dtype, library):
    X, labels, _ = problem()
    rng = np.random.default_rng(1)
    params = [rng.standard_normal((64, 10)), np.zeros(10)]
    X, params = X.astype(dtype), [w.astype(dtype) for w in params]
    if library == "torch":
        return torch.tensor(X), torch.tensor(labels), [torch.tensor(w) for w in params]
    return X, labels, params


def mean_so_far(mean, w, t):
    return mean + (w - mean) / t


OPTIMIZERS = {
    "momentum": momentum(0.1),
    "adam, averaged": averaged(adam(lambda k: 0.1 / k), mean_so_far),
    "counting": counting_descent(),
}


@pytest.mark.parametrize("updates", [0, 3, 4, 9, 15, 16])
@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_run_that_was_cut_off_comes_to_the_same_bits(tmp_path, updates, name, dtype):
    X, labels, params = digits(dtype, "numpy")
    path = tmp_path / "run"

    def run(loss_and_gradient, checkpoint):
        rng = np.random.default_rng(2)
        return train(
            loss_and_gradient,
            params,
            OPTIMIZERS[name],
            drawn(X, labels, rng),
            4,
            validate=lambda params: softmax_loss(params, X, labels)[0] + rng.standard_normal(),
            checkpoint=checkpoint,
            generators=[rng],
            progress=False,
        )

    expected = run(softmax_loss, None)
    assert len(expected.history.update_losses) == 16
    if updates < 16:
        with pytest.raises(PowerCut):
            run(cut_after(softmax_loss, updates), path)
    else:
        run(softmax_loss, path)
    resumed = run(cut_after(softmax_loss, 16 - 4 * (updates // 4)), path)
    for losses in ("update_losses", "epoch_losses", "validation_losses"):
        assert getattr(resumed.history, losses) == getattr(expected.history, losses)
    for w, reference in zip(resumed.params, expected.params, strict=True):
        assert w.dtype == reference.dtype
        assert w.tobytes() == reference.tobytes()
    seconds = resumed.history.update_seconds
    assert len(seconds) == 16
    assert seconds == sorted(seconds)


def test_a_run_of_torch_goes_on_with_the_generators_of_torch(tmp_path):
    X, labels, params = digits("float32", "torch")

    def run(loss_and_gradient, checkpoint):
        rng, torch_rng = np.random.default_rng(2), torch.Generator().manual_seed(3)

        def dropped_out(params, X, labels):
            keep = torch.rand(X.shape, generator=torch_rng) < 0.5
            return loss_and_gradient(params, X * keep, labels)

        return train(
            dropped_out,
            params,
            OPTIMIZERS["adam, averaged"],
            lambda epoch: [(X[rows], labels[rows]) for rows in rng.permutation(100).reshape(4, 25)],
            3,
            checkpoint=checkpoint,
            generators=[rng, torch_rng],
            progress=False,
        )

    expected = run(softmax_loss, None)
    with pytest.raises(PowerCut):
        run(cut_after(softmax_loss, 6), tmp_path / "run")
    resumed = run(softmax_loss, tmp_path / "run")
    assert resumed.history.update_losses == expected.history.update_losses
    averages = zip(resumed.state.average, expected.state.average, strict=True)
    assert all(torch.equal(mean, reference) for mean, reference in averages)


KILLED = """
import sys, time
import numpy as np
from dlcourse.optim.transform import adam
from dlcourse.train import train

rng = np.random.default_rng(0)
X = rng.standard_normal((60, 8))
d = X @ rng.standard_normal(8)

def loss_and_gradient(params, X, d):
    (w,) = params
    error = X @ w - d
    print("update", flush=True)
    time.sleep(float(sys.argv[2]))
    return np.mean(error**2), [2 * X.T @ error / len(X)]

def batches(epoch):
    return [(X[rows], d[rows]) for rows in rng.permutation(60).reshape(6, 10)]

trained = train(
    loss_and_gradient, [np.zeros(8)], adam(0.1), batches, 5,
    checkpoint=sys.argv[1], generators=[rng], progress=False,
)
print([loss.hex() for loss in trained.history.update_losses], trained.params[0].tobytes().hex())
"""


def killed_after(updates, path):
    """Start the run in a process of its own and kill it -9 after so many updates."""
    command = [sys.executable, "-c", KILLED, str(path), "0.02"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        for _ in range(updates):
            assert process.stdout.readline() == b"update\n"
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def run_to_its_end(path):
    command = [sys.executable, "-c", KILLED, str(path), "0"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = ran.stdout.splitlines()
    return len(lines) - 1, lines[-1]


def test_a_process_killed_again_and_again_comes_to_the_same_bits(tmp_path):
    updates, expected = run_to_its_end(tmp_path / "undisturbed")
    assert updates == 30
    for more in (9, 13, 8):
        killed_after(more, tmp_path / "run")
    updates, losses = run_to_its_end(tmp_path / "run")
    assert updates == 6 * (5 - 1 - 2 - 1)
    assert losses == expected


def test_a_finished_run_is_not_trained_again_and_goes_on_for_more_epochs(tmp_path):
    X, labels, params = problem()

    def run(epochs, updates):
        return train(
            cut_after(softmax_loss, updates),
            params,
            counting_descent(),
            cut(X, labels),
            epochs,
            checkpoint=tmp_path / "run",
            progress=False,
        )

    assert run(2, 8).state == 8
    assert run(2, 0).state == 8
    assert run(3, 4).state == 12
    with pytest.raises(CheckpointError, match="3 epochs already, more than the 2 asked for"):
        run(2, 0)


def test_a_run_that_stopped_early_stays_stopped(tmp_path):
    X, labels, params = problem()
    for updates in (8, 0):
        trained = train(
            cut_after(softmax_loss, updates),
            params,
            counting_descent(),
            cut(X, labels),
            9,
            stop=lambda history: len(history.epoch_losses) == 2,
            checkpoint=tmp_path / "run",
            progress=False,
        )
        assert trained.state == 8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"params": [np.zeros((64, 9)), np.zeros(9)]}, r"\['params'\]\[0\]: expected.*\(64, 9\)"),
        ({"optimizer": adam()}, r"\['optimizer'\].*slots: expected a tuple of length 2"),
        ({"generators": []}, r"\['generators'\]: expected a tuple of length 0"),
        ({"generators": [np.random.Generator(np.random.MT19937(0))]}, r"\['generators'\]\[0\]"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_with_the_reason(tmp_path, change, message):
    X, labels, params = problem()
    given = {
        "params": params,
        "optimizer": momentum(0.1),
        "batches": cut(X, labels),
        "epochs": 1,
        "checkpoint": tmp_path / "run",
        "generators": [np.random.default_rng(0)],
        "progress": False,
    }
    train(softmax_loss, **given)
    with pytest.raises(CheckpointError, match=message):
        train(softmax_loss, **(given | change))


def test_a_state_that_cannot_be_kept_is_told_before_any_training(tmp_path):
    X, labels, params = problem()
    odd = Optimizer(init=lambda params: {1, 2}, step=lambda params, grads, state: (params, state))
    with pytest.raises(TypeError, match="a checkpoint holds"):
        train(
            cut_after(softmax_loss, 0),
            params,
            odd,
            cut(X, labels),
            1,
            checkpoint=tmp_path / "run",
            progress=False,
        )


def test_the_progress_bar_of_a_resumed_run_counts_what_was_done_before(tmp_path, capsys):
    X, labels, params = problem()
    for epochs in (1, 3):
        train(
            softmax_loss,
            params,
            counting_descent(),
            cut(X, labels),
            epochs,
            checkpoint=tmp_path / "run",
        )
    assert "12/12" in capsys.readouterr().err
    train(softmax_loss, params, counting_descent(), cut(X, labels), 3, checkpoint=tmp_path / "run")
    assert "epoch 3/3, from the checkpoint" in capsys.readouterr().err
