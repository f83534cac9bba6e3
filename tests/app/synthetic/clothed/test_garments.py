"""MakeHuman's garments, made here as small as they can be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from app.errors import ClothedError
from app.synthetic.clothed.garments import read_garment

BINDING = """# a shirt of one square and a button
name shirt
obj_file shirt.obj
x_scale 0 1 2.0
y_scale 0 2 4.0
verts 0
material shirt.mhmat
0
1
0 1 2 0.25 0.25 0.5 0.1 0.2 -0.3
2
0
1
2

delete_verts
3 5 - 7
9
"""
MESH = """v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
v 5 0 0
v 6 0 0
v 5 1 0
vt 0 0
vt 1 0
vt 1 1
vt 0 1
f 1/1 2/2 3/3 4/4
f 5 6 7
"""
BODY = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
"""Half as wide and a quarter as tall as the one that the garment was made on."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "shirt.mhclo").write_text(BINDING)
    (tmp_path / "shirt.obj").write_text(MESH)
    return tmp_path / "shirt.mhclo"


def test_what_is_read(path: Path) -> None:
    garment = read_garment(path)
    assert garment.mesh.faces.tolist() == [[0, 1, 2], [0, 2, 3], [4, 5, 6]]
    assert garment.mesh.face_uv.tolist() == [[0, 1, 2], [0, 2, 3], [0, 0, 0]]
    assert garment.hides.tolist() == [3, 5, 6, 7, 9]
    assert len(garment.bound_to) == 7, "lines between the section's name and its rows are no end"
    part = garment.parts()
    assert len(set(part[:4])) == 1
    assert part[0] != part[4]


def test_a_row_that_only_looks_like_a_number_is_none(path: Path) -> None:
    path.write_text(f"{BINDING}² 7\n", encoding="utf-8")
    assert read_garment(path).hides.tolist() == [3, 5, 6, 7, 9]


def test_it_fits_another_body(path: Path) -> None:
    fitted = read_garment(path).fitted(BODY)
    np.testing.assert_allclose(fitted[[0, 1, 3]], BODY)
    mean = BODY.T @ [0.25, 0.25, 0.5]
    np.testing.assert_allclose(fitted[2], mean + [0.1 * 0.5, 0.2 * 0.25, -0.3])


def test_it_moves_with_the_skin(path: Path) -> None:
    skin = sparse.csr_matrix(np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]))
    weights = read_garment(path).weights(skin).toarray()
    np.testing.assert_allclose(weights[:3], [[1, 0], [0, 1], [0.25, 0.75]])


def test_a_broken_garment_is_told(path: Path) -> None:
    path.write_text(BINDING.replace("obj_file shirt.obj", ""))
    with pytest.raises(ClothedError, match=r"shirt\.mhclo: no obj_file"):
        read_garment(path)
    path.write_text(BINDING.replace("delete_verts", "0\ndelete_verts"))
    with pytest.raises(ClothedError, match="binds 8 vertices, but its mesh has 7"):
        read_garment(path)
    with pytest.raises(ClothedError, match=r"none\.mhclo"):
        read_garment(path.with_name("none.mhclo"))
