"""Exports: what leaves the program, one small module a format and one registry."""

from __future__ import annotations
