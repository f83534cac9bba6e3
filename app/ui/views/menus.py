"""The menu bar; its entries carry all of the window's shortcuts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMainWindow, QMenu


@dataclass(frozen=True, slots=True)
class Entry:
    """One menu entry; of several keys, the first is shown."""

    name: str
    """Identifier of its action, independent of its text."""
    words: str
    pressed: Callable[[], Any]
    keys: tuple[str, ...] = ()
    checkable: bool = False
    separated: bool = False
    """Whether a separator is drawn above."""


def build(window: QMainWindow, menus: dict[str, list[Entry]]) -> dict[str, QAction]:
    """Fill the window's menu bar, and return the actions by their names."""
    actions: dict[str, QAction] = {}
    bar = window.menuBar()
    for title, entries in menus.items():
        menu = bar.addMenu(title) if bar is not None else None
        if menu is None:
            continue
        for entry in entries:
            actions[entry.name] = _add(window, menu, entry)
    return actions


def insert(menu: QMenu, *, before: QAction) -> None:
    """Insert a submenu above an entry, and above its separator if it has one."""
    for parent in before.associatedObjects():
        if isinstance(parent, QMenu):
            entries = parent.actions()
            place = entries.index(before)
            separated = place > 0 and entries[place - 1].isSeparator()
            parent.insertMenu(entries[place - 1] if separated else before, menu)


def fill(
    menu: QMenu, entries: list[tuple[str, str]], pressed: Callable[[str], Any], otherwise: str
) -> None:
    """Fill a menu with (label, value) pairs; if there are none, with the text ``otherwise``."""
    menu.clear()
    for words, value in entries:
        action = menu.addAction(words)
        if action is not None:
            action.triggered.connect(lambda _checked=False, value=value: pressed(value))
    if not entries and (nothing := menu.addAction(otherwise)) is not None:
        nothing.setEnabled(False)


def fill_ticked(
    menu: QMenu, entries: list[tuple[str, str, bool]], pressed: Callable[[str], Any]
) -> None:
    """Fill a menu with checkable entries (label, value, checked)."""
    menu.clear()
    for words, value, ticked in entries:
        action = menu.addAction(words)
        if action is not None:
            action.setCheckable(True)
            action.setChecked(ticked)
            action.triggered.connect(lambda _checked=False, value=value: pressed(value))


def _add(window: QMainWindow, menu: QMenu, entry: Entry) -> QAction:
    if entry.separated:
        menu.addSeparator()
    action = QAction(entry.words, window)
    action.setObjectName(entry.name)
    action.setShortcuts([QKeySequence(key) for key in entry.keys])
    action.setCheckable(entry.checkable)
    action.triggered.connect(lambda _checked=False: entry.pressed())
    menu.addAction(action)
    # Otherwise shortcuts do not work while the menu bar is hidden in full-screen mode.
    window.addAction(action)
    return action
