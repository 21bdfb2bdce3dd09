"""Tests of the sandbox: the simulated idealo, its controls, faults and persistence."""
