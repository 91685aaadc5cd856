"""Look at the form of an answer to a concept question; whether it is right, nobody is told here."""

from __future__ import annotations

from dlcourse.checks.lines import Line, show
from dlcourse.checks.properties import ChecksFailedError
from dlcourse.progress import remember
from dlcourse.testing import describe


def check_answer(slug: str, answers: object, letters: str) -> None:
    """Say whether ``answers[slug]`` is a set with at least one of `letters` and nothing else.

    Raises:
        ChecksFailedError: saying how to write the answer.

    >>> check_answer("q_order", {"q_order": {"c", "a"}}, "abcd")
    ✓ q_order is answered: a, c
    """
    fault = _fault(slug, answers, letters)
    remember(slug, not fault)
    if fault:
        show([Line(False, f"{slug} is not answered yet", fault)])
        raise ChecksFailedError(f"{slug}: {fault}")
    assert isinstance(answers, dict)
    show([Line(True, f"{slug} is answered: {', '.join(sorted(answers[slug]))}")])


def _fault(slug: str, answers: object, letters: str) -> str:
    example = '{"' + letters[0] + '", "' + letters[-1] + '"}'
    if not isinstance(answers, dict):
        return f"answers is {describe(answers)}; run the cell that makes it a dict again"
    if slug not in answers:
        return f'run the cell that sets answers["{slug}"] first'
    answer = answers[slug]
    if isinstance(answer, str | list | tuple | dict) and answer:
        return f"write the letters as a set, as in {example}"
    if not isinstance(answer, set | frozenset | str | list | tuple | dict):
        return f"expected a set of letters, as in {example}, got {describe(answer)}"
    if not answer:
        return "tick at least one letter: every question has a right option"
    strange = [
        entry for entry in answer if not (isinstance(entry, str) and entry in tuple(letters))
    ]
    if strange:
        return f"{strange[0]!r} is no option here; the options are {', '.join(letters)}"
    return ""
