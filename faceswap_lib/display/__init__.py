"""Every page and plot that the notebooks show."""
