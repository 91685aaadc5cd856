"""Files are there whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from autograder.labs import ROOT
from autograder.writing import write_whole

NO_ROOM = """
import resource, signal, sys
from pathlib import Path

from autograder.writing import write_whole

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_whole(Path(sys.argv[1]), bytes(5000))
except OSError as error:
    print(error.strerror)
"""


def test_file_is_written_with_the_directories_above_it(tmp_path: Path) -> None:
    path = tmp_path / "alice" / "lab01" / "results.json"
    for content in (b"first", b"", b"third"):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


def test_file_that_does_not_fit_on_the_disk_leaves_the_old_one_and_nothing_else(
    tmp_path: Path,
) -> None:
    path = tmp_path / "notebook.ipynb"
    path.write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", NO_ROOM, path], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "File too large"
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
