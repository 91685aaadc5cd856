"""Explorers: a turned knob is seen, in the picture and in words; without widgets a picture is."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from dlcourse.dropout import dropout_forward, dropout_mask
from dlcourse.explorers import explore_batchnorm, explore_bowl, explore_depth, explore_keep
from dlcourse.explorers.knobs import UNWRITTEN
from dlcourse.init import activation_statistics
from dlcourse.norm import batchnorm_forward
from dlcourse.optim.momentum import momentum_step

WIDGET = "application/vnd.jupyter.widget-view+json"


def bowl(**options):
    return explore_bowl(momentum_step, **options)


def batchnorm(**options):
    return explore_batchnorm(batchnorm_forward, **options)


def keep(**options):
    return explore_keep(dropout_mask, dropout_forward, **options)


def depth(**options):
    return explore_depth(activation_statistics, **options)


every_explorer = pytest.mark.parametrize("explore", [bowl, batchnorm, keep, depth])


def words(page):
    return re.search(r'<p role="status"[^>]*>(.*?)</p>', page)[1]


def picture(page):
    return Image.open(io.BytesIO(base64.b64decode(re.search(r"base64,([^\"]+)", page)[1])))


def turned(explorer, **settings):
    for argument, value in settings.items():
        explorer.controls[argument].value = value
    return words(explorer.shown)


@every_explorer
def test_every_knob_changes_the_picture_and_its_words_and_the_button_sets_all_back(explore):
    explorer = explore()
    at_start = explorer.shown
    for control in explorer.controls.values():
        before = explorer.shown
        control.value = control.options[-1] if hasattr(control, "options") else control.value * 0.5
        if control.value == 0:
            control.value = 1
        assert words(explorer.shown) != words(before)
        assert picture(explorer.shown).tobytes() != picture(before).tobytes()
    button = explorer.box.children[0].children[-1]
    button.click()
    assert explorer.shown == at_start


@every_explorer
def test_every_knob_has_a_name_and_the_picture_says_in_words_what_it_shows(explore):
    explorer = explore()
    names = [control.description for control in explorer.controls.values()]
    assert all(names)
    assert len(set(names)) == len(names)
    assert [control.tooltip for control in explorer.controls.values()] == names
    assert re.search(r'<img [^>]*alt="([^"]+)"', explorer.shown)[1] == words(explorer.shown)


def test_the_slider_beside_a_number_moves_it_and_is_moved_by_it():
    explorer = depth()
    field, slider = explorer.box.children[0].children[0].children
    slider.value = 0.2345678
    assert field.value == 0.235
    assert "deviation 0.235," in words(explorer.shown)
    field.value = 0.02
    assert slider.value == 0.02


def test_what_is_typed_stays_though_a_browser_sets_the_slider_on_a_step_beside_it():
    explorer = depth()
    field, slider = explorer.box.children[0].children[0].children
    field.value = 0.14
    slider.value = 10**-0.86  # 0.138, the nearest step: what JupyterLab and VS Code answer
    assert field.value == 0.14
    slider.value = 10**-0.84  # a key press further
    assert field.value == 0.145


@every_explorer
def test_the_whole_fits_beside_a_cells_prompt_on_a_small_screen(explore):
    for page in (explore().shown, explore(static=True)._repr_mimebundle_()["text/html"]):
        width, height = picture(page).size
        assert width <= 1100
        assert height <= 480


@every_explorer
def test_static_it_is_one_picture_without_knobs(explore):
    explorer = explore(static=True)
    assert explorer.box is None
    bundle = explorer._repr_mimebundle_()
    assert sorted(bundle) == ["text/html", "text/plain"]
    assert bundle["text/plain"]
    assert len(set(picture(bundle["text/html"]).convert("L").tobytes())) > 10


def test_a_front_end_without_widgets_finds_the_static_picture_beside_them():
    bundle = bowl()._repr_mimebundle_()
    assert WIDGET in bundle
    assert bundle["text/html"] == bowl(static=True)._repr_mimebundle_()["text/html"]


def test_a_python_without_ipywidgets_shows_the_static_picture():
    program = (
        "import sys; sys.modules['ipywidgets'] = None\n"
        "from dlcourse.explorers import explore_bowl\n"
        "shown = explore_bowl(lambda w, g, v, lr, beta: (w - lr * g, v))\n"
        "print(shown.box, sorted(shown._repr_mimebundle_()))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout == "None ['text/html', 'text/plain']\n", run.stderr


def test_importing_the_explorers_loads_neither_widgets_nor_matplotlib():
    program = (
        "import sys, dlcourse.explorers\n"
        "print([name for name in ('ipywidgets', 'matplotlib', 'torch') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout == "[]\n", run.stderr


def test_a_function_that_is_not_written_yet_says_so_as_in_any_cell():
    def stub(w, grad, velocity, lr, beta):
        raise NotImplementedError

    with pytest.raises(NotImplementedError):
        explore_bowl(stub)


def test_a_function_that_stops_at_a_setting_is_told_in_escaped_words_and_goes_on_after():
    def fragile(w, grad, velocity, lr, beta):
        if beta > 0.5:
            raise ValueError("beta <b>too large</b>")
        if beta > 0.3:
            raise NotImplementedError
        return momentum_step(w, grad, velocity, lr, beta)

    explorer = explore_bowl(fragile)
    assert turned(explorer, beta=0.8) == (
        "At this setting it stops with ValueError: beta &lt;b&gt;too large&lt;/b&gt;"
    )
    assert turned(explorer, beta=0.4) == UNWRITTEN
    assert "is left after 60 updates" in turned(explorer, beta=0.1)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.8])
def test_on_the_bowl_descent_diverges_beyond_twice_one_plus_beta(beta):
    """The heavy ball is stable on a quadratic exactly for lr·L < 2(1 + β)."""
    explorer, edge = bowl(), 2 * (1 + beta)
    assert "is left" in turned(explorer, beta=beta, share=0.9 * edge)
    after = turned(explorer, share=1.1 * edge)
    assert "moves away" in after or "diverges" in after


def test_the_input_s_place_and_width_do_not_reach_what_comes_out():
    explorer = batchnorm()
    ends = {
        turned(explorer, gamma=2.0, beta=-1.0, mean=mean, width=width).split("Out, ")[1]
        for mean in (-4.0, 0.0, 5.0)
        for width in (0.5, 3.0)
    }
    assert len(ends) == 1
    assert "mean -1.00, standard deviation 2.00" in ends.pop()


def test_dropout_keeps_the_mean_of_the_next_sum_and_widens_it():
    explorer = keep()
    found = []
    for probability in (1.0, 0.5, 0.25):
        said = turned(explorer, keep=probability)
        found.append(
            [float(n) for n in re.findall(r"mean is ([\d.-]+) .* deviation ([\d.]+)", said)[0]]
        )
    means, spreads = np.array(found).T
    np.testing.assert_allclose(means, means[0], atol=0.3)
    assert spreads[0] == 0
    # the variance of a sum of kept terms grows as (1 − keep)/keep
    np.testing.assert_allclose(spreads[2] / spreads[1], 3**0.5, rtol=0.05)


def test_relu_needs_weights_of_root_two_by_the_width_and_tanh_forgives():
    explorer = depth()

    def end(**setting):
        return float(re.search(r"and (\S+) after 20", turned(explorer, **setting))[1])

    for width in (25, 225):
        right = (2 / width) ** 0.5
        assert 0.1 < end(std=right, width=width, nonlinearity="relu") < 10
        assert end(std=right / 3) < 1e-6
        assert end(std=right * 3) > 1e6
        assert 0.3 < end(std=right * 3, nonlinearity="tanh") < 1


def test_functions_of_torch_tensors_are_shown_too():
    torch = pytest.importorskip("torch")

    def step(w, grad, velocity, lr, beta):
        return momentum_step(
            torch.as_tensor(w), torch.as_tensor(grad), torch.as_tensor(velocity), lr, beta
        )

    assert "is left" in words(explore_bowl(step).shown)
