"""What `python -m autograder new` copies: a small whole lab, with NN and topic in its names.

Each file here passes ruff and mypy as it stands; `autograder/new.py` says where it goes.
"""
