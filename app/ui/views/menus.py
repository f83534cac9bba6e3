"""The menu bar; its entries carry all of the window's shortcuts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMainWindow, QMenu


@dataclass(frozen=True, slots=True)
class Entry:
    """One menu entry."""

    name: str
    """Identifier of its action, independent of its text."""
    words: str
    pressed: Callable[[], Any]
    keys: str = ""
    """Several may be given, with ; between; the first is shown."""
    checkable: bool = False


LINE: Final = None
"""Between entries."""
Entries = list[Entry | None]


def build(window: QMainWindow, menus: dict[str, Entries]) -> dict[str, QAction]:
    """Fill the window's menu bar, and return the actions by their names."""
    actions: dict[str, QAction] = {}
    bar = window.menuBar()
    for title, entries in menus.items():
        menu = bar.addMenu(title) if bar is not None else None
        if menu is None:
            continue
        for entry in entries:
            if entry is LINE:
                menu.addSeparator()
            else:
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


def add(
    menu: QMenu, words: str, pressed: Callable[[], Any] | None, *, ticked: bool | None = None
) -> None:
    """Append an entry, greyed out where nothing can be ``pressed``; with a tick or without."""
    action = QAction(words, menu)
    action.setEnabled(pressed is not None)
    if pressed is not None:
        action.triggered.connect(lambda _checked=False: pressed())
    if ticked is not None:
        action.setCheckable(True)
        action.setChecked(ticked)
    menu.addAction(action)


def fill(
    menu: QMenu, entries: list[tuple[str, str]], pressed: Callable[[str], Any], otherwise: str
) -> None:
    """Fill a menu with (label, value) pairs; if there are none, with the text ``otherwise``."""
    menu.clear()
    for words, value in entries:
        add(menu, words, partial(pressed, value))
    if not entries:
        add(menu, otherwise, None)


def fill_ticked(
    menu: QMenu, entries: list[tuple[str, str, bool]], pressed: Callable[[str], Any]
) -> None:
    """Fill a menu with checkable entries (label, value, checked)."""
    menu.clear()
    for words, value, ticked in entries:
        add(menu, words, partial(pressed, value), ticked=ticked)


def _add(window: QMainWindow, menu: QMenu, entry: Entry) -> QAction:
    action = QAction(entry.words, window)
    action.setObjectName(entry.name)
    if entry.keys:
        action.setShortcuts(QKeySequence.listFromString(entry.keys))
    action.setCheckable(entry.checkable)
    action.triggered.connect(lambda _checked=False: entry.pressed())
    menu.addAction(action)
    # Otherwise shortcuts do not work while the menu bar is hidden in full-screen mode.
    window.addAction(action)
    return action
