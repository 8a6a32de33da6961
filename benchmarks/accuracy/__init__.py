"""Accuracy side by side: ours and its peers on every labelled set at hand, from one command."""
