"""The camera picture with the 2D skeleton over it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFont,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from app.packets import Frame
from app.render import colours
from app.ui import icons
from app.ui.painting import painting
from app.ui.presenters import people_hints
from app.ui.presenters import picture as geometry
from app.ui.presenters.people import ShownPerson, at_place
from app.ui.presenters.recording import RecordState, RecordStatus
from app.ui.presenters.view_state import ViewState
from app.ui.theme import DARK, Theme
from app.ui.views import kit, strokes
from app.ui.views.card import Card, Hint
from models.skeleton import JOINT_NAMES

MIRRORED: Final = "Mirrored view"
WHOLE_HELP: Final = "This alone on the whole screen (Escape: back)"
_REACH_EMS: Final = 0.7
"""Largest distance from a joint at which a press drags it."""
_DRAG_PIXELS: Final = 3
GREYED: Final = 0.45
"""Opacity of the last picture of a camera that is lost."""


class PictureView(QWidget):
    """Paints the newest frame; mirroring and cropping affect only this widget."""

    mirror_chosen = pyqtSignal(bool)
    fill_chosen = pyqtSignal(bool)
    person_chosen = pyqtSignal(float, float)
    """The picture was clicked at this position, in its pixels."""
    person_hidden = pyqtSignal(float, float)
    """The picture was right-clicked at this position, in its pixels."""
    joint_moved = pyqtSignal(str, float, float)
    """A joint was dragged to this position of the picture, in its pixels."""
    whole_pressed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Camera picture")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # a click ends typing in a line edit
        self._view_state = ViewState()
        self._image: QImage | None = None
        self._pixels: NDArray[np.uint8] | None = None
        self._theme: Theme = DARK
        self._record = RecordStatus()
        self._pointer: tuple[float, float] | None = None
        self._can_drag = False
        self._dragged: int | None = None
        """The joint that is being dragged; it is drawn at the pointer."""
        self._pressed = QPointF()
        self.setMouseTracking(True)
        self.mirror = kit.switch(
            "mirror",
            "Mirror picture and 3D (M)\nOnly what you see: recordings are never mirrored",
            self.mirror_chosen.emit,
        )
        self.fill = kit.switch("fill", "Fill the pane, cutting the edges", self.fill_chosen.emit)
        self.badge = Badge(self, MIRRORED)
        self.card = Card(self)
        self.hint = Hint(self)
        self.whole = kit.tool_button("whole", WHOLE_HELP, self.whole_pressed.emit)
        self.corner = Corner(self, [self.mirror, self.fill, self.whole])

    def hide_buttons(self) -> None:
        """Hide the buttons, because those of the first picture apply to both."""
        self.corner.hide()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def show_view_state(self, view_state: ViewState, *, can_drag: bool = False) -> None:
        """Show a view state; repaint only if something visible has changed.

        With ``can_drag``, joints can be dragged.
        """
        self._can_drag = can_drag
        if not can_drag:
            self._dragged = None
        before, self._view_state = self._view_state, view_state
        self.card.show_notice(view_state.notice)
        self.hint.show_text("" if view_state.notice else view_state.hint)
        if view_state.frame is not before.frame:
            self._set_frame(view_state.frame)
            self._hover(self._pointer)
        if (view_state.frame, view_state.keypoints, view_state.greyed) != (
            before.frame,
            before.keypoints,
            before.greyed,
        ) or (view_state.size, view_state.people) != (before.size, before.people):
            self.update()

    def show_record(self, status: RecordStatus) -> None:
        """Show a red frame while recording, and large digits during the countdown."""
        mark = (status.state, status.countdown)
        if mark != (self._record.state, self._record.countdown):
            self.update()
        self._record = status

    def set_mirror(self, on: bool) -> None:
        self.mirror.setChecked(on)
        self.badge.setVisible(on)
        self.update()

    def set_fill(self, on: bool) -> None:
        self.fill.setChecked(on)
        self.fill.setIcon(icons.icon("fit" if on else "fill"))
        tip = "Show the whole picture" if on else "Fill the pane, cutting the edges"
        self.fill.setToolTip(tip)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._hover(self._in_picture(event.position()))
            if self._dragged is not None:
                self.update()

    def leaveEvent(self, _event: QEvent | None) -> None:
        self._hover(None)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        place = self._in_picture(event.position())
        if event.button() is Qt.MouseButton.RightButton and place is not None:
            self.person_hidden.emit(*place)
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        self._dragged = self._joint_at(event.position())
        self._pressed = event.position()
        if place is not None and self._dragged is None and not self._view_state.greyed:
            self.person_chosen.emit(*place)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        joint, self._dragged = self._dragged, None
        if event is None or joint is None:
            return
        place = self._in_picture(event.position())
        dragged = (event.position() - self._pressed).manhattanLength() >= _DRAG_PIXELS
        if place is not None and dragged:
            self.joint_moved.emit(JOINT_NAMES[joint], *place)
        self.update()

    def _joint_at(self, point: QPointF) -> int | None:
        return self._joint_in_picture(self._in_picture(point))

    def _joint_in_picture(self, place: tuple[float, float] | None) -> int | None:
        """Return the joint at a position of the picture that can be dragged; None if none."""
        keypoints, seen = self._view_state.keypoints, self._view_state.seen
        if place is None or not self._can_drag or keypoints is None or seen is None:
            return None
        around = self._placement(keypoints.size)
        points = around.to_pane(np.vstack([keypoints.xy, [place]]), keypoints.size)
        at = (float(points[-1, 0]), float(points[-1, 1]))
        return geometry.joint_at(points[:-1], seen, at, _REACH_EMS * kit.em(self))

    def _hover(self, place: tuple[float, float] | None) -> None:
        """Set cursor and tooltip for a person or joint under the pointer."""
        self._pointer = place
        shape, tip = Qt.CursorShape.ArrowCursor, ""
        person = None if place is None else at_place(self._view_state.people, *place)
        if person is not None:
            shape, tip = Qt.CursorShape.PointingHandCursor, _tip(person)
        elif self._box_at_pointer() is not None:
            shape, tip = Qt.CursorShape.PointingHandCursor, "Click to follow this person"
        joint = self._joint_in_picture(place)
        if joint is not None:
            shape, tip = Qt.CursorShape.OpenHandCursor, f"Drag the {_words(joint)} to where it is"
        if self.cursor().shape() != shape or self.toolTip() != tip:
            self.setCursor(shape)
            self.setToolTip(tip)
            self.update()

    def _box_at_pointer(self) -> people_hints.Box | None:
        keypoints = self._view_state.keypoints
        if keypoints is None or self._pointer is None:
            return None
        return people_hints.box_at(keypoints.people_in_view.others, *self._pointer)

    def _in_picture(self, point: QPointF) -> tuple[float, float] | None:
        size = self._size()
        if size is None:
            return None
        return self._placement(size).to_picture(point.x(), point.y(), size)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.card.place()
        self.hint.place()
        self.corner.place()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        with painting(QPainter(self)) as painter:
            painter.fillRect(self.rect(), QColor(self._theme.pane))
            size = self._size()
            if size is not None:
                place = self._placement(size)
                self._paint_picture(painter, place)
                self._paint_others(painter, place)
                self._paint_people(painter, place)
                if not self._view_state.roster.entries:
                    self._paint_figure(painter, place)
            self._paint_record(painter)

    def _size(self) -> tuple[int, int] | None:
        return self._view_state.frame.size if self._view_state.frame else self._view_state.size

    def _placement(self, size: tuple[int, int]) -> geometry.Placement:
        return geometry.place(
            size,
            (self.width(), self.height()),
            fill=self.fill.isChecked(),
            mirror=self.mirror.isChecked(),
        )

    def _set_frame(self, frame: Frame | None) -> None:
        """Wrap the frame in a QImage without copying; ``_pixels`` keeps the array alive."""
        if frame is None:
            self._image = self._pixels = None
            return
        self._pixels = np.ascontiguousarray(frame.image)
        self._image = kit.image(self._pixels)

    def _paint_picture(self, painter: QPainter, place: geometry.Placement) -> None:
        target = QRectF(place.left, place.top, place.width, place.height)
        if self._image is None:
            # A recording without pictures: show where they would be.
            painter.fillRect(target, QColor(0, 0, 0, 40 if self._theme.dark else 14))
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if place.mirror:
            painter.translate(2 * place.left + place.width, 0)
            painter.scale(-1, 1)
        if self._view_state.greyed:
            image = self._image.convertToFormat(QImage.Format.Format_Grayscale8)
            painter.setOpacity(GREYED)
            painter.drawImage(target, image)
        else:
            painter.drawImage(target, self._image)
        painter.restore()

    def _paint_figure(self, painter: QPainter, place: geometry.Placement) -> None:
        keypoints, seen = self._view_state.keypoints, self._view_state.seen
        if keypoints is None or seen is None or not keypoints.tracked or self._view_state.greyed:
            return
        xy, seen, conf = geometry.with_feet(keypoints, seen)
        points = place.to_pane(xy, keypoints.size)
        if self._dragged is not None and self._pointer is not None:
            points[self._dragged] = place.to_pane(np.array([self._pointer]), keypoints.size)[0]
        lines, dots = geometry.figure(points, seen, colours.opacity(conf))
        painter.setClipRect(QRectF(place.left, place.top, place.width, place.height))
        strokes.paint(painter, lines, dots, max(2.0, 0.0075 * min(place.width, place.height)))

    def _paint_people(self, painter: QPainter, place: geometry.Placement) -> None:
        """Draw all people in their colours, the selected one on top."""
        if not self._view_state.people or self._view_state.greyed or (size := self._size()) is None:
            return
        painter.setClipRect(QRectF(place.left, place.top, place.width, place.height))
        width = max(2.0, 0.0075 * min(place.width, place.height))
        for each in sorted(self._view_state.people, key=lambda each: each.selected):
            points = place.to_pane(each.xy, size)
            if each.selected and self._dragged is not None and self._pointer is not None:
                points[self._dragged] = place.to_pane(np.array([self._pointer]), size)[0]
            lines, dots = geometry.figure(points, each.seen, each.opacity)
            strokes.paint(painter, lines, dots, width, each.colour)
            if each.box is not None:
                (left, top), (right, _) = place.to_pane(np.reshape(each.box, (2, 2)), size)
                middle = ((left + right) / 2, max(top, place.top + 2 * kit.em(self)))
                strokes.tag(painter, str(each.number), middle, each.colour, firm=each.selected)

    def _paint_others(self, painter: QPainter, place: geometry.Placement) -> None:
        keypoints = self._view_state.keypoints
        if keypoints is None or not keypoints.people_in_view.others or self._view_state.greyed:
            return
        painter.save()
        painter.setClipRect(QRectF(place.left, place.top, place.width, place.height))
        pointed = self._box_at_pointer()
        for box in keypoints.people_in_view.others:
            corners = place.to_pane(np.reshape(box, (2, 2)), keypoints.size)
            (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
            outline = QRectF(left, top, right - left, bottom - top)
            strokes.outline(painter, outline, kit.em(self), firm=box == pointed)
        painter.restore()

    def _paint_record(self, painter: QPainter) -> None:
        if self._record.state is RecordState.RECORDING:
            wide = 0.22 * kit.em(self)
            painter.setClipping(False)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            pen = QPen(QColor(colours.RECORD), wide)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            half = wide / 2
            painter.drawRect(QRectF(self.rect()).adjusted(half, half, -half, -half))
        elif self._record.state is RecordState.COUNTDOWN:
            self._paint_countdown(painter)

    def _paint_countdown(self, painter: QPainter) -> None:
        side = 0.36 * min(self.width(), self.height())
        circle = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        painter.setClipping(False)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(20, 22, 24, 190))
        painter.drawEllipse(circle)
        font = painter.font()
        font.setPixelSize(max(1, round(0.55 * side)))
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor("#ffffff"))
        painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, str(self._record.countdown))


def _tip(person: ShownPerson) -> str:
    if person.selected:
        return f"Person {person.number}: right click hides them"
    return f"Click to select person {person.number}, right click to hide them"


def _words(joint: int) -> str:
    return JOINT_NAMES[joint].replace("_", " ")


class Badge(QLabel):
    """A short, prominent label in the upper left corner of a pane."""

    def __init__(self, parent: QWidget, words: str) -> None:
        super().__init__(words, parent)
        self.setObjectName("badge")
        self.setAutoFillBackground(True)
        gap = kit.ems(self, 0.4)
        self.setContentsMargins(gap, gap // 2, gap, gap // 2)
        self.adjustSize()
        self.move(gap, gap)
        self.hide()


class Corner(QWidget):
    """A few small buttons in the upper right corner of a pane, on a translucent background."""

    def __init__(self, parent: QWidget, buttons: list[QWidget]) -> None:
        super().__init__(parent)
        row = kit.spaced(QHBoxLayout(self), kit.ems(self, 0.1), margins=kit.ems(self, 0.15))
        for button in buttons:
            row.addWidget(button)

    def place(self) -> None:
        parent = self.parentWidget()
        if parent is None:
            return
        self.adjustSize()
        gap = kit.ems(self, 0.5)
        self.move(parent.width() - self.width() - gap, gap)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        with painting(QPainter(self)) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            ground = self.palette().window().color()
            ground.setAlpha(215)
            painter.setBrush(ground)
            radius = kit.em(self) * 0.35
            painter.drawRoundedRect(QRectF(self.rect()), radius, radius)
