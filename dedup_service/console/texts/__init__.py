"""What is read: languages, dates and numbers, names of things, and stored text made harmless."""
