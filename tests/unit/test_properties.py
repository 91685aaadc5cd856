import re
import time
from contextlib import suppress

import numpy as np
import pytest

from dlcourse.checks.lines import Line, as_html, error_map
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


@pytest.mark.filterwarnings("error")
def test_warnings_of_numpy_do_not_stand_before_the_lines(capsys):
    lines = _lines(lambda x: x / np.zeros(len(x)), capsys)
    assert "Two becomes four." in lines[0]
    assert "not finite" in lines[0]


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


def _off_in_two_entries(function):
    """It doubles a table."""
    x = np.arange(12.0).reshape(3, 4)
    check_close(function(x), 2 * x, "the double")


def _wrong_in_two_entries(x):
    y = 2 * x
    if x.ndim == 2:
        y[1, 2] += 4.0
        y[2, 0] -= 1.0
    return y


def _page(function, properties):
    """The text and the HTML that a kernel sends to Jupyter's front end."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell.instance()
    shell.kernel = None
    try:
        with capture_output() as captured, suppress(ChecksFailedError):
            run_properties("double", function, properties)
    finally:
        InteractiveShell.clear_instance()
    (output,) = captured.outputs
    return output.data["text/plain"], output.data["text/html"]


def test_in_a_terminal_it_is_plain_text_without_a_tag(capsys):
    assert "<" not in "".join(_lines(_wrong_in_two_entries, capsys, [_off_in_two_entries]))


def test_in_jupyter_a_line_says_in_words_whether_it_holds_and_text_stands_beside_the_html():
    text, page = _page(lambda x: x, [_doubles, _keeps_zero])
    assert text.splitlines()[0].startswith("✗ Two becomes four. — the double: 1 of 1")
    said = re.sub(r"<[^>]+>", " ", page).split()
    assert said[:4] == ["✗", "fails", "Two", "becomes"]
    assert " ".join(said).count("✓ holds") == 2
    assert page.count('role="listitem"') == 3
    assert page.count('<span aria-hidden="true">') == 3


def test_in_jupyter_numbers_and_the_worst_index_stand_apart_from_the_words():
    _, page = _page(_wrong_in_two_entries, [_off_in_two_entries])
    assert "<div>the double: 2 of 12 entries are wrong</div>" in page
    assert "<code>the worst at index (1, 2): got 16, expected 12</code>" in page


def test_a_map_shows_where_the_error_is_and_no_value_of_the_answer():
    _, page = _page(_wrong_in_two_entries, [_off_in_two_entries])
    (drawing,) = re.findall(r"<svg.*?</svg>", page)
    fills = [float(o) for o in re.findall(r'fill-opacity="([\d.]+)"', drawing)]
    assert np.flatnonzero(fills).tolist() == [6, 8]
    assert fills[6] == 1 > fills[8]
    assert "3 × 4: 2 of 12 are wrong, the worst in row 1, column 2" in drawing
    frame = re.search(r'<rect x="(\d+)" y="(\d+)" [^>]*fill="none"', drawing)
    assert (float(frame[1]) / 18, float(frame[2]) / 18) == (2, 1)
    assert "<svg" not in _page(lambda x: 2 * x, [_off_in_two_entries])[1]


@pytest.mark.parametrize("errors", [np.ones(3), np.ones((2, 41)), np.zeros((3, 3)), np.zeros(0)])
def test_there_is_no_map_of_what_is_too_small_too_large_or_right(errors):
    assert error_map(errors) == ""


def test_whatever_a_function_brings_into_a_line_is_escaped():
    def evil(x):
        raise ValueError("<script>alert('&')</script>")

    _, page = _page(evil, [_doubles])
    assert "<script" not in page
    assert "&lt;script&gt;alert(" in page


def test_the_colours_of_the_badges_read_on_their_own_ground_in_any_theme():
    _, page = _page(lambda x: x, [_doubles, _keeps_zero])
    grounds = set(re.findall(r"background:#(\w{6})", page))
    assert len(grounds) == 2
    for ground in grounds:
        channels = np.array([int(ground[i : i + 2], 16) / 255 for i in (0, 2, 4)])
        linear = np.where(
            channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
        )
        assert 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05) > 4.5


def test_a_report_is_made_in_a_fraction_of_the_time_a_check_may_take():
    lines = [Line(False, "It holds.", "wrong", "got 1", np.ones((40, 40)))] * 10
    started = time.process_time()
    as_html(lines)
    assert time.process_time() - started < 0.2


def test_a_name_that_no_cell_has_defined_yet_is_told_with_the_remedy(capsys):
    line = _lines(lambda x: not_run_yet(x), capsys)[0]  # noqa: F821 (that is the point)
    assert "name 'not_run_yet' is not defined; run the cell that defines not_run_yet first" in line


def test_interrupting_a_check_is_not_taken_for_a_failure():
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_properties("double", interrupted, [_doubles])
