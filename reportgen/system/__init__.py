"""The operating system: files, caches, the lock, signals, processes, and the output folder as a transaction."""
