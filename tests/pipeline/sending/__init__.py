"""Tests of reportgen.pipeline.sending."""
