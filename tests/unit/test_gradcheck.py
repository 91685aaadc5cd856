from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import approx_fprime, rosen, rosen_der

from dlcourse.backend import to_numpy
from dlcourse.gradcheck import gradcheck, numerical_gradient
from dlcourse.testing import CheckError

points = hnp.arrays(np.float64, st.integers(1, 6), elements=st.floats(-2, 2))


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a @ b


def product_backward(dy: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple:
    return dy @ b.T, a.T @ dy


@given(x=hnp.arrays(np.float64, st.integers(2, 5), elements=st.floats(-2, 2)))
def test_the_numerical_gradient_of_rosenbrocks_function_is_scipys(x: np.ndarray):
    ours = numerical_gradient(rosen, x)
    np.testing.assert_allclose(ours, rosen_der(x), rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(ours, approx_fprime(x, rosen), rtol=1e-3, atol=1e-2)


@given(x=points, h=st.sampled_from([1e-1, 1e-2, 1e-3]))
def test_central_differences_are_exact_for_quadratics_and_err_by_h_squared_for_cubics(
    x: np.ndarray, h: float
):
    np.testing.assert_allclose(numerical_gradient(lambda x: (x**2).sum(), x, h), 2 * x, atol=1e-9)
    cubic = numerical_gradient(lambda x: (x**3).sum(), x, h)
    np.testing.assert_allclose(cubic - 3 * x**2, h**2, rtol=1e-3, atol=1e-9)


def test_float32_does_not_spoil_the_differences():
    x = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
    gradient = numerical_gradient(lambda x: np.sin(x).sum(), x)
    assert gradient.dtype == np.float64
    np.testing.assert_allclose(gradient, np.cos(x.astype(np.float64)), rtol=1e-9)


def test_a_numerical_gradient_keeps_namespace_and_device(kind):
    x = kind.array(np.linspace(-1.0, 1.0, 6).reshape(2, 3))
    before = to_numpy(x).copy()
    gradient = numerical_gradient(lambda x: (x**2).sum(), x)
    np.testing.assert_allclose(to_numpy(gradient), 2 * before, rtol=1e-6, atol=1e-8)
    assert to_numpy(gradient).dtype == np.float64
    assert type(gradient) is type(x)
    assert getattr(gradient, "device", None) == getattr(x, "device", None)
    np.testing.assert_array_equal(to_numpy(x), before)


def test_a_number_without_dimensions_has_a_gradient_too():
    assert numerical_gradient(lambda x: x**2, np.array(3.0)) == pytest.approx(6.0)


@given(
    n=st.integers(1, 4), d=st.integers(1, 4), m=st.integers(1, 4), seed=st.integers(0, 2**32 - 1)
)
def test_a_right_backward_function_passes(n: int, d: int, m: int, seed: int):
    rng = np.random.default_rng(seed)
    gradcheck(product, product_backward, rng.standard_normal((n, d)), rng.standard_normal((d, m)))


def test_a_right_backward_function_passes_on_every_kind_of_array(kind):
    a, b = np.arange(6.0).reshape(2, 3), np.linspace(-1, 1, 12).reshape(3, 4)
    gradcheck(product, product_backward, kind.array(a), kind.array(b))


def test_a_wrong_gradient_is_reported_with_function_argument_index_and_both_values():
    def wrong(dy: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple:
        da, db = product_backward(dy, a, b)
        db[1, 0] += 0.25
        return da, db

    a, b = np.ones((2, 3)), np.full((3, 1), 2.0)
    with pytest.raises(CheckError) as caught:
        gradcheck(product, wrong, a, b, dy=np.ones((2, 1)))
    assert caught.value.message == "product: the gradient by b is wrong"
    assert caught.value.detail == "the worst at index (1, 0): analytic 2.25, numeric 2"


WRONG: list[tuple[str, Callable]] = [
    ("a sign", lambda dy, a, b: (-dy @ b.T, a.T @ dy)),
    ("a factor", lambda dy, a, b: (dy @ b.T, 1.001 * (a.T @ dy))),
    ("dy forgotten", lambda dy, a, b: (np.ones_like(dy) @ b.T, a.T @ dy)),
    ("the mean for the sum", lambda dy, a, b: (dy @ b.T, a.T @ dy / len(a))),
    ("a shape", lambda dy, a, b: ((dy @ b.T).T, a.T @ dy)),
    ("not a number", lambda dy, a, b: (dy @ b.T * np.nan, a.T @ dy)),
    ("an argument forgotten", lambda dy, a, b: dy @ b.T),
    ("nothing", lambda dy, a, b: None),
]


@pytest.mark.parametrize("backward", [w for _, w in WRONG], ids=[name for name, _ in WRONG])
def test_a_wrong_backward_function_does_not_pass(backward: Callable):
    rng = np.random.default_rng(0)
    with pytest.raises(CheckError, match="product"):
        gradcheck(product, backward, rng.standard_normal((2, 3)), rng.standard_normal((3, 4)))


def test_integer_arguments_are_passed_on_and_not_differentiated():
    def take(x: np.ndarray, index: np.ndarray) -> np.ndarray:
        return x[index] ** 2

    def backward(dy: np.ndarray, x: np.ndarray, index: np.ndarray) -> np.ndarray:
        dx = np.zeros_like(x)
        np.add.at(dx, index, 2 * x[index] * dy)
        return dx

    gradcheck(take, backward, np.linspace(1, 2, 4), np.array([0, 2, 2]))


def test_a_function_without_a_signature_has_numbered_arguments():
    with pytest.raises(CheckError, match=r"gradient by (x|argument 1) is wrong"):
        gradcheck(np.sin, lambda dy, x: dy * np.sin(x), np.array([0.5, 1.0]))


def test_float32_arguments_are_checked_in_float64():
    x = np.linspace(0.1, 1, 5, dtype=np.float32)
    gradcheck(np.exp, lambda dy, x: dy * np.exp(x), x, rtol=1e-10)


def test_a_gradient_of_torch_passes_as_its_own_backward_function():
    x = torch.linspace(-1, 1, 5, dtype=torch.float64)
    gradcheck(torch.tanh, lambda dy, x: dy * (1 - torch.tanh(x) ** 2), x)
