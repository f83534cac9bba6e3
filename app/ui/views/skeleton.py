"""The 3D view: images from the renderer process, or painted in software if OpenGL is missing."""

from __future__ import annotations

import time
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QHideEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.motion.placement.live import LivePlacement
from app.render.client import Drawn, Renderer
from app.render.colours import DARK_SCENE, LIGHT_SCENE, SceneTheme
from app.render.painted import PaintedScene
from app.render.request import Body, SkeletonRequest
from app.ui.painting import painting
from app.ui.presenters.joint_numbers import joint_numbers, without_overlap
from app.ui.presenters.orbit import OrbitPresenter
from app.ui.presenters.people import ShownPerson
from app.ui.presenters.view_state import ViewState
from app.ui.theme import Theme
from app.ui.views import kit, strokes
from app.ui.views.card import Hint
from app.ui.views.picture import GREYED, MIRRORED, WHOLE_HELP, Badge, Corner

_MAX_PENDING: Final = 64
"""Number of requests whose pose is kept until their image arrives; the renderer skips some."""
_RESIZE_MS: Final = 150
"""Delay of a resize: the renderer needs 60 ms to create an OpenGL window of the new size."""
_SLOW_MS: Final = 50.0
_SLOW_COUNT: Final = 8
"""Number of consecutive slow renderings that reduce the resolution; single ones may be chance."""
_LEAST_SHARE: Final = 0.6
STARTING: Final = "The 3D view is starting; until then it is drawn simply"
_MOUSE_HELP: Final = "Drag to turn, Shift or the middle button to move, wheel to zoom"
LEVEL_HELP: Final = "Level: I am standing straight now (V)\nThe 3D view stands as you do"


class SkeletonView(QWidget):
    """Shows the lifted pose in the room, from a viewpoint that the user controls."""

    follow_chosen = pyqtSignal(bool)
    level_pressed = pyqtSignal()
    plot_pressed = pyqtSignal()
    numbers_chosen = pyqtSignal(bool)
    whole_pressed = pyqtSignal()
    shown = pyqtSignal(int)
    """The pose of this source frame is on the screen; emitted at most once per pose, whichever way
    it is drawn."""

    def __init__(self, orbit: OrbitPresenter) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("3D view")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setToolTip(_MOUSE_HELP)
        self._orbit = orbit
        self._placement = LivePlacement()
        self._painted = PaintedScene()
        self._scene: SceneTheme = DARK_SCENE
        self._view_state = ViewState()
        self._body: Body | None = None
        self._others: tuple[Body, ...] = ()
        self._body_time = 0.0
        self._drag: QPointF | None = None
        self._mirrored = False
        self.badge = Badge(self, MIRRORED)
        self._pictures = _Rendered()
        self._shown_pose = -1
        self._numbers: tuple[str, ...] = ()
        self._add_buttons()
        self.hint = Hint(self)
        self._words = ""
        self._resizing = QTimer(self)
        self._resizing.setSingleShot(True)
        self._resizing.timeout.connect(self._resize_renderer)

    def _add_buttons(self) -> None:
        self.follow = kit.switch(
            "follow", "Keep the person in the middle (F)", self.follow_chosen.emit
        )
        self.reset = kit.tool_button("reset", "Back to the first view (double click)", self._reset)
        self.level = kit.tool_button("level", LEVEL_HELP, self.level_pressed.emit)
        self.plot = kit.tool_button(
            "plot", "Joint angles over time (A)", self.plot_pressed.emit, checkable=True
        )
        self.numbers = kit.switch(
            "angle",
            "Angles at the joints (N)\nWhich ones is chosen in the menu View",
            self.numbers_chosen.emit,
        )
        self.whole = kit.tool_button("whole", WHOLE_HELP, self.whole_pressed.emit)
        self.corner = Corner(
            self, [self.plot, self.numbers, self.level, self.follow, self.reset, self.whole]
        )

    @property
    def trouble(self) -> str:
        """Why the view is painted in software, as a sentence; empty if the renderer works."""
        return self._pictures.trouble

    @property
    def shown_pose(self) -> int:
        """Source frame of the pose on the screen; -1 for none."""
        return self._shown_pose

    def hide_buttons(self) -> None:
        """Hide the buttons, because those of the first view apply to both."""
        self.corner.hide()

    def set_mirror(self, on: bool) -> None:
        """Mirror the view, like the picture."""
        self._mirrored = on
        self.badge.setVisible(on)
        self.update()

    def set_numbers(self, keys: tuple[str, ...]) -> None:
        """Write these angles (keys of ``JOINTS``) at the joints."""
        self._numbers = keys
        self.numbers.setChecked(bool(keys))
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._scene = DARK_SCENE if theme.dark else LIGHT_SCENE
        self.ask()

    def show_view_state(self, view_state: ViewState) -> None:
        """Show a view state, and fetch the renderer's newest image."""
        if view_state.greyed != self._view_state.greyed:
            self.update()
        before = self._view_state
        another = view_state.pose is not before.pose or view_state.people is not before.people
        self._view_state = view_state
        if another:
            self._place_people(view_state)
            self.ask()
        if self._pictures.fetch():
            self.update()
        self.show_hint(self._words)

    def show_hint(self, words: str) -> None:
        """Show a hint at the bottom of the view; if empty, that the renderer is still starting."""
        self._words = words
        self.hint.show_text(words or (STARTING if self._pictures.starting else ""))

    def ask(self) -> None:
        """Request a new image, because pose, camera, theme or size have changed."""
        request = SkeletonRequest(self._orbit.view, self._scene, self._body, self._others)
        pose = self._view_state.pose.index if self._view_state.pose else -1
        if not self._pictures.ask(request, pose):
            self.update()

    def forget(self) -> None:
        """Reset pose, placement and camera for another source."""
        self._placement.reset()
        self._orbit.forget()
        self._shown_pose = -1
        self._view_state, self._body, self._others = ViewState(), None, ()
        self.ask()

    def close_renderer(self) -> None:
        self._pictures.close()

    def _place_people(self, view_state: ViewState) -> None:
        self._others = tuple(_body(each) for each in view_state.people if not each.selected)
        if view_state.roster.entries:
            mine = next((each for each in view_state.people if each.selected), None)
            self._body = None if mine is None else _body(mine)
            if view_state.people:
                self._orbit.make_room(view_state.roster.reach_m)
                self._track_person(np.mean([each.joints[0] for each in view_state.people], axis=0))
            return
        if view_state.pose is None:
            self._body = None
            return
        joints = self._placement.place(view_state.pose, view_state.keypoints)
        firm = (
            view_state.opacity if view_state.opacity is not None else np.ones(17, dtype=np.float32)
        )
        soles = self._placement.soles(view_state.pose, joints)
        self._body = Body(joints, ~view_state.pose.missing, firm, soles.feet, soles.opacity)
        self._track_person(joints[0])

    def _track_person(self, pelvis: NDArray[np.float32]) -> None:
        now = time.monotonic()
        self._orbit.track_person(pelvis, now - self._body_time)
        self._body_time = now

    def _reset(self) -> None:
        self._orbit.reset()
        self.ask()

    def set_follow(self, on: bool) -> None:
        """Keep the person in the middle, or stop that; takes effect at once."""
        self.follow.setChecked(on)
        self._orbit.set_follow(on)
        self.ask()

    def _resize_renderer(self) -> None:
        ratio = self.devicePixelRatioF()
        self._pictures.resize(round(self.width() * ratio), round(self.height() * ratio))
        self.ask()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.corner.place()
        self.hint.place()
        self._resizing.start(_RESIZE_MS)

    def hideEvent(self, event: QHideEvent | None) -> None:
        super().hideEvent(event)
        self._resizing.stop()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._drag = event.position()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None or self._drag is None:
            return
        moved = event.position() - self._drag
        self._drag = event.position()
        shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        pan = shifted or bool(event.buttons() & Qt.MouseButton.MiddleButton)
        across = -moved.x() if self._mirrored else moved.x()
        self._orbit.drag(across, moved.y(), self.height(), pan=pan)
        self.ask()

    def mouseReleaseEvent(self, _event: QMouseEvent | None) -> None:
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._reset()

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is not None:
            self._orbit.zoom(event.angleDelta().y() / 120)
            self.ask()
            event.accept()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        with painting(QPainter(self)) as painter:
            rect = QRectF(self.rect())
            image, pose, request = self._pictures.image, self._pictures.pose, self._pictures.request
            if image is None or request is None:
                request = SkeletonRequest(self._orbit.view, self._scene, self._body, self._others)
                size = (max(1, round(rect.width())), max(1, round(rect.height())))
                picture = self._painted.draw(request, size)
                image = kit.image(picture)
                pose = self._view_state.pose.index if self._view_state.pose else -1
            if self._view_state.greyed:  # like the picture
                painter.fillRect(rect, QColor(self._scene.background))
                painter.setOpacity(GREYED)
                image = image.convertToFormat(QImage.Format.Format_Grayscale8)
            painter.save()
            if self._mirrored:
                painter.translate(rect.width(), 0)
                painter.scale(-1, 1)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(rect, image)
            painter.restore()
            self._paint_numbers(painter, request)
            self._paint_tags(painter, request)
        if pose >= 0 and pose != self._shown_pose:
            self._shown_pose = pose
            self.shown.emit(pose)

    def _paint_numbers(self, painter: QPainter, request: SkeletonRequest) -> None:
        found = joint_numbers(request, (self.width(), self.height()), self._numbers)
        for each in without_overlap(found, strokes.NUMBER_EMS * kit.em(self)):
            x, rightward = each.place[0], each.rightward
            if self._mirrored:
                x, rightward = self.width() - x, not rightward
            strokes.number(painter, each.text, (x, each.place[1]), rightward=rightward)

    def _paint_tags(self, painter: QPainter, request: SkeletonRequest) -> None:
        """Draw the numbers of several people above their heads."""
        for body in request.bodies:
            if body.number:
                places, _ = request.view.project(body.joints, (self.width(), self.height()))
                above = places[body.drawn & np.isfinite(places).all(axis=1)]
                if len(above):
                    x, y = above[above[:, 1].argmin()].tolist()
                    place = (self.width() - x if self._mirrored else x, y - kit.em(self))
                    strokes.tag(
                        painter,
                        str(body.number),
                        place,
                        body.colour or "",
                        firm=body is request.body,
                    )


def _body(person: ShownPerson) -> Body:
    return Body(
        person.joints,
        drawn=~person.missing,
        opacity=person.opacity,
        feet=person.feet,
        colour=person.colour,
        number=person.number,
    )


class _Resolution:
    """Reduces the resolution if rendering is slow, so that the person moves smoothly.

    Without a graphics card 0.5 million pixels take 30 ms; half of a 4K screen has 4 million.
    """

    def __init__(self) -> None:
        self._scale = 1.0
        self._slow = 0

    def of(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the size to be rendered for a view of this size."""
        width, height = (max(16, round(side * self._scale)) for side in size)
        return width, height

    def add_duration(self, draw_ms: float) -> bool:
        """Note the duration of one rendering, and return whether the size has changed."""
        self._slow = self._slow + 1 if draw_ms > _SLOW_MS else 0
        if self._slow < _SLOW_COUNT or self._scale <= _LEAST_SHARE:
            return False
        self._slow, self._scale = 0, self._scale * 0.75
        return True


class _Rendered:
    """The renderer's newest image as a QImage, and the pose that it shows."""

    def __init__(self) -> None:
        self.image: QImage | None = None
        self.pose = -1
        self.request: SkeletonRequest | None = None
        """The scene that the image shows."""
        self._renderer: Renderer | None = None
        self._drawn: Drawn | None = None
        self._size = (0, 0)
        self._resolution = _Resolution()
        self._pending: dict[int, tuple[int, SkeletonRequest]] = {}

    @property
    def trouble(self) -> str:
        renderer = self._renderer
        return renderer.failed or "" if renderer is not None else ""

    @property
    def starting(self) -> bool:
        """Whether the first image has not arrived yet; loading Open3D may take half a minute."""
        return self.image is None and not self.trouble

    def resize(self, width: int, height: int) -> None:
        """Start the renderer with this size, or change its size."""
        self._size = (width, height)
        size = self._resolution.of(self._size)
        if self._renderer is None:
            self._renderer = Renderer("skeleton", size)
            self._renderer.start()
        else:
            self._renderer.resize(*size)

    def ask(self, request: SkeletonRequest, pose: int) -> bool:
        """Request an image; return False if the view must be painted in software meanwhile."""
        if self._renderer is None or self._renderer.failed:
            self.image = None
            return False
        number = self._renderer.request(request)
        self._pending[number] = pose, request
        while len(self._pending) > _MAX_PENDING:
            del self._pending[next(iter(self._pending))]
        return self.image is not None

    def fetch(self) -> bool:
        """Fetch the newest image, and return whether the view must be updated."""
        renderer = self._renderer
        if renderer is None:
            return False
        if renderer.failed and self.image is not None:
            self.image = self._drawn = None
            return True
        drawn = renderer.latest()
        if drawn is None or drawn is self._drawn or renderer.failed:
            return False
        self._drawn = drawn  # keeps the pixels alive: QImage does not own them
        self.image = kit.image(drawn.image)
        if drawn.request in self._pending:
            self.pose, self.request = self._pending[drawn.request]
        if self._resolution.add_duration(drawn.draw_ms):
            renderer.resize(*self._resolution.of(self._size))
        return True

    def close(self) -> None:
        if self._renderer is not None:
            self._renderer.close()
