"""Lab 07: answers to weight decay and to the soft threshold."""

from __future__ import annotations

import numpy as np

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "weight_decay_step",
    says="Your decay has lost the learning rate: a small rate should decay the weights less too.",
)
def decay_without_the_rate(w: Array, grad: Array, lr: float, lam: float) -> Array:
    return (1 - lam) * w - lr * grad


@mistake("weight_decay_step", says="Your weights do not decay at all.")
def no_decay(w: Array, grad: Array, lr: float, lam: float) -> Array:
    return w - lr * grad


@mistake("weight_decay_step", says="Your step goes up the loss, along the gradient.")
def uphill(w: Array, grad: Array, lr: float, lam: float) -> Array:
    return (1 - lr * lam) * w + lr * grad


@mistake("weight_decay_step", says="Your decay lets the weights grow.")
def growth(w: Array, grad: Array, lr: float, lam: float) -> Array:
    return (1 + lr * lam) * w - lr * grad


@mistake(
    "weight_decay_step",
    says="You step first and decay what you have reached: the step itself is shortened with it.",
)
def decay_after_the_step(w: Array, grad: Array, lr: float, lam: float) -> Array:
    return (1 - lr * lam) * (w - lr * grad)


@mistake("weight_decay_step", says="The gradient in your step lacks the learning rate.")
def gradient_without_the_rate(w: Array, grad: Array, lr: float, lam: float) -> Array:
    return (1 - lr * lam) * w - grad


@mistake("weight_decay_step", says="The weights decay in your step, but the gradient is not used.")
def gradient_forgotten(w: Array, grad: Array, lr: float, lam: float) -> Array:
    return (1 - lr * lam) * w


@mistake(
    "weight_decay_step",
    says="Your decay is twice as strong as the slope of the penalty, which has a half in it.",
)
def slope_doubled(w: Array, grad: Array, lr: float, lam: float) -> Array:
    return (1 - 2 * lr * lam) * w - lr * grad


@mistake("weight_decay_step", says="Your decay is half as strong as the slope of the penalty.")
def slope_halved(w: Array, grad: Array, lr: float, lam: float) -> Array:
    return (1 - 0.5 * lr * lam) * w - lr * grad


@mistake("weight_decay_step", says="Your decay has the learning rate in it twice.")
def rate_squared(w: Array, grad: Array, lr: float, lam: float) -> Array:
    return (1 - lr * lr * lam) * w - lr * grad


@mistake(
    "weight_decay_step",
    says="Your decay subtracts the same from large and small weights: that is an L1 penalty's.",
)
def decay_by_signs(w: Array, grad: Array, lr: float, lam: float) -> Array:
    return w - lr * (grad + lam * np.sign(w))


@mistake("weight_decay_step", says="You decay by a share of the gradient instead of the weights.")
def gradient_decayed(w: Array, grad: Array, lr: float, lam: float) -> Array:
    return w - lr * (1 + lam) * grad


@mistake(
    "weight_decay_step",
    says="You stop the factor of the decay at zero; the formula does not, however high the rate.",
)
def factor_kept_positive(w: Array, grad: Array, lr: float, lam: float) -> Array:
    return max(0.0, 1 - lr * lam) * w - lr * grad


@mistake("weight_decay_step", says="Your decayed weights are float64 where w is float32.")
def decayed_in_float64(w: Array, grad: Array, lr: float, lam: float) -> Array:
    return np.float64(1 - lr * lam) * w - lr * grad


@mistake("weight_decay_step", says="Your step is right, but it changes the caller's own w.")
def weights_decayed_in_place(w: Array, grad: Array, lr: float, lam: float) -> Array:
    w *= 1 - lr * lam
    w -= lr * grad
    return w


@variant("weight_decay_step")
def penalty_in_the_gradient(w: Array, grad: Array, lr: float, lam: float) -> Array:
    return w - lr * (grad + lam * w)


@variant("weight_decay_step")
def copy_changed_in_place(w: Array, grad: Array, lr: float, lam: float) -> Array:
    new = w.copy()
    new -= lr * lam * w
    new -= lr * grad
    return new


@variant("weight_decay_step")
def weight_by_weight(w: Array, grad: Array, lr: float, lam: float = 0.0) -> Array:
    new = np.empty_like(w)
    for index in np.ndindex(w.shape):
        new[index] = w[index] - lr * lam * w[index] - lr * grad[index]
    return new


@variant("weight_decay_step")
def by_einsum_of_both(w: Array, grad: Array, lr: float, lam: float) -> Array:
    shares = np.array([1 - lr * lam, -lr], dtype=w.dtype)
    return np.einsum("i,i...->...", shares, np.stack([w, grad]))


@mistake(
    "soft_threshold",
    says="Small weights jump across zero in your step and come out on the other side.",
)
def across_zero(w: Array, amount: float) -> Array:
    return w - amount * np.sign(w)


@mistake(
    "soft_threshold",
    says="You remove the small weights and leave the large ones as they are; those shrink too.",
)
def hard_threshold(w: Array, amount: float) -> Array:
    return w * (np.abs(w) > amount)


@mistake("soft_threshold", says="You move the weights away from zero.")
def away_from_zero(w: Array, amount: float) -> Array:
    return (w + amount * np.sign(w)) * (np.abs(w) > amount)


@mistake("soft_threshold", says="Your negative weights all become zero.")
def positive_weights_alone(w: Array, amount: float) -> Array:
    return np.maximum(w - amount, 0)


@mistake("soft_threshold", says="Your negative weights do not shrink.")
def negative_weights_left(w: Array, amount: float) -> Array:
    return w - np.clip(w, 0, amount)


@mistake(
    "soft_threshold",
    says="You subtract the amount from negative weights too, which takes them further from zero.",
)
def same_direction_for_all(w: Array, amount: float) -> Array:
    return (w - amount) * (np.abs(w) > amount)


@mistake("soft_threshold", says="You lose the signs: every weight comes out positive.")
def signs_lost(w: Array, amount: float) -> Array:
    return np.maximum(np.abs(w) - amount, 0)


@mistake(
    "soft_threshold",
    says="You cut the weights off at the amount: that bounds the large ones instead of moving all.",
)
def weights_clipped(w: Array, amount: float) -> Array:
    return np.clip(w, -amount, amount)


@mistake("soft_threshold", says="You shrink by a share of each weight; all move by one amount.")
def shrunk_by_a_share(w: Array, amount: float) -> Array:
    return np.maximum(1 - amount, 0) * w


@mistake("soft_threshold", says="Your weights move by twice the amount.")
def moved_twice(w: Array, amount: float) -> Array:
    return np.sign(w) * np.maximum(np.abs(w) - 2 * amount, 0)


@mistake(
    "soft_threshold",
    says="You stop moved weights at a tiny number instead of at zero itself.",
)
def floor_above_zero(w: Array, amount: float) -> Array:
    return np.sign(w) * np.maximum(np.abs(w) - amount, 1e-8)


@mistake("soft_threshold", says="Your thresholded weights are float64 where w is float32.")
def thresholded_in_float64(w: Array, amount: float) -> Array:
    return np.where(w > 0, 1.0, -1.0) * np.maximum(np.abs(w) - amount, 0)


@mistake("soft_threshold", says="You move the weights in place, which changes the caller's own w.")
def moved_in_place(w: Array, amount: float) -> Array:
    w -= np.clip(w, -amount, amount)
    return w


@variant("soft_threshold")
def sign_times_what_is_left(w: Array, amount: float) -> Array:
    return np.sign(w) * np.maximum(np.abs(w) - amount, 0)


@variant("soft_threshold")
def sum_of_both_sides(w: Array, amount: float) -> Array:
    return np.maximum(w - amount, 0) + np.minimum(w + amount, 0)


@variant("soft_threshold")
def three_cases(w: Array, amount: float) -> Array:
    moved = np.zeros_like(w)
    high, low = w > amount, w < -amount
    moved[high] = w[high] - amount
    moved[low] = w[low] + amount
    return moved


@variant("soft_threshold")
def threshold_entry_by_entry(w: Array, amount: float, floor: float = 0.0) -> Array:
    moved = [max(abs(v) - amount, floor) * (1 if v > 0 else -1) for v in w.ravel().tolist()]
    return np.array(moved, dtype=w.dtype).reshape(w.shape)


@variant("soft_threshold")
def half_the_difference_of_sizes(w: Array, amount: float) -> Array:
    moved = 0.5 * (np.abs(w + amount) - np.abs(w - amount))
    return np.where(np.abs(w) <= amount, np.zeros_like(w), w - moved)
