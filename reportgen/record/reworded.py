"""Messages that older records hold in other words, so that they too are drawn in today's words and any language.

Whoever rewords a message that is stored (`N_`, `nN_`) and keeps its fields adds the words before here.
"""

from __future__ import annotations

REWORDED: dict[str, str | tuple[str, str]] = {
    "A model source of a plug-in is timed only in the process that has it.": (
        "A model from a plug-in can only be timed in the process that loaded the plug-in."
    ),
    "Build the baseline again on the data of today.": "Build the baseline again with today’s data.",
    "Build the baseline again with the labels of today.": "Build the baseline again with today’s labels.",
    (
        "For a single image the model gives its answer without the axis of the images, as squeeze() makes it;"
        " the axis was put back."
    ): "For a single image the model’s output has no batch axis, as after squeeze(); the axis was restored.",
    "It was timed in one process on a side, and another run may differ by more.": (
        "It was timed in one process per model; another run may differ by more."
    ),
    (
        "Latencies of two runs are not compared: from one run to the next the same model on the same machine "
        "can take 40 % longer. A build whose spec names the baseline times both models in turn, unless "
        "run.probes is none and run.probes.cost.processes says no number."
    ): (
        "Latencies of two runs are not compared: from one run to the next the same model on the same machine "
        "can take 40 % longer. A build whose spec names the baseline times both models in turn, unless "
        "run.probes is none, run.probes.cost.processes is not set and no gate names a latency."
    ),
    (
        "Latencies of two runs are not compared: from one run to the next the same model on the same machine "
        "can take 40 % longer. A build whose spec names the baseline times both models in turn, unless "
        "run.probes is none and run.probes.cost.processes is not set."
    ): (
        "Latencies of two runs are not compared: from one run to the next the same model on the same machine "
        "can take 40 % longer. A build whose spec names the baseline times both models in turn, unless "
        "run.probes is none, run.probes.cost.processes is not set and no gate names a latency."
    ),
    "Latencies other than medians of the batch sizes that were timed with both models in turn are not compared.": (
        "Only median latencies of batch sizes that were timed with both models in turn are compared."
    ),
    "NVML can’t be asked ({reason}).": "NVML can’t be queried ({reason}).",
    "No layer of this model could be driven alone.": "No layer of this model could be tested on its own.",
    "No layer of this model could be isolated, so none could be driven alone.": (
        "No layer of this model could be isolated, so none could be tested on its own."
    ),
    "Not attacked: no gradient leads from the model’s outputs to the pixels.": (
        "Not attacked: no gradient flows from the model’s outputs to the pixels."
    ),
    "Not measured: the model lets no gradient through ({error}).": (
        "Not measured: no gradient flows through the model ({error})."
    ),
    (
        "Not measured: torch {version} does not let its operators be watched in a way that reportgen knows, "
        "so multiply-accumulates are not counted."
    ): (
        "Not measured: torch {version} has no way of tracing operators that reportgen supports, so "
        "multiply-accumulates are not counted."
    ),
    "Not measured: torch {version} does not let its operators be watched in a way that reportgen knows.": (
        "Not measured: torch {version} has no way of tracing operators that reportgen supports."
    ),
    "Not measured: torch {version} does not tell in which order it made the nodes of a graph.": (
        "Not measured: torch {version} does not expose the order in which it created the nodes of a graph."
    ),
    "Of {count} tensors of {file}, {cast} are {types}; they were converted to the model’s own type.": (
        "Stored as {types} in {file} and converted to the model’s own type: {cast} of {count} tensor.",
        "Stored as {types} in {file} and converted to the model’s own type: {cast} of {count} tensors.",
    ),
    "On the images as they are the model is no better than chance, so there is nothing to measure.": (
        "On the unmodified images the model is no better than chance, so there is nothing to measure."
    ),
    "Other weights can be trained now than when training began.": (
        "The set of trainable weights has changed since training began."
    ),
    "Some parameters are in {types}, as the model was made.": (
        "Some parameters are in {types}, as the model defines them."
    ),
    (
        "The baseline’s model can’t be made here as it was: its code is another one now. baseline.code in the"
        " spec can name a folder that holds the code as it was."
    ): (
        "The baseline’s model can’t be built here as it was: its code has changed. baseline.code in the spec "
        "can name a folder that holds the code as it was."
    ),
    "The baseline’s model comes from a plug-in, and is timed only in the process that has it.": (
        "The baseline’s model comes from a plug-in and can only be timed in the process that loaded the plug-in."
    ),
    (
        "The baseline’s model is made with {name} as an argument, which is no number and not this spec’s. "
        "baseline.time: true in the spec has it made and timed."
    ): (
        "The baseline’s model is made with {name} as an argument, which is neither a number nor the same in "
        "this spec. baseline.time: true in the spec has it made and timed."
    ),
    "The change of {name} is taken on what both records measured alike: {conditions}, n = {n}.": (
        "The change in {name} is computed on what both records measured in the same way: {conditions}, n = {n}."
    ),
    "The classes are the same but stand in another order.": "The classes are the same but in another order.",
    "The file has the names of torchvision’s first DenseNets; today’s were put for them.": (
        "The file uses the parameter names of torchvision’s first DenseNets; they were replaced by today’s."
    ),
    "The folder has test images of its own, so data.test_fraction has no part in this run.": (
        "The folder has test images of its own, so data.test_fraction is not used in this run."
    ),
    "The initial weights could not be put into a copy of the model ({kind}).": (
        "The initial weights could not be loaded into a copy of the model ({kind})."
    ),
    (
        "The model does not work with activations that stand channels last in memory (a view of the output of"
        " a convolution, for example), so everything was computed with contiguous ones, which is often "
        "slower."
    ): (
        "The model does not work with activations in the channels-last memory format (a view of the output of"
        " a convolution, for example), so everything was computed with contiguous ones, which is often "
        "slower."
    ),
    "The model gives an output of shape {shape} for each image; the axes of length 1 were taken off.": (
        "The model gives an output of shape {shape} for each image; the axes of length 1 were removed."
    ),
    "The model lets no gradient through.": "No gradient flows through the model.",
    (
        "The model refused {count} batch of the evaluation ({reason}); it was filled up with images that were"
        " shown already, whose second answers were not used."
    ): (
        (
            "The model raised an error on {count} batch of the evaluation ({reason}); it was padded with "
            "images that had been evaluated already, whose second predictions were not used."
        ),
        (
            "The model raised an error on {count} batches of the evaluation ({reason}); they were padded with"
            " images that had been evaluated already, whose second predictions were not used."
        ),
    ),
    "The model returns several things; “{name}” was taken for its answer.": (
        "The model returns several values; “{name}” was used as its output."
    ),
    (
        "The model was taken out of {wrappers}: everything was computed by the model inside, without "
        "compiling it and on one device."
    ): (
        "The model was unwrapped from {wrappers}: everything was computed with the model inside, not compiled"
        " and on one device."
    ),
    "The model’s answer was taken from “{name}” of what it returns.": (
        "“{name}” of what the model returns was used as its output."
    ),
    "The number has no interval to ask.": "The number has no interval, which the rule needs.",
    "The processor’s energy counter (RAPL) can be read by the administrator only.": (
        "The processor’s energy counter (RAPL) can only be read by the administrator."
    ),
    "The weights were put together from several state dicts in {file}.": (
        "The weights were assembled from several state dicts in {file}."
    ),
    "This machine has no energy counter (RAPL) that can be seen.": (
        "This machine has no visible energy counter (RAPL)."
    ),
    "Whether the same images get the same answers again is not known: {reason}": (
        "It is not known whether the same images get the same predictions again: {reason}"
    ),
    "Without training images, the test images are normalised by their own mean and deviation.": (
        "Without training images, the test images are normalised by their own mean and standard deviation."
    ),
    "autocast is not worth it on this device": "autocast is not used on this device",
    "it is a link to a folder that holds it": "it is a link to a folder that contains it",
    "it is cut off": "it is truncated",
    "it is no image but {what}": "it is not an image but {what}",
    "it is no regular file but a device": "it is not a regular file but a device",
    "it is no regular file but a named pipe": "it is not a regular file but a named pipe",
    "it is no regular file but a socket": "it is not a regular file but a socket",
    "it sent another part than was asked for": "it sent a different part than was requested",
    "its content is of no format that is read, or damaged": "it is in no supported format, or damaged",
    "its pixels are fractions from {low} to {high}; only 0 to 1 has a known scale": (
        "its pixels are floating-point numbers from {low} to {high}; only 0 to 1 has a known scale"
    ),
    "macOS tells no program the energy of the GPU.": "macOS does not report the energy of the GPU to programs.",
    "the model gives none in evaluation mode: {error}": "the model has none in evaluation mode: {error}",
    "the model lets none through": "no gradient flows through the model",
    "timm’s own conversion of files of this model’s authors was applied.": (
        "timm’s own conversion of the original authors’ files was applied."
    ),
    "{count} buffer keeps the value it was made with, as {file} has none of its shape: {names}.": (
        "{count} buffer keeps its initial value, as {file} has none of its shape: {names}.",
        "{count} buffers keep their initial values, as {file} has none of their shapes: {names}.",
    ),
    "{count} file is no image by the ending of its name and was passed over: {names}.": (
        "{count} file does not have the extension of an image and was skipped: {names}.",
        "{count} files do not have the extension of an image and were skipped: {names}.",
    ),
    "{count} further folder was left aside: {names}.": (
        "{count} further folder was ignored: {names}.",
        "{count} further folders were ignored: {names}.",
    ),
    "{count} hidden or system file or folder was passed over: {names}.": (
        "{count} hidden or system file or folder was skipped: {names}.",
        "{count} hidden or system files and folders were skipped: {names}.",
    ),
    "{count} image is transparent in places and was laid on white.": (
        "{count} image has transparent parts and was put on a white background.",
        "{count} images have transparent parts and were put on a white background.",
    ),
    "{count} image lies outside the folders of the classes and was passed over: {names}.": (
        "{count} image lies outside the folders of the classes and was skipped: {names}.",
        "{count} images lie outside the folders of the classes and were skipped: {names}.",
    ),
    "{count} image of 12 bits a pixel was scaled to 8: divided by 16.06.": (
        "{count} image with 12 bits per pixel was scaled to 8: divided by 16.06.",
        "{count} images with 12 bits per pixel were scaled to 8: divided by 16.06.",
    ),
    "{count} image of 16 bits a channel was scaled to 8: grey divided by 257, colours by their upper 8 bits.": (
        ("{count} image with 16 bits per channel was scaled to 8: grey divided by 257, colours by their upper 8 bits."),
        (
            "{count} images with 16 bits per channel were scaled to 8: grey divided by 257, colours by their "
            "upper 8 bits."
        ),
    ),
    "{count} image of fractions from 0 to 1 was multiplied by 255.": (
        "{count} image with pixel values from 0 to 1 was multiplied by 255.",
        "{count} images with pixel values from 0 to 1 were multiplied by 255.",
    ),
    "{count} image of one bit a pixel became black and white.": (
        "{count} image with one bit per pixel was converted to black and white.",
        "{count} images with one bit per pixel were converted to black and white.",
    ),
    "{count} image was turned upright as its EXIF orientation says.": (
        "{count} image was rotated according to its EXIF orientation.",
        "{count} images were rotated according to their EXIF orientation.",
    ),
    "{count} image with a palette was written out in its colours.": (
        "{count} image with a palette was converted to its colours.",
        "{count} images with a palette were converted to their colours.",
    ),
    "{count} tensor of an auxiliary classifier, for training only, is in the file or in the model alone.": (
        ("{count} tensor of an auxiliary classifier, for training only, is only in the file or only in the model."),
        ("{count} tensors of auxiliary classifiers, for training only, are only in the file or only in the model."),
    ),
    "{folder} has no class of which a test image could be set aside: each holds one image, again and again": (
        "{folder} has no class of which a test image could be set aside: each holds copies of a single image"
    ),
    "{folder} holds test images alone, in {test}/, and run.mode: train needs others": (
        "{folder} holds only test images, in {test}/, and run.mode: train needs others"
    ),
    "The prefix {own} was added to the names in {file}.": "“{own}” was put before the names in {file}.",
    "The prefix {theirs} was removed from the names in {file}.": ("“{theirs}” was removed from the names in {file}."),
    "{own} was put on the names in {file}.": "“{own}” was put before the names in {file}.",
    "{theirs} in the names of {file} stands for {own} of the model and was replaced.": (
        "“{theirs}” in the names of {file} stands for “{own}” of the model and was replaced."
    ),
    "{theirs} was taken off the names in {file}.": "“{theirs}” was removed from the names in {file}.",
}
"""The English text before, of a plural the form for one, and today's; of a plural today's two forms."""
