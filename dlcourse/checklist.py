"""The babysitter's checklist: eight lines to go through before a training run is believed.

It looks at a training script from outside. A script is a function
``script(data, watch, epochs, decay) -> predict``:

- `data` is a dict of NumPy arrays: ``x_train`` (N, D), ``y_train`` (N,), ``x_valid``, ``y_valid``.
- After each update it calls ``watch(net, loss)``, with its torch module and the loss as a number.
- `decay` is the strength of an L2 penalty that the loss has to include.
- ``predict(x)`` gives the scores of rows (n, D) as a tensor (n, K), in the way in which the script
  evaluates.

A script seeds itself, so that the same data give the same run.

Source: 004, "Babysitting Deep Nets".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from dlcourse.checks.lines import Line, show

Data: TypeAlias = dict[str, np.ndarray]
Predict: TypeAlias = Callable[[np.ndarray], Any]
Script: TypeAlias = Callable[..., Predict]

EPOCHS = 6
"""How long a script trains on all rows."""
ROWS = 20
"""How many rows have to be learned by heart."""


@dataclass
class Watch:
    """What a script reports: hand it over as ``watch``.

    Attributes:
        losses: the loss of each update, as the script reports it.
        ratios: from the second update on, the length of the update divided by that of the weights,
            both taken over all matrices of the network together.
        net: the network, as it was handed over last.
    """

    losses: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    net: Any = None
    _before: list[Any] = field(default_factory=list)

    def __call__(self, net: Any, loss: float) -> None:
        """Take down the loss, and how far the weights have moved since the last call."""
        weights = [w.detach().clone() for w in net.parameters() if w.ndim > 1]
        if self._before:
            moved = sum(
                ((w - old) ** 2).sum() for w, old in zip(weights, self._before, strict=True)
            )
            size = sum((w**2).sum() for w in weights)
            self.ratios.append(float(moved / size) ** 0.5)
        self.net, self._before = net, weights
        self.losses.append(float(loss))


@dataclass(frozen=True)
class Examination:
    """The runs of one script that the lines of the checklist are read from.

    Attributes:
        whole: what was seen when it trained on all rows, without a penalty.
        few: likewise on a few rows, over and over.
        few_decayed: likewise on the few rows, with a penalty.
        first_updates: the losses of the first epoch with other held-out rows.
        predict: the prediction function of the run on all rows.
    """

    whole: Watch
    few: Watch
    few_decayed: Watch
    first_updates: list[float]
    predict: Predict


def go_through(script: Script, data: Data) -> None:
    """Show which lines of the checklist hold for `script`, and what was measured."""
    show(checklist(script, data))


def checklist(script: Script, data: Data) -> list[Line]:
    """Run `script` four times, shortly, and read off the lines of the checklist.

    Args:
        script: the training script to look at.
        data: what it shall train on.

    Returns:
        The lines, in order: whether it holds, the sentence, and what was measured.
    """
    found = examine(script, data)
    classes = int(data["y_train"].max()) + 1
    return [
        _first_loss(found, classes),
        _by_heart(found),
        _regularised(found),
        _gap(found, data, classes),
        _update_size(found),
        _dead_units(found, data),
        _repeatable(found, data),
        _no_trace(found),
    ]


def examine(script: Script, data: Data) -> Examination:
    """The runs of `script` that the checklist needs."""
    whole, few, few_decayed, other = Watch(), Watch(), Watch(), Watch()
    predict = script(data, whole, EPOCHS, 0.0)
    rows = data | {name: data[name][:ROWS] for name in ("x_train", "y_train")}
    script(rows, few, 150, 0.0)
    script(rows, few_decayed, 150, 0.03)
    strange = data | {"x_valid": 0.5 + 2.0 * data["x_valid"][::-1]}
    script(strange | {"y_valid": data["y_valid"][::-1].copy()}, other, 1, 0.0)
    return Examination(whole, few, few_decayed, other.losses, predict)


def dead_fraction(net: Any, run: Callable[[], object]) -> float:
    """The share of the ReLU units of `net` that put out zero for every row while `run` is called.

    Args:
        net: a torch module whose rectifiers are ``torch.nn.ReLU``, each used once.
        run: calls the network on many rows, once.
    """
    from torch import nn

    silent: list[np.ndarray] = []

    def note(module: object, inputs: object, y: Any) -> None:
        silent.append((y.detach() == 0).all(dim=0).flatten().cpu().numpy())

    hooks = [m.register_forward_hook(note) for m in net.modules() if isinstance(m, nn.ReLU)]
    run()
    for hook in hooks:
        hook.remove()
    return float(np.concatenate(silent).mean()) if silent else 0.0


def accuracy(predict: Predict, x: np.ndarray, labels: np.ndarray) -> float:
    """The share of rows whose largest score is that of their label."""
    return float((np.asarray(predict(x).cpu()).argmax(axis=1) == labels).mean())


def _end(watch: Watch) -> float:
    """The loss at the end: the median of the last updates."""
    return float(np.median(watch.losses[-20:]))


def _first_loss(found: Examination, classes: int) -> Line:
    first, guess = found.whole.losses[0], math.log(classes)
    return Line(
        abs(first - guess) < 0.2 * guess,
        "1 · The first loss is that of guessing.",
        f"{first:.2f}, where log {classes} = {guess:.2f}",
    )


def _by_heart(found: Examination) -> Line:
    return Line(
        _end(found.few) < 0.1,
        f"2 · {ROWS} rows are learned by heart.",
        f"the loss ends at {_end(found.few):.3g}",
    )


def _regularised(found: Examination) -> Line:
    free, held = _end(found.few), _end(found.few_decayed)
    return Line(
        held > free,
        "3 · A penalty raises the loss.",
        f"from {free:.3g} to {held:.3g} on {ROWS} rows",
    )


def _gap(found: Examination, data: Data, classes: int) -> Line:
    train = accuracy(found.predict, data["x_train"], data["y_train"])
    valid = accuracy(found.predict, data["x_valid"], data["y_valid"])
    return Line(
        valid > 2 / classes and train - valid < 0.15,
        "4 · Held-out rows are known, and nearly as well as training rows.",
        f"accuracy {train:.0%} in training, {valid:.0%} held out",
    )


def _update_size(found: Examination) -> Line:
    early = float(np.median(found.whole.ratios[:50]))
    late = float(np.median(found.few.ratios[-20:]))
    return Line(
        3e-4 < early < 5e-2 and late < 2e-3,
        "5 · Updates are a small share of the weights, and come to rest in the end.",
        f"a share of {early:.0e} at first, of {late:.0e} at the end on {ROWS} rows",
    )


def _dead_units(found: Examination, data: Data) -> Line:
    dead = dead_fraction(found.whole.net, lambda: found.predict(data["x_train"]))
    return Line(
        dead < 0.2,
        "6 · Few units are dead.",
        f"{dead:.0%} are zero for every training row",
    )


def _repeatable(found: Examination, data: Data) -> Line:
    x = data["x_valid"]
    among_all, again = (np.asarray(found.predict(rows).cpu()) for rows in (x, x[:50]))
    difference = float(np.abs(among_all[:50] - again).max())
    return Line(
        difference < 1e-3,
        "7 · A row gets the same scores again, whichever rows are beside it.",
        f"they differ by up to {difference:.1e}",
    )


def _no_trace(found: Examination) -> Line:
    shared = min(len(found.first_updates), len(found.whole.losses))
    losses, other = np.array(found.whole.losses[:shared]), np.array(found.first_updates[:shared])
    difference = float(np.abs(losses - other).max())
    return Line(
        difference < 1e-5,
        "8 · Other held-out rows leave the training losses as they are.",
        f"they change by up to {difference:.1e}",
    )
