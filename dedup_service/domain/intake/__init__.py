"""Who is who, before anything is inserted (domain 9): the rules, and the answer that they give."""
