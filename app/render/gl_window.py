"""A hidden Open3D window that draws one mesh from an ideal pinhole camera.

Open3D is imported when the window is opened, so that importing this module stays cheap and cannot
fail.  For the child process only.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.render.camera import NEAREST_M
from app.render.shapes import Triangles

_FARTHEST_M = 60.0
_SMALLEST = 160
"""Some window systems refuse windows narrower than this."""
_DISPLAY_VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY")
NOTHING = 0.0
"""Colour of empty pixels: black.  Meshes must be brighter than ``DARKEST`` everywhere."""
DARKEST = 1.5 / 255


class RenderError(Exception):
    """Pictures cannot be drawn; the text is a plain sentence for the user."""


class Crop(NamedTuple):
    """A rectangle of a picture, in pixels."""

    x: int
    y: int
    width: int
    height: int


class GlWindow:
    """The only class that knows Open3D.

    The camera is fixed at the origin, and points are given in camera axes (x right, y down, z
    away).  A crop of the picture is drawn by shearing and scaling these points, because Open3D's
    camera supports neither an off-centre principal point nor non-square pixels.  Lights are off:
    colours appear as given, interpolated linearly between vertices.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        open3d = _import_open3d()
        self._vectors = open3d.utility.Vector3dVector
        self._indices = open3d.utility.Vector3iVector
        self._new_mesh = open3d.geometry.TriangleMesh
        width, height = (max(_SMALLEST, value) for value in size)
        self._visualizer = _open_visualizer(open3d, width, height)
        self._mesh: Any = None
        options = self._visualizer.get_render_option()
        options.light_on = False
        options.mesh_show_back_face = False
        options.mesh_shade_option = open3d.visualization.MeshShadeOption.Color
        options.mesh_color_option = open3d.visualization.MeshColorOption.Color
        options.background_color = np.full(3, NOTHING)
        # The frame buffer is larger than requested on screens with doubled pixels.
        self.height, self.width = self._capture().shape[:2]
        self._lens = self._fixed_lens(open3d.camera)

    def show(self, triangles: Triangles, count: int) -> None:
        """Draw this mesh of ``count`` points from now on, instead of the previous one."""
        self._visualizer.clear_geometries()
        mesh = self._new_mesh()
        # Not all at one point: Open3D divides by the first bounding box's size.
        mesh.vertices = self._vectors(np.linspace([-1.0, -1.0, 1.0], [1.0, 1.0, 3.0], count))
        mesh.vertex_colors = self._vectors(np.ones((count, 3)))
        mesh.triangles = self._indices(triangles)
        # Open3D ignores the lens until something has a bounding box.
        self._visualizer.add_geometry(mesh, reset_bounding_box=True)
        control = self._visualizer.get_view_control()
        control.convert_from_pinhole_camera_parameters(self._lens, allow_arbitrary=True)
        # Otherwise the range follows the first points' bounding box and clips the later ones.
        control.set_constant_z_near(NEAREST_M)
        control.set_constant_z_far(_FARTHEST_M)
        self._mesh = mesh

    def draw(
        self,
        points: NDArray[np.float64],
        colours: NDArray[np.float64],
        *,
        focal: float,
        centre: tuple[float, float],
        crop: Crop,
    ) -> NDArray[np.float32]:
        """Draw the mesh as it appears in a crop of a pinhole picture, scaled to the window.

        Args:
            points: (N, 3) in camera axes, metres.
            colours: (N, 3) RGB in [0, 1].
            focal: focal length of the whole picture in pixels.
            centre: the whole picture's principal point in pixels.
            crop: the part to draw.

        Returns:
            (height, width, 3) RGB in [0, 1]; ``NOTHING`` where there is no triangle.
        """
        # Open3D's pixel is width / 2 + height * x / z, hence the division by height.
        scale = np.array([self.width / crop.width, self.height / crop.height]) / self.height
        middle = (crop.x + crop.width / 2, crop.y + crop.height / 2)
        placed = points.copy()
        placed[:, :2] *= focal
        placed[:, :2] += points[:, 2:] * np.subtract(centre, middle)
        placed[:, :2] *= scale
        self._mesh.vertices = self._vectors(placed)
        self._mesh.vertex_colors = self._vectors(np.clip(colours, DARKEST, 1.0))
        self._visualizer.update_geometry(self._mesh)
        return self._capture()

    def close(self) -> None:
        """Destroy the window; the object cannot be used afterwards."""
        self._visualizer.destroy_window()

    def _capture(self) -> NDArray[np.float32]:
        return np.asarray(self._visualizer.capture_screen_float_buffer(True))

    def _fixed_lens(self, camera: Any) -> Any:
        lens = camera.PinholeCameraParameters()
        middle = (self.width / 2 - 0.5, self.height / 2 - 0.5)
        lens.intrinsic = camera.PinholeCameraIntrinsic(
            self.width, self.height, self.height, self.height, *middle
        )
        lens.extrinsic = np.eye(4)
        return lens


def _import_open3d() -> Any:
    """Import Open3D without its support for browsers, in the drawing process.

    That loads dash, plotly and a web server: 0.5 of the 1.0 s of a core that the import takes.  It
    is not used here.
    """
    browsers = ModuleType("open3d.visualization.draw_plotly")
    for name in ("get_plotly_fig", "draw_plotly", "draw_plotly_server"):
        setattr(browsers, name, None)
    sys.modules.setdefault(browsers.__name__, browsers)
    try:
        import open3d
    except (ImportError, OSError) as error:
        raise RenderError(f"Open3D, which draws in 3D, cannot be loaded ({error}).") from error
    open3d.utility.set_verbosity_level(open3d.utility.VerbosityLevel.Error)
    return open3d


def _open_visualizer(open3d: Any, width: int, height: int) -> Any:
    """Return a hidden window, without the window system where that works.

    On Linux Open3D uses EGL automatically if it finds no display: faster (30 ms against 52 for a
    picture under Xvfb), and nothing can flash on screen.  Where EGL fails, X11 may still work.
    """
    display = {name: os.environ.pop(name, None) for name in _DISPLAY_VARIABLES}
    try:
        # If unset, GLFW would try a Wayland socket of the default name, and complain on stderr.
        os.environ["WAYLAND_DISPLAY"] = os.devnull
        window = _try_visualizer(open3d, width, height)
        if window is None and display["DISPLAY"]:
            os.environ["DISPLAY"] = display["DISPLAY"]
            window = _try_visualizer(open3d, width, height)
    finally:
        for name, value in display.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
    if window is None:
        raise RenderError("This computer offers no OpenGL 3.3, which drawing in 3D needs.")
    return window


def _try_visualizer(open3d: Any, width: int, height: int) -> Any:
    visualizer = open3d.visualization.Visualizer()
    made = visualizer.create_window("mixpose", width, height, visible=False)
    return visualizer if made else None
