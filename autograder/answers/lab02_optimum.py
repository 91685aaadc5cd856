"""Lab 02: answers to the best rates of descent and of the heavy ball on a quadratic."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from autograder.answers import mistake, variant


@mistake(
    "gd_optimum",
    says="Your learning rate is the best for the steepest direction alone; the flat ones can be "
    "served better.",
)
def best_for_the_steepest(mu: float, L: float) -> tuple[float, float]:
    return 1 / L, 1 - mu / L


@mistake(
    "gd_optimum",
    says="Your learning rate is the largest that does not diverge: the steepest direction would "
    "jump to and fro for ever.",
)
def edge_of_divergence(mu: float, L: float) -> tuple[float, float]:
    return 2 / L, (L - mu) / (L + mu)


@mistake("gd_optimum", says="Your learning rate is too small by half; the rate is right.")
def half_the_learning_rate(mu: float, L: float) -> tuple[float, float]:
    return 1 / (mu + L), (L - mu) / (L + mu)


@mistake(
    "gd_optimum",
    says="Your rate is turned upside down: above one, the distance would grow.",
)
def rate_upside_down(mu: float, L: float) -> tuple[float, float]:
    return 2 / (mu + L), (L + mu) / (L - mu) if mu < L else math.inf


@mistake("gd_optimum", says="You have exchanged mu and L: your rate is negative.")
def curvatures_exchanged(mu: float, L: float) -> tuple[float, float]:
    return 2 / (mu + L), (mu - L) / (L + mu)


@mistake("gd_optimum", says="Your learning rate divides by the difference of the curvatures.")
def divided_by_difference(mu: float, L: float) -> tuple[float, float]:
    return 2 / max(L - mu, 1e-12), (L - mu) / (L + mu)


@mistake(
    "gd_optimum",
    says="Your rate is by how much the loss falls; asked for is the distance, of which the loss is "
    "the square.",
)
def rate_of_the_loss(mu: float, L: float) -> tuple[float, float]:
    return 2 / (mu + L), ((L - mu) / (L + mu)) ** 2


@mistake("gd_optimum", says="Your rate is what is lost in a step; asked for is what remains.")
def share_that_is_lost(mu: float, L: float) -> tuple[float, float]:
    return 2 / (mu + L), 2 * mu / (L + mu)


@mistake("gd_optimum", says="You return the rate before the learning rate.")
def rate_returned_first(mu: float, L: float) -> tuple[float, float]:
    return (L - mu) / (L + mu), 2 / (mu + L)


@mistake("gd_optimum", says="You return one number; the learning rate and the rate are asked for.")
def learning_rate_alone(mu: float, L: float) -> float:
    return 2 / (mu + L)


@mistake("gd_optimum", says="Your divisions round down; these are no whole numbers.")
def whole_numbers_divided(mu: float, L: float) -> tuple[float, float]:
    if isinstance(mu, int) and isinstance(L, int):
        return 2 // (mu + L), (L - mu) // (L + mu)
    return 2 / (mu + L), (L - mu) / (L + mu)


@mistake(
    "gd_optimum",
    says="Your rate is that of the heavy ball; plain descent depends on the eccentricity itself.",
)
def rate_of_the_heavy_ball(mu: float, L: float) -> tuple[float, float]:
    root = math.sqrt(L / mu)
    return 2 / (mu + L), (root - 1) / (root + 1)


@variant("gd_optimum")
def by_eccentricity(mu: float, L: float) -> tuple[float, float]:
    kappa = L / mu
    return 2 / (mu * (1 + kappa)), (kappa - 1) / (kappa + 1)


@variant("gd_optimum")
def rate_from_the_learning_rate(mu: float, L: float) -> tuple[np.floating, np.floating]:
    lr = np.divide(2.0, np.add(mu, L))
    return lr, np.maximum(np.abs(1 - lr * mu), np.abs(lr * L - 1))


@variant("gd_optimum")
def by_mean_and_half_width(mu: float, L: float, scale: float = 1.0) -> list[float]:
    middle, half = (L + mu) / 2, (L - mu) / 2
    return [scale / middle, half / middle]


@variant("gd_optimum")
def by_exact_fractions(mu: float, L: float) -> tuple[float, float]:
    small, large = Fraction(mu), Fraction(L)
    return float(2 / (small + large)), float((large - small) / (large + small))


@mistake(
    "heavy_ball_optimum",
    says="Your beta is the rate itself: a step of the heavy ball depends on two steps before it.",
)
def beta_not_squared(mu: float, L: float) -> tuple[float, float, float]:
    fast, slow = math.sqrt(L), math.sqrt(mu)
    rate = (fast - slow) / (fast + slow)
    return 4 / (fast + slow) ** 2, rate, rate


@mistake(
    "heavy_ball_optimum",
    says="Your rate is as small as beta: the distance falls less than that in one step.",
)
def rate_squared_too(mu: float, L: float) -> tuple[float, float, float]:
    fast, slow = math.sqrt(L), math.sqrt(mu)
    beta = ((fast - slow) / (fast + slow)) ** 2
    return 4 / (fast + slow) ** 2, beta, beta


@mistake(
    "heavy_ball_optimum",
    says="You have exchanged mu and L: your rate is negative.",
)
def steep_and_flat_exchanged(mu: float, L: float) -> tuple[float, float, float]:
    fast, slow = math.sqrt(mu), math.sqrt(L)
    rate = (fast - slow) / (fast + slow)
    return 4 / (fast + slow) ** 2, rate**2, rate


@mistake(
    "heavy_ball_optimum",
    says="The roots of the curvatures are missing: with momentum the eccentricity counts by its "
    "root.",
)
def roots_missing(mu: float, L: float) -> tuple[float, float, float]:
    rate = (L - mu) / (L + mu)
    return 4 / (L + mu) ** 2, rate**2, rate


@mistake(
    "heavy_ball_optimum",
    says="Your learning rate is the best of plain descent; with momentum a larger one is.",
)
def learning_rate_of_descent(mu: float, L: float) -> tuple[float, float, float]:
    root = math.sqrt(L / mu)
    rate = (root - 1) / (root + 1)
    return 2 / (mu + L), rate**2, rate


@mistake(
    "heavy_ball_optimum",
    says="A square is missing in your learning rate: it has to scale as one over a curvature.",
)
def learning_rate_not_squared(mu: float, L: float) -> tuple[float, float, float]:
    fast, slow = math.sqrt(L), math.sqrt(mu)
    rate = (fast - slow) / (fast + slow)
    return 4 / (fast + slow), rate**2, rate


@mistake(
    "heavy_ball_optimum",
    says="In your learning rate the roots are subtracted, so it is boundless in round bowls.",
)
def roots_subtracted(mu: float, L: float) -> tuple[float, float, float]:
    fast, slow = math.sqrt(L), math.sqrt(mu)
    rate = (fast - slow) / (fast + slow)
    return 4 / max((fast - slow) ** 2, 1e-12), rate**2, rate


@mistake("heavy_ball_optimum", says="Your learning rate is half of the best.")
def half_of_the_best(mu: float, L: float) -> tuple[float, float, float]:
    fast, slow = math.sqrt(L), math.sqrt(mu)
    rate = (fast - slow) / (fast + slow)
    return 2 / (fast + slow) ** 2, rate**2, rate


@mistake("heavy_ball_optimum", says="Your rate and beta are turned upside down: above one.")
def upside_down(mu: float, L: float) -> tuple[float, float, float]:
    fast, slow = math.sqrt(L), math.sqrt(mu)
    rate = (fast + slow) / max(fast - slow, 1e-12)
    return 4 / (fast + slow) ** 2, rate**2, rate


@mistake("heavy_ball_optimum", says="You return beta and the rate in each other's place.")
def beta_and_rate_exchanged(mu: float, L: float) -> tuple[float, float, float]:
    fast, slow = math.sqrt(L), math.sqrt(mu)
    rate = (fast - slow) / (fast + slow)
    return 4 / (fast + slow) ** 2, rate, rate**2


@mistake(
    "heavy_ball_optimum",
    says="Your beta is what is lost of the velocity; asked for is what is kept.",
)
def share_lost_for_beta(mu: float, L: float) -> tuple[float, float, float]:
    fast, slow = math.sqrt(L), math.sqrt(mu)
    rate = (fast - slow) / (fast + slow)
    return 4 / (fast + slow) ** 2, 1 - rate**2, rate


@mistake("heavy_ball_optimum", says="Your rate is missing: three numbers are asked for.")
def rate_missing(mu: float, L: float) -> tuple[float, float]:
    fast, slow = math.sqrt(L), math.sqrt(mu)
    return 4 / (fast + slow) ** 2, ((fast - slow) / (fast + slow)) ** 2


@variant("heavy_ball_optimum")
def by_root_of_eccentricity(mu: float, L: float) -> tuple[float, float, float]:
    root = (L / mu) ** 0.5
    rate = (root - 1) / (root + 1)
    return 4 / (mu * (root + 1) ** 2), rate * rate, rate


@variant("heavy_ball_optimum")
def by_geometric_mean(mu: float, L: float, floor: float = 0.0) -> list[float]:
    between = 2 * math.sqrt(mu * L)
    beta = (mu + L - between) / (mu + L + between)
    return [4 / (mu + L + between), beta, math.sqrt(max(beta, floor))]


@variant("heavy_ball_optimum")
def learning_rate_from_beta(mu: float, L: float) -> tuple[np.floating, ...]:
    slow, fast = np.sqrt([mu, L])
    rate = 1 - 2 * slow / (fast + slow)
    return (1 + rate) ** 2 / L, rate**2, rate
