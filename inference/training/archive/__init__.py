"""From an archive of studies and its reports to a trained grader."""
