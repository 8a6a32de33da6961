"""The way of everybody from CSV files to clusters, side by side; and how ours grows."""
