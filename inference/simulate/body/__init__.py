"""The anatomy that follows from the causes: what tissue lies at any point."""
