from __future__ import annotations

import itertools

import pytest
from PyQt6.QtCore import QEvent, QObject, QRectF
from PyQt6.QtGui import QColor, QImage, QPainter
from PyQt6.QtWidgets import QApplication, QLabel

from app.render import colours
from app.ui import icons, theme
from app.ui.views import toolbar

THEMES = [theme.DARK, theme.LIGHT]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours after WCAG 2, from 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    channels = QColor(colour).getRgbF()[:3]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("chosen", THEMES)
def test_every_text_reaches_four_and_a_half_to_one(chosen: theme.Theme) -> None:
    grounds = (chosen.window, chosen.panel, chosen.button, chosen.hover, chosen.pressed)
    for ink, ground in itertools.product((chosen.text,), grounds):
        assert contrast(ink, ground) >= 4.5
    for ground in (chosen.window, chosen.panel, chosen.pane):
        assert contrast(chosen.dim, ground) >= 4.5
    assert contrast(chosen.on_strong, chosen.strong) >= 4.5
    assert contrast(chosen.on_strong, chosen.dim) >= 4.5  # the main button, hovered


def test_white_on_the_record_button_is_readable() -> None:
    assert contrast(toolbar._ON_RED, toolbar._RED_GROUND) >= 4.5


@pytest.mark.parametrize("chosen", THEMES)
def test_no_accent_takes_a_colour_that_means_something(chosen: theme.Theme) -> None:
    for name in theme.Theme.__slots__:
        value = getattr(chosen, name)
        if isinstance(value, str):
            assert QColor(value).saturationF() < 0.25, name


@pytest.mark.parametrize("chosen", THEMES)
def test_the_two_panes_have_one_ground(chosen: theme.Theme) -> None:
    scene = colours.DARK_SCENE if chosen.dark else colours.LIGHT_SCENE
    assert chosen.pane.lower() == scene.background.lower()


def test_contrast_is_the_one_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("choice", "system_dark", "dark"),
    [
        ("system", True, True),
        ("system", False, False),
        ("light", True, False),
        ("dark", False, True),
    ],
)
def test_the_users_choice_overrides_the_system(choice, system_dark, dark) -> None:
    assert theme.pick(choice, system_dark=system_dark).dark is dark


@pytest.mark.parametrize("name", icons.NAMES)
def test_every_icon_draws_something_and_not_everything(qapp, name: str) -> None:
    image = QImage(48, 48, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    icons.paint(name, painter, QRectF(0, 0, 48, 48), QColor("#ffffff"))
    painter.end()
    inked = sum(image.pixelColor(x, y).alpha() > 128 for x in range(48) for y in range(48))
    assert 40 < inked < 1200


def test_an_unknown_icon_is_an_error(qapp) -> None:
    with pytest.raises(KeyError):
        icons.icon("nothing")


class StyleChanges(QObject):
    """Counts how often a widget is dressed anew."""

    count = 0

    def eventFilter(self, _watched: QObject | None, event: QEvent | None) -> bool:
        self.count += event is not None and event.type() == QEvent.Type.StyleChange
        return False


def test_a_second_window_of_the_same_theme_dresses_nobody_anew(qapp: QApplication) -> None:
    theme.apply_to_program(theme.LIGHT)
    label, changes = QLabel("open already"), StyleChanges()
    label.installEventFilter(changes)
    label.show()

    theme.apply_to_program(theme.LIGHT)
    assert changes.count == 0

    theme.apply_to_program(theme.DARK)
    assert changes.count > 0
    assert label.palette().windowText().color() == QColor(theme.DARK.text)
