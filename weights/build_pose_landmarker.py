"""Build the three ``pose_landmarker_*.task`` bundles from MediaPipe's published networks.

The landmark network comes in three sizes, all in the npm package ``@mediapipe/pose``; the person
detector and the writer of the tensor metadata that the Tasks API wants are in mediapipe's 0.10.21
wheel, the last release that carries models (its ``full`` landmark network equals the package's).
The writer contains compiled code, so that the Python running this script must be the one the wheel
was built for (3.9 to 3.12):

    npm pack @mediapipe/pose@0.5.1675469404
    pip download --no-deps mediapipe==0.10.21
    python3.11 weights/build_pose_landmarker.py mediapipe-pose-*.tgz mediapipe-0.10.21-*.whl

Every run writes the same bytes, on any platform; the script fails if they differ from SHA256.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

FOLDER = Path(__file__).parent
SHA256 = {
    "lite": "83cabe55b556d641545f334e8a989026ced18efa2717298c06ee4ce433a48e4a",
    "full": "b28da7bb2d1ed2e939ddf808a6c0966b0a7fa30ab34083639d3595c24f37683a",
    "heavy": "a342c4c4c423d43929ab29f3156a8a0911660aad237dcf912067e16075f467c3",
}
# What the writer needs; pinned, because flatbuffers lays out the metadata's bytes.
REQUIREMENTS = ("flatbuffers==25.2.10", "numpy==1.26.4")

DETECTOR = "mediapipe/modules/pose_detection/pose_detection.tflite"
"""Of the wheel."""
LANDMARKS = "package/pose_landmark_{size}.tflite"
"""Of the npm package."""
# member of a bundle: mean and standard deviation of its input image
INPUTS = {
    "pose_detector.tflite": (127.5, 127.5),
    "pose_landmarks_detector.tflite": (0.0, 255.0),
}
# Extracted without mediapipe/__init__.py, which would import the whole library with OpenCV and jax.
WRITER = ("mediapipe/tasks/metadata/", "mediapipe/tasks/python/metadata/", "mediapipe/tasks/cc/")

ADD_METADATA = """
import sys
from pathlib import Path
from mediapipe.tasks.python.metadata.metadata_writers.metadata_writer import MetadataWriter
path, mean, deviation = Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
writer = MetadataWriter.create(path.read_bytes()).add_image_input([mean], [deviation])
path.write_bytes(writer.populate()[0])
"""


def build(package: Path, wheel: Path, folder: Path) -> dict[str, bytes]:
    """Return the bundle of each size; ``folder`` is scratch space."""
    with zipfile.ZipFile(wheel) as archive:
        members = [name for name in archive.namelist() if name.startswith(WRITER)]
        archive.extractall(folder, [*members, DETECTOR])
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS], check=True)

    def described(content: bytes, member: str) -> bytes:
        path = folder / member
        path.write_bytes(content)
        words = [str(python), "-c", ADD_METADATA, member, *map(str, INPUTS[member])]
        subprocess.run(words, check=True, cwd=folder)
        return path.read_bytes()

    detector, landmarks = INPUTS
    finds_people = described((folder / DETECTOR).read_bytes(), detector)
    with tarfile.open(package) as archive:
        networks = {size: _member(archive, LANDMARKS.format(size=size)) for size in SHA256}
    return {
        size: bundle({detector: finds_people, landmarks: described(network, landmarks)})
        for size, network in networks.items()
    }


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is no file")
    return file.read()


def bundle(members: dict[str, bytes]) -> bytes:
    """Zip as MediaPipe maps it into memory: stored, each member aligned to 4 bytes; fixed dates."""
    with tempfile.SpooledTemporaryFile() as file, zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, also when built on Windows
            entry.external_attr = 0o644 << 16
            # A local header is 30 bytes and the name; an extra field of a private type fills up.
            padding = -(file.tell() + 30 + len(name) + 4) % 4
            entry.extra = b"\xff\xff" + padding.to_bytes(2, "little") + b"\0" * padding
            archive.writestr(entry, content)
        archive.close()
        file.seek(0)
        return file.read()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", type=Path, help="@mediapipe/pose 0.5.1675469404, packed by npm")
    parser.add_argument("wheel", type=Path, help="the mediapipe 0.10.21 wheel")
    parser.add_argument("-o", "--output", type=Path, default=FOLDER, help="folder to write to")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundles = build(arguments.package, arguments.wheel, Path(folder))
    for size, content in bundles.items():
        digest = hashlib.sha256(content).hexdigest()
        print(f"{size}: {len(content)} bytes, SHA-256 {digest}")  # noqa: T201
        if digest != SHA256[size]:
            print(f"expected {SHA256[size]}; not written", file=sys.stderr)  # noqa: T201
            return 1
        (arguments.output / f"pose_landmarker_{size}.task").write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
