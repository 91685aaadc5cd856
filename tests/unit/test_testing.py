"""Comparisons that do not fall into the usual traps, and say what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from dlcourse.testing import (
    CheckError,
    check_array,
    check_bool,
    check_close,
    check_integers,
    check_number,
    check_that,
    check_tuple,
    check_unchanged,
    describe,
)


class Liar:
    """Claims to be whatever it is compared with."""

    shape, dtype, ndim, size = (3,), np.dtype(float), 1, 3
    __hash__ = None

    def __eq__(self, other: object) -> bool:
        return True

    def __array__(self, *args: object, **kwargs: object) -> np.ndarray:
        return np.zeros(3)

    def __array_ufunc__(self, *args: object, **kwargs: object) -> bool:
        return True

    def __bool__(self) -> bool:
        return True

    def __float__(self) -> float:
        return 0.0

    def __index__(self) -> int:
        return 0


class LyingArray(np.ndarray):
    """An array whose comparisons and arithmetic always please."""

    def __array_ufunc__(self, *args: object, **kwargs: object) -> np.ndarray:
        return np.zeros(3)


LIES: list[object] = [Liar(), np.zeros(3).view(LyingArray), np.ma.masked_all(3)]
floats = st.floats(-1e6, 1e6)


def refused(check: Callable[..., object], *args: object, **kwargs: Any) -> CheckError:
    with pytest.raises(CheckError) as raised:
        check(*args, **kwargs)
    return raised.value


# What assert_allclose lets pass


@pytest.mark.parametrize(
    ("actual", "expected", "words"),
    [
        (np.array([]), 3.0, "expected a number, got an array of shape (0,)"),
        (np.array([]), np.array([3.0]), "expected shape (1,), got (0,)"),
        (np.zeros((0, 3)), np.zeros((4, 3)), "expected shape (4, 3), got (0, 3)"),
        (5.0, np.full((3, 4), 5.0), "expected an array, got an object of type float"),
        (np.float64(5), np.full(3, 5.0), "expected an array"),
        (np.array(5.0), np.full(3, 5.0), "expected shape (3,), got ()"),
        (np.array([5.0]), np.full(3, 5.0), "expected shape (3,), got (1,)"),
        (np.full((1, 3), 5.0), np.full(3, 5.0), "expected shape (3,), got (1, 3)"),
        (np.full(3, 5.0), np.full((3, 1), 5.0), "expected shape (3, 1), got (3,)"),
        (np.array([5.0]), 5.0, "expected a number, got an array of shape (1,)"),
        (np.array([np.nan]), np.array([np.nan]), "1 of 1 entries are not finite"),
        (np.array([np.inf]), np.array([np.inf]), "not finite"),
        (np.nan, np.nan, "the number is not finite"),
        (np.inf, np.inf, "the number is not finite"),
        ([1.0, 2.0], np.array([1.0, 2.0]), "expected an array, got a list of length 2"),
        ((1.0, 2.0), np.array([1.0, 2.0]), "expected an array, got a tuple of length 2"),
        (np.array([1, 2]), np.array([1.0, 2.0]), "expected dtype float64, got int64"),
        (np.ones(2, np.float32), np.ones(2), "expected dtype float64, got float32"),
        (np.ones(2), np.ones(2, np.float32), "expected dtype float32, got float64"),
        (np.ones(2, complex), np.ones(2), "expected dtype float64, got complex128"),
        (np.array([True]), np.array([1.0]), "expected dtype float64, got bool"),
        (np.array(["1"]), np.array([1.0]), "expected dtype float64, got <U1"),
        (np.array([1.0], object), np.array([1.0]), "expected dtype float64, got object"),
        (None, np.ones(2), "expected an array, got None: is there a return?"),
        (None, 1.0, "expected a number, got None: is there a return?"),
        (True, 1.0, "expected a number, got an object of type bool"),
        (np.True_, 1.0, "expected a number"),
        ("1.0", 1.0, "expected a number, got an object of type str"),
        (1 + 0j, 1.0, "expected a number, got an object of type complex"),
        (np.complex128(1), 1.0, "expected a number"),
        (np.array("1.0"), 1.0, "expected a number"),
        (np.array(1 + 2j), 1.0, "expected a number"),
        (np.array(True), 1.0, "expected a number"),
        (10**400, 1.0, "expected a number"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_wrong_kind_is_refused_and_named(actual: object, expected: Any, words: str) -> None:
    error = refused(check_close, actual, expected, "loss")
    assert error.message.startswith("loss: ")
    assert words in error.message


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: type(lie).__name__)
def test_object_that_claims_to_be_equal_is_refused_by_every_check(lie: object) -> None:
    refused(check_close, lie, np.zeros(3), "x")
    refused(check_close, lie, 0.0, "x")
    refused(check_array, lie, (3,), "x")
    refused(check_number, lie, "x")
    refused(check_integers, lie, np.zeros(3, int), "x")
    refused(check_bool, lie, True, "x")
    refused(check_tuple, lie, 3, "x")
    refused(check_that, lie, "x")


def test_one_wrong_entry_among_many_is_found() -> None:
    expected = np.ones((50, 40))
    actual = expected.copy()
    actual[17, 3] = 2
    error = refused(check_close, actual, expected, "dX")
    assert error.message == "dX: 1 of 2000 entries are wrong"
    assert error.detail == "the worst at index (17, 3): got 2, expected 1"


def test_one_entry_that_is_not_finite_is_found() -> None:
    actual = np.ones((2, 2))
    actual[1, 0] = np.nan
    error = refused(check_close, actual, np.ones((2, 2)), "dX")
    assert error.message == "dX: 1 of 4 entries are not finite"
    assert "(1, 0)" in error.detail


def test_expected_value_that_is_not_a_number_passes_nothing() -> None:
    refused(check_close, np.ones(2), np.array([1.0, np.nan]), "dX")
    refused(check_close, 1.0, np.nan, "loss")


def test_message_gives_no_numbers_away() -> None:
    for actual, expected in ((np.array([0.125]), np.array([0.375])), (0.125, 0.375)):
        error = refused(check_close, actual, expected, "loss")
        assert "0.375" not in error.message
        assert "0.125" not in error.message
        assert "0.375" in error.detail


# What is right passes


@given(
    npst.arrays(
        st.sampled_from([np.float32, np.float64]), (2, 3), elements=st.floats(-99, 99, width=32)
    )
)
def test_array_equals_itself_in_value_type_and_dtype(array: np.ndarray) -> None:
    check_close(array.copy(), array, "x")
    check_array(array, (2, 3), "x")
    check_unchanged(array.copy(), array, "x")


@given(floats, st.floats(1e-3, 10))
def test_values_are_compared_within_both_tolerances(value: float, off: float) -> None:
    expected, bound = np.array([value]), 1e-7 * abs(value) + 1e-9
    check_close(expected + 0.5 * bound, expected, "x")
    refused(check_close, expected + 4 * bound + off, expected, "x")


@pytest.mark.parametrize(
    "number", [3, 3.0, np.float32(3), np.float64(3), np.int8(3), np.array(3.0), np.array(3)]
)
def test_one_number_may_come_in_any_honest_form(number: object) -> None:
    check_close(number, 3.0, "x")
    assert check_number(number, "x") == 3.0


def test_integers_of_any_width_are_integers() -> None:
    for dtype in (np.int64, np.int32, np.uint8, np.intp):
        check_integers(np.array([0, 2], dtype), np.array([0, 2]), "labels")


@pytest.mark.parametrize(
    ("actual", "words"),
    [
        (np.array([0.0, 2.0]), "expected integers, got dtype float64"),
        (np.array([False, True]), "expected integers, got dtype bool"),
        ([0, 2], "expected an array of integers, got a list of length 2"),
        (np.array([[0, 2]]), "expected shape (2,), got (1, 2)"),
        (np.array(0), "expected shape (2,), got ()"),
        (np.array([0, 3]), "1 of 2 entries are wrong"),
    ],
)
def test_what_is_no_array_of_the_right_integers_is_refused(actual: object, words: str) -> None:
    assert words in refused(check_integers, actual, np.array([0, 2]), "labels").message


def test_truth_must_be_a_truth_value() -> None:
    check_bool(True, True, "x")
    check_bool(np.False_, False, "x")
    for odd in (1, 0, None, "True", np.array(True), np.array([True])):
        refused(check_bool, odd, True, "x")
    assert refused(check_bool, False, True, "x").message == "x: the answer is wrong"


def test_condition_must_be_exactly_true() -> None:
    check_that(True, "x")
    check_that(np.True_, "x")
    for odd in (1, "yes", [1], np.array(True), np.array([True, True]), None, False, np.False_):
        refused(check_that, odd, "x")


def test_tuple_or_list_of_the_right_length_is_given_back_as_a_tuple() -> None:
    assert check_tuple([1, 2], 2, "x") == (1, 2)
    assert check_tuple((1, 2), 2, "x") == (1, 2)
    assert "got 3" in refused(check_tuple, (1, 2, 3), 2, "x").message
    for odd in (np.zeros(2), {1, 2}, {1: 2, 3: 4}, "ab", None):
        refused(check_tuple, odd, 2, "x")


@pytest.mark.parametrize(
    "after",
    [
        np.array([1.0, 2.5]),
        np.array([1.0, 2.0], np.float32),
        np.array([[1.0, 2.0]]),
        np.array([1.0, np.nan]),
    ],
)
def test_any_change_of_an_argument_is_seen(after: np.ndarray) -> None:
    error = refused(check_unchanged, np.array([1.0, 2.0]), after, "w")
    assert "changes its argument" in error.message


def test_zero_that_became_minus_zero_is_a_change_and_nan_that_stayed_is_none() -> None:
    refused(check_unchanged, np.array([0.0]), np.array([-0.0]), "w")
    check_unchanged(np.array([np.nan]), np.array([np.nan]), "w")


def test_torch_arrays_are_arrays_too() -> None:
    torch = pytest.importorskip("torch")
    check_close(torch.ones(2), np.ones(2, np.float32), "x")
    refused(check_close, torch.ones(2), np.ones(2), "x")
    refused(check_close, torch.full((2,), torch.nan), np.ones(2, np.float32), "x")
    check_close(torch.tensor(3.0), 3.0, "x")


# Words


def test_error_is_an_assertion_that_says_message_and_detail() -> None:
    error = CheckError("loss: the value is wrong", "got 1, expected 2")
    assert isinstance(error, AssertionError)
    assert str(error) == "loss: the value is wrong (got 1, expected 2)"
    assert str(CheckError("no detail")) == "no detail"


class Loud:
    def __repr__(self) -> str:
        raise RuntimeError("asked for its words")

    __str__ = __repr__


def test_description_says_what_a_value_is_and_never_asks_it() -> None:
    assert describe(Loud()) == "an object of type Loud"
    assert describe({1: 2}) == "a dict of length 1"
    assert describe(np.array(3.0)) == "an array without dimensions"
    assert "42" not in describe([42])
