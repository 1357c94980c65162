"""The worklist page: filters, rows, refusals."""
