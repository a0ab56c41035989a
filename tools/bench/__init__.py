"""Speeds, each beside the bare floor or the usual library in the same run."""
