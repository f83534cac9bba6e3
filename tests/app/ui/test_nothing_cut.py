"""Words are read whole, in the smallest window and on the sharpest screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QRect, QSize, Qt
from PyQt6.QtGui import QScreen
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QCheckBox, QFileDialog, QHeaderView, QLabel, QPushButton, QTreeView

from app.recording.reader import Recording
from app.ui.angle_groups import GROUPS
from app.ui.main import Session
from app.ui.notices import Message, MessageButton
from app.ui.presenters import sources
from app.ui.views import kit, plot
from app.ui.views.card import Card
from tests.support.recordings import INFO, poses, record
from tests.support.windows import OpenWindow, until


@pytest.fixture
def session(open_window: OpenWindow, tmp_path: Path) -> Iterator[Session]:
    """The smallest window, with a recording, the plot and the settings."""
    path = record(tmp_path / "recordings", 31)
    Recording.open(path).save_poses(poses(31), INFO)
    session = open_window(str(path), plot_open=True, settings_open=True)
    session.window.resize(800, 600)
    until(lambda: session.presenter.playback, "the recording")
    QTest.qWait(100)
    return session


def cut(widget: kit.Choice) -> list[str]:
    """Of its entries those that do not fit while the list is closed."""
    before, found = widget.currentIndex(), []
    widget.blockSignals(True)
    for index in range(widget.count()):
        widget.setCurrentIndex(index)
        if widget.shown_text != widget.currentText():
            found.append(widget.currentText())
    widget.setCurrentIndex(before)
    widget.blockSignals(False)
    return found


def test_settings_are_read_whole(session: Session) -> None:
    panel = session.window.settings
    for tick in panel.findChildren(QCheckBox):
        assert tick.sizeHint().width() <= tick.width(), tick.text()
    for choice in panel.findChildren(kit.Choice):
        if choice is not panel.choice("weights"):  # files of the user's
            assert cut(choice) == []
    for label in panel.findChildren(QLabel):
        if label.isVisible() and not label.wordWrap():
            wide = label.fontMetrics().horizontalAdvance(label.text())
            assert wide <= label.width(), label.text()


def test_the_plot_names_what_it_shows(session: Session) -> None:
    window = session.window
    window._toggle_settings()
    for group in GROUPS:
        window.plot.presenter.choose(group)
        QTest.qWait(20)
        assert window.plot.group.shown_text == GROUPS[group][0]
        for value in window.plot.values:
            if value.isVisible():  # values go on changing, and are given room for that at once
                until(
                    lambda value=value: value.sizeHint().width() <= value.width(),
                    f"room for {value.text}",
                )


def test_a_card_is_read_whole_whatever_it_names(session: Session, tmp_path: Path) -> None:
    presenter, card = session.presenter, session.window.picture.card
    name = "GX010123_2026-11-21_subject_07_condition_B_trial_03_left_4k_60fps_stabilised.mp4"
    presenter.choose(str(tmp_path / name))
    until(lambda: presenter.failed_source, "the card")
    until(lambda: card.notice is not None and name in card.notice.title, "the name")
    require_whole(card)
    presenter.program_error(RuntimeError("a tensor of the wrong shape, " * 100))
    until(lambda: card.notice is not None and "tensor" in card.notice.body, "the error")
    require_whole(card)


def test_a_message_is_read_whole_whatever_it_names(session: Session) -> None:
    window = session.window
    name = "2026-11-21_subject_07_condition_B_trial_03_left_4k_60fps_stabilised_again"
    buttons = [
        MessageButton(words, lambda: None) for words in ("Play", "Export…", "Show in folder")
    ]
    session.presenter.announce(Message(f"Recording {name} is ready", tuple(buttons)))
    until(lambda: window.strip.text == f"Recording {name} is ready", "the message")
    QTest.qWait(100)
    assert window.minimumSizeHint().width() <= window.width()
    (title,) = window.strip.findChildren(QLabel)
    require_words_whole(title)


def require_whole(card: Card) -> None:
    """The card lies within its pane, and all its words within the card."""
    QTest.qWait(100)
    pane = card.parentWidget()
    assert pane is not None
    assert pane.rect().contains(card.geometry())
    for label in card.findChildren(QLabel):
        if label.isVisible():
            require_words_whole(label)


def require_words_whole(label: QLabel) -> None:
    """All its words lie within the label."""
    across = Qt.AlignmentFlag.AlignHCenter.value | Qt.TextFlag.TextWordWrap.value
    room = QRect(0, 0, label.width(), 10_000)
    words = label.fontMetrics().boundingRect(room, across, label.text())
    assert words.width() <= label.width(), label.text()
    assert words.height() <= label.height(), label.text()


def test_what_is_measured_is_read_whole_in_a_narrow_pane(session: Session) -> None:
    summary = session.window.plot.summary
    until(lambda: "repetition" in summary.text() or "°" in summary.text(), "what is measured")
    summary.setText(
        "Selected part: left 14 to 98° (84°), right 16 to 102° (86°), left 12 repetitions, "
        "right 11 repetitions"
    )
    QTest.qWait(50)
    assert summary.fontMetrics().horizontalAdvance(summary.text()) > summary.width()
    assert summary.heightForWidth(summary.width()) <= summary.height()


def test_a_long_name_has_a_sign_and_the_list_shows_it_whole(session: Session) -> None:
    choice = session.window.toolbar.source
    name = "a film with a very long name of its own.mp4"
    choice.show_sources(sources.build([], f"/films/{name}"))
    assert choice.currentText() == name
    assert "…" in choice.shown_text
    assert choice.shown_text.endswith(".mp4") or choice.shown_text.endswith("p4")
    choice.showPopup()
    view = choice.view()
    assert view.width() >= view.fontMetrics().horizontalAdvance(name)
    choice.hidePopup()


def test_dates_in_the_file_dialog_are_whole(session: Session) -> None:
    window = session.window
    window.opening.ask_file()
    dialog = window.findChildren(QFileDialog)[-1]
    header = dialog.findChild(QTreeView).header()
    for column in range(1, header.count()):
        assert header.sectionResizeMode(column) is QHeaderView.ResizeMode.ResizeToContents
    dialog.reject()


def test_buttons_are_as_wide_as_their_words(session: Session) -> None:
    window = session.window
    window.show_library()
    until(lambda: window.library.list.topLevelItemCount(), "the list")
    for root in (window, window.library):
        for button in root.findChildren(QPushButton):
            if button.isVisible():
                assert button.minimumSizeHint().width() <= button.width(), button.text()


def test_lines_of_the_plot_are_as_wide_on_a_sharp_screen(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = session.window.plot._graph
    assert graph._curves[0].opts["pen"].widthF() == pytest.approx(plot._WIDTH)
    monkeypatch.setattr(type(graph.widget), "devicePixelRatioF", lambda _: 2.0)
    session.presenter.playback.clock.pause()
    session.presenter.playback.seek(0.5)
    until(lambda: graph._ratio == 2.0, "the other screen")
    assert graph._curves[0].opts["pen"].widthF() == pytest.approx(2 * plot._WIDTH)


@pytest.mark.slow
def test_a_small_screen_that_is_scaled_has_room_for_the_window(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1366 x 768 at 200 % are 683 x 384 of a window's own pixels."""
    room = QSize(683, 384)
    monkeypatch.setattr(QScreen, "availableSize", lambda _: room)
    window = open_window("performer").window
    assert window.size() == room
    until(lambda: window.toolbar.pictures.isVisible(), "all of the toolbar")
    assert not window.toolbar.delay.isVisible()
    for widget in (*window.toolbar.findChildren(QPushButton), window.status, window.panes):
        if widget.isVisible():
            corner = widget.mapTo(window, widget.rect().bottomRight())
            assert window.rect().contains(corner), widget
            assert widget.width() >= widget.minimumSizeHint().width(), widget
    monkeypatch.undo()
    window.resize(900, 600)
    until(window.toolbar.delay.isVisible, "the slider, where there is room")
