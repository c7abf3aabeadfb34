"""Tests of how jobs are spelled."""
