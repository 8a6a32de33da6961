"""Pictures as SVG markup: functions of numbers, with presentation attributes and classes alone.

The content security policy allows no inline style, so colours come from the classes of `charts.css`.
"""
