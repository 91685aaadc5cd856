"""Surfaces: gradients by finite differences, minima that are minima, starts within the picture."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime, rosen, rosen_der
from scipy.optimize import minimize as scipy_minimize

from dlcourse.surfaces import Beale, EccentricBowl, LongValley, Saddle

SURFACES = {
    "bowl": EccentricBowl(),
    "turned bowl": EccentricBowl(mu=0.5, L=40.0, angle=0.6),
    "beale": Beale(),
    "long valley": LongValley(),
    "saddle": Saddle(),
}
every_surface = pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)


def points_in_the_window(surface, n=20):
    (left, right), (bottom, top) = surface.window
    return np.random.default_rng(0).uniform([left, bottom], [right, top], (n, 2))


@every_surface
def test_the_gradient_is_the_slope_of_the_value(surface):
    for w in points_in_the_window(surface):
        expected = approx_fprime(w, surface.value, 1e-6)
        np.testing.assert_allclose(surface.gradient(w), expected, rtol=1e-3, atol=1e-2)


@every_surface
def test_the_minima_are_stationary_and_nothing_in_the_window_is_lower(surface):
    for minimum in np.array(surface.minima):
        np.testing.assert_allclose(surface.value(minimum), surface.least, atol=1e-14)
        np.testing.assert_allclose(surface.gradient(minimum), 0.0, atol=1e-12)
    assert (surface.value(points_in_the_window(surface, 2000)) > surface.least).all()


@every_surface
def test_the_start_lies_in_the_window_and_scipy_finds_a_minimum_from_it(surface):
    for at, (low, high) in zip(surface.start, surface.window, strict=True):
        assert low < at < high
    found = scipy_minimize(surface.value, surface.start, jac=surface.gradient, method="BFGS")
    assert min(np.linalg.norm(np.array(surface.minima) - found.x, axis=1)) < 1e-3


@every_surface
def test_every_kind_of_array_and_a_grid_of_points_give_the_same(surface, agrees_with_numpy):
    grid = points_in_the_window(surface, 12).reshape(3, 4, 2)
    agrees_with_numpy(surface.value, grid)
    agrees_with_numpy(surface.gradient, grid)
    agrees_with_numpy(surface.gradient, grid[0, 0])


def test_beales_minimum_is_zero_at_3_and_a_half():
    assert Beale().value(np.array([3.0, 0.5])) == 0.0
    assert Beale().value(np.array([0.0, 0.0])) == pytest.approx(1.5**2 + 2.25**2 + 2.625**2)


def test_the_long_valley_is_rosenbrocks():
    for w in points_in_the_window(LongValley()):
        assert LongValley().value(w) == pytest.approx(rosen(w))
        np.testing.assert_allclose(LongValley().gradient(w), rosen_der(w), rtol=1e-10)


def test_the_saddle_is_level_at_the_origin_and_falls_one_way_only():
    saddle = Saddle()
    np.testing.assert_array_equal(saddle.gradient(np.zeros(2)), np.zeros(2))
    assert saddle.value(np.array([0.1, 0.0])) > 0 > saddle.value(np.array([0.0, 0.1]))


def test_a_bowls_hessian_has_the_eigenvalues_it_was_made_of():
    bowl = EccentricBowl(mu=0.5, L=40.0, angle=1.1)
    np.testing.assert_allclose(np.linalg.eigvalsh(bowl.hessian), [0.5, 40.0], rtol=1e-10)
    assert bowl.condition == 80.0
    flat = np.array([np.cos(1.1), np.sin(1.1)])
    np.testing.assert_allclose(bowl.gradient(flat), 0.5 * flat, rtol=1e-10)
    np.testing.assert_allclose(EccentricBowl(2.0, 7.0).hessian, np.diag([2.0, 7.0]))
