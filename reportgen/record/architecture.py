"""What the comparison of two architectures leaves: which parts stayed, and how the others changed."""

from __future__ import annotations

from typing import Literal

from reportgen.record.trace import Shape
from reportgen.spec.frozen import Frozen

PartStatus = Literal["same", "resized", "renamed", "moved", "changed", "added", "removed"]
"""same: equal in structure and settings, whatever number its name has; resized: the same on maps of another size;
renamed: the same under another name; moved: the same (or renamed) at another place; changed: of the same origin, with
other settings or other parts; added and removed: without a counterpart."""

ConnectionStatus = Literal["same", "added", "removed"]


class PartFacts(Frozen):
    """A module, or an operator that a module calls itself, in one of the two models."""

    path: str
    """Dotted name of the module; of an operator, that of the module that calls it, a dot and the operator's name."""
    kind: str
    """Class of the module, or name of the operator."""
    settings: str = ""
    """As in ModuleCall."""
    output: Shape = ()
    """Shape of the first output, batch dimension of 1 included."""
    parameters: int
    """Elements of this part and the parts inside it, each tensor where it is called first, so that parts add up."""
    macs: int
    """Of one image."""


class SettingChange(Frozen):
    """One setting under both models."""

    name: str
    """As PyTorch calls it: `out_channels`, `kernel_size`; `kind` for the class, `trainable` for parameters that are
    trained, `class` for that of a block; `connections` for what reads what inside a block, and `names` for the names
    inside, both without values."""
    before: str
    after: str


class PartChange(Frozen):
    """One part of both models together, or several in a row of which the same is true."""

    status: PartStatus
    before: PartFacts | None = None
    """None where it was added; the first of several."""
    after: PartFacts | None = None
    """None where it was removed; the first of several."""
    last_before: PartFacts | None = None
    """The last of several; None of one."""
    last_after: PartFacts | None = None
    blocks: int = 0
    """How many parts of several modules this stands for."""
    layers: int = 0
    """How many single layers."""
    kinds: tuple[tuple[str, int], ...] = ()
    """Of several of different kinds: class or operator, and how often, in order of appearance."""
    settings: tuple[SettingChange, ...] = ()
    inner: tuple[PartChange, ...] = ()
    """What is inside of a changed block, in order, what stayed included."""
    is_renamed: bool = False
    """Of what changed or moved: whether its name did too."""
    is_renumbered: bool = False
    """Of what stayed: whether the numbers in its name are others, so that stored weights have other keys."""
    stood_after: str = ""
    """Of what moved: the path of the part that was before it in the baseline; empty where it was the first."""
    parameters: int = 0
    """Candidate − baseline, of all that it stands for."""
    macs: int = 0

    @property
    def side(self) -> PartFacts:
        """The candidate's part, or the baseline's where it was removed."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def count(self) -> int:
        """How many blocks and layers it stands for."""
        return self.blocks + self.layers


class Connection(Frozen):
    """What one part gives to another past those that stand between them, such as a residual connection."""

    source: int
    """Position among the parts of the change; -1: the image."""
    target: int
    status: ConnectionStatus
    names: tuple[str, str]
    """Paths of the modules or operators at both ends, of which the parts may fold several; empty: the image."""


class ArchitectureChange(Frozen):
    """Two architectures as one, in the order of the candidate, with what was removed where it stood."""

    models: tuple[str, str]
    """Class names of baseline and candidate."""
    parts: tuple[PartChange, ...] = ()
    skips: tuple[Connection, ...] = ()
    """Connections between parts that pass others by, in order."""
    beside: tuple[int, ...] = ()
    """Positions of the parts that read nothing of the one before them, as a branch beside another."""
    parameters: tuple[int, int]
    """Of baseline and candidate."""
    macs: tuple[int, int]
    blocks: int = 0
    """Parts of several modules, of the candidate."""
    layers: int = 0
    """Layers beside them."""
    coarse: bool = False
    """Whether the models have too many parts in a row to be aligned by likeness: then only equal ones are matched."""

    @property
    def is_same(self) -> bool:
        """Whether the two are one architecture, names and sizes of maps included."""
        return all(part.status == "same" and not part.is_renumbered for part in self.parts)


class WeightMove(Frozen):
    """How far the weights of one layer lie apart in the two models."""

    path: str
    """In the candidate."""
    before_path: str
    values: int
    """Parameters of the layer."""
    relative: float | None
    """‖w − w₀‖ / ‖w₀‖ over all parameters of the layer, w₀ the baseline's; None where those are all zero."""
    exact: bool = False
    """Whether it was computed of all values, and not estimated."""


class WeightMoves(Frozen):
    """The weights of the layers that both models have in the same shape."""

    layers: tuple[WeightMove, ...] = ()
    """In the order of execution."""
    unmatched: int = 0
    """Layers of the candidate with parameters that have no counterpart of the same shape."""
    numbers: int = 0
    """Of each sketch: estimates have the relative standard error 1 / √(2 × numbers)."""

    @property
    def error(self) -> float:
        """Relative standard error of what is estimated."""
        return float((2 * self.numbers) ** -0.5) if self.numbers else 0.0
