"""The networks that reportgen brings itself."""
