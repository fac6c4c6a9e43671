"""What is kept: the log of deliveries (the truth) and the tables that can be rebuilt beside it."""
