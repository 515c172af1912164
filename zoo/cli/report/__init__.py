"""A run folder as one self-contained page."""

from ._command import Report as Report
