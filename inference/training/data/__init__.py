"""Training samples: real and simulated patients, how they are varied, and how they are split."""
