"""The main window: lays out the views and connects them to the presenters; without logic."""

from __future__ import annotations

from functools import partial
from typing import Final

from PyQt6.QtCore import QByteArray, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QMainWindow,
    QMenu,
)

from app.ui import theme as themes
from app.ui.angle_groups import GROUPS, JOINTS
from app.ui.presenters.exporting import ExportPresenter
from app.ui.presenters.library import LibraryPresenter
from app.ui.presenters.live import LivePresenter
from app.ui.presenters.orbit import OrbitPresenter
from app.ui.presenters.playback import PlaybackPresenter
from app.ui.presenters.plotting import PlotPresenter
from app.ui.presenters.view_state import ViewState
from app.ui.presenters.window import WindowPresenter
from app.ui.views import controllers, desktop, kit, layout, menus
from app.ui.views.comparison import ComparisonController
from app.ui.views.controllers import ComputerController, ExportController, OpenController
from app.ui.views.dialogs import ShortcutsDialog
from app.ui.views.jobs import JobStrip, Welcome
from app.ui.views.layout import WholeScreenController
from app.ui.views.library import LibraryDialog
from app.ui.views.marking import MarkingController
from app.ui.views.people import PeopleBar
from app.ui.views.picture import PictureView
from app.ui.views.plot import PlotPane
from app.ui.views.settings import SettingsPanel
from app.ui.views.skeleton import SkeletonView
from app.ui.views.snapshot import SnapshotController
from app.ui.views.statusline import StatusLine
from app.ui.views.timeline import Timeline
from app.ui.views.toolbar import Toolbar

TICK_MS: Final = 15
TITLE: Final = "mixpose"


class MainWindow(QMainWindow):
    """The main window."""

    ready = pyqtSignal()
    """The first picture and the first 3D pose are on the screen; emitted once."""
    closing = pyqtSignal()
    """The window is closing: the user has closed it and confirmed that if asked."""

    def __init__(self, presenter: WindowPresenter, orbit: OrbitPresenter) -> None:
        super().__init__()
        self.presenter, self.orbit = presenter, orbit
        self.exporter = ExportPresenter(presenter, presenter.preferences, desktop.show_in_folder)
        self.toolbar = Toolbar()
        self.picture = PictureView()
        self.skeleton = SkeletonView(orbit)
        self.plot = PlotPane(PlotPresenter(presenter))
        self.settings = SettingsPanel(presenter.preferences)
        self.timeline = Timeline()
        self.people = PeopleBar()
        self.strip = JobStrip()
        self.welcome = Welcome(presenter.end_welcome)
        self.status = StatusLine()
        self.panes = layout.Panes(self.picture, self.skeleton, self.plot)
        self.view_state = ViewState()
        self._recordings: list[tuple[str, str]] = []
        self._was_ready = False
        self._leaving = False
        self._add_comparison()
        self._build()
        self._add_controllers()
        self.menu_actions: dict[str, QAction] = menus.build(
            self, self._menus_of_takes() | self._menus_of_window()
        )
        """The menus' actions by their names."""
        self.recordings = QMenu("Newest recordings", self)
        self.compare = QMenu("Compare with", self)
        for menu in (self.recordings, self.compare):
            menus.insert(menu, before=self.menu_actions["export"])
        self.numbers = QMenu("Angles to write there", self)
        menus.insert(self.numbers, before=self.menu_actions["settings"])
        self._connect_views()
        self._connect_presenter()
        self._tick = QTimer(self)
        self._tick.setTimerType(Qt.TimerType.PreciseTimer)
        self._tick.timeout.connect(self.tick)

    # --- layout -----------------------------------------------------------------------------

    def _build(self) -> None:
        self.setWindowTitle(TITLE)
        self.setAcceptDrops(True)
        middle = [self.panes, self.settings]
        notes = [self.welcome, self.strip]
        below = [self.people, self.comparing.bar, self.timeline, self.status]
        self.setCentralWidget(layout.column(self.toolbar, middle, notes, below))
        self.timeline.hide()
        self.settings.setVisible(self.presenter.preferences.settings_open)
        # 800 x 600 with usual fonts, but not more than a small screen scaled by 200 % has.
        self.setMinimumSize(kit.on_screen(self, QSize(kit.ems(self, 57), kit.ems(self, 42))))

    def _add_comparison(self) -> None:
        window = self.presenter
        asking = OpenController(
            self, window.preferences, desktop.videos, window.comparison.open, "Compare with"
        )
        self.comparing = ComparisonController(
            window,
            self.panes,
            first=(self.picture, self.skeleton),
            orbit=self.orbit,
            ask_file=asking.ask_file,
        )

    def _add_controllers(self) -> None:
        window, chosen = self.presenter, self.presenter.preferences
        self.opening = OpenController(self, chosen, desktop.videos, window.choose)
        self.exporting = ExportController(self, self.exporter, window.notify)
        self.computer = ComputerController(window.jobs, self.settings, window.notify)
        self.marking = MarkingController(self, window.marking, self.timeline.scrubber)
        self.snapshots = SnapshotController(window, self.picture, self.skeleton, desktop.pictures)
        self.whole_screen = WholeScreenController(self, self.panes, [self.toolbar, self.status])
        self.library: LibraryDialog | None = None

    def _menus_of_takes(self) -> dict[str, menus.Entries]:
        window, fix, entry = self.presenter, self.presenter.correcting, menus.Entry
        return {
            "&File": [
                entry("open", "Open a video or recording…", self.opening.ask_file, "Ctrl+O"),
                entry("stream", "Open a stream's address…", self.opening.ask_address, "Ctrl+U"),
                entry("library", "Recordings…", self.show_library, "Ctrl+L"),
                menus.LINE,
                entry("export", "Export…", self.exporting.ask, "Ctrl+E"),
                entry("report", "Report…", self.exporting.report),
                menus.LINE,
                *self.snapshots.entries(),
                menus.LINE,
                entry("quit", "Quit", self.close, "Ctrl+Q"),
            ],
            "&Control": [
                entry("play", "Play or pause, camera on or off", self._space, "Space"),
                entry("record", "Record", window.new_recordings.toggle, "R"),
                entry("camera", "Turn the camera on or off", window.start_or_stop),
                menus.LINE,
                entry("back", "One frame back", lambda: self._step(-1), "Left"),
                entry("on", "One frame on", lambda: self._step(1), "Right"),
                entry("start", "To the start", lambda: self._seek(0.0), "Home"),
                entry("loop", "Loop", self.timeline.loop.click, "L"),
                menus.LINE,
                *self.marking.entries(),
            ],
            "C&orrect": [
                entry("undo", "Undo the correction", fix.undo, "Ctrl+Z"),
                entry("redo", "Make it again", fix.redo, "Ctrl+Shift+Z; Ctrl+Y"),
                menus.LINE,
                entry(
                    "exchange", "Exchange left and right in the selection", fix.exchange, "Ctrl+T"
                ),
                entry("nobody", "This is not the person, in the selection", fix.discard, "Del"),
                entry("delete", "Delete the poses in the selection", fix.delete, "Shift+Del"),
            ],
        }

    def _menus_of_window(self) -> dict[str, menus.Entries]:
        whole, entry = self.whole_screen, menus.Entry
        return {
            "&View": [
                entry("mirror", "Mirror picture and 3D", self.picture.mirror.click, "M", True),
                entry("fill", "Fill the pane", self.picture.fill.click, checkable=True),
                menus.LINE,
                entry("follow", "Follow the person", self.skeleton.follow.click, "F", True),
                entry("front", "From the front", lambda: self._preset("front"), "1"),
                entry("side", "From the side", lambda: self._preset("side"), "2"),
                entry("top", "From the top", lambda: self._preset("top"), "3"),
                entry("first-view", "First view", self.skeleton.reset.click, "0"),
                entry("level", "Level: standing straight now", self.presenter.levelling.level, "V"),
                menus.LINE,
                entry("plot", "Joint angles", self.plot.presenter.toggle, "A", True),
                entry("numbers", "Angles at the joints", self.skeleton.numbers.click, "N", True),
                entry("settings", "Settings", self._toggle_settings, "Ctrl+,", True),
                menus.LINE,
                entry("whole-screen", "Whole screen", whole.toggle, "F11"),
                entry("whole-picture", "Only the picture", self.picture.whole.click),
                entry("whole-3d", "Only the 3D view", self.skeleton.whole.click),
                entry("back-to-window", "Back to the window", whole.back, "Esc"),
            ],
            "&Help": [
                entry(
                    "shortcuts", "Keyboard and mouse", lambda: ShortcutsDialog(self).open(), "F1"
                ),
                entry("diagnostics", "Copy diagnostics", self._copy_diagnostics),
                menus.LINE,
                entry("about", "About", lambda: controllers.show_about(self)),
            ],
        }

    # --- wiring -----------------------------------------------------------------------------

    def _connect_views(self) -> None:
        window, bar = self.presenter, self.toolbar
        bar.source_chosen.connect(self._choose)
        bar.sources_wanted.connect(lambda: window.cameras.refresh())
        bar.start_pressed.connect(window.start_or_stop)
        bar.record_pressed.connect(window.new_recordings.toggle)
        bar.delay_chosen.connect(lambda frames: window.set_preference("delay", frames))
        bar.pictures_chosen.connect(lambda on: window.set_preference("keep_video", on))
        bar.export_pressed.connect(self.exporting.ask)
        bar.settings_pressed.connect(self._toggle_settings)
        self.settings.closed.connect(self._toggle_settings)
        self.settings.changed.connect(window.set_preference)
        self.settings.opened.connect(self.computer.list_choices)
        self.picture.card.chosen.connect(window.perform)
        self.picture.person_chosen.connect(window.choose_person)
        self.picture.person_hidden.connect(window.opening.hide_person_at)
        self.people.selected.connect(window.opening.select_person)
        self.people.toggled.connect(window.opening.toggle_person)
        self.picture.joint_moved.connect(window.correcting.move)
        self.picture.mirror_chosen.connect(lambda on: window.set_preference("mirror", on))
        self.picture.fill_chosen.connect(lambda on: window.set_preference("fill", on))
        self.compare.aboutToShow.connect(
            lambda: self.comparing.fill(self.compare, self._recordings)
        )
        self.skeleton.level_pressed.connect(window.levelling.level)
        self.skeleton.plot_pressed.connect(self.plot.presenter.toggle)
        self.skeleton.follow_chosen.connect(lambda on: window.set_preference("follow", on))
        self.skeleton.numbers_chosen.connect(lambda on: window.set_preference("numbers", on))
        self.skeleton.shown.connect(self._pose_shown)
        for pane in (self.picture, self.skeleton):
            pane.whole_pressed.connect(partial(self.whole_screen.show_alone, pane))
        self.timeline.toggle.connect(window.toggle)
        self.timeline.seek.connect(self._seek)
        self.timeline.to_start.connect(lambda: self._seek(0.0))
        self.timeline.step.connect(self._step)
        self.timeline.speed_chosen.connect(self._set_speed)
        self.timeline.loop_chosen.connect(self._set_loop)

    def _connect_presenter(self) -> None:
        window = self.presenter
        window.current_changed.connect(self._current_changed)
        window.sources_changed.connect(self._show_sources)
        window.preferences_changed.connect(self._show_preference)
        window.recordings_listed.connect(self._show_recordings)
        window.ask_file.connect(self.opening.ask_file)
        window.ask_url.connect(self.opening.ask_address)
        window.ask_export.connect(self.exporting.ask_recording)
        window.ask_stop.connect(self._ask_stop)
        window.show_folder.connect(desktop.show_in_folder)
        window.copy_diagnostics.connect(self._copy_diagnostics)

    def open(self) -> None:
        """Restore the state from the preferences and show the window."""
        chosen = self.presenter.preferences
        for name in ("theme", "mirror", "fill", "follow", "delay", "plot_open", "numbers"):
            self._show_preference(name)
        self.orbit.restore(chosen.orbit)
        kit.resize_on_screen(self, QSize(kit.ems(self, 80), kit.ems(self, 50)))
        if chosen.geometry:
            self.restoreGeometry(QByteArray(chosen.geometry))
        self.panes.restore(chosen.panes, chosen.plot_height)
        self._show_sources()
        self._show_recordings([])
        self.presenter.list_recordings()
        self.show()
        self.setFocus()
        self._tick.start(TICK_MS)

    def save_state(self) -> None:
        """Store the window's state in the preferences."""
        chosen = self.presenter.preferences
        chosen.geometry = bytes(self.saveGeometry().data())
        chosen.panes, chosen.plot_height = self.panes.saved_widths, self.panes.plot_height
        chosen.orbit = self.orbit.state()
        chosen.settings_open = self.settings.isVisible()

    # --- showing ----------------------------------------------------------------------------

    def tick(self) -> None:
        """Update all views from the presenters; called every ``TICK_MS``."""
        window = self.presenter
        self.view_state = view_state = window.view_state()
        self.picture.show_view_state(view_state, can_drag=window.correcting.can_drag)
        self.skeleton.show_view_state(view_state)
        self.comparing.show()
        self.plot.show_view_state(view_state, self.comparing.view_state)
        self.people.show_roster(view_state.roster)
        record = window.new_recordings.status
        self.toolbar.record.show_status(record)
        self.picture.show_record(record)
        self.toolbar.show_start(window.start_button)
        self.toolbar.show_pictures(window.preferences.keep_video, window.picture_cost)
        self.status.show_segments(view_state.status)
        self.status.show_message(self._message())
        if view_state.position is not None:
            self.timeline.show_position(view_state.position)
        self.timeline.setVisible(view_state.position is not None)
        job = next((job for job in window.jobs.running if job.visible), None)
        self.strip.show_state(job, window.message)
        self.welcome.setVisible(window.welcome and window.playback is None)  # steps before a camera
        self.welcome.show_performer(window.shows_performer)
        self.toolbar.export.setEnabled(self.exporter.target is not None)
        self.toolbar.export.setToolTip(self.exporter.explained)
        if not self._was_ready and view_state.frame is not None and self.skeleton.shown_pose >= 0:
            self._was_ready = True
            self.ready.emit()

    def _message(self) -> str:
        trouble = self.skeleton.trouble
        if trouble:  # the performer is drawn by the same renderer
            self.presenter.no_performer()
        return f"Simple 3D view: {trouble}" if trouble else ""

    def diagnostics(self) -> dict[str, str]:
        """Return the window's part of the diagnostics for a fault report."""
        screen = self.screen()
        ratio = screen.devicePixelRatio() if screen is not None else 1.0
        return {
            "status": self.status.words,
            "3D view": self.skeleton.trouble or "OpenGL",
            "screen scaling": f"{ratio:g}",
            "message": self.strip.text,
        }

    def _pose_shown(self, index: int) -> None:
        current = self.presenter.current
        if isinstance(current, LivePresenter):
            current.run.shown(index)

    def _current_changed(self) -> None:
        self.skeleton.forget()
        current = self.presenter.current
        self.toolbar.show_live(not isinstance(current, PlaybackPresenter))
        self.setWindowTitle(f"{current.label} – {TITLE}" if current else TITLE)

    def _show_sources(self) -> None:
        self.toolbar.show_sources(self.presenter.source_list)

    def _show_recordings(self, entries: list[tuple[str, str]]) -> None:
        menus.fill(self.recordings, entries, self._choose, "None yet: press R to record")
        self._recordings = entries

    def _show_preference(self, name: str) -> None:
        chosen = self.presenter.preferences
        self.comparing.show_preferences()
        if name in ("keep_video", "camera_told", "camera_pitch_deg", "camera_roll_deg"):
            self.settings.show_value(name)
        elif name == "theme":
            self.show_theme()
        elif name == "mirror":
            self.picture.set_mirror(chosen.mirror)
            self.skeleton.set_mirror(chosen.mirror)
            self.menu_actions["mirror"].setChecked(chosen.mirror)
        elif name == "fill":
            self.picture.set_fill(chosen.fill)
            self.menu_actions["fill"].setChecked(chosen.fill)
        elif name == "follow":
            self.skeleton.set_follow(chosen.follow)
            self.menu_actions["follow"].setChecked(chosen.follow)
        elif name in ("numbers", "numbers_of"):
            self.skeleton.set_numbers(chosen.numbers_shown)
            self.menu_actions["numbers"].setChecked(chosen.numbers)
            self._show_numbers_chosen()
        elif name == "plot_group":
            self.plot.show_group()
        elif name == "plot_open":
            self.plot.prepare()
            self.panes.show_plot(chosen.plot_open)
            for button in (self.menu_actions["plot"], self.skeleton.plot):
                button.setChecked(chosen.plot_open)
        elif name == "delay":
            current = self.presenter.current
            rate = current.rate if isinstance(current, LivePresenter) else None
            self.toolbar.show_delay(chosen.delay, rate)

    def _show_numbers_chosen(self) -> None:
        """Check the menu's entries for the angles that are written at the joints."""
        chosen = self.presenter.preferences.numbers_of.split("/")
        entries = [(GROUPS[key][0], key, key in chosen) for key in JOINTS]
        menus.fill_ticked(self.numbers, entries, self._choose_number)

    def _choose_number(self, key: str) -> None:
        chosen = self.presenter.preferences.numbers_of.split("/")
        wanted = [each for each in JOINTS if (each in chosen) != (each == key)]
        self.presenter.set_preference("numbers_of", "/".join(wanted))
        self.presenter.set_preference("numbers", bool(wanted))

    def show_theme(self) -> None:
        """Apply the theme that the user has chosen, or that of the system."""
        chosen = self.presenter.preferences.theme
        theme = themes.pick(chosen, system_dark=themes.system_is_dark())
        themes.apply_to_program(theme)
        self.picture.set_theme(theme)
        self.skeleton.set_theme(theme)
        self.comparing.set_theme(theme)
        self.plot.set_theme(theme)

    # --- actions ----------------------------------------------------------------------------

    def _choose(self, spec: str) -> None:
        self.presenter.choose(spec)
        self._show_sources()

    def _space(self) -> None:
        """Space: click the focused button, as usual in Qt, or else play or pause."""
        chosen = QApplication.focusWidget()
        if isinstance(chosen, QAbstractButton) and chosen.isEnabled():
            chosen.click()
        else:
            self.presenter.toggle()

    def _step(self, frames: int) -> None:
        if self.presenter.playback is not None:
            self.presenter.playback.step(frames)

    def _seek(self, share: float) -> None:
        if self.presenter.playback is not None:
            self.presenter.playback.seek(share)

    def _set_speed(self, speed: float) -> None:
        if self.presenter.playback is not None:
            self.presenter.playback.set_speed(speed)

    def _set_loop(self, on: bool) -> None:
        if self.presenter.playback is not None:
            self.presenter.playback.set_loop(on)

    def _preset(self, name: str) -> None:
        self.orbit.preset(name)
        self.skeleton.ask()

    def _toggle_settings(self) -> None:
        self.settings.setVisible(not self.settings.isVisible())
        shown = self.settings.isVisible()
        self.toolbar.settings.setChecked(shown)
        self.menu_actions["settings"].setChecked(shown)

    def show_library(self) -> None:
        """Open the list of recordings, or bring it to the front."""
        if self.library is None:
            self.library = LibraryDialog(self, LibraryPresenter(self.presenter), self.exporting)
            self.closing.connect(self.library.keep_notes)
        self.library.show()
        self.library.raise_()
        self.library.activateWindow()

    def _copy_diagnostics(self) -> None:
        self.computer.copy_diagnostics(self.diagnostics())

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        if event is not None and desktop.dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        if event is not None and (spec := desktop.dropped(event.mimeData())):
            event.acceptProposedAction()
            self._choose(spec)
            if message := desktop.left_out(event.mimeData()):
                self.presenter.marking.show_hint(message)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        if event is None or self._leaving:
            return
        if (lost := self.presenter.unsaved_job) and not self._confirm_loss(lost):
            event.ignore()
            return
        self._leaving = True
        self._tick.stop()
        self.save_state()
        self.closing.emit()

    def _ask_stop(self) -> None:
        explained = "The recording ends and is saved."
        if controllers.confirm(self, "Turn the camera off?", explained, yes="Turn off", no="Go on"):
            self.presenter.close_source()

    def _confirm_loss(self, what: str) -> bool:
        explained = f"{what} is not finished and would be lost."
        return controllers.confirm(self, "Close now?", explained, yes="Close", no="Wait")

    def leave(self) -> None:
        """Close without asking, because the system or a signal ends the program."""
        if not self._leaving:
            self._leaving = True
            self._tick.stop()
            self.save_state()
            self.closing.emit()
        self.close()
