"""Who is signed in, whether a form was ours, and what a browser may load."""
