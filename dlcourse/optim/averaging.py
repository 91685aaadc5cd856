"""Running averages, of weights that still jitter and of losses that are too noisy to read."""

from __future__ import annotations

from dlcourse.backend import Array, namespace


def polynomial_decay_average(w_bar: Array, w: Array, t: int, gamma: float = 3.0) -> Array:
    """The average of the weights so far, in which later ones count for more.

    w̄_t = (1 − a)·w̄_{t−1} + a·w_t with a = (γ+1)/(t+γ)

    The first average is w_1 itself, for a is then 1; γ = 0 gives the plain mean of w_1 … w_t.

    Args:
        w_bar: the average after t − 1 updates, any shape; at t = 1 it has no weight.
        w: the weights after update t, same shape.
        t: the number of the update, from 1.
        gamma: γ ≥ 0; the larger, the sooner the early weights are forgotten.

    Returns:
        The average after t updates, same shape.

    Source: 001 and 002, "SGD Convergence and weight averaging"; Shamir and Zhang, "Stochastic
    Gradient Descent for Non-smooth Optimization" (2013).
    """
    a = (gamma + 1) / (t + gamma)
    return (1 - a) * w_bar + a * w


def smoothed_loss(losses: Array, window: int) -> Array:
    """The mean of the last `window` losses at each step; of all so far, where there are fewer.

    Args:
        losses: (K,), the loss of each update.
        window: how many losses to average, at least 1.

    Returns:
        (K,): entry k is the mean of the losses max(0, k+1−window) … k.

    Source: 000 and 002, "Measuring Loss".
    """
    xp = namespace(losses)
    smoothed = xp.empty_like(losses)
    # Differences of a cumulative sum would be faster, but one huge loss would spoil all after it.
    for k in range(losses.shape[0]):
        smoothed[k] = xp.mean(losses[max(0, k + 1 - window) : k + 1])
    return smoothed


def ema_update(average: Array, w: Array, decay: float) -> Array:
    """An exponential moving average of the weights, to be used at test time, after one more step.

    w̄' = decay·w̄ + (1 − decay)·w

    Args:
        average: w̄, any shape; the first weights at the start.
        w: the weights now, same shape.
        decay: how much of the average is kept, in [0, 1); it spans about 1/(1−decay) steps.

    Returns:
        w̄', same shape.

    Source: 003, "Model Ensembles" (running average of the parameters).
    """
    return decay * average + (1 - decay) * w
