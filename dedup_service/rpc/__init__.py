"""The gRPC edge: messages in, use cases asked, messages or a documented status out."""
