"""The whole report: assertions -> statements with levels and sides -> one label for each cell."""
