"""Source profiles: made-up exports of each system, and what becomes of them."""
