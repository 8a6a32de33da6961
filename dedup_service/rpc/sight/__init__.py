"""What a caller may not see is taken out of every answer, at one place: `sights.Sights`, behind the gate."""
