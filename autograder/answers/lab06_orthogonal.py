"""Lab 06: answers to random orthogonal weights."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from autograder.answers import mistake, variant
from dlcourse.backend import Array


@mistake(
    "orthogonal_init",
    says="You leave the signs of the columns to the factorization, which prefers some matrices to "
    "others; the other factor tells you which signs it chose.",
)
def signs_of_the_factorization(fan_in: int, fan_out: int, rng: Generator) -> Array:
    tall = rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out)))
    q, _ = np.linalg.qr(tall)
    return q if fan_in >= fan_out else q.T


@mistake(
    "orthogonal_init",
    says="Where there are fewer inputs than outputs your matrix keeps the factorization's signs; "
    "it is random in the other case.",
)
def signs_fixed_for_tall_ones_alone(fan_in: int, fan_out: int, rng: Generator) -> Array:
    if fan_in < fan_out:
        return np.linalg.qr(rng.standard_normal((fan_out, fan_in)))[0].T
    q, r = np.linalg.qr(rng.standard_normal((fan_in, fan_out)))
    return q * np.sign(np.diagonal(r))


@mistake(
    "orthogonal_init",
    says="You make the orthogonal factor's own diagonal positive; it is the other factor's.",
)
def diagonal_of_the_wrong_factor(fan_in: int, fan_out: int, rng: Generator) -> Array:
    q, _ = np.linalg.qr(rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out))))
    q = q * np.sign(np.diagonal(q))
    return q if fan_in >= fan_out else q.T


@mistake(
    "orthogonal_init",
    says="You turn every column so that it begins with a positive number; a random one would "
    "begin with a negative one half of the time.",
)
def first_row_positive(fan_in: int, fan_out: int, rng: Generator) -> Array:
    q, _ = np.linalg.qr(rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out))))
    q = q * np.sign(q[0])
    return q if fan_in >= fan_out else q.T


@mistake(
    "orthogonal_init",
    says="You divide by the diagonal itself, where only its sign is wanted: the lengths are lost.",
)
def divided_by_the_diagonal(fan_in: int, fan_out: int, rng: Generator) -> Array:
    q, r = np.linalg.qr(rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out))))
    q = q / np.diagonal(r)
    return q if fan_in >= fan_out else q.T


@mistake(
    "orthogonal_init",
    says="Your matrix has the right number of rows, but not of columns, unless it is square: a "
    "wide one has to be turned.",
)
def wide_ones_not_turned(fan_in: int, fan_out: int, rng: Generator) -> Array:
    q, r = np.linalg.qr(rng.standard_normal((fan_in, fan_out)))
    return q * np.sign(np.diagonal(r))


@mistake(
    "orthogonal_init",
    says="Your columns have length one, but are not orthogonal to each other.",
)
def columns_normalized_alone(fan_in: int, fan_out: int, rng: Generator) -> Array:
    W = rng.standard_normal((fan_in, fan_out))
    return W / np.linalg.norm(W, axis=0 if fan_in >= fan_out else 1, keepdims=True)


@mistake(
    "orthogonal_init",
    says="Your matrix is orthogonal, but the same each time: it is not random.",
)
def identity(fan_in: int, fan_out: int, rng: Generator) -> Array:
    return np.eye(fan_in, fan_out)


@mistake(
    "orthogonal_init",
    says="You factorize uniform draws; only normal ones point in all directions alike.",
)
def uniform_draws(fan_in: int, fan_out: int, rng: Generator) -> Array:
    tall = rng.uniform(-1.0, 1.0, (max(fan_in, fan_out), min(fan_in, fan_out)))
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diagonal(r))
    return q if fan_in >= fan_out else q.T


@mistake(
    "orthogonal_init",
    says="Your draws are all positive, so that the first direction is always much the same.",
)
def positive_draws(fan_in: int, fan_out: int, rng: Generator) -> Array:
    q, r = np.linalg.qr(rng.random((max(fan_in, fan_out), min(fan_in, fan_out))))
    q = q * np.sign(np.diagonal(r))
    return q if fan_in >= fan_out else q.T


@mistake(
    "orthogonal_init",
    says="Your columns are longer than one: no gain is asked for.",
)
def gain_of_relu(fan_in: int, fan_out: int, rng: Generator) -> Array:
    q, r = np.linalg.qr(rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out))))
    q = q * np.sign(np.diagonal(r)) * np.sqrt(2.0)
    return q if fan_in >= fan_out else q.T


@mistake(
    "orthogonal_init",
    says="The signs go to the rows of your matrix; they belong to its columns, of which there may "
    "be fewer.",
)
def signs_of_rows(fan_in: int, fan_out: int, rng: Generator) -> Array:
    q, r = np.linalg.qr(rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out))))
    q = np.sign(np.diagonal(r))[:, None] * q
    return q if fan_in >= fan_out else q.T


@mistake(
    "orthogonal_init",
    says="You return the triangular factor; it is the other one that is orthogonal.",
)
def triangular_factor(fan_in: int, fan_out: int, rng: Generator) -> Array:
    square = rng.standard_normal((max(fan_in, fan_out), max(fan_in, fan_out)))
    return np.linalg.qr(square)[1][:fan_in, :fan_out]


@mistake(
    "orthogonal_init",
    says="You make a generator of your own, so all layers of one shape start alike.",
)
def generator_of_its_own(fan_in: int, fan_out: int, rng: Generator) -> Array:
    own = np.random.default_rng(3)
    q, r = np.linalg.qr(own.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out))))
    q = q * np.sign(np.diagonal(r))
    return q if fan_in >= fan_out else q.T


@variant("orthogonal_init")
def cut_from_a_square_one(fan_in: int, fan_out: int, rng: Generator) -> Array:
    size = max(fan_in, fan_out)
    q, r = np.linalg.qr(rng.normal(size=(size, size)))
    return (q * np.sign(np.diag(r)))[:fan_in, :fan_out]


@variant("orthogonal_init")
def by_gram_and_schmidt(fan_in: int, fan_out: int, rng: Generator) -> Array:
    columns = rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out)))
    for k in range(columns.shape[1]):
        for _ in range(2):
            before = columns[:, :k]
            columns[:, k] -= before @ (before.T @ columns[:, k])
        columns[:, k] /= np.linalg.norm(columns[:, k])
    return columns if fan_in >= fan_out else columns.T


@variant("orthogonal_init")
def nearest_orthogonal_matrix(fan_in: int, fan_out: int, rng: Generator) -> Array:
    u, _, vt = np.linalg.svd(rng.standard_normal((fan_in, fan_out)), full_matrices=False)
    return u @ vt


@variant("orthogonal_init")
def random_signs_of_its_own(fan_in: int, fan_out: int, rng: Generator, gain: float = 1.0) -> Array:
    if fan_in < fan_out:
        q, _ = np.linalg.qr(rng.standard_normal((fan_out, fan_in)))
        return gain * (q * rng.choice([-1.0, 1.0], fan_in)).T
    q, _ = np.linalg.qr(rng.standard_normal((fan_in, fan_out)))
    return gain * q * rng.choice([-1.0, 1.0], fan_out)


@variant("orthogonal_init")
def by_cholesky(fan_in: int, fan_out: int, rng: Generator) -> Array:
    tall = rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out)))
    for _ in range(2):
        tall = np.linalg.solve(np.linalg.cholesky(tall.T @ tall), tall.T).T
    return tall if fan_in >= fan_out else tall.T
