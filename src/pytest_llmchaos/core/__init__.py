"""The language that all rooms speak: calls and their plans, chance, units, parameters, errors, settings."""
