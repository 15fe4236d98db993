"""The text of pages in reStructuredText and Markdown, read without docutils."""
