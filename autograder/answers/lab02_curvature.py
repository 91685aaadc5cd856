"""Lab 02: answers to the steps that use curvature, Newton's and QuickProp's."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake("newton_step", says="Your step goes away from where the slope vanishes: mind the sign.")
def away_from_rest(w: Array, grad: Array, hessian: Array, lr: float = 1.0) -> Array:
    return w + lr * np.linalg.solve(hessian, grad)


@mistake(
    "newton_step",
    says="You divide by the curvature along each axis, as if the axes did not know of each other.",
)
def divided_by_the_diagonal(w: Array, grad: Array, hessian: Array, lr: float = 1.0) -> Array:
    return w - lr * grad / np.diag(hessian)


@mistake(
    "newton_step",
    says="You divide by the Hessian entry by entry; the inverse of a matrix is another thing.",
)
def divided_entry_by_entry(w: Array, grad: Array, hessian: Array, lr: float = 1.0) -> Array:
    return w - lr * (grad / (hessian + 1e-12)).sum(axis=1)


@mistake(
    "newton_step",
    says="You multiply by the Hessian, which makes steep directions steeper still.",
)
def multiplied_by_the_hessian(w: Array, grad: Array, hessian: Array, lr: float = 1.0) -> Array:
    return w - lr * hessian @ grad


@mistake("newton_step", says="Your step is always the whole one: the learning rate has no effect.")
def learning_rate_ignored(w: Array, grad: Array, hessian: Array, lr: float = 1.0) -> Array:
    return w - np.linalg.solve(hessian, grad)


@mistake("newton_step", says="Your learning rate divides the step instead of multiplying it.")
def learning_rate_divides(w: Array, grad: Array, hessian: Array, lr: float = 1.0) -> Array:
    return w - np.linalg.solve(lr * hessian, grad)


@mistake(
    "newton_step", says="Your learning rate scales w as well; only the step has a share taken."
)
def learning_rate_scales_w(w: Array, grad: Array, hessian: Array, lr: float = 1.0) -> Array:
    return lr * (w - np.linalg.solve(hessian, grad))


@mistake(
    "newton_step", says="The whole step is taken unless a share is given; your default differs."
)
def cautious_default(w: Array, grad: Array, hessian: Array, lr: float = 0.1) -> Array:
    return w - lr * np.linalg.solve(hessian, grad)


@mistake(
    "newton_step",
    says="You turn negative curvature into positive. That avoids saddles, but is not Newton's "
    "step.",
)
def curvature_made_positive(w: Array, grad: Array, hessian: Array, lr: float = 1.0) -> Array:
    values, axes = np.linalg.eigh(hessian)
    return w - lr * axes @ ((axes.T @ grad) / np.abs(values))


@mistake(
    "newton_step",
    says="You add something to the Hessian's diagonal before you solve: your step falls short.",
)
def hessian_damped(w: Array, grad: Array, hessian: Array, lr: float = 1.0) -> Array:
    damped = hessian + 1e-3 * np.eye(len(w), dtype=w.dtype)
    return w - lr * np.linalg.solve(damped, grad)


@mistake(
    "newton_step",
    says="You subtract a column from a vector, which makes a matrix of it: mind the shapes.",
)
def column_subtracted(w: Array, grad: Array, hessian: Array, lr: float = 1.0) -> Array:
    return w - lr * np.linalg.solve(hessian, grad[:, None])


@mistake("newton_step", says="You return the step; asked for is where it leads.")
def step_returned(w: Array, grad: Array, hessian: Array, lr: float = 1.0) -> Array:
    return -lr * np.linalg.solve(hessian, grad)


@mistake("newton_step", says="You solve for w in place of the gradient.")
def solved_for_w(w: Array, grad: Array, hessian: Array, lr: float = 1.0) -> Array:
    return w - lr * np.linalg.solve(hessian, w)


@mistake("newton_step", says="You use one curvature for all directions, their mean.")
def mean_curvature(w: Array, grad: Array, hessian: Array, lr: float = 1.0) -> Array:
    return w - lr * grad * (len(w) / np.trace(hessian))


@mistake("newton_step", says="Your step is right, but it changes the caller's own w.")
def weights_overwritten(w: Array, grad: Array, hessian: Array, lr: float = 1.0) -> Array:
    w -= lr * np.linalg.solve(hessian, grad)
    return w


@mistake("newton_step", says="Your step turns float32 weights into float64.")
def solved_in_float64(w: Array, grad: Array, hessian: Array, lr: float = 1.0) -> Array:
    return w - lr * np.linalg.solve(hessian.astype(float), grad)


@variant("newton_step")
def by_an_explicit_inverse(w: Array, grad: Array, hessian: Array, lr: float = 1.0) -> Array:
    return w - lr * np.linalg.inv(hessian) @ grad


@variant("newton_step")
def by_the_transposed_hessian(w: Array, grad: Array, hessian: Array, lr: float = 1.0) -> Array:
    # A Hessian is its own transpose.
    return w - np.linalg.solve(hessian.T, lr * grad)


@variant("newton_step")
def by_eigenvectors(w: Array, grad: Array, hessian: Array, lr: float = 1.0) -> Array:
    values, axes = np.linalg.eigh(hessian)
    return w - lr * np.einsum("ik,k,jk,j->i", axes, 1 / values, axes, grad)


@variant("newton_step")
def by_elimination(
    w: Array, grad: Array, hessian: Array, lr: float = 1.0, verbose: bool = False
) -> Array:
    table = np.column_stack([hessian, grad]).astype(np.float64)
    for k in range(len(w)):
        pivot = k + int(np.argmax(np.abs(table[k:, k])))
        table[[k, pivot]] = table[[pivot, k]]
        table[k] /= table[k, k]
        for i in range(len(w)):
            if i != k:
                table[i] -= table[i, k] * table[k]
        if verbose:
            print(table)
    return (w - lr * table[:, -1]).astype(w.dtype)


@mistake("quickprop_step", says="You have exchanged the two slopes in their difference.")
def differences_exchanged(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array
) -> tuple[Array, Array]:
    step = prev_step * grad / (grad - prev_grad)
    return w + step, step


@mistake("quickprop_step", says="You divide by the sum of the slopes; it is their difference.")
def slopes_summed(w: Array, grad: Array, prev_grad: Array, prev_step: Array) -> tuple[Array, Array]:
    step = prev_step * grad / (prev_grad + grad)
    return w + step, step


@mistake(
    "quickprop_step",
    says="Your numerator has the slope before the last step; the latest one says how far is left.",
)
def earlier_slope_on_top(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array
) -> tuple[Array, Array]:
    step = prev_step * prev_grad / (prev_grad - grad)
    return w + step, step


@mistake(
    "quickprop_step",
    says="Your step has the wrong scale: what the slopes' ratio scales is the step before.",
)
def step_before_forgotten(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array
) -> tuple[Array, Array]:
    step = grad / (prev_grad - grad)
    return w + step, step


@mistake("quickprop_step", says="Your step is right, but you subtract it from w.")
def step_subtracted(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array
) -> tuple[Array, Array]:
    step = prev_step * grad / (prev_grad - grad)
    return w - step, step


@mistake(
    "quickprop_step",
    says="Your w is right, but the step that you hand on is the one before it.",
)
def step_not_handed_on(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array
) -> tuple[Array, Array]:
    return w + prev_step * grad / (prev_grad - grad), prev_step


@mistake(
    "quickprop_step",
    says="You give all components one factor; each has a parabola of its own.",
)
def one_factor_for_all(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array
) -> tuple[Array, Array]:
    bend = prev_grad - grad
    step = prev_step * (np.sum(grad * bend) / np.sum(bend * bend))
    return w + step, step


@mistake(
    "quickprop_step",
    says="You limit how much a step may grow. Fahlman did, but this task leaves the limit out.",
)
def growth_limited(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array
) -> tuple[Array, Array]:
    factor = np.clip(grad / (prev_grad - grad), -1.75, 1.75)
    step = factor * prev_step
    return w + step, step


@mistake(
    "quickprop_step",
    says="You never turn back: a step may have to go against the one before it.",
)
def never_turning_back(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array
) -> tuple[Array, Array]:
    step = prev_step * np.abs(grad / (prev_grad - grad))
    return w + step, step


@mistake(
    "quickprop_step",
    says="You always go downhill, but a parabola that bends the other way has its level point "
    "uphill.",
)
def always_downhill(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array
) -> tuple[Array, Array]:
    step = -np.sign(grad) * np.abs(prev_step * grad / (prev_grad - grad))
    return w + step, step


@mistake(
    "quickprop_step",
    says="You rest, or jump short, where two slopes are close; a parabola goes through them too.",
)
def guarded_too_coarsely(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array
) -> tuple[Array, Array]:
    bend = prev_grad - grad
    step = prev_step * grad * bend / (bend * bend + 1e-6)
    return w + step, step


@mistake("quickprop_step", says="You add a step of plain descent to the jump.")
def descent_added(w: Array, grad: Array, prev_grad: Array, prev_step: Array) -> tuple[Array, Array]:
    step = prev_step * grad / (prev_grad - grad) - 0.1 * grad
    return w + step, step


@mistake("quickprop_step", says="You add the step before once more, as momentum does.")
def momentum_added(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array
) -> tuple[Array, Array]:
    step = prev_step + prev_step * grad / (prev_grad - grad)
    return w + step, step


@mistake("quickprop_step", says="You return the step before w.")
def step_returned_first(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array
) -> tuple[Array, Array]:
    step = prev_step * grad / (prev_grad - grad)
    return step, w + step


@mistake("quickprop_step", says="Your jump is right, but it changes the caller's own w.")
def jumped_in_place(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array
) -> tuple[Array, Array]:
    step = prev_step * grad / (prev_grad - grad)
    w += step
    return w, step


@mistake(
    "quickprop_step",
    says="Your jump is right, but it changes the caller's record of the step before.",
)
def step_scaled_in_place(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array
) -> tuple[Array, Array]:
    prev_step *= grad / (prev_grad - grad)
    return w + prev_step, prev_step


@mistake("quickprop_step", says="Your jump turns float32 into float64.")
def jumped_in_float64(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array
) -> tuple[Array, Array]:
    step = np.array(prev_step, dtype=float) * grad / (prev_grad - grad)
    return w + step, step


@variant("quickprop_step")
def divided_by_estimated_curvature(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array
) -> tuple[Array, Array]:
    curvature = (grad - prev_grad) / prev_step
    step = -grad / curvature
    return w + step, step


@variant("quickprop_step")
def ratio_of_slopes(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array
) -> tuple[Array, Array]:
    ratio = grad / prev_grad
    step = prev_step * (ratio / (1 - ratio))
    return w + step, step


@variant("quickprop_step")
def component_by_component(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array, tiny: float = 1e-12
) -> list[Array]:
    new_w, step = w.copy(), np.zeros_like(prev_step)
    for i in np.ndindex(w.shape):
        bend = prev_grad[i] - grad[i]
        if abs(bend) > tiny:
            step[i] = prev_step[i] * grad[i] / bend
            new_w[i] += step[i]
    return [new_w, step]


@variant("quickprop_step")
def guarded_quotient(
    w: Array, grad: Array, prev_grad: Array, prev_step: Array
) -> tuple[Array, Array]:
    bend = np.subtract(prev_grad, grad)
    factor = np.divide(grad, bend, out=np.zeros_like(grad), where=bend != 0)
    step = np.multiply(factor, prev_step)
    return np.add(w, step), step
