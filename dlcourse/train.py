"""The one training loop of the course.

It knows nothing of networks, losses or optimizers: it is given functions, yours or the library's.
Parameters and gradients are flat lists of arrays, of NumPy or torch alike, in one order:
``[W1, b1, W2, b2, …]``. Nothing is changed in place, unless a function that it is given does so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sized
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from dlcourse.backend import Array

if TYPE_CHECKING:
    from dlcourse.optim.transform import Optimizer

Params: TypeAlias = list[Array]
Batch: TypeAlias = tuple[Array, ...]
LossAndGradient: TypeAlias = Callable[..., tuple[Any, Params]]
"""``loss_and_gradient(params, *batch) -> (loss, grads)``: the mean loss over the batch."""


@dataclass
class History:
    """What happened, as plain numbers.

    Attributes:
        update_losses: the loss of each minibatch, before the update made from it.
        update_seconds: when each update was done, in seconds since training began.
        epoch_losses: the mean loss over the rows of each epoch, as seen on the way.
        validation_losses: after each epoch, what `validate` returned; empty without one.
    """

    update_losses: list[float] = field(default_factory=list)
    update_seconds: list[float] = field(default_factory=list)
    epoch_losses: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Trained:
    """Where training ended: parameters, the optimizer's state, and the history."""

    params: Params
    state: Any
    history: History


def train(
    loss_and_gradient: LossAndGradient,
    params: Params,
    optimizer: Optimizer,
    batches: Callable[[int], Iterable[Batch]],
    epochs: int,
    *,
    clip: Callable[[Params], Params] | None = None,
    validate: Callable[[Params], float] | None = None,
    stop: Callable[[History], bool] | None = None,
    progress: bool = True,
) -> Trained:
    """Train for `epochs` passes over the minibatches, an update from each.

    Args:
        loss_and_gradient: ``loss_and_gradient(params, *batch) -> (loss, grads)``, the mean loss
            over the rows of the batch and its gradient, a list in the order of params.
        params: where to start, a list of arrays.
        optimizer: gives the updates; see `dlcourse.optim.transform`.
        batches: ``batches(epoch)``, epochs counted from 0, gives that epoch's minibatches, each a
            tuple of arrays such as ``(X[rows], labels[rows])``.
        epochs: the most passes.
        clip: ``clip(grads) -> grads``, before each update.
        validate: ``validate(params) -> loss`` on data held out, after each epoch.
        stop: ``stop(history) -> bool``, after each epoch; True ends the training.
        progress: whether to show a bar with the loss in it.

    Returns:
        The parameters after the last update, the optimizer's state, and the history.

    Raises:
        ValueError: an epoch without a minibatch, as from a generator that is used up.
    """
    params, state, history = list(params), optimizer.init(params), History()
    started = time.perf_counter()
    with _progress_bar(progress) as bar:
        for epoch in range(epochs):
            bar.set_description(f"epoch {epoch + 1}/{epochs}")
            minibatches = batches(epoch)
            if epoch == 0 and isinstance(minibatches, Sized):
                bar.reset(total=epochs * len(minibatches))
            seen, total = 0, 0.0
            for batch in minibatches:
                loss, grads = loss_and_gradient(params, *batch)
                params, state = optimizer.step(params, clip(grads) if clip else grads, state)
                history.update_losses.append(float(loss))
                history.update_seconds.append(time.perf_counter() - started)
                seen += batch[0].shape[0]
                total += batch[0].shape[0] * float(loss)
                bar.set_postfix(loss=f"{float(loss):.4g}", refresh=False)
                bar.update()
            if not seen:
                raise ValueError(f"epoch {epoch} has no minibatches: is a generator used up?")
            history.epoch_losses.append(total / seen)
            if validate:
                history.validation_losses.append(float(validate(params)))
            if stop and stop(history):
                break
    return Trained(params, state, history)


def _progress_bar(progress: bool) -> Any:
    from tqdm.auto import tqdm

    return tqdm(disable=not progress, unit="update")
