"""The relay door: the table's stream in, events on the bus."""
