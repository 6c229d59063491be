"""Simulated mines, weather and sensor: test data that say nothing about real skill.

Every number is a calibrated guess; the values are in ``conf/world.yaml``.
"""
