"""What Python does to rows: functions over Arrow, which know no engine, so that a process that only works
starts fast.
"""
