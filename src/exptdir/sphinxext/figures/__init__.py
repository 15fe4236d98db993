"""Figures on pages: drawn before anything is read, shown with where they come from, and listed."""
