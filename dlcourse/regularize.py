"""Regularization: penalties, decay, limits on norms and gradients, and when to stop."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dlcourse.backend import Array, namespace


def l2_penalty(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    """The L2 penalty on the weights and its gradients.

    ½·λ·Σ W²,  gradient λ·W

    Args:
        weights: arrays of any shapes; at least one.
        lam: λ.

    Returns:
        ``(penalty, grads)``: a number, and an array for each of `weights`, of its shape.

    Source: 000, "Regularizing the weights"; 003, "l2-regularization".
    """
    xp = namespace(*weights)
    return 0.5 * lam * sum(xp.sum(W * W) for W in weights), [lam * W for W in weights]


def weight_decay_step(w: Array, grad: Array, lr: float, lam: float) -> Array:
    """One step of gradient descent under an L2 penalty, written as a decay of the weights.

    w' = (1 − lr·λ)·w − lr·∇L(w)

    Args:
        w: weights, any shape.
        grad: the gradient of the loss without penalty, same shape.
        lr: the learning rate η.
        lam: λ.

    Source: 003, "l2-regularization"; 004, "ℓ2-regularization".
    """
    return (1 - lr * lam) * w - lr * grad


def l1_penalty(weights: Sequence[Array], lam: float) -> tuple[Array, list[Array]]:
    """The L1 penalty on the weights and its (sub)gradients.

    λ·Σ |W|,  gradient λ·sign(W), zero at zero

    Args:
        weights: arrays of any shapes; at least one.
        lam: λ.

    Returns:
        ``(penalty, grads)``: a number, and an array for each of `weights`, of its shape.

    Source: 003, "l1-regularization"; 004, "ℓ1-regularization" (one λ in penalty and update).
    """
    xp = namespace(*weights)
    return lam * sum(xp.sum(xp.abs(W)) for W in weights), [lam * xp.sign(W) for W in weights]


def soft_threshold(w: Array, amount: float) -> Array:
    """Each entry moved towards zero by `amount`, and no further than zero.

    sign(w)·max(|w| − amount, 0)

    The proximal step of an L1 penalty, with amount = lr·λ: it gives exact zeros, where a
    subgradient step jumps across.

    Args:
        w: any shape.
        amount: at least 0.

    Source: 003, "l1-regularization" (sparse weights); Daubechies, Defrise and De Mol, 2004.
    """
    xp = namespace(w)
    return w - xp.clip(w, -amount, amount)


def activation_l1(h: Array, lam: float) -> tuple[Array, Array]:
    """The L1 penalty on activations, a mean over the batch, and its (sub)gradient.

    λ·Σ |h| / N,  gradient λ·sign(h)/N, zero at zero

    Args:
        h: activations, (N, …).
        lam: λ.

    Returns:
        ``(penalty, dh)``: a number, and an array of h's shape.

    Source: 000, "Regularization..".
    """
    xp = namespace(h)
    share = lam / h.shape[0]
    return share * xp.sum(xp.abs(h)), share * xp.sign(h)


def max_norm(W: Array, limit: float) -> Array:
    """W with every column that is longer than `limit` scaled back to it.

    A column holds the weights into one unit, so this bounds each unit's reach.

    Args:
        W: weights, (D, M).
        limit: the greatest Euclidean norm of a column, positive.

    Source: 003, "Preventing Overfitting" (constraints on weights); Srivastava et al., 2014.
    """
    xp = namespace(W)
    norms = xp.sqrt(xp.sum(W * W, axis=0, keepdims=True))
    return W * (limit / xp.clip(norms, limit, None))


def early_stopping(losses: Sequence[float], patience: int) -> int:
    """The epoch whose weights early stopping keeps.

    Training stops once `patience` epochs in a row have not brought the validation loss strictly
    below its best, or when the losses end. NaN is never an improvement.

    Args:
        losses: the validation loss after each epoch; at least one.
        patience: at least 1.

    Returns:
        The epoch, from 0, of the first best loss until then.

    Source: 000, "Other heuristics: Early stopping"; 003, "Early stopping".
    """
    best, best_loss, bad = 0, math.inf, 0
    for epoch, loss in enumerate(losses):
        if loss < best_loss:
            best, best_loss, bad = epoch, loss, 0
        else:
            bad += 1
        if bad >= patience:
            break
    return best


def noise_penalty(w: Array, sigma: float) -> Array:
    """What Gaussian noise on the inputs of a linear unit adds to its expected squared error.

    E[(w·(x+n) − d)²] − (w·x − d)² = σ²·Σ w²  for n of mean 0 and variance σ² an entry

    Args:
        w: weights, any shape.
        sigma: σ, the standard deviation of the noise.

    Source: 003, "Noise as a regularizer" and "L2 weight-decay via noisy inputs".
    """
    xp = namespace(w)
    return sigma**2 * xp.sum(w * w)


def clip_by_value(grad: Array, limit: float = 5.0) -> Array:
    """The gradient with each entry kept within [−limit, limit].

    Large negative slopes are as harmful as large positive ones: both signs are cut. This may
    change the gradient's direction.

    Args:
        grad: any shape.
        limit: positive.

    Source: 000, "Additional heuristics: Gradient clipping".
    """
    xp = namespace(grad)
    return xp.clip(grad, -limit, limit)


def clip_by_norm(grads: Sequence[Array], limit: float) -> list[Array]:
    """The gradients, scaled together so that their joint norm is at most `limit`.

    g' = g·min(1, limit/‖g‖), with one Euclidean norm ‖g‖ over all arrays

    The direction is kept. torch.nn.utils.clip_grad_norm_ adds 1e-6 to the norm; this does not.

    Args:
        grads: arrays of any shapes; at least one.
        limit: positive.

    Source: 000, "Additional heuristics: Gradient clipping"; Pascanu, Mikolov and Bengio, 2013.
    """
    xp = namespace(*grads)
    norm = xp.sqrt(sum(xp.sum(grad * grad) for grad in grads))
    scale = limit / xp.clip(norm, limit, None)
    return [grad * scale for grad in grads]
