"""The pure parsers and normalisers under a fuzzer that is guided by what they execute (F-1, F-2)."""
