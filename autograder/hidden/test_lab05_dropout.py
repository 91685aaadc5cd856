"""Hidden tests of lab 05: masks by their statistics, all else by masks and generators handed in.

Long, since one file a lab is the contract; its sections follow the tasks.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from autograder.arguments import (
    Layers,
    Shape,
    check_same_arguments,
    check_same_layers,
    check_single,
    copied_layers,
    copies,
    in_float32,
    layers_in_float32,
)
from autograder.grading import Student
from autograder.probes import Recorder
from dlcourse.testing import (
    CheckError,
    check_array,
    check_close,
    check_that,
    check_tuple,
    check_unchanged,
    describe,
)

Generator = np.random.Generator


def a_mask(rng: Generator, shape: Shape) -> np.ndarray:
    """Two thirds of the entries on, in random places: a share that is no test's `keep`."""
    places = rng.permutation(math.prod(shape)).reshape(shape)
    return (places % 3 > 0).astype(np.float64)


def dropped(y: np.ndarray, mask: np.ndarray, keep: float) -> np.ndarray:
    """What inverted dropout makes of y, and of a derivative on its way back; dtype kept."""
    out = np.zeros_like(y)
    on = mask == 1
    out[on] = y[on] / keep
    return out


# dropout_mask


def zeros_and_ones(mask: object, shape: Shape) -> np.ndarray:
    """`mask` as floats, once it is an array of this shape and of zeros and ones, of any dtype."""
    if type(mask) is not np.ndarray:
        raise CheckError(f"the mask: expected an array, got {describe(mask)}")
    check_that(mask.shape == shape, f"the mask: expected shape {shape}, got {mask.shape}")
    check_that(mask.dtype.kind in "fiub", f"the mask: expected numbers, got dtype {mask.dtype}")
    check_that(bool(np.isin(mask, (0, 1)).all()), "the mask has other entries than 0 and 1")
    return np.asarray(mask, dtype=np.float64)


@pytest.mark.task("dropout_mask")
def test_mask_has_the_shape_asked_for_and_zeros_and_ones_alone(
    student: Student, student_rng: Generator
) -> None:
    """Both kinds are there, but for one secret in 10⁴¹: that many ways has 139 entries at ½."""
    shapes = [(7,), (3, 4), (2, 3, 4, 5)]
    masks = [zeros_and_ones(student.dropout_mask(s, 0.5, student_rng), s) for s in shapes]
    entries = np.concatenate([mask.ravel() for mask in masks])
    check_that(0 < entries.sum() < entries.size, "the entries of the masks are all the same")


@pytest.mark.task("dropout_mask")
def test_mask_is_of_floating_point_numbers(student: Student, student_rng: Generator) -> None:
    mask = student.dropout_mask((9, 8), 0.5, student_rng)
    entries = zeros_and_ones(mask, (9, 8))
    check_that(0 < entries.sum() < entries.size, "the entries of the mask are all the same")
    check_array(mask, (9, 8), "the mask", dtype=np.float64)


@pytest.mark.task("dropout_mask")
def test_everything_is_kept_at_one_and_hardly_anything_near_zero(
    student: Student, student_rng: Generator
) -> None:
    """Of 2000 entries at 0.02, none is on with probability 3e-18, and 200 never are."""
    everything = zeros_and_ones(student.dropout_mask((40, 50), 1.0, student_rng), (40, 50))
    check_that(bool((everything == 1).all()), "the mask at keep = 1 has zeros")
    few = zeros_and_ones(student.dropout_mask((40, 50), 0.02, student_rng), (40, 50))
    check_that(0 < few.sum() < 200, "the mask at a small keep has another share of ones")


@pytest.mark.task("dropout_mask", weight=2)
@pytest.mark.parametrize("keep", [0.6, 0.85])
def test_entries_are_on_with_probability_keep(
    student: Student, student_rng: Generator, keep: float
) -> None:
    """A right answer is refused with probability 4e-8 (5.5σ); `keep` off by 3 % is 9σ and more."""
    shape = (300, 200)
    mask = zeros_and_ones(student.dropout_mask(shape, keep, student_rng), shape)
    sigma = math.sqrt(keep * (1 - keep) / mask.size)
    score = (float(mask.mean()) - keep) / sigma
    check_that(
        abs(score) < 5.5,
        f"the entries are on too {'often' if score > 0 else 'seldom'} for this keep",
        f"keep {keep}, {mask.mean():.4f} of them",
    )


@pytest.mark.task("dropout_mask", weight=2)
def test_entries_are_drawn_one_by_one(student: Student, student_rng: Generator) -> None:
    """A right answer is refused with probability below 1e-7.

    With independent entries, the sums of the 300 rows vary as χ²(300) says, which leaves 0.5…1.7
    with probability 1e-12; those of the 200 columns, 3e-9. Products of neighbours are 5.5σ away
    with probability 4e-8 each.
    """
    keep, (rows, columns) = 0.3, (300, 200)
    mask = zeros_and_ones(student.dropout_mask((rows, columns), keep, student_rng), (rows, columns))
    off_mean, variance = mask - keep, keep * (1 - keep)
    by_row = float((off_mean.sum(axis=1) ** 2).mean()) / (columns * variance)
    by_column = float((off_mean.sum(axis=0) ** 2).mean()) / (rows * variance)
    check_that(
        0.5 < by_row < 1.7, "the entries of a row depend on one another", f"ratio {by_row:.2f}"
    )
    check_that(
        0.5 < by_column < 1.7,
        "the rows' entries depend on one another: each has to have draws of its own",
        f"ratio {by_column:.2f}",
    )
    for pairs in (off_mean[1:] * off_mean[:-1], off_mean[:, 1:] * off_mean[:, :-1]):
        score = float(pairs.sum()) / (variance * math.sqrt(pairs.size))
        check_that(abs(score) < 5.5, "neighbouring entries depend on one another")


@pytest.mark.task("dropout_mask")
def test_number_of_units_that_stay_on_is_a_matter_of_chance(
    student: Student, student_rng: Generator
) -> None:
    """20 masks of 4 entries have all the same number with probability 3e-9."""
    masks = (student.dropout_mask((4,), 0.5, student_rng) for _ in range(20))
    counts = {int(zeros_and_ones(mask, (4,)).sum()) for mask in masks}
    check_that(len(counts) > 1, "every mask has the same number of ones")


@pytest.mark.task("dropout_mask", weight=2)
def test_mask_follows_from_the_generator_and_changes_with_every_call(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    """Two masks of 80 entries at ½ are equal with probability 1e-24."""
    twin = copy.deepcopy(student_rng)
    first, second, again, other = (
        zeros_and_ones(student.dropout_mask((8, 10), 0.5, generator), (8, 10)).tolist()
        for generator in (student_rng, student_rng, twin, rng)
    )
    check_that(first == again, "the same generator gives other masks: is the chance rng's?")
    check_that(first != second, "two calls on one generator give the same mask")
    check_that(first != other, "another generator gives the same mask")


# dropout_forward


SHAPES_AND_KEEPS = pytest.mark.parametrize(
    ("shape", "keep"), [((12,), 0.8), ((6, 6), 0.35), ((2, 3, 4, 2), 0.9)]
)


@pytest.mark.task("dropout_forward", weight=2)
@SHAPES_AND_KEEPS
def test_units_that_stay_on_make_up_for_the_others(
    student: Student, rng: Generator, shape: Shape, keep: float
) -> None:
    y, mask = rng.normal(size=shape), a_mask(rng, shape)
    check_close(student.dropout_forward(*copies(y, mask), keep), dropped(y, mask, keep), "y")


@pytest.mark.task("dropout_forward")
def test_output_has_this_mean_and_mean_square_over_all_masks(
    student: Student, rng: Generator
) -> None:
    keep, y = 0.7, rng.normal(size=3)
    mean, mean_square = np.zeros(3), np.zeros(3)
    for bits in itertools.product((0.0, 1.0), repeat=3):
        out = student.dropout_forward(y.copy(), np.array(bits), keep)
        check_array(out, (3,), "y after dropout")
        probability = math.prod(keep if bit else 1 - keep for bit in bits)
        mean += probability * np.asarray(out)
        mean_square += probability * np.asarray(out) ** 2
    check_close(mean, y, "the expectation of y after dropout")
    check_close(mean_square, y**2 / keep, "the mean square of y after dropout")


@pytest.mark.task("dropout_forward")
def test_forward_without_dropout_changes_nothing(student: Student, rng: Generator) -> None:
    y, mask = rng.normal(size=(4, 5)), a_mask(rng, (4, 5))
    out = student.dropout_forward(y.copy(), np.ones((4, 5)), 1.0)
    check_close(out, y, "y with every unit kept at keep = 1")
    check_close(student.dropout_forward(*copies(y, mask), 0.5), 2 * y * mask, "y at keep = 0.5")


@pytest.mark.task("dropout_forward")
def test_scale_comes_from_keep_whatever_the_mask_has_drawn(
    student: Student, rng: Generator
) -> None:
    y = rng.normal(size=(3, 4))
    mask = np.zeros((3, 4))
    mask[1, 2] = 1.0
    for chance in (mask, 1 - mask):
        out = student.dropout_forward(*copies(y, chance), 0.6)
        check_close(out, dropped(y, chance, 0.6), "y")


@pytest.mark.task("dropout_forward")
@pytest.mark.parametrize("dtype", ["bool", "int64", "float32"])
def test_forward_takes_masks_of_any_dtype(student: Student, rng: Generator, dtype: str) -> None:
    y, mask = rng.normal(size=(5, 4)), a_mask(rng, (5, 4))
    out = student.dropout_forward(y.copy(), mask.astype(dtype), 0.75)
    check_close(out, dropped(y, mask, 0.75), "y")


@pytest.mark.task("dropout_forward")
def test_forward_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    (y,), mask = in_float32(rng.normal(size=(6, 5))), a_mask(rng, (6, 5))
    before = copies(y, mask)
    expected = dropped(y, mask, 0.8)
    check_single(student.dropout_forward(y, mask, 0.8), expected, "y")
    check_same_arguments(before, y=y, mask=mask)


# dropout_backward


@pytest.mark.task("dropout_backward", weight=2)
@SHAPES_AND_KEEPS
def test_derivative_passes_where_and_as_the_forward_pass_did(
    student: Student, rng: Generator, shape: Shape, keep: float
) -> None:
    dout, mask = rng.normal(size=shape), a_mask(rng, shape)
    dy = student.dropout_backward(*copies(dout, mask), keep)
    check_close(dy, dropped(dout, mask, keep), "the derivative")


@pytest.mark.task("dropout_backward")
def test_derivative_without_dropout_passes_as_it_is(student: Student, rng: Generator) -> None:
    dout, mask = rng.normal(size=(4, 5)), a_mask(rng, (4, 5))
    dy = student.dropout_backward(dout.copy(), np.ones((4, 5)), 1.0)
    check_close(dy, dout, "the derivative with every unit kept at keep = 1")
    halved = student.dropout_backward(*copies(dout, mask), 0.5)
    check_close(halved, 2 * dout * mask, "the derivative at keep = 0.5")


@pytest.mark.task("dropout_backward")
def test_derivative_is_that_of_small_steps(student: Student, rng: Generator) -> None:
    y, dout, mask = rng.normal(size=6), rng.normal(size=6), np.array([1.0, 0, 1, 1, 0, 1])
    rises = [
        float(dout @ (dropped(y + step, mask, 0.65) - dropped(y - step, mask, 0.65)))
        for step in 0.5 * np.eye(6)
    ]
    dy = student.dropout_backward(*copies(dout, mask), 0.65)
    check_close(dy, np.array(rises), "the derivative")


@pytest.mark.task("dropout_backward")
def test_derivatives_scale_comes_from_keep_whatever_the_mask_has_drawn(
    student: Student, rng: Generator
) -> None:
    dout = rng.normal(size=(3, 4))
    mask = np.zeros((3, 4))
    mask[2, 1] = 1.0
    for chance in (mask, 1 - mask):
        dy = student.dropout_backward(*copies(dout, chance), 0.6)
        check_close(dy, dropped(dout, chance, 0.6), "the derivative")


@pytest.mark.task("dropout_backward")
@pytest.mark.parametrize("dtype", ["bool", "int64", "float32"])
def test_backward_takes_masks_of_any_dtype(student: Student, rng: Generator, dtype: str) -> None:
    dout, mask = rng.normal(size=(5, 4)), a_mask(rng, (5, 4))
    dy = student.dropout_backward(dout.copy(), mask.astype(dtype), 0.75)
    check_close(dy, dropped(dout, mask, 0.75), "the derivative")


@pytest.mark.task("dropout_backward")
def test_backward_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    (dout,), mask = in_float32(rng.normal(size=(6, 5))), a_mask(rng, (6, 5))
    before = copies(dout, mask)
    expected = dropped(dout, mask, 0.8)
    check_single(student.dropout_backward(dout, mask, 0.8), expected, "the derivative")
    check_same_arguments(before, dout=dout, mask=mask)


# weight_scaling


def scaled(W: np.ndarray, keep: float) -> np.ndarray:
    """What `weight_scaling` is to return, entry by entry."""
    rows = [[keep * float(entry) for entry in row] for row in W]
    return np.array(rows, dtype=W.dtype)


@pytest.mark.task("weight_scaling", weight=2)
@pytest.mark.parametrize(("shape", "keep"), [((5, 3), 0.8), ((4, 4), 0.35), ((1, 6), 0.9)])
def test_every_weight_shrinks_as_its_input_was_rarer_in_training(
    student: Student, rng: Generator, shape: Shape, keep: float
) -> None:
    W = rng.normal(size=shape)
    check_close(student.weight_scaling(W.copy(), keep), scaled(W, keep), "W")


@pytest.mark.task("weight_scaling")
def test_layer_with_scaled_weights_gives_the_mean_over_all_masks(
    student: Student, rng: Generator
) -> None:
    keep, x, W, b = 0.7, rng.normal(size=4), rng.normal(size=(4, 3)), rng.normal(size=3)
    result = student.weight_scaling(W.copy(), keep)
    check_array(result, (4, 3), "W")
    at_test = np.einsum("d,dm->m", x, result) + b
    check_close(at_test, mean_over_masks(W, b, x, keep), "the layer's output at test time")


@pytest.mark.task("weight_scaling")
def test_weights_without_dropout_stay(student: Student, rng: Generator) -> None:
    W = rng.normal(size=(3, 5))
    check_close(student.weight_scaling(W.copy(), 1.0), W, "W at keep = 1")
    check_close(student.weight_scaling(W.copy(), 0.25), W / 4, "W at keep = 1/4")


@pytest.mark.task("weight_scaling")
def test_scaling_in_float32_stays_there_and_leaves_the_weights_alone(
    student: Student, rng: Generator
) -> None:
    (W,) = in_float32(rng.normal(size=(5, 4)))
    before = W.copy()
    check_single(student.weight_scaling(W, 0.6), scaled(before, 0.6), "W")
    check_unchanged(before, W, "W")


# exact_ensemble


def mean_over_masks(W: np.ndarray, b: np.ndarray, x: np.ndarray, keep: float) -> np.ndarray:
    """What `exact_ensemble` is to return."""
    total = np.zeros(b.shape)
    for on in itertools.product((False, True), repeat=len(x)):
        probability = math.prod(keep if kept else 1 - keep for kept in on)
        total += probability * (x[list(on)] @ W[list(on)] + b)
    return total.astype(x.dtype)


@pytest.mark.task("exact_ensemble", weight=2)
@pytest.mark.parametrize(
    ("inputs", "outputs", "keep"), [(5, 3, 0.8), (4, 4, 0.35), (1, 2, 0.6), (3, 1, 0.9)]
)
def test_ensemble_weighs_every_mask_by_its_probability(
    student: Student, rng: Generator, inputs: int, outputs: int, keep: float
) -> None:
    W, b, x = rng.normal(size=(inputs, outputs)), rng.normal(size=outputs), rng.normal(size=inputs)
    result = student.exact_ensemble(*copies(W, b, x), keep)
    check_close(result, mean_over_masks(W, b, x, keep), "the ensemble's output")


@pytest.mark.task("exact_ensemble")
def test_ensemble_of_a_thousand_masks_is_the_layer_with_scaled_weights(
    student: Student, rng: Generator
) -> None:
    W, b, x = rng.normal(size=(10, 2)), rng.normal(size=2), rng.normal(size=10)
    result = student.exact_ensemble(*copies(W, b, x), 0.45)
    check_close(result, 0.45 * (x @ W) + b, "the ensemble's output")


@pytest.mark.task("exact_ensemble")
def test_every_subnetwork_has_the_whole_bias(student: Student, rng: Generator) -> None:
    W, b, x = rng.normal(size=(4, 3)), rng.uniform(1.0, 2.0, size=3), rng.normal(size=4)
    for keep in (0.3, 0.85):
        at_zero = student.exact_ensemble(*copies(W, b), np.zeros(4), keep)
        check_close(at_zero, b, "the ensemble's output where x is zero")
    expected = 0.3 * (x @ W)
    check_close(
        student.exact_ensemble(W.copy(), np.zeros(3), x.copy(), 0.3),
        expected,
        "the ensemble's output where b is zero",
    )


@pytest.mark.task("exact_ensemble")
def test_ensemble_without_dropout_is_the_layer_itself(student: Student, rng: Generator) -> None:
    W, b, x = rng.normal(size=(5, 3)), rng.normal(size=3), rng.normal(size=5)
    result = student.exact_ensemble(*copies(W, b, x), 1.0)
    check_close(result, x @ W + b, "the ensemble's output at keep = 1")


@pytest.mark.task("exact_ensemble")
def test_ensemble_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    W, b, x = in_float32(rng.normal(size=(5, 3)), rng.normal(size=3), rng.normal(size=5))
    before = copies(W, b, x)
    expected = mean_over_masks(W, b, x, 0.7)
    check_single(student.exact_ensemble(W, b, x, 0.7), expected, "the ensemble's output")
    check_same_arguments(before, W=W, b=b, x=x)


# mc_dropout


def dropped_layer(W: np.ndarray, shape: Shape) -> Recorder:
    """A random prediction, from a linear layer with dropout on its input, that keeps its calls."""

    def predict(x: np.ndarray, rng: Generator) -> np.ndarray:
        prediction: np.ndarray = dropped(x, (rng.random(x.shape) < 0.7).astype(x.dtype), 0.7) @ W
        return prediction

    return Recorder(predict, x=shape, rng=None)


def drawn(W: np.ndarray, x: np.ndarray, samples: int, rng: Generator) -> np.ndarray:
    """The predictions that these calls give, one after the other, on a generator."""
    predict = dropped_layer(W, x.shape)
    return np.stack([predict(x, rng) for _ in range(samples)])


def check_mean_and_std(result: object, predictions: np.ndarray, *, single: bool = False) -> None:
    """`result` is (mean, std) of the predictions."""
    mean, std = check_tuple(result, 2, "the result")
    rtol, atol = (1e-4, 1e-5) if single else (1e-7, 1e-9)
    center = predictions.mean(axis=0)
    spread = np.sqrt(((predictions - center) ** 2).mean(axis=0))
    check_close(mean, center, "the mean over the samples", rtol=rtol, atol=atol)
    check_close(std, spread, "the std over the samples", rtol=rtol, atol=atol)


@pytest.mark.task("mc_dropout", weight=2)
@pytest.mark.parametrize(("outputs", "samples"), [((2,), 7), ((), 3), ((4,), 25)])
def test_predictions_on_one_generator_have_this_mean_and_std(
    student: Student, rng: Generator, student_rng: Generator, outputs: Shape, samples: int
) -> None:
    x, W = rng.normal(size=(4, 6)), rng.normal(size=(6, *outputs))
    predictions = drawn(W, x, samples, copy.deepcopy(student_rng))
    predict = dropped_layer(W, x.shape)
    result = student.mc_dropout(predict, x.copy(), samples, student_rng)
    check_mean_and_std(result, predictions)


@pytest.mark.task("mc_dropout")
def test_every_sample_is_one_call_with_the_whole_input(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    x, W = rng.normal(size=(3, 5)), rng.normal(size=(5, 2))
    predictions = drawn(W, x, 9, copy.deepcopy(student_rng))
    predict = dropped_layer(W, x.shape)
    result = student.mc_dropout(predict, x.copy(), 9, student_rng)
    check_that(len(predict.calls) == 9, "9 samples are 9 predictions", f"got {len(predict.calls)}")
    for call in predict.calls:
        check_close(call["x"], x, "the x of a prediction")
    check_mean_and_std(result, predictions)


@pytest.mark.task("mc_dropout")
def test_second_estimate_goes_on_where_the_generator_stands(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    x, W = rng.normal(size=(3, 6)), rng.normal(size=(6, 2))
    twin = copy.deepcopy(student_rng)
    for _ in range(2):
        predictions = drawn(W, x, 5, twin)
        result = student.mc_dropout(dropped_layer(W, x.shape), x.copy(), 5, student_rng)
        check_mean_and_std(result, predictions)


@pytest.mark.task("mc_dropout")
def test_single_sample_is_its_own_mean_without_spread(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    x, W = rng.normal(size=(4, 6)), rng.normal(size=(6, 3))
    predictions = drawn(W, x, 1, copy.deepcopy(student_rng))
    result = student.mc_dropout(dropped_layer(W, x.shape), x.copy(), 1, student_rng)
    check_mean_and_std(result, predictions)


@pytest.mark.task("mc_dropout")
def test_samples_may_be_of_another_shape_than_the_input(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    x = rng.normal(size=(2, 3))
    twin = copy.deepcopy(student_rng)
    predictions = np.stack([2.0 + twin.normal(size=(3, 2, 4)) for _ in range(6)])
    predict = Recorder(lambda x, rng: 2.0 + rng.normal(size=(3, 2, 4)), x=(2, 3), rng=None)
    result = student.mc_dropout(predict, x.copy(), 6, student_rng)
    check_mean_and_std(result, predictions)


@pytest.mark.task("mc_dropout")
def test_samples_in_float32_stay_there_and_x_is_left_alone(
    student: Student, rng: Generator, student_rng: Generator
) -> None:
    x, W = in_float32(rng.normal(size=(4, 6)), rng.normal(size=(6, 2)))
    before = x.copy()
    predictions = drawn(W, before, 8, copy.deepcopy(student_rng))
    result = student.mc_dropout(dropped_layer(W, x.shape), x, 8, student_rng)
    check_mean_and_std(result, predictions, single=True)
    check_unchanged(before, x, "x")


# dropout_mlp_forward


def perceptron(rng: Generator, widths: Sequence[int]) -> Layers:
    """Layers (W, b) of these widths, with biases that matter."""
    return [
        (rng.normal(size=(d, m)), rng.choice([-1, 1], size=m) * rng.uniform(0.3, 0.9, size=m))
        for d, m in itertools.pairwise(widths)
    ]


def masks_for(rng: Generator, rows: int, widths: Sequence[int]) -> list[np.ndarray]:
    """A mask for the input of every layer."""
    return [a_mask(rng, (rows, width)) for width in widths[:-1]]


def layer_inputs(
    x: np.ndarray, weights: Layers, masks: Sequence[np.ndarray], keep: float
) -> list[np.ndarray]:
    """The input of every layer, after its dropout, then the logits."""
    passed = []
    z = x
    for k, (W, b) in enumerate(weights):
        y = z if k == 0 else np.where(z > 0, z, np.zeros_like(z))
        passed.append(dropped(y, masks[k], keep))
        z = np.einsum("nd,dm->nm", passed[-1], W) + b
    return [*passed, z]


def check_inputs(cache: object, inputs: Sequence[np.ndarray], tolerance: float = 1e-7) -> None:
    """The cache's "inputs" are these arrays."""
    found = check_tuple(entry(cache, "inputs"), len(inputs), 'the "inputs" of the cache')
    for k, (layer_input, expected) in enumerate(zip(found, inputs, strict=True)):
        name = f"the input of layer {k} in the cache"
        check_close(layer_input, expected, name, rtol=tolerance, atol=tolerance / 10)


def entry(cache: object, name: str) -> Any:
    """The cache's entry of this name."""
    if not isinstance(cache, dict):
        raise CheckError(f"the cache: expected a dict, got {describe(cache)}")
    check_that(name in cache, f'the cache has no entry "{name}"')
    return cache[name]


NETWORKS = pytest.mark.parametrize(
    ("widths", "keep"), [((3, 2), 0.35), ((4, 5, 3), 0.8), ((4, 4, 4, 4), 0.6)]
)


@pytest.mark.task("dropout_mlp_forward", weight=2)
@NETWORKS
def test_logits_come_through_dropout_on_every_layers_input(
    student: Student, rng: Generator, widths: Sequence[int], keep: float
) -> None:
    x, weights = rng.normal(size=(8, widths[0])), perceptron(rng, widths)
    masks = masks_for(rng, 8, widths)
    result = student.dropout_mlp_forward(x.copy(), copied_layers(weights), copies(*masks), keep)
    logits, _ = check_tuple(result, 2, "the result")
    check_close(logits, layer_inputs(x, weights, masks, keep)[-1], "logits")


@pytest.mark.task("dropout_mlp_forward")
@NETWORKS
def test_cache_has_the_input_of_every_layer_after_its_dropout(
    student: Student, rng: Generator, widths: Sequence[int], keep: float
) -> None:
    x, weights = rng.normal(size=(8, widths[0])), perceptron(rng, widths)
    masks = masks_for(rng, 8, widths)
    result = student.dropout_mlp_forward(x.copy(), copied_layers(weights), copies(*masks), keep)
    _, cache = check_tuple(result, 2, "the result")
    check_inputs(cache, layer_inputs(x, weights, masks, keep)[:-1])


@pytest.mark.task("dropout_mlp_forward")
def test_cache_has_the_masks_and_keep(student: Student, rng: Generator) -> None:
    widths = (3, 5, 4, 2)
    x, weights = rng.normal(size=(6, 3)), perceptron(rng, widths)
    masks = masks_for(rng, 6, widths)
    result = student.dropout_mlp_forward(x.copy(), copied_layers(weights), copies(*masks), 0.65)
    _, cache = check_tuple(result, 2, "the result")
    found = check_tuple(entry(cache, "masks"), 3, 'the "masks" of the cache')
    for mask, expected in zip(found, masks, strict=True):
        check_that(
            bool((zeros_and_ones(mask, expected.shape) == expected).all()),
            "a mask in the cache is not the one that was handed in",
        )
    check_close(entry(cache, "keep"), 0.65, 'the "keep" of the cache')


@pytest.mark.task("dropout_mlp_forward")
def test_rows_whose_last_hidden_units_are_all_off_give_the_biases(
    student: Student, rng: Generator
) -> None:
    widths = (3, 6, 4)
    x, weights, masks = rng.normal(size=(5, 3)), perceptron(rng, widths), masks_for(rng, 5, widths)
    masks[1][[0, 3]] = 0.0
    result = student.dropout_mlp_forward(x.copy(), copied_layers(weights), copies(*masks), 0.8)
    logits, _ = check_tuple(result, 2, "the result")
    check_array(logits, (5, 4), "logits")
    biases = np.tile(weights[1][1], (2, 1))
    check_close(np.asarray(logits)[[0, 3]], biases, "logits of rows without a hidden unit")
    check_close(logits, layer_inputs(x, weights, masks, 0.8)[-1], "logits")


@pytest.mark.task("dropout_mlp_forward")
def test_network_without_dropout_is_a_plain_one(student: Student, rng: Generator) -> None:
    widths = (4, 6, 5, 3)
    x, weights = rng.normal(size=(5, 4)), perceptron(rng, widths)
    masks = [np.ones((5, width)) for width in widths[:-1]]
    result = student.dropout_mlp_forward(x.copy(), copied_layers(weights), copies(*masks), 1.0)
    logits, cache = check_tuple(result, 2, "the result")
    *inputs, expected = layer_inputs(x, weights, masks, 1.0)
    check_close(logits, expected, "logits with every unit kept at keep = 1")
    check_inputs(cache, inputs)


@pytest.mark.task("dropout_mlp_forward")
def test_network_takes_masks_of_booleans(student: Student, rng: Generator) -> None:
    widths = (4, 5, 3)
    x, weights = rng.normal(size=(7, 4)), perceptron(rng, widths)
    masks = [mask.astype(bool) for mask in masks_for(rng, 7, widths)]
    result = student.dropout_mlp_forward(x.copy(), copied_layers(weights), copies(*masks), 0.7)
    logits, _ = check_tuple(result, 2, "the result")
    check_close(logits, layer_inputs(x, weights, masks, 0.7)[-1], "logits")


@pytest.mark.task("dropout_mlp_forward")
def test_network_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    widths = (3, 5, 4, 2)
    (x,), masks = in_float32(rng.normal(size=(6, 3))), masks_for(rng, 6, widths)
    weights = layers_in_float32(perceptron(rng, widths))
    before, weights_before = copies(x, *masks), copied_layers(weights)
    *inputs, expected = layer_inputs(x, weights, masks, 0.8)
    inputs, (expected,) = copies(*inputs), copies(expected)
    result = student.dropout_mlp_forward(x, list(weights), list(masks), 0.8)
    logits, cache = check_tuple(result, 2, "the result")
    check_single(logits, expected, "logits")
    check_inputs(cache, inputs, tolerance=1e-4)
    check_same_arguments(before[:1], x=x)
    check_same_layers(weights_before, weights)
    for old, mask in zip(before[1:], masks, strict=True):
        check_unchanged(old, mask, "masks")


# dropout_mlp_backward


def backpropagated(
    dlogits: np.ndarray,
    weights: Layers,
    inputs: Sequence[np.ndarray],
    masks: Sequence[np.ndarray],
    keep: float,
) -> Layers:
    """What `dropout_mlp_backward` is to return."""
    gradients: Layers = []
    dz = dlogits
    for k in range(len(weights) - 1, -1, -1):
        gradients.insert(0, (np.einsum("nd,nm->dm", inputs[k], dz), np.einsum("nm->m", dz)))
        if k > 0:
            z = np.einsum("nd,dm->nm", inputs[k - 1], weights[k - 1][0]) + weights[k - 1][1]
            dy = dropped(np.einsum("nm,dm->nd", dz, weights[k][0]), masks[k], keep)
            dz = np.where(z > 0, dy, np.zeros_like(dy))
    return gradients


def cache_of(
    inputs: Sequence[np.ndarray], masks: Sequence[np.ndarray], keep: float
) -> dict[str, Any]:
    """The cache of a forward pass, made anew for a student to spoil."""
    return {"inputs": copies(*inputs), "masks": copies(*masks), "keep": keep}


def check_gradients(
    result: object, expected: Layers, which: Sequence[int] = (0, 1), tolerance: float = 1e-7
) -> None:
    """Weights' (0) or biases' (1) gradients, or both, are those of `expected`."""
    layers = check_tuple(result, len(expected), "the list of gradients")
    pairs = [check_tuple(pair, 2, "the gradients of a layer") for pair in layers]
    for k, pair in enumerate(pairs):
        for i in which:
            name = f"{('dW', 'db')[i]} of layer {k}"
            check_close(pair[i], expected[k][i], name, rtol=tolerance, atol=tolerance / 10)


@pytest.mark.task("dropout_mlp_backward", weight=2)
@NETWORKS
def test_weights_of_every_layer_get_the_gradient_of_their_subnetworks(
    student: Student, rng: Generator, widths: Sequence[int], keep: float
) -> None:
    x, weights = rng.normal(size=(8, widths[0])), perceptron(rng, widths)
    masks = masks_for(rng, 8, widths)
    *inputs, logits = layer_inputs(x, weights, masks, keep)
    dlogits = rng.normal(size=logits.shape)
    result = student.dropout_mlp_backward(
        dlogits.copy(), copied_layers(weights), cache_of(inputs, masks, keep)
    )
    check_gradients(result, backpropagated(dlogits, weights, inputs, masks, keep), which=[0])


@pytest.mark.task("dropout_mlp_backward")
@NETWORKS
def test_biases_of_every_layer_get_the_gradient_of_their_subnetworks(
    student: Student, rng: Generator, widths: Sequence[int], keep: float
) -> None:
    x, weights = rng.normal(size=(8, widths[0])), perceptron(rng, widths)
    masks = masks_for(rng, 8, widths)
    *inputs, logits = layer_inputs(x, weights, masks, keep)
    dlogits = rng.normal(size=logits.shape)
    result = student.dropout_mlp_backward(
        dlogits.copy(), copied_layers(weights), cache_of(inputs, masks, keep)
    )
    check_gradients(result, backpropagated(dlogits, weights, inputs, masks, keep), which=[1])


@pytest.mark.task("dropout_mlp_backward")
def test_unit_that_is_dropped_in_every_row_learns_nothing_and_passes_nothing_on(
    student: Student, rng: Generator
) -> None:
    widths = (3, 5, 4, 2)
    x, weights, masks = rng.normal(size=(6, 3)), perceptron(rng, widths), masks_for(rng, 6, widths)
    masks[0][:, 1] = masks[1][:, 2] = masks[2][:, 0] = 0.0
    *inputs, logits = layer_inputs(x, weights, masks, 0.8)
    dlogits = rng.normal(size=logits.shape)
    result = student.dropout_mlp_backward(
        dlogits.copy(), copied_layers(weights), cache_of(inputs, masks, 0.8)
    )
    check_gradients(result, backpropagated(dlogits, weights, inputs, masks, 0.8))


@pytest.mark.task("dropout_mlp_backward")
def test_gradients_without_dropout_are_those_of_a_plain_network(
    student: Student, rng: Generator
) -> None:
    """Its first hidden units put out next to nothing, and pass their derivative on in full."""
    widths = (4, 6, 5, 3)
    x, weights = rng.normal(size=(5, 4)), perceptron(rng, widths)
    weights[0] = (1e-5 * weights[0][0], 1e-5 * weights[0][1])
    masks = [np.ones((5, width)) for width in widths[:-1]]
    *inputs, logits = layer_inputs(x, weights, masks, 1.0)
    dlogits = rng.normal(size=logits.shape)
    result = student.dropout_mlp_backward(
        dlogits.copy(), copied_layers(weights), cache_of(inputs, masks, 1.0)
    )
    check_gradients(result, backpropagated(dlogits, weights, inputs, masks, 1.0))


@pytest.mark.task("dropout_mlp_backward")
def test_gradients_are_those_of_small_steps(student: Student, rng: Generator) -> None:
    widths, keep, step = (2, 4, 3), 0.7, 1e-5
    x, weights, masks = rng.normal(size=(5, 2)), perceptron(rng, widths), masks_for(rng, 5, widths)
    weights[0][1][:] += away_from_kinks(x, weights, masks, keep)
    *inputs, logits = layer_inputs(x, weights, masks, keep)
    dlogits = rng.normal(size=logits.shape)
    expected = [(np.zeros_like(W), np.zeros_like(b)) for W, b in weights]
    for k, i in itertools.product(range(2), range(2)):
        for index in np.ndindex(weights[k][i].shape):
            up, down = copied_layers(weights), copied_layers(weights)
            up[k][i][index] += step
            down[k][i][index] -= step
            rise = layer_inputs(x, up, masks, keep)[-1] - layer_inputs(x, down, masks, keep)[-1]
            expected[k][i][index] = float((dlogits * rise).sum()) / (2 * step)
    result = student.dropout_mlp_backward(
        dlogits.copy(), copied_layers(weights), cache_of(inputs, masks, keep)
    )
    check_gradients(result, expected, tolerance=1e-6)


def away_from_kinks(
    x: np.ndarray, weights: Layers, masks: Sequence[np.ndarray], keep: float
) -> np.ndarray:
    """How far to shift the first biases so that no row is within 1e-3 of a unit's kink."""
    z = dropped(x, masks[0], keep) @ weights[0][0] + weights[0][1]
    shifts = np.linspace(0.0, 0.2, 50)
    distances = np.abs(z[np.newaxis] + shifts[:, np.newaxis, np.newaxis]).min(axis=1)
    best: np.ndarray = shifts[distances.argmax(axis=0)]
    return best


@pytest.mark.task("dropout_mlp_backward")
def test_backpropagation_in_float32_stays_there_and_leaves_its_arguments_alone(
    student: Student, rng: Generator
) -> None:
    widths = (3, 5, 4, 2)
    weights = layers_in_float32(perceptron(rng, widths))
    x, dlogits = in_float32(rng.normal(size=(6, 3)), rng.normal(size=(6, 2)))
    masks = masks_for(rng, 6, widths)
    inputs = layer_inputs(x, weights, masks, 0.8)[:-1]
    before, weights_before = copies(dlogits, *inputs, *masks), copied_layers(weights)
    expected = backpropagated(dlogits, weights, inputs, masks, 0.8)
    cache = {"inputs": list(inputs), "masks": list(masks), "keep": 0.8}
    result = student.dropout_mlp_backward(dlogits, list(weights), cache)
    check_gradients(result, expected, tolerance=1e-4)
    check_same_arguments(before[:1], dlogits=dlogits)
    check_same_layers(weights_before, weights)
    for old, new in zip(before[1:], [*inputs, *masks], strict=True):
        check_unchanged(old, new, "cache")
