"""Knobs beside a picture and a sentence, in plain ipywidgets; without them a picture alone.

The picture is an ``<img>`` whose alternative text is the sentence under it, and every knob carries
its name, so that neither a mouse nor eyes are needed.
"""

from __future__ import annotations

import base64
import html
import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from dlcourse.plots.style import look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 100
LOG_STEP = 0.02  # of the exponent of ten: what a logarithmic slider moves by
UNWRITTEN = "The function is not written yet: write it, run its cell, and then this one again."


@dataclass(frozen=True)
class Slider:
    """A number between two ends, with a field and a slider.

    Attributes:
        name: what stands beside it, and what a screen reader says.
        start: where it stands at first.
        low: its least value.
        high: its largest.
        step: what an arrow key adds.
        digits: the decimals to which the slider sets it.
        logarithmic: whether equal ways of the slider are equal factors.
    """

    name: str
    start: float
    low: float
    high: float
    step: float
    digits: int = 2
    logarithmic: bool = False


@dataclass(frozen=True)
class Choice:
    """One of a few options.

    Attributes:
        name: what stands beside it, and what a screen reader says.
        start: the option at first.
        options: all of them.
    """

    name: str
    start: Any
    options: tuple[Any, ...]


Knob: TypeAlias = Slider | Choice


@dataclass(frozen=True)
class View:
    """What there is to see at one setting: a figure, and in words what it shows."""

    figure: Figure
    words: str


class Explorer:
    """A picture with knobs, for the last line of a cell.

    A front end that has no widgets, a page made from the notebook, or a Python without ipywidgets
    shows the static picture instead.

    Attributes:
        controls: the widget of each knob, by the name of its argument; empty if static.
        box: all widgets together; None if static.
    """

    def __init__(
        self,
        draw: Callable[..., View],
        knobs: Mapping[str, Knob],
        still: Callable[[], View],
        *,
        static: bool = False,
    ) -> None:
        """Draw the picture at the start of every knob.

        Args:
            draw: called with a keyword a knob; makes the picture of that setting.
            knobs: by the name of their argument of `draw`.
            still: makes the static picture: a few settings side by side.
            static: whether to do without widgets even where they could be had.
        """
        self._draw = draw
        self._still = still
        self.controls: dict[str, Any] = {}
        self.box: Any = None
        if not static and _has_widgets():
            self._build(knobs)

    def _build(self, knobs: Mapping[str, Knob]) -> None:
        import ipywidgets as widgets

        made = {argument: _control(knob) for argument, knob in knobs.items()}
        self.controls = {argument: control for argument, (control, _) in made.items()}
        self._picture = widgets.HTML()
        self._show(self._draw(**self.setting))
        for control in self.controls.values():
            control.observe(self._turned, names="value")
        reset = widgets.Button(description="Back to the start", tooltip="Set every knob back")
        reset.on_click(lambda _: self._reset(knobs))
        row = widgets.Layout(display="flex", flex_flow="row wrap", align_items="center")
        self.box = widgets.VBox(
            [widgets.Box([*(part for _, part in made.values()), reset], layout=row), self._picture]
        )

    @property
    def setting(self) -> dict[str, Any]:
        """The value of each knob."""
        return {argument: control.value for argument, control in self.controls.items()}

    @property
    def shown(self) -> str:
        """The HTML below the knobs: the picture and its words."""
        return str(self._picture.value)

    def _turned(self, _change: object) -> None:
        # An exception in a widget's callback goes to a log that nobody reads.
        try:
            self._show(self._draw(**self.setting))
        except NotImplementedError:
            self._say(UNWRITTEN)
        except Exception as error:
            self._say(f"At this setting it stops with {type(error).__name__}: {error}")

    def _reset(self, knobs: Mapping[str, Knob]) -> None:
        for argument, knob in knobs.items():
            self.controls[argument].value = knob.start

    def _show(self, view: View) -> None:
        self._picture.value = _figure_with_words(view)

    def _say(self, words: str) -> None:
        self._picture.value = f'<p role="status">{html.escape(words)}</p>'

    def _repr_mimebundle_(self, **_kwargs: object) -> dict[str, Any]:
        """The widgets for a front end that has them, the static picture for all others."""
        view = self._still()
        bundle: dict[str, Any] = {
            "text/plain": view.words,
            "text/html": _figure_with_words(view),
        }
        if self.box is not None:
            bundle |= self.box._repr_mimebundle_()
            bundle["text/plain"] = view.words
        return bundle


def _has_widgets() -> bool:
    try:
        import ipywidgets  # noqa: F401 (only whether it is there)
    except ImportError:
        return False
    return True


def _control(knob: Knob) -> tuple[Any, Any]:
    """The widget that holds the value, and what to lay out: that one, for a number with a slider.

    ipywidgets gives the handle of its sliders no name that a screen reader could say; the field
    beside it has one, and takes numbers and arrow keys. (The slider loses its arrow keys once
    its value has been set from here.)
    """
    import ipywidgets as widgets

    named = {
        "description": knob.name,
        "tooltip": knob.name,
        "style": {"description_width": "initial"},
    }
    if isinstance(knob, Choice):
        # Not a list to drop down: JupyterLab takes its arrow keys to walk through the cells.
        choice = widgets.ToggleButtons(
            options=knob.options,
            value=knob.start,
            tooltips=[f"{knob.name}: {option}" for option in knob.options],
            layout={"margin": "2px 24px 2px 2px"},
            **named,
        )
        choice.style.button_width = "auto"
        return choice, choice
    field = widgets.BoundedFloatText(
        value=knob.start,
        min=knob.low,
        max=knob.high,
        step=knob.step,
        layout={"width": f"{len(knob.name) + 9}ch"},
        **named,
    )
    slider = _slider(knob)
    place, step = (math.log10, LOG_STEP) if knob.logarithmic else (float, knob.step)

    def slid(change: Any) -> None:
        # a browser puts the slider on its nearest step, which is no word on what was typed
        if abs(place(change.new) - place(field.value)) > step / 2:
            field.value = round(change.new, knob.digits)

    def typed(change: Any) -> None:
        # the slider may stand between two values of the field
        if round(slider.value, knob.digits) != change.new:
            slider.value = change.new

    slider.observe(slid, names="value")
    field.observe(typed, names="value")
    return field, widgets.HBox([field, slider], layout={"margin": "0 24px 0 0"})


def _slider(knob: Slider) -> Any:
    import ipywidgets as widgets

    shared = {"value": knob.start, "readout": False, "layout": {"width": "150px"}}
    if not knob.logarithmic:
        return widgets.FloatSlider(min=knob.low, max=knob.high, step=knob.step, **shared)
    low, high = math.log10(knob.low), math.log10(knob.high)
    return widgets.FloatLogSlider(min=low, max=high, step=LOG_STEP, **shared)


def _figure_with_words(view: View) -> str:
    picture = io.BytesIO()
    with look():
        view.figure.savefig(picture, format="png", dpi=DPI)
    encoded = base64.b64encode(picture.getvalue()).decode("ascii")
    words = html.escape(view.words)
    # The words are read out once, when they change; the picture repeats them for who goes there.
    return (
        f'<img style="max-width:100%" alt="{words}" src="data:image/png;base64,{encoded}">'
        f'<p role="status" style="margin:4px 0;line-height:1.4">{words}</p>'
    )
