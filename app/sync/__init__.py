"""The program: look at an order, record what is new, bring the other side in line."""
