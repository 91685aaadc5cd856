"""What the recorder that hidden tests hand to students remembers, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.probes import MAX_CALLS, Recorder, by_source
from dlcourse.testing import CheckError


def slope(w: np.ndarray, X: np.ndarray) -> np.ndarray:
    return w * len(X)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder(slope, w=(2,), X=(None, 3))


def test_recorder_answers_as_its_function_does(recorder: Recorder) -> None:
    answer = recorder(np.array([1.0, 2.0]), np.ones((4, 3)))
    np.testing.assert_array_equal(answer, [4.0, 8.0])


def test_recorder_remembers_calls_in_order_by_the_names_of_its_parameters(
    recorder: Recorder,
) -> None:
    recorder(np.zeros(2), np.ones((1, 3)))
    recorder(X=np.ones((5, 3)), w=np.ones(2))
    recorder(np.full(2, 2.0), X=np.ones((2, 3)))
    assert [call["w"].tolist() for call in recorder.calls] == [[0, 0], [1, 1], [2, 2]]
    assert [len(call["X"]) for call in recorder.calls] == [1, 5, 2]


def test_recorder_keeps_what_an_array_held_at_the_call(recorder: Recorder) -> None:
    w = np.zeros(2)
    recorder(w, np.ones((1, 3)))
    w += 1
    assert recorder.calls[0]["w"].tolist() == [0, 0]


@pytest.mark.parametrize("arguments", [(), (1,), (1, 2, 3)])
def test_wrong_number_of_arguments_is_refused_with_the_parameters(
    recorder: Recorder, arguments: tuple[int, ...]
) -> None:
    with pytest.raises(CheckError, match=r"takes \(w, X\)"):
        recorder(*arguments)
    assert recorder.calls == []


@pytest.mark.parametrize("keywords", [{"v": 1}, {"w": 1}, {"w": 1, "X": 2}])
def test_unknown_or_doubled_keyword_is_refused(
    recorder: Recorder, keywords: dict[str, int]
) -> None:
    with pytest.raises(CheckError, match=r"takes \(w, X\)"):
        recorder(np.zeros(2), **keywords)


@pytest.mark.parametrize(
    ("w", "X", "words"),
    [
        (np.zeros(3), np.ones((1, 3)), r"w of shape \(2\), and got \(3,\)"),
        (np.zeros(2), np.ones(3), r"X of shape \(n, 3\), and got \(3,\)"),
        (np.zeros(2), np.ones((4, 2)), r"X of shape \(n, 3\), and got \(4, 2\)"),
        ([0.0, 0.0], np.ones((1, 3)), "a list of length 2"),
        (np.zeros(2), None, "None"),
    ],
)
def test_wrong_shape_is_refused_with_both_shapes(
    recorder: Recorder, w: object, X: object, words: str
) -> None:
    with pytest.raises(CheckError, match=words):
        recorder(w, X)
    assert recorder.calls == []


def test_parameter_without_a_shape_takes_anything() -> None:
    rate = Recorder(lambda j: 1 / j, j=None)
    assert rate(4) == 0.25
    assert rate.calls == [{"j": 4}]


def test_endless_calls_are_refused_in_the_end() -> None:
    clock = Recorder(lambda: None)
    for _ in range(MAX_CALLS):
        clock()
    with pytest.raises(CheckError, match="far too often"):
        clock()


@by_source
def falling(j: int) -> float:
    return 1 / (1 + float(np.sqrt(j)))


def test_function_by_source_is_called_here_as_ever() -> None:
    assert falling(4) == falling(j=4) == 1 / 3


def test_source_that_crosses_is_the_function_alone() -> None:
    assert falling.source.splitlines()[1:] == [
        "def falling(j: int) -> float:",
        "    return 1 / (1 + float(np.sqrt(j)))",
    ]


def test_function_by_source_knows_nothing_of_the_module_that_it_stands_in() -> None:
    @by_source
    def leaking() -> type:
        return Recorder

    with pytest.raises(NameError):
        leaking()
