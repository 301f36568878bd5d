"""One digest of a model's weights, independent of the file, the device and the memory format that they lie in.

It is the SHA-256 of the entries of `state_dict()`, sorted by name (by code point). Of each entry:

1. one line of JSON, UTF-8, ended by a newline: `[name, type, shape]`, such as `["fc.weight", "float32", [10, 512]]`;
2. its values in row-major order, little-endian: of a bool one byte, of a complex number the real part first.

For a state dict of plain tensors that is:

```python
import hashlib, json, torch

digest = hashlib.sha256()
for name, tensor in sorted(torch.load("weights.pt", map_location="cpu").items()):
    head = json.dumps([name, str(tensor.dtype).removeprefix("torch."), list(tensor.shape)], ensure_ascii=False)
    digest.update(head.encode() + b"\\n" + tensor.detach().reshape(-1).view(torch.uint8).numpy().tobytes())
print(digest.hexdigest())
```

Tied weights count under each of their names; buffers that no state dict holds do not count. What is not one block of
numbers is taken apart: after a line `[name, type, shape]` of its own follow its parts as entries of their own, in the
order given here.

- sparse, of any layout: type `sparse`; `NAME.indices` and `NAME.values`, coalesced.
- quantised: type as in `quantized qint8 per_tensor_affine`; `NAME.int_repr`, `NAME.scales` (float64) and
  `NAME.zero_points`, and of one with scales by channel `NAME.axis`.
- a subclass that is made of other tensors (`__tensor_flatten__`): type is the name of its class; its tensors in its
  order, then `NAME.context`, which is what else it gives, as a list.
- a list, tuple or dictionary: type `sequence` or `mapping`, shape is how many; `NAME.0` and so on in their order, or by
  sorted key.
- packed parameters (a `ScriptObject`): type `packed`; `NAME.state`, which is what it gives when it is pickled.
- None, bool, int, float, text, and torch's own types: type `value`, and in the place of the shape what Python's `str`
  makes of it.

Anything else has no bytes that mean the same everywhere, and such a state dict has no digest.
"""

from __future__ import annotations

from pydantic import Field

from reportgen.record.message import Note
from reportgen.spec.frozen import Frozen


class WeightsDigest(Frozen):
    """The digest of the weights that the numbers are about: after training, where there was one."""

    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    """Hexadecimal, of the form that `reportgen.record.weights_digest` describes; None where there is none."""
    entries: int = 0
    """Of the state dict."""
    reason: Note = None
    """Why there is no digest, a sentence; None where there is one."""
