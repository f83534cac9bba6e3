"""Build ``pose_landmarker_full.task`` from the two networks inside mediapipe's 0.10.21 wheel.

That is the last release that carries its models.  The Tasks API wants them in one zip with tensor
metadata, which this release's own metadata writer adds.  The writer contains compiled code, so that
the Python running this script must be the one the wheel was built for (3.9 to 3.12):

    pip download --no-deps mediapipe==0.10.21 -d wheel
    python3.11 weights/build_pose_landmarker.py wheel/mediapipe-0.10.21-*.whl

Every run writes the same bytes, on any platform; the script fails if they differ from SHA256.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

BUNDLE = Path(__file__).with_name("pose_landmarker_full.task")
SHA256 = "b28da7bb2d1ed2e939ddf808a6c0966b0a7fa30ab34083639d3595c24f37683a"
# What the writer needs; pinned, because flatbuffers lays out the metadata's bytes.
REQUIREMENTS = ("flatbuffers==25.2.10", "numpy==1.26.4")

# member of the bundle: (member of the wheel, mean and standard deviation of its input image)
NETWORKS = {
    "pose_detector.tflite": (
        "mediapipe/modules/pose_detection/pose_detection.tflite",
        127.5,
        127.5,
    ),
    "pose_landmarks_detector.tflite": (
        "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
        0.0,
        255.0,
    ),
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


def build(wheel: Path, folder: Path) -> bytes:
    """Return the bundle made from ``wheel``; ``folder`` is scratch space."""
    with zipfile.ZipFile(wheel) as archive:
        members = [name for name in archive.namelist() if name.startswith(WRITER)]
        archive.extractall(folder, [*members, *(source for source, _, _ in NETWORKS.values())])
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS], check=True)
    for source, mean, deviation in NETWORKS.values():
        command = [str(python), "-c", ADD_METADATA, source, str(mean), str(deviation)]
        subprocess.run(command, check=True, cwd=folder)
    return bundle(
        {name: (folder / source).read_bytes() for name, (source, _, _) in NETWORKS.items()}
    )


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
    parser.add_argument("wheel", type=Path, help="the mediapipe 0.10.21 wheel")
    parser.add_argument("-o", "--output", type=Path, default=BUNDLE)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        content = build(arguments.wheel, Path(folder))
    digest = hashlib.sha256(content).hexdigest()
    print(f"{len(content)} bytes, SHA-256 {digest}")  # noqa: T201
    if digest != SHA256:
        print(f"expected {SHA256}; nothing written", file=sys.stderr)  # noqa: T201
        return 1
    arguments.output.write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
