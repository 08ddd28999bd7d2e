"""Settings that the tests share."""

import os

import hypothesis
import matplotlib as mpl

mpl.use("agg")
os.environ.pop("DISPLAY", None)
# The same examples on every machine; none is timed.
hypothesis.settings.register_profile("project", deadline=None, derandomize=True)
hypothesis.settings.load_profile("project")
