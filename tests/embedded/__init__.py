"""Tests of the embedded servers: real processes, real crashes."""
