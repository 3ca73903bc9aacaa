"""What this machine is and how fast: lab 2 stands on it."""
