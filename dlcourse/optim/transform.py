"""Optimizers as pairs of pure functions, built from any step function, a student's own included.

    optimizer = adam(lr=1e-3, step=adam_step)        # your adam_step; without it, the library's
    state = optimizer.init(params)
    params, state = optimizer.step(params, grads, state)

`params` and `grads` are lists of arrays. Wrappers add to an optimizer and give an optimizer:
`clipped`, `penalized`, `projected`, `averaged`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from dlcourse.backend import Array, namespace
from dlcourse.optim import adaptive
from dlcourse.optim import momentum as heavy_ball
from dlcourse.optim.gradient import Schedule

BLOCK = 1 << 15

Params: TypeAlias = list[Array]
Step: TypeAlias = Callable[..., tuple[Array, ...]]
"""A step function of `momentum` or `adaptive`, or one with the same signature."""
Update: TypeAlias = Callable[[Array, Array, tuple[Array, ...], float, int], tuple[Array, ...]]
"""``update(w, grad, slots, lr, k) -> (w, *slots)``."""


@dataclass(frozen=True)
class Optimizer:
    """A pair of pure functions, in the manner of optax.

    Attributes:
        init: ``init(params) -> state``.
        step: ``step(params, grads, state) -> (params, state)``; changes none of its arguments.
    """

    init: Callable[[Params], Any]
    step: Callable[[Params, Params, Any], tuple[Params, Any]]


@dataclass(frozen=True)
class SlotState:
    """The state of an elementwise optimizer: steps taken, and an array a slot."""

    k: int
    slots: tuple[Array, ...]


@dataclass(frozen=True)
class AveragedState:
    """The state of an averaged optimizer: its own, the average of the parameters, steps taken."""

    inner: Any
    average: Params
    t: int


def elementwise(update: Update, lr: float | Schedule, starts: Sequence[float]) -> Optimizer:
    """The optimizer that runs `update` on all parameters at once, as one vector.

    One call on a long vector is faster than a call a parameter, above all on a GPU. So `update`
    must treat every entry for itself, as the steps of this course do. Torch parameters come
    without requires_grad, or the path stays in memory.

    Args:
        update: ``update(w, grad, slots, lr, k) -> (w, *slots)`` on vectors, k from 1.
        lr: the learning rate, or a schedule ``lr(k)``.
        starts: the value that fills each slot at the start.

    Raises:
        ValueError: from `step`, if gradients and parameters differ in number or shape, or the
            parameters in dtype.
    """

    def init(params: Params) -> SlotState:
        xp, w = namespace(*params), _ravel(params)
        return SlotState(0, tuple(xp.full_like(w, start) for start in starts))

    def step(params: Params, grads: Params, state: SlotState) -> tuple[Params, SlotState]:
        _check_match(params, grads)
        k = state.k + 1
        rate = float(lr(k)) if callable(lr) else float(lr)
        if _is_long(params):
            w, *slots = _in_blocks(update, params, grads, state.slots, rate, k)
        else:
            w, *slots = update(_ravel(params), _ravel(grads), state.slots, rate, k)
        return _unravel(w, params), SlotState(k, tuple(slots))

    return Optimizer(init, step)


def sgd(lr: float | Schedule, *, step: Step | None = None) -> Optimizer:
    """Gradient descent; `step` is any ``step(w, grad, lr) -> w``, such as one with weight decay."""

    def update(
        w: Array, grad: Array, slots: tuple[Array, ...], rate: float, k: int
    ) -> tuple[Array, ...]:
        return (w - rate * grad if step is None else step(w, grad, rate),)

    return elementwise(update, lr, starts=())


def momentum(lr: float | Schedule, beta: float = 0.9, *, step: Step | None = None) -> Optimizer:
    """Gradient descent with momentum, by `momentum_step`."""
    take: Step = step or heavy_ball.momentum_step
    return elementwise(
        lambda w, grad, slots, rate, k: take(w, grad, *slots, rate, beta), lr, starts=(0.0,)
    )


def nesterov(lr: float | Schedule, beta: float = 0.9, *, step: Step | None = None) -> Optimizer:
    """Nesterov's accelerated gradient, by `nesterov_step_rearranged`: params is the look-ahead."""
    take: Step = step or heavy_ball.nesterov_step_rearranged
    return elementwise(
        lambda w, grad, slots, rate, k: take(w, grad, *slots, rate, beta), lr, starts=(0.0,)
    )


def rprop(
    initial: float = 1e-2,
    up: float = 1.2,
    down: float = 0.5,
    step_min: float = 1e-6,
    step_max: float = 50.0,
    *,
    step: Step | None = None,
) -> Optimizer:
    """Resilient propagation, by `rprop_step`; every parameter's step size is `initial` at first."""
    take: Step = step or adaptive.rprop_step
    return elementwise(
        lambda w, grad, slots, rate, k: take(w, grad, *slots, up, down, step_min, step_max),
        lr=initial,
        starts=(0.0, initial),
    )


def adagrad(lr: float | Schedule, eps: float = 1e-10, *, step: Step | None = None) -> Optimizer:
    """AdaGrad, by `adagrad_step`."""
    take: Step = step or adaptive.adagrad_step
    return elementwise(
        lambda w, grad, slots, rate, k: take(w, grad, *slots, rate, eps), lr, starts=(0.0,)
    )


def rmsprop(
    lr: float | Schedule = 1e-3,
    gamma: float = 0.9,
    eps: float = 1e-8,
    *,
    step: Step | None = None,
) -> Optimizer:
    """RMSprop, by `rmsprop_step`."""
    take: Step = step or adaptive.rmsprop_step
    return elementwise(
        lambda w, grad, slots, rate, k: take(w, grad, *slots, rate, gamma, eps), lr, starts=(0.0,)
    )


def adadelta(rho: float = 0.95, eps: float = 1e-6, *, step: Step | None = None) -> Optimizer:
    """AdaDelta, by `adadelta_step`; its learning rate is 1."""
    take: Step = step or adaptive.adadelta_step
    return elementwise(
        lambda w, grad, slots, rate, k: take(w, grad, *slots, rho, eps),
        lr=1.0,
        starts=(0.0, 0.0),
    )


def adam(
    lr: float | Schedule = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    *,
    step: Step | None = None,
) -> Optimizer:
    """Adam, by `adam_step`."""
    take: Step = step or adaptive.adam_step
    return elementwise(
        lambda w, grad, slots, rate, k: take(w, grad, *slots, k, rate, delta, gamma, eps),
        lr,
        starts=(0.0, 0.0),
    )


def adamax(
    lr: float | Schedule = 2e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    *,
    step: Step | None = None,
) -> Optimizer:
    """AdaMax, by `adamax_step`."""
    return adam(lr, delta, gamma, eps, step=step or adaptive.adamax_step)


def adamw(
    lr: float | Schedule = 1e-3,
    delta: float = 0.9,
    gamma: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
    *,
    step: Step | None = None,
) -> Optimizer:
    """AdamW, by `adamw_step`."""
    take: Step = step or adaptive.adamw_step
    return elementwise(
        lambda w, grad, slots, rate, k: take(
            w, grad, *slots, k, rate, delta, gamma, eps, weight_decay
        ),
        lr,
        starts=(0.0, 0.0),
    )


def clipped(optimizer: Optimizer, clip: Callable[[Params], Params]) -> Optimizer:
    """`optimizer` on clipped gradients.

    ``clip(grads) -> grads`` is `clip_by_norm` with its limit, or the like.
    """
    return Optimizer(
        optimizer.init, lambda params, grads, state: optimizer.step(params, clip(grads), state)
    )


def penalized(optimizer: Optimizer, penalty: Callable[[Params], tuple[Any, Params]]) -> Optimizer:
    """`optimizer` on the loss plus a penalty on the parameters.

    ``penalty(params) -> (value, grads)`` is `l2_penalty` with its λ, or the like.
    """

    def step(params: Params, grads: Params, state: Any) -> tuple[Params, Any]:
        _, extra = penalty(params)
        total = [grad + more for grad, more in zip(grads, extra, strict=True)]
        return optimizer.step(params, total, state)

    return Optimizer(optimizer.init, step)


def projected(optimizer: Optimizer, project: Callable[[Params], Params]) -> Optimizer:
    """`optimizer` with ``project(params) -> params`` after each step.

    So for `max_norm` or `soft_threshold` on the parameters for which it is meant.
    """

    def step(params: Params, grads: Params, state: Any) -> tuple[Params, Any]:
        params, state = optimizer.step(params, grads, state)
        return project(params), state

    return Optimizer(optimizer.init, step)


def averaged(optimizer: Optimizer, average: Callable[[Array, Array, int], Array]) -> Optimizer:
    """`optimizer` that keeps an average of its parameters, in ``state.average``.

    Args:
        optimizer: what takes the steps; the average does not disturb them.
        average: ``average(w_bar, w, t) -> w_bar``, t from 1, as ``polynomial_decay_average``; the
            average starts at the first parameters.
    """

    def init(params: Params) -> AveragedState:
        return AveragedState(optimizer.init(params), list(params), 0)

    def step(params: Params, grads: Params, state: AveragedState) -> tuple[Params, AveragedState]:
        params, inner = optimizer.step(params, grads, state.inner)
        t = state.t + 1
        means = [average(mean, w, t) for mean, w in zip(state.average, params, strict=True)]
        return params, AveragedState(inner, means, t)

    return Optimizer(init, step)


def _is_long(params: Params) -> bool:
    """Whether one vector of all NumPy parameters would not stay in a core's cache."""
    return isinstance(params[0], np.ndarray) and sum(w.size for w in params) > BLOCK


def _in_blocks(
    update: Update, params: Params, grads: Params, slots: tuple[Array, ...], rate: float, k: int
) -> list[Array]:
    """`update` a block at a time, so that what it computes in between stays in the cache."""
    # one large piece of memory, which the system gives in large pages
    size = sum(w.size for w in params)
    new, offset = list(np.empty((1 + len(slots), size), params[0].dtype)), 0
    for w, grad in zip(params, grads, strict=True):
        w, grad = w.reshape(-1), grad.reshape(-1)
        for start in range(0, w.size, BLOCK):
            end = min(start + BLOCK, w.size)
            block = slice(offset + start, offset + end)
            kept = tuple(slot[block] for slot in slots)
            parts = update(w[start:end], grad[start:end], kept, rate, k)
            for vector, part in zip(new, parts, strict=True):
                vector[block] = part
        offset += w.size
    return new


def _ravel(arrays: Params) -> Array:
    xp = namespace(*arrays)
    return xp.concat([xp.reshape(array, (-1,)) for array in arrays])


def _unravel(vector: Array, like: Params) -> Params:
    xp, arrays, start = namespace(vector), [], 0
    for array in like:
        size = math.prod(array.shape)
        arrays.append(xp.reshape(vector[start : start + size], tuple(array.shape)))
        start += size
    return arrays


def _check_match(params: Params, grads: Params) -> None:
    if len(params) != len(grads):
        raise ValueError(f"expected a gradient a parameter, got {len(grads)} for {len(params)}")
    for i, (w, grad) in enumerate(zip(params, grads, strict=True)):
        if tuple(w.shape) != tuple(grad.shape):
            raise ValueError(
                f"gradient {i} has shape {tuple(grad.shape)}, its parameter {tuple(w.shape)}"
            )
        if w.dtype != params[0].dtype:
            raise ValueError(
                f"parameter {i} has dtype {w.dtype}, the first {params[0].dtype}; use one dtype"
            )
