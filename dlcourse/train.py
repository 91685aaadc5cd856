"""The one training loop of the course.

It knows nothing of networks, losses or optimizers: it is given functions, yours or the library's.
Parameters and gradients are flat lists of arrays, of NumPy or torch alike, in one order:
``[W1, b1, W2, b2, …]``. Nothing is changed in place, unless a function that it is given does so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence, Sized
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from dlcourse.backend import Array
from dlcourse.checkpoint import CheckpointError, load_checkpoint, save_checkpoint

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
    checkpoint: str | Path | None = None,
    generators: Sequence[Any] = (),
    progress: bool = True,
) -> Trained:
    """Train for `epochs` passes over the minibatches, an update from each.

    With a checkpoint, a run that was ended in any way goes on where its last whole epoch ended, and
    comes to the same losses and parameters, bit for bit, as one that nothing disturbed: call again
    with the same arguments. Delete the file to begin anew, above all after a change of learning
    rate or loss, which the file does not know.

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
        stop: ``stop(history) -> bool``, after each epoch; True ends the training. Where there is a
            checkpoint it must look at nothing but the history.
        checkpoint: the file that keeps the run, written before the first epoch and after each; if
            it is there, the run goes on from it. None keeps nothing.
        generators: every generator that the functions above draw from, NumPy's or torch's (such as
            ``torch.default_generator``); kept in the checkpoint, and set when a run goes on.
        progress: whether to show a bar with the loss in it.

    Returns:
        The parameters after the last update, the optimizer's state, and the history.

    Raises:
        ValueError: an epoch without a minibatch, as from a generator that is used up.
        CheckpointError: the checkpoint is torn, or of a run with other shapes, another optimizer or
            more epochs.
    """
    # Long, since all that can be given to the one training loop is explained in one place.
    run = Trained(list(params), optimizer.init(params), History())
    keep: Callable[[Trained], None] = partial(_keep, checkpoint, generators)
    if checkpoint is not None and Path(checkpoint).exists():
        run = _resume(Path(checkpoint), run, generators, epochs)
        if stop and run.history.epoch_losses and stop(run.history):
            return run
    else:
        keep(run)
    history, done = run.history, len(run.history.epoch_losses)
    started = time.perf_counter() - (history.update_seconds or [0.0])[-1]
    with _progress_bar(progress) as bar:
        bar.set_description(f"epoch {done}/{epochs}, from the checkpoint" if done else None)
        for epoch in range(done, epochs):
            bar.set_description(f"epoch {epoch + 1}/{epochs}")
            minibatches = batches(epoch)
            if epoch == done and isinstance(minibatches, Sized):
                made = len(history.update_losses)
                bar.reset(total=made + (epochs - done) * len(minibatches))
                bar.initial = bar.n = made
            params, state = _epoch(
                loss_and_gradient, run, optimizer, minibatches, clip, started, bar
            )
            run = Trained(params, state, history)
            if validate:
                history.validation_losses.append(float(validate(params)))
            keep(run)
            if stop and stop(history):
                break
    return run


def _epoch(
    loss_and_gradient: LossAndGradient,
    run: Trained,
    optimizer: Optimizer,
    minibatches: Iterable[Batch],
    clip: Callable[[Params], Params] | None,
    started: float,
    bar: Any,
) -> tuple[Params, Any]:
    """One pass; adds to the history, and returns the parameters and the optimizer's state."""
    params, state, history = run.params, run.state, run.history
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
        epoch = len(history.epoch_losses)
        raise ValueError(f"epoch {epoch} has no minibatches: is a generator used up?")
    history.epoch_losses.append(total / seen)
    return params, state


def _keep(checkpoint: str | Path | None, generators: Sequence[Any], run: Trained) -> None:
    if checkpoint is None:
        return
    losses = {name: np.array(values) for name, values in vars(run.history).items()}
    states = tuple(_generator_state(generator) for generator in generators)
    kept = {"params": run.params, "optimizer": run.state, "history": losses, "generators": states}
    save_checkpoint(checkpoint, kept)


def _resume(checkpoint: Path, start: Trained, generators: Sequence[Any], epochs: int) -> Trained:
    """The run as it was kept; `generators` are set to where they were."""
    states = tuple(_generator_state(generator) for generator in generators)
    like = {"params": start.params, "optimizer": start.state, "history": None, "generators": states}
    kept = load_checkpoint(checkpoint, like)
    history = History(**{name: losses.tolist() for name, losses in kept["history"].items()})
    done = len(history.epoch_losses)
    if done > epochs:
        raise CheckpointError(
            f"{checkpoint}: the run has {done} epochs already, more than the {epochs} asked for; "
            "delete the file to begin anew"
        )
    for generator, state in zip(generators, kept["generators"], strict=True):
        if isinstance(generator, np.random.Generator):
            generator.bit_generator.state = state
        else:
            generator.set_state(state)
    return Trained(kept["params"], kept["optimizer"], history)


def _generator_state(generator: Any) -> Any:
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    return generator.get_state()


def _progress_bar(progress: bool) -> Any:
    from tqdm.auto import tqdm

    return tqdm(disable=not progress, unit="update")
