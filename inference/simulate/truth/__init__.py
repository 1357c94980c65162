"""What is exactly true of a simulated study, and how it compares with real sizes."""
