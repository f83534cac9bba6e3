"""The keyboard, and what it does to the real window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, QSize, Qt
from PyQt6.QtGui import QKeySequence, QScreen, QWheelEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QCheckBox, QLineEdit, QScrollArea, QWidget

from app.export import registry
from app.export.registry import FORMATS
from app.render.camera import FRONT, SIDE, THREE_QUARTER, TOP
from app.render.request import Body
from app.ui import main
from app.ui.main import Session
from app.ui.presenters.exporting import Target
from app.ui.presenters.orbit import OrbitPresenter
from app.ui.views.dialogs import SHORTCUTS, AddressDialog, ExportDialog, ShortcutsDialog
from tests.support.windows import OpenWindow, until


@pytest.fixture
def session(open_window: OpenWindow) -> Iterator[Session]:
    """A window with nothing shown."""
    return open_window()


def press(session: Session, key: Qt.Key, *, ctrl: bool = False) -> None:
    modifier = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
    QTest.keyClick(session.window, key, modifier)
    QTest.qWait(20)


def dialogs(kind: type) -> list[object]:
    return [each for each in QApplication.topLevelWidgets() if type(each) is kind]


@pytest.mark.parametrize(
    ("key", "camera"),
    [
        (Qt.Key.Key_1, FRONT),
        (Qt.Key.Key_2, SIDE),
        (Qt.Key.Key_3, TOP),
        (Qt.Key.Key_0, THREE_QUARTER),
    ],
)
def test_views(session: Session, key: Qt.Key, camera: object) -> None:
    session.window.orbit.drag(77, 33, 500, pan=False)
    press(session, key)
    assert session.window.orbit.camera == camera


def test_mirror_and_follow(session: Session) -> None:
    window = session.window
    assert session.preferences.follow, "at first"
    assert window.orbit.follow
    press(session, Qt.Key.Key_M)
    press(session, Qt.Key.Key_F)
    assert session.preferences.mirror
    assert window.picture.mirror.isChecked()
    assert window.menu_actions["mirror"].isChecked()
    assert window.picture.badge.isVisible()
    assert window.skeleton.badge.isVisible()
    assert window.picture.badge.text() == "Mirrored view"
    assert not session.preferences.follow
    assert not window.orbit.follow
    press(session, Qt.Key.Key_M)
    assert not session.preferences.mirror
    assert not window.skeleton.badge.isVisible()


@pytest.mark.parametrize("share", [0.2, 0.8])
def test_both_panes_are_mirrored_together(session: Session, share: float) -> None:
    view = session.window.skeleton
    body = np.zeros((17, 3), np.float32)
    body[:, 1] = np.linspace(0.2, 1.7, 17)
    body[:, 0] = 1.0 if share > 0.5 else -1.0
    view._body = Body(body, np.ones(17, bool), np.ones(17, np.float32))
    session.window.orbit.preset("front")
    view.ask()
    until(lambda: side_of(view) == (share > 0.5), "the figure on its side")
    press(session, Qt.Key.Key_M)
    until(lambda: side_of(view) != (share > 0.5), "the figure on the other side")


def side_of(view: QWidget) -> bool | None:
    """Whether what is colourful is in the right half of it; None if there is nothing."""
    image = view.grab().toImage().scaled(120, 60)
    places = [
        x
        for x in range(120)
        for y in range(10, 60)
        if (colour := image.pixelColor(x, y)).saturation() > 120 and colour.lightness() > 60
    ]
    return sum(places) / len(places) > 60 if places else None


def test_follow_frames_the_person_at_once_and_reset_does_too_while_nothing_moves() -> None:
    orbit = OrbitPresenter()
    orbit.set_follow(True)
    orbit.track_person(np.array([1.5, 0.9, -0.5]), 0.0)
    assert orbit.camera.target[::2] == (1.5, -0.5)
    orbit.drag(0, 200, 500, pan=True)
    orbit.drag(200, 0, 500, pan=True)
    orbit.reset()
    assert orbit.camera.target == (1.5, THREE_QUARTER.target[1], -0.5)
    orbit.set_follow(False)
    orbit.track_person(np.array([0.5, 0.9, 0.0]), 0.1)
    assert orbit.camera.target[0] == 1.5
    orbit.set_follow(True)
    assert orbit.camera.target[0] == 0.5
    orbit.forget()
    orbit.reset()
    assert orbit.camera == THREE_QUARTER


def test_settings_and_help(session: Session) -> None:
    press(session, Qt.Key.Key_Comma, ctrl=True)
    assert session.window.settings.isVisible()
    assert session.window.toolbar.settings.isChecked()
    press(session, Qt.Key.Key_Comma, ctrl=True)
    assert not session.window.settings.isVisible()
    press(session, Qt.Key.Key_F1)
    (dialog,) = dialogs(ShortcutsDialog)
    area = dialog.findChild(QScrollArea)
    inside = area.widget()
    assert area.viewport().size().width() >= inside.minimumSizeHint().width(), "read whole"
    dialog.accept()


def test_the_help_fits_a_small_screen(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QScreen, "availableSize", lambda _self: QSize(800, 600))
    dialog = ShortcutsDialog(session.window)
    dialog.open()
    QTest.qWait(50)
    area = dialog.findChild(QScrollArea)
    assert dialog.width() <= 800
    assert dialog.height() <= 600
    assert area.horizontalScrollBar().maximum() == 0, "it scrolls up and down alone"
    assert area.verticalScrollBar().maximum() > 0
    dialog.accept()


def test_an_address_is_asked_for_and_checked(session: Session) -> None:
    press(session, Qt.Key.Key_U, ctrl=True)
    (dialog,) = dialogs(AddressDialog)
    assert not dialog.go.isEnabled()
    dialog.address.setText("http://127.0.0.1:9/none")
    assert dialog.go.isEnabled()
    assert dialog.wrong.text() == ""
    for wrong, said in (
        ("gopher://camera", "“gopher” is no kind of stream"),
        ("http://", "not a complete address"),
        ("rtsp://me:pa@ss@camera/live", "Write %40 for @"),
    ):
        dialog.address.setText(wrong)
        assert said in dialog.wrong.text()
        assert not dialog.go.isEnabled()
    dialog.reject()


def test_addresses_used_last_are_offered_without_their_passwords(session: Session) -> None:
    for number in range(7):
        session.presenter.choose(f"http://me:secret@127.0.0.1:9/{number}")
    session.presenter.choose("http://me:secret@127.0.0.1:9/4")
    session.presenter.close_source()
    press(session, Qt.Key.Key_U, ctrl=True)
    (dialog,) = dialogs(AddressDialog)
    offered = [button.text() for button in dialog.used]
    assert offered == [f"http://me@127.0.0.1:9/{number}" for number in (4, 6, 5, 3, 2)]
    dialog.used[1].click()
    assert dialog.address.text() == offered[1]
    dialog.reject()


def test_export_without_anything_says_what_to_do(session: Session) -> None:
    press(session, Qt.Key.Key_E, ctrl=True)
    assert not dialogs(ExportDialog)
    QTest.qWait(50)
    assert "Record something first" in session.window.strip.text


def test_the_dialog_offers_every_format_and_ends_the_name_with_it(
    session: Session, tmp_path: Path
) -> None:
    target = Target("take", tmp_path / "take.mixpose")
    dialog = ExportDialog(session.window.exporter, target, session.window)
    shown = [dialog.kind.itemText(number) for number in range(dialog.kind.count())]
    assert shown == [each.label for each in FORMATS.values()]
    assert dialog.kind.currentData() == "csv"
    wanted: list[tuple[object, ...]] = []
    dialog.export_wanted.connect(lambda *what: wanted.append(what))
    for number, (kind, each) in enumerate(FORMATS.items()):
        dialog.kind.setCurrentIndex(number)
        assert dialog.path.name == each.file(tmp_path, f"take{each.tag}").name
        dialog._go()
        assert wanted.pop() == (target, dialog.path, kind, "")


def test_a_library_that_is_missing_is_said_before_a_film_is_lifted(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    film = tmp_path / "film.mp4"
    film.touch()  # reading it would say something else
    exporter = session.window.exporter
    job = exporter.export(Target("film", film), tmp_path / "a.parquet", "parquet")
    until(lambda: not job.running, "the refusal")
    until(lambda: "needs pyarrow" in session.window.strip.text, "the reason")


def test_the_keys_leave_the_line_that_was_typed_in(open_window: OpenWindow) -> None:
    session = open_window(osc=True, osc_address="12", settings_open=True)
    window = session.window
    line = window.settings.findChild(QLineEdit, "osc_address")
    assert line is not None

    def leave_by_enter() -> None:
        QTest.keyClick(line, Qt.Key.Key_Return)

    def leave_by_a_click() -> None:
        QTest.mouseClick(window.picture, Qt.MouseButton.LeftButton)

    for leave in (leave_by_enter, leave_by_a_click):
        mirrored = session.preferences.mirror
        line.setFocus()
        QTest.keyClicks(line, "m")
        assert session.preferences.mirror is mirrored, "typed"
        leave()
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_M)
        assert session.preferences.mirror is not mirrored
    assert line.text() == session.preferences.osc_address == "12mm"


def test_what_needs_a_tick_is_shown_with_it(session: Session) -> None:
    panel = session.window.settings
    panel.show()
    for tick, name in (("osc", "osc_address"), ("lsl", "lsl_name")):
        box, line = panel.findChild(QCheckBox, tick), panel.findChild(QLineEdit, name)
        assert box is not None
        assert line is not None
        assert not line.isVisible()
        box.setChecked(True)
        assert line.isVisible()
        box.setChecked(False)


def test_keys_that_can_do_nothing_now_say_what_is_needed(session: Session) -> None:
    for key, needed in (
        (Qt.Key.Key_R, "Start a camera first"),
        (Qt.Key.Key_E, "Press R to record first"),
        (Qt.Key.Key_I, "Open a recording first"),
        (Qt.Key.Key_O, "Open a recording first"),
    ):
        press(session, key)
        assert needed in session.presenter.marking.hint()


def test_space_presses_the_button_tab_has_led_to(session: Session) -> None:
    session.window.picture.mirror.setFocus()
    press(session, Qt.Key.Key_Space)
    assert session.preferences.mirror
    assert session.presenter.current is None


def test_the_list_of_shortcuts_is_complete(session: Session) -> None:
    listed = {key for keys, _ in SHORTCUTS for key in keys.split("  ")}
    for action in session.window.menu_actions.values():
        for shortcut in action.shortcuts():
            text = shortcut.toString(QKeySequence.SequenceFormat.PortableText)
            assert text in listed, f"{text} ({action.text()}) is not in the list"


def test_actions_are_known_by_names_whatever_their_words(session: Session) -> None:
    actions = session.window.menu_actions
    assert [action.objectName() for action in actions.values()] == list(actions)
    actions["mirror"].setText("Spiegeln")
    actions["mirror"].trigger()
    assert session.preferences.mirror
    assert actions["mirror"].isChecked()


def test_nobody_but_the_program_s_start_knows_the_window() -> None:
    texts = {
        each.name: each.read_text("utf-8") for each in Path(main.__file__).parent.rglob("*.py")
    }
    assert [name for name, text in texts.items() if "import MainWindow" in text] == ["main.py"]


def test_no_key_is_taken_twice(session: Session) -> None:
    keys = [
        shortcut.toString()
        for action in session.window.menu_actions.values()
        for shortcut in action.shortcuts()
    ]
    assert len(keys) == len(set(keys))


def test_the_mouse_orbits_pans_zooms_and_resets(session: Session) -> None:
    view, orbit = session.window.skeleton, session.window.orbit
    start, end = QPoint(200, 300), QPoint(260, 280)

    def drag(button: Qt.MouseButton, modifier: Qt.KeyboardModifier) -> None:
        QTest.mousePress(view, button, modifier, start)
        QTest.mouseMove(view, end)
        QTest.qWait(10)
        QTest.mouseRelease(view, button, modifier, end)

    drag(Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    assert orbit.camera.azimuth != THREE_QUARTER.azimuth
    assert orbit.camera.target == THREE_QUARTER.target
    drag(Qt.MouseButton.MiddleButton, Qt.KeyboardModifier.NoModifier)
    assert orbit.camera.target != THREE_QUARTER.target
    before = orbit.camera.distance
    QApplication.sendEvent(view, wheel(120))
    assert orbit.camera.distance < before
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=start)
    assert orbit.camera == THREE_QUARTER


def test_the_wheel_over_a_list_changes_nothing(session: Session) -> None:
    box = session.window.settings.choice("countdown_s")
    QApplication.sendEvent(box, wheel(-120))
    assert session.preferences.countdown_s == 0
    assert box.currentData() == 0


def wheel(turn: int) -> QWheelEvent:
    nowhere, none = QPointF(10, 10), QPoint(0, 0)
    phase = Qt.ScrollPhase.NoScrollPhase
    keys, buttons = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.NoButton
    return QWheelEvent(nowhere, nowhere, none, QPoint(0, turn), buttons, keys, phase, False)
