"""A project as a user would write it: a network, operators and a problem of its own, under strict types.

`make types` checks it with pyright and with mypy; `tests/test_downstream.py` runs it.
"""
