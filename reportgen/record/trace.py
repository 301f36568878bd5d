"""What tracing a model gives: modules, operators, edges, shapes, parameters, MACs, activation bytes, time.

Conventions, stated in every report: one multiply-accumulate (MAC) is half a FLOP of matrix-like operators
(convolution, linear, matrix products, attention, recurrent cells); normalisation and element-wise work is not counted;
all counts are for ONE image; each parameter tensor is counted once, wherever it is used.
"""

from __future__ import annotations

from reportgen.record.message import Message
from reportgen.spec.frozen import Frozen

Shape = tuple[int, ...]


class ModuleCall(Frozen):
    """One call of one module, in order of execution; index 0 is the model itself."""

    index: int
    path: str
    """Dotted name, "" for the model; the first name where a module has several."""
    name: str
    """Last part of the path."""
    kind: str
    """Class name."""
    settings: str = ""
    """The module's extra_repr, such as "3, 64, kernel_size=(3, 3), stride=(1, 1), bias=False"."""
    call: int = 0
    """0 for the first call of this module, k when it is reused."""
    depth: int
    parent: int | None
    """Index of the calling ModuleCall."""
    input_shapes: tuple[Shape, ...] = ()
    output_shapes: tuple[Shape, ...] = ()
    """Tensors found in the output, nested ones flattened, batch dimension of 1 included."""
    parameters: int
    """Elements in this module and its children, each tensor once."""
    own_parameters: int
    """Elements held by this module itself and not counted at an earlier row: the column sums to the total."""
    trainable: int
    shared: bool = False
    """True where a tensor of this module is also held by another."""
    macs: int
    """Of this call and the calls inside it."""
    own_macs: int
    """Not inside a child call: the column sums to the total."""
    activation_bytes: int
    """Kept for the backward pass by operators of this call and the calls inside it, float32."""
    seconds: float | None = None
    """Median wall time of this call in a forward pass of one batch; None where not timed."""
    own_seconds: float | None = None
    """Median of the part that is not inside a child call: the column sums to the whole but for the noise."""
    own_low: float | None = None
    """Interval of that median (`reportgen.record.latency.median_interval`)."""
    own_high: float | None = None
    is_leaf: bool


class Operator(Frozen):
    """One operator as the model's author wrote it, or a source of values."""

    index: int
    name: str
    """"conv2d", "add", "flatten"; "input" for the model's input, "const" for a tensor nobody made here."""
    module: int
    """Index of the ModuleCall it ran in."""
    output_shapes: tuple[Shape, ...] = ()
    macs: int | None
    """None where the operator is matrix-like and no formula is known."""
    on_path: bool = True
    """False where it lies off every path from input to output."""


class Edge(Frozen):
    """A tensor that goes from one operator to another."""

    source: int
    target: int
    shape: Shape


class ReceptiveField(Frozen):
    """Of the last feature map, in input pixels (square, larger of height and width)."""

    size: int
    stride: int
    """Total stride of the input's pixels to the last feature map."""
    feature_map: Shape
    """Height and width of the last feature map with this input."""


class AdaptedFit(Frozen):
    """The same model with `stem: cifar`, traced on the same image."""

    macs: int
    last_map: Shape | None
    idle: int


class InputFit(Frozen):
    """How the size of the image and the model go together."""

    stem: str = ""
    """Path of the first convolution; "" for a model without one."""
    kernel: Shape = ()
    """Of that convolution, height and width."""
    shrinks: int = 1
    """How many times smaller a side is after that convolution and the max pool that belongs to it."""
    attends: bool = False
    """True for a model of patches: the convolution cuts them, attention or token mixing relates them."""
    last_map: Shape | None = None
    """Height and width of the last map of places: the receptive field's, or that of the last layer with parameters
    that gives one; None where there is none."""
    idle: int = 0
    """Weights of convolutions that only ever meet padding, because their maps are 1×1."""
    adapted: AdaptedFit | None = None
    """Measured where the last map is very small and the stem can be adapted."""


class ModelTrace(Frozen):
    """One traced forward pass on one image."""

    name: str
    """Class name of the model."""
    source: str
    """`model.source` as in the spec."""
    input_shape: Shape
    output_shapes: tuple[Shape, ...]
    modules: tuple[ModuleCall, ...]
    operators: tuple[Operator, ...]
    edges: tuple[Edge, ...]
    parameters: int
    trainable_parameters: int
    buffers: int
    """Elements of registered buffers."""
    parameter_bytes: int
    """Parameters and buffers in their own type."""
    macs: int
    activation_bytes_training: int
    """Kept for the backward pass of one image, parameters excluded."""
    activation_bytes_inference: int
    """Largest sum of input and output bytes of any leaf module: a lower bound of the peak without gradients."""
    receptive_field: ReceptiveField | None = None
    """None where it is not defined (attention, fully connected from the start, dynamic control flow)."""
    fit: InputFit | None = None
    """None in traces made before it was measured."""
    uncounted: tuple[str, ...] = ()
    """Matrix-like operators whose MACs are unknown, by name."""
    unused: tuple[str, ...] = ()
    """Modules with parameters that the forward pass never called."""
    unused_parameters: int | None = None
    """Of these modules themselves; None in traces made before they were counted."""
    notes: tuple[Message, ...] = ()
    """What the trace could not see."""
    timed_batch: int | None = None
    """Batch size of the passes that timed the modules."""
    timed_passes: int | None = None
    """How many they were."""
    timed_low: float | None = None
    """Interval of the median time of the whole pass (`reportgen.record.latency.median_interval`)."""
    timed_high: float | None = None
