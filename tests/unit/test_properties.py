import numpy as np
import pytest

from dlcourse.checks.properties import ChecksFailedError, run_properties
from dlcourse.checks.questions import check_answer
from dlcourse.testing import CheckError, check_close


def _doubles(function):
    """Two becomes four.

    The second paragraph is not shown.
    """
    check_close(function(np.array([2.0])), np.array([4.0]), "the double")


def _keeps_zero(function):
    """Zero stays zero."""
    check_close(function(np.zeros(2)), np.zeros(2), "the double")


def _lines(function, capsys, properties=(_doubles, _keeps_zero)):
    try:
        run_properties("double", function, properties)
    except ChecksFailedError as error:
        return [*capsys.readouterr().out.splitlines(), str(error)]
    return capsys.readouterr().out.splitlines()


def test_each_property_that_holds_has_a_line(capsys):
    assert _lines(lambda x: 2 * x, capsys) == [
        "✓ Two becomes four.",
        "✓ Zero stays zero.",
        "✓ It leaves its arguments as they are.",
    ]


def test_all_properties_run_and_the_error_counts_those_that_fail(capsys):
    lines = _lines(lambda x: x, capsys)
    assert lines[0].startswith("✗ Two becomes four. — the double: 1 of 1 entries are wrong")
    assert "got 2, expected 4" in lines[0]
    assert lines[1] == "✓ Zero stays zero."
    assert lines[-1] == "double: 1 of 3 checks failed, see ✗ above"


def test_a_stub_is_not_written_yet(capsys):
    def stub(x):
        raise NotImplementedError

    assert _lines(stub, capsys)[0] == "✗ Two becomes four. — not written yet"


def test_a_forgotten_return_is_named(capsys):
    assert "your function returned None: is there a return?" in _lines(lambda x: None, capsys)[0]


def test_an_exception_is_told_with_the_students_own_line(capsys):
    def broken(x):
        first = x[7]
        return first + 1

    line = _lines(broken, capsys)[0]
    assert "your function stops with IndexError: index 7 is out of bounds" in line
    assert "`first = x[7]`" in line


def test_an_exception_below_numpy_still_names_the_students_line(capsys):
    def broken(x):
        return np.linalg.inv(x)

    assert "`return np.linalg.inv(x)`" in _lines(broken, capsys)[0]


def test_a_wrong_number_of_parameters_is_told_in_words(capsys):
    assert "takes 0 positional arguments but 1 was given" in _lines(lambda: 1, capsys)[0]


def test_a_changed_argument_is_reported_by_its_name_and_is_no_other_failure(capsys):
    def in_place(x):
        x *= 2
        return x

    lines = _lines(in_place, capsys)
    assert lines[:2] == ["✓ Two becomes four.", "✓ Zero stays zero."]
    assert lines[2].startswith("✗ It leaves its arguments as they are. — x: your function changes")


def test_a_changed_list_of_arrays_is_reported(capsys):
    def _first(function):
        """It takes a list."""
        check_close(function([np.ones(2)]), np.ones(2), "the first")

    def grows(weights):
        weights.append(np.zeros(1))
        return weights[0].copy()

    assert "weights: your function changes" in str(_lines(grows, capsys, [_first]))


def test_a_generator_is_shared_with_the_function_and_not_copied():
    def _draws(function):
        """It draws from rng."""
        rng = np.random.default_rng(0)
        if function(rng) == function(rng):
            raise CheckError("the second draw is the first one")

    run_properties("draw", lambda rng: rng.random(), [_draws])


def test_something_that_is_no_function_is_named(capsys):
    assert "it is an array of shape (3,)" in _lines(np.zeros(3), capsys)[0]


def test_jupyter_shows_one_line_and_none_of_our_frames():
    with pytest.raises(ChecksFailedError) as caught:
        run_properties("double", lambda x: x, [_doubles])
    assert caught.value._render_traceback_() == ["double: 1 of 2 checks failed, see ✗ above"]


def test_an_answer_is_accepted_whether_right_or_wrong(capsys):
    check_answer("q_order", {"q_order": {"d", "a"}}, "abcd")
    assert capsys.readouterr().out == "✓ q_order is answered: a, d\n"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({}, "run the cell that sets"),
        (None, "run the cell that makes it a dict"),
        ({"q_order": set()}, "tick at least one"),
        ({"q_order": {}}, "tick at least one"),
        ({"q_order": "ab"}, "write the letters as a set"),
        ({"q_order": ["a"]}, "write the letters as a set"),
        ({"q_order": {"a", "e"}}, "'e' is no option"),
        ({"q_order": {"ab"}}, "'ab' is no option"),
        ({"q_order": {1}}, "1 is no option"),
        ({"q_order": 3}, "expected a set of letters"),
        ({"q_order": ...}, "expected a set of letters"),
    ],
)
def test_an_answer_of_the_wrong_form_is_told_how_to_be_written(answers, words):
    with pytest.raises(ChecksFailedError, match=words):
        check_answer("q_order", answers, "abcd")
