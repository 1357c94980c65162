"""The figures of each model on the patients left out, as Markdown tables and pictures."""
