"""What a report says of how a folder became data: what was passed over, and how files were converted."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.experiment.datasets.image_folder.contents import Contents, some
from reportgen.experiment.datasets.image_folder.decode import CONVERSIONS, SIXTEEN_BITS, Conversion
from reportgen.experiment.datasets.image_folder.layout import Layout
from reportgen.experiment.datasets.image_folder.reading import Reader
from reportgen.record.message import N_, Message, nN_

DARK = 16383
"""Images of 16 bits that hold nothing above what 14 bits can are likely to be those of a sensor with fewer."""


def describe_contents(layout: Layout) -> Iterator[Message]:
    """What lies in the folder and is no data."""
    whole = Contents()
    for part in (layout.beside, *layout.parts):
        whole.add(part)
    if whole.hidden:
        yield nN_(
            "{count} hidden or system file or folder was skipped: {names}.",
            "{count} hidden or system files and folders were skipped: {names}.",
            len(whole.hidden),
            names=some(whole.hidden),
        )
    if whole.others:
        yield nN_(
            "{count} file does not have the extension of an image and was skipped: {names}.",
            "{count} files do not have the extension of an image and were skipped: {names}.",
            len(whole.others),
            names=some(whole.others),
        )
    if whole.loose:
        yield nN_(
            "{count} image lies outside the folders of the classes and was skipped: {names}.",
            "{count} images lie outside the folders of the classes and were skipped: {names}.",
            len(whole.loose),
            names=some(whole.loose),
        )
    yield from describe_classes(layout)


def describe_classes(layout: Layout) -> Iterator[Message]:
    """What may not be meant: images in folders inside those of classes, and classes that differ in case alone."""
    inside = [
        folder
        for part, name in zip((layout.train, layout.test), layout.names, strict=True)
        if part is not None
        for folder in inner_folders(part, f"{name}/" if name else "")
    ]
    if inside:
        yield nN_(
            "{count} image lies in a folder inside that of its class and is counted as of that class: {names}.",
            "{count} images lie in folders inside those of their classes and are counted as of those classes: {names}.",
            len(inside),
            names=some(list(dict.fromkeys(inside))),
        )
    found: dict[str, set[str]] = {}
    for part in layout.parts:
        for image in part.images:
            found.setdefault(image.label.casefold(), set()).add(image.label)
    alike = [name for names in found.values() if len(names) > 1 for name in sorted(names)]
    if alike:
        yield N_(
            "These classes differ in upper and lower case alone and are kept apart: {names}.", names=some(alike, 20)
        )


def inner_folders(part: Contents, prefix: str) -> Iterator[str]:
    """The folder of each image that lies deeper than in the folder of its class."""
    for image in part.images:
        if image.name.removeprefix(prefix).count("/") > 1:
            yield image.name.rpartition("/")[0]


def describe_conversions(reader: Reader) -> Iterator[Message]:
    """What was done to make 8-bit colour of the files."""
    for kind in CONVERSIONS:
        if reader.conversions[kind]:
            yield describe(kind, reader.conversions[kind])
    if 0 < reader.highest <= DARK:
        yield N_(
            "No value in the images with 16 bits per channel is above {highest}, of {most} that they can hold, so they "
            "are dark: at most {bits} of the 16 bits are used. If the values are meant to fill {bits} bits, scale the "
            "files to 16 bits first.",
            highest=reader.highest,
            most=SIXTEEN_BITS,
            bits=reader.highest.bit_length(),
        )
    if len(reader.sizes) > 1:
        small, large = min(reader.sizes, key=area), max(reader.sizes, key=area)
        yield N_(
            "The {images} images have {sizes} sizes, from {low}×{low_height} to {high}×{high_height} pixels.",
            images=sum(reader.sizes.values()),
            sizes=len(reader.sizes),
            low=small[0],
            low_height=small[1],
            high=large[0],
            high_height=large[1],
        )


def area(size: tuple[int, int]) -> tuple[int, int, int]:
    """What orders sizes."""
    return size[0] * size[1], *size


def describe(kind: Conversion, count: int) -> Message:
    """One conversion and how many images it concerns."""
    return describe_depth(kind, count) or describe_look(kind, count)


def describe_depth(kind: Conversion, count: int) -> Message | None:
    """One from other numbers of bits; None for any other."""
    if kind == "16_bit":
        return nN_(
            "{count} image with 16 bits per channel was scaled to 8: grey divided by 257, colours by their upper 8 "
            "bits.",
            "{count} images with 16 bits per channel were scaled to 8: grey divided by 257, colours by their upper 8 "
            "bits.",
            count,
        )
    if kind == "12_bit":
        return nN_(
            "{count} image with 12 bits per pixel was scaled to 8: divided by 16.06.",
            "{count} images with 12 bits per pixel were scaled to 8: divided by 16.06.",
            count,
        )
    if kind == "float":
        return nN_(
            "{count} image with pixel values from 0 to 1 was multiplied by 255.",
            "{count} images with pixel values from 0 to 1 were multiplied by 255.",
            count,
        )
    if kind == "1_bit":
        return nN_(
            "{count} image with one bit per pixel was converted to black and white.",
            "{count} images with one bit per pixel were converted to black and white.",
            count,
        )
    return None


def describe_look(kind: Conversion, count: int) -> Message:
    """One of colours, of what is transparent, of what was turned, or of files with several images."""
    if kind == "palette":
        return nN_(
            "{count} image with a palette was converted to its colours.",
            "{count} images with a palette were converted to their colours.",
            count,
        )
    if kind == "colour_space":
        return nN_(
            "{count} image in CMYK, YCbCr, LAB or HSV was converted to RGB by Pillow, without a colour profile.",
            "{count} images in CMYK, YCbCr, LAB or HSV were converted to RGB by Pillow, without colour profiles.",
            count,
        )
    if kind == "alpha":
        return nN_(
            "{count} image has transparent parts and was put on a white background.",
            "{count} images have transparent parts and were put on a white background.",
            count,
        )
    if kind == "turned":
        return nN_(
            "{count} image was rotated according to its EXIF orientation.",
            "{count} images were rotated according to their EXIF orientation.",
            count,
        )
    return nN_(
        "{count} file holds several frames or pages; the first was taken.",
        "{count} files hold several frames or pages; the first was taken.",
        count,
    )
