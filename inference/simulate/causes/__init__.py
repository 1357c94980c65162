"""Who a simulated patient is and what is wrong with them, as plain numbers drawn from a seed."""
