"""What must hold of a store and its index at any moment, each promise as a function over plain rows.

`stored` reads the rows; nothing here asks the service, nor the modules that carry its decisions out.
`tests.trust.invariants` has the one list of the checks.
"""
