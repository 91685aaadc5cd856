"""Settings of the documentation: ``python -m sphinx -W docs docs/_build``; needs no network."""

import re
import sys
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

project = "dlcourse"
html_title = "dlcourse"
html_theme = "alabaster"
html_theme_options = {
    "description": "Training neural networks: library, labs, grader",
    "page_width": "1160px",  # the drawings of the imports are wide
}
html_copy_source = False

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
]
templates_path = ["api/templates"]
exclude_patterns = ["_build", "api/templates"]

autodoc_default_options = {"members": True, "member-order": "bysource"}
napoleon_numpy_docstring = False
python_use_unqualified_type_names = True
smartquotes = False  # w' is a name, not a quotation
html_show_copyright = False
autodoc_type_aliases = {"Array": "Array"}
default_role = "literal"  # docstrings name arguments and functions in single backticks
myst_heading_anchors = 3

VERBATIM_OR_MARK = re.compile(
    r"""
    (?P<verbatim>
        ``.+?`` | `[^`]+`                                   # literals
      | ^[ ]*>>>.*?(?=\n[ ]*\n|\Z)                          # doctests, up to an empty line
      | ::\n[ ]*\n(?P<indent>[ ]+)[^\n]*                    # literal blocks
        (?:\n(?:(?P=indent)[^\n]*|[ ]*(?=\n)))*
    )
  | [|*] | (?<=\w)_(?!\w)
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)


def escape_formulas(
    app: Sphinx, kind: str, name: str, documented: object, options: object, lines: list[str]
) -> None:
    """Let ``|w|``, ``a*b`` and ``clip_grad_norm_`` stand in docstrings: to reST they are markup."""
    text = VERBATIM_OR_MARK.sub(lambda m: m["verbatim"] or "\\" + m[0], "\n".join(lines))
    lines[:] = text.split("\n")


def setup(app: Sphinx) -> None:
    """Escape before napoleon (priority 500) turns sections into markup of its own."""
    app.connect("autodoc-process-docstring", escape_formulas, priority=400)
