"""What is done with labels: files, batches, tables, a page to check, a draft checked, figures."""
