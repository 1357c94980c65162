"""A radiologist's report of a simulated patient."""
