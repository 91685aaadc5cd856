"""Lab 09's visible check of the capstone: one training of a second, and the form of its answer."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from dlcourse.checks.properties import Function, run_properties
from dlcourse.testing import (
    CheckError,
    check_number,
    check_that,
    check_tuple,
    check_unchanged,
    describe,
)

SECONDS = 1.0
"""What the training is given."""
_LATE = 1.5
_SLOW_MACHINE = 2.0
"""Seconds on top, for a machine that is busy with other things."""


def train_recipe(function: object) -> None:
    """Check ``train_recipe(config, data) -> (predict, history)`` by one training of a second."""
    training = _Training()
    run_properties(
        "train_recipe",
        function,
        [
            training.returns_predict_and_history,
            training.is_in_time,
            training.history_is_two_lists,
            training.predicts_labels,
            training.predicts_again,
            training.leaves_the_images_alone,
            training.history_agrees_with_predict,
            training.learns_something,
        ],
    )


class _Training:
    """One run of the student's recipe, made by the first property that asks for it."""

    def __init__(self) -> None:
        self.data = _calculator_digits()
        self.seconds = 0.0
        self.found: object = None

    def run(self, function: Function) -> tuple[Any, Any]:
        """The recipe's ``(predict, history)``."""
        if self.found is None:
            _load_torch()
            started = time.perf_counter()
            config = {"seed": 0, "device": "cpu", "seconds": SECONDS}
            self.found = function(config, self.data)
            self.seconds = time.perf_counter() - started
        predict, history = check_tuple(self.found, 2, "(predict, history)")
        check_that(callable(predict), f"predict: expected a function, got {describe(predict)}")
        return predict, history

    def labels(self, function: Function, images: np.ndarray) -> np.ndarray:
        """What the recipe's predict says of `images`."""
        predict, _ = self.run(function)
        labels = predict(images.copy())
        if type(labels) is not np.ndarray:
            raise CheckError(f"predict: expected a NumPy array of labels, got {describe(labels)}")
        if labels.ndim == 2:
            raise CheckError("predict: scores came back; the label of the largest is asked for")
        if labels.shape != (len(images),):
            raise CheckError(
                f"predict: expected {len(images)} labels, got an array of shape {labels.shape}"
            )
        if labels.dtype.kind not in "iu":
            raise CheckError(f"predict: expected integers, got dtype {labels.dtype}")
        return labels

    def returns_predict_and_history(self, function: Function) -> None:
        """A second of training returns a function and a history."""
        _, history = self.run(function)
        check_that(isinstance(history, dict), f"history: expected a dict, got {describe(history)}")

    def is_in_time(self, function: Function) -> None:
        """It stops by itself when config["seconds"] are over."""
        self.run(function)
        check_that(
            self.seconds < _LATE * SECONDS + _SLOW_MACHINE,
            "training goes on beyond its time: look at the clock after every update",
            f"{self.seconds:.1f} s where {SECONDS:g} s were given",
        )

    def history_is_two_lists(self, function: Function) -> None:
        """History has a train_loss and a valid_accuracy for each epoch, at least one."""
        losses, accuracies = self.history(function)
        for loss in losses:
            check_number(loss, "an entry of train_loss")
        for accuracy in accuracies:
            number = check_number(accuracy, "an entry of valid_accuracy")
            if not 0 <= number <= 1:
                raise CheckError("valid_accuracy goes from 0 to 1, and not in %", f"got {number}")

    def history(self, function: Function) -> tuple[list[Any], list[Any]]:
        """The two lists of the recipe's history."""
        _, history = self.run(function)
        check_that(isinstance(history, dict), f"history: expected a dict, got {describe(history)}")
        for name in ("train_loss", "valid_accuracy"):
            if name not in history:
                raise CheckError(f'history has no entry "{name}"')
            if not isinstance(history[name], list):
                raise CheckError(
                    f'history["{name}"]: expected a list, got {describe(history[name])}'
                )
        losses, accuracies = history["train_loss"], history["valid_accuracy"]
        if len(losses) != len(accuracies):
            raise CheckError(
                "the two lists of history differ in length",
                f"{len(losses)} and {len(accuracies)}",
            )
        check_that(len(losses) > 0, "history is empty: one entry an epoch, at least one")
        return losses, accuracies

    def predicts_labels(self, function: Function) -> None:
        """The function predict gives an integer label for each image, also for one image alone."""
        for images in (self.data["x_valid"], self.data["x_valid"][:1]):
            labels = self.labels(function, images)
            if labels.min() < 0 or labels.max() > 9:
                raise CheckError("predict: a label is not one of 0 … 9")

    def predicts_again(self, function: Function) -> None:
        """The same image gets the same label: twice, alone, and in another order."""
        images = self.data["x_valid"]
        labels = self.labels(function, images)
        words = "predict changes its mind about the same image"
        again = self.labels(function, images)
        # A tie between two scores may be decided by rounding, which depends on the batch.
        enough = 0.98 * len(labels)
        check_that(bool((again == labels).all()), f"{words} when it is asked twice")
        turned = self.labels(function, images[::-1].copy())[::-1]
        check_that(bool((turned == labels).sum() >= enough), f"{words} in another order")
        alone = [self.labels(function, images[i : i + 1])[0] for i in range(30)]
        check_that(
            bool((np.array(alone) == labels[:30]).sum() >= 29),
            f"{words} when it comes alone: is the net in evaluation mode?",
        )

    def leaves_the_images_alone(self, function: Function) -> None:
        """The function predict leaves the images as they are."""
        predict, _ = self.run(function)
        images = self.data["x_valid"].copy()
        predict(images)
        check_unchanged(self.data["x_valid"], images, "the images that predict got")

    def history_agrees_with_predict(self, function: Function) -> None:
        """The last, or the best, valid_accuracy is that of the predict that is returned."""
        _, accuracies = self.history(function)
        right = self.labels(function, self.data["x_valid"]) == self.data["y_valid"]
        accuracy = float(right.mean())
        claimed = (float(accuracies[-1]), float(max(accuracies)))
        check_that(
            min(abs(accuracy - number) for number in claimed) < 0.02,
            "valid_accuracy is not what predict reaches on the held-out images",
            f"history ends at {claimed[0]:.3f}, its best is {claimed[1]:.3f}; predict reaches "
            f"{accuracy:.3f}",
        )

    def learns_something(self, function: Function) -> None:
        """On images that hardly need a net it is better than guessing, after a second."""
        right = self.labels(function, self.data["x_valid"]) == self.data["y_valid"]
        accuracy = float(right.mean())
        check_that(
            accuracy > 0.2,
            "it does no better than guessing: go through the checklist of part 2 with it",
            f"{accuracy:.0%} right, where guessing has 10 %",
        )


def _load_torch() -> None:
    """Have torch load what it loads at a first step of training, which may take a second."""
    try:
        import torch
    except ImportError:
        return
    layer = torch.nn.Conv2d(1, 1, 3)
    layer(torch.zeros(1, 1, 8, 8)).sum().backward()
    torch.optim.AdamW(layer.parameters()).step()


_SEGMENTS = (
    "012456",
    "25",
    "02346",
    "02356",
    "1235",
    "01356",
    "013456",
    "025",
    "0123456",
    "012356",
)
"""Which of seven segments each digit of a pocket calculator lights up."""
_STROKES = (
    (slice(0, 2), slice(0, 7)),
    (slice(0, 6), slice(0, 2)),
    (slice(0, 6), slice(5, 7)),
    (slice(5, 7), slice(0, 7)),
    (slice(6, 12), slice(0, 2)),
    (slice(6, 12), slice(5, 7)),
    (slice(10, 12), slice(0, 7)),
)


def _calculator_digits() -> dict[str, np.ndarray]:
    """Toy images of ten classes, the digits of a pocket calculator, moved a little, with noise."""
    rng = np.random.default_rng(5)
    data = {}
    for part, n in (("train", 400), ("valid", 100)):
        labels = rng.permutation(np.arange(n) % 10)
        images = 0.2 * rng.random((n, 1, 16, 16))
        for image, label in zip(images, labels, strict=True):
            row, column = rng.integers(1, 4), rng.integers(3, 6)
            digit = image[0, row : row + 12, column : column + 7]
            for segment in _SEGMENTS[label]:
                digit[_STROKES[int(segment)]] = 0.8
        data[f"x_{part}"] = images.astype(np.float32)
        data[f"y_{part}"] = labels.astype(np.int64)
    return data
