"""The visible checks, one module a lab: what a notebook says of a student's function at once.

A notebook has ``from dlcourse.checks import lab01 as check`` and, under each task, one call such
as ``check.sgd_epoch(sgd_epoch)``. `properties` runs and shows them; `questions` looks at the form
of the answers to the concept questions. They hold no reference solution.

In a notebook, importing them makes cells say in a line what is not written yet (`unwritten`).
"""

from dlcourse.checks.unwritten import tell_in_words

tell_in_words()
