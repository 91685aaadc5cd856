"""Whether a database can be opened, asked before a class is graded.

Without nbgrader, whose import takes seconds: the workers start while it loads.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sqlalchemy import create_engine, inspect, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from autograder.errors import UsageError


def check(url: str) -> None:
    """Raise UsageError unless the database at `url` can be opened and read; it may be new."""
    with opening(url):
        engine = create_engine(url)
        try:
            inspect(engine).get_table_names()
        finally:
            engine.dispose()


@contextlib.contextmanager
def opening(url: str) -> Iterator[None]:
    """What goes wrong while the database at `url` is opened, in words: a UsageError."""
    try:
        yield
    except (ArgumentError, ImportError) as error:
        raise UsageError(
            f"{url!r} names no database that can be opened ({brief(error)}); "
            "say sqlite:///gradebook.db or postgresql+psycopg://USER@HOST/NAME"
        ) from error
    except SQLAlchemyError as error:
        shown = make_url(url).render_as_string(hide_password=True)
        raise UsageError(f"the database {shown} cannot be opened: {brief(error)}") from error


def brief(error: Exception) -> str:
    """The first line of what the database says."""
    return str(getattr(error, "orig", None) or error).strip().split("\n")[0]
