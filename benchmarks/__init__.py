"""What `make bench` runs: every figure beside its own baseline, taken on this machine in the same run."""
