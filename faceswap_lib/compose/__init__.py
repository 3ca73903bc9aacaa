"""A face drawn, lit, laid behind what is in front of it, and back into its frame."""
