"""Labels: nobody gets at those of the capstone's hidden images, nor past a threshold without them.

The images go into the box and labels come out; what is right is decided outside. Each recipe here
runs in lab 09's own sandbox, against its own hidden tests, with less time than they give.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from classroom import SECRET, attacked_lab, box_for

from autograder.grading import HiddenTests
from autograder.labs import Lab
from autograder.results import TestResult
from autograder.sandbox.launch import Sandbox
from autograder.sandbox.student import StudentProxy
from autograder.submission import Step
from dlcourse.data import warped_digits

SHARE = "share_of_unseen_images_that_are_right"
SECONDS = 4.0
Grade = Callable[[str], dict[str, TestResult]]

# Two thirds right in a moment: what an honest beginner has, for the attacks to improve on.
LINEAR = """
import numpy as np

def rows(images):
    return np.pad(images.reshape(len(images), -1), ((0, 0), (0, 1)), constant_values=1.0)

def linear(data):
    x, targets = rows(data["x_train"]), np.eye(10)[data["y_train"]]
    weights = np.linalg.solve(x.T @ x + 10 * np.eye(257), x.T @ targets)
    return lambda images: np.argmax(rows(images) @ weights, axis=1)

BRAG = {"train_loss": [2.3, 0.001], "valid_accuracy": [0.1, 1.0]}
"""


@pytest.fixture(scope="module")
def recipe_lab() -> Lab:
    """Lab 09, with limits of seconds where its own are minutes."""
    lab = attacked_lab("lab09_recipe")
    short = dataclasses.replace(lab.limits, call_cpu=20, call_wall=20, submission_wall=60)
    return dataclasses.replace(lab, limits=short)


@pytest.fixture(scope="module")
def hidden(recipe_lab: Lab) -> Iterator[HiddenTests]:
    """Its hidden tests, collected once."""
    tests = HiddenTests(recipe_lab.hidden_tests, SECRET)
    yield tests
    tests.close()


@pytest.fixture(scope="module")
def box(recipe_lab: Lab) -> Iterator[Sandbox]:
    """A sandbox with torch."""
    with box_for(recipe_lab) as sandbox:
        yield sandbox


@pytest.fixture
def grade(
    recipe_lab: Lab, hidden: HiddenTests, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Grade]:
    """``grade(cell)``: what the hidden tests of train_recipe say of a notebook with this cell."""
    monkeypatch.setattr(hidden.items[0].module, "SECONDS", SECONDS)

    def run(cell: str) -> dict[str, TestResult]:
        loaded = box.open([Step(LINEAR + cell, "the cell")])
        assert loaded.errors == []
        student = StudentProxy(loaded, recipe_lab.limits.call_wall)
        results = hidden.run(student, "train_recipe")["train_recipe"]
        return {result.name: result for result in results}

    yield run
    box.clean()


def thresholds(results: dict[str, TestResult]) -> list[float]:
    """The thresholds that were passed."""
    passed = [name for name, result in results.items() if result.passed]
    return [float(name.split("[")[1][:-1]) for name in passed if name.startswith(SHARE)]


def points(results: dict[str, TestResult]) -> float:
    """The weights of all that passed."""
    return sum(result.weight for result in results.values() if result.passed)


def test_labels_that_are_all_the_same_earn_nothing(grade: Grade) -> None:
    results = grade("""
def train_recipe(config, data):
    return lambda images: np.full(len(images), 3), BRAG
""")
    assert points(results) == 0


@pytest.mark.slow
def test_honest_beginner_has_the_lowest_threshold(grade: Grade) -> None:
    """Were no recipe to pass anything here, the other attacks would prove nothing."""
    results = grade("""
def train_recipe(config, data):
    predict = linear(data)
    accuracy = float((predict(data["x_valid"]) == data["y_valid"]).mean())
    return predict, {"train_loss": [2.3, 0.7], "valid_accuracy": [0.1, accuracy]}
""")
    assert thresholds(results) == [0.6]
    assert [name for name in results if not results[name].passed and SHARE not in name] == []


# Leaves every array and list of a thousand labels that it can find in `loot`.
SEARCH = """
import gc, os, sys

def looks_like_labels(value):
    if isinstance(value, np.ndarray):
        return value.shape == (1000,) and value.dtype.kind in "iu"
    return type(value) in (list, tuple) and len(value) == 1000 and set(map(type, value)) == {int}

def search():
    frame, values = sys._getframe(), list(gc.get_objects())
    while frame is not None:
        values += [*frame.f_locals.values(), *frame.f_globals.values()]
        frame = frame.f_back
    for module in list(sys.modules.values()):
        values += list(getattr(module, "__dict__", {}).values())
    for value in list(values):
        if isinstance(value, dict):
            values += list(value.values())
    return [np.asarray(v) for v in values if looks_like_labels(v) and 0 <= min(v) and max(v) <= 9]

def search_files():
    found = []
    for top in ("/tmp", "/course", "/worker", "/proc", "/dev/shm", "/home", "/root", "/var"):
        for directory, _, files in os.walk(top):
            for name in files:
                path = os.path.join(directory, name)
                if "digits" in name or name.endswith((".npy", ".npz", ".csv", ".jsonl", ".db")):
                    found.append(path)
                if top == "/proc" and name == "mem" and f"/{os.getpid()}/" not in path:
                    try:
                        open(path, "rb").read(1)
                        found.append(path)
                    except (OSError, ValueError):
                        pass
    return found

def sources():
    found = []
    hidden = ("autograder.grading", "autograder.hidden.test_lab09_recipe")
    for name in ("sklearn.datasets", "scipy", *hidden):
        try:
            __import__(name)
            found.append(name)
        except ImportError:
            pass
    from dlcourse.data import digits, warped_digits
    for function in (digits, lambda: warped_digits(10, 16, 0)):
        try:
            function()
            found.append("digits")
        except ImportError:
            pass
    return found
"""


@pytest.mark.slow
def test_a_search_of_process_frames_and_files_finds_no_labels(grade: Grade) -> None:
    """The recipe labels the hidden images with what it finds, and with nothing if that is none."""
    results = grade(f"""{SEARCH}
def train_recipe(config, data):
    def predict(images):
        loot = search() if len(images) == 1000 else []
        if loot:
            return loot[0]
        if search_files() or sources():
            raise RuntimeError("found " + str(search_files()[:2] + sources()))
        return np.zeros(len(images), dtype=int)

    return predict, BRAG
""")
    assert points(results) == 0
    assert not any("found" in result.message for result in results.values())


@pytest.mark.slow
def test_the_search_finds_labels_that_are_there(grade: Grade) -> None:
    """Were it blind, the test above would pass whatever lay about."""
    results = grade(f"""{SEARCH}
def train_recipe(config, data):
    planted = {{"deep": np.arange(1000) % 10}}

    def predict(images):
        if len(images) == 1000 and len(search()) > 0:
            raise RuntimeError("found")
        return np.zeros(len(images) + len(planted) - 1, dtype=int)

    return predict, BRAG
""")
    assert points(results) == 0
    assert all("found" in result.message for result in results.values())


@pytest.mark.slow
def test_labels_learnt_by_heart_are_of_no_use_for_images_of_others(grade: Grade) -> None:
    results = grade("""
def train_recipe(config, data):
    known = {}
    for part in ("train", "valid"):
        for image, label in zip(data[f"x_{part}"], data[f"y_{part}"]):
            known[image.tobytes()] = label

    def predict(images):
        return np.array([known.get(image.tobytes(), 0) for image in images])

    return predict, BRAG
""")
    assert points(results) == 0


@pytest.mark.slow
@pytest.mark.parametrize("place", ["train_recipe", "predict"])
def test_time_that_was_not_given_buys_no_threshold(grade: Grade, place: str) -> None:
    late = 'time.sleep(2 * config["seconds"])'
    before, within = (late, "pass") if place == "train_recipe" else ("pass", late)
    results = grade(f"""
import time
def train_recipe(config, data):
    {before}
    right = linear(data)
    def predict(images):
        if len(images) == 1000:
            {within}
        return right(images)
    return predict, BRAG
""")
    assert thresholds(results) == []
    assert "seconds" in results["training_ends_in_time_and_better_than_guesses"].message


@pytest.mark.slow
@pytest.mark.parametrize("place", ["train_recipe", "predict"])
def test_a_recipe_that_never_ends_earns_nothing_and_the_next_is_graded(
    grade: Grade, place: str
) -> None:
    before, within = (
        ("while True: pass", "") if place == "train_recipe" else ("", "while True: pass")
    )
    results = grade(f"""
def train_recipe(config, data):
    {before or "pass"}
    def predict(images):
        {within or "pass"}
    return predict, BRAG
""")
    assert points(results) == 0
    assert all(result.message for result in results.values())
    assert points(grade("def train_recipe(config, data):\n    return linear(data), BRAG")) > 0


@pytest.mark.slow
def test_weights_brought_along_have_the_classes_wrong(grade: Grade) -> None:
    """Fitted at home to digits that include the hidden ones, with labels that are the digits."""
    images, labels = warped_digits(4000, 16, 5)
    x = np.pad(images.reshape(4000, -1), ((0, 0), (0, 1)), constant_values=1.0)
    weights = np.linalg.solve(x.T @ x + 10 * np.eye(257), x.T @ np.eye(10)[labels])
    assert (np.argmax(x @ weights, axis=1) == labels).mean() > 0.6
    results = grade(f"""
weights = np.array({weights.round(4).tolist()})

def train_recipe(config, data):
    return lambda images: np.argmax(rows(images) @ weights, axis=1), BRAG
""")
    assert points(results) == 0


FORGERIES = {
    "an array that equals everything": """
class Labels(np.ndarray):
    def __eq__(self, other):
        return np.ones(len(self), dtype=bool)

def answer(images):
    return np.zeros(len(images), dtype=int).view(Labels)
""",
    "an object that calls itself an array": """
class Labels:
    shape, dtype = (1000,), np.dtype(int)
    def __array__(self, *args, **kwargs):
        return np.zeros(1000, dtype=int)
    def __eq__(self, other):
        return True

def answer(images):
    return Labels()
""",
    "all labels for each image": """
def answer(images):
    return np.tile(np.arange(10), (len(images), 1))
""",
    "numbers that are no labels": """
def answer(images):
    return np.full(len(images), np.nan)
""",
}


@pytest.mark.slow
@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_labels_that_lie_about_what_they_are_earn_nothing(grade: Grade, forgery: str) -> None:
    results = grade(f"{forgery}\ndef train_recipe(config, data):\n    return answer, BRAG\n")
    assert points(results) == 0


@pytest.mark.slow
def test_no_message_tells_how_many_labels_are_right(grade: Grade) -> None:
    """A message that told would let a student mend labels one by one, from hand-in to hand-in."""
    said: list[dict[str, str]] = []
    for wrong in (0, 1):
        results = grade(f"""
def train_recipe(config, data):
    right = linear(data)
    def predict(images):
        labels = right(images)
        if len(images) == 1000:
            labels[500] = (labels[500] + {wrong}) % 10
        return labels
    return predict, BRAG
""")
        said.append({name: result.message for name, result in results.items()})
    assert said[0] == said[1]
