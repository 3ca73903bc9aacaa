"""What an Oracle Cloud account says, and what a machine there costs: lab 1 stands on it."""
