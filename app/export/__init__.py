"""Exports: one small module per format, and one registry."""

from __future__ import annotations
