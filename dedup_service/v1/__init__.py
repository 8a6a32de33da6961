"""The generated messages, clients and servicers of the API; `tools/generate_proto.py` writes every other file here."""
