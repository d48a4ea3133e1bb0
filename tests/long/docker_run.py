#!/usr/bin/python3
"""`docker run` as far as docker/make-county.sh uses it, by buildah.

usage: docker_run.py STORAGE CONTAINER IMAGE run --rm ... IMAGE ARGUMENT...    (CONTAINER is one of IMAGE)
"""
import argparse
import os
import sys


def storage(folder):
    """The options with which buildah keeps everything below folder."""
    return ["--root", os.path.join(folder, "storage"), "--runroot", os.path.join(folder, "run"),
            "--storage-driver", "vfs"]


def main(arguments):
    folder, container, image, *words = arguments
    parser = argparse.ArgumentParser(prog="docker")
    parser.add_argument("run", choices=["run"])
    parser.add_argument("--rm", action="store_true", required=True)
    parser.add_argument("--network", choices=["none"])
    parser.add_argument("--user", required=True)
    parser.add_argument("--volume", action="append", default=[])
    parser.add_argument("--workdir", required=True)
    parser.add_argument("--entrypoint", required=True)
    parser.add_argument("image")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    asked = parser.parse_args(words)
    if asked.image.removesuffix(":latest") != image.removesuffix(":latest"):
        parser.error(f"{asked.image}: the image is {image}")
    volumes = [word for volume in asked.volume for word in ("--volume", volume)]
    os.execvp("buildah", ["buildah", *storage(folder), "run", "--isolation", "chroot", "--user", asked.user,
                          "--workingdir", asked.workdir, *volumes, container, "--", asked.entrypoint,
                          *asked.arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
