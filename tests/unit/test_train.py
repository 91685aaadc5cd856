"""The training loop, on softmax regression, against a loop written with torch's own parts."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from softmax_regression import STEP, counting_descent, cut, problem, softmax_loss

from dlcourse.optim.transform import Optimizer
from dlcourse.train import train


def torch_losses(X, labels, batches, epochs):
    model = torch.nn.Linear(64, 10, dtype=torch.float64)
    torch.nn.init.zeros_(model.weight)
    torch.nn.init.zeros_(model.bias)
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=STEP), []
    for epoch in range(epochs):
        for inputs, targets in batches(epoch):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(
                model(torch.tensor(inputs)), torch.tensor(targets)
            )
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses, model


def test_losses_and_parameters_are_those_of_a_loop_in_torch():
    X, labels, params = problem()
    batches = cut(X, labels)
    trained = train(softmax_loss, params, counting_descent(), batches, 3, progress=False)
    losses, model = torch_losses(X, labels, batches, 3)
    np.testing.assert_allclose(trained.history.update_losses, losses, rtol=1e-9)
    np.testing.assert_allclose(trained.params[0], model.weight.detach().numpy().T, atol=1e-12)
    np.testing.assert_allclose(trained.params[1], model.bias.detach().numpy(), atol=1e-12)
    assert trained.state == 12


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_torch_tensors_are_trained_as_numpy_arrays_are(dtype):
    X, labels, params = problem()
    expected = train(softmax_loss, params, counting_descent(), cut(X, labels), 2, progress=False)
    tensors = [torch.tensor(w, dtype=dtype) for w in params]
    batches = cut(torch.tensor(X, dtype=dtype), torch.tensor(labels))
    trained = train(softmax_loss, tensors, counting_descent(), batches, 2, progress=False)
    assert all(w.dtype == dtype for w in trained.params)
    np.testing.assert_allclose(trained.params[0].numpy(), expected.params[0], atol=1e-5)


def test_the_loss_of_an_epoch_is_the_mean_over_its_rows_not_over_its_updates():
    X, labels, params = problem()
    frozen = Optimizer(init=lambda params: None, step=lambda params, grads, state: (params, state))
    start = [np.random.default_rng(0).standard_normal(w.shape) for w in params]
    trained = train(softmax_loss, start, frozen, cut(X, labels, 70), 2, progress=False)
    overall = softmax_loss(start, X, labels)[0]
    np.testing.assert_allclose(trained.history.epoch_losses, [overall, overall], rtol=1e-12)
    assert len(trained.history.update_losses) == 4


def test_time_goes_forward_with_the_updates():
    X, labels, params = problem()
    trained = train(softmax_loss, params, counting_descent(), cut(X, labels), 2, progress=False)
    seconds = trained.history.update_seconds
    assert len(seconds) == 8
    assert seconds == sorted(seconds)
    assert seconds[0] > 0


def test_gradients_are_clipped_before_the_update():
    X, labels, params = problem()

    def clip(grads):
        return [np.clip(g, -1e-3, 1e-3) for g in grads]

    trained = train(
        softmax_loss, params, counting_descent(), cut(X, labels), 1, clip=clip, progress=False
    )
    assert 0 < np.abs(trained.params[0]).max() <= 4 * STEP * 1e-3 * (1 + 1e-12)


def test_training_stops_when_told_and_sees_the_losses_on_held_out_data():
    X, labels, params = problem()
    seen = []

    def stop(history):
        seen.append(list(history.validation_losses))
        return len(history.epoch_losses) == 3

    trained = train(
        softmax_loss,
        params,
        counting_descent(),
        cut(X[:60], labels[:60]),
        50,
        validate=lambda params: softmax_loss(params, X[60:], labels[60:])[0],
        stop=stop,
        progress=False,
    )
    assert [len(losses) for losses in seen] == [1, 2, 3]
    assert len(trained.history.epoch_losses) == 3
    last = softmax_loss(trained.params, X[60:], labels[60:])[0]
    assert trained.history.validation_losses[-1] == pytest.approx(last)
    assert trained.state == 6


def test_the_parameters_given_are_left_as_they_were():
    X, labels, params = problem()
    train(softmax_loss, params, counting_descent(), cut(X, labels), 1, progress=False)
    assert all(not w.any() for w in params)
    assert len(params) == 2


def test_no_epochs_return_the_start():
    X, labels, params = problem()
    trained = train(softmax_loss, params, counting_descent(), cut(X, labels), 0, progress=False)
    assert all(a is b for a, b in zip(trained.params, params, strict=True))
    assert trained.history.update_losses == []


def test_a_loss_that_overflows_is_recorded_and_training_goes_on():
    def quadratic(params, X):
        return params[0] ** 2, [2 * params[0]]

    batches = [(np.zeros((1, 1)),)] * 600
    with np.errstate(over="ignore", invalid="ignore"):
        trained = train(
            quadratic,
            [np.float64(1.0)],
            counting_descent(3.0),
            lambda e: batches,
            1,
            progress=False,
        )
    assert len(trained.history.update_losses) == 600
    assert not math.isfinite(trained.history.update_losses[-1])


def test_a_generator_that_is_used_up_is_an_error_and_not_an_epoch_without_updates():
    X, labels, params = problem()
    once = iter(cut(X, labels)(0))
    with pytest.raises(ValueError, match="epoch 1 has no minibatches"):
        train(softmax_loss, params, counting_descent(), lambda epoch: once, 2, progress=False)


def test_the_progress_bar_counts_all_updates_and_shows_the_loss(capsys):
    X, labels, params = problem()
    trained = train(softmax_loss, params, counting_descent(), cut(X, labels), 2)
    shown = capsys.readouterr().err
    assert "8/8" in shown
    assert "epoch 2/2" in shown
    assert f"loss={trained.history.update_losses[-1]:.4g}" in shown


def test_the_progress_bar_does_without_the_number_of_batches(capsys):
    X, labels, params = problem()
    train(softmax_loss, params, counting_descent(), lambda epoch: iter(cut(X, labels)(epoch)), 2)
    assert "8update" in capsys.readouterr().err


def test_nothing_is_printed_without_a_progress_bar(capsys):
    X, labels, params = problem()
    train(softmax_loss, params, counting_descent(), cut(X, labels), 1, progress=False)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""
