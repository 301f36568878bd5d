"""Figures as operators of a page of PDF: what WeasyPrint does with an SVG, for the SVG that our figures are made of.

WeasyPrint sets the text of an SVG letter by letter and keeps a document object for each aligned word; the figures of
one report have ten thousand letters. Here a word is one line of text, and a drawing one piece of its page. A drawing
with anything that is not known here is left to WeasyPrint.
"""
