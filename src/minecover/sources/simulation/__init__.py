"""An embedded world with mines, weather and a sensor: made data, never evidence of skill.

Every number is a calibrated guess; the values lie in ``conf/world.yaml``.
"""
