"""Ensembles: bootstrap samples, votes and averages of predictions, and the error they take away."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlcourse.backend import Array, namespace


def bootstrap_indices(n: int, members: int, rng: np.random.Generator) -> np.ndarray:
    """Rows for each member of a bagged ensemble, drawn with replacement.

    Args:
        n: the number of rows there are.
        members: the number of members.
        rng: gives the draws.

    Returns:
        Integers in [0, n), (members, n).

    Source: 003, "Model Ensembles"; Breiman, 1996.
    """
    return rng.integers(0, n, size=(members, n))


def out_of_bag(indices: np.ndarray, n: int) -> np.ndarray:
    """The rows that a bootstrap sample has left out, about 1/e of them: free validation data.

    >>> out_of_bag(np.array([0, 3, 3, 1]), 4)
    array([2])
    """
    return np.setdiff1d(np.arange(n), indices)


def average_predictions(predictions: Sequence[Array]) -> Array:
    """The mean of the members' predictions (probabilities or values), all of one shape.

    Source: 003, "Model Ensembles: The bias-variance trade-off".
    """
    xp = namespace(*predictions)
    return xp.mean(xp.stack(list(predictions)), axis=0)


def majority_vote(labels: Sequence[Array], classes: int) -> Array:
    """The class that most members name for each row; of equals the lowest.

    Args:
        labels: a member's integer labels each, (N,).
        classes: the number of classes.

    Returns:
        Integer labels, (N,).

    Source: 003, "Model Ensembles".
    """
    xp = namespace(*labels)
    stacked = xp.stack(list(labels))
    votes = xp.stack([xp.sum(stacked == c, axis=0) for c in range(classes)])
    return xp.argmax(votes, axis=0)


def average_parameters(checkpoints: Sequence[Sequence[Array]]) -> list[Array]:
    """The mean of the same network's parameters at several moments of its training.

    Args:
        checkpoints: lists of arrays that agree in number and shapes.

    Source: 003, "Model Ensembles" (checkpoints of a single model).
    """
    columns = list(zip(*checkpoints, strict=True))
    return [namespace(*arrays).mean(namespace(*arrays).stack(arrays), axis=0) for arrays in columns]


def bias_variance(predictions: Array, truth: Array) -> tuple[Array, Array]:
    """The two parts of a regressor's squared error over many training sets.

    mean over members of (f − truth)² = bias² + variance, where bias = mean f − truth

    Args:
        predictions: f, the predictions of members trained on different sets, (members, N, …).
        truth: the noiseless targets, (N, …).

    Returns:
        ``(bias², variance)``, numbers: means over everything.

    Source: 003, "Model Ensembles: The bias-variance trade-off".
    """
    xp = namespace(predictions, truth)
    center = xp.mean(predictions, axis=0)
    return xp.mean((center - truth) ** 2), xp.mean((predictions - center) ** 2)
