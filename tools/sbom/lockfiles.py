"""Lists of what lock files name, in CycloneDX 1.6: of each Worker the crates that it's built of for wasm, and npm's packages.

cargo's own list of a build is the source of the first, package-lock.json that of the second. npm's command for it refuses this tree, whose
overrides some packages don't ask for.
"""

import base64
import binascii
import json
import subprocess
import sys
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

TARGET = "wasm32-unknown-unknown"

LICENCES = LicenseFactory()


def component(kind, name, version, licence=None, checksum=None, component_type=ComponentType.LIBRARY):
    """A component with its address among packages; `checksum` is a pair of an algorithm and hexadecimal digits."""
    namespace, _, short = name.rpartition("/")
    purl = PackageURL(kind, namespace or None, short, version)
    return Component(
        type=component_type,
        name=short,
        group=namespace or None,
        version=version,
        purl=purl,
        bom_ref=str(purl),
        licenses=[LICENCES.make_from_string(licence)] if licence else [],
        hashes=[HashType(alg=checksum[0], content=checksum[1])] if checksum else [],
    )


def resolved():
    """What cargo resolves for wasm. Raises CalledProcessError; cargo's words are on standard error."""
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", TARGET]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def crates(metadata, worker):
    """The list of a Worker: normal dependencies and those of build scripts and macros, without those of tests."""
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    manifest = str(Path("workers", worker, "Cargo.toml").resolve())
    root = next(identity for identity, package in packages.items() if package["manifest_path"] == manifest)
    depends_on, waiting = {}, [root]
    while waiting:
        identity = waiting.pop()
        if identity not in depends_on:
            used = [one["pkg"] for one in nodes[identity]["deps"] if any(kind["kind"] != "dev" for kind in one["dep_kinds"])]
            depends_on[identity] = used
            waiting += used
    made = {}
    for identity in depends_on:
        package = packages[identity]
        kind = ComponentType.APPLICATION if identity == root else ComponentType.LIBRARY
        made[identity] = component("cargo", package["name"], package["version"], package["license"], component_type=kind)
    bom = Bom(components=[one for identity, one in made.items() if identity != root])
    bom.metadata.component = made[root]
    for identity, used in depends_on.items():
        bom.register_dependency(made[identity], [made[other] for other in used])
    return bom


def npm_packages():
    """The list of package-lock.json, without what other platforms would install."""
    lock = json.loads(Path("package-lock.json").read_text())
    root = component("npm", lock["name"], lock.get("version", "0"), component_type=ComponentType.APPLICATION)
    made = {}
    for place, package in lock["packages"].items():
        name = place.rpartition("node_modules/")[2]
        if not place or package.get("link") or any("linux" not in systems for systems in [package.get("os", ["linux"])]):
            continue
        algorithm, _, digest = package.get("integrity", "").partition("-")
        checksum = (HashAlgorithm.SHA_512, binascii.hexlify(base64.b64decode(digest)).decode()) if algorithm == "sha512" else None
        made[name, package["version"]] = component("npm", name, package["version"], package.get("license"), checksum)
    bom = Bom(components=made.values())
    bom.metadata.component = root
    bom.register_dependency(root, made.values())
    return bom


def main(folder):
    """Writes a file for each list into the folder, and prints how much is in it."""
    metadata = resolved()
    lists = {path.name: crates(metadata, path.name) for path in sorted(Path("workers").iterdir())} | {"npm": npm_packages()}
    for name, bom in lists.items():
        file = Path(folder, f"{name}.cdx.json")
        file.write_text(JsonV1Dot6(bom).output_as_string(indent=2) + "\n")
        print(f"{file}: {len(bom.components)} components")


if __name__ == "__main__":
    main(*sys.argv[1:])
