"""Long runs: each a command, with a small number of them in CI."""
