"""Tests that use the built site in a browser; `nox -s browser` runs them."""
