"""The hidden tests of train_recipe against recipes that are right, wrong, or bad-mannered.

One that solves a linear system, in place of training, shows quickly what each test looks at. The
known mistakes train for less than a second; the right answers, which train in earnest, are slow.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograder
from autograder.answers import Answer, load
from autograder.grading import HiddenTests
from autograder.local import LocalStudent
from autograder.results import TestResult
from dlcourse.capstone import train_recipe

Recipe = Callable[[dict[str, Any], dict[str, np.ndarray]], Any]

HIDDEN = Path(autograder.__file__).parent / "hidden" / "test_lab09_recipe.py"
ANSWERS = [answer for answer in load("lab09") if answer.task == "train_recipe"]
ACCURACIES = {f"share_of_unseen_images_that_are_right[{x}]" for x in (0.6, 0.75, 0.85, 0.93)}


class Submission:
    """The hidden tests of train_recipe, to be run on one recipe after the other."""

    def __init__(self) -> None:
        self.hidden = HiddenTests(HIDDEN, b"a secret")
        self.module: Any = self.hidden.items[0].module

    def results(self, recipe: Recipe) -> dict[str, TestResult]:
        """What each test says, by its name."""
        tests = self.hidden.run(LocalStudent({"train_recipe": recipe}), "train_recipe")
        return {result.name: result for result in tests["train_recipe"]}

    def failures(self, recipe: Recipe) -> dict[str, str]:
        """The tests that fail, with what they say."""
        found = self.results(recipe).items()
        return {name: f"{r.message} {r.detail}" for name, r in found if not r.passed}

    def accuracy(self, recipe: Recipe) -> float:
        """The accuracy that is recorded for the leaderboard."""
        measures = [result.measures for result in self.results(recipe).values()]
        (found,) = [measure["accuracy"] for measure in measures if measure]
        return found


@pytest.fixture(scope="module")
def submission() -> Iterator[Submission]:
    opened = Submission()
    yield opened
    opened.hidden.close()


def linear(config: dict[str, Any], data: dict[str, np.ndarray]) -> Any:
    """Ridge regression on the pixels: two thirds right, in a moment."""

    def rows(images: np.ndarray) -> np.ndarray:
        return np.pad(images.reshape(len(images), -1), ((0, 0), (0, 1)), constant_values=1.0)

    x, targets = rows(data["x_train"]), np.eye(10)[data["y_train"]]
    weights = np.linalg.solve(x.T @ x + 10 * np.eye(257), x.T @ targets)

    def predict(images: np.ndarray) -> np.ndarray:
        return np.argmax(rows(images) @ weights, axis=1)

    accuracy = float((predict(data["x_valid"]) == data["y_valid"]).mean())
    return predict, {"train_loss": [2.3, 0.7], "valid_accuracy": [0.1, accuracy]}


def with_history(**lists: Any) -> Recipe:
    """The linear recipe with another history."""

    def recipe(config: dict[str, Any], data: dict[str, np.ndarray]) -> Any:
        predict, history = linear(config, data)
        return predict, {name: v for name, v in (history | lists).items() if v is not None}

    return recipe


def with_predict(change: Callable[[Any, np.ndarray], Any]) -> Recipe:
    """The linear recipe whose predict gives ``change(predict, images)``."""

    def recipe(config: dict[str, Any], data: dict[str, np.ndarray]) -> Any:
        predict, history = linear(config, data)
        return lambda images: change(predict, images), history

    return recipe


def test_linear_recipe_has_the_lowest_threshold_and_all_that_is_no_threshold(
    submission: Submission,
) -> None:
    failed = submission.failures(linear)
    assert failed.keys() == ACCURACIES - {"share_of_unseen_images_that_are_right[0.6]"}
    assert 0.6 <= submission.accuracy(linear) < 0.75


def test_no_message_tells_the_accuracy(submission: Submission) -> None:
    results, accuracy = submission.results(linear).values(), submission.accuracy(linear)
    messages = [result.message for result in results if not result.passed]
    assert messages
    assert not any(f"{accuracy:.2f}"[1:] in message for message in messages)
    assert not any(f"{100 * accuracy:.0f}" in message for message in messages)


def test_a_submission_is_trained_once(submission: Submission) -> None:
    trained = []

    def recipe(config: dict[str, Any], data: dict[str, np.ndarray]) -> Any:
        trained.append(config)
        return linear(config, data)

    submission.results(recipe)
    submission.results(recipe)
    assert len(trained) == 2
    assert trained[0] == trained[1]
    assert set(trained[0]) == {"seed", "device", "seconds"}


HISTORIES = {
    "no loss": {"train_loss": None},
    "no accuracy": {"valid_accuracy": None},
    "no epoch": {"train_loss": [], "valid_accuracy": []},
    "more losses than accuracies": {"train_loss": [2.3, 1.0, 0.7]},
    "a loss that is not a number": {"train_loss": [2.3, float("nan")]},
    "an infinite loss": {"train_loss": [float("inf"), 0.7]},
    "an array": {"train_loss": np.array([2.3, 0.7])},
    "words": {"train_loss": ["2.3", "0.7"]},
    "arrays for numbers": {"train_loss": [np.array([2.3]), np.array([0.7])]},
    "accuracies in percent": {"valid_accuracy": [10.0, 67.0]},
    "a negative accuracy": {"valid_accuracy": [-0.1, 0.67]},
}


@pytest.mark.parametrize("lists", HISTORIES.values(), ids=HISTORIES)
def test_history_of_another_form_costs_what_looks_at_it_alone(
    submission: Submission, lists: dict[str, Any]
) -> None:
    failed = submission.failures(with_history(**lists)).keys() - ACCURACIES
    assert "history_has_a_loss_and_an_accuracy_an_epoch" in failed
    assert all("history" in name or "loss" in name for name in failed)


@pytest.mark.parametrize("accuracies", [[0.1, 0.95], [0.1, 0.2]], ids=["too good", "too bad"])
def test_accuracy_that_predict_does_not_have_is_noticed(
    submission: Submission, accuracies: list[float]
) -> None:
    failed = submission.failures(with_history(valid_accuracy=accuracies)).keys() - ACCURACIES
    assert failed == {"history_ends_with_the_accuracy_that_predict_has"}


def test_accuracy_of_the_best_epoch_is_accepted_too(submission: Submission) -> None:
    def recipe(config: dict[str, Any], data: dict[str, np.ndarray]) -> Any:
        predict, history = linear(config, data)
        best = history["valid_accuracy"][-1]
        return predict, {"train_loss": [2, 1, 0.5], "valid_accuracy": [0.2, best, 0.3]}

    assert submission.failures(recipe).keys() <= ACCURACIES


@pytest.mark.parametrize(
    "losses",
    [[2.3, 1.47], [74.0, 3.0], [0.5, 0.9], [-2.0, -3.0]],
    ids=["of two softmaxes", "summed", "rising", "negative"],
)
def test_loss_of_a_faulty_training_is_noticed(submission: Submission, losses: list[float]) -> None:
    failed = submission.failures(with_history(train_loss=losses)).keys() - ACCURACIES
    assert failed == {"training_loss_falls_far_below_its_start"}


LABELS: dict[str, Callable[[Any, np.ndarray], Any]] = {
    "a list": lambda predict, x: predict(x).tolist(),
    "floats": lambda predict, x: predict(x).astype(float),
    "a column": lambda predict, x: predict(x)[:, None],
    "one-hot rows": lambda predict, x: np.eye(10, dtype=int)[predict(x)],
    "too few": lambda predict, x: predict(x)[:-1],
    "None": lambda predict, x: None,
    "one class": lambda predict, x: np.zeros(len(x), dtype=int),
    "an error": lambda predict, x: predict(x[0]),
}


@pytest.mark.parametrize("change", LABELS.values(), ids=LABELS)
def test_labels_of_another_form_or_of_no_use_earn_nothing(
    submission: Submission, change: Callable[[Any, np.ndarray], Any]
) -> None:
    results = submission.results(with_predict(change)).values()
    assert [result.name for result in results if result.passed] == []
    assert all(result.message for result in results)


def statistics_of_the_batch(predict: Any, images: np.ndarray) -> Any:
    return predict(images - images.mean(axis=0) + 0.25)


def a_draw_for_every_image(predict: Any, images: np.ndarray) -> Any:
    rng = np.random.default_rng()
    return predict(images * rng.choice([0.0, 2.0], size=images.shape, p=[0.2, 0.8]))


def no_image_alone(predict: Any, images: np.ndarray) -> Any:
    if len(images) == 1:
        raise ValueError("expected more than 1 value per channel when training")
    return predict(images)


@pytest.mark.parametrize(
    "change", [statistics_of_the_batch, a_draw_for_every_image, no_image_alone]
)
def test_prediction_in_training_mode_is_noticed(
    submission: Submission, change: Callable[[Any, np.ndarray], Any]
) -> None:
    failed = submission.failures(with_predict(change)).keys()
    assert "image_has_the_same_label_alone_in_any_batch_and_twice" in failed


def test_changed_argument_costs_one_test_alone(submission: Submission) -> None:
    def recipe(config: dict[str, Any], data: dict[str, np.ndarray]) -> Any:
        trained = linear(config, data)
        data["x_train"] -= data["x_train"].mean(axis=0)
        return trained

    failed = submission.failures(recipe)
    assert failed.keys() - ACCURACIES == {"training_leaves_the_data_alone"}
    assert "changes its argument" in failed["training_leaves_the_data_alone"]


def test_images_that_predict_changes_are_its_own(submission: Submission) -> None:
    def in_place(predict: Any, images: np.ndarray) -> Any:
        images -= 0.1
        return predict(images + 0.1)

    assert submission.failures(with_predict(in_place)).keys() <= ACCURACIES


@pytest.mark.parametrize("late", ["training", "predicting"])
def test_time_beyond_what_was_given_earns_no_threshold(
    submission: Submission, monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    def recipe(config: dict[str, Any], data: dict[str, np.ndarray]) -> Any:
        predict, history = linear(config, data)

        def slow(images: np.ndarray) -> Any:
            time.sleep(0.5 if late == "predicting" and len(images) > 900 else 0.0)
            return predict(images)

        time.sleep(0.5 if late == "training" else 0.0)
        return slow, history

    monkeypatch.setattr(submission.module, "SECONDS", 0.2)
    results = submission.results(recipe)
    failed = {name for name, result in results.items() if not result.passed}
    assert failed == ACCURACIES | {"training_ends_in_time_and_better_than_guesses"}
    assert [result.measures for result in results.values() if result.measures] == []


STUBS: dict[str, Any] = {
    "None": None,
    "a number": 0.5,
    "nothing twice": (None, None),
    "no function": (np.zeros(1000, dtype=int), {"train_loss": [1.0], "valid_accuracy": [0.9]}),
    "empty": (lambda images: np.zeros(0, dtype=int), {}),
}


@pytest.mark.parametrize("value", STUBS.values(), ids=STUBS)
def test_no_test_passes_for_a_stub(submission: Submission, value: Any) -> None:
    results = submission.results(lambda config, data: value).values()
    assert [result.name for result in results if result.passed] == []


def test_recipe_that_is_not_written_is_missing(submission: Submission) -> None:
    def recipe(config: dict[str, Any], data: dict[str, np.ndarray]) -> Any:
        raise NotImplementedError

    assert all(result.missing for result in submission.results(recipe).values())


def test_there_are_five_mistakes_and_three_variants_at_least() -> None:
    kinds = Counter(answer.kind for answer in ANSWERS)
    assert kinds["mistake"] >= 5
    assert kinds["variant"] >= 3


def function(answer: Answer) -> Recipe:
    namespace: dict[str, Any] = {}
    exec(compile(answer.source, answer.name, "exec", dont_inherit=True), namespace)
    found: Recipe = namespace["train_recipe"]
    return found


def of_kind(kind: str) -> pytest.MarkDecorator:
    chosen = [answer for answer in ANSWERS if answer.kind == kind]
    return pytest.mark.parametrize("answer", chosen, ids=[answer.name for answer in chosen])


@pytest.fixture
def unhurried(submission: Submission, monkeypatch: pytest.MonkeyPatch) -> Submission:
    """Time enough for every recipe to make all its epochs, however busy this machine is."""
    monkeypatch.setattr(submission.module, "SECONDS", 120.0)
    return submission


@pytest.mark.slow
def test_reference_passes_and_has_points_in_hand(unhurried: Submission) -> None:
    results = unhurried.results(train_recipe)
    assert [name for name, result in results.items() if not result.passed] == []
    measures = {k: v for result in results.values() for k, v in result.measures.items()}
    assert measures["accuracy"] > 0.95


@pytest.mark.slow
@of_kind("variant")
def test_variant_passes(unhurried: Submission, answer: Answer) -> None:
    assert unhurried.failures(function(answer)) == {}


@of_kind("mistake")
def test_mistake_fails(unhurried: Submission, answer: Answer) -> None:
    assert unhurried.failures(function(answer)) != {}
