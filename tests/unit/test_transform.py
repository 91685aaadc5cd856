"""Optimizers over lists of parameters: torch as the oracle, and students' steps put in."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcourse.optim import adaptive, momentum, transform
from dlcourse.optim.averaging import ema_update, polynomial_decay_average
from dlcourse.optim.schedules import inverse_decay
from dlcourse.regularize import clip_by_norm, l2_penalty, max_norm, weight_decay_step

SHAPES = [(3, 4), (4,), (), (4, 2), (1, 2, 3)]
STEPS = 5
PAIRS = {
    "sgd": (transform.sgd(0.1), partial(torch.optim.SGD, lr=0.1)),
    "momentum": (transform.momentum(0.1, 0.8), partial(torch.optim.SGD, lr=0.1, momentum=0.8)),
    "nesterov": (
        transform.nesterov(0.1),
        partial(torch.optim.SGD, lr=0.1, momentum=0.9, nesterov=True),
    ),
    "rprop": (transform.rprop(0.05), partial(torch.optim.Rprop, lr=0.05)),
    "adagrad": (transform.adagrad(0.1), partial(torch.optim.Adagrad, lr=0.1)),
    "rmsprop": (transform.rmsprop(0.1), partial(torch.optim.RMSprop, lr=0.1, alpha=0.9)),
    "adadelta": (transform.adadelta(), partial(torch.optim.Adadelta, lr=1.0, rho=0.95)),
    "adam": (transform.adam(), torch.optim.Adam),
    "adamax": (transform.adamax(), torch.optim.Adamax),
    "adamw": (transform.adamw(weight_decay=0.1), partial(torch.optim.AdamW, weight_decay=0.1)),
}


def random_params(seed):
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.normal(size=shape)) for shape in SHAPES]


def gradients(params):
    """Of the loss Σ (w² + sin 3w), so that a gradient depends on the path."""
    return [np.asarray(2 * w + 3 * np.cos(3 * w)) for w in params]


def run(optimizer, params, steps=STEPS):
    state = optimizer.init(params)
    for _ in range(steps):
        params, state = optimizer.step(params, gradients(params), state)
    return params, state


def assert_same(params, others):
    for w, other in zip(params, others, strict=True):
        assert w.shape == other.shape
        np.testing.assert_allclose(w, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", PAIRS)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_factory_trains_as_torchs_optimizer_does(name, seed):
    ours, theirs = PAIRS[name]
    parameters = [torch.nn.Parameter(torch.tensor(w)) for w in random_params(seed)]
    optimizer = theirs(parameters)
    for _ in range(STEPS):
        optimizer.zero_grad()
        sum((w**2 + torch.sin(3 * w)).sum() for w in parameters).backward()
        optimizer.step()
    params, _ = run(ours, random_params(seed))
    assert_same(params, [w.detach().numpy() for w in parameters])


STEP_OF = {
    "momentum": (partial(transform.momentum, 0.1), momentum.momentum_step),
    "nesterov": (partial(transform.nesterov, 0.1), momentum.nesterov_step_rearranged),
    "rprop": (transform.rprop, adaptive.rprop_step),
    "adagrad": (partial(transform.adagrad, 0.1), adaptive.adagrad_step),
    "rmsprop": (transform.rmsprop, adaptive.rmsprop_step),
    "adadelta": (transform.adadelta, adaptive.adadelta_step),
    "adam": (transform.adam, adaptive.adam_step),
    "adamax": (transform.adamax, adaptive.adamax_step),
    "adamw": (transform.adamw, adaptive.adamw_step),
}


@pytest.mark.parametrize("name", STEP_OF)
def test_a_students_step_takes_the_place_of_the_librarys(name):
    factory, reference = STEP_OF[name]
    calls = []

    def student_step(*args):
        calls.append(len(args))
        return reference(*args)

    params, _ = run(factory(step=student_step), random_params(0))
    assert len(calls) == STEPS
    assert_same(params, run(factory(), random_params(0))[0])


@pytest.mark.parametrize("name", STEP_OF)
def test_with_a_students_step_the_librarys_is_never_called(name, monkeypatch):
    """In the student edition the library's own step raises."""
    factory, reference = STEP_OF[name]

    def withheld(*args):
        raise AssertionError("the reference was called")

    for module in (momentum, adaptive):
        if hasattr(module, reference.__name__):
            monkeypatch.setattr(module, reference.__name__, withheld)
    run(factory(step=reference), random_params(0), steps=1)
    with pytest.raises(AssertionError, match="the reference was called"):
        run(factory(), random_params(0), steps=1)


def test_sgd_takes_a_step_with_weight_decay():
    decayed = transform.sgd(0.1, step=partial(weight_decay_step, lam=0.5))
    penalized = transform.penalized(transform.sgd(0.1), partial(l2_penalty, lam=0.5))
    assert_same(run(decayed, random_params(1))[0], run(penalized, random_params(1))[0])


def test_nesterovs_parameters_are_the_look_ahead_from_which_the_path_is_recovered():
    params, state = run(transform.nesterov(0.05, 0.7), [np.array([1.0, -2.0])])
    w, velocity = np.array([1.0, -2.0]), np.zeros(2)
    for _ in range(STEPS):
        w, velocity = momentum.nesterov_step(w, lambda x: gradients([x])[0], velocity, 0.05, 0.7)
    np.testing.assert_allclose(params[0] - 0.7 * state.slots[0], w, rtol=1e-12)


def test_a_schedule_is_asked_for_the_rate_of_each_step_counted_from_one():
    asked = []

    def schedule(k):
        asked.append(k)
        return np.float64(inverse_decay(k, 0.1, 1.0))

    params = [w.astype(np.float32) for w in random_params(2)]
    trained, state = run(transform.sgd(schedule), params)
    assert asked == [1, 2, 3, 4, 5]
    assert state.k == 5
    assert all(w.dtype == np.float32 for w in trained)
    by_hand = random_params(2)
    for k in range(1, 6):
        by_hand = [
            w - 0.1 / (1 + k) * grad for w, grad in zip(by_hand, gradients(by_hand), strict=True)
        ]
    for w, other in zip(trained, by_hand, strict=True):
        np.testing.assert_allclose(w, other, rtol=1e-4, atol=1e-5)


def test_l2_in_adam_is_torchs_weight_decay_of_adam():
    ours = transform.penalized(transform.adam(0.01), partial(l2_penalty, lam=0.3))
    parameters = [torch.nn.Parameter(torch.tensor(w)) for w in random_params(3)]
    optimizer = torch.optim.Adam(parameters, lr=0.01, weight_decay=0.3)
    for _ in range(STEPS):
        optimizer.zero_grad()
        sum((w**2 + torch.sin(3 * w)).sum() for w in parameters).backward()
        optimizer.step()
    assert_same(run(ours, random_params(3))[0], [w.detach().numpy() for w in parameters])


def test_clipping_bounds_the_whole_step():
    optimizer = transform.clipped(transform.sgd(1.0), partial(clip_by_norm, limit=0.25))
    before = random_params(4)
    after, _ = run(optimizer, before, steps=1)
    moved = np.concatenate([(a - b).ravel() for a, b in zip(after, before, strict=True)])
    assert np.linalg.norm(moved) == pytest.approx(0.25)


def test_projection_follows_every_step():
    optimizer = transform.projected(
        transform.sgd(0.5), lambda params: [max_norm(W, 0.1) for W in params]
    )
    params, _ = run(optimizer, [np.ones((3, 2))])
    assert np.linalg.norm(params[0], axis=0) == pytest.approx([0.1, 0.1])


def test_averaging_leaves_the_path_alone_and_keeps_the_mean_beside_it():
    plain, path = transform.adam(0.1), [random_params(5)]
    state = plain.init(path[0])
    for _ in range(STEPS):
        params, state = plain.step(path[-1], gradients(path[-1]), state)
        path.append(params)
    mean = transform.averaged(plain, partial(polynomial_decay_average, gamma=0.0))
    params, averaged_state = run(mean, path[0])
    assert_same(params, path[-1])
    assert_same(averaged_state.average, [np.mean(ws, axis=0) for ws in zip(*path[1:], strict=True)])
    smoothed = transform.averaged(plain, lambda mean, w, t: ema_update(mean, w, 0.5))
    _, state = run(smoothed, path[0], steps=1)
    assert_same(state.average, [(a + b) / 2 for a, b in zip(path[0], path[1], strict=True)])


def test_wrappers_compose():
    optimizer = transform.averaged(
        transform.clipped(
            transform.penalized(transform.momentum(0.01), partial(l2_penalty, lam=0.1)),
            partial(clip_by_norm, limit=1.0),
        ),
        lambda mean, w, t: ema_update(mean, w, 0.9),
    )
    params, state = run(optimizer, random_params(6), steps=50)
    assert state.inner.k == 50
    assert all(np.isfinite(w).all() for w in params)


@pytest.mark.parametrize("name", PAIRS)
def test_every_kind_of_array_is_trained_alike(name, agrees_with_numpy):
    optimizer, _ = PAIRS[name]

    def two_steps(params, grads):
        state = optimizer.init(params)
        for _ in range(2):
            params, state = optimizer.step(params, grads, state)
        return params, state.slots

    params = random_params(7)
    agrees_with_numpy(two_steps, params, gradients(params))


def test_a_state_may_be_used_twice():
    optimizer, params = transform.adam(0.1), random_params(8)
    _, state = run(optimizer, params, steps=2)
    once, _ = optimizer.step(params, gradients(params), state)
    again, _ = optimizer.step(params, gradients(params), state)
    assert_same(once, again)


@pytest.mark.parametrize(
    ("grads", "message"),
    [
        ([np.zeros((2, 3))], "a gradient a parameter, got 1 for 2"),
        ([np.zeros((3, 2)), np.zeros(3)], r"gradient 0 has shape \(3, 2\), its parameter \(2, 3\)"),
        ([np.zeros((2, 3)), np.zeros((1, 3))], r"gradient 1 has shape \(1, 3\)"),
    ],
)
def test_gradients_that_do_not_fit_are_refused(grads, message):
    optimizer, params = transform.sgd(0.1), [np.zeros((2, 3)), np.zeros(3)]
    with pytest.raises(ValueError, match=message):
        optimizer.step(params, grads, optimizer.init(params))


def test_parameters_of_two_dtypes_are_refused_and_not_promoted():
    optimizer, params = transform.sgd(0.1), [np.zeros(2), np.zeros(2, dtype=np.float32)]
    with pytest.raises(ValueError, match="parameter 1 has dtype float32"):
        optimizer.step(params, params, optimizer.init(params))


@pytest.mark.parametrize("name", ["sgd", "momentum", "adam"])
def test_long_parameters_are_updated_as_one_vector_is(name):
    """NumPy's go block by block past `BLOCK` entries, the last one short; torch's do not."""
    rng = np.random.default_rng(3)
    shapes = [(300, 250), (17,), (2, transform.BLOCK // 2)]
    optimizer = getattr(transform, name)(0.1)
    params = [rng.normal(size=shape) for shape in shapes]
    tensors = [torch.tensor(w) for w in params]
    state, torch_state = optimizer.init(params), optimizer.init(tensors)
    for _ in range(3):
        grads = [rng.normal(size=shape) for shape in shapes]
        params, state = optimizer.step(params, grads, state)
        tensors, torch_state = optimizer.step(tensors, list(map(torch.tensor, grads)), torch_state)
    for w, tensor in zip(params, tensors, strict=True):
        np.testing.assert_allclose(w, tensor.numpy(), rtol=1e-12, atol=1e-15)
