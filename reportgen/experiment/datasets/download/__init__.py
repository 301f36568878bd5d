"""Downloads of the published data sets: sources, one request, what is here already, the whole, its unpacking."""
