"""Lab 08: answers to its squared hinge loss."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "squared_hinge",
    says="Your derivative lacks the 2 that a square brings with it.",
)
def two_missing(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    margins[rows, labels] = 0
    dscores = margins / len(scores)
    dscores[rows, labels] = -dscores.sum(axis=1)
    return (margins**2).sum() / len(scores), dscores


@mistake("squared_hinge", says="Your loss has a one-half in front; there is none here.")
def half_in_front(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    margins[rows, labels] = 0
    dscores = margins / len(scores)
    dscores[rows, labels] = -dscores.sum(axis=1)
    return 0.5 * (margins**2).sum() / len(scores), dscores


@mistake(
    "squared_hinge",
    says="Your derivative is that of the plain hinge: a square's grows with the violation.",
)
def derivative_of_the_plain_hinge(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    margins[rows, labels] = 0
    dscores = (margins > 0).astype(scores.dtype) / len(scores)
    dscores[rows, labels] = -dscores.sum(axis=1)
    return (margins**2).sum() / len(scores), dscores


@mistake("squared_hinge", says="You forget to square: yours is the plain hinge loss.")
def not_squared(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    margins[rows, labels] = 0
    dscores = (margins > 0).astype(scores.dtype) / len(scores)
    dscores[rows, labels] = -dscores.sum(axis=1)
    return margins.sum() / len(scores), dscores


@mistake(
    "squared_hinge",
    says="You square the sum of a row's violations; each one is squared by itself.",
)
def sum_squared(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    margins[rows, labels] = 0
    total = margins.sum(axis=1, keepdims=True)
    dscores = 2 * total * (margins > 0) / len(scores)
    dscores[rows, labels] = -dscores.sum(axis=1)
    return (total**2).sum() / len(scores), dscores.astype(scores.dtype)


@mistake(
    "squared_hinge",
    says="You square before you cut off: classes that keep their margin must cost nothing.",
)
def squared_before_cut_off(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = scores - scores[rows, labels][:, None] + 1
    margins[rows, labels] = 0
    dscores = 2 * margins / len(scores)
    dscores[rows, labels] = -dscores.sum(axis=1)
    return (margins**2).sum() / len(scores), dscores


@mistake(
    "squared_hinge",
    says="You count the right class too, which is always within the margin of itself.",
)
def own_class_counted(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    dscores = 2 * margins / len(scores)
    dscores[rows, labels] = 0
    dscores[rows, labels] = -dscores.sum(axis=1)
    return (margins**2).sum() / len(scores), dscores


@mistake(
    "squared_hinge",
    says="Yours has no margin: a wrong class that scores a little less should cost something.",
)
def no_margin(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None], 0)
    dscores = 2 * margins / len(scores)
    dscores[rows, labels] = -dscores.sum(axis=1)
    return (margins**2).sum() / len(scores), dscores


@mistake(
    "squared_hinge",
    says="Your derivative says nothing to the right class, whose score every violation contains.",
)
def own_class_without_derivative(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    margins[rows, labels] = 0
    return (margins**2).sum() / len(scores), 2 * margins / len(scores)


@mistake(
    "squared_hinge",
    says="Your derivative by the right class counts violations; it should weigh them as well.",
)
def violations_counted_for_the_own_class(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    margins[rows, labels] = 0
    dscores = 2 * margins / len(scores)
    dscores[rows, labels] = -(margins > 0).sum(axis=1) / len(scores)
    return (margins**2).sum() / len(scores), dscores


@mistake("squared_hinge", says="You average over the classes too; only the batch is averaged.")
def squares_averaged_over_classes(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    margins[rows, labels] = 0
    dscores = 2 * margins / scores.size
    dscores[rows, labels] = -dscores.sum(axis=1)
    return (margins**2).mean(), dscores


@mistake("squared_hinge", says="You sum over the batch; a loss is the mean over it.")
def squares_summed_over_the_batch(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    margins[rows, labels] = 0
    dscores = 2 * margins
    dscores[rows, labels] = -dscores.sum(axis=1)
    return (margins**2).sum(), dscores


@mistake("squared_hinge", says="Your result is right, but changes the caller's scores.")
def scores_spoiled(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    scores += 1 - scores[rows, labels][:, None]
    scores[rows, labels] = 0
    scores[scores < 0] = 0
    dscores = 2 * scores / len(scores)
    dscores[rows, labels] = -dscores.sum(axis=1)
    return (scores**2).sum() / len(scores), dscores


@mistake("squared_hinge", says="Your derivative by float32 scores is float64.")
def squared_in_float64(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0).astype(float)
    margins[rows, labels] = 0
    dscores = 2 * margins / len(scores)
    dscores[rows, labels] = -dscores.sum(axis=1)
    return (margins**2).sum() / len(scores), dscores


@variant("squared_hinge")
def rows_in_a_loop(scores: Array, labels: Array) -> tuple[float, Array]:
    loss, dscores = 0.0, np.zeros_like(scores)
    for row, label, slope in zip(scores, labels, dscores, strict=True):
        for c in range(len(row)):
            excess = float(row[c] - row[label] + 1)
            if c == label or excess <= 0:
                continue
            loss += excess**2
            slope[c] += 2 * excess
            slope[label] -= 2 * excess
    dscores /= len(scores)
    return loss / len(scores), dscores


@variant("squared_hinge")
def targets_one_hot(scores: Array, labels: Array, margin: float = 1.0) -> tuple[Array, Array]:
    right = np.eye(scores.shape[1], dtype=scores.dtype)[labels]
    of_right = (scores * right).sum(axis=1, keepdims=True)
    excess = np.maximum(scores - of_right + margin, 0) * (1 - right)
    dscores = (excess - right * excess.sum(axis=1, keepdims=True)) * (2 / len(scores))
    return np.einsum("nk,nk->", excess, excess) / len(scores), dscores


@variant("squared_hinge")
def one_off_the_sum(scores: Array, labels: Array) -> tuple[Array, Array]:
    of_right = np.take_along_axis(scores, labels[:, None], axis=1)
    excess = np.where(scores > of_right - 1, scores - of_right + 1, np.zeros_like(scores))
    slopes = 2 * excess
    slopes[np.arange(len(scores)), labels] = 2 - slopes.sum(axis=1)
    return np.mean(np.sum(excess**2, axis=1) - 1), slopes / len(scores)


@variant("squared_hinge")
def differences_as_a_matrix(scores: Array, labels: Array) -> tuple[Array, Array]:
    n, k = scores.shape
    towards = np.eye(k, dtype=scores.dtype)[None] - np.eye(k, dtype=scores.dtype)[labels][:, None]
    excess = np.einsum("nck,nk->nc", towards, scores) + 1
    excess = np.maximum(excess, 0) * (np.arange(k) != labels[:, None])
    dscores = 2 * np.einsum("nc,nck->nk", excess, towards) / n
    return np.asarray((excess**2).sum() / n), dscores.astype(scores.dtype)
