"""What requests that failed leave open."""

from __future__ import annotations

import gc
import warnings


def collect_sockets() -> None:
    """Collect the sockets that `http.client` (an answer of a proxy that opens no tunnel) and torch.hub leave open, so
    that no later test is blamed for them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
