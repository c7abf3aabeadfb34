"""Tests of jobs, words that wait and the heartbeat."""
