"""Reports on how well records are matched: files in, figures and pictures out; no service is needed."""
