"""The syllabus leads to sections, tasks, experiments and questions that the labs have, and leaves
none of the tasks and experiments out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest
from pages import ROOT

from autograder import labs

SYLLABUS = ROOT / "docs" / "syllabus.md"
DECKS = ["000", "001", "002", "003", "004"]
IN_LAB = re.compile(r"\[Lab (\d\d)\]\[\1\]: (.+)")


@dataclass(frozen=True)
class Row:
    """One topic of a deck and its place."""

    deck: str
    topic: str
    place: str
    names: tuple[str, ...]
    slide: str

    @property
    def lab(self) -> str:
        """The lab's name, or "" if the place names none."""
        match = IN_LAB.fullmatch(self.place)
        return labs.find(f"lab{match[1]}").name if match else ""

    @property
    def sections(self) -> list[str]:
        """The headings of the lab's sections that the row names."""
        match = IN_LAB.fullmatch(self.place)
        return match[2].split("; ") if match else []


def rows() -> Iterator[Row]:
    """All rows of all tables, but for the tables' heads."""
    for part in SYLLABUS.read_text("utf-8").split("\n## ")[1:]:
        for line in part.splitlines():
            if line.startswith("|") and not line.startswith(("| Topic", "|---")):
                topic, place, names, slide = (cell.strip() for cell in line.strip("|").split("|"))
                yield Row(part[:3], topic, place, tuple(re.findall(r"`([^`]+)`", names)), slide)


@cache
def places(lab: str) -> dict[str, str]:
    """The section in which each experiment and each graded cell of a lab stands."""
    section, found = "", {}
    for cell in labs.find(lab).cells:
        if cell.kind == "text" and (heading := re.search(r"^## (.+)$", cell.source, re.MULTILINE)):
            section = heading[1].strip()
        if cell.kind == "experiment":
            found[cell.id] = section
        elif cell.name:
            found[cell.name] = section
    return found


def test_each_deck_has_a_table_without_an_empty_cell() -> None:
    found = list(rows())
    assert list(dict.fromkeys(row.deck for row in found)) == DECKS
    assert all(row.topic and row.place and row.slide for row in found)
    assert all(row.names for row in found if row.lab)


def test_each_topic_is_in_a_lab() -> None:
    assert [row.place for row in rows() if not row.lab] == []


def test_the_sections_are_those_of_the_lab() -> None:
    missing = [
        f"{row.lab}: {section}"
        for row in rows()
        for section in row.sections
        if section not in set(places(row.lab).values())
    ]
    assert not missing


def test_the_tasks_experiments_and_questions_stand_where_the_syllabus_says() -> None:
    astray = []
    for row in rows():
        for name in row.names:
            section = places(row.lab).get(name, "nowhere")
            question = name.startswith(("q_", "w_")) and section != "nowhere"
            if section not in row.sections and not question:
                astray.append(f"{row.deck}, {row.topic}: {name} of {row.lab} is in {section!r}")
    assert not astray


@pytest.mark.parametrize("name", labs.all_labs())
def test_no_task_question_or_experiment_is_left_out(name: str) -> None:
    lab = labs.find(name)
    named = {each for row in rows() if row.lab == name for each in row.names}
    expected = {task.name for task in lab.tasks}
    expected |= {cell.id for cell in lab.cells if cell.kind == "experiment"}
    assert not expected - named, "give these a row in docs/syllabus.md"


def test_the_links_of_the_labs_lead_to_the_students_notebooks() -> None:
    text = SYLLABUS.read_text("utf-8")
    links = dict(re.findall(r"^\[(\d\d)\]: (\S+)$", text, re.MULTILINE))
    assert set(re.findall(r"\]\[(\d\d)\]", text)) <= set(links)
    for number, link in links.items():
        assert (SYLLABUS.parent / link).resolve() == labs.find(f"lab{number}").release
        assert (SYLLABUS.parent / link).is_file(), "say: python -m autograder build"
