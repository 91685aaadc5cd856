"""Divergences between outputs and targets: the loss, its mean over the batch, and its derivative.

Every loss here sums over the outputs of an instance and takes the mean over the batch, so that
adding an output does not change what the others weigh. PyTorch's default takes the mean over the
outputs too: its value times the number of outputs is the one here.
"""

from __future__ import annotations

import array_api_compat

from dlcourse.backend import Array, namespace


def softmax_cross_entropy(logits: Array, labels: Array) -> tuple[Array, Array]:
    """The cross-entropy of integer labels under the softmax of the logits.

    loss = mean_n(log Σ_j exp(z_nj) − z_n,label); dlogits = (softmax(z) − onehot(labels)) / N.
    Computed from the logits shifted by their row's largest, it stays finite for any finite ones.

    Args:
        logits: (N, K).
        labels: (N,), integers from 0 to K − 1.

    Returns:
        ``(loss, dlogits)``: a number, and (N, K).

    Source: 000, "Choices for divergence"; 004, "Multi-class classification".
    """
    xp = namespace(logits, labels)
    n = logits.shape[0]
    rows = xp.arange(n, device=array_api_compat.device(labels))
    shifted = logits - xp.max(logits, axis=1, keepdims=True)
    unnormalized = xp.exp(shifted)
    total = xp.sum(unnormalized, axis=1)
    loss = xp.mean(xp.log(total) - shifted[rows, labels])
    dlogits = unnormalized / (total[:, None] * n)
    dlogits[rows, labels] -= 1.0 / n
    return loss, dlogits


def l2_divergence(y: Array, d: Array) -> tuple[Array, Array]:
    """The squared distance to the target: loss = mean_n Σ_i (y_ni − d_ni)², without a ½.

    PyTorch's ``mse_loss`` is this over the number of outputs.

    Args:
        y: (N, M), outputs.
        d: (N, M), targets.

    Returns:
        ``(loss, dy)``: a number, and (N, M), 2(y − d)/N.

    Source: 000, "Choices for divergence"; 004, "Regression".
    """
    xp = namespace(y, d)
    difference = y - d
    n = y.shape[0]
    return xp.sum(difference * difference) / n, difference * (2.0 / n)


def l1_divergence(y: Array, d: Array) -> tuple[Array, Array]:
    """The absolute distance to the target: loss = mean_n Σ_i |y_ni − d_ni|.

    At its kink the derivative is 0. PyTorch's ``l1_loss`` is this over the number of outputs.

    Args:
        y: (N, M), outputs.
        d: (N, M), targets.

    Returns:
        ``(loss, dy)``: a number, and (N, M), sign(y − d)/N.

    Source: 004, "Regression".
    """
    xp = namespace(y, d)
    difference = y - d
    n = y.shape[0]
    return xp.sum(xp.abs(difference)) / n, xp.sign(difference) / n


def kl_divergence(y: Array, d: Array) -> tuple[Array, Array]:
    """What the decks call the KL divergence: loss = mean_n(−Σ_i d_ni·log y_ni).

    It is the cross-entropy, which exceeds the Kullback–Leibler divergence by the entropy of d: by
    nothing where d is one-hot. PyTorch's ``kl_div`` is the latter, and takes log y. An entry with
    d = 0 counts nothing, whatever y is. dy holds y's entries for independent, as they are before a
    softmax makes them sum to 1.

    Args:
        y: (N, K), probabilities; inf comes out where y = 0 and d > 0.
        d: (N, K), probabilities.

    Returns:
        ``(loss, dy)``: a number, and (N, K), −d/y/N.

    Source: 000, "Choices for divergence", there without its minus sign.
    """
    xp = namespace(y, d)
    n = y.shape[0]
    possible = xp.where(d == 0, 1.0, y)
    return -xp.sum(d * xp.log(possible)) / n, -d / (possible * n)


def binary_cross_entropy_logits(z: Array, d: Array) -> tuple[Array, Array]:
    """The cross-entropy of L independent yes-or-no labels under the sigmoid of the logits.

    loss = mean_n Σ_l (max(z, 0) − z·d + log(1 + exp(−|z|))), which is
    −d·log σ(z) − (1 − d)·log(1 − σ(z)) in a form that never overflows.
    PyTorch's ``binary_cross_entropy_with_logits`` is this over the number of labels.

    Args:
        z: (N, L), logits.
        d: (N, L), targets from 0 to 1.

    Returns:
        ``(loss, dz)``: a number, and (N, L), (σ(z) − d)/N.

    Source: 000, "Choices for divergence"; 004, "Multi-class, multi-label classification".
    """
    xp = namespace(z, d)
    n = z.shape[0]
    decay = xp.exp(-xp.abs(z))
    loss = xp.sum(xp.maximum(z, xp.zeros_like(z)) - z * d + xp.log1p(decay)) / n
    probability = xp.where(z >= 0, 1.0, decay) / (1.0 + decay)
    return loss, (probability - d) / n


def hinge(scores: Array, labels: Array) -> tuple[Array, Array]:
    """The multi-class hinge loss: every wrong class should score less than the right one by 1.

    loss = mean_n Σ_{c ≠ label} max(0, s_nc − s_n,label + 1). At the kink the derivative is 0.
    PyTorch's ``multi_margin_loss`` is this over the number of classes.

    Args:
        scores: (N, K).
        labels: (N,), integers from 0 to K − 1.

    Returns:
        ``(loss, dscores)``: a number, and (N, K).

    Source: 004, "Multi-class classification".
    """
    xp = namespace(scores, labels)
    n = scores.shape[0]
    rows = xp.arange(n, device=array_api_compat.device(labels))
    margins = scores - scores[rows, labels][:, None] + 1.0
    margins[rows, labels] = 0.0
    violated = margins > 0
    loss = xp.sum(xp.where(violated, margins, 0.0)) / n
    dscores = xp.astype(violated, scores.dtype) / n
    dscores[rows, labels] = -xp.sum(dscores, axis=1)
    return loss, dscores


def squared_hinge(scores: Array, labels: Array) -> tuple[Array, Array]:
    """The multi-class hinge loss with each violation squared: smooth, harder on large ones.

    loss = mean_n Σ_{c ≠ label} max(0, s_nc − s_n,label + 1)².
    PyTorch's ``multi_margin_loss`` with p = 2 is this over the number of classes.

    Args:
        scores: (N, K).
        labels: (N,), integers from 0 to K − 1.

    Returns:
        ``(loss, dscores)``: a number, and (N, K).

    Source: 004, "Multi-class classification".
    """
    xp = namespace(scores, labels)
    n = scores.shape[0]
    rows = xp.arange(n, device=array_api_compat.device(labels))
    margins = scores - scores[rows, labels][:, None] + 1.0
    margins[rows, labels] = 0.0
    violations = xp.maximum(margins, xp.zeros_like(margins))
    dscores = violations * (2.0 / n)
    dscores[rows, labels] = -xp.sum(dscores, axis=1)
    return xp.sum(violations * violations) / n, dscores


def hierarchical_log_probability(h: Array, nodes: Array, path: Array, signs: Array) -> Array:
    """The log-probability of one class under a hierarchical softmax: a walk down a binary tree.

    log p = Σ_k log σ(signs_k · h·nodes[path_k]): as many terms as the tree is deep, log₂ K rather
    than K. The probabilities of all leaves sum to 1, since σ(a) + σ(−a) = 1.

    Args:
        h: (D,), the features of an instance, or (N, D).
        nodes: (I, D), a vector for each inner node of the tree.
        path: (depth,), integers, the inner nodes from the root to the class's leaf.
        signs: (depth,), +1 or −1 for the turn taken at each.

    Returns:
        A number, or (N,).

    Source: 004, "Multi-class classification"; Morin and Bengio, 2005.
    """
    xp = namespace(h, nodes)
    turns = signs * (h @ nodes[path].T)
    log_sigmoid = xp.minimum(turns, xp.zeros_like(turns)) - xp.log1p(xp.exp(-xp.abs(turns)))
    return xp.sum(log_sigmoid, axis=-1)
