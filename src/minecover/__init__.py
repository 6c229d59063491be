"""Find mines in public satellite imagery, pixel by pixel, and make every step repeatable."""

__version__ = "0.1.0"
