"""What the PDF says that it is: PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1), where it is that.

WeasyPrint writes the identification of one standard. That of the other is a property that PDF/A does not know, so it
is described beside it, as the first asks (ISO 19005-3, 6.6.2.3.3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

VARIANT = "pdf/a-3a"
"""Tagged, with title and language, fonts and colours inside, and the record as an associated file."""
SCHEMA = b"""
<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="" pdfuaid:part="1" />
<rdf:Description xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"
 rdf:about=""><pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 that the document follows</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
"""
LANGUAGE = (
    '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" rdf:about=""><dc:language><rdf:Bag>'
    "<rdf:li>{}</rdf:li></rdf:Bag></dc:language></rdf:Description>\n"
)
"""WeasyPrint says the language of the document in its catalog alone."""
END = b"</rdf:RDF>"
CLAIM = re.compile(rb'\s+pdfaid:(?:part|conformance)="[^"]*"')
PRIVATE_USE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
"""Characters that say nothing to a reader that listens; both standards would ask for words in their place."""


def finish(pdf: Any, is_whole: bool) -> None:
    """Complete a document that was made as `VARIANT`: what it says of itself, and what that asks for.

    `pdf` is the document with its objects and its catalog, before it is written. One that is not whole, because a
    glyph or its structure is missing, claims neither standard.
    """
    catalog = pdf.catalog
    metadata = next(thing for thing in pdf.objects if reference_of(thing) == catalog["Metadata"])
    packet = b"".join(metadata.stream)
    if language := getattr(catalog.get("Lang"), "string", ""):
        packet = packet.replace(END, LANGUAGE.format(escape(language)).encode() + END)
    metadata.stream = [packet.replace(END, SCHEMA + END) if is_whole else CLAIM.sub(b"", packet)]
    metadata.compress = False  # read by programs that look for it in the bytes
    if "AF" in catalog:
        catalog["AF"][:] = list(dict.fromkeys(catalog["AF"]))
    for thing in pdf.objects:
        extra = getattr(thing, "extra", None)
        if isinstance(extra, Mapping) and extra.get("Subtype") == "/Image":
            thing.extra["Interpolate"] = "false"  # ISO 19005-3, 6.2.8


def reference_of(thing: Any) -> bytes | None:
    """What other objects call it."""
    return None if thing.number is None else bytes(thing.reference)
