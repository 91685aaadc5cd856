"""Lab 08: answers to its hinge loss."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "hinge",
    says="You count the right class too, which is always within the margin of itself.",
)
def right_class_counted(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    dscores = (margins > 0).astype(scores.dtype) / len(scores)
    dscores[rows, labels] = 0
    dscores[rows, labels] = -dscores.sum(axis=1)
    return margins.sum() / len(scores), dscores


@mistake(
    "hinge",
    says="Your loss leaves the right class out, but your derivative counts it as a violation.",
)
def right_class_counted_in_the_derivative(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    violated = (margins > 0).astype(scores.dtype)
    margins[rows, labels] = 0
    violated[rows, labels] = -violated.sum(axis=1)
    return margins.sum() / len(scores), violated / len(scores)


@mistake(
    "hinge",
    says="Yours has no margin: a wrong class that scores a little less should cost something.",
)
def margin_of_zero(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None], 0)
    dscores = (margins > 0).astype(scores.dtype) / len(scores)
    dscores[rows, labels] = -dscores.sum(axis=1)
    return margins.sum() / len(scores), dscores


@mistake("hinge", says="Your margin is on the wrong side: it makes violations smaller, not larger.")
def margin_on_the_wrong_side(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] - 1, 0)
    dscores = (margins > 0).astype(scores.dtype) / len(scores)
    dscores[rows, labels] = -dscores.sum(axis=1)
    return margins.sum() / len(scores), dscores


@mistake(
    "hinge",
    says="You have the right class and the wrong ones the wrong way round.",
)
def difference_turned_round(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores[rows, labels][:, None] - scores + 1, 0)
    margins[rows, labels] = 0
    dscores = -(margins > 0).astype(scores.dtype) / len(scores)
    dscores[rows, labels] = -dscores.sum(axis=1)
    return margins.sum() / len(scores), dscores


@mistake(
    "hinge",
    says="Your derivative says nothing to the right class, whose score every violation contains.",
)
def right_class_without_derivative(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    margins[rows, labels] = 0
    return margins.sum() / len(scores), (margins > 0).astype(scores.dtype) / len(scores)


@mistake(
    "hinge",
    says="Your derivative by the right class counts one violation, however many there are.",
)
def one_violation_for_the_right_class(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    margins[rows, labels] = 0
    violated = (margins > 0).astype(scores.dtype)
    violated[rows, labels] = -(violated.sum(axis=1) > 0)
    return margins.sum() / len(scores), violated / len(scores)


@mistake(
    "hinge",
    says="Your derivative pushes every wrong class, those too that keep their margin.",
)
def every_wrong_class_pushed(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    margins[rows, labels] = 0
    dscores = np.ones_like(scores) / len(scores)
    dscores[rows, labels] = (1 - scores.shape[1]) / len(scores)
    return margins.sum() / len(scores), dscores


@mistake("hinge", says="You take the worst violation of a row; all of them are to be summed.")
def worst_violation_alone(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = scores - scores[rows, labels][:, None] + 1
    margins[rows, labels] = 0
    worst = margins.argmax(axis=1)
    dscores = np.zeros_like(scores)
    dscores[rows, worst] += 1 / len(scores)
    dscores[rows, labels] -= 1 / len(scores)
    return margins[rows, worst].sum() / len(scores), dscores


@mistake(
    "hinge",
    says="Violations cannot be negative: classes that keep their margin must not lower the loss.",
)
def negative_violations_kept(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = scores - scores[rows, labels][:, None] + 1
    margins[rows, labels] = 0
    dscores = (margins > 0).astype(scores.dtype) / len(scores)
    dscores[rows, labels] = -dscores.sum(axis=1)
    return margins.sum() / len(scores), dscores


@mistake("hinge", says="You average over the classes too; only the batch is averaged.")
def averaged_over_classes(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    margins[rows, labels] = 0
    dscores = (margins > 0).astype(scores.dtype) / scores.size
    dscores[rows, labels] = -dscores.sum(axis=1)
    return margins.mean(), dscores


@mistake("hinge", says="You sum over the batch; a loss is the mean over it.")
def violations_summed_over_the_batch(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    margins[rows, labels] = 0
    dscores = (margins > 0).astype(scores.dtype)
    dscores[rows, labels] = -dscores.sum(axis=1)
    return margins.sum(), dscores


@mistake(
    "hinge",
    says="Your loss is a mean over the batch, but your derivative is that of the sum.",
)
def push_of_the_sum(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    margins[rows, labels] = 0
    dscores = (margins > 0).astype(scores.dtype)
    dscores[rows, labels] = -dscores.sum(axis=1)
    return margins.sum() / len(scores), dscores


@mistake("hinge", says="Your derivative points down the loss: its sign is turned round.")
def push_turned_round(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    margins[rows, labels] = 0
    dscores = -(margins > 0).astype(scores.dtype) / len(scores)
    dscores[rows, labels] = -dscores.sum(axis=1)
    return margins.sum() / len(scores), dscores


@mistake("hinge", says="You square the violations, which is another task; here they count as such.")
def violations_squared(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    margins[rows, labels] = 0
    dscores = 2 * margins / len(scores)
    dscores[rows, labels] = -dscores.sum(axis=1)
    return (margins**2).sum() / len(scores), dscores


@mistake("hinge", says="Your result is right, but changes the caller's scores.")
def scores_overwritten(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    scores += 1 - scores[rows, labels][:, None]
    scores[rows, labels] = 0
    dscores = (scores > 0).astype(scores.dtype) / len(scores)
    dscores[rows, labels] = -dscores.sum(axis=1)
    return np.maximum(scores, 0).sum() / len(scores), dscores


@mistake("hinge", says="Your derivative by float32 scores is float64.")
def hinge_in_float64(scores: Array, labels: Array) -> tuple[Array, Array]:
    rows = np.arange(len(scores))
    margins = np.maximum(scores - scores[rows, labels][:, None] + 1, 0)
    margins[rows, labels] = 0
    dscores = (margins > 0) / len(scores)
    dscores[rows, labels] = -dscores.sum(axis=1)
    return margins.sum() / len(scores), dscores


@variant("hinge")
def classes_in_two_loops(scores: Array, labels: Array) -> tuple[float, Array]:
    loss, dscores = 0.0, np.zeros_like(scores)
    n = scores.shape[0]
    for i in range(n):
        for c in range(scores.shape[1]):
            violation = float(scores[i, c]) - float(scores[i, labels[i]]) + 1.0
            if c != labels[i] and violation > 0:
                loss += violation / n
                dscores[i, c] += 1 / n
                dscores[i, labels[i]] -= 1 / n
    return loss, dscores


@variant("hinge")
def one_hot_targets(scores: Array, labels: Array, margin: float = 1.0) -> tuple[Array, Array]:
    right = np.eye(scores.shape[1], dtype=scores.dtype)[labels]
    of_right = np.einsum("nk,nk->n", scores, right)
    excess = (scores - of_right[:, None] + margin) * (1 - right)
    violated = (excess > 0).astype(scores.dtype)
    dscores = violated - right * violated.sum(axis=1, keepdims=True)
    return np.mean(np.sum(excess * violated, axis=1)), dscores / len(scores)


@variant("hinge")
def margin_off_the_sum(scores: Array, labels: Array) -> tuple[Array, Array]:
    of_right = np.take_along_axis(scores, labels[:, None], axis=1)
    excess = np.maximum(scores - of_right + 1, 0)
    dscores = np.sign(excess)
    np.put_along_axis(dscores, labels[:, None], 1 - dscores.sum(axis=1, keepdims=True), axis=1)
    return excess.sum() / len(scores) - 1.0, dscores / len(scores)


@variant("hinge")
def wrong_classes_by_a_mask(scores: Array, labels: Array) -> tuple[Array, Array]:
    n, k = scores.shape
    wrong = np.arange(k) != labels[:, None]
    excess = scores[wrong].reshape(n, k - 1) - scores[~wrong][:, None] + 1
    dscores = np.zeros_like(scores)
    dscores[wrong] = (excess > 0).ravel()
    dscores[~wrong] = -(excess > 0).sum(axis=1)
    dscores /= n
    return np.asarray(excess.clip(min=0).sum() / n), dscores
