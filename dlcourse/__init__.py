"""The reference library of the course: training neural networks, written to be read.

Every function that a lab asks for stands here under the same name and signature. Import it from
its module (``from dlcourse.optim.gradient import sgd_epoch``); nothing heavy is imported until
it is needed.
"""

__version__ = "0.1.0"


class Withheld(NotImplementedError):
    """Raised in the student edition by a function that a lab asks the student to write."""
