"""The window's dark and light theme: a set of named colours, a palette and a small style sheet.

Lengths in the style sheet are fractions of the font's height (``em``), so the window keeps its
proportions at any font size and any screen scaling.  Accents are deliberately colourless: blue and
orange mean the person's left and right, red means recording, and nothing else may use them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final, Literal

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QGuiApplication, QPalette
from PyQt6.QtWidgets import QApplication

ThemeChoice = Literal["system", "light", "dark"]


@dataclass(frozen=True, slots=True)
class Theme:
    """Named colours as #rrggbb; every text colour has a contrast of at least 4.5:1 on each
    background it is used on."""

    dark: bool
    window: str
    """Background of the toolbar, the status line and dialogs."""
    panel: str
    """Background of cards, menus and input fields."""
    pane: str
    """Background of the camera picture and of the painted 3D view."""
    line: str
    button: str
    hover: str
    pressed: str
    text: str
    dim: str
    """Secondary text."""
    strong: str
    """Background of the main button, of slider handles and of progress bars."""
    on_strong: str


DARK: Final = Theme(
    dark=True,
    window="#1f2124",
    panel="#282b2f",
    pane="#151618",
    line="#3a3e44",
    button="#33373c",
    hover="#3f444a",
    pressed="#26292d",
    text="#e9ebee",
    dim="#abb1b9",
    strong="#e3e6ea",
    on_strong="#17181a",
)
LIGHT: Final = Theme(
    dark=False,
    window="#f2f3f5",
    panel="#ffffff",
    pane="#dfe3e7",
    line="#c9ced4",
    button="#ffffff",
    hover="#e9ecef",
    pressed="#dadee3",
    text="#1c1f23",
    dim="#535a62",
    strong="#2b3036",
    on_strong="#ffffff",
)

ON_DARK: Final = "#f4f5f6"
"""Text colour of hints and labels over pictures; their background is dark in both themes."""


def system_is_dark() -> bool:
    """Whether the desktop prefers a dark theme; judged by its palette if it reports none."""
    hints = QGuiApplication.styleHints()
    scheme = hints.colorScheme() if hints is not None else Qt.ColorScheme.Unknown
    if scheme != Qt.ColorScheme.Unknown:
        return scheme == Qt.ColorScheme.Dark
    return QGuiApplication.palette().color(QPalette.ColorRole.Window).lightnessF() < 0.5


def pick(choice: ThemeChoice, *, system_dark: bool) -> Theme:
    """Return the theme for the user's choice."""
    dark = system_dark if choice == "system" else choice == "dark"
    return DARK if dark else LIGHT


def apply_to_program(theme: Theme) -> None:
    """Apply the theme to every widget of the program, including those that are already open."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        return
    # setStyle and setStyleSheet visit all widgets, also those of a window that is being deleted;
    # the tests' process once crashed in a setStyle that changed nothing.
    if not application.styleSheet():
        application.setStyle("Fusion")
    application.setPalette(palette(theme))
    sheet = stylesheet(theme, QFontMetricsF(application.font()).height())
    if application.styleSheet() != sheet:
        application.setStyleSheet(sheet)


def palette(theme: Theme) -> QPalette:
    """Return the theme's Qt palette, including the colours of disabled widgets."""
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.panel,
        role.AlternateBase: theme.window,
        role.Text: theme.text,
        role.Button: theme.button,
        role.ButtonText: theme.text,
        role.BrightText: theme.text,
        role.ToolTipBase: theme.panel,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.dim,
        role.Highlight: theme.strong,
        role.HighlightedText: theme.on_strong,
        role.Link: theme.text,
        role.Mid: theme.line,
        role.Dark: theme.line,
        role.Shadow: theme.pane,
        role.Accent: theme.strong,
    }
    result = QPalette()
    for key, colour in colours.items():
        result.setColor(key, QColor(colour))
    for key in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, key, faded(theme.text, theme.window, 0.42))
    return result


def faded(colour: str, ground: str, share: float) -> QColor:
    """Return the opaque colour of ``colour`` blended over ``ground`` with opacity ``share``."""
    over, under = QColor(colour), QColor(ground)
    mix = (share * a + (1 - share) * b for a, b in zip(_rgb(over), _rgb(under), strict=True))
    return QColor(*(round(value) for value in mix))


def _rgb(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()


def stylesheet(theme: Theme, em: float) -> str:
    """Return the style sheet for a font of height ``em`` (logical pixels)."""
    return "\n".join(part(theme, em) for part in _STYLES)


def _px(share: float, em: float) -> str:
    return f"{max(1, round(share * em))}px"


def _frame_style(theme: Theme, em: float) -> str:
    px = functools.partial(_px, em=em)
    off = faded(theme.text, theme.window, 0.42).name()
    return f"""
QToolTip {{ background: {theme.panel}; color: {theme.text}; border: 1px solid {theme.line};
    padding: {px(0.3)} {px(0.45)}; }}
QMenuBar {{ background: {theme.window}; padding: {px(0.1)} {px(0.3)}; }}
QMenuBar::item {{ padding: {px(0.25)} {px(0.55)}; border-radius: {px(0.25)};
    background: transparent; }}
QMenuBar::item:selected {{ background: {theme.hover}; }}
QMenu {{ background: {theme.panel}; border: 1px solid {theme.line}; padding: {px(0.3)}; }}
QMenu::item {{ padding: {px(0.32)} {px(1.6)} {px(0.32)} {px(1.4)}; border-radius: {px(0.25)}; }}
QMenu::item:selected {{ background: {theme.hover}; color: {theme.text}; }}
QMenu::item:disabled {{ color: {off}; }}
QMenu::separator {{ height: 1px; background: {theme.line}; margin: {px(0.3)} {px(0.4)}; }}
QSplitter::handle {{ background: {theme.window}; }}
QSplitter::handle:hover {{ background: {theme.line}; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: 0; }}
"""


def _control_style(theme: Theme, em: float) -> str:
    px = functools.partial(_px, em=em)
    off = faded(theme.text, theme.window, 0.42).name()
    return f"""
QPushButton, QComboBox, QAbstractSpinBox {{ background: {theme.button}; color: {theme.text};
    border: 1px solid {theme.line}; border-radius: {px(0.3)};
    padding: {px(0.24)} {px(0.7)}; min-height: {px(1.2)}; }}
QComboBox {{ padding-right: {px(1.6)}; }}
QPushButton:hover, QComboBox:hover {{ background: {theme.hover}; }}
QPushButton:pressed, QPushButton:checked {{ background: {theme.pressed}; }}
QPushButton:focus, QComboBox:focus, QAbstractSpinBox:focus, QLineEdit:focus {{
    border: 1px solid {theme.dim}; }}
QPushButton:disabled, QComboBox:disabled, QAbstractSpinBox:disabled {{
    color: {off}; background: {theme.window}; }}
QPushButton[main="true"] {{ background: {theme.strong}; color: {theme.on_strong};
    border-color: {theme.strong}; font-weight: 600; }}
QPushButton[main="true"]:hover {{ background: {theme.dim}; border-color: {theme.dim}; }}
QPushButton[main="true"]:focus {{ border: {px(0.15)} solid {theme.dim}; }}
QPushButton[main="true"]:disabled {{ background: {theme.pressed}; color: {off};
    border-color: {theme.line}; }}
QComboBox::drop-down {{ border: 0; width: {px(1.5)}; }}
QComboBox::down-arrow {{ image: none; }}
QComboBox QAbstractItemView {{ background: {theme.panel}; border: 1px solid {theme.line};
    selection-background-color: {theme.hover}; selection-color: {theme.text}; outline: 0; }}
QLineEdit {{ background: {theme.panel}; color: {theme.text}; border: 1px solid {theme.line};
    border-radius: {px(0.3)}; padding: {px(0.28)} {px(0.5)}; }}
QToolButton {{ background: transparent; border: 1px solid transparent; color: {theme.text};
    border-radius: {px(0.3)}; padding: {px(0.26)}; }}
QToolButton:hover {{ background: {theme.hover}; }}
QToolButton:pressed {{ background: {theme.pressed}; }}
QToolButton:checked {{ background: {theme.pressed}; border-color: {theme.line}; }}
QToolButton:focus {{ border-color: {theme.dim}; }}
"""


def _slider_style(theme: Theme, em: float) -> str:
    px = functools.partial(_px, em=em)
    # Even numbers: Qt draws square corners if a radius is larger than half the height.
    groove, knob = 2 * max(1, round(0.12 * em)), 2 * max(1, round(0.4 * em))
    return f"""
QSlider::groove:horizontal {{ height: {groove}px; background: {theme.line};
    border-radius: {groove // 2}px; }}
QSlider::sub-page:horizontal {{ background: {theme.dim}; border-radius: {groove // 2}px; }}
QSlider::handle:horizontal {{ width: {knob}px; margin: -{(knob - groove) // 2}px 0;
    border-radius: {knob // 2}px; background: {theme.strong}; }}
QSlider::handle:horizontal:disabled {{ background: {theme.line}; }}
QSlider::handle:horizontal:focus {{ border: {max(2, groove // 2)}px solid {theme.dim}; }}
QProgressBar {{ background: {theme.line}; border: 0; border-radius: {px(0.14)};
    max-height: {px(0.28)}; min-height: {px(0.28)}; }}
QProgressBar::chunk {{ background: {theme.strong}; border-radius: {px(0.14)}; }}

#toolbar, #statusline, #timeline, #people {{ background: {theme.window}; }}
#settings {{ background: {theme.window}; }}
#jobs, #welcome {{ background: {theme.panel}; border-radius: {px(0.4)}; }}
#card {{ background: {theme.panel}; border: 1px solid {theme.line}; border-radius: {px(0.55)}; }}
QLabel {{ background: transparent; }}
#hint QLabel {{ color: {ON_DARK}; }}
QLabel[dim="true"] {{ color: {theme.dim}; }}
QLabel[heading="true"] {{ font-weight: 600; }}
"""


def _list_style(theme: Theme, em: float) -> str:
    px = functools.partial(_px, em=em)
    return f"""
QTreeView, QTableView, QPlainTextEdit {{ background: {theme.panel}; color: {theme.text};
    border: 1px solid {theme.line}; border-radius: {px(0.3)}; gridline-color: {theme.line};
    selection-background-color: {theme.line}; selection-color: {theme.text}; outline: 0; }}
QTreeView::item, QTableView::item {{ padding: {px(0.28)} {px(0.35)}; }}
QTreeView::item:selected, QTableView::item:selected {{ background: {theme.line};
    color: {theme.text}; }}
QTreeView QLineEdit, QTableView QLineEdit {{ padding: 0 {px(0.25)}; border-radius: 0; }}
QPlainTextEdit {{ padding: {px(0.2)}; }}
QPlainTextEdit:focus, QTreeView:focus, QTableView:focus {{ border: 1px solid {theme.dim}; }}
QHeaderView, QHeaderView::section {{ background: {theme.window}; color: {theme.dim};
    border: 0; border-radius: 0; }}
QHeaderView::section {{ padding: {px(0.3)} {px(0.45)}; border-bottom: 1px solid {theme.line}; }}
"""


def _scroll_style(theme: Theme, em: float) -> str:
    px = functools.partial(_px, em=em)
    ends = "height: 0; width: 0; background: transparent;"
    return f"""
QScrollBar {{ background: transparent; border: 0; }}
QScrollBar:vertical {{ width: {px(0.6)}; }}
QScrollBar:horizontal {{ height: {px(0.6)}; }}
QScrollBar::handle {{ background: {theme.line}; border-radius: {px(0.2)}; margin: {px(0.1)}; }}
QScrollBar::handle:vertical {{ min-height: {px(2)}; }}
QScrollBar::handle:horizontal {{ min-width: {px(2)}; }}
QScrollBar::handle:hover {{ background: {theme.dim}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ {ends} }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""


_STYLES: Final = (_frame_style, _control_style, _slider_style, _list_style, _scroll_style)
