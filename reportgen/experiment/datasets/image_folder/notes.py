"""What a report says of how a folder became data: what was passed over, and how files were converted."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.experiment.datasets.image_folder.contents import Contents, some
from reportgen.experiment.datasets.image_folder.decode import CONVERSIONS, Conversion
from reportgen.experiment.datasets.image_folder.layout import Layout
from reportgen.experiment.datasets.image_folder.reading import Reader
from reportgen.record.message import N_, Message, nN_


def describe_contents(layout: Layout) -> Iterator[Message]:
    """What lies in the folder and is no data."""
    whole = Contents()
    for part in (layout.beside, *layout.parts):
        whole.add(part)
    if whole.hidden:
        yield nN_(
            "{count} hidden or system file or folder was passed over: {names}.",
            "{count} hidden or system files and folders were passed over: {names}.",
            len(whole.hidden),
            names=some(whole.hidden),
        )
    if whole.others:
        yield nN_(
            "{count} file is no image by the ending of its name and was passed over: {names}.",
            "{count} files are no images by the endings of their names and were passed over: {names}.",
            len(whole.others),
            names=some(whole.others),
        )
    if whole.loose:
        yield nN_(
            "{count} image lies outside the folders of the classes and was passed over: {names}.",
            "{count} images lie outside the folders of the classes and were passed over: {names}.",
            len(whole.loose),
            names=some(whole.loose),
        )


def describe_conversions(reader: Reader) -> Iterator[Message]:
    """What was done to make 8-bit colour of the files."""
    for kind in CONVERSIONS:
        if reader.conversions[kind]:
            yield describe(kind, reader.conversions[kind])
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
    if kind == "16_bit":
        return nN_(
            "{count} image of 16 bits a channel was scaled to 8: grey divided by 257, colours by their upper 8 bits.",
            "{count} images of 16 bits a channel were scaled to 8: grey divided by 257, colours by their upper 8 bits.",
            count,
        )
    if kind == "12_bit":
        return nN_(
            "{count} image of 12 bits a pixel was scaled to 8: divided by 16.06.",
            "{count} images of 12 bits a pixel were scaled to 8: divided by 16.06.",
            count,
        )
    if kind == "float":
        return nN_(
            "{count} image of fractions from 0 to 1 was multiplied by 255.",
            "{count} images of fractions from 0 to 1 were multiplied by 255.",
            count,
        )
    if kind == "1_bit":
        return nN_(
            "{count} image of one bit a pixel became black and white.",
            "{count} images of one bit a pixel became black and white.",
            count,
        )
    if kind == "palette":
        return nN_(
            "{count} image with a palette was written out in its colours.",
            "{count} images with a palette were written out in their colours.",
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
            "{count} image is transparent in places and was laid on white.",
            "{count} images are transparent in places and were laid on white.",
            count,
        )
    if kind == "turned":
        return nN_(
            "{count} image was turned upright as its EXIF orientation says.",
            "{count} images were turned upright as their EXIF orientation says.",
            count,
        )
    return nN_(
        "{count} file holds several frames or pages; the first was taken.",
        "{count} files hold several frames or pages; the first was taken.",
        count,
    )
